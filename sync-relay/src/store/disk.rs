//! The table in sled: the only file that names it. It never trusts sled to be durable, to open,
//! or not to panic.

use crate::store::StoreError;
use crate::store::table::{Changes, Table, Visit};
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

const CACHE: u64 = 64 << 20;
/// What a store that would not open is renamed to, with a number behind.
const DAMAGED: &str = "store.damaged-";
const STORE: &str = "store";

pub(crate) struct Disk {
    db: sled::Db,
    /// sled's own file once more: its flush does not reach the disk, syncing this does.
    file: File,
    /// Set by the first failure: after one, sled's memory is not to be trusted.
    broken: AtomicBool,
}

impl Disk {
    /// Opens the store in `dir`. One that sled refuses is set aside, and its place returned.
    pub(crate) fn open(dir: &Path) -> Result<(Self, Option<PathBuf>), StoreError> {
        let store = dir.join(STORE);
        match Self::open_at(&store) {
            Ok(disk) => Ok((disk, None)),
            Err(error) if is_environment(&error) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the store does not open and is set aside");
                let aside = free_name(dir);
                fs::rename(&store, &aside)?;
                Ok((Self::open_at(&store)?, Some(aside)))
            }
        }
    }

    fn open_at(store: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new()
            .path(store)
            .cache_capacity(CACHE)
            .flush_every_ms(None)
            .print_profile_on_drop(false);
        let db = catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| StoreError::Database(None))?
            .map_err(from_sled)?;
        let file = File::open(store.join("db"))?;
        File::open(store)?.sync_all()?;
        Ok(Self {
            db,
            file,
            broken: AtomicBool::new(false),
        })
    }

    fn guarded<T>(&self, work: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(StoreError::Database(None));
        }
        let outcome = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(outcome) => outcome.map_err(from_sled),
            Err(_) => Err(StoreError::Database(None)),
        };
        if outcome.is_err() {
            self.broken.store(true, Ordering::Release);
        }
        outcome
    }
}

impl Table for Disk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .guarded(|| self.db.get(key))?
            .map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        let start = if from > prefix { from } else { prefix };
        self.guarded(|| {
            for pair in self.db.range(start..) {
                let (key, value) = pair?;
                if !key.starts_with(prefix) || !visit(&key, &value) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.guarded(|| {
            self.db.apply_batch(batch)?;
            self.db.flush()
        })?;
        self.file
            .sync_data()
            .inspect_err(|_| self.broken.store(true, Ordering::Release))?;
        Ok(())
    }
}

fn from_sled(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => StoreError::Io(error),
        error => StoreError::Database(Some(Box::new(error))),
    }
}

/// Whether opening failed for a reason that setting the store aside would not cure.
fn is_environment(error: &StoreError) -> bool {
    use io::ErrorKind as K;
    match error {
        StoreError::InUse => true,
        StoreError::Io(error) => matches!(
            error.kind(),
            K::StorageFull
                | K::QuotaExceeded
                | K::PermissionDenied
                | K::ReadOnlyFilesystem
                | K::WouldBlock
                | K::ResourceBusy
                | K::OutOfMemory
        ),
        StoreError::Database(_) => false,
    }
}

fn free_name(dir: &Path) -> PathBuf {
    let mut number = 1u32;
    loop {
        let name = dir.join(format!("{DAMAGED}{number}"));
        if !name.exists() {
            return name;
        }
        number = number.saturating_add(1);
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk")
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}
