//! Devices of the family: who they are, and how one more comes in.

use techo_wire::{RelayAddress, SealedItem};

use crate::Timestamp;
use crate::book::{BookId, BookKind, ControlOp, Device, Role};
use crate::entry::Grant;
use crate::pairing::{Digits, Inviter, Newcomer, PairingError, Ticket};
use crate::replica::BookSecrets;
use crate::store::{Batch, KeyName};
use crate::vault::create::check_name;
use crate::vault::views::DeviceView;
use crate::vault::write::rng;
use crate::vault::{Vault, VaultError};

/// Pairing that is under way on this device.
#[derive(Debug)]
pub enum Pairing {
    /// This device wants to come in.
    Newcomer(Box<Newcomer>),
    /// This device lets another in.
    Inviter(Box<Inviter>),
}

impl Vault {
    /// Returns the devices of the family, this one first, then by name.
    pub fn devices(&self) -> Vec<DeviceView> {
        let Ok(household) = self.household() else {
            return Vec::new();
        };
        let this = household.secrets.device.key();
        let state = household.replica.fold().state();
        let mut views: Vec<DeviceView> = state
            .devices()
            .map(|(key, entry)| DeviceView {
                key: key.to_string(),
                name: entry.device.name().to_owned(),
                role: role_word(entry.role).to_owned(),
                this: *key == this,
                removed: entry.is_removed(),
            })
            .collect();
        views.sort_by(|a, b| (!a.this, &a.name, &a.key).cmp(&(!b.this, &b.name, &b.key)));
        views
    }

    /// Returns what this device's person calls it.
    pub(super) fn device_name(&self) -> &str {
        let name = self.household().ok().and_then(|household| {
            let this = household.secrets.device.key();
            household
                .replica
                .fold()
                .state()
                .device(&this)
                .map(|entry| entry.device.name())
        });
        name.unwrap_or_default()
    }

    /// Returns the relays of the family.
    pub fn relays(&self) -> Vec<RelayAddress> {
        let Ok(household) = self.household() else {
            return Vec::new();
        };
        let mut relays: Vec<RelayAddress> =
            household.replica.fold().state().relays().cloned().collect();
        for relay in &household.secrets.relays {
            if !relays.contains(relay) {
                relays.push(relay.clone());
            }
        }
        relays
    }

    /// Enters a relay into the household, unless it is there.
    pub fn add_relay(&mut self, relay: RelayAddress, now: Timestamp) -> Result<(), VaultError> {
        self.check_writable()?;
        let household = self.household.ok_or(VaultError::NoHousehold)?;
        if self.relays().contains(&relay) {
            return Ok(());
        }
        self.write_controls(&household, now, vec![ControlOp::RelayAdded(relay)])
    }

    /// Says whether this vault belongs to a family.
    pub fn has_household(&self) -> bool {
        self.household().is_ok()
    }

    /// Makes a ticket for this device, whose vault belongs to no family yet, and the first item
    /// for the inviter.
    pub fn start_joining(
        &mut self,
        relay: RelayAddress,
        name: &str,
        expires: Timestamp,
    ) -> Result<(Newcomer, SealedItem), VaultError> {
        check_name(name)?;
        if self.has_household() {
            return Err(VaultError::HasHousehold);
        }
        Ok(Newcomer::start(&mut rng(), relay, name, expires)?)
    }

    /// Answers a ticket: returns the item that offers every book of the family.
    pub fn start_inviting(
        &mut self,
        ticket: Ticket,
        hello: &SealedItem,
        now: Timestamp,
    ) -> Result<(Inviter, SealedItem), VaultError> {
        self.check_ticket(&ticket, now)?;
        let books = self.offered_books()?.len();
        let name = self.device_name().to_owned();
        Ok(Inviter::start(
            &mut rng(),
            ticket,
            hello,
            &name,
            books,
            now,
        )?)
    }

    /// Refuses a ticket that has expired or that names a relay which is not the family's.
    pub fn check_ticket(&self, ticket: &Ticket, now: Timestamp) -> Result<(), VaultError> {
        ticket.check_time(now)?;
        let relays = self.relays();
        let same = |relay: &RelayAddress| relay.key() == ticket.relay().key();
        if !relays.is_empty() && !relays.iter().any(same) {
            return Err(PairingError::OtherRelay.into());
        }
        Ok(())
    }

