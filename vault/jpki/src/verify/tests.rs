use std::collections::BTreeMap;
use std::sync::LazyLock;

use openssl::pkey::{PKey, Private};

use super::*;
use crate::RootsError;
use crate::simulated::{Holder, LeafProfile, SimulatedAuthority, SimulatedCard, Validity};
use crate::{Bundle, Relation, SignatureCard, SimulatedPki, StatementPlan, consent};

pub(super) const NOW: u64 = 1_790_000_000_000;
pub(super) const DAY: u64 = 86_400_000;
const ISSUER: [u8; 32] = [7; 32];
const SEED: [u8; 32] = [9; 32];

pub(super) struct World {
    pub(super) authority: SimulatedAuthority,
    pub(super) roots: Roots,
    pub(super) card_key: PKey<Private>,
}

pub(super) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let acknowledged = SimulatedPki::acknowledge();
    let authority = SimulatedAuthority::generate(&acknowledged, NOW).unwrap();
    let roots = Roots::simulated(&acknowledged, &[authority.root().unwrap()]).unwrap();
    World {
        authority,
        roots,
        card_key: crate::simulated::generate_key().unwrap(),
    }
});

#[derive(Default)]
pub(super) struct Ledger(BTreeMap<[u8; 32], (u64, bool)>);

impl NonceLedger for Ledger {
    fn consume(&mut self, nonce: &[u8; 32], now: u64) -> Result<(), NonceRefusal> {
        let (expires, used) = self.0.get_mut(nonce).ok_or(NonceRefusal::Unknown)?;
        if *used {
            return Err(NonceRefusal::Used);
        }
        *used = true;
        if now > *expires {
            Err(NonceRefusal::Expired)
        } else {
            Ok(())
        }
    }
}

pub(super) fn ledger() -> Ledger {
    Ledger(BTreeMap::from([([3; 32], (NOW + 600_000, false))]))
}

pub(super) fn expected() -> Expectation {
    Expectation {
        city_code: "999999".into(),
        issuer: ISSUER,
        purpose: consent::PURPOSE.into(),
        consents: consent::accepted(),
        environment: Environment::Simulated,
    }
}

pub(super) fn taro() -> Holder {
    Holder::new(
        "試験　太郎",
        "1980-02-17",
        1,
        "試験都見本市偽物町１－２－３",
    )
}

pub(super) fn profile() -> LeafProfile {
    LeafProfile::genuine(taro(), Validity::five_years(NOW))
}

pub(super) fn card(profile: &LeafProfile) -> SimulatedCard {
    WORLD.authority.issue_for(profile, &WORLD.card_key).unwrap()
}

pub(super) fn statement(child: Option<&Child>) -> EnrolmentStatement {
    let key = ed25519_dalek::SigningKey::from_bytes(&SEED);
    EnrolmentStatement::new(&StatementPlan {
        city_code: "999999",
        issuer: ISSUER,
        handle: [1; 32],
        issuer_only_key: key.verifying_key().to_bytes(),
        feed_key: &[5; 1_216],
        inbox_descriptor: b"descriptor",
        child,
        nonce: [3; 32],
        consent: consent::JAPANESE,
        now: NOW,
    })
}

pub(super) fn bundle_of(card: &dyn SignatureCard, statement: &EnrolmentStatement) -> Vec<u8> {
    Bundle::sign_with_seed(statement, card, &SEED, &[5; 1_216], b"descriptor", None)
        .unwrap()
        .to_bytes()
}

pub(super) fn judge_at(bytes: &[u8], now: u64) -> Result<Judgement, Refusal> {
    UnverifiedBundle::decode(bytes)?
        .consume_nonce(&mut ledger(), &expected(), NOW)?
        .verify(&WORLD.roots, now)?
        .accept(RevocationSource::Nobody, now)
}

fn judge(profile: &LeafProfile) -> Result<Judgement, Refusal> {
    judge_at(&bundle_of(&card(profile), &statement(None)), NOW)
}

fn refusal(profile: &LeafProfile) -> Refusal {
    judge(profile).unwrap_err()
}

