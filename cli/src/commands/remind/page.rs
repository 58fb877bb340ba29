//! How reminders read: on a page, in a calendar, in a notification.

use techo_health::When;
use techo_health::reminder::{Nature, Subject};

use super::{Coming, Data, Told};
use crate::args::TitlesArg;
use crate::ics::Entry;
use crate::lang::{Lang, dates, say, series};
use crate::output::{Page, Table};

/// What a reminder is for.
pub(super) fn subject(lang: Lang, data: &Data, subject: &Subject) -> String {
    match subject {
        Subject::Vaccination { series: id, dose } => {
            series::dose(lang, &data.rules, id, dose.as_deref())
        }
        Subject::Checkup { id, number } => {
            let rule = data.checkups.rule(id);
            let name = rule.map_or(id.as_str(), |rule| lang.of(&rule.japanese, &rule.english));
            match number {
                Some(number) => say!(lang, "{n} {i}回目", "{n}, no. {i}", n = name, i = number),
                None => name.to_owned(),
            }
        }
        Subject::Appointment {
            purpose,
            time,
            facility,
        } => {
            let parts = [Some(purpose), time.as_ref(), facility.as_ref()];
            let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            parts.join(" ")
        }
    }
}

/// What the day is.
fn nature(lang: Lang, coming: &Coming) -> String {
    match (coming.nature_of, &coming.until) {
        (Nature::Begins, Some(until)) => {
            say!(
                lang,
                "この日から {u} まで",
                "from this day until {u}",
                u = until
            )
        }
        (Nature::Begins, None) => lang.of("この日から", "from this day").to_owned(),
        (Nature::LastDay, _) => lang.of("最後の日", "the last day").to_owned(),
        (Nature::Agreed, _) => lang.of("予約", "appointment").to_owned(),
    }
}

/// Who and what, in one line.
pub(super) fn full(lang: Lang, coming: &Coming) -> String {
    let (name, what) = (&coming.name, &coming.what);
    match coming.nature_of {
        Nature::Agreed => format!("{name}: {what}"),
        Nature::Begins | Nature::LastDay => {
            format!("{name}: {what} ({})", nature(lang, coming))
        }
    }
}

/// What anybody may see.
pub(super) fn neutral(lang: Lang) -> &'static str {
    lang.of("予定", "Appointment")
}

/// An event of the calendar.
pub(super) fn entry(lang: Lang, titles: TitlesArg, coming: &Coming) -> Entry {
    let (summary, description) = match titles {
        TitlesArg::Neutral => (
            neutral(lang).to_owned(),
            lang.of("くわしくは techo remind で。", "See techo remind.")
                .to_owned(),
        ),
        TitlesArg::Full => (
            full(lang, coming),
            lang.of(
                "かかりつけ医とお住まいの市区町村に確認してください。",
                "Confirm with your clinic and your city.",
            )
            .to_owned(),
        ),
    };
    Entry {
        uid: coming.uid.clone(),
        date: coming.day,
        summary,
        description,
    }
}

/// The whole page.
pub(super) fn show(lang: Lang, page: &mut Page, told: &Told<'_>) {
    page.line(say!(
        lang,
        "これから{n}日間の予定",
        "Coming in the next {n} days",
        n = told.days
    ));
    page.gap();
    let mut table = Table::indented(2);
    for coming in told.reminders {
        table.row([
            dates::date(lang, &When::from(coming.day)),
            coming.name.clone(),
            coming.what.clone(),
            nature(lang, coming),
        ]);
    }
    page.table(&table);
    if told.reminders.is_empty() {
        page.line(lang.of("  ありません。", "  Nothing."));
    }
    page.gap();
    if let Some(calendar) = &told.calendar {
        page.line(say!(
            lang,
            "{f} に予定{n}件を書きました。カレンダーに読み込んでください。次も同じファイルに書くと、動いた予定が置き換わります。",
            "Wrote {n} events to {f}: open it with your calendar. Write to the same file again, and what has moved is replaced.",
            f = calendar.file,
            n = calendar.events
        ));
        if calendar.kept_back > 0 {
            page.line(say!(
                lang,
                "手帳から出さないと決めた予定{n}件は書いていません。",
                "{n} that must not leave the vault are not in it.",
                n = calendar.kept_back
            ));
        }
    }
    page.line(say!(
        lang,
        "かかりつけ医とお住まいの市区町村に確認してください。診断ではありません。(規則 {s}、{c})",
        "Confirm with your clinic and your city. This is no diagnosis. (Rules {s}, {c})",
        s = told.data_version,
        c = told.checkups
    ));
    if told.outdated {
        page.line(lang.of(
            "⚠ この規則は見直しの期日を過ぎています。新しい版がないか確かめてください。",
            "⚠ These rules are past the day on which they should have been reviewed: look for a newer version.",
        ));
    }
}
