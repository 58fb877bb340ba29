//! Ed25519 keys that sign, each message under one label.

use std::fmt;

use ed25519_dalek::Signer as _;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use techo_wire::label::signed_bytes;
use techo_wire::{AppendKey, FeedId, InboxId, Label, MailboxId};
use zeroize::Zeroizing;

use crate::crypto::DeviceKey;

/// The secret half of an Ed25519 key pair. The seed is wiped when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::from_seed(&seed)
    }

    /// The key with this seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The secret seed, to be written into a sealed file or op and nowhere else.
    pub fn expose_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The public half of a key that signs a feed.
    pub fn feed(&self) -> FeedId {
        FeedId::from(self.public())
    }

    /// The public half of a key that proves a mailbox.
    pub fn mailbox(&self) -> MailboxId {
        MailboxId::from(self.public())
    }

    /// The public half of a key that proves an inbox.
    pub fn inbox(&self) -> InboxId {
        InboxId::from(self.public())
    }

    /// The public half of a key that may append to an inbox.
    pub fn append(&self) -> AppendKey {
        AppendKey::from(self.public())
    }

    /// The public half of a key that is a device of a book.
    pub fn device(&self) -> DeviceKey {
        DeviceKey::from(self.public())
    }

    /// Signs `label ‖ 0 ‖ message`.
    pub fn sign(&self, label: Label, message: &[u8]) -> [u8; 64] {
        self.0.sign(&signed_bytes(label, message)).to_bytes()
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SigningKey {}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}
