//! What a rule pack says: series, plans, intervals, products and their sources. Reads and checks a
//! pack; never judges a dose. `docs/schedule.md` describes the file.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::calendar::{Age, Gestation, Interval};
use crate::record::Sex;

mod check;

pub use check::RulesError;

/// A rule pack that has been read and checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub(super) pack: Pack,
    pub(super) between: Vec<Between>,
    pub(super) switching: Option<Switching>,
    pub(super) vaccine: Vec<VaccineRule>,
    pub(super) series: Vec<Series>,
    pub(super) sources: BTreeMap<String, String>,
}

impl Rules {
    /// Reads a pack.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        check::parse(text)
    }

    /// The pack that comes with Techo.
    pub fn built_in() -> Result<Self, RulesError> {
        Self::parse(include_str!("../../rules/jp.toml"))
    }

    /// Names the rules that an answer was computed from.
    pub fn data_version(&self) -> &str {
        &self.pack.data_version
    }

    /// How many series the pack describes.
    pub fn series_count(&self) -> usize {
        self.series.len()
    }

    /// The ids of the series, in the order of the pack.
    pub fn series_ids(&self) -> impl Iterator<Item = &str> {
        self.series.iter().map(|series| series.id.as_str())
    }

    pub(super) fn series(&self, id: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.id == id)
    }

    pub(super) fn vaccine(&self, code: &str) -> Option<&VaccineRule> {
        let mut all = self.vaccine.iter();
        all.find(|vaccine| vaccine.code.eq_ignore_ascii_case(code))
    }
}

/// What the pack is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pack {
    pub(super) format: u32,
    pub(super) data_version: String,
    pub(super) review_by: Day,
}

/// A vaccine: what it is made of and which series it can fill, the first that takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VaccineRule {
    pub(super) code: String,
    /// Vaccines of one kind follow each other by the rules of their series.
    pub(super) kind: String,
    #[serde(default)]
    pub(super) live: Live,
    #[serde(default)]
    pub(super) series: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Live {
    #[default]
    None,
    Injectable,
    Oral,
    Nasal,
}

/// The least time between vaccines of different kinds, while the rule is in force.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    pub(super) from: Option<Day>,
    pub(super) until: Option<Day>,
    pub(super) first: Vec<Live>,
    pub(super) second: Vec<Live>,
    pub(super) interval: Interval,
    pub(super) flag: String,
    #[serde(default)]
    pub(super) tells_date: bool,
    pub(super) sources: Vec<String>,
    #[expect(dead_code, reason = "read by people and checked to be known")]
    pub(super) confidence: Confidence,
}

/// When a combined vaccine may go on with what its parts began.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switching {
    pub(super) combined: String,
    pub(super) parts: [String; 2],
    pub(super) free_from: Day,
    pub(super) sources: Vec<String>,
    #[expect(dead_code, reason = "read by people and checked to be known")]
    pub(super) confidence: Confidence,
}

/// One series: whom it is for, when, in which plans.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Series {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) confidence: Confidence,
    pub(super) sources: Vec<String>,
    #[serde(default)]
    pub(super) note: Vec<String>,
    /// Offered of its own accord only to those who have begun it.
    #[serde(default)]
    pub(super) legacy: bool,
    #[serde(default)]
    pub(super) no_programme: bool,
    #[serde(default, deserialize_with = "sex")]
    pub(super) sex: Option<Sex>,
    pub(super) births: Option<Span>,
    pub(super) in_force: Option<Span>,
    pub(super) window: WindowRule,
    /// Begins earlier for those of whom the fact is stated.
    pub(super) from_if: Option<FromIf>,
    /// The age it began at under an earlier rule.
    pub(super) formerly: Option<Formerly>,
    pub(super) excluded_by: Option<String>,
    pub(super) requires: Option<String>,
    /// A test that must have been done by this day.
    pub(super) tested_by: Option<Day>,
    #[serde(default)]
    pub(super) excluded_by_earlier_dose: bool,
    /// The series whose doses count here too.
    #[serde(default)]
    pub(super) also_counts: Vec<String>,
    /// Only one series of the group is followed: that of the first dose.
    pub(super) group: Option<String>,
    pub(super) follows: Option<Follows>,
    #[serde(default)]
    pub(super) early: Early,
    /// Doses after the window still count, until this series begins.
    pub(super) late_until: Option<String>,
    pub(super) extension: Option<Extension>,
    pub(super) transition: Option<Transition>,
    pub(super) long_term: Option<LongTerm>,
    #[serde(default)]
    pub(super) product: Vec<Product>,
    #[serde(default)]
    pub(super) tells_last_start: bool,
    pub(super) not_recommended_after: Option<Advice>,
    pub(super) option: Option<OptionFlag>,
    pub(super) second_optional_after: Option<Age>,
    pub(super) days_before_birth: Option<u16>,
    #[serde(default)]
    pub(super) plan: Vec<Plan>,
}

/// What kind of programme a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 定期: by the Immunization Act.
    Routine,
    /// 任意: as the family wishes.
    Voluntary,
    /// Paid by the health insurance.
    Insurance,
    /// No vaccination.
    Checkup,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Confidence {
    High,
    Medium,
    Low,
}

impl Confidence {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// What a dose before the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Early {
    /// Somebody has to decide.
    #[default]
    Review,
    /// It never counts.
    NotCounted,
    /// It counts, outside the programme.
    Counts,
    /// It belongs to another series.
    Elsewhere,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    pub(super) from: Option<Day>,
    pub(super) until: Option<Day>,
}

