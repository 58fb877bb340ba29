//! What can be typed about checkups and their forms.

use clap::{Args, Subcommand};

/// Checkups.
#[derive(Debug, Args)]
pub(crate) struct CheckupsArgs {
    #[command(subcommand)]
    pub(crate) command: CheckupsCommand,
}

/// What can be asked about checkups.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckupsCommand {
    /// The forms on which findings are written.
    #[command(after_help = "Example:\n  techo checkup forms")]
    Forms,
    /// One form: its items, what each takes, and where it comes from.
    #[command(after_help = "Example:\n  techo checkup form 18m")]
    Form {
        /// The form: 1m, 3-4m, 18m, 3y …
        form: String,
    },
}
