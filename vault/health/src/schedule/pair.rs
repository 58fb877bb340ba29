//! Joins two vaccines that count as one dose together, such as measles and rubella. Judges no date.

use crate::schedule::legal::Legal;
use crate::schedule::rules::{Early, Series};
use crate::schedule::walk::Shot;

/// The doses of a series, and halves that wait for the other.
pub(super) struct Paired<'a> {
    pub(super) whole: Vec<Shot<'a>>,
    pub(super) halves: Vec<Shot<'a>>,
}

/// Joins the halves among `shots`, which are in order of time; a pair counts on its later day.
pub(super) fn pair<'a>(shots: Vec<Shot<'a>>, series: &Series, legal: &Legal) -> Paired<'a> {
    let mut halves: Vec<Shot<'a>> = Vec::new();
    if series.pair.is_none() {
        let whole = shots;
        return Paired { whole, halves };
    }
    let mut whole = Vec::with_capacity(shots.len());
    for shot in shots {
        let never_counts = series.early == Early::NotCounted
            && legal
                .from_age
                .is_some_and(|(reached, _)| shot.date < reached);
        if never_counts || !series.is_part(&shot.vaccine.code) {
            whole.push(shot);
            continue;
        }
        let same = |half: &Shot<'_>| half.vaccine.code == shot.vaccine.code;
        if let Some(at) = halves.iter().position(|half| !same(half)) {
            let other = halves.swap_remove(at);
            let half = Some((other.date, other.vaccine));
            whole.push(Shot { half, ..shot });
        } else if !halves.iter().any(same) {
            halves.push(shot);
        }
    }
    Paired { whole, halves }
}
