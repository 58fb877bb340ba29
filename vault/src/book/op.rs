//! The control ops (docs/format.md §6): what they say, never whether they stand.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::label::hash;
use techo_wire::{EnvelopeHash, Head, InboxId, Label, RelayAddress, canonical};

use crate::book::{Device, EnrolmentHandle, IssuerId, MemberId, Role};
use crate::crypto::{BookId, DeviceKey, EpochCommitment, EpochKey, OpenError, SealKey, SigningKey};

/// What a book is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum BookKind {
    /// The family itself: its members, relays and devices.
    #[n(0)]
    Household,
    /// One member.
    #[n(1)]
    Handbook,
}

/// The first op of a book. Its hash names the book.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Genesis {
    #[n(0)]
    kind: BookKind,
    #[cbor(n(1), with = "minicbor::bytes")]
    nonce: [u8; 32],
    #[n(2)]
    founder: Device,
    #[n(3)]
    epoch: EpochCommitment,
}

impl Genesis {
    /// Founds a book; `epoch` commits to its first key.
    pub fn new(
        kind: BookKind,
        founder: Device,
        epoch: EpochCommitment,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        Self {
            kind,
            nonce,
            founder,
            epoch,
        }
    }

    /// The name of the book that this op founds.
    pub fn book_id(&self) -> BookId {
        let op = canonical::encode(&ControlOp::Genesis(self.clone()));
        BookId::from_bytes(hash(Label::Book, &[&op]))
    }

    /// What the book is about.
    pub fn kind(&self) -> BookKind {
        self.kind
    }

    /// The first guardian.
    pub fn founder(&self) -> &Device {
        &self.founder
    }

    /// The commitment to the first key.
    pub fn epoch(&self) -> EpochCommitment {
        self.epoch
    }
}

/// The start of an epoch: what commits to its key, and the keys that it joins, sealed with it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewEpoch {
    #[n(0)]
    commitment: EpochCommitment,
    #[cbor(n(1), with = "minicbor::bytes")]
    joins: Vec<u8>,
}

impl NewEpoch {
    /// Announces `key`, which joins the epochs of `joined`.
    pub fn new(
        rng: &mut impl CryptoRng,
        book: &BookId,
        key: &EpochKey,
        joined: &[EpochKey],
    ) -> Self {
        Self {
            commitment: key.commitment(),
            joins: key.wrap_joins(rng, book, joined),
        }
    }

    /// The commitment to the key.
    pub fn commitment(&self) -> EpochCommitment {
        self.commitment
    }

    /// Opens the keys that it joins.
    pub fn open(&self, book: &BookId, key: &EpochKey) -> Result<Vec<EpochKey>, OpenError> {
        key.open_joins(book, &self.joins)
    }
}

/// What a book keeps of an enrolment: the keys with which each of its devices reads what the
/// issuer sends.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Enrolment {
    /// The issuer.
    #[n(0)]
    pub issuer: IssuerId,
    /// The handle under which the issuer knows it.
    #[n(1)]
    pub handle: EnrolmentHandle,
    /// Opens the items of this issuer.
    #[cbor(n(2), with = "crate::crypto::seed")]
    pub feed: SealKey,
    /// Owns the inbox used for nothing else.
    #[cbor(n(3), with = "crate::crypto::seed")]
    pub inbox: SigningKey,
    /// Where that inbox is.
    #[n(4)]
    pub relay: RelayAddress,
    /// The public half of the key made for this issuer alone.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub issuer_only: [u8; 32],
    /// The device that holds its private half.
    #[n(6)]
    pub holder: DeviceKey,
}

impl Enrolment {
    /// The inbox into which the issuer puts.
    pub fn inbox_id(&self) -> InboxId {
        self.inbox.inbox()
    }
}

