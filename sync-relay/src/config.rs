//! What an operator decides about a relay.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The port unless told otherwise.
pub const PORT: u16 = 4433;

/// Everything that a relay needs to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The relay's directory, made if it is missing.
    pub dir: PathBuf,
    /// Where to listen; one endpoint each.
    pub listen: Vec<SocketAddr>,
    /// Where metrics and health are told over HTTP: a loopback address, or nowhere.
    pub metrics: Option<SocketAddr>,
    /// How much a box may hold.
    pub quotas: Quotas,
    /// How much a connection may ask for.
    pub limits: Limits,
}

impl Config {
    /// The usual configuration over a directory, on all addresses.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            listen: vec![
                (Ipv6Addr::UNSPECIFIED, PORT).into(),
                (Ipv4Addr::UNSPECIFIED, PORT).into(),
            ],
            metrics: None,
            quotas: Quotas::default(),
            limits: Limits::default(),
        }
    }
}

/// How much one box may hold.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Bytes of envelopes in a mailbox.
    pub mailbox_bytes: u64,
    /// Feeds admitted to a mailbox.
    pub mailbox_feeds: u64,
    /// Bytes of items in an inbox, whoever put them.
    pub inbox_bytes: u64,
    /// Append keys admitted to an inbox.
    pub inbox_keys: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            mailbox_bytes: 1 << 30,
            mailbox_feeds: 1_024,
            inbox_bytes: 256 << 20,
            inbox_keys: 64,
        }
    }
}

/// How much connections may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one IP address.
    pub connections_per_address: usize,
    /// Streams at once on a connection: one for requests and one for each live fetch.
    pub streams: u32,
    /// Boxes proven on a connection.
    pub proofs: usize,
    /// After so long without a packet a connection counts as lost.
    pub idle: Duration,
    /// How long a stop waits for answers under way.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 256,
            streams: 64,
            proofs: 1_024,
            idle: Duration::from_secs(90),
            drain: Duration::from_secs(5),
        }
    }
}
