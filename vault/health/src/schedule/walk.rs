//! Judges the doses of one series one after the other: which dose of which plan each is, and whether
//! it came too early. Says what would come next; never on which day that is advised.

use jiff::civil::Date;

use crate::calendar::{Age, Interval};
use crate::schedule::legal::{Asked, Legal};
use crate::schedule::rules::{Between, Early, Plan, Series, Slot, VaccineRule};

/// A dose that was assigned to a series.
#[derive(Clone, Copy)]
pub(super) struct Shot<'a> {
    pub(super) date: Date,
    pub(super) vaccine: &'a VaccineRule,
    /// Another product than the series was begun with, or not to be mixed.
    pub(super) mismatch: bool,
    /// The other half, if two vaccines count as one dose together.
    pub(super) half: Option<(Date, &'a VaccineRule)>,
}

/// How far a series has come.
#[derive(Clone)]
pub(super) struct Walk<'a> {
    pub(super) series: &'a Series,
    pub(super) given: Vec<Shot<'a>>,
    pub(super) flags: Vec<String>,
    /// The doses whose counting somebody has to decide: place among the shots and number.
    pub(super) doubts: Vec<(usize, usize)>,
    /// Shots that came after the series was complete.
    pub(super) extra: Vec<Date>,
    next: usize,
    cut: bool,
    asked: Asked<'a>,
    legal: Legal,
    /// The last dose of the series that must come before.
    follows: Option<Date>,
}

/// The dose that comes next.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) slot: &'a Slot,
    pub(super) plan: &'a Plan,
    /// Its place in the plan.
    place: usize,
    pub(super) cut: bool,
}

impl<'a> Walk<'a> {
    /// Before the first dose.
    pub(super) fn new(
        asked: Asked<'a>,
        series: &'a Series,
        legal: Legal,
        follows: Option<Date>,
    ) -> Self {
        Self {
            series,
            given: Vec::new(),
            flags: Vec::new(),
            doubts: Vec::new(),
            extra: Vec::new(),
            next: 0,
            cut: false,
            asked,
            legal,
            follows,
        }
    }

