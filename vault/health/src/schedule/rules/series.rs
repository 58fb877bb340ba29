//! What a pack says of one series: whom it is for, when, and in which plans. Judges nothing.

use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::calendar::{Age, Gestation, Interval};
use crate::record::Sex;
use crate::schedule::rules::{Cited, Confidence, Day, MonthDay, Note};

/// One series: whom it is for, when, in which plans.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Series {
    pub(in crate::schedule) id: String,
    pub(in crate::schedule) name: String,
    /// The name in Japanese if there is none in English.
    #[serde(default)]
    pub(in crate::schedule) english: String,
    pub(in crate::schedule) class: Class,
    pub(in crate::schedule) confidence: Confidence,
    pub(in crate::schedule) sources: Vec<String>,
    #[serde(default)]
    pub(in crate::schedule) note: Vec<Note>,
    /// Offered of its own accord only to those who have begun it.
    #[serde(default)]
    pub(in crate::schedule) legacy: bool,
    #[serde(default)]
    pub(in crate::schedule) no_programme: bool,
    #[serde(default, deserialize_with = "sex")]
    pub(in crate::schedule) sex: Option<Sex>,
    pub(in crate::schedule) births: Option<Span>,
    pub(in crate::schedule) in_force: Option<Span>,
    pub(in crate::schedule) window: WindowRule,
    /// Begins earlier for those of whom the fact is stated.
    pub(in crate::schedule) from_if: Option<FromIf>,
    /// The age it began at under an earlier rule.
    pub(in crate::schedule) formerly: Option<Formerly>,
    pub(in crate::schedule) excluded_by: Option<String>,
    pub(in crate::schedule) requires: Option<String>,
    /// A test that must have been done by this day.
    pub(in crate::schedule) tested_by: Option<Day>,
    #[serde(default)]
    pub(in crate::schedule) excluded_by_earlier_dose: bool,
    /// The series whose doses count here too.
    #[serde(default)]
    pub(in crate::schedule) also_counts: Vec<String>,
    /// Two vaccines that count as one dose together, and not alone.
    pub(in crate::schedule) pair: Option<[String; 2]>,
    /// The fact that says when a checkup was done.
    pub(in crate::schedule) done_by: Option<String>,
    /// Only one series of the group is followed: that of the first dose.
    pub(in crate::schedule) group: Option<String>,
    pub(in crate::schedule) follows: Option<Follows>,
    #[serde(default)]
    pub(in crate::schedule) early: Early,
    /// Doses after the window still count, until this series begins.
    pub(in crate::schedule) late_until: Option<String>,
    pub(in crate::schedule) extension: Option<Extension>,
    pub(in crate::schedule) transition: Option<Transition>,
    pub(in crate::schedule) long_term: Option<LongTerm>,
    #[serde(default)]
    pub(in crate::schedule) product: Vec<Product>,
    #[serde(default)]
    pub(in crate::schedule) tells_last_start: bool,
    pub(in crate::schedule) not_recommended_after: Option<Advice>,
    pub(in crate::schedule) option: Option<OptionFlag>,
    pub(in crate::schedule) second_optional_after: Option<Age>,
    pub(in crate::schedule) days_before_birth: Option<u16>,
    #[serde(default)]
    pub(in crate::schedule) plan: Vec<Plan>,
    /// Its place in the pack.
    #[serde(skip)]
    pub(in crate::schedule) at: usize,
    /// The place of the vaccine that it is given with when nothing else decides.
    #[serde(skip)]
    pub(in crate::schedule) usual: Option<usize>,
    #[serde(skip)]
    pub(in crate::schedule) cited: Arc<Cited>,
}

impl Series {
    /// Whether a vaccine is only half a dose here.
    pub(in crate::schedule) fn is_part(&self, code: &str) -> bool {
        let mut parts = self.pair.iter().flatten();
        parts.any(|part| part == code)
    }
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

/// What a dose before the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::schedule) enum Early {
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
pub(in crate::schedule) struct Span {
    pub(in crate::schedule) from: Option<Day>,
    pub(in crate::schedule) until: Option<Day>,
}

impl Span {
    pub(in crate::schedule) fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from.0 <= day) && self.until.is_none_or(|until| day <= until.0)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::schedule) enum WindowRule {
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
        beyond: Option<Beyond>,
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

/// One fiscal year for all who had reached an age before it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Beyond {
    pub(in crate::schedule) age: u16,
    pub(in crate::schedule) year: i16,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct VisitStep {
    pub(in crate::schedule) until: Gestation,
    pub(in crate::schedule) weeks: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct FromIf {
    pub(in crate::schedule) fact: String,
    pub(in crate::schedule) from: Age,
}

/// The first age by the rule that was in force until a day.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Formerly {
    pub(in crate::schedule) until: Day,
    pub(in crate::schedule) from: Age,
}

/// The least time after the last dose of another series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Follows {
    pub(in crate::schedule) series: String,
    pub(in crate::schedule) interval: Interval,
}

