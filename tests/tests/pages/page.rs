//! Reads a Markdown page and the numbers in source files, as far as the guards need it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn read(path: &str) -> String {
    let path = workspace().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands under a heading, up to the next one of any level.
pub(crate) fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = page
        .match_indices(heading)
        .map(|(at, _)| at)
        .find(|at| {
            let line = page[..*at].rsplit('\n').next().unwrap_or_default();
            let whole = matches!(page[at + heading.len()..].chars().next(), Some('\n') | None);
            whole && line.starts_with('#') && line.trim_matches('#').trim().is_empty()
        })
        .unwrap_or_else(|| panic!("the heading {heading:?} has gone"));
    let rest = &page[start..];
    rest.find("\n#").map_or(rest, |end| &rest[..end])
}

/// The rows of the tables in `text` whose first column is called `no.`: number and name.
pub(crate) fn numbered_rows(text: &str) -> BTreeMap<u64, String> {
    let mut rows = BTreeMap::new();
    let mut inside = false;
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", "no.", ..] => inside = true,
            ["", number, name, ..] if inside => {
                if let Ok(number) = number.parse() {
                    assert!(
                        rows.insert(number, (*name).to_owned()).is_none(),
                        "{number} stands twice"
                    );
                }
            }
            _ => inside = false,
        }
    }
    rows
}

/// The items of a list in running text such as `0 issue, 1 correct (again), 2 end.`
pub(crate) fn numbered_words(text: &str) -> BTreeMap<u64, String> {
    let mut plain = String::new();
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\n' if depth == 0 => plain.push(' '),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let end = plain.find(['.', ';']).unwrap_or(plain.len());
    let item = |item: &str| {
        let (number, name) = item.trim().split_once(' ')?;
        Some((number.parse().ok()?, name.trim().to_owned()))
    };
    plain[..end].split(',').map_while(item).collect()
}

/// The variants of an enum and their numbers on the wire, from `#[n(…)]`.
pub(crate) fn variants(source: &str, name: &str) -> BTreeMap<u64, String> {
    let start = source
        .find(&format!("enum {name} {{"))
        .unwrap_or_else(|| panic!("the enum {name} has gone"));
    let body = &source[start..];
    let body = &body[..body.find("\n}").unwrap_or(body.len())];
    let (mut all, mut number) = (BTreeMap::new(), None);
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("    #[n(") {
            number = rest.split(')').next().and_then(|n| n.parse().ok());
        } else if let Some(found) = number
            && line.starts_with("    ")
            && line.trim_start().starts_with(char::is_uppercase)
        {
            let end = line.trim().find(|c: char| !c.is_alphanumeric());
            let name = line.trim().split_at(end.unwrap_or(line.trim().len())).0;
            all.insert(found, name.to_owned());
            number = None;
        }
    }
    assert!(!all.is_empty(), "no variant of {name} was found");
    all
}

/// The number that a constant of a source file stands for, as the page writes it.
pub(crate) fn constant(file: &str, name: &str) -> String {
    let source = read(file);
    let line = source
        .lines()
        .find(|line| line.contains(&format!("const {name}: ")))
        .unwrap_or_else(|| panic!("{file}: {name} has gone"));
    let value = line
        .split_once("= ")
        .and_then(|(_, value)| value.split(';').next());
    let digits = value.unwrap_or_default().replace('_', "");
    with_commas(digits.parse().unwrap_or_else(|_| panic!("{file}: {line}")))
}

/// A number as the page writes it: 61,440.
pub(crate) fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What stands between backticks.
pub(crate) fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether two names are one when case, spaces and signs do not count; the page's may go on.
pub(crate) fn begins_alike(page: &str, code: &str) -> bool {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    plain(page).starts_with(&plain(code))
}

/// All Rust files below the given folders.
pub(crate) fn rust_files(folders: &[&str]) -> Vec<PathBuf> {
    let mut open: Vec<PathBuf> = folders
        .iter()
        .map(|folder| workspace().join(folder))
        .collect();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found
}
