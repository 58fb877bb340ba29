//! What the journal adds up to: a fold over its records, kept in memory.

use std::collections::{BTreeMap, BTreeSet};

use techo_jpki::RevocationReason;
use techo_vault::issued::{BindingId, IssuedHash, IssuedKind, SignedIssuedEntry};

use crate::answer::ReviewReason;
use crate::record::{Bound, JournalRecord};

/// Everything the city remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) nonces: BTreeMap<[u8; 32], Nonce>,
    pub(crate) bindings: BTreeMap<BindingId, BoundState>,
    pub(crate) by_request: BTreeMap<[u8; 32], BindingId>,
    pub(crate) by_resident: BTreeMap<String, Vec<BindingId>>,
    /// Requests that wait for a revocation answer or a person.
    pub(crate) pending: BTreeMap<[u8; 32], Waiting>,
    /// Tags of certificates that are revoked, for good.
    pub(crate) revoked: BTreeSet<[u8; 32]>,
    /// How far asking again has come, if it did not end.
    pub(crate) recheck: Option<Progress>,
    /// When asking again last began and came to its end.
    pub(crate) rechecked_at: Option<u64>,
}

/// An enrolment that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) since: u64,
    /// Why a person has to look, or `None` if it waits for a revocation list.
    pub(crate) review: Option<ReviewReason>,
}

/// A walk through all bindings that was begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) began: u64,
    pub(crate) through: BindingId,
    pub(crate) good: u64,
    pub(crate) open: u64,
}

/// When and why a certificate was found to be revoked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundRevoked {
    pub(crate) at: u64,
    pub(crate) reason: RevocationReason,
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
    /// Whether another binding continues its entries.
    pub(crate) superseded: bool,
    pub(crate) revoked: Option<FoundRevoked>,
    pub(crate) pending: BTreeMap<u64, SignedIssuedEntry>,
}

impl BoundState {
    /// Tells whether records are still issued under it.
    pub(crate) fn stands(&self) -> bool {
        !self.ended && !self.superseded
    }
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
            JournalRecord::Waiting {
                request,
                since,
                review,
            } => {
                let review = review.map(ReviewReason::from_number);
                self.pending.insert(request, Waiting { since, review });
            }
            JournalRecord::Closed { request } => drop(self.pending.remove(&request)),
            JournalRecord::Revoked {
                binding,
                at,
                reason,
            } => {
                let Some(state) = self.bindings.get_mut(&binding) else {
                    return;
                };
                let reason = RevocationReason::from_code(reason.unwrap_or(0));
                state.revoked = Some(FoundRevoked { at, reason });
                if let Some(mark) = &state.bound.certificate {
                    self.revoked.insert(mark.tag);
                }
            }
            JournalRecord::Rechecked {
                began,
                through: Some(through),
                good,
                open,
            } => {
                self.recheck = Some(Progress {
                    began,
                    through,
                    good,
                    open,
                });
            }
            JournalRecord::Rechecked { began, .. } => {
                self.recheck = None;
                self.rechecked_at = Some(began);
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
        let mut state = BoundState {
            bound,
            next: 0,
            last: IssuedHash::ZERO,
            facts: BTreeMap::new(),
            answered: false,
            ended: false,
            superseded: false,
            revoked: None,
            pending: BTreeMap::new(),
        };
        let follows = state.bound.grounds.as_ref().and_then(|g| g.follows);
        if let Some(old) = follows.and_then(|old| self.bindings.get_mut(&old)) {
            old.superseded = true;
            (state.next, state.last) = (old.next, old.last);
            state.facts = std::mem::take(&mut old.facts);
            // What nobody has fetched yet goes where the family reads from now on.
            state.pending = std::mem::take(&mut old.pending);
        }
        self.bindings.insert(id, state);
    }
}
