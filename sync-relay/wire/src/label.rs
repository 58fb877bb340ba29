//! One label for each purpose of a signature, hash or derivation; it decides nothing else.

use sha2::{Digest, Sha256};

macro_rules! labels {
    ($($(#[$meta:meta])* $name:ident = $text:literal,)+) => {
        /// What a signature, hash or derived key is for; one variant per purpose and version.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Label { $($(#[$meta])* $name,)+ }

        impl Label {
            /// Every label, in the order of `docs/format.md`.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The bytes of the label, without the zero that follows it in use.
            pub const fn bytes(self) -> &'static [u8] {
                match self { $(Self::$name => $text.as_bytes(),)+ }
            }
        }
    };
}

labels! {
    /// Signature of an envelope by its feed.
    Envelope = "techo/envelope/v1",
    /// Derives key and commitment of an envelope.
    EnvelopeKey = "techo/envelope-key/v1",
    /// Derives the salt key of an epoch.
    EnvelopeSalt = "techo/envelope-salt/v1",
    /// Derives the epoch tag.
    EpochTag = "techo/epoch-tag/v1",
    /// Derives the commitment to an epoch key.
    EpochCommitment = "techo/epoch-commitment/v1",
    /// Derives the key that wraps the list of earlier epochs.
    EpochJoins = "techo/epoch-joins/v1",
    /// Derives the mailbox key pair of a book and epoch.
    Mailbox = "techo/mailbox/v1",
    /// Derives the append key of a device inbox.
    AppendKey = "techo/append-key/v1",
    /// Signature of a device under its feed's certificate.
    FeedCert = "techo/feed-cert/v1",
    /// Signature of a device under its word that entries of its own are retired.
    Retired = "techo/retired/v1",
    /// Hash that names a book.
    Book = "techo/book/v1",
    /// Signature that proves a box key to a relay.
    Prove = "techo/prove/v1",
    /// Signature of a relay under an append receipt.
    AppendReceipt = "techo/append-receipt/v1",
    /// Signature of a relay under a put receipt.
    PutReceipt = "techo/put-receipt/v1",
    /// HPKE info of an inbox item.
    Item = "techo/item/v1",
    /// Hash that names the Automerge actor of a feed in a document.
    Actor = "techo/actor/v1",
    /// Hash that commits a newcomer to its nonce.
    PairCommit = "techo/pair-commit/v1",
    /// Signature under a pairing message.
    PairMessage = "techo/pair-message/v1",
    /// Hash that binds a ticket to the newcomer's keys.
    PairKeys = "techo/pair-keys/v1",
    /// Hash from which the six digits come.
    PairDigits = "techo/pair-digits/v1",
    /// Derives the rendezvous that the newcomer reads.
    PairNewcomer = "techo/pair-newcomer/v1",
    /// Derives the rendezvous that the inviter reads.
    PairInviter = "techo/pair-inviter/v1",
    /// Hash that names an issuer.
    Issuer = "techo/issuer/v1",
    /// Signature of an issuer's root under a key set.
    KeySet = "techo/key-set/v1",
    /// Signature of an issuer under a binding.
    Binding = "techo/binding/v1",
    /// Signature of an issuer under an issued entry.
    Issued = "techo/issued/v1",
    /// Hash of a salted group of an issued entry.
    Group = "techo/group/v1",
    /// Hash of an issued entry.
    IssuedId = "techo/issued-id/v1",
    /// Hash that names the actor of a derived issuer document.
    IssuedActor = "techo/issued-actor/v1",
    /// Signature of the issuer-only key under an enrolment statement.
    DeviceProof = "techo/device-proof/v1",
    /// Signature of the issuer-only key under a request for other keys.
    Rebind = "techo/rebind/v1",
    /// Hash of an inbox descriptor.
    InboxDescriptor = "techo/inbox-descriptor/v1",
    /// Hash of the X-Wing key of a feed of issued entries.
    FeedKey = "techo/feed-key/v1",
    /// Hash of the consent text that a resident was shown.
    Consent = "techo/consent/v1",
    /// Derives the key that authenticates a vault's header.
    VaultMac = "techo/vault-mac/v1",
    /// Derives the key that seals a vault's key files.
    VaultKeys = "techo/vault-keys/v1",
    /// Derives the key that seals the values of a vault's index.
    VaultIndex = "techo/vault-index/v1",
    /// Derives the key that blinds the keys of a vault's index.
    VaultBlind = "techo/vault-blind/v1",
    /// Derives the key that seals a vault's manifest.
    VaultManifest = "techo/vault-manifest/v1",
    /// Derives key and commitment of a key slot.
    Slot = "techo/slot/v1",
    /// Hash that names an installation of a vault.
    Install = "techo/install/v1",
    /// Derives the key that seals a city's key files.
    CityKeys = "techo/city-keys/v1",
    /// Derives the key that seals a city's log of what it published.
    CityLog = "techo/city-log/v1",
    /// Derives the key by which a city recognises a certificate.
    CityTag = "techo/city-tag/v1",
    /// Hash that names an event in a calendar file.
    ReminderUid = "techo/reminder-uid/v1",
}

/// Returns label ‖ 0x00 ‖ `message`: what is signed, or the `info` of a derivation.
pub fn signed_bytes(label: Label, message: &[u8]) -> Vec<u8> {
    [label.bytes(), &[0], message].concat()
}

/// Returns H(label, parts…): SHA-256 over label ‖ 0x00 ‖ the parts, one after the other.
///
/// Parts are not separated: all but the last must be of fixed length.
pub fn hash(label: Label, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(label.bytes());
    hasher.update([0]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Returns the SHA-256 of `bytes`, without a label: the name of an envelope, item or blob.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_label_is_used_twice_and_none_holds_a_zero() {
        let distinct: HashSet<_> = Label::ALL.iter().map(|l| l.bytes()).collect();
        assert_eq!(distinct.len(), Label::ALL.len());
        assert!(Label::ALL.iter().all(|l| !l.bytes().contains(&0)));
    }

    #[test]
    fn every_label_stands_in_the_format_page() {
        let page = include_str!("../../../docs/format.md");
        for label in Label::ALL {
            let text = format!("`{}`", std::str::from_utf8(label.bytes()).unwrap());
            assert!(page.contains(&text), "{text}");
        }
    }

    #[test]
    fn a_hash_is_sha256_over_label_zero_and_parts() {
        let whole = sha256(b"techo/book/v1\0ab");
        assert_eq!(hash(Label::Book, &[b"a", b"b"]), whole);
        assert_ne!(hash(Label::Issuer, &[b"a", b"b"]), whole);
    }
}
