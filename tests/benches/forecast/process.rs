//! The program itself, fed line by line.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::children;

/// What a run took.
pub(crate) struct Run {
    /// The most memory held at once, in bytes.
    pub(crate) peak: u64,
    pub(crate) time: Duration,
}

/// The program, built by the same profile as this bench.
pub(crate) fn techo() -> Option<PathBuf> {
    let bench = std::env::current_exe().unwrap();
    let folder = bench.parent().and_then(Path::parent).unwrap();
    Some(folder.join("techo")).filter(|path| path.exists())
}

/// Asks `lines` questions, reads every answer, and looks at the memory before the program may end.
pub(crate) fn run(techo: &Path, lines: u32) -> Run {
    let start = Instant::now();
    let mut child = Command::new(techo)
        .args(["schedule", "forecast"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = BufWriter::new(child.stdin.take().unwrap());
    let answers = BufReader::new(child.stdout.take().unwrap());
    let asking = thread::spawn(move || {
        for n in 0..lines {
            writeln!(questions, "{}", children::line(n)).unwrap();
        }
        questions.flush().unwrap();
        questions
    });
    let mut answers = answers.lines();
    for _ in 0..lines {
        let answer = answers.next().unwrap().unwrap();
        assert!(answer.contains("data_version"), "{answer}");
    }
    let time = start.elapsed();
    let peak = peak(child.id());
    drop(asking.join().unwrap());
    assert!(answers.next().is_none());
    assert!(child.wait().unwrap().success());
    Run { peak, time }
}

fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().nth(1))
        .unwrap();
    kib.parse::<u64>().unwrap() * 1_024
}
