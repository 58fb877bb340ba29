use super::*;
use proptest::prelude::*;
use techo_wire::UnverifiedEnvelope;

const BOOK: BookId = BookId::from_bytes([2; 32]);

fn epoch() -> EpochKey {
    EpochKey::from_bytes(&[1; 32])
}

fn feed() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn sealed(seq: u64, entry: &[u8]) -> Envelope {
    let previous = EnvelopeHash::from_bytes(if seq == 0 { [0; 32] } else { [4; 32] });
    seal_entry(&epoch(), &BOOK, &feed(), seq, previous, entry).unwrap()
}

/// Signs altered bytes again, as a device of the family that misbehaves could.
fn resigned(envelope: &Envelope, change: impl FnOnce(&mut Vec<u8>)) -> Envelope {
    let mut bytes = envelope.as_bytes().to_vec();
    bytes.truncate(bytes.len() - SIGNATURE);
    change(&mut bytes);
    let signature = feed().sign(Label::Envelope, &bytes);
    bytes.extend_from_slice(&signature);
    UnverifiedEnvelope::parse(bytes).unwrap().verify().unwrap()
}

#[test]
fn an_envelope_opens_with_its_epoch_and_book_alone() {
    let envelope = sealed(0, b"entry");
    assert_eq!(envelope.as_bytes().len(), ENVELOPE_FLOOR);
    assert_eq!(
        *open_envelope(&epoch(), &BOOK, &envelope).unwrap(),
        b"entry"
    );
    let other = EpochKey::from_bytes(&[9; 32]);
    assert_eq!(
        open_envelope(&other, &BOOK, &envelope).unwrap_err(),
        OpenError
    );
    let elsewhere = BookId::from_bytes([9; 32]);
    assert_eq!(
        open_envelope(&epoch(), &elsewhere, &envelope).unwrap_err(),
        OpenError
    );
}

#[test]
fn no_field_can_be_altered_even_under_the_feeds_signature() {
    let envelope = sealed(7, b"entry");
    // Sequence, previous, epoch tag, salt, commitment, ciphertext and its tag.
    for at in (33..137).chain([141, 145, 150, 500, envelope.as_bytes().len() - 65]) {
        let altered = resigned(&envelope, |bytes| bytes[at] ^= 1);
        assert_eq!(
            open_envelope(&epoch(), &BOOK, &altered).unwrap_err(),
            OpenError,
            "at {at}"
        );
    }
}

#[test]
fn the_same_place_with_another_entry_has_another_key() {
    let (one, two) = (sealed(3, b"entry"), sealed(3, b"Entry"));
    assert_ne!(one.salt(), two.salt());
    assert_ne!(one.commitment(), two.commitment());
    assert_eq!(sealed(3, b"entry"), one);
}

/// Seals as the format says, but for what `change` puts into the header.
fn forged(change: impl FnOnce(&mut EnvelopeHeader)) -> Envelope {
    let honest = sealed(1, b"entry");
    let mut header = EnvelopeHeader {
        feed: honest.feed(),
        seq: 1,
        previous: honest.previous(),
        epoch_tag: honest.epoch_tag(),
        salt: honest.salt(),
        commitment: honest.commitment(),
    };
    change(&mut header);
    let place = Place {
        book: &BOOK,
        feed: feed().feed(),
        seq: 1,
    };
    let (key, _) = place.key(&epoch(), &header.salt);
    let plain = FRAME.pad(b"entry").unwrap();
    let visible = header.associated_data(plain.len() + TAG).unwrap();
    let aad = place.aad(&visible);
    let ciphertext = cipher(&key)
        .encrypt(
            &[0; 12].into(),
            Payload {
                msg: &plain,
                aad: &aad,
            },
        )
        .unwrap();
    let unsigned = UnsignedEnvelope::new(&header, &ciphertext).unwrap();
    let signature = feed().sign(Label::Envelope, unsigned.to_be_signed());
    unsigned.finish(&signature).unwrap()
}

#[test]
fn a_salt_tag_or_commitment_of_the_senders_choice_is_refused() {
    let chosen_salt = |header: &mut EnvelopeHeader| {
        let place = Place {
            book: &BOOK,
            feed: feed().feed(),
            seq: 1,
        };
        header.salt = [0x55; 16];
        header.commitment = place.key(&epoch(), &header.salt).1;
    };
    let refused = |envelope| open_envelope(&epoch(), &BOOK, &envelope).unwrap_err();
    assert_eq!(forged(|_| {}), sealed(1, b"entry"));
    assert_eq!(refused(forged(chosen_salt)), OpenError);
    assert_eq!(
        refused(forged(|header| header.epoch_tag = [0x66; 16].into())),
        OpenError
    );
    assert_eq!(
        refused(forged(|header| header.commitment = [0x77; 32])),
        OpenError
    );
}

#[test]
fn the_longest_entry_fits_and_one_more_byte_is_refused() {
    let envelope = sealed(1, &vec![1; MAX_ENTRY]);
    assert_eq!(envelope.as_bytes().len(), MAX_ENVELOPE);
    assert_eq!(
        open_envelope(&epoch(), &BOOK, &envelope).unwrap().len(),
        MAX_ENTRY
    );
    let too_long = vec![1; MAX_ENTRY + 1];
    let previous = EnvelopeHash::from_bytes([4; 32]);
    assert_eq!(
        seal_entry(&epoch(), &BOOK, &feed(), 1, previous, &too_long).unwrap_err(),
        SealError::TooLarge {
            size: MAX_ENTRY + 1,
            limit: MAX_ENTRY
        }
    );
}

#[test]
fn a_first_envelope_with_a_previous_and_a_later_one_without_are_refused() {
    let previous = EnvelopeHash::from_bytes([4; 32]);
    let seal = |seq, previous| seal_entry(&epoch(), &BOOK, &feed(), seq, previous, b"entry");
    assert_eq!(seal(0, previous).unwrap_err(), SealError::Place);
    assert_eq!(seal(1, EnvelopeHash::ZERO).unwrap_err(), SealError::Place);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_sealed_opens(entry in proptest::collection::vec(any::<u8>(), 0..2_000), seq in 0..9_u64) {
        let envelope = sealed(seq, &entry);
        prop_assert_eq!(&*open_envelope(&epoch(), &BOOK, &envelope).unwrap(), &entry);
    }
}
