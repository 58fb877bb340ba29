//! Worked cases of the vaccination schedule: each line names the rule it checks.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails may panic, and says why"
)]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use techo_health::schedule::{Rules, answer_lines};

type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<Row>();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

fn question(row: &Row) -> Value {
    let cell = |name: &str| row.get(name).map_or("", |cell| cell.trim());
    let doses: Vec<Value> = cell("doses")
        .split(';')
        .filter(|dose| !dose.is_empty())
        .map(|dose| {
            let (vaccine, date) = dose.split_once('@').unwrap();
            json!({ "vaccine": vaccine, "date": date })
        })
        .collect();
    let facts: Map<String, Value> = cell("facts")
        .split(';')
        .filter(|fact| !fact.is_empty())
        .map(|fact| {
            let (name, value) = fact.split_once('=').unwrap();
            (name.to_owned(), json!(value))
        })
        .collect();
    let mut question = json!({
        "id": cell("case_id"), "doses": doses, "facts": facts,
        "on": cell("eval_date"), "series": [cell("series")],
    });
    for (name, column) in [("birth_date", "dob"), ("sex", "sex")] {
        if !cell(column).is_empty() {
            question[name] = json!(cell(column));
        }
    }
    question
}

/// What of `row` the answer does not bear out.
fn wrong(rules: &Rules, row: &Row) -> Vec<String> {
    let (line, answered) = answer_lines(rules, 1, &question(row).to_string()).unwrap();
    assert!(answered.is_ok, "{line}");
    let answer: Value = serde_json::from_str(&line).unwrap();
    let series = &answer["series"][0];
    let mut faults = Vec::new();
    for (column, field) in [
        ("expect_status", "status"),
        ("expect_next_dose", "next_dose"),
        ("expect_earliest", "earliest"),
        ("expect_latest", "latest"),
        ("expect_std_from", "recommended_from"),
        ("expect_std_to", "recommended_to"),
    ] {
        let expected = row.get(column).map_or("", |cell| cell.trim());
        let got = series[field].as_str().unwrap_or("-");
        if !expected.is_empty() && expected != got {
            faults.push(format!("{field}: {got}, not {expected}"));
        }
    }
    let flags: Vec<&str> = series["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f.as_str().unwrap())
        .collect();
    let expected = row.get("expect_flags").map_or("", |cell| cell.trim());
    for flag in expected
        .split(';')
        .map(str::trim)
        .filter(|flag| !flag.is_empty())
    {
        let (flag, wanted) = flag
            .strip_prefix('!')
            .map_or((flag, true), |flag| (flag, false));
        if flags.contains(&flag) != wanted {
            faults.push(format!("flags: {flags:?}, {flag} wanted: {wanted}"));
        }
    }
    faults
}

fn check(text: &str) -> usize {
    let rules = Rules::built_in().unwrap_or_else(|error| panic!("{error}"));
    let rows = rows(text);
    let mut failed = 0;
    for row in &rows {
        let faults = wrong(&rules, row);
        if !faults.is_empty() {
            failed += 1;
            eprintln!(
                "{} {} ({}): {}",
                row["case_id"],
                row["series"],
                row["rule"],
                faults.join(" | ")
            );
        }
    }
    assert_eq!(failed, 0, "cases that do not hold");
    rows.len()
}

#[test]
fn the_published_cases_hold() {
    assert_eq!(check(include_str!("schedule/published.csv")), 14);
}

#[test]
fn cases_derived_by_hand_hold() {
    assert!(check(include_str!("schedule/derived.csv")) >= 150);
}
