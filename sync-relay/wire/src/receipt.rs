//! A relay's signed word for what it keeps; it verifies receipts and judges no relay.

use crate::canonical::{self, CanonicalError};
use crate::head::Head;
use crate::id::{InboxId, ItemHash, MailboxId, RelayKey, StoreId};
use crate::label::Label;
use crate::signature::verify_strict;
use minicbor::{Decode, Encode};

/// Why a receipt proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The receipt's bytes are not canonical.
    #[error("malformed receipt")]
    Malformed(#[from] CanonicalError),
    /// A version that is not known here.
    #[error("receipt version {got} is not known")]
    Version {
        /// The version found.
        got: u64,
    },
    /// It names another relay than the one whose key verifies it.
    #[error("the receipt names another relay")]
    Relay,
    /// The relay did not sign these bytes.
    #[error("the receipt's signature does not verify")]
    Signature,
}

const VERSION: u64 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct AppendBody {
    #[n(0)]
    version: u64,
    #[n(1)]
    relay: RelayKey,
    #[n(2)]
    store: StoreId,
    #[n(3)]
    mailbox: MailboxId,
    #[n(4)]
    heads: Vec<Head>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct PutBody {
    #[n(0)]
    version: u64,
    #[n(1)]
    relay: RelayKey,
    #[n(2)]
    store: StoreId,
    #[n(3)]
    inbox: InboxId,
    #[n(4)]
    item: ItemHash,
    #[n(5)]
    position: u64,
}

/// A receipt as it travels: bytes and a signature that was not looked at.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedReceipt {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
}

impl SignedReceipt {
    /// Joins the bytes of a receipt and the relay's signature over them.
    pub const fn new(bytes: Vec<u8>, signature: [u8; 64]) -> Self {
        Self { bytes, signature }
    }

    /// Returns the append receipt once `relay` is known to have signed it.
    pub fn verify_append(&self, relay: &RelayKey) -> Result<AppendReceipt, ReceiptError> {
        self.verify(Label::AppendReceipt, relay)?;
        let body: AppendBody = canonical::decode(&self.bytes)?;
        check(body.version, body.relay, relay)?;
        Ok(AppendReceipt {
            body,
            signed: self.clone(),
        })
    }

    /// Returns the put receipt once `relay` is known to have signed it.
    pub fn verify_put(&self, relay: &RelayKey) -> Result<PutReceipt, ReceiptError> {
        self.verify(Label::PutReceipt, relay)?;
        let body: PutBody = canonical::decode(&self.bytes)?;
        check(body.version, body.relay, relay)?;
        Ok(PutReceipt {
            body,
            signed: self.clone(),
        })
    }

    fn verify(&self, label: Label, relay: &RelayKey) -> Result<(), ReceiptError> {
        verify_strict(label, &self.bytes, relay.as_bytes(), &self.signature)
            .map_err(|_| ReceiptError::Signature)
    }
}

impl core::fmt::Debug for SignedReceipt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SignedReceipt({} bytes)", self.bytes.len())
    }
}

fn check(version: u64, named: RelayKey, relay: &RelayKey) -> Result<(), ReceiptError> {
    if version != VERSION {
        return Err(ReceiptError::Version { got: version });
    }
    if named != *relay {
        return Err(ReceiptError::Relay);
    }
    Ok(())
}

/// A relay's word that it keeps a mailbox up to these heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendReceipt {
    body: AppendBody,
    signed: SignedReceipt,
}

impl AppendReceipt {
    /// The bytes that a relay signs under [`Label::AppendReceipt`].
    pub fn to_be_signed(
        relay: RelayKey,
        store: StoreId,
        mailbox: MailboxId,
        heads: Vec<Head>,
    ) -> Vec<u8> {
        canonical::encode(&AppendBody {
            version: VERSION,
            relay,
            store,
            mailbox,
            heads,
        })
    }

    /// The relay that signed.
    pub const fn relay(&self) -> RelayKey {
        self.body.relay
    }

    /// The making of its store.
    pub const fn store(&self) -> StoreId {
        self.body.store
    }

    /// The mailbox.
    pub const fn mailbox(&self) -> MailboxId {
        self.body.mailbox
    }

    /// The heads that it keeps of the feeds in the request.
    pub fn heads(&self) -> &[Head] {
        &self.body.heads
    }

    /// The receipt as it travels and is kept.
    pub const fn signed(&self) -> &SignedReceipt {
        &self.signed
    }
}

