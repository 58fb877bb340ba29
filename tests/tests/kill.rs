//! Kills a process that writes records, many times over: every acknowledged record is there and
//! whole. `TECHO_KILLS` sets how many kills.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use techo_health::{Member, Value};
use techo_tests::family::{Device, NOW};
use techo_tests::seeded::Seeded;
use techo_vault::vault::Vault;

/// The most records that a process acknowledges before it is killed.
const MOST: u64 = 24;

fn kills() -> u64 {
    std::env::var("TECHO_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100)
}

fn text(round: u64, number: u64) -> String {
    format!("round {round} number {number}")
}

/// Runs a writer and kills it once it has acknowledged `enough`; returns how many it acknowledged.
fn run_and_kill(root: &Path, round: u64, enough: u64) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_writer"))
        .arg(root)
        .arg(round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut told = 0;
    for line in BufReader::new(child.stdout.take().expect("its output")).lines() {
        let line = line.expect("a line");
        if let Some(number) = line.strip_prefix("acknowledged ")
            && let Ok(number) = number.parse::<u64>()
        {
            told = told.max(number + 1);
        }
        if told >= enough {
            child.kill().expect("killed");
        }
    }
    assert!(
        !child.wait().expect("its end").success(),
        "the child ends only by being killed"
    );
    assert!(told >= enough);
    told
}

/// The texts held, with the fields of each checked.
fn texts(vault: &Vault) -> Vec<String> {
    let items = vault.timeline(None);
    let whole = items.iter().map(|item| {
        assert_eq!(item.kind, "note");
        assert_eq!(item.fields["date"], [Value::from("2026-11-22")]);
        assert_eq!(item.fields["text"].len(), 1);
        item.text("text").expect("a text").to_owned()
    });
    whole.collect()
}

#[test]
fn every_acknowledged_record_survives_a_killed_process() {
    let root = tempfile::tempdir().expect("a folder");
    let phone = Device::new(root.path(), "phone");
    let mut vault = phone.found("phone");
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    vault.add_member(child, NOW).expect("a member");
    vault.close().expect("closes");
    let mut seeded = Seeded::new(20_261_122);
    let mut acknowledged = Vec::new();
    for round in 0..kills() {
        let told = run_and_kill(root.path(), round, 1 + seeded.below(MOST));
        acknowledged.extend((0..told).map(|number| text(round, number)));
        if round % 10 == 9 || round + 1 == kills() {
            let mut vault = phone.open();
            let held: std::collections::BTreeSet<String> = texts(&vault).into_iter().collect();
            let lost: Vec<&String> = acknowledged
                .iter()
                .filter(|text| !held.contains(*text))
                .collect();
            assert!(
                lost.is_empty(),
                "acknowledged and lost after kill {round}: {lost:?}"
            );
            let report = vault.doctor().expect("a report");
            assert!(report.is_sound(), "after kill {round}: {report:?}");
            if round % 20 == 19 {
                vault.close().expect("closes");
            }
        }
    }
}
