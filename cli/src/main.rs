//! The `techo` command line: parses, calls one use case, prints. It decides nothing about records.
//!
//! The module list is the layer list, bottom first; a module uses only those above it.

mod chart;
mod clock;
mod ics;
mod notice;
mod lang;
mod output;
mod question;
mod error;
mod args;
mod passphrase;
mod progress;
mod place;
mod desk;
mod slot;
mod handbook;
mod demo;
mod commands;

use std::ffi::OsString;
use std::process::ExitCode;

use lang::Lang;
use output::{Output, tell};

fn main() -> ExitCode {
    silence_panics();
    let words: Vec<OsString> = std::env::args_os().collect();
    let environment = Lang::of_environment(|name| std::env::var(name).ok());
    let (arguments, lang) = match args::parse(&words, environment) {
        Ok(parsed) => parsed,
        Err(stop) => return explain(&stop),
    };
    let json = arguments.common.json;
    match commands::run(arguments, Output::new(lang, json)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.report(lang, json)),
    }
}

/// Shows help, version or what was typed wrong.
fn explain(stop: &args::Stop) -> ExitCode {
    drop(stop.error.print());
    if stop.error.use_stderr() {
        if stop.lang == Lang::Ja {
            tell("使い方が違います。techo --help、techo COMMAND --help に例があります。");
        }
        return ExitCode::from(error::Exit::Usage as u8);
    }
    ExitCode::SUCCESS
}

/// A panic message could hold what a record says: only its place is told.
fn silence_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        // Hostile documents make Automerge panic; that is caught below and quarantined.
        if !place.contains("automerge") {
            tell(&format!("panic at {place}"));
        }
    }));
}
