//! One entry handed to somebody else: the signed bytes, chosen groups, and the keys to check them.
//!
//! Checking needs no network and nothing but the issuer file. A proof cannot say whether the entry
//! was corrected or withdrawn later: whoever checks has to be told so.

use minicbor::{Decode, Encode};
use techo_wire::canonical;

use crate::book::IssuerId;
use crate::issued::armour::{armour, unarmour};
use crate::issued::entry::SignedStatement;
use crate::issued::group::Salted;
use crate::issued::{
    BindingId, EntryKey, Group, GroupName, IssuedEntry, IssuedError, IssuedHash, IssuedKind,
    IssuerFile, SignedKeySet,
};

/// A proof file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    fields: Fields,
}

impl Proof {
    /// Makes a proof of `entry` that shows only the groups named.
    pub fn new(
        issuer: &IssuerFile,
        entry: &IssuedEntry,
        show: &[GroupName],
    ) -> Result<Self, IssuedError> {
        let key_set = issuer
            .key_set(entry.key_set_version())
            .ok_or(IssuedError::Key)?;
        let SignedStatement {
            bytes,
            signature,
            key,
        } = entry.signed().statement();
        let groups = GroupName::ALL.map(|name| {
            show.contains(&name)
                .then(|| entry.signed().salted(name).clone())
        });
        Ok(Self {
            fields: Fields {
                version: 1,
                entry: bytes,
                signature,
                key,
                groups,
                key_set: key_set.signed().clone(),
            },
        })
    }

    /// Reads a proof file.
    pub fn from_text(text: &str) -> Result<Self, IssuedError> {
        let bytes = unarmour(PROOF_LINE, text, MAX_PROOF)?;
        let fields: Fields =
            canonical::decode_within(&bytes, MAX_PROOF).map_err(|_| IssuedError::Malformed)?;
        if fields.version == 1 {
            Ok(Self { fields })
        } else {
            Err(IssuedError::Malformed)
        }
    }

    /// Writes the proof file.
    pub fn to_text(&self) -> String {
        armour(PROOF_LINE, &canonical::encode(&self.fields))
    }

    /// Checks the proof with nothing but the issuer's file.
    pub fn check(&self, issuer: &IssuerFile) -> Result<Proven, IssuedError> {
        let mut issuer = issuer.clone();
        issuer.adopt(&self.fields.key_set)?;
        let statement = SignedStatement {
            bytes: self.fields.entry.clone(),
            signature: self.fields.signature,
            key: self.fields.key,
        }
        .verify(&issuer)?;
        let mut shown = Vec::new();
        let mut hidden = Vec::new();
        for (name, salted) in GroupName::ALL.into_iter().zip(&self.fields.groups) {
            match salted {
                Some(salted) => shown.push((name, statement.open(name, salted)?)),
                None => hidden.push(name),
            }
        }
        Ok(Proven {
            issuer: issuer.id(),
            issuer_name: issuer.name().to_owned(),
            issuer_code: issuer.code().to_owned(),
            binding: statement.binding(),
            index: statement.index(),
            entry: statement.hash(),
            kind: statement.kind(),
            supersedes: statement.supersedes(),
            issued_at: statement.issued_at(),
            shown,
            hidden,
        })
    }
}

/// What a proof proves: the issuer signed these groups, and nothing about what came later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The issuer.
    pub issuer: IssuerId,
    /// Its name, as the issuer file says.
    pub issuer_name: String,
    /// Its code, as the issuer file says.
    pub issuer_code: String,
    /// The binding: the same person for this issuer, nobody by name.
    pub binding: BindingId,
    /// The place of the entry.
    pub index: u64,
    /// The name of the entry.
    pub entry: IssuedHash,
    /// What the entry does.
    pub kind: IssuedKind,
    /// What it replaces.
    pub supersedes: Option<u64>,
    /// When the issuer says it issued it, in milliseconds.
    pub issued_at: u64,
    /// What was shown, each group known to be the one signed.
    pub shown: Vec<(GroupName, Group)>,
    /// What was held back.
    pub hidden: Vec<GroupName>,
}

impl Proven {
    /// Always false: one entry cannot say whether it was corrected or withdrawn later.
    pub fn knows_later_corrections(&self) -> bool {
        false
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Fields {
    #[n(0)]
    version: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    entry: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    signature: [u8; 64],
    #[n(3)]
    key: EntryKey,
    #[n(4)]
    groups: [Option<Salted>; 3],
    #[n(5)]
    key_set: SignedKeySet,
}

const PROOF_LINE: &str = "techo-proof-v1";
const MAX_PROOF: usize = 65_536;
