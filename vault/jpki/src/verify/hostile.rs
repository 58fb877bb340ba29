//! Certificates and signatures that are wrong in one way each, and the class each is refused with.

use std::sync::LazyLock;

use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::Signer;

use super::raw::{RawCard, RawLeaf, between, explicit_default, outcome, refusal, rightly};
use super::tests::{DAY, NOW, WORLD, bundle_of, judge_at, statement};
use super::*;
use crate::SimulatedPki;
use crate::simulated::der::{element, integer, sequence};
use crate::simulated::{SimulatedAuthority, generate_key};

type Sign = fn(&[u8]) -> Vec<u8>;
type Change = fn(&mut RawLeaf<'_>);

const KEY_USAGE: &str = "2.5.29.15";
const NAMES: &str = "2.5.29.17";
const POLICIES: &str = "2.5.29.32";
const POINTS: &str = "2.5.29.31";
const AUTHORITY: &str = "2.5.29.35";
const OTHER_KEY: [u8; 20] = [7; 20];

static ROGUE: LazyLock<SimulatedAuthority> =
    LazyLock::new(|| SimulatedAuthority::generate(&SimulatedPki::acknowledge(), NOW).unwrap());
static STRANGER: LazyLock<PKey<Private>> = LazyLock::new(|| generate_key().unwrap());

fn changed(change: Change) -> Vec<u8> {
    let mut leaf = RawLeaf::genuine();
    change(&mut leaf);
    leaf.der()
}

fn check(cases: &[(&str, Change)], class: Refusal) {
    for (name, change) in cases {
        assert_eq!(refusal(changed(*change)), Some(class), "{name}");
    }
}

#[test]
fn the_certificate_every_case_departs_from_is_accepted() {
    assert_eq!(refusal(changed(|_| {})), None);
}

#[test]
fn what_is_not_the_one_form_of_a_certificate_is_malformed() {
    check(
        &[
            ("version 1", |l| {
                l.version.clear();
                l.extensions.clear();
            }),
            ("version 1 with extensions", |l| l.version.clear()),
            ("version 2", |l| {
                l.version = element(0xa0, &[&integer(&[1])]);
            }),
            ("version 4", |l| {
                l.version = element(0xa0, &[&integer(&[3])]);
            }),
            ("no extensions", |l| l.extensions.clear()),
            ("negative serial number", |l| l.serial = integer(&[0x80, 1])),
            ("serial number zero", |l| l.serial = integer(&[0])),
            ("serial number of 22 bytes", |l| {
                l.serial = integer(&[1; 22]);
            }),
            ("serial number with a digit too many", |l| {
                l.serial = integer(&[0, 1]);
            }),
            ("serial number without digits", |l| l.serial = integer(&[])),
            ("certificate authority", |l| {
                l.set("2.5.29.19", Some((true, &[0x30, 3, 1, 1, 0xff])));
            }),
            ("doubled extension", |l| {
                l.extensions.extend_from_within(..1);
            }),
            ("default written out", |l| {
                l.more = explicit_default(&[0x2a, 3], &[5, 0]);
            }),
            ("something else among the extensions", |l| {
                l.more = vec![5, 0];
            }),
            ("key that is none", |l| l.key = sequence(&[])),
            ("constraints that are none", |l| {
                l.set("2.5.29.19", Some((true, &[5, 0])));
            }),
            ("a certificate of nine kilobytes", |l| {
                l.set("1.2.3.4", Some((false, &[0; 9_000])));
            }),
        ],
        Refusal::Malformed,
    );
}

#[test]
fn certificates_cut_off_padded_or_respelled_are_malformed() {
    let good = changed(|_| {});
    let mut huge = RawLeaf::genuine();
    huge.set("1.2.3.4", Some((false, &vec![0; 4 << 20])));
    let mut long_length = vec![0x30, 0x83, 0];
    long_length.extend_from_slice(&good[2..]);
    let mut indefinite = vec![0x30, 0x80];
    indefinite.extend_from_slice(&good[4..]);
    indefinite.extend([0, 0]);
    for bad in [
        [&good[..], &[0]].concat(),
        [&good[..], &good[..]].concat(),
        good[..good.len() - 1].to_vec(),
        good[4..].to_vec(),
        huge.der(),
        long_length,
        indefinite,
        Vec::new(),
        vec![0x30, 0],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0xff; 2_000],
        b"-----BEGIN CERTIFICATE-----".to_vec(),
    ] {
        assert_eq!(Leaf::parse(&bad).err(), Some(Refusal::Malformed));
        assert_eq!(refusal(bad), Some(Refusal::Malformed));
    }
}

