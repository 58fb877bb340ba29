//! Sealing an entry into an envelope and opening it again (docs/format.md §2).

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use subtle::ConstantTimeEq as _;
use techo_wire::envelope::{EnvelopeHeader, HEADER, SIGNATURE};
use techo_wire::padme::ENVELOPE_FLOOR;
use techo_wire::{Envelope, EnvelopeHash, FeedId, Label, MAX_ENVELOPE, UnsignedEnvelope};
use zeroize::Zeroizing;

use crate::crypto::derive::{short_mac, split};
use crate::crypto::pad::Frame;
use crate::crypto::{BookId, EpochKey, OpenError, SealError, SigningKey};

const TAG: usize = 16;

const FRAME: Frame = Frame {
    around: HEADER + TAG + SIGNATURE,
    floor: ENVELOPE_FLOOR,
    limit: MAX_ENVELOPE,
};

/// The longest entry that an envelope holds.
pub const MAX_ENTRY: usize = FRAME.capacity();

/// Seals `entry` as number `seq` of the feed that `feed` signs.
///
/// The same input gives the same bytes; another entry in the same place gets another key.
pub fn seal_entry(
    epoch: &EpochKey,
    book: &BookId,
    feed: &SigningKey,
    seq: u64,
    previous: EnvelopeHash,
    entry: &[u8],
) -> Result<Envelope, SealError> {
    let too_large = SealError::TooLarge {
        size: entry.len(),
        limit: MAX_ENTRY,
    };
    let plain = FRAME.pad(entry)?;
    let place = Place {
        book,
        feed: feed.feed(),
        seq,
    };
    let salt = place.salt(epoch, &plain);
    let (key, commitment) = place.key(epoch, &salt);
    let epoch_tag = epoch.tag(book);
    let header = EnvelopeHeader {
        feed: place.feed,
        seq,
        previous,
        epoch_tag,
        salt,
        commitment,
    };
    let visible = header
        .associated_data(plain.len() + TAG)
        .map_err(|_| too_large)?;
    #[expect(clippy::expect_used, reason = "fails only beyond 256 GiB")]
    let ciphertext = cipher(&key)
        .encrypt(
            &[0; 12].into(),
            Payload {
                msg: &plain,
                aad: &place.aad(&visible),
            },
        )
        .expect("plaintext within the cipher's bound");
    let unsigned = UnsignedEnvelope::new(&header, &ciphertext).map_err(|_| too_large)?;
    let signature = feed.sign(Label::Envelope, unsigned.to_be_signed());
    unsigned.finish(&signature).map_err(|_| SealError::Place)
}

/// Opens an envelope of `book` in this epoch.
pub fn open_envelope(
    epoch: &EpochKey,
    book: &BookId,
    envelope: &Envelope,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let place = Place {
        book,
        feed: envelope.feed(),
        seq: envelope.seq(),
    };
    let salt = envelope.salt();
    let (key, commitment) = place.key(epoch, &salt);
    if !bool::from(commitment.ct_eq(&envelope.commitment())) {
        return Err(OpenError);
    }
    let aad = place.aad(&envelope.associated_data());
    let plain = cipher(&key)
        .decrypt(
            &[0; 12].into(),
            Payload {
                msg: envelope.ciphertext(),
                aad: &aad,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| OpenError)?;
    // The tag is authenticated but not part of any key: a false one would hide the envelope from
    // readers who look for theirs.
    let right_salt = place.salt(epoch, &plain).ct_eq(&salt);
    let right_tag = epoch
        .tag(book)
        .as_bytes()
        .ct_eq(envelope.epoch_tag().as_bytes());
    if !bool::from(right_salt & right_tag) {
        return Err(OpenError);
    }
    FRAME.unpad(&plain)
}

fn cipher(key: &[u8; 32]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.into())
}

/// Where an envelope stands; no two keys are derived for the same place and salt.
#[derive(Clone, Copy)]
struct Place<'a> {
    book: &'a BookId,
    feed: FeedId,
    seq: u64,
}

impl Place<'_> {
    fn salt(self, epoch: &EpochKey, plain: &[u8]) -> [u8; 16] {
        let key = epoch.derive::<32>(Label::EnvelopeSalt, &[]);
        let seq = self.seq.to_be_bytes();
        short_mac(
            &key,
            &[self.book.as_bytes(), self.feed.as_bytes(), &seq, plain],
        )
    }

    fn key(self, epoch: &EpochKey, salt: &[u8; 16]) -> (Zeroizing<[u8; 32]>, [u8; 32]) {
        let seq = self.seq.to_be_bytes();
        let context: [&[u8]; 4] = [self.book.as_bytes(), self.feed.as_bytes(), &seq, salt];
        split(&epoch.derive::<64>(Label::EnvelopeKey, &context))
    }

    fn aad(self, visible: &[u8; HEADER]) -> Vec<u8> {
        [visible.as_slice(), self.book.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests;
