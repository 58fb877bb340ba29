//! The exact bytes of issuer files, bindings, issued entries, proofs and enrolment statements, and
//! as many that must be refused, each with the name of its refusal.
//!
//! `TECHO_WRITE_VECTORS=1` writes a new file; an existing one is never edited by hand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use techo_jpki::{EnrolmentStatement, NonceFile, StatementPlan, consent};
use techo_tests::seeded::Seeded;
use techo_vault::book::EnrolmentHandle;
use techo_vault::crypto::{SealKey, SigningKey};
use techo_vault::issued::{
    BindingId, BindingPlan, EnrolmentTerms, EntryKey, EntryPlan, Group, GroupName, Groups,
    InboxDescriptor, IssuedBook, IssuedHash, IssuedKind, IssuerFile, IssuerOnlyKey, IssuerPayload,
    IssuerRoot, KeySetPlan, Proof, RebindPlan, SignedBinding, SignedIssuedEntry, SignedKeySet,
    Subject, feed_key_hash, open_rebind, seal_rebind,
};
use techo_wire::{AppendKey, InboxId, RelayAddress, RelayKey};

const NOW: u64 = 1_790_000_000_000;

struct Case {
    name: &'static str,
    kind: &'static str,
    bytes: Vec<u8>,
    outcome: String,
}

fn root() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn entry_key() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

fn key_set(version: u64) -> SignedKeySet {
    let plan = KeySetPlan {
        version,
        entry_keys: vec![EntryKey::from_bytes(entry_key().public())],
        enrolment: SealKey::from_seed(&[3; 32]).public(),
        append: AppendKey::from_bytes(SigningKey::from_seed(&[4; 32]).public()),
        valid_from: NOW,
    };
    SignedKeySet::sign(&root(), &plan)
}

fn issuer() -> IssuerFile {
    let pinned = IssuerRoot::from_bytes(root().public());
    IssuerFile::new(pinned, "999999", "見本市", &key_set(1)).unwrap()
}

fn descriptor() -> InboxDescriptor {
    let relay = RelayAddress::new("relay.example", 4433, RelayKey::from_bytes([5; 32])).unwrap();
    InboxDescriptor::new(relay, InboxId::from_bytes([6; 32]))
}

fn feed() -> Vec<u8> {
    SealKey::from_seed(&[7; 32]).public().as_bytes().to_vec()
}

fn terms() -> EnrolmentTerms {
    EnrolmentTerms {
        handle: EnrolmentHandle::from_bytes([8; 32]),
        issuer_only_key: IssuerOnlyKey::from_bytes(SigningKey::from_seed(&[9; 32]).public()),
        feed_key: feed_key_hash(&feed()),
        inbox_descriptor: descriptor().hash(),
    }
}

fn binding_plan() -> BindingPlan {
    BindingPlan {
        id: BindingId::from_bytes([10; 32]),
        issuer: issuer().id(),
        key_set_version: 1,
        terms: terms(),
        subject: Subject::from_bytes([11; 32]),
        relation: 1,
        method: "jpki-simulated".into(),
        verified_at: NOW,
        revocation_checked_at: None,
        simulated: true,
        not_after: NOW + 86_400_000,
        sequence: 0,
        supersedes: None,
    }
}

fn content(lot: &str) -> Groups {
    let what = [
        ("kind", "vaccination"),
        ("v", "1"),
        ("vaccine", "DPTIPVHib"),
        ("date", "2024-07-08"),
    ];
    Groups {
        who: Group::new([("name", "試験　花子"), ("birth_date", "2024-05-06")]).unwrap(),
        what: Group::new(what).unwrap(),
        place: Group::new([("facility", "見本小児科"), ("lot", lot)]).unwrap(),
    }
}

fn plan(book: &IssuedBook) -> EntryPlan {
    EntryPlan {
        issuer: issuer().id(),
        key_set_version: 1,
        binding: book.binding().id(),
        index: book.next_index(),
        previous: book.last_hash(),
        kind: IssuedKind::Issue,
        supersedes: None,
        issued_at: NOW + 1,
        groups: content("A1"),
        salts: [[12; 32], [13; 32], [14; 32]],
    }
}

