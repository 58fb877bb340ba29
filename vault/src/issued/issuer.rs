//! An issuer's root and its key sets; a key set counts only if the root signed it.

use minicbor::{Decode, Encode};
use techo_wire::{AppendKey, Label, canonical, verify_strict};

use crate::book::IssuerId;
use crate::crypto::{SealPublic, SigningKey};
use crate::issued::armour::{armour, unarmour};
use crate::issued::{EntryKey, IssuedError, IssuerRoot};

/// A pinned root, a name for people, and the key sets traced to that root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerFile {
    root: IssuerRoot,
    code: String,
    name: String,
    key_sets: Vec<KeySet>,
}

impl IssuerFile {
    /// Makes the file of a new issuer with its first key set.
    pub fn new(
        root: IssuerRoot,
        code: &str,
        name: &str,
        first: &SignedKeySet,
    ) -> Result<Self, IssuedError> {
        let mut file = Self {
            root,
            code: code.to_owned(),
            name: name.to_owned(),
            key_sets: Vec::new(),
        };
        file.adopt(first)?;
        if file.is_allowed() {
            Ok(file)
        } else {
            Err(IssuedError::Malformed)
        }
    }

    /// Decodes a file and verifies each of its key sets.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IssuedError> {
        let fields: FileFields =
            canonical::decode_within(bytes, MAX_FILE).map_err(|_| IssuedError::Malformed)?;
        let mut file = Self {
            root: fields.root,
            code: fields.code,
            name: fields.name,
            key_sets: Vec::new(),
        };
        for signed in &fields.key_sets {
            file.adopt(signed)?;
        }
        let same_order = file.to_bytes() == bytes;
        if fields.version == 1 && same_order && file.is_allowed() {
            Ok(file)
        } else {
            Err(IssuedError::Malformed)
        }
    }

    /// Returns the canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(&FileFields {
            version: 1,
            root: self.root,
            code: self.code.clone(),
            name: self.name.clone(),
            key_sets: self.key_sets.iter().map(|set| set.signed.clone()).collect(),
        })
    }

    /// Reads the file as people pass it on.
    pub fn from_text(text: &str) -> Result<Self, IssuedError> {
        Self::from_bytes(&unarmour(FILE_LINE, text, MAX_FILE)?)
    }

    /// Writes the file as people pass it on.
    pub fn to_text(&self) -> String {
        armour(FILE_LINE, &self.to_bytes())
    }

    /// Takes a further key set of the same root. Returns whether it was new.
    pub fn adopt(&mut self, signed: &SignedKeySet) -> Result<bool, IssuedError> {
        let set = signed.verify(self.root)?;
        match self
            .key_sets
            .binary_search_by_key(&set.version(), KeySet::version)
        {
            Ok(place) => match self.key_sets.get(place) {
                Some(held) if held == &set => Ok(false),
                // Two sets under one number: the first stays, the second is not trusted.
                Some(_) | None => Err(IssuedError::Key),
            },
            Err(_) if self.key_sets.len() >= MAX_KEY_SETS => Err(IssuedError::Malformed),
            Err(place) => {
                self.key_sets.insert(place, set);
                Ok(true)
            }
        }
    }

    /// Returns the issuer's id, the hash of its root.
    pub fn id(&self) -> IssuerId {
        self.root.issuer()
    }

    /// Returns the root.
    pub fn root(&self) -> IssuerRoot {
        self.root
    }

    /// Returns the six-digit code of the municipality, as the file claims it.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the name, as the file claims it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the key sets, oldest first.
    pub fn key_sets(&self) -> &[KeySet] {
        &self.key_sets
    }

    /// Returns the key set with this version.
    pub fn key_set(&self, version: u64) -> Option<&KeySet> {
        self.key_sets.iter().find(|set| set.version() == version)
    }

    /// Returns the newest key set.
    pub fn latest(&self) -> Option<&KeySet> {
        self.key_sets.last()
    }

    fn is_allowed(&self) -> bool {
        !self.key_sets.is_empty()
            && self.code.len() == 6
            && self.code.bytes().all(|b| b.is_ascii_digit())
            && (1..=MAX_NAME).contains(&self.name.len())
            && !self.name.chars().any(char::is_control)
    }
}

