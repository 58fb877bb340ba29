//! What stands in a segment when a vault is opened, and what of its end was never acknowledged.

use crate::crypto::VaultId;
use crate::store::disk::Disk;
use crate::store::reader::{Reader, Step};
use crate::store::segments::{FOLDER, HEADER, file_name, header};
use crate::store::{Damage, Opening, Position, StoreError};

/// What stands in one segment.
#[derive(Debug)]
pub(in crate::store) struct Survey {
    segment: u64,
    pub(super) length: u64,
    header_holds: bool,
    gaps: Vec<(u64, u64)>,
    /// The end of the last frame that completes a batch, or of the header.
    whole: u64,
    /// The end of the last frame.
    frames_end: u64,
}

impl Survey {
    /// Reads the whole of `segment`.
    pub(super) fn take(disk: &dyn Disk, vault: VaultId, segment: u64) -> Result<Self, StoreError> {
        let name = file_name(segment);
        let length = disk.length(&name)?.unwrap_or_default();
        let mut bytes = header(vault, segment);
        let filled = disk.read_at(&name, 0, &mut bytes)?;
        let header_holds =
            filled as u64 == HEADER && bytes.as_slice() == header(vault, segment).as_slice();
        let mut survey = Self {
            segment,
            length,
            header_holds,
            gaps: Vec::new(),
            whole: HEADER,
            frames_end: HEADER,
        };
        let mut reader = Reader::new(disk, name, HEADER, length);
        while let Some(step) = reader.step()? {
            match step {
                Step::Frame { at, found } => {
                    survey.frames_end = at + found.len();
                    if !found.more {
                        survey.whole = survey.frames_end;
                    }
                }
                Step::Gap { from, to } => survey.gaps.push((from, to)),
            }
        }
        Ok(survey)
    }

    /// Which segment.
    pub(super) fn segment(&self) -> u64 {
        self.segment
    }

    /// Names what is damaged.
    pub(super) fn report(&self, opening: &mut Opening) {
        let segment = self.segment;
        let header = (!self.header_holds).then_some((0, HEADER));
        for (from, to) in header.into_iter().chain(self.gaps.iter().copied()) {
            opening.damage.push(Damage::Bytes { segment, from, to });
        }
    }

    /// Decides about the last segment: cuts off what was never acknowledged, reports the rest.
    pub(super) fn settle(
        mut self,
        disk: &dyn Disk,
        before: Position,
        durable: Position,
        opening: &mut Opening,
    ) -> Result<Position, StoreError> {
        let name = file_name(self.segment);
        let here = |offset| Position::new(self.segment, offset);
        let empty = self.frames_end == HEADER;
        if empty && !self.header_holds && here(0) >= durable {
            disk.remove(&name)?;
            disk.sync_folder(FOLDER)?;
            opening.cut = Some(here(0));
            return Ok(before);
        }
        // Only frames that complete no batch lie beyond `whole`: never acknowledged, or damaged.
        if self.whole < self.length && here(self.whole) >= durable {
            disk.truncate(&name, self.whole)?;
            opening.cut = Some(here(self.whole));
            self.length = self.whole;
            let length = self.length;
            self.gaps.retain(|&(from, _)| from < length);
        }
        self.report(opening);
        Ok(here(self.length))
    }
}
