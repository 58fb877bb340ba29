//! A form that is asked at a terminal, as somebody who types sees it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::Terminal;

/// Longer than anything takes on a slow machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A program that believes to speak with a person.
struct Typist {
    child: Child,
    keys: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Typist {
    fn sit(home: &Terminal, words: &[&str]) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let path = ptsname(&keys, Vec::new()).unwrap().into_string().unwrap();
        let side = || OpenOptions::new().read(true).write(true).open(&path);
        let mut command = home.command("mother");
        command.args(words).stdin(side().unwrap());
        command.stdout(side().unwrap()).stderr(side().unwrap());
        let child = command.spawn().unwrap();
        drop(command);
        let keys = File::from(keys);
        let mut glass = keys.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Ends when the program has closed its side.
            while let Ok(count @ 1..) = glass.read(&mut bytes) {
                drop(sender.send(bytes[..count].to_vec()));
            }
        });
        Self {
            child,
            keys,
            screen,
            seen: String::new(),
        }
    }

    /// Waits until `text` is on the screen, after all that was waited for before.
    fn sees(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return;
            }
            let more = self.screen.recv_timeout(DEADLINE);
            let more = more.unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&more));
        }
    }

    fn types(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn presses_ctrl_c(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).unwrap();
    }

    fn ends(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

fn findings(home: &Terminal) -> Vec<(String, String)> {
    let items = home
        .json("mother", &["timeline", "--kind", "checkup"])
        .data();
    let items = items.as_array().unwrap();
    let fields = items.iter().filter_map(|item| item["fields"].as_object());
    let found = fields.flatten().filter_map(|(key, values)| {
        let key = key.strip_prefix("findings/")?;
        Some((key.to_owned(), values[0].as_str()?.to_owned()))
    });
    found.collect()
}

const FORM: [&str; 6] = ["add", "checkup", "--form", "18m", "--date", "2026-04-03"];

#[test]
fn a_form_is_asked_item_by_item_and_ctrl_c_loses_nothing() {
    let home = Terminal::family();
    let mut typist = Typist::sit(&home, &FORM);
    typist.sees("Ctrl-C");
    typist.sees("[1/33] 体重 (kg): ");
    typist.types("10.4");
    typist.sees("[2/33] 身長 (cm): ");
    typist.types("八十");
    typist.sees("数字だけを入力してください(単位 cm)。");
    typist.sees("[2/33] 身長 (cm): ");
    typist.types("80.2");
    typist.sees("[3/33]");
    typist.types("");
    typist.sees("[4/33] 胸囲 (cm): ");
    typist.presses_ctrl_c();
    typist.sees("ここまでの2項目を書きますか? [Y/n] ");
    typist.types("はい");
    typist.sees("書きました");
    assert_eq!(typist.ends(), Some(0));
    let expected = [("height_cm", "80.2"), ("weight_kg", "10.4")];
    let expected = expected.map(|(code, value)| (code.to_owned(), value.to_owned()));
    assert_eq!(findings(&home), expected);
}

#[test]
fn whoever_stops_twice_writes_nothing_and_the_vault_is_as_before() {
    let home = Terminal::family();
    let mut typist = Typist::sit(&home, &[&["--lang", "en"], &FORM[..]].concat());
    typist.sees("[1/33] Weight (kg): ");
    typist.types("10.4");
    typist.sees("[2/33] Height (cm): ");
    typist.presses_ctrl_c();
    typist.sees("Write what was answered so far (1)? [Y/n] ");
    typist.presses_ctrl_c();
    typist.sees("Nothing was done.");
    assert_eq!(typist.ends(), Some(1));
    assert_eq!(findings(&home), []);
    home.json("mother", &["doctor"]).data();
}
