//! What a rule pack says: series, plans, intervals, products and their sources. Reads and checks a
//! pack; never judges a dose. `docs/schedule.md` describes the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::calendar::{Age, Gestation, Interval};

mod day;
mod series;
mod check;

pub use check::RulesError;
pub(super) use day::{Day, MonthDay, day};
pub use series::Class;
#[cfg(test)]
pub(super) use series::Span;
pub(super) use series::{Early, FromIf, Plan, Series, Slot, Standard, VisitStep, WindowRule};

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

    /// The day by which a professional was to look at the rules again.
    pub fn review_by(&self) -> Date {
        self.pack.review_by.0
    }

    /// Whether the rules may no longer be those of `day`.
    pub fn may_be_out_of_date(&self, day: Date) -> bool {
        self.review_by() < day
    }

    /// The name of a series in Japanese and in English.
    pub fn names(&self, id: &str) -> Option<(&str, &str)> {
        let series = self.series(id)?;
        Some((&series.name, &series.english))
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

    /// Finds what names only spell out, once for all questions.
    fn link(&mut self) {
        for vaccine in &mut self.vaccine {
            let places = vaccine
                .series
                .iter()
                .filter_map(|id| self.series.iter().position(|series| series.id == *id));
            vaccine.fills = places.collect();
        }
        for (at, series) in self.series.iter_mut().enumerate() {
            series.at = at;
            if series.english.is_empty() {
                series.english.clone_from(&series.name);
            }
            series.cited = Arc::new(Cited::of(series));
            series.usual = self
                .vaccine
                .iter()
                .position(|vaccine| vaccine.fills.contains(&at) && !series.is_part(&vaccine.code));
            for product in &mut series.product {
                let mut all = self.vaccine.iter();
                product.vaccine = all.position(|vaccine| vaccine.code == product.code);
            }
        }
    }
}

/// What an answer names of a rule, in words that are made once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cited {
    pub(super) rule: Note,
    pub(super) notes: Vec<Note>,
}

impl Cited {
    fn of(series: &Series) -> Self {
        let id = &series.id;
        let sources = series.sources.join(", ");
        let (ja, en) = (series.confidence.japanese(), series.confidence.english());
        let rule = Note {
            ja: format!("規則 {id} ({}、確かさ: {ja}): {sources}", series.name),
            en: format!("rule {id} ({}; confidence {en}): {sources}", series.english),
        };
        Self {
            rule,
            notes: series.note.clone(),
        }
    }
}

/// What a rule adds for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    pub(super) ja: String,
    pub(super) en: String,
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
    /// The places of these series in the pack.
    #[serde(skip)]
    pub(super) fills: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Confidence {
    High,
    Medium,
    Low,
}

impl Confidence {
    pub(super) fn english(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    pub(super) fn japanese(self) -> &'static str {
        match self {
            Self::High => "高",
            Self::Medium => "中",
            Self::Low => "低",
        }
    }
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
