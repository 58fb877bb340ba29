//! The outbox: puts what is signed into the inboxes that wait for it; it can stop and go on at any
//! point, and a device that gets an entry twice holds it once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use techo_client::{Client, ClientError, Connection, ProveKey};
use techo_vault::crypto::{SealPublic, SigningKey};
use techo_vault::issued::{BindingId, IssuerPayload};
use techo_wire::{InboxId, Label, RelayAddress, Role};
use tokio::task::JoinSet;

use crate::city::rng;
use crate::record::JournalRecord;
use crate::{City, CityError};

/// What a delivery achieved.
#[derive(Debug, Default)]
pub struct DeliveryReport {
    /// Items a relay has acknowledged now.
    pub delivered: usize,
    /// Items still waiting.
    pub pending: usize,
    /// What went wrong; the items wait for the next delivery.
    pub failures: Vec<DeliveryFailure>,
}

/// One relay or inbox that took nothing.
#[derive(Debug)]
pub struct DeliveryFailure {
    /// The relay.
    pub relay: RelayAddress,
    /// The binding whose inbox refused, or `None` if the relay could not be reached.
    pub binding: Option<BindingId>,
    /// Why.
    pub error: ClientError,
}

impl City {
    /// Puts everything that waits into its inbox, binding answers first, entries in order.
    pub async fn deliver(
        &mut self,
        client: &Client,
        now: u64,
    ) -> Result<DeliveryReport, CityError> {
        self.deliver_by(client, now, INBOXES_PER_CONNECTION).await
    }

    /// Like [`City::deliver`], with at most `inboxes` on one connection.
    pub(crate) async fn deliver_by(
        &mut self,
        client: &Client,
        now: u64,
        inboxes: usize,
    ) -> Result<DeliveryReport, CityError> {
        let mut report = DeliveryReport::default();
        for (relay, bindings) in self.waiting() {
            for group in bindings.chunks(inboxes.max(1)) {
                let connection = match client.connect(&relay).await {
                    Ok(connection) => connection,
                    Err(error) => {
                        let relay = relay.clone();
                        report.failures.push(DeliveryFailure {
                            relay,
                            binding: None,
                            error,
                        });
                        break;
                    }
                };
                self.fill(&relay, &connection, group, now, &mut report)
                    .await?;
                connection.close();
            }
        }
        report.pending = self.status(now).pending;
        Ok(report)
    }

    /// Returns the bindings with something to deliver, by relay.
    fn waiting(&self) -> BTreeMap<RelayAddress, Vec<BindingId>> {
        let mut waiting: BTreeMap<RelayAddress, Vec<BindingId>> = BTreeMap::new();
        for (id, state) in &self.state.bindings {
            if !state.answered || !state.pending.is_empty() {
                waiting
                    .entry(state.bound.inbox.relay().clone())
                    .or_default()
                    .push(*id);
            }
        }
        waiting
    }

    /// Fills inboxes of one relay, several at a time; what was acknowledged is journalled.
    async fn fill(
        &mut self,
        relay: &RelayAddress,
        connection: &Connection,
        bindings: &[BindingId],
        now: u64,
        report: &mut DeliveryReport,
    ) -> Result<(), CityError> {
        let mut queue: VecDeque<BindingId> = bindings.iter().copied().collect();
        let mut tasks = JoinSet::new();
        let mut records = Vec::new();
        loop {
            while tasks.len() < INBOXES_AT_ONCE && !connection.is_closed() {
                let Some(binding) = queue.pop_front() else {
                    break;
                };
                if let Some(work) = self.work(binding) {
                    tasks.spawn(work.run(connection.clone()));
                }
            }
            let Some(done) = tasks.join_next().await else {
                break;
            };
            // A task that did not end journals nothing: its items stay pending.
            let Ok(Done {
                binding,
                acknowledged,
                outcome,
            }) = done
            else {
                continue;
            };
            report.delivered += acknowledged.len();
            records.extend(
                acknowledged
                    .into_iter()
                    .map(|index| JournalRecord::Delivered {
                        binding,
                        index,
                        relay: connection.relay(),
                        at: now,
                    }),
            );
            match outcome {
                Ok(More::No) => {}
                // Journalled first, so that the next round begins behind it.
                Ok(More::Yes) => {
                    self.commit(std::mem::take(&mut records))?;
                    queue.push_back(binding);
                }
                Err(error) => {
                    let (relay, binding) = (relay.clone(), Some(binding));
                    report.failures.push(DeliveryFailure {
                        relay,
                        binding,
                        error,
                    });
                }
            }
            if records.len() >= FLUSH {
                self.commit(std::mem::take(&mut records))?;
            }
        }
        if records.is_empty() {
            Ok(())
        } else {
            self.commit(records)
        }
    }

