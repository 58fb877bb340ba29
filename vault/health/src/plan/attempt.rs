//! Which way of planning completes the most: standard periods first, then in haste what they would
//! make late, then one series before all other live vaccines.

use std::collections::BTreeSet;

use crate::{
    date::Date,
    plan::{
        Open, Visit, WhyOpen,
        run::{Manner, Run},
    },
    schedule::{Case, CaseError, Rules},
};

/// What came of an attempt.
pub(super) struct Attempt {
    pub(super) visits: Vec<Visit>,
    pub(super) failed: Vec<Open>,
}

/// The attempt that leaves the fewest series open; among equals, the calmest.
pub(super) fn best(
    rules: &Rules,
    case: &Case,
    targets: &[String],
    together: &BTreeSet<Date>,
) -> Result<Attempt, CaseError> {
    let calm = Manner {
        together: together.clone(),
        ..Manner::default()
    };
    let mut best = Run::new(rules, case, targets, calm).finish()?;
    let mut hurried = BTreeSet::new();
    for _ in 0..=targets.len() {
        let before = hurried.len();
        hurried.extend(best.failed.iter().map(|open| open.series.clone()));
        if best.failed.is_empty() || hurried.len() == before {
            break;
        }
        let manner = Manner {
            hurried: hurried.clone(),
            together: together.clone(),
            ..Manner::default()
        };
        better(&mut best, Run::new(rules, case, targets, manner).finish()?);
    }
    if !best.failed.is_empty() {
        let all: BTreeSet<String> = targets.iter().cloned().collect();
        let lost: Vec<String> = best.failed.iter().map(|open| open.series.clone()).collect();
        for first in std::iter::once(None).chain(lost.into_iter().map(Some)) {
            let hurried = all.clone();
            let manner = Manner {
                hurried,
                first,
                ..Manner::default()
            };
            better(&mut best, Run::new(rules, case, targets, manner).finish()?);
        }
    }
    for open in &mut best.failed {
        if open.why == WhyOpen::NoTime && fits_alone(rules, case, &open.series)? {
            open.why = WhyOpen::NoRoom;
        }
    }
    Ok(best)
}

fn better(best: &mut Attempt, other: Attempt) {
    if other.failed.len() < best.failed.len() {
        *best = other;
    }
}

fn fits_alone(rules: &Rules, case: &Case, series: &str) -> Result<bool, CaseError> {
    let target = [series.to_owned()];
    let manner = Manner {
        hurried: target.iter().cloned().collect(),
        ..Manner::default()
    };
    let alone = Run::new(rules, case, &target, manner).finish()?;
    Ok(alone.failed.is_empty())
}
