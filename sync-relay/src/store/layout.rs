//! Keys and values of the relay's table. A value is CRC-32 ‖ body, the sum taken over key and
//! body, so that a value in the wrong place is damage too.
//!
//! ```text
//! S                                  store id
//! M mailbox                          next arrival 8, bytes 8
//! F mailbox feed                     next sequence 8, hash of the head 32
//! E mailbox feed sequence            arrival 8, envelope
//! I inbox                            next position 8, bytes 8
//! K inbox append key                 quota 8, bytes 8
//! T inbox position                   append key 32, item
//! N inbox item hash                  position 8
//! ```
//!
//! `E` and `T` are bodies: they lie in the segments, and the index holds their places (`places`). The others
//! are rows: the index holds them, and the segments repeat them, but for `M`, which is counted
//! anew. The index has rows of its own:
//!
//! ```text
//! L segment                          bytes of its frames that are in use 8, bytes carried over 8
//! P                                  version of the index 8; segment 8 and offset 8 up to which it follows
//! ```

use techo_wire::{AppendKey, EnvelopeHash, FeedId, InboxId, ItemHash, MailboxId};

pub(crate) const STORE_ID: &[u8] = b"S";

pub(crate) const POSITION: &[u8] = b"P";
/// An index of another version is made anew.
pub(crate) const VERSION: u64 = 2;
/// How the keys of all usages begin.
pub(crate) const USAGES: &[u8] = b"L";
/// How the keys of bodies begin.
pub(crate) const BODIES: [&[u8]; 2] = [b"E", b"T"];

/// Whether the value of a key lies in the segments, not in the index.
pub(crate) fn is_body(key: &[u8]) -> bool {
    key.len() > 8 && BODIES.iter().any(|kind| key.starts_with(kind))
}

/// Whether a key is left out of the segments.
pub(crate) fn is_counted(key: &[u8]) -> bool {
    key.starts_with(b"M")
}

/// What has to be counted anew after the body under `key` changed without its rules.
pub(crate) fn counted(key: &[u8]) -> Option<Vec<u8>> {
    let (kind, rest) = key.split_first()?;
    let mailbox = rest.first_chunk::<32>()?;
    (*kind == b'E').then(|| self::mailbox(MailboxId::from_bytes(*mailbox)))
}

pub(crate) fn usage(segment: u32) -> Vec<u8> {
    key(b'L', &[&segment.to_be_bytes()])
}

pub(crate) fn mailbox(mailbox: MailboxId) -> Vec<u8> {
    key(b'M', &[mailbox.as_bytes()])
}

pub(crate) fn feeds(mailbox: MailboxId) -> Vec<u8> {
    key(b'F', &[mailbox.as_bytes()])
}

pub(crate) fn feed(mailbox: MailboxId, feed: FeedId) -> Vec<u8> {
    key(b'F', &[mailbox.as_bytes(), feed.as_bytes()])
}

pub(crate) fn mailbox_envelopes(mailbox: MailboxId) -> Vec<u8> {
    key(b'E', &[mailbox.as_bytes()])
}

pub(crate) fn feed_envelopes(mailbox: MailboxId, feed: FeedId) -> Vec<u8> {
    key(b'E', &[mailbox.as_bytes(), feed.as_bytes()])
}

pub(crate) fn envelope(mailbox: MailboxId, feed: FeedId, seq: u64) -> Vec<u8> {
    key(
        b'E',
        &[mailbox.as_bytes(), feed.as_bytes(), &seq.to_be_bytes()],
    )
}

pub(crate) fn inbox(inbox: InboxId) -> Vec<u8> {
    key(b'I', &[inbox.as_bytes()])
}

pub(crate) fn append_keys(inbox: InboxId) -> Vec<u8> {
    key(b'K', &[inbox.as_bytes()])
}

pub(crate) fn append_key(inbox: InboxId, append_key: AppendKey) -> Vec<u8> {
    key(b'K', &[inbox.as_bytes(), append_key.as_bytes()])
}

pub(crate) fn items(inbox: InboxId) -> Vec<u8> {
    key(b'T', &[inbox.as_bytes()])
}

pub(crate) fn item(inbox: InboxId, position: u64) -> Vec<u8> {
    key(b'T', &[inbox.as_bytes(), &position.to_be_bytes()])
}

pub(crate) fn item_name(inbox: InboxId, item: ItemHash) -> Vec<u8> {
    key(b'N', &[inbox.as_bytes(), item.as_bytes()])
}

fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// Puts the checksum before the body.
pub(crate) fn summed(key: &[u8], body: &[u8]) -> Vec<u8> {
    [&sum(key, body).to_be_bytes(), body].concat()
}

/// The body of a value, unless it is damaged.
pub(crate) fn body<'v>(key: &[u8], value: &'v [u8]) -> Option<&'v [u8]> {
    let (told, body) = value.split_first_chunk::<4>()?;
    (u32::from_be_bytes(*told) == sum(key, body)).then_some(body)
}

fn sum(key: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(body);
    hasher.finalize()
}

/// The integer in the last eight bytes of a key.
pub(crate) fn last_integer(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

/// The id in the last 32 bytes of a key.
pub(crate) fn last_id(key: &[u8]) -> Option<[u8; 32]> {
    key.last_chunk::<32>().copied()
}

/// A row of big-endian integers.
pub(crate) fn integers<const N: usize>(body: &[u8]) -> Option<[u64; N]> {
    let mut row = [0; N];
    let (chunks, rest) = body.as_chunks::<8>();
    if chunks.len() != N || !rest.is_empty() {
        return None;
    }
    for (to, from) in row.iter_mut().zip(chunks) {
        *to = u64::from_be_bytes(*from);
    }
    Some(row)
}

pub(crate) fn from_integers(row: &[u64]) -> Vec<u8> {
    row.iter()
        .flat_map(|integer| integer.to_be_bytes())
        .collect()
}

/// How far a feed is held: its next sequence, and the hash that the next envelope must name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) next: u64,
    pub(crate) hash: EnvelopeHash,
}

impl Extent {
    pub(crate) const EMPTY: Self = Self {
        next: 0,
        hash: EnvelopeHash::ZERO,
    };

    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let (next, hash) = body.split_first_chunk::<8>()?;
        Some(Self {
            next: u64::from_be_bytes(*next),
            hash: hash.try_into().ok()?,
        })
    }

    pub(crate) fn write(self) -> Vec<u8> {
        [&self.next.to_be_bytes()[..], self.hash.as_bytes()].concat()
    }
}
