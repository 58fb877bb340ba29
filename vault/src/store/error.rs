//! What can go wrong with a vault's folder, and what damage looks like; nothing here repairs.

use std::io;
use std::sync::Arc;

use crate::crypto::SlotError;
use crate::store::{KeyName, Location, Position};

/// Why the store refuses. After [`StoreError::Stopped`] only opening again helps.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder holds no vault.
    #[error("there is no vault in this folder")]
    NotAVault,
    /// The folder holds a vault already.
    #[error("there is a vault in this folder already")]
    AlreadyAVault,
    /// A newer program wrote this vault.
    #[error("this vault has format {found}; this program knows up to {known}")]
    NewerFormat {
        /// The version in the file.
        found: u16,
        /// The newest version known here.
        known: u16,
    },
    /// Another process holds the vault.
    #[error("another program has this vault open")]
    InUse,
    /// No slot gives the master key.
    #[error("the vault stays locked")]
    Unlock(#[from] SlotError),
    /// The header is damaged: without it no key opens the vault.
    #[error("the header of the vault is damaged")]
    HeaderDamaged,
    /// A key file does not open under the vault's key.
    #[error("key file {name} is damaged")]
    KeyFileDamaged {
        /// Its name.
        name: KeyName,
    },
    /// A text is no name of a key file: 1–64 of `a–z`, `0–9`, `-` and `_`.
    #[error("not a name of a key file")]
    KeyName,
    /// More bytes than the format allows.
    #[error("{got} bytes, more than the {max} allowed")]
    TooLarge {
        /// The cap.
        max: usize,
        /// The length found.
        got: usize,
    },
    /// No whole frame begins at this place.
    #[error("no whole frame at {at:?}")]
    NoFrame {
        /// The place.
        at: Location,
    },
    /// The disk has no room. Nothing of the batch was kept; it may be tried again.
    #[error("the disk is full")]
    DiskFull(#[source] Arc<io::Error>),
    /// The disk failed. Nothing of the batch counts.
    #[error("the disk failed")]
    Disk(#[source] Arc<io::Error>),
    /// An earlier failure left the end of the log uncertain: nothing more is written until the
    /// store is opened again.
    #[error("the store stopped writing after a failure of the disk; open it again")]
    Stopped,
}

impl StoreError {
    /// Whether the same call may succeed later on the same store.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::DiskFull(_) | Self::InUse)
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull(Arc::new(error))
            }
            _ => Self::Disk(Arc::new(error)),
        }
    }
}

/// What was found when a store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Every damage; empty is the rule.
    pub damage: Vec<Damage>,
    /// Where an unfinished write, which was never acknowledged, was cut off.
    pub cut: Option<Position>,
}

/// Something that was written and is no longer whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// Bytes of a segment hold no frame.
    #[error("segment {segment}: bytes {from} to {to} hold no whole entry")]
    Bytes {
        /// The number of the segment.
        segment: u64,
        /// The first such byte.
        from: u64,
        /// The byte after the last.
        to: u64,
    },
    /// Whole files are gone.
    #[error("segments {first} to {last} are missing")]
    SegmentsMissing {
        /// The number of the first.
        first: u64,
        /// The number of the last.
        last: u64,
    },
    /// The segments end before the place up to which they were durable.
    #[error("the segments end at {found:?}, but reached {durable:?}")]
    Shorter {
        /// Where they end.
        found: Position,
        /// Where they ended when the manifest was written.
        durable: Position,
    },
    /// No manifest opens, so what is missing at the end cannot be told.
    #[error("the manifest is lost")]
    ManifestLost,
    /// The index was deleted. A new one is filled from the segments.
    #[error("the index is gone")]
    IndexLost,
    /// The index was damaged. It was set aside, and a new one is filled from the segments.
    #[error("the index was damaged and set aside")]
    IndexSetAside,
}
