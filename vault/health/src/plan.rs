//! What one member has before them: how every vaccination stands today, and visits that complete what
//! can be completed. It judges no dose itself: every date is the schedule's, and every planned dose is
//! given to the schedule again and has to count there. It never leaves a legal window.

use std::collections::BTreeSet;

use crate::{
    date::Date,
    schedule::{Case, CaseError, Class, Proposal, Rules, Status, forecast},
    value::redact,
};

mod attempt;
mod run;
mod standing;

pub use standing::{Item, Standing, standings};

/// What a family wants planned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Voluntary vaccinations too.
    pub voluntary: bool,
    /// Days on which somebody of the family goes anyway: taken where a dose may wait for them.
    pub together: BTreeSet<Date>,
}

/// Visits in order of time, and what no visit can complete.
#[derive(Clone, PartialEq, Eq)]
pub struct Plan {
    /// The rules it was made by.
    pub data_version: String,
    /// The day it was made for.
    pub on: Date,
    /// The visits.
    pub visits: Vec<Visit>,
    /// Series that are not complete after the last visit.
    pub open: Vec<Open>,
}

/// One visit to a clinic.
#[derive(Clone, PartialEq, Eq)]
pub struct Visit {
    /// The day planned: what it is planned for is legal on it.
    pub date: Date,
    /// The first day on which every dose of the visit is legal.
    pub earliest: Date,
    /// The last day on which every dose of the visit is legal.
    pub latest: Option<Date>,
    /// What may be given together on that day.
    pub doses: Vec<PlannedDose>,
}

/// One dose of a visit.
#[derive(Clone, PartialEq, Eq)]
pub struct PlannedDose {
    /// The series.
    pub series: String,
    /// The vaccine.
    pub vaccine: String,
    /// Which dose: a number, or `booster`.
    pub dose: Option<String>,
    /// The first day that law and intervals allow.
    pub earliest: Date,
    /// The last day that the law allows.
    pub latest: Option<Date>,
    /// The last day of the standard period.
    pub recommended_to: Option<Date>,
}

/// A series that the visits do not complete.
#[derive(Clone, PartialEq, Eq)]
pub struct Open {
    /// The series.
    pub series: String,
    /// Why.
    pub why: WhyOpen,
    /// The last day that the law allows.
    pub latest: Option<Date>,
}

/// Why a series stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WhyOpen {
    /// The last legal day is over.
    Over,
    /// Its own doses and intervals no longer fit into its window.
    NoTime,
    /// It would fit alone, but not with the others.
    NoRoom,
    /// Legal, but advised against by now: a doctor decides.
    AdvisedAgainst,
    /// A doctor or the city has to decide first.
    Ask,
}

redact!(Plan, Visit, PlannedDose, Open);

/// Plans visits for the person of `case`, from its day on.
///
/// At first every dose stands in its standard period and visits are joined where that costs nothing;
/// only what would miss its window that way is given as soon as may be.
pub fn plan(rules: &Rules, case: &Case, wishes: &Wishes) -> Result<Plan, CaseError> {
    let now = forecast(rules, case)?;
    let mut open = Vec::new();
    let mut targets = Vec::new();
    for proposal in &now.series {
        if !is_wanted(rules, proposal, wishes) || run::is_doubled(rules, &now.series, proposal) {
            continue;
        }
        match sort(proposal) {
            Sorted::Target => targets.push(proposal.series.clone()),
            Sorted::Open(why) => open.push(left_open(proposal, why)),
            Sorted::Done => {}
        }
    }
    let mut best = attempt::best(rules, case, &targets, &wishes.together)?;
    open.append(&mut best.failed);
    Ok(Plan {
        data_version: now.data_version,
        on: now.on,
        visits: best.visits,
        open,
    })
}

fn is_wanted(rules: &Rules, proposal: &Proposal, wishes: &Wishes) -> bool {
    let class = rules.view(&proposal.series).map(|view| view.class);
    match class {
        Some(Class::Routine | Class::Insurance) => true,
        Some(Class::Voluntary) => wishes.voluntary,
        Some(Class::Checkup) | None => false,
    }
}

enum Sorted {
    Target,
    Open(WhyOpen),
    Done,
}

fn sort(proposal: &Proposal) -> Sorted {
    let too_late = proposal
        .flags
        .iter()
        .any(|flag| flag == "cannot_complete_in_window");
    match proposal.status {
        Status::NotApplicable | Status::Complete => Sorted::Done,
        Status::Review => Sorted::Open(WhyOpen::Ask),
        Status::AgedOut => Sorted::Open(WhyOpen::Over),
        Status::Unreachable => Sorted::Open(WhyOpen::NoTime),
        Status::EligibleNotRecommended if too_late => Sorted::Open(WhyOpen::NoTime),
        Status::EligibleNotRecommended => Sorted::Open(WhyOpen::AdvisedAgainst),
        Status::Upcoming | Status::Eligible => Sorted::Target,
    }
}

fn left_open(proposal: &Proposal, why: WhyOpen) -> Open {
    Open {
        series: proposal.series.clone(),
        why,
        latest: proposal.latest,
    }
}

#[cfg(test)]
mod tests;
