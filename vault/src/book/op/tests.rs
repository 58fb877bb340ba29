use super::*;
use getrandom::SysRng;
use proptest::prelude::*;
use rand_core::UnwrapErr;

fn device(number: u8) -> Device {
    let key = SigningKey::from_seed(&[number; 32]);
    Device::new(
        key.device(),
        SealKey::from_seed(&[number; 32]).public(),
        key.inbox(),
        "電話",
    )
}

fn head(number: u8) -> Head {
    let hash = EnvelopeHash::from_bytes([number; 32]);
    Head {
        feed: SigningKey::from_seed(&[number; 32]).feed(),
        seq: 4,
        hash,
    }
}

#[test]
fn heads_of_a_removal_are_sorted_when_made_and_refused_otherwise() {
    let key = EpochKey::from_bytes(&[1; 32]);
    let book = BookId::from_bytes([2; 32]);
    let epoch = NewEpoch::new(&mut UnwrapErr(SysRng), &book, &key, &[]);
    let mut heads = vec![head(1), head(2), head(3)];
    heads.sort();
    let removal = |heads: &[Head]| ControlOp::DeviceRemoved {
        device: device(1).key(),
        heads: heads.to_vec(),
        epoch: epoch.clone(),
    };
    heads.reverse();
    let control = Control::new(BTreeSet::new(), removal(&heads));
    let bytes = canonical::encode(&control);
    assert_eq!(canonical::decode::<Control>(&bytes).unwrap(), control);
    let unsorted = canonical::encode(&removal(&heads));
    assert!(canonical::decode::<ControlOp>(&unsorted).is_err());
    let twice = canonical::encode(&removal(&[heads[0], heads[0]]));
    assert!(canonical::decode::<ControlOp>(&twice).is_err());
}

#[test]
fn parents_out_of_order_or_twice_are_refused() {
    let op = canonical::encode(&ControlOp::RoleSet {
        device: device(1).key(),
        role: Role::Viewer,
    });
    let control = |parents: &[u8]| {
        let mut bytes = vec![0x82, 0x80 + u8::try_from(parents.len()).unwrap()];
        for parent in parents {
            bytes.extend_from_slice(&[0x58, 32]);
            bytes.extend_from_slice(&[*parent; 32]);
        }
        bytes.extend_from_slice(&op);
        canonical::decode::<Control>(&bytes)
    };
    assert!(control(&[1, 2]).is_ok());
    assert!(control(&[2, 1]).is_err());
    assert!(control(&[1, 1]).is_err());
}

#[test]
fn names_are_cut_when_made_and_refused_when_too_long() {
    let long = "あ".repeat(100);
    let cut = device(1);
    let cut = Device::new(cut.key(), cut.seal().clone(), cut.inbox(), &long);
    assert_eq!(cut.name(), "あ".repeat(85));
    let bytes = canonical::encode(&cut);
    assert_eq!(canonical::decode::<Device>(&bytes).unwrap(), cut);
    // The name is the last field: one byte string of 255 becomes one of 257.
    let mut longer = bytes[..bytes.len() - 257].to_vec();
    longer.extend_from_slice(&[0x79, 1, 1]);
    longer.extend_from_slice(&[b'a'; 257]);
    assert!(canonical::decode::<Device>(&longer).is_err());
}

#[test]
fn a_book_is_named_by_everything_its_genesis_says() {
    let commitment = EpochKey::from_bytes(&[1; 32]).commitment();
    let mut rng = UnwrapErr(SysRng);
    let one = Genesis::new(BookKind::Household, device(1), commitment, &mut rng);
    let two = Genesis::new(BookKind::Household, device(1), commitment, &mut rng);
    assert_ne!(one.book_id(), two.book_id());
    let handbook = Genesis {
        kind: BookKind::Handbook,
        ..one.clone()
    };
    assert_ne!(one.book_id(), handbook.book_id());
    let control = Control::new(BTreeSet::new(), ControlOp::Genesis(one.clone()));
    assert!(control.is_genesis_by(&one.book_id(), &device(1).key()));
    assert!(!control.is_genesis_by(&two.book_id(), &device(1).key()));
    assert!(!control.is_genesis_by(&one.book_id(), &device(2).key()));
}

#[test]
fn debug_shows_neither_names_nor_keys() {
    let enrolment = Enrolment {
        issuer: IssuerId::from_bytes([1; 32]),
        handle: EnrolmentHandle::from_bytes([2; 32]),
        feed: SealKey::from_seed(&[3; 32]),
        inbox: SigningKey::from_seed(&[4; 32]),
        relay: RelayAddress::new("localhost", 1, [5; 32].into()).unwrap(),
        issuer_only: [6; 32],
        holder: device(1).key(),
    };
    let shown = format!(
        "{:?} {:?}",
        ControlOp::EnrolmentOpened(Box::new(enrolment)),
        device(1)
    );
    assert!(!shown.contains("3, 3") && !shown.contains("4, 4") && !shown.contains("電話"));
    assert!(shown.contains("SealKey(…)") && shown.contains("SigningKey(…)"));
}

proptest! {
    #[test]
    fn hostile_ops_never_panic_and_are_read_in_one_form_only(
        at in any::<prop::sample::Index>(), bits in 1..=255_u8, cut in any::<prop::sample::Index>(),
    ) {
        let parents = BTreeSet::from([EnvelopeHash::from_bytes([1; 32])]);
        let op = ControlOp::DeviceAdded { device: device(1), role: Role::Viewer };
        let bytes = canonical::encode(&Control::new(parents, op));
        let mut altered = bytes.clone();
        altered[at.index(bytes.len())] ^= bits;
        for hostile in [&altered[..], &bytes[..cut.index(bytes.len())]] {
            if let Ok(control) = canonical::decode::<Control>(hostile) {
                prop_assert_eq!(canonical::encode(&control), hostile);
            }
        }
    }
}
