//! What a pack of messages says. It holds no text of its own and matches nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use toml::Spanned;

use crate::message::check::{self, PackError};
use crate::message::when::When;
use crate::record::Sex;

/// A pack that has been read and checked.
#[derive(Debug, Clone)]
pub struct Pack {
    pub(super) head: Head,
    pub(super) messages: Vec<Entry>,
    pub(super) sources: BTreeMap<String, String>,
}

impl Pack {
    /// Reads a pack; what is wrong is named with its line.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        check::parse(text)
    }

    /// The national pack that comes with Techo.
    pub fn built_in() -> Result<Self, PackError> {
        Self::parse(include_str!("../../messages/jp.toml"))
    }

    /// The id of the pack: an issuer's packs are told apart by it.
    pub fn id(&self) -> &str {
        &self.head.id
    }

    /// Whose pack it says it is: `techo`, or an issuer's id.
    pub fn issuer(&self) -> &str {
        &self.head.issuer
    }

    /// Names the texts.
    pub fn data_version(&self) -> &str {
        &self.head.data_version
    }

    /// The day after which the pack has to be looked at again.
    pub fn review_by(&self) -> Date {
        self.head.review_by.0
    }

    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.messages.len()
    }

    /// Every series of the schedule that a message is linked to.
    pub fn series(&self) -> impl Iterator<Item = &str> {
        let linked = self.messages.iter().flat_map(|message| &message.series);
        let named = self.messages.iter().filter_map(|message| {
            let event = message.when.series_event.as_ref()?;
            Some(event.series.as_str())
        });
        linked.map(String::as_str).chain(named)
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) pack: Head,
    #[serde(default)]
    pub(super) sources: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) message: Vec<Spanned<Entry>>,
}

/// What the pack is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) format: u32,
    pub(super) id: String,
    pub(super) issuer: String,
    pub(super) data_version: String,
    pub(super) review_by: Day,
}

/// One message.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) when: When,
    pub(super) audience: Audience,
    pub(super) category: Category,
    pub(super) priority: Priority,
    pub(super) confidence: Confidence,
    /// A key of `[sources]`, or [`NO_SOURCE`].
    pub(super) source: String,
    /// Whether a city's text may stand in the place of this one.
    #[serde(default)]
    pub(super) replaceable: bool,
    /// The message of the national pack that this one is about.
    pub(super) replaces: Option<String>,
    /// Only for this sex in the family register.
    pub(super) sex: Option<SexRead>,
    /// Series of the schedule: when all are complete, nothing is said.
    #[serde(default)]
    pub(super) series: Vec<String>,
    /// With `series`: this dose of each is enough.
    pub(super) dose: Option<u8>,
    /// Checkups: when one of them is done, nothing is said.
    #[serde(default)]
    pub(super) checkups: Vec<String>,
    pub(super) title: Text,
    pub(super) text: Text,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $variant:ident,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)+ }
    )+};
}

words! {
    /// Whom a message is for.
    Audience {
        /// Whoever is pregnant.
        Pregnant,
        /// Both who expect a child.
        Couple,
        /// The mother, after birth.
        Mother,
        /// The parents of the member.
        Parents,
        /// The member themselves.
        Member,
    }
    /// What a message is about.
    Category {
        /// Benefits.
        Benefit,
        /// Checkups.
        Checkup,
        /// Classes and visits.
        Class,
        /// Daily life.
        Life,
        /// Teeth.
        Dental,
        /// Growing up.
        Development,
        /// Food.
        Feeding,
        /// Health of the mind.
        Mind,
        /// Papers for the town office.
        Procedure,
        /// Safety.
        Safety,
        /// Screening.
        Screening,
        /// Vaccinations.
        Vaccine,
        /// The end of a vaccination's legal period.
        VaccineDeadline,
        /// When to call at once.
        WarningSigns,
        /// Work and leave.
        Work,
    }
    /// How much it matters now; the most urgent first.
    Priority {
        /// A last day is near.
        Urgent,
        /// Important.
        High,
        /// As usual.
        Normal,
        /// Good to know.
        Low,
    }
    /// How well the text is founded.
    Confidence {
        /// Read in an official or municipal text.
        High,
        /// Partly read.
        Medium,
        /// Known to the compiler only.
        Low,
    }
}

/// A day written `2026-04-01`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day(pub(super) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let when = text.parse::<crate::date::When>().ok();
        let day = when.filter(|when| when.to_string() == text);
        let day = day.and_then(|when| when.day());
        day.map(Self)
            .ok_or_else(|| D::Error::custom("a day is written YYYY-MM-DD"))
    }
}

/// `female` or `male`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SexRead(pub(super) Sex);

impl<'de> Deserialize<'de> for SexRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "female" => Ok(Self(Sex::Female)),
            "male" => Ok(Self(Sex::Male)),
            _ => Err(D::Error::custom("a sex is female or male")),
        }
    }
}

/// What stands for a source where there is none.
pub const NO_SOURCE: &str = "none";
