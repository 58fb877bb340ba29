//! Lists and responses of the simulated authority against one certificate.

use std::sync::LazyLock;

use openssl::hash::MessageDigest;
use openssl::x509::X509;

use super::tests::{DAY, NOW, WORLD, bundle_of, card, expected, ledger, profile, statement};
use super::*;
use crate::simulated::{
    LeafProfile, ListProfile, MUNICIPALITY, ResponseProfile, ResponseStatus, SimulatedAuthority,
    SimulatedCard, Validity, issuing_point,
};
use crate::{CrlFault, CrlIndex, RevocationReason, SignatureCard, SimulatedPki};

const HOUR: u64 = 3_600_000;
const SIGNING: &[u8] = &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9];

/// Another generation of the authority: same name, other key, also pinned.
static OLDER: LazyLock<SimulatedAuthority> =
    LazyLock::new(|| SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap());
/// The same name once more, and never pinned.
static ROGUE: LazyLock<SimulatedAuthority> =
    LazyLock::new(|| SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap());
static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let roots = [WORLD.authority.root().unwrap(), OLDER.root().unwrap()];
    Roots::simulated(&SimulatedPki::acknowledge(), &roots).unwrap()
});
static TARO: LazyLock<SimulatedCard> = LazyLock::new(|| card(&profile()));

fn evidence(card: &SimulatedCard) -> Evidence {
    UnverifiedBundle::decode(&bundle_of(card, &statement(None)))
        .unwrap()
        .consume_nonce(&mut ledger(), &expected(), NOW)
        .unwrap()
        .verify(&ROOTS, NOW)
        .unwrap()
}

fn serial(card: &SimulatedCard) -> Vec<u8> {
    let x509 = X509::from_der(card.certificate()).unwrap();
    let digits = x509.serial_number().to_bn().unwrap().to_vec();
    if digits[0] < 0x80 {
        digits
    } else {
        [&[0][..], &digits].concat()
    }
}

fn list(change: impl FnOnce(&mut ListProfile)) -> ListProfile {
    let mut list = ListProfile::genuine(MUNICIPALITY, NOW - HOUR, vec![(vec![9], 1)]).unwrap();
    change(&mut list);
    list
}

fn issued(change: impl FnOnce(&mut ListProfile)) -> Vec<u8> {
    WORLD.authority.revocation_list(&list(change)).unwrap()
}

fn ask(card: &SimulatedCard, ders: &[Vec<u8>]) -> Result<Revocation, Refusal> {
    let mut lists = RevocationLists::default();
    for der in ders {
        let _ = lists.add(der, &ROOTS);
    }
    match evidence(card).accept(RevocationSource::Lists(&lists), NOW)? {
        Judgement::Verified(enrolment) => Ok(enrolment.revocation()),
        Judgement::ManualReview(..) => panic!("no character was substituted"),
    }
}

fn gap(gap: RevocationGap) -> Result<Revocation, Refusal> {
    Err(Refusal::RevocationUnavailable(gap))
}

#[test]
fn a_current_list_of_the_municipality_accepts_whom_it_does_not_name() {
    assert_eq!(ask(&TARO, &[issued(|_| {})]), Ok(Revocation::NotRevoked));
    assert_eq!(
        ask(&TARO, &[issued(|l| l.revoked.clear())]),
        Ok(Revocation::NotRevoked)
    );
}

#[test]
fn every_reason_revokes_even_from_a_list_that_has_run_out() {
    for (code, reason) in [
        (0, RevocationReason::Unspecified),
        (1, RevocationReason::KeyCompromise),
        (3, RevocationReason::AffiliationChanged),
        (4, RevocationReason::Superseded),
        (5, RevocationReason::CessationOfOperation),
        (6, RevocationReason::CertificateHold),
        (8, RevocationReason::Unlisted),
    ] {
        for age in [HOUR, 40 * DAY] {
            let der = issued(|l| {
                *l = ListProfile::genuine(MUNICIPALITY, NOW - age, Vec::new()).unwrap();
                l.revoked = vec![(vec![1], 1), (serial(&TARO), code), (vec![0, 0xff], 1)];
            });
            assert_eq!(ask(&TARO, &[der]), Err(Refusal::Revoked(reason)));
        }
    }
    assert!(!Refusal::Revoked(RevocationReason::Superseded).is_retryable());
}

