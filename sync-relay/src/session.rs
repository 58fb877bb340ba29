//! What one connection may do: the version it greeted with and the box keys it proved.

use crate::commit::{Committer, Outcome};
use crate::config::Limits;
use crate::identity::Identity;
use crate::metrics::Metrics;
use crate::notices::Notices;
use crate::sent::Sent;
use crate::store::{MailboxStore, Write};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use techo_wire::{BoxKey, ErrorCode, RelayKey, Role, prove};
use tokio::sync::{Semaphore, oneshot, watch};

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn MailboxStore>,
    pub(crate) committer: Committer,
    pub(crate) notices: Notices,
    pub(crate) identity: Arc<Identity>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    /// Turns true once, when the relay is to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// One connection.
pub(crate) struct Session {
    pub(crate) shared: Shared,
    relay: RelayKey,
    exporter: [u8; 32],
    state: Mutex<State>,
    pub(crate) sent: Arc<Sent>,
    /// Streams that may hold more than [`SMALL`] bytes of an unfinished frame.
    pub(crate) large: Semaphore,
}

/// So much of an unfinished frame any stream may hold.
pub(crate) const SMALL: usize = 64 << 10;
/// How many streams of a connection may hold more at once. It bounds what idling peers cost.
const LARGE: usize = 4;

#[derive(Debug, Default)]
struct State {
    greeted: bool,
    proven: HashSet<(BoxKey, Role, [u8; 32])>,
}

impl Session {
    pub(crate) fn new(shared: Shared, exporter: [u8; 32]) -> Self {
        let relay = shared.identity.public();
        let large = Semaphore::new(LARGE);
        Self {
            shared,
            relay,
            exporter,
            state: Mutex::default(),
            sent: Arc::default(),
            large,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in a write of this connection.
    pub(crate) async fn submit(&self, write: Write) -> oneshot::Receiver<Outcome> {
        let sender = Some(Arc::clone(&self.sent));
        self.shared.committer.submit(write, sender).await
    }

    pub(crate) fn greet(&self) {
        self.state().greeted = true;
    }

    pub(crate) fn has_greeted(&self) -> bool {
        self.state().greeted
    }

    pub(crate) fn prove(
        &self,
        box_key: BoxKey,
        role: Role,
        key: [u8; 32],
        signature: &[u8; 64],
    ) -> Result<(), ErrorCode> {
        prove::verify(&self.exporter, &self.relay, &box_key, role, &key, signature)
            .map_err(|_| ErrorCode::Signature)?;
        let mut state = self.state();
        let proof = (box_key, role, key);
        if state.proven.len() >= self.shared.limits.proofs && !state.proven.contains(&proof) {
            return Err(ErrorCode::Quota);
        }
        state.proven.insert(proof);
        Ok(())
    }

    /// Whether the box was proven with its own key.
    pub(crate) fn owns(&self, box_key: BoxKey, role: Role) -> Result<(), ErrorCode> {
        self.holds(box_key, role, box_key.to_bytes())
    }

    /// Whether the box was proven in this role with this key.
    pub(crate) fn holds(
        &self,
        box_key: BoxKey,
        role: Role,
        key: [u8; 32],
    ) -> Result<(), ErrorCode> {
        if self.state().proven.contains(&(box_key, role, key)) {
            Ok(())
        } else {
            Err(ErrorCode::NotProven)
        }
    }
}
