//! Everything that passes between a device or city and a relay; it moves bytes for nobody.
//!
//! ```text
//! 0  length    4   big-endian, at most 262,144
//! 4  CBOR   length   [number of the frame, fields…]
//! ```

use crate::MAX_FRAME;
use crate::canonical::{self, CanonicalError};
use crate::envelope::UnverifiedEnvelope;
use crate::head::{Cursor, Head, InboxCursor};
use crate::id::{AppendKey, BoxKey, FeedId, InboxId, ItemHash, MailboxId, RelayKey, StoreId};
use crate::item::SealedItem;
use crate::receipt::SignedReceipt;
use minicbor::{Decode, Encode};

/// The application protocol that TLS negotiates.
pub const ALPN: &[u8] = b"techo/1";
/// The version of the frames, offered in Hello.
pub const VERSION: u64 = 1;
/// Bytes of the length before each frame.
pub const PREFIX: usize = 4;

/// As what somebody proves a box key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Reads, fills and admits feeds to a mailbox; the key is the mailbox id.
    #[n(0)]
    Mailbox,
    /// Reads, prunes and admits keys to an inbox; the key is the inbox id.
    #[n(1)]
    Inbox,
    /// Puts items into an inbox; the key is one that the owner admitted.
    #[n(2)]
    Append,
}

impl Role {
    /// The number in frames and proofs.
    pub const fn number(self) -> u8 {
        match self {
            Self::Mailbox => 0,
            Self::Inbox => 1,
            Self::Append => 2,
        }
    }
}

/// Why a relay refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
pub enum ErrorCode {
    /// No version in common, or no Hello.
    #[n(1)]
    #[error("no version in common")]
    Version,
    /// Not a frame, or one that does not belong here.
    #[n(2)]
    #[error("malformed request")]
    Malformed,
    /// The frame passes the cap.
    #[n(3)]
    #[error("frame too large")]
    TooLarge,
    /// The box key was not proven on this connection, or not in this role.
    #[n(4)]
    #[error("box key not proven")]
    NotProven,
    /// The feed or append key is not admitted.
    #[n(5)]
    #[error("not admitted")]
    NotAdmitted,
    /// The envelope does not follow the stored head.
    #[n(6)]
    #[error("out of order")]
    OutOfOrder,
    /// Another envelope is stored under this sequence.
    #[n(7)]
    #[error("fork")]
    Fork,
    /// The box is full.
    #[n(8)]
    #[error("quota exceeded")]
    Quota,
    /// The relay has too much to do; later.
    #[n(9)]
    #[error("busy")]
    Busy,
    /// A signature does not verify.
    #[n(10)]
    #[error("signature does not verify")]
    Signature,
    /// The relay's storage failed; nothing was kept.
    #[n(11)]
    #[error("storage failed")]
    Storage,
    /// The relay goes down; later.
    #[n(12)]
    #[error("shutting down")]
    ShuttingDown,
}

impl ErrorCode {
    /// The number in frames, also given as the reason when a relay closes a connection.
    pub const fn number(self) -> u8 {
        match self {
            Self::Version => 1,
            Self::Malformed => 2,
            Self::TooLarge => 3,
            Self::NotProven => 4,
            Self::NotAdmitted => 5,
            Self::OutOfOrder => 6,
            Self::Fork => 7,
            Self::Quota => 8,
            Self::Busy => 9,
            Self::Signature => 10,
            Self::Storage => 11,
            Self::ShuttingDown => 12,
        }
    }

    /// The code of a number.
    pub fn from_number(number: u64) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        canonical::decode(&[number]).ok()
    }
}

/// An inbox item with its place at the relay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PlacedItem {
    /// Its position; positions rise from 0.
    #[n(0)]
    pub position: u64,
    /// The item.
    #[n(1)]
    pub item: SealedItem,
}

