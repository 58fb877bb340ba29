//! No code path reaches an application of the My Number Card other than JPKI's: another one holds
//! the 12-digit number.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file that could hold code: its place below the workspace, and its text.
fn all_code() -> Vec<(String, String)> {
    let mut open = vec![workspace()];
    let mut all = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_code = ["rs", "py", "sh"]
                .iter()
                .any(|ending| path.extension().is_some_and(|e| e == *ending));
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                open.push(path);
            } else if is_code {
                let place = path.strip_prefix(workspace()).unwrap().to_str().unwrap();
                all.push((place.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(all.len() > 200, "files are missing");
    all
}

/// The text without what may stand between two bytes, in whatever way they are written.
fn hexadecimal(text: &str) -> String {
    let lower = text.to_lowercase().replace("0x", "").replace("\\x", "");
    let between = |c: char| c.is_whitespace() || ",_\"'+&[](){}:".contains(c);
    lower.chars().filter(|c| !between(*c)).collect()
}

fn places_of(bytes: &str) -> BTreeSet<String> {
    let found = all_code().into_iter();
    let found = found.filter(|(_, text)| hexadecimal(text).contains(bytes));
    found.map(|(place, _)| place).collect()
}

#[test]
fn no_code_names_another_application_of_the_card() {
    // The face of the card, the entry help with the number, and the resident register begin so; written
    // so that this file is not found itself.
    let others = "d3921000~31".replace('~', "");
    assert_eq!(places_of(&others), BTreeSet::new());
    let jpki = "d392f00026~0100000001".replace('~', "");
    let known = ["tests/card/jpki_card.py", "vault/jpki/src/card/apdu.rs"];
    assert_eq!(places_of(&jpki), known.map(str::to_owned).into());
}

#[test]
fn one_place_selects_an_application_and_one_answers() {
    let by_name = "00a404~0c".replace('~', "");
    let known = [
        "vault/jpki/src/card/apdu.rs",
        "vault/jpki/src/simulated/model.rs",
    ];
    assert_eq!(places_of(&by_name), known.map(str::to_owned).into());
}

#[test]
fn commands_reach_a_card_from_the_card_module_alone() {
    let sending = all_code().into_iter().filter(|(place, text)| {
        text.contains(&format!(".{}(", "transmit")) && !place.ends_with("tests.rs")
    });
    let places: BTreeSet<String> = sending.map(|(place, _)| place).collect();
    let known = [
        "vault/jpki/src/card/apdu.rs",
        // Passes a reference on.
        "vault/jpki/src/card/transport.rs",
        // Selects the application anew, so that the password counts no longer.
        "vault/jpki/src/card/unlocked.rs",
        // The system's reader.
        "vault/jpki/src/reader.rs",
    ];
    assert_eq!(places, known.map(str::to_owned).into());
}

#[test]
fn the_guard_sees_bytes_however_they_are_written() {
    for text in [
        "[0xD3, 0x92, 0x10]",
        "\"d39210\"",
        "b\"\\xd3\\x92\\x10\"",
        "D3_92_10",
        "d3 92\n10",
    ] {
        assert!(hexadecimal(text).contains("d39210"), "{text}");
    }
}
