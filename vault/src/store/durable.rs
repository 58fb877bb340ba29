//! The store on a disk: brings segments, key files, manifest and index together in the right
//! order. It decides what is durable when, and never what is written.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use getrandom::SysRng;
use rand_core::{CryptoRng, UnwrapErr};
use techo_wire::head::Head;
use zeroize::Zeroizing;

use crate::crypto::{MasterKey, Slot, VaultId};
use crate::store::disk::{self, Disk};
use crate::store::header::{HEADER_FILE, Header, MAX_HEADER, Unlocked};
use crate::store::index::{Index, IndexError, Recovered};
use crate::store::keys::{KeyChanges, KeyFiles};
use crate::store::manifest::ObjectMark;
use crate::store::prepared::Prepared;
use crate::store::queue::{Outcome, Queue};
use crate::store::segments::{ROTATE_AT, Segments};
use crate::store::witness::Witness;
use crate::store::{
    Batch, BookTag, Damage, Frame, KeyName, Location, Manifest, Opening, Position, Scanned, Store,
    StoreError,
};

/// Randomness for nonces.
pub type Entropy = Box<dyn CryptoRng + Send>;

/// The operating system's randomness. A system that has none cannot keep secrets, and panics.
pub fn system_entropy() -> Entropy {
    Box::new(UnwrapErr(SysRng))
}

/// The store in a vault's folder.
#[derive(Debug)]
pub struct DiskStore {
    disk: Arc<dyn Disk>,
    vault: VaultId,
    queue: Queue,
    segments: Segments,
    keys: KeyFiles,
    index: Option<Index>,
    /// Taken after the queue's turn, never before.
    state: Mutex<State>,
    opened: Manifest,
    opening: Opening,
}

struct State {
    rng: Entropy,
    witness: Witness,
    manifest: Manifest,
    index_damage: Vec<Damage>,
    /// Whether pieces of objects that no manifest names may lie in the index.
    litter: bool,
}

impl DiskStore {
    /// Opens the store on `disk`, and its index in the folder `index_root` if there is one.
    pub fn open(
        disk: Arc<dyn Disk>,
        index_root: Option<&Path>,
        vault: VaultId,
        master: &MasterKey,
        rng: Entropy,
    ) -> Result<Self, StoreError> {
        let prepared = Prepared::take(disk.as_ref(), index_root, vault);
        Self::open_prepared(disk, vault, master, rng, ROTATE_AT, prepared)
    }

    /// Opens the store from what was read of it before its key was known.
    pub(super) fn open_prepared(
        disk: Arc<dyn Disk>,
        vault: VaultId,
        master: &MasterKey,
        rng: Entropy,
        rotate_at: u64,
        prepared: Prepared,
    ) -> Result<Self, StoreError> {
        let keys = KeyFiles::open(Arc::clone(&disk), vault, master.keys(vault))?;
        let (witness, found) = Witness::open(Arc::clone(&disk), vault, master.manifest(vault))?;
        let known = found.clone().unwrap_or_default();
        let (segments, mut opening) = Segments::open(
            Arc::clone(&disk),
            vault,
            known.end(),
            rotate_at,
            prepared.surveys?,
        )?;
        let used = segments.end() > Position::START || !keys.names()?.is_empty();
        if found.is_none() && used {
            opening.damage.push(Damage::ManifestLost);
        }
        let mut state = State {
            rng,
            witness,
            manifest: known.clone(),
            index_damage: Vec::new(),
            litter: true,
        };
        let index = prepared.index;
        let index = index.map(|recovered| open_index(vault, master, &mut state, recovered));
        if index.is_none() {
            state.manifest.clear_objects();
        }
        opening.damage.extend(state.index_damage.iter().cloned());
        state.manifest.set_end(segments.end());
        if found.as_ref() != Some(&state.manifest) {
            match state.write_durably() {
                // A full disk keeps nobody from reading.
                Err(StoreError::DiskFull(_)) => {}
                written => written?,
            }
        }
        let state = Mutex::new(state);
        let queue = Queue::default();
        Ok(Self {
            disk,
            vault,
            queue,
            segments,
            keys,
            index,
            state,
            opened: known,
            opening,
        })
    }

    /// The vault's id.
    pub fn vault(&self) -> VaultId {
        self.vault
    }

    /// The header as it lies on the disk, to unlock it again.
    pub fn header(&self) -> Result<Header, StoreError> {
        read_header(self.disk.as_ref())?.ok_or(StoreError::HeaderDamaged)
    }

    /// Replaces the ways to unlock the vault. After a crash the old or the new header is there.
    pub fn replace_slots(&self, unlocked: &Unlocked, slots: &[Slot]) -> Result<(), StoreError> {
        write_header(self.disk.as_ref(), self.vault, unlocked.master(), slots)
    }

    /// Writes a group of batches, in the order that makes each of them whole.
    fn write(&self, batches: Vec<Batch>) -> Vec<Outcome> {
        let mut changes = KeyChanges::new();
        let (mut frames, mut heads, mut forgets) = (Vec::new(), Vec::new(), Vec::new());
        for batch in batches {
            forgets.push(batch.keys.iter().any(|(_, secret)| secret.is_none()));
            changes.extend(batch.keys);
            frames.push(batch.frames);
            heads.extend(batch.heads);
        }
        let mut state = self.state();
        let written = self.keys.put(&mut state.rng, &changes);
        let places = match written.and_then(|()| self.segments.append(&frames)) {
            Ok(places) => places,
            Err(error) => return frames.iter().map(|_| Err(error.clone())).collect(),
        };
        for (tag, head) in heads {
            state.manifest.reach(tag, head);
        }
        state.manifest.set_end(self.segments.end());
        if let Err(error) = state.write() {
            // The batch is durable. An older manifest notices less, and is never wrong.
            tracing::warn!(%error, "the manifest could not be written");
        }
        let deleted = self.keys.delete(&changes);
        let outcome = |(places, forgets)| match &deleted {
            Err(error) if forgets => Err(error.clone()),
            _ => Ok(places),
        };
        places.into_iter().zip(forgets).map(outcome).collect()
    }

