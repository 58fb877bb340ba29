//! Revocation across the whole product: what the city learns, and what the family does not.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use techo_city::{CityPlan, EnrolAnswer, EnrolRefusal, IssuerPki};
use techo_health::Member;
use techo_jpki::simulated::{ListProfile, MUNICIPALITY, serial_of};
use techo_jpki::{Refusal, RevocationReason, SignatureCard};
use techo_tests::family::{Device, NOW, TestRelay, pair, sync};
use techo_tests::office::{CORRECTION, EXPORT, Office};
use techo_vault::crypto::{Cost, Passphrase};
use techo_vault::vault::{Vault, VaultError};

/// Writes today's list of the municipality into `dir`, and lets the city read it.
fn publish_list(office: &mut Office, dir: &Path, reason: Option<u8>) {
    let serial = serial_of(office.card.certificate()).expect("a serial number");
    let revoked = reason.map(|code| (serial, code)).into_iter().collect();
    // The list of another day is newer.
    let made = NOW.millis() - if reason.is_some() { 0 } else { 3_600_000 };
    let list = ListProfile::genuine(MUNICIPALITY, made, revoked).expect("a list");
    let der = office.authority.revocation_list(&list).expect("a list");
    std::fs::create_dir_all(dir).expect("a folder");
    std::fs::write(dir.join("mihon.crl"), der).expect("written");
    let report = office.city.load_revocation_lists(dir).expect("lists");
    assert_eq!((report.held, report.refused.len()), (1, 0));
}

fn child() -> Member {
    Member {
        name: "見本 さくら".to_owned(),
        ..Member::default()
    }
}

fn shown(vault: &Vault) -> String {
    let all = (vault.timeline(None), vault.members(), vault.issuers());
    serde_json::to_string(&all).expect("json")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_sees_that_revocation_was_checked_and_never_that_it_came() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let phone = Device::new(root.path(), "phone");
    let mut office = Office::open(&root.path().join("city"));
    let lists = root.path().join("lists");
    publish_list(&mut office, &lists, None);
    let mut mother = phone.found("phone");
    mother.add_relay(relay.address(), NOW).expect("a relay");
    let sakura = mother.add_member(child(), NOW).expect("a member");
    office.enrol(&mut mother, &sakura);
    let (mother, _) = sync(mother).await;
    let city = &mut office.city;
    city.publish(NOW.millis(), EXPORT, "export.csv")
        .expect("published");
    office.deliver().await;
    let (mother, _) = sync(mother).await;
    assert!(mother.members()[0].verified[0].revocation_checked);
    let before = shown(&mother);
    assert!(!mother.timeline(None).is_empty());

    publish_list(&mut office, &lists, Some(3));
    let report = office
        .city
        .recheck(NOW.millis(), &office.register)
        .expect("a report");
    let [(binding, _, RevocationReason::AffiliationChanged)] = report.revoked[..] else {
        panic!("the certificate is on the list")
    };
    assert_eq!(office.deliver().await, 0, "nothing is told to the family");
    let (mother, _) = sync(mother).await;
    assert_eq!(shown(&mother), before);

    assert!(office.city.end(NOW.millis(), binding).expect("ended"));
    assert_eq!(
        office.deliver().await,
        1,
        "one word: that nothing more comes"
    );
    let (mother, _) = sync(mother).await;
    let records = mother.timeline(None);
    let text = serde_json::to_string(&records).expect("json");
    assert!(!records.is_empty() && !text.to_lowercase().contains("revo"));
    assert!(!text.contains("affiliation"));
}

#[test]
fn a_city_of_the_real_hierarchy_refuses_every_simulated_card() {
    let root = tempfile::tempdir().expect("a folder");
    let phone = Device::new(root.path(), "phone");
    let mut office = Office::open(&root.path().join("simulated"));
    let passphrase = Passphrase::new("町役場の合言葉".to_owned());
    let plan = CityPlan {
        name: "見本市",
        code: "999999",
        passphrase: &passphrase,
        root_passphrase: &passphrase,
        cost: Cost::FLOOR,
        pki: IssuerPki::Production,
    };
    let dir = root.path().join("real");
    office.city = techo_city::City::init(&dir, &plan, NOW.millis()).expect("a city");
    assert!(!office.city.status(NOW.millis()).simulated);
    let mut mother = phone.found("phone");
    let relay =
        techo_wire::RelayAddress::new("localhost", 4433, techo_wire::RelayKey::from_bytes([9; 32]));
    mother
        .add_relay(relay.expect("an address"), NOW)
        .expect("a relay");
    let member = mother.add_member(child(), NOW).expect("a member");
    let answer = office.ask(&mut mother, &member);
    let untrusted = EnrolRefusal::Evidence(Refusal::UntrustedIssuer);
    assert_eq!(answer, EnrolAnswer::Refused(untrusted));
    assert_eq!(office.city.status(NOW.millis()).bindings, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_keys_take_over_without_a_card_and_both_devices_read_on() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (phone, tablet) = (
        Device::new(root.path(), "phone"),
        Device::new(root.path(), "tablet"),
    );
    let mut office = Office::open(&root.path().join("city"));
    let mut mother = phone.found("phone");
    mother.add_relay(relay.address(), NOW).expect("a relay");
    let sakura = mother.add_member(child(), NOW).expect("a member");
    assert!(matches!(
        mother.rebind(&sakura, "見本市", NOW),
        Err(VaultError::UnknownIssuer)
    ));
    office.enrol(&mut mother, &sakura);
    assert!(matches!(
        mother.rebind(&sakura, "見本市", NOW),
        Err(VaultError::NotEnrolled)
    ));
    let city = &mut office.city;
    city.publish(NOW.millis(), EXPORT, "export.csv")
        .expect("published");
    let (mother, _) = sync(mother).await;
    office.deliver().await;
    let (mother, _) = sync(mother).await;
    let (mother, father) = pair(mother, tablet.empty(), &relay.address()).await;
    let (mut father, _) = sync(father).await;
    let official = |vault: &Vault| vault.issuers()[0].entries;
    assert_eq!((official(&mother), official(&father)), (7, 7));
    assert!(matches!(
        father.rebind(&sakura, "999999", NOW),
        Err(VaultError::NotHolder)
    ));

    let mut mother = mother;
    let request = mother.rebind(&sakura, "999999", NOW).expect("a request");
    let (mother, _) = sync(mother).await;
    let answer = office
        .city
        .rebind(NOW.millis(), &request, &office.register)
        .expect("an answer");
    assert!(matches!(answer, EnrolAnswer::Bound { .. }), "{answer:?}");
    let city = &mut office.city;
    let corrected = city.correct(NOW.millis(), CORRECTION, "c.csv");
    assert_eq!(corrected.expect("corrected").issued, 1);
    assert_eq!(office.deliver().await, 2, "the binding and the correction");
    let (mother, report) = sync(mother).await;
    assert_eq!(report.relays[0].bindings, 1, "{report:?}");
    let (mother, _) = sync(mother).await;
    let (father, _) = sync(father).await;
    let (father, _) = sync(father).await;
    assert_eq!((official(&mother), official(&father)), (8, 8));
    let documents = |vault: &Vault| vault.issuers()[0].documents.clone();
    assert_eq!(documents(&mother), documents(&father));
    assert_eq!(documents(&mother).len(), 1, "one chain goes on");
    assert_eq!(mother.members()[0].verified.len(), 1);
    assert_eq!(mother.timeline(None).len(), 7);
    drop(mother);
    let again = phone.open();
    assert_eq!(official(&again), 8, "also after opening again");
}
