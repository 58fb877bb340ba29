//! A sealed entry with the header that a relay may see; parses, verifies, and opens none.
//!
//! ```text
//!   0  version = 1            1
//!   1  feed                  32   Ed25519 key that signs below
//!  33  sequence               8   big-endian, from 0
//!  41  previous              32   SHA-256 of the previous envelope; zeros at sequence 0
//!  73  epoch tag             16
//!  89  salt                  16
//! 105  key commitment        32
//! 137  n                      4   big-endian
//! 141  ciphertext             n   with its 16-byte tag
//! 141+n  signature           64   over everything before it
//! ```

use crate::MAX_ENVELOPE;
use crate::head::Head;
use crate::id::{EnvelopeHash, EpochTag, FeedId};
use crate::label::{Label, sha256};
use crate::padme;
use crate::signature::verify_strict;
use core::fmt;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::sync::Arc;

/// Bytes before the ciphertext; with the book id they are its associated data.
pub const HEADER: usize = 141;
/// Bytes of the signature at the end.
pub const SIGNATURE: usize = 64;
/// The only version.
pub const VERSION: u8 = 1;

/// Why bytes are no envelope that may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Longer than [`MAX_ENVELOPE`].
    #[error("envelope of {got} bytes, more than {MAX_ENVELOPE}")]
    TooLong {
        /// The length found.
        got: usize,
    },
    /// Shorter than its fields, or its length field tells another length.
    #[error("the lengths of the envelope disagree")]
    Length,
    /// Not a length that padding yields.
    #[error("the envelope is not padded")]
    Padding,
    /// A version that is not known here.
    #[error("envelope version {got} is not known")]
    Version {
        /// The version found.
        got: u8,
    },
    /// Sequence 0 names a previous envelope, or a later one names none.
    #[error("sequence and previous hash do not fit each other")]
    Previous,
    /// The feed did not sign these bytes.
    #[error("the envelope's signature does not verify")]
    Signature,
}

/// The fields of an envelope that stand before its ciphertext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeHeader {
    /// The feed, which signs.
    pub feed: FeedId,
    /// The position in the feed, from 0.
    pub seq: u64,
    /// The hash of the envelope before; [`EnvelopeHash::ZERO`] at sequence 0.
    pub previous: EnvelopeHash,
    /// The derived tag of the epoch.
    pub epoch_tag: EpochTag,
    /// The salt of the one-use key.
    pub salt: [u8; 16],
    /// The commitment to the one-use key.
    pub commitment: [u8; 32],
}

impl EnvelopeHeader {
    /// The bytes 0 … 141 for a ciphertext of `ciphertext` bytes, tag included.
    pub fn associated_data(&self, ciphertext: usize) -> Result<[u8; HEADER], EnvelopeError> {
        let n = u32::try_from(ciphertext)
            .map_err(|_| EnvelopeError::TooLong { got: ciphertext })?
            .to_be_bytes();
        let joined = [
            &[VERSION][..],
            self.feed.as_bytes(),
            &self.seq.to_be_bytes(),
            self.previous.as_bytes(),
            self.epoch_tag.as_bytes(),
            &self.salt,
            &self.commitment,
            &n,
        ]
        .concat();
        joined.try_into().map_err(|_| EnvelopeError::Length)
    }
}

/// An envelope that lacks its signature.
#[derive(Clone, Debug)]
pub struct UnsignedEnvelope {
    bytes: Vec<u8>,
}

impl UnsignedEnvelope {
    /// Puts a header before its ciphertext; the length must be one that padding yields.
    pub fn new(header: &EnvelopeHeader, ciphertext: &[u8]) -> Result<Self, EnvelopeError> {
        let bytes = [&header.associated_data(ciphertext.len())?, ciphertext].concat();
        Ok(Self { bytes })
    }

