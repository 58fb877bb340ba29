//! A running relay: endpoints, connections, and an orderly stop. Boxes are the store's business.

use crate::commit::Committer;
use crate::config::{Config, Limits};
use crate::error::RelayError;
use crate::exchange;
use crate::identity::{Identity, IdentityError};
use crate::metrics::{self, Metrics};
use crate::notices::Notices;
use crate::session::{Session, Shared};
use crate::store::disk::Disk;
use crate::store::keep::Keep;
use crate::store::{MailboxStore, StoreError};
use quinn::crypto::rustls::QuicServerConfig;
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use techo_wire::{ErrorCode, RelayAddress, RelayKey, StoreId, prove};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Starts relays.
#[derive(Debug)]
pub struct Relay;

/// A relay that serves. Dropping it ends it abruptly; [`RunningRelay::stop`] in order.
#[derive(Debug)]
pub struct RunningRelay {
    addresses: Vec<SocketAddr>,
    key: RelayKey,
    store: StoreId,
    endpoints: Vec<quinn::Endpoint>,
    stop: watch::Sender<bool>,
    accepting: JoinSet<()>,
    committing: Option<JoinHandle<()>>,
    metrics: Option<SocketAddr>,
    /// Ends with the relay.
    telling: JoinSet<()>,
    limits: Limits,
    /// Locked for as long as the relay lives.
    _lock: File,
}

impl Relay {
    /// Opens the directory and starts to listen.
    pub async fn start(config: Config) -> Result<RunningRelay, RelayError> {
        std::fs::create_dir_all(&config.dir).map_err(RelayError::Directory)?;
        let lock = lock(&config.dir)?;
        let identity = Arc::new(Identity::open(&config.dir)?);
        let (dir, quotas) = (config.dir.clone(), config.quotas);
        let opened = tokio::task::spawn_blocking(move || {
            let disk = Disk::open(&dir)?;
            let mut fresh = [0; 16];
            getrandom::fill(&mut fresh).map_err(io::Error::other)?;
            Keep::new(disk, quotas, StoreId::from_bytes(fresh))
        });
        let store = Arc::new(opened.await.map_err(|_| StoreError::Database(None))??);
        let metrics = Metrics::default();
        let telling = match config.metrics {
            Some(address) => Some(metrics::listen(address).await?),
            None => None,
        };
        let mut relay = Self::serve(&config, lock, identity, store, &metrics)?;
        if let Some(listener) = telling {
            relay.metrics = listener.local_addr().ok();
            relay.telling.spawn(metrics::serve(listener, metrics));
        }
        Ok(relay)
    }

    /// Serves a store that is open.
    fn serve(
        config: &Config,
        lock: File,
        identity: Arc<Identity>,
        store: Arc<dyn MailboxStore>,
        metrics: &Metrics,
    ) -> Result<RunningRelay, RelayError> {
        let key = identity.public();
        let server = server_config(&identity, &config.limits)?;
        let endpoints = listen(&config.listen, &server)?;
        let addresses = endpoints
            .iter()
            .map(quinn::Endpoint::local_addr)
            .collect::<Result<_, _>>();
        let addresses = addresses.map_err(RelayError::System)?;
        let notices = Notices::default();
        let (committer, committing) =
            Committer::spawn(Arc::clone(&store), notices.clone(), metrics.clone())
                .map_err(RelayError::System)?;
        let (stop, stopping) = watch::channel(false);
        let (store_id, limits) = (store.id(), config.limits);
        let shared = Shared {
            store,
            committer,
            notices,
            identity,
            limits,
            metrics: metrics.clone(),
            stopping,
        };
        let guests = Guests::default();
        let mut accepting = JoinSet::new();
        for endpoint in &endpoints {
            accepting.spawn(accept(endpoint.clone(), shared.clone(), guests.clone()));
        }
        tracing::info!(endpoints = endpoints.len(), "listening");
        let committing = Some(committing);
        Ok(RunningRelay {
            addresses,
            key,
            store: store_id,
            endpoints,
            stop,
            accepting,
            committing,
            metrics: None,
            telling: JoinSet::new(),
            limits,
            _lock: lock,
        })
    }
}

impl RunningRelay {
    /// Where it listens, with the ports that were chosen.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where its metrics are told, if they are.
    pub const fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// The key that clients pin.
    pub const fn key(&self) -> RelayKey {
        self.key
    }

    /// The making of its store.
    pub const fn store(&self) -> StoreId {
        self.store
    }

    /// Its address for clients that reach it by `host`, on the port of its first endpoint.
    pub fn address_for(&self, host: &str) -> Result<RelayAddress, RelayError> {
        let first = self.addresses.first().ok_or(RelayError::NoAddress)?;
        Ok(RelayAddress::new(host, first.port(), self.key)?)
    }

    /// Ends in order: takes no more requests, makes durable and answers what is under way, tells
    /// the clients, and closes the store.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let drained = async { while self.accepting.join_next().await.is_some() {} };
        // Connections are given `drain` each, all at the same time, and a little for the rest.
        let patience = self.limits.drain.saturating_mul(2);
        if tokio::time::timeout(patience, drained).await.is_err() {
            self.accepting.abort_all();
            while self.accepting.join_next().await.is_some() {}
        }
        for endpoint in &self.endpoints {
            endpoint.close(u32::from(ErrorCode::ShuttingDown.number()).into(), b"");
        }
        for endpoint in &self.endpoints {
            drop(tokio::time::timeout(Duration::from_secs(1), endpoint.wait_idle()).await);
        }
        if let Some(committing) = self.committing.take() {
            drop(tokio::task::spawn_blocking(move || committing.join()).await);
        }
        tracing::info!("stopped");
    }
}