#[test]
fn a_card_of_the_profile_is_verified_and_says_that_it_is_simulated() {
    let Judgement::Verified(enrolment) = judge(&profile()).unwrap() else {
        panic!()
    };
    assert_eq!(enrolment.attributes().name, "試験　太郎");
    assert_eq!(enrolment.attributes().birth_date, "1980-02-17");
    assert_eq!(enrolment.attributes().gender, 1);
    assert_eq!(
        enrolment.attributes().address,
        "試験都見本市偽物町１－２－３"
    );
    assert_eq!(
        enrolment.environment().to_string(),
        "SIMULATED-JPKI-NOT-GENUINE"
    );
    assert_eq!(enrolment.revocation(), Revocation::NotChecked);
    assert!(enrolment.not_after() > NOW);
}

#[test]
fn a_statement_survives_its_bytes_and_no_other_spelling_is_read() {
    let statement = statement(None);
    let bytes = statement.to_bytes();
    assert!(bytes.starts_with(b"TECHO-JPKI-ENROL\0v1\0"));
    assert_eq!(EnrolmentStatement::decode(&bytes).unwrap(), statement);
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(EnrolmentStatement::decode(&longer), Err(Refusal::Malformed));
    assert_eq!(
        EnrolmentStatement::decode(&bytes[1..]),
        Err(Refusal::Malformed)
    );
    assert_eq!(EnrolmentStatement::decode(&[]), Err(Refusal::Malformed));
}

#[test]
fn bytes_behind_a_bundle_or_missing_from_it_are_malformed() {
    let good = bundle_of(&card(&profile()), &statement(None));
    let mut longer = good.clone();
    longer.push(0);
    for bad in [&longer[..], &good[..good.len() - 1], &[], &vec![0; 20_000]] {
        assert_eq!(
            UnverifiedBundle::decode(bad).unwrap_err(),
            Refusal::Malformed
        );
    }
}

#[test]
fn a_nonce_serves_once_even_for_a_bundle_that_fails() {
    let bytes = bundle_of(&card(&profile()), &statement(None));
    let decode = || UnverifiedBundle::decode(&bytes).unwrap();
    let mut ledger = ledger();
    let other = Expectation {
        city_code: "888888".into(),
        ..expected()
    };
    let refusal = decode()
        .consume_nonce(&mut ledger, &other, NOW)
        .unwrap_err();
    assert_eq!(refusal, Refusal::ContextMismatch);
    let again = decode()
        .consume_nonce(&mut ledger, &expected(), NOW)
        .unwrap_err();
    assert_eq!(again, Refusal::Replay);
}

#[test]
fn unknown_and_expired_nonces_have_their_own_names() {
    let bytes = bundle_of(&card(&profile()), &statement(None));
    let decode = || UnverifiedBundle::decode(&bytes).unwrap();
    let unknown = decode()
        .consume_nonce(&mut Ledger::default(), &expected(), NOW)
        .unwrap_err();
    assert_eq!(unknown, Refusal::NonceUnknown);
    let late = NOW + 600_001;
    let expired = decode()
        .consume_nonce(&mut ledger(), &expected(), late)
        .unwrap_err();
    assert_eq!(expired, Refusal::NonceExpired);
    let mut generous = Ledger(BTreeMap::from([([3; 32], (u64::MAX, false))]));
    let stale = decode()
        .consume_nonce(&mut generous, &expected(), late)
        .unwrap_err();
    assert_eq!(stale, Refusal::NonceExpired);
}

#[test]
fn each_part_of_the_context_must_agree() {
    let bytes = bundle_of(&card(&profile()), &statement(None));
    for wrong in [
        Expectation {
            issuer: [8; 32],
            ..expected()
        },
        Expectation {
            purpose: "advertising".into(),
            ..expected()
        },
        Expectation {
            consents: vec![[0; 32]],
            ..expected()
        },
    ] {
        let bundle = UnverifiedBundle::decode(&bytes).unwrap();
        let refusal = bundle
            .consume_nonce(&mut ledger(), &wrong, NOW)
            .unwrap_err();
        assert_eq!(refusal, Refusal::ContextMismatch);
    }
    for (feed_key, descriptor) in [([6; 1_216], &b"descriptor"[..]), ([5; 1_216], b"another")] {
        let bundle = Bundle::sign_with_seed(
            &statement(None),
            &card(&profile()),
            &SEED,
            &feed_key,
            descriptor,
            None,
        )
        .unwrap();
        assert_eq!(
            judge_at(&bundle.to_bytes(), NOW).unwrap_err(),
            Refusal::ContextMismatch
        );
    }
}

