//! The exact bytes of envelopes, items, frames, receipts, proofs and addresses, and more that must
//! be refused, each with the name of its refusal.
//!
//! `vectors/wire/make.py` made them from docs/format.md with other libraries than Techo's.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use serde_json::Value;
use std::path::PathBuf;
use techo_wire::address::AddressError;
use techo_wire::canonical;
use techo_wire::envelope::EnvelopeError;
use techo_wire::frame::{FrameError, encode_frame};
use techo_wire::item::ItemError;
use techo_wire::receipt::ReceiptError;
use techo_wire::{
    BoxKey, FrameReader, RelayAddress, RelayKey, Role, SealedItem, SignedReceipt,
    UnverifiedEnvelope, prove,
};

/// One case of a vector file.
struct Case(Value);

impl Case {
    fn text(&self, field: &str) -> &str {
        self.0[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} in {}", self.0["name"]))
    }

    fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some()
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        let part = |part: &str| match part.split_once('*') {
            Some((byte, times)) => unhex(byte).repeat(times.parse().unwrap()),
            None => unhex(part),
        };
        self.text(field).split(' ').flat_map(part).collect()
    }

    fn array<const N: usize>(&self, field: &str) -> [u8; N] {
        self.bytes(field).try_into().unwrap()
    }

    fn expect(&self, outcome: &str) {
        assert_eq!(outcome, self.text("outcome"), "{}", self.text("name"));
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// The cases of a file, of which at least half must be refusals.
fn cases(file: &str) -> Vec<Case> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("vectors/wire")
        .join(file);
    let all: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases: Vec<_> = all.into_iter().map(Case).collect();
    let passing = cases
        .iter()
        .filter(|case| case.text("outcome") == "ok")
        .count();
    assert!(
        passing > 0 && cases.len() >= 2 * passing,
        "{file}: {passing} of {}",
        cases.len()
    );
    cases
}

#[test]
fn envelopes() {
    for case in cases("envelope.json") {
        let bytes = case.bytes("bytes");
        case.expect(
            match UnverifiedEnvelope::parse(&bytes[..]).and_then(UnverifiedEnvelope::verify) {
                Ok(envelope) => {
                    assert_eq!(envelope.as_bytes(), bytes);
                    "ok"
                }
                Err(EnvelopeError::TooLong { .. }) => "TooLong",
                Err(EnvelopeError::Length) => "Length",
                Err(EnvelopeError::Padding) => "Padding",
                Err(EnvelopeError::Version { .. }) => "Version",
                Err(EnvelopeError::Previous) => "Previous",
                Err(EnvelopeError::Signature) => "Signature",
                Err(_) => "unknown",
            },
        );
    }
}

#[test]
fn items() {
    for case in cases("item.json") {
        let bytes = case.bytes("bytes");
        case.expect(match SealedItem::parse(&bytes[..]) {
            Ok(item) => {
                assert_eq!(item.as_bytes(), bytes);
                "ok"
            }
            Err(ItemError::TooLong { .. }) => "TooLong",
            Err(ItemError::Length) => "Length",
            Err(ItemError::Padding) => "Padding",
            Err(ItemError::Version { .. }) => "Version",
            Err(ItemError::Suite { .. }) => "Suite",
            Err(_) => "unknown",
        });
    }
}

#[test]
fn frames() {
    for case in cases("frame.json") {
        let bytes = case.bytes("bytes");
        let mut reader = FrameReader::default();
        reader.push(&bytes);
        case.expect(match reader.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(encode_frame(&frame).unwrap(), bytes);
                assert!(reader.is_empty());
                "ok"
            }
            Ok(None) => "Incomplete",
            Err(FrameError::TooLarge { .. }) => "TooLarge",
            Err(FrameError::Malformed(_)) => "Malformed",
            Err(_) => "unknown",
        });
    }
}

#[test]
fn receipts() {
    let relay = proofs_relay();
    for case in cases("receipt.json") {
        let receipt: SignedReceipt = canonical::decode(&case.bytes("bytes")).unwrap();
        let outcome = match case.text("kind") {
            "append" => receipt.verify_append(&relay).map(|_| ()),
            _ => receipt.verify_put(&relay).map(|_| ()),
        };
        case.expect(match outcome {
            Ok(()) => "ok",
            Err(ReceiptError::Malformed(_)) => "Malformed",
            Err(ReceiptError::Version { .. }) => "Version",
            Err(ReceiptError::Relay) => "Relay",
            Err(ReceiptError::Signature) => "Signature",
            Err(_) => "unknown",
        });
    }
}

fn proofs_relay() -> RelayKey {
    RelayKey::from_bytes(cases("prove.json")[0].array("relay"))
}

#[test]
fn proofs() {
    for case in cases("prove.json") {
        let role = [Role::Mailbox, Role::Inbox, Role::Append];
        let role = role[usize::try_from(case.0["role"].as_u64().unwrap()).unwrap()];
        let verified = prove::verify(
            &case.array("exporter"),
            &RelayKey::from_bytes(case.array("relay")),
            &BoxKey::from_bytes(case.array("box")),
            role,
            &case.array("key"),
            &case.array("signature"),
        );
        case.expect(if verified.is_ok() { "ok" } else { "refused" });
    }
}

#[test]
fn addresses() {
    for case in cases("address.json") {
        let decoded = case
            .has("bytes")
            .then(|| canonical::decode::<RelayAddress>(&case.bytes("bytes")).ok());
        let parsed = case
            .has("text")
            .then(|| case.text("text").parse::<RelayAddress>());
        case.expect(match (&parsed, &decoded) {
            (Some(Ok(address)), Some(Some(same))) => {
                assert_eq!(address, same);
                assert_eq!(address.to_string(), case.text("text"));
                assert_eq!(canonical::encode(address), case.bytes("bytes"));
                "ok"
            }
            (Some(Err(AddressError::Key)), None) => "Key",
            (Some(Err(AddressError::Port)), None) => "Port",
            (Some(Err(AddressError::Host)), None) => "Host",
            (None, Some(None)) => "refused",
            other => panic!("{}: {other:?}", case.text("name")),
        });
    }
}
