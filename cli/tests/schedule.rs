//! `techo schedule` as programs use it: lines in, lines out, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

#[path = "../../vault/health/tests/schedule/cases.rs"]
mod cases;
#[path = "../../tests/benches/forecast/children.rs"]
mod children;

fn techo(words: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_techo"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Fed by a thread of its own: the program answers as it reads.
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeding = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    output
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_worked_case_holds_through_the_program() {
    let rows = [cases::published(), cases::derived()].concat();
    assert!(rows.len() >= 14 + 250);
    let questions: Vec<String> = rows
        .iter()
        .map(|row| cases::question(row).to_string())
        .collect();
    let output = techo(&["schedule", "forecast"], questions.join("\n").as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let answers = lines(&output);
    assert_eq!(answers.len(), rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .zip(&answers)
        .map(|(row, answer)| (&row["case_id"], cases::faults(row, answer)))
        .filter(|(_, faults)| !faults.is_empty())
        .map(|(id, faults)| format!("{id}: {}", faults.join(" | ")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A question is answered before the next is asked, and none is kept: what the process has held at
/// most after many is looked at while it still waits.
#[cfg(target_os = "linux")]
#[test]
fn questions_are_answered_one_by_one_and_not_kept() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_techo"))
        .args(["schedule", "forecast"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut peaks = Vec::new();
    for round in 0..3 {
        for n in 0..500 {
            writeln!(questions, "{}", children::line(round * 500 + n)).unwrap();
            assert!(answers.next().unwrap().unwrap().starts_with('{'));
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        peaks.push(kib.unwrap().parse::<u64>().unwrap());
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
    assert!(
        peaks[2] < 50_000 && peaks[2] - peaks[0] < 1_000,
        "{peaks:?}"
    );
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_the_rest_goes_on() {
    let good =
        br#"{"id":"A02","birth_date":"2026-04-01","on":"2026-05-30","series":["dpt_ipv_hib"]}"#;
    let mut input = good.to_vec();
    input.extend(b"\n\n{\"on\":\xff}\n");
    input.extend(good);
    let output = techo(&["schedule", "forecast"], &input);
    assert_eq!(output.status.code(), Some(3));
    let answers = lines(&output);
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["series"][0]["earliest"], "2026-05-31");
    assert_eq!(answers[1]["line"], 3);
    assert_eq!(answers[0], answers[2]);
    assert_eq!(
        techo(&["schedule", "forecast"], good).status.code(),
        Some(0)
    );
}

#[test]
fn a_question_that_is_far_too_long_is_an_error_of_its_line() {
    let mut input = vec![b'x'; 3 << 20];
    input.extend(b"\n{\"on\":\"2026-11-22\"}\n");
    let answers = lines(&techo(&["schedule", "forecast"], &input));
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["line"], 1);
    assert_eq!(answers[1]["on"], "2026-11-22");
}

#[test]
fn a_rule_pack_is_checked_and_its_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.toml");
    let pack = include_str!("../../vault/health/rules/jp.toml");
    std::fs::write(&path, pack).unwrap();
    let path = path.to_str().unwrap();
    let sound = techo(&["--json", "schedule", "rules", "--check", path], b"");
    assert_eq!(lines(&sound)[0]["data"]["data_version"], "jp-2026-11-22");
    std::fs::write(path, pack.replacen("format = 1", "format = 9", 1)).unwrap();
    let wrong = techo(&["--json", "schedule", "rules", "--check", path], b"");
    assert_eq!(wrong.status.code(), Some(3));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("line 10"));
}
