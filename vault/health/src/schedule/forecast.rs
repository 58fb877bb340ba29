//! Answers one question: every series that applies, its status, its days, and why.

use jiff::civil::Date;

use crate::calendar::add_days;

use super::answer::{Alternative, Forecast, Proposal, Status};
use super::assign::{Assigned, counts_in};
use super::case::{Case, CaseError};
use super::legal::{Asked, Legal};
use super::outlook::{Next, Outlook, View};
use super::rules::{Class, Rules, Series, VisitStep, WindowRule};
use super::walk::{Shot, Walk};

/// What is due for the person of `case`, by `rules`.
pub fn forecast(rules: &Rules, case: &Case) -> Result<Forecast, CaseError> {
    let asked = Asked { rules, case };
    let assigned = Assigned::of(asked);
    let mut series = Vec::new();
    match &case.series {
        Some(ids) => {
            for id in ids {
                let rule = rules.series(id).ok_or(CaseError::UnknownSeries)?;
                series.push(proposal(asked, &assigned, rule));
            }
        }
        None => {
            for rule in &rules.series {
                let untouched = rule.legacy && assigned.own(&rule.id).is_empty();
                let proposal = proposal(asked, &assigned, rule);
                let far = add_days(case.on, FAR_DAYS);
                let is_far = proposal.earliest.is_some_and(|earliest| earliest > far);
                if proposal.status != Status::NotApplicable && !untouched && !is_far {
                    series.push(proposal);
                }
            }
        }
    }
    Ok(Forecast {
        id: case.id.clone(),
        data_version: rules.data_version().to_owned(),
        on: case.on,
        series,
        unassigned: assigned.unassigned,
    })
}

/// What begins later than in twenty years is not told of its own accord.
const FAR_DAYS: i64 = 20 * 366;

fn proposal(asked: Asked<'_>, assigned: &Assigned<'_>, series: &Series) -> Proposal {
    match applies(asked, assigned, series) {
        Err(reason) => not_applicable(series, reason),
        Ok((legal, shots)) => match &series.window {
            WindowRule::Antenatal { steps } => antenatal(asked, series, &legal, steps),
            _ if series.class == Class::Checkup => checkup(asked, series, &legal),
            _ => Judged {
                asked,
                series,
                legal: &legal,
                shots,
                follows: assigned.follows(series),
            }
            .proposal(),
        },
    }
}

/// The window and the doses of a series that is for this person.
fn applies<'a>(
    asked: Asked<'a>,
    assigned: &Assigned<'a>,
    series: &Series,
) -> Result<(Legal, Vec<Shot<'a>>), &'static str> {
    let legal = asked.legal(series, asked.case.on)?;
    let mut shots = assigned.shots(series);
    if assigned.begun_otherwise(series) {
        return Err("begun with another product");
    }
    if let Some(switching) = &asked.rules.switching {
        let combined = !assigned.own(&switching.combined).is_empty();
        if switching.parts.contains(&series.id) && combined && shots.is_empty() {
            return Err("given with the combined vaccine");
        }
        if switching.combined == series.id && shots.is_empty() {
            match assigned.may_switch(switching, asked.case.on) {
                Some(false) => return Err("begun with single vaccines; not to be changed yet"),
                Some(true) => {
                    let [first, _] = &switching.parts;
                    shots = assigned.own(first).to_vec();
                }
                None => {}
            }
        }
    }
    if series.excluded_by_earlier_dose && shots.iter().any(|shot| shot.date < legal.window.from) {
        return Err("vaccinated before the programme's window");
    }
    shots.retain(|shot| counts_in(series, &legal, *shot));
    Ok((legal, shots))
}

/// A series with everything that its forecast needs.
struct Judged<'a> {
    asked: Asked<'a>,
    series: &'a Series,
    legal: &'a Legal,
    shots: Vec<Shot<'a>>,
    follows: Option<Date>,
}

