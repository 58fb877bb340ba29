//! The index: sealed objects in sled, all of which can be lost. The only file that names sled.
//!
//! sled can lose what it holds, refuse to open, and panic; so every call is contained, and after
//! the first failure its handle is never touched again: the folder is set aside and an empty one
//! begins.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::crypto::{BlindKey, StorageKey, VaultId};
use crate::store::manifest::{MAX_CHUNK, ObjectMark};

/// The index of one vault.
pub(super) struct Index {
    root: PathBuf,
    vault: VaultId,
    seal: StorageKey,
    blind: BlindKey,
    /// `None` while nothing can be kept, because not even an empty index opens.
    tree: Mutex<Option<sled::Db>>,
}

/// sled as it came up in a vault's folder, before any key is known.
pub(super) struct Recovered {
    root: PathBuf,
    tree: Result<sled::Db, IndexError>,
    /// Whether there was an index before.
    pub(super) was_there: bool,
}

impl Recovered {
    /// Lets sled recover what lies in the folder `root`.
    pub(super) fn take(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            was_there: root.join(FOLDER).exists(),
            tree: open_tree(root),
        }
    }
}

impl fmt::Debug for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recovered").finish_non_exhaustive()
    }
}

/// What the index did not do. Whoever sees it calls [`Index::set_aside`].
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    /// It reported an error.
    #[error("the index failed")]
    Failed(#[source] sled::Error),
    /// It panicked.
    #[error("the index panicked")]
    Panicked,
    /// Its file could not be made durable.
    #[error("the index could not be made durable")]
    Disk(#[from] io::Error),
    /// What it returned is not what was written.
    #[error("the index lost or altered an object")]
    Altered,
    /// It is not open.
    #[error("the index is not open")]
    Closed,
}

impl Index {
    /// Opens what was recovered; whether that was without failure comes with it.
    pub(super) fn open(
        vault: VaultId,
        seal: StorageKey,
        blind: BlindKey,
        recovered: Recovered,
    ) -> (Self, Result<(), IndexError>) {
        let (tree, outcome) = match recovered.tree {
            Ok(tree) => (Some(tree), Ok(())),
            Err(error) => (None, Err(error)),
        };
        (
            Self {
                root: recovered.root,
                vault,
                seal,
                blind,
                tree: Mutex::new(tree),
            },
            outcome,
        )
    }

    /// Keeps `bytes` under `name` and their own `mark`, beside what is there under other marks.
    pub(super) fn put(
        &self,
        rng: &mut impl CryptoRng,
        name: &str,
        mark: ObjectMark,
        bytes: &[u8],
    ) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        for (n, chunk) in (0..).zip(bytes.chunks(MAX_CHUNK)) {
            let key = self.key(name, mark, n);
            batch.insert(key.as_slice(), self.seal.seal(rng, &self.place(key), chunk));
        }
        self.contained(|tree| tree.apply_batch(batch))
    }

    /// The object, if every piece of it is there and whole.
    ///
    /// A piece opens only under the name, the hash and the number that it was sealed under, all of
    /// which the manifest vouches for: pieces that open are the object, and are not hashed again.
    pub(super) fn read(
        &self,
        name: &str,
        mark: ObjectMark,
    ) -> Result<Zeroizing<Vec<u8>>, IndexError> {
        let mut whole = Zeroizing::new(Vec::new());
        for n in 0..mark.chunks {
            let key = self.key(name, mark, n);
            let sealed = self
                .contained(|tree| tree.get(key))?
                .ok_or(IndexError::Altered)?;
            if sealed.len() > MAX_CHUNK + StorageKey::OVERHEAD {
                return Err(IndexError::Altered);
            }
            let chunk = self.seal.open(&self.place(key), &sealed);
            let chunk = chunk.map_err(|_| IndexError::Altered)?;
            if mark.chunks == 1 {
                return Ok(chunk);
            }
            reserve(&mut whole, chunk.len());
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    /// Removes whatever belongs to none of `objects`.
    pub(super) fn keep_only<'a>(
        &self,
        objects: impl Iterator<Item = (&'a str, ObjectMark)>,
    ) -> Result<(), IndexError> {
        let wanted: BTreeSet<[u8; 16]> = objects
            .flat_map(|(name, mark)| (0..mark.chunks).map(move |n| self.key(name, mark, n)))
            .collect();
        self.contained(|tree| {
            let mut unwanted = sled::Batch::default();
            for key in tree.iter().keys() {
                let key = key?;
                if !<[u8; 16]>::try_from(key.as_ref()).is_ok_and(|key| wanted.contains(&key)) {
                    unwanted.remove(key);
                }
            }
            tree.apply_batch(unwanted)
        })
    }

    /// Removes one object.
    pub(super) fn remove(&self, name: &str, mark: ObjectMark) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        (0..mark.chunks).for_each(|n| batch.remove(self.key(name, mark, n).as_slice()));
        self.contained(|tree| tree.apply_batch(batch))
    }

    /// Makes durable what was put; sled's own flush does not reach the disk.
    pub(super) fn flush(&self) -> Result<(), IndexError> {
        self.contained(sled::Tree::flush)?;
        Ok(File::open(self.root.join(FOLDER).join("db"))?.sync_data()?)
    }

    /// How many pieces lie in it, wanted or not.
    #[cfg(test)]
    pub(super) fn pieces(&self) -> usize {
        self.contained(|tree| Ok(tree.len())).unwrap()
    }

    /// Lays what is kept as one piece into the place of another.
    #[cfg(test)]
    pub(super) fn misplace(&self, from: (&str, ObjectMark, u32), to: (&str, ObjectMark, u32)) {
        let [from, to] = [from, to].map(|(name, mark, n)| self.key(name, mark, n));
        self.contained(|tree| {
            let sealed = tree.get(from)?.unwrap();
            tree.insert(to, sealed)
        })
        .unwrap();
    }

    /// Moves the folder out of the way, keeping only this one, and begins an empty index.
    pub(super) fn set_aside(&self) -> Result<(), IndexError> {
        let mut tree = self.tree();
        // Dropping it would run sled's code again, which may wait for a thread that is gone.
        std::mem::forget(tree.take());
        set_aside(&self.root)?;
        *tree = Some(open_tree(&self.root)?);
        Ok(())
    }

    /// Under which key piece `n` lies: nobody without the vault's key can tell of what it is.
    fn key(&self, name: &str, mark: ObjectMark, n: u32) -> [u8; 16] {
        self.blind
            .blind(&[name.as_bytes(), &[0], &mark.hash, &n.to_be_bytes()].concat())
    }

    /// What a piece is bound to, so that one cannot be put in another's place.
    fn place(&self, key: [u8; 16]) -> Vec<u8> {
        [self.vault.as_ref(), key.as_slice()].concat()
    }

    fn contained<T>(
        &self,
        call: impl FnOnce(&sled::Tree) -> Result<T, sled::Error>,
    ) -> Result<T, IndexError> {
        let tree = self.tree();
        let tree = tree.as_ref().ok_or(IndexError::Closed)?;
        contain(|| call(tree))
    }

    fn tree(&self) -> MutexGuard<'_, Option<sled::Db>> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let tree = self.tree().take();
        // Dropping flushes; what that loses is built again.
        contain(|| {
            drop(tree);
            Ok(())
        })
        .ok();
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("open", &self.tree().is_some())
            .finish_non_exhaustive()
    }
}

