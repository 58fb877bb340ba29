//! Damage to a vault's folder: the index may be lost, the segments heal from the relay, and what no
//! copy has is named. `TECHO_FAULTS` sets how many of each kind are tried.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use techo_health::{Member, Note, Record};
use techo_tests::family::{Device, NOW, TestRelay, add_child, note, sync};
use techo_tests::fault::{Fault, damage_one_file};
use techo_tests::seeded::Seeded;
use techo_vault::store::Unlocked;
use techo_vault::vault::Vault;
use techo_wire::{Envelope, Head};

const RECORDS: usize = 500;

fn faults() -> u64 {
    std::env::var("TECHO_FAULTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(30)
}

/// A closed vault of 500 records, all of them at a relay.
async fn prepared(root: &Path, relay: &TestRelay) -> (Device, Unlocked, String) {
    let device = Device::new(root, "pristine");
    let mut vault = device.found("phone");
    vault.add_relay(relay.address(), NOW).expect("a relay");
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = vault.add_member(child, NOW).expect("a member");
    for number in 0..RECORDS {
        let note = Note {
            text: format!("記録 {number}"),
            date: Some(
                format!("2026-{:02}-{:02}", number % 12 + 1, number % 28 + 1)
                    .parse()
                    .expect("a date"),
            ),
            ..Note::default()
        };
        vault
            .add_record(&hana, &Record::Note(note), false, NOW)
            .expect("a record");
    }
    let (vault, report) = sync(vault).await;
    assert!(report.relays[0].complete);
    let timeline = timeline(&vault);
    vault.close().expect("closes");
    let unlocked = device.unlock();
    (device, unlocked, timeline)
}

fn timeline(vault: &Vault) -> String {
    serde_json::to_string(&vault.timeline(None)).expect("json")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The copy that one trial damages.
fn trial(root: &Path, pristine: &Device, name: &str) -> Device {
    let device = Device::new(root, name);
    copy(&pristine.dir, &device.dir);
    device
}

fn discard(device: &Device) {
    fs::remove_dir_all(&device.dir).expect("removed");
}

fn index(device: &Device) -> PathBuf {
    device.dir.join("index")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_done_to_the_index_changes_the_timeline() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (pristine, key, expected) = prepared(root.path(), &relay).await;

    let device = trial(root.path(), &pristine, "without");
    fs::remove_dir_all(index(&device)).expect("removed");
    assert_eq!(
        timeline(&device.open_with(&key)),
        expected,
        "without an index"
    );
    discard(&device);

    for fault in Fault::ALL {
        for seed in 0..faults() {
            let device = trial(root.path(), &pristine, &format!("{fault:?}-{seed}"));
            let what = damage_one_file(&index(&device), fault, &mut Seeded::new(seed));
            let vault = device.open_with(&key);
            assert_eq!(timeline(&vault), expected, "{what}, seed {seed}");
            vault.close().expect("closes");
            assert_eq!(
                timeline(&device.open_with(&key)),
                expected,
                "opened again after {what}, seed {seed}"
            );
            discard(&device);
        }
    }
    relay.stop().await;
}

/// Every envelope that the vault can send, by book and feed.
fn sent(vault: &Vault) -> Vec<Envelope> {
    let feeds = vault.mailboxes().into_iter().flat_map(|target| {
        let heads = vault.feeds(&target.book).expect("a book").heads();
        heads
            .map(|head| (target.book, head))
            .collect::<Vec<(_, Head)>>()
    });
    let all = feeds.flat_map(|(book, head)| {
        let sent = vault.envelopes(&book, &head.feed, 0, head.seq, usize::MAX);
        sent.expect("envelopes")
    });
    all.collect()
}

#[test]
fn nothing_done_to_the_index_changes_what_is_sent_of_long_feeds() {
    let root = tempfile::tempdir().expect("a folder");
    let pristine = Device::new(root.path(), "pristine");
    let mut vault = pristine.found("phone");
    let hana = add_child(&mut vault, "手帳 はな");
    let notes: Vec<Record> = (0..2_200).map(|n| note(&format!("記録 {n}"))).collect();
    vault.add_records(&hana, &notes, false, NOW).expect("notes");
    let (expected, shown) = (sent(&vault), timeline(&vault));
    assert!(expected.len() > notes.len());
    vault.close().expect("closes");
    let key = pristine.unlock();
    for fault in Fault::ALL {
        for seed in 0..faults().div_ceil(10) {
            let device = trial(root.path(), &pristine, &format!("{fault:?}-{seed}"));
            let what = damage_one_file(&index(&device), fault, &mut Seeded::new(seed));
            for time in ["at once", "opened again"] {
                let vault = device.open_with(&key);
                assert!(sent(&vault) == expected, "{what}, seed {seed}, {time}");
                assert_eq!(timeline(&vault), shown, "{what}, seed {seed}, {time}");
                vault.close().expect("closes");
            }
            discard(&device);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_segments_heal_from_the_relay() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (pristine, key, expected) = prepared(root.path(), &relay).await;
    for fault in Fault::ALL {
        for seed in 0..faults() {
            let keep_index = seed % 2 == 0;
            let device = trial(root.path(), &pristine, &format!("{fault:?}-{seed}"));
            let what = damage_one_file(&device.dir.join("segments"), fault, &mut Seeded::new(seed));
            if !keep_index {
                fs::remove_dir_all(index(&device)).expect("removed");
            }
            let told = format!("{what}, seed {seed}, index kept: {keep_index}");
            let (mut vault, report) = sync(device.open_with(&key)).await;
            assert!(report.relays[0].complete, "{told}");
            assert_eq!(timeline(&vault), expected, "{told}");
            let lost = vault.doctor().expect("a report").lost;
            assert!(lost.is_empty(), "{told}: {lost:?}");
            vault.close().expect("closes");
            // The log alone tells everything again.
            fs::remove_dir_all(index(&device)).expect("removed");
            let mut again = device.open_with(&key);
            assert_eq!(timeline(&again), expected, "healed log after {told}");
            let lost = again.doctor().expect("a report").lost;
            assert!(lost.is_empty(), "healed log after {told}: {lost:?}");
            discard(&device);
        }
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_copy_has_is_named_as_lost_and_nothing_else_changes() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (pristine, key, expected) = prepared(root.path(), &relay).await;
    relay.stop().await;
    let all: Vec<serde_json::Value> = serde_json::from_str(&expected).expect("json");
    for fault in Fault::ALL {
        for seed in 0..faults() {
            let device = trial(root.path(), &pristine, &format!("{fault:?}-{seed}"));
            let what = damage_one_file(&device.dir.join("segments"), fault, &mut Seeded::new(seed));
            fs::remove_dir_all(index(&device)).expect("removed");
            let mut vault = device.open_with(&key);
            let left: Vec<serde_json::Value> =
                serde_json::from_str(&timeline(&vault)).expect("json");
            let report = vault.doctor().expect("a report");
            if left.len() < all.len() {
                assert!(
                    !report.lost.is_empty(),
                    "{what}, seed {seed}: lost in silence"
                );
            }
            for item in &left {
                assert!(all.contains(item), "{what}, seed {seed}: a record changed");
            }
            discard(&device);
        }
    }
}
