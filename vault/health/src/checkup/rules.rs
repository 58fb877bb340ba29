//! What the file of checkups says. Reads and checks it; never looks at a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    calendar::{Age, Gestation},
    date::Date,
    record::Sex,
};

/// The file of checkups, read and checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkups {
    pack: Pack,
    pub(super) checkup: Vec<CheckupRule>,
    sources: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    format: u32,
    data_version: String,
    review_by: String,
}

/// One checkup.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckupRule {
    /// The code that records use.
    pub id: String,
    /// The name in Japanese.
    pub japanese: String,
    /// The name in English.
    pub english: String,
    /// Why it is offered.
    pub basis: Basis,
    /// Only for this sex.
    #[serde(default, deserialize_with = "sex")]
    pub sex: Option<Sex>,
    /// The form of its findings.
    pub form: Option<String>,
    /// `high`, `medium` or `low`.
    pub confidence: String,
    /// Where it was read.
    pub sources: Vec<String>,
    /// What to know, in Japanese.
    pub ja: String,
    /// What to know, in English.
    pub en: String,
    pub(super) window: Window,
}

/// Why a checkup is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// By law.
    Statutory,
    /// Offered where the city takes part in a national subsidy.
    Subsidised,
    /// Offered as the city decides.
    Municipal,
    /// By the school.
    School,
    /// By the health insurer.
    Insurer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Window {
    /// From the monthly birthday itself until an age is reached, and when most cities call.
    Ages {
        from: Months,
        until: Months,
        usual_from: Option<Months>,
        usual_until: Option<Months>,
    },
    /// Days of life, both included.
    Days { from: u16, until: u16 },
    /// Days after giving birth, both included.
    AfterBirth {
        from: u16,
        until: u16,
        usual_from: u16,
        usual_until: u16,
    },
    /// Visits at weeks of a pregnancy.
    Antenatal { steps: Vec<Step> },
    /// The school year before primary school, to a day of it.
    BeforePrimary {
        usual_from: MonthDay,
        until: MonthDay,
    },
    /// Every school year from 1 April to a day of it.
    SchoolYears {
        first: u16,
        last: u16,
        until: MonthDay,
    },
    /// Every so many fiscal years from that of an age on.
    Yearly {
        from_year_of: u16,
        until_age: Option<Age>,
        every: u16,
    },
    /// The fiscal years of some ages.
    Milestones { years_of: Vec<u16> },
}

/// From week to week, so many weeks apart.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) from: Gestation,
    pub(super) until: Gestation,
    pub(super) weeks: u16,
}

/// An age in months, written `18m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Months(pub(super) crate::calendar::Months);

/// A day of every year, written `11-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    /// Its day in `year`.
    pub(super) fn in_year(self, year: i16) -> Date {
        Date::new(year, self.month, self.day).unwrap_or(Date::MAX)
    }
}

/// Why a file of checkups cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckupsError {
    /// Not the TOML of such a file.
    #[error("line {line}: {reason}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// What the parser says; the files are public, so it holds no health data.
        reason: String,
    },
    /// A file of another time.
    #[error("the file has format {format}; this version reads {FORMAT}")]
    Format {
        /// What the file says.
        format: u32,
    },
    /// Two checkups, forms or items of one name.
    #[error("{name:?} is there twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A source that the file does not list, or none.
    #[error("{name:?} names no source of the file")]
    NoSource {
        /// The checkup or form.
        name: String,
    },
    /// An item that takes nothing, or says too little of itself.
    #[error("the item {item:?} of the form {form:?} is not sound")]
    Item {
        /// The form.
        form: String,
        /// The item's code.
        item: String,
    },
    /// A window that ends before it begins, or never comes.
    #[error("the window of {name:?} has no day")]
    NoDay {
        /// The checkup.
        name: String,
    },
}

impl Checkups {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, CheckupsError> {
        let all: Self = read(text)?;
        if all.pack.format != FORMAT {
            return Err(CheckupsError::Format {
                format: all.pack.format,
            });
        }
        let mut seen = std::collections::BTreeSet::new();
        for rule in &all.checkup {
            let name = || rule.id.clone();
            if !seen.insert(&rule.id) {
                return Err(CheckupsError::Twice { name: name() });
            }
            let known = |source| all.sources.contains_key(source);
            if rule.sources.is_empty() || !rule.sources.iter().all(known) {
                return Err(CheckupsError::NoSource { name: name() });
            }
            if !rule.window.has_days() {
                return Err(CheckupsError::NoDay { name: name() });
            }
        }
        Ok(all)
    }

    /// The file that comes with Techo.
    pub fn built_in() -> Result<Self, CheckupsError> {
        Self::parse(include_str!("../../rules/checkups.toml"))
    }

    /// Names the data that an answer was computed from.
    pub fn data_version(&self) -> &str {
        &self.pack.data_version
    }

    /// The day after which the file has to be looked at again, as it is written.
    pub fn review_by(&self) -> &str {
        &self.pack.review_by
    }

    /// One checkup.
    pub fn rule(&self, id: &str) -> Option<&CheckupRule> {
        self.checkup.iter().find(|rule| rule.id == id)
    }

    /// Every checkup, in the order of the file.
    pub fn rules(&self) -> impl Iterator<Item = &CheckupRule> {
        self.checkup.iter()
    }

    /// Where a source was read.
    pub fn source(&self, name: &str) -> Option<&str> {
        self.sources.get(name).map(String::as_str)
    }
}

impl Window {
    fn has_days(&self) -> bool {
        match self {
            Self::Ages {
                from,
                until,
                usual_from,
                usual_until,
            } => {
                let usual = usual_from.unwrap_or(*from)..=usual_until.unwrap_or(*until);
                from < until
                    && usual.start() < usual.end()
                    && from <= usual.start()
                    && usual.end() <= until
            }
            Self::Days { from, until } => from <= until,
            Self::AfterBirth {
                from,
                until,
                usual_from,
                usual_until,
            } => from <= usual_from && usual_from <= usual_until && usual_until <= until,
            Self::Antenatal { steps } => {
                !steps.is_empty()
                    && steps
                        .iter()
                        .all(|step| step.from < step.until && step.weeks > 0)
            }
            Self::BeforePrimary { .. } => true,
            Self::SchoolYears { first, last, .. } => 1 <= *first && first <= last,
            Self::Yearly { every, .. } => *every > 0,
            Self::Milestones { years_of } => !years_of.is_empty(),
        }
    }
}

/// Reads TOML and names the line of what is wrong.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, CheckupsError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        CheckupsError::Unreadable {
            line: before.map_or(1, |before| before.matches('\n').count() + 1),
            reason: error.message().to_owned(),
        }
    })
}

pub(super) const FORMAT: u32 = 1;

impl<'de> Deserialize<'de> for Months {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(Age::Months(months)) => Ok(Self(months)),
            Ok(Age::Weeks(_)) | Err(_) => Err(D::Error::custom("an age is written 18m or 3y")),
        }
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day: Option<Date> = format!("2027-{text}").parse().ok();
        day.filter(|_| text.len() == 5)
            .map(|day| Self {
                month: day.month(),
                day: day.day(),
            })
            .ok_or_else(|| D::Error::custom("a day of every year is written MM-DD"))
    }
}

fn sex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sex>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "female" => Ok(Some(Sex::Female)),
        "male" => Ok(Some(Sex::Male)),
        _ => Err(D::Error::custom("sex is female or male")),
    }
}
