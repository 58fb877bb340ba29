//! Makes a vault: a new family, or a device that waits to be let into one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::Timestamp;
use crate::book::{BookId, BookKind, ControlOp, Genesis};
use crate::crypto::{Cost, EpochKey, Passphrase};
use crate::replica::{BookSecrets, DeviceSecrets, Replica};
use crate::store::{Batch, BookTag, KeyName, LockedVault};
use crate::vault::open::InstallId;
use crate::vault::write::rng;
use crate::vault::{Book, Vault, VaultError};

/// The longest name of a household, device or relay, in characters.
pub const MAX_NAME: usize = 64;

impl Vault {
    /// Makes a folder with a new vault in it that belongs to no family yet.
    pub fn create_empty(
        dir: &Path,
        passphrase: &Passphrase,
        cost: Cost,
        install: &InstallId,
    ) -> Result<Self, VaultError> {
        let (store, _) = LockedVault::create_dir(dir, passphrase, cost, Box::new(rng()))?;
        let vault = Self::fresh(Arc::new(store));
        vault.note_install(install)?;
        Ok(vault)
    }

    /// Makes a folder with a new vault and a new family, whose first guardian is this device.
    pub fn create(
        dir: &Path,
        passphrase: &Passphrase,
        cost: Cost,
        install: &InstallId,
        device: &str,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        check_name(device)?;
        let mut vault = Self::create_empty(dir, passphrase, cost, install)?;
        vault.found(BookKind::Household, device, now)?;
        Ok(vault)
    }

    /// Founds a book: this device is its first guardian.
    pub(super) fn found(
        &mut self,
        kind: BookKind,
        device: &str,
        now: Timestamp,
    ) -> Result<BookId, VaultError> {
        let mut rng = rng();
        let keys = DeviceSecrets::generate(&mut rng);
        let epoch = EpochKey::generate(&mut rng);
        let genesis = Genesis::new(kind, keys.describe(device), epoch.commitment(), &mut rng);
        let id = genesis.book_id();
        let secrets = BookSecrets {
            book: id,
            kind,
            device: keys,
            epochs: vec![epoch],
            feed: None,
            relays: Vec::new(),
            frontier: Vec::new(),
            issuer_only: Vec::new(),
        };
        self.adopt(secrets);
        self.write_controls(&id, now, vec![ControlOp::Genesis(genesis)])?;
        Ok(id)
    }

    /// Takes a book into memory; its key file is written with its first entry or by the caller.
    pub(super) fn adopt(&mut self, secrets: BookSecrets) -> BookId {
        let id = secrets.book;
        if secrets.kind == BookKind::Household {
            self.household = Some(id);
        }
        let known = self.books.get(&id).map(|book| book.tag);
        let tag = known.unwrap_or_else(|| BookTag::generate(&mut rng()));
        self.books.insert(id, Book::new(tag, secrets));
        id
    }

    /// Makes the key file of a book durable.
    pub(super) fn save_keys(&mut self, id: &BookId) -> Result<(), VaultError> {
        let book = self.book(id)?;
        let mut batch = Batch::new();
        batch.put_key(KeyName::book(book.tag), book.secrets.encode());
        self.commit_keys(batch)
    }
}

impl Book {
    pub(super) fn new(tag: BookTag, secrets: BookSecrets) -> Self {
        let mut replica = Replica::new(secrets.book, secrets.epochs.clone());
        for head in &secrets.frontier {
            replica.feeds_mut().name(head);
        }
        Self {
            tag,
            replica,
            secrets,
            official: crate::vault::official::OfficialRecords::default(),
            rows: BTreeMap::new(),
            locations: BTreeMap::new(),
            pages: None,
            acknowledged: BTreeMap::new(),
            cursors: BTreeMap::new(),
            granted: BTreeSet::new(),
        }
    }
}

pub(super) fn check_name(name: &str) -> Result<(), VaultError> {
    if name.chars().count() > MAX_NAME {
        return Err(VaultError::NameTooLong { max: MAX_NAME });
    }
    Ok(())
}
