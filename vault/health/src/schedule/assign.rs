//! Which series each dose fills: the first of its vaccine that takes it. Forecasts nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::answer::Unassigned;
use super::case::Dose;
use super::legal::{Asked, Legal};
use super::rules::{Early, Series, Switching, VaccineRule, WindowRule};
use super::walk::{Shot, Walk};

/// The doses by series, and those that fill none.
#[derive(Default)]
pub(super) struct Assigned<'a> {
    by_series: BTreeMap<&'a str, Vec<Shot<'a>>>,
    /// The series that each group was begun with.
    begun: BTreeMap<&'a str, &'a str>,
    pub(super) unassigned: Vec<Unassigned>,
}

impl<'a> Assigned<'a> {
    /// Assigns every dose that was given by the day of the question.
    pub(super) fn of(asked: Asked<'a>) -> Self {
        let mut all = Self::default();
        let mut last: Vec<&Dose> = Vec::new();
        for dose in &asked.case.doses {
            let same = |other: &&Dose| {
                other.date == dose.date && other.vaccine.eq_ignore_ascii_case(&dose.vaccine)
            };
            let placed = if dose.date > asked.case.on {
                Err("after the day of the question")
            } else if last.iter().any(same) {
                Err("recorded twice")
            } else {
                all.place(asked, dose)
            };
            if let Err(reason) = placed {
                let (vaccine, date) = (dose.vaccine.clone(), dose.date);
                all.unassigned.push(Unassigned {
                    vaccine,
                    date,
                    reason,
                });
            }
            last.push(dose);
        }
        all
    }

    /// The doses assigned to the series itself.
    pub(super) fn own(&self, series: &str) -> &[Shot<'a>] {
        self.by_series.get(series).map_or(&[], Vec::as_slice)
    }

