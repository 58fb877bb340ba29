//! The table on disk. It closes a store that failed and opens it again, and trusts neither the
//! disk to have room nor sled not to panic.

use crate::store::StoreError;
use crate::store::index::guarded;
use crate::store::joined::{Joined, Opening};
use crate::store::migrate;
use crate::store::segments::ROTATE_AT;
use crate::store::table::{Changes, Table, Visit};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// How long a store that failed is left alone before it is opened again.
const PAUSE: Duration = Duration::from_secs(5);
const STORE: &str = "store";

#[derive(Debug)]
pub(crate) struct Disk {
    store: PathBuf,
    rotate_at: u32,
    pause: Duration,
    /// `None` after a failure: what sled then holds in memory is not to be trusted.
    open: RwLock<Option<Joined>>,
    failed: Mutex<Option<(Instant, Opening)>>,
}

impl Disk {
    /// Opens the store in `dir`, or begins one.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, ROTATE_AT, PAUSE)
    }

    pub(crate) fn open_with(
        dir: &Path,
        rotate_at: u32,
        pause: Duration,
    ) -> Result<Self, StoreError> {
        let store = dir.join(STORE);
        let old = migrate::find(dir, &store)?;
        let joined = guarded(|| Joined::open(&store, rotate_at, Opening::default()))?;
        if let Some(old) = old {
            migrate::take_over(&old, &joined)?;
        }
        Ok(Self {
            store,
            rotate_at,
            pause,
            open: RwLock::new(Some(joined)),
            failed: Mutex::default(),
        })
    }

    fn work<T>(
        &self,
        work: impl FnOnce(&Joined) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (error, takes) = {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            let Some(joined) = open.as_ref() else {
                return Err(StoreError::Database(None));
            };
            match guarded(|| work(joined)) {
                Ok(done) => return Ok(done),
                Err(error) => (error, joined.reached().1),
            }
        };
        let distrust = !matches!(error, StoreError::Io(_));
        // A full disk, or a file that cannot be opened, is no reason to stop reading.
        if distrust || !takes {
            self.close(distrust);
        }
        Err(error)
    }

    fn close(&self, distrust: bool) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let Some(joined) = open.take() else { return };
        let (reached, takes) = joined.reached();
        let opening = Opening {
            sure: (!takes).then_some(reached),
            distrust,
        };
        *failed = Some((Instant::now(), opening));
        if distrust {
            // After a panic not even dropping it is safe.
            std::mem::forget(joined);
        }
    }
}

impl Table for Disk {
    /// Opens a store that failed once more: its index made anew, or as it is once there is room.
    fn revive(&self) -> Result<(), StoreError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((since, opening)) = *failed else {
            return Ok(());
        };
        if since.elapsed() < self.pause {
            return Err(StoreError::Database(None));
        }
        *failed = Some((Instant::now(), opening));
        let joined = guarded(|| Joined::open(&self.store, self.rotate_at, opening))?;
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(joined);
        *failed = None;
        tracing::info!("the store is open again");
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.work(|joined| joined.get(key))
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
        self.work(|joined| joined.scan(prefix, from, visit))
    }

    fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        self.work(|joined| joined.apply(changes))
    }
}

#[cfg(test)]
mod tests;