    /// Returns what waits for one inbox, in the order in which it must arrive.
    fn work(&self, binding: BindingId) -> Option<Work> {
        let key_set = self.file.key_set(self.keys.key_set)?.signed().clone();
        let state = self.state.bindings.get(&binding)?;
        let mut items = Vec::new();
        if !state.answered {
            let binding = state.bound.binding.clone();
            items.push((
                None,
                IssuerPayload::Binding {
                    binding,
                    key_set: key_set.clone(),
                },
            ));
        }
        for (index, entry) in state.pending.iter().take(ITEMS_AT_ONCE) {
            let (entry, key_set) = (entry.clone(), key_set.clone());
            items.push((Some(*index), IssuerPayload::Issued { entry, key_set }));
        }
        Some(Work {
            binding,
            inbox: state.bound.inbox.inbox(),
            feed: state.bound.feed.clone(),
            append: Arc::new(self.keys.append.clone()),
            more: if state.pending.len() > ITEMS_AT_ONCE {
                More::Yes
            } else {
                More::No
            },
            items,
        })
    }
}

/// Whether an inbox has more to get than one round holds.
#[derive(Clone, Copy, Debug)]
enum More {
    Yes,
    No,
}

/// What one inbox gets in one round.
struct Work {
    binding: BindingId,
    inbox: InboxId,
    feed: SealPublic,
    append: Arc<SigningKey>,
    more: More,
    items: Vec<(Option<u64>, IssuerPayload)>,
}

struct Done {
    binding: BindingId,
    acknowledged: Vec<Option<u64>>,
    outcome: Result<More, ClientError>,
}

impl Work {
    /// Delivers until something fails. Items go one after the other: order is part of the promise.
    async fn run(self, connection: Connection) -> Done {
        let mut acknowledged = Vec::new();
        let outcome = self.put_all(&connection, &mut acknowledged).await;
        Done {
            binding: self.binding,
            acknowledged,
            outcome: outcome.map(|()| self.more),
        }
    }

    async fn put_all(
        &self,
        connection: &Connection,
        acknowledged: &mut Vec<Option<u64>>,
    ) -> Result<(), ClientError> {
        connection
            .prove(Role::Append, self.inbox, &AppendProof(&self.append))
            .await?;
        for (index, payload) in &self.items {
            let item = payload
                .seal(&mut rng(), &self.feed, self.inbox)
                .map_err(|_| ClientError::TooLarge)?;
            connection
                .put(self.inbox, self.append.append(), &item)
                .await?;
            acknowledged.push(*index);
        }
        Ok(())
    }
}

struct AppendProof<'a>(&'a SigningKey);

impl ProveKey for AppendProof<'_> {
    fn public(&self) -> [u8; 32] {
        self.0.public()
    }

    fn sign(&self, label: Label, message: &[u8]) -> [u8; 64] {
        self.0.sign(label, message)
    }
}

/// Inboxes proven on one connection; a relay allows no more than 1,024.
const INBOXES_PER_CONNECTION: usize = 512;
/// Inboxes filled at the same time.
const INBOXES_AT_ONCE: usize = 32;
/// Entries put into one inbox before their delivery is journalled.
const ITEMS_AT_ONCE: usize = 64;
/// Acknowledged items that share one flush of the journal.
const FLUSH: usize = 256;
