//! A store that lives and dies with the process: for tests and simulations. It touches no disk.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeFrom};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use techo_wire::head::Head;
use zeroize::Zeroizing;

use crate::store::frame;
use crate::store::manifest::{MAX_CHUNK, ObjectMark};
use crate::store::{
    Batch, BookTag, Damage, Frame, KeyName, Location, Manifest, Opening, Position, Scanned, Store,
    StoreError,
};

/// A store in memory. What was committed survives [`MemoryStore::reopen`], as if the process had
/// ended and started again.
#[derive(Debug, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
    manifest: Manifest,
    opening: Opening,
    /// Pieces of objects that were asked for since it was opened.
    fetched: AtomicUsize,
}

#[derive(Clone, Default)]
struct Kept {
    frames: BTreeMap<Position, Frame>,
    end: u64,
    keys: BTreeMap<KeyName, Zeroizing<Vec<u8>>>,
    objects: BTreeMap<String, Vec<u8>>,
    manifest: Manifest,
    commits: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same store, opened again.
    #[must_use]
    pub fn reopen(&self) -> Self {
        let manifest = self.kept().manifest.clone();
        Self {
            kept: Arc::clone(&self.kept),
            manifest,
            opening: Opening::default(),
            fetched: AtomicUsize::new(0),
        }
    }

    /// Another store with what was committed so far, as if the folder had been copied.
    #[must_use]
    pub fn copy(&self) -> Self {
        let kept = self.kept().clone();
        Self {
            manifest: kept.manifest.clone(),
            kept: Arc::new(Mutex::new(kept)),
            ..Self::default()
        }
    }

    /// Forgets the index, as if its files had been deleted.
    pub fn lose_index(&self) {
        self.kept().objects.clear();
    }

    /// Forgets those objects of the index whose name says `lost`; returns how many there were.
    pub fn lose_objects(&self, lost: impl Fn(&str) -> bool) -> usize {
        let objects = &mut self.kept().objects;
        let before = objects.len();
        objects.retain(|name, _| !lost(name));
        before - objects.len()
    }

    /// Forgets one frame, as if its bytes had been damaged.
    pub fn lose_frame(&self, at: Location) {
        self.kept().frames.remove(&at.position());
    }

    /// How many pieces of objects were fetched since the store was opened; one that is not there
    /// counts as one.
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn end(&self) -> Position {
        if self.end == 0 {
            Position::START
        } else {
            at(self.end)
        }
    }

    fn from(&self, range: RangeFrom<Position>) -> Option<(Position, Frame)> {
        self.frames
            .range(range)
            .next()
            .map(|(&place, frame)| (place, frame.clone()))
    }
}

impl Store for MemoryStore {
    fn commit(&self, batch: Batch) -> Result<Vec<Location>, StoreError> {
        batch.check()?;
        let mut kept = self.kept();
        let mut places = Vec::with_capacity(batch.frames.len());
        for frame in batch.frames {
            let place = at(kept.end);
            kept.end += (frame::HEAD + frame.body.len()) as u64;
            kept.frames.insert(place, frame);
            places.push(Location::new(place));
        }
        for (name, secret) in batch.keys {
            match secret {
                Some(secret) => kept.keys.insert(name, secret),
                None => kept.keys.remove(&name),
            };
        }
        for (tag, head) in batch.heads {
            kept.manifest.reach(tag, head);
        }
        let end = kept.end();
        kept.manifest.set_end(end);
        kept.commits += 1;
        Ok(places)
    }

    fn read(&self, at: Location) -> Result<Frame, StoreError> {
        let kept = self.kept();
        kept.frames
            .get(&at.position())
            .cloned()
            .ok_or(StoreError::NoFrame { at })
    }

    fn scan(
        &self,
        from: Position,
        each: &mut dyn FnMut(Scanned) -> ControlFlow<()>,
    ) -> Result<Position, StoreError> {
        let mut next = from;
        loop {
            let (found, end) = {
                let kept = self.kept();
                (kept.from(next..), kept.end())
            };
            let Some((place, frame)) = found else {
                return Ok(end);
            };
            let length = (frame::HEAD + frame.body.len()) as u64;
            next = Position::new(place.segment(), place.offset() + length);
            if each(Scanned::Frame {
                location: Location::new(place),
                frame,
            })
            .is_break()
            {
                return Ok(next);
            }
        }
    }

    fn end(&self) -> Position {
        self.kept().end()
    }

    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn opening(&self) -> &Opening {
        &self.opening
    }

    fn checkpoint(
        &self,
        heads: &[(BookTag, Head)],
        objects: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for &(tag, head) in heads {
            kept.manifest.reach(tag, head);
        }
        for (name, bytes) in objects {
            kept.manifest
                .set_object(name.clone(), bytes.as_deref().map(ObjectMark::of));
            match bytes {
                Some(bytes) => kept.objects.insert(name, bytes),
                None => kept.objects.remove(&name),
            };
        }
        Ok(())
    }

    fn object(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let object = self.kept().objects.get(name).cloned();
        let pieces = object
            .as_ref()
            .map_or(0, |bytes| bytes.len().div_ceil(MAX_CHUNK));
        self.fetched.fetch_add(pieces.max(1), Ordering::Relaxed);
        Ok(object.map(Zeroizing::new))
    }

    fn keeps(&self, name: &str) -> bool {
        self.kept().objects.contains_key(name)
    }

    fn key_file(&self, name: &KeyName) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        Ok(self.kept().keys.get(name).cloned())
    }

    fn key_names(&self) -> Result<Vec<KeyName>, StoreError> {
        Ok(self.kept().keys.keys().cloned().collect())
    }

    fn index_damage(&self) -> Vec<Damage> {
        Vec::new()
    }

    fn syncs(&self) -> u64 {
        self.kept().commits
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("frames", &self.frames.len())
            .finish_non_exhaustive()
    }
}

/// The place `end` bytes after the header that a segment's file would have.
fn at(end: u64) -> Position {
    Position::new(1, 32 + end)
}
