//! What is answered, in the words of the interface; it holds no rule.

use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The answer to one question.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The id of the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The rules it was computed from.
    pub data_version: String,
    /// The day it holds for.
    #[serde(serialize_with = "day")]
    pub on: Date,
    /// One proposal a series.
    pub series: Vec<Proposal>,
    /// Doses that fill no series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unassigned: Vec<Unassigned>,
}

/// What follows in one series.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The series.
    pub series: String,
    /// How it stands.
    pub status: Status,
    /// The next dose: a number, or `booster`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_dose: Option<String>,
    /// The first day that law and intervals allow.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe")]
    pub earliest: Option<Date>,
    /// The last day that the law allows.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe")]
    pub latest: Option<Date>,
    /// The first day of the standard period.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe")]
    pub recommended_from: Option<Date>,
    /// The last day of the standard period.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe")]
    pub recommended_to: Option<Date>,
    /// What else has to be known.
    pub flags: Vec<String>,
    /// The rules and doses that led here.
    pub because: Vec<String>,
    /// What follows if a dose in doubt did not count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

/// The proposal under another assumption.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The assumption.
    pub assuming: String,
    /// How the series stands then.
    pub status: Status,
    /// The next dose then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_dose: Option<String>,
    /// The first day then.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe")]
    pub earliest: Option<Date>,
    /// The last day then.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe")]
    pub latest: Option<Date>,
}

/// How a series stands; the first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not for this person.
    NotApplicable,
    /// Nothing is missing.
    Complete,
    /// A person has to decide.
    Review,
    /// The last legal day is over.
    AgedOut,
    /// The next dose can no longer come in time.
    Unreachable,
    /// The first day has not come.
    Upcoming,
    /// Legal, but advised against on this day.
    EligibleNotRecommended,
    /// May be given on this day.
    Eligible,
}

/// A dose that fills no series, and why.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Unassigned {
    /// The vaccine as written.
    pub vaccine: String,
    /// When.
    #[serde(serialize_with = "day")]
    pub date: Date,
    /// Why.
    pub reason: &'static str,
}

macro_rules! silent {
    ($($type:ident),+) => {$(
        /// Health data stays out of logs.
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    )+};
}

silent!(Forecast, Proposal, Alternative, Unassigned);

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn day<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn maybe<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => day(date, serializer),
        None => serializer.serialize_none(),
    }
}
