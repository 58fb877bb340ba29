//! What books ask of a device without anybody typing: offering itself to new handbooks, letting the
//! family's other devices into those it holds. Doing it twice changes nothing.

use techo_wire::{InboxId, SealedItem};

use crate::Timestamp;
use crate::book::{BookId, BookKind, ControlOp, Device, DeviceOffer};
use crate::entry::{Grant, ItemPayload};
use crate::replica::{BookSecrets, DeviceSecrets, Replica};
use crate::vault::exchange::{InboxTarget, ItemsReceived, Outgoing};
use crate::vault::write::rng;
use crate::vault::{Vault, VaultError};

impl Vault {
    /// Does what can be done here, and returns whether entries were written and which grants are to
    /// be put into other devices' inboxes.
    pub fn chores(&mut self, now: Timestamp) -> Result<(bool, Vec<Outgoing>), VaultError> {
        self.check_writable()?;
        let offered = self.offer_to_new_handbooks(now)?;
        let (added, grants) = self.answer_offers(now)?;
        Ok((offered || added, grants))
    }

    /// Notes that a grant was put into an inbox.
    pub fn granted(&mut self, inbox: InboxId) -> Result<(), VaultError> {
        let household = self.household.ok_or(VaultError::NoHousehold)?;
        self.book_mut(&household)?.granted.insert(inbox);
        Ok(())
    }

    /// Makes an identity for every handbook of the family that this device is not in, and offers it.
    fn offer_to_new_handbooks(&mut self, now: Timestamp) -> Result<bool, VaultError> {
        let id = self.household.ok_or(VaultError::NoHousehold)?;
        let name = self.device_name().to_owned();
        let state = self.household()?.replica.fold().state();
        let offered: Vec<BookId> = state.offers().iter().map(|offer| offer.handbook).collect();
        let members: Vec<BookId> = state.members().map(|(_, handbook)| *handbook).collect();
        let mut ops = Vec::new();
        for handbook in members {
            let held = self.books.get(&handbook);
            if held.is_some_and(|book| !book.secrets.epochs.is_empty()) {
                continue;
            }
            if held.is_none() {
                self.adopt(BookSecrets {
                    book: handbook,
                    kind: BookKind::Handbook,
                    device: DeviceSecrets::generate(&mut rng()),
                    epochs: Vec::new(),
                    feed: None,
                    relays: Vec::new(),
                    frontier: Vec::new(),
                    issuer_only: Vec::new(),
                });
                self.save_keys(&handbook)?;
            }
            let device = self.book(&handbook)?.secrets.device.describe(&name);
            let own = self.household()?.replica.fold().state().offers();
            let known = offered.contains(&handbook)
                && own.iter().any(|offer| offer.device.key() == device.key());
            if !known {
                ops.push(ControlOp::DeviceOffered { handbook, device });
            }
        }
        let any = !ops.is_empty();
        if any {
            self.write_controls(&id, now, ops)?;
        }
        Ok(any)
    }

    /// Lets devices of the household into handbooks held here, as they asked.
    fn answer_offers(&mut self, now: Timestamp) -> Result<(bool, Vec<Outgoing>), VaultError> {
        let household = self.household()?;
        let state = household.replica.fold().state();
        let offers: Vec<DeviceOffer> = state
            .offers()
            .iter()
            .filter(|offer| state.role(&offer.by).is_some())
            .filter(|offer| {
                state
                    .members()
                    .any(|(_, handbook)| *handbook == offer.handbook)
            })
            .filter(|offer| !household.granted.contains(&offer.device.inbox()))
            .cloned()
            .collect();
        let mut written = false;
        let mut grants = Vec::new();
        for DeviceOffer {
            handbook, device, ..
        } in offers
        {
            let Some(book) = self.books.get(&handbook) else {
                continue;
            };
            let own = book.secrets.device.key() == device.key();
            if own || book.secrets.epochs.is_empty() || book.has_written(&device) {
                continue;
            }
            written |= book.replica.fold().state().device(&device.key()).is_none();
            let grant = self.let_in(&handbook, device.clone(), now)?;
            let Some(key) = self.grant_key(device.inbox()) else {
                continue;
            };
            let payload = ItemPayload::Grant(grant);
            let item = payload.seal(&mut rng(), device.seal(), device.inbox());
            let item = item.map_err(crate::pairing::PairingError::from)?;
            grants.push(Outgoing {
                inbox: device.inbox(),
                key,
                item,
            });
        }
        Ok((written, grants))
    }

    /// Takes a grant from this device's own inbox in a book.
    pub(super) fn receive_grant(
        &mut self,
        target: &InboxTarget,
        item: &SealedItem,
        received: &mut ItemsReceived,
    ) -> Result<(), VaultError> {
        let book = self.book_mut(&target.book)?;
        // Until the book itself speaks for the key, a later grant may be the true one.
        if !book.replica.fold().state().epochs().is_empty() {
            return Ok(());
        }
        let payload = ItemPayload::open(&book.secrets.device.seal, target.inbox, item);
        let Ok(ItemPayload::Grant(Grant {
            book: of,
            relays,
            epochs,
            frontier,
            ..
        })) = payload
        else {
            received.refused.push("not a grant".to_owned());
            return Ok(());
        };
        if of != target.book {
            received.refused.push("a grant for another book".to_owned());
            return Ok(());
        }
        let mut replica = Replica::new(of, epochs.clone());
        for head in &frontier {
            replica.feeds_mut().name(head);
        }
        book.secrets.epochs = epochs;
        book.secrets.relays = relays;
        book.secrets.frontier = frontier;
        book.replica = replica;
        self.save_keys(&target.book)?;
        received.granted += 1;
        Ok(())
    }
}

impl crate::vault::Book {
    /// Whether a device has certified a feed here: then it holds the keys.
    fn has_written(&self, device: &Device) -> bool {
        let feeds = self.replica.feeds();
        feeds
            .heads()
            .any(|head| feeds.device(&head.feed) == Some(&device.key()))
    }
}
