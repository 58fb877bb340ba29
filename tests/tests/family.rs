//! A family on two devices and a relay, over real sockets.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use techo_health::{Fields, Member, Note, Record, Value};
use techo_tests::family::{Device, NOW, TestRelay, drive, pair, sync};
use techo_vault::net::Change;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_vault_writes_under_a_feed_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (phone, copy) = (
        Device::new(root.path(), "phone"),
        Device::new(root.path(), "copy"),
    );
    let mut vault = phone.found("phone");
    vault.add_relay(relay.address(), NOW).unwrap();
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = vault.add_member(child, NOW).unwrap();
    let (vault, _) = sync(vault).await;
    vault.close().unwrap();
    copy_folder(&phone.dir, &copy.dir);

    let (mut first, mut second) = (phone.open(), copy.open());
    first
        .add_record(&hana, &note("ここで"), false, NOW)
        .unwrap();
    second
        .add_record(&hana, &note("あそこで"), false, NOW)
        .unwrap();
    let (first, _) = sync(first).await;
    let (second, report) = sync(second).await;
    assert!(report.relays[0].findings.is_empty(), "no fork: {report:?}");
    let (first, _) = sync(first).await;
    assert_eq!(first.timeline(None).len(), 2);
    assert_eq!(json(&first.timeline(None)), json(&second.timeline(None)));
    relay.stop().await;
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watching_device_is_told_at_once_and_comes_back_after_the_relay() {
    let root = tempfile::tempdir().unwrap();
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let address = relay.address();
    let (phone, tablet) = (
        Device::new(root.path(), "phone"),
        Device::new(root.path(), "tablet"),
    );
    let mut mother = phone.found("phone");
    mother.add_relay(address.clone(), NOW).unwrap();
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = mother.add_member(child, NOW).unwrap();
    let (mut mother, father) = pair(mother, tablet.empty(), &address).await;

    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let watched = address.clone();
    let watching = tokio::spawn(async move {
        drive(father, async |driver| {
            let stop = async { drop(stopped.await) };
            let note = move |change| drop(tell.send(change));
            driver.watch(&watched, stop, &note).await
        })
        .await
    });
    let wait = std::time::Duration::from_mins(1);
    let mut next = async || {
        tokio::time::timeout(wait, told.recv())
            .await
            .unwrap()
            .unwrap()
    };
    while !matches!(next().await, Change::InStep(_)) {}
    mother
        .add_record(&hana, &note("いま書いた"), false, NOW)
        .unwrap();
    let (mother, _) = sync(mother).await;
    while !matches!(next().await, Change::Moved(report) if report.received > 0) {}

    let again = relay.restart(&root.path().join("relay")).await;
    while !matches!(next().await, Change::InStep(_)) {}
    stop.send(()).unwrap();
    let (father, ended) = watching.await.unwrap();
    ended.unwrap();
    assert_eq!(json(&father.timeline(None)), json(&mother.timeline(None)));
    again.stop().await;
}