fn sign(plan: &EntryPlan) -> SignedIssuedEntry {
    SignedIssuedEntry::sign(&entry_key(), plan)
}

fn empty_book() -> IssuedBook {
    let signed = SignedBinding::sign(&entry_key(), &binding_plan());
    IssuedBook::new(signed.verify(&issuer(), &terms()).unwrap())
}

/// A book that holds entry 0; the entries of the vectors are offered to it.
fn book() -> IssuedBook {
    let mut book = empty_book();
    let first = sign(&plan(&book));
    book.accept(&issuer(), &first).unwrap();
    book
}

/// Says what becomes of `bytes`: `ok`, or the name of the refusal.
fn judge(kind: &str, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let outcome = match kind {
        "issuer file" => IssuerFile::from_bytes(bytes)
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        "binding" => SignedBinding::from_bytes(bytes)
            .and_then(|binding| binding.verify(&issuer(), &terms()))
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        "entry" => SignedIssuedEntry::from_bytes(bytes)
            .and_then(|entry| book().accept(&issuer(), &entry))
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        "payload" => IssuerPayload::from_bytes(bytes)
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        "proof" => Proof::from_text(&text)
            .and_then(|proof| proof.check(&issuer()))
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        "statement" => EnrolmentStatement::decode(bytes)
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        "rebind" => open_rebind(&SealKey::from_seed(&[3; 32]), issuer().id(), &text)
            .and_then(|asked| asked.verify(terms().issuer_only_key))
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        "nonce file" => NonceFile::from_text(&text)
            .map(|_| ())
            .map_err(|e| format!("{e:?}")),
        other => panic!("no such kind: {other}"),
    };
    outcome.err().unwrap_or_else(|| "ok".to_owned())
}

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

fn at(bytes: &[u8], needle: &[u8]) -> usize {
    bytes
        .windows(needle.len())
        .position(|w| w == needle)
        .unwrap()
}

fn statement() -> EnrolmentStatement {
    EnrolmentStatement::new(&StatementPlan {
        city_code: "999999",
        issuer: issuer().id().to_bytes(),
        handle: [8; 32],
        issuer_only_key: SigningKey::from_seed(&[9; 32]).public(),
        feed_key: &feed(),
        inbox_descriptor: &descriptor().to_bytes(),
        child: None,
        nonce: [15; 32],
        consent: consent::JAPANESE,
        now: NOW,
    })
}

fn issuer_cases(cases: &mut Cases) {
    let file = issuer().to_bytes();
    let mut two = issuer();
    two.adopt(&key_set(2)).unwrap();
    cases.pass("issuer file", "an issuer with one key set", file.clone());
    cases.pass("issuer file", "an issuer with two key sets", two.to_bytes());
    let name = at(&file, "見本市".as_bytes());
    cases.pass(
        "issuer file",
        "another name, which nobody signs",
        flip(&file, name + 2),
    );
    let signature = file.len() - 1;
    cases.fail(
        "issuer file",
        "a key set whose signature is altered",
        flip(&file, signature),
    );
    let root = at(&file, &root().public());
    cases.fail("issuer file", "another root", flip(&file, root));
    cases.fail(
        "issuer file",
        "a byte behind it",
        [&file[..], &[0]].concat(),
    );
    cases.fail("issuer file", "cut short", file[..file.len() - 1].to_vec());
}

