//! How secret keys stand in sealed ops, grants and key files: CBOR byte strings of 32 bytes.
//!
//! For use as `#[cbor(with = "crate::crypto::seed")]`, so that no secret is written unasked.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decoder, Encoder};
use zeroize::Zeroizing;

use crate::crypto::{EpochKey, SealKey, SigningKey};

/// A key that 32 bytes make.
pub trait Seed: Sized {
    /// The secret bytes.
    fn to_seed(&self) -> Zeroizing<[u8; 32]>;
    /// The key with these bytes.
    fn of_seed(seed: &[u8; 32]) -> Self;
}

impl Seed for SigningKey {
    fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        self.expose_seed()
    }

    fn of_seed(seed: &[u8; 32]) -> Self {
        Self::from_seed(seed)
    }
}

impl Seed for SealKey {
    fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        self.expose_seed()
    }

    fn of_seed(seed: &[u8; 32]) -> Self {
        Self::from_seed(seed)
    }
}

impl Seed for EpochKey {
    fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        self.expose()
    }

    fn of_seed(seed: &[u8; 32]) -> Self {
        Self::from_bytes(seed)
    }
}

/// Writes the secret of a key.
pub fn encode<C, T: Seed, W: Write>(
    key: &T,
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), EncodeError<W::Error>> {
    e.bytes(key.to_seed().as_slice())?.ok()
}

/// Reads the secret of a key.
pub fn decode<C, T: Seed>(d: &mut Decoder<'_>, _: &mut C) -> Result<T, DecodeError> {
    let seed: &[u8; 32] = d
        .bytes()?
        .try_into()
        .map_err(|_| DecodeError::message("length of a secret key"))?;
    Ok(T::of_seed(seed))
}

/// Lists of keys, for use as `#[cbor(with = "crate::crypto::seed::list")]`.
pub mod list {
    use super::{DecodeError, Decoder, EncodeError, Encoder, Seed, Write};

    /// More keys than any book has epochs.
    const MAX: u64 = 1_024;

    /// Writes the secrets of keys, in their order.
    pub fn encode<C, T: Seed, W: Write>(
        keys: &[T],
        e: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.array(keys.len() as u64)?;
        keys.iter()
            .try_for_each(|key| super::encode(key, e, context))
    }

    /// Reads the secrets of keys.
    pub fn decode<C, T: Seed>(d: &mut Decoder<'_>, context: &mut C) -> Result<Vec<T>, DecodeError> {
        match d.array()? {
            Some(count) if count <= MAX => (0..count).map(|_| super::decode(d, context)).collect(),
            _ => Err(DecodeError::message("number of keys")),
        }
    }
}