#[test]
fn a_list_that_is_not_current_leaves_the_answer_open() {
    let at = |this: u64, next: u64| {
        issued(|l| {
            l.this_update = this;
            l.next_update = Some(next);
        })
    };
    for (der, answer) in [
        (at(NOW - 26 * HOUR, NOW + DAY), Ok(Revocation::NotRevoked)),
        (
            at(NOW - 26 * HOUR - 1_000, NOW + DAY),
            gap(RevocationGap::Stale),
        ),
        (at(NOW - HOUR, NOW), Ok(Revocation::NotRevoked)),
        (at(NOW - HOUR, NOW - 1_000), gap(RevocationGap::Stale)),
        (at(NOW + 5 * 60_000, NOW + DAY), Ok(Revocation::NotRevoked)),
        (
            at(NOW + 5 * 60_000 + 1_000, NOW + DAY),
            gap(RevocationGap::Stale),
        ),
    ] {
        assert_eq!(ask(&TARO, &[der]), answer);
    }
}

#[test]
fn a_newer_list_counts_whatever_the_order_of_the_files() {
    let older = issued(|l| l.this_update = NOW - 2 * HOUR);
    let newer = issued(|l| l.revoked = vec![(serial(&TARO), 4)]);
    let revoked = Err(Refusal::Revoked(RevocationReason::Superseded));
    assert_eq!(ask(&TARO, &[older.clone(), newer.clone()]), revoked);
    assert_eq!(ask(&TARO, &[newer, older]), revoked);
}

#[test]
fn without_the_right_list_the_gap_is_named() {
    let elsewhere = issued(|l| l.issuing_point = Some(issuing_point("Rei-machi", &[]).unwrap()));
    let other_generation = OLDER.revocation_list(&list(|_| {})).unwrap();
    let forged = ROGUE.revocation_list(&list(|_| {})).unwrap();
    assert_eq!(ask(&TARO, &[]), gap(RevocationGap::Missing));
    assert_eq!(ask(&TARO, &[vec![0; 40]]), gap(RevocationGap::Missing));
    assert_eq!(
        ask(&TARO, std::slice::from_ref(&elsewhere)),
        gap(RevocationGap::Scope)
    );
    assert_eq!(ask(&TARO, &[other_generation]), gap(RevocationGap::Scope));
    assert_eq!(
        ask(&TARO, std::slice::from_ref(&forged)),
        gap(RevocationGap::Forged)
    );
    let all = [elsewhere, forged, issued(|_| {})];
    assert_eq!(ask(&TARO, &all), Ok(Revocation::NotRevoked));
    let other = card(&LeafProfile {
        municipality: "Rei-machi".into(),
        ..profile()
    });
    assert_eq!(ask(&other, &all), Ok(Revocation::NotRevoked));
}

#[test]
fn lists_that_are_not_whole_or_not_of_the_profile_are_refused() {
    let point = |rest: &[u8]| Some(issuing_point(MUNICIPALITY, rest).unwrap());
    let name_only = |l: &mut ListProfile, rest| l.issuing_point = point(rest);
    let more = |id: &str, critical, der: &[u8]| vec![(id.to_owned(), critical, der.to_vec())];
    let check = |change: &dyn Fn(&mut ListProfile), fault| {
        let der = WORLD.authority.revocation_list(&list(change)).unwrap();
        assert_eq!(CrlIndex::verify(&der, &ROOTS).map(drop), fault);
    };
    check(&|l| name_only(l, &[0x81, 1, 0xff]), Ok(()));
    for indirect_or_partial in [
        &[0x84, 1, 0xff][..],
        &[0x82, 1, 0xff],
        &[0x85, 1, 0xff],
        &[0x83, 2, 5, 0x60],
    ] {
        check(&|l| name_only(l, indirect_or_partial), Err(CrlFault::Scope));
    }
    check(&|l| name_only(l, &[0x84, 1, 0]), Err(CrlFault::Malformed));
    check(&|l| name_only(l, &[5, 0]), Err(CrlFault::Malformed));
    check(&|l| l.issuing_point = None, Err(CrlFault::Scope));
    check(
        &|l| l.issuing_point = Some(vec![0x30, 0]),
        Err(CrlFault::Scope),
    );
    check(
        &|l| l.more_extensions = more("2.5.29.27", true, &[2, 1, 1]),
        Err(CrlFault::Scope),
    );
    check(
        &|l| l.more_extensions = more("1.2.3.4", true, &[5, 0]),
        Err(CrlFault::Scope),
    );
    check(
        &|l| l.more_extensions = more("1.2.3.4", false, &[5, 0]),
        Ok(()),
    );
    check(
        &|l| l.more_extensions = more("2.5.29.20", false, &[2, 1, 1]),
        Err(CrlFault::Malformed),
    );
    check(
        &|l| l.entry_extensions = more("2.5.29.29", true, &[0x30, 0]),
        Err(CrlFault::Scope),
    );
    check(
        &|l| l.entry_extensions = more("1.2.3.4", true, &[5, 0]),
        Err(CrlFault::Scope),
    );
    check(&|l| l.key_id = Some([7; 20]), Err(CrlFault::Scope));
    check(&|l| l.next_update = None, Err(CrlFault::Malformed));
    check(&|l| l.version = 0, Err(CrlFault::Malformed));
    check(
        &|l| l.revoked = vec![(vec![0x80], 1)],
        Err(CrlFault::Malformed),
    );
    check(
        &|l| l.revoked = vec![(vec![0, 1], 1)],
        Err(CrlFault::Malformed),
    );
    check(
        &|l| l.revoked = vec![(vec![1; 22], 1)],
        Err(CrlFault::Malformed),
    );
    check(
        &|l| l.revoked = vec![(Vec::new(), 1)],
        Err(CrlFault::Malformed),
    );
}