fn binding_cases(cases: &mut Cases) {
    let good = SignedBinding::sign(&entry_key(), &binding_plan()).to_bytes();
    cases.pass("binding", "a simulated binding of a child", good.clone());
    let stranger = SigningKey::from_seed(&[99; 32]);
    let forged = SignedBinding::sign(&stranger, &binding_plan()).to_bytes();
    cases.fail("binding", "signed by a stranger", forged);
    let later = BindingPlan {
        key_set_version: 2,
        ..binding_plan()
    };
    cases.fail(
        "binding",
        "a key set nobody knows",
        SignedBinding::sign(&entry_key(), &later).to_bytes(),
    );
    let mut other = binding_plan();
    other.terms.handle = EnrolmentHandle::from_bytes([0; 32]);
    cases.fail(
        "binding",
        "for another handle",
        SignedBinding::sign(&entry_key(), &other).to_bytes(),
    );
    let mut other = binding_plan();
    other.terms.feed_key = [0; 32];
    cases.fail(
        "binding",
        "for another feed key",
        SignedBinding::sign(&entry_key(), &other).to_bytes(),
    );
    let method = at(&good, b"jpki-simulated");
    cases.fail("binding", "an altered method", flip(&good, method));
}

fn entry_cases(cases: &mut Cases) {
    let book = book();
    let good = plan(&book);
    let bytes = sign(&good).to_bytes();
    let key_set = issuer().latest().unwrap().signed().clone();
    let payload = IssuerPayload::Issued {
        entry: sign(&good),
        key_set,
    };
    cases.pass(
        "payload",
        "an issued entry with its key set",
        payload.to_bytes(),
    );
    cases.fail("payload", "an unknown number", flip(&payload.to_bytes(), 1));
    cases.pass("entry", "the next entry", bytes.clone());
    cases.pass(
        "entry",
        "the same entry again",
        sign(&plan(&empty_book())).to_bytes(),
    );
    let correct = |supersedes| EntryPlan {
        kind: IssuedKind::Correct,
        supersedes,
        groups: content("A2"),
        ..good.clone()
    };
    cases.pass("entry", "a correction", sign(&correct(Some(0))).to_bytes());
    cases.fail(
        "entry",
        "a correction of nothing",
        sign(&correct(None)).to_bytes(),
    );
    cases.fail(
        "entry",
        "a correction of itself",
        sign(&correct(Some(1))).to_bytes(),
    );
    let gap = EntryPlan {
        index: 2,
        ..good.clone()
    };
    cases.fail("entry", "an entry too early", sign(&gap).to_bytes());
    let unchained = EntryPlan {
        previous: IssuedHash::from_bytes([1; 32]),
        ..good.clone()
    };
    cases.fail(
        "entry",
        "an entry behind another",
        sign(&unchained).to_bytes(),
    );
    let fork = EntryPlan {
        groups: content("B7"),
        ..plan(&empty_book())
    };
    cases.fail(
        "entry",
        "another entry at a place that is taken",
        sign(&fork).to_bytes(),
    );
    let elsewhere = EntryPlan {
        binding: BindingId::from_bytes([0; 32]),
        ..good.clone()
    };
    cases.fail("entry", "another binding", sign(&elsewhere).to_bytes());
    let unknown = EntryPlan {
        key_set_version: 9,
        ..good.clone()
    };
    cases.fail("entry", "a key set nobody knows", sign(&unknown).to_bytes());
    let stranger = SigningKey::from_seed(&[99; 32]);
    cases.fail(
        "entry",
        "signed by a stranger",
        SignedIssuedEntry::sign(&stranger, &good).to_bytes(),
    );
    let altered = at(&bytes, &good.previous.to_bytes());
    cases.fail("entry", "an altered statement", flip(&bytes, altered));
    let lot = at(&bytes, b"A1");
    cases.fail("entry", "an altered group", flip(&bytes, lot));
    let salt = at(&bytes, &[13; 32]);
    cases.fail("entry", "an altered salt", flip(&bytes, salt));
    let end = EntryPlan {
        kind: IssuedKind::End,
        ..good
    };
    cases.fail("entry", "an end with content", sign(&end).to_bytes());
}