    /// Lets the new device into every book offered and returns the item with its grants. Both
    /// people have compared the digits.
    pub fn confirm_invitation(
        &mut self,
        inviter: Inviter,
        seen: Digits,
        now: Timestamp,
    ) -> Result<SealedItem, VaultError> {
        self.check_writable()?;
        if inviter.digits() != Some(seen) {
            return Err(VaultError::DigitsDiffer);
        }
        let books = self.offered_books()?;
        let devices = inviter.devices().to_vec();
        if books.len() != devices.len() {
            let (expected, got) = (books.len(), devices.len());
            return Err(PairingError::BookCount { expected, got }.into());
        }
        if self.relays().is_empty() {
            self.add_relay(inviter.ticket().relay().clone(), now)?;
        }
        let grants = books
            .iter()
            .zip(devices)
            .map(|(book, device)| self.let_in(book, device, now))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(inviter.confirmed(&mut rng(), grants)?)
    }

    /// Enters a device into a book, unless it is there, and returns the grant for it.
    pub(super) fn let_in(
        &mut self,
        id: &BookId,
        device: Device,
        now: Timestamp,
    ) -> Result<Grant, VaultError> {
        let known = self
            .book(id)?
            .replica
            .fold()
            .state()
            .device(&device.key())
            .is_some();
        if !known {
            let op = ControlOp::DeviceAdded {
                device,
                role: Role::Guardian,
            };
            self.write_controls(id, now, vec![op])?;
        }
        let relays = self.relays();
        let replica = &self.book(id)?.replica;
        Ok(Grant {
            book: *id,
            relays,
            epochs: replica.epochs().to_vec(),
            control_heads: replica.fold().control_heads(),
            frontier: replica.feeds().heads().collect(),
        })
    }

    /// Takes the grants of a finished pairing: the vault belongs to a family from here on.
    pub fn finish_joining(
        &mut self,
        newcomer: Newcomer,
        item: &SealedItem,
    ) -> Result<(), VaultError> {
        if self.has_household() {
            return Err(VaultError::HasHousehold);
        }
        let granted = newcomer.granted(item)?;
        let mut kinds =
            std::iter::once(BookKind::Household).chain(std::iter::repeat(BookKind::Handbook));
        let mut books = Vec::new();
        for (grant, device) in granted {
            let kind = kinds.next().unwrap_or(BookKind::Handbook);
            books.push(self.adopt(BookSecrets::granted(grant, kind, device)));
        }
        // The household's keys say that this device has joined, so they come last: until they are
        // durable, the pairing can be finished again.
        let (household, handbooks) = books.split_first().ok_or(PairingError::OutOfTurn)?;
        let mut batch = Batch::new();
        for id in handbooks {
            let book = self.book(id)?;
            batch.put_key(KeyName::book(book.tag), book.secrets.encode());
        }
        if !batch.is_empty() {
            self.commit_keys(batch)?;
        }
        let book = self.book(household)?;
        let mut batch = Batch::new();
        batch.put_key(KeyName::book(book.tag), book.secrets.encode());
        batch.delete_key(pairing_key()?);
        self.commit_keys(batch)
    }

    /// Puts pairing away until the next step, or forgets it.
    pub fn keep_pairing(&mut self, pairing: Option<&Pairing>) -> Result<(), VaultError> {
        let mut batch = Batch::new();
        match pairing {
            Some(Pairing::Newcomer(newcomer)) => batch.put_key(pairing_key()?, newcomer.encode()),
            Some(Pairing::Inviter(inviter)) => batch.put_key(pairing_key()?, inviter.encode()),
            None => batch.delete_key(pairing_key()?),
        }
        self.commit_keys(batch)
    }

    /// Returns the pairing that is under way.
    pub fn pairing(&self) -> Result<Option<Pairing>, VaultError> {
        let Some(bytes) = self.store.key_file(&pairing_key()?)? else {
            return Ok(None);
        };
        let pairing = match Newcomer::decode(&bytes) {
            Ok(newcomer) => Pairing::Newcomer(Box::new(newcomer)),
            Err(_) => Pairing::Inviter(Box::new(Inviter::decode(&bytes)?)),
        };
        Ok(Some(pairing))
    }

    /// The books that a new device is offered: the household, then the handbooks held, by id.
    fn offered_books(&self) -> Result<Vec<BookId>, VaultError> {
        let household = self.household.ok_or(VaultError::NoHousehold)?;
        let members = self
            .handbooks()
            .map(|(id, _)| *id)
            .filter(|id| self.member_of(id).is_some());
        Ok(std::iter::once(household).chain(members).collect())
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Guardian => "guardian",
        Role::SelfMember => "self",
        Role::Viewer => "viewer",
        Role::Kit => "kit",
    }
}

fn pairing_key() -> Result<KeyName, VaultError> {
    Ok("pairing".parse::<KeyName>()?)
}
