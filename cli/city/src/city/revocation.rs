//! Enrolment with revocation lists, what waits for them, and asking again.

use techo_jpki::simulated::{ListProfile, MUNICIPALITY, SimulatedAuthority, issuing_point};
use techo_jpki::{CertificateId, CrlFault, RevocationGap, RevocationReason, SignatureCard};

use super::tests::*;
use super::*;
use crate::{EnrolAnswer, EnrolRefusal, RejectionReason};
use techo_jpki::{Refusal, Revocation};
use techo_vault::issued::{BindingId, IssuerPayload};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

pub(super) fn serial(card: &impl SignatureCard) -> Vec<u8> {
    techo_jpki::simulated::serial_of(card.certificate()).unwrap()
}

/// Puts one list, made at `at`, into a folder.
fn lists(at: u64, revoked: &[(Vec<u8>, u8)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let profile = ListProfile::genuine(MUNICIPALITY, at, revoked.to_vec()).unwrap();
    let der = AUTHORITY.revocation_list(&profile).unwrap();
    std::fs::write(dir.path().join("mihon.crl"), der).unwrap();
    dir
}

pub(super) fn load(office: &mut Office, at: u64, revoked: &[(Vec<u8>, u8)]) {
    let dir = lists(at, revoked);
    let report = office.city.load_revocation_lists(dir.path()).unwrap();
    assert_eq!((report.held, report.refused), (1, Vec::new()));
}

fn waiting_files(office: &Office) -> usize {
    std::fs::read_dir(office.path.join("pending")).map_or(0, Iterator::count)
}

pub(super) fn reopened(office: Office) -> Office {
    let Office {
        _dir: dir,
        path,
        city,
        register,
        now,
    } = office;
    drop(city);
    let city = City::open(&path, &passphrase()).unwrap();
    Office {
        _dir: dir,
        path,
        city,
        register,
        now,
    }
}

fn ask(office: &mut Office, now: u64, request: &str) -> EnrolAnswer {
    office.city.enrol(now, request, &office.register).unwrap()
}

fn bound(office: &mut Office, family: &Family) -> BindingId {
    enrol_child(office, family)
}

#[test]
fn a_current_list_is_named_in_the_binding_and_the_answer() {
    let mut office = office();
    load(&mut office, NOW - HOUR, &[]);
    let family = family();
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family.request(&office, &nonce, &MOTHER, Some(&sakura()));
    for repeat in [false, true] {
        let answer = ask(&mut office, NOW, &request);
        let EnrolAnswer::Bound {
            binding,
            revocation,
            repeated,
            ..
        } = answer
        else {
            panic!("{answer:?}")
        };
        assert_eq!((revocation, repeated), (Revocation::NotRevoked, repeat));
        let book = held(&office, &family, binding);
        assert_eq!(book.binding().revocation_checked_at(), Some(NOW));
    }
    assert_eq!(waiting_files(&office), 0);
}

#[test]
fn an_enrolment_without_a_list_waits_and_is_bound_by_the_next_one() {
    let mut office = office();
    let empty = tempfile::tempdir().unwrap();
    office.city.load_revocation_lists(empty.path()).unwrap();
    let family = family();
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family.request(&office, &nonce, &MOTHER, Some(&sakura()));
    let missing = EnrolAnswer::Pending(RevocationGap::Missing);
    assert_eq!(ask(&mut office, NOW, &request), missing);
    assert_eq!(
        ask(&mut office, NOW, &request),
        missing,
        "the same file waits once"
    );
    assert_eq!(
        (waiting_files(&office), office.city.status(NOW).waiting),
        (1, 1)
    );
    assert_eq!(office.city.status(NOW).bindings, 0);
    let mut office = reopened(office);
    load(&mut office, NOW - 2 * DAY, &[]);
    let report = office.city.recheck(NOW + HOUR, &office.register).unwrap();
    assert_eq!(
        (report.waiting, report.answered.len()),
        (1, 0),
        "the list is stale"
    );
    load(&mut office, NOW + 20 * HOUR, &[]);
    let later = NOW + DAY;
    let report = office.city.recheck(later, &office.register).unwrap();
    let [EnrolAnswer::Bound { binding, .. }] = report.answered.as_slice() else {
        panic!("{report:?}")
    };
    let book = held(&office, &family, *binding);
    assert_eq!(book.binding().revocation_checked_at(), Some(later));
    assert_eq!(
        (waiting_files(&office), office.city.status(NOW).waiting),
        (0, 0)
    );
    let office = reopened(office);
    assert_eq!(office.city.status(NOW).waiting, 0);
    assert_eq!(office.city.status(NOW).bindings, 1);
}

#[test]
fn evidence_that_waits_is_sealed_and_gone_after_a_week_or_a_refusal() {
    let mut office = office();
    let empty = tempfile::tempdir().unwrap();
    office.city.load_revocation_lists(empty.path()).unwrap();
    for n in 1..=2 {
        let nonce = office.city.nonce(NOW).unwrap();
        let request = family().request(&office, &nonce, &MOTHER, Some(&sakura()));
        ask(&mut office, NOW, &request);
        assert_eq!(waiting_files(&office), n);
    }
    for entry in std::fs::read_dir(office.path.join("pending")).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(text.starts_with(b"techo-enrolment-v1\n"));
    }
    std::fs::write(office.path.join("pending/left-by-a-crash"), "sealed").unwrap();
    let first = office
        .city
        .recheck(NOW + 7 * DAY, &office.register)
        .unwrap();
    assert_eq!(
        (first.waiting, first.dropped, waiting_files(&office)),
        (2, 0, 2)
    );
    let late = office
        .city
        .recheck(NOW + 7 * DAY + 1, &office.register)
        .unwrap();
    assert_eq!(
        (late.waiting, late.dropped, waiting_files(&office)),
        (0, 2, 0)
    );
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family().request(&office, &nonce, &MOTHER, Some(&sakura()));
    ask(&mut office, NOW, &request);
    load(&mut office, NOW, &[(serial(&*MOTHER), 1)]);
    let report = office.city.recheck(NOW, &office.register).unwrap();
    let revoked = Refusal::Revoked(RevocationReason::KeyCompromise);
    let refused = EnrolAnswer::Refused(EnrolRefusal::Evidence(revoked));
    assert_eq!(
        (report.answered, waiting_files(&office)),
        (vec![refused], 0)
    );
    let again = ask(&mut office, NOW, &request);
    let replay = EnrolRefusal::Evidence(Refusal::Replay);
    assert_eq!(again, EnrolAnswer::Refused(replay));
}

