//! Answers one question: every series that applies, its status, its days, and why.

use jiff::civil::Date;

use crate::calendar::add_days;
use crate::schedule::answer::{Alternative, Forecast, Proposal, Status};
use crate::schedule::assign::{Assigned, counts_in};
use crate::schedule::case::{Case, CaseError};
use crate::schedule::checkup::{antenatal, checkup};
use crate::schedule::excuse::Excuse;
use crate::schedule::legal::{Asked, Legal};
use crate::schedule::outlook::{Next, Outlook, View};
use crate::schedule::pair::Paired;
use crate::schedule::reason::{Because, Inner};
use crate::schedule::rules::{Class, Plan, Rules, Series, VaccineRule, WindowRule};
use crate::schedule::walk::{Shot, Walk};

/// What is due for the person of `case`, by `rules`.
pub fn forecast(rules: &Rules, case: &Case) -> Result<Forecast, CaseError> {
    let known: Vec<Option<&VaccineRule>> = case
        .doses
        .iter()
        .map(|dose| rules.vaccine(&dose.vaccine))
        .collect();
    let asked = Asked {
        rules,
        case,
        known: &known,
    };
    let assigned = Assigned::of(asked);
    let mut series = Vec::new();
    if let Some(ids) = &case.series {
        for id in ids {
            let rule = rules.series(id).ok_or(CaseError::UnknownSeries)?;
            series.push(proposal(asked, &assigned, rule)?);
        }
    } else {
        let far = add_days(case.on, FAR_DAYS);
        for rule in &rules.series {
            if rule.legacy && assigned.own(rule).is_empty() {
                continue;
            }
            let proposal = proposal(asked, &assigned, rule)?;
            let is_far = proposal.earliest.is_some_and(|earliest| earliest > far);
            if proposal.status != Status::NotApplicable && !is_far {
                series.push(proposal);
            }
        }
    }
    let review_by = rules.review_by();
    let out_of_date = rules.may_be_out_of_date(case.on);
    let notice = Because(Inner::OutOfDate { review_by });
    Ok(Forecast {
        id: case.id.clone(),
        data_version: rules.data_version().to_owned(),
        review_by,
        notices: out_of_date.then_some(notice).into_iter().collect(),
        on: case.on,
        series,
        unassigned: assigned.unassigned,
    })
}

/// What begins later than in twenty years is not told of its own accord.
const FAR_DAYS: i64 = 20 * 366;

fn proposal(
    asked: Asked<'_>,
    assigned: &Assigned<'_>,
    series: &Series,
) -> Result<Proposal, CaseError> {
    Ok(match applies(asked, assigned, series) {
        Err(excuse) => not_applicable(series, excuse),
        Ok((legal, shots)) => match &series.window {
            WindowRule::Antenatal { steps } => antenatal(asked, series, &legal, steps),
            _ if series.class == Class::Checkup => checkup(asked, series, &legal)?,
            _ => Judged {
                asked,
                series,
                legal,
                shots,
                follows: assigned.follows(asked, series),
            }
            .proposal(),
        },
    })
}

/// The window and the doses of a series that is for this person.
fn applies<'a>(
    asked: Asked<'a>,
    assigned: &Assigned<'a>,
    series: &Series,
) -> Result<(Legal, Paired<'a>), Excuse> {
    let legal = asked.legal(series, asked.case.on)?;
    let mut shots = assigned.shots(asked, series, &legal);
    if assigned.begun_otherwise(series) {
        return Err(Excuse::OtherProduct);
    }
    if let Some(switching) = &asked.rules.switching {
        let of = |id: &str| {
            asked
                .rules
                .series(id)
                .map_or(&[][..], |one| assigned.own(one))
        };
        let combined = !of(&switching.combined).is_empty();
        if switching.parts.contains(&series.id) && combined && shots.whole.is_empty() {
            return Err(Excuse::Combined);
        }
        if switching.combined == series.id && shots.whole.is_empty() {
            match assigned.may_switch(asked, switching, asked.case.on) {
                Some(false) => return Err(Excuse::NotYetSwitched),
                Some(true) => {
                    let [first, _] = &switching.parts;
                    shots.whole = of(first).to_vec();
                }
                None => {}
            }
        }
    }
    let before = |shot: &Shot<'_>| shot.date < legal.window.from;
    if series.excluded_by_earlier_dose && shots.whole.iter().any(before) {
        return Err(Excuse::EarlierDose);
    }
    shots.whole.retain(|shot| counts_in(series, &legal, *shot));
    Ok((legal, shots))
}

