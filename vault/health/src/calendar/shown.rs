//! Ages and dates as people in Japan read them.

use std::fmt;

use crate::date::Date;

use super::{Birth, days_between};

/// An age as 「1歳6か月」: of those under one month in days, of those under one year in months.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AgeShown {
    months: u32,
    days: i64,
}

impl AgeShown {
    /// The age on `day` as people count it, from birthday to birthday; `None` before birth.
    pub fn on(birth: Birth, day: Date) -> Option<Self> {
        if day < birth.0 {
            return None;
        }
        // The law reaches an age on the eve; people say so on the day after it.
        let whole = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        let mut months = whole(day) - whole(birth.0);
        // A month without the birthday ends on its eve: the age is told from the next first day.
        if day.day() < birth.0.day() {
            months -= 1;
        }
        Some(Self {
            months: u32::try_from(months).unwrap_or(0),
            days: days_between(birth.0, day),
        })
    }
}

impl fmt::Display for AgeShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.months / 12, self.months % 12) {
            (0, 0) => write!(f, "生後{}日", self.days),
            (0, months) => write!(f, "{months}か月"),
            (years, 0) => write!(f, "{years}歳"),
            (years, months) => write!(f, "{years}歳{months}か月"),
        }
    }
}

/// An age stays out of logs.
impl fmt::Debug for AgeShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgeShown(..)")
    }
}

/// A day with its era, as 「令和8年4月3日」; the first year is 元年.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Wareki(pub Date);

impl fmt::Display for Wareki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.0;
        let key = (day.year(), day.month(), day.day());
        let era = ERAS.iter().rev().find(|(first, ..)| *first <= key);
        match era {
            None => write!(f, "{}年", day.year())?,
            Some((first, name)) if first.0 == day.year() => write!(f, "{name}元年")?,
            Some((first, name)) => write!(f, "{name}{}年", day.year() - first.0 + 1)?,
        }
        write!(f, "{}月{}日", day.month(), day.day())
    }
}

/// A date stays out of logs.
impl fmt::Debug for Wareki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wareki(..)")
    }
}

const ERAS: [((i16, i8, i8), &str); 5] = [
    ((1868, 10, 23), "明治"),
    ((1912, 7, 30), "大正"),
    ((1926, 12, 25), "昭和"),
    ((1989, 1, 8), "平成"),
    ((2019, 5, 1), "令和"),
];