    /// The message that the feed signs under [`Label::Envelope`] (the label is not in it).
    pub fn to_be_signed(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds the signature, and checks the whole as a receiver would.
    pub fn finish(mut self, signature: &[u8; SIGNATURE]) -> Result<Envelope, EnvelopeError> {
        self.bytes.extend_from_slice(signature);
        UnverifiedEnvelope::parse(self.bytes)?.verify()
    }
}

/// An envelope of the right shape whose signature was not looked at; fit for routing only.
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedEnvelope {
    bytes: Arc<[u8]>,
}

impl UnverifiedEnvelope {
    /// Checks version, lengths and padding.
    pub fn parse(bytes: impl Into<Arc<[u8]>>) -> Result<Self, EnvelopeError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLong { got: bytes.len() });
        }
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&got) => return Err(EnvelopeError::Version { got }),
            None => return Err(EnvelopeError::Length),
        }
        let told = bytes
            .get(137..HEADER)
            .and_then(|n| n.try_into().ok())
            .and_then(|n| usize::try_from(u32::from_be_bytes(n)).ok())
            .and_then(|n| n.checked_add(HEADER.saturating_add(SIGNATURE)));
        if told != Some(bytes.len()) {
            return Err(EnvelopeError::Length);
        }
        if !padme::is_padded(bytes.len(), padme::ENVELOPE_FLOOR) {
            return Err(EnvelopeError::Padding);
        }
        let envelope = Self { bytes };
        let first = field::<32>(&envelope.bytes, 41) == [0; 32];
        if first != (envelope.seq() == 0) {
            return Err(EnvelopeError::Previous);
        }
        Ok(envelope)
    }

    /// The feed that it claims.
    pub fn feed(&self) -> FeedId {
        FeedId::from_bytes(field(&self.bytes, 1))
    }

    /// The sequence that it claims.
    pub fn seq(&self) -> u64 {
        u64::from_be_bytes(field(&self.bytes, 33))
    }

    /// The hash of the whole; names these bytes, whoever made them.
    pub fn hash(&self) -> EnvelopeHash {
        EnvelopeHash::from_bytes(sha256(&self.bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the envelope if it is, byte for byte, the one of this hash, whose signature was
    /// verified when it was first held.
    pub fn verify_held(self, hash: &EnvelopeHash) -> Option<Envelope> {
        (self.hash() == *hash).then_some(Envelope {
            hash: *hash,
            bytes: self.bytes,
        })
    }

    /// Returns the envelope once its feed is known to have signed it.
    pub fn verify(self) -> Result<Envelope, EnvelopeError> {
        let signed = self.bytes.len().saturating_sub(SIGNATURE);
        let (message, _) = self
            .bytes
            .split_at_checked(signed)
            .ok_or(EnvelopeError::Length)?;
        let signature = field::<SIGNATURE>(&self.bytes, signed);
        verify_strict(Label::Envelope, message, self.feed().as_bytes(), &signature)
            .map_err(|_| EnvelopeError::Signature)?;
        Ok(Envelope {
            hash: self.hash(),
            bytes: self.bytes,
        })
    }
}

impl fmt::Debug for UnverifiedEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedEnvelope({:?} {})", self.feed(), self.seq())
    }
}

impl From<Envelope> for UnverifiedEnvelope {
    fn from(envelope: Envelope) -> Self {
        Self {
            bytes: envelope.bytes,
        }
    }
}

impl<C> Encode<C> for UnverifiedEnvelope {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.bytes)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for UnverifiedEnvelope {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::parse(d.bytes()?).map_err(|_| decode::Error::message("envelope"))
    }
}

/// An envelope that its feed signed. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    bytes: Arc<[u8]>,
    hash: EnvelopeHash,
}

impl Envelope {
    /// The feed that signed it.
    pub fn feed(&self) -> FeedId {
        FeedId::from_bytes(field(&self.bytes, 1))
    }

    /// The position in the feed, from 0.
    pub fn seq(&self) -> u64 {
        u64::from_be_bytes(field(&self.bytes, 33))
    }

    /// The hash of the envelope before; [`EnvelopeHash::ZERO`] at sequence 0.
    pub fn previous(&self) -> EnvelopeHash {
        EnvelopeHash::from_bytes(field(&self.bytes, 41))
    }

    /// The derived tag of the epoch.
    pub fn epoch_tag(&self) -> EpochTag {
        EpochTag::from_bytes(field(&self.bytes, 73))
    }

    /// The salt of the one-use key.
    pub fn salt(&self) -> [u8; 16] {
        field(&self.bytes, 89)
    }

    /// The commitment to the one-use key.
    pub fn commitment(&self) -> [u8; 32] {
        field(&self.bytes, 105)
    }

    /// The bytes 0 … 141: with the book id behind them, the associated data of the ciphertext.
    pub fn associated_data(&self) -> [u8; HEADER] {
        field(&self.bytes, 0)
    }

    /// The ciphertext with its tag.
    pub fn ciphertext(&self) -> &[u8] {
        let end = self.bytes.len().saturating_sub(SIGNATURE);
        self.bytes.get(HEADER..end).unwrap_or_default()
    }

    /// The hash of the whole envelope, its name.
    pub const fn hash(&self) -> EnvelopeHash {
        self.hash
    }

    /// This envelope as the head of its feed.
    pub fn head(&self) -> Head {
        Head {
            feed: self.feed(),
            seq: self.seq(),
            hash: self.hash,
        }
    }

    /// The bytes, as stored and sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, shared.
    pub fn to_shared(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({:?} {})", self.feed(), self.seq())
    }
}

/// Copies the field of `N` bytes at `offset`; a parsed envelope is long enough for each.
#[expect(
    clippy::expect_used,
    reason = "`parse` has checked the length, offsets are constants"
)]
fn field<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    bytes
        .get(offset..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .expect("a parsed envelope")
}

#[cfg(test)]
mod tests;
