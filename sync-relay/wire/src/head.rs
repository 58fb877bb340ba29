//! Positions: how far a feed or an inbox is held. They order nothing by time.

use crate::id::{EnvelopeHash, FeedId, ItemHash};
use minicbor::{Decode, Encode};

/// The last envelope held of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Head {
    /// The feed.
    #[n(0)]
    pub feed: FeedId,
    /// The sequence of that envelope.
    #[n(1)]
    pub seq: u64,
    /// The hash of that envelope.
    #[n(2)]
    pub hash: EnvelopeHash,
}

/// From where a feed is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Cursor {
    /// The feed.
    #[n(0)]
    pub feed: FeedId,
    /// The first sequence that is lacking.
    #[n(1)]
    pub next: u64,
}

/// The last item held of an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct InboxCursor {
    /// The position of that item at the relay.
    #[n(0)]
    pub position: u64,
    /// The hash of that item.
    #[n(1)]
    pub item: ItemHash,
}
