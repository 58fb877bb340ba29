//! An issuer's signed word that a book belongs to a verified resident; it names no attribute.

use minicbor::{Decode, Encode};
use techo_wire::{InboxId, Label, RelayAddress, canonical, verify_strict};

use crate::book::{EnrolmentHandle, IssuerId};
use crate::crypto::SigningKey;
use crate::issued::{BindingId, EntryKey, IssuedError, IssuerFile, IssuerOnlyKey, Subject};

/// Where an issuer puts entries of one enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InboxDescriptor {
    #[n(0)]
    version: u8,
    #[n(1)]
    relay: RelayAddress,
    #[n(2)]
    inbox: InboxId,
}

impl InboxDescriptor {
    /// Names an inbox at a relay.
    pub fn new(relay: RelayAddress, inbox: InboxId) -> Self {
        Self {
            version: 1,
            relay,
            inbox,
        }
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IssuedError> {
        let descriptor: Self =
            canonical::decode_within(bytes, 512).map_err(|_| IssuedError::Malformed)?;
        if descriptor.version == 1 {
            Ok(descriptor)
        } else {
            Err(IssuedError::Malformed)
        }
    }

    /// Returns the canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Returns the relay.
    pub fn relay(&self) -> &RelayAddress {
        &self.relay
    }

    /// Returns the inbox.
    pub fn inbox(&self) -> InboxId {
        self.inbox
    }

    /// Returns the hash by which statements and bindings name it.
    pub fn hash(&self) -> [u8; 32] {
        techo_wire::label::hash(Label::InboxDescriptor, &[&self.to_bytes()])
    }
}

/// Returns the hash by which statements and bindings name a feed's X-Wing key.
pub fn feed_key_hash(xwing: &[u8]) -> [u8; 32] {
    techo_wire::label::hash(Label::FeedKey, &[xwing])
}

/// What a device asked for when it enrolled; a binding that says otherwise is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentTerms {
    /// The random handle of the enrolment.
    pub handle: EnrolmentHandle,
    /// The key made for this issuer alone.
    pub issuer_only_key: IssuerOnlyKey,
    /// [`feed_key_hash`] of the X-Wing key for issued entries.
    pub feed_key: [u8; 32],
    /// [`InboxDescriptor::hash`] of the inbox.
    pub inbox_descriptor: [u8; 32],
}

/// What an issuer says when it binds.
#[derive(Clone, Debug)]
pub struct BindingPlan {
    /// Random.
    pub id: BindingId,
    /// The issuer.
    pub issuer: IssuerId,
    /// The key set that holds the signing key.
    pub key_set_version: u64,
    /// What the device asked for.
    pub terms: EnrolmentTerms,
    /// Random, pairwise.
    pub subject: Subject,
    /// 0 the holder of the card, 1 a child of the holder.
    pub relation: u8,
    /// How identity was verified, for people.
    pub method: String,
    /// When, in milliseconds.
    pub verified_at: u64,
    /// When revocation was checked, or `None` if it was not.
    pub revocation_checked_at: Option<u64>,
    /// Whether the evidence identifies nobody.
    pub simulated: bool,
    /// Until when it serves, in milliseconds.
    pub not_after: u64,
    /// Rises with each rebind of the same subject, from 0.
    pub sequence: u64,
    /// The binding it follows.
    pub supersedes: Option<BindingId>,
}

/// A binding as it travels; nothing of it can be read before it is verified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SignedBinding {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
    #[n(2)]
    key: EntryKey,
}

impl std::fmt::Debug for SignedBinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedBinding({} bytes)", self.bytes.len())
    }
}

impl SignedBinding {
    /// Lets an entry key sign a binding.
    pub fn sign(key: &SigningKey, plan: &BindingPlan) -> Self {
        let bytes = canonical::encode(&Fields {
            format: 1,
            id: plan.id,
            issuer: plan.issuer,
            key_set_version: plan.key_set_version,
            handle: plan.terms.handle,
            issuer_only_key: plan.terms.issuer_only_key,
            feed_key: plan.terms.feed_key,
            inbox_descriptor: plan.terms.inbox_descriptor,
            subject: plan.subject,
            relation: plan.relation,
            method: plan.method.clone(),
            verified_at: plan.verified_at,
            revocation_checked_at: plan.revocation_checked_at,
            simulated: plan.simulated,
            not_after: plan.not_after,
            sequence: plan.sequence,
            supersedes: plan.supersedes,
        });
        let signature = key.sign(Label::Binding, &bytes);
        Self {
            bytes,
            signature,
            key: EntryKey::from_bytes(key.public()),
        }
    }

