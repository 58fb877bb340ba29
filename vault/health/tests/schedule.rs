//! Worked cases of the vaccination schedule: each line names the rule it checks.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails may panic, and says why"
)]

use std::collections::BTreeSet;

use serde_json::Value;
use techo_health::schedule::{Rules, answer_lines};

#[path = "schedule/cases.rs"]
mod cases;

use cases::{Row, derived, faults, published, question};

fn hold(rows: &[Row]) {
    let rules = Rules::built_in().unwrap_or_else(|error| panic!("{error}"));
    let mut failed = 0;
    for row in rows {
        let (line, answered) = answer_lines(&rules, 1, &question(row).to_string()).unwrap();
        assert!(answered.is_ok, "{line}");
        let answer: Value = serde_json::from_str(&line).unwrap();
        let faults = faults(row, &answer);
        if !faults.is_empty() {
            failed += 1;
            let (id, rule) = (&row["case_id"], &row["rule"]);
            eprintln!("{id} ({rule}): {}", faults.join(" | "));
        }
    }
    assert_eq!(failed, 0, "cases that do not hold");
}

#[test]
fn the_published_cases_hold() {
    assert_eq!(published().len(), 14);
    hold(&published());
}

#[test]
fn cases_derived_by_hand_hold() {
    assert!(derived().len() >= 250);
    hold(&derived());
}

#[test]
fn every_case_has_a_name_of_its_own_and_expects_something() {
    let rows = derived();
    let names: BTreeSet<&String> = rows.iter().map(|row| &row["case_id"]).collect();
    assert_eq!(names.len(), rows.len());
    for row in &rows {
        assert!(!row["expect_status"].is_empty() && !row["rule"].is_empty());
    }
}