fn proof_cases(cases: &mut Cases) {
    let book = book();
    let show = [GroupName::Who, GroupName::What];
    let proof = Proof::new(&issuer(), book.entry(0).unwrap(), &show)
        .unwrap()
        .to_text();
    cases.pass(
        "proof",
        "person and fact, the place hidden",
        proof.clone().into_bytes(),
    );
    let named = proof.replace("proof-v1", "proof-v2");
    cases.fail("proof", "another format", named.into_bytes());
    let mut inside = proof.into_bytes();
    let middle = inside.len() / 2;
    inside[middle] = if inside[middle] == b'A' { b'B' } else { b'A' };
    cases.fail("proof", "an altered letter", inside);
}

fn enrolment_cases(cases: &mut Cases) {
    let good = statement().to_bytes();
    cases.pass(
        "statement",
        "a statement for the holder of the card",
        good.clone(),
    );
    cases.fail("statement", "another prefix", flip(&good, 0));
    cases.fail("statement", "another version", flip(&good, 21));
    cases.fail("statement", "a byte behind it", [&good[..], &[0]].concat());
    let nonce = NonceFile::new(issuer().id().to_bytes(), [15; 32], NOW + 600_000).to_text();
    cases.pass("nonce file", "a nonce", nonce.clone().into_bytes());
    cases.fail(
        "nonce file",
        "without its line",
        nonce.replace("techo-nonce-v1\n", "").into_bytes(),
    );
}

/// What continues an earlier binding: by the card, and by the issuer-only key without one.
fn following_cases(cases: &mut Cases) {
    let followed = statement().following(Some([10; 32])).to_bytes();
    cases.pass(
        "statement",
        "a statement that follows a binding",
        followed.clone(),
    );
    let short = &followed[..followed.len() - 1];
    cases.fail("statement", "half a binding to follow", short.to_vec());
    let mut nobody = statement().to_bytes();
    nobody[20] += 1;
    nobody.push(0xf6);
    cases.fail("statement", "nothing to follow, written out", nobody);
    let next = BindingPlan {
        id: BindingId::from_bytes([16; 32]),
        sequence: 1,
        supersedes: Some(BindingId::from_bytes([10; 32])),
        ..binding_plan()
    };
    let next = SignedBinding::sign(&entry_key(), &next).to_bytes();
    cases.pass("binding", "a binding that follows another", next.clone());
    let old = at(&next, &[10; 32]);
    cases.fail("binding", "another binding followed", flip(&next, old));
}

fn rebind(to: &IssuerFile, seed: u8) -> Vec<u8> {
    let plan = RebindPlan {
        follows: BindingId::from_bytes([10; 32]),
        sequence: 1,
        handle: EnrolmentHandle::from_bytes([17; 32]),
        feed: SealKey::from_seed(&[18; 32]).public(),
        inbox: descriptor(),
    };
    let key = SigningKey::from_seed(&[seed; 32]);
    seal_rebind(&mut Seeded::new(1), to.latest().unwrap(), &key, &plan)
        .unwrap()
        .into_bytes()
}

fn rebind_cases(cases: &mut Cases) {
    let good = rebind(&issuer(), 9);
    cases.pass("rebind", "other keys under a binding", good.clone());
    cases.fail("rebind", "signed by a stranger", rebind(&issuer(), 99));
    let neighbour = SigningKey::from_seed(&[20; 32]);
    let plan = KeySetPlan {
        version: 1,
        entry_keys: vec![EntryKey::from_bytes(entry_key().public())],
        enrolment: SealKey::from_seed(&[3; 32]).public(),
        append: AppendKey::from_bytes(SigningKey::from_seed(&[4; 32]).public()),
        valid_from: NOW,
    };
    let pinned = IssuerRoot::from_bytes(neighbour.public());
    let keys = SignedKeySet::sign(&neighbour, &plan);
    let other = IssuerFile::new(pinned, "999999", "見本市", &keys).unwrap();
    cases.fail("rebind", "for another issuer", rebind(&other, 9));
    let text = String::from_utf8(good.clone()).unwrap();
    let line = text.replace("techo-rebind-v1", "techo-enrolment-v1");
    cases.fail("rebind", "behind the line of an enrolment", line.into());
    let mut inside = good.clone();
    let middle = inside.len() / 2;
    inside[middle] = if inside[middle] == b'A' { b'B' } else { b'A' };
    cases.fail("rebind", "an altered letter", inside);
    cases.fail("rebind", "cut short", good[..good.len() - 9].to_vec());
}

