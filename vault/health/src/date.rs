//! When something happened, as exactly as a family knows it. Decides what is a date in Japan; never
//! knows what day it is today, and does no arithmetic.

use std::{cmp::Ordering, fmt, str::FromStr};

pub use jiff::civil::Date;
use serde::{Serialize, Serializer};

mod era;
mod parse;

pub use era::Era;

/// A day, a month, a year, or words such as 「6歳頃」.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct When(Inner);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    Day(Date),
    /// The first day of the month.
    Month(Date),
    /// The first day of the year.
    Year(Date),
    Words(String),
}

/// How exactly a [`When`] is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// To the day.
    Day,
    /// To the month.
    Month,
    /// To the year.
    Year,
    /// Only in words.
    Words,
}

impl When {
    /// The day, if it is known to the day.
    pub fn day(&self) -> Option<Date> {
        match self.0 {
            Inner::Day(day) => Some(day),
            Inner::Month(_) | Inner::Year(_) | Inner::Words(_) => None,
        }
    }

    /// The first day that this can mean; `None` for words.
    pub fn first_day(&self) -> Option<Date> {
        match self.0 {
            Inner::Day(day) | Inner::Month(day) | Inner::Year(day) => Some(day),
            Inner::Words(_) => None,
        }
    }

    /// The year, which chooses the document of a new record; `None` for words.
    pub fn year(&self) -> Option<i16> {
        self.first_day().map(Date::year)
    }

    /// How exactly this is known.
    pub fn precision(&self) -> Precision {
        match self.0 {
            Inner::Day(_) => Precision::Day,
            Inner::Month(_) => Precision::Month,
            Inner::Year(_) => Precision::Year,
            Inner::Words(_) => Precision::Words,
        }
    }
}

impl From<Date> for When {
    fn from(day: Date) -> Self {
        Self(Inner::Day(day))
    }
}

/// Reads `2026-04-03`, `2026/4/3`, `20260403`, `2026年4月3日`, `令和8年4月3日`, `R8.4.3`, `昭和元年`, the same
/// without day or month, and otherwise words of at most 64 characters.
///
/// What has the shape of a date but names no day is refused, never kept as words.
impl FromStr for When {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        parse::when(text)
    }
}

/// Prints what [`When::from_str`] reads back: `2026-04-03`, `2026-04`, `2026`, or the words.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Day(d) => write!(f, "{:04}-{:02}-{:02}", d.year(), d.month(), d.day()),
            Inner::Month(d) => write!(f, "{:04}-{:02}", d.year(), d.month()),
            Inner::Year(d) => write!(f, "{:04}", d.year()),
            Inner::Words(words) => f.write_str(words),
        }
    }
}

/// Orders by time: a year before its months, a month before its days, words last.
impl Ord for When {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |when: &Self| (when.first_day().is_none(), when.to_string());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for When {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Health data stays out of logs.
impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "When({:?})", self.precision())
    }
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// Nothing was written.
    #[error("the date is empty")]
    Empty,
    /// Digits that are no date in any known order.
    #[error("a date is written YYYY-MM-DD, YYYY-MM or YYYY")]
    Unreadable,
    /// No such month.
    #[error("there is no month {month}")]
    NoSuchMonth {
        /// What stands in its place.
        month: i64,
    },
    /// No such day in that month, as in 2026-02-30.
    #[error("month {month} of {year} has {last} days")]
    NoSuchDay {
        /// The year.
        year: i16,
        /// The month.
        month: i8,
        /// Its last day.
        last: i8,
    },
    /// A year outside 1868–2199.
    #[error("years reach from {FIRST_YEAR} to {LAST_YEAR}")]
    YearOutOfRange,
    /// A day before or after its era, as in 平成35年.
    #[error("the era {era:?} did not include that date")]
    OutsideEra {
        /// The era named.
        era: Era,
    },
    /// Words of more than 64 characters.
    #[error("a date in words has at most {MAX_WORDS} characters")]
    TooLong,
    /// A line break or another control character.
    #[error("a date holds no control characters")]
    ControlCharacter,
}