#[test]
fn other_algorithms_are_refused_even_where_the_signature_is_right() {
    const SHA1_WITH_RSA: &[u8] = &[
        0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 5, 5, 0,
    ];
    const SHA384_WITH_RSA: &[u8] = &[
        0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 12, 5, 0,
    ];
    const WITHOUT_NULL: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11];
    const PSS: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 10];
    check(
        &[
            ("SHA-1", |l| {
                l.inner = SHA1_WITH_RSA.to_vec();
                l.outer = SHA1_WITH_RSA.to_vec();
                l.digest = MessageDigest::sha1();
            }),
            ("SHA-384", |l| {
                l.inner = SHA384_WITH_RSA.to_vec();
                l.outer = SHA384_WITH_RSA.to_vec();
                l.digest = MessageDigest::sha384();
            }),
            ("SHA-1 within, SHA-256 without", |l| {
                l.inner = SHA1_WITH_RSA.to_vec();
            }),
            ("SHA-256 within, SHA-1 without", |l| {
                l.outer = SHA1_WITH_RSA.to_vec();
            }),
            ("no NULL", |l| {
                l.inner = WITHOUT_NULL.to_vec();
                l.outer = WITHOUT_NULL.to_vec();
            }),
            ("PSS", |l| {
                l.inner = PSS.to_vec();
                l.outer = PSS.to_vec();
                l.padding = Padding::PKCS1_PSS;
            }),
            ("P-256", |l| l.key = curve(Nid::X9_62_PRIME256V1)),
            ("P-384", |l| l.key = curve(Nid::SECP384R1)),
            ("secp256k1", |l| l.key = curve(Nid::SECP256K1)),
            ("Ed25519", |l| {
                l.key = PKey::generate_ed25519()
                    .unwrap()
                    .public_key_to_der()
                    .unwrap();
            }),
            ("RSA of 1024 bits", |l| l.key = rsa(1_024)),
            ("RSA of 2040 bits", |l| l.key = rsa(2_040)),
            ("RSA of 4096 bits", |l| l.key = rsa(4_096)),
            ("exponent 3", |l| {
                let three = openssl::bn::BigNum::from_u32(3).unwrap();
                let key = Rsa::generate_with_e(2_048, &three).unwrap();
                l.key = PKey::from_rsa(key).unwrap().public_key_to_der().unwrap();
            }),
        ],
        Refusal::WrongAlgorithm,
    );
}

fn curve(nid: Nid) -> Vec<u8> {
    let group = EcGroup::from_curve_name(nid).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    key.public_key_to_der().unwrap()
}

fn rsa(bits: u32) -> Vec<u8> {
    let key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
    key.public_key_to_der().unwrap()
}

