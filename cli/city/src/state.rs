//! What the journal adds up to: a fold over its records, kept in memory.

use std::collections::{BTreeMap, BTreeSet};

use techo_vault::issued::{BindingId, IssuedHash, IssuedKind, SignedIssuedEntry};

use crate::record::{Bound, JournalRecord};

/// Everything the city remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) nonces: BTreeMap<[u8; 32], Nonce>,
    pub(crate) bindings: BTreeMap<BindingId, BoundState>,
    pub(crate) by_request: BTreeMap<[u8; 32], BindingId>,
    pub(crate) by_resident: BTreeMap<String, Vec<BindingId>>,
    /// Requests that wait for a revocation answer, and since when.
    pub(crate) pending: BTreeMap<[u8; 32], u64>,
    /// Tags of certificates that are revoked, for good.
    pub(crate) revoked: BTreeSet<[u8; 32]>,
}

/// A nonce that was given out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nonce {
    pub(crate) expires: u64,
    pub(crate) used: bool,
}

/// One binding: what was said under it and what is still to be delivered.
#[derive(Debug)]
pub(crate) struct BoundState {
    pub(crate) bound: Bound,
    pub(crate) next: u64,
    pub(crate) last: IssuedHash,
    pub(crate) facts: BTreeMap<[u8; 32], FactState>,
    pub(crate) answered: bool,
    /// Whether the city said that nothing more will come.
    pub(crate) ended: bool,
    pub(crate) pending: BTreeMap<u64, SignedIssuedEntry>,
}

/// One fact as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FactState {
    /// The entry that stands; a correction supersedes it.
    pub(crate) current: u64,
    pub(crate) content: [u8; 32],
    pub(crate) withdrawn: bool,
}

impl State {
    /// Takes one more record.
    pub(crate) fn apply(&mut self, record: JournalRecord) {
        match record {
            JournalRecord::NonceGiven { nonce, expires } => {
                self.nonces.insert(
                    nonce,
                    Nonce {
                        expires,
                        used: false,
                    },
                );
            }
            JournalRecord::NonceUsed { nonce } => {
                if let Some(nonce) = self.nonces.get_mut(&nonce) {
                    nonce.used = true;
                }
            }
            JournalRecord::Bound(bound) => self.bind(*bound),
            JournalRecord::Issued(issued) => {
                let Some(state) = self.bindings.get_mut(&issued.binding) else {
                    return;
                };
                if issued.kind == IssuedKind::End {
                    state.ended = true;
                } else {
                    let withdrawn = issued.kind == IssuedKind::Withdraw;
                    let fact = FactState {
                        current: issued.index,
                        content: issued.content,
                        withdrawn,
                    };
                    state.facts.insert(issued.identity, fact);
                }
                state.next = issued.index.saturating_add(1);
                state.last = issued.entry.hash();
                state.pending.insert(issued.index, issued.entry);
            }
            JournalRecord::Delivered { binding, index, .. } => {
                let Some(state) = self.bindings.get_mut(&binding) else {
                    return;
                };
                match index {
                    Some(index) => drop(state.pending.remove(&index)),
                    None => state.answered = true,
                }
            }
            JournalRecord::Waiting { request, since } => {
                self.pending.insert(request, since);
            }
            JournalRecord::Closed { request } => drop(self.pending.remove(&request)),
            JournalRecord::Revoked { binding, .. } => {
                let bound = self.bindings.get(&binding).map(|state| &state.bound);
                if let Some(mark) = bound.and_then(|bound| bound.certificate.as_ref()) {
                    self.revoked.insert(mark.tag);
                }
            }
        }
    }

    fn bind(&mut self, bound: Bound) {
        let id = bound.id;
        self.by_request.insert(bound.request, id);
        self.pending.remove(&bound.request);
        self.by_resident
            .entry(bound.resident.clone())
            .or_default()
            .push(id);
        let state = BoundState {
            bound,
            next: 0,
            last: IssuedHash::ZERO,
            facts: BTreeMap::new(),
            answered: false,
            ended: false,
            pending: BTreeMap::new(),
        };
        self.bindings.insert(id, state);
    }
}
