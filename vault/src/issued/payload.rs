//! What an issuer puts into an inbox: numbers 2 and 3 of an item's payload.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::{InboxId, SealedItem, canonical};

use crate::crypto::{SealError, SealKey, SealPublic, open_item, seal_item};
use crate::issued::{IssuedError, SignedBinding, SignedIssuedEntry, SignedKeySet};

/// The payload of an item from an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum IssuerPayload {
    /// The answer to an enrolment.
    #[n(2)]
    Binding {
        /// The binding.
        #[n(0)]
        binding: SignedBinding,
        /// The key set it names.
        #[n(1)]
        key_set: SignedKeySet,
    },
    /// An entry. Room for its place in the log and the proof of it comes with the log.
    #[n(3)]
    Issued {
        /// The entry.
        #[n(0)]
        entry: SignedIssuedEntry,
        /// The key set it names.
        #[n(1)]
        key_set: SignedKeySet,
    },
}

impl IssuerPayload {
    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IssuedError> {
        canonical::decode_within(bytes, techo_wire::MAX_ITEM).map_err(|_| IssuedError::Malformed)
    }

    /// Returns the canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Seals it to the feed key of an enrolment.
    pub fn seal(
        &self,
        rng: &mut impl CryptoRng,
        to: &SealPublic,
        inbox: InboxId,
    ) -> Result<SealedItem, SealError> {
        seal_item(rng, to, inbox, &self.to_bytes())
    }

    /// Opens an item of an issuer's inbox.
    pub fn open(key: &SealKey, inbox: InboxId, item: &SealedItem) -> Result<Self, IssuedError> {
        let bytes = open_item(key, inbox, item).map_err(|_| IssuedError::Malformed)?;
        Self::from_bytes(&bytes)
    }
}