#[test]
fn a_child_is_hidden_in_the_statement_and_must_match_its_commitment() {
    let child = Child {
        salt: [4; 32],
        attributes: Attributes {
            name: "試験　花子".into(),
            birth_date: "2024-05-06".into(),
            gender: 2,
            address: "試験都見本市偽物町１－２－３".into(),
        },
    };
    let statement = statement(Some(&child));
    assert!(matches!(statement.relation(), Relation::Child(_)));
    let sign = |child: Option<&Child>| {
        let card = card(&profile());
        Bundle::sign_with_seed(&statement, &card, &SEED, &[5; 1_216], b"descriptor", child)
            .unwrap()
            .to_bytes()
    };
    let Judgement::Verified(enrolment) = judge_at(&sign(Some(&child)), NOW).unwrap() else {
        panic!()
    };
    assert_eq!(enrolment.child().unwrap().name, "試験　花子");
    let other = Child {
        salt: [5; 32],
        ..child.clone()
    };
    for wrong in [None, Some(&other)] {
        assert_eq!(
            judge_at(&sign(wrong), NOW).unwrap_err(),
            Refusal::ContextMismatch
        );
    }
}

#[test]
fn another_key_cannot_prove_possession() {
    let bundle = Bundle::sign_with_seed(
        &statement(None),
        &card(&profile()),
        &[8; 32],
        &[5; 1_216],
        b"descriptor",
        None,
    )
    .unwrap();
    assert_eq!(
        judge_at(&bundle.to_bytes(), NOW).unwrap_err(),
        Refusal::DeviceProof
    );
}

#[test]
fn a_small_order_key_proves_nothing() {
    let mut plan_key = [0; 32];
    plan_key[0] = 1;
    let statement = EnrolmentStatement::new(&StatementPlan {
        city_code: "999999",
        issuer: ISSUER,
        handle: [1; 32],
        issuer_only_key: plan_key,
        feed_key: &[5; 1_216],
        inbox_descriptor: b"descriptor",
        child: None,
        nonce: [3; 32],
        consent: consent::ENGLISH,
        now: NOW,
    });
    // R = identity, s = 0: verifies under the identity key without the strict check.
    let mut forged = [0; 64];
    forged[0] = 1;
    let bundle = Bundle::sign(
        &statement,
        &card(&profile()),
        |_| forged,
        &[5; 1_216],
        b"descriptor",
        None,
    )
    .unwrap();
    assert_eq!(
        judge_at(&bundle.to_bytes(), NOW).unwrap_err(),
        Refusal::DeviceProof
    );
}

#[test]
fn the_clock_decides_about_validity() {
    let bytes = bundle_of(&card(&profile()), &statement(None));
    assert_eq!(
        judge_at(&bytes, NOW - 2 * DAY).unwrap_err(),
        Refusal::NotYetValid
    );
    assert_eq!(
        judge_at(&bytes, NOW + 5 * 365 * DAY + DAY).unwrap_err(),
        Refusal::Expired
    );
}

#[test]
fn a_rogue_authority_with_the_same_name_is_not_trusted() {
    let rogue = SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap();
    let card = rogue.issue_for(&profile(), &WORLD.card_key).unwrap();
    let refusal = judge_at(&bundle_of(&card, &statement(None)), NOW).unwrap_err();
    assert_eq!(refusal, Refusal::UntrustedIssuer);
}

#[test]
fn the_right_generation_of_roots_is_found_among_equal_names() {
    let acknowledged = SimulatedPki::acknowledge();
    let older = SimulatedAuthority::generate(&acknowledged, NOW).unwrap();
    let both = [older.root().unwrap(), WORLD.authority.root().unwrap()];
    let roots = Roots::simulated(&acknowledged, &both).unwrap();
    let bytes = bundle_of(&card(&profile()), &statement(None));
    let fresh = UnverifiedBundle::decode(&bytes)
        .unwrap()
        .consume_nonce(&mut ledger(), &expected(), NOW)
        .unwrap();
    assert!(fresh.verify(&roots, NOW).is_ok());
}