    /// The doses that count in `series`, in order of time.
    pub(super) fn shots(&self, series: &Series) -> Vec<Shot<'a>> {
        let others = series.also_counts.iter().flat_map(|other| self.own(other));
        let mut all: Vec<Shot<'a>> = self.own(&series.id).iter().chain(others).copied().collect();
        all.sort_by_key(|shot| shot.date);
        all
    }

    /// The last dose of the series that `series` follows.
    pub(super) fn follows(&self, series: &Series) -> Option<Date> {
        let rule = series.follows.as_ref()?;
        self.own(&rule.series).last().map(|shot| shot.date)
    }

    /// Whether another series of the group of `series` was begun.
    pub(super) fn begun_otherwise(&self, series: &Series) -> bool {
        let group = series
            .group
            .as_deref()
            .and_then(|group| self.begun.get(group));
        group.is_some_and(|begun| *begun != series.id)
    }

    /// Whether the parts of the combined vaccine were begun, and whether it may go on with them.
    pub(super) fn may_switch(&self, switching: &Switching, day: Date) -> Option<bool> {
        let [first, second] = &switching.parts;
        let (first, second) = (self.own(first).len(), self.own(second).len());
        let begun = first + second > 0;
        begun.then_some(first == second || day >= switching.free_from.0)
    }

    fn place(&mut self, asked: Asked<'a>, dose: &Dose) -> Result<(), &'static str> {
        let vaccine = asked
            .rules
            .vaccine(&dose.vaccine)
            .ok_or("not a vaccine of the rules")?;
        let shot = Shot {
            date: dose.date,
            vaccine,
            mismatch: false,
        };
        if let Some(switching) = &asked.rules.switching
            && let Some(placed) = self.place_switched(asked, switching, shot)
        {
            return placed;
        }
        let candidates: Vec<&'a Series> = vaccine
            .series
            .iter()
            .filter_map(|id| asked.rules.series(id))
            .collect();
        if candidates.is_empty() {
            return Err("fills no series");
        }
        if let Some(begun) = candidates
            .iter()
            .find_map(|series| self.other_begun(series))
        {
            self.push(
                begun,
                Shot {
                    mismatch: true,
                    ..shot
                },
            );
            return Ok(());
        }
        let series = self.choose(asked, &candidates, shot)?;
        if let Some(group) = &series.group {
            self.begun.entry(group).or_insert(&series.id);
        }
        self.push(&series.id, shot);
        Ok(())
    }

    fn choose(
        &self,
        asked: Asked<'a>,
        candidates: &[&'a Series],
        shot: Shot<'a>,
    ) -> Result<&'a Series, &'static str> {
        let mut reason = "complete before, or outside every window";
        let mut open = Vec::new();
        for series in candidates {
            match asked.legal(series, shot.date) {
                Err(why) => reason = why,
                Ok(_) if is_of_earlier_pregnancy(asked, series, shot) => {
                    reason = "of an earlier pregnancy";
                }
                Ok(legal) if self.is_complete(asked, series, &legal, shot.date) => {}
                Ok(legal) => open.push((*series, legal)),
            }
        }
        let within = open.iter().find(|(series, legal)| {
            let last = asked.last_day(series, legal);
            legal.window.from <= shot.date && last.is_none_or(|last| shot.date <= last)
        });
        let early = open.iter().find(|(series, legal)| {
            let seasonal = matches!(series.window, WindowRule::Season { .. });
            shot.date < legal.window.from && series.early != Early::Elsewhere && !seasonal
        });
        let late = open.iter().find(|(series, _)| {
            let next = series
                .late_until
                .as_ref()
                .and_then(|id| asked.rules.series(id));
            let next = next.and_then(|next| asked.legal(next, shot.date).ok());
            next.is_some_and(|next| shot.date < next.window.from)
        });
        within
            .or(late)
            .or(early)
            .map(|(series, _)| *series)
            .ok_or(reason)
    }

    fn is_complete(&self, asked: Asked<'a>, series: &'a Series, legal: &Legal, day: Date) -> bool {
        let shots: Vec<Shot<'a>> = self
            .shots(series)
            .into_iter()
            .filter(|shot| counts_in(series, legal, *shot))
            .collect();
        let follows = self.follows(series);
        let walk = Walk::over(asked, series, legal, follows, &shots, None);
        !walk.given.is_empty() && walk.step(day, None).is_none()
    }

    fn other_begun(&self, series: &'a Series) -> Option<&'a str> {
        let begun = self.begun.get(series.group.as_deref()?)?;
        (*begun != series.id).then_some(*begun)
    }

    /// Places a dose of the combined vaccine or of one of its parts where both were used.
    fn place_switched(
        &mut self,
        asked: Asked<'a>,
        switching: &'a Switching,
        shot: Shot<'a>,
    ) -> Option<Result<(), &'static str>> {
        let fills = |id: &String| shot.vaccine.series.contains(id);
        if switching.parts.iter().any(fills) && !self.own(&switching.combined).is_empty() {
            self.push(
                &switching.combined,
                Shot {
                    mismatch: true,
                    ..shot
                },
            );
            return Some(Ok(()));
        }
        if !fills(&switching.combined) {
            return None;
        }
        let allowed = self.may_switch(switching, shot.date)?;
        let mut placed = false;
        for part in &switching.parts {
            let series = asked.rules.series(part)?;
            let open = asked
                .legal(series, shot.date)
                .is_ok_and(|legal| !self.is_complete(asked, series, &legal, shot.date));
            if open {
                self.push(
                    &series.id,
                    Shot {
                        mismatch: !allowed,
                        ..shot
                    },
                );
                placed = true;
            }
        }
        Some(if placed {
            Ok(())
        } else {
            Err("complete before")
        })
    }

    fn push(&mut self, series: &'a str, shot: Shot<'a>) {
        self.by_series.entry(series).or_default().push(shot);
    }
}

fn is_of_earlier_pregnancy(asked: Asked<'_>, series: &Series, shot: Shot<'_>) -> bool {
    let facts = &asked.case.facts;
    let began = facts
        .expected
        .map(|expected| crate::calendar::add_days(expected.0, -280));
    matches!(series.window, WindowRule::Gestation { .. })
        && (facts.states("previous_pregnancy_dose") || began.is_some_and(|began| shot.date < began))
}

/// Whether `shot` counts in the window at hand: every season begins anew.
pub(super) fn counts_in(series: &Series, legal: &Legal, shot: Shot<'_>) -> bool {
    !matches!(series.window, WindowRule::Season { .. }) || legal.window.contains(shot.date)
}

/// The vaccine that a series is given with when nothing else decides.
pub(super) fn usual<'a>(asked: Asked<'a>, series: &Series) -> Option<&'a VaccineRule> {
    asked
        .rules
        .vaccine
        .iter()
        .find(|vaccine| vaccine.series.contains(&series.id))
}
