//! A device's word that entries which it wrote on an old copy of itself are said again in another
//! feed (docs/format.md §13); it stays in the device's own log and goes to nobody.

use minicbor::{Decode, Encode};
use techo_wire::{EnvelopeHash, FeedId, Head, Label, canonical, verify_strict};

use crate::book::DeviceKey;
use crate::crypto::SigningKey;

/// Entries that one word names, so that it fits a frame.
const MAX_ENTRIES: usize = 1_500;
/// The longest word.
const MAX_WORD: usize = 65_536;

/// Entries of one feed that are retired, and where they are said again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired(Statement);

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Statement {
    #[n(0)]
    version: Version,
    #[n(1)]
    feed: FeedId,
    #[n(2)]
    entries: Vec<EnvelopeHash>,
    #[n(3)]
    successor: Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
enum Version {
    #[n(1)]
    One,
}

#[derive(Encode, Decode)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    statement: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
}

impl Retired {
    /// Puts together what retires `entries` of `feed`, in as many words as are needed. `successor`
    /// is the last entry of those that say them again.
    pub fn words(feed: FeedId, entries: &[EnvelopeHash], successor: Head) -> Vec<Self> {
        let words = entries.chunks(MAX_ENTRIES).map(|entries| {
            Self(Statement {
                version: Version::One,
                feed,
                entries: entries.to_vec(),
                successor,
            })
        });
        words.collect()
    }

    /// The bytes for the log, signed by the device.
    pub fn sign(&self, device: &SigningKey) -> Vec<u8> {
        let statement = canonical::encode(&self.0);
        let signature = device.sign(Label::Retired, &statement);
        canonical::encode(&Signed {
            statement,
            signature,
        })
    }

    /// Reads the bytes back, if `device` signed them.
    pub fn verify(bytes: &[u8], device: &DeviceKey) -> Option<Self> {
        let signed: Signed = canonical::decode_within(bytes, MAX_WORD).ok()?;
        let (statement, key) = (&signed.statement, device.as_bytes());
        verify_strict(Label::Retired, statement, key, &signed.signature).ok()?;
        canonical::decode_within(statement, MAX_WORD).ok().map(Self)
    }

    /// The feed.
    pub fn feed(&self) -> FeedId {
        self.0.feed
    }

    /// The entries.
    pub fn entries(&self) -> &[EnvelopeHash] {
        &self.0.entries
    }

    /// The last of the entries that say them again.
    pub fn successor(&self) -> Head {
        self.0.successor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_devices_own_word_counts_and_any_number_of_entries_fits_frames() {
        let (own, other) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[2; 32]),
        );
        let feed = FeedId::from_bytes([3; 32]);
        let successor = Head {
            feed: FeedId::from_bytes([4; 32]),
            seq: 9,
            hash: EnvelopeHash::from_bytes([5; 32]),
        };
        let number = |n: usize| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            EnvelopeHash::from_bytes(hash)
        };
        let all: Vec<EnvelopeHash> = (0..4_000).map(number).collect();
        let words = Retired::words(feed, &all, successor);
        let mut named = Vec::new();
        for word in &words {
            let bytes = word.sign(&own);
            assert!(bytes.len() <= crate::store::MAX_BODY);
            let read = Retired::verify(&bytes, &own.device()).unwrap();
            assert_eq!((read.feed(), read.successor()), (feed, successor));
            named.extend_from_slice(read.entries());
            assert_eq!(Retired::verify(&bytes, &other.device()), None);
        }
        assert_eq!(named, all);
        let bytes = Retired::words(feed, &all[..3], successor)[0].sign(&own);
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(Retired::verify(&altered, &own.device()), None, "byte {at}");
            assert_eq!(Retired::verify(&bytes[..at], &own.device()), None);
        }
    }

    #[test]
    fn the_bytes_of_a_word_are_those_of_the_format() {
        let device = SigningKey::from_seed(&[1; 32]);
        let name = |byte: u8| [&[0x58, 32][..], &[byte; 32]].concat();
        let statement = [
            &[0x84, 1][..],
            &name(3),
            &[0x82],
            &name(6),
            &name(7),
            &[0x83],
            &name(4),
            &[9],
            &name(5),
        ]
        .concat();
        let signature = device.sign(Label::Retired, &statement);
        let length = u8::try_from(statement.len()).unwrap();
        let word = [
            &[0x82, 0x58, length][..],
            &statement,
            &[0x58, 64],
            &signature,
        ];
        let successor = Head {
            feed: FeedId::from_bytes([4; 32]),
            seq: 9,
            hash: EnvelopeHash::from_bytes([5; 32]),
        };
        let entries = [6, 7].map(|byte| EnvelopeHash::from_bytes([byte; 32]));
        let words = Retired::words(FeedId::from_bytes([3; 32]), &entries, successor);
        let written: Vec<Vec<u8>> = words.iter().map(|word| word.sign(&device)).collect();
        assert_eq!(written, [word.concat()]);
    }
}
