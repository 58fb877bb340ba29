use std::ffi::OsString;

use clap::CommandFactory as _;

use super::*;
use crate::lang::Lang;

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}

fn every(command: &clap::Command, path: &str, visit: &mut dyn FnMut(&clap::Command, &str)) {
    visit(command, path);
    for sub in command.get_subcommands() {
        every(sub, &format!("{path} {}", sub.get_name()), visit);
    }
}

#[test]
fn the_command_tree_is_consistent() {
    Arguments::command().debug_assert();
    japanese::translate(Arguments::command()).debug_assert();
}

#[test]
fn every_command_and_argument_is_explained_in_japanese() {
    let mut missing = Vec::new();
    every(&Arguments::command(), "techo", &mut |command, path| {
        if japanese::about(path).is_none() {
            missing.push(path.to_owned());
        }
        for arg in command.get_arguments() {
            if japanese::words(arg.get_id().as_str()).is_none() {
                missing.push(format!("{path} {}", arg.get_id()));
            }
        }
    });
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_command_that_runs_shows_an_example() {
    let mut missing = Vec::new();
    every(&Arguments::command(), "techo", &mut |command, path| {
        if command.get_subcommands().next().is_none() && command.get_after_help().is_none() {
            missing.push(path.to_owned());
        }
    });
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_example_in_the_help_is_a_command_line_that_parses() {
    let mut failing = Vec::new();
    every(&Arguments::command(), "techo", &mut |command, _| {
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let joined = after.replace("\\\n      ", "");
        for line in joined
            .lines()
            .filter_map(|line| line.trim().strip_prefix("techo "))
        {
            let line = line.split("  ").next().unwrap_or_default();
            let typed = std::iter::once("techo".to_owned()).chain(shell(line));
            if let Err(error) = Arguments::try_parse_from(typed) {
                failing.push(format!("{line}: {error}"));
            }
        }
    });
    assert_eq!(failing, Vec::<String>::new());
}

/// Splits at blanks outside double quotes.
fn shell(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in line.split('"').enumerate() {
        if place % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn the_language_on_the_command_line_wins_over_the_terminal() {
    let (_, lang) = parse(&words("techo --lang en status"), Lang::Ja).unwrap();
    assert_eq!(lang, Lang::En);
    let (_, lang) = parse(&words("techo status"), Lang::Ja).unwrap();
    assert_eq!(lang, Lang::Ja);
}

#[test]
fn help_speaks_the_language_asked_for() {
    let help = |text: &str| parse(&words(text), Lang::En).unwrap_err().error.to_string();
    assert!(help("techo --lang=ja sync --help").contains("リレーと新しい記録"));
    assert!(help("techo sync --help --lang ja").contains("使い方"));
    assert!(help("techo sync --help").contains("Exchange what is new"));
}

#[test]
fn digits_are_six_however_they_are_grouped() {
    assert_eq!(parse::digits("123 456").unwrap(), "123456");
    for wrong in ["12345", "1234567", "12345a", "１２３４５６"] {
        assert!(parse::digits(wrong).is_err(), "{wrong}");
    }
}