#[test]
fn whoever_no_pinned_root_signed_for_is_untrusted() {
    assert_eq!(
        refusal(RawLeaf::issued_by(&ROGUE).der()),
        Some(Refusal::UntrustedIssuer)
    );
    check(
        &[
            ("no word of the issuing key", |l| l.set(AUTHORITY, None)),
            ("no key identifier", |l| {
                l.set(AUTHORITY, Some((false, &[0x30, 0])));
            }),
            ("another key identifier", |l| {
                let id = sequence(&[&element(0x80, &[&OTHER_KEY])]);
                l.set(AUTHORITY, Some((false, &id)));
            }),
            ("the right key under another serial number", |l| {
                let key = l
                    .extensions
                    .iter()
                    .find(|e| e.0 == AUTHORITY)
                    .unwrap()
                    .2
                    .clone();
                let at = key.len() - 1;
                let mut other = key;
                other[at] ^= 1;
                l.set(AUTHORITY, Some((false, &other)));
            }),
            ("signed by the card itself", |l| l.signer = &WORLD.card_key),
            ("signed by a stranger", |l| l.signer = &STRANGER),
            ("another issuer's name", |l| {
                l.issuer =
                    x509_cert::der::Encode::to_der(&x509_cert::name::Name::default()).unwrap();
            }),
            ("digest that does not fit the algorithm", |l| {
                l.digest = MessageDigest::sha512();
            }),
            ("padding that does not fit", |l| {
                l.padding = Padding::PKCS1_PSS;
            }),
        ],
        Refusal::UntrustedIssuer,
    );
}

#[test]
fn a_stranger_is_named_before_whatever_else_is_wrong() {
    check(
        &[
            ("yesterday", |l| {
                l.signer = &STRANGER;
                l.validity = between(NOW - 9 * DAY, NOW - DAY);
            }),
            ("tomorrow", |l| {
                l.signer = &STRANGER;
                l.validity = between(NOW + DAY, NOW + 9 * DAY);
            }),
            ("unknown extension", |l| {
                l.signer = &STRANGER;
                l.set("1.2.3.4.5", Some((true, &[5, 0])));
            }),
        ],
        Refusal::UntrustedIssuer,
    );
}

#[test]
fn a_root_that_did_not_sign_itself_is_never_pinned() {
    let mut der = WORLD.authority.root().unwrap();
    let last = der.len() - 1;
    der[last] ^= 1;
    let pinned = Roots::simulated(&SimulatedPki::acknowledge(), &[der]);
    assert_eq!(pinned.err(), Some(crate::RootsError::NotARoot));
}

#[test]
fn validity_and_unknown_critical_extensions_have_their_own_classes() {
    check(
        &[("yesterday", |l| {
            l.validity = between(NOW - 9 * DAY, NOW - DAY);
        })],
        Refusal::Expired,
    );
    check(
        &[("tomorrow", |l| {
            l.validity = between(NOW + DAY, NOW + 9 * DAY);
        })],
        Refusal::NotYetValid,
    );
    check(
        &[
            ("unknown", |l| l.set("1.2.3.4.5", Some((true, &[5, 0])))),
            ("names", |l| critical(l, NAMES)),
            ("distribution points", |l| critical(l, POINTS)),
        ],
        Refusal::CriticalExtension,
    );
}

fn critical(leaf: &mut RawLeaf<'_>, id: &str) {
    for extension in &mut leaf.extensions {
        extension.1 |= extension.0 == id;
    }
}

#[test]
fn policies_beside_the_one_critical_one_are_refused() {
    check(
        &[
            ("none", |l| l.set(POLICIES, None)),
            ("any policy", |l| {
                l.set(
                    POLICIES,
                    Some((true, &[0x30, 8, 0x30, 6, 6, 4, 0x55, 0x1d, 0x20, 0])),
                );
            }),
            ("not critical", |l| {
                let own = l
                    .extensions
                    .iter()
                    .find(|e| e.0 == POLICIES)
                    .unwrap()
                    .2
                    .clone();
                l.set(POLICIES, Some((false, &own)));
            }),
            ("another", |l| {
                l.set(POLICIES, Some((true, &[0x30, 6, 0x30, 4, 6, 2, 0x2a, 3])));
            }),
            ("two", |l| {
                l.set(
                    POLICIES,
                    Some((
                        true,
                        &[0x30, 12, 0x30, 4, 6, 2, 0x2a, 3, 0x30, 4, 6, 2, 0x2a, 4],
                    )),
                );
            }),
        ],
        Refusal::Policy,
    );
}

