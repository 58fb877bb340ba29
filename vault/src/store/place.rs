//! Where a frame lies in the segments. A place says nothing about what lies there.

use minicbor::{Decode, Encode};

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
