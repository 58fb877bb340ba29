//! Days of which a family wants to be reminded: where a vaccination or checkup begins, its last day, and
//! what was agreed with a clinic. The dates are the engines' and the records'; it reads no clock, and its
//! keys stay the same when a date moves.

use crate::{
    calendar::{FiscalYear, add_days},
    checkup::{self, CheckupDue, Checkups},
    date::Date,
    history::{Appointment, History},
    message::is_silenced,
    plan::{Item, Standing, standings},
    record::{CheckupType, Sensitivity},
    schedule::{Case, CaseError, Rules},
    value::redact,
};

/// One day to be reminded of.
#[derive(Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Names it among those of the member: the same however its date moves.
    pub key: String,
    /// What for.
    pub subject: Subject,
    /// What the day is.
    pub nature: Nature,
    /// The day.
    pub date: Date,
    /// The last day, if this is not it.
    pub until: Option<Date>,
    /// Whether it may leave the vault, as in a calendar file.
    pub may_leave: bool,
}

redact!(Reminder, Subject);

/// What a reminder is for.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// A dose of a series of the schedule.
    Vaccination {
        /// The series.
        series: String,
        /// The dose: a number, or `booster`.
        dose: Option<String>,
    },
    /// A checkup.
    Checkup {
        /// Its id in the file of checkups.
        id: String,
        /// The how-manieth, where there are several.
        number: Option<u16>,
    },
    /// Something agreed upon.
    Appointment {
        /// In the family's words.
        purpose: String,
        /// The time of day, `HH:MM`.
        time: Option<String>,
        /// Where.
        facility: Option<String>,
    },
}

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nature {
    /// It may be done from this day on.
    Begins,
    /// It may be done until this day.
    LastDay,
    /// It was agreed for this day.
    Agreed,
}

impl Nature {
    /// A word that stays the same.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begins => "begins",
            Self::LastDay => "last_day",
            Self::Agreed => "agreed",
        }
    }
}

/// What the dates are computed from.
#[derive(Debug, Clone, Copy)]
pub struct Engines<'a> {
    /// The schedule of vaccinations.
    pub rules: &'a Rules,
    /// The file of checkups.
    pub checkups: &'a Checkups,
}

/// The reminders of one member from `on` for `days` days, in order of time. `family` holds the
/// histories of all members.
///
/// Voluntary vaccinations are told only where the family has begun or planned them: nobody calls
/// for them. What was agreed upon for a day takes the place of its window.
pub fn reminders<'a>(
    engines: Engines<'_>,
    history: &History,
    family: impl IntoIterator<Item = &'a History>,
    on: Date,
    days: u16,
) -> Result<Vec<Reminder>, CaseError> {
    if is_silenced(history, family, on) {
        return Ok(Vec::new());
    }
    let mut all: Vec<Reminder> = Vec::new();
    for item in standings(engines.rules, &Case::of_history(history, on), days)? {
        all.extend(vaccination(engines.rules, history, &item, on));
    }
    for due in checkup::due(engines.checkups, history, on, days) {
        all.extend(examination(history, &due, on));
    }
    for appointment in history.appointments.iter().filter(|plan| plan.is_open) {
        all.extend(agreed(appointment));
    }
    let last = add_days(on, i64::from(days));
    all.retain(|reminder| (on..=last).contains(&reminder.date));
    all.sort_by(|a, b| (a.date, &a.key, a.nature).cmp(&(b.date, &b.key, b.nature)));
    Ok(all)
}

fn vaccination(rules: &Rules, history: &History, item: &Item, on: Date) -> Vec<Reminder> {
    let series = &item.proposal.series;
    let dose = item.proposal.next_dose.clone();
    let plans = || {
        let all = history.appointments.iter();
        all.filter(|plan| plan.is_open && is_for(rules, plan, series, dose.as_deref()))
    };
    let wanted = !item.voluntary || is_begun(item) || plans().next().is_some();
    let agreed = plans().any(|plan| plan.planned.is_some_and(|day| day >= on));
    if !is_waiting(item.standing) || !wanted || agreed {
        return Vec::new();
    }
    let mut key = format!("vaccination/{series}/{}", dose.as_deref().unwrap_or("-"));
    // What comes back every season is another event each time.
    let season = rules.view(series).filter(|view| view.seasonal);
    if let Some(day) = season.and(item.until.or(item.from)) {
        key = format!("{key}/y{}", FiscalYear::of(day).0);
    }
    let subject = Subject::Vaccination {
        series: series.clone(),
        dose,
    };
    both_ends(&key, &subject, (item.from, item.until))
}

