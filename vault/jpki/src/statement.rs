//! What the card and the device sign together; it names no vault, book or device.

use minicbor::{Decode, Encode};

use crate::Refusal;
use crate::attributes::Child;
use crate::canonical::{decode, encode, hash, signed_bytes};
use crate::consent::{PURPOSE, consent_hash};

/// For whom records are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Relation {
    /// The holder of the card.
    #[n(0)]
    Holder,
    /// A child of the holder, hidden behind [`Child::commitment`].
    #[n(1)]
    Child(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]),
}

impl Relation {
    /// Returns the number by which a binding names the relation.
    pub fn number(&self) -> u8 {
        match self {
            Self::Holder => 0,
            Self::Child(_) => 1,
        }
    }
}

/// The statement of `docs/format.md` §10.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentStatement {
    fields: Fields,
}

/// Everything a device decides before it asks the card to sign.
#[derive(Clone, Debug)]
pub struct StatementPlan<'a> {
    /// The city's six-digit code.
    pub city_code: &'a str,
    /// The issuer id from the pinned issuer file.
    pub issuer: [u8; 32],
    /// Random, of this enrolment alone.
    pub handle: [u8; 32],
    /// The public half of the key made for this issuer alone.
    pub issuer_only_key: [u8; 32],
    /// The X-Wing key to which issued entries will be sealed.
    pub feed_key: &'a [u8],
    /// Canonical bytes that say where issued entries are to be put.
    pub inbox_descriptor: &'a [u8],
    /// The child, if the holder enrols one.
    pub child: Option<&'a Child>,
    /// The city's nonce.
    pub nonce: [u8; 32],
    /// The consent text exactly as it was shown.
    pub consent: &'a str,
    /// Now, in milliseconds.
    pub now: u64,
}

impl EnrolmentStatement {
    /// Makes the statement; it expires after ten minutes.
    pub fn new(plan: &StatementPlan<'_>) -> Self {
        let relation = plan
            .child
            .map_or(Relation::Holder, |c| Relation::Child(c.commitment()));
        Self {
            fields: Fields {
                version: 1,
                city_code: plan.city_code.to_owned(),
                issuer: plan.issuer,
                handle: plan.handle,
                issuer_only_key: plan.issuer_only_key,
                feed_key: feed_key_hash(plan.feed_key),
                inbox_descriptor: inbox_descriptor_hash(plan.inbox_descriptor),
                relation,
                purpose: PURPOSE.to_owned(),
                nonce: plan.nonce,
                issued: plan.now,
                expires: plan.now.saturating_add(LIFETIME_MS),
                consent: consent_hash(plan.consent),
                follows: None,
            },
        }
    }

    /// Asks that the new binding continues an earlier one of the same book, if there is one.
    #[must_use]
    pub fn following(mut self, binding: Option<[u8; 32]>) -> Self {
        self.fields.follows = binding.map(Followed);
        self
    }

    /// Decodes a statement; nothing in it is proven yet.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let body = bytes.strip_prefix(PREFIX).ok_or(Refusal::Malformed)?;
        let fields: Fields = decode(body, MAX_STATEMENT)?;
        let lifetime = fields
            .expires
            .checked_sub(fields.issued)
            .ok_or(Refusal::Malformed)?;
        if fields.version != 1
            || lifetime > LIFETIME_MS
            || fields.city_code.len() != 6
            || fields.purpose.len() > 64
        {
            return Err(Refusal::Malformed);
        }
        Ok(Self { fields })
    }

    /// Returns the bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = PREFIX.to_vec();
        bytes.extend_from_slice(&encode(&self.fields));
        bytes
    }

    /// Returns exactly what the issuer-only key signs: the label of that signature and the bytes.
    pub fn proof_bytes(&self) -> Vec<u8> {
        signed_bytes(DEVICE_PROOF, &self.to_bytes())
    }

    /// Returns the code of the city it is made for.
    pub fn city_code(&self) -> &str {
        &self.fields.city_code
    }

    /// Returns the issuer it is made for.
    pub fn issuer(&self) -> &[u8; 32] {
        &self.fields.issuer
    }

    /// Returns the handle of this enrolment.
    pub fn handle(&self) -> &[u8; 32] {
        &self.fields.handle
    }

    /// Returns the key made for this issuer alone.
    pub fn issuer_only_key(&self) -> &[u8; 32] {
        &self.fields.issuer_only_key
    }

    /// Returns the hash of the X-Wing key for issued entries.
    pub fn feed_key(&self) -> &[u8; 32] {
        &self.fields.feed_key
    }

    /// Returns the hash of the inbox descriptor.
    pub fn inbox_descriptor(&self) -> &[u8; 32] {
        &self.fields.inbox_descriptor
    }

    /// Returns for whom records are asked.
    pub fn relation(&self) -> &Relation {
        &self.fields.relation
    }

    /// Returns the purpose.
    pub fn purpose(&self) -> &str {
        &self.fields.purpose
    }

    /// Returns the city's nonce.
    pub fn nonce(&self) -> &[u8; 32] {
        &self.fields.nonce
    }

    /// Returns when it was made, in milliseconds.
    pub fn issued(&self) -> u64 {
        self.fields.issued
    }

    /// Returns until when it serves, in milliseconds.
    pub fn expires(&self) -> u64 {
        self.fields.expires
    }

    /// Returns the hash of the consent text shown.
    pub fn consent(&self) -> &[u8; 32] {
        &self.fields.consent
    }

    /// Returns the binding that the new one is to continue.
    pub fn follows(&self) -> Option<&[u8; 32]> {
        self.fields.follows.as_ref().map(|followed| &followed.0)
    }
}

/// Returns the hash by which a statement and a binding name the feed's X-Wing key.
pub fn feed_key_hash(xwing: &[u8]) -> [u8; 32] {
    hash("techo/feed-key/v1", &[xwing])
}

/// Returns the hash by which a statement and a binding name an inbox descriptor.
pub fn inbox_descriptor_hash(descriptor: &[u8]) -> [u8; 32] {
    hash("techo/inbox-descriptor/v1", &[descriptor])
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Fields {
    #[n(0)]
    version: u8,
    #[n(1)]
    city_code: String,
    #[cbor(n(2), with = "minicbor::bytes")]
    issuer: [u8; 32],
    #[cbor(n(3), with = "minicbor::bytes")]
    handle: [u8; 32],
    #[cbor(n(4), with = "minicbor::bytes")]
    issuer_only_key: [u8; 32],
    #[cbor(n(5), with = "minicbor::bytes")]
    feed_key: [u8; 32],
    #[cbor(n(6), with = "minicbor::bytes")]
    inbox_descriptor: [u8; 32],
    #[n(7)]
    relation: Relation,
    #[n(8)]
    purpose: String,
    #[cbor(n(9), with = "minicbor::bytes")]
    nonce: [u8; 32],
    #[n(10)]
    issued: u64,
    #[n(11)]
    expires: u64,
    #[cbor(n(12), with = "minicbor::bytes")]
    consent: [u8; 32],
    #[n(13)]
    follows: Option<Followed>,
}

/// The id of a binding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
struct Followed(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

/// A statement serves for ten minutes.
pub(crate) const LIFETIME_MS: u64 = 600_000;
/// Under what the issuer-only key signs.
const DEVICE_PROOF: &str = "techo/device-proof/v1";
const PREFIX: &[u8] = b"TECHO-JPKI-ENROL\0v1\0";
const MAX_STATEMENT: usize = 1_024;
