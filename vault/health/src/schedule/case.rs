//! What is asked: one person, the doses given, facts and a day. Reads it; judges nothing.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use crate::calendar::{Birth, Expected, Gestation};
use crate::date::When;
use crate::record::Sex;
use crate::schedule::rules::{MonthDay, day};

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

    /// The day on which something was done, or that it was; an error if it is neither.
    pub(super) fn done(&self, fact: &str) -> Result<Option<Done>, CaseError> {
        match self.stated.get(fact).map(String::as_str) {
            None | Some("" | "false") => Ok(None),
            Some("true") => Ok(Some(Done::Sometime)),
            Some(text) => {
                let done = day(text).map(Done::On);
                done.ok_or(CaseError::Checkup).map(Some)
            }
        }
    }

    /// Whether the fact is stated, with this value if there is one.
    pub(super) fn has(&self, fact: &str, value: Option<&str>) -> bool {
        match value {
            Some(value) => self.stated.get(fact).is_some_and(|stated| stated == value),
            None => self.states(fact),
        }
    }
}

/// How exactly it is known when something was done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    On(Date),
    Sometime,
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
        if birth.is_some_and(|birth| on < birth) {
            return Err(CaseError::BornLater);
        }
        let mut doses = Vec::with_capacity(raw.doses.len());
        for (number, dose) in (1..).zip(raw.doses) {
            let vaccine = match dose.vaccine.trim() {
                "" => return Err(CaseError::NoVaccine { number }),
                trimmed => trimmed.to_owned(),
            };
            let date = day(&dose.date).ok_or(CaseError::DoseNotADay { number })?;
            if birth.is_some_and(|birth| date < birth) {
                return Err(CaseError::DoseBeforeBirth { number });
            }
            doses.push(Dose { vaccine, date });
        }
        doses.sort_by_key(|dose| dose.date);
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
    /// Born after the day of the question.
    #[error("birth_date: later than the day of the question (on)")]
    BornLater,
    /// The date of a dose is none.
    #[error("doses: the date of number {number} is no day written YYYY-MM-DD")]
    DoseNotADay {
        /// Its place in the list, from 1.
        number: usize,
    },
    /// A dose before birth.
    #[error("doses: number {number} is before birth")]
    DoseBeforeBirth {
        /// Its place in the list, from 1.
        number: usize,
    },
    /// A dose of nothing.
    #[error("doses: number {number} names no vaccine")]
    NoVaccine {
        /// Its place in the list, from 1.
        number: usize,
    },
    /// A checkup that was done neither on a day nor sometime.
    #[error("facts: a checkup was done on a day written YYYY-MM-DD, or true")]
    Checkup,
    /// A series that the rules do not know.
    #[error("series: not an id of the rules")]
    UnknownSeries,
    /// An answer that is no JSON.
    #[error("the answer cannot be written")]
    Unwritable,
}

impl CaseError {
    /// What programs can tell it by.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::NotADay { .. } => "not_a_day",
            Self::Field { .. } => "not_a_value",
            Self::BornLater => "born_later",
            Self::DoseNotADay { .. } => "dose_not_a_day",
            Self::DoseBeforeBirth { .. } => "dose_before_birth",
            Self::NoVaccine { .. } => "no_vaccine",
            Self::Checkup => "checkup",
            Self::UnknownSeries => "unknown_series",
            Self::Unwritable => "unwritable",
        }
    }

    /// Its words in Japanese.
    pub fn japanese(self) -> String {
        match self {
            Self::Unreadable { column } => {
                format!("質問のJSONとして読めません({column}文字目)")
            }
            Self::NotADay { field } => format!("{field}: 日付はYYYY-MM-DDと書きます"),
            Self::Field { field } => format!("{field}: この項目に書ける値ではありません"),
            Self::BornLater => "birth_date: 基準日(on)より後の生年月日です".to_owned(),
            Self::DoseNotADay { number } => {
                format!("doses: {number}番目の日付はYYYY-MM-DDと書きます")
            }
            Self::DoseBeforeBirth { number } => {
                format!("doses: {number}番目は生まれる前の日付です")
            }
            Self::NoVaccine { number } => format!("doses: {number}番目にワクチンの名がありません"),
            Self::Checkup => "facts: 健診は受けた日(YYYY-MM-DD)かtrueと書きます".to_owned(),
            Self::UnknownSeries => "series: 規則にない系列です".to_owned(),
            Self::Unwritable => "答えを書き出せません".to_owned(),
        }
    }
}
