//! What can be typed about what is due.

use clap::Args;

/// What is due.
#[derive(Debug, Args)]
pub(crate) struct DueArgs {
    /// Only this member.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// How many days ahead to look.
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=7300))]
    pub(crate) days: u16,
    /// Answer for another day, as in 2027-04-01 or R9.4.1 [default: today in Japan].
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<String>,
    /// Plan voluntary vaccinations too.
    #[arg(long = "voluntary", id = "voluntary_too")]
    pub(crate) voluntary: bool,
    /// Tell everything: what comes years later, what is complete, every visit.
    #[arg(long)]
    pub(crate) all: bool,
    /// Years by era, as in 令和8年11月22日.
    #[arg(long)]
    pub(crate) wareki: bool,
}