#[test]
fn a_list_with_anything_behind_or_cut_off_is_refused() {
    let good = issued(|_| {});
    let longer = [&good[..], &[0]].concat();
    for bad in [&longer[..], &good[..good.len() - 1], &[], &[0x30, 0]] {
        assert_eq!(
            CrlIndex::verify(bad, &ROOTS).map(drop),
            Err(CrlFault::Malformed)
        );
    }
    let huge = vec![0x30; (32 << 20) + 1];
    assert_eq!(
        CrlIndex::verify(&huge, &ROOTS).map(drop),
        Err(CrlFault::Malformed)
    );
}

#[test]
fn one_of_a_hundred_thousand_entries_is_found() {
    let name = |n: u32| [&[1][..], &(n * 7).to_be_bytes()].concat();
    let der = issued(|l| l.revoked = (0..100_000).map(|n| (name(n), 5)).collect());
    let index = CrlIndex::verify(&der, &ROOTS).unwrap();
    assert_eq!(index.len(), 100_000);
    let Ok(id) = evidence(&TARO).leaf.check_chain(&ROOTS, NOW) else {
        panic!("the card is of the profile")
    };
    assert_eq!(index.check(&id, NOW), Ok(()));
    for n in [0, 1, 54_321, 99_999] {
        let other = CertificateId::new(&name(n), id.authority(), id.distribution_point().to_vec());
        let revoked = Refusal::Revoked(RevocationReason::CessationOfOperation);
        assert_eq!(index.check(&other, NOW), Err(revoked));
    }
}

#[test]
fn a_name_kept_for_asking_again_survives_its_bytes_and_shows_nothing() {
    let evidence = evidence(&TARO);
    let id = evidence.id.clone();
    assert_eq!(CertificateId::from_bytes(&id.to_bytes()).unwrap(), id);
    assert!(CertificateId::from_bytes(&[&id.to_bytes()[..], &[0]].concat()).is_err());
    assert_eq!(format!("{id:?}"), "CertificateId(redacted)");
    assert_eq!(id.serial(), serial(&TARO));
}

fn respond(change: impl FnOnce(&mut ResponseProfile)) -> ResponseProfile {
    let mut response = ResponseProfile::genuine(serial(&TARO), ResponseStatus::Good, NOW);
    change(&mut response);
    response
}

fn answer(der: &[u8]) -> Result<Revocation, Refusal> {
    let source = RevocationSource::Response(der, &ROOTS);
    source.check(&evidence(&TARO).id, NOW)
}

#[test]
fn the_authority_or_its_delegate_answers_about_one_certificate() {
    let delegate = WORLD
        .authority
        .responder(Validity::five_years(NOW), SIGNING)
        .unwrap();
    for responder in [None, Some(&delegate)] {
        let say = |change: &dyn Fn(&mut ResponseProfile)| {
            answer(
                &WORLD
                    .authority
                    .response(&respond(change), responder)
                    .unwrap(),
            )
        };
        assert_eq!(say(&|_| {}), Ok(Revocation::NotRevoked));
        assert_eq!(
            say(&|r| r.this_update = NOW - HOUR),
            Ok(Revocation::NotRevoked)
        );
        assert_eq!(
            say(&|r| r.this_update = NOW - HOUR - 1_000),
            gap(RevocationGap::Stale)
        );
        assert_eq!(
            say(&|r| r.this_update = NOW + 301_000),
            gap(RevocationGap::Stale)
        );
        assert_eq!(
            say(&|r| r.next_update = Some(NOW - 1_000)),
            gap(RevocationGap::Stale)
        );
        assert_eq!(
            say(&|r| r.next_update = Some(NOW + HOUR)),
            Ok(Revocation::NotRevoked)
        );
        assert_eq!(
            say(&|r| r.status = ResponseStatus::Unknown),
            gap(RevocationGap::Unknown)
        );
        assert_eq!(
            say(&|r| r.status = ResponseStatus::Revoked(1)),
            Err(Refusal::Revoked(RevocationReason::KeyCompromise))
        );
        assert_eq!(say(&|r| r.serial = vec![5]), gap(RevocationGap::Scope));
        assert_eq!(say(&|r| r.times = 2), gap(RevocationGap::Forged));
        assert_eq!(say(&|r| r.times = 0), gap(RevocationGap::Scope));
        let more = |critical| vec![("1.2.3.4".to_owned(), critical, vec![5, 0])];
        assert_eq!(
            say(&|r| r.more_extensions = more(true)),
            gap(RevocationGap::Scope)
        );
        assert_eq!(
            say(&|r| r.more_extensions = more(false)),
            Ok(Revocation::NotRevoked)
        );
    }
}

