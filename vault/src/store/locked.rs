//! A vault's folder before its key is known. It opens nothing without the master key.

use std::path::Path;
use std::sync::Arc;

use rand_core::Rng as _;

use crate::crypto::{Cost, MasterKey, Passphrase, Slot, SlotKind, VaultId};
use crate::store::StoreError;
use crate::store::disk::{Disk, Folder};
use crate::store::durable::{DiskStore, Entropy, read_header, write_header};
use crate::store::header::{Header, Unlocked};

/// A vault that this process holds and has not unlocked.
#[derive(Debug)]
pub struct LockedVault {
    folder: Folder,
    header: Header,
}

impl LockedVault {
    /// Takes the vault in `folder` for this process and reads its header.
    pub fn open_dir(folder: &Path) -> Result<Self, StoreError> {
        if !holds_a_vault(folder) {
            return Err(StoreError::NotAVault);
        }
        let folder = Folder::lock(folder)?;
        let header = read_header(&folder)?.ok_or(StoreError::HeaderDamaged)?;
        Ok(Self { folder, header })
    }

    /// Makes a new vault in `folder`, unlocked by `passphrase`, and opens it.
    pub fn create_dir(
        folder: &Path,
        passphrase: &Passphrase,
        cost: Cost,
        mut rng: Entropy,
    ) -> Result<(DiskStore, Unlocked), StoreError> {
        if holds_a_vault(folder) {
            return Err(StoreError::AlreadyAVault);
        }
        let folder = Folder::lock(folder)?;
        if holds_a_vault(folder.root()) {
            return Err(StoreError::AlreadyAVault);
        }
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let vault = VaultId::from_bytes(id);
        let master = MasterKey::generate(&mut rng);
        let kind = SlotKind::Passphrase;
        let slot = Slot::create(&mut rng, vault, kind, passphrase, cost, &master)?;
        write_header(&folder, vault, &master, std::slice::from_ref(&slot))?;
        let unlocked = Unlocked::new(vault, slot, master);
        let header = read_header(&folder)?.ok_or(StoreError::HeaderDamaged)?;
        let store = Self { folder, header }.into_store(&unlocked, rng)?;
        Ok((store, unlocked))
    }

    /// What the folder says of itself; nothing in it is authentic yet.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Tries a passphrase. It may be tried again.
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<Unlocked, StoreError> {
        self.header.unlock(SlotKind::Passphrase, passphrase)
    }

    /// Opens the store: checks every segment, cuts off an unfinished write, names all damage.
    pub fn into_store(self, unlocked: &Unlocked, rng: Entropy) -> Result<DiskStore, StoreError> {
        if unlocked.vault() != self.header.vault() {
            return Err(StoreError::HeaderDamaged);
        }
        let root = self.folder.root().to_owned();
        let disk: Arc<dyn Disk> = Arc::new(self.folder);
        DiskStore::open(disk, Some(&root), unlocked.vault(), unlocked.master(), rng)
    }
}

/// Whether this folder holds a vault, be its header there or not.
fn holds_a_vault(folder: &Path) -> bool {
    ["header", "segments", "keys"]
        .into_iter()
        .any(|name| folder.join(name).exists())
}
