//! Days as a pack writes them.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A civil day, written `2026-04-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::schedule) struct Day(pub(in crate::schedule) Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        day(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("a day is written YYYY-MM-DD"))
    }
}

/// Reads `2026-04-01` and nothing else.
pub(in crate::schedule) fn day(text: &str) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return None;
    };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0_i16, |value, digit| {
            let digit = digit.is_ascii_digit().then(|| **digit - b'0')?;
            Some(value * 10 + i16::from(digit))
        })
    };
    let month = i8::try_from(number(&[m1, m2])?).ok()?;
    let of_month = i8::try_from(number(&[d1, d2])?).ok()?;
    let date = Date::new(number(&[y1, y2, y3, y4])?, month, of_month).ok()?;
    (crate::date::FIRST_YEAR..=crate::date::LAST_YEAR)
        .contains(&date.year())
        .then_some(date)
}

/// A day of every year, written `10-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::schedule) struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    pub(in crate::schedule) fn parse(text: &str) -> Option<Self> {
        // 2028 is a leap year: 02-29 is a day of some years.
        let date = day(&format!("2028-{text}"))?;
        Some(Self {
            month: date.month(),
            day: date.day(),
        })
    }

    /// Its day in `year`; 29 February is the 28th where there is none.
    pub(in crate::schedule) fn in_year(self, year: i16) -> Date {
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
