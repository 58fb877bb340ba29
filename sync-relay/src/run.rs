//! A relay as a program: options, signals, and one line that says where it is.

use crate::config::{Config, PORT};
use crate::error::RelayError;
use crate::relay::Relay;
use std::net::SocketAddr;
use std::path::PathBuf;
use techo_wire::RelayAddress;

/// What an operator can say on the command line.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The relay's directory: key and store. Made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// An address to listen on; may be given several times. [default: all, UDP port 4433]
    #[arg(long, value_name = "IP:PORT")]
    pub listen: Vec<SocketAddr>,
    /// The host by which clients reach this relay, for the address that is printed.
    #[arg(long, value_name = "HOST")]
    pub advertise: Option<String>,
    /// A loopback address on which /metrics (Prometheus) and /healthz are told over HTTP; they name
    /// no box and nobody. [default: nowhere]
    #[arg(long, value_name = "IP:PORT")]
    pub metrics: Option<SocketAddr>,
    /// How many bytes of envelopes a mailbox may hold.
    #[arg(long, value_name = "BYTES")]
    pub mailbox_quota: Option<u64>,
    /// How many bytes of items an inbox may hold.
    #[arg(long, value_name = "BYTES")]
    pub inbox_quota: Option<u64>,
}

impl Options {
    /// The configuration that these options mean.
    pub fn config(&self) -> Config {
        let mut config = Config::new(&self.dir);
        if !self.listen.is_empty() {
            config.listen.clone_from(&self.listen);
        }
        config.metrics = self.metrics;
        config.quotas.mailbox_bytes = self.mailbox_quota.unwrap_or(config.quotas.mailbox_bytes);
        config.quotas.inbox_bytes = self.inbox_quota.unwrap_or(config.quotas.inbox_bytes);
        config
    }
}

/// Runs a relay until Ctrl-C or SIGTERM, then stops in order. `ready` is told its address.
pub async fn run(options: &Options, ready: impl FnOnce(&RelayAddress)) -> Result<(), RelayError> {
    let mut ended = Box::pin(signals()?);
    let relay = Box::pin(Relay::start(options.config())).await?;
    let host = match (&options.advertise, relay.addresses().first()) {
        (Some(host), _) => host.clone(),
        (None, Some(first)) if !first.ip().is_unspecified() => first.ip().to_string(),
        (None, _) => "localhost".to_owned(),
    };
    ready(&relay.address_for(&host)?);
    ended.as_mut().await;
    tracing::info!("stopping");
    relay.stop().await;
    Ok(())
}

/// Resolves at Ctrl-C or SIGTERM; both are caught from here on.
fn signals() -> Result<impl Future<Output = ()>, RelayError> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(RelayError::System)?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
        .map_err(RelayError::System)?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    })
}

const _: () = assert!(PORT > 1_023, "a relay needs no privilege");
