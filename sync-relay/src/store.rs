//! What a relay keeps: judged writes, durable before they are answered. It opens nothing and
//! knows no connection.
//!
//! Bottom first: `table` (ordered bytes, durable batches); `frame`, `files` and `segments` (the log
//! that is the truth); `layout` (keys and values) and `places`; `index` (sled), `usage`, `survey` (whether the
//! index is whole), `joined` (log and index as one table), `migrate`, `disk`; `draft` (a batch under
//! judgement), `mailboxes` and `inboxes` (the rules), `keep`.

pub(crate) mod table;
pub(crate) mod frame;
pub(crate) mod files;
pub(crate) mod segments;
pub(crate) mod layout;
pub(crate) mod places;
pub(crate) mod index;
pub(crate) mod usage;
pub(crate) mod survey;
pub(crate) mod joined;
pub(crate) mod migrate;
pub(crate) mod disk;
pub(crate) mod draft;
pub(crate) mod mailboxes;
pub(crate) mod inboxes;
pub(crate) mod keep;

use std::collections::BTreeMap;
use techo_wire::frame::PlacedItem;
use techo_wire::{
    AppendKey, Cursor, Envelope, ErrorCode, FeedId, Head, InboxCursor, InboxId, ItemHash,
    MailboxId, SealedItem, StoreId, UnverifiedEnvelope,
};

/// Our storage failed; nothing of the batch was acknowledged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("the file system refused")]
    Io(#[from] std::io::Error),
    /// The index failed or panicked; it is made anew.
    #[error("the index failed")]
    Database(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// Another relay uses the directory.
    #[error("another relay uses this directory")]
    InUse,
}

/// One thing to keep or forget.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    AdmitFeed {
        mailbox: MailboxId,
        feed: FeedId,
    },
    AdmitKey {
        inbox: InboxId,
        append_key: AppendKey,
        quota: u64,
    },
    Append {
        mailbox: MailboxId,
        envelopes: Vec<Envelope>,
    },
    Put {
        inbox: InboxId,
        append_key: AppendKey,
        item: SealedItem,
    },
    Prune {
        inbox: InboxId,
        items: Vec<ItemHash>,
    },
    /// A reader found that an envelope is gone or damaged: the feed's head falls back before it.
    FallBack {
        mailbox: MailboxId,
        lost: Cursor,
    },
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Done,
    Appended(Vec<Head>),
    Put(u64),
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) expected: Option<u64>,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            expected: None,
        }
    }
}

/// Where a fetch stands in each feed: the next sequence to send.
pub(crate) type Positions = BTreeMap<FeedId, u64>;

/// A run of envelopes in order of arrival, and the first that turned out to be lost.
#[derive(Debug, Default)]
pub(crate) struct EnvelopePage {
    pub(crate) envelopes: Vec<UnverifiedEnvelope>,
    pub(crate) lost: Option<Cursor>,
    /// Whether the budget ended the run: there is more.
    pub(crate) more: bool,
}

/// A run of items, and the position behind it.
#[derive(Debug, Default)]
pub(crate) struct ItemPage {
    pub(crate) items: Vec<PlacedItem>,
    pub(crate) next: u64,
}

/// Where boxes are kept. All methods block; `commit` is called by one thread at a time.
pub(crate) trait MailboxStore: Send + Sync {
    /// Names this making of the store.
    fn id(&self) -> StoreId;
    /// Judges writes in order and makes those that stand durable. Until this returns, tell no one.
    fn commit(&self, writes: &[Write]) -> Result<Vec<Result<Kept, Refusal>>, StoreError>;
    /// The head of every feed of a mailbox that has one.
    fn heads(&self, mailbox: MailboxId) -> Result<Vec<Head>, StoreError>;
    /// The next envelopes behind `positions`, about `budget` bytes; moves the positions.
    fn envelopes(
        &self,
        mailbox: MailboxId,
        positions: &mut Positions,
        budget: usize,
    ) -> Result<EnvelopePage, StoreError>;
    /// From which position an inbox is to be sent to somebody who holds `cursor`.
    fn resume(&self, inbox: InboxId, cursor: Option<InboxCursor>) -> Result<u64, StoreError>;
    /// The next items from a position on, about `budget` bytes.
    fn items(&self, inbox: InboxId, from: u64, budget: usize) -> Result<ItemPage, StoreError>;
}

#[cfg(test)]
pub(crate) mod tests;
