//! Two statements an issuer signed for one place: proof against it, for anybody.

use minicbor::{Decode, Encode};
use techo_wire::canonical;

use crate::issued::armour::{armour, unarmour};
use crate::issued::entry::SignedStatement;
use crate::issued::{IssuedError, IssuerFile, SignedKeySet};

/// Portable proof that an issuer contradicted itself. It shows no content of either entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    fields: Fields,
}

impl ForkProof {
    pub(crate) fn new(
        first: SignedStatement,
        second: SignedStatement,
        issuer: &IssuerFile,
    ) -> Self {
        let key_sets = issuer
            .key_sets()
            .iter()
            .map(|set| set.signed().clone())
            .collect();
        Self {
            fields: Fields {
                version: 1,
                first,
                second,
                key_sets,
            },
        }
    }

    /// Reads a proof that somebody passed on.
    pub fn from_text(text: &str) -> Result<Self, IssuedError> {
        let bytes = unarmour(FORK_LINE, text, MAX_FORK)?;
        let fields: Fields =
            canonical::decode_within(&bytes, MAX_FORK).map_err(|_| IssuedError::Malformed)?;
        if fields.version == 1 {
            Ok(Self { fields })
        } else {
            Err(IssuedError::Malformed)
        }
    }

    /// Writes the proof to pass it on.
    pub fn to_text(&self) -> String {
        armour(FORK_LINE, &canonical::encode(&self.fields))
    }

    /// Returns the index at which `issuer` signed two different entries, if it did.
    pub fn check(&self, issuer: &IssuerFile) -> Result<u64, IssuedError> {
        let mut issuer = issuer.clone();
        for set in &self.fields.key_sets {
            issuer.adopt(set)?;
        }
        let first = self.fields.first.verify(&issuer)?;
        let second = self.fields.second.verify(&issuer)?;
        if first.binding() != second.binding() {
            return Err(IssuedError::Binding);
        }
        if first.index() != second.index() || first.hash() == second.hash() {
            return Err(IssuedError::Chain);
        }
        Ok(first.index())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Fields {
    #[n(0)]
    version: u8,
    #[n(1)]
    first: SignedStatement,
    #[n(2)]
    second: SignedStatement,
    #[n(3)]
    key_sets: Vec<SignedKeySet>,
}

const FORK_LINE: &str = "techo-fork-v1";
const MAX_FORK: usize = 262_144;