/// One decision about who may read and write a book.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ControlOp {
    /// The first op.
    #[n(0)]
    Genesis(#[n(0)] Genesis),
    /// A device may now take part.
    #[n(1)]
    DeviceAdded {
        /// The device.
        #[n(0)]
        device: Device,
        /// What it may do.
        #[n(1)]
        role: Role,
    },
    /// A device may no longer take part.
    #[n(2)]
    DeviceRemoved {
        /// The device.
        #[n(0)]
        device: DeviceKey,
        /// The last heads of its feeds that are accepted, by feed.
        #[cbor(n(1), decode_with = "by_feed")]
        heads: Vec<Head>,
        /// The epoch that begins without it.
        #[n(2)]
        epoch: NewEpoch,
    },
    /// A device may now do something else.
    #[n(3)]
    RoleSet {
        /// The device.
        #[n(0)]
        device: DeviceKey,
        /// What it may do.
        #[n(1)]
        role: Role,
    },
    /// A new key is used from here on.
    #[n(4)]
    EpochStarted(#[n(0)] NewEpoch),
    /// The word of an issuer counts in this book.
    #[n(5)]
    IssuerTrusted {
        /// The issuer file, as it was pinned.
        #[cbor(n(0), with = "minicbor::bytes")]
        file: Vec<u8>,
    },
    /// An enrolment was begun.
    #[n(6)]
    EnrolmentOpened(#[n(0)] Box<Enrolment>),
    /// An issuer's binding was checked and accepted.
    #[n(7)]
    BindingAccepted {
        /// The signed binding.
        #[cbor(n(0), with = "minicbor::bytes")]
        binding: Vec<u8>,
        /// The signed key set under which it was checked.
        #[cbor(n(1), with = "minicbor::bytes")]
        key_set: Vec<u8>,
    },
    /// A relay keeps this book.
    #[n(8)]
    RelayAdded(#[n(0)] RelayAddress),
    /// A member of the family has a handbook.
    #[n(9)]
    MemberAdded {
        /// The member.
        #[n(0)]
        member: MemberId,
        /// The member's handbook.
        #[n(1)]
        handbook: BookId,
    },
    /// A device of the household asks to be let into a handbook.
    #[n(10)]
    DeviceOffered {
        /// The handbook.
        #[n(0)]
        handbook: BookId,
        /// Its description there.
        #[n(1)]
        device: Device,
    },
}

/// A control op with the control heads that it builds on: it is judged in that past alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Control {
    #[n(0)]
    parents: BTreeSet<EnvelopeHash>,
    #[n(1)]
    op: ControlOp,
}

impl Control {
    /// Puts an op upon what its author knows.
    pub fn new(parents: BTreeSet<EnvelopeHash>, mut op: ControlOp) -> Self {
        if let ControlOp::DeviceRemoved { heads, .. } = &mut op {
            heads.sort_unstable();
            heads.dedup_by_key(|head| head.feed);
        }
        Self { parents, op }
    }

    /// The control heads that it builds on.
    pub fn parents(&self) -> &BTreeSet<EnvelopeHash> {
        &self.parents
    }

    /// What it decides.
    pub fn op(&self) -> &ControlOp {
        &self.op
    }

    /// Whether this founds `book` with `device` as first guardian.
    pub fn is_genesis_by(&self, book: &BookId, device: &DeviceKey) -> bool {
        match &self.op {
            ControlOp::Genesis(genesis) => {
                self.parents.is_empty()
                    && genesis.founder.key() == *device
                    && genesis.book_id() == *book
            }
            _ => false,
        }
    }
}

/// Decodes heads and refuses them unless they are in the order of their feeds, one each.
pub(crate) fn by_feed<C>(
    d: &mut minicbor::Decoder<'_>,
    context: &mut C,
) -> Result<Vec<Head>, minicbor::decode::Error> {
    let heads: Vec<Head> = Decode::decode(d, context)?;
    if heads.is_sorted_by(|one, next| one.feed < next.feed) {
        Ok(heads)
    } else {
        Err(minicbor::decode::Error::message("heads out of order"))
    }
}

#[cfg(test)]
mod tests;
