//! How long the client waits before it gives up.

use std::time::Duration;

/// The deadline for a connection, from resolving the name to the relay's Welcome.
pub const CONNECT: Duration = Duration::from_secs(10);
/// How long a request may go without a byte either way.
pub const REQUEST: Duration = Duration::from_secs(30);
/// After so long without a packet a connection counts as lost.
pub const IDLE: Duration = Duration::from_mins(1);
/// How often a silent connection is kept alive.
pub const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long the first address of a relay is tried alone before the next joins the race.
pub const HEAD_START: Duration = Duration::from_millis(250);
/// How long relays are given to hear that a client closes.
pub const CLOSE: Duration = Duration::from_secs(1);

/// The deadlines of one client.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// See [`CONNECT`].
    pub connect: Duration,
    /// See [`REQUEST`].
    pub request: Duration,
    /// See [`IDLE`].
    pub idle: Duration,
    /// See [`KEEP_ALIVE`].
    pub keep_alive: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            connect: CONNECT,
            request: REQUEST,
            idle: IDLE,
            keep_alive: KEEP_ALIVE,
        }
    }
}