#[test]
fn an_unknown_critical_extension_is_refused_and_a_plain_one_ignored() {
    let with = |critical| LeafProfile {
        more_extensions: vec![("1.2.3.4.5".into(), critical, vec![5, 0])],
        ..profile()
    };
    assert_eq!(refusal(&with(true)), Refusal::CriticalExtension);
    assert!(judge(&with(false)).is_ok());
}

#[test]
fn a_production_policy_under_a_simulated_root_is_a_mismatch() {
    let policies = vec!["1.2.392.200149.8.5.1.1.20".to_owned()];
    let refusal = refusal(&LeafProfile {
        policies,
        ..profile()
    });
    assert_eq!(refusal, Refusal::EnvironmentMismatch);
}

#[test]
fn a_city_that_expects_production_refuses_simulated_roots() {
    let production = Expectation {
        environment: Environment::Production,
        ..expected()
    };
    let bytes = bundle_of(&card(&profile()), &statement(None));
    let fresh = UnverifiedBundle::decode(&bytes)
        .unwrap()
        .consume_nonce(&mut ledger(), &production, NOW)
        .unwrap();
    assert_eq!(
        fresh.verify(&WORLD.roots, NOW).unwrap_err(),
        Refusal::EnvironmentMismatch
    );
}

#[test]
fn exactly_one_critical_policy_of_the_list_is_needed() {
    let own = profile().policies[0].clone();
    let authentication = "1.2.392.200149.8.5.1.0.30".to_owned();
    for wrong in [
        LeafProfile {
            policies: vec![authentication.clone()],
            ..profile()
        },
        LeafProfile {
            policies: vec![own, authentication],
            ..profile()
        },
        LeafProfile {
            policy_critical: false,
            ..profile()
        },
    ] {
        assert_eq!(refusal(&wrong), Refusal::Policy);
    }
}

