//! What a relay answers to those who do not keep to the protocol.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says where"
)]

mod support {
    pub(crate) mod raw;
}

use ed25519_dalek::{Signer, SigningKey};
use support::raw::{Raw, start};
use techo_wire::frame::encode_frame;
use techo_wire::label::signed_bytes;
use techo_wire::{
    BoxKey, EnvelopeHash, EnvelopeHeader, EpochTag, ErrorCode, FeedId, Frame, Label, MailboxId,
    RelayKey, Role, UnsignedEnvelope, prove,
};

fn error(code: ErrorCode) -> Frame {
    Frame::Error {
        code,
        expected: None,
    }
}

fn hello() -> Frame {
    Frame::Hello { versions: vec![1] }
}

fn bytes(frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| encode_frame(frame).unwrap())
        .collect()
}

fn proof(raw: &Raw, relay: RelayKey, key: &SigningKey, role: Role) -> Frame {
    let public = key.verifying_key().to_bytes();
    let box_key = BoxKey::from_bytes(public);
    let message = prove::to_be_signed(&raw.exporter(), &relay, &box_key, role, &public);
    let signature = key.sign(&signed_bytes(Label::Prove, &message)).to_bytes();
    Frame::Prove {
        box_key,
        role,
        key: public,
        signature,
    }
}

#[tokio::test]
async fn the_first_request_must_be_a_hello_with_a_known_version() {
    let (relay, _dir) = start().await;
    let mailbox = MailboxId::from_bytes([1; 32]);
    let fetch = Frame::Fetch {
        mailbox,
        cursors: vec![],
        live: false,
    };
    for first in [
        Frame::Hello {
            versions: vec![9, 2],
        },
        Frame::Hello { versions: vec![] },
        fetch,
    ] {
        let raw = Raw::connect(&relay).await;
        let answers = raw.exchange(&bytes(&[first, hello()])).await;
        assert_eq!(answers, [error(ErrorCode::Version)]);
    }
    let raw = Raw::connect(&relay).await;
    let answers = raw
        .exchange(&bytes(&[Frame::Hello {
            versions: vec![2, 1],
        }]))
        .await;
    let (version, key, store) = (1, relay.key(), relay.store());
    assert_eq!(
        answers,
        [Frame::Welcome {
            version,
            relay: key,
            store
        }]
    );
    relay.stop().await;
}

#[tokio::test]
async fn what_is_no_request_ends_the_stream_and_leaves_the_connection() {
    let (relay, _dir) = start().await;
    let raw = Raw::connect(&relay).await;
    assert_eq!(raw.exchange(&bytes(&[hello()])).await.len(), 1);
    for (sent, code) in [
        (vec![0, 0, 0, 2, 0x81, 19], ErrorCode::Malformed),
        (vec![0, 0, 0, 0], ErrorCode::Malformed),
        (vec![0, 0, 0, 3, 0x82, 1, 0x80, 0], ErrorCode::Malformed),
        (bytes(&[Frame::Done]), ErrorCode::Malformed),
        (bytes(&[Frame::CaughtUp]), ErrorCode::Malformed),
        (vec![0, 4, 0, 1], ErrorCode::TooLarge),
        (vec![0xff; 4], ErrorCode::TooLarge),
    ] {
        // Nothing behind it on the stream is answered.
        let answers = raw
            .exchange(&[sent.clone(), bytes(&[hello()])].concat())
            .await;
        let welcomed = sent.len() == 8 && sent[3] == 3;
        assert!(
            welcomed || answers == [error(code)],
            "{sent:02x?}: {answers:?}"
        );
    }
    assert_eq!(raw.exchange(&bytes(&[hello()])).await.len(), 1);
    // Half a frame is no request and is not answered.
    assert!(raw.exchange(&[0, 0, 0, 9, 0x82]).await.is_empty());
    relay.stop().await;
}

#[tokio::test]
async fn a_proof_does_not_hold_on_another_connection_relay_or_role() {
    let (relay, _dir) = start().await;
    let key = SigningKey::from_bytes(&[7; 32]);
    let (one, two) = (Raw::connect(&relay).await, Raw::connect(&relay).await);
    let good = proof(&one, relay.key(), &key, Role::Mailbox);
    let answers = one.exchange(&bytes(&[hello(), good.clone()])).await;
    assert_eq!(answers[1..], [Frame::Done]);

    let answers = two.exchange(&bytes(&[hello(), good.clone()])).await;
    assert_eq!(answers[1..], [error(ErrorCode::Signature)]);
    let elsewhere = proof(&two, RelayKey::from_bytes([3; 32]), &key, Role::Mailbox);
    let Frame::Prove {
        box_key,
        key: public,
        signature,
        ..
    } = good
    else {
        unreachable!()
    };
    let swapped = Frame::Prove {
        box_key,
        role: Role::Inbox,
        key: public,
        signature,
    };
    assert_eq!(
        two.exchange(&bytes(&[elsewhere])).await,
        [error(ErrorCode::Signature)]
    );
    assert_eq!(
        one.exchange(&bytes(&[swapped])).await,
        [error(ErrorCode::Signature)]
    );
    relay.stop().await;
}

#[tokio::test]
async fn an_envelope_that_its_feed_did_not_sign_is_refused() {
    let (relay, _dir) = start().await;
    let raw = Raw::connect(&relay).await;
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = key.verifying_key().to_bytes();
    let mailbox = MailboxId::from_bytes(public);
    let header = EnvelopeHeader {
        feed: FeedId::from_bytes(public),
        seq: 0,
        previous: EnvelopeHash::ZERO,
        epoch_tag: EpochTag::from_bytes([0; 16]),
        salt: [0; 16],
        commitment: [0; 32],
    };
    let unsigned = UnsignedEnvelope::new(&header, &[0; 640 - 205]).unwrap();
    let signature = key.sign(&signed_bytes(Label::Envelope, unsigned.to_be_signed()));
    let mut flipped = unsigned
        .finish(&signature.to_bytes())
        .unwrap()
        .as_bytes()
        .to_vec();
    let feed = header.feed;
    let append = |bytes: &[u8]| Frame::Append {
        mailbox,
        envelopes: vec![techo_wire::UnverifiedEnvelope::parse(bytes).unwrap()],
    };
    let good = append(&flipped);
    flipped[200] ^= 1;
    let prove = proof(&raw, relay.key(), &key, Role::Mailbox);
    let requests = [
        hello(),
        prove,
        Frame::AdmitFeed { mailbox, feed },
        append(&flipped),
        good,
    ];
    let answers = raw.exchange(&bytes(&requests)).await;
    assert_eq!(
        answers[1..4],
        [Frame::Done, Frame::Done, error(ErrorCode::Signature)]
    );
    assert!(matches!(answers[4], Frame::AppendReceipt { .. }));
    relay.stop().await;
}

#[tokio::test]
async fn another_application_protocol_is_refused_by_tls() {
    let (relay, _dir) = start().await;
    assert!(Raw::connect_as(&relay, b"techo/0").await.is_err());
    relay.stop().await;
}