#[test]
fn asking_again_finds_who_was_revoked_and_tells_the_family_nothing() {
    let mut office = office();
    load(&mut office, NOW - HOUR, &[]);
    let family_a = family();
    let binding = bound(&mut office, &family_a);
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let before = held(&office, &family_a, binding).entries().len();
    let report = office.city.recheck(NOW, &office.register).unwrap();
    assert_eq!((report.good, report.open, report.revoked.len()), (1, 0, 0));
    let mut office = reopened(office);
    let report = office.city.recheck(NOW, &office.register).unwrap();
    assert_eq!((report.good, report.open), (1, 0), "lists are kept");
    load(&mut office, NOW, &[(serial(&*MOTHER), 3)]);
    let report = office.city.recheck(NOW, &office.register).unwrap();
    let moved = RevocationReason::AffiliationChanged;
    assert_eq!(report.revoked, [(binding, "1000003".to_owned(), moved)]);
    assert_eq!(held(&office, &family_a, binding).entries().len(), before);
    let mut office = reopened(office);
    load(&mut office, NOW + 1_000, &[]);
    let report = office.city.recheck(NOW + 1, &office.register).unwrap();
    assert_eq!(
        (report.good, report.revoked.len()),
        (0, 0),
        "told once, and never lifted"
    );
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family().request(&office, &nonce, &MOTHER, Some(&sakura()));
    let revoked = Refusal::Revoked(RevocationReason::Unspecified);
    let refused = EnrolAnswer::Refused(EnrolRefusal::Evidence(revoked));
    assert_eq!(ask(&mut office, NOW, &request), refused);
}

#[test]
fn a_city_ends_a_binding_by_an_explicit_word_without_a_reason() {
    let mut office = office();
    let family = family();
    let binding = bound(&mut office, &family);
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let before = held(&office, &family, binding).entries().len();
    assert!(office.city.end(NOW, binding).unwrap());
    assert!(office.city.end(NOW, binding).unwrap(), "once is enough");
    assert!(
        !office
            .city
            .end(NOW, BindingId::from_bytes([1; 32]))
            .unwrap()
    );
    let mut office = reopened(office);
    let book = held(&office, &family, binding);
    assert_eq!(book.entries().len(), before + 1);
    let report = office.city.publish(NOW, CORRECTION, "c.csv").unwrap();
    assert_eq!(report.issued, 0);
    assert!(
        report
            .rejected
            .iter()
            .any(|r| r.reason == RejectionReason::Ended)
    );
}