#[test]
fn key_usage_is_exact_and_extended_usage_absent() {
    let client_auth = vec![0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
    for wrong in [
        LeafProfile {
            key_usage: vec![3, 2, 7, 0x80],
            ..profile()
        },
        LeafProfile {
            key_usage: vec![3, 2, 5, 0xe0],
            ..profile()
        },
        LeafProfile {
            more_extensions: vec![("2.5.29.37".into(), false, client_auth)],
            ..profile()
        },
    ] {
        assert_eq!(refusal(&wrong), Refusal::KeyUsage);
    }
}

#[test]
fn a_signature_over_other_bytes_is_invalid() {
    struct Elsewhere(SimulatedCard);
    impl SignatureCard for Elsewhere {
        fn certificate(&self) -> &[u8] {
            self.0.certificate()
        }
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, crate::CardError> {
            self.0.sign(b"something else")
        }
    }
    let bytes = bundle_of(&Elsewhere(card(&profile())), &statement(None));
    assert_eq!(
        judge_at(&bytes, NOW).unwrap_err(),
        Refusal::SignatureInvalid
    );
}

#[test]
fn doubled_missing_or_impossible_attributes_are_refused() {
    let doubled = ("1".to_owned(), "別人　某".to_owned());
    let mut wrong = vec![LeafProfile {
        more_names: vec![doubled],
        ..profile()
    }];
    wrong.extend([1, 3, 4, 5].map(|n| LeafProfile {
        without: vec![n],
        ..profile()
    }));
    let holder = |birth: &str, gender: &str| LeafProfile {
        holder: Holder {
            birth: birth.into(),
            gender: gender.into(),
            ..taro()
        },
        ..profile()
    };
    wrong.extend([
        holder("319800230", "1"),
        holder("31980021", "1"),
        holder("319800217", "4"),
    ]);
    for profile in wrong {
        assert_eq!(refusal(&profile), Refusal::Attributes);
    }
}

#[test]
fn unknown_other_names_are_ignored() {
    let more_names = vec![("7".to_owned(), "シケン　タロウ".to_owned())];
    assert!(matches!(
        judge(&LeafProfile {
            more_names,
            ..profile()
        }),
        Ok(Judgement::Verified(_))
    ));
}

#[test]
fn a_substituted_character_asks_for_a_person() {
    let name_substitutes = "01000".to_owned();
    let judgement = judge(&LeafProfile {
        name_substitutes,
        ..profile()
    })
    .unwrap();
    assert!(matches!(
        judgement,
        Judgement::ManualReview(ManualReason::SubstitutedCharacters, _)
    ));
}

#[test]
fn algorithms_beside_the_profile_are_refused() {
    use openssl::hash::MessageDigest;
    use openssl::rsa::Rsa;
    let small = PKey::from_rsa(Rsa::generate(1_024).unwrap()).unwrap();
    let card = WORLD.authority.issue_for(&profile(), &small).unwrap();
    let bytes = bundle_of(&card, &statement(None));
    assert_eq!(judge_at(&bytes, NOW).unwrap_err(), Refusal::WrongAlgorithm);
    let sha384 = WORLD
        .authority
        .issue_with(&profile(), &WORLD.card_key, MessageDigest::sha384());
    let bytes = bundle_of(&sha384.unwrap(), &statement(None));
    assert_eq!(judge_at(&bytes, NOW).unwrap_err(), Refusal::WrongAlgorithm);
}

#[test]
fn a_certificate_authority_or_a_doubled_extension_is_malformed() {
    let authority = ("2.5.29.19".to_owned(), true, vec![0x30, 3, 1, 1, 0xff]);
    let doubled = ("2.5.29.15".to_owned(), true, vec![3, 2, 6, 0xc0]);
    for extension in [authority, doubled] {
        let profile = LeafProfile {
            more_extensions: vec![extension],
            ..profile()
        };
        assert_eq!(refusal(&profile), Refusal::Malformed);
    }
}

#[test]
fn only_simulated_signature_authorities_become_simulated_roots() {
    let acknowledged = SimulatedPki::acknowledge();
    let leaf = card(&profile());
    let refused = |der: &[u8]| Roots::simulated(&acknowledged, &[der]).unwrap_err();
    assert_eq!(refused(leaf.certificate()), RootsError::NotARoot);
    assert_eq!(refused(b"nothing"), RootsError::NotARoot);
    assert_eq!(
        Roots::simulated::<&[u8]>(&acknowledged, &[]).unwrap_err(),
        RootsError::Empty
    );
}

#[test]
fn files_of_cards_authorities_and_nonces_survive_their_text() {
    let card = card(&profile());
    let again = SimulatedCard::from_text(&card.to_text().unwrap()).unwrap();
    assert_eq!(again.certificate(), card.certificate());
    let authority = SimulatedAuthority::from_text(&WORLD.authority.to_text().unwrap()).unwrap();
    assert_eq!(authority.root().unwrap(), WORLD.authority.root().unwrap());
    let nonce = crate::NonceFile::new(ISSUER, [3; 32], NOW);
    let text = nonce.to_text();
    assert_eq!(crate::NonceFile::from_text(&text).unwrap(), nonce);
    assert_eq!(
        crate::NonceFile::from_text(&text.replace('\n', "\r\n")).unwrap(),
        nonce
    );
    assert!(crate::NonceFile::from_text(&text.replace("v1", "v2")).is_err());
    assert!(SimulatedCard::from_text(&text).is_err());
}

#[test]
fn every_single_flipped_bit_of_a_sample_is_refused() {
    let good = bundle_of(&card(&profile()), &statement(None));
    for at in (0..good.len()).step_by(41) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        assert!(judge_at(&bad, NOW).is_err(), "byte {at} of {}", good.len());
    }
}

proptest::proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(0_u8.., 0..600)) {
        proptest::prop_assert!(UnverifiedBundle::decode(&bytes).is_err());
        proptest::prop_assert!(Leaf::parse(&bytes).is_err());
        proptest::prop_assert!(crate::NonceFile::from_text(&String::from_utf8_lossy(&bytes)).is_err());
    }
}
