//! The append-only log: numbered files of frames. It knows neither keys nor what a frame means.
//!
//! One thread at a time appends; any number read. A frame exists for readers only once it is
//! durable. After a failed write the end is cut back; if that fails, or durability itself did,
//! nothing more is written until the log is opened again, because the operating system may have
//! dropped bytes that it once accepted.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crypto::VaultId;
use crate::store::disk::{self, Disk};
use crate::store::frame::{self, Frame, MAX_FRAME};
use crate::store::reader::{Reader, Step};
use crate::store::{Damage, Location, Opening, Position, Scanned, StoreError};

mod survey;

pub(super) use survey::Survey;

/// The segments of one vault.
#[derive(Debug)]
pub(super) struct Segments {
    disk: Arc<dyn Disk>,
    vault: VaultId,
    rotate_at: u64,
    tail: Mutex<Tail>,
    stopped: AtomicBool,
}

/// Where the log goes on.
#[derive(Clone, Copy, Debug)]
struct Tail {
    end: Position,
    /// The segment to begin before the next frame is written.
    begin: Option<u64>,
}

impl Segments {
    /// Goes on from what [`survey`] found: cuts off an unfinished write, and says what is damaged.
    /// `durable` is how far the log reached when the manifest was written.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        vault: VaultId,
        durable: Position,
        rotate_at: u64,
        surveys: Vec<Survey>,
    ) -> Result<(Self, Opening), StoreError> {
        let mut opening = Opening::default();
        let mut found = Position::START;
        let mut expected = 1;
        let last = surveys.last().map(Survey::segment);
        for survey in surveys {
            let number = survey.segment();
            if number > expected {
                opening.damage.push(Damage::SegmentsMissing {
                    first: expected,
                    last: number - 1,
                });
            }
            expected = number + 1;
            found = if last == Some(number) {
                survey.settle(disk.as_ref(), found, durable, &mut opening)?
            } else {
                survey.report(&mut opening);
                Position::new(number, survey.length)
            };
        }
        if found < durable {
            opening.damage.push(Damage::Shorter { found, durable });
        }
        if found.offset() >= HEADER && found > durable {
            // What a process wrote before it died may not be durable yet, and now counts; what a
            // manifest knows was durable before that manifest was written.
            disk.sync_data(&file_name(found.segment()))?;
        }
        let begin = opening.damage.iter().any(|damage| hurts(damage, found));
        let begin = begin.then(|| found.segment().max(durable.segment()) + 1);
        let tail = Mutex::new(Tail { end: found, begin });
        let stopped = AtomicBool::new(false);
        Ok((
            Self {
                disk,
                vault,
                rotate_at,
                tail,
                stopped,
            },
            opening,
        ))
    }

    /// Appends several batches and makes them durable together.
    pub(super) fn append(&self, batches: &[Vec<Frame>]) -> Result<Vec<Vec<Location>>, StoreError> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(StoreError::Stopped);
        }
        if batches.iter().all(Vec::is_empty) {
            return Ok(batches.iter().map(|_| Vec::new()).collect());
        }
        let start = self.start()?;
        let (bytes, places) = lay_out(batches, start)?;
        let name = file_name(start.segment());
        let written = self.disk.write_at(&name, start.offset(), &bytes);
        if let Err(error) = written {
            self.cut_back(&name, start.offset());
            return Err(error.into());
        }
        if let Err(error) = self.disk.sync_data(&name) {
            self.cut_back(&name, start.offset());
            self.stop();
            return Err(error.into());
        }
        self.set_end(Position::new(
            start.segment(),
            start.offset() + bytes.len() as u64,
        ));
        Ok(places)
    }

    /// The frame that begins at `at`.
    pub(super) fn read(&self, at: Location) -> Result<Frame, StoreError> {
        let place = at.position();
        let missing = StoreError::NoFrame { at };
        let end = self.end();
        if place >= end {
            return Err(missing);
        }
        let name = file_name(place.segment());
        let mut bytes = vec![0; FIRST_READ];
        let filled = match self.disk.read_at(&name, place.offset(), &mut bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing),
            filled => filled?,
        };
        bytes.truncate(filled);
        let length = frame::length(&bytes).unwrap_or(0).min(MAX_FRAME);
        if length > filled && filled == FIRST_READ {
            bytes.resize(length, 0);
            let filled = self.disk.read_at(&name, place.offset(), &mut bytes)?;
            bytes.truncate(filled);
        }
        frame::parse(&bytes)
            .map(frame::Found::to_frame)
            .ok_or(missing)
    }

    /// See [`crate::store::Store::scan`].
    pub(super) fn scan(
        &self,
        from: Position,
        each: &mut dyn FnMut(Scanned) -> ControlFlow<()>,
    ) -> Result<Position, StoreError> {
        let end = self.end();
        let mut next = from;
        while next < end {
            let segment = next.segment();
            let Some(length) = self.disk.length(&file_name(segment))? else {
                next = Position::new(self.next_segment(segment)?.min(end.segment()), 0);
                if each(Scanned::Damage {
                    segment,
                    from: 0,
                    to: 0,
                })
                .is_break()
                {
                    return Ok(next);
                }
                continue;
            };
            let last = segment == end.segment();
            let limit = if last { end.offset() } else { length };
            if let Some(stopped) = self.scan_one(next, limit, each)? {
                return Ok(stopped);
            }
            next = if last {
                end
            } else {
                Position::new(segment + 1, 0)
            };
        }
        Ok(next.min(end))
    }

    /// Where the next frame will lie, unless a new segment begins first.
    pub(super) fn end(&self) -> Position {
        self.tail().end
    }

    fn scan_one(
        &self,
        from: Position,
        limit: u64,
        each: &mut dyn FnMut(Scanned) -> ControlFlow<()>,
    ) -> Result<Option<Position>, StoreError> {
        let segment = from.segment();
        let at = from.offset().max(HEADER);
        let mut reader = Reader::new(self.disk.as_ref(), file_name(segment), at, limit);
        while let Some(step) = reader.step()? {
            let (shown, after) = match step {
                Step::Frame { at, found } => {
                    let location = Location::new(Position::new(segment, at));
                    (
                        Scanned::Frame {
                            location,
                            frame: found.to_frame(),
                        },
                        at + found.len(),
                    )
                }
                Step::Gap { from, to } => (Scanned::Damage { segment, from, to }, to),
            };
            if each(shown).is_break() {
                return Ok(Some(Position::new(segment, after)));
            }
        }
        Ok(None)
    }

    /// Where to write next; begins a new segment if that is due.
    fn start(&self) -> Result<Position, StoreError> {
        let Tail { end, begin } = *self.tail();
        match begin {
            Some(number) => self.begin(number),
            None if end.offset() < HEADER => self.begin(end.segment()),
            None if end.offset() > self.rotate_at => self.begin(end.segment() + 1),
            None => Ok(end),
        }
    }

    /// Creates segment `number` and makes it durable.
    fn begin(&self, number: u64) -> Result<Position, StoreError> {
        let name = file_name(number);
        let created = disk::remove_if_there(self.disk.as_ref(), &name)
            .and_then(|()| self.disk.write_at(&name, 0, &header(self.vault, number)))
            .and_then(|()| self.disk.sync_data(&name))
            .and_then(|()| self.disk.sync_folder(FOLDER));
        if let Err(error) = created {
            if disk::remove_if_there(self.disk.as_ref(), &name).is_err() {
                self.stop();
            }
            return Err(error.into());
        }
        let start = Position::new(number, HEADER);
        self.set_end(start);
        Ok(start)
    }

    /// Goes back to the last acknowledged frame, or stops writing if even that fails.
    fn cut_back(&self, name: &str, length: u64) {
        let cut = self
            .disk
            .truncate(name, length)
            .and_then(|()| self.disk.sync_data(name));
        if cut.is_err() {
            self.stop();
        }
    }

    /// The number of the first segment after `segment` that is there.
    fn next_segment(&self, segment: u64) -> Result<u64, StoreError> {
        let there = numbers(self.disk.as_ref())?;
        Ok(there
            .into_iter()
            .find(|&number| number > segment)
            .unwrap_or(u64::MAX))
    }

    fn set_end(&self, end: Position) {
        *self.tail() = Tail { end, begin: None };
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }
}