#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    fn pass(&mut self, kind: &'static str, name: &'static str, bytes: Vec<u8>) {
        assert_eq!(judge(kind, &bytes), "ok", "{kind}: {name}");
        self.0.push(Case {
            name,
            kind,
            bytes,
            outcome: "ok".into(),
        });
    }

    fn fail(&mut self, kind: &'static str, name: &'static str, bytes: Vec<u8>) {
        let outcome = judge(kind, &bytes);
        assert_ne!(outcome, "ok", "{kind}: {name}");
        self.0.push(Case {
            name,
            kind,
            bytes,
            outcome,
        });
    }
}

fn built() -> Vec<Case> {
    let mut cases = Cases::default();
    issuer_cases(&mut cases);
    binding_cases(&mut cases);
    entry_cases(&mut cases);
    proof_cases(&mut cases);
    enrolment_cases(&mut cases);
    following_cases(&mut cases);
    rebind_cases(&mut cases);
    cases.0
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/issued/v1.json")
}

fn hex(bytes: &[u8]) -> String {
    let digit = |b: u8| char::from_digit(u32::from(b), 16).unwrap();
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

fn stored() -> Vec<Value> {
    let text = std::fs::read_to_string(path()).unwrap();
    serde_json::from_str::<Value>(&text)
        .unwrap()
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn every_stored_vector_still_has_its_outcome() {
    if std::env::var_os("TECHO_WRITE_VECTORS").is_some() {
        let all: Vec<Value> = built()
            .iter()
            .map(|c| json!({"kind": c.kind, "name": c.name, "outcome": c.outcome, "hex": hex(&c.bytes)}))
            .collect();
        std::fs::write(path(), serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
    }
    let mut counts: BTreeMap<bool, usize> = BTreeMap::new();
    for case in stored() {
        let (kind, name) = (
            case["kind"].as_str().unwrap(),
            case["name"].as_str().unwrap(),
        );
        let outcome = judge(kind, &unhex(case["hex"].as_str().unwrap()));
        assert_eq!(outcome, case["outcome"].as_str().unwrap(), "{kind}: {name}");
        *counts.entry(outcome == "ok").or_default() += 1;
    }
    assert!(
        counts[&false] >= counts[&true],
        "as many that must be refused"
    );
}

#[test]
fn the_same_keys_make_the_same_bytes() {
    let stored = stored();
    let built = built();
    assert_eq!(stored.len(), built.len());
    for (case, stored) in built.iter().zip(&stored) {
        assert_eq!(
            stored["hex"].as_str().unwrap(),
            hex(&case.bytes),
            "{}",
            case.name
        );
    }
}

#[test]
fn every_refusal_of_an_entry_has_a_vector() {
    let outcomes: Vec<String> = stored()
        .iter()
        .map(|c| c["outcome"].as_str().unwrap().to_owned())
        .collect();
    for name in [
        "Signature",
        "Key",
        "Binding",
        "Index",
        "Chain",
        "Group",
        "Supersedes",
        "Fork",
    ] {
        assert!(outcomes.iter().any(|o| o.starts_with(name)), "{name}");
    }
}

#[test]
fn what_a_statement_follows_is_read_back() {
    let followed = statement().following(Some([10; 32]));
    let read = |bytes: &[u8]| EnrolmentStatement::decode(bytes).unwrap();
    assert_eq!(read(&followed.to_bytes()).follows(), Some(&[10; 32]));
    assert_eq!(read(&statement().to_bytes()).follows(), None);
}

#[test]
fn both_crates_name_feed_keys_and_inboxes_alike() {
    let statement = statement();
    assert_eq!(*statement.feed_key(), terms().feed_key);
    assert_eq!(*statement.inbox_descriptor(), terms().inbox_descriptor);
}
