//! Writes records into the vault of a test until it is killed, and says which are acknowledged.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test's child talks to the test"
)]

use std::io::Write as _;
use std::path::Path;

use techo_health::{Note, Record};
use techo_tests::family::{Device, NOW};

fn main() {
    let mut args = std::env::args().skip(1);
    let (folder, round) = (
        args.next().expect("a folder"),
        args.next().expect("a round"),
    );
    let mut vault = Device::new(Path::new(&folder), "phone").open();
    let hana = vault.members()[0].id;
    for number in 0_u64.. {
        let note = Note {
            text: format!("round {round} number {number}"),
            date: Some("2026-11-22".parse().expect("a date")),
            ..Note::default()
        };
        vault
            .add_record(&hana, &Record::Note(note), false, NOW)
            .expect("a record");
        println!("acknowledged {number}");
        std::io::stdout().flush().expect("a pipe");
    }
}
