//! Key files: small sealed secrets, each replaced whole. It never looks into one.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::crypto::{StorageKey, VaultId};
use crate::store::batch::MAX_KEY_FILE;
use crate::store::disk::{self, Disk};
use crate::store::{KeyName, StoreError};

/// The folder of key files.
#[derive(Debug)]
pub(super) struct KeyFiles {
    disk: Arc<dyn Disk>,
    vault: VaultId,
    key: StorageKey,
}

/// What a group of batches does to key files, in the order in which they came.
pub(super) type KeyChanges = BTreeMap<KeyName, Option<Zeroizing<Vec<u8>>>>;

impl KeyFiles {
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        vault: VaultId,
        key: StorageKey,
    ) -> Result<Self, StoreError> {
        disk.create_folder(FOLDER)?;
        Ok(Self { disk, vault, key })
    }

    /// Writes the files that have contents; each is durable before the next begins.
    pub(super) fn put(
        &self,
        rng: &mut impl CryptoRng,
        changes: &KeyChanges,
    ) -> Result<(), StoreError> {
        for (name, secret) in changes {
            if let Some(secret) = secret {
                let sealed = self.key.seal(rng, &self.place(name), secret);
                disk::replace(self.disk.as_ref(), FOLDER, name.as_str(), &sealed)?;
            }
        }
        Ok(())
    }

    /// Deletes the files that have none.
    pub(super) fn delete(&self, changes: &KeyChanges) -> Result<(), StoreError> {
        let mut gone = changes
            .iter()
            .filter(|(_, secret)| secret.is_none())
            .peekable();
        if gone.peek().is_none() {
            return Ok(());
        }
        for (name, _) in gone {
            disk::remove_if_there(self.disk.as_ref(), &disk::path(FOLDER, name.as_str()))?;
        }
        Ok(self.disk.sync_folder(FOLDER)?)
    }

    pub(super) fn read(&self, name: &KeyName) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let path = disk::path(FOLDER, name.as_str());
        let max = MAX_KEY_FILE + StorageKey::OVERHEAD;
        let Some(sealed) = disk::read(self.disk.as_ref(), &path, max)? else {
            return Ok(None);
        };
        match self.key.open(&self.place(name), &sealed) {
            Ok(secret) => Ok(Some(secret)),
            Err(_) => Err(StoreError::KeyFileDamaged { name: name.clone() }),
        }
    }

    pub(super) fn names(&self) -> Result<Vec<KeyName>, StoreError> {
        let names = self.disk.list(FOLDER)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// What a key file is bound to, so that one cannot be put in another's place.
    fn place(&self, name: &KeyName) -> Vec<u8> {
        [self.vault.as_ref(), name.as_str().as_bytes()].concat()
    }
}

const FOLDER: &str = "keys";
