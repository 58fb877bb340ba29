//! Who writes next: commits that wait form a group, and one of their threads writes for all.
//! It knows nothing about what is written.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::store::{Batch, Location, StoreError};

/// What became of one commit.
pub(super) type Outcome = Result<Vec<Location>, StoreError>;

/// Commits that wait for the disk.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    turn: Condvar,
}

#[derive(Default)]
struct State {
    next: u64,
    waiting: Vec<(u64, Batch)>,
    done: BTreeMap<u64, Outcome>,
    led: bool,
}

impl Queue {
    /// Hands in a batch and returns once it was written, by this thread or another; `write` gets
    /// all that wait and answers each, in order. Never two threads are inside `write`.
    pub(super) fn commit(
        &self,
        batch: Batch,
        write: impl Fn(Vec<Batch>) -> Vec<Outcome>,
    ) -> Outcome {
        let mut state = self.state();
        let own = state.next;
        state.next += 1;
        state.waiting.push((own, batch));
        loop {
            if let Some(outcome) = state.done.remove(&own) {
                return outcome;
            }
            if !state.led {
                break;
            }
            state = self
                .turn
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.led = true;
        let (tickets, batches): (Vec<_>, Vec<_>) = state.waiting.drain(..).unzip();
        drop(state);
        let mut lead = Lead {
            queue: self,
            tickets,
            outcomes: Vec::new(),
        };
        lead.outcomes = write(batches);
        drop(lead);
        self.state()
            .done
            .remove(&own)
            .unwrap_or(Err(StoreError::Stopped))
    }

    /// How many commits wait for a turn.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's turn. It ends, and everybody gets an answer, even if writing panics.
struct Lead<'a> {
    queue: &'a Queue,
    tickets: Vec<u64>,
    outcomes: Vec<Outcome>,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        let mut outcomes = std::mem::take(&mut self.outcomes).into_iter();
        for &ticket in &self.tickets {
            state
                .done
                .insert(ticket, outcomes.next().unwrap_or(Err(StoreError::Stopped)));
        }
        state.led = false;
        self.queue.turn.notify_all();
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("waiting", &self.state().waiting.len())
            .finish_non_exhaustive()
    }
}
