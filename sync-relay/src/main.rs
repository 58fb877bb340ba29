//! The `techo-relay` program.

use clap::{Parser, ValueEnum};
use std::io::Write;
use tracing_subscriber::EnvFilter;

/// Keeps envelopes until they are fetched, and opens none.
#[derive(Debug, Parser)]
#[command(name = "techo-relay", version)]
struct Arguments {
    #[command(flatten)]
    options: techo_relay::run::Options,
    /// How logs are written to standard error; `RUST_LOG` chooses which.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    log(arguments.log_format);
    // A panic message could hold what a box is called; its place is enough.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic");
    }));
    let ready = |address: &techo_wire::RelayAddress| {
        let mut out = std::io::stdout().lock();
        // Without anybody to read the address, the relay still serves.
        drop(writeln!(out, "{address}").and_then(|()| out.flush()));
    };
    Box::pin(techo_relay::run::run(&arguments.options, ready)).await?;
    Ok(())
}

fn log(format: LogFormat) {
    // Transport logs name the addresses of families: only on request.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,quinn=warn,quinn_proto=warn,sled=error"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