/// What a root decides about its keys.
#[derive(Clone, Debug)]
pub struct KeySetPlan {
    /// Rises by one with each set, from 1.
    pub version: u64,
    /// The keys that sign bindings and entries.
    pub entry_keys: Vec<EntryKey>,
    /// The key to which enrolment bundles are sealed.
    pub enrolment: SealPublic,
    /// The key with which the issuer appends to inboxes.
    pub append: AppendKey,
    /// From when the set is used, in milliseconds; informs people.
    pub valid_from: u64,
}

/// A key set as it travels; its keys are out of reach until it is verified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedKeySet {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
}

impl std::fmt::Debug for SignedKeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedKeySet({} bytes)", self.bytes.len())
    }
}

impl SignedKeySet {
    /// Lets the root sign a key set.
    pub fn sign(root: &SigningKey, plan: &KeySetPlan) -> Self {
        let mut entry_keys = plan.entry_keys.clone();
        entry_keys.sort_unstable();
        entry_keys.dedup();
        let bytes = canonical::encode(&SetFields {
            format: 1,
            issuer: IssuerRoot::from_bytes(root.public()).issuer(),
            version: plan.version,
            entry_keys,
            enrolment: plan.enrolment.clone(),
            append: plan.append,
            log: None,
            witnesses: None,
            valid_from: plan.valid_from,
        });
        let signature = root.sign(Label::KeySet, &bytes);
        Self { bytes, signature }
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IssuedError> {
        canonical::decode_within(bytes, MAX_SIGNED_SET).map_err(|_| IssuedError::Malformed)
    }

    /// Returns the canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Returns the key set if `root` signed it.
    pub fn verify(&self, root: IssuerRoot) -> Result<KeySet, IssuedError> {
        verify_strict(Label::KeySet, &self.bytes, root.as_bytes(), &self.signature)
            .map_err(|_| IssuedError::Signature)?;
        let fields: SetFields =
            canonical::decode_within(&self.bytes, MAX_SET).map_err(|_| IssuedError::Malformed)?;
        if fields.issuer != root.issuer() {
            return Err(IssuedError::Key);
        }
        let keys = &fields.entry_keys;
        let is_set = keys.iter().zip(keys.iter().skip(1)).all(|(a, b)| a < b);
        if fields.format == 1 && is_set && (1..=MAX_KEYS).contains(&keys.len()) {
            Ok(KeySet {
                fields,
                signed: self.clone(),
            })
        } else {
            Err(IssuedError::Malformed)
        }
    }
}

/// A key set that the root has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    fields: SetFields,
    signed: SignedKeySet,
}

impl KeySet {
    /// Returns the issuer.
    pub fn issuer(&self) -> IssuerId {
        self.fields.issuer
    }

    /// Returns the version.
    pub fn version(&self) -> u64 {
        self.fields.version
    }

    /// Tells whether `key` may sign bindings and entries.
    pub fn holds(&self, key: EntryKey) -> bool {
        self.fields.entry_keys.binary_search(&key).is_ok()
    }

    /// Returns the key to which enrolment bundles are sealed.
    pub fn enrolment(&self) -> &SealPublic {
        &self.fields.enrolment
    }

    /// Returns the key that an inbox must admit for this issuer.
    pub fn append(&self) -> AppendKey {
        self.fields.append
    }

    /// Returns from when it is used, in milliseconds.
    pub fn valid_from(&self) -> u64 {
        self.fields.valid_from
    }

    /// Returns the set as it travels.
    pub fn signed(&self) -> &SignedKeySet {
        &self.signed
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct SetFields {
    #[n(0)]
    format: u8,
    #[n(1)]
    issuer: IssuerId,
    #[n(2)]
    version: u64,
    #[n(3)]
    entry_keys: Vec<EntryKey>,
    #[n(4)]
    enrolment: SealPublic,
    #[n(5)]
    append: AppendKey,
    #[n(6)]
    log: Option<EntryKey>,
    /// Reserved: its format comes with the log.
    #[cbor(n(7), with = "minicbor::bytes")]
    witnesses: Option<Vec<u8>>,
    #[n(8)]
    valid_from: u64,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct FileFields {
    #[n(0)]
    version: u8,
    #[n(1)]
    root: IssuerRoot,
    #[n(2)]
    code: String,
    #[n(3)]
    name: String,
    #[n(4)]
    key_sets: Vec<SignedKeySet>,
}

const FILE_LINE: &str = "techo-issuer-v1";
const MAX_FILE: usize = 262_144;
const MAX_SET: usize = 8_192;
const MAX_SIGNED_SET: usize = 8_448;
const MAX_KEYS: usize = 64;
const MAX_KEY_SETS: usize = 64;
const MAX_NAME: usize = 256;
