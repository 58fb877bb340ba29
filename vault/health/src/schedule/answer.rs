//! What is answered, in the words of the interface; it holds no rule.

use std::fmt;

use jiff::civil::Date;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::schedule::excuse::Excuse;
use crate::schedule::reason::{Because, Codes, InEnglish, InJapanese, Iso};

/// The answer to one question.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The id of the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The rules it was computed from.
    pub data_version: String,
    /// The day by which these rules were to be looked at again.
    #[serde(serialize_with = "day")]
    pub review_by: Date,
    /// What is to be known of the whole answer, such as that the rules may be out of date.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Because>,
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
#[derive(Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The series.
    pub series: String,
    /// How it stands.
    pub status: Status,
    /// The next dose: a number, or `booster`.
    pub next_dose: Option<String>,
    /// The first day that law and intervals allow.
    pub earliest: Option<Date>,
    /// The last day that the law allows.
    pub latest: Option<Date>,
    /// The first day of the standard period.
    pub recommended_from: Option<Date>,
    /// The last day of the standard period.
    pub recommended_to: Option<Date>,
    /// What else has to be known.
    pub flags: Vec<String>,
    /// The rules and doses that led here.
    pub because: Vec<Because>,
    /// What follows if a dose in doubt did not count.
    pub alternatives: Vec<Alternative>,
}

impl Proposal {
    /// A status and nothing else yet.
    pub(super) fn new(series: &str, status: Status) -> Self {
        Self {
            series: series.to_owned(),
            status,
            next_dose: None,
            earliest: None,
            latest: None,
            recommended_from: None,
            recommended_to: None,
            flags: Vec::new(),
            because: Vec::new(),
            alternatives: Vec::new(),
        }
    }
}

/// What is not known is absent; the reasons are three arrays of one length.
impl Serialize for Proposal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("series", &self.series)?;
        map.serialize_entry("status", &self.status)?;
        if let Some(next) = &self.next_dose {
            map.serialize_entry("next_dose", next)?;
        }
        for (name, date) in [
            ("earliest", self.earliest),
            ("latest", self.latest),
            ("recommended_from", self.recommended_from),
            ("recommended_to", self.recommended_to),
        ] {
            if let Some(date) = date {
                map.serialize_entry(name, &Iso(date))?;
            }
        }
        map.serialize_entry("flags", &self.flags)?;
        map.serialize_entry("because", &InEnglish(&self.because))?;
        map.serialize_entry("because_ja", &InJapanese(&self.because))?;
        map.serialize_entry("because_codes", &Codes(&self.because))?;
        if !self.alternatives.is_empty() {
            map.serialize_entry("alternatives", &self.alternatives)?;
        }
        map.end()
    }
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
#[derive(Clone, PartialEq, Eq)]
pub struct Unassigned {
    /// The vaccine as written.
    pub vaccine: String,
    /// When.
    pub date: Date,
    /// Why.
    pub reason: Excuse,
}

impl Serialize for Unassigned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("vaccine", &self.vaccine)?;
        map.serialize_entry("date", &Iso(self.date))?;
        map.serialize_entry("reason", self.reason.english())?;
        map.serialize_entry("reason_ja", self.reason.japanese())?;
        map.serialize_entry("reason_code", self.reason.code())?;
        map.end()
    }
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

silent!(Forecast, Proposal, Alternative, Unassigned, Because, Excuse);

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn day<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    Iso(*date).serialize(serializer)
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