/// The longest date in words, in characters.
pub const MAX_WORDS: usize = 64;
/// The first year that a date may have.
pub const FIRST_YEAR: i16 = 1868;
/// The last year that a date may have.
pub const LAST_YEAR: i16 = 2199;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> String {
        text.parse::<When>().unwrap().to_string()
    }

    #[test]
    fn a_day_is_read_in_the_ways_people_write_it() {
        for text in [
            "2026-04-03",
            "2026/4/3",
            "2026.4.3",
            "20260403",
            "2026年4月3日",
            " 2026年 4月 3日 ",
            "２０２６－０４－０３",
            "令和8年4月3日",
            "令和８年４月３日",
            "R8.4.3",
            "r8/4/3",
            "R08-04-03",
            "R8年4月3日",
            "㋿8年4月3日",
        ] {
            assert_eq!(printed(text), "2026-04-03", "{text}");
            assert_eq!(text.parse::<When>().unwrap().precision(), Precision::Day);
        }
    }

    #[test]
    fn months_and_years_are_dates_too() {
        for text in ["2026-04", "2026/4", "2026年4月", "R8.4", "令和8年4月"] {
            assert_eq!(printed(text), "2026-04", "{text}");
            assert_eq!(text.parse::<When>().unwrap().year(), Some(2026), "{text}");
        }
        for text in ["2026", "2026年", "令和8年", "R8"] {
            assert_eq!(printed(text), "2026", "{text}");
        }
    }

    #[test]
    fn the_first_year_of_an_era_is_gannen() {
        assert_eq!(printed("令和元年5月1日"), "2019-05-01");
        assert_eq!(printed("平成元年1月8日"), "1989-01-08");
        assert_eq!(printed("昭和元年"), "1926");
        assert_eq!(printed("S64.1.7"), "1989-01-07");
        assert_eq!(printed("大正15年12月24日"), "1926-12-24");
        assert_eq!(printed("明治45年7月29日"), "1912-07-29");
    }

    #[test]
    fn a_date_outside_its_era_is_refused() {
        for (text, era) in [
            ("令和元年4月30日", Era::Reiwa),
            ("令和元年4月", Era::Reiwa),
            ("平成31年5月1日", Era::Heisei),
            ("H35.1.1", Era::Heisei),
            ("昭和65年", Era::Showa),
            ("昭和0年", Era::Showa),
        ] {
            assert_eq!(
                text.parse::<When>(),
                Err(DateError::OutsideEra { era }),
                "{text}"
            );
        }
        assert_eq!(printed("平成31年4月"), "2019-04");
    }

    #[test]
    fn an_impossible_date_is_refused_and_not_kept_as_words() {
        let no_day = |year, month, last| Err(DateError::NoSuchDay { year, month, last });
        assert_eq!("2026-02-30".parse::<When>(), no_day(2026, 2, 28));
        assert_eq!("2024-02-30".parse::<When>(), no_day(2024, 2, 29));
        assert_eq!("令和8年4月31日".parse::<When>(), no_day(2026, 4, 30));
        assert_eq!("2026-04-00".parse::<When>(), no_day(2026, 4, 30));
        assert_eq!(
            "2026-13".parse::<When>(),
            Err(DateError::NoSuchMonth { month: 13 })
        );
        assert_eq!("3026-01-01".parse::<When>(), Err(DateError::YearOutOfRange));
        assert_eq!("1867".parse::<When>(), Err(DateError::YearOutOfRange));
        for text in [
            "26-4-3",
            "2026-4-3-2",
            "4/3",
            "202604",
            "2026--04",
            "1",
            "R8.4.3.1",
            "R123",
            "R2026.4.3",
            "元",
            "元年5月1日",
            "2026年4日3",
            "令和8年元月",
        ] {
            assert_eq!(text.parse::<When>(), Err(DateError::Unreadable), "{text}");
        }
        assert_eq!(
            "2024-02-29".parse::<When>().unwrap().day().unwrap().day(),
            29
        );
    }

    #[test]
    fn words_are_kept_as_written() {
        for text in [
            "6歳頃",
            "2026年春",
            "小学校入学前",
            "H. pylori検査の日",
            // The name of a yoghurt: a letter of an era, but no year after it.
            "R-1",
            "年",
        ] {
            assert_eq!(printed(text), text);
            assert_eq!(text.parse::<When>().unwrap().year(), None);
        }
        assert_eq!(printed(&"頃".repeat(64)), "頃".repeat(64));
        assert_eq!("".parse::<When>(), Err(DateError::Empty));
        assert_eq!("頃".repeat(65).parse::<When>(), Err(DateError::TooLong));
        assert_eq!(
            "6歳\u{1b}[2J".parse::<When>(),
            Err(DateError::ControlCharacter)
        );
    }

    #[test]
    fn debug_output_says_how_exactly_and_no_more() {
        for (text, shown) in [
            ("2026-04-03", "When(Day)"),
            ("2026-04", "When(Month)"),
            ("2026", "When(Year)"),
            ("6歳頃", "When(Words)"),
        ] {
            assert_eq!(format!("{:?}", text.parse::<When>().unwrap()), shown);
        }
    }

    #[test]
    fn order_follows_time_and_words_come_last() {
        let sorted = [
            "1999-12-31",
            "2026",
            "2026-04",
            "2026-04-03",
            "2026-05",
            "2027",
            "0歳",
        ];
        let mut dates: Vec<When> = sorted.iter().rev().map(|t| t.parse().unwrap()).collect();
        dates.sort();
        assert_eq!(
            dates.iter().map(When::to_string).collect::<Vec<_>>(),
            sorted
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(text in "([RHSTM]|令和|平成|昭和)?[0-9元０-９年月日/.-]{1,12}|\\PC{0,70}") {
            if let Ok(when) = text.parse::<When>() {
                prop_assert_eq!(when.to_string().parse::<When>().unwrap(), when);
            }
        }

        #[test]
        fn every_day_survives(days in 0_i32..120_000) {
            let day = Date::new(1868, 1, 1).unwrap().saturating_add(jiff::Span::new().days(days));
            let when = When::from(day);
            prop_assert_eq!(when.to_string().parse::<When>().unwrap().day(), Some(day));
        }
    }
}