impl Span {
    pub(super) fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from.0 <= day) && self.until.is_none_or(|until| day <= until.0)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WindowRule {
    /// From reaching an age until reaching another.
    Age { from: Age, until: Option<Age> },
    /// From the (monthly) birthday itself.
    Birthday { from: Age, until: Age },
    /// From the first day of the fiscal year of an age to the last of that of another.
    FiscalYears { from: u16, until: u16 },
    /// The school year before primary school, perhaps only to a day of it.
    BeforePrimary { until_day: Option<MonthDay> },
    /// Single fiscal years in which an age is reached.
    Milestones {
        first: u16,
        also: Vec<u16>,
        also_until: Day,
    },
    /// Fixed days.
    Dates { from: Day, until: Day },
    /// Weeks of a pregnancy.
    Gestation { from: Gestation, until: Gestation },
    /// Every year between two days, from an age on.
    Season {
        from: MonthDay,
        until: MonthDay,
        from_age: Age,
        until_age: Option<Age>,
        #[serde(default)]
        set_by_city: bool,
    },
    /// Visits during a pregnancy.
    Antenatal { steps: Vec<VisitStep> },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VisitStep {
    pub(super) until: Gestation,
    pub(super) weeks: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FromIf {
    pub(super) fact: String,
    pub(super) from: Age,
}

/// The first age by the rule that was in force until a day.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Formerly {
    pub(super) until: Day,
    pub(super) from: Age,
}

/// The least time after the last dose of another series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Follows {
    pub(super) series: String,
    pub(super) interval: Interval,
}

/// A longer window that the municipality may grant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extension {
    pub(super) births: Span,
    pub(super) fact: String,
    pub(super) value: Option<String>,
    pub(super) from: Day,
    pub(super) until: Day,
}

/// A longer window for those who had begun in time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transition {
    pub(super) births: Span,
    pub(super) dose_given: Span,
    pub(super) until: Day,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LongTerm {
    pub(super) years: u16,
    pub(super) ceiling: Option<Age>,
}

/// What is given in a period; the last one in force is what would be given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Product {
    pub(super) code: String,
    pub(super) from: Option<Day>,
    pub(super) until: Option<Day>,
    /// Whoever begins with it stays with it.
    #[serde(default)]
    pub(super) sticky: bool,
    #[serde(default)]
    pub(super) told: bool,
}

/// From which age on a first dose is advised against.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advice {
    pub(super) age: Age,
    pub(super) flag: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionFlag {
    pub(super) from: Day,
    pub(super) age: Age,
    pub(super) flag: String,
}

/// The doses for those who began at some age or with some product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) first_after: Option<Age>,
    pub(super) first_until: Option<Age>,
    #[serde(default)]
    pub(super) products: Vec<String>,
    /// A dose given before its interval changes to the next plan instead.
    #[serde(default)]
    pub(super) early_goes_on: bool,
    pub(super) dose: Vec<Slot>,
}

/// One dose of a plan.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slot {
    #[serde(default)]
    pub(super) booster: bool,
    pub(super) after_previous: Option<Interval>,
    pub(super) after_first: Option<Interval>,
    /// Instead of `after_previous` if a dose before it was left out.
    pub(super) after_cut: Option<Interval>,
    /// Instead of the intervals if the fact is stated.
    pub(super) shorter: Option<Shorter>,
    pub(super) from_age: Option<Age>,
    /// Left out after this age.
    pub(super) until_age: Option<Age>,
    /// Left out if the dose before it was given after this age.
    pub(super) out_if_previous_after: Option<Age>,
    pub(super) standard: Option<Standard>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shorter {
    pub(super) fact: String,
    pub(super) interval: Interval,
    /// Told of a dose given between the shorter and the full interval.
    pub(super) flag: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Standard {
    pub(super) from: Option<Age>,
    pub(super) until: Option<Age>,
    pub(super) after: Option<Interval>,
    pub(super) before: Option<Interval>,
    pub(super) after_first: Option<Interval>,
    pub(super) fiscal_year_of: Option<u16>,
    #[serde(default)]
    pub(super) before_primary: bool,
}

/// A civil day, written `2026-04-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        day(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("a day is written YYYY-MM-DD"))
    }
}

/// Reads `2026-04-01` and nothing else.
pub(super) fn day(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date: Date = text.parse().ok().filter(|_| shape)?;
    (crate::date::FIRST_YEAR..=crate::date::LAST_YEAR)
        .contains(&date.year())
        .then_some(date)
}

/// A day of every year, written `10-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    pub(super) fn parse(text: &str) -> Option<Self> {
        // 2028 is a leap year: 02-29 is a day of some years.
        let date = day(&format!("2028-{text}"))?;
        Some(Self {
            month: date.month(),
            day: date.day(),
        })
    }

    /// Its day in `year`; 29 February is the 28th where there is none.
    pub(super) fn in_year(self, year: i16) -> Date {
        let exact = Date::new(year, self.month, self.day);
        exact
            .or_else(|_| Date::new(year, self.month, 28))
            .unwrap_or(Date::MAX)
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a day of the year is written MM-DD"))
    }
}

macro_rules! from_text {
    ($($type:ty),+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

from_text!(Age, Interval, Gestation);

fn sex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sex>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "female" => Ok(Some(Sex::Female)),
        "male" => Ok(Some(Sex::Male)),
        _ => Err(D::Error::custom("sex is female or male")),
    }
}
