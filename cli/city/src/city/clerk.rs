//! What a clerk sees and decides, and asking again that was stopped in the middle.

use techo_jpki::{RevocationGap, RevocationReason};
use techo_vault::issued::BindingId;

use super::revocation::{load, reopened, serial};
use super::tests::*;
use crate::record::{CertificateMark, JournalRecord};
use crate::{Doubt, EnrolAnswer, Register, ReviewReason};

const DAY: u64 = 86_400_000;

fn waiting_files(office: &Office) -> usize {
    std::fs::read_dir(office.path.join("pending")).map_or(0, Iterator::count)
}

/// Somebody whose address the register writes differently.
fn moved(office: &mut Office) -> String {
    let csv = std::str::from_utf8(REGISTER).unwrap();
    let csv = csv.replacen(
        "見本県見本市架空町１丁目２番３号",
        "見本県見本市新町９番",
        1,
    );
    office.register = Register::from_csv(csv.as_bytes()).unwrap();
    let nonce = office.city.nonce(NOW).unwrap();
    let request = family().request(office, &nonce, &MOTHER, Some(&sakura()));
    let answer = office.city.enrol(NOW, &request, &office.register).unwrap();
    assert_eq!(answer, EnrolAnswer::Review(ReviewReason::NotInRegister));
    let [case] = &office.city.review(NOW, None).cases[..] else {
        panic!("one case")
    };
    assert_eq!(case.reason, Some(ReviewReason::NotInRegister));
    case.id.clone()
}

#[test]
fn a_case_waits_sealed_and_is_bound_once_the_register_is_right() {
    let mut office = office();
    moved(&mut office);
    assert_eq!(
        (waiting_files(&office), office.city.status(NOW).review),
        (1, 1)
    );
    let mut office = reopened(office);
    let report = office.city.recheck(NOW + DAY, &office.register).unwrap();
    assert_eq!((report.review, report.answered.len()), (1, 0));
    office.register = Register::from_csv(REGISTER).unwrap();
    let report = office
        .city
        .recheck(NOW + 2 * DAY, &office.register)
        .unwrap();
    assert!(matches!(report.answered[..], [EnrolAnswer::Bound { .. }]));
    assert_eq!(
        (waiting_files(&office), office.city.status(NOW).review),
        (0, 0)
    );
}

#[test]
fn a_clerk_sees_who_it_is_and_binds_the_resident_or_nobody() {
    let mut office = office();
    let case = moved(&mut office);
    let view = office.city.case(NOW, &case[..8], &office.register);
    let view = view.unwrap().unwrap().unwrap();
    assert_eq!(view.holder.name, "見本　はな子");
    assert_eq!(view.child.unwrap().name, "見本さくら");
    assert_eq!(view.candidates, ["1000003"]);
    let register = Register::from_csv(REGISTER).unwrap();
    let bind = |office: &mut Office, who| office.city.bind_case(NOW, &case, who, &office.register);
    assert_eq!(
        bind(&mut office, ("1000003", None)).unwrap(),
        None,
        "whose card?"
    );
    assert_eq!(bind(&mut office, ("77", Some("1000001"))).unwrap(), None);
    let answer = bind(&mut office, ("1000003", Some("1000001")))
        .unwrap()
        .unwrap();
    let EnrolAnswer::Bound { resident, .. } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(resident, "1000003");
    assert_eq!(waiting_files(&office), 0);
    let doubts = office.city.review(NOW, Some(&register));
    assert_eq!((doubts.cases.len(), doubts.bindings.len()), (0, 0));
    let other = moved(&mut office);
    assert!(office.city.dismiss(&other).unwrap());
    assert!(!office.city.dismiss(&other).unwrap());
    assert_eq!(
        (waiting_files(&office), office.city.status(NOW).review),
        (0, 0)
    );
}

#[test]
fn a_clerk_cannot_bind_whom_a_list_does_not_clear() {
    let mut office = office();
    load(&mut office, NOW - 3_600_000, &[]);
    let case = moved(&mut office);
    let who = ("1000003", Some("1000001"));
    let later = NOW + 3 * DAY;
    let answer = office.city.bind_case(later, &case, who, &office.register);
    let stale = EnrolAnswer::Pending(RevocationGap::Stale);
    assert_eq!(answer.unwrap(), Some(stale));
    load(&mut office, later, &[(serial(&*MOTHER), 1)]);
    let answer = office.city.bind_case(later, &case, who, &office.register);
    assert!(matches!(answer.unwrap(), Some(EnrolAnswer::Refused(_))));
    assert_eq!(
        (waiting_files(&office), office.city.status(NOW).standing),
        (0, 0)
    );
}

#[test]
fn a_case_is_forgotten_after_two_weeks() {
    let mut office = office();
    moved(&mut office);
    let report = office
        .city
        .recheck(NOW + 14 * DAY, &office.register)
        .unwrap();
    assert_eq!((report.review, report.dropped), (1, 0));
    let late = NOW + 14 * DAY + 1;
    let report = office.city.recheck(late, &office.register).unwrap();
    assert_eq!(
        (report.review, report.dropped, waiting_files(&office)),
        (0, 1, 0)
    );
}

