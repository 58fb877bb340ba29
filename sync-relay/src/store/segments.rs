//! The truth of the relay: numbered files of frames that only grow. It knows no box and no index.
//!
//! One thread at a time appends; any number read. What a strange hand, a bad disk or a power cut
//! did to a file shows as bytes that are no frame: at the end they are cut off, elsewhere passed
//! over.

use crate::store::StoreError;
use crate::store::files::{self, Segment};
use crate::store::frame::{self, Frame, Kind};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A point between two frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) segment: u32,
    pub(crate) offset: u32,
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: Position,
    pub(crate) length: u32,
}

/// The segments of one relay.
#[derive(Debug)]
pub(crate) struct Segments {
    dir: PathBuf,
    rotate_at: u32,
    end: Mutex<Position>,
    /// The files used last.
    open: Mutex<VecDeque<(u32, Arc<Segment>)>>,
    stopped: AtomicBool,
}

impl Segments {
    /// Opens the segments in `dir` and cuts off what completes no batch at their end. `sure` is
    /// where a write that failed began: what lies behind was never acknowledged.
    pub(crate) fn open(
        dir: &Path,
        rotate_at: u32,
        sure: Option<Position>,
    ) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir)?;
        let segments = Self {
            dir: dir.to_owned(),
            rotate_at,
            end: Mutex::default(),
            open: Mutex::default(),
            stopped: AtomicBool::new(false),
        };
        if let Some(sure) = sure.filter(|sure| sure.offset > 0) {
            segments.cut(sure)?;
        }
        *segments.end() = segments.settle()?;
        Ok(segments)
    }

    /// The numbers of the segments, ascending.
    pub(crate) fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        Ok(files::numbers(&self.dir)?)
    }

    /// Behind the last frame.
    pub(crate) fn reached(&self) -> Position {
        *self.end()
    }

    /// Whether a failed write could not be taken back: nothing more is written.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// How many bytes of frames a segment holds.
    pub(crate) fn length(&self, number: u32) -> Result<u64, StoreError> {
        let length = files::path(&self.dir, number).metadata()?.len();
        Ok(length.saturating_sub(files::HEADER as u64))
    }

    /// Appends one batch and makes it durable.
    pub(crate) fn append(&self, batch: &[Frame<'_>]) -> Result<Vec<Place>, StoreError> {
        if self.is_stopped() {
            return Err(io::Error::other("a failed write was not taken back").into());
        }
        let start = self.start()?;
        let segment = self.segment(start.segment)?;
        let (mut bytes, mut places) = (Vec::new(), Vec::with_capacity(batch.len()));
        for (left, frame) in (0..batch.len()).rev().zip(batch) {
            let place = place(start.segment, offset(start, bytes.len())?, frame)?;
            places.push(place);
            frame::encode(frame, left > 0, segment.salt, &mut bytes).ok_or_else(too_long)?;
        }
        let end = Position {
            offset: offset(start, bytes.len())?,
            ..start
        };
        let written = segment.write_at(u64::from(start.offset), &bytes);
        if let Err(error) = written.and_then(|()| segment.file.sync_data()) {
            // What may have reached the disk must not count when the relay starts again.
            if self.cut(start).is_err() {
                self.stopped.store(true, Ordering::Release);
            }
            return Err(error.into());
        }
        *self.end() = end;
        Ok(places)
    }

    /// The value of a body, if it lies where it should, undamaged and under this key.
    pub(crate) fn read(&self, at: Place, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let segment = match self.segment(at.start.segment) {
            Err(StoreError::Io(error)) if is_gone(&error) => return Ok(None),
            segment => segment?,
        };
        let length = usize::try_from(at.length).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(frame::MAX_FRAME)];
        match segment.read_at(u64::from(at.start.offset), &mut bytes) {
            Err(error) if is_gone(&error) => return Ok(None),
            read => read?,
        }
        let found = frame::parse(&bytes, segment.salt).map(|(frame, _)| frame);
        let ours = found.filter(|frame| frame.kind == Kind::Body && frame.key == key);
        Ok(ours.map(|frame| frame.value.to_vec()))
    }

    /// Visits the frames of a segment from an offset on, and says where each batch ends.
    pub(crate) fn scan(
        &self,
        from: Position,
        each: &mut dyn FnMut(Place, Frame<'_>, bool) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let segment = match self.segment(from.segment) {
            // A segment whose beginning is damaged has no readable frame.
            Err(StoreError::Io(error)) if is_gone(&error) => return Ok(()),
            segment => segment?,
        };
        let bytes = segment.whole()?;
        let mut at = usize::try_from(from.offset)
            .unwrap_or(usize::MAX)
            .max(files::HEADER);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some((frame, more)) = frame::parse(rest, segment.salt) {
                let here = u32::try_from(at).map_err(|_| too_long())?;
                each(place(from.segment, here, &frame)?, frame, more)?;
                at = at.saturating_add(frame.len());
            } else {
                let marks = rest.windows(frame::MAGIC.len()).skip(1);
                let skip = marks.take_while(|bytes| **bytes != frame::MAGIC).count();
                at = at.saturating_add(skip).saturating_add(1);
            }
        }
        Ok(())
    }

    /// Deletes a segment.
    pub(crate) fn remove(&self, number: u32) -> Result<(), StoreError> {
        self.forget(number);
        Ok(std::fs::remove_file(files::path(&self.dir, number))?)
    }

    /// Where to write next; begins a segment if that is due.
    fn start(&self) -> Result<Position, StoreError> {
        let end = self.reached();
        let number = match end.offset {
            0 => end.segment,
            offset if offset > self.rotate_at => end.segment.checked_add(1).ok_or_else(too_long)?,
            _ => return Ok(end),
        };
        files::create(&self.dir, number)?;
        let start = Position {
            segment: number,
            offset: u32::try_from(files::HEADER).map_err(|_| too_long())?,
        };
        *self.end() = start;
        Ok(start)
    }

    /// Finds the end of the last whole batch, cuts off what is behind it, and makes durable what a
    /// relay wrote that died before it could.
    fn settle(&self) -> Result<Position, StoreError> {
        let Some(last) = self.numbers()?.last().copied() else {
            return Ok(FIRST);
        };
        let behind = Position {
            segment: last.checked_add(1).ok_or_else(too_long)?,
            offset: 0,
        };
        let segment = match self.segment(last) {
            Err(StoreError::Io(error)) if is_gone(&error) => return Ok(behind),
            segment => segment?,
        };
        let start = Position {
            segment: last,
            offset: 0,
        };
        let mut whole = u32::try_from(files::HEADER).map_err(|_| too_long())?;
        self.scan(start, &mut |at, _, more| {
            if !more {
                whole = at.start.offset.saturating_add(at.length);
            }
            Ok(())
        })?;
        if segment.file.metadata()?.len() > u64::from(whole) {
            tracing::warn!("an unfinished write is cut off");
        }
        let end = Position {
            offset: whole,
            ..start
        };
        self.cut(end)?;
        Ok(end)
    }

    fn cut(&self, end: Position) -> Result<(), StoreError> {
        let segment = self.segment(end.segment)?;
        segment.file.set_len(u64::from(end.offset))?;
        Ok(segment.file.sync_data()?)
    }

    fn segment(&self, number: u32) -> Result<Arc<Segment>, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, segment)) = open.iter().find(|(known, _)| *known == number) {
            return Ok(Arc::clone(segment));
        }
        let segment = Arc::new(Segment::open(&self.dir, number)?);
        if open.len() >= OPEN_FILES {
            open.pop_front();
        }
        open.push_back((number, Arc::clone(&segment)));
        Ok(segment)
    }

    fn forget(&self, number: u32) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(known, _)| *known != number);
    }

    fn end(&self) -> MutexGuard<'_, Position> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(segment: u32, offset: u32, frame: &Frame<'_>) -> Result<Place, StoreError> {
    Ok(Place {
        start: Position { segment, offset },
        length: u32::try_from(frame.len()).map_err(|_| too_long())?,
    })
}

fn offset(start: Position, bytes: usize) -> Result<u32, StoreError> {
    let bytes = u32::try_from(bytes).map_err(|_| too_long())?;
    start.offset.checked_add(bytes).ok_or_else(too_long)
}

/// Beyond what a segment can hold; quotas keep callers far below.
fn too_long() -> StoreError {
    StoreError::Io(ErrorKind::FileTooLarge.into())
}

/// Whether a file or the end of one is missing, or its header is none.
fn is_gone(error: &io::Error) -> bool {
    use ErrorKind as K;
    matches!(
        error.kind(),
        K::NotFound | K::UnexpectedEof | K::InvalidData
    )
}

/// When a new segment begins.
pub(crate) const ROTATE_AT: u32 = 8 << 20;
const FIRST: Position = Position {
    segment: 1,
    offset: 0,
};
const OPEN_FILES: usize = 64;

#[cfg(test)]
pub(crate) mod tests;
