//! The secrets of one device in one book, and their key file; it never decides when they are used.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::{FeedId, Head, InboxId, RelayAddress, canonical};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::book::{BookId, BookKind, Device, DeviceKey};
use crate::crypto::{EpochKey, SealKey, SigningKey};
use crate::entry::Grant;

/// The three private keys of a device in one book.
#[derive(Debug)]
pub struct DeviceSecrets {
    /// Signs feed certificates.
    pub signing: SigningKey,
    /// Opens items sealed to the device.
    pub seal: SealKey,
    /// Owns the device's inbox.
    pub inbox: SigningKey,
}

impl DeviceSecrets {
    /// Makes a fresh identity.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            signing: SigningKey::generate(rng),
            seal: SealKey::generate(rng),
            inbox: SigningKey::generate(rng),
        }
    }

    /// Returns the public description that goes into the book.
    pub fn describe(&self, name: &str) -> Device {
        Device::new(self.key(), self.seal.public(), self.inbox_id(), name)
    }

    /// Returns the seeds, to be sealed into a key file.
    pub fn encode(&self) -> SavedDevice {
        let seed = |bytes: Zeroizing<[u8; 32]>| Seed(*bytes);
        SavedDevice(
            seed(self.signing.expose_seed()),
            seed(self.seal.expose_seed()),
            seed(self.inbox.expose_seed()),
        )
    }

    /// Takes seeds back.
    pub fn decode(saved: &SavedDevice) -> Self {
        Self {
            signing: SigningKey::from_seed(&saved.0.0),
            seal: SealKey::from_seed(&saved.1.0),
            inbox: SigningKey::from_seed(&saved.2.0),
        }
    }

    /// Returns the key that names the device in the book.
    pub fn key(&self) -> DeviceKey {
        self.signing.device()
    }

    /// Returns the device's inbox.
    pub fn inbox_id(&self) -> InboxId {
        self.inbox.inbox()
    }
}

/// The seeds of [`DeviceSecrets`] as they are put away.
#[derive(Encode, Decode)]
pub struct SavedDevice(#[n(0)] Seed, #[n(1)] Seed, #[n(2)] Seed);

impl std::fmt::Debug for SavedDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SavedDevice(…)")
    }
}

/// Everything secret that this device keeps about one book: the content of its key file.
#[derive(Debug)]
pub struct BookSecrets {
    /// The book.
    pub book: BookId,
    /// Household or handbook.
    pub kind: BookKind,
    /// This device in the book.
    pub device: DeviceSecrets,
    /// The epoch keys, oldest first.
    pub epochs: Vec<EpochKey>,
    /// The feed that this device writes, if it has started one.
    pub feed: Option<SigningKey>,
    /// The relays known when the file was written.
    pub relays: Vec<RelayAddress>,
    /// What a newcomer must reach before it is complete.
    pub frontier: Vec<Head>,
    /// The keys made for one issuer alone, by the handle of their enrolment.
    pub issuer_only: Vec<([u8; 32], SigningKey)>,
}

impl BookSecrets {
    /// Takes what a grant brings.
    pub fn granted(grant: Grant, kind: BookKind, device: DeviceSecrets) -> Self {
        let Grant {
            book,
            relays,
            epochs,
            frontier,
            ..
        } = grant;
        Self {
            book,
            kind,
            device,
            epochs,
            feed: None,
            relays,
            frontier,
            issuer_only: Vec::new(),
        }
    }

    /// Returns the feed that this device writes.
    pub fn feed_id(&self) -> Option<FeedId> {
        self.feed.as_ref().map(SigningKey::feed)
    }

    /// Returns the bytes to be sealed into the key file.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let file = KeyFile {
            version: 1,
            book: self.book,
            kind: self.kind,
            device: self.device.encode(),
            epochs: self.epochs.iter().map(|key| Seed(*key.expose())).collect(),
            feed: self.feed.as_ref().map(|key| Seed(*key.expose_seed())),
            relays: self.relays.clone(),
            frontier: self.frontier.clone(),
            issuer_only: self
                .issuer_only
                .iter()
                .map(|(handle, key)| (Seed(*handle), Seed(*key.expose_seed())))
                .collect(),
        };
        Zeroizing::new(canonical::encode(&file))
    }

    /// Reads a key file.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let file: KeyFile = canonical::decode(bytes).ok()?;
        if file.version != 1 {
            return None;
        }
        Some(Self {
            book: file.book,
            kind: file.kind,
            device: DeviceSecrets::decode(&file.device),
            epochs: file
                .epochs
                .iter()
                .map(|key| EpochKey::from_bytes(&key.0))
                .collect(),
            feed: file
                .feed
                .as_ref()
                .map(|seed| SigningKey::from_seed(&seed.0)),
            relays: file.relays.clone(),
            frontier: file.frontier.clone(),
            issuer_only: file
                .issuer_only
                .iter()
                .map(|(handle, seed)| (handle.0, SigningKey::from_seed(&seed.0)))
                .collect(),
        })
    }
}

#[derive(Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(transparent)]
struct Seed(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

/// The key file of a book (docs/format.md §13).
#[derive(Encode, Decode)]
struct KeyFile {
    #[n(0)]
    version: u8,
    #[n(1)]
    book: BookId,
    #[n(2)]
    kind: BookKind,
    #[n(3)]
    device: SavedDevice,
    #[n(4)]
    epochs: Vec<Seed>,
    #[n(5)]
    feed: Option<Seed>,
    #[n(6)]
    relays: Vec<RelayAddress>,
    #[n(7)]
    frontier: Vec<Head>,
    #[n(8)]
    issuer_only: Vec<(Seed, Seed)>,
}
