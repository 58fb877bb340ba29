//! Counts dates as Japanese law does: ages reached on the eve, missing days carried to the next
//! month, fiscal years, weeks of pregnancy. Never knows what day it is today.

use std::fmt;
use std::str::FromStr;

use crate::date::Date;

mod count;
mod shown;

pub use shown::{AgeShown, wareki};

/// Whole months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Months(pub u16);

/// Whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days(pub u16);

/// The same day `months` later; a day that month lacks becomes the first of the month after it.
///
/// Calendar libraries clamp to the end of the month instead, which is wrong for ages and intervals.
pub fn add_months(day: Date, months: Months) -> Date {
    let first = count::month_after(day, i32::from(months.0));
    if day.day() <= first.days_in_month() {
        add_days(first, i64::from(day.day()) - 1)
    } else {
        count::month_after(first, 1)
    }
}

/// `days` later, or earlier if negative.
pub fn add_days(day: Date, days: i64) -> Date {
    count::days_after(day, days)
}

/// How many days `to` is after `from`.
pub fn days_between(from: Date, to: Date) -> i64 {
    count::number_of(to) - count::number_of(from)
}

/// An age that a rule names: by months and years (`18m`, `65y`), or by days of life (`6w0d`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Age {
    /// Reached on the eve of the monthly birthday.
    Months(Months),
    /// Reached on that day of life, the day of birth being 0w0d.
    Weeks(Gestation),
}

/// The day of birth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Birth(pub Date);

impl Birth {
    /// The day on which `age` is reached. "Under" that age still includes this day.
    pub fn attains(self, age: Age) -> Date {
        match age {
            // Birth itself is no birthday: nobody reaches age zero on the eve of birth.
            Age::Months(Months(0)) => self.0,
            Age::Months(months) => add_days(add_months(self.0, months), -1),
            Age::Weeks(weeks) => add_days(self.0, weeks.days()),
        }
    }

    /// The day on which `years` are reached.
    pub fn attains_years(self, years: u16) -> Date {
        self.attains(Age::years(years))
    }

    /// The fiscal year in which `years` are reached: born on 1 April means the earlier one.
    pub fn fiscal_year_of(self, years: u16) -> FiscalYear {
        FiscalYear::of(self.attains_years(years))
    }

    /// The school year at whose start primary school begins: the first 1 April after reaching six.
    pub fn enters_primary_school(self) -> FiscalYear {
        self.fiscal_year_of(6).next()
    }
}

/// A date of birth stays out of logs.
impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Birth(..)")
    }
}

impl Age {
    /// An age in years.
    pub const fn years(years: u16) -> Self {
        Self::Months(Months(years.saturating_mul(12)))
    }
}

/// Reads `18m`, `65y`, `6w0d`.
impl FromStr for Age {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        if let Some(months) = text.strip_suffix('m') {
            return Ok(Self::Months(Months(number(months)?)));
        }
        if let Some(years) = text.strip_suffix('y') {
            return Ok(Self::years(number(years)?));
        }
        text.parse().map(Self::Weeks)
    }
}

/// Prints months, and from eight years on whole years as years; read again, it is the same age.
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Months(Months(months)) if *months >= 96 && months % 12 == 0 => {
                write!(f, "{}y", months / 12)
            }
            Self::Months(Months(months)) => write!(f, "{months}m"),
            Self::Weeks(weeks) => write!(f, "{weeks}"),
        }
    }
}

/// The least time between two doses, as a rule words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interval {
    /// 「n日以上の間隔」: the day after n whole days between, so n + 1 days on.
    Days(Days),
    /// 「n月以上の間隔」: the same day n months on.
    Months(Months),
    /// 「n月半以上の間隔」: n months on and half of the month reached.
    MonthsAndHalf(Months),
}

impl Interval {
    /// The first day on which the interval since `day` has been kept.
    pub fn after(self, day: Date) -> Date {
        match self {
            Self::Days(Days(days)) => add_days(day, i64::from(days) + 1),
            Self::Months(months) => add_months(day, months),
            Self::MonthsAndHalf(months) => {
                let reached = add_months(day, months);
                let half = match reached.days_in_month() {
                    28 => 14,
                    31 => 16,
                    _ => 15,
                };
                add_days(reached, half)
            }
        }
    }
}

