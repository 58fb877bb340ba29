//! Where the envelopes of one feed lie in the log, and which of them cannot be read back there.

use std::collections::BTreeSet;
use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::packed::{List, PAGE, Pages};
use crate::store::Location;

/// The places of one feed's envelopes, by sequence.
#[derive(Debug, Clone, Default, Encode, Decode)]
pub(super) struct Places {
    #[n(0)]
    list: List<Option<Location>, 16>,
    /// The sequences without a place: known without bringing any page.
    #[n(1)]
    holes: BTreeSet<u64>,
}

impl Places {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Where an envelope lies.
    pub(super) fn get(&self, sequence: u64) -> Option<Location> {
        self.list.get(usize::try_from(sequence).ok()?)?
    }

    /// Notes where an envelope lies.
    pub(super) fn put(&mut self, sequence: u64, location: Location) {
        let Ok(index) = usize::try_from(sequence) else {
            return;
        };
        self.fill(index);
        if index == self.list.len() {
            self.list.push(Some(location));
        } else if self.list.set(index, Some(location)) {
            self.holes.remove(&sequence);
        }
    }

    /// Notes that there are at least `length` envelopes.
    pub(super) fn fill(&mut self, length: usize) {
        while self.list.len() < length {
            self.holes.insert(self.list.len() as u64);
            self.list.push(None);
        }
    }

    /// Whether an envelope has a place.
    pub(super) fn holds(&self, sequence: u64) -> bool {
        sequence < self.list.len() as u64 && !self.holes.contains(&sequence)
    }

    /// The sequences without a place, ascending.
    pub(super) fn holes(&self) -> impl Iterator<Item = u64> + '_ {
        self.holes.iter().copied()
    }

    /// Forgets every place that is not `whole`.
    pub(super) fn keep_only(&mut self, whole: &BTreeSet<Location>) {
        for number in 0..self.list.len().div_ceil(PAGE) {
            // Who brings pages notes those that cannot be had.
            let Some(page) = self.list.page(number) else {
                continue;
            };
            let from = number.saturating_mul(PAGE);
            for (index, place) in (from..).zip(page.iter()) {
                let lost = place.is_some_and(|location| !whole.contains(&location));
                if lost && self.list.set(index, None) {
                    self.holes.insert(index as u64);
                }
            }
        }
    }

    /// One page.
    pub(super) fn page(&self, number: usize) -> Option<Arc<[Option<Location>]>> {
        self.list.page(number)
    }

    /// Whether a page is as it was put away.
    pub(super) fn is_away(&self, number: usize) -> bool {
        self.list.is_away(number)
    }

    /// Says who brings what was put away.
    pub(super) fn bring_from(&mut self, pages: Arc<dyn Pages<Option<Location>>>) {
        self.list.bring_from(pages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Position;

    fn at(n: u64) -> Location {
        Location::new(Position::new(1, 32 + n))
    }

    #[test]
    fn what_was_never_placed_or_is_no_longer_whole_is_a_hole_until_it_is_placed() {
        let mut places = Places::default();
        for sequence in (0..3 * PAGE as u64).filter(|n| *n != 7) {
            places.put(sequence, at(sequence));
        }
        places.fill(3 * PAGE + 2);
        let end = 3 * PAGE as u64;
        assert_eq!(places.holes().collect::<Vec<_>>(), [7, end, end + 1]);
        let whole = (0..end).filter(|n| *n != 2000).map(at).collect();
        places.keep_only(&whole);
        assert_eq!(places.holes().collect::<Vec<_>>(), [7, 2000, end, end + 1]);
        assert!(!places.holds(2000) && !places.holds(end + 2) && places.holds(2001));
        for sequence in [7, 2000, end, end + 1] {
            assert_eq!(places.get(sequence), None);
            places.put(sequence, at(sequence));
        }
        assert_eq!(places.holes().count(), 0);
        assert!((0..end + 2).all(|n| places.get(n) == Some(at(n)) && places.holds(n)));
    }
}