#[test]
fn usages_beside_signing_for_oneself_are_refused() {
    const CLIENT: &[u8] = &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
    const ANY: &[u8] = &[0x30, 6, 6, 4, 0x55, 0x1d, 0x25, 0];
    check(
        &[
            ("none", |l| l.set(KEY_USAGE, None)),
            ("not critical", |l| {
                l.set(KEY_USAGE, Some((false, &[3, 2, 6, 0xc0])));
            }),
            ("authentication", |l| {
                l.set(KEY_USAGE, Some((true, &[3, 2, 7, 0x80])));
            }),
            ("non-repudiation alone", |l| {
                l.set(KEY_USAGE, Some((true, &[3, 2, 6, 0x40])));
            }),
            ("encryption too", |l| {
                l.set(KEY_USAGE, Some((true, &[3, 2, 5, 0xe0])));
            }),
            ("respelled", |l| {
                l.set(KEY_USAGE, Some((true, &[3, 2, 5, 0xc0])));
            }),
            ("client", |l| l.set("2.5.29.37", Some((false, CLIENT)))),
            ("any", |l| l.set("2.5.29.37", Some((false, ANY)))),
        ],
        Refusal::KeyUsage,
    );
}

#[test]
fn names_that_are_not_the_four_attributes_once_each_are_refused() {
    check(
        &[
            ("none", |l| l.set(NAMES, None)),
            ("another type of text", |l| {
                for extension in &mut l.extensions {
                    if extension.0 == NAMES {
                        // The first UTF8String of two bytes or more becomes a PrintableString.
                        let at = extension
                            .2
                            .windows(2)
                            .position(|w| w == [0xa0, 17])
                            .unwrap();
                        extension.2[at + 2] = 0x13;
                    }
                }
            }),
        ],
        Refusal::Attributes,
    );
}

#[test]
fn an_empty_list_of_names_fails_the_strict_path_already() {
    let empty: Change = |l| l.set(NAMES, Some((false, &[0x30, 0])));
    check(&[("empty", empty)], Refusal::UntrustedIssuer);
}

#[test]
fn a_signature_that_is_not_the_cards_over_the_statement_is_invalid() {
    let cases: [(&str, Sign); 10] = [
        ("nothing", |_| Vec::new()),
        ("zeros", |_| vec![0; 256]),
        ("the modulus and more", |_| vec![0xff; 256]),
        ("one byte short", |m| rightly(m)[1..].to_vec()),
        ("a zero in front", |m| [&[0][..], &rightly(m)].concat()),
        ("other bytes", |m| rightly(&m[1..])),
        ("another key", |m| {
            crate::simulated::revocation::sign(&STRANGER, m).unwrap()
        }),
        ("SHA-1", |m| {
            signed(m, Padding::PKCS1, MessageDigest::sha1())
        }),
        ("PSS", |m| {
            signed(m, Padding::PKCS1_PSS, MessageDigest::sha256())
        }),
        ("a digest without its name", |m| {
            let mut out = vec![0; 256];
            let digest = openssl::sha::sha256(m);
            let rsa = WORLD.card_key.rsa().unwrap();
            rsa.private_encrypt(&digest, &mut out, Padding::PKCS1)
                .unwrap();
            out
        }),
    ];
    for (name, sign) in cases {
        let card = RawCard {
            certificate: changed(|_| {}),
            sign,
        };
        assert_eq!(
            outcome(&card).err(),
            Some(Refusal::SignatureInvalid),
            "{name}"
        );
    }
}

