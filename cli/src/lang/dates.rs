//! Dates and ages for people: the Western and the Japanese year side by side, ages in years and
//! months. Never knows what day it is.

use techo_health::calendar::{AgeShown, Birth, wareki};
use techo_health::{Date, When};

use super::Lang;

/// A date as people write it: `2026-04-03(令和8年4月3日)`; words stay words.
pub(crate) fn date(lang: Lang, when: &When) -> String {
    match (lang, wareki(when)) {
        (Lang::Ja, Some(japanese)) => format!("{when}({japanese})"),
        (Lang::Ja | Lang::En, _) => when.to_string(),
    }
}

/// Stored text as a date for people, or as it is.
pub(crate) fn date_text(lang: Lang, text: &str) -> String {
    text.parse::<When>()
        .map_or_else(|_| text.to_owned(), |when| date(lang, &when))
}

/// How old somebody born on `birth` is on `day`: `1歳6か月`; `None` before birth.
pub(crate) fn age(lang: Lang, birth: Date, day: Date) -> Option<String> {
    let age = AgeShown::on(Birth(birth), day)?;
    Some(match lang {
        Lang::Ja => age.to_string(),
        Lang::En => age.english(),
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
    fn ages_are_told_in_both_languages() {
        let (birth, day) = ("2024-10-01".parse().unwrap(), "2026-04-01".parse().unwrap());
        assert_eq!(age(Lang::Ja, birth, day).unwrap(), "1歳6か月");
        assert_eq!(age(Lang::En, birth, day).unwrap(), "1 y 6 mo");
        assert_eq!(age(Lang::En, day, birth), None);
    }

    #[test]
    fn instants_are_shown_in_japan() {
        // 2026-04-02T23:30Z is already the third of April in Japan.
        assert_eq!(instant(1_775_172_600_000), "2026-04-03 08:30");
    }
}
