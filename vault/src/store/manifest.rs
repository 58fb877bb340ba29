//! How far everything reached when it was last written: the witness against absence, which
//! encryption alone does not show. It decides nothing; the store compares.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};
use techo_wire::canonical::{self, CanonicalError};
use techo_wire::head::Head;
use techo_wire::id::{EnvelopeHash, FeedId};

use crate::store::{BookTag, Position};

/// How far the log, the feeds and the index reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    generation: u64,
    end: Position,
    heads: BTreeMap<(BookTag, FeedId), Head>,
    objects: BTreeMap<String, ObjectMark>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            generation: 0,
            end: Position::START,
            heads: BTreeMap::new(),
            objects: BTreeMap::new(),
        }
    }
}

/// What tells an object of the index from any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObjectMark {
    /// In how many pieces it is kept.
    pub(super) chunks: u32,
    /// The SHA-256 of the whole.
    pub(super) hash: [u8; 32],
}

impl ObjectMark {
    /// The mark of `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let chunks = u32::try_from(bytes.len().div_ceil(MAX_CHUNK)).unwrap_or(u32::MAX);
        Self {
            chunks,
            hash: Sha256::digest(bytes).into(),
        }
    }
}

impl Manifest {
    /// Which writing of the manifest this is; rises with each.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Up to where the log was durable.
    pub fn end(&self) -> Position {
        self.end
    }

    /// The last known head of every feed, by book.
    pub fn heads(&self) -> impl Iterator<Item = (BookTag, Head)> + '_ {
        self.heads.iter().map(|(&(tag, _), &head)| (tag, head))
    }

    /// The last known head of one feed.
    pub fn head(&self, tag: BookTag, feed: FeedId) -> Option<Head> {
        self.heads.get(&(tag, feed)).copied()
    }

    /// The names of the objects that the index should hold.
    pub fn object_names(&self) -> impl Iterator<Item = &str> {
        self.objects.keys().map(String::as_str)
    }

    pub(super) fn object(&self, name: &str) -> Option<ObjectMark> {
        self.objects.get(name).copied()
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = (&str, ObjectMark)> {
        self.objects
            .iter()
            .map(|(name, &mark)| (name.as_str(), mark))
    }

    /// Notes a head; the one with the higher sequence stands.
    pub(super) fn reach(&mut self, tag: BookTag, head: Head) {
        let known = self.heads.entry((tag, head.feed)).or_insert(head);
        if head.seq >= known.seq {
            *known = head;
        }
    }

    pub(super) fn set_end(&mut self, end: Position) {
        self.end = end;
    }

    pub(super) fn set_object(&mut self, name: String, mark: Option<ObjectMark>) {
        match mark {
            Some(mark) => self.objects.insert(name, mark),
            None => self.objects.remove(&name),
        };
    }

    pub(super) fn clear_objects(&mut self) {
        self.objects.clear();
    }

    /// Counts one more writing and returns its bytes.
    pub(super) fn next_bytes(&mut self) -> Vec<u8> {
        self.generation += 1;
        canonical::encode(&Fields::from(&*self))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::decode_within::<Fields>(bytes, MAX_MANIFEST).map(Self::from)
    }
}

#[derive(Encode, Decode)]
struct Fields {
    #[n(0)]
    version: Version,
    #[n(1)]
    generation: u64,
    #[n(2)]
    segment: u64,
    #[n(3)]
    offset: u64,
    #[n(4)]
    heads: Vec<HeadFields>,
    #[n(5)]
    objects: Vec<ObjectFields>,
}

#[derive(Encode, Decode)]
#[cbor(index_only)]
enum Version {
    #[n(1)]
    One,
}

#[derive(Encode, Decode)]
struct HeadFields {
    #[n(0)]
    tag: BookTag,
    #[n(1)]
    feed: FeedId,
    #[n(2)]
    seq: u64,
    #[n(3)]
    hash: EnvelopeHash,
}

#[derive(Encode, Decode)]
struct ObjectFields {
    #[n(0)]
    name: String,
    #[n(1)]
    chunks: u32,
    #[cbor(n(2), with = "minicbor::bytes")]
    hash: [u8; 32],
}

impl From<&Manifest> for Fields {
    fn from(manifest: &Manifest) -> Self {
        let head = |(tag, Head { feed, seq, hash }): (BookTag, Head)| HeadFields {
            tag,
            feed,
            seq,
            hash,
        };
        let object = |(name, ObjectMark { chunks, hash }): (&str, ObjectMark)| ObjectFields {
            name: name.to_owned(),
            chunks,
            hash,
        };
        Self {
            version: Version::One,
            generation: manifest.generation,
            segment: manifest.end.segment(),
            offset: manifest.end.offset(),
            heads: manifest.heads().map(head).collect(),
            objects: manifest.objects().map(object).collect(),
        }
    }
}

impl From<Fields> for Manifest {
    fn from(fields: Fields) -> Self {
        let Version::One = fields.version;
        let mut manifest = Self {
            generation: fields.generation,
            end: Position::new(fields.segment, fields.offset),
            ..Self::default()
        };
        for HeadFields {
            tag,
            feed,
            seq,
            hash,
        } in fields.heads
        {
            manifest.reach(tag, Head { feed, seq, hash });
        }
        for ObjectFields { name, chunks, hash } in fields.objects {
            manifest.set_object(name, Some(ObjectMark { chunks, hash }));
        }
        manifest
    }
}

/// The largest piece of an object; sealed, it stays under the 64 KiB that sled keeps in its log.
pub(super) const MAX_CHUNK: usize = 60 * 1024;
/// The largest manifest, opened.
pub(super) const MAX_MANIFEST: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(feed: u8, seq: u64) -> Head {
        Head {
            feed: FeedId::from_bytes([feed; 32]),
            seq,
            hash: EnvelopeHash::from_bytes([seq.to_be_bytes()[7]; 32]),
        }
    }

    #[test]
    fn a_head_never_goes_back() {
        let tag = BookTag::from_bytes([1; 8]);
        let mut manifest = Manifest::default();
        for seq in [3, 9, 4] {
            manifest.reach(tag, head(1, seq));
        }
        assert_eq!(manifest.head(tag, head(1, 0).feed), Some(head(1, 9)));
        assert_eq!(manifest.heads().count(), 1);
    }

    proptest! {
        #[test]
        fn a_manifest_comes_back_whole(
            heads in proptest::collection::vec((any::<u8>(), any::<u64>()), 0..6),
            names in proptest::collection::vec(("[a-z/]{0,9}", 0..4000_usize), 0..6),
            segment: u64, offset: u64,
        ) {
            let mut manifest = Manifest::default();
            manifest.set_end(Position::new(segment, offset));
            for (feed, seq) in heads {
                manifest.reach(BookTag::from_bytes([feed % 3; 8]), head(feed, seq));
            }
            for (name, length) in names {
                manifest.set_object(name, Some(ObjectMark::of(&vec![7; length])));
            }
            let bytes = manifest.next_bytes();
            prop_assert_eq!(manifest.generation(), 1);
            prop_assert_eq!(Manifest::decode(&bytes).unwrap(), manifest);
        }

        #[test]
        fn other_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(Manifest::decode(&bytes).is_err());
        }
    }
}