fn lock(dir: &Path) -> Result<File, RelayError> {
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(dir.join("relay.lock"))
        .map_err(RelayError::Directory)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse.into()),
        Err(TryLockError::Error(error)) => Err(RelayError::Directory(error)),
    }
}

fn server_config(identity: &Identity, limits: &Limits) -> Result<quinn::ServerConfig, RelayError> {
    let crypto = QuicServerConfig::try_from(identity.tls()?)
        .map_err(|error| IdentityError::Tls(Box::new(error)))?;
    let mut transport = quinn::TransportConfig::default();
    let idle = quinn::IdleTimeout::try_from(limits.idle)
        .map_err(|error| IdentityError::Tls(Box::new(error)))?;
    transport
        .max_idle_timeout(Some(idle))
        .max_concurrent_uni_streams(0u32.into())
        .max_concurrent_bidi_streams(limits.streams.into())
        .datagram_receive_buffer_size(None)
        // Room for one frame of the largest kind; an idle connection holds none of it.
        .stream_receive_window((256u32 << 10).into())
        .receive_window((512u32 << 10).into())
        .send_window(512 << 10);
    let mut server = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    server.transport_config(Arc::new(transport));
    Ok(server)
}

/// Opens one endpoint for each address. An IPv6 wildcard that also takes IPv4 makes the IPv4
/// wildcard of the same port needless; a machine without IPv6 is no reason not to start.
fn listen(
    addresses: &[SocketAddr],
    server: &quinn::ServerConfig,
) -> Result<Vec<quinn::Endpoint>, RelayError> {
    let mut endpoints: Vec<quinn::Endpoint> = Vec::new();
    let mut failure = RelayError::NoAddress;
    for &address in addresses {
        match quinn::Endpoint::server(server.clone(), address) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(source) => {
                let spare = address.ip().is_unspecified() && addresses.len() > 1;
                let error = RelayError::Listen { address, source };
                if !spare {
                    return Err(error);
                }
                tracing::debug!(%error, "one wildcard address is not listened on");
                failure = error;
            }
        }
    }
    if endpoints.is_empty() {
        Err(failure)
    } else {
        Ok(endpoints)
    }
}

/// Counts connections by IP address.
#[derive(Clone, Debug, Default)]
struct Guests {
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One counted connection.
#[derive(Debug)]
struct Guest {
    guests: Guests,
    address: IpAddr,
}

impl Guests {
    fn admit(&self, address: IpAddr, limits: &Limits) -> Option<Guest> {
        let mut counts = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let total: usize = counts.values().sum();
        let here = counts.get(&address).copied().unwrap_or(0);
        if total >= limits.connections || here >= limits.connections_per_address {
            return None;
        }
        counts.insert(address, here + 1);
        Some(Guest {
            guests: self.clone(),
            address,
        })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self
            .guests
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.address)),
        }
    }
}

async fn accept(endpoint: quinn::Endpoint, shared: Shared, guests: Guests) {
    let mut stopping = shared.stopping.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            incoming = endpoint.accept() => {
                let Some(incoming) = incoming else { break };
                // Under load, only those who prove their address get further.
                let crowded = endpoint.open_connections() > shared.limits.connections / 2;
                if crowded && !incoming.remote_address_validated() && incoming.may_retry() {
                    drop(incoming.retry());
                } else if let Some(guest) =
                    guests.admit(incoming.remote_address().ip(), &shared.limits)
                {
                    connections.spawn(Box::pin(connection(incoming, shared.clone(), guest)));
                } else {
                    incoming.refuse();
                }
            }
        }
    }
    endpoint.set_server_config(None);
    while connections.join_next().await.is_some() {}
}

async fn connection(incoming: quinn::Incoming, shared: Shared, guest: Guest) {
    let Ok(quic) = incoming.await else { return };
    let mut exporter = [0; 32];
    if quic
        .export_keying_material(&mut exporter, prove::EXPORTER_LABEL, b"")
        .is_err()
    {
        return;
    }
    // A number that means nothing: logs name no address and no box.
    let number = getrandom::u32().unwrap_or_default();
    tracing::debug!(number, "connection opened");
    let (mut stopping, drain) = (shared.stopping.clone(), shared.limits.drain);
    let metrics = shared.metrics.clone();
    metrics.opened();
    let session = Arc::new(Session::new(shared, exporter));
    let mut streams = JoinSet::new();
    let mut served = 0u64;
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = streams.join_next(), if !streams.is_empty() => {}
            stream = quic.accept_bi() => {
                let Ok((send, receive)) = stream else { break };
                served += 1;
                streams.spawn(Box::pin(exchange::serve(Arc::clone(&session), send, receive)));
            }
        }
    }
    // Streams end by themselves when the relay stops; with the connection gone they fail.
    let ended = async { while streams.join_next().await.is_some() {} };
    drop(tokio::time::timeout(drain, ended).await);
    quic.close(u32::from(ErrorCode::ShuttingDown.number()).into(), b"");
    let stats = quic.stats();
    metrics.closed(stats.udp_tx.bytes, stats.udp_rx.bytes);
    drop(guest);
    tracing::debug!(number, served, "connection closed");
}

#[cfg(test)]
mod tests;
