//! Two enrolments cannot be mixed: every field of every pair, under every combination of what was
//! signed, is refused; and what is told apart is still accepted on its own, in any order.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ed25519_dalek::{Signer, SigningKey};
use minicbor::Decoder;

use super::tests::{DAY, NOW, WORLD, expected, taro};
use super::*;
use crate::simulated::{Holder, LeafProfile, SimulatedCard, Validity};
use crate::{Bundle, SignatureCard, StatementPlan, consent};

const PREFIX: usize = 20;
/// The fields of a statement after its version, as `docs/format.md` §10 numbers them.
const FIELDS: [(usize, &str); 13] = [
    (1, "city"),
    (2, "issuer"),
    (3, "handle"),
    (4, "key"),
    (5, "feed"),
    (6, "inbox"),
    (7, "relation"),
    (8, "purpose"),
    (9, "nonce"),
    (10, "issued"),
    (11, "expiry"),
    (12, "consent"),
    (13, "follows"),
];

/// One enrolment, taken apart.
#[derive(Clone)]
struct Parts {
    statement: Vec<Vec<u8>>,
    certificate: Vec<u8>,
    signature: Vec<u8>,
    proof: Vec<u8>,
    /// Feed key, inbox descriptor and child as they stand in the bundle.
    carried: [Vec<u8>; 3],
    seed: [u8; 32],
    holder: usize,
}

static CARDS: LazyLock<[SimulatedCard; 2]> = LazyLock::new(|| {
    let hanako = Holder::new("試験　花子", "1982-03-04", 2, "試験都見本市偽物町９－９");
    [taro(), hanako].map(|holder| {
        let profile = LeafProfile::genuine(holder, Validity::five_years(NOW));
        WORLD.authority.issue(&profile).unwrap()
    })
});

fn elements(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(bytes);
    let count = decoder.array().unwrap().unwrap();
    let spans = (0..count).map(|_| {
        let start = decoder.position();
        decoder.skip().unwrap();
        bytes[start..decoder.position()].to_vec()
    });
    spans.collect()
}

fn array(elements: &[Vec<u8>]) -> Vec<u8> {
    let count = u8::try_from(elements.len()).unwrap();
    [&[0x80 | count][..], &elements.concat()].concat()
}

fn text(bytes: &[u8]) -> Vec<u8> {
    minicbor::to_vec(minicbor::bytes::ByteVec::from(bytes.to_vec())).unwrap()
}

fn inner(element: &[u8]) -> Vec<u8> {
    Decoder::new(element).bytes().unwrap().to_vec()
}

/// Enrolments that differ in every field: of two people, for themselves and a child, in two cities.
fn enrolments() -> Vec<Parts> {
    (0_u8..4).map(enrolment).collect()
}

fn enrolment(n: u8) -> Parts {
    let (seed, feed) = ([20 + n; 32], [30 + n; 1_216]);
    let descriptor = [40 + n; 60];
    let child = (n % 2 == 1).then(|| Child {
        salt: [50 + n; 32],
        attributes: Attributes {
            name: "試験　一郎".into(),
            birth_date: format!("2024-05-0{}", n + 1),
            gender: 1,
            address: "試験都見本市偽物町１－２－３".into(),
        },
    });
    let elsewhere = n == 3;
    let holder = usize::from(n / 2);
    let statement = EnrolmentStatement::new(&StatementPlan {
        city_code: if elsewhere { "888888" } else { "999999" },
        issuer: if elsewhere { [8; 32] } else { [7; 32] },
        handle: [60 + n; 32],
        issuer_only_key: SigningKey::from_bytes(&seed).verifying_key().to_bytes(),
        feed_key: &feed,
        inbox_descriptor: &descriptor,
        child: child.as_ref(),
        nonce: [70 + n; 32],
        consent: if n == 1 {
            consent::ENGLISH
        } else {
            consent::JAPANESE
        },
        now: NOW - u64::from(n) * 1_000,
    })
    .following(n.is_multiple_of(2).then_some([80 + n; 32]));
    let bundle = Bundle::sign_with_seed(
        &statement,
        &CARDS[holder],
        &seed,
        &feed,
        &descriptor,
        child.as_ref(),
    );
    let fields = elements(&bundle.unwrap().to_bytes());
    let mut statement = elements(&inner(&fields[1])[PREFIX..]);
    statement.resize(14, Vec::new());
    let carried = [
        fields[5].clone(),
        fields[6].clone(),
        fields.get(7).cloned().unwrap_or_default(),
    ];
    Parts {
        statement,
        certificate: inner(&fields[2]),
        signature: inner(&fields[3]),
        proof: inner(&fields[4]),
        carried,
        seed,
        holder,
    }
}

impl Parts {
    fn message(&self) -> Vec<u8> {
        let mut fields = self.statement.clone();
        fields.retain(|field| !field.is_empty());
        [&b"TECHO-JPKI-ENROL\0v1\0"[..], &array(&fields)].concat()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut fields = vec![
            vec![1],
            text(&self.message()),
            text(&self.certificate),
            text(&self.signature),
            text(&self.proof),
        ];
        fields.extend(
            self.carried
                .iter()
                .filter(|field| !field.is_empty())
                .cloned(),
        );
        array(&fields)
    }

    /// Signs again with the key of the device, as somebody could who has it and not the card.
    fn proven(mut self, by: &Self) -> Self {
        let message = signed(&self.message());
        self.proof = SigningKey::from_bytes(&by.seed)
            .sign(&message)
            .to_bytes()
            .to_vec();
        self
    }

