//! `techo remind --watch`: stays and tells a week before, the day before and on the day. The vault is
//! open only while it is read, so that other commands can work.

use std::time::Duration;

use serde::Serialize;
use techo_health::Date;
use techo_health::calendar::days_between;

use super::{Coming, Data, EVERY_DAY, chosen, page};
use crate::args::{RemindArgs, TitlesArg};
use crate::clock;
use crate::desk::{Desk, network};
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::notice;

/// One thing told, as programs get it (docs/json.md).
#[derive(Serialize)]
struct Told<'a> {
    in_days: i64,
    reminder: &'a Coming,
    /// Whether the desktop showed it.
    shown: bool,
}

pub(super) fn run(desk: &Desk, args: &RemindArgs, data: &Data) -> Result<(), Failure> {
    let mut all = data.coming(desk, clock::today(), EVERY_DAY)?;
    let lang = desk.lang();
    desk.out.aside(lang.of(
        "1週間前・前日・当日にお知らせします(Ctrl-Cで終了)。",
        "Tells a week before, the day before and on the day (Ctrl-C ends it).",
    ));
    network(async {
        let mut told_on: Option<Date> = None;
        loop {
            let today = clock::today();
            let is_new = told_on != Some(today);
            if is_new && (told_on.is_none() || clock::hour() >= MORNING) {
                if told_on.is_some() && desk.passphrase().is_file() {
                    // While another command has the vault, what was read before still holds.
                    if let Ok(newer) = data.coming(desk, today, EVERY_DAY) {
                        all = newer;
                    }
                }
                tell(desk, args, &chosen(&all, args, today), today).await?;
                told_on = Some(today);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                stopped = tokio::signal::ctrl_c() => return Ok(stopped?),
            }
        }
    })
}

async fn tell(desk: &Desk, args: &RemindArgs, all: &[Coming], today: Date) -> Result<(), Failure> {
    let lang = desk.lang();
    for (in_days, coming) in notices(all, today) {
        let (title, body) = words(lang, args.titles, in_days, coming);
        let shown = notice::show(title, body).await;
        let told = Told {
            in_days,
            reminder: coming,
            shown,
        };
        desk.out.show("remind-notice/1", &told, |page| {
            page.line(format!(
                "{}  {}",
                when(lang, in_days),
                page::full(lang, coming)
            ));
        })?;
    }
    Ok(())
}

/// What is told on `today`, and in how many days it is.
fn notices(all: &[Coming], today: Date) -> impl Iterator<Item = (i64, &Coming)> {
    let ahead = move |coming: &Coming| days_between(today, coming.day);
    all.iter()
        .map(move |coming| (ahead(coming), coming))
        .filter(|(days, _)| [0, 1, 7].contains(days))
}

fn when(lang: Lang, in_days: i64) -> String {
    match in_days {
        0 => lang.of("今日", "Today").to_owned(),
        1 => lang.of("明日", "Tomorrow").to_owned(),
        days => say!(lang, "{n}日後", "In {n} days", n = days),
    }
}

/// Title and text of a notification: it stands on a screen that others see.
fn words(lang: Lang, titles: TitlesArg, in_days: i64, coming: &Coming) -> (String, String) {
    let when = when(lang, in_days);
    match titles {
        TitlesArg::Neutral => (
            format!("{} ({when})", page::neutral(lang)),
            lang.of("くわしくは techo remind で。", "See techo remind.")
                .to_owned(),
        ),
        TitlesArg::Full => (when, page::full(lang, coming)),
    }
}

/// Nobody is woken by a notification.
const MORNING: i8 = 8;
/// A device that slept notices the new day within this time.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use techo_health::reminder::Nature;

    use super::*;

    fn coming(date: &str) -> Coming {
        Coming {
            uid: String::new(),
            member: String::new(),
            name: "みほん花".to_owned(),
            nature: "begins",
            date: date.to_owned(),
            until: None,
            kind: "vaccination",
            series: None,
            dose: None,
            checkup: None,
            number: None,
            what: "BCG".to_owned(),
            day: date.parse().unwrap(),
            nature_of: Nature::Begins,
            may_leave: true,
        }
    }

    #[test]
    fn a_week_before_the_day_before_and_on_the_day() {
        let all = [
            "2026-11-21",
            "2026-11-22",
            "2026-11-23",
            "2026-11-24",
            "2026-11-29",
        ];
        let all = all.map(coming);
        let today = "2026-11-22".parse().unwrap();
        let told: Vec<i64> = notices(&all, today).map(|(days, _)| days).collect();
        assert_eq!(told, [0, 1, 7]);
    }

    #[test]
    fn a_notification_names_nobody_unless_asked_to() {
        let one = coming("2026-11-23");
        let said = |titles| {
            let (title, body) = words(Lang::Ja, titles, 1, &one);
            title + &body
        };
        assert!(!said(TitlesArg::Neutral).contains("みほん花"));
        assert!(!said(TitlesArg::Neutral).contains("BCG"));
        assert!(said(TitlesArg::Full).contains("みほん花"));
    }
}