#[test]
fn a_response_of_anybody_else_is_forged() {
    let five = Validity::five_years(NOW);
    let client_auth = &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
    let over = Validity {
        not_before: NOW - 2 * DAY,
        not_after: NOW - DAY,
    };
    for responder in [
        ROGUE.responder(five, SIGNING).unwrap(),
        OLDER.responder(five, SIGNING).unwrap(),
        WORLD.authority.responder(five, client_auth).unwrap(),
        WORLD.authority.responder(over, SIGNING).unwrap(),
    ] {
        let der = WORLD
            .authority
            .response(&respond(|_| {}), Some(&responder))
            .unwrap();
        assert_eq!(answer(&der), gap(RevocationGap::Forged));
    }
    for other in [&*ROGUE, &*OLDER] {
        let der = other.response(&respond(|_| {}), None).unwrap();
        assert_eq!(answer(&der), gap(RevocationGap::Forged));
    }
    let good = WORLD.authority.response(&respond(|_| {}), None).unwrap();
    for bad in [&good[..good.len() - 1], &[], &[&good[..], &[0]].concat()] {
        assert_eq!(answer(bad), gap(RevocationGap::Forged));
    }
    assert_eq!(answer(&[0x30, 3, 0x0a, 1, 3]), gap(RevocationGap::Missing));
}

#[test]
fn nobody_asked_is_enough_for_simulated_cards_only() {
    assert!(
        evidence(&TARO)
            .accept(RevocationSource::Nobody, NOW)
            .is_ok()
    );
    let source = RevocationSource::Nobody;
    let refused = source.check(&evidence(&TARO).id, NOW);
    assert_eq!(refused, gap(RevocationGap::Missing));
    let mut real = evidence(&TARO);
    real.bundle.environment = Environment::Production;
    let refusal = real.accept(RevocationSource::Nobody, NOW).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::RevocationUnavailable(RevocationGap::Missing)
    );
    assert!(refusal.is_retryable());
}

#[test]
fn openssl_reads_the_same_list() {
    let der = issued(|l| l.revoked = vec![(serial(&TARO), 3)]);
    let crl = openssl::x509::X509Crl::from_der(&der).unwrap();
    let root = X509::from_der(&WORLD.authority.root().unwrap()).unwrap();
    assert!(crl.verify(&root.public_key().unwrap()).unwrap());
    let leaf = X509::from_der(TARO.certificate()).unwrap();
    assert!(matches!(
        crl.get_by_cert(&leaf),
        openssl::x509::CrlStatus::Revoked(_)
    ));
    assert!(root.digest(MessageDigest::sha256()).is_ok());
}

proptest::proptest! {
    #[test]
    fn flipped_bytes_of_a_list_or_response_are_refused_without_a_panic(at in 0_usize..4_000, bit in 0_u8..8) {
        static LIST: LazyLock<Vec<u8>> = LazyLock::new(|| issued(|_| {}));
        static RESPONSE: LazyLock<Vec<u8>> =
            LazyLock::new(|| WORLD.authority.response(&respond(|_| {}), None).unwrap());
        let flip = |good: &[u8]| {
            let mut bad = good.to_vec();
            let at = at % bad.len();
            bad[at] ^= 1 << bit;
            bad
        };
        proptest::prop_assert!(CrlIndex::verify(&flip(&LIST), &ROOTS).is_err());
        proptest::prop_assert!(answer(&flip(&RESPONSE)).is_err());
    }

    #[test]
    fn random_bytes_are_neither_list_nor_response(bytes in proptest::collection::vec(0_u8.., 0..300)) {
        proptest::prop_assert!(CrlIndex::verify(&bytes, &ROOTS).is_err());
        proptest::prop_assert!(answer(&bytes).is_err());
    }
}
