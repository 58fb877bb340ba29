//! `techo relay`.

use crate::args::RelayCommand;
use crate::desk::{Desk, network};
use crate::error::Failure;

pub(super) fn run(desk: &Desk, command: RelayCommand) -> Result<(), Failure> {
    match command {
        RelayCommand::Run(options) => {
            log();
            network(async {
                let ready = |address: &techo_wire::RelayAddress| {
                    // Without anybody to read the address, the relay still serves.
                    drop(desk.out.show("relay/1", &address.to_string(), |page| {
                        page.line(address.to_string());
                    }));
                };
                Ok(Box::pin(techo_relay::run::run(&options, ready)).await?)
            })
        }
    }
}

fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
