//! The outbox: puts what is signed into the inboxes that wait for it; it can stop and go on at any
//! point, and a device that gets an entry twice holds it once.

use std::collections::BTreeMap;

use techo_client::{Client, ClientError, Connection, ProveKey};
use techo_vault::crypto::SigningKey;
use techo_vault::issued::{BindingId, IssuerPayload};
use techo_wire::{Label, RelayAddress, Role};

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
        let mut report = DeliveryReport::default();
        for (relay, bindings) in self.waiting() {
            let connection = match client.connect(&relay).await {
                Ok(connection) => connection,
                Err(error) => {
                    report.failures.push(DeliveryFailure {
                        relay,
                        binding: None,
                        error,
                    });
                    continue;
                }
            };
            for binding in bindings {
                let (delivered, outcome) = self.fill_inbox(&connection, binding, now).await?;
                report.delivered += delivered;
                if let Err(error) = outcome {
                    let relay = relay.clone();
                    report.failures.push(DeliveryFailure {
                        relay,
                        binding: Some(binding),
                        error,
                    });
                }
                if connection.is_closed() {
                    break;
                }
            }
            connection.close();
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

    /// Delivers to one inbox until something fails; what was acknowledged is journalled.
    async fn fill_inbox(
        &mut self,
        connection: &Connection,
        binding: BindingId,
        now: u64,
    ) -> Result<(usize, Result<(), ClientError>), CityError> {
        let items = self.items(binding);
        let Some(state) = self.state.bindings.get(&binding) else {
            return Ok((0, Ok(())));
        };
        let (inbox, feed) = (state.bound.inbox.inbox(), state.bound.feed.clone());
        let append = self.keys.append.append();
        let mut delivered = 0;
        let mut outcome = connection
            .prove(Role::Append, inbox, &AppendProof(&self.keys.append))
            .await;
        let mut items = items.into_iter();
        while outcome.is_ok() {
            let mut acknowledged = Vec::new();
            for (index, payload) in items.by_ref().take(FLUSH) {
                let Ok(item) = payload.seal(&mut rng(), &feed, inbox) else {
                    outcome = Err(ClientError::TooLarge);
                    break;
                };
                match connection.put(inbox, append, &item).await {
                    Ok(_) => acknowledged.push(JournalRecord::Delivered {
                        binding,
                        index,
                        relay: connection.relay(),
                        at: now,
                    }),
                    Err(error) => {
                        outcome = Err(error);
                        break;
                    }
                }
            }
            if acknowledged.is_empty() {
                break;
            }
            delivered += acknowledged.len();
            self.commit(acknowledged)?;
        }
        Ok((delivered, outcome))
    }

    /// Returns what waits for one inbox, in the order in which it must arrive.
    fn items(&self, binding: BindingId) -> Vec<(Option<u64>, IssuerPayload)> {
        let set = self
            .file
            .key_set(self.keys.key_set)
            .map(|set| set.signed().clone());
        let (Some(state), Some(key_set)) = (self.state.bindings.get(&binding), set) else {
            return Vec::new();
        };
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
        for (index, entry) in &state.pending {
            let (entry, key_set) = (entry.clone(), key_set.clone());
            items.push((Some(*index), IssuerPayload::Issued { entry, key_set }));
        }
        items
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

/// How many acknowledged items share one flush of the journal.
const FLUSH: usize = 64;
