//! Segments and index as one table: a batch counts once the segments hold it durably; the index
//! follows, and is made anew from them where it cannot be trusted.

use crate::store::StoreError;
use crate::store::frame::{Frame, Kind};
use crate::store::index::{self, Index};
use crate::store::layout;
use crate::store::places::{self, Places};
use crate::store::segments::{Place, Position, Segments};
use crate::store::survey;
use crate::store::table::{Changes, Visit};
use crate::store::usage::Usages;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The table of a relay, open.
#[derive(Debug)]
pub(crate) struct Joined {
    segments: Segments,
    index: Index,
    usages: Mutex<Usages>,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening {
    /// Where a write began that failed and was not taken back.
    pub(crate) sure: Option<Position>,
    /// Whether the index is to be made anew.
    pub(crate) distrust: bool,
}

/// On whose word the index changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The rules, which keep their figures themselves.
    Rules,
    /// The segments, which hold no figures.
    Replay,
    /// Compaction, which changes places only.
    Compaction,
}

impl Joined {
    /// Opens what `dir` holds and lets the index follow to the end of the segments.
    pub(crate) fn open(dir: &Path, rotate_at: u32, opening: Opening) -> Result<Self, StoreError> {
        let segments = Segments::open(&dir.join(SEGMENTS), rotate_at, opening.sure)?;
        let path = dir.join(INDEX);
        let trusted = if opening.distrust {
            None
        } else {
            survey::open(&path, &segments)
        };
        let (index, usages, from) = if let Some(trusted) = trusted {
            trusted
        } else {
            tracing::warn!("the index is not to be trusted and is made anew");
            index::set_aside(&path)?;
            (Index::open(&path)?, Usages::default(), Position::default())
        };
        let joined = Self {
            segments,
            index,
            usages: Mutex::new(usages),
        };
        joined.replay(from)?;
        index::drop_aside(&path)?;
        Ok(joined)
    }

    /// Where the segments end, and whether they still take anything.
    pub(crate) fn reached(&self) -> (Position, bool) {
        (self.segments.reached(), !self.segments.is_stopped())
    }

