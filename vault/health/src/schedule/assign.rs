//! Which series each dose fills: the first of its vaccine that takes it. Forecasts nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::schedule::answer::Unassigned;
use crate::schedule::case::Dose;
use crate::schedule::excuse::Excuse;
use crate::schedule::legal::{Asked, Legal};
use crate::schedule::pair::{Paired, pair};
use crate::schedule::rules::{Early, Series, Switching, VaccineRule, WindowRule};
use crate::schedule::walk::{Shot, Walk};

/// The doses by series, and those that fill none.
pub(super) struct Assigned<'a> {
    /// By the place of the series in the pack.
    by_series: Vec<Vec<Shot<'a>>>,
    /// The series that each group was begun with.
    begun: BTreeMap<&'a str, &'a Series>,
    pub(super) unassigned: Vec<Unassigned>,
}

impl<'a> Assigned<'a> {
    /// Assigns every dose that was given by the day of the question.
    pub(super) fn of(asked: Asked<'a>) -> Self {
        let mut all = Self {
            by_series: vec![Vec::new(); asked.rules.series.len()],
            begun: BTreeMap::new(),
            unassigned: Vec::new(),
        };
        let doses = &asked.case.doses;
        for (at, (dose, vaccine)) in doses.iter().zip(asked.known).enumerate() {
            let same = |other: &Dose| {
                other.date == dose.date && other.vaccine.eq_ignore_ascii_case(&dose.vaccine)
            };
            let placed = if dose.date > asked.case.on {
                Err(Excuse::LaterThanAsked)
            } else if doses.iter().take(at).any(same) {
                Err(Excuse::RecordedTwice)
            } else {
                let vaccine = vaccine.ok_or(Excuse::UnknownVaccine);
                vaccine.and_then(|vaccine| all.place(asked, dose.date, vaccine))
            };
            if let Err(reason) = placed {
                let (vaccine, date) = (dose.vaccine.clone(), dose.date);
                all.unassigned.push(Unassigned {
                    vaccine,
                    date,
                    reason,
                });
            }
        }
        all
    }

    /// The doses assigned to the series itself.
    pub(super) fn own(&self, series: &Series) -> &[Shot<'a>] {
        self.by_series.get(series.at).map_or(&[], Vec::as_slice)
    }