/// Reads `27d`, `6m`, `2.5m`.
impl FromStr for Interval {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        if let Some(days) = text.strip_suffix('d') {
            return Ok(Self::Days(Days(number(days)?)));
        }
        if let Some(months) = text.strip_suffix(".5m") {
            return Ok(Self::MonthsAndHalf(Months(number(months)?)));
        }
        let months = text.strip_suffix('m').ok_or(SpanError::Unreadable)?;
        Ok(Self::Months(Months(number(months)?)))
    }
}

/// Prints what it is read from.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(Days(days)) => write!(f, "{days}d"),
            Self::Months(Months(months)) => write!(f, "{months}m"),
            Self::MonthsAndHalf(Months(months)) => write!(f, "{months}.5m"),
        }
    }
}

/// Weeks and days since a start: of life, or of a pregnancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gestation {
    days: u16,
}

impl Gestation {
    /// The days in all.
    pub fn days(self) -> i64 {
        i64::from(self.days)
    }

    /// The completed weeks.
    pub fn weeks(self) -> u16 {
        self.days / 7
    }
}

/// Reads `17w1d`, `17w`.
impl FromStr for Gestation {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (weeks, rest) = text.split_once('w').ok_or(SpanError::Unreadable)?;
        let days = match rest {
            "" => 0,
            rest => number(rest.strip_suffix('d').ok_or(SpanError::Unreadable)?)?,
        };
        if days > 6 {
            return Err(SpanError::Unreadable);
        }
        Ok(Self {
            days: number(weeks)? * 7 + days,
        })
    }
}

/// Prints `17w1d`.
impl fmt::Display for Gestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}w{}d", self.days / 7, self.days % 7)
    }
}

/// The expected date of birth, 40 weeks and 0 days.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Expected(pub Date);

impl Expected {
    /// The pregnancy that has come to `gestation` on `day`.
    pub fn from_gestation(gestation: Gestation, day: Date) -> Self {
        Self(add_days(day, TERM - gestation.days()))
    }

    /// The day of `gestation`.
    pub fn reaches(self, gestation: Gestation) -> Date {
        add_days(self.0, gestation.days() - TERM)
    }

    /// How far the pregnancy is on `day`; `None` before it began.
    pub fn gestation_on(self, day: Date) -> Option<Gestation> {
        let days = TERM - days_between(day, self.0);
        u16::try_from(days).ok().map(|days| Gestation { days })
    }
}

/// A date of birth stays out of logs.
impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Expected(..)")
    }
}

/// A fiscal or school year, named by the year in which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiscalYear(pub i16);

impl FiscalYear {
    /// The fiscal year of `day`.
    pub fn of(day: Date) -> Self {
        Self(day.year() - i16::from(day.month() < 4))
    }

    /// 1 April.
    pub fn first_day(self) -> Date {
        Date::new(self.0.clamp(1, 9000), 4, 1).unwrap_or(Date::MAX)
    }

    /// 31 March of the year after.
    pub fn last_day(self) -> Date {
        add_days(self.next().first_day(), -1)
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The one before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// A period of which the first and the last day belong to it; an open end has no last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Option<Date>,
}

impl Window {
    /// Whether `day` lies in it.
    pub fn contains(self, day: Date) -> bool {
        self.from <= day && !self.is_over(day)
    }

    /// Whether it lies before `day`.
    pub fn is_over(self, day: Date) -> bool {
        self.until.is_some_and(|until| until < day)
    }
}

/// Why a text is no age or interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanError {
    /// Not in one of the forms known.
    #[error("written like 18m, 65y, 27d or 6w0d")]
    Unreadable,
}

fn number(text: &str) -> Result<u16, SpanError> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let value = text.parse().ok().filter(|n| *n <= 2_000);
    value.filter(|_| plain).ok_or(SpanError::Unreadable)
}

/// The days of a pregnancy: 40 weeks.
const TERM: i64 = 280;

#[cfg(test)]
mod tests;
