//! `techo schedule`: needs no vault, and decides nothing about dates itself.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use serde::Serialize;
use techo_health::schedule::{Rules, answer_lines};

use crate::args::ScheduleCommand;
use crate::clock::today;
use crate::desk::{Desk, read_text};
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::Output;

pub(super) fn run(desk: &Desk, command: &ScheduleCommand) -> Result<(), Failure> {
    match command {
        ScheduleCommand::Forecast { questions, rules } => {
            let rules = read_rules(rules.as_deref())?;
            match questions.as_deref().filter(|path| *path != Path::new("-")) {
                None => forecast(desk, &rules, io::stdin().lock()),
                Some(path) => {
                    let file = File::open(path).map_err(|source| Failure::File {
                        path: path.to_owned(),
                        source,
                    })?;
                    forecast(desk, &rules, BufReader::new(file))
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
fn forecast(desk: &Desk, rules: &Rules, mut questions: impl BufRead) -> Result<(), Failure> {
    let mut number = 0;
    let mut unread = 0;
    let mut is_out_of_date = false;
    let mut line = Vec::new();
    while next_line(&mut questions, &mut line)? {
        number += 1;
        // What is not UTF-8 or too long is no JSON either, and is answered so.
        let text = String::from_utf8_lossy(&line);
        if let Some((answer, answered)) = answer_lines(rules, number, &text) {
            unread += usize::from(!answered.is_ok);
            is_out_of_date |= answered.is_out_of_date;
            Output::raw(&format!("{answer}\n"))?;
        }
    }
    if is_out_of_date {
        desk.out.aside(&out_of_date(desk.lang(), rules));
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

fn out_of_date(lang: Lang, rules: &Rules) -> String {
    say!(
        lang,
        "この規則は{day}までに見直すものです。古くなっているおそれがあります。新しい版のTechoがないか確認してください。",
        "These rules were to be reviewed by {day} and may be out of date. Look for a newer Techo.",
        day = rules.review_by()
    )
}

#[derive(Serialize)]
struct Told<'a> {
    data_version: &'a str,
    review_by: String,
    out_of_date: bool,
    series: Vec<&'a str>,
}

fn show_rules(desk: &Desk, path: Option<&Path>) -> Result<(), Failure> {
    let rules = read_rules(path)?;
    let lang = desk.lang();
    let told = Told {
        data_version: rules.data_version(),
        review_by: rules.review_by().to_string(),
        out_of_date: rules.may_be_out_of_date(today()),
        series: rules.series_ids().collect(),
    };
    let count = rules.series_count();
    Ok(desk.out.show("schedule-rules/1", &told, |page| {
        page.line(say!(
            lang,
            "予防接種の規則 {v}: {n}系列。{day}までに見直します。",
            "Vaccination rules {v}: {n} series, to be reviewed by {day}.",
            v = told.data_version,
            n = count,
            day = told.review_by
        ));
        if told.out_of_date {
            page.line(out_of_date(lang, &rules));
        }
        page.line(say!(
            lang,
            "専門家の確認を待つ案です。かかりつけ医とお住まいの市区町村に確認してください。",
            "A draft for professional review: confirm with your clinic and your city."
        ));
    })?)
}
