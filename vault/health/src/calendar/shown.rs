//! Ages and dates as people in Japan read them.

use std::fmt;

use crate::{
    calendar::{Birth, days_between},
    date::{Date, Era, Precision, When},
};

/// An age as 「1歳6か月」: under one month in days, under one year in months, from seven years on in
/// years alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AgeShown {
    months: i32,
    days: i64,
}

impl AgeShown {
    /// The age on `day` as people count it, from birthday to birthday; `None` before birth.
    ///
    /// A month is complete on the same day of a later month, and where that day does not exist, on
    /// the day after the month's last (Civil Code, art. 143). The law reaches an age on the eve.
    pub fn on(birth: Birth, day: Date) -> Option<Self> {
        let days = days_between(birth.0, day);
        if days < 0 {
            return None;
        }
        let whole = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        let begun = i32::from(day.day() < birth.0.day());
        Some(Self {
            months: whole(day) - whole(birth.0) - begun,
            days,
        })
    }

    /// The age in English: `20 d`, `4 mo`, `1 y 6 mo`.
    pub fn english(self) -> String {
        match self.parts() {
            (0, 0) => format!("{} d", self.days),
            (0, months) => format!("{months} mo"),
            (years, 0) => format!("{years} y"),
            (years, months) => format!("{years} y {months} mo"),
        }
    }

    fn parts(self) -> (i32, i32) {
        match (self.months / 12, self.months % 12) {
            (years, _) if years >= 7 => (years, 0),
            parts => parts,
        }
    }
}

/// Prints it in Japanese.
impl fmt::Display for AgeShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
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

/// A date with its era, as 「令和8年4月3日」, as far as it is known; `None` for words and before 1868.
///
/// A year or month in which an era began is named by the era at its end, as on official forms.
pub fn wareki(when: &When) -> Option<String> {
    let first = when.first_day()?;
    let last = match when.precision() {
        Precision::Year => first.last_of_year(),
        Precision::Month => first.last_of_month(),
        Precision::Day => first,
        Precision::Words => return None,
    };
    let era = Era::of(last)?;
    let name = era.name();
    let year = match last.year() - era.first_day().year() {
        0 => "元".to_owned(),
        years => (years + 1).to_string(),
    };
    Some(match when.precision() {
        Precision::Day => format!("{name}{year}年{}月{}日", first.month(), first.day()),
        Precision::Month => format!("{name}{year}年{}月", first.month()),
        Precision::Year | Precision::Words => format!("{name}{year}年"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(born: &str, on: &str) -> Option<AgeShown> {
        AgeShown::on(Birth(born.parse().unwrap()), on.parse().unwrap())
    }

    #[test]
    fn ages_are_counted_in_whole_months() {
        for (born, on, japanese, english) in [
            ("2024-10-01", "2024-10-01", "生後0日", "0 d"),
            ("2024-10-01", "2024-10-15", "生後14日", "14 d"),
            ("2024-10-01", "2025-02-01", "4か月", "4 mo"),
            ("2024-10-01", "2025-10-01", "1歳", "1 y"),
            ("2024-10-01", "2026-03-31", "1歳5か月", "1 y 5 mo"),
            ("2024-10-01", "2026-04-01", "1歳6か月", "1 y 6 mo"),
            ("2020-04-02", "2027-10-10", "7歳", "7 y"),
            ("1990-10-01", "2026-04-01", "35歳", "35 y"),
        ] {
            let age = shown(born, on).unwrap();
            assert_eq!(
                (age.to_string().as_str(), age.english().as_str()),
                (japanese, english)
            );
        }
        assert_eq!(shown("2024-10-01", "2024-09-30"), None);
        let age = shown("2024-10-01", "2026-04-01").unwrap();
        assert_eq!(format!("{age:?}"), "AgeShown(..)");
    }

    #[test]
    fn months_without_the_day_of_birth_are_complete_on_the_day_after() {
        for (born, on, text) in [
            ("2024-02-29", "2025-02-28", "11か月"),
            ("2024-02-29", "2025-03-01", "1歳"),
            ("2025-01-31", "2025-02-28", "生後28日"),
            ("2025-01-31", "2025-03-01", "1か月"),
            ("2024-10-31", "2025-02-28", "3か月"),
        ] {
            assert_eq!(shown(born, on).unwrap().to_string(), text);
        }
    }

    #[test]
    fn eras_change_within_a_month_and_a_year() {
        for (when, text) in [
            ("2026-04-03", "令和8年4月3日"),
            ("2019-05-01", "令和元年5月1日"),
            ("2019-04-30", "平成31年4月30日"),
            ("1989-01-07", "昭和64年1月7日"),
            ("1926-12-24", "大正15年12月24日"),
            ("1912-07-29", "明治45年7月29日"),
            ("2026-04", "令和8年4月"),
            ("1926", "昭和元年"),
        ] {
            assert_eq!(wareki(&when.parse().unwrap()).unwrap(), text);
        }
        assert_eq!(wareki(&"6歳頃".parse().unwrap()), None);
    }
}
