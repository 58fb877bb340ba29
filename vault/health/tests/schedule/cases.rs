//! The worked cases as questions and what is expected of the answers, for the library and for the
//! program.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// One line of a table, by the names of its columns.
pub(crate) type Row = BTreeMap<String, String>;

/// The cases that came with the rules.
pub(crate) fn published() -> Vec<Row> {
    rows(include_str!("published.csv"))
}

/// The cases worked out by hand from the rules.
pub(crate) fn derived() -> Vec<Row> {
    rows(include_str!("derived.csv"))
}

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<Row>();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

/// The question of a case.
pub(crate) fn question(row: &Row) -> Value {
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
pub(crate) fn faults(row: &Row, answer: &Value) -> Vec<String> {
    let series = &answer["series"][0];
    let mut faults = Vec::new();
    if answer["id"] != row["case_id"] || answer["data_version"].is_null() {
        faults.push("no answer to this question".to_owned());
    }
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
