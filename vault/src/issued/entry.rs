//! One numbered statement of an issuer under a binding; it can be read only once verified.

use minicbor::{Decode, Encode};
use techo_wire::{Label, canonical, verify_strict};

use crate::book::IssuerId;
use crate::crypto::SigningKey;
use crate::issued::group::Salted;
use crate::issued::{
    Binding, BindingId, EntryKey, Group, GroupName, Groups, IssuedError, IssuedHash, IssuerFile,
};

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum IssuedKind {
    /// Says something for the first time.
    #[n(0)]
    Issue,
    /// Says it anew, in place of an earlier entry.
    #[n(1)]
    Correct,
    /// Takes an earlier entry back.
    #[n(2)]
    Withdraw,
    /// Says only that nothing is missing.
    #[n(3)]
    Heartbeat,
    /// Says that nothing more will come under this binding.
    #[n(4)]
    End,
}

impl IssuedKind {
    /// Tells whether an entry of this kind carries content.
    pub fn has_content(self) -> bool {
        matches!(self, Self::Issue | Self::Correct)
    }

    /// Returns the number that is signed.
    pub fn number(self) -> u8 {
        match self {
            Self::Issue => 0,
            Self::Correct => 1,
            Self::Withdraw => 2,
            Self::Heartbeat => 3,
            Self::End => 4,
        }
    }
}

/// Everything an issuer decides about an entry.
#[derive(Clone, Debug)]
pub struct EntryPlan {
    /// The issuer.
    pub issuer: IssuerId,
    /// The key set that holds the signing key.
    pub key_set_version: u64,
    /// Under which binding.
    pub binding: BindingId,
    /// From 0, without a gap.
    pub index: u64,
    /// The hash of the entry before, zeros at 0.
    pub previous: IssuedHash,
    /// What it does.
    pub kind: IssuedKind,
    /// For a correction or withdrawal, the index it replaces.
    pub supersedes: Option<u64>,
    /// When, in milliseconds.
    pub issued_at: u64,
    /// The content.
    pub groups: Groups,
    /// Random, one for each group, never used twice.
    pub salts: [[u8; 32]; 3],
}

/// An entry as it travels; nothing of it can be read before it is verified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedIssuedEntry {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
    #[n(2)]
    key: EntryKey,
    #[n(3)]
    groups: [Salted; 3],
}

impl std::fmt::Debug for SignedIssuedEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedIssuedEntry(redacted)")
    }
}

impl SignedIssuedEntry {
    /// Lets an entry key sign an entry.
    pub fn sign(key: &SigningKey, plan: &EntryPlan) -> Self {
        let groups = GroupName::ALL.map(|name| Salted {
            salt: plan.salts.get(name.place()).copied().unwrap_or_default(),
            bytes: plan.groups.group(name).to_bytes(),
        });
        let [who, what, place] = &groups;
        let hashes = [
            (who, GroupName::Who),
            (what, GroupName::What),
            (place, GroupName::Where),
        ]
        .map(|(group, name)| Hash32(group.hash(name)));
        let bytes = canonical::encode(&Fields {
            format: 1,
            issuer: plan.issuer,
            key_set_version: plan.key_set_version,
            binding: plan.binding,
            index: plan.index,
            previous: plan.previous,
            kind: plan.kind,
            supersedes: plan.supersedes,
            issued_at: plan.issued_at,
            groups: hashes,
        });
        let signature = key.sign(Label::Issued, &bytes);
        Self {
            bytes,
            signature,
            key: EntryKey::from_bytes(key.public()),
            groups,
        }
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IssuedError> {
        canonical::decode_within(bytes, MAX_SIGNED).map_err(|_| IssuedError::Malformed)
    }

    /// Returns the canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Returns the hash of the signed bytes: the entry's name.
    pub fn hash(&self) -> IssuedHash {
        hash(&self.bytes)
    }

    /// Returns what the signature covers, without the groups.
    pub(crate) fn statement(&self) -> SignedStatement {
        SignedStatement {
            bytes: self.bytes.clone(),
            signature: self.signature,
            key: self.key,
        }
    }

    pub(crate) fn salted(&self, name: GroupName) -> &Salted {
        let [who, what, place] = &self.groups;
        match name {
            GroupName::Who => who,
            GroupName::What => what,
            GroupName::Where => place,
        }
    }

    /// Returns the entry if `issuer` signed it under `binding` and its groups are those signed.
    ///
    /// Its place in the chain is judged by [`crate::issued::IssuedBook::accept`].
    pub fn verify(
        &self,
        issuer: &IssuerFile,
        binding: &Binding,
    ) -> Result<IssuedEntry, IssuedError> {
        let statement = self.statement().verify(issuer)?;
        if statement.binding() != binding.id() || binding.issuer() != issuer.id() {
            return Err(IssuedError::Binding);
        }
        let opened = |name| statement.open(name, self.salted(name));
        let groups = Groups {
            who: opened(GroupName::Who)?,
            what: opened(GroupName::What)?,
            place: opened(GroupName::Where)?,
        };
        Ok(IssuedEntry {
            statement,
            groups,
            signed: self.clone(),
        })
    }
}

/// The signed bytes of an entry, without its groups; unread until verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct SignedStatement {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) bytes: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) signature: [u8; 64],
    #[n(2)]
    pub(crate) key: EntryKey,
}

