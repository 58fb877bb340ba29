use techo_wire::{AppendKey, InboxId, RelayAddress, RelayKey};

use super::*;
use crate::book::{EnrolmentHandle, IssuerId};
use crate::crypto::{SealKey, SigningKey};

const NOW: u64 = 1_790_000_000_000;

struct City {
    root: SigningKey,
    entry: SigningKey,
    file: IssuerFile,
}

fn plan(entry: &SigningKey, version: u64) -> KeySetPlan {
    KeySetPlan {
        version,
        entry_keys: vec![EntryKey::from_bytes(entry.public())],
        enrolment: SealKey::from_seed(&[40; 32]).public(),
        append: AppendKey::from_bytes([41; 32]),
        valid_from: NOW,
    }
}

fn city() -> City {
    city_with(1, 2)
}

fn city_with(root: u8, entry: u8) -> City {
    let root = SigningKey::from_seed(&[root; 32]);
    let entry = SigningKey::from_seed(&[entry; 32]);
    let set = SignedKeySet::sign(&root, &plan(&entry, 1));
    let pinned = IssuerRoot::from_bytes(root.public());
    let file = IssuerFile::new(pinned, "999999", "見本市", &set).unwrap();
    City { root, entry, file }
}

fn terms() -> EnrolmentTerms {
    let relay = RelayAddress::new("localhost", 4433, RelayKey::from_bytes([9; 32])).unwrap();
    EnrolmentTerms {
        handle: EnrolmentHandle::from_bytes([3; 32]),
        issuer_only_key: IssuerOnlyKey::from_bytes([4; 32]),
        feed_key: feed_key_hash(&[5; 1_216]),
        inbox_descriptor: InboxDescriptor::new(relay, InboxId::from_bytes([6; 32])).hash(),
    }
}

fn binding_plan(city: &City) -> BindingPlan {
    BindingPlan {
        id: BindingId::from_bytes([7; 32]),
        issuer: city.file.id(),
        key_set_version: 1,
        terms: terms(),
        subject: Subject::from_bytes([8; 32]),
        relation: 1,
        method: "simulated-jpki".into(),
        verified_at: NOW,
        revocation_checked_at: None,
        simulated: true,
        not_after: NOW + 1,
        sequence: 0,
        supersedes: None,
    }
}

fn book(city: &City) -> IssuedBook {
    let signed = SignedBinding::sign(&city.entry, &binding_plan(city));
    IssuedBook::new(signed.verify(&city.file, &terms()).unwrap())
}

fn groups(lot: &str) -> Groups {
    Groups {
        who: Group::new([("name", "試験　花子"), ("birth_date", "2024-05-06")]).unwrap(),
        what: Group::new([("kind", "vaccination"), ("date", "2024-07-08")]).unwrap(),
        place: Group::new([("facility", "見本小児科"), ("lot", lot)]).unwrap(),
    }
}

fn next(city: &City, book: &IssuedBook, lot: &str) -> EntryPlan {
    EntryPlan {
        issuer: city.file.id(),
        key_set_version: 1,
        binding: book.binding().id(),
        index: book.next_index(),
        previous: book.last_hash(),
        kind: IssuedKind::Issue,
        supersedes: None,
        issued_at: NOW,
        groups: groups(lot),
        salts: [[11; 32], [12; 32], [13; 32]],
    }
}

fn issue(city: &City, book: &mut IssuedBook, lot: &str) -> SignedIssuedEntry {
    let signed = SignedIssuedEntry::sign(&city.entry, &next(city, book, lot));
    assert_eq!(
        book.accept(&city.file, &signed),
        Ok(Acceptance::New(book.next_index() - 1))
    );
    signed
}

fn refused(city: &City, book: &mut IssuedBook, plan: &EntryPlan) -> IssuedError {
    let before = book.next_index();
    let refusal = book
        .accept(&city.file, &SignedIssuedEntry::sign(&city.entry, plan))
        .unwrap_err();
    assert_eq!(book.next_index(), before, "a refused entry changes nothing");
    refusal
}

#[test]
fn entries_are_accepted_in_order_and_once() {
    let city = city();
    let mut book = book(&city);
    let first = issue(&city, &mut book, "A1");
    let second = issue(&city, &mut book, "A2");
    assert_eq!(book.accept(&city.file, &first), Ok(Acceptance::Held(0)));
    assert_eq!(book.accept(&city.file, &second), Ok(Acceptance::Held(1)));
    assert_eq!(book.next_index(), 2);
    assert_eq!(book.last_hash(), second.hash());
    let again = SignedIssuedEntry::from_bytes(&first.to_bytes()).unwrap();
    assert_eq!(again, first);
}

