//! A vault on a disk in memory whose writes can fail and whose power can be cut. It holds no
//! assertions.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use techo_vault::store::disk::Disk as _;
use techo_vault::store::disk::power::PowerDisk;
use techo_vault::store::{DiskStore, LockedVault, Unlocked, system_entropy};
use techo_vault::vault::{InstallId, Vault, VaultError};

use crate::family::Device;

/// A vault's disk, and what opens it.
#[derive(Debug)]
pub struct Bench {
    /// The disk as it is before anything goes wrong.
    pub disk: PowerDisk,
    unlocked: Unlocked,
    install: InstallId,
}

impl Bench {
    /// Copies a closed vault onto a disk in memory. Its index stays behind: it is derived.
    pub fn of(device: &Device) -> Self {
        let locked = LockedVault::open_dir(&device.dir).expect("a vault");
        let unlocked = locked.unlock(&Device::passphrase()).expect("unlocked");
        let disk = PowerDisk::new();
        for folder in ["", "keys", "segments"] {
            disk.create_folder(folder).expect("a folder");
            copy(&device.dir.join(folder), folder, &disk);
            disk.sync_folder(folder).expect("durable");
        }
        Self {
            disk,
            unlocked,
            install: device.install(),
        }
    }

    /// Opens the vault on a state of the disk.
    pub fn open(&self, disk: &PowerDisk) -> Result<Vault, VaultError> {
        let (id, master) = (self.unlocked.vault(), self.unlocked.master());
        let disk = Arc::new(disk.clone());
        let store = DiskStore::open(disk, None, id, master, system_entropy())?;
        Vault::from_store(Arc::new(store), &self.install)
    }
}

fn copy(from: &Path, folder: &str, disk: &PowerDisk) {
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy();
        let name = if folder.is_empty() {
            name.into_owned()
        } else {
            format!("{folder}/{name}")
        };
        let bytes = fs::read(&path).expect("a file");
        disk.write_at(&name, 0, &bytes).expect("written");
        disk.sync_data(&name).expect("durable");
    }
}
