//! The sixteen certificates and six lists a city meets, through every stage; two generations.

use std::sync::LazyLock;

use super::tests::{DAY, NOW, WORLD, bundle_of, card, expected, ledger, profile, statement};
use super::*;
use crate::simulated::{
    Holder, LeafProfile, ListProfile, MUNICIPALITY, SimulatedAuthority, SimulatedCard, Validity,
    serial_of,
};
use crate::{RevocationReason, SignatureCard, SimulatedPki};

const OTHER_TOWN: &str = "Rei-machi";
const CLIENT: &[u8] = &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];

fn authority() -> SimulatedAuthority {
    SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap()
}

/// Generation 2, pinned beside generation 3, which is [`WORLD`]'s.
static OLDER: LazyLock<SimulatedAuthority> = LazyLock::new(authority);
static ROGUE: LazyLock<SimulatedAuthority> = LazyLock::new(authority);
/// Stands for the authority of authentication certificates, which is never pinned.
static AUTHENTICATION: LazyLock<SimulatedAuthority> = LazyLock::new(authority);
static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let roots = [WORLD.authority.root().unwrap(), OLDER.root().unwrap()];
    Roots::simulated(&SimulatedPki::acknowledge(), &roots).unwrap()
});

fn list(by: &SimulatedAuthority, town: &str, at: u64, revoked: &[(&SimulatedCard, u8)]) -> Vec<u8> {
    let serial = |card: &SimulatedCard| serial_of(card.certificate()).unwrap();
    let revoked = revoked.iter().map(|(card, code)| (serial(card), *code));
    let profile = ListProfile::genuine(town, at, revoked.collect()).unwrap();
    by.revocation_list(&profile).unwrap()
}

fn judge(card: &SimulatedCard, ders: &[&[u8]]) -> Result<Judgement, Refusal> {
    let mut lists = RevocationLists::default();
    for der in ders {
        let _ = lists.add(der, &ROOTS);
    }
    UnverifiedBundle::decode(&bundle_of(card, &statement(None)))?
        .consume_nonce(&mut ledger(), &expected(), NOW)?
        .verify(&ROOTS, NOW)?
        .accept(RevocationSource::Lists(&lists), NOW)
}

fn by(authority: &SimulatedAuthority, profile: &LeafProfile) -> SimulatedCard {
    authority.issue_for(profile, &WORLD.card_key).unwrap()
}

fn hanako() -> LeafProfile {
    let holder = Holder::new("試験　花子", "1990-01-02", 2, "試験都例町架空９－８");
    LeafProfile {
        municipality: OTHER_TOWN.into(),
        ..LeafProfile::genuine(holder, Validity::five_years(NOW))
    }
}

fn authentication() -> SimulatedCard {
    let profile = LeafProfile {
        policies: vec!["1.2.392.200149.8.5.1.0.30".into()],
        key_usage: vec![3, 2, 7, 0x80],
        more_extensions: vec![("2.5.29.37".into(), false, CLIENT.to_vec())],
        without: vec![2, 3, 4, 5, 6],
        ..profile()
    };
    by(&AUTHENTICATION, &profile)
}

fn valid(not_before: u64, not_after: u64) -> LeafProfile {
    LeafProfile {
        validity: Validity {
            not_before,
            not_after,
        },
        ..profile()
    }
}

#[test]
fn sixteen_certificates_get_the_answer_each_deserves() {
    let moved = card(&hanako());
    let lost = card(&profile());
    let lists = [
        list(&WORLD.authority, MUNICIPALITY, NOW, &[(&lost, 1)]),
        list(&WORLD.authority, OTHER_TOWN, NOW, &[(&moved, 3)]),
        list(&OLDER, MUNICIPALITY, NOW, &[]),
    ];
    let lists: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
    let departs = |change: fn(&mut LeafProfile)| {
        let mut profile = profile();
        change(&mut profile);
        card(&profile)
    };
    let untrusted = Err(Refusal::UntrustedIssuer);
    let revoked = |reason| Err(Refusal::Revoked(reason));
    for (name, card, answer) in [
        ("taro-sign", card(&profile()), Ok(false)),
        ("taro-auth", authentication(), untrusted),
        ("taro-sign-g2", by(&OLDER, &profile()), Ok(false)),
        (
            "hanako-sign-old",
            moved,
            revoked(RevocationReason::AffiliationChanged),
        ),
        ("hanako-sign", card(&hanako()), Ok(false)),
        ("hanako-auth", authentication(), untrusted),
        ("lost-sign", lost, revoked(RevocationReason::KeyCompromise)),
        ("lost-auth", authentication(), untrusted),
        (
            "subst-sign",
            departs(|p| p.name_substitutes = "01000".into()),
            Ok(true),
        ),
        (
            "expired-sign",
            card(&valid(NOW - 9 * DAY, NOW - DAY)),
            Err(Refusal::Expired),
        ),
        (
            "future-sign",
            card(&valid(NOW + DAY, NOW + 9 * DAY)),
            Err(Refusal::NotYetValid),
        ),
        (
            "wrongpolicy-sign",
            departs(|p| p.policies = vec!["1.2.392.200149.8.5.1.3.30".into()]),
            Err(Refusal::Policy),
        ),
        (
            "noNR-sign",
            departs(|p| p.key_usage = vec![3, 2, 7, 0x80]),
            Err(Refusal::KeyUsage),
        ),
        (
            "dupsan-sign",
            departs(|p| p.more_names = vec![("1".into(), "別人　某".into())]),
            Err(Refusal::Attributes),
        ),
        (
            "critext-sign",
            departs(|p| p.more_extensions = vec![("1.2.3.4.5".into(), true, vec![5, 0])]),
            Err(Refusal::CriticalExtension),
        ),
        ("rogue-sign", by(&ROGUE, &profile()), untrusted),
    ] {
        let judged = judge(&card, &lists).map(|j| matches!(j, Judgement::ManualReview(..)));
        assert_eq!(judged, answer, "{name}");
    }
}

#[test]
fn six_lists_answer_for_the_certificates_they_cover_alone() {
    let taro = card(&profile());
    let open = |gap| Err(Refusal::RevocationUnavailable(gap));
    for (name, der, answer) in [
        (
            "sign-mihon",
            list(&WORLD.authority, MUNICIPALITY, NOW, &[]),
            Ok(()),
        ),
        (
            "sign-rei",
            list(&WORLD.authority, OTHER_TOWN, NOW, &[]),
            open(RevocationGap::Scope),
        ),
        (
            "auth-mihon",
            list(&AUTHENTICATION, MUNICIPALITY, NOW, &[]),
            open(RevocationGap::Forged),
        ),
        (
            "sign-mihon-stale",
            list(&WORLD.authority, MUNICIPALITY, NOW - 200 * DAY, &[]),
            open(RevocationGap::Stale),
        ),
        (
            "sign-mihon-forged",
            list(&ROGUE, MUNICIPALITY, NOW, &[]),
            open(RevocationGap::Forged),
        ),
        (
            "sign-mihon-g2",
            list(&OLDER, MUNICIPALITY, NOW, &[]),
            open(RevocationGap::Scope),
        ),
    ] {
        assert_eq!(judge(&taro, &[&der]).map(drop), answer, "{name}");
    }
    assert_eq!(judge(&taro, &[]).map(drop), open(RevocationGap::Missing));
}