#[test]
fn each_fault_of_place_has_its_own_name() {
    let city = city();
    let mut book = book(&city);
    issue(&city, &mut book, "A1");
    let plan = next(&city, &book, "A2");
    let gap = EntryPlan {
        index: 5,
        ..plan.clone()
    };
    let expected = IssuedError::Index {
        expected: 1,
        got: 5,
    };
    assert_eq!(refused(&city, &mut book, &gap), expected);
    assert!(expected.is_retryable());
    let unchained = EntryPlan {
        previous: IssuedHash::from_bytes([1; 32]),
        ..plan.clone()
    };
    assert_eq!(refused(&city, &mut book, &unchained), IssuedError::Chain);
    let elsewhere = EntryPlan {
        binding: BindingId::from_bytes([0; 32]),
        ..plan.clone()
    };
    assert_eq!(refused(&city, &mut book, &elsewhere), IssuedError::Binding);
    let other_issuer = EntryPlan {
        issuer: IssuerId::from_bytes([0; 32]),
        ..plan.clone()
    };
    assert_eq!(
        refused(&city, &mut book, &other_issuer),
        IssuedError::Binding
    );
    let unknown_set = EntryPlan {
        key_set_version: 2,
        ..plan
    };
    assert_eq!(refused(&city, &mut book, &unknown_set), IssuedError::Key);
}

#[test]
fn only_content_that_came_before_can_be_superseded() {
    let city = city();
    let mut book = book(&city);
    issue(&city, &mut book, "A1");
    let plan = next(&city, &book, "A2");
    for (kind, supersedes) in [
        (IssuedKind::Correct, None),
        (IssuedKind::Correct, Some(1)),
        (IssuedKind::Withdraw, Some(9)),
        (IssuedKind::Issue, Some(0)),
        (IssuedKind::Heartbeat, Some(0)),
    ] {
        let groups = if kind == IssuedKind::Heartbeat {
            Groups::default()
        } else {
            groups("A2")
        };
        let wrong = EntryPlan {
            kind,
            supersedes,
            groups,
            ..plan.clone()
        };
        assert_eq!(
            refused(&city, &mut book, &wrong),
            IssuedError::Supersedes,
            "{kind:?}"
        );
    }
    let heartbeat = EntryPlan {
        kind: IssuedKind::Heartbeat,
        groups: Groups::default(),
        ..plan
    };
    let heartbeat = SignedIssuedEntry::sign(&city.entry, &heartbeat);
    book.accept(&city.file, &heartbeat).unwrap();
    let plan = next(&city, &book, "A2");
    let wrong = EntryPlan {
        kind: IssuedKind::Correct,
        supersedes: Some(1),
        ..plan
    };
    assert_eq!(refused(&city, &mut book, &wrong), IssuedError::Supersedes);
}

#[test]
fn a_foreign_key_and_an_altered_statement_are_told_apart() {
    let city = city();
    let mut book = book(&city);
    let plan = next(&city, &book, "A1");
    let stranger = SigningKey::from_seed(&[99; 32]);
    let signed = SignedIssuedEntry::sign(&stranger, &plan);
    assert_eq!(book.accept(&city.file, &signed), Err(IssuedError::Key));
    let good = SignedIssuedEntry::sign(&city.entry, &plan).to_bytes();
    let at = good.windows(2).position(|w| w == [0x58, 0x40]).unwrap() + 2;
    let mut altered = good;
    altered[at] ^= 1;
    let altered = SignedIssuedEntry::from_bytes(&altered).unwrap();
    assert_eq!(
        book.accept(&city.file, &altered),
        Err(IssuedError::Signature)
    );
}

#[test]
fn a_key_of_small_order_signs_nothing_even_if_the_root_named_it() {
    let city = city();
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = KeySetPlan {
        entry_keys: vec![EntryKey::from_bytes(identity)],
        ..plan(&city.entry, 2)
    };
    let mut file = city.file.clone();
    file.adopt(&SignedKeySet::sign(&city.root, &weak)).unwrap();
    let mut book = book(&city);
    let plan = EntryPlan {
        key_set_version: 2,
        ..next(&city, &book, "A1")
    };
    let bytes = SignedIssuedEntry::sign(&city.entry, &plan).to_bytes();
    let mut forged = [0; 64];
    forged[0] = 1;
    let at = bytes.windows(2).position(|w| w == [0x58, 0x40]).unwrap() + 2;
    let mut bytes = bytes;
    bytes[at..at + 64].copy_from_slice(&forged);
    bytes[at + 66..at + 98].copy_from_slice(&identity);
    let forged = SignedIssuedEntry::from_bytes(&bytes).unwrap();
    assert_eq!(book.accept(&file, &forged), Err(IssuedError::Signature));
}