impl<'a> Judged<'a> {
    fn walk(&self, except: Option<usize>) -> Walk<'a> {
        Walk::over(
            self.asked,
            self.series,
            self.legal,
            self.follows,
            &self.shots,
            except,
        )
    }

    fn outlook(&self, walk: &Walk<'a>) -> Outlook {
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
        let mut answer = blank(self.series, outlook.status);
        answer.flags.clone_from(&walk.flags);
        answer.because = self.because(&walk, &outlook);
        if let Some(next) = &outlook.next {
            fill(&mut answer, next);
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

    fn flags(&self, answer: &mut Proposal, walk: &Walk<'_>, outlook: &Outlook) {
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
        let starts_decide =
            |plan: &super::rules::Plan| plan.first_after.is_some() || plan.first_until.is_some();
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
        let Some((end, last, ceiling)) = self.asked.long_term(self.series, self.legal) else {
            return;
        };
        if last.is_none_or(|last| on <= last) {
            answer.grant("long_term_illness_exception", end, last);
        } else if ceiling.is_some_and(|ceiling| ceiling < on) {
            answer.flags.push("exception_ceiling_passed".to_owned());
        }
    }

    fn because(&self, walk: &Walk<'_>, outlook: &Outlook) -> Vec<String> {
        let mut all = vec![window_words(self.legal)];
        for (number, shot) in (1..).zip(&walk.given) {
            all.push(format!(
                "dose {number}: {} on {}",
                shot.vaccine.code, shot.date
            ));
        }
        all.extend(
            walk.extra
                .iter()
                .map(|date| format!("one more dose on {date}")),
        );
        all.extend(outlook.next.iter().map(|next| next.rule.clone()));
        all.extend(sources(self.series));
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

fn differs(main: &Outlook, other: &Outlook) -> bool {
    let days = |outlook: &Outlook| {
        let next = outlook.next.as_ref();
        next.map(|next| (next.label.clone(), next.earliest, next.latest))
    };
    let over = main.status == Status::AgedOut && other.status == Status::AgedOut;
    !over && (main.status != other.status || days(main) != days(other))
}

fn alternative(number: usize, other: &Outlook) -> Alternative {
    let next = other.next.as_ref();
    Alternative {
        assuming: format!("dose{number} not counted"),
        status: other.status,
        next_dose: next.map(|next| next.label.clone()),
        earliest: next.map(|next| next.earliest),
        latest: next.and_then(|next| next.latest),
    }
}

fn fill(answer: &mut Proposal, next: &Next) {
    answer.next_dose = Some(next.label.clone());
    answer.earliest = Some(next.earliest);
    answer.latest = next.latest;
    answer.recommended_from = next.standard.map(|(from, _)| from);
    answer.recommended_to = next.standard.and_then(|(_, until)| until);
}

fn blank(series: &Series, status: Status) -> Proposal {
    Proposal {
        series: series.id.clone(),
        status,
        next_dose: None,
        earliest: None,
        latest: None,
        recommended_from: None,
        recommended_to: None,
        flags: Vec::new(),
        because: Vec::new(),
        alternatives: Vec::new(),
    }
}

fn not_applicable(series: &Series, reason: &str) -> Proposal {
    let mut answer = blank(series, Status::NotApplicable);
    answer.because.push(reason.to_owned());
    answer.because.extend(sources(series));
    answer
}

/// A checkup: a window and nothing to count.
fn checkup(asked: Asked<'_>, series: &Series, legal: &Legal) -> Proposal {
    let on = asked.case.on;
    let status = if legal.window.is_over(on) {
        Status::AgedOut
    } else if on < legal.window.from {
        Status::Upcoming
    } else {
        Status::Eligible
    };
    let mut answer = blank(series, status);
    answer.earliest = Some(legal.window.from);
    answer.latest = legal.window.until;
    answer.because.push(window_words(legal));
    answer.because.extend(sources(series));
    answer
}

/// The next antenatal visit, by the week of the pregnancy.
fn antenatal(asked: Asked<'_>, series: &Series, legal: &Legal, steps: &[VisitStep]) -> Proposal {
    let on = asked.case.on;
    let gestation = asked
        .case
        .facts
        .expected
        .and_then(|expected| expected.gestation_on(on));
    let step = gestation.and_then(|now| steps.iter().find(|step| now <= step.until));
    let (Some(gestation), Some(step)) = (gestation, step) else {
        let status = if on < legal.window.from {
            Status::NotApplicable
        } else {
            Status::AgedOut
        };
        return blank(series, status);
    };
    let last = asked.case.facts.last_visit;
    let visit = last.map(|last| add_days(last, 7 * i64::from(step.weeks)));
    let status = if visit.is_some_and(|visit| on < visit) {
        Status::Upcoming
    } else {
        Status::Eligible
    };
    let mut answer = blank(series, status);
    answer.earliest = visit;
    answer.flags.push(format!("interval_weeks={}", step.weeks));
    answer
        .flags
        .extend(visit.map(|visit| format!("next_visit={visit}")));
    answer
        .because
        .push(format!("{gestation} on {on}: every {} weeks", step.weeks));
    answer.because.extend(sources(series));
    answer
}

fn window_words(legal: &Legal) -> String {
    match legal.window.until {
        Some(until) => format!(
            "window: {} to {until}, both days included",
            legal.window.from
        ),
        None => format!("window: from {}", legal.window.from),
    }
}

fn sources(series: &Series) -> Vec<String> {
    let confidence = series.confidence.as_str();
    let rule = format!(
        "rule {} ({}; confidence {confidence}): {}",
        series.id,
        series.name,
        series.sources.join(", ")
    );
    let mut all = vec![rule];
    all.extend(series.note.iter().cloned());
    all.push("confirm with your clinic and your city".to_owned());
    all
}