    /// Judges `shots` in turn, leaving out the one at `except`.
    pub(super) fn over(mut self, shots: &[Shot<'a>], except: Option<usize>) -> Self {
        for (at, shot) in shots.iter().enumerate() {
            if except != Some(at) {
                self.judge(at, *shot);
            }
        }
        self
    }

    /// Counts `shots` in turn and says nothing of them.
    pub(super) fn counting(mut self, shots: &[Shot<'a>]) -> Self {
        for shot in shots {
            if let Some(step) = self.step(shot.date, Some(shot.vaccine))
                && self.too_young(*shot).is_none()
            {
                self.count(*shot, &step);
            }
        }
        self
    }

    /// As far as this one has come, without what was said of it.
    pub(super) fn ahead(&self) -> Self {
        Self {
            given: self.given.clone(),
            flags: Vec::new(),
            doubts: Vec::new(),
            extra: Vec::new(),
            ..*self
        }
    }

    /// The dose that would come next if it were given on `day`; `None` once complete.
    pub(super) fn step(&self, day: Date, vaccine: Option<&VaccineRule>) -> Option<Step<'a>> {
        let plan = self.plan(day, vaccine)?;
        let mut place = self.next;
        let mut cut = self.cut;
        loop {
            let slot = plan.dose.get(place)?;
            if !self.is_out(slot, day) {
                return Some(Step {
                    slot,
                    plan,
                    place,
                    cut,
                });
            }
            place += 1;
            cut = true;
        }
    }

    /// Counts a dose without judging it.
    pub(super) fn give(&mut self, shot: Shot<'a>, step: &Step<'a>) {
        self.given.push(shot);
        self.next = step.place + 1;
        self.cut = step.cut;
    }

    /// The first day on which the age of `step` is reached.
    pub(super) fn old_enough(&self, step: &Step<'_>) -> Date {
        let age = step.slot.from_age.and_then(|age| self.attains(age));
        age.map_or(self.legal.window.from, |age| {
            age.max(self.legal.window.from)
        })
    }

    /// The first day on which the intervals of `step` have been kept.
    pub(super) fn rested(&self, step: &Step<'_>) -> Option<Date> {
        let stated = |fact: &str| self.asked.case.facts.states(fact);
        let shorter = step.slot.shorter.as_ref().filter(|rule| stated(&rule.fact));
        let previous = match (shorter, step.cut, step.slot.after_cut) {
            (Some(shorter), ..) => Some(shorter.interval),
            (None, true, Some(cut)) => Some(cut),
            _ => step.slot.after_previous,
        };
        let since =
            |shot: Option<&Shot<'_>>, interval: Option<Interval>| Some(interval?.after(shot?.date));
        let follows = self.series.follows.as_ref().map(|rule| rule.interval);
        let follows = follows.filter(|_| self.given.is_empty()).zip(self.follows);
        let all = [
            since(self.given.last(), previous),
            since(self.given.first(), step.slot.after_first),
            follows.map(|(interval, last)| interval.after(last)),
        ];
        all.into_iter().flatten().max()
    }

    pub(super) fn attains(&self, age: Age) -> Option<Date> {
        Some(self.asked.case.birth?.attains(age))
    }

    /// The plan for whoever began, or would begin on `day`, with these products.
    fn plan(&self, day: Date, vaccine: Option<&VaccineRule>) -> Option<&'a Plan> {
        let first = self.given.first().map_or(day, |shot| shot.date);
        let reached = |age: Age| self.attains(age);
        let hurried = |plan: &Plan| plan.early_goes_on && self.hurried(plan);
        self.series.plan.iter().find(|plan| {
            let after = plan
                .first_after
                .and_then(reached)
                .is_none_or(|age| first > age);
            let until = plan
                .first_until
                .and_then(reached)
                .is_none_or(|age| first <= age);
            let only = |given: &VaccineRule| plan.products.contains(&given.code);
            let products = plan.products.is_empty()
                || self.given.iter().all(|shot| only(shot.vaccine)) && vaccine.is_none_or(only);
            after && until && products && !hurried(plan)
        })
    }

    /// Whether a dose given came before the interval of `plan`, so that the next plan goes on.
    fn hurried(&self, plan: &Plan) -> bool {
        let pairs = self.given.iter().zip(self.given.iter().skip(1));
        pairs
            .zip(plan.dose.iter().skip(1))
            .any(|((before, after), slot)| {
                let rested = slot
                    .after_previous
                    .map(|interval| interval.after(before.date));
                rested.is_some_and(|rested| after.date < rested)
            })
    }

    /// Whether `slot` is left out on `day`.
    fn is_out(&self, slot: &Slot, day: Date) -> bool {
        let too_old = slot.until_age.and_then(|age| self.attains(age));
        let late = slot.out_if_previous_after.and_then(|age| self.attains(age));
        let previous = self.given.last().map(|shot| shot.date);
        too_old.is_some_and(|age| day > age)
            || late
                .zip(previous)
                .is_some_and(|(age, previous)| previous > age)
    }

    fn judge(&mut self, at: usize, shot: Shot<'a>) {
        let Some(step) = self.step(shot.date, Some(shot.vaccine)) else {
            self.extra.push(shot.date);
            return;
        };
        let number = self.given.len() + 1;
        if let Some(age) = self.too_young(shot) {
            self.flags
                .push(format!("dose{number}:age_below_{age}_not_counted"));
            return;
        }
        let before = self.flags.len();
        self.early(shot, &step, number);
        if let Some((date, vaccine)) = shot.half {
            self.between(date, vaccine, number);
        }
        self.between(shot.date, shot.vaccine, number);
        if shot.mismatch {
            self.flags.push(format!("dose{number}:product_mismatch"));
        }
        if self.flags.len() > before {
            self.doubts.push((at, number));
        }
        if self.leaves_product(shot) {
            self.flags.push(format!("dose{number}:product_mismatch"));
        }
        self.count(shot, &step);
    }

