//! Certificates of a J-LIS test card and the roots of JPKI itself; see the SOURCE.md beside them.

use super::*;
use crate::{RootsError, SimulatedPki};

const SIGN: &[u8] = include_bytes!("../../../../tests/fixtures/jpki/jpki-sign-cert.der");
const SIGN_CA: &[u8] = include_bytes!("../../../../tests/fixtures/jpki/jpki-sign-ca-cert.der");
const OLDER_CA: &[u8] =
    include_bytes!("../../../../tests/fixtures/jpki/jpki-sign-ca-cert-2019.der");
const AUTH: &[u8] = include_bytes!("../../../../tests/fixtures/jpki/jpki-auth-cert.der");
const AUTH_CA: &[u8] = include_bytes!("../../../../tests/fixtures/jpki/jpki-auth-ca-cert.der");

/// 2026-11-22, while all of them are valid.
const NOW: u64 = 1_795_300_000_000;

fn test_roots(ders: &[&[u8]]) -> Roots {
    Roots::jpki_test(&SimulatedPki::acknowledge(), ders).unwrap()
}

#[test]
fn the_signature_certificate_of_a_test_card_stops_exactly_at_revocation() {
    let roots = test_roots(&[OLDER_CA, SIGN_CA]);
    let leaf = Leaf::parse(SIGN).unwrap();
    let id = leaf.check_chain(&roots, NOW).unwrap();
    leaf.check_policy(Environment::JpkiTest).unwrap();
    leaf.check_key_usage().unwrap();
    assert_eq!(id.serial(), [0x1e, 0xe6, 0x07]);
    assert!(!id.distribution_point().is_empty());
    let missing = Err(Refusal::RevocationUnavailable(RevocationGap::Missing));
    assert_eq!(RevocationSource::Nobody.check(&id, NOW), missing);
    let none = RevocationLists::default();
    assert_eq!(RevocationSource::Lists(&none).check(&id, NOW), missing);
}

#[test]
fn its_profile_is_read_as_j_lis_writes_it() {
    let (attributes, substituted) = Leaf::parse(SIGN).unwrap().attributes().unwrap();
    assert_eq!(attributes.name, "黒桐　幹也");
    assert_eq!(attributes.birth_date, "1980-02-17");
    assert_eq!(attributes.gender, 1);
    assert_eq!(attributes.address, "東京都清瀬市観布子南１２－７－２０２");
    assert!(!substituted);
}

#[test]
fn a_root_with_the_same_name_a_later_day_or_another_use_does_not_serve() {
    let refused = |der: &[u8], ca: &[u8], now| {
        let leaf = Leaf::parse(der).unwrap();
        leaf.check_chain(&test_roots(&[ca]), now).unwrap_err()
    };
    assert_eq!(refused(SIGN, OLDER_CA, NOW), Refusal::UntrustedIssuer);
    assert_eq!(refused(AUTH, SIGN_CA, NOW), Refusal::UntrustedIssuer);
    let year = 365 * 86_400_000;
    assert_eq!(refused(SIGN, SIGN_CA, NOW + 5 * year), Refusal::Expired);
    assert_eq!(
        refused(SIGN, SIGN_CA, NOW - 3 * year / 2),
        Refusal::NotYetValid
    );
    let leaf = Leaf::parse(AUTH).unwrap();
    assert_eq!(
        leaf.check_policy(Environment::JpkiTest),
        Err(Refusal::Policy)
    );
    assert_eq!(leaf.check_key_usage(), Err(Refusal::KeyUsage));
    assert_eq!(leaf.attributes().map(drop), Err(Refusal::Attributes));
}

#[test]
fn a_test_card_is_no_real_one() {
    let production = Roots::production().unwrap();
    assert_eq!(production.environment().to_string(), "JPKI");
    assert_eq!(production.iter().count(), 2);
    let leaf = Leaf::parse(SIGN).unwrap();
    assert_eq!(
        leaf.check_chain(&production, NOW),
        Err(Refusal::UntrustedIssuer)
    );
    let mismatch = Err(Refusal::EnvironmentMismatch);
    assert_eq!(leaf.check_policy(Environment::Production), mismatch);
}

#[test]
fn roots_are_pinned_for_their_own_hierarchy_and_use_only() {
    let acknowledged = SimulatedPki::acknowledge();
    let other = Some(RootsError::OtherHierarchy);
    assert_eq!(Roots::jpki_test(&acknowledged, &[AUTH_CA]).err(), other);
    assert_eq!(Roots::simulated(&acknowledged, &[SIGN_CA]).err(), other);
    let real = include_bytes!("../../roots/signca03.der");
    assert_eq!(Roots::jpki_test(&acknowledged, &[&real[..]]).err(), other);
    assert_eq!(Roots::simulated(&acknowledged, &[&real[..]]).err(), other);
    assert_eq!(
        Roots::jpki_test(&acknowledged, &[SIGN]).err(),
        Some(RootsError::NotARoot)
    );
}

proptest::proptest! {
    #[test]
    fn a_flipped_bit_of_a_test_card_never_passes_and_never_panics(at in 0_usize..1_758, bit in 0_u8..8) {
        let mut bad = SIGN.to_vec();
        let at = at % bad.len();
        bad[at] ^= 1 << bit;
        let roots = test_roots(&[SIGN_CA]);
        let passed = Leaf::parse(&bad).and_then(|leaf| leaf.check_chain(&roots, NOW));
        proptest::prop_assert!(passed.is_err());
    }
}