/// A relay's word that it keeps an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutReceipt {
    body: PutBody,
    signed: SignedReceipt,
}

impl PutReceipt {
    /// The bytes that a relay signs under [`Label::PutReceipt`].
    pub fn to_be_signed(
        relay: RelayKey,
        store: StoreId,
        inbox: InboxId,
        item: ItemHash,
        position: u64,
    ) -> Vec<u8> {
        canonical::encode(&PutBody {
            version: VERSION,
            relay,
            store,
            inbox,
            item,
            position,
        })
    }

    /// The relay that signed.
    pub const fn relay(&self) -> RelayKey {
        self.body.relay
    }

    /// The making of its store.
    pub const fn store(&self) -> StoreId {
        self.body.store
    }

    /// The inbox.
    pub const fn inbox(&self) -> InboxId {
        self.body.inbox
    }

    /// The item.
    pub const fn item(&self) -> ItemHash {
        self.body.item
    }

    /// Where in the inbox it stands.
    pub const fn position(&self) -> u64 {
        self.body.position
    }

    /// The receipt as it travels and is kept.
    pub const fn signed(&self) -> &SignedReceipt {
        &self.signed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EnvelopeHash, FeedId};
    use crate::label::signed_bytes;
    use ed25519_dalek::{Signer, SigningKey};

    fn relay() -> (SigningKey, RelayKey) {
        let signer = SigningKey::from_bytes(&[8; 32]);
        let key = RelayKey::from_bytes(signer.verifying_key().to_bytes());
        (signer, key)
    }

    fn sign(label: Label, bytes: Vec<u8>) -> SignedReceipt {
        let signature = relay().0.sign(&signed_bytes(label, &bytes)).to_bytes();
        SignedReceipt::new(bytes, signature)
    }

    fn append_bytes(key: RelayKey) -> Vec<u8> {
        let head = Head {
            feed: FeedId::from_bytes([1; 32]),
            seq: 3,
            hash: EnvelopeHash::from_bytes([2; 32]),
        };
        let mailbox = MailboxId::from_bytes([5; 32]);
        AppendReceipt::to_be_signed(key, StoreId::from_bytes([4; 16]), mailbox, vec![head])
    }

    #[test]
    fn a_receipt_survives_travel_and_shows_what_was_signed() {
        let (_, key) = relay();
        let signed = sign(Label::AppendReceipt, append_bytes(key));
        let again: SignedReceipt = canonical::decode(&canonical::encode(&signed)).unwrap();
        let receipt = again.verify_append(&key).unwrap();
        assert_eq!(receipt.heads().first().unwrap().seq, 3);
        assert_eq!(receipt.mailbox(), MailboxId::from_bytes([5; 32]));
        assert_eq!(receipt.signed(), &signed);
    }

    #[test]
    fn a_receipt_of_one_kind_is_none_of_the_other() {
        let (_, key) = relay();
        let append = sign(Label::AppendReceipt, append_bytes(key));
        assert!(matches!(
            append.verify_put(&key),
            Err(ReceiptError::Signature)
        ));
        let item = ItemHash::from_bytes([7; 32]);
        let inbox = InboxId::from_bytes([6; 32]);
        let bytes = PutReceipt::to_be_signed(key, StoreId::from_bytes([4; 16]), inbox, item, 12);
        let put = sign(Label::PutReceipt, bytes);
        assert_eq!(put.verify_put(&key).unwrap().position(), 12);
        assert!(put.verify_append(&key).is_err());
    }

    #[test]
    fn other_relays_versions_and_bytes_are_refused() {
        let (_, key) = relay();
        let other = RelayKey::from_bytes([1; 32]);
        let named_other = sign(Label::AppendReceipt, append_bytes(other));
        assert!(matches!(
            named_other.verify_append(&key),
            Err(ReceiptError::Relay)
        ));
        assert!(matches!(
            named_other.verify_append(&other),
            Err(ReceiptError::Signature)
        ));
        let mut newer = append_bytes(key);
        newer[1] = 2;
        let newer = sign(Label::AppendReceipt, newer);
        assert!(matches!(
            newer.verify_append(&key),
            Err(ReceiptError::Version { got: 2 })
        ));
        let mut longer = append_bytes(key);
        longer.push(0);
        let longer = sign(Label::AppendReceipt, longer);
        assert!(matches!(
            longer.verify_append(&key),
            Err(ReceiptError::Malformed(_))
        ));
    }
}
