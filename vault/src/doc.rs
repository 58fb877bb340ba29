//! Automerge documents of a book: applies checked changes and reads records; hostile input stops here.
//!
//! Bytes from others are taken apart by `change`, judged by `ledger` against their own past and
//! encoded anew; only what comes out the same reaches Automerge. It never fetches, stores or orders.

mod id;
mod columns;
mod change;
mod ledger;
mod engine;
mod records;
mod held;
mod document;
mod rename;
mod derive;

pub use change::ChangeHash;
pub use derive::{DERIVATION_VERSION, DeriveError, IssuedFacts, IssuedState, IssuerDocument};
pub use document::{DocError, Document, Edit, Quarantine};
pub use held::{Saved, Snapshot};
pub use id::{DocId, DocIdError, RecordId, Year};
pub use ledger::Refusal;
pub use records::RecordState;
pub use rename::Renames;

#[cfg(test)]
mod tests;
