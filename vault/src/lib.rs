//! What a device knows: books, entries, issued records, keys and the store.
//!
//! The module list is the layer list, bottom first: a module uses only those above it. Modules
//! before `Edges` are pure: no file, socket, clock or ambient randomness.

mod packed;
pub mod time;
pub mod crypto;
pub mod book;
pub mod entry;
pub mod doc;
pub mod issued;
pub mod replica;
pub mod pairing;
pub mod sync;
// Edges
#[cfg(feature = "edges")]
pub mod store;
#[cfg(feature = "edges")]
pub mod vault;
#[cfg(feature = "edges")]
pub mod net;

pub use time::Timestamp;
