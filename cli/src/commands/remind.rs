//! `techo remind`: what is coming, as a list, as a calendar file, or told in time.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde::Serialize;
use techo_health::checkup::Checkups;
use techo_health::reminder::{Engines, Nature, Reminder, Subject, reminders};
use techo_health::schedule::Rules;
use techo_health::{Date, History};
use techo_vault::book::MemberId;
use techo_wire::label::{self, Label};

use crate::args::{RemindArgs, TitlesArg};
use crate::clock;
use crate::desk::{Desk, read_text, write_text};
use crate::error::Failure;
use crate::handbook::{self, handbooks};
use crate::ics::{Entry, Previous, Sheet};
use crate::lang::Lang;

mod page;
mod watch;

/// What is coming, as programs get it (docs/json.md).
#[derive(Serialize)]
struct Told<'a> {
    on: String,
    days: u16,
    data_version: String,
    checkups: String,
    outdated: bool,
    confirm: &'static str,
    reminders: &'a [Coming],
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<Written>,
}

/// A calendar file that was written.
#[derive(Serialize)]
struct Written {
    file: String,
    events: usize,
    /// Reminders that may not leave the vault.
    kept_back: usize,
}

/// One reminder.
#[derive(Debug, Clone, Serialize)]
struct Coming {
    uid: String,
    member: String,
    name: String,
    nature: &'static str,
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkup: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u16>,
    /// What it is for, in the language asked for.
    what: String,
    #[serde(skip)]
    day: Date,
    #[serde(skip)]
    nature_of: Nature,
    #[serde(skip)]
    may_leave: bool,
}

pub(super) fn run(desk: &Desk, args: &RemindArgs) -> Result<(), Failure> {
    let data = Data::read()?;
    if args.watch {
        return watch::run(desk, args, &data);
    }
    let today = clock::today();
    let all = data.coming(desk, today, EVERY_DAY)?;
    let shown = chosen(&all, args, today);
    let calendar = args
        .ics
        .as_deref()
        .map(|path| write(desk.lang(), path, args.titles, &all, &shown, today))
        .transpose()?;
    let told = Told {
        on: today.to_string(),
        days: args.days,
        data_version: data.rules.data_version().to_owned(),
        checkups: data.checkups.data_version().to_owned(),
        outdated: data.rules.review_by() < today,
        confirm: "confirm with your clinic and your city",
        reminders: &shown,
        calendar,
    };
    let lang = desk.lang();
    Ok(desk
        .out
        .show("remind/1", &told, |page| page::show(lang, page, &told))?)
}

/// The rules by which dates are computed.
#[derive(Debug)]
struct Data {
    rules: Rules,
    checkups: Checkups,
}

impl Data {
    fn read() -> Result<Self, Failure> {
        Ok(Self {
            rules: Rules::built_in()?,
            checkups: Checkups::built_in().map_err(anyhow::Error::from)?,
        })
    }

    /// What is coming for everybody. The vault is closed again when this returns.
    fn coming(&self, desk: &Desk, on: Date, days: u16) -> Result<Vec<Coming>, Failure> {
        let vault = desk.open()?;
        let books = handbooks(&vault, None)?;
        let family: Vec<&History> = books.iter().map(|book| &book.history).collect();
        let engines = Engines {
            rules: &self.rules,
            checkups: &self.checkups,
        };
        let mut all = Vec::new();
        for book in &books {
            let told = |history| {
                let own = reminders(engines, history, family.iter().copied(), on, days);
                own.map_err(anyhow::Error::from)
            };
            let mut own = told(&book.history)?;
            let open = handbook::to_hand_over(&vault, book.member.clone()).history;
            if open != book.history {
                keep_back(&mut own, &told(&open)?);
            }
            for reminder in own {
                let name = book.member.name();
                all.push(self.line(desk.lang(), (book.member.id, name), &reminder));
            }
        }
        all.sort_by_key(|coming| coming.day);
        Ok(all)
    }

    fn line(&self, lang: Lang, (id, name): (MemberId, &str), reminder: &Reminder) -> Coming {
        let (mut series, mut dose, mut checkup, mut number) = (None, None, None, None);
        let kind = match &reminder.subject {
            Subject::Vaccination {
                series: of,
                dose: next,
            } => {
                (series, dose) = (Some(of.clone()), next.clone());
                "vaccination"
            }
            Subject::Checkup { id, number: which } => {
                (checkup, number) = (Some(id.clone()), *which);
                "checkup"
            }
            Subject::Appointment { .. } => "appointment",
        };
        Coming {
            uid: uid(id, reminder),
            member: id.to_string(),
            name: name.to_owned(),
            nature: reminder.nature.as_str(),
            date: reminder.date.to_string(),
            until: reminder.until.map(|day| day.to_string()),
            kind,
            series,
            dose,
            checkup,
            number,
            what: page::subject(lang, self, &reminder.subject),
            day: reminder.date,
            nature_of: reminder.nature,
            may_leave: reminder.may_leave,
        }
    }
}

