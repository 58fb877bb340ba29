//! One frame of a segment: bytes in, frame out. It knows no file, no box and no meaning.
//!
//! ```text
//! 0   2  54 52
//! 2   4  n, length of the value, at most 65,536
//! 6   4  CRC-32 of the segment's salt and bytes 2 … 6 and 10 … 12+k+n
//! 10  1  kind; bit 7: the next frame belongs to the same batch
//! 11  1  k, length of the key
//! 12  k  key
//! …   n  value; none for a removal
//! ```
//!
//! Values come from strangers. The salt keeps them from sending bytes that look like frames to
//! somebody who searches a damaged segment.

/// How every frame begins.
pub(crate) const MAGIC: [u8; 2] = *b"TR";
/// What stands before the key.
pub(crate) const HEAD: usize = 12;
/// The longest value.
pub(crate) const MAX_VALUE: usize = 65_536;
/// The longest frame.
pub(crate) const MAX_FRAME: usize = HEAD + 255 + MAX_VALUE;
const MORE: u8 = 0x80;

/// Drawn for each segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Salt(pub(crate) [u8; 16]);

/// What a frame does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Gives a key its value, which is read here.
    Body,
    /// Gives a key its value, which the index repeats.
    Row,
    /// Takes a key and its value away.
    Removal,
}

impl Kind {
    const fn number(self) -> u8 {
        match self {
            Self::Body => 1,
            Self::Row => 2,
            Self::Removal => 3,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Body),
            2 => Some(Self::Row),
            3 => Some(Self::Removal),
            _ => None,
        }
    }
}

/// A frame that stands at the beginning of some bytes, or is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
}

impl Frame<'_> {
    /// The length of the whole frame.
    pub(crate) const fn len(&self) -> usize {
        HEAD + self.key.len() + self.value.len()
    }
}

/// Appends the bytes of `frame` to `out`; `None` if it is too long.
pub(crate) fn encode(frame: &Frame<'_>, more: bool, salt: Salt, out: &mut Vec<u8>) -> Option<()> {
    let k = u8::try_from(frame.key.len()).ok()?;
    let n = u32::try_from(frame.value.len()).ok()?.to_be_bytes();
    if frame.value.len() > MAX_VALUE {
        return None;
    }
    let told = [frame.kind.number() | if more { MORE } else { 0 }, k];
    let sum = checksum(salt, n, &[&told, frame.key, frame.value]);
    for part in [
        &MAGIC[..],
        &n,
        &sum.to_be_bytes(),
        &told,
        frame.key,
        frame.value,
    ] {
        out.extend_from_slice(part);
    }
    Some(())
}

/// The length that a frame beginning with `bytes` would have, if these can begin one.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let head: &[u8; HEAD] = bytes.first_chunk()?;
    let [t, r, n0, n1, n2, n3, _, _, _, _, _, k] = *head;
    let n = usize::try_from(u32::from_be_bytes([n0, n1, n2, n3])).ok()?;
    ([t, r] == MAGIC && n <= MAX_VALUE).then_some(HEAD + usize::from(k) + n)
}

/// The frame with which `bytes` begin, if a whole one does, and whether its batch goes on.
pub(crate) fn parse(bytes: &[u8], salt: Salt) -> Option<(Frame<'_>, bool)> {
    let whole = bytes.get(..length(bytes)?)?;
    let (n, rest) = whole.get(MAGIC.len()..)?.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    if checksum(salt, *n, &[rest]) != u32::from_be_bytes(*sum) {
        return None;
    }
    let ([kind, k], rest) = rest.split_first_chunk::<2>()?;
    let (key, value) = rest.split_at_checked(usize::from(*k))?;
    let kind = Kind::from_number(kind & !MORE).map(|found| (found, kind & MORE != 0));
    kind.map(|(kind, more)| (Frame { kind, key, value }, more))
}

fn checksum(salt: Salt, n: [u8; 4], rest: &[&[u8]]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&salt.0);
    crc.update(&n);
    for part in rest {
        crc.update(part);
    }
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SALT: Salt = Salt([3; 16]);

    fn bytes(value: &[u8], more: bool) -> Vec<u8> {
        let frame = Frame {
            kind: Kind::Body,
            key: b"key",
            value,
        };
        let mut out = Vec::new();
        encode(&frame, more, SALT, &mut out).unwrap();
        out
    }

    #[test]
    fn the_bytes_of_a_frame_are_those_of_the_format() {
        let rest = [&[0x81, 3][..], b"key", b"value"].concat();
        let n = [0, 0, 0, 5];
        let sum = crc32fast::hash(&[&[3; 16][..], &n, &rest].concat()).to_be_bytes();
        let expected = [b"TR", &n[..], &sum, &rest].concat();
        assert_eq!(bytes(b"value", true), expected);
    }

    #[test]
    fn frames_of_another_segment_and_values_over_the_cap_are_none() {
        let written = bytes(b"value", false);
        assert!(parse(&written, SALT).is_some());
        assert_eq!(parse(&written, Salt([4; 16])), None);
        let frame = Frame {
            kind: Kind::Row,
            key: &[],
            value: &vec![0; MAX_VALUE + 1],
        };
        let mut out = Vec::new();
        assert_eq!(encode(&frame, false, SALT, &mut out), None);
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn one_changed_bit_or_a_lost_byte_is_noticed(
            value in proptest::collection::vec(any::<u8>(), 0..300), more: bool,
            at: prop::sample::Index, bit in 0..8_u8,
        ) {
            let mut written = bytes(&value, more);
            let (found, told) = parse(&written, SALT).unwrap();
            prop_assert_eq!((found.value, told), (&value[..], more));
            prop_assert_eq!(parse(&written[..at.index(written.len())], SALT), None);
            let at = at.index(written.len());
            written[at] ^= 1 << bit;
            prop_assert_eq!(parse(&written, SALT), None);
        }
    }
}