    #[cfg(test)]
    pub(crate) const fn segments(&self) -> &Segments {
        &self.segments
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if !layout::is_body(key) {
            return self.index.get(key);
        }
        match self.place(&Changes::new(), key)? {
            Some(place) => self.read(key, place).map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        from: &[u8],
        visit: Visit<'_>,
    ) -> Result<(), StoreError> {
        let start = places::slot(from).map_or_else(|| from.to_vec(), |(row, _)| row);
        let mut failed = None;
        self.index.scan(prefix, &start, &mut |row, value| {
            if !layout::is_body(row) {
                return visit(row, value);
            }
            let places = Places::read(row, value).unwrap_or_default();
            let wanted = places.each(row).filter(|(key, _)| key.as_slice() >= from);
            for (key, place) in wanted {
                match self.read(&key, place) {
                    Ok(value) if visit(&key, &value) => {}
                    Ok(_) => return false,
                    Err(error) => {
                        failed = Some(error);
                        return false;
                    }
                }
            }
            true
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// Applies all changes or none; they are durable when it returns.
    pub(crate) fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        let batch: Vec<Frame<'_>> = changes.iter().filter_map(frame).collect();
        let counted = changes.iter().filter(|(key, _)| layout::is_counted(key));
        let counted = counted.map(|(key, value)| (key.clone(), value.clone()));
        let before = self.segments.reached();
        self.append(&batch, Source::Rules, counted.collect())?;
        if self.segments.reached().segment > before.segment {
            self.seal(before.segment)?;
            // What the next start has to replay stays short.
            self.index.flush()?;
        }
        match self.compact() {
            // The batch is kept all the same.
            Err(StoreError::Io(error)) => {
                tracing::warn!(%error, "a segment could not be compacted");
                Ok(())
            }
            compacted => compacted,
        }
    }

    /// The value at a place; an empty one, which is none, if it is damaged or gone.
    fn read(&self, key: &[u8], mut place: Place) -> Result<Vec<u8>, StoreError> {
        loop {
            if let Some(value) = self.segments.read(place, key)? {
                return Ok(value);
            }
            // Compaction may have moved it since.
            match self.place(&Changes::new(), key)? {
                Some(moved) if moved != place => place = moved,
                _ => return Ok(Vec::new()),
            }
        }
    }

    /// Where a body lies.
    fn place(&self, changes: &Changes, key: &[u8]) -> Result<Option<Place>, StoreError> {
        let Some((row, slot)) = places::slot(key) else {
            return Ok(None);
        };
        Ok(self.places(changes, &row)?.at(slot))
    }

    /// The places under a key of the index; a damaged value counts as none.
    fn places(&self, changes: &Changes, row: &[u8]) -> Result<Places, StoreError> {
        let value = match changes.get(row) {
            Some(newer) => newer.clone(),
            None => self.index.get(row)?,
        };
        let places = value.and_then(|value| Places::read(row, &value));
        Ok(places.unwrap_or_default())
    }

    /// Appends a batch and lets the index follow, which also takes `rows` that are in no segment.
    fn append(&self, batch: &[Frame<'_>], source: Source, rows: Changes) -> Result<(), StoreError> {
        let places = if batch.is_empty() {
            Vec::new()
        } else {
            self.segments.append(batch)?
        };
        let mut usages = self.usages();
        let mut changes = rows;
        for (frame, place) in batch.iter().zip(places) {
            self.follow(&mut usages, &mut changes, *frame, place, source)?;
        }
        self.finish(&mut usages, changes, self.segments.reached())
    }

    /// Adds to `changes` what a frame does to the index.
    fn follow(
        &self,
        usages: &mut Usages,
        changes: &mut Changes,
        frame: Frame<'_>,
        place: Place,
        source: Source,
    ) -> Result<(), StoreError> {
        let Frame { kind, key, value } = frame;
        let (here, length) = (place.start.segment, u64::from(place.length));
        if source == Source::Compaction && kind != Kind::Body {
            usages.change(here, |usage| {
                usage.carried = usage.carried.saturating_add(length);
            });
        }
        let Some((row, slot)) = places::slot(key) else {
            let held = (kind != Kind::Removal).then(|| value.to_vec());
            changes.insert(key.to_vec(), held);
            return Ok(());
        };
        let mut places = self.places(changes, &row)?;
        let new = (kind == Kind::Body).then_some(place);
        if let Some(old) = places.set(slot, new) {
            usages.change(old.start.segment, |usage| {
                usage.bodies = usage.bodies.saturating_sub(old.length.into());
            });
        }
        if new.is_some() {
            usages.change(here, |usage| {
                usage.bodies = usage.bodies.saturating_add(length);
            });
        }
        let held = places.write(&row);
        changes.insert(row, held);
        if source == Source::Replay
            && let Some(figures) = layout::counted(key)
        {
            changes.insert(figures, None);
        }
        Ok(())
    }

    /// Applies what was gathered; from now on the index reaches to `reached`.
    fn finish(
        &self,
        usages: &mut Usages,
        mut changes: Changes,
        reached: Position,
    ) -> Result<(), StoreError> {
        for (segment, usage) in usages.take_changed() {
            let row = layout::from_integers(&[usage.bodies, usage.carried]);
            let key = layout::usage(segment);
            let value = layout::summed(&key, &row);
            // A usage that the caller takes away stays away.
            changes.entry(key).or_insert(Some(value));
        }
        let Position { segment, offset } = reached;
        let row = layout::from_integers(&[layout::VERSION, segment.into(), offset.into()]);
        let value = layout::summed(layout::POSITION, &row);
        changes.insert(layout::POSITION.to_vec(), Some(value));
        self.index.apply(&changes)
    }

    /// Lets the index follow from `from` to the end of the segments.
    fn replay(&self, from: Position) -> Result<(), StoreError> {
        let mut usages = self.usages();
        let mut changes = Changes::new();
        let numbers = self.segments.numbers()?;
        for number in numbers.iter().copied().filter(|n| *n >= from.segment) {
            let here = Position {
                segment: number,
                offset: if number == from.segment {
                    from.offset
                } else {
                    0
                },
            };
            self.segments.scan(here, &mut |place, frame, more| {
                self.follow(&mut usages, &mut changes, frame, place, Source::Replay)?;
                if more || changes.len() < AT_ONCE {
                    return Ok(());
                }
                let end = place.start.offset.saturating_add(place.length);
                let reached = Position {
                    segment: number,
                    offset: end,
                };
                self.finish(&mut usages, std::mem::take(&mut changes), reached)
            })?;
        }
        for number in numbers {
            if number != self.segments.reached().segment {
                let length = self.segments.length(number)?;
                usages.change(number, |usage| usage.sealed = Some(length));
            }
        }
        self.finish(&mut usages, changes, self.segments.reached())?;
        self.index.flush()
    }

    fn seal(&self, number: u32) -> Result<(), StoreError> {
        if number == 0 || !self.segments.numbers()?.contains(&number) {
            return Ok(());
        }
        let length = self.segments.length(number)?;
        self.usages()
            .change(number, |usage| usage.sealed = Some(length));
        Ok(())
    }

    /// Moves what is in use out of a segment that is mostly of no use, and deletes it.
    fn compact(&self) -> Result<(), StoreError> {
        let Some(number) = self.usages().take_wasteful() else {
            return Ok(());
        };
        let start = Position {
            segment: number,
            offset: 0,
        };
        // What a removal takes away can only lie before it.
        let oldest = self.segments.numbers()?.first() == Some(&number);
        let mut carried: Vec<(Kind, Vec<u8>, Vec<u8>)> = Vec::new();
        let mut once = BTreeSet::new();
        self.segments.scan(start, &mut |place, frame, _| {
            let lies = self.place(&Changes::new(), frame.key)?;
            let held = self.index.get(frame.key)?;
            let in_use = match frame.kind {
                Kind::Body => lies == Some(place),
                Kind::Row => held.as_deref() == Some(frame.value),
                Kind::Removal if layout::is_body(frame.key) => lies.is_none() && !oldest,
                Kind::Removal => held.is_none() && !oldest,
            };
            if in_use && once.insert(frame.key.to_vec()) {
                carried.push((frame.kind, frame.key.to_vec(), frame.value.to_vec()));
            }
            Ok(())
        })?;
        let batch: Vec<Frame<'_>> = carried
            .iter()
            .map(|(kind, key, value)| Frame {
                kind: *kind,
                key,
                value,
            })
            .collect();
        let gone = Changes::from([(layout::usage(number), None)]);
        let before = self.segments.reached();
        self.append(&batch, Source::Compaction, gone)?;
        self.usages().forget(number);
        // Until the index says so durably, a start would look for the old places.
        self.index.flush()?;
        self.segments.remove(number)?;
        if self.segments.reached().segment > before.segment {
            self.seal(before.segment)?;
        }
        tracing::debug!(number, carried = batch.len(), "a segment was compacted");
        Ok(())
    }

    fn usages(&self) -> std::sync::MutexGuard<'_, Usages> {
        self.usages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        // Only spares the next start some work.
        index::guarded(|| self.index.flush()).ok();
    }
}

/// The frame of a change, unless no segment holds it.
fn frame<'c>((key, value): (&'c Vec<u8>, &'c Option<Vec<u8>>)) -> Option<Frame<'c>> {
    let kind = match value {
        None => Kind::Removal,
        Some(_) if layout::is_body(key) => Kind::Body,
        Some(_) => Kind::Row,
    };
    (!layout::is_counted(key)).then(|| Frame {
        kind,
        key,
        value: value.as_deref().unwrap_or_default(),
    })
}

const SEGMENTS: &str = "segments";
const INDEX: &str = "index";
/// About how many changes of the index are applied at once in a replay.
const AT_ONCE: usize = 4_096;
