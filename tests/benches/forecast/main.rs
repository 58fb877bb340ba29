//! Whole children through the schedule: how many a second, and how much memory a hundred thousand
//! lines take. What is required and why: docs/performance.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::missing_docs_in_private_items,
    clippy::disallowed_methods,
    reason = "a bench fails by panicking, prints its table, counts in floats and reads the clock"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use techo_health::schedule::{Case, Rules, answer_lines, forecast};

mod children;
mod process;

fn main() {
    let rules = Rules::built_in().unwrap();
    let lines: Vec<String> = (0..CHILDREN).map(children::line).collect();
    let cases: Vec<Case> = lines
        .iter()
        .map(|line| Case::parse(line).unwrap())
        .collect();
    let each = forecast(&rules, cases.first().unwrap())
        .unwrap()
        .series
        .len();
    println!("| measure | product | target |\n| --- | --- | --- |");
    let whole = rate(|| {
        for case in &cases {
            black_box(forecast(&rules, case).unwrap());
        }
    });
    row(
        &format!("forecasts of whole children ({each} series), one core"),
        &format!("{whole:.0} /s"),
        "≥ 20000 /s",
        whole >= 20_000.0,
    );
    let text = rate(|| {
        for line in &lines {
            black_box(answer_lines(&rules, 1, line).unwrap());
        }
    });
    row(
        "the same from a line of JSON to a line of JSON",
        &format!("{text:.0} /s"),
        "",
        true,
    );
    if let Some(techo) = process::techo() {
        let lines = std::env::var("TECHO_BENCH_LINES");
        let lines = lines.map_or(LINES, |lines| lines.parse().unwrap());
        let run = process::run(&techo, lines);
        row(
            &format!("`techo schedule forecast`, {lines} lines: peak memory"),
            &format!("{:.1} MB", run.peak as f64 / 1e6),
            "≤ 50 MB",
            run.peak <= 50_000_000,
        );
        row(
            &format!("`techo schedule forecast`, {lines} lines: time"),
            &format!("{:.1} s", run.time.as_secs_f64()),
            "",
            true,
        );
    } else {
        println!("`techo` is not built beside this bench: `just bench` builds it");
    }
}

const CHILDREN: u32 = 2_000;
const LINES: u32 = 100_000;

/// By the best of several rounds: what others do on the machine only ever takes time.
fn rate(round: impl Fn()) -> f64 {
    let began = Instant::now();
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = spent(began);
        round();
        best = best.min(spent(began).saturating_sub(start));
    }
    f64::from(CHILDREN) / best.as_secs_f64()
}

/// The processor time of this thread where the system tells it, else the time that has passed.
fn spent(began: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| began.elapsed(), Duration::from_nanos)
}

const ROUNDS: u32 = 7;

fn row(measure: &str, product: &str, target: &str, met: bool) {
    let mark = match (target, met) {
        ("", _) => "",
        (_, true) => " ✓",
        (_, false) => " ✗",
    };
    println!("| {measure} | {product} | {target}{mark} |");
}