/// A longer window that the municipality may grant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Extension {
    pub(in crate::schedule) births: Span,
    pub(in crate::schedule) fact: String,
    pub(in crate::schedule) value: Option<String>,
    pub(in crate::schedule) from: Day,
    pub(in crate::schedule) until: Day,
}

/// A longer window for those who had begun in time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Transition {
    pub(in crate::schedule) births: Span,
    pub(in crate::schedule) dose_given: Span,
    pub(in crate::schedule) until: Day,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct LongTerm {
    pub(in crate::schedule) years: u16,
    pub(in crate::schedule) ceiling: Option<Age>,
}

/// What is given in a period; the last one in force is what would be given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Product {
    pub(in crate::schedule) code: String,
    pub(in crate::schedule) from: Option<Day>,
    pub(in crate::schedule) until: Option<Day>,
    /// Whoever begins with it stays with it.
    #[serde(default)]
    pub(in crate::schedule) sticky: bool,
    /// Whoever begins with it goes on with it while it is given, but may change.
    #[serde(default)]
    pub(in crate::schedule) goes_on: bool,
    #[serde(default)]
    pub(in crate::schedule) told: bool,
    /// The place of its vaccine in the pack.
    #[serde(skip)]
    pub(in crate::schedule) vaccine: Option<usize>,
}

impl Product {
    /// Whether it is given on `day`.
    pub(in crate::schedule) fn is_given_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from.0 <= day) && self.until.is_none_or(|until| day <= until.0)
    }
}

/// From which age on a first dose is advised against.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Advice {
    pub(in crate::schedule) age: Age,
    pub(in crate::schedule) flag: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct OptionFlag {
    pub(in crate::schedule) from: Day,
    pub(in crate::schedule) age: Age,
    pub(in crate::schedule) flag: String,
}

/// The doses for those who began at some age or with some product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Plan {
    pub(in crate::schedule) first_after: Option<Age>,
    pub(in crate::schedule) first_until: Option<Age>,
    #[serde(default)]
    pub(in crate::schedule) products: Vec<String>,
    /// A dose given before its interval changes to the next plan instead.
    #[serde(default)]
    pub(in crate::schedule) early_goes_on: bool,
    pub(in crate::schedule) dose: Vec<Slot>,
}

/// One dose of a plan.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Slot {
    #[serde(default)]
    pub(in crate::schedule) booster: bool,
    pub(in crate::schedule) after_previous: Option<Interval>,
    pub(in crate::schedule) after_first: Option<Interval>,
    /// Instead of `after_previous` if a dose before it was left out.
    pub(in crate::schedule) after_cut: Option<Interval>,
    /// Instead of the intervals if the fact is stated.
    pub(in crate::schedule) shorter: Option<Shorter>,
    pub(in crate::schedule) from_age: Option<Age>,
    /// Left out after this age.
    pub(in crate::schedule) until_age: Option<Age>,
    /// Left out if the dose before it was given after this age.
    pub(in crate::schedule) out_if_previous_after: Option<Age>,
    pub(in crate::schedule) standard: Option<Standard>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Shorter {
    pub(in crate::schedule) fact: String,
    pub(in crate::schedule) interval: Interval,
    /// Told of a dose given between the shorter and the full interval.
    pub(in crate::schedule) flag: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::schedule) struct Standard {
    pub(in crate::schedule) from: Option<Age>,
    pub(in crate::schedule) until: Option<Age>,
    pub(in crate::schedule) after: Option<Interval>,
    pub(in crate::schedule) before: Option<Interval>,
    pub(in crate::schedule) after_first: Option<Interval>,
    pub(in crate::schedule) fiscal_year_of: Option<u16>,
    #[serde(default)]
    pub(in crate::schedule) before_primary: bool,
}

fn sex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sex>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "female" => Ok(Some(Sex::Female)),
        "male" => Ok(Some(Sex::Male)),
        _ => Err(D::Error::custom("sex is female or male")),
    }
}
