//! Enrolments verified by a city that holds a list of a hundred thousand revoked certificates,
//! against bare RSA verifications: the least that a signature costs.

use std::collections::BTreeMap;
use std::hint::black_box;

use techo_jpki::simulated::{
    BareVerification, Holder, LeafProfile, ListProfile, MUNICIPALITY, SimulatedAuthority, Validity,
};
use techo_jpki::{
    Bundle, EnrolmentStatement, Environment, Expectation, Judgement, NonceLedger, NonceRefusal,
    RevocationLists, RevocationSource, Roots, SignatureCard, SimulatedPki, StatementPlan,
    UnverifiedBundle, consent,
};

use crate::machine;
use crate::process::{Role, Wish, hear, say};
use crate::table::{Runs, Target, row};

const NOW: u64 = 1_795_300_000_000;
const ISSUER: [u8; 32] = [7; 32];

/// The measure: each run in a process of its own, one thread, by the processor's time.
pub(crate) fn measure(runs: usize) {
    let [mut ours, mut best, mut few, mut memory] = [const { Runs(Vec::new()) }; 4];
    for _ in 0..runs {
        let mut role = Role::ready("enrol", &[("entries", ENTRIES.to_string())]);
        role.tell("go");
        ours.add(role.value("verified"));
        best.add(role.value("bare"));
        memory.add(role.value("memory"));
        role.end();
        let mut role = Role::ready("enrol", &[("entries", "100".to_owned())]);
        role.tell("go");
        few.add(role.value("verified"));
        role.end();
    }
    let text = format!("enrolments verified on one core, {ENTRIES} revoked (floor: bare RSA)");
    row(&text, "/s", &ours, &best, &Target::AtLeast(0.1));
    let text = "enrolments verified on one core (floor: with 100 revoked)";
    row(text, "/s", &ours, &few, &Target::AtLeast(0.8));
    let text = format!("memory: a list of {ENTRIES} revoked, held");
    row(&text, "MB", &memory, &Runs::default(), &Target::Bound(50.0));
}

struct Nonces(BTreeMap<[u8; 32], bool>);

impl NonceLedger for Nonces {
    fn consume(&mut self, nonce: &[u8; 32], _: u64) -> Result<(), NonceRefusal> {
        match self.0.insert(*nonce, true) {
            Some(false) => Ok(()),
            Some(true) => Err(NonceRefusal::Used),
            None => Err(NonceRefusal::Unknown),
        }
    }
}

/// A city of one thread.
pub(crate) fn role(wish: &Wish) {
    let acknowledged = SimulatedPki::acknowledge();
    let authority = SimulatedAuthority::generate(&acknowledged, NOW).unwrap();
    let roots = Roots::simulated(&acknowledged, &[authority.root().unwrap()]).unwrap();
    let holder = Holder::new("見本　はな子", "1990-04-12", 2, "見本県見本市架空町１丁目");
    let profile = LeafProfile::genuine(holder, Validity::five_years(NOW));
    let card = authority.issue(&profile).unwrap();
    let bundles: Vec<Vec<u8>> = (0..BUNDLES).map(|n| bundle(&card, n)).collect();
    let entries: u32 = wish.number("entries");
    let number = |n: u32| [&[1][..], &(n.wrapping_mul(2_654_435_761)).to_be_bytes()].concat();
    let revoked = (0..entries).map(|n| (number(n), 5)).collect();
    let list = ListProfile::genuine(MUNICIPALITY, NOW, revoked).unwrap();
    let der = authority.revocation_list(&list).unwrap();
    say("ready");
    hear();
    let before = machine::memory(std::process::id(), "VmRSS");
    let mut lists = RevocationLists::default();
    lists.add(&der, &roots).unwrap();
    let held = machine::memory(std::process::id(), "VmHWM") - before;
    report(
        "verified",
        rate(BUNDLES, || verify(&bundles, &roots, &lists)),
    );
    let bare = BareVerification::of(&card).unwrap();
    let message = [9; 300];
    let signature = card.sign(&message).unwrap();
    let floor = || {
        for _ in 0..BARE {
            assert!(black_box(bare.verify(&message, &signature)));
        }
    };
    report("bare", rate(BARE, floor));
    report("memory", held * 1.048_576);
    hear();
}

fn bundle(card: &dyn SignatureCard, n: u32) -> Vec<u8> {
    let (seed, feed, descriptor) = ([8; 32], [5; 1_216], [6; 80]);
    let mut nonce = [0; 32];
    nonce[..4].copy_from_slice(&n.to_be_bytes());
    let statement = EnrolmentStatement::new(&StatementPlan {
        city_code: "999999",
        issuer: ISSUER,
        handle: nonce,
        issuer_only_key: techo_vault::crypto::SigningKey::from_seed(&seed).public(),
        feed_key: &feed,
        inbox_descriptor: &descriptor,
        child: None,
        nonce,
        consent: consent::JAPANESE,
        now: NOW,
    });
    let bundle = Bundle::sign_with_seed(&statement, card, &seed, &feed, &descriptor, None);
    bundle.unwrap().to_bytes()
}

fn verify(bundles: &[Vec<u8>], roots: &Roots, lists: &RevocationLists) {
    let expected = Expectation {
        city_code: "999999".into(),
        issuer: ISSUER,
        purpose: consent::PURPOSE.into(),
        consents: consent::accepted(),
        environment: Environment::Simulated,
    };
    let fresh = |n: u32| {
        let mut nonce = [0; 32];
        nonce[..4].copy_from_slice(&n.to_be_bytes());
        (nonce, false)
    };
    let mut nonces = Nonces((0..BUNDLES).map(fresh).collect());
    for bytes in bundles {
        let judged = UnverifiedBundle::decode(bytes)
            .and_then(|bundle| bundle.consume_nonce(&mut nonces, &expected, NOW))
            .and_then(|fresh| fresh.verify(roots, NOW))
            .and_then(|evidence| evidence.accept(RevocationSource::Lists(lists), NOW));
        assert!(matches!(black_box(judged), Ok(Judgement::Verified(_))));
    }
}

fn report(name: &str, value: f64) {
    say(format!("{name} {value}"));
}

/// How many a second of a processor, in the best of several rounds.
fn rate(count: u32, round: impl Fn()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = machine::processor();
        round();
        best = best.min((machine::processor() - start) as f64);
    }
    f64::from(count) * 1e9 / best
}

const ENTRIES: u32 = 100_000;
const BUNDLES: u32 = 1_000;
/// So many that both parts take about the same time.
const BARE: u32 = 10_000;
const ROUNDS: u32 = 7;
