//! What an item in a device's inbox carries (docs/format.md §3), and its way in and out of the seal.
//!
//! What issuers send, numbers 2 and 3, is `issued::IssuerPayload`: no inbox takes both.

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

/// The content of an item from a device. Each part is verified by whom it concerns.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ItemPayload {
    /// A message of a pairing, signed.
    #[n(0)]
    Pairing(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The keys of a book.
    #[n(1)]
    Grant(#[n(0)] Grant),
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
        })
    }
}

#[cfg(test)]
mod tests;
