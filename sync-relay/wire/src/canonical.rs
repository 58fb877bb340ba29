//! The one byte string of a value: CBOR, canonical; a decoder here accepts nothing else.

use minicbor::{Decode, Decoder, Encode};

/// Why bytes are not the canonical encoding of the value asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// More bytes than the value may have.
    #[error("{got} bytes, more than the {max} allowed")]
    TooLong {
        /// The cap.
        max: usize,
        /// The length found.
        got: usize,
    },
    /// Not CBOR, or not of the expected shape.
    #[error("malformed")]
    Malformed(#[source] minicbor::decode::Error),
    /// The value could have been written in fewer or other bytes, or bytes follow it.
    #[error("not in canonical form")]
    NotCanonical,
}

/// Returns the canonical bytes of `value`.
#[expect(
    clippy::expect_used,
    reason = "writing to a Vec and encoding our own types cannot fail"
)]
pub fn encode<T: Encode<()> + ?Sized>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("a Vec takes every byte")
}

/// Decodes a value and refuses every encoding of it but the canonical one.
pub fn decode<'b, T>(bytes: &'b [u8]) -> Result<T, CanonicalError>
where
    T: Decode<'b, ()> + Encode<()>,
{
    let mut decoder = Decoder::new(bytes);
    let value: T = decoder.decode().map_err(CanonicalError::Malformed)?;
    if decoder.position() != bytes.len() || encode(&value) != bytes {
        return Err(CanonicalError::NotCanonical);
    }
    Ok(value)
}

/// Like [`decode`], for at most `max` bytes; the length is checked first.
pub fn decode_within<'b, T>(bytes: &'b [u8], max: usize) -> Result<T, CanonicalError>
where
    T: Decode<'b, ()> + Encode<()>,
{
    if bytes.len() > max {
        return Err(CanonicalError::TooLong {
            max,
            got: bytes.len(),
        });
    }
    decode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Encode, Decode, Debug, PartialEq)]
    struct Pair {
        #[n(0)]
        left: u64,
        #[n(1)]
        right: Option<u64>,
    }

    #[test]
    fn an_absent_last_field_is_left_off_and_its_null_refused() {
        let value = Pair {
            left: 7,
            right: None,
        };
        assert_eq!(encode(&value), [0x81, 7]);
        assert_eq!(decode::<Pair>(&[0x81, 7]).unwrap(), value);
        assert!(matches!(
            decode::<Pair>(&[0x82, 7, 0xf6]),
            Err(CanonicalError::NotCanonical)
        ));
    }

    #[test]
    fn long_integers_indefinite_arrays_tails_and_additions_are_refused() {
        for bytes in [
            &[0x81, 0x18, 7][..],
            &[0x9f, 7, 0xff],
            &[0x81, 7, 0],
            &[0x83, 7, 8, 9],
            &[0xc0, 0x81, 7],
            &[],
        ] {
            assert!(decode::<Pair>(bytes).is_err(), "{bytes:02x?}");
        }
        assert!(matches!(
            decode_within::<Pair>(&[0x81, 7], 1),
            Err(CanonicalError::TooLong { max: 1, got: 2 })
        ));
    }

    proptest! {
        #[test]
        fn what_decodes_encodes_to_the_same_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            if let Ok(value) = decode::<Pair>(&bytes) {
                prop_assert_eq!(encode(&value), bytes);
            }
        }
    }
}
