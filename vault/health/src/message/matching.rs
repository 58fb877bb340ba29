//! Which messages fit a member on a day, and which of two texts about one thing is shown. It adds no
//! text and asks nobody.

use jiff::civil::Date;
use serde::Serialize;

use crate::calendar::{Window, add_days};
use crate::message::facts::Facts;
use crate::message::pack::{
    Audience, Category, Confidence, Entry, NO_SOURCE, Pack, Priority, Text,
};
use crate::value::redact;

/// Whose text a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A city's, signed by it.
    City,
    /// The national pack's.
    National,
}

/// The packs from which one member's messages come.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    /// The national pack.
    pub national: &'a Pack,
    /// Packs of the member's city, already verified.
    pub city: &'a [Pack],
}

/// One message that fits.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id in its pack.
    pub id: String,
    /// Whose it is.
    pub origin: Origin,
    /// The issuer that its pack names.
    pub issuer: String,
    /// Its pack's version.
    pub data_version: String,
    /// Whether the pack should have been looked at again by now.
    pub is_stale: bool,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Option<Date>,
    /// Whom it is for.
    pub audience: Audience,
    /// What it is about.
    pub category: Category,
    /// How much it matters now.
    pub priority: Priority,
    /// How well it is founded.
    pub confidence: Confidence,
    /// Where it was read, if anywhere.
    pub source: Option<String>,
    /// Why it fits.
    pub why: Vec<Why>,
    /// The national message in whose place or above which it stands.
    pub replaces: Option<String>,
    /// The title.
    pub title: Text,
    /// The text.
    pub text: Text,
}

redact!(Message);

/// One condition that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Weeks of pregnancy.
    GestationalWeek([u16; 2]),
    /// Days of life.
    AgeDays([u16; 2]),
    /// Months of age.
    AgeMonths([u16; 2]),
    /// Years of age.
    AgeYears([u16; 2]),
    /// The fiscal years in which these ages are reached.
    FiscalYear([u16; 2]),
    /// The year before primary school.
    BeforePrimary,
    /// The season.
    Season,
    /// The days of the year.
    DateWindow,
    /// Months since this dose of this series.
    SeriesEvent {
        /// The series.
        series: String,
        /// The dose.
        dose: u8,
    },
}

impl Shelf<'_> {
    /// What fits `facts` from `today` on for `days` days, the most urgent first.
    pub fn messages(&self, facts: &Facts, today: Date, days: u16) -> Vec<Message> {
        if facts.is_silent() {
            return Vec::new();
        }
        let within = Window {
            from: today,
            until: Some(add_days(today, i64::from(days))),
        };
        let of_city = self.city.iter();
        let mut all: Vec<Message> = of_city
            .flat_map(|pack| fitting(pack, Origin::City, facts, within))
            .collect();
        let replaced: Vec<String> = all.iter().filter_map(|m| m.replaces.clone()).collect();
        let national = fitting(self.national, Origin::National, facts, within);
        let is_replaced = |message: &Message| {
            let mut entries = self.national.messages.iter();
            let entry = entries.find(|entry| entry.id == message.id);
            entry.is_some_and(|entry| entry.replaceable) && replaced.contains(&message.id)
        };
        all.extend(national.filter(|message| !is_replaced(message)));
        all.sort_by(|a, b| self.place(a).cmp(&self.place(b)));
        all
    }

    /// A city's text stands directly above the national one that it is about.
    fn place<'m>(&self, message: &'m Message) -> (Priority, &'m str, Origin) {
        let about = message.replaces.as_deref();
        let mut national = self.national.messages.iter();
        let of = about.and_then(|id| national.find(|entry| entry.id == id));
        let priority = of.map_or(message.priority, |entry| {
            entry.priority.min(message.priority)
        });
        (priority, about.unwrap_or(&message.id), message.origin)
    }
}

fn fitting<'a>(
    pack: &'a Pack,
    origin: Origin,
    facts: &'a Facts,
    within: Window,
) -> impl Iterator<Item = Message> + 'a {
    let entries = pack.messages.iter();
    entries
        .filter(|entry| entry.concerns(facts))
        .filter_map(move |entry| {
            let windows = entry.when.windows(facts, within);
            let first = windows.into_iter().min_by_key(|window| window.from)?;
            Some(entry.message(pack, origin, first, within.from))
        })
}

impl Entry {
    /// Whether it is still of use to the member, apart from days.
    fn concerns(&self, facts: &Facts) -> bool {
        self.sex.is_none_or(|sex| facts.may_be(sex.0))
            && !facts.are_done(&self.series, self.dose)
            && !facts.was_examined(&self.checkups)
    }

    fn message(&self, pack: &Pack, origin: Origin, window: Window, today: Date) -> Message {
        let source = Some(&self.source).filter(|key| *key != NO_SOURCE);
        Message {
            id: self.id.clone(),
            origin,
            issuer: pack.head.issuer.clone(),
            data_version: pack.head.data_version.clone(),
            is_stale: pack.review_by() < today,
            from: window.from,
            until: window.until,
            audience: self.audience,
            category: self.category,
            priority: self.priority,
            confidence: self.confidence,
            source: source.and_then(|key| pack.sources.get(key)).cloned(),
            why: self.why(),
            replaces: self.replaces.clone(),
            title: self.title.clone(),
            text: self.text.clone(),
        }
    }

    fn why(&self) -> Vec<Why> {
        let when = &self.when;
        let event = when.series_event.as_ref().map(|event| Why::SeriesEvent {
            series: event.series.clone(),
            dose: event.dose,
        });
        let all = [
            when.gestational_week.map(Why::GestationalWeek),
            when.age_days.map(Why::AgeDays),
            when.age_months.map(Why::AgeMonths),
            when.age_years.map(Why::AgeYears),
            when.fiscal_year.map(Why::FiscalYear),
            when.school_year.map(|_| Why::BeforePrimary),
            when.season.map(|_| Why::Season),
            when.date_window.map(|_| Why::DateWindow),
            event,
        ];
        all.into_iter().flatten().collect()
    }
}
