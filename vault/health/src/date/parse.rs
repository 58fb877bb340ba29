//! Reads dates as people write them, in either calendar. Never guesses: `04/03` is refused.

use crate::{
    date::{Date, DateError, Era, FIRST_YEAR, Inner, LAST_YEAR, MAX_WORDS, When},
    decimal::narrow,
};

pub(super) fn when(text: &str) -> Result<When, DateError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DateError::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(DateError::ControlCharacter);
    }
    let plain: String = text
        .chars()
        .map(narrow)
        .filter(|c| !c.is_whitespace())
        .collect();
    let (era, rest) = split_era(&plain);
    if !has_shape_of_date(rest) || (era.is_some() && !begins_a_year(rest)) {
        return if text.chars().count() > MAX_WORDS {
            Err(DateError::TooLong)
        } else {
            Ok(When(Inner::Words(text.to_owned())))
        };
    }
    let parts = numbers(rest, era.is_some())?;
    let year = year(parts.year, era)?;
    let when = match (parts.month, parts.day) {
        (None, _) => When(Inner::Year(first(year, 1)?)),
        (Some(month), None) => When(Inner::Month(first(year, month)?)),
        (Some(month), Some(day)) => When(Inner::Day(exact(year, month, day)?)),
    };
    match era {
        Some(era) if !within(era, &when) => Err(DateError::OutsideEra { era }),
        _ => Ok(when),
    }
}

struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
}

fn split_era(text: &str) -> (Option<Era>, &str) {
    let found = ERAS.iter().find_map(|(names, era)| {
        names
            .iter()
            .find_map(|name| text.strip_prefix(name))
            .map(|rest| (*era, rest))
    });
    found.map_or((None, text), |(era, rest)| (Some(era), rest))
}

fn begins_a_year(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '元')
}

fn has_shape_of_date(text: &str) -> bool {
    let unit_or_digit = |c: char| c.is_ascii_digit() || "元年月日-/.".contains(c);
    text.contains(|c: char| c.is_ascii_digit() || c == '元') && text.chars().all(unit_or_digit)
}

/// Splits `Y`, `Y-M`, `Y-M-D`, `Y年M月D日` and `YYYYMMDD` into numbers.
fn numbers(text: &str, in_era: bool) -> Result<Parts, DateError> {
    let tidy = text.strip_suffix(['年', '月', '日']).unwrap_or(text);
    let fields: Vec<&str> = tidy.split(['年', '月', '-', '/', '.']).collect();
    // What has the shape of a date has no sign that could be read as part of a number.
    let number = |text: &str| text.parse::<i64>().map_err(|_| DateError::Unreadable);
    let year_of = |text: &str| match (text, in_era) {
        ("元", true) => Ok(1),
        (_, true) if text.len() <= 2 => number(text),
        (_, false) if text.len() == 4 => number(text),
        _ => Err(DateError::Unreadable),
    };
    let small = |text: &str| {
        if text.len() <= 2 {
            number(text)
        } else {
            Err(DateError::Unreadable)
        }
    };
    match fields.as_slice() {
        [all] if !in_era && all.len() == 8 && all.is_ascii() => {
            let (year, rest) = all.split_at(4);
            let (month, day) = rest.split_at(2);
            Ok(Parts {
                year: number(year)?,
                month: Some(number(month)?),
                day: Some(number(day)?),
            })
        }
        [year] => Ok(Parts {
            year: year_of(year)?,
            month: None,
            day: None,
        }),
        [year, month] => Ok(Parts {
            year: year_of(year)?,
            month: Some(small(month)?),
            day: None,
        }),
        [year, month, day] => Ok(Parts {
            year: year_of(year)?,
            month: Some(small(month)?),
            day: Some(small(day)?),
        }),
        _ => Err(DateError::Unreadable),
    }
}

fn year(number: i64, era: Option<Era>) -> Result<i16, DateError> {
    let year = match era {
        Some(era) => number + i64::from(era.first_day().year()) - 1,
        None => number,
    };
    let year = i16::try_from(year).map_err(|_| DateError::YearOutOfRange)?;
    if (FIRST_YEAR..=LAST_YEAR).contains(&year) {
        Ok(year)
    } else {
        Err(DateError::YearOutOfRange)
    }
}

fn first(year: i16, month: i64) -> Result<Date, DateError> {
    let number = i8::try_from(month).map_err(|_| DateError::NoSuchMonth { month })?;
    Date::new(year, number, 1).map_err(|_| DateError::NoSuchMonth { month })
}

fn exact(year: i16, month: i64, day: i64) -> Result<Date, DateError> {
    let first = first(year, month)?;
    let no_such_day = DateError::NoSuchDay {
        year,
        month: first.month(),
        last: first.days_in_month(),
    };
    let day = i8::try_from(day).map_err(|_| no_such_day)?;
    Date::new(year, first.month(), day).map_err(|_| no_such_day)
}

/// Whether any day that `when` can mean lies in `era`.
fn within(era: Era, when: &When) -> bool {
    match when.0 {
        Inner::Day(day) => era.touches(day, day),
        Inner::Month(first) => era.touches(first, first.last_of_month()),
        Inner::Year(first) => era.touches(first, first.last_of_year()),
        Inner::Words(_) => false,
    }
}

const ERAS: &[(&[&str], Era)] = &[
    (&["令和", "㋿", "R", "r"], Era::Reiwa),
    (&["平成", "㍻", "H", "h"], Era::Heisei),
    (&["昭和", "㍼", "S", "s"], Era::Showa),
    (&["大正", "㍽", "T", "t"], Era::Taisho),
    (&["明治", "㍾", "M", "m"], Era::Meiji),
];