/// Whether a dose of the series, of this season's where it has seasons, counts already.
fn is_begun(item: &Item) -> bool {
    item.proposal
        .next_dose
        .as_deref()
        .is_some_and(|dose| dose != "1")
}

fn examination(history: &History, due: &CheckupDue, on: Date) -> Vec<Reminder> {
    if !is_waiting(due.standing) || due.appointment.is_some_and(|day| day >= on) {
        return Vec::new();
    }
    let has_plan = history.appointments.iter().any(|plan| {
        let own = plan.checkup.as_deref().map(CheckupType::new);
        let ahead = plan.planned.is_some_and(|day| day >= on);
        plan.is_open && ahead && own.is_some_and(|own| own.as_str() == due.id)
    });
    if has_plan {
        return Vec::new();
    }
    let (first, _) = due.occasion.usual;
    let number = due.occasion.number;
    // What comes back is named by its number or its year, so that the next one is another event.
    let which = number.map_or_else(
        || format!("y{}", FiscalYear::of(due.occasion.from).0),
        |number| number.to_string(),
    );
    let key = format!("checkup/{}/{which}", due.id);
    let subject = Subject::Checkup {
        id: due.id.clone(),
        number,
    };
    both_ends(&key, &subject, (Some(first), Some(due.occasion.until)))
}

fn agreed(appointment: &Appointment) -> Vec<Reminder> {
    let key = format!("appointment/{}", appointment.source.id);
    let subject = Subject::Appointment {
        purpose: appointment.purpose.clone(),
        time: appointment.time.clone(),
        facility: appointment.facility.clone(),
    };
    let mut all = match appointment.planned {
        Some(date) => vec![Reminder {
            key,
            subject,
            nature: Nature::Agreed,
            date,
            until: None,
            may_leave: true,
        }],
        None => both_ends(&key, &subject, (appointment.due_from, appointment.due_to)),
    };
    for reminder in &mut all {
        reminder.may_leave = appointment.sensitivity == Sensitivity::Normal;
    }
    all
}

/// The first and the last day, each a reminder of its own.
fn both_ends(
    key: &str,
    subject: &Subject,
    (from, until): (Option<Date>, Option<Date>),
) -> Vec<Reminder> {
    let one = |nature, date: Option<Date>, until| {
        date.map(|date| Reminder {
            key: key.to_owned(),
            subject: subject.clone(),
            nature,
            date,
            until,
            may_leave: true,
        })
    };
    let last = until.filter(|until| from.is_none_or(|from| from < *until));
    let begins = one(Nature::Begins, from, until);
    let ends = one(Nature::LastDay, last, None);
    begins.into_iter().chain(ends).collect()
}

fn is_waiting(standing: Standing) -> bool {
    match standing {
        Standing::Closing
        | Standing::Overdue
        | Standing::Due
        | Standing::Soon
        | Standing::Later => true,
        Standing::Ask | Standing::Missed | Standing::Complete => false,
    }
}

/// Whether something planned is for this dose; families name a series as pages show it.
fn is_for(rules: &Rules, plan: &Appointment, series: &str, dose: Option<&str>) -> bool {
    let same_dose = plan
        .dose_no
        .is_none_or(|number| dose == Some(number.to_string().as_str()));
    let named = |text: &str| {
        let names = rules.names(series);
        text == series || names.is_some_and(|(ja, en)| text == ja || text.eq_ignore_ascii_case(en))
    };
    same_dose && plan.series.as_deref().map(str::trim).is_some_and(named)
}

#[cfg(test)]
mod tests;
