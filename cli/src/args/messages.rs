//! What can be typed about messages and reminders.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What the city and the national pack have to say.
#[derive(Debug, Args)]
pub(crate) struct MessagesArgs {
    /// Only this member.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// How many weeks ahead to look.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=520))]
    pub(crate) weeks_ahead: u16,
    /// Answer for another day, as in 2027-04-01 or R9.4.1 [default: today in Japan].
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<String>,
}

/// What is coming, and how to be told.
#[derive(Debug, Args)]
pub(crate) struct RemindArgs {
    /// Only this member.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// How many days ahead to look.
    #[arg(long = "days", id = "days_reminded", value_name = "N", default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=7300))]
    pub(crate) days: u16,
    /// Write a calendar file for phones and calendars; write it again to the same place to renew it.
    #[arg(long, value_name = "FILE")]
    pub(crate) ics: Option<PathBuf>,
    /// What the calendar shows: neutral ("Appointment") or full (who and what).
    #[arg(long, value_enum, default_value = "neutral")]
    pub(crate) titles: TitlesArg,
    /// Stay until Ctrl-C and tell a week before, the day before and on the day.
    #[arg(long = "watch", id = "watch_reminders", conflicts_with = "ics")]
    pub(crate) watch: bool,
}

/// What a calendar shows, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TitlesArg {
    /// Nothing that anybody could read over a shoulder.
    Neutral,
    /// Who and what.
    Full,
}