#[test]
fn files_that_are_no_lists_are_named_and_the_others_count() {
    let mut office = office();
    let dir = lists(NOW, &[]);
    std::fs::write(dir.path().join("a.crl"), b"nothing").unwrap();
    std::fs::write(dir.path().join("readme.txt"), b"not read").unwrap();
    let rogue = SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap();
    let forged = ListProfile::genuine(MUNICIPALITY, NOW, Vec::new()).unwrap();
    std::fs::write(
        dir.path().join("b.CRL"),
        rogue.revocation_list(&forged).unwrap(),
    )
    .unwrap();
    let report = office.city.load_revocation_lists(dir.path()).unwrap();
    let malformed = ("a.crl".to_owned(), CrlFault::Malformed);
    let forged = ("b.CRL".to_owned(), CrlFault::Forged);
    assert_eq!(report.refused, [malformed, forged]);
    assert_eq!(report.held, 1);
    let missing = office.city.load_revocation_lists(&dir.path().join("gone"));
    assert!(matches!(missing, Err(CityError::Disk(_))));
}

#[test]
fn the_journal_holds_no_certificate_and_no_bare_serial_number() {
    let mut office = office();
    let binding = bound(&mut office, &family());
    let bound = &office.city.state.bindings[&binding].bound;
    let mark = bound.certificate.as_ref().unwrap();
    let record = techo_wire::canonical::encode(bound);
    let finds = |needle: &[u8]| record.windows(needle.len()).any(|w| w == needle);
    assert!(!finds(&serial(&*MOTHER)));
    assert!(!finds(&MOTHER.certificate()[..64]));
    assert!(finds(&mark.tag));
    let opened = office
        .city
        .unlocked
        .open_certificate(&binding, &mark.sealed)
        .unwrap();
    assert!(CertificateId::from_bytes(&opened).is_ok());
    let other = BindingId::from_bytes([1; 32]);
    assert!(
        office
            .city
            .unlocked
            .open_certificate(&other, &mark.sealed)
            .is_err()
    );
}

/// Every byte that is sealed into a family's inbox under a binding.
fn told(office: &Office, id: BindingId) -> Vec<Vec<u8>> {
    let state = &office.city.state.bindings[&id];
    let key_set = office.city.file.latest().unwrap().signed().clone();
    let binding = IssuerPayload::Binding {
        binding: state.bound.binding.clone(),
        key_set: key_set.clone(),
    };
    let entries = state.pending.values().map(|entry| IssuerPayload::Issued {
        entry: entry.clone(),
        key_set: key_set.clone(),
    });
    let payloads = std::iter::once(binding).chain(entries);
    payloads.map(|payload| payload.to_bytes()).collect()
}

#[test]
fn the_bytes_for_a_family_are_the_same_whether_a_binding_ended_by_revocation_or_not() {
    let mut office = office();
    load(&mut office, NOW - HOUR, &[]);
    let (a, b) = (family(), family());
    let mothers = bound(&mut office, &a);
    let nonce = office.city.nonce(NOW).unwrap();
    let request = b.request(&office, &nonce, &FATHER, Some(&sakura()));
    let EnrolAnswer::Bound {
        binding: fathers, ..
    } = ask(&mut office, NOW, &request)
    else {
        panic!("the father is a guardian")
    };
    office.city.publish(NOW, EXPORT, "export.csv").unwrap();
    let before = told(&office, mothers);
    load(&mut office, NOW, &[(serial(&*MOTHER), 1)]);
    let report = office.city.recheck(NOW, &office.register).unwrap();
    assert_eq!(report.revoked.len(), 1);
    assert_eq!(told(&office, mothers), before, "asking changes nothing");
    office.city.end(NOW, mothers).unwrap();
    office.city.end(NOW, fathers).unwrap();
    let (revoked, other) = (told(&office, mothers), told(&office, fathers));
    let lengths = |all: &[Vec<u8>]| all.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lengths(&revoked), lengths(&other));
    let ends = [(&a, mothers), (&b, fathers)].map(|(family, id)| {
        let book = held(&office, family, id);
        let last = book.entries().last().unwrap().clone();
        (
            last.kind(),
            last.issued_at(),
            last.groups().clone(),
            last.index(),
        )
    });
    assert_eq!(ends[0], ends[1]);
    let mark = office.city.state.bindings[&mothers]
        .bound
        .certificate
        .clone();
    let mark = mark.unwrap();
    let opened = office
        .city
        .unlocked
        .open_certificate(&mothers, &mark.sealed);
    let id = CertificateId::from_bytes(&opened.unwrap()).unwrap();
    let (name, point) = (id.name(), issuing_point(MUNICIPALITY, &[]).unwrap());
    let (key, number) = name.split_at(20);
    let needles = [
        &mark.tag,
        &mark.sealed[..],
        key,
        &number[1..],
        &point,
        b"revo",
        b"crl",
    ];
    for bytes in revoked.iter().chain(&before) {
        for needle in needles {
            assert!(!bytes.windows(needle.len()).any(|w| w == needle));
        }
    }
}