fn open_tree(root: &Path) -> Result<sled::Db, IndexError> {
    let config = sled::Config::new()
        .path(root.join(FOLDER))
        .cache_capacity(CACHE)
        .flush_every_ms(None);
    for _ in 0..LOCK_TRIES {
        match contain(|| config.open()) {
            Err(IndexError::Failed(error)) if is_still_closing(&error) => thread::yield_now(),
            outcome => return outcome,
        }
    }
    contain(|| config.open())
}

/// Whether sled's threads have not yet let go of this index, which was just closed; nobody else
/// can have it, because the vault's own lock is held.
fn is_still_closing(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// Runs sled's code and catches its panics.
fn contain<T>(call: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, IndexError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(IndexError::Failed),
        Err(_) => Err(IndexError::Panicked),
    }
}

fn set_aside(root: &Path) -> io::Result<()> {
    let mut last: u32 = 0;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let number: Option<u32> = name
            .to_str()
            .and_then(|name| name.strip_prefix(SET_ASIDE)?.parse().ok());
        if let Some(number) = number {
            last = number.max(last);
            fs::remove_dir_all(entry.path())?;
        }
    }
    let index = root.join(FOLDER);
    let aside = root.join(format!("{SET_ASIDE}{}", last.saturating_add(1)));
    match fs::rename(&index, aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes room without leaving a copy of what is there behind.
fn reserve(whole: &mut Zeroizing<Vec<u8>>, more: usize) {
    if whole.capacity() - whole.len() < more {
        let mut larger = Zeroizing::new(Vec::with_capacity((whole.len() + more) * 2));
        larger.extend_from_slice(whole);
        *whole = larger;
    }
}

/// Where the index lies in the vault's folder.
const FOLDER: &str = "index";
const SET_ASIDE: &str = "index.damaged-";
const LOCK_TRIES: usize = 500;
const CACHE: u64 = 16 * 1024 * 1024;
