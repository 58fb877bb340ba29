//! Folds corrections: what stands today and everything that stood before; it forgets nothing.

use std::collections::BTreeMap;

use crate::issued::{Groups, IssuedEntry, IssuedKind};

/// One official fact with all its versions.
#[derive(Clone, Debug)]
pub struct OfficialRecord<'a> {
    versions: Vec<&'a IssuedEntry>,
}

impl<'a> OfficialRecord<'a> {
    /// Returns the index of the entry that first said it: the record's name under its binding.
    pub fn index(&self) -> u64 {
        self.versions.first().map_or(0, |entry| entry.index())
    }

    /// Returns the entry that stands, or `None` once it was withdrawn.
    pub fn current(&self) -> Option<&'a IssuedEntry> {
        self.versions
            .last()
            .copied()
            .filter(|entry| entry.kind() != IssuedKind::Withdraw)
    }

    /// Returns the content that stands, or the last there was before it was withdrawn.
    pub fn content(&self) -> Option<&'a Groups> {
        self.versions
            .iter()
            .rev()
            .find(|e| e.kind().has_content())
            .map(|e| e.groups())
    }

    /// Returns all versions, oldest first, a withdrawal among them.
    pub fn versions(&self) -> impl Iterator<Item = &'a IssuedEntry> + '_ {
        self.versions.iter().copied()
    }

    /// Tells whether anything was said after the first entry.
    pub fn was_changed(&self) -> bool {
        self.versions.len() > 1
    }
}

/// Groups the entries of one chain by what they supersede. The later entry stands.
pub(crate) fn fold(entries: &[IssuedEntry]) -> Vec<OfficialRecord<'_>> {
    let mut first_of: BTreeMap<u64, u64> = BTreeMap::new();
    let mut records: BTreeMap<u64, Vec<&IssuedEntry>> = BTreeMap::new();
    for entry in entries {
        let first = match (entry.kind(), entry.supersedes()) {
            (IssuedKind::Issue, _) => entry.index(),
            (IssuedKind::Correct | IssuedKind::Withdraw, Some(earlier)) => {
                match first_of.get(&earlier) {
                    Some(first) => *first,
                    None => continue,
                }
            }
            (
                IssuedKind::Correct
                | IssuedKind::Withdraw
                | IssuedKind::Heartbeat
                | IssuedKind::End,
                _,
            ) => continue,
        };
        first_of.insert(entry.index(), first);
        records.entry(first).or_default().push(entry);
    }
    records
        .into_values()
        .map(|versions| OfficialRecord { versions })
        .collect()
}
