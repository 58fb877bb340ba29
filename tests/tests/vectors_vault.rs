//! The exact bytes of envelopes, control ops, entries, items, grants and slots, and at least as many
//! that must be refused, each with the name of its refusal.
//!
//! `vectors/vault/make.py` made them from docs/format.md with other libraries than Techo's.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use techo_vault::book::{BookId, Control, ControlOp, DeviceKey, Fold, NewEpoch, Outcome};
use techo_vault::crypto::{
    EpochKey, Passphrase, Rendezvous, SealKey, SigningKey, Slot, TicketSecret, VaultId,
    open_envelope, open_item, seal_entry,
};
use techo_vault::entry::{ItemPayload, UnverifiedEntry};
use techo_wire::canonical::{self, CanonicalError};
use techo_wire::{EnvelopeHash, Head, InboxId, SealedItem, UnverifiedEnvelope};

/// One case of a vector file.
struct Case(Value);

impl Case {
    fn text(&self, field: &str) -> &str {
        self.0[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} in {}", self.0["name"]))
    }

    fn bytes(&self, field: &str) -> Vec<u8> {
        let repeated = self.0[format!("{field}_repeated")].as_u64().unwrap_or(1);
        let mut bytes = unhex(self.text(field)).repeat(usize::try_from(repeated).unwrap());
        if field == "bytes" {
            let zeros = self.0["zeros_behind"].as_u64().unwrap_or(0);
            bytes.resize(bytes.len() + usize::try_from(zeros).unwrap(), 0);
        }
        bytes
    }

    fn array<const N: usize>(&self, field: &str) -> [u8; N] {
        self.bytes(field).try_into().unwrap()
    }

    fn book(&self) -> BookId {
        self.array("book").into()
    }

