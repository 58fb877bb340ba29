//! Dates and ages for people: the Western and the Japanese year side by side, ages in years and
//! months. Never knows what day it is.

use techo_health::date::{Era, Precision};
use techo_health::{Date, When};

use super::{Lang, say};

/// A date as people write it: `2026-04-03(令和8年4月3日)`; words stay words.
pub(crate) fn date(lang: Lang, when: &When) -> String {
    match (lang, era(when)) {
        (Lang::Ja, Some(japanese)) => format!("{when}({japanese})"),
        (Lang::Ja | Lang::En, _) => when.to_string(),
    }
}

/// Stored text as a date for people, or as it is.
pub(crate) fn date_text(lang: Lang, text: &str) -> String {
    text.parse::<When>()
        .map_or_else(|_| text.to_owned(), |when| date(lang, &when))
}

/// The Japanese year, month and day, as far as they are known.
fn era(when: &When) -> Option<String> {
    let first = when.first_day()?;
    let (name, year) = era_year(when.precision(), first)?;
    let year = if year == 1 {
        "元".to_owned()
    } else {
        year.to_string()
    };
    Some(match when.precision() {
        Precision::Day => format!("{name}{year}年{}月{}日", first.month(), first.day()),
        Precision::Month => format!("{name}{year}年{}月", first.month()),
        Precision::Year => format!("{name}{year}年"),
        Precision::Words => return None,
    })
}

/// A year or month in which an era began is named by the era at its end, as on official forms.
fn era_year(precision: Precision, first: Date) -> Option<(&'static str, i16)> {
    let last = match precision {
        Precision::Year => first.last_of_year(),
        Precision::Month => first.last_of_month(),
        Precision::Day | Precision::Words => first,
    };
    let (era, began) = ERAS.into_iter().find(|(_, (year, month, day))| {
        (last.year(), last.month(), last.day()) >= (*year, *month, *day)
    })?;
    Some((era_name(era), last.year() - began.0 + 1))
}

const ERAS: [(Era, (i16, i8, i8)); 5] = [
    (Era::Reiwa, (2019, 5, 1)),
    (Era::Heisei, (1989, 1, 8)),
    (Era::Showa, (1926, 12, 25)),
    (Era::Taisho, (1912, 7, 30)),
    (Era::Meiji, (1868, 1, 25)),
];

/// The name of an era.
pub(crate) fn era_name(era: Era) -> &'static str {
    match era {
        Era::Meiji => "明治",
        Era::Taisho => "大正",
        Era::Showa => "昭和",
        Era::Heisei => "平成",
        Era::Reiwa => "令和",
    }
}

/// How old somebody born on `birth` is on `day`: `1歳6か月`; `None` before birth.
///
/// A month is complete on the same day of a later month, and where that day does not exist, on the
/// day after the month's last (Civil Code, art. 143).
pub(crate) fn age(lang: Lang, birth: Date, day: Date) -> Option<String> {
    if day < birth {
        return None;
    }
    let months = i32::from(day.year() - birth.year()) * 12 + i32::from(day.month() - birth.month())
        - i32::from(day.day() < birth.day());
    let (years, rest) = (months / 12, months % 12);
    Some(if months == 0 {
        let days = birth.until(day).map_or(0, |span| span.get_days());
        say!(lang, "生後{n}日", "{n} d", n = days)
    } else if years == 0 {
        say!(lang, "{n}か月", "{n} mo", n = rest)
    } else if years >= 7 || rest == 0 {
        say!(lang, "{n}歳", "{n} y", n = years)
    } else {
        say!(lang, "{y}歳{m}か月", "{y} y {m} mo", y = years, m = rest)
    })
}

/// An instant, in Japan: `2026-04-03 18:05`.
pub(crate) fn instant(millis: u64) -> String {
    let stamp = i64::try_from(millis)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let Some(stamp) = stamp else {
        return "?".to_owned();
    };
    let local = crate::clock::JAPAN.to_datetime(stamp);
    format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        date(Lang::Ja, &text.parse().unwrap())
    }

    fn old(birth: &str, day: &str) -> Option<String> {
        age(Lang::Ja, birth.parse().unwrap(), day.parse().unwrap())
    }

    #[test]
    fn a_date_is_shown_in_both_calendars() {
        assert_eq!(shown("2026-04-03"), "2026-04-03(令和8年4月3日)");
        assert_eq!(shown("2019-05-01"), "2019-05-01(令和元年5月1日)");
        assert_eq!(shown("2019-04-30"), "2019-04-30(平成31年4月30日)");
        assert_eq!(shown("1989-01-07"), "1989-01-07(昭和64年1月7日)");
        assert_eq!(shown("2026-04"), "2026-04(令和8年4月)");
        assert_eq!(shown("1926"), "1926(昭和元年)");
        assert_eq!(shown("6歳頃"), "6歳頃");
        assert_eq!(date(Lang::En, &"2026-04-03".parse().unwrap()), "2026-04-03");
    }

    #[test]
    fn ages_are_counted_in_whole_months() {
        assert_eq!(old("2024-10-01", "2026-04-01").unwrap(), "1歳6か月");
        assert_eq!(old("2024-10-01", "2026-03-31").unwrap(), "1歳5か月");
        assert_eq!(old("2024-10-01", "2024-10-15").unwrap(), "生後14日");
        assert_eq!(old("2024-10-01", "2025-10-01").unwrap(), "1歳");
        assert_eq!(old("2024-10-01", "2025-02-01").unwrap(), "4か月");
        assert_eq!(old("1990-10-01", "2026-04-01").unwrap(), "35歳");
        assert_eq!(old("2024-10-01", "2024-09-30"), None);
    }

    #[test]
    fn months_without_the_day_of_birth_are_complete_on_the_day_after() {
        assert_eq!(old("2024-02-29", "2025-02-28").unwrap(), "11か月");
        assert_eq!(old("2024-02-29", "2025-03-01").unwrap(), "1歳");
        assert_eq!(old("2025-01-31", "2025-02-28").unwrap(), "生後28日");
        assert_eq!(old("2025-01-31", "2025-03-01").unwrap(), "1か月");
    }

    #[test]
    fn instants_are_shown_in_japan() {
        // 2026-04-02T23:30Z is already the third of April in Japan.
        assert_eq!(instant(1_775_172_600_000), "2026-04-03 08:30");
    }
}