#[test]
fn bindings_in_doubt_are_listed_with_the_reason() {
    let mut office = office();
    let binding = enrol_child(&mut office, &family());
    let doubt = |office: &Office, now, register: &Register| {
        let found = office.city.review(now, Some(register)).bindings;
        found.first().map(|found| {
            assert_eq!(
                (found.binding, found.resident.as_str()),
                (binding, "1000003")
            );
            found.doubt
        })
    };
    let register = Register::from_csv(REGISTER).unwrap();
    assert_eq!(doubt(&office, NOW, &register), None);
    let csv = std::str::from_utf8(REGISTER).unwrap();
    let without = |from: &str, to: &str| Register::from_csv(csv.replace(from, to).as_bytes());
    let parted = without("1000001;1000002", "1000002").unwrap();
    assert_eq!(doubt(&office, NOW, &parted), Some(Doubt::NotGuardian));
    let gone = without("1000003,", "1000009,").unwrap();
    assert_eq!(doubt(&office, NOW, &gone), Some(Doubt::NotInRegister));
    let run_out = NOW + 6 * 365 * DAY;
    assert_eq!(doubt(&office, run_out, &register), Some(Doubt::RunOut));
    load(&mut office, NOW, &[(serial(&*MOTHER), 5)]);
    office.city.recheck(NOW, &office.register).unwrap();
    let died = Doubt::Revoked(RevocationReason::CessationOfOperation);
    assert_eq!(doubt(&office, NOW, &register), Some(died));
    office.city.end(NOW, binding).unwrap();
    assert_eq!(doubt(&office, NOW, &register), None);
}

/// Makes many bindings like one that was made, each with a mark of its own.
fn multiply(office: &mut Office, like: BindingId, count: u32) {
    let bound = office.city.state.bindings[&like].bound.clone();
    let mark = bound.certificate.as_ref().unwrap();
    let plain = office.city.unlocked.open_certificate(&like, &mark.sealed);
    let plain = plain.unwrap();
    let more = (0..count).map(|n| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&(n * 1_000_003).to_be_bytes());
        let id = BindingId::from_bytes(id);
        let sealed = office
            .city
            .unlocked
            .seal_certificate(&mut crate::city::rng(), &id, &plain);
        let tag = mark.tag;
        JournalRecord::Bound(Box::new(crate::record::Bound {
            id,
            request: id.to_bytes(),
            certificate: Some(CertificateMark { tag, sealed }),
            ..bound.clone()
        }))
    });
    let more = more.collect();
    office.city.commit(more).unwrap();
}

#[test]
fn asking_again_goes_on_where_it_was_stopped_and_counts_everybody_once() {
    let mut office = office();
    load(&mut office, NOW - 3_600_000, &[]);
    let first = enrol_child(&mut office, &family());
    multiply(&mut office, first, 2_499);
    let whole = office.city.recheck(NOW, &office.register).unwrap();
    assert_eq!((whole.good, whole.open, whole.resumed), (2_500, 0, false));
    assert_eq!(office.city.status(NOW).rechecked_at, Some(NOW));

    // The journal as it stood when the process was killed after the first thousand.
    let some: Vec<BindingId> = office
        .city
        .state
        .bindings
        .keys()
        .copied()
        .take(1_000)
        .collect();
    let stopped = JournalRecord::Rechecked {
        began: NOW + 1,
        through: some.last().copied(),
        good: 1_000,
        open: 0,
    };
    office.city.commit(vec![stopped]).unwrap();
    let mut office = reopened(office);
    let reached = std::cell::RefCell::new(Vec::new());
    let report = office
        .city
        .recheck_watched(NOW + 2, &office.register, &|n| {
            reached.borrow_mut().push(n);
        });
    let report = report.unwrap();
    assert_eq!((report.good, report.open, report.resumed), (2_500, 0, true));
    assert_eq!(*reached.borrow(), [2_000, 2_500]);
    let again = office.city.recheck(NOW + 3, &office.register).unwrap();
    assert_eq!((again.good, again.resumed), (2_500, false));
}

#[test]
fn a_newer_list_or_another_day_begins_from_the_beginning() {
    let mut office = office();
    load(&mut office, NOW - 3_600_000, &[]);
    let first = enrol_child(&mut office, &family());
    let stopped = |began| JournalRecord::Rechecked {
        began,
        through: Some(BindingId::from_bytes([0xff; 32])),
        good: 7,
        open: 0,
    };
    office.city.commit(vec![stopped(NOW)]).unwrap();
    load(&mut office, NOW + 60_000, &[(serial(&*MOTHER), 4)]);
    let report = office.city.recheck(NOW + 61_000, &office.register).unwrap();
    assert!(!report.resumed);
    assert_eq!(report.revoked[0].0, first);
    office.city.commit(vec![stopped(NOW + 70_000)]).unwrap();
    let tomorrow = NOW + 70_000 + DAY;
    assert!(
        !office
            .city
            .recheck(tomorrow, &office.register)
            .unwrap()
            .resumed
    );
}
