//! When two records tell of the same thing. Official ones come first and keep their word; what the
//! family adds fills in what they leave open.

use crate::calendar::days_between;

use crate::history::{CheckupDone, Dose, Measured, Provenance, Source};

/// Joins `new` with the dose that it tells of once more, or adds it.
///
/// The same vaccine on the same day is one dose. So is the same vaccine of the same lot within six
/// days, one told by a city and the other by the family: no series repeats a dose so soon, and a
/// date copied by hand is easily a day off.
pub(super) fn dose(doses: &mut Vec<Dose>, new: Dose) {
    let known = doses
        .iter_mut()
        .find(|known| known.vaccine == new.vaccine && is_same_dose(known, &new));
    let Some(known) = known else {
        doses.push(new);
        return;
    };
    known.days_differ |= known.date != new.date;
    known.product = known.product.take().or(new.product);
    known.lot = known.lot.take().or(new.lot);
    join(&mut known.sources, new.sources);
}

fn is_same_dose(known: &Dose, new: &Dose) -> bool {
    if known.date == new.date {
        return true;
    }
    let lot = |dose: &Dose| dose.lot.as_deref().map(|lot| lot.trim().to_uppercase());
    let says = |dose: &Dose, who| dose.sources.iter().any(|source| source.provenance == who);
    // The family's word never joins the family's: two records are two doses there.
    let apart = says(known, Provenance::Official)
        && !says(known, Provenance::Family)
        && !says(new, Provenance::Official);
    apart
        && lot(known).is_some_and(|known| Some(known) == lot(new))
        && days_between(known.date, new.date).abs() <= CLOSE
}

/// No series gives its next dose within so many days.
const CLOSE: i64 = 6;

/// Joins a checkup of the same kind on the same day, or adds it.
pub(super) fn checkup(all: &mut Vec<CheckupDone>, new: CheckupDone) {
    let same = |known: &&mut CheckupDone| {
        known.checkup == new.checkup && known.date.is_some() && known.date == new.date
    };
    match all.iter_mut().find(same) {
        Some(known) => {
            known.judgement = known.judgement.take().or(new.judgement);
            join(&mut known.sources, new.sources);
        }
        None => all.push(new),
    }
}

/// Joins the same value of the same day, or adds it.
pub(super) fn measured(all: &mut Vec<Measured>, new: Measured) {
    let same = |known: &&mut Measured| {
        known.quantity == new.quantity
            && known.date == new.date
            && known.unit == new.unit
            && known.value.micros() == new.value.micros()
    };
    match all.iter_mut().find(same) {
        Some(known) => {
            known.posture = known.posture.take().or(new.posture);
            join(&mut known.sources, new.sources);
        }
        None => all.push(new),
    }
}

fn join(sources: &mut Vec<Source>, more: Vec<Source>) {
    sources.extend(more);
    sources.sort();
    sources.dedup();
}