    /// The age before which `shot` is no dose at all.
    fn too_young(&self, shot: Shot<'_>) -> Option<Age> {
        let (reached, age) = self.legal.from_age?;
        (self.series.early == Early::NotCounted && shot.date < reached).then_some(age)
    }

    fn count(&mut self, shot: Shot<'a>, step: &Step<'a>) {
        self.give(shot, step);
        if step.plan.early_goes_on && self.hurried(step.plan) {
            // The next plan goes on from here.
            self.next = self.given.len();
        }
    }

    /// Says why the age or the interval makes `shot` too early.
    fn early(&mut self, shot: Shot<'a>, step: &Step<'a>, number: usize) {
        let own = step
            .slot
            .from_age
            .and_then(|age| Some((self.attains(age)?, age)));
        let formerly = self
            .series
            .formerly
            .filter(|rule| shot.date <= rule.until.0);
        let legal = match formerly {
            Some(rule) => self.attains(rule.from).map(|day| (day, rule.from)),
            None => self.legal.from_age,
        };
        for (reached, age) in legal.into_iter().chain(own) {
            if shot.date < reached && self.series.early != Early::Counts {
                self.flags
                    .push(format!("dose{number}:age_below_{age}(min={reached})"));
            }
        }
        // Where a hurried dose changes the plan, the intervals of the plan after it count.
        let mut step = *step;
        if step.plan.early_goes_on {
            let next = self.series.plan.iter().find(|plan| !plan.early_goes_on);
            if let Some(slot) = next.and_then(|plan| plan.dose.get(step.place)) {
                step.slot = slot;
            }
        }
        let Some(min) = self.rested(&step).filter(|min| shot.date < *min) else {
            return;
        };
        let shorter = step.slot.shorter.as_ref().zip(self.given.last());
        let told = shorter.and_then(|(rule, last)| {
            let flag = rule.flag.as_ref()?;
            (shot.date >= rule.interval.after(last.date)).then(|| format!("dose{number}:{flag}"))
        });
        self.flags
            .push(told.unwrap_or_else(|| format!("dose{number}:interval_short(min={min})")));
    }

    /// What the intervals between kinds of vaccines, as in force on that day, say of `vaccine`.
    fn between(&mut self, date: Date, vaccine: &VaccineRule, number: usize) {
        let asked = self.asked;
        for rule in &asked.rules.between {
            let min = asked.kept_since(rule, vaccine, date, date);
            if let Some(min) = min.filter(|min| date < *min) {
                let flag = &rule.flag;
                let flag = if rule.tells_date {
                    format!("dose{number}:{flag}(min={min})")
                } else {
                    format!("dose{number}:{flag}")
                };
                if !self.flags.contains(&flag) {
                    self.flags.push(flag);
                }
            }
        }
    }

    fn leaves_product(&self, shot: Shot<'a>) -> bool {
        let Some(first) = self.given.first() else {
            return false;
        };
        let mut products = self.series.product.iter();
        let sticky = products.any(|product| product.sticky && product.code == first.vaccine.code);
        sticky && first.vaccine.code != shot.vaccine.code
    }
}

impl Asked<'_> {
    /// The first day on which `rule` lets `vaccine` follow the doses of other kinds before `before`;
    /// `None` if the rule is not in force on `day` or nothing stands in the way.
    pub(super) fn kept_since(
        self,
        rule: &Between,
        vaccine: &VaccineRule,
        day: Date,
        before: Date,
    ) -> Option<Date> {
        let in_force = rule.from.is_none_or(|from| from.0 <= day)
            && rule.until.is_none_or(|until| day <= until.0);
        if !in_force || !rule.second.contains(&vaccine.live) {
            return None;
        }
        let given = self.case.doses.iter().zip(self.known);
        let earlier = given.take_while(|(dose, _)| dose.date < before);
        let others = earlier.filter(|(_, other)| {
            other
                .is_some_and(|other| other.kind != vaccine.kind && rule.first.contains(&other.live))
        });
        // Doses are in order of time, and no interval runs backwards.
        others
            .last()
            .map(|(dose, _)| rule.interval.after(dose.date))
    }
}
