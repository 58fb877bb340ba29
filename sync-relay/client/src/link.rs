//! What the clones of a connection and its fetches share; the last of them ends it.

use crate::pipeline::Pipeline;
use std::time::Duration;
use techo_wire::{RelayKey, StoreId};

/// A QUIC connection to a relay that has said Welcome.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) quic: quinn::Connection,
    pub(crate) pipeline: Pipeline,
    pub(crate) relay: RelayKey,
    pub(crate) store: StoreId,
    pub(crate) patience: Duration,
}