    fn epoch(&self) -> EpochKey {
        EpochKey::from_bytes(&self.array("epoch"))
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

fn file(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/vault");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Compares every case of a file with what `check` says of it: `Ok`, or the name of an error.
fn check_all(name: &str, check: impl Fn(&Case) -> Result<(), String>) {
    let Value::Array(cases) = file(name) else {
        panic!("{name} is no list")
    };
    let mut refused = 0;
    let total = cases.len();
    for case in cases.into_iter().map(Case) {
        let got = check(&case).err().unwrap_or_else(|| "ok".to_owned());
        assert_eq!(got, case.text("outcome"), "{name}: {}", case.text("name"));
        refused += usize::from(got != "ok");
    }
    assert!(
        refused * 2 >= total && refused < total,
        "{name}: {refused} of {total} must fail"
    );
}

/// The name of an error's variant.
fn named(error: impl std::fmt::Debug) -> String {
    let shown = format!("{error:?}");
    let end = shown
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(shown.len());
    if &shown[..end] == "OpenError" {
        "Open".to_owned()
    } else {
        shown[..end].to_owned()
    }
}

#[test]
fn envelopes() {
    check_all("envelope", |case| {
        let unverified = UnverifiedEnvelope::parse(case.bytes("bytes")).map_err(named)?;
        let envelope = unverified.verify().map_err(named)?;
        let entry = open_envelope(&case.epoch(), &case.book(), &envelope).map_err(named)?;
        assert_eq!(*entry, case.bytes("entry"));
        let feed = SigningKey::from_seed(&case.array("feed_seed"));
        let (seq, previous) = (envelope.seq(), envelope.previous());
        let again = seal_entry(&case.epoch(), &case.book(), &feed, seq, previous, &entry);
        assert_eq!(again.unwrap(), envelope, "sealing gives the same bytes");
        Ok(())
    });
}

#[test]
fn control_ops() {
    check_all("control", |case| {
        let bytes = case.bytes("bytes");
        let op: ControlOp =
            canonical::decode(&bytes).map_err(|error: CanonicalError| named(error))?;
        assert_eq!(canonical::encode(&op), bytes);
        let name = match op {
            ControlOp::Genesis(_) => "genesis",
            ControlOp::DeviceAdded { .. } => "device added",
            ControlOp::DeviceRemoved { .. } => "device removed",
            ControlOp::RoleSet { .. } => "role set",
            ControlOp::EpochStarted(_) => "epoch started",
            ControlOp::IssuerTrusted { .. } => "issuer trusted",
            ControlOp::EnrolmentOpened(_) => "enrolment opened",
            ControlOp::BindingAccepted { .. } => "binding accepted",
            ControlOp::RelayAdded(_) => "relay added",
            ControlOp::MemberAdded { .. } => "member added",
            ControlOp::DeviceOffered { .. } => "device offered",
        };
        assert_eq!(name, case.text("name"));
        Ok(())
    });
}

#[test]
fn folds() {
    check_all("fold", |case| {
        let mut fold = Fold::new(case.book());
        let mut last = Ok(());
        for row in case.0["ops"].as_array().unwrap() {
            let part = |at: usize| unhex(row[at].as_str().unwrap());
            let hash = EnvelopeHash::try_from(&part(0)[..]).unwrap();
            let author = DeviceKey::try_from(&part(1)[..]).unwrap();
            let control: Control = canonical::decode(&part(2)).unwrap();
            last = match fold.insert(hash, author, control) {
                Outcome::Applied => Ok(()),
                Outcome::Waiting(_) => Err("Waiting".to_owned()),
                Outcome::Refused(refusal) => Err(named(refusal)),
            };
            let got = last.clone().err().unwrap_or_else(|| "Applied".to_owned());
            assert_eq!(got, row[3].as_str().unwrap(), "{}", case.text("name"));
        }
        last
    });
}

#[test]
fn entries() {
    check_all("entry", |case| {
        let envelope = UnverifiedEnvelope::parse(case.bytes("bytes"))
            .unwrap()
            .verify()
            .unwrap();
        let opened = UnverifiedEntry::open(&case.epoch(), &case.book(), &envelope).unwrap();
        let after = case.0["after"].as_array().map(|after| Head {
            feed: envelope.feed(),
            seq: after[0].as_u64().unwrap(),
            hash: EnvelopeHash::try_from(&unhex(after[1].as_str().unwrap())[..]).unwrap(),
        });
        let entry = opened.verify(after).map_err(named)?;
        assert_eq!(entry.head(), envelope.head());
        assert_eq!(entry.written_at().millis(), 1_790_000_000_000);
        assert_eq!(entry.certificate().is_some(), after.is_none());
        Ok(())
    });
}

#[test]
fn items_and_grants() {
    check_all("item", |case| {
        let key = SealKey::from_seed(&case.array("seal_seed"));
        let inbox = InboxId::from_bytes(case.array("inbox"));
        let item = SealedItem::parse(case.bytes("bytes")).map_err(named)?;
        let payload = ItemPayload::open(&key, inbox, &item).map_err(named)?;
        let plain = open_item(&key, inbox, &item).unwrap();
        assert_eq!(*plain, case.bytes("payload"));
        assert_eq!(canonical::encode(&payload), *plain);
        if let ItemPayload::Grant(grant) = payload {
            assert_eq!(
                grant.control_heads,
                BTreeSet::from([EnvelopeHash::from_bytes([8; 32])])
            );
            assert_eq!(grant.epochs[0], EpochKey::from_bytes(&[1; 32]));
        }
        Ok(())
    });
}

#[test]
fn slots_and_the_keys_behind_them() {
    check_all("slot", |case| {
        let vault = VaultId::from_bytes(case.array("vault"));
        let slot: Slot = canonical::decode(&case.bytes("bytes"))
            .map_err(|error: CanonicalError| named(error))?;
        let passphrase = Passphrase::new(case.text("passphrase").to_owned());
        let master = slot.unlock(vault, &passphrase).map_err(named)?;
        assert!(
            master
                .header_mac(vault)
                .verify(b"header", &case.array("mac"))
        );
        assert_eq!(master.blind(vault).blind(b"name"), case.array("blind"));
        for (name, key) in [
            ("keys", master.keys(vault)),
            ("index", master.index(vault)),
            ("manifest", master.manifest(vault)),
        ] {
            assert_eq!(
                *key.open(b"place", &case.bytes(name)).unwrap(),
                name.as_bytes()
            );
        }
        Ok(())
    });
}

#[test]
fn what_an_epoch_and_a_ticket_give() {
    let known = Case(file("derived"));
    let (epoch, book) = (known.epoch(), known.book());
    let genesis: ControlOp = canonical::decode(&known.bytes("genesis")).unwrap();
    let ControlOp::Genesis(genesis) = genesis else {
        panic!("no genesis")
    };
    assert_eq!(genesis.book_id(), book);
    assert_eq!(genesis.epoch(), epoch.commitment());
    assert_eq!(epoch.tag(&book).to_bytes(), known.array("tag"));
    assert_eq!(epoch.commitment().to_bytes(), known.array("commitment"));
    assert_eq!(epoch.mailbox(&book).public(), known.array("mailbox"));
    let inbox = InboxId::from_bytes(known.array("inbox"));
    assert_eq!(epoch.append_key(&inbox).public(), known.array("append_key"));
    let seal = SealKey::from_seed(&known.array("epoch"));
    assert_eq!(seal.public().as_bytes(), &known.array("seal_public"));
    let joins: NewEpoch = canonical::decode(&known.bytes("joins")).unwrap();
    let joining = EpochKey::from_bytes(&known.array("joining"));
    let joined = joins.open(&book, &joining).unwrap();
    assert_eq!(
        joined
            .iter()
            .map(|key| *key.expose())
            .collect::<Vec<_>>()
            .concat(),
        known.bytes("joined")
    );
    let ticket = TicketSecret::from_bytes(&known.array("ticket"));
    let shown = |side: Rendezvous| {
        [
            &side.inbox.public()[..],
            &side.append.public(),
            side.seal.public().as_bytes(),
        ]
        .concat()
    };
    assert_eq!(shown(ticket.newcomer()), known.bytes("newcomer"));
    assert_eq!(shown(ticket.inviter()), known.bytes("inviter"));
}
