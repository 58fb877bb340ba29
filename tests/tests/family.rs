//! A family on two devices and a relay, over real sockets.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use techo_health::{Fields, Member, Note, Record, Value};
use techo_tests::family::{Device, NOW, TestRelay, pair, sync};

fn note(text: &str) -> Record {
    Record::Note(Note {
        text: text.to_owned(),
        date: Some("2026-11-20".parse().expect("a date")),
        ..Note::default()
    })
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).expect("json")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_see_the_same_family() {
    let root = tempfile::tempdir().unwrap();
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (phone, tablet) = (
        Device::new(root.path(), "phone"),
        Device::new(root.path(), "tablet"),
    );
    let mut mother = phone.found("母のスマートフォン");
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = mother.add_member(child, NOW).unwrap();
    mother
        .add_record(&hana, &note("はじめて笑った"), false, NOW)
        .unwrap();
    mother.add_relay(relay.address(), NOW).unwrap();
    let (mut mother, father) = pair(mother, tablet.empty(), &relay.address()).await;
    let (mut father, _) = sync(father).await;
    assert_eq!(father.members().len(), 1);
    assert_eq!(json(&father.timeline(None)), json(&mother.timeline(None)));

    // Both write while apart, and both change the same field of one note.
    let id = mother.timeline(None)[0].id.clone();
    let change = |text: &str| Fields::from([("text".to_owned(), Value::from(text))]);
    mother
        .amend_record(&id, &change("母の言葉"), false, NOW)
        .unwrap();
    father
        .amend_record(&id, &change("父の言葉"), false, NOW)
        .unwrap();
    father
        .add_record(&hana, &note("公園へ行った"), false, NOW)
        .unwrap();
    let (mother, _) = sync(mother).await;
    let (father, report) = sync(father).await;
    assert!(report.relays[0].findings.is_empty());
    let (mut mother, _) = sync(mother).await;
    assert_eq!(json(&father.timeline(None)), json(&mother.timeline(None)));
    let contested = mother
        .timeline(None)
        .into_iter()
        .find(|item| item.id == id)
        .unwrap();
    assert_eq!(contested.fields["text"].len(), 2);

    // A second child, added later, reaches the tablet without anybody typing.
    let second = Member {
        name: "手帳 そら".to_owned(),
        ..Member::default()
    };
    let sora = mother.add_member(second, NOW).unwrap();
    mother
        .add_record(&sora, &note("生まれた"), false, NOW)
        .unwrap();
    let (mother, _) = sync(mother).await;
    let (father, _) = sync(father).await;
    let (mother, _) = sync(mother).await;
    let (father, _) = sync(father).await;
    assert_eq!(father.members().len(), 2);
    assert_eq!(json(&father.timeline(None)), json(&mother.timeline(None)));

    // Both vaults say the same after they are closed and opened.
    mother.close().unwrap();
    father.close().unwrap();
    assert_eq!(
        json(&phone.open().timeline(None)),
        json(&tablet.open().timeline(None))
    );
    relay.stop().await;
}
