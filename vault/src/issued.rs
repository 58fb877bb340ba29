//! Official entries and bindings: verifies and derives; it never parses Automerge bytes from
//! outside, and never decides whom to trust: the issuer's root is pinned by a person.
//!
//! What arrives is a [`SignedIssuedEntry`] under a [`Binding`]; [`IssuedBook::accept`] takes it only
//! as the next link of the issuer's chain. A second statement at the same place is kept as a
//! [`ForkProof`] that anybody can check with the [`IssuerFile`] alone.

mod error;
mod id;
mod armour;
mod group;
mod content;
mod issuer;
mod binding;
mod entry;
mod fork;
mod chain;
mod history;
mod payload;
mod proof;
mod enrolment;
mod rebind;

pub use binding::{
    Binding, BindingPlan, EnrolmentTerms, InboxDescriptor, SignedBinding, feed_key_hash,
};
pub use chain::{Acceptance, IssuedBook};
pub use enrolment::{open_enrolment, seal_enrolment};
pub use entry::{EntryPlan, IssuedEntry, IssuedKind, SignedIssuedEntry};
pub use error::IssuedError;
pub use fork::ForkProof;
pub use group::{Group, GroupName, Groups};
pub use history::OfficialRecord;
pub use id::{BindingId, EntryKey, IssuedHash, IssuerOnlyKey, IssuerRoot, Subject};
pub use issuer::{IssuerFile, KeySet, KeySetPlan, SignedKeySet};
pub use payload::IssuerPayload;
pub use proof::{Proof, Proven};

pub use rebind::{RebindPlan, UnverifiedRebind, is_rebind, open_rebind, seal_rebind};

#[cfg(test)]
mod tests;
