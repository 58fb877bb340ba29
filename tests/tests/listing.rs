//! The latest records, from kept rows and from documents: the same lines.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use techo_health::{Fields, Member, Note, Record, Value};
use techo_tests::family::{Device, NOW};
use techo_vault::vault::{TimelineItem, Vault};

fn note(index: usize) -> Record {
    let date = format!(
        "{}-{:02}-{:02}",
        2024 + index % 3,
        index % 12 + 1,
        index % 28 + 1
    );
    Record::Note(Note {
        text: format!("メモ {index}"),
        date: (!index.is_multiple_of(10)).then(|| date.parse().expect("a date")),
        ..Note::default()
    })
}

/// What `latest` must say: dated ones from the end of the timeline, then those without a date.
fn expected(vault: &Vault, count: usize) -> Vec<TimelineItem> {
    let (dated, undated): (Vec<_>, Vec<_>) = vault
        .timeline(None)
        .into_iter()
        .rev()
        .partition(|item| item.date.is_some());
    dated.into_iter().chain(undated).take(count).collect()
}

#[test]
fn the_latest_records_are_the_same_from_kept_rows_and_from_documents() {
    let root = tempfile::tempdir().unwrap();
    let device = Device::new(root.path(), "phone");
    let mut vault = device.found("母のスマートフォン");
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = vault.add_member(child, NOW).unwrap();
    let notes: Vec<Record> = (0..300).map(note).collect();
    let syncs = vault.syncs();
    vault.add_records(&hana, &notes, false, NOW).unwrap();
    assert_eq!(
        vault.syncs() - syncs,
        1,
        "one batch is one flush of the disk"
    );
    let all = vault.latest(None, 300);
    assert_eq!(all, expected(&vault, 300));
    vault.close().unwrap();

    let mut vault = device.open();
    // Asked before anything takes the documents apart.
    let latest = vault.latest(Some(&hana), 40);
    assert_eq!(latest, all[..40]);
    assert_eq!(latest, expected(&vault, 40));

    let newest = latest[0].id.clone();
    let change = Fields::from([("text".to_owned(), Value::from("書き直した"))]);
    vault.amend_record(&newest, &change, false, NOW).unwrap();
    vault.add_records(&hana, &[note(11)], false, NOW).unwrap();
    assert_eq!(vault.latest(None, 40), expected(&vault, 40));
    vault.close().unwrap();

    let vault = device.open();
    assert_eq!(vault.latest(None, 40), expected(&vault, 40));
    assert_eq!(vault.latest(None, 40)[0].text("text"), Some("書き直した"));
}

#[test]
fn records_are_written_all_or_none() {
    let root = tempfile::tempdir().unwrap();
    let device = Device::new(root.path(), "phone");
    let mut vault = device.found("母のスマートフォン");
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = vault.add_member(child, NOW).unwrap();
    let mut long = Note {
        text: "長".repeat(5_000),
        ..Note::default()
    };
    for field in ["a", "b", "c"] {
        long.extra
            .insert(field.to_owned(), Value::from("長".repeat(5_000).as_str()));
    }
    let records = [note(1), Record::Note(long)];
    vault
        .add_records(&hana, &records, false, NOW)
        .expect_err("too long for one change");
    assert!(vault.timeline(None).is_empty());
    vault.add_records(&hana, &records[..1], false, NOW).unwrap();
    vault.close().unwrap();
    assert_eq!(device.open().timeline(None).len(), 1);
}
