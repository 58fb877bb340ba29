//! How a passphrase unwraps a vault's master key, and the keys derived from that.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use techo_wire::Label;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::derive::{derive, split};
use crate::crypto::{BlindKey, HeaderMac, StorageKey, VaultId, aead};

/// How many slots a header holds at most.
pub const MAX_SLOTS: usize = 8;

/// Why a slot does not give its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    /// The passphrase is another one, or the slot is damaged.
    #[error("the passphrase does not unlock this slot")]
    Wrong,
    /// Guessing would be cheaper than this format allows.
    #[error("the slot's cost is below the floor")]
    TooCheap,
    /// Unlocking would take more memory or time than this format allows.
    #[error("the slot's cost is above the ceiling")]
    TooCostly,
    /// This machine has not that much memory free.
    #[error("not enough memory to unlock the slot")]
    Memory,
}

/// What people type to unlock a vault; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    /// Takes the text as typed.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of characters, for advice on short ones.
    pub fn characters(&self) -> usize {
        self.0.chars().count()
    }
}

impl PartialEq for Passphrase {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Passphrase {}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// What one guess at a passphrase costs (Argon2id), between floor and ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// The cheapest that is allowed: 64 MiB, three passes.
    pub const FLOOR: Self = Self {
        memory_kib: 65_536,
        passes: 3,
        lanes: 4,
    };

    /// Checks the bounds of docs/format.md §13.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, SlotError> {
        if memory_kib < 65_536 || passes < 3 || lanes < 1 {
            return Err(SlotError::TooCheap);
        }
        if memory_kib > 4_194_304 || passes > 16 || lanes > 16 {
            return Err(SlotError::TooCostly);
        }
        Ok(Self {
            memory_kib,
            passes,
            lanes,
        })
    }

    /// Memory in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes filled at the same time.
    pub const fn lanes(self) -> u32 {
        self.lanes
    }
}

/// What unlocks a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SlotKind {
    /// A passphrase that somebody types.
    #[n(1)]
    Passphrase,
    /// A secret kept by the operating system.
    #[n(2)]
    Keystore,
    /// The words of the recovery kit.
    #[n(3)]
    RecoveryKit,
}

impl SlotKind {
    const fn number(self) -> u8 {
        match self {
            Self::Passphrase => 1,
            Self::Keystore => 2,
            Self::RecoveryKit => 3,
        }
    }
}

/// One way to the master key, as it stands in the header. It is checked only when unlocked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Slot {
    #[n(0)]
    kind: SlotKind,
    #[cbor(n(1), with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(2)]
    memory_kib: u32,
    #[n(3)]
    passes: u32,
    #[n(4)]
    lanes: u32,
    #[cbor(n(5), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[cbor(n(6), with = "minicbor::bytes")]
    wrapped: [u8; 48],
    #[cbor(n(7), with = "minicbor::bytes")]
    commitment: [u8; 32],
}

impl Slot {
    /// Wraps `master` under a passphrase.
    pub fn create(
        rng: &mut impl CryptoRng,
        vault: VaultId,
        kind: SlotKind,
        passphrase: &Passphrase,
        cost: Cost,
        master: &MasterKey,
    ) -> Result<Self, SlotError> {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let (kek, commitment) = stretch(vault, &salt, cost, passphrase)?;
        let sealed = aead::seal(rng, &kek, &aad(vault, kind), &master.0);
        let (nonce, wrapped) = sealed.split_first_chunk::<24>().ok_or(SlotError::Wrong)?;
        Ok(Self {
            kind,
            salt,
            memory_kib: cost.memory_kib,
            passes: cost.passes,
            lanes: cost.lanes,
            nonce: *nonce,
            wrapped: wrapped.try_into().map_err(|_| SlotError::Wrong)?,
            commitment,
        })
    }

    /// What this slot wants to be unlocked.
    pub fn kind(&self) -> SlotKind {
        self.kind
    }

