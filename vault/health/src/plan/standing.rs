//! How every vaccination of one person stands on a day, in the words of a family: overdue, due,
//! closing, soon. The dates are the schedule's.

use serde::Serialize;

use crate::{
    calendar::{Age, Months, add_days, add_months},
    date::Date,
    plan::run::is_doubled,
    schedule::{Case, CaseError, Class, Proposal, Rules, Status, forecast},
    value::redact,
};

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Possible, and the last legal day is near.
    Closing,
    /// Possible, and the standard period is over.
    Overdue,
    /// Possible, in its standard period.
    Due,
    /// A doctor or the city has to decide.
    Ask,
    /// Begins soon.
    Soon,
    /// Begins later.
    Later,
    /// The last legal day is over, or what is missing no longer fits.
    Missed,
    /// Nothing is missing.
    Complete,
}

/// One series on that day.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// How it stands.
    pub standing: Standing,
    /// Whether the family decides for itself: no programme of the city.
    pub voluntary: bool,
    /// The first day that makes sense: of the standard period if it lies ahead, else the first legal one.
    pub from: Option<Date>,
    /// The last day: the last legal one, or the last on which a start still completes the series.
    pub until: Option<Date>,
    /// What the schedule says, with its reasons.
    pub proposal: Proposal,
}

redact!(Item);

/// How every vaccination stands for the person of `case` on its day, the most urgent first.
///
/// `days` is how far ahead "soon" and "closing" look. Voluntary vaccinations are told to those under
/// twenty, and seasonal ones to everybody; what was missed, only if the person was of age for it in
/// the last year.
pub fn standings(rules: &Rules, case: &Case, days: u16) -> Result<Vec<Item>, CaseError> {
    let now = forecast(rules, case)?;
    let mut items = Vec::new();
    for proposal in &now.series {
        if is_doubled(rules, &now.series, proposal) {
            continue;
        }
        items.extend(item(rules, case, proposal, days));
    }
    items.sort_by_key(|item| (item.standing, item.voluntary, item.until, item.from));
    Ok(items)
}

fn item(rules: &Rules, case: &Case, proposal: &Proposal, days: u16) -> Option<Item> {
    let view = rules.view(&proposal.series)?;
    let voluntary = view.class == Class::Voluntary;
    if view.class == Class::Checkup || voluntary && !view.seasonal && !is_young(case) {
        return None;
    }
    let on = case.on();
    let start = start_by(proposal);
    let until = start.or(proposal.latest);
    let from = match (proposal.recommended_from, proposal.earliest) {
        (Some(standard), Some(earliest)) => Some(standard.max(earliest)),
        (standard, earliest) => earliest.or(standard),
    };
    let ahead = add_days(on, i64::from(days));
    let standing = match proposal.status {
        Status::NotApplicable => return None,
        Status::Complete => Standing::Complete,
        Status::Review | Status::EligibleNotRecommended => Standing::Ask,
        Status::AgedOut | Status::Unreachable => {
            let recent = add_months(proposal.latest?, Months(12));
            if recent < on {
                return None;
            }
            Standing::Missed
        }
        Status::Eligible if proposal.flags.iter().any(|flag| flag == TOO_LATE) => Standing::Ask,
        Status::Upcoming | Status::Eligible => match from {
            Some(from) if from <= on => Standing::of_open(on, days, proposal.recommended_to, until),
            // Legal already, and the standard period never comes or comes too late.
            _ if until.is_some_and(|until| until <= add_days(on, URGENT)) => Standing::Closing,
            Some(from) if from <= ahead => Standing::Soon,
            Some(_) | None => Standing::Later,
        },
    };
    Some(Item {
        standing,
        voluntary,
        from,
        until,
        proposal: proposal.clone(),
    })
}

impl Standing {
    /// How something stands that is possible on `on`: best until `best`, at all until `until`.
    pub(crate) fn of_open(on: Date, days: u16, best: Option<Date>, until: Option<Date>) -> Self {
        let past_best = best.is_some_and(|best| best < on);
        let near = |days: i64| until.is_some_and(|until| until <= add_days(on, days));
        if near(URGENT) || past_best && near(i64::from(days.min(NEAR))) {
            Self::Closing
        } else if past_best {
            Self::Overdue
        } else {
            Self::Due
        }
    }
}

/// So many days before its last day, whatever is open is urgent.
const URGENT: i64 = 30;
/// And so many if it is behind its standard period.
const NEAR: u16 = 60;

fn is_young(case: &Case) -> bool {
    let twenty = case.birth().map(|birth| birth.attains(Age::years(20)));
    twenty.is_none_or(|twenty| case.on() <= twenty)
}

const TOO_LATE: &str = "cannot_complete_in_window";

/// The last day on which a start still completes the series.
fn start_by(proposal: &Proposal) -> Option<Date> {
    let mut flags = proposal.flags.iter();
    flags
        .find_map(|flag| flag.strip_prefix("last_start_to_complete="))?
        .parse()
        .ok()
}
