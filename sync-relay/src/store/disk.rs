//! The table in sled: the only file that names it. It never trusts sled to be durable, to open,
//! or not to panic.

use crate::store::StoreError;
use crate::store::table::{Changes, Table, Visit};
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

const CACHE: u64 = 64 << 20;
/// Values are kept in chunks of this length, under the key and one byte more. sled writes a page of
/// over 128 KiB into a file of its own, which it never syncs, and a page holds up to 17 pairs;
/// what is lost there on a power cut would take the page's other values with it.
const CHUNK: usize = 4 << 10;
/// How long a store that failed is left alone before it is opened again.
const PAUSE: Duration = Duration::from_secs(5);
/// How often, and with what pause, a store that is still being closed is tried.
const LOCKED_TRIES: u32 = 500;
const LOCKED_PAUSE: Duration = Duration::from_millis(20);
/// What a store that would not open is renamed to, with a number behind.
const DAMAGED: &str = "store.damaged-";
const STORE: &str = "store";

pub(crate) struct Disk {
    store: PathBuf,
    /// `None` after a failure: what sled then holds in memory is not to be trusted.
    open: RwLock<Option<Open>>,
    failed: Mutex<Option<Instant>>,
}

struct Open {
    db: sled::Db,
    /// sled's own file once more: its flush does not reach the disk, syncing this does.
    file: File,
}

impl Disk {
    /// Opens the store in `dir`. One that sled refuses is set aside, and its place returned.
    pub(crate) fn open(dir: &Path) -> Result<(Self, Option<PathBuf>), StoreError> {
        let store = dir.join(STORE);
        let (open, aside) = match Open::at(&store) {
            Ok(open) => (open, None),
            Err(error) if is_environment(&error) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "the store does not open and is set aside");
                let aside = free_name(dir);
                fs::rename(&store, &aside)?;
                (Open::at(&store)?, Some(aside))
            }
        };
        Ok((
            Self {
                store,
                open: RwLock::new(Some(open)),
                failed: Mutex::default(),
            },
            aside,
        ))
    }

    fn guarded<T>(
        &self,
        work: impl FnOnce(&Open) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            let Some(open) = open.as_ref() else {
                return Err(StoreError::Database(None));
            };
            catch_unwind(AssertUnwindSafe(|| work(open)))
        };
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                drop(self.close());
                Err(error)
            }
            Err(_) => {
                // After a panic not even dropping it is safe; it stays closed until a restart.
                std::mem::forget(self.close());
                Err(StoreError::Database(None))
            }
        }
    }

    fn close(&self) -> Option<Open> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = Some(Instant::now());
        self.open
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Opens a store that failed once more, say when the disk has room again. Never sets aside.
    fn reopen_when_due(&self) -> Result<(), StoreError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match *failed {
            None => return Ok(()),
            Some(since) if since.elapsed() < PAUSE => return Err(StoreError::Database(None)),
            Some(_) => *failed = Some(Instant::now()),
        }
        let open = Open::at(&self.store)?;
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(open);
        *failed = None;
        tracing::info!("the store is open again");
        Ok(())
    }
}

impl Open {
    fn at(store: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new()
            .path(store)
            .cache_capacity(CACHE)
            .flush_every_ms(None)
            .print_profile_on_drop(false);
        let mut patience = LOCKED_TRIES;
        let db = loop {
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                // We hold the relay's own lock: this is sled, whose threads outlive a close.
                Ok(Err(error)) if is_locked(&error) => {
                    patience = patience.checked_sub(1).ok_or(StoreError::InUse)?;
                    std::thread::park_timeout(LOCKED_PAUSE);
                }
                Ok(opened) => break opened.map_err(from_sled)?,
                Err(_) => return Err(StoreError::Database(None)),
            }
        };
        let file = File::open(store.join("db"))?;
        File::open(store)?.sync_all()?;
        Ok(Self { db, file })
    }
}

impl Table for Disk {
    fn revive(&self) -> Result<(), StoreError> {
        self.reopen_when_due()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.guarded(|open| {
            let Some(first) = open.db.get(chunk_key(key, 0)).map_err(from_sled)? else {
                return Ok(None);
            };
            let mut value = first.to_vec();
            let mut index = 1;
            // A value of whole chunks ends where the next is missing.
            while value.len() == CHUNK.saturating_mul(usize::from(index)) {
                let Some(chunk) = open.db.get(chunk_key(key, index)).map_err(from_sled)? else {
                    break;
                };
                value.extend_from_slice(&chunk);
                index = index.saturating_add(1);
            }
            Ok(Some(value))
        })
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        let start = if from > prefix { from } else { prefix };
        self.guarded(|open| {
            let mut gathered: Option<(Vec<u8>, Vec<u8>)> = None;
            for pair in open.db.range(start..) {
                let (physical, chunk) = pair.map_err(from_sled)?;
                let Some((_, key)) = physical.split_last() else {
                    continue;
                };
                if !key.starts_with(prefix) {
                    break;
                }
                match &mut gathered {
                    Some((same, value)) if same == key => value.extend_from_slice(&chunk),
                    _ => {
                        let next = Some((key.to_vec(), chunk.to_vec()));
                        if let Some((key, value)) = std::mem::replace(&mut gathered, next)
                            && !visit(&key, &value)
                        {
                            return Ok(());
                        }
                    }
                }
            }
            if let Some((key, value)) = gathered {
                visit(&key, &value);
            }
            Ok(())
        })
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.guarded(|open| {
            let mut batch = sled::Batch::default();
            for (key, value) in changes {
                for pair in open.db.scan_prefix(key) {
                    let (physical, _) = pair.map_err(from_sled)?;
                    if physical.len() != key.len().saturating_add(1) {
                        break;
                    }
                    batch.remove(physical);
                }
                let chunks = value.iter().flat_map(|value| value.chunks(CHUNK));
                for (index, chunk) in (0u8..).zip(chunks) {
                    batch.insert(chunk_key(key, index), chunk);
                }
            }
            open.db.apply_batch(batch).map_err(from_sled)?;
            open.db.flush().map_err(from_sled)?;
            Ok(open.file.sync_data()?)
        })
    }
}

/// No key of the layout is the beginning of another, so chunks of two keys never mix.
fn chunk_key(key: &[u8], index: u8) -> Vec<u8> {
    [key, &[index]].concat()
}

fn is_locked(error: &sled::Error) -> bool {
    match error {
        // sled tells it in words only.
        sled::Error::Io(error) => error.to_string().contains("could not acquire lock"),
        _ => false,
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
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
