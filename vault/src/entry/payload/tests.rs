use super::*;
use crate::book::{BookId, BookKind, Control, ControlOp, Device, Fold, Genesis};
use crate::crypto::{EpochKey, SigningKey};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use std::collections::BTreeSet;
use techo_wire::{EnvelopeHash, Head, RelayAddress};

fn grant(epochs: &[EpochKey]) -> Grant {
    let head = |number: u8| Head {
        feed: [number; 32].into(),
        seq: 1,
        hash: EnvelopeHash::from_bytes([number; 32]),
    };
    Grant {
        book: BookId::from_bytes([1; 32]),
        relays: vec![RelayAddress::new("relay.example", 4433, [2; 32].into()).unwrap()],
        epochs: epochs.to_vec(),
        control_heads: BTreeSet::from([EnvelopeHash::from_bytes([3; 32])]),
        frontier: vec![head(4), head(5)],
    }
}

#[test]
fn every_payload_comes_out_as_it_went_in() {
    let mut rng = UnwrapErr(SysRng);
    let key = SealKey::generate(&mut rng);
    let inbox = InboxId::from_bytes([1; 32]);
    let payloads = [
        ItemPayload::Pairing(vec![1]),
        ItemPayload::Grant(grant(&[EpochKey::from_bytes(&[1; 32])])),
    ];
    for payload in payloads {
        let item = payload.seal(&mut rng, &key.public(), inbox).unwrap();
        assert_eq!(ItemPayload::open(&key, inbox, &item), Ok(payload));
        let elsewhere = InboxId::from_bytes([2; 32]);
        assert_eq!(
            ItemPayload::open(&key, elsewhere, &item),
            Err(OpenError.into())
        );
    }
}

#[test]
fn unknown_payloads_and_other_encodings_are_refused() {
    let mut rng = UnwrapErr(SysRng);
    let key = SealKey::generate(&mut rng);
    let inbox = InboxId::from_bytes([1; 32]);
    for plain in [
        &[][..],
        &[0x80],
        &[0x82, 4, 0x41, 1],
        &[0x82, 0x18, 0, 0x41, 1],
        &[0x83, 0, 0x41, 1, 0xf6],
        &[0x82, 0, 0x41, 1, 0],
        &[0x82, 0, 0x81, 1],
    ] {
        let item = seal_item(&mut rng, &key.public(), inbox, plain).unwrap();
        assert_eq!(
            ItemPayload::open(&key, inbox, &item),
            Err(PayloadError::Malformed)
        );
    }
}

#[test]
fn a_grant_in_another_version_or_with_an_unsorted_frontier_is_refused() {
    let bytes = canonical::encode(&grant(&[EpochKey::from_bytes(&[1; 32])]));
    assert!(canonical::decode::<Grant>(&bytes).is_ok());
    let mut newer = bytes.clone();
    newer[1] = 2;
    assert!(canonical::decode::<Grant>(&newer).is_err());
    // The two heads of 70 bytes at the end, the other way round.
    let (rest, heads) = bytes.split_at(bytes.len() - 140);
    let (one, two) = heads.split_at(70);
    let swapped = [rest, two, one].concat();
    assert!(canonical::decode::<Grant>(&swapped).is_err());
}

#[test]
fn a_grant_counts_once_an_op_speaks_for_its_last_key() {
    let mut rng = UnwrapErr(SysRng);
    let (old, new) = (EpochKey::generate(&mut rng), EpochKey::generate(&mut rng));
    let signing = SigningKey::generate(&mut rng);
    let seal = SealKey::generate(&mut rng).public();
    let founder = Device::new(signing.device(), seal, signing.inbox(), "");
    let genesis = Genesis::new(BookKind::Handbook, founder, old.commitment(), &mut rng);
    let mut fold = Fold::new(genesis.book_id());
    assert!(!grant(std::slice::from_ref(&old)).is_confirmed_by(fold.state()));
    let control = Control::new(BTreeSet::new(), ControlOp::Genesis(genesis));
    fold.insert(EnvelopeHash::from_bytes([1; 32]), signing.device(), control);
    assert!(grant(&[new.clone(), old.clone()]).is_confirmed_by(fold.state()));
    assert!(!grant(&[old, new]).is_confirmed_by(fold.state()));
    assert!(!grant(&[]).is_confirmed_by(fold.state()));
}
