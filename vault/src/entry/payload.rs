//! What an inbox item carries (docs/format.md §3), and its way in and out of the seal.

use std::fmt;

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::{InboxId, SealedItem, canonical};
use zeroize::Zeroizing;

use crate::crypto::{MAX_PAYLOAD, OpenError, SealError, SealKey, SealPublic, open_item, seal_item};
use crate::entry::Grant;

/// Why an item gives no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// It does not open with this key in this inbox.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It opens, but holds no payload that is known here.
    #[error("the item holds no known payload")]
    Malformed,
}

/// The content of an inbox item. Each part is verified by whom it concerns.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ItemPayload {
    /// A message of a pairing, signed.
    #[n(0)]
    Pairing(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The keys of a book.
    #[n(1)]
    Grant(#[n(0)] Grant),
    /// An issuer's answer to an enrolment.
    #[n(2)]
    Binding {
        /// The signed binding.
        #[cbor(n(0), with = "minicbor::bytes")]
        binding: Vec<u8>,
        /// The signed key set.
        #[cbor(n(1), with = "minicbor::bytes")]
        key_set: Vec<u8>,
    },
    /// An issued entry.
    #[n(3)]
    Issued {
        /// The signed issued entry with its groups.
        #[cbor(n(0), with = "minicbor::bytes")]
        entry: Vec<u8>,
        /// The signed key set.
        #[cbor(n(1), with = "minicbor::bytes")]
        key_set: Vec<u8>,
        /// Where it stands in the issuer's log.
        #[n(2)]
        position: Option<u64>,
        /// The proof that it stands there.
        #[cbor(n(3), with = "minicbor::bytes")]
        proof: Option<Vec<u8>>,
    },
}

impl ItemPayload {
    /// Seals it for the owner of `to`, who reads it in `inbox`.
    pub fn seal(
        &self,
        rng: &mut impl CryptoRng,
        to: &SealPublic,
        inbox: InboxId,
    ) -> Result<SealedItem, SealError> {
        seal_item(rng, to, inbox, &Zeroizing::new(canonical::encode(self)))
    }

    /// Opens an item of `inbox`.
    pub fn open(key: &SealKey, inbox: InboxId, item: &SealedItem) -> Result<Self, PayloadError> {
        let plain = open_item(key, inbox, item)?;
        canonical::decode_within(&plain, MAX_PAYLOAD).map_err(|_| PayloadError::Malformed)
    }
}

impl fmt::Debug for ItemPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pairing(_) => "Pairing(…)",
            Self::Grant(_) => "Grant(…)",
            Self::Binding { .. } => "Binding(…)",
            Self::Issued { .. } => "Issued(…)",
        })
    }
}

#[cfg(test)]
mod tests;
