//! What follows the doses that count: the next one, its days, and whether the rest still fits. Decides
//! no exception.

use jiff::civil::Date;

use crate::calendar::{add_days, days_between};
use crate::schedule::answer::Status;
use crate::schedule::assign::usual;
use crate::schedule::legal::{Asked, Legal};
use crate::schedule::reason::NextRule;
use crate::schedule::rules::{Series, Standard, VaccineRule};
use crate::schedule::walk::{Shot, Step, Walk};

/// How a series stands if the doses of a walk count.
pub(super) struct Outlook<'a> {
    pub(super) status: Status,
    pub(super) next: Option<Next<'a>>,
}

/// The next dose.
pub(super) struct Next<'a> {
    pub(super) number: usize,
    pub(super) label: String,
    pub(super) earliest: Date,
    pub(super) latest: Option<Date>,
    pub(super) standard: Option<(Date, Option<Date>)>,
    pub(super) total: usize,
    /// Whether all doses fit into the window if this one is given as soon as may be.
    pub(super) can_complete: bool,
    pub(super) last_start: Option<Date>,
    pub(super) product: Option<&'a str>,
    pub(super) rule: NextRule,
}

/// A walk with the person and the window it is taken in.
pub(super) struct View<'w, 'a> {
    pub(super) asked: Asked<'a>,
    pub(super) legal: Legal,
    pub(super) walk: &'w Walk<'a>,
}

