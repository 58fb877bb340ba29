use super::*;
use crate::envelope::{HEADER, SIGNATURE};
use proptest::prelude::*;

fn envelope() -> UnverifiedEnvelope {
    let mut bytes = vec![0; 640];
    bytes[0] = 1;
    let n = u32::try_from(640 - HEADER - SIGNATURE).unwrap();
    bytes[137..141].copy_from_slice(&n.to_be_bytes());
    UnverifiedEnvelope::parse(bytes).unwrap()
}

fn item() -> SealedItem {
    SealedItem::new(&[1; 1_120], &[2; 922]).unwrap()
}

fn every_frame() -> Vec<Frame> {
    let mailbox = MailboxId::from_bytes([1; 32]);
    let inbox = InboxId::from_bytes([2; 32]);
    let feed = FeedId::from_bytes([3; 32]);
    let append_key = AppendKey::from_bytes([4; 32]);
    let receipt = SignedReceipt::new(vec![1, 2], [5; 64]);
    let head = Head {
        feed,
        seq: 300,
        hash: envelope().hash(),
    };
    vec![
        Frame::Hello {
            versions: vec![2, 1],
        },
        Frame::Welcome {
            version: 1,
            relay: RelayKey::from_bytes([6; 32]),
            store: StoreId::from_bytes([7; 16]),
        },
        Frame::Prove {
            box_key: mailbox.into(),
            role: Role::Append,
            key: [8; 32],
            signature: [9; 64],
        },
        Frame::AdmitFeed { mailbox, feed },
        Frame::AdmitKey {
            inbox,
            append_key,
            quota: 1 << 40,
        },
        Frame::Append {
            mailbox,
            envelopes: vec![envelope(), envelope()],
        },
        Frame::Put {
            inbox,
            append_key,
            item: item(),
        },
        Frame::Fetch {
            mailbox,
            cursors: vec![Cursor { feed, next: 9 }],
            live: true,
        },
        Frame::FetchInbox {
            inbox,
            cursor: None,
            live: false,
        },
        Frame::FetchInbox {
            inbox,
            cursor: Some(InboxCursor {
                position: 4,
                item: item().hash(),
            }),
            live: true,
        },
        Frame::Prune {
            inbox,
            items: vec![item().hash()],
        },
        Frame::Done,
        Frame::AppendReceipt {
            receipt: receipt.clone(),
        },
        Frame::PutReceipt { receipt },
        Frame::Heads {
            mailbox,
            heads: vec![head],
        },
        Frame::Envelopes {
            envelopes: vec![envelope()],
        },
        Frame::Items {
            items: vec![PlacedItem {
                position: 70_000,
                item: item(),
            }],
        },
        Frame::CaughtUp,
        Frame::Error {
            code: ErrorCode::OutOfOrder,
            expected: Some(17),
        },
        Frame::Error {
            code: ErrorCode::Busy,
            expected: None,
        },
    ]
}

#[test]
fn every_frame_survives_travel_in_pieces_of_any_size() {
    let bytes: Vec<u8> = every_frame()
        .iter()
        .flat_map(|f| encode_frame(f).unwrap())
        .collect();
    for piece in [1, 3, 1_000, bytes.len()] {
        let mut reader = FrameReader::default();
        let mut got = Vec::new();
        for chunk in bytes.chunks(piece) {
            reader.push(chunk);
            while let Some(frame) = reader.next_frame().unwrap() {
                got.push(frame);
            }
        }
        assert!(reader.is_empty());
        assert_eq!(got, every_frame());
    }
}

#[test]
fn frames_are_flat_arrays_of_number_and_fields() {
    assert_eq!(canonical::encode(&Frame::Done), [0x81, 20]);
    assert_eq!(
        canonical::encode(&Frame::Hello { versions: vec![1] }),
        [0x82, 1, 0x81, 1]
    );
    let refused = |expected| Frame::Error {
        code: ErrorCode::OutOfOrder,
        expected,
    };
    assert_eq!(canonical::encode(&refused(Some(5))), [0x83, 0x18, 31, 6, 5]);
    assert_eq!(canonical::encode(&refused(None)), [0x82, 0x18, 31, 6]);
}

#[test]
fn a_length_over_the_cap_is_refused_before_its_bytes_come() {
    let mut reader = FrameReader::default();
    reader.push(&262_145u32.to_be_bytes());
    assert!(matches!(
        reader.next_frame(),
        Err(FrameError::TooLarge { got: 262_145 })
    ));
    let large = Frame::Envelopes {
        envelopes: vec![envelope(); 410],
    };
    assert!(matches!(
        encode_frame(&large),
        Err(FrameError::TooLarge { .. })
    ));
}

#[test]
fn unknown_frames_roles_codes_and_long_forms_are_refused() {
    for body in [
        &[0x81, 19][..],
        &[0x82, 20, 0],
        &[0x82, 0x18, 20],
        &[0x9f, 20, 0xff],
        &[0x81, 0x18, 20],
        &[0x83, 0x18, 31, 6, 0xf6],
        &[0x82, 0x18, 31, 13],
        &[0x82, 0x18, 31, 0],
        &[0x82, 1, 0x81, 0x20],
        &[0x81, 20, 0],
        &[],
    ] {
        assert!(decode_body(body).is_err(), "{body:02x?}");
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic_and_decode_to_themselves(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(frame) = decode_body(&bytes) {
            prop_assert_eq!(canonical::encode(&frame), bytes);
        }
    }

    #[test]
    fn flipped_and_cut_frames_never_panic(which in 0usize..20, at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<bool>()) {
        let mut body = canonical::encode(&every_frame()[which]);
        let at = at.index(body.len());
        if cut {
            body.truncate(at);
            prop_assert!(decode_body(&body).is_err());
        } else {
            body[at] ^= 1 << bit;
            if let Ok(frame) = decode_body(&body) {
                prop_assert_eq!(canonical::encode(&frame), body);
            }
        }
    }
}

#[test]
fn the_numbers_of_codes_are_those_in_frames() {
    for number in 0..40u8 {
        if let Some(code) = ErrorCode::from_number(u64::from(number)) {
            assert_eq!(code.number(), number);
            assert_eq!(canonical::encode(&code), [number]);
        } else {
            assert!(!(1..=12).contains(&number));
        }
    }
    assert_eq!(ErrorCode::from_number(257), None);
}