/// Whether nothing more may be appended to the segment in which the log ends: a place that the
/// manifest or the index know must never hold another frame.
fn hurts(damage: &Damage, end: Position) -> bool {
    match damage {
        Damage::Bytes { segment, .. } => *segment == end.segment(),
        Damage::Shorter { .. } => true,
        _ => false,
    }
}

/// Checks every frame of every segment; changes nothing.
pub(super) fn survey(disk: &dyn Disk, vault: VaultId) -> Result<Vec<Survey>, StoreError> {
    disk.create_folder(FOLDER)?;
    let numbers = numbers(disk)?.into_iter();
    numbers
        .map(|number| Survey::take(disk, vault, number))
        .collect()
}

fn lay_out(
    batches: &[Vec<Frame>],
    start: Position,
) -> Result<(Vec<u8>, Vec<Vec<Location>>), StoreError> {
    let mut bytes = Vec::new();
    let mut places = Vec::with_capacity(batches.len());
    for batch in batches {
        let mut here = Vec::with_capacity(batch.len());
        for (left, frame) in (0..batch.len()).rev().zip(batch) {
            let offset = start.offset() + bytes.len() as u64;
            here.push(Location::new(Position::new(start.segment(), offset)));
            frame::encode(frame, left > 0, &mut bytes)?;
        }
        places.push(here);
    }
    Ok((bytes, places))
}

fn header(vault: VaultId, number: u64) -> Vec<u8> {
    let [_, _, number @ ..] = number.to_be_bytes();
    [
        &b"TECHOSEG"[..],
        &VERSION.to_be_bytes(),
        vault.as_ref(),
        &number,
    ]
    .concat()
}

fn file_name(number: u64) -> String {
    format!("{FOLDER}/{number:012}.seg")
}

fn numbers(disk: &dyn Disk) -> Result<Vec<u64>, StoreError> {
    let names = disk.list(FOLDER)?;
    let numbers = names.iter().filter_map(|name| {
        let digits = name.strip_suffix(".seg")?;
        let number: u64 = digits.parse().ok()?;
        (digits.len() == 12 && (1..MAX_SEGMENT).contains(&number)).then_some(number)
    });
    Ok(numbers.collect())
}

/// When a new segment begins.
pub(super) const ROTATE_AT: u64 = 64 * 1024 * 1024;
const FOLDER: &str = "segments";
const VERSION: u16 = 1;
const HEADER: u64 = 32;
const FIRST_READ: usize = 4096;
const MAX_SEGMENT: u64 = 1_000_000_000_000;

#[cfg(test)]
mod tests;
