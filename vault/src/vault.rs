//! What a family does with its vault: each use case ends in one commit.
//!
//! A [`Vault`] is one family's store on this device, unlocked. After a disk error it refuses every
//! further write until it is opened again: what is in memory may be ahead of what is durable.

mod error;
mod create;
mod open;
mod places;
mod pages;
mod checkpoint;
mod write;
mod members;
mod records;
mod views;
mod timeline;
mod listing;
mod devices;
mod enrolment;
mod official;
mod exchange;
mod adopt;
mod chores;
mod doctor;

pub use adopt::Adoption;
pub use create::MAX_NAME;
pub use devices::Pairing;
pub use doctor::{DoctorReport, LostEntry};
pub use enrolment::EnrolmentRequest;
pub use error::VaultError;
pub use exchange::{InboxTarget, ItemsReceived, MailboxTarget, Outgoing, Received};
pub use open::InstallId;
pub use views::{
    DeviceView, FindingView, Issued, IssuerView, MemberView, MessagePack, RecordView, RelayView,
    Source, Status, TimelineItem, Verified, Version,
};

pub(crate) use write::rng;

use listing::Newest;
use official::OfficialRecords;
use pages::BookPages;
use places::Places;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use techo_wire::{FeedId, InboxCursor, InboxId, RelayKey};

use crate::book::BookKind;
use crate::crypto::BookId;
use crate::doc::DocId;
use crate::replica::{BookSecrets, Replica};
use crate::store::{BookTag, Damage, Store};
use crate::sync::Acknowledged;

/// A family's vault on this device, unlocked.
#[derive(Debug)]
pub struct Vault {
    store: Arc<dyn Store>,
    books: BTreeMap<BookId, Book>,
    household: Option<BookId>,
    /// What was found damaged when the vault was opened.
    damage: Vec<Damage>,
    /// Frames written since the derived state was last put away.
    tail: usize,
    /// How often this device wrote entries of its own since the vault was opened.
    authored: u64,
    /// Set after a failed write.
    stopped: bool,
}

/// One book: keys, replica, official records and what relays acknowledged.
#[derive(Debug)]
struct Book {
    tag: BookTag,
    secrets: BookSecrets,
    replica: Replica,
    official: OfficialRecords,
    /// What is newest of each document, as it was when its rows were last put away.
    rows: BTreeMap<DocId, Option<Newest>>,
    locations: BTreeMap<FeedId, Places>,
    /// Who brings the pages of the feeds, if they were put away.
    pages: Option<Arc<BookPages>>,
    acknowledged: BTreeMap<RelayKey, Acknowledged>,
    cursors: BTreeMap<(RelayKey, InboxId), InboxCursor>,
    /// Inboxes of other devices into which this one has put a grant.
    granted: BTreeSet<InboxId>,
}

impl Vault {
    fn household(&self) -> Result<&Book, VaultError> {
        self.household
            .and_then(|id| self.books.get(&id))
            .ok_or(VaultError::NoHousehold)
    }

    fn book(&self, id: &BookId) -> Result<&Book, VaultError> {
        self.books.get(id).ok_or(VaultError::UnknownBook)
    }

    fn book_mut(&mut self, id: &BookId) -> Result<&mut Book, VaultError> {
        self.books.get_mut(id).ok_or(VaultError::UnknownBook)
    }

    fn handbooks(&self) -> impl Iterator<Item = (&BookId, &Book)> {
        self.books
            .iter()
            .filter(|(_, book)| book.secrets.kind == BookKind::Handbook)
    }

    /// Returns how often this device wrote entries of its own since the vault was opened: who keeps
    /// relays in step looks at it.
    pub fn authored(&self) -> u64 {
        self.authored
    }

    /// Returns how many control ops are held.
    pub(crate) fn controls(&self) -> usize {
        self.books
            .values()
            .map(|book| book.replica.controls())
            .sum()
    }

    /// Returns how often this vault has made the disk durable, for measurements.
    pub fn syncs(&self) -> u64 {
        self.store.syncs()
    }
}