impl<'a> View<'_, 'a> {
    /// Looks ahead from the day of the question.
    pub(super) fn outlook(&self) -> Outlook<'a> {
        let on = self.asked.case.on;
        let Some((step, earliest)) = self.step_from(self.walk, on) else {
            let none_left = !self.walk.given.is_empty();
            let status = if none_left {
                Status::Complete
            } else {
                Status::AgedOut
            };
            return Outlook { status, next: None };
        };
        let next = self.next(&step, earliest);
        let status = if self.legal.window.is_over(on) {
            Status::AgedOut
        } else if next.latest.is_some_and(|latest| earliest > latest) {
            Status::Unreachable
        } else if on < earliest {
            Status::Upcoming
        } else if self.is_advised_against(next.number) {
            Status::EligibleNotRecommended
        } else {
            Status::Eligible
        };
        Outlook {
            status,
            next: Some(next),
        }
    }

    fn next(&self, step: &Step<'a>, earliest: Date) -> Next<'a> {
        let on = self.asked.case.on;
        let number = self.walk.given.len() + 1;
        let until = self.legal.window.until;
        let left_out = step.slot.until_age.and_then(|age| self.walk.attains(age));
        let latest = match (until, left_out) {
            (Some(until), Some(age)) => Some(until.min(age)),
            (until, age) => until.or(age),
        };
        let (more, last) = self.run(on.max(earliest));
        let fits = |last: Date| until.is_none_or(|until| last <= until);
        let starts = number == 1 && self.walk.series.tells_last_start;
        let label = if step.slot.booster {
            "booster".to_owned()
        } else {
            number.to_string()
        };
        Next {
            number,
            earliest,
            latest,
            standard: self.standard(step, earliest, latest),
            total: self.walk.given.len() + more,
            can_complete: fits(last),
            last_start: until
                .filter(|_| starts)
                .and_then(|until| self.last_start(until))
                .filter(|day| on <= *day),
            product: self
                .product(on.max(earliest))
                .filter(|(_, told)| *told)
                .map(|(vaccine, _)| vaccine.code.as_str()),
            rule: rule(step, number),
            label,
        }
    }

    /// The step that would be next if looked for from `day` on, and its first day.
    fn step_from(&self, walk: &Walk<'a>, day: Date) -> Option<(Step<'a>, Date)> {
        let mut day = day;
        // Every turn leaves out at least one dose, and no plan has more than this.
        for _ in 0..8 {
            let vaccine = self.product(day).map(|(vaccine, _)| vaccine);
            let step = walk.step(day, vaccine)?;
            let earliest = self.earliest(walk, &step);
            if earliest <= day {
                return Some((step, earliest));
            }
            let then = walk.step(earliest, vaccine)?;
            if std::ptr::eq(then.slot, step.slot) {
                return Some((step, earliest));
            }
            day = earliest;
        }
        None
    }

    /// The first day that age, intervals and other vaccines allow.
    fn earliest(&self, walk: &Walk<'a>, step: &Step<'a>) -> Date {
        let on = self.asked.case.on;
        let own = walk.old_enough(step);
        let mut earliest = walk.rested(step).map_or(own, |rested| rested.max(own));
        let vaccine = self.product(on.max(earliest)).map(|(vaccine, _)| vaccine);
        let Some(vaccine) = vaccine.or_else(|| usual(self.asked, walk.series)) else {
            return earliest;
        };
        for rule in &self.asked.rules.between {
            let day = on.max(earliest);
            let kept = self.asked.kept_since(rule, vaccine, day, add_days(on, 1));
            earliest = kept.map_or(earliest, |kept| kept.max(earliest));
        }
        earliest
    }

    /// How many doses remain if they are given as soon as may be from `start` on, and the last day.
    fn run(&self, start: Date) -> (usize, Date) {
        let mut walk = self.walk.ahead();
        let mut day = start;
        let mut count = 0;
        while let Some((step, earliest)) = self.step_from(&walk, day) {
            let product = self.product(day).map(|(vaccine, _)| vaccine);
            let Some(vaccine) = product.or_else(|| usual(self.asked, walk.series)) else {
                break;
            };
            day = day.max(earliest);
            walk.give(
                Shot {
                    date: day,
                    vaccine,
                    mismatch: false,
                    half: None,
                },
                &step,
            );
            count += 1;
        }
        (count, day)
    }

    /// The last day on which the first dose still leaves room for the others.
    fn last_start(&self, until: Date) -> Option<Date> {
        let from = self.legal.window.from.max(add_days(until, -400));
        let fits = |start: Date| self.run(start).1 <= until;
        let mut no = add_days(until, 1);
        // While the same plan and product hold, whoever starts later ends later: it is enough to
        // look at the first day of each such time, and then to halve it.
        for first in self.changes(from, until).into_iter().rev() {
            if fits(first) {
                let mut yes = first;
                while days_between(yes, no) > 1 {
                    let middle = add_days(yes, days_between(yes, no) / 2);
                    if fits(middle) {
                        yes = middle;
                    } else {
                        no = middle;
                    }
                }
                return Some(yes);
            }
            no = first;
        }
        None
    }

    /// The days from `from` to `until` on which another plan or product begins, and `from` itself.
    fn changes(&self, from: Date, until: Date) -> Vec<Date> {
        let series = self.walk.series;
        let ages = series
            .plan
            .iter()
            .flat_map(|plan| [plan.first_after, plan.first_until]);
        let after = ages
            .flatten()
            .filter_map(|age| self.walk.attains(age))
            .map(|day| add_days(day, 1));
        let begins = series.product.iter().filter_map(|product| product.from);
        let ends = series.product.iter().filter_map(|product| product.until);
        let mut all: Vec<Date> = after
            .chain(begins.map(|day| day.0))
            .chain(ends.map(|day| add_days(day.0, 1)))
            .filter(|day| (from..=until).contains(day))
            .chain([from])
            .collect();
        all.sort_unstable();
        all
    }

    /// What would be given on `day`, and whether that is told.
    fn product(&self, day: Date) -> Option<(&'a VaccineRule, bool)> {
        let series: &'a Series = self.walk.series;
        let first = self.walk.given.first().map(|shot| shot.vaccine);
        let stays = first.and_then(|first| {
            let mut products = series.product.iter();
            products.find(|product| {
                let goes_on = product.goes_on && product.is_given_on(day);
                (product.sticky || goes_on) && product.code == first.code
            })
        });
        let alone = |code: &str| {
            // Without periods, whoever began goes on with the same.
            let same = first.is_none_or(|first| first.code == code);
            same || series.product.iter().any(|product| product.from.is_some())
        };
        let mut latest = series.product.iter().rev();
        let in_force = latest.find(|product| product.is_given_on(day) && alone(&product.code));
        let product = stays.or(in_force)?;
        Some((
            self.asked.rules.vaccine.get(product.vaccine?)?,
            product.told,
        ))
    }

    fn standard(
        &self,
        step: &Step<'_>,
        earliest: Date,
        latest: Option<Date>,
    ) -> Option<(Date, Option<Date>)> {
        if step.cut && step.slot.after_cut.is_some() {
            // What is made up for has no standard period.
            return None;
        }
        let (from, until) = match (&step.slot.standard, self.walk.series.days_before_birth) {
            (Some(standard), _) => self.bounds(standard),
            (None, Some(days)) => {
                let birth = self.asked.case.facts.planned_birth;
                let expected = self.asked.case.facts.expected.map(|expected| expected.0);
                (
                    None,
                    birth
                        .or(expected)
                        .map(|birth| add_days(birth, -i64::from(days))),
                )
            }
            (None, None) => return None,
        };
        let from = from.map_or(earliest, |from| from.max(earliest));
        let until = match (until, latest) {
            (Some(until), Some(latest)) => Some(until.min(latest)),
            (until, _) => until,
        };
        let is_late = until.or(latest).is_some_and(|until| until < from);
        (!is_late).then_some((from, until))
    }

    fn bounds(&self, standard: &Standard) -> (Option<Date>, Option<Date>) {
        let birth = self.asked.case.birth;
        let previous = self.walk.given.last().map(|shot| shot.date);
        let first = self.walk.given.first().map(|shot| shot.date);
        let age = |age: Option<_>| Some(birth?.attains(age?));
        let fiscal = standard
            .fiscal_year_of
            .and_then(|years| Some(birth?.fiscal_year_of(years)));
        let school = birth.filter(|_| standard.before_primary);
        let school = school.map(|birth| birth.enters_primary_school().previous());
        let year = fiscal.or(school);
        let from = [
            age(standard.from),
            standard
                .after
                .zip(previous)
                .map(|(interval, day)| interval.after(day)),
            standard
                .after_first
                .zip(first)
                .map(|(interval, day)| interval.after(day)),
            year.map(crate::calendar::FiscalYear::first_day),
        ];
        let until = [
            age(standard.until),
            standard
                .before
                .zip(previous)
                .map(|(interval, day)| interval.after(day)),
            year.map(crate::calendar::FiscalYear::last_day),
        ];
        (
            from.into_iter().flatten().max(),
            until.into_iter().flatten().min(),
        )
    }

    fn is_advised_against(&self, number: usize) -> bool {
        let on = self.asked.case.on;
        let series = self.walk.series;
        let after = series.not_recommended_after.as_ref();
        let too_late = after.and_then(|advice| self.walk.attains(advice.age));
        let days = series
            .days_before_birth
            .zip(self.asked.case.facts.planned_birth);
        number == 1 && too_late.is_some_and(|age| on > age)
            || days.is_some_and(|(days, birth)| on > add_days(birth, -i64::from(days)))
    }
}

/// The rule of the next dose, as it is told.
fn rule(step: &Step<'_>, number: usize) -> NextRule {
    let slot = step.slot;
    let previous = match slot.after_cut {
        Some(cut) if step.cut => Some(cut),
        _ => slot.after_previous,
    };
    NextRule {
        number: (!slot.booster).then_some(number),
        after_previous: previous.filter(|_| number > 1),
        after_first: slot.after_first.filter(|_| number > 1),
        from_age: slot.from_age,
        until_age: slot.until_age,
        cut: step.cut,
    }
}