/// One message between device or city and relay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Frame {
    /// Opens a connection.
    #[n(1)]
    Hello {
        /// Versions that the sender speaks, newest first.
        #[n(0)]
        versions: Vec<u64>,
    },
    /// Answers Hello.
    #[n(2)]
    Welcome {
        /// The version chosen.
        #[n(0)]
        version: u64,
        /// The relay's key.
        #[n(1)]
        relay: RelayKey,
        /// The making of its store.
        #[n(2)]
        store: StoreId,
    },
    /// Proves a box key for this connection.
    #[n(3)]
    Prove {
        /// The box.
        #[n(0)]
        box_key: BoxKey,
        /// As what.
        #[n(1)]
        role: Role,
        /// The key that signs.
        #[cbor(n(2), with = "minicbor::bytes")]
        key: [u8; 32],
        /// Its signature; see [`crate::prove`].
        #[cbor(n(3), with = "minicbor::bytes")]
        signature: [u8; 64],
    },
    /// Lets a feed write into a mailbox.
    #[n(4)]
    AdmitFeed {
        /// The mailbox.
        #[n(0)]
        mailbox: MailboxId,
        /// The feed.
        #[n(1)]
        feed: FeedId,
    },
    /// Lets a key put items into an inbox.
    #[n(5)]
    AdmitKey {
        /// The inbox.
        #[n(0)]
        inbox: InboxId,
        /// The key.
        #[n(1)]
        append_key: AppendKey,
        /// How many bytes of items put with it may be stored at once.
        #[n(2)]
        quota: u64,
    },
    /// Asks to keep envelopes.
    #[n(6)]
    Append {
        /// The mailbox.
        #[n(0)]
        mailbox: MailboxId,
        /// The envelopes, in order for each feed.
        #[n(1)]
        envelopes: Vec<UnverifiedEnvelope>,
    },
    /// Asks to keep an item.
    #[n(7)]
    Put {
        /// The inbox.
        #[n(0)]
        inbox: InboxId,
        /// The key that was admitted and proven.
        #[n(1)]
        append_key: AppendKey,
        /// The item.
        #[n(2)]
        item: SealedItem,
    },
    /// Asks for a mailbox.
    #[n(8)]
    Fetch {
        /// The mailbox.
        #[n(0)]
        mailbox: MailboxId,
        /// From where; a feed without cursor is sent from 0.
        #[n(1)]
        cursors: Vec<Cursor>,
        /// Whether to go on with what arrives.
        #[n(2)]
        live: bool,
    },
    /// Asks for an inbox.
    #[n(9)]
    FetchInbox {
        /// The inbox.
        #[n(0)]
        inbox: InboxId,
        /// The last item held.
        #[n(1)]
        cursor: Option<InboxCursor>,
        /// Whether to go on with what arrives.
        #[n(2)]
        live: bool,
    },
    /// Asks to forget items.
    #[n(10)]
    Prune {
        /// The inbox.
        #[n(0)]
        inbox: InboxId,
        /// The items.
        #[n(1)]
        items: Vec<ItemHash>,
    },
    /// The request was carried out.
    #[n(20)]
    Done,
    /// Envelopes are kept.
    #[n(21)]
    AppendReceipt {
        /// The relay's word.
        #[n(0)]
        receipt: SignedReceipt,
    },
    /// An item is kept.
    #[n(22)]
    PutReceipt {
        /// The relay's word.
        #[n(0)]
        receipt: SignedReceipt,
    },
    /// What a mailbox holds.
    #[n(23)]
    Heads {
        /// The mailbox.
        #[n(0)]
        mailbox: MailboxId,
        /// The head of each of its feeds.
        #[n(1)]
        heads: Vec<Head>,
    },
    /// Envelopes of a mailbox, in order of arrival.
    #[n(24)]
    Envelopes {
        /// The envelopes.
        #[n(0)]
        envelopes: Vec<UnverifiedEnvelope>,
    },
    /// Items of an inbox, by position.
    #[n(25)]
    Items {
        /// The items.
        #[n(0)]
        items: Vec<PlacedItem>,
    },
    /// Everything stored was sent.
    #[n(26)]
    CaughtUp,
    /// The request was refused.
    #[n(31)]
    Error {
        /// Why.
        #[n(0)]
        code: ErrorCode,
        /// The next sequence, for [`ErrorCode::OutOfOrder`].
        #[n(1)]
        expected: Option<u64>,
    },
}

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The length passes [`MAX_FRAME`].
    #[error("frame of {got} bytes, more than {MAX_FRAME}")]
    TooLarge {
        /// The length found.
        got: usize,
    },
    /// The bytes are no canonical frame.
    #[error("malformed frame")]
    Malformed(#[from] CanonicalError),
}

/// Returns the bytes of `frame` with their length before them.
pub fn encode_frame(frame: &Frame) -> Result<Vec<u8>, FrameError> {
    let body = canonical::encode(frame);
    if body.len() > MAX_FRAME {
        return Err(FrameError::TooLarge { got: body.len() });
    }
    let length = u32::try_from(body.len())
        .map_err(|_| FrameError::TooLarge { got: body.len() })?
        .to_be_bytes();
    Ok([&length, &body[..]].concat())
}

/// Returns how long the body of the frame is whose first four bytes these are.
pub fn body_length(prefix: [u8; PREFIX]) -> Result<usize, FrameError> {
    let got = usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX);
    if got > MAX_FRAME {
        Err(FrameError::TooLarge { got })
    } else {
        Ok(got)
    }
}

/// Decodes the body of a frame.
pub fn decode_body(body: &[u8]) -> Result<Frame, FrameError> {
    Ok(canonical::decode_within(body, MAX_FRAME)?)
}

/// Cuts a stream of bytes into frames. After an error the stream is lost.
#[derive(Debug, Default)]
pub struct FrameReader {
    held: Vec<u8>,
}

impl FrameReader {
    /// Takes bytes as they come. Call [`FrameReader::next_frame`] until it returns `None` before
    /// the next push, and no more than one frame and one push is ever held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Takes the next whole frame, or `None` if bytes are lacking.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some((prefix, rest)) = self.held.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let length = body_length(*prefix)?;
        let Some((body, _)) = rest.split_at_checked(length) else {
            return Ok(None);
        };
        let frame = decode_body(body)?;
        self.held.drain(..PREFIX.saturating_add(length));
        Ok(Some(frame))
    }

    /// Whether no byte of an unfinished frame is held.
    pub const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// How many bytes of an unfinished frame are held.
    pub const fn len(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests;