    /// The doses that count in `series`, in order of time.
    pub(super) fn shots(&self, asked: Asked<'a>, series: &Series, legal: &Legal) -> Paired<'a> {
        let mut all = self.own(series).to_vec();
        for other in &series.also_counts {
            if let Some(other) = asked.rules.series(other) {
                all.extend(self.own(other));
            }
        }
        if !series.also_counts.is_empty() {
            all.sort_by_key(|shot| shot.date);
        }
        pair(all, series, legal)
    }

    /// The last dose of the series that `series` follows.
    pub(super) fn follows(&self, asked: Asked<'a>, series: &Series) -> Option<Date> {
        let rule = series.follows.as_ref()?;
        let before = asked.rules.series(&rule.series)?;
        self.own(before).last().map(|shot| shot.date)
    }

    /// Whether another series of the group of `series` was begun.
    pub(super) fn begun_otherwise(&self, series: &Series) -> bool {
        let group = series
            .group
            .as_deref()
            .and_then(|group| self.begun.get(group));
        group.is_some_and(|begun| begun.at != series.at)
    }

    /// Whether the parts of the combined vaccine were begun, and whether it may go on with them.
    pub(super) fn may_switch(
        &self,
        asked: Asked<'a>,
        switching: &Switching,
        day: Date,
    ) -> Option<bool> {
        let [first, second] = &switching.parts;
        let given = |part: &str| {
            asked
                .rules
                .series(part)
                .map_or(0, |part| self.own(part).len())
        };
        let (first, second) = (given(first), given(second));
        let begun = first + second > 0;
        begun.then_some(first == second || day >= switching.free_from.0)
    }

    fn place(
        &mut self,
        asked: Asked<'a>,
        date: Date,
        vaccine: &'a VaccineRule,
    ) -> Result<(), Excuse> {
        let shot = Shot {
            date,
            vaccine,
            mismatch: false,
            half: None,
        };
        if let Some(switching) = &asked.rules.switching
            && let Some(placed) = self.place_switched(asked, switching, shot)
        {
            return placed;
        }
        let candidates = || {
            let places = vaccine.fills.iter();
            places.filter_map(|at| asked.rules.series.get(*at))
        };
        if candidates().next().is_none() {
            return Err(Excuse::FillsNothing);
        }
        if let Some(begun) = candidates().find_map(|series| self.other_begun(series)) {
            let mismatch = true;
            self.push(begun, Shot { mismatch, ..shot });
            return Ok(());
        }
        let series = self.choose(asked, candidates(), shot)?;
        if let Some(group) = &series.group {
            self.begun.entry(group).or_insert(series);
        }
        self.push(series, shot);
        Ok(())
    }

    fn choose(
        &self,
        asked: Asked<'a>,
        candidates: impl Iterator<Item = &'a Series>,
        shot: Shot<'a>,
    ) -> Result<&'a Series, Excuse> {
        let mut open = Vec::new();
        let mut excuse = None;
        let mut is_for_nothing = true;
        for series in candidates {
            match asked.legal(series, shot.date) {
                Err(why) => excuse = Some(why),
                Ok(_) if is_of_earlier_pregnancy(asked, series, shot) => {
                    excuse = Some(Excuse::EarlierPregnancy);
                }
                Ok(legal) => {
                    is_for_nothing = false;
                    if !self.is_complete(asked, series, &legal, shot.date) {
                        open.push((series, legal));
                    }
                }
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
        within.or(late).or(early).map(|(series, _)| *series).ok_or(
            match excuse.filter(|_| is_for_nothing) {
                Some(excuse) => excuse,
                None => Excuse::NothingOpen,
            },
        )
    }

    fn is_complete(&self, asked: Asked<'a>, series: &'a Series, legal: &Legal, day: Date) -> bool {
        if self.own(series).is_empty() && series.also_counts.is_empty() {
            return false;
        }
        let mut shots = self.shots(asked, series, legal).whole;
        shots.retain(|shot| counts_in(series, legal, *shot));
        let follows = self.follows(asked, series);
        let walk = Walk::new(asked, series, *legal, follows).counting(&shots);
        !walk.given.is_empty() && walk.step(day, None).is_none()
    }

    fn other_begun(&self, series: &Series) -> Option<&'a Series> {
        let begun = self.begun.get(series.group.as_deref()?)?;
        (begun.at != series.at).then_some(*begun)
    }

    /// Places a dose of the combined vaccine or of one of its parts where both were used.
    fn place_switched(
        &mut self,
        asked: Asked<'a>,
        switching: &'a Switching,
        shot: Shot<'a>,
    ) -> Option<Result<(), Excuse>> {
        let fills = |id: &String| shot.vaccine.series.contains(id);
        let combined = asked.rules.series(&switching.combined)?;
        if switching.parts.iter().any(fills) && !self.own(combined).is_empty() {
            let mismatch = true;
            self.push(combined, Shot { mismatch, ..shot });
            return Some(Ok(()));
        }
        if !fills(&switching.combined) {
            return None;
        }
        let mismatch = !self.may_switch(asked, switching, shot.date)?;
        let mut placed = false;
        for part in &switching.parts {
            let series = asked.rules.series(part)?;
            let open = asked
                .legal(series, shot.date)
                .is_ok_and(|legal| !self.is_complete(asked, series, &legal, shot.date));
            if open {
                self.push(series, Shot { mismatch, ..shot });
                placed = true;
            }
        }
        Some(placed.then_some(()).ok_or(Excuse::CompleteBefore))
    }

    fn push(&mut self, series: &Series, shot: Shot<'a>) {
        if let Some(shots) = self.by_series.get_mut(series.at) {
            shots.push(shot);
        }
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
    asked.rules.vaccine.get(series.usual?)
}
