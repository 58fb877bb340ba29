//! When a message is said: conditions of which all must hold, each a list of windows of days. It counts
//! ages as the law does and decides nothing else.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::calendar::{Age, FiscalYear, Gestation, Months, Window, add_days, add_months};
use crate::message::facts::Facts;

/// The conditions of one message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    /// Weeks of pregnancy, the whole last week included.
    pub(super) gestational_week: Option<[u16; 2]>,
    /// Days of life; the day of birth is day 0.
    pub(super) age_days: Option<[u16; 2]>,
    /// Months of age, from the eve of the first until the eve that ends the last.
    pub(super) age_months: Option<[u16; 2]>,
    /// Years of age, likewise.
    pub(super) age_years: Option<[u16; 2]>,
    /// The fiscal years in which these ages are reached.
    pub(super) fiscal_year: Option<[u16; 2]>,
    /// A school year.
    pub(super) school_year: Option<SchoolYear>,
    /// Days of every year.
    pub(super) season: Option<[MonthDay; 2]>,
    /// Days of every year.
    pub(super) date_window: Option<[MonthDay; 2]>,
    /// Months since a dose.
    pub(super) series_event: Option<SeriesEvent>,
}

/// A school year, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SchoolYear {
    /// The year before primary school begins.
    BeforePrimary,
}

/// Months since the last dose of a series, while the next one is still missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesEvent {
    pub(super) series: String,
    pub(super) dose: u8,
    pub(super) months: [u16; 2],
}

impl When {
    /// Whether nothing is asked at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges().next().is_none()
            && self.school_year.is_none()
            && self.season.is_none()
            && self.date_window.is_none()
            && self.series_event.is_none()
    }

    /// Whether a range ends before it begins.
    pub(super) fn is_backwards(&self) -> bool {
        let months = self.series_event.as_ref().map(|event| event.months);
        self.ranges()
            .chain(months)
            .any(|[from, until]| until < from)
    }

    /// Whether a number lies beyond every life.
    pub(super) fn is_beyond_life(&self) -> bool {
        let too_many = |range: Option<[u16; 2]>, most: u16| range.is_some_and(|[_, to]| to > most);
        let months = self.series_event.as_ref().map(|event| event.months);
        too_many(self.gestational_week, 44)
            || too_many(self.age_days, 1_500)
            || too_many(self.age_months, 1_500)
            || too_many(self.age_years, 125)
            || too_many(self.fiscal_year, 125)
            || too_many(months, 1_500)
    }

    fn ranges(&self) -> impl Iterator<Item = [u16; 2]> {
        let all = [
            self.gestational_week,
            self.age_days,
            self.age_months,
            self.age_years,
            self.fiscal_year,
        ];
        all.into_iter().flatten()
    }

    /// The windows in which all conditions hold for `facts`, as far as they touch `within`.
    pub(super) fn windows(&self, facts: &Facts, within: Window) -> Vec<Window> {
        let born = facts.birth();
        let conditions = [
            self.gestational_week.map(|range| weeks(facts, range)),
            self.age_days.map(|[from, until]| {
                let day = |days: u16| Some(add_days(born?.0, i64::from(days)));
                window(day(from), day(until))
            }),
            self.age_months.map(|[from, until]| {
                let at = |months| Some(born?.attains(Age::Months(Months(months))));
                window(at(from), at(until.saturating_add(1)))
            }),
            self.age_years.map(|[from, until]| {
                let at = |years| Some(born?.attains_years(years));
                window(at(from), at(until.saturating_add(1)))
            }),
            self.fiscal_year.map(|[from, until]| {
                let year = |age| Some(born?.fiscal_year_of(age));
                let first = year(from).map(FiscalYear::first_day);
                window(first, year(until).map(FiscalYear::last_day))
            }),
            self.school_year.map(|SchoolYear::BeforePrimary| {
                let year = born.map(|born| born.enters_primary_school().previous());
                window(
                    year.map(FiscalYear::first_day),
                    year.map(FiscalYear::last_day),
                )
            }),
            self.season.map(|days| every_year(days, within)),
            self.date_window.map(|days| every_year(days, within)),
            self.series_event.as_ref().map(|event| event.window(facts)),
        ];
        let asked = conditions.into_iter().flatten();
        asked
            .fold(vec![within_all()], |held, windows| both(&held, &windows))
            .into_iter()
            .filter(|window| overlap(*window, within).is_some())
            .collect()
    }
}

impl SeriesEvent {
    fn window(&self, facts: &Facts) -> Vec<Window> {
        let [from, until] = self.months;
        let last = facts.last_of(&self.series, self.dose);
        let at = |months| Some(add_months(last?, Months(months)));
        window(at(from), at(until))
    }
}

fn weeks(facts: &Facts, [from, until]: [u16; 2]) -> Vec<Window> {
    let day = |week: u16| -> Option<Date> {
        let gestation: Gestation = format!("{week}w0d").parse().ok()?;
        Some(facts.expected()?.reaches(gestation))
    };
    let last = day(until.saturating_add(1)).map(|next| add_days(next, -1));
    window(day(from), last)
}

/// One window, if both ends are known.
fn window(from: Option<Date>, until: Option<Date>) -> Vec<Window> {
    let ends = from.zip(until).filter(|(from, until)| from <= until);
    let one = ends.map(|(from, until)| Window {
        from,
        until: Some(until),
    });
    one.into_iter().collect()
}

/// The days of every year that can touch `within`; a window may go over the turn of the year.
fn every_year([first, last]: [MonthDay; 2], within: Window) -> Vec<Window> {
    let begin = within.from.year().saturating_sub(1);
    let end = within.until.map_or(begin, Date::year);
    let year = |year: i16| {
        let next = i16::from(last < first);
        window(first.in_year(year), last.in_year(year.saturating_add(next)))
    };
    (begin..=end).flat_map(year).collect()
}

fn within_all() -> Window {
    Window {
        from: Date::MIN,
        until: None,
    }
}

fn both(some: &[Window], others: &[Window]) -> Vec<Window> {
    let pairs = some
        .iter()
        .flat_map(|one| others.iter().map(move |other| overlap(*one, *other)));
    pairs.flatten().collect()
}

/// What two windows share.
pub(super) fn overlap(one: Window, other: Window) -> Option<Window> {
    let from = one.from.max(other.from);
    let until = match (one.until, other.until) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let shared = Window { from, until };
    until.is_none_or(|until| from <= until).then_some(shared)
}

/// A day of every year, written `10-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    /// Reads `10-01`.
    pub fn parse(text: &str) -> Option<Self> {
        let (month, day) = text.split_once('-')?;
        let plain = [month, day]
            .iter()
            .all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        // 2028 is a leap year: 02-29 is a day of some years.
        let exists = Date::new(2028, month, day).is_ok();
        (plain && exists).then_some(Self { month, day })
    }

    /// Its day in `year`; 29 February is the 28th where there is none.
    fn in_year(self, year: i16) -> Option<Date> {
        let exact = Date::new(year, self.month, self.day);
        exact.or_else(|_| Date::new(year, self.month, 28)).ok()
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a day of the year is written MM-DD"))
    }
}