    /// Signs again with the card, as somebody could who has it and not the device.
    fn carded(mut self) -> Self {
        self.signature = CARDS[self.holder].sign(&self.message()).unwrap();
        self
    }
}

fn signed(message: &[u8]) -> Vec<u8> {
    [b"techo/device-proof/v1\0", message].concat()
}

struct All(BTreeMap<[u8; 32], bool>);

impl NonceLedger for All {
    fn consume(&mut self, nonce: &[u8; 32], _: u64) -> Result<(), NonceRefusal> {
        match self.0.insert(*nonce, true) {
            None => Err(NonceRefusal::Unknown),
            Some(true) => Err(NonceRefusal::Used),
            Some(false) => Ok(()),
        }
    }
}

fn all() -> All {
    All((0..4).map(|n| ([70 + n; 32], false)).collect())
}

fn judge(parts: &Parts, ledger: &mut All) -> Result<Judgement, Refusal> {
    UnverifiedBundle::decode(&parts.bytes())?
        .consume_nonce(ledger, &expected(), NOW)?
        .verify(&WORLD.roots, NOW)?
        .accept(RevocationSource::Nobody, NOW)
}

#[test]
fn enrolments_taken_apart_and_put_together_are_accepted_once_each_in_any_order() {
    let enrolments = enrolments();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut ledger = all();
        for n in order {
            let Ok(Judgement::Verified(enrolment)) = judge(&enrolments[n], &mut ledger) else {
                panic!("enrolment {n} is sound")
            };
            let statement = enrolment.statement();
            assert_eq!(statement.to_bytes(), enrolments[n].message());
            assert_eq!(enrolment.child().is_some(), n == 1);
            let again = judge(&enrolments[n], &mut ledger).unwrap_err();
            assert_eq!(again, Refusal::Replay, "{n}");
        }
    }
    let elsewhere = judge(&enrolments[3], &mut all()).unwrap_err();
    assert_eq!(elsewhere, Refusal::ContextMismatch);
}

#[test]
fn every_field_of_every_other_enrolment_is_refused_under_every_signature() {
    let enrolments = enrolments();
    let mut tried = 0;
    for (a, own) in enrolments.iter().enumerate() {
        for (b, other) in enrolments.iter().enumerate().filter(|(b, _)| *b != a) {
            for (field, name) in FIELDS {
                if own.statement[field] == other.statement[field] {
                    continue;
                }
                for choice in 0_u8..16 {
                    let from = |bit: u8| if choice >> bit & 1 == 0 { own } else { other };
                    let mut mixed = own.clone();
                    mixed.statement[field].clone_from(&other.statement[field]);
                    mixed.certificate.clone_from(&from(0).certificate);
                    mixed.holder = from(0).holder;
                    mixed.signature.clone_from(&from(1).signature);
                    mixed.proof.clone_from(&from(2).proof);
                    mixed.carried.clone_from(&from(3).carried);
                    let refused = judge(&mixed, &mut all());
                    assert!(refused.is_err(), "{name} of {b} in {a}, {choice:04b}");
                    // Who has the device and not the card, and who has the card and not the device.
                    for device in [own, other] {
                        let refused = judge(&mixed.clone().proven(device), &mut all());
                        assert!(
                            refused.is_err(),
                            "{name} of {b} in {a}, proven, {choice:04b}"
                        );
                    }
                    let refused = judge(&mixed.carded(), &mut all());
                    assert!(
                        refused.is_err(),
                        "{name} of {b} in {a}, carded, {choice:04b}"
                    );
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 1_900, "{tried}");
}

#[test]
fn a_field_changed_in_place_is_refused_with_the_class_of_its_guard() {
    let enrolments = enrolments();
    let (own, other) = (&enrolments[0], &enrolments[2]);
    let purpose = [&[0x6b][..], b"advertising"].concat();
    let swapped = |field: usize, value: &[u8]| {
        let mut mixed = own.clone();
        mixed.statement[field] = value.to_vec();
        judge(&mixed, &mut all()).unwrap_err()
    };
    for (field, name) in FIELDS {
        let class = match name {
            "city" | "issuer" | "purpose" | "feed" | "inbox" | "relation" => {
                Refusal::ContextMismatch
            }
            // An earlier expiry than issue is no statement; a later one is signed for by nobody.
            _ => Refusal::DeviceProof,
        };
        let elsewhere = &enrolments[3];
        let value = match name {
            "purpose" => purpose.clone(),
            "city" | "issuer" | "relation" => elsewhere.statement[field].clone(),
            "consent" => enrolments[1].statement[field].clone(),
            _ => other.statement[field].clone(),
        };
        let refused = swapped(field, &value);
        match name {
            "issued" => assert_eq!(refused, Refusal::Malformed, "longer than ten minutes"),
            _ => assert_eq!(refused, class, "{name}"),
        }
    }
    // With the key of the device alone, the card's signature is what refuses.
    for field in [3, 9, 11, 12, 13] {
        let mut mixed = own.clone();
        mixed.statement[field].clone_from(&enrolments[1].statement[field]);
        if field == 11 {
            mixed.statement[field].clone_from(&other.statement[field]);
        }
        let proven = mixed.proven(own);
        let refused = judge(&proven, &mut all()).unwrap_err();
        assert_eq!(refused, Refusal::SignatureInvalid, "{field}");
    }
    // A nonce that was given out long ago, and a statement that ran out.
    let late = UnverifiedBundle::decode(&own.bytes())
        .unwrap()
        .consume_nonce(&mut all(), &expected(), NOW + DAY);
    assert_eq!(late.unwrap_err(), Refusal::NonceExpired);
}
