//! The vault's folder: segments, keys, manifest, index; it never opens an envelope.
//!
//! The truth is the header, the key files and the segments, an append-only log of frames. The
//! manifest and the index are derived: they can be deleted and come back. Every call blocks;
//! asynchronous callers use a blocking thread.

use std::fmt::Debug;
use std::ops::ControlFlow;

use techo_wire::head::Head;
use zeroize::Zeroizing;

pub mod place;
pub mod error;
pub mod frame;
pub mod batch;
pub mod disk;
mod reader;
mod segments;
pub mod manifest;
mod keys;
mod witness;
mod index;
mod queue;
mod prepared;
pub mod header;
pub mod memory;
pub mod durable;
pub mod locked;

pub use batch::{Batch, KeyName};
pub use durable::{DiskStore, Entropy, system_entropy};
pub use error::{Damage, Opening, StoreError};
pub use frame::{BookTag, Frame, FrameKind, MAX_BODY};
pub use header::{Header, Unlocked};
pub use locked::LockedVault;
pub use manifest::Manifest;
pub use memory::MemoryStore;
pub use place::{Location, Position};

/// What a vault keeps on one device: frames in the order in which they arrived, sealed key files,
/// and an index that can be lost.
pub trait Store: Send + Sync + Debug {
    /// Makes `batch` durable, whole or not at all. Until this returns, tell no one.
    ///
    /// Key files that the batch writes are durable before its frames; those that it deletes go
    /// after them. The places of the frames come back in their order. Commits from several threads
    /// share one synchronisation of the disk.
    fn commit(&self, batch: Batch) -> Result<Vec<Location>, StoreError>;

    /// Reads one frame again.
    fn read(&self, at: Location) -> Result<Frame, StoreError>;

    /// Shows what was committed from `from` on, in order, until `each` breaks off.
    ///
    /// Bytes that hold no frame are shown as damage, and reading goes on at the next whole frame.
    /// Returns where to continue.
    fn scan(
        &self,
        from: Position,
        each: &mut dyn FnMut(Scanned) -> ControlFlow<()>,
    ) -> Result<Position, StoreError>;

    /// Where the next frame will lie; everything before is durable.
    fn end(&self) -> Position;

    /// The manifest as it was when the store was opened.
    fn manifest(&self) -> &Manifest;

    /// What was found when the store was opened.
    fn opening(&self) -> &Opening;

    /// Writes or removes (`None`) objects of the index, then a durable manifest that names them
    /// and `heads`. Objects of other names stay as they are.
    fn checkpoint(
        &self,
        heads: &[(BookTag, Head)],
        objects: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError>;

    /// Ends a session: a checkpoint that changes no object.
    fn close(&self) -> Result<(), StoreError> {
        self.checkpoint(&[], Vec::new())
    }

    /// An object of the index, if it is exactly what the last checkpoint wrote. Anything else is
    /// `None`: the caller rebuilds it from the frames.
    fn object(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError>;

    /// Whether an object of that name is kept, by what the store itself noted; nothing is read.
    fn keeps(&self, name: &str) -> bool;

    /// What a key file holds, or `None` if there is none of that name.
    fn key_file(&self, name: &KeyName) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError>;

    /// The names of all key files, in ascending order.
    fn key_names(&self) -> Result<Vec<KeyName>, StoreError>;

    /// What went wrong with the index since the store was opened.
    fn index_damage(&self) -> Vec<Damage>;

    /// How often the disk was asked to make bytes durable.
    fn syncs(&self) -> u64;
}

/// What [`Store::scan`] shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// A whole frame.
    Frame {
        /// Where it lies.
        location: Location,
        /// The frame.
        frame: Frame,
    },
    /// Bytes of a segment that hold no frame. `from == to` means that the file is missing, and so
    /// is every one up to the next segment shown.
    Damage {
        /// The number of the segment.
        segment: u64,
        /// The first such byte.
        from: u64,
        /// The byte after the last.
        to: u64,
    },
}
