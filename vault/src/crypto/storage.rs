//! Keys for what lies in a vault's folder: sealing, blinding, and the MAC of the header.

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::derive::{mac, short_mac};
use crate::crypto::{OpenError, aead};

/// Seals objects at rest: nonce ‖ XChaCha20-Poly1305.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct StorageKey([u8; 32]);

impl StorageKey {
    /// How many bytes sealing adds.
    pub const OVERHEAD: usize = aead::NONCE + 16;

    pub(in crate::crypto) fn new(key: &[u8; 32]) -> Self {
        Self(*key)
    }

    /// Seals `plain`, bound to `aad`, which names where it is kept.
    pub fn seal(&self, rng: &mut impl CryptoRng, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        aead::seal(rng, &self.0, aad, plain)
    }

    /// Opens what was sealed for the same place.
    pub fn open(&self, aad: &[u8], bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        aead::open(&self.0, aad, bytes)
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageKey(…)")
    }
}

/// Hides names: the same name always becomes the same 16 bytes, which say nothing about it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BlindKey([u8; 32]);

impl BlindKey {
    pub(in crate::crypto) fn new(key: &[u8; 32]) -> Self {
        Self(*key)
    }

    /// What stands for `name`.
    pub fn blind(&self, name: &[u8]) -> [u8; 16] {
        short_mac(&self.0, &[name])
    }
}

impl fmt::Debug for BlindKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindKey(…)")
    }
}

/// Authenticates the header of a vault.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct HeaderMac([u8; 32]);

impl HeaderMac {
    pub(in crate::crypto) fn new(key: &[u8; 32]) -> Self {
        Self(*key)
    }

    /// The 32 bytes that end the header.
    pub fn mac(&self, header: &[u8]) -> [u8; 32] {
        mac(&self.0, &[header])
    }

    /// Whether `tag` belongs to `header`; compared in constant time.
    pub fn verify(&self, header: &[u8], tag: &[u8; 32]) -> bool {
        self.mac(header).ct_eq(tag).into()
    }
}

impl fmt::Debug for HeaderMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderMac(…)")
    }
}
