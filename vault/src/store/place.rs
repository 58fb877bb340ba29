//! Where a frame lies in the segments. A place says nothing about what lies there.

use minicbor::{Decode, Encode};

use crate::packed::Packed;

/// A place in the log: a segment's number and an offset in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Position {
    #[n(0)]
    segment: u64,
    #[n(1)]
    offset: u64,
}

impl Position {
    /// Before the first frame.
    pub const START: Self = Self {
        segment: 1,
        offset: 0,
    };

    /// The place `offset` bytes into segment `segment`.
    pub const fn new(segment: u64, offset: u64) -> Self {
        Self { segment, offset }
    }

    /// The number of the segment, from 1.
    pub const fn segment(self) -> u64 {
        self.segment
    }

    /// The offset in the segment's file.
    pub const fn offset(self) -> u64 {
        self.offset
    }
}

/// Where a committed frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Location(#[n(0)] Position);

impl Location {
    /// The frame that begins at `position`.
    pub const fn new(position: Position) -> Self {
        Self(position)
    }

    /// The place as a position, to scan from.
    pub const fn position(self) -> Position {
        self.0
    }
}

/// Segment and offset, big-endian; sixteen zero bytes where no place is known.
impl Packed<16> for Option<Location> {
    fn pack(&self) -> [u8; 16] {
        let position = self.map(Location::position);
        let (segment, offset) = position.map_or((0, 0), |at| (at.segment(), at.offset()));
        (u128::from(segment) << 64 | u128::from(offset)).to_be_bytes()
    }

    fn unpack(bytes: &[u8; 16]) -> Self {
        let both = u128::from_be_bytes(*bytes);
        let part = |shift: u32| u64::try_from(both >> shift & u128::from(u64::MAX)).ok();
        let (segment, offset) = (part(64)?, part(0)?);
        (segment > 0).then(|| Location::new(Position::new(segment, offset)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_may_be_unknown_fits_sixteen_bytes() {
        let places = [(1, 32), (7, 0), (u64::MAX, u64::MAX)];
        let places =
            places.map(|(segment, offset)| Some(Location::new(Position::new(segment, offset))));
        for place in places.into_iter().chain([None]) {
            assert_eq!(Option::<Location>::unpack(&place.pack()), place);
        }
    }
}
