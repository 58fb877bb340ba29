//! How much of each segment is in use, so that what was deleted gives its room back.

use std::collections::BTreeMap;

/// What a segment holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes of the frames of bodies that the index points to.
    pub(crate) bodies: u64,
    /// Bytes of rows and removals that compaction put here and will not move again.
    pub(crate) carried: u64,
    /// Bytes of all frames, once nothing more is appended.
    pub(crate) sealed: Option<u64>,
}

impl Usage {
    /// Whether more than half of a segment is of no use any more.
    fn is_wasteful(&self) -> bool {
        let used = self.bodies.saturating_add(self.carried);
        self.sealed.is_some_and(|all| used < all / 2)
    }
}

/// The usages of all segments, and which changed.
#[derive(Debug, Default)]
pub(crate) struct Usages {
    each: BTreeMap<u32, Usage>,
    changed: BTreeMap<u32, Usage>,
    freed: bool,
}

impl Usages {
    pub(crate) fn new(each: BTreeMap<u32, Usage>) -> Self {
        Self {
            each,
            // The first look is due.
            freed: true,
            ..Self::default()
        }
    }

    pub(crate) fn change(&mut self, segment: u32, change: impl FnOnce(&mut Usage)) {
        let usage = self.each.entry(segment).or_default();
        let before = *usage;
        change(usage);
        self.freed |= usage.bodies < before.bodies || usage.sealed != before.sealed;
        self.changed.insert(segment, *usage);
    }

    /// A segment is gone.
    pub(crate) fn forget(&mut self, segment: u32) {
        self.each.remove(&segment);
        self.changed.remove(&segment);
        // There may be another that is wasteful.
        self.freed = true;
    }

    /// The usages that changed since this was asked.
    pub(crate) fn take_changed(&mut self) -> BTreeMap<u32, Usage> {
        std::mem::take(&mut self.changed)
    }

    /// A segment worth compacting, if something was freed since this was asked.
    pub(crate) fn take_wasteful(&mut self) -> Option<u32> {
        if !std::mem::take(&mut self.freed) {
            return None;
        }
        let mut wasteful = self.each.iter().filter(|(_, usage)| usage.is_wasteful());
        wasteful.next().map(|(segment, _)| *segment)
    }
}