#[test]
fn groups_must_be_the_ones_signed() {
    let city = city();
    let mut book = book(&city);
    let one = SignedIssuedEntry::sign(&city.entry, &next(&city, &book, "A1"));
    let other = SignedIssuedEntry::sign(&city.entry, &next(&city, &book, "A2"));
    // The same length: the tail of one entry behind the statement of another.
    let (mut mixed, other) = (one.to_bytes(), other.to_bytes());
    let tail = mixed.len() - 40;
    mixed[tail..].copy_from_slice(&other[tail..]);
    let mixed = SignedIssuedEntry::from_bytes(&mixed).unwrap();
    assert_eq!(book.accept(&city.file, &mixed), Err(IssuedError::Group));
    assert_eq!(book.accept(&city.file, &one), Ok(Acceptance::New(0)));
    assert_eq!(
        book.accept(&city.file, &mixed),
        Err(IssuedError::Group),
        "also as a repetition"
    );
}

#[test]
fn content_under_a_kind_without_content_is_refused() {
    let city = city();
    let mut book = book(&city);
    let plan = EntryPlan {
        kind: IssuedKind::End,
        ..next(&city, &book, "A1")
    };
    assert_eq!(refused(&city, &mut book, &plan), IssuedError::Group);
}

#[test]
fn a_fork_is_kept_as_proof_that_anybody_can_check() {
    let city = city();
    let mut book = book(&city);
    let plan = next(&city, &book, "A1");
    issue(&city, &mut book, "A1");
    let rewritten = EntryPlan {
        groups: groups("B7"),
        ..plan
    };
    assert_eq!(
        refused(&city, &mut book, &rewritten),
        IssuedError::Fork { index: 0 }
    );
    assert_eq!(
        refused(&city, &mut book, &rewritten),
        IssuedError::Fork { index: 0 }
    );
    let [proof] = book.forks() else {
        panic!("one proof, however often it comes")
    };
    let passed_on = ForkProof::from_text(&proof.to_text()).unwrap();
    assert_eq!(passed_on.check(&city.file), Ok(0));
    assert!(
        passed_on.check(&city_with(21, 22).file).is_err(),
        "another issuer did not do it"
    );
    assert_eq!(
        book.entry(0).unwrap().groups().place.text("lot"),
        Some("A1")
    );
}

#[test]
fn corrections_and_withdrawals_fold_into_a_history() {
    let city = city();
    let mut book = book(&city);
    issue(&city, &mut book, "A1");
    issue(&city, &mut book, "X9");
    for (kind, supersedes, lot) in [
        (IssuedKind::Correct, 0, "A2"),
        (IssuedKind::Correct, 2, "A3"),
    ] {
        let plan = EntryPlan {
            kind,
            supersedes: Some(supersedes),
            ..next(&city, &book, lot)
        };
        book.accept(&city.file, &SignedIssuedEntry::sign(&city.entry, &plan))
            .unwrap();
    }
    let withdraw = EntryPlan {
        kind: IssuedKind::Withdraw,
        supersedes: Some(1),
        groups: Groups::default(),
        ..next(&city, &book, "")
    };
    book.accept(&city.file, &SignedIssuedEntry::sign(&city.entry, &withdraw))
        .unwrap();
    let records = book.records();
    let [corrected, withdrawn] = &records[..] else {
        panic!()
    };
    assert_eq!(corrected.index(), 0);
    assert_eq!(
        corrected.current().unwrap().groups().place.text("lot"),
        Some("A3")
    );
    let lots: Vec<_> = corrected
        .versions()
        .map(|v| v.groups().place.text("lot").unwrap().to_owned())
        .collect();
    assert_eq!(lots, ["A1", "A2", "A3"]);
    assert!(withdrawn.current().is_none());
    assert_eq!(withdrawn.content().unwrap().place.text("lot"), Some("X9"));
    assert_eq!(book.record(3).unwrap().index(), 0);
    assert!(!book.has_ended());
}

