//! Walks over the frames of one segment and past what is no frame; it repairs nothing.

use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::frame::{self, Found, HEAD, MAGIC};

/// One step over a segment.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A whole frame begins at `at`.
    Frame { at: u64, found: Found<'a> },
    /// No frame stands in these bytes.
    Gap { from: u64, to: u64 },
}

/// Reads one file up to `limit`, a window at a time.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    disk: &'a dyn Disk,
    name: String,
    limit: u64,
    window: Vec<u8>,
    window_at: u64,
    at: u64,
}

impl<'a> Reader<'a> {
    /// Stands at `at`; what lies beyond `limit` does not exist for it.
    pub(super) fn new(disk: &'a dyn Disk, name: String, at: u64, limit: u64) -> Self {
        Self {
            disk,
            name,
            limit,
            window: Vec::new(),
            window_at: 0,
            at,
        }
    }

    /// The next frame, or the bytes up to it; `None` at the end.
    pub(super) fn step(&mut self) -> Result<Option<Step<'_>>, StoreError> {
        if self.at >= self.limit {
            return Ok(None);
        }
        let at = self.at;
        if let Some(length) = self.frame_length(at)? {
            self.at += length as u64;
            let found = frame::parse(self.bytes(at, length)?);
            return Ok(found.map(|found| Step::Frame { at, found }));
        }
        let to = self.next_frame(at + 1)?;
        self.at = to;
        Ok(Some(Step::Gap { from: at, to }))
    }

    /// The place of the next whole frame from `at` on, or the end.
    fn next_frame(&mut self, mut at: u64) -> Result<u64, StoreError> {
        while at < self.limit {
            let bytes = self.bytes(at, HEAD)?;
            let length = bytes.len();
            let skip = bytes.windows(MAGIC.len()).position(|pair| pair == MAGIC);
            match skip {
                Some(0) if self.frame_length(at)?.is_some() => return Ok(at),
                Some(0) => at += 1,
                Some(skip) => at += skip as u64,
                // The last byte may be the first half of the next mark.
                None => at += (length.max(2) - 1) as u64,
            }
        }
        Ok(self.limit)
    }

    /// The length of the whole frame at `at`, if one stands there.
    fn frame_length(&mut self, at: u64) -> Result<Option<usize>, StoreError> {
        let Some(length) = frame::length(self.bytes(at, HEAD)?) else {
            return Ok(None);
        };
        Ok(frame::parse(self.bytes(at, length)?).map(|_| length))
    }

    /// At least `want` bytes from `at` on, or as many as there are.
    fn bytes(&mut self, at: u64, want: usize) -> Result<&[u8], StoreError> {
        let want = usize::try_from(self.limit.saturating_sub(at))
            .unwrap_or(want)
            .min(want);
        let start = at
            .checked_sub(self.window_at)
            .and_then(|start| usize::try_from(start).ok());
        let held = start.is_some_and(|start| start.saturating_add(want) <= self.window.len());
        if !held {
            let left = usize::try_from(self.limit.saturating_sub(at)).unwrap_or(WINDOW);
            self.window.resize(left.min(WINDOW), 0);
            let filled = self.disk.read_at(&self.name, at, &mut self.window)?;
            if filled < self.window.len() {
                self.window.truncate(filled);
                self.limit = at.saturating_add(filled as u64);
            }
            self.window_at = at;
            return Ok(&self.window);
        }
        Ok(start
            .and_then(|start| self.window.get(start..))
            .unwrap_or_default())
    }
}

const WINDOW: usize = 256 * 1024;
