//! Long lists of things of equal size as one byte string: derived state that is read at every opening.

use std::ops::{Deref, DerefMut};

use minicbor::encode::Write;
use minicbor::{Decoder, Encoder, decode, encode};
use techo_wire::EnvelopeHash;

/// Something that takes `N` bytes.
pub(crate) trait Packed<const N: usize>: Sized {
    /// Its bytes.
    fn pack(&self) -> [u8; N];
    /// What the bytes say.
    fn unpack(bytes: &[u8; N]) -> Self;
}

impl Packed<32> for EnvelopeHash {
    fn pack(&self) -> [u8; 32] {
        *self.as_bytes()
    }

    fn unpack(bytes: &[u8; 32]) -> Self {
        Self::from_bytes(*bytes)
    }
}

/// A list of equal things that is encoded as one byte string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List<T, const N: usize>(Vec<T>);

impl<T, const N: usize> Deref for List<T, N> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T, const N: usize> DerefMut for List<T, N> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C, T: Packed<N>, const N: usize> minicbor::Encode<C> for List<T, N> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let bytes: Vec<u8> = self.0.iter().flat_map(Packed::pack).collect();
        e.bytes(&bytes)?.ok()
    }
}

impl<'b, C, T: Packed<N>, const N: usize> minicbor::Decode<'b, C> for List<T, N> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let (items, rest) = d.bytes()?.as_chunks::<N>();
        if rest.is_empty() {
            Ok(Self(items.iter().map(T::unpack).collect()))
        } else {
            Err(decode::Error::message("a list of equal things was cut"))
        }
    }
}

#[cfg(test)]
mod tests {
    use minicbor::decode;

    use super::*;

    #[test]
    fn a_list_comes_back_whole_and_a_cut_one_is_refused() {
        let hashes = List::<EnvelopeHash, 32>(vec![EnvelopeHash::from_bytes([7; 32]); 3]);
        let bytes = minicbor::to_vec(&hashes).unwrap();
        assert_eq!(bytes.len(), 2 + 96);
        assert_eq!(decode::<List<EnvelopeHash, 32>>(&bytes).unwrap(), hashes);
        let cut = minicbor::to_vec(minicbor::bytes::ByteVec::from(vec![7; 95])).unwrap();
        assert!(decode::<List<EnvelopeHash, 32>>(&cut).is_err());
    }
}
