//! The three separately salted parts of an entry, so that each can be shown or hidden alone.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use techo_wire::{Label, canonical};

use crate::issued::IssuedError;

/// Which part of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupName {
    /// Name and birth date.
    Who,
    /// What was done, and when.
    What,
    /// Facility, doctor, lot, maker.
    Where,
}

impl GroupName {
    /// All groups in their order.
    pub const ALL: [Self; 3] = [Self::Who, Self::What, Self::Where];

    /// Returns the name as it is hashed and derived.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Who => "who",
            Self::What => "what",
            Self::Where => "where",
        }
    }

    /// Returns the place in the order, from 0.
    pub(crate) fn place(self) -> usize {
        match self {
            Self::Who => 0,
            Self::What => 1,
            Self::Where => 2,
        }
    }
}

/// One part of an entry: keys and texts, each key once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Group(BTreeMap<String, String>);

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Group({} redacted)", self.0.len())
    }
}

impl Group {
    /// Makes a group; refuses keys and texts that its format does not allow.
    pub fn new<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, IssuedError> {
        let mut group = BTreeMap::new();
        for (key, text) in pairs {
            if group.insert(key.into(), text.into()).is_some() {
                return Err(IssuedError::Group);
            }
        }
        let group = Self(group);
        if group.is_allowed() {
            Ok(group)
        } else {
            Err(IssuedError::Group)
        }
    }

    /// Returns the text under `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Returns the pairs, sorted by key.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// Tells whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let pairs: Vec<Pair> = self
            .0
            .iter()
            .map(|(key, text)| Pair {
                key: key.clone(),
                text: text.clone(),
            })
            .collect();
        canonical::encode(&pairs)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, IssuedError> {
        let pairs: Vec<Pair> =
            canonical::decode_within(bytes, MAX_GROUP).map_err(|_| IssuedError::Group)?;
        let sorted = pairs
            .iter()
            .zip(pairs.iter().skip(1))
            .all(|(a, b)| a.key < b.key);
        if !sorted {
            return Err(IssuedError::Group);
        }
        Self::new(pairs.into_iter().map(|pair| (pair.key, pair.text)))
    }

    fn is_allowed(&self) -> bool {
        let key = |key: &str| {
            let allowed =
                |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_/-".contains(&b);
            (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(allowed)
        };
        self.0.len() <= MAX_PAIRS
            && self
                .0
                .iter()
                .all(|(k, text)| key(k) && text.len() <= MAX_TEXT)
            && self.to_bytes().len() <= MAX_GROUP
    }
}

/// The three groups of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// Name and birth date.
    pub who: Group,
    /// What was done, and when.
    pub what: Group,
    /// Facility, doctor, lot, maker.
    pub place: Group,
}

impl Groups {
    /// Returns one of them.
    pub fn group(&self, name: GroupName) -> &Group {
        match name {
            GroupName::Who => &self.who,
            GroupName::What => &self.what,
            GroupName::Where => &self.place,
        }
    }
}

/// A group's bytes and the salt without which its hash says nothing.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Salted {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) salt: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) bytes: Vec<u8>,
}

impl std::fmt::Debug for Salted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salted(redacted)")
    }
}

impl Salted {
    /// Returns what an entry signs in place of the group.
    pub(crate) fn hash(&self, name: GroupName) -> [u8; 32] {
        let parts: [&[u8]; 3] = [name.as_str().as_bytes(), &self.salt, &self.bytes];
        techo_wire::label::hash(Label::Group, &parts)
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Pair {
    #[n(0)]
    key: String,
    #[n(1)]
    text: String,
}

const MAX_GROUP: usize = 12_288;
const MAX_PAIRS: usize = 128;
const MAX_KEY: usize = 64;
const MAX_TEXT: usize = 4_096;