/// Keeps in the vault what does not follow from those records alone that may leave it.
fn keep_back(own: &mut [Reminder], open: &[Reminder]) {
    for reminder in own {
        reminder.may_leave &= open.contains(reminder);
    }
}

/// Names a reminder for ever; without the member's random id nobody can tell of whom or what.
fn uid(member: MemberId, reminder: &Reminder) -> String {
    let nature = reminder.nature.as_str().as_bytes();
    let parts = [
        member.as_bytes().as_slice(),
        nature,
        &[0],
        reminder.key.as_bytes(),
    ];
    let hash = label::hash(Label::ReminderUid, &parts);
    let hex = hash.iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("{}@techo", hex.collect::<String>())
}

fn chosen(all: &[Coming], args: &RemindArgs, today: Date) -> Vec<Coming> {
    let last = techo_health::calendar::add_days(today, i64::from(args.days));
    let named = args.member.as_deref();
    let wanted = all.iter().filter(|coming| {
        coming.day <= last
            && named.is_none_or(|name| coming.name.contains(name) || coming.member == name)
    });
    wanted.cloned().collect()
}

fn write(
    lang: Lang,
    path: &Path,
    titles: TitlesArg,
    all: &[Coming],
    shown: &[Coming],
    today: Date,
) -> Result<Written, Failure> {
    let previous = if path.exists() {
        Previous::read(&read_text(path)?).map_err(|error| Failure::File {
            path: path.to_owned(),
            source: io::Error::new(io::ErrorKind::AlreadyExists, error),
        })?
    } else {
        Previous::default()
    };
    let entries: Vec<Entry> = shown
        .iter()
        .filter(|coming| coming.may_leave)
        .map(|coming| page::entry(lang, titles, coming))
        .collect();
    let alive: BTreeSet<String> = all
        .iter()
        .filter(|coming| coming.may_leave)
        .map(|coming| coming.uid.clone())
        .collect();
    let sheet = Sheet {
        entries: &entries,
        alive: &alive,
        previous: &previous,
        today,
        now: clock::now(),
    };
    let text = sheet.write().map_err(anyhow::Error::from)?;
    write_text(path, &text)?;
    Ok(Written {
        file: path.display().to_string(),
        events: entries.len(),
        kept_back: shown.len() - entries.len(),
    })
}

/// As far as the schedule looks ahead.
const EVERY_DAY: u16 = 7_300;

#[cfg(test)]
mod tests {
    use super::*;

    fn reminder(key: &str, date: &str) -> Reminder {
        Reminder {
            key: key.to_owned(),
            subject: Subject::Vaccination {
                series: "bcg".to_owned(),
                dose: Some("1".to_owned()),
            },
            nature: Nature::Begins,
            date: date.parse().unwrap(),
            until: None,
            may_leave: true,
        }
    }

    #[test]
    fn a_uid_stays_when_the_date_moves_and_differs_between_members_and_doses() {
        let (one, other) = (MemberId::from_bytes([1; 16]), MemberId::from_bytes([2; 16]));
        let bcg = reminder("vaccination/bcg/1", "2027-02-28");
        let moved = reminder("vaccination/bcg/1", "2027-03-28");
        assert_eq!(uid(one, &bcg), uid(one, &moved));
        assert_ne!(uid(one, &bcg), uid(other, &bcg));
        assert_ne!(
            uid(one, &bcg),
            uid(one, &reminder("vaccination/mr_1/1", "2027-02-28"))
        );
        let mut last = bcg.clone();
        last.nature = Nature::LastDay;
        assert_ne!(uid(one, &bcg), uid(one, &last));
        assert_eq!(uid(one, &bcg).len(), "@techo".len() + 32);
    }

    #[test]
    fn what_only_private_records_tell_stays_in_the_vault() {
        let second = reminder("vaccination/mumps/2", "2027-02-28");
        let later = reminder("vaccination/bcg/1", "2027-03-28");
        let mut own = [second, later.clone()];
        let open = [reminder("vaccination/mumps/1", "2027-01-05"), later];
        keep_back(&mut own, &open);
        assert_eq!(own.map(|reminder| reminder.may_leave), [false, true]);
    }

    #[test]
    fn a_neutral_calendar_holds_no_name_and_no_vaccine() {
        let data = Data::read().unwrap();
        let member = (MemberId::from_bytes([1; 16]), "みほん花");
        for lang in [Lang::Ja, Lang::En] {
            let line = data.line(lang, member, &reminder("vaccination/bcg/1", "2027-02-28"));
            let neutral = page::entry(lang, TitlesArg::Neutral, &line);
            let full = page::entry(lang, TitlesArg::Full, &line);
            for word in ["みほん花", "BCG"] {
                assert!(!format!("{neutral:?}").contains(word));
                assert!(full.summary.contains(word));
            }
        }
    }
}