    /// Puts and removes objects; the manifest that names them is not yet written.
    fn update_index(
        index: &Index,
        state: &mut State,
        objects: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<Vec<(String, ObjectMark)>, IndexError> {
        let mut replaced = Vec::new();
        for (name, bytes) in objects {
            let old = state.manifest.object(&name);
            let new = bytes.as_deref().map(ObjectMark::of);
            if old == new {
                continue;
            }
            if let (Some(bytes), Some(mark)) = (bytes, new) {
                index.put(&mut state.rng, &name, mark, &Zeroizing::new(bytes))?;
            }
            replaced.extend(old.map(|mark| (name.clone(), mark)));
            state.manifest.set_object(name, new);
        }
        index.flush()?;
        Ok(replaced)
    }

    /// Removes what the durable manifest no longer names.
    fn clean_index(
        index: &Index,
        state: &mut State,
        replaced: &[(String, ObjectMark)],
    ) -> Result<(), IndexError> {
        if state.litter {
            index.keep_only(state.manifest.objects())?;
            state.litter = false;
        }
        replaced
            .iter()
            .try_for_each(|(name, mark)| index.remove(name, *mark))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for DiskStore {
    fn commit(&self, batch: Batch) -> Result<Vec<Location>, StoreError> {
        batch.check()?;
        self.queue.commit(batch, |batches| self.write(batches))
    }

    fn read(&self, at: Location) -> Result<Frame, StoreError> {
        self.segments.read(at)
    }

    fn scan(
        &self,
        from: Position,
        each: &mut dyn FnMut(Scanned) -> ControlFlow<()>,
    ) -> Result<Position, StoreError> {
        self.segments.scan(from, each)
    }

    fn end(&self) -> Position {
        self.segments.end()
    }

    fn manifest(&self) -> &Manifest {
        &self.opened
    }

    fn opening(&self) -> &Opening {
        &self.opening
    }

    fn checkpoint(
        &self,
        heads: &[(BookTag, Head)],
        objects: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let state = &mut *self.state();
        for &(tag, head) in heads {
            state.manifest.reach(tag, head);
        }
        let Some(index) = &self.index else {
            return state.write_durably();
        };
        let updated = Self::update_index(index, state, objects);
        let replaced = updated.unwrap_or_else(|error| {
            state.set_aside(index, &error);
            Vec::new()
        });
        state.write_durably()?;
        if let Err(error) = Self::clean_index(index, state, &replaced) {
            state.set_aside(index, &error);
            return state.write_durably();
        }
        Ok(())
    }

    fn object(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let state = &mut *self.state();
        let (Some(index), Some(mark)) = (&self.index, state.manifest.object(name)) else {
            return Ok(None);
        };
        match index.read(name, mark) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) => {
                state.set_aside(index, &error);
                state.write()?;
                Ok(None)
            }
        }
    }

    fn keeps(&self, name: &str) -> bool {
        self.index.is_some() && self.state().manifest.object(name).is_some()
    }

    fn key_file(&self, name: &KeyName) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.keys.read(name)
    }

    fn key_names(&self) -> Result<Vec<KeyName>, StoreError> {
        self.keys.names()
    }

    fn index_damage(&self) -> Vec<Damage> {
        self.state().index_damage.clone()
    }

    fn syncs(&self) -> u64 {
        self.disk.syncs()
    }
}

impl State {
    fn write(&mut self) -> Result<(), StoreError> {
        self.witness.write(&mut self.rng, &mut self.manifest)
    }

    fn write_durably(&mut self) -> Result<(), StoreError> {
        self.witness
            .write_durably(&mut self.rng, &mut self.manifest)
    }

    /// Gives the index up and begins an empty one.
    fn set_aside(&mut self, index: &Index, error: &IndexError) {
        tracing::warn!(%error, "the index is set aside");
        self.manifest.clear_objects();
        self.index_damage.push(Damage::IndexSetAside);
        if let Err(error) = index.set_aside() {
            tracing::warn!(%error, "no new index could be begun");
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("manifest", &self.manifest)
            .finish_non_exhaustive()
    }
}

fn open_index(
    vault: VaultId,
    master: &MasterKey,
    state: &mut State,
    recovered: Recovered,
) -> Index {
    let lost = state.manifest.objects().next().is_some() && !recovered.was_there;
    let (seal, blind) = (master.index(vault), master.blind(vault));
    let (index, opened) = Index::open(vault, seal, blind, recovered);
    if let Err(error) = opened {
        state.set_aside(&index, &error);
    } else if lost {
        state.manifest.clear_objects();
        state.index_damage.push(Damage::IndexLost);
    }
    index
}

/// The header on this disk, or `None` if there is none.
pub(super) fn read_header(disk: &dyn Disk) -> Result<Option<Header>, StoreError> {
    match disk::read(disk, HEADER_FILE, MAX_HEADER) {
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Err(StoreError::HeaderDamaged)
        }
        bytes => bytes?.map(|bytes| Header::parse(&bytes)).transpose(),
    }
}

pub(super) fn write_header(
    disk: &dyn Disk,
    vault: VaultId,
    master: &MasterKey,
    slots: &[Slot],
) -> Result<(), StoreError> {
    let bytes = Header::encode(vault, slots, &master.header_mac(vault))?;
    Ok(disk::replace(disk, "", HEADER_FILE, &bytes)?)
}

#[cfg(test)]
mod tests;
