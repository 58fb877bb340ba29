//! What the clones of a connection and its fetches share; the last of them ends it.

use crate::pipeline::Pipeline;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use techo_wire::receipt::ReceiptError;
use techo_wire::{AppendReceipt, RelayKey, SignedReceipt, StoreId};

/// A QUIC connection to a relay that has said Welcome.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) quic: quinn::Connection,
    pub(crate) pipeline: Pipeline,
    pub(crate) relay: RelayKey,
    pub(crate) store: StoreId,
    pub(crate) patience: Duration,
    /// The receipt verified last: a relay answers several requests with one.
    pub(crate) verified: Mutex<Option<AppendReceipt>>,
}

impl Link {
    /// Verifies a receipt, unless it is byte for byte the one before.
    pub(crate) fn verify(&self, receipt: &SignedReceipt) -> Result<AppendReceipt, ReceiptError> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = verified.as_ref().filter(|last| last.signed() == receipt) {
            return Ok(same.clone());
        }
        let fresh = receipt.verify_append(&self.relay)?;
        *verified = Some(fresh.clone());
        Ok(fresh)
    }
}
