//! What the matching has to know of one member, out of the records: birth, a pregnancy that goes on,
//! how the vaccinations stand, what was done. It also decides when nothing may be said any more.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    calendar::{Birth, Expected},
    history::{History, Outcome},
    record::{CheckupType, Sex},
    schedule::{Case, CaseError, Rules, Status, forecast},
    value::redact,
};

/// The facts of one member on one day.
#[derive(Clone, Default)]
pub struct Facts {
    birth: Option<Birth>,
    sex: Option<Sex>,
    expected: Option<Expected>,
    silent: bool,
    series: BTreeMap<String, Standing>,
    checkups: Vec<CheckupType>,
}

/// How one series stands.
#[derive(Clone)]
struct Standing {
    status: Status,
    /// The dose that comes next: a number, or `booster`.
    next: Option<String>,
    last: Option<Date>,
}

redact!(Facts, Standing);

impl Facts {
    /// The facts of `history` on `today`. `family` holds the histories of all members: what was lost
    /// may be written down in the book of another.
    pub fn of<'a>(
        history: &History,
        family: impl IntoIterator<Item = &'a History>,
        rules: &Rules,
        today: Date,
    ) -> Result<Self, CaseError> {
        let silent = is_silenced(history, family, today);
        let answer = forecast(rules, &Case::of_history(history, today))?;
        let standings = answer.series.into_iter().map(|proposal| {
            let vaccines: Vec<&str> = rules.vaccines_of(&proposal.series).collect();
            let given = history.doses.iter().filter(|dose| {
                let code = dose.vaccine.as_str();
                dose.date <= today && vaccines.iter().any(|name| name.eq_ignore_ascii_case(code))
            });
            let standing = Standing {
                status: proposal.status,
                next: proposal.next_dose,
                last: given.map(|dose| dose.date).max(),
            };
            (proposal.series, standing)
        });
        Ok(Self {
            birth: history.birth,
            sex: history.sex,
            expected: history.expected_on(today),
            silent,
            series: standings.collect(),
            checkups: history.checkups.iter().map(|c| c.checkup.clone()).collect(),
        })
    }

    /// Whether nothing may be said about this member any more.
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    pub(super) fn birth(&self) -> Option<Birth> {
        self.birth
    }

    pub(super) fn expected(&self) -> Option<Expected> {
        self.expected
    }

    /// Whether somebody of that sex may be meant; a sex that is not written down may be either.
    pub(super) fn may_be(&self, sex: Sex) -> bool {
        self.sex.is_none_or(|own| own == sex)
    }

    /// The day of the last dose, if it was dose `dose` and the next one is still missing.
    pub(super) fn last_of(&self, series: &str, dose: u8) -> Option<Date> {
        let standing = self.series.get(series)?;
        let next = standing.next.as_deref()?;
        let follows = next == "booster" || next.parse() == Ok(u16::from(dose) + 1);
        standing.last.filter(|_| follows)
    }

    /// Whether `series` leave nothing to say: at least one is done, and no other waits.
    pub(super) fn are_done(&self, series: &[String], dose: Option<u8>) -> bool {
        let known = || series.iter().filter_map(|id| self.series.get(id));
        let rest_waits = |standing: &Standing| {
            !standing.is_done(dose) && standing.status != Status::NotApplicable
        };
        known().any(|standing| standing.is_done(dose)) && !known().any(rest_waits)
    }

    /// Whether one of these checkups was done.
    pub(super) fn was_examined(&self, checkups: &[String]) -> bool {
        let mut done = self.checkups.iter();
        done.any(|done| checkups.iter().any(|checkup| done.as_str() == checkup))
    }
}

impl Standing {
    /// Whether the series is complete, or has come to `dose`.
    fn is_done(&self, dose: Option<u8>) -> bool {
        let next = self.next.as_deref();
        let reached = dose.zip(next).is_some_and(|(dose, next)| {
            next == "booster" || next.parse().is_ok_and(|next: u16| next > u16::from(dose))
        });
        self.status == Status::Complete || reached
    }
}

/// Whether nothing may be said about the member any more on `today`: they have died, or were lost at
/// birth by what a book of the `family` says.
pub fn is_silenced<'a>(
    history: &History,
    family: impl IntoIterator<Item = &'a History>,
    today: Date,
) -> bool {
    history.is_over(today) || is_lost(history, family)
}

/// Whether the child of `history` was lost at birth by what another member's book says. Twins born
/// that day are told apart by their own books alone.
fn is_lost<'a>(history: &History, family: impl IntoIterator<Item = &'a History>) -> bool {
    let Some(birth) = history.birth else {
        return false;
    };
    let (mut lost, mut born) = (false, 0_usize);
    for other in family {
        born += usize::from(other.birth == Some(birth));
        lost |= other.pregnancies.iter().any(|pregnancy| {
            pregnancy.outcome == Some(Outcome::Loss) && pregnancy.ended == Some(birth.0)
        });
    }
    lost && born <= 1
}