fn signed(message: &[u8], padding: Padding, digest: MessageDigest) -> Vec<u8> {
    let mut signer = Signer::new(digest, &WORLD.card_key).unwrap();
    signer.set_rsa_padding(padding).unwrap();
    signer.sign_oneshot_to_vec(message).unwrap()
}

#[test]
fn a_certificate_whose_list_cannot_be_known_stays_open() {
    let open = Refusal::RevocationUnavailable(RevocationGap::Scope);
    check(
        &[
            ("no distribution point", |l| l.set(POINTS, None)),
            ("two", |l| {
                let (_, _, one) = l.extensions.iter().find(|e| e.0 == POINTS).unwrap().clone();
                let inner = &one[one.iter().position(|b| *b == 0x30).unwrap()..];
                let start = if inner[1] & 0x80 == 0 { 2 } else { 3 };
                let twice = sequence(&[&inner[start..], &inner[start..]]);
                l.set(POINTS, Some((false, &twice)));
            }),
            ("a web address", |l| {
                let address = element(0x86, &[b"http://127.0.0.1/a.crl"]);
                let point = sequence(&[&element(0xa0, &[&element(0xa0, &[&address])])]);
                l.set(POINTS, Some((false, &sequence(&[&point]))));
            }),
        ],
        open,
    );
    assert!(open.is_retryable());
}

proptest::proptest! {
    #[test]
    fn flipped_bytes_of_a_certificate_never_panic_and_never_pass(at in 0_usize..4_000, bit in 0_u8..8) {
        static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| changed(|_| {}));
        let mut bad = GOOD.clone();
        let at = at % bad.len();
        bad[at] ^= 1 << bit;
        let passed = Leaf::parse(&bad).and_then(|leaf| leaf.check_chain(&WORLD.roots, NOW));
        proptest::prop_assert!(passed.is_err(), "byte {at}");
        if let Ok(leaf) = Leaf::parse(&bad) {
            let _ = (leaf.attributes().is_ok(), leaf.check_key_usage(), leaf.check_signature(&bad, &bad));
            let _ = leaf.check_policy(Environment::Simulated);
        }
    }

    #[test]
    fn flipped_bytes_of_a_bundle_never_panic_and_never_pass(at in 0_usize..8_000, bit in 0_u8..8) {
        static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let card = RawCard { certificate: changed(|_| {}), sign: rightly };
            bundle_of(&card, &statement(None))
        });
        let mut bad = GOOD.clone();
        let at = at % bad.len();
        bad[at] ^= 1 << bit;
        proptest::prop_assert!(judge_at(&GOOD, NOW).is_ok());
        proptest::prop_assert!(judge_at(&bad, NOW).is_err(), "byte {at}");
    }

    #[test]
    fn a_certificate_with_any_bytes_for_an_extension_never_panics(
        which in 0_usize..5, bytes in proptest::collection::vec(0_u8.., 0..40)
    ) {
        let mut leaf = RawLeaf::genuine();
        let id = [KEY_USAGE, NAMES, POLICIES, POINTS, AUTHORITY][which];
        leaf.set(id, Some((which != 1 && which < 3, &bytes)));
        let refused = refusal(leaf.der()).is_some();
        proptest::prop_assert!(refused || bytes == [3, 2, 6, 0xc0]);
    }
}

#[test]
fn one_generations_certificate_signed_by_another_is_untrusted_though_both_are_pinned() {
    let ders = [WORLD.authority.root().unwrap(), ROGUE.root().unwrap()];
    let both = Roots::simulated(&SimulatedPki::acknowledge(), &ders).unwrap();
    let mut leaf = RawLeaf::genuine();
    let sound = Leaf::parse(&leaf.der()).unwrap();
    assert!(sound.check_chain(&both, NOW).is_ok());
    leaf.signer = ROGUE.key();
    let crossed = Leaf::parse(&leaf.der()).unwrap();
    let refused = crossed.check_chain(&both, NOW).err();
    assert_eq!(refused, Some(Refusal::UntrustedIssuer));
}
