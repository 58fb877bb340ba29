//! Copies in the clear: out of the vault and into it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What to copy out.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Only this member's.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// Only this kind.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// json or csv.
    #[arg(long, value_name = "json|csv", default_value = "json")]
    pub(crate) format: ExportFormat,
    /// Private records and private findings too. Those never to be shared stay in any case.
    #[arg(long)]
    pub(crate) private: bool,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The shape of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One object with every field, which `techo import` reads.
    Json,
    /// One line a record, for spreadsheets.
    Csv,
}

/// What to take in.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// A file that `techo export` wrote as JSON.
    pub(crate) file: PathBuf,
    /// Whose records they become; needed when the family has several members.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// Take values that look impossible: somebody has looked at them twice.
    #[arg(long)]
    pub(crate) confirm: bool,
}
