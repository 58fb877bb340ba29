//! What opening a store needs and no key: the survey of every segment and the index's own recovery.
//! Reads while somebody still waits for Argon2id; decides nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::crypto::VaultId;
use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::index::Recovered;
use crate::store::segments::{self, Survey};

/// What was read without a key.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Every segment, in order.
    pub(super) surveys: Result<Vec<Survey>, StoreError>,
    /// The index, if there is a folder for one.
    pub(super) index: Option<Recovered>,
}

impl Prepared {
    /// Reads now.
    pub(super) fn take(disk: &dyn Disk, index_root: Option<&Path>, vault: VaultId) -> Self {
        Self {
            surveys: segments::survey(disk, vault),
            index: index_root.map(Recovered::take),
        }
    }
}

/// A thread that reads. Dropping it waits for it: until then it holds the vault's lock.
#[derive(Debug)]
pub(super) struct Preparing {
    thread: Option<JoinHandle<Prepared>>,
}

impl Preparing {
    /// Begins to read.
    pub(super) fn begin(disk: Arc<dyn Disk>, index_root: PathBuf, vault: VaultId) -> Self {
        let read = move || Prepared::take(disk.as_ref(), Some(&index_root), vault);
        let thread = std::thread::Builder::new().name("techo-prepare".to_owned());
        Self {
            thread: thread.spawn(read).ok(),
        }
    }

    /// What was read; `None` if no thread could be had, or it ended without an answer.
    pub(super) fn wait(mut self) -> Option<Prepared> {
        self.thread.take()?.join().ok()
    }
}

impl Drop for Preparing {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
