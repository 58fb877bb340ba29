use super::*;
use crate::canonical;
use crate::label::signed_bytes;
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;

fn sample(seq: u64, total: usize) -> Envelope {
    let signer = SigningKey::from_bytes(&[3; 32]);
    let header = EnvelopeHeader {
        feed: FeedId::from_bytes(signer.verifying_key().to_bytes()),
        seq,
        previous: EnvelopeHash::from_bytes([u8::from(seq > 0); 32]),
        epoch_tag: EpochTag::from_bytes([4; 16]),
        salt: [5; 16],
        commitment: [6; 32],
    };
    let unsigned = UnsignedEnvelope::new(&header, &vec![7; total - HEADER - SIGNATURE]).unwrap();
    let signature = signer.sign(&signed_bytes(Label::Envelope, unsigned.to_be_signed()));
    unsigned.finish(&signature.to_bytes()).unwrap()
}

#[test]
fn every_field_is_read_where_it_was_written() {
    let envelope = sample(9, 640);
    assert_eq!(envelope.seq(), 9);
    assert_eq!(envelope.previous(), EnvelopeHash::from_bytes([1; 32]));
    assert_eq!(envelope.epoch_tag(), EpochTag::from_bytes([4; 16]));
    assert_eq!(envelope.salt(), [5; 16]);
    assert_eq!(envelope.commitment(), [6; 32]);
    assert_eq!(envelope.ciphertext(), [7; 640 - 205]);
    assert_eq!(envelope.associated_data(), envelope.as_bytes()[..141]);
    assert_eq!(envelope.head().hash.to_bytes(), sha256(envelope.as_bytes()));
}

#[test]
fn shape_is_checked_before_anything_else() {
    let good = sample(0, 640).as_bytes().to_vec();
    let broken = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        UnverifiedEnvelope::parse(bytes).err()
    };
    assert_eq!(
        broken(&|b| b[0] = 2),
        Some(EnvelopeError::Version { got: 2 })
    );
    assert_eq!(broken(&|b| b[140] ^= 1), Some(EnvelopeError::Length));
    assert_eq!(broken(&|b| b.push(0)), Some(EnvelopeError::Length));
    assert_eq!(broken(&Vec::clear), Some(EnvelopeError::Length));
    assert_eq!(broken(&|b| b[41] = 1), Some(EnvelopeError::Previous));
    assert_eq!(broken(&|b| b[40] = 1), Some(EnvelopeError::Previous));
    assert_eq!(
        broken(&|b| {
            b.push(0);
            b[140] += 1;
        }),
        Some(EnvelopeError::Padding)
    );
    assert_eq!(
        broken(&|b| b.resize(MAX_ENVELOPE + 1, 0)),
        Some(EnvelopeError::TooLong {
            got: MAX_ENVELOPE + 1
        })
    );
}

#[test]
fn no_single_bit_can_change() {
    let good = sample(1, 640).as_bytes().to_vec();
    for byte in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[byte] ^= 1 << (byte % 8);
        let refused = UnverifiedEnvelope::parse(bytes).and_then(UnverifiedEnvelope::verify);
        assert!(refused.is_err(), "byte {byte}");
    }
}

#[test]
fn an_envelope_that_is_held_is_known_by_its_hash_and_no_other_passes_for_it() {
    let (held, other) = (sample(9, 640), sample(8, 640));
    let read = UnverifiedEnvelope::from(held.clone());
    assert_eq!(read.verify_held(&held.hash()), Some(held.clone()));
    let read = UnverifiedEnvelope::from(other);
    assert_eq!(read.verify_held(&held.hash()), None);
}

#[test]
fn the_longest_envelope_is_accepted() {
    assert_eq!(sample(1, MAX_ENVELOPE).as_bytes().len(), MAX_ENVELOPE);
}

#[test]
fn it_travels_as_one_byte_string() {
    let envelope = UnverifiedEnvelope::from(sample(2, 672));
    let bytes = canonical::encode(&envelope);
    assert_eq!(bytes.len(), 672 + 3);
    assert_eq!(
        canonical::decode::<UnverifiedEnvelope>(&bytes).unwrap(),
        envelope
    );
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..800), shape in any::<bool>()) {
        let mut bytes = bytes;
        if shape && bytes.len() > HEADER + SIGNATURE {
            bytes[0] = 1;
            let n = u32::try_from(bytes.len() - HEADER - SIGNATURE).unwrap();
            bytes[137..141].copy_from_slice(&n.to_be_bytes());
        }
        if let Ok(envelope) = UnverifiedEnvelope::parse(bytes.clone()) {
            prop_assert_eq!(envelope.as_bytes(), &bytes[..]);
            prop_assert!(envelope.verify().is_err());
        }
    }

    #[test]
    fn a_truncated_envelope_is_refused(cut in 0usize..640) {
        let good = sample(1, 640).as_bytes().to_vec();
        prop_assert!(UnverifiedEnvelope::parse(&good[..cut]).is_err());
    }
}
