//! The search for the place where an own feed went two ways; it has no clock and no socket.

/// Goes back through a feed in growing steps until the common past is found.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    known: u64,
    from: u64,
    step: u64,
}

impl Trace {
    /// Starts at a sequence that is known to exist twice.
    pub fn new(sequence: u64) -> Self {
        Self {
            known: sequence,
            from: sequence,
            step: 1,
        }
    }

    /// The first sequence to ask for.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// The last sequence to ask for: everything behind it went another way already.
    pub fn to(&self) -> u64 {
        self.known
    }

    /// Goes further back; `None` if there is nothing earlier.
    #[must_use]
    pub fn earlier(self) -> Option<Self> {
        let known = self.from.checked_sub(1)?;
        Some(Self {
            known,
            from: self.from.saturating_sub(self.step),
            step: self.step.saturating_mul(2),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sequence_is_asked_for_once_down_to_the_first_and_in_few_steps() {
        for sequence in [0, 1, 2, 3, 100, 4_095, 65_000] {
            let (mut trace, mut next, mut steps) = (Trace::new(sequence), sequence, 0);
            loop {
                assert_eq!(trace.to(), next);
                assert!(trace.from() <= trace.to());
                steps += 1;
                let Some(earlier) = trace.earlier() else {
                    assert_eq!(trace.from(), 0);
                    break;
                };
                next = trace.from() - 1;
                trace = earlier;
            }
            assert!(steps <= 18, "{steps}");
        }
    }
}
