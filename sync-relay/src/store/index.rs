//! Rows and places in sled: the only file of the relay that names it. What is here can be made
//! anew from the segments, so nothing waits for it to be durable.
//!
//! sled may refuse to open, lose pairs in silence, or panic; who calls must expect all three.

use crate::store::StoreError;
use crate::store::table::{Changes, Visit};
use std::fs::File;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

/// How much of sled's pages stays in memory.
const CACHE: u64 = 16 << 20;
/// How often, and with what pause, an index that is still being closed is tried.
const LOCKED_TRIES: u32 = 500;
const LOCKED_PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Index {
    db: sled::Db,
    /// sled's own file once more: its flush does not reach the disk, syncing this does.
    file: File,
}

impl Index {
    /// Opens the index in `dir`, an empty one if there is none.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let config = sled::Config::new()
            .path(dir)
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
                Ok(opened) => break opened.map_err(broken)?,
                Err(_) => return Err(StoreError::Database(None)),
            }
        };
        let file = File::open(dir.join(FILE)).map_err(broken)?;
        Ok(Self { db, file })
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.db.get(key).map_err(broken)?;
        Ok(value.map(|value| value.to_vec()))
    }

    /// Visits the pairs under `prefix` whose key is not below `from`, in ascending order.
    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        from: &[u8],
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        let start = if from > prefix { from } else { prefix };
        for pair in self.db.range(start..) {
            let (key, value) = pair.map_err(broken)?;
            if !key.starts_with(prefix) || !visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    /// Applies all changes or none; durable at the next [`Self::flush`].
    pub(crate) fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.db.apply_batch(batch).map_err(broken)
    }

    /// Makes everything durable.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(broken)?;
        self.file.sync_data().map_err(broken)
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").finish_non_exhaustive()
    }
}

/// Does `work`, and takes a panic in it for a failure.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(StoreError::Database(None)))
}

/// Moves the index at `path` out of the way, over one that was there before.
pub(crate) fn set_aside(path: &Path) -> Result<(), StoreError> {
    drop_aside(path)?;
    match std::fs::rename(path, path.with_extension(ASIDE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Deletes what was set aside.
pub(crate) fn drop_aside(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_dir_all(path.with_extension(ASIDE)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

const ASIDE: &str = "damaged";
/// The file in which sled keeps what is in an index.
pub(crate) const FILE: &str = "db";

fn is_locked(error: &sled::Error) -> bool {
    match error {
        // sled tells it in words only.
        sled::Error::Io(error) => error.to_string().contains("could not acquire lock"),
        _ => false,
    }
}

/// Whatever fails here, the segments are whole.
fn broken(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Database(Some(Box::new(error)))
}
