//! Whether a pack of messages hangs together; names the line that does not, and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::message::pack::{Confidence, Entry, Head, NO_SOURCE, Pack, Raw};
use crate::personal_number::contains_my_number;

/// Why a pack cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// Not the TOML of a pack.
    #[error("line {line}: {reason}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// What the parser says; packs are public, so it holds no health data.
        reason: String,
    },
    /// More bytes or messages than a pack may have.
    #[error("a pack has at most {MAX_BYTES} bytes and {MAX_MESSAGES} messages")]
    TooLarge,
    /// A pack of another time.
    #[error("line {line}: the pack has format {format}; this version reads {FORMAT}")]
    Format {
        /// Counted from 1.
        line: usize,
        /// What the pack says.
        format: u32,
    },
    /// An id, a version or an issuer that is none.
    #[error("line {line}: {what} is written with up to 64 of a-z, A-Z, 0-9, - _ and .")]
    Name {
        /// Counted from 1.
        line: usize,
        /// Which key.
        what: &'static str,
    },
    /// Two messages have one id.
    #[error("line {line}: {name:?} is there twice")]
    Twice {
        /// Counted from 1.
        line: usize,
        /// The id.
        name: String,
    },
    /// A message that is never said, or always, or about nobody's age.
    #[error(
        "line {line}: {name:?} needs a condition, and no range may end before it begins or lie beyond every life"
    )]
    When {
        /// Counted from 1.
        line: usize,
        /// The message.
        name: String,
    },
    /// A source that the pack does not hold.
    #[error("line {line}: {name:?} names a source that is not under [sources]")]
    Source {
        /// Counted from 1.
        line: usize,
        /// The message.
        name: String,
    },
    /// A claim without a source that does not say so.
    #[error("line {line}: {name:?} has no source, so its confidence is \"low\"")]
    Unsourced {
        /// Counted from 1.
        line: usize,
        /// The message.
        name: String,
    },
    /// A text that is empty or too long.
    #[error("line {line}: {what} of {name:?} has 1 to {most} characters")]
    Length {
        /// Counted from 1.
        line: usize,
        /// The message.
        name: String,
        /// Title or text.
        what: &'static str,
        /// The most it may have.
        most: usize,
    },
    /// Markup, an address of the web, a control character or a 12-digit My Number.
    #[error(
        "line {line}: {name:?} holds markup, a web address, a control character or a My Number; texts are plain, addresses go under [sources]"
    )]
    NotPlain {
        /// Counted from 1.
        line: usize,
        /// The message.
        name: String,
    },
}

/// Reads and checks a pack.
pub(super) fn parse(text: &str) -> Result<Pack, PackError> {
    if text.len() > MAX_BYTES {
        return Err(PackError::TooLarge);
    }
    let raw: Raw = toml::from_str(text).map_err(|error| PackError::Unreadable {
        line: error.span().map_or(1, |span| line_at(text, span.start)),
        reason: error.message().to_owned(),
    })?;
    head(text, &raw.pack)?;
    if raw.message.len() > MAX_MESSAGES {
        return Err(PackError::TooLarge);
    }
    let mut sources = BTreeMap::new();
    for (key, spanned) in raw.sources {
        let line = line_at(text, spanned.span().start);
        let source = spanned.into_inner();
        if !is_source(&source) {
            return Err(PackError::NotPlain { line, name: key });
        }
        sources.insert(key, source);
    }
    let mut ids = BTreeSet::new();
    let mut messages = Vec::new();
    for spanned in raw.message {
        let line = line_at(text, spanned.span().start);
        let entry = spanned.into_inner();
        check(line, &entry, &sources)?;
        if !ids.insert(entry.id.clone()) {
            return Err(PackError::Twice {
                line,
                name: entry.id,
            });
        }
        messages.push(entry);
    }
    Ok(Pack {
        head: raw.pack,
        messages,
        sources,
    })
}

fn head(text: &str, head: &Head) -> Result<(), PackError> {
    let line = |key: &str| {
        let found = text.lines().position(|line| line.starts_with(key));
        found.map_or(1, |index| index + 1)
    };
    if head.format != FORMAT {
        return Err(PackError::Format {
            line: line("format"),
            format: head.format,
        });
    }
    let names = [
        ("id", &head.id),
        ("issuer", &head.issuer),
        ("data_version", &head.data_version),
    ];
    for (what, name) in names {
        if !is_name(name) {
            let line = line(what);
            return Err(PackError::Name { line, what });
        }
    }
    Ok(())
}

fn check(line: usize, entry: &Entry, sources: &BTreeMap<String, String>) -> Result<(), PackError> {
    let ids = [Some(&entry.id), entry.replaces.as_ref()];
    let linked = entry.series.iter().chain(&entry.checkups);
    if !ids
        .into_iter()
        .flatten()
        .chain(linked)
        .all(|id| is_name(id))
    {
        return Err(PackError::Name { line, what: "id" });
    }
    let name = entry.id.clone();
    let when = &entry.when;
    if when.is_empty() || when.is_backwards() || when.is_beyond_life() {
        return Err(PackError::When { line, name });
    }
    if entry.source == NO_SOURCE {
        if entry.confidence != Confidence::Low {
            return Err(PackError::Unsourced { line, name });
        }
    } else if !sources.contains_key(&entry.source) {
        return Err(PackError::Source { line, name });
    }
    for (what, most, text) in [
        ("the title", MAX_TITLE, &entry.title),
        ("the text", MAX_TEXT, &entry.text),
    ] {
        for said in [&text.ja, &text.en] {
            let count = said.chars().count();
            if said.trim().is_empty() || count > most {
                return Err(PackError::Length {
                    line,
                    name,
                    what,
                    most,
                });
            }
            if !is_plain(said) {
                return Err(PackError::NotPlain { line, name });
            }
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Text as people read it: nothing that a program could follow or show otherwise.
fn is_plain(text: &str) -> bool {
    let lower = text.to_lowercase();
    let markup = ["<", ">", "`", "**", "](", "://", "www.", "&#", "mailto:"];
    !markup.iter().any(|mark| lower.contains(mark))
        && !text.chars().any(steers)
        && !contains_my_number(text)
}

/// Control characters and those that turn the order of others around.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn is_source(text: &str) -> bool {
    (1..=300).contains(&text.len()) && !text.chars().any(|c| steers(c) || "<>`\"".contains(c))
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.bytes().take(offset);
    before.filter(|byte| *byte == b'\n').count() + 1
}

const FORMAT: u32 = 1;
/// The most bytes of a pack.
const MAX_BYTES: usize = 262_144;
/// The most messages of a pack.
const MAX_MESSAGES: usize = 300;
/// The most characters of a title.
const MAX_TITLE: usize = 80;
/// The most characters of a text.
const MAX_TEXT: usize = 600;
