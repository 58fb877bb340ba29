//! What the journal remembers; a record is written once and never changed.

use minicbor::{Decode, Encode};
use techo_jpki::Revocation;
use techo_vault::crypto::SealPublic;
use techo_vault::issued::{
    BindingId, InboxDescriptor, IssuedKind, IssuerOnlyKey, SignedBinding, SignedIssuedEntry,
    Subject,
};
use techo_wire::RelayKey;

/// One thing that happened.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(flat)]
pub(crate) enum JournalRecord {
    /// A nonce was given out.
    #[n(0)]
    NonceGiven {
        #[cbor(n(0), with = "minicbor::bytes")]
        nonce: [u8; 32],
        #[n(1)]
        expires: u64,
    },
    /// A nonce is spent, whatever came of it.
    #[n(1)]
    NonceUsed {
        #[cbor(n(0), with = "minicbor::bytes")]
        nonce: [u8; 32],
    },
    /// A resident was verified and bound.
    #[n(2)]
    Bound(#[n(0)] Box<Bound>),
    /// An entry was signed.
    #[n(3)]
    Issued(#[n(0)] Box<Issued>),
    /// A relay has acknowledged an item.
    #[n(4)]
    Delivered {
        #[n(0)]
        binding: BindingId,
        /// The index of the entry, or `None` for the binding itself.
        #[n(1)]
        index: Option<u64>,
        #[n(2)]
        relay: RelayKey,
        #[n(3)]
        at: u64,
    },
    /// An enrolment waits until revocation can be checked, or until a person has decided.
    #[n(5)]
    Waiting {
        #[cbor(n(0), with = "minicbor::bytes")]
        request: [u8; 32],
        #[n(1)]
        since: u64,
        /// Why a person has to look, or `None` if it waits for a revocation list.
        #[n(2)]
        review: Option<u8>,
    },
    /// It waits no longer, and was not bound.
    #[n(6)]
    Closed {
        #[cbor(n(0), with = "minicbor::bytes")]
        request: [u8; 32],
    },
    /// The certificate of a binding was found to be revoked.
    #[n(7)]
    Revoked {
        #[n(0)]
        binding: BindingId,
        #[n(1)]
        at: u64,
        /// The code of the reason (RFC 5280).
        #[n(2)]
        reason: Option<u8>,
    },
    /// Asking about every binding again has come this far.
    #[n(8)]
    Rechecked {
        #[n(0)]
        began: u64,
        /// The last binding asked about, or `None` at the end.
        #[n(1)]
        through: Option<BindingId>,
        #[n(2)]
        good: u64,
        #[n(3)]
        open: u64,
    },
}

/// A binding and where its entries go.
#[derive(Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Bound {
    /// The enrolment request it answers.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) request: [u8; 32],
    #[n(1)]
    pub(crate) id: BindingId,
    #[n(2)]
    pub(crate) binding: SignedBinding,
    #[n(3)]
    pub(crate) resident: String,
    #[n(4)]
    pub(crate) name: String,
    #[n(5)]
    pub(crate) birth_date: String,
    #[n(6)]
    pub(crate) feed: SealPublic,
    #[n(7)]
    pub(crate) inbox: InboxDescriptor,
    #[n(8)]
    pub(crate) simulated: bool,
    /// How to ask about revocation again; bindings of earlier versions have none.
    #[n(9)]
    pub(crate) certificate: Option<CertificateMark>,
    /// When the certificate was found not to be revoked, or `None` if nobody was asked.
    #[n(10)]
    pub(crate) checked_at: Option<u64>,
    /// What it rests on; bindings of earlier versions have none.
    #[n(11)]
    pub(crate) grounds: Option<Grounds>,
}

/// What a binding rests on, kept to judge whoever wants to follow it.
#[derive(Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Grounds {
    /// The number of the resident whose card signed.
    #[n(0)]
    pub(crate) enroller: String,
    /// 0 the holder of the card, 1 a child of the holder.
    #[n(1)]
    pub(crate) relation: u8,
    /// Who may ask for other keys without the card.
    #[n(2)]
    pub(crate) issuer_only_key: IssuerOnlyKey,
    #[n(3)]
    pub(crate) subject: Subject,
    #[n(4)]
    pub(crate) verified_at: u64,
    #[n(5)]
    pub(crate) not_after: u64,
    #[n(6)]
    pub(crate) sequence: u64,
    /// The binding whose entries it continues.
    #[n(7)]
    pub(crate) follows: Option<BindingId>,
}

impl Bound {
    /// What was known about revocation when it was bound.
    pub(crate) fn revocation(&self) -> Revocation {
        match self.checked_at {
            Some(_) => Revocation::NotRevoked,
            None => Revocation::NotChecked,
        }
    }
}

/// A certificate, to the city alone: never the certificate itself.
#[derive(Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct CertificateMark {
    /// A keyed hash of issuing key and serial number: the same certificate, the same tag.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) tag: [u8; 32],
    /// Issuing key, serial number and distribution point, sealed.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) sealed: Vec<u8>,
}

/// Names a file after a hash.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bound({})", self.id)
    }
}

/// A signed entry and the fact it is about.
#[derive(Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Issued {
    #[n(0)]
    pub(crate) binding: BindingId,
    #[n(1)]
    pub(crate) index: u64,
    #[n(2)]
    pub(crate) kind: IssuedKind,
    /// Hash of what names the fact among those of the resident.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) identity: [u8; 32],
    /// Hash of what is said about it.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) content: [u8; 32],
    #[n(5)]
    pub(crate) entry: SignedIssuedEntry,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Issued({}, {})", self.binding, self.index)
    }
}
