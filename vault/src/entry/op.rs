//! What an entry says: one edit of a book (docs/format.md §5).

use std::collections::BTreeSet;
use std::fmt;

use minicbor::{Decode, Encode};
use techo_wire::Head;

use crate::book::Control;

techo_wire::id_type! {
    /// The hash of an Automerge change.
    pub struct ChangeHash(32);
}
techo_wire::id_type! {
    /// The hash of a sealed blob.
    pub struct BlobHash(32);
}

/// One edit. What a change says is not looked at here: the gate of the documents does.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Op {
    /// A change of one document.
    #[n(0)]
    Change {
        /// The document's name.
        #[n(0)]
        document: String,
        /// The Automerge change.
        #[cbor(n(1), with = "minicbor::bytes")]
        change: Vec<u8>,
    },
    /// A decision about the book.
    #[n(1)]
    Control(#[n(0)] Control),
    /// A statement about a snapshot; nothing makes or reads it yet.
    #[n(2)]
    Snapshot {
        /// The document's name.
        #[n(0)]
        document: String,
        /// The heads of the document.
        #[n(1)]
        heads: BTreeSet<ChangeHash>,
        /// What it covers, by feed.
        #[cbor(n(2), decode_with = "crate::book::by_feed")]
        frontier: Vec<Head>,
        /// The sealed bytes.
        #[n(3)]
        blob: BlobHash,
    },
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change { change, .. } => write!(f, "Change({} bytes)", change.len()),
            Self::Control(control) => f.debug_tuple("Control").field(control).finish(),
            Self::Snapshot { blob, .. } => f.debug_tuple("Snapshot").field(blob).finish(),
        }
    }
}
