//! A vault's folder before its key is known. It opens nothing without the master key.

use std::path::Path;
use std::sync::Arc;

use rand_core::Rng as _;

use crate::crypto::{Cost, MasterKey, Passphrase, Slot, SlotKind, VaultId};
use crate::store::StoreError;
use crate::store::disk::{Disk, Folder};
use crate::store::durable::{DiskStore, Entropy, read_header, write_header};
use crate::store::header::{Header, Unlocked};
use crate::store::prepared::Preparing;
use crate::store::segments::ROTATE_AT;

/// A vault that this process holds and has not unlocked.
#[derive(Debug)]
pub struct LockedVault {
    folder: Arc<Folder>,
    header: Header,
    preparing: Preparing,
}

impl LockedVault {
    /// Takes the vault in `folder` for this process and reads its header.
    pub fn open_dir(folder: &Path) -> Result<Self, StoreError> {
        if !holds_a_vault(folder) {
            return Err(StoreError::NotAVault);
        }
        Self::of(Folder::lock(folder)?)
    }

    /// Reads the header, and begins to read what needs no key while a passphrase is tried.
    fn of(folder: Folder) -> Result<Self, StoreError> {
        let header = read_header(&folder)?.ok_or(StoreError::HeaderDamaged)?;
        let folder = Arc::new(folder);
        let root = folder.root().to_owned();
        let preparing = Preparing::begin(Arc::clone(&folder) as _, root, header.vault());
        Ok(Self {
            folder,
            header,
            preparing,
        })
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
        let store = Self::of(folder)?.into_store(&unlocked, rng)?;
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
        let (vault, master) = (unlocked.vault(), unlocked.master());
        let disk: Arc<dyn Disk> = Arc::clone(&self.folder) as _;
        let Some(prepared) = self.preparing.wait() else {
            return DiskStore::open(disk, Some(self.folder.root()), vault, master, rng);
        };
        DiskStore::open_prepared(disk, vault, master, rng, ROTATE_AT, prepared)
    }
}

/// Whether this folder holds a vault, be its header there or not.
fn holds_a_vault(folder: &Path) -> bool {
    ["header", "segments", "keys"]
        .into_iter()
        .any(|name| folder.join(name).exists())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use getrandom::SysRng;
    use rand_core::UnwrapErr;
    use tempfile::TempDir;

    use super::*;
    use crate::crypto::SlotError;
    use crate::store::{Batch, BookTag, FrameKind, Position, Store as _};

    fn entropy() -> Entropy {
        Box::new(UnwrapErr(SysRng))
    }

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    fn create(folder: &Path) -> Result<(DiskStore, Unlocked), StoreError> {
        LockedVault::create_dir(folder, &passphrase("first"), Cost::FLOOR, entropy())
    }

    fn reopen(folder: &Path, text: &str) -> Result<DiskStore, StoreError> {
        let locked = LockedVault::open_dir(folder)?;
        let unlocked = locked.unlock(&passphrase(text))?;
        locked.into_store(&unlocked, entropy())
    }

    #[test]
    fn a_vault_is_made_used_and_opened_again() {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("family/vault");
        let (store, unlocked) = create(&root).unwrap();
        let mut batch = Batch::new();
        batch.push(
            BookTag::from_bytes([1; 8]),
            FrameKind::Envelope,
            b"kept".to_vec(),
        );
        let place = store.commit(batch).unwrap()[0];
        assert!(matches!(reopen(&root, "first"), Err(StoreError::InUse)));
        assert!(matches!(create(&root), Err(StoreError::AlreadyAVault)));
        drop(store);
        let wrong = reopen(&root, "wrong");
        assert!(matches!(wrong, Err(StoreError::Unlock(SlotError::Wrong))));
        let store = reopen(&root, "first").unwrap();
        assert_eq!(store.vault(), unlocked.vault());
        assert_eq!(store.read(place).unwrap().body, b"kept");
        assert!(store.opening().damage.is_empty() && store.end() > Position::START);
        assert!(store.syncs() > 0);
    }

    #[test]
    fn a_new_passphrase_replaces_the_old_one_and_nothing_else() {
        let folder = TempDir::new().unwrap();
        let (store, unlocked) = create(folder.path()).unwrap();
        let (kind, next) = (SlotKind::Passphrase, passphrase("second"));
        let (vault, mut rng) = (store.vault(), UnwrapErr(SysRng));
        let slot = Slot::create(&mut rng, vault, kind, &next, Cost::FLOOR, unlocked.master());
        store.replace_slots(&unlocked, &[slot.unwrap()]).unwrap();
        assert!(store.header().unwrap().unlock(kind, &next).is_ok());
        drop(store);
        assert!(matches!(
            reopen(folder.path(), "first"),
            Err(StoreError::Unlock(_))
        ));
        assert_eq!(reopen(folder.path(), "second").unwrap().vault(), vault);
    }

    #[test]
    fn a_folder_without_a_vault_is_left_as_it_was() {
        let folder = TempDir::new().unwrap();
        let missing = folder.path().join("missing");
        for root in [folder.path(), &missing] {
            assert!(matches!(
                LockedVault::open_dir(root),
                Err(StoreError::NotAVault)
            ));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_lost_or_foreign_header_is_named_and_never_written_over() {
        let folder = TempDir::new().unwrap();
        drop(create(folder.path()).unwrap());
        let header = folder.path().join("header");
        fs::write(&header, b"TECHOVLT\x00\x02").unwrap();
        let newer = LockedVault::open_dir(folder.path());
        assert!(matches!(
            newer,
            Err(StoreError::NewerFormat { found: 2, known: 1 })
        ));
        fs::write(&header, vec![0; 1 << 20]).unwrap();
        let large = LockedVault::open_dir(folder.path());
        assert!(matches!(large, Err(StoreError::HeaderDamaged)));
        fs::remove_file(&header).unwrap();
        let gone = LockedVault::open_dir(folder.path());
        assert!(matches!(gone, Err(StoreError::HeaderDamaged)));
        assert!(matches!(
            create(folder.path()),
            Err(StoreError::AlreadyAVault)
        ));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_on_the_machine_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("vault");
        drop(create(&root).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&root), 0o700);
        for name in ["header", "manifest.a", "lock"] {
            assert_eq!(mode(&root.join(name)), 0o600, "{name}");
        }
    }
}
