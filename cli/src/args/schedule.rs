//! What can be typed about the vaccination schedule.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The schedule.
#[derive(Debug, Args)]
pub(crate) struct ScheduleArgs {
    #[command(subcommand)]
    pub(crate) command: ScheduleCommand,
}

/// What can be asked of the schedule.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Answer lines of JSON with lines of JSON: what is due for whom (docs/schedule.md).
    #[command(
        after_help = "Examples:\n  techo schedule forecast people.jsonl\n  techo schedule forecast      reads standard input"
    )]
    Forecast {
        /// The questions, one a line [default: standard input].
        #[arg(value_name = "FILE")]
        questions: Option<PathBuf>,
        /// Answer by this rule pack instead of the one that comes with Techo.
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
    },
    /// Which rules are used, or whether a rule pack hangs together.
    #[command(after_help = "Example:\n  techo schedule rules --check jp.toml")]
    Rules {
        /// The rule pack to check.
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
    },
}