    /// What one guess costs, refused outside the bounds.
    pub fn cost(&self) -> Result<Cost, SlotError> {
        Cost::new(self.memory_kib, self.passes, self.lanes)
    }

    /// Returns the master key; bounds are checked before any memory is taken.
    pub fn unlock(&self, vault: VaultId, passphrase: &Passphrase) -> Result<MasterKey, SlotError> {
        let (kek, commitment) = stretch(vault, &self.salt, self.cost()?, passphrase)?;
        if !bool::from(commitment.ct_eq(&self.commitment)) {
            return Err(SlotError::Wrong);
        }
        let sealed = [self.nonce.as_slice(), &self.wrapped].concat();
        let plain = aead::open(&kek, &aad(vault, self.kind), &sealed);
        let plain = plain.map_err(|_| SlotError::Wrong)?;
        Ok(MasterKey(
            plain.as_slice().try_into().map_err(|_| SlotError::Wrong)?,
        ))
    }
}

fn aad(vault: VaultId, kind: SlotKind) -> Vec<u8> {
    [vault.as_bytes().as_slice(), &[kind.number()]].concat()
}

/// Argon2id, then HKDF: the key that wraps the master key, and what commits to it.
fn stretch(
    vault: VaultId,
    salt: &[u8; 16],
    cost: Cost,
    passphrase: &Passphrase,
) -> Result<(Zeroizing<[u8; 32]>, [u8; 32]), SlotError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
        .map_err(|_| SlotError::TooCostly)?;
    let mut memory: Vec<Block> = Vec::new();
    memory
        .try_reserve_exact(params.block_count())
        .map_err(|_| SlotError::Memory)?;
    memory.resize(params.block_count(), Block::default());
    let mut stretched = Zeroizing::new([0; 32]);
    let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(
            passphrase.0.as_bytes(),
            salt,
            stretched.as_mut_slice(),
            memory.as_mut_slice(),
        );
    memory.iter_mut().for_each(Zeroize::zeroize);
    done.map_err(|_| SlotError::Memory)?;
    Ok(split(&derive::<64>(
        &stretched,
        Label::Slot,
        &[vault.as_bytes(), salt],
    )))
}

/// The random key of a vault from which all its local keys are derived.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Makes the key of a new vault.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// Seals the vault's key files.
    pub fn keys(&self, vault: VaultId) -> StorageKey {
        StorageKey::new(&self.derive(Label::VaultKeys, vault))
    }

    /// Seals the values of the index.
    pub fn index(&self, vault: VaultId) -> StorageKey {
        StorageKey::new(&self.derive(Label::VaultIndex, vault))
    }

    /// Seals the manifest.
    pub fn manifest(&self, vault: VaultId) -> StorageKey {
        StorageKey::new(&self.derive(Label::VaultManifest, vault))
    }

    /// Hides the names of the index.
    pub fn blind(&self, vault: VaultId) -> BlindKey {
        BlindKey::new(&self.derive(Label::VaultBlind, vault))
    }

    /// Authenticates the header.
    pub fn header_mac(&self, vault: VaultId) -> HeaderMac {
        HeaderMac::new(&self.derive(Label::VaultMac, vault))
    }

    /// Seals the key files of a city's folder, whose id stands where a vault's would.
    pub fn city_keys(&self, folder: VaultId) -> StorageKey {
        StorageKey::new(&self.derive(Label::CityKeys, folder))
    }

    /// Seals the journal of a city's folder.
    pub fn city_log(&self, folder: VaultId) -> StorageKey {
        StorageKey::new(&self.derive(Label::CityLog, folder))
    }

    /// Recognises what a city has met before, without keeping it.
    pub fn city_tag(&self, folder: VaultId) -> HeaderMac {
        HeaderMac::new(&self.derive(Label::CityTag, folder))
    }

    fn derive(&self, label: Label, vault: VaultId) -> Zeroizing<[u8; 32]> {
        derive(&self.0, label, &[vault.as_bytes()])
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests;
