//! One frame of a segment: bytes in, frame out. It knows no file and opens no body.
//!
//! ```text
//! 0   2  54 46
//! 2   4  n, length of the body, at most 65,536
//! 6   4  CRC-32 of bytes 0 … 6 and 10 … 19+n
//! 10  8  book tag
//! 18  1  kind; bit 7: the next frame belongs to the same batch
//! 19  n  body
//! ```

use rand_core::CryptoRng;

use crate::store::StoreError;

/// The longest body of a frame.
pub const MAX_BODY: usize = 65_536;
/// What stands before the body.
pub(super) const HEAD: usize = 19;
/// The longest frame.
pub(super) const MAX_FRAME: usize = HEAD + MAX_BODY;
/// How every frame begins.
pub(super) const MAGIC: [u8; 2] = *b"TF";
const MORE: u8 = 0x80;

techo_wire::id_type! {
    /// Stands for a book in the segments: random, different in every vault.
    pub struct BookTag(8);
}

impl BookTag {
    /// Draws a tag for a new book.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 8];
        rng.fill_bytes(&mut bytes);
        Self::from_bytes(bytes)
    }
}

/// What the body of a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameKind {
    /// An envelope, own or received.
    Envelope,
    /// An inbox id and the item that came from there.
    InboxItem,
    /// A relay's receipt for envelopes.
    AppendReceipt,
    /// A relay's receipt for an item.
    PutReceipt,
    /// This device's word that it has said entries of its own again.
    Retired,
}

impl FrameKind {
    const fn number(self) -> u8 {
        match self {
            Self::Envelope => 1,
            Self::InboxItem => 2,
            Self::AppendReceipt => 3,
            Self::PutReceipt => 4,
            Self::Retired => 5,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Envelope),
            2 => Some(Self::InboxItem),
            3 => Some(Self::AppendReceipt),
            4 => Some(Self::PutReceipt),
            5 => Some(Self::Retired),
            _ => None,
        }
    }
}

/// One step of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The book that it belongs to.
    pub tag: BookTag,
    /// What the body is.
    pub kind: FrameKind,
    /// The bytes, at most [`MAX_BODY`].
    pub body: Vec<u8>,
}

/// A frame that stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) tag: BookTag,
    pub(super) kind: FrameKind,
    /// Whether the next frame belongs to the same batch.
    pub(super) more: bool,
    pub(super) body: &'a [u8],
}

impl Found<'_> {
    /// The length of the whole frame.
    pub(super) fn len(&self) -> u64 {
        (HEAD + self.body.len()) as u64
    }

    pub(super) fn to_frame(self) -> Frame {
        Frame {
            tag: self.tag,
            kind: self.kind,
            body: self.body.to_vec(),
        }
    }
}

/// Appends the bytes of `frame` to `out`.
pub(super) fn encode(frame: &Frame, more: bool, out: &mut Vec<u8>) -> Result<(), StoreError> {
    let too_large = StoreError::TooLarge {
        max: MAX_BODY,
        got: frame.body.len(),
    };
    if frame.body.len() > MAX_BODY {
        return Err(too_large);
    }
    let length = u32::try_from(frame.body.len())
        .map_err(|_| too_large)?
        .to_be_bytes();
    let kind = [frame.kind.number() | if more { MORE } else { 0 }];
    let parts = [frame.tag.as_ref(), &kind, &frame.body];
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(length, &parts).to_be_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(())
}

/// The length that a frame beginning with `bytes` would have, if these can begin one.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let head: &[u8; HEAD] = bytes.first_chunk()?;
    let [t, f, n0, n1, n2, n3, ..] = *head;
    let body = usize::try_from(u32::from_be_bytes([n0, n1, n2, n3])).ok()?;
    ([t, f] == MAGIC && body <= MAX_BODY).then_some(HEAD + body)
}

/// The frame with which `bytes` begin, if a whole one does.
pub(super) fn parse(bytes: &[u8]) -> Option<Found<'_>> {
    let whole = bytes.get(..length(bytes)?)?;
    let (length, rest) = whole.get(2..)?.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    if checksum(*length, &[rest]) != u32::from_be_bytes(*crc) {
        return None;
    }
    let (tag, rest) = rest.split_first_chunk::<8>()?;
    let (kind, body) = rest.split_first()?;
    Some(Found {
        tag: BookTag::from_bytes(*tag),
        kind: FrameKind::from_number(kind & !MORE)?,
        more: kind & MORE != 0,
        body,
    })
}

fn checksum(length: [u8; 4], rest: &[&[u8]]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&MAGIC);
    crc.update(&length);
    for part in rest {
        crc.update(part);
    }
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(body: Vec<u8>) -> Frame {
        Frame {
            tag: BookTag::from_bytes([7; 8]),
            kind: FrameKind::InboxItem,
            body,
        }
    }

    fn bytes(frame: &Frame, more: bool) -> Vec<u8> {
        let mut out = Vec::new();
        encode(frame, more, &mut out).unwrap();
        out
    }

    #[test]
    fn the_bytes_of_a_frame_are_those_of_the_format() {
        let written = bytes(&frame(b"item".to_vec()), true);
        let head = [0x54, 0x46, 0, 0, 0, 4];
        let rest = [&[7; 8][..], &[0x82], b"item"].concat();
        let crc = crc32fast::hash(&[&head[..], &rest].concat()).to_be_bytes();
        assert_eq!(written, [&head[..], &crc, &rest].concat());
    }

    #[test]
    fn a_body_over_the_cap_is_refused() {
        let mut out = Vec::new();
        let error = encode(&frame(vec![0; MAX_BODY + 1]), false, &mut out).unwrap_err();
        assert!(matches!(
            error,
            StoreError::TooLarge {
                max: MAX_BODY,
                got: 65_537
            }
        ));
        assert!(out.is_empty());
        let largest = bytes(&frame(vec![0; MAX_BODY]), false);
        assert_eq!(parse(&largest).unwrap().len(), largest.len() as u64);
    }

    #[test]
    fn an_unknown_kind_is_no_frame() {
        let mut written = bytes(&frame(Vec::new()), false);
        written[18] = 6;
        let crc = crc32fast::hash(&[&written[..6], &written[10..]].concat());
        written[6..10].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(parse(&written), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_found_again(
            body in proptest::collection::vec(any::<u8>(), 0..300), more: bool,
            after in proptest::collection::vec(any::<u8>(), 0..30),
        ) {
            let frame = frame(body);
            let mut written = bytes(&frame, more);
            written.extend_from_slice(&after);
            let found = parse(&written).unwrap();
            prop_assert_eq!(found.more, more);
            prop_assert_eq!(found.to_frame(), frame);
        }

        #[test]
        fn one_changed_bit_or_a_lost_byte_is_noticed(
            body in proptest::collection::vec(any::<u8>(), 0..300), at: prop::sample::Index, bit in 0..8_u8,
        ) {
            let mut written = bytes(&frame(body), false);
            prop_assert_eq!(parse(&written[..at.index(written.len())]), None);
            let at = at.index(written.len());
            written[at] ^= 1 << bit;
            prop_assert_eq!(parse(&written), None);
        }
    }
}
