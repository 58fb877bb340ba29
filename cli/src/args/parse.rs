//! Reads the command line in the right language; single values become what they mean here.

use std::ffi::OsString;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _};

use super::{Arguments, LangArg, japanese};
use crate::lang::Lang;

/// Why there is nothing to run: help and versions too are shown and end the program.
#[derive(Debug)]
pub(crate) struct Stop {
    /// What clap has to say.
    pub(crate) error: clap::Error,
    /// In which language.
    pub(crate) lang: Lang,
}

/// Reads the arguments; `environment` is the language of the terminal.
pub(crate) fn parse(words: &[OsString], environment: Lang) -> Result<(Arguments, Lang), Stop> {
    let lang = spoken(words).unwrap_or(environment);
    let mut command = Arguments::command();
    if lang == Lang::Ja {
        command = japanese::translate(command);
    }
    let stop = |error| Stop { error, lang };
    let mut matches = command.try_get_matches_from_mut(words).map_err(stop)?;
    let arguments = Arguments::from_arg_matches_mut(&mut matches).map_err(stop)?;
    let lang = match arguments.common.lang {
        Some(LangArg::Ja) => Lang::Ja,
        Some(LangArg::En) => Lang::En,
        None => environment,
    };
    Ok((arguments, lang))
}

/// The language asked for on the command line, found before it is read: help depends on it.
fn spoken(words: &[OsString]) -> Option<Lang> {
    let mut words = words.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--lang") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        match value {
            Some("ja") => return Some(Lang::Ja),
            Some("en") => return Some(Lang::En),
            Some(_) | None => {}
        }
    }
    None
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("FIELD=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

pub(super) fn digits(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err("NNNNNN".to_owned())
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}
