//! What devices, cities and relays say to each other; it parses and verifies, and never holds a
//! secret, a clock or a socket.
//!
//! The module list is the layer list, bottom first; a module uses only those above it.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod label;
pub mod canonical;
pub mod id;
pub mod signature;
pub mod padme;
pub mod head;
pub mod address;
pub mod envelope;
pub mod item;
pub mod receipt;
pub mod frame;
pub mod prove;

pub use address::RelayAddress;
pub use envelope::{Envelope, EnvelopeHeader, UnsignedEnvelope, UnverifiedEnvelope};
pub use frame::{ErrorCode, Frame, FrameReader, Role};
pub use head::{Cursor, Head, InboxCursor};
pub use id::{
    AppendKey, BoxKey, EnvelopeHash, EpochTag, FeedId, InboxId, ItemHash, MailboxId, RelayKey,
    StoreId,
};
pub use item::SealedItem;
pub use label::Label;
pub use receipt::{AppendReceipt, PutReceipt, SignedReceipt};
pub use signature::verify_strict;

/// The longest envelope that a device makes or a relay keeps.
pub const MAX_ENVELOPE: usize = 61_440;
/// The longest inbox item that is sealed or kept.
pub const MAX_ITEM: usize = 61_440;
/// The longest frame, without the four bytes of its length.
pub const MAX_FRAME: usize = 262_144;
