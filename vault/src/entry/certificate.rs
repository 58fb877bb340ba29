//! A device's word that a feed is its own; it tells who wrote, not whether they might.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use techo_wire::{EnvelopeHash, FeedId, Head, Label, canonical, verify_strict};

use crate::book::{BookId, DeviceKey};
use crate::crypto::SigningKey;

/// What entry 0 of a feed carries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Certificate {
    #[n(0)]
    book: BookId,
    #[n(1)]
    device: DeviceKey,
    #[n(2)]
    control_heads: BTreeSet<EnvelopeHash>,
    #[n(3)]
    last: Option<Head>,
    #[cbor(n(4), with = "minicbor::bytes")]
    signature: [u8; 64],
}

/// What the device signs.
#[derive(Encode)]
struct Signed<'a> {
    #[n(0)]
    feed: FeedId,
    #[n(1)]
    book: BookId,
    #[n(2)]
    control_heads: &'a BTreeSet<EnvelopeHash>,
    #[n(3)]
    last: Option<Head>,
}

impl Certificate {
    /// Certifies `feed` as written by the device that holds `device`.
    ///
    /// `last` is the head of the feed that the device wrote before in this book.
    pub fn sign(
        device: &SigningKey,
        feed: FeedId,
        book: BookId,
        control_heads: BTreeSet<EnvelopeHash>,
        last: Option<Head>,
    ) -> Self {
        let signed = canonical::encode(&Signed {
            feed,
            book,
            control_heads: &control_heads,
            last,
        });
        let signature = device.sign(Label::FeedCert, &signed);
        Self {
            book,
            device: device.device(),
            control_heads,
            last,
            signature,
        }
    }

    /// The device.
    pub fn device(&self) -> DeviceKey {
        self.device
    }

    /// The control ops in whose light the device must have been allowed to write.
    pub fn control_heads(&self) -> &BTreeSet<EnvelopeHash> {
        &self.control_heads
    }

    /// The head of the device's feed before this one.
    pub fn last(&self) -> Option<Head> {
        self.last
    }

    pub(in crate::entry) fn book(&self) -> BookId {
        self.book
    }

    pub(in crate::entry) fn is_signed_for(&self, feed: FeedId) -> bool {
        let signed = canonical::encode(&Signed {
            feed,
            book: self.book,
            control_heads: &self.control_heads,
            last: self.last,
        });
        let (device, signature) = (self.device.as_bytes(), &self.signature);
        verify_strict(Label::FeedCert, &signed, device, signature).is_ok()
    }
}