#[test]
fn two_devices_derive_the_same_document_from_the_same_entries() {
    let city = city();
    let (mut one, mut two) = (book(&city), book(&city));
    for lot in ["A1", "A2", "A3"] {
        let signed = issue(&city, &mut one, lot);
        two.accept(&city.file, &signed).unwrap();
        two.accept(&city.file, &signed).unwrap();
    }
    let (one, two) = (one.document(), two.document());
    assert_eq!(one.len(), 3);
    assert_eq!(one.heads(), two.heads());
    assert_eq!(one.save().unwrap().bytes, two.save().unwrap().bytes);
    let last = one.records().last().unwrap();
    assert_eq!(last.index, 2);
    assert_eq!(last.fields["where/lot"].as_text(), Some("A3"));
    assert_eq!(last.fields["who/name"].as_text(), Some("試験　花子"));
}

#[test]
fn a_proof_shows_what_was_chosen_and_hides_the_rest() {
    let city = city();
    let mut book = book(&city);
    issue(&city, &mut book, "LOT-4711");
    let entry = book.entry(0).unwrap();
    let proof = Proof::new(&city.file, entry, &[GroupName::Who, GroupName::What]).unwrap();
    let text = proof.to_text();
    let proven = Proof::from_text(&text).unwrap().check(&city.file).unwrap();
    assert_eq!(proven.hidden, [GroupName::Where]);
    assert_eq!(proven.shown.len(), 2);
    assert_eq!(proven.shown[0].1.text("name"), Some("試験　花子"));
    assert_eq!(proven.entry, entry.hash());
    assert!(!proven.knows_later_corrections());
    let bytes = armour::unarmour("techo-proof-v1", &text, 1 << 20).unwrap();
    assert!(
        !bytes.windows(8).any(|w| w == b"LOT-4711"),
        "hidden means absent"
    );
    assert!(
        Proof::from_text(&text)
            .unwrap()
            .check(&city_with(21, 22).file)
            .is_err()
    );
}

#[test]
fn every_altered_byte_of_a_proof_is_refused() {
    let city = city();
    let mut book = book(&city);
    issue(&city, &mut book, "A1");
    let proof = Proof::new(&city.file, book.entry(0).unwrap(), &GroupName::ALL).unwrap();
    let good = armour::unarmour("techo-proof-v1", &proof.to_text(), 1 << 20).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let text = armour::armour("techo-proof-v1", &bad);
        let outcome = Proof::from_text(&text).and_then(|proof| proof.check(&city.file));
        assert!(outcome.is_err(), "byte {at}");
    }
}

#[test]
fn a_binding_must_answer_what_was_asked() {
    let city = city();
    let signed = SignedBinding::sign(&city.entry, &binding_plan(&city));
    let again = SignedBinding::from_bytes(&signed.to_bytes()).unwrap();
    let binding = again.verify(&city.file, &terms()).unwrap();
    assert!(binding.is_simulated());
    assert_eq!(binding.revocation_checked_at(), None);
    for wrong in [
        EnrolmentTerms {
            handle: EnrolmentHandle::from_bytes([0; 32]),
            ..terms()
        },
        EnrolmentTerms {
            issuer_only_key: IssuerOnlyKey::from_bytes([0; 32]),
            ..terms()
        },
        EnrolmentTerms {
            feed_key: [0; 32],
            ..terms()
        },
        EnrolmentTerms {
            inbox_descriptor: [0; 32],
            ..terms()
        },
    ] {
        assert_eq!(signed.verify(&city.file, &wrong), Err(IssuedError::Binding));
    }
    let stranger = SigningKey::from_seed(&[99; 32]);
    let forged = SignedBinding::sign(&stranger, &binding_plan(&city));
    assert_eq!(forged.verify(&city.file, &terms()), Err(IssuedError::Key));
    let another = city_with(21, 22);
    assert_eq!(
        signed.verify(&another.file, &terms()),
        Err(IssuedError::Key)
    );
}

