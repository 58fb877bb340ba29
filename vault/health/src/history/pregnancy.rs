//! Pregnancies as the records tell of them.

use crate::{
    calendar::{Expected, add_days, days_between},
    date::Date,
    history::Source,
    record::Tabled,
    value::redact,
};

/// One pregnancy.
#[derive(Clone, PartialEq, Eq)]
pub struct Pregnancy {
    /// The expected date of birth.
    pub expected: Option<Expected>,
    /// When it ended.
    pub ended: Option<Date>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The record.
    pub source: Source,
}

redact!(Pregnancy);

/// How a pregnancy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A child was born alive.
    Birth,
    /// The child was lost: nothing about a child is said any more.
    Loss,
    /// In other words.
    Other,
}

impl Pregnancy {
    /// Whether it goes on on `day`: begun, not ended, and not past all terms.
    pub fn is_on(&self, day: Date) -> bool {
        let Some(expected) = self.expected else {
            return false;
        };
        let over = self.outcome.is_some() || self.ended.is_some_and(|ended| ended <= day);
        let days = days_between(add_days(expected.0, -TERM), day);
        !over && (0..=LONGEST).contains(&days)
    }

    /// Whether this record tells that the pregnancy of `other` had ended by `day`.
    pub(super) fn ends(&self, other: &Self, day: Date) -> bool {
        let Some(expected) = other.expected else {
            return false;
        };
        let begun = add_days(expected.0, -TERM);
        match (self.ended, self.expected) {
            (Some(ended), _) => (begun..=day).contains(&ended),
            (None, Some(own)) if self.outcome.is_some() => {
                days_between(own.0, expected.0).abs() < SAME_PREGNANCY
            }
            (None, _) => false,
        }
    }
}

/// Reads a record of that kind.
pub(super) fn read(record: &Tabled, source: Source) -> Pregnancy {
    let from_lmp = record.day("lmp").map(|lmp| add_days(lmp, TERM));
    Pregnancy {
        expected: record.day("expected").or(from_lmp).map(Expected),
        ended: record.day("ended"),
        outcome: record.text("outcome").map(outcome),
        source,
    }
}

fn outcome(text: &str) -> Outcome {
    match text.trim() {
        "birth" | "live_birth" => Outcome::Birth,
        "loss" | "miscarriage" | "stillbirth" | "termination" => Outcome::Loss,
        _ => Outcome::Other,
    }
}

/// From the first day of the last period to term.
const TERM: i64 = 280;
/// Two expected dates that lie closer together are of one pregnancy.
const SAME_PREGNANCY: i64 = 84;
/// 44 weeks: no pregnancy goes on for longer.
const LONGEST: i64 = 308;
