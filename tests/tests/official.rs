//! A city's records on a family's two devices: issued, synced, corrected, proven.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use techo_health::{Member, Value};
use techo_tests::family::{Device, NOW, TestRelay, pair, sync};
use techo_tests::office::{CORRECTION, EXPORT, Office};
use techo_vault::issued::{GroupName, IssuedError, IssuerFile, Proof};
use techo_vault::vault::{Source, TimelineItem, Vault};

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).expect("json")
}

fn lot<'a>(timeline: &'a [TimelineItem], lot: &str) -> Option<&'a TimelineItem> {
    timeline.iter().find(|item| item.text("lot") == Some(lot))
}

fn documents(vault: &Vault) -> Vec<String> {
    vault
        .issuers()
        .into_iter()
        .flat_map(|issuer| issuer.documents)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn official_records_reach_both_devices_and_can_be_corrected_and_proven() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (phone, tablet) = (
        Device::new(root.path(), "phone"),
        Device::new(root.path(), "tablet"),
    );
    let mut office = Office::open(&root.path().join("city"));
    let mut mother = phone.found("phone");
    mother.add_relay(relay.address(), NOW).expect("a relay");
    let child = Member {
        name: "見本 さくら".to_owned(),
        ..Member::default()
    };
    let sakura = mother.add_member(child, NOW).expect("a member");
    office.enrol(&mut mother, &sakura);
    let (mother, _) = sync(mother).await;
    let published = office
        .city
        .publish(NOW.millis(), EXPORT, "export.csv")
        .expect("published");
    assert!(published.issued > 0);
    office.deliver().await;
    let (mother, report) = sync(mother).await;
    assert_eq!(report.relays[0].bindings, 1, "{report:?}");
    let (mother, _) = sync(mother).await;
    let (mother, father) = pair(mother, tablet.empty(), &relay.address()).await;
    let (father, _) = sync(father).await;

    let (here, there) = (mother.timeline(None), father.timeline(None));
    assert_eq!(
        here.len(),
        published.issued,
        "every published record is shown"
    );
    assert_eq!(json(&here), json(&there));
    assert!(
        here.iter()
            .all(|item| matches!(&item.source, Source::Issued(issued) if issued.verified))
    );
    assert_eq!(
        documents(&mother),
        documents(&father),
        "derived byte for byte alike"
    );
    assert_eq!(mother.members()[0].verified[0].issuer_name, "見本市");
    assert!(mother.members()[0].verified[0].simulated);
    assert!(!mother.members()[0].verified[0].revocation_checked);

    // Publishing again publishes nothing; a correction is a new entry, the old one stays visible.
    let again = office
        .city
        .publish(NOW.millis(), EXPORT, "export.csv")
        .expect("published");
    assert_eq!(again.issued, 0);
    office
        .city
        .correct(NOW.millis(), CORRECTION, "correction.csv")
        .expect("corrected");
    office.deliver().await;
    let (mother, _) = sync(mother).await;
    let (father, _) = sync(father).await;
    assert_eq!(json(&mother.timeline(None)), json(&father.timeline(None)));
    assert_eq!(documents(&mother), documents(&father));
    let timeline = father.timeline(None);
    assert_eq!(timeline.len(), published.issued);
    assert!(lot(&timeline, "MH5A-2417").is_none());
    let corrected = lot(&timeline, "MH5A-2471").expect("the corrected record");
    let history = father.record(&corrected.id).expect("a record").history;
    let lots: Vec<&Value> = history
        .iter()
        .map(|version| &version.fields["lot"])
        .collect();
    assert_eq!(lots, [&Value::from("MH5A-2417"), &Value::from("MH5A-2471")]);

    // The clinic checks one record offline with nothing but the issuer file.
    let issuer = IssuerFile::from_text(&office.city.issuer_file().to_text()).expect("a file");
    let proof = father
        .prove(&corrected.id, &[GroupName::Who, GroupName::What])
        .expect("a proof");
    let proven = Proof::from_text(&proof)
        .expect("a proof")
        .check(&issuer)
        .expect("it holds");
    assert_eq!(proven.hidden, [GroupName::Where]);
    assert!(!proof.contains("MH5A"));
    let mut other = Office::open(&root.path().join("other"));
    other
        .city
        .nonce(NOW.millis())
        .expect("another city at work");
    let refused = Proof::from_text(&proof)
        .expect("a proof")
        .check(other.city.issuer_file());
    assert_eq!(refused.expect_err("another issuer"), IssuedError::Signature);

    // Everything is there again after closing, with and without the index.
    let shown = json(&father.timeline(None));
    father.close().expect("closes");
    assert_eq!(json(&tablet.open().timeline(None)), shown);
    std::fs::remove_dir_all(tablet.dir.join("index")).expect("removed");
    assert_eq!(json(&tablet.open().timeline(None)), shown);
    relay.stop().await;
}

/// A pack with one message about the child allowance.
fn pack(office: &Office, place: &str) -> String {
    let issuer = office.city.issuer_file().id();
    format!(
        "[pack]\nformat = 1\nid = \"babies\"\nissuer = \"{issuer}\"\ndata_version = \"1\"\nreview_by = \"2027-03-31\"\n\n\
         [[message]]\nid = \"a\"\nwhen = {{ age_days = [0, 15] }}\naudience = \"parents\"\ncategory = \"benefit\"\n\
         priority = \"high\"\nconfidence = \"low\"\nsource = \"none\"\nreplaces = \"M023\"\n\
         title = {{ ja = \"題\", en = \"Title\" }}\ntext = {{ ja = \"{place}\", en = \"Text\" }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citys_messages_reach_the_device_stay_out_of_the_timeline_and_are_replaced() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let phone = Device::new(root.path(), "phone");
    let mut office = Office::open(&root.path().join("city"));
    let mut mother = phone.found("phone");
    mother.add_relay(relay.address(), NOW).expect("a relay");
    let child = Member {
        name: "見本 さくら".to_owned(),
        ..Member::default()
    };
    let sakura = mother.add_member(child, NOW).expect("a member");
    office.enrol(&mut mother, &sakura);
    let (mother, _) = sync(mother).await;
    let texts = [pack(&office, "3階へ"), pack(&office, "4階へ")];
    let mut vault = mother;
    for text in &texts {
        let published = office.city.publish_messages(NOW.millis(), text);
        assert_eq!(published.expect("published").issued, 1);
        office.deliver().await;
        // Once for the binding, once for what waited for it.
        vault = sync(vault).await.0;
        vault = sync(vault).await.0;
        let member = vault.members()[0].id;
        let held = vault.message_packs(&member);
        assert_eq!(held.len(), 1);
        assert_eq!((held[0].id.as_str(), &held[0].text), ("babies", text));
        assert_eq!(held[0].issuer, office.city.issuer_file().id().to_string());
        assert_eq!(held[0].issuer_name, "見本市");
        assert_eq!(vault.timeline(None), Vec::new());
        assert_eq!(vault.latest(None, 50), Vec::new());
    }
    vault.close().expect("closes");
    let opened = phone.open();
    let member = opened.members()[0].id;
    assert_eq!(opened.message_packs(&member)[0].text, texts[1]);
    relay.stop().await;
}
