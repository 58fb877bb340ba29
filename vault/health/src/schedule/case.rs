//! What is asked: one person, the doses given, facts and a day. Reads it; judges nothing.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use crate::calendar::{Birth, Expected, Gestation};
use crate::date::When;
use crate::record::Sex;

use super::rules::{MonthDay, day};

/// One question to the schedule.
#[derive(Clone)]
pub struct Case {
    pub(super) id: Option<Value>,
    pub(super) birth: Option<Birth>,
    pub(super) sex: Option<Sex>,
    pub(super) doses: Vec<Dose>,
    pub(super) facts: Facts,
    pub(super) on: Date,
    pub(super) series: Option<Vec<String>>,
}

/// Health data stays out of logs.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Case(..)")
    }
}

/// A dose as recorded.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Dose {
    pub(super) vaccine: String,
    pub(super) date: Date,
}

/// What is stated beside doses.
#[derive(Clone, Default)]
pub(super) struct Facts {
    pub(super) expected: Option<Expected>,
    pub(super) last_visit: Option<Date>,
    pub(super) planned_birth: Option<Date>,
    pub(super) antibody_test: Option<(Date, bool)>,
    pub(super) contraindicated: Option<(Date, Option<Date>)>,
    pub(super) season: Option<(MonthDay, MonthDay)>,
    stated: BTreeMap<String, String>,
}

impl Facts {
    /// Whether the fact is stated and not denied.
    pub(super) fn states(&self, fact: &str) -> bool {
        self.stated.get(fact).is_some_and(|value| value != "false")
    }

    /// Whether the fact is stated, with this value if there is one.
    pub(super) fn has(&self, fact: &str, value: Option<&str>) -> bool {
        match value {
            Some(value) => self.stated.get(fact).is_some_and(|stated| stated == value),
            None => self.states(fact),
        }
    }
}

#[derive(Deserialize)]
struct RawCase {
    id: Option<Value>,
    birth_date: Option<String>,
    sex: Option<String>,
    #[serde(default)]
    doses: Vec<RawDose>,
    #[serde(default)]
    facts: BTreeMap<String, String>,
    on: String,
    series: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RawDose {
    vaccine: String,
    date: String,
}

impl Case {
    /// Reads one line of JSON.
    pub fn parse(line: &str) -> Result<Self, CaseError> {
        let raw: RawCase = serde_json::from_str(line).map_err(|error| CaseError::Unreadable {
            column: error.column(),
        })?;
        Self::read(raw)
    }

    fn read(raw: RawCase) -> Result<Self, CaseError> {
        let on = date("on", &raw.on)?;
        let birth = raw.birth_date.as_deref().filter(|text| !text.is_empty());
        let birth = birth.map(|text| date("birth_date", text)).transpose()?;
        let sex = match raw.sex.as_deref() {
            None | Some("") => None,
            Some("female") => Some(Sex::Female),
            Some("male") => Some(Sex::Male),
            Some(_) => return Err(CaseError::Field { field: "sex" }),
        };
        let mut doses = Vec::new();
        for dose in raw.doses {
            let vaccine = dose.vaccine.trim().to_owned();
            if vaccine.is_empty() {
                return Err(CaseError::Field { field: "vaccine" });
            }
            let date = date("doses", &dose.date)?;
            if birth.is_some_and(|birth| date < birth) {
                return Err(CaseError::BeforeBirth { field: "doses" });
            }
            doses.push(Dose { vaccine, date });
        }
        doses.sort_by_key(|dose| dose.date);
        if birth.is_some_and(|birth| on < birth) {
            return Err(CaseError::BeforeBirth { field: "on" });
        }
        Ok(Self {
            id: raw.id,
            birth: birth.map(Birth),
            sex,
            doses,
            facts: facts(raw.facts, on)?,
            on,
            series: raw.series,
        })
    }
}

fn facts(stated: BTreeMap<String, String>, on: Date) -> Result<Facts, CaseError> {
    let day_of = |name: &'static str| {
        let text = stated.get(name).map(String::as_str);
        text.map(|text| date(name, text)).transpose()
    };
    let mut expected = day_of("expected_delivery_date")?.map(Expected);
    if let Some(text) = stated.get("gestation") {
        let gestation: Gestation = text
            .parse()
            .map_err(|_| CaseError::Field { field: "gestation" })?;
        expected = expected.or(Some(Expected::from_gestation(gestation, on)));
    }
    let read = |name: &'static str| stated.get(name).map(String::as_str);
    Ok(Facts {
        expected,
        last_visit: day_of("last_visit")?,
        planned_birth: day_of("planned_birth")?,
        antibody_test: read("antibody_test").map(antibody_test).transpose()?,
        contraindicated: read("contraindicated").map(period).transpose()?,
        season: read("season").map(season).transpose()?,
        stated,
    })
}

fn antibody_test(text: &str) -> Result<(Date, bool), CaseError> {
    const FIELD: CaseError = CaseError::Field {
        field: "antibody_test",
    };
    let (date, result) = text.split_once(' ').ok_or(FIELD)?;
    match result.trim() {
        "insufficient" => Ok((day(date).ok_or(FIELD)?, true)),
        "sufficient" => Ok((day(date).ok_or(FIELD)?, false)),
        _ => Err(FIELD),
    }
}

/// `2021-07..2026-03-01`, each end a day, a month or a year; the last may be open.
fn period(text: &str) -> Result<(Date, Option<Date>), CaseError> {
    const FIELD: CaseError = CaseError::Field {
        field: "contraindicated",
    };
    let (from, until) = text.split_once("..").ok_or(FIELD)?;
    let from: When = from.parse().map_err(|_| FIELD)?;
    let from = from.first_day().ok_or(FIELD)?;
    if until.is_empty() {
        return Ok((from, None));
    }
    let when: When = until.parse().map_err(|_| FIELD)?;
    let first = when.first_day().ok_or(FIELD)?;
    let last = match when.precision() {
        crate::date::Precision::Month => first.last_of_month(),
        crate::date::Precision::Year => first.last_of_year(),
        crate::date::Precision::Day | crate::date::Precision::Words => first,
    };
    if last < from {
        return Err(FIELD);
    }
    Ok((from, Some(last)))
}

fn season(text: &str) -> Result<(MonthDay, MonthDay), CaseError> {
    let ends = text.split_once("..");
    let both = ends.and_then(|(a, b)| Some((MonthDay::parse(a)?, MonthDay::parse(b)?)));
    both.ok_or(CaseError::Field { field: "season" })
}

fn date(field: &'static str, text: &str) -> Result<Date, CaseError> {
    day(text).ok_or(CaseError::NotADay { field })
}

/// Why a question cannot be read. What was written is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// Not the JSON of a question.
    #[error("no JSON object with the fields of a question (column {column})")]
    Unreadable {
        /// Where reading ended.
        column: usize,
    },
    /// A date that is none.
    #[error("{field}: a day is written YYYY-MM-DD")]
    NotADay {
        /// Where.
        field: &'static str,
    },
    /// A value that its field does not take.
    #[error("{field}: not a value of this field")]
    Field {
        /// Where.
        field: &'static str,
    },
    /// Something before birth.
    #[error("{field}: a day before birth")]
    BeforeBirth {
        /// Where.
        field: &'static str,
    },
    /// A series that the rules do not know.
    #[error("series: not an id of the rules")]
    UnknownSeries,
}
