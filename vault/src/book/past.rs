//! Sets of ops, by the order in which a fold learnt them.

/// A set of small numbers.
#[derive(Clone, Debug, Default)]
pub(in crate::book) struct Past(Vec<u64>);

impl Past {
    pub(in crate::book) fn insert(&mut self, op: usize) {
        let word = op / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (op % 64);
        }
    }

    pub(in crate::book) fn contains(&self, op: usize) -> bool {
        self.0
            .get(op / 64)
            .is_some_and(|bits| bits & (1 << (op % 64)) != 0)
    }

    pub(in crate::book) fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (into, from) in self.0.iter_mut().zip(&other.0) {
            *into |= from;
        }
    }
}