#[test]
fn key_sets_come_only_from_the_root_and_one_number_means_one_set() {
    let city = city();
    let mut file = city.file.clone();
    let newer = SigningKey::from_seed(&[30; 32]);
    let second = SignedKeySet::sign(&city.root, &plan(&newer, 2));
    assert_eq!(file.adopt(&second), Ok(true));
    assert_eq!(file.adopt(&second), Ok(false));
    let conflicting = SignedKeySet::sign(&city.root, &plan(&city.entry, 2));
    assert_eq!(file.adopt(&conflicting), Err(IssuedError::Key));
    let stranger = SignedKeySet::sign(&SigningKey::from_seed(&[31; 32]), &plan(&newer, 3));
    assert_eq!(file.adopt(&stranger), Err(IssuedError::Signature));
    assert_eq!(file.latest().unwrap().version(), 2);
    assert_eq!(IssuerFile::from_text(&file.to_text()).unwrap(), file);
    assert_eq!(
        IssuerFile::from_text(&city.file.to_text()).unwrap().id(),
        file.id()
    );
}

#[test]
fn an_issuer_file_needs_a_code_a_name_and_sound_key_sets() {
    let city = city();
    let set = city.file.latest().unwrap().signed().clone();
    let root = city.file.root();
    for (code, name) in [
        ("99999", "見本市"),
        ("99999x", "見本市"),
        ("999999", ""),
        ("999999", "a\nb"),
    ] {
        assert!(
            IssuerFile::new(root, code, name, &set).is_err(),
            "{code} {name}"
        );
    }
    let text = city.file.to_text();
    assert!(IssuerFile::from_text(&text.replace("techo-issuer-v1", "techo-issuer-v2")).is_err());
    assert!(IssuerFile::from_bytes(&city.file.to_bytes()[1..]).is_err());
}

#[test]
fn groups_have_one_spelling() {
    let group = Group::new([("b", "2"), ("a", "1")]).unwrap();
    let bytes = group.to_bytes();
    assert_eq!(
        bytes,
        [
            0x82, 0x82, 0x61, b'a', 0x61, b'1', 0x82, 0x61, b'b', 0x61, b'2'
        ]
    );
    assert_eq!(Group::from_bytes(&bytes).unwrap(), group);
    let unsorted = [
        0x82, 0x82, 0x61, b'b', 0x61, b'2', 0x82, 0x61, b'a', 0x61, b'1',
    ];
    let doubled = [
        0x82, 0x82, 0x61, b'a', 0x61, b'1', 0x82, 0x61, b'a', 0x61, b'1',
    ];
    for wrong in [&unsorted[..], &doubled, &bytes[1..], &[]] {
        assert_eq!(Group::from_bytes(wrong), Err(IssuedError::Group));
    }
    assert_eq!(Group::new([("Key", "1")]), Err(IssuedError::Group));
    assert_eq!(
        Group::new([("a", "1"), ("a", "2")]),
        Err(IssuedError::Group)
    );
    assert_eq!(Group::default().to_bytes(), [0x80]);
}

#[test]
fn payloads_travel_sealed_and_have_the_numbers_of_the_format() {
    let city = city();
    let mut book = book(&city);
    let key_set = city.file.latest().unwrap().signed().clone();
    let entry = issue(&city, &mut book, "A1");
    let binding = SignedBinding::sign(&city.entry, &binding_plan(&city));
    let answer = IssuerPayload::Binding {
        binding,
        key_set: key_set.clone(),
    };
    let issued = IssuerPayload::Issued { entry, key_set };
    assert_eq!(answer.to_bytes()[..2], [0x83, 2]);
    assert_eq!(issued.to_bytes()[..2], [0x83, 3]);
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let (key, inbox) = (SealKey::from_seed(&[50; 32]), InboxId::from_bytes([6; 32]));
    for payload in [answer, issued] {
        let item = payload.seal(&mut rng, &key.public(), inbox).unwrap();
        assert_eq!(IssuerPayload::open(&key, inbox, &item), Ok(payload));
        let other = SealKey::from_seed(&[51; 32]);
        assert!(IssuerPayload::open(&other, inbox, &item).is_err());
        assert!(IssuerPayload::open(&key, InboxId::from_bytes([0; 32]), &item).is_err());
    }
}

#[test]
fn an_enrolment_file_opens_for_its_city_only() {
    let city = city();
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let key = SealKey::from_seed(&[40; 32]);
    let text = seal_enrolment(&mut rng, city.file.latest().unwrap(), b"bundle").unwrap();
    assert_eq!(
        *open_enrolment(&key, city.file.id(), &text).unwrap(),
        b"bundle"
    );
    assert!(open_enrolment(&SealKey::from_seed(&[1; 32]), city.file.id(), &text).is_err());
    assert!(open_enrolment(&key, IssuerId::from_bytes([0; 32]), &text).is_err());
}