impl SignedStatement {
    /// Returns what was signed, if a key of the set it names has signed it.
    pub(crate) fn verify(&self, issuer: &IssuerFile) -> Result<Statement, IssuedError> {
        let fields: Fields =
            canonical::decode_within(&self.bytes, MAX_ENTRY).map_err(|_| IssuedError::Malformed)?;
        if fields.format != 1 {
            return Err(IssuedError::Malformed);
        }
        let known = issuer
            .key_set(fields.key_set_version)
            .is_some_and(|set| set.holds(self.key));
        if !known {
            return Err(IssuedError::Key);
        }
        verify_strict(
            Label::Issued,
            &self.bytes,
            self.key.as_bytes(),
            &self.signature,
        )
        .map_err(|_| IssuedError::Signature)?;
        if fields.issuer != issuer.id() {
            return Err(IssuedError::Binding);
        }
        let replaces = matches!(fields.kind, IssuedKind::Correct | IssuedKind::Withdraw);
        let sound = match fields.supersedes {
            Some(earlier) => replaces && earlier < fields.index,
            None => !replaces,
        };
        if !sound {
            return Err(IssuedError::Supersedes);
        }
        let first = fields.index == 0;
        if first != (fields.previous == IssuedHash::ZERO) {
            return Err(IssuedError::Chain);
        }
        Ok(Statement {
            hash: hash(&self.bytes),
            fields,
        })
    }
}

/// What an issuer has signed; the content stays behind its hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    hash: IssuedHash,
    fields: Fields,
}

impl Statement {
    pub(crate) fn hash(&self) -> IssuedHash {
        self.hash
    }

    pub(crate) fn binding(&self) -> BindingId {
        self.fields.binding
    }

    pub(crate) fn index(&self) -> u64 {
        self.fields.index
    }

    pub(crate) fn previous(&self) -> IssuedHash {
        self.fields.previous
    }

    pub(crate) fn kind(&self) -> IssuedKind {
        self.fields.kind
    }

    pub(crate) fn supersedes(&self) -> Option<u64> {
        self.fields.supersedes
    }

    pub(crate) fn issued_at(&self) -> u64 {
        self.fields.issued_at
    }

    pub(crate) fn key_set_version(&self) -> u64 {
        self.fields.key_set_version
    }

    /// Returns a group if it is the one signed.
    pub(crate) fn open(&self, name: GroupName, salted: &Salted) -> Result<Group, IssuedError> {
        if self.fields.groups.get(name.place()) != Some(&Hash32(salted.hash(name))) {
            return Err(IssuedError::Group);
        }
        let group = Group::from_bytes(&salted.bytes)?;
        if group.is_empty() || self.kind().has_content() {
            Ok(group)
        } else {
            Err(IssuedError::Group)
        }
    }
}

/// An entry of which signature, binding and groups are known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedEntry {
    statement: Statement,
    groups: Groups,
    signed: SignedIssuedEntry,
}

impl IssuedEntry {
    /// Returns its name.
    pub fn hash(&self) -> IssuedHash {
        self.statement.hash()
    }

    /// Returns its binding.
    pub fn binding(&self) -> BindingId {
        self.statement.binding()
    }

    /// Returns its place.
    pub fn index(&self) -> u64 {
        self.statement.index()
    }

    /// Returns the name of the entry before it.
    pub fn previous(&self) -> IssuedHash {
        self.statement.previous()
    }

    /// Returns what it does.
    pub fn kind(&self) -> IssuedKind {
        self.statement.kind()
    }

    /// Returns the index it replaces.
    pub fn supersedes(&self) -> Option<u64> {
        self.statement.supersedes()
    }

    /// Returns when the issuer says it issued it, in milliseconds.
    pub fn issued_at(&self) -> u64 {
        self.statement.issued_at()
    }

    /// Returns the content.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Returns the version of the key set it names.
    pub fn key_set_version(&self) -> u64 {
        self.statement.key_set_version()
    }

    /// Returns the entry as it travels.
    pub fn signed(&self) -> &SignedIssuedEntry {
        &self.signed
    }
}

/// Returns the name of an entry with these signed bytes.
fn hash(bytes: &[u8]) -> IssuedHash {
    IssuedHash::from_bytes(techo_wire::label::hash(Label::IssuedId, &[bytes]))
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Fields {
    #[n(0)]
    format: u8,
    #[n(1)]
    issuer: IssuerId,
    #[n(2)]
    key_set_version: u64,
    #[n(3)]
    binding: BindingId,
    #[n(4)]
    index: u64,
    #[n(5)]
    previous: IssuedHash,
    #[n(6)]
    kind: IssuedKind,
    #[n(7)]
    supersedes: Option<u64>,
    #[n(8)]
    issued_at: u64,
    #[n(9)]
    groups: [Hash32; 3],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
struct Hash32(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

const MAX_ENTRY: usize = 1_024;
const MAX_SIGNED: usize = 49_152;
