//! `techo schedule`: needs no vault, and decides nothing about dates itself.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use serde::Serialize;
use techo_health::schedule::{Rules, answer_lines};

use crate::args::ScheduleCommand;
use crate::desk::{Desk, read_text};
use crate::error::Failure;
use crate::lang::say;
use crate::output::Output;

pub(super) fn run(desk: &Desk, command: &ScheduleCommand) -> Result<(), Failure> {
    match command {
        ScheduleCommand::Forecast { questions, rules } => {
            let rules = read_rules(rules.as_deref())?;
            match questions.as_deref().filter(|path| *path != Path::new("-")) {
                None => forecast(&rules, io::stdin().lock()),
                Some(path) => {
                    let file = File::open(path).map_err(|source| Failure::File {
                        path: path.to_owned(),
                        source,
                    })?;
                    forecast(&rules, BufReader::new(file))
                }
            }
        }
        ScheduleCommand::Rules { check } => show_rules(desk, check.as_deref()),
    }
}

fn read_rules(path: Option<&Path>) -> Result<Rules, Failure> {
    match path {
        None => Ok(Rules::built_in()?),
        Some(path) => Ok(Rules::parse(&read_text(path)?)?),
    }
}

/// Answers every line as it comes, so that a program can ask and wait.
fn forecast(rules: &Rules, mut questions: impl BufRead) -> Result<(), Failure> {
    let mut number = 0;
    let mut unread = 0;
    let mut line = Vec::new();
    while next_line(&mut questions, &mut line)? {
        number += 1;
        // What is not UTF-8 or too long is no JSON either, and is answered so.
        let text = String::from_utf8_lossy(&line);
        if let Some((answer, answered)) = answer_lines(rules, number, &text) {
            unread += usize::from(!answered.is_ok);
            Output::raw(&format!("{answer}\n"))?;
        }
    }
    match unread {
        0 => Ok(()),
        count => Err(Failure::LinesUnread { count }),
    }
}

/// Reads one line, of which no more than the longest question is kept.
fn next_line(questions: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    questions.take(LONGEST).read_until(b'\n', line)?;
    if line.len() as u64 == LONGEST && !line.ends_with(b"\n") {
        questions.skip_until(b'\n')?;
    }
    Ok(!line.is_empty())
}

/// The longest question in bytes.
const LONGEST: u64 = 1 << 20;

#[derive(Serialize)]
struct Told<'a> {
    data_version: &'a str,
    series: Vec<&'a str>,
}

fn show_rules(desk: &Desk, path: Option<&Path>) -> Result<(), Failure> {
    let rules = read_rules(path)?;
    let lang = desk.lang();
    let told = Told {
        data_version: rules.data_version(),
        series: rules.series_ids().collect(),
    };
    let count = rules.series_count();
    Ok(desk.out.show("schedule-rules/1", &told, |page| {
        page.line(say!(
            lang,
            "予防接種の規則 {v}: {n}系列。",
            "Vaccination rules {v}: {n} series.",
            v = told.data_version,
            n = count
        ));
    })?)
}