proptest::proptest! {
    #[test]
    fn hostile_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(0_u8.., 0..400)) {
        let city = city();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        proptest::prop_assert!(IssuerFile::from_bytes(&bytes).is_err());
        let issuer = IssuerFile::from_text(&format!("techo-issuer-v1\n{text}"));
        proptest::prop_assert!(issuer.is_err());
        let proof = Proof::from_text(&format!("techo-proof-v1\n{text}"));
        proptest::prop_assert!(proof.is_err());
        if let Ok(entry) = SignedIssuedEntry::from_bytes(&bytes) {
            proptest::prop_assert!(book(&city).accept(&city.file, &entry).is_err());
        }
        if let Ok(binding) = SignedBinding::from_bytes(&bytes) {
            proptest::prop_assert!(binding.verify(&city.file, &terms()).is_err());
        }
    }

    #[test]
    fn one_flipped_bit_of_an_entry_is_never_accepted(at in 0_usize..600, bit in 0_u8..8) {
        let city = city();
        let mut book = book(&city);
        let plan = next(&city, &book, "A1");
        let mut bytes = SignedIssuedEntry::sign(&city.entry, &plan).to_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let outcome = SignedIssuedEntry::from_bytes(&bytes).and_then(|e| book.accept(&city.file, &e));
        proptest::prop_assert!(outcome.is_err());
    }
}

fn next_binding(city: &City, change: impl FnOnce(&mut BindingPlan)) -> Binding {
    let mut plan = BindingPlan {
        id: BindingId::from_bytes([70; 32]),
        sequence: 1,
        supersedes: Some(BindingId::from_bytes([7; 32])),
        ..binding_plan(city)
    };
    change(&mut plan);
    let signed = SignedBinding::sign(&city.entry, &plan);
    signed.verify(&city.file, &terms()).unwrap()
}

#[test]
fn a_chain_goes_on_under_the_binding_that_follows_and_never_back() {
    let city = city();
    let mut book = book(&city);
    let first = issue(&city, &mut book, "A1");
    let before = book.document().save().unwrap().bytes;
    let late = next(&city, &book, "late");
    book.follow(next_binding(&city, |_| ())).unwrap();
    book.follow(next_binding(&city, |_| ())).unwrap();
    assert_eq!(book.bindings().count(), 2, "once is enough");
    assert_eq!(book.document().save().unwrap().bytes, before);
    let under_new = EntryPlan {
        binding: book.current().id(),
        ..next(&city, &book, "A2")
    };
    // What was signed before the city took the new keys still comes first.
    let signed = SignedIssuedEntry::sign(&city.entry, &late);
    assert_eq!(book.accept(&city.file, &signed), Ok(Acceptance::New(1)));
    let under_new = EntryPlan {
        index: 2,
        previous: book.last_hash(),
        ..under_new
    };
    let signed = SignedIssuedEntry::sign(&city.entry, &under_new);
    assert_eq!(book.accept(&city.file, &signed), Ok(Acceptance::New(2)));
    assert_eq!(book.accept(&city.file, &signed), Ok(Acceptance::Held(2)));
    assert_eq!(book.accept(&city.file, &first), Ok(Acceptance::Held(0)));
    let back = next(&city, &book, "A3");
    assert_eq!(refused(&city, &mut book, &back), IssuedError::Binding);
    let twice = EntryPlan {
        index: 2,
        previous: under_new.previous,
        ..back
    };
    assert_eq!(refused(&city, &mut book, &twice), IssuedError::Binding);
}

#[test]
fn a_binding_follows_only_the_last_one_of_the_same_subject_with_the_next_number() {
    let city = city();
    let mut book = book(&city);
    let wrong: [fn(&mut BindingPlan); 5] = [
        |plan| plan.supersedes = None,
        |plan| plan.supersedes = Some(BindingId::from_bytes([71; 32])),
        |plan| plan.subject = Subject::from_bytes([9; 32]),
        |plan| plan.sequence = 0,
        |plan| plan.sequence = 2,
    ];
    for change in wrong {
        let binding = next_binding(&city, change);
        assert_eq!(book.follow(binding), Err(IssuedError::Binding));
    }
    book.follow(next_binding(&city, |_| ())).unwrap();
    let rival = next_binding(&city, |plan| plan.id = BindingId::from_bytes([72; 32]));
    assert_eq!(book.follow(rival), Err(IssuedError::Binding));
    assert_eq!(book.bindings().count(), 2);
}