/// A series with everything that its forecast needs.
struct Judged<'a> {
    asked: Asked<'a>,
    series: &'a Series,
    legal: Legal,
    shots: Paired<'a>,
    follows: Option<Date>,
}

impl<'a> Judged<'a> {
    fn walk(&self, except: Option<usize>) -> Walk<'a> {
        Walk::new(self.asked, self.series, self.legal, self.follows).over(&self.shots.whole, except)
    }

    fn outlook(&self, walk: &Walk<'a>) -> Outlook<'a> {
        View {
            asked: self.asked,
            legal: self.legal,
            walk,
        }
        .outlook()
    }

    fn proposal(&self) -> Proposal {
        let walk = self.walk(None);
        let outlook = self.outlook(&walk);
        let mut answer = Proposal::new(&self.series.id, outlook.status);
        answer.flags.clone_from(&walk.flags);
        answer.because = self.because(&walk, &outlook);
        if let Some(next) = &outlook.next {
            fill(&mut answer, next);
        }
        for half in &self.shots.halves {
            if let Some(missing) = self.missing(half) {
                answer.flags.push(format!("part_missing={missing}"));
            }
        }
        self.flags(&mut answer, &walk, &outlook);
        for (at, number) in &walk.doubts {
            let other = self.outlook(&self.walk(Some(*at)));
            if differs(&outlook, &other) {
                answer.alternatives.push(alternative(*number, &other));
            }
        }
        if answer.alternatives.is_empty() {
            self.exceptions(&mut answer);
        } else {
            answer.status = Status::Review;
        }
        answer
    }

    fn flags(&self, answer: &mut Proposal, walk: &Walk<'_>, outlook: &Outlook<'_>) {
        if self.series.class == Class::Voluntary {
            answer.flags.push("voluntary".to_owned());
        }
        let Some(next) = &outlook.next else { return };
        let on = self.asked.case.on;
        let may = matches!(
            outlook.status,
            Status::Eligible | Status::EligibleNotRecommended
        );
        let ahead = may || outlook.status == Status::Upcoming;
        if outlook.status == Status::Unreachable || (may && !next.can_complete) {
            answer.flags.push("cannot_complete_in_window".to_owned());
        }
        if !ahead {
            return;
        }
        let starts_decide = |plan: &Plan| plan.first_after.is_some() || plan.first_until.is_some();
        if may && next.standard.is_some_and(|(from, _)| from > on) {
            answer.flags.push("before_standard_window".to_owned());
        }
        if self.series.plan.iter().any(starts_decide) {
            answer.flags.push(format!("total_doses={}", next.total));
        }
        if let Some(product) = &next.product {
            answer.flags.push(format!("product={product}"));
        }
        if let Some(day) = next.last_start {
            answer.flags.push(format!("last_start_to_complete={day}"));
        }
        let late = self.series.not_recommended_after.as_ref();
        if let Some(advice) = late.filter(|_| outlook.status == Status::EligibleNotRecommended) {
            answer.flags.push(advice.flag.clone());
        }
        let reached = |age| {
            walk.attains(age)
                .is_some_and(|day| day <= on.max(next.earliest))
        };
        let option = self.series.option.as_ref();
        if let Some(option) =
            option.filter(|option| option.from.0 <= on.max(next.earliest) && reached(option.age))
        {
            answer.flags.push(option.flag.clone());
        }
        if next.number == 2 && self.series.second_optional_after.is_some_and(reached) {
            answer
                .flags
                .push("second_dose_optional_after_13".to_owned());
        }
    }

    /// What a doctor or the municipality may still grant once the window is over.
    fn exceptions(&self, answer: &mut Proposal) {
        let on = self.asked.case.on;
        if !matches!(answer.status, Status::AgedOut | Status::Unreachable) {
            return;
        }
        let extension = self.series.extension.as_ref();
        if let Some((rule, until)) = extension.zip(self.asked.extended(self.series))
            && (rule.from.0..=until).contains(&on)
        {
            answer.grant(
                "extension_needs_municipality",
                Some(rule.from.0),
                Some(until),
            );
            return;
        }
        let Some((end, last, ceiling)) = self.asked.long_term(self.series, &self.legal) else {
            return;
        };
        if last.is_none_or(|last| on <= last) {
            answer.grant("long_term_illness_exception", end, last);
        } else if ceiling.is_some_and(|ceiling| ceiling < on) {
            answer.flags.push("exception_ceiling_passed".to_owned());
        }
    }

    /// The other half of `half`.
    fn missing(&self, half: &Shot<'_>) -> Option<&'a str> {
        let mut parts = self.series.pair.iter().flatten();
        let missing = parts.find(|part| **part != half.vaccine.code);
        missing.map(String::as_str)
    }

    fn because(&self, walk: &Walk<'_>, outlook: &Outlook<'_>) -> Vec<Because> {
        let mut all = Vec::with_capacity(walk.given.len() + 6);
        all.push(Because::window(self.legal.window));
        for (number, shot) in (1..).zip(&walk.given) {
            for (date, vaccine) in shot.half.into_iter().chain([(shot.date, shot.vaccine)]) {
                let vaccine = vaccine.code.clone();
                all.push(Because(Inner::Dose {
                    number,
                    vaccine,
                    date,
                }));
            }
        }
        let halves = self.shots.halves.iter();
        all.extend(halves.filter_map(|half| {
            Some(Because(Inner::Half {
                vaccine: half.vaccine.code.clone(),
                date: half.date,
                missing: self.missing(half)?.to_owned(),
            }))
        }));
        let extra = walk.extra.iter();
        all.extend(extra.map(|date| Because(Inner::Extra { date: *date })));
        let next = outlook.next.iter();
        all.extend(next.map(|next| Because(Inner::Next(next.rule))));
        all.extend(Because::of(self.series));
        all
    }
}

impl Proposal {
    /// Turns the proposal over to a person who may grant it until `last`.
    fn grant(&mut self, flag: &str, from: Option<Date>, last: Option<Date>) {
        self.status = Status::Review;
        self.flags
            .retain(|flag| flag != "cannot_complete_in_window");
        self.flags.push(flag.to_owned());
        self.earliest = self.earliest.max(from);
        self.latest = last;
        self.recommended_from = None;
        self.recommended_to = None;
    }
}

fn differs(main: &Outlook<'_>, other: &Outlook<'_>) -> bool {
    let days = |outlook: &Outlook<'_>| {
        let next = outlook.next.as_ref();
        next.map(|next| (next.label.clone(), next.earliest, next.latest))
    };
    let over = main.status == Status::AgedOut && other.status == Status::AgedOut;
    !over && (main.status != other.status || days(main) != days(other))
}

fn alternative(number: usize, other: &Outlook<'_>) -> Alternative {
    let next = other.next.as_ref();
    Alternative {
        assuming: format!("dose{number} not counted"),
        status: other.status,
        next_dose: next.map(|next| next.label.clone()),
        earliest: next.map(|next| next.earliest),
        latest: next.and_then(|next| next.latest),
    }
}

fn fill(answer: &mut Proposal, next: &Next<'_>) {
    answer.next_dose = Some(next.label.clone());
    answer.earliest = Some(next.earliest);
    answer.latest = next.latest;
    answer.recommended_from = next.standard.map(|(from, _)| from);
    answer.recommended_to = next.standard.and_then(|(_, until)| until);
}

fn not_applicable(series: &Series, excuse: Excuse) -> Proposal {
    let mut answer = Proposal::new(&series.id, Status::NotApplicable);
    answer.because.push(Because(Inner::Excused(excuse)));
    answer.because.extend(Because::of(series));
    answer
}