    /// Decodes canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IssuedError> {
        canonical::decode_within(bytes, MAX_BINDING).map_err(|_| IssuedError::Malformed)
    }

    /// Returns the canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Returns the binding if `issuer` signed it and it answers `terms`.
    pub fn verify(
        &self,
        issuer: &IssuerFile,
        terms: &EnrolmentTerms,
    ) -> Result<Binding, IssuedError> {
        let fields: Fields = canonical::decode_within(&self.bytes, MAX_BINDING)
            .map_err(|_| IssuedError::Malformed)?;
        if fields.format != 1 || fields.relation > 1 || fields.method.len() > 64 {
            return Err(IssuedError::Malformed);
        }
        let known = issuer
            .key_set(fields.key_set_version)
            .is_some_and(|set| set.holds(self.key));
        if !known {
            return Err(IssuedError::Key);
        }
        verify_strict(
            Label::Binding,
            &self.bytes,
            self.key.as_bytes(),
            &self.signature,
        )
        .map_err(|_| IssuedError::Signature)?;
        let agrees = fields.issuer == issuer.id()
            && fields.handle == terms.handle
            && fields.issuer_only_key == terms.issuer_only_key
            && fields.feed_key == terms.feed_key
            && fields.inbox_descriptor == terms.inbox_descriptor;
        if agrees {
            Ok(Binding { fields })
        } else {
            Err(IssuedError::Binding)
        }
    }
}

/// A binding that the issuer signed and this book asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    fields: Fields,
}

impl Binding {
    /// Returns its id.
    pub fn id(&self) -> BindingId {
        self.fields.id
    }

    /// Returns the issuer.
    pub fn issuer(&self) -> IssuerId {
        self.fields.issuer
    }

    /// Returns the enrolment it answers.
    pub fn handle(&self) -> EnrolmentHandle {
        self.fields.handle
    }

    /// Returns the person as this issuer calls them.
    pub fn subject(&self) -> Subject {
        self.fields.subject
    }

    /// Returns 0 for the holder of the card and 1 for a child of the holder.
    pub fn relation(&self) -> u8 {
        self.fields.relation
    }

    /// Returns how identity was verified. Say "verified by the city at", never "valid now".
    pub fn method(&self) -> &str {
        &self.fields.method
    }

    /// Returns when identity was verified, in milliseconds.
    pub fn verified_at(&self) -> u64 {
        self.fields.verified_at
    }

    /// Returns when revocation was checked, if it was.
    pub fn revocation_checked_at(&self) -> Option<u64> {
        self.fields.revocation_checked_at
    }

    /// Tells whether the evidence identifies nobody; show it with everything under this binding.
    pub fn is_simulated(&self) -> bool {
        self.fields.simulated
    }

    /// Returns until when it serves, in milliseconds.
    pub fn not_after(&self) -> u64 {
        self.fields.not_after
    }

    /// Returns its number among the bindings of the same subject.
    pub fn sequence(&self) -> u64 {
        self.fields.sequence
    }

    /// Returns the binding it follows.
    pub fn supersedes(&self) -> Option<BindingId> {
        self.fields.supersedes
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Fields {
    #[n(0)]
    format: u8,
    #[n(1)]
    id: BindingId,
    #[n(2)]
    issuer: IssuerId,
    #[n(3)]
    key_set_version: u64,
    #[n(4)]
    handle: EnrolmentHandle,
    #[n(5)]
    issuer_only_key: IssuerOnlyKey,
    #[cbor(n(6), with = "minicbor::bytes")]
    feed_key: [u8; 32],
    #[cbor(n(7), with = "minicbor::bytes")]
    inbox_descriptor: [u8; 32],
    #[n(8)]
    subject: Subject,
    #[n(9)]
    relation: u8,
    #[n(10)]
    method: String,
    #[n(11)]
    verified_at: u64,
    #[n(12)]
    revocation_checked_at: Option<u64>,
    #[n(13)]
    simulated: bool,
    #[n(14)]
    not_after: u64,
    #[n(15)]
    sequence: u64,
    #[n(16)]
    supersedes: Option<BindingId>,
}

const MAX_BINDING: usize = 1_024;
