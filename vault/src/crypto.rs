//! Keys, derivation, sealing and signing: the only place in the vault that touches raw key bytes;
//! it never decides who may do what.

mod derive;
mod aead;
mod pad;
mod id;
mod sign;
mod seal;
mod epoch;
mod envelope;
mod storage;
mod slot;
mod ticket;
pub mod seed;

pub use techo_wire::Label;
pub use techo_wire::label::hash;

pub use envelope::{MAX_ENTRY, open_envelope, seal_entry};
pub use epoch::EpochKey;
pub use id::{BookId, DeviceKey, EpochCommitment, VaultId};
pub use seal::{MAX_PAYLOAD, SealKey, SealPublic, open_item, seal_item};
pub use sign::SigningKey;
pub use slot::{Cost, MAX_SLOTS, MasterKey, Passphrase, Slot, SlotError, SlotKind};
pub use storage::{BlindKey, HeaderMac, StorageKey};
pub use ticket::{Rendezvous, TicketSecret};

/// Something sealed that this key does not open: the wrong key, altered bytes or a false length.
/// Which of them is not told, so that nobody can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this key does not open these bytes")]
pub struct OpenError;

/// Why something could not be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// More bytes than one envelope or item holds.
    #[error("{size} bytes do not fit; the limit is {limit}")]
    TooLarge {
        /// How many there are.
        size: usize,
        /// How many fit.
        limit: usize,
    },
    /// A first envelope that names a previous one, or a later one that names none.
    #[error("sequence and previous envelope do not fit each other")]
    Place,
}

/// Bytes that are no key of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a key")]
pub struct KeyError;
