//! Checkups: a window, perhaps done, and nothing to count. Calls nobody to one: the municipality does.

use crate::calendar::add_days;
use crate::schedule::answer::{Proposal, Status};
use crate::schedule::case::{CaseError, Done};
use crate::schedule::legal::{Asked, Legal};
use crate::schedule::reason::{Because, Inner};
use crate::schedule::rules::{Series, VisitStep};

/// A checkup in its window, or done.
pub(super) fn checkup(
    asked: Asked<'_>,
    series: &Series,
    legal: &Legal,
) -> Result<Proposal, CaseError> {
    let on = asked.case.on;
    let done = series
        .done_by
        .as_ref()
        .map(|fact| asked.case.facts.done(fact))
        .transpose()?
        .flatten()
        .filter(|done| !matches!(done, Done::On(day) if *day > on));
    let outside = match done {
        Some(Done::On(day)) => !legal.window.contains(day),
        Some(Done::Sometime) | None => false,
    };
    let status = if done.is_some() {
        Status::Complete
    } else if legal.window.is_over(on) {
        Status::AgedOut
    } else if on < legal.window.from {
        Status::Upcoming
    } else {
        Status::Eligible
    };
    let mut answer = Proposal::new(&series.id, status);
    if outside {
        answer.status = Status::Review;
        answer.flags.push("done_outside_window".to_owned());
    }
    if answer.status != Status::Complete {
        answer.earliest = Some(legal.window.from);
        answer.latest = legal.window.until;
    }
    answer.because.push(Because::window(legal.window));
    answer.because.extend(done.map(|done| {
        let date = match done {
            Done::On(day) => Some(day),
            Done::Sometime => None,
        };
        Because(Inner::Done { date })
    }));
    answer.because.extend(Because::of(series));
    Ok(answer)
}

/// The next antenatal visit, by the week of the pregnancy.
pub(super) fn antenatal(
    asked: Asked<'_>,
    series: &Series,
    legal: &Legal,
    steps: &[VisitStep],
) -> Proposal {
    let on = asked.case.on;
    let gestation = asked
        .case
        .facts
        .expected
        .and_then(|expected| expected.gestation_on(on));
    let step = gestation.and_then(|now| steps.iter().find(|step| now <= step.until));
    let (Some(gestation), Some(step)) = (gestation, step) else {
        let status = if gestation.is_none() {
            Status::NotApplicable
        } else {
            Status::AgedOut
        };
        let mut answer = Proposal::new(&series.id, status);
        answer.because.push(Because::window(legal.window));
        answer.because.extend(Because::of(series));
        return answer;
    };
    let last = asked.case.facts.last_visit;
    let visit = last.map(|last| add_days(last, 7 * i64::from(step.weeks)));
    let status = if visit.is_some_and(|visit| on < visit) {
        Status::Upcoming
    } else {
        Status::Eligible
    };
    let mut answer = Proposal::new(&series.id, status);
    answer.earliest = visit;
    answer.flags.push(format!("interval_weeks={}", step.weeks));
    answer
        .flags
        .extend(visit.map(|visit| format!("next_visit={visit}")));
    let weeks = step.weeks;
    answer.because.push(Because(Inner::Visit {
        gestation,
        on,
        weeks,
    }));
    answer.because.extend(Because::of(series));
    answer
}
