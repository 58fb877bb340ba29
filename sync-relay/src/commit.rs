//! Group commit: one thread takes every write that waits and makes them durable together; only
//! then anybody hears of them.

use crate::metrics::Metrics;
use crate::notices::Notices;
use crate::sent::Sent;
use crate::store::{Kept, MailboxStore, Refusal, Write};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use techo_wire::{Envelope, ErrorCode, MailboxId, UnverifiedEnvelope};
use tokio::sync::{mpsc, oneshot};

/// How many writes wait before those who bring more are held back.
const WAITING: usize = 256;
/// How many writes make one batch.
const BATCH: usize = 512;
/// So many bytes of new envelopes are told with the news of them.
const FEW: usize = 16 << 10;

pub(crate) type Outcome = Result<Kept, Refusal>;

#[derive(Debug)]
struct Job {
    write: Write,
    sender: Option<Arc<Sent>>,
    tell: oneshot::Sender<Outcome>,
}

/// Where writes are handed in. The thread ends when the last of these is gone.
#[derive(Clone, Debug)]
pub(crate) struct Committer {
    jobs: mpsc::Sender<Job>,
}

impl Committer {
    pub(crate) fn spawn(
        store: Arc<dyn MailboxStore>,
        notices: Notices,
        metrics: Metrics,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, mut queue) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("commit".into())
            .spawn(move || {
                let mut batch = Vec::with_capacity(BATCH);
                while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
                    commit(store.as_ref(), &notices, &metrics, &mut batch);
                }
            })?;
        Ok((Self { jobs }, thread))
    }

    /// Hands in a write, in the order of calls, and waits while too many are before it; what is
    /// kept of it is noted in `sender`.
    pub(crate) async fn submit(
        &self,
        write: Write,
        sender: Option<Arc<Sent>>,
    ) -> oneshot::Receiver<Outcome> {
        let (tell, told) = oneshot::channel();
        let job = Job {
            write,
            sender,
            tell,
        };
        // If the thread is gone, so is `tell`, and the caller learns it from `told`.
        drop(self.jobs.send(job).await);
        told
    }
}

fn commit(store: &dyn MailboxStore, notices: &Notices, metrics: &Metrics, batch: &mut Vec<Job>) {
    let (writes, callers): (Vec<_>, Vec<_>) = batch
        .drain(..)
        .map(|job| (job.write, (job.sender, job.tell)))
        .unzip();
    let failed: Outcome = Err(ErrorCode::Storage.into());
    let outcomes = match catch_unwind(AssertUnwindSafe(|| store.commit(&writes))) {
        Ok(Ok(outcomes)) => {
            let kept = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            metrics.committed(kept as u64, (outcomes.len() - kept) as u64);
            outcomes
        }
        Ok(Err(error)) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            metrics.failed();
            tracing::error!(%error, cause, writes = writes.len(), "a batch was not kept");
            vec![failed; writes.len()]
        }
        Err(_) => {
            metrics.failed();
            tracing::error!(
                writes = writes.len(),
                "a batch was not kept: the store panicked"
            );
            vec![failed; writes.len()]
        }
    };
    let mut arrived: HashMap<MailboxId, Vec<&Envelope>> = HashMap::new();
    for ((write, outcome), (sender, _)) in writes.iter().zip(&outcomes).zip(&callers) {
        match (write, outcome) {
            (Write::Append { mailbox, envelopes }, Ok(_)) => {
                arrived.entry(*mailbox).or_default().extend(envelopes);
                if let Some(sender) = sender {
                    sender.note(*mailbox, envelopes);
                }
            }
            (Write::Put { inbox, .. }, Ok(_)) => {
                notices.tell((*inbox).into(), |news| {
                    news.arrivals = news.arrivals.wrapping_add(1);
                });
            }
            (Write::FallBack { mailbox, .. }, Ok(_)) => {
                tracing::warn!("an envelope was lost; its feed falls back");
                notices.tell((*mailbox).into(), |news| {
                    news.losses = news.losses.wrapping_add(1);
                });
            }
            _ => {}
        }
    }
    for (mailbox, envelopes) in arrived {
        notices.tell(mailbox.into(), |news| {
            news.arrivals = news.arrivals.wrapping_add(1);
            let bytes: usize = envelopes.iter().map(|e| e.as_bytes().len()).sum();
            let shared = |envelope: &&Envelope| UnverifiedEnvelope::from((*envelope).clone());
            news.latest = (bytes <= FEW).then(|| envelopes.iter().map(shared).collect());
        });
    }
    // Backwards: who waits for the first of several finds the others told, and answers them at once.
    for ((_, tell), outcome) in callers.into_iter().zip(outcomes).rev() {
        drop(tell.send(outcome));
    }
}
