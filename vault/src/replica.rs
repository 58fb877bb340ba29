//! One book as this device holds it: orders entries, holds those that wait, applies the rest; it
//! never reads a disk.
//!
//! Envelopes go in, [`Outcome`]s come out. What was accepted is in its chain for good and may be
//! written down; what waits or was refused leaves no trace. The same envelopes in any order that
//! the chains allow give the same state.

mod feeds;
mod secrets;
mod accept;
mod write;
mod state;
mod retired;
mod tail;

pub use accept::{Outcome, Refusal};
pub use feeds::Feeds;
pub use retired::Retired;
pub use secrets::{BookSecrets, DeviceSecrets, SavedDevice};
pub use state::StateError;
pub use tail::{ForkPlace, Tail};
pub use write::WriteError;

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use techo_wire::{EnvelopeHash, FeedId};

use crate::book::{BookId, Control, DeviceKey, Fold};
use crate::crypto::EpochKey;
use crate::doc::{DocId, Document};

/// An entry that was not applied, and why.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Quarantined {
    /// The feed.
    #[n(0)]
    pub feed: FeedId,
    /// Its sequence.
    #[n(1)]
    pub sequence: u64,
    /// The device that wrote it.
    #[n(2)]
    pub author: DeviceKey,
    /// The reason, one of a fixed list of words.
    #[n(3)]
    pub reason: String,
}

/// One book as this device holds it.
#[derive(Debug)]
pub struct Replica {
    book: BookId,
    epochs: Vec<EpochKey>,
    fold: Fold,
    /// The control ops inserted into the fold, in order, so that the fold can be made again.
    controls: Vec<(EnvelopeHash, DeviceKey, Control)>,
    feeds: Feeds,
    documents: BTreeMap<DocId, Document>,
    quarantined: Vec<Quarantined>,
}

impl Replica {
    /// Starts with nothing but the keys.
    pub fn new(book: BookId, epochs: Vec<EpochKey>) -> Self {
        Self {
            book,
            epochs,
            fold: Fold::new(book),
            controls: Vec::new(),
            feeds: Feeds::default(),
            documents: BTreeMap::new(),
            quarantined: Vec::new(),
        }
    }

    /// Starts again with what is needed to take every envelope anew: the keys, what is known to
    /// exist, and what was retired.
    #[must_use]
    pub fn start_over(&self) -> Self {
        Self {
            feeds: self.feeds.start_over(),
            ..Self::new(self.book, self.epochs.clone())
        }
    }

    /// Keeps entries of a feed out from here on; none of them is held.
    pub(crate) fn keep_out(&mut self, feed: FeedId, entries: &[EnvelopeHash]) {
        self.feeds.retire(feed, entries);
    }

    /// Keeps entries out from here on, as this device's word says. Returns whether one of them is
    /// held: then the replica has to be made anew, by [`Self::start_over`].
    pub fn retire(&mut self, word: &Retired) -> bool {
        let held = self.feeds.retire(word.feed(), word.entries());
        self.feeds.name(&word.successor());
        held
    }

    /// Returns the book's id.
    pub fn book(&self) -> BookId {
        self.book
    }

    /// Returns who may do what, as the control ops held say.
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Returns how many control ops are held.
    pub fn controls(&self) -> usize {
        self.controls.len()
    }

    /// Returns the feeds held.
    pub fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// Returns the feeds held, to note that entries exist elsewhere.
    pub fn feeds_mut(&mut self) -> &mut Feeds {
        &mut self.feeds
    }

    /// Returns the documents held.
    pub fn documents(&self) -> impl Iterator<Item = (&DocId, &Document)> {
        self.documents.iter()
    }

    /// Returns the documents held, to be saved.
    pub fn documents_mut(&mut self) -> impl Iterator<Item = (&DocId, &mut Document)> {
        self.documents.iter_mut()
    }

    /// Returns one document.
    pub fn document(&self, id: &DocId) -> Option<&Document> {
        self.documents.get(id)
    }

    /// Returns what was not applied, with author and reason.
    pub fn quarantined(&self) -> &[Quarantined] {
        &self.quarantined
    }

    /// Returns the epoch keys, oldest first.
    pub fn epochs(&self) -> &[EpochKey] {
        &self.epochs
    }
}
