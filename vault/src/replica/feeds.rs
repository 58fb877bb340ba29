//! The feeds of a book as this device holds them: chains, what was applied of them, and what
//! others say exists; it never opens an envelope.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use minicbor::{Decode, Encode};
use techo_wire::{EnvelopeHash, FeedId, Head};

use crate::book::DeviceKey;
use crate::packed::{List, Pages};

/// A change that is in its chain but cannot be applied yet, because its author had seen entries that
/// are not held here.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Deferred {
    #[n(0)]
    pub(super) sequence: u64,
    #[n(1)]
    pub(super) frontier: Vec<Head>,
    /// Document and change; absent for an entry that changes no document.
    #[n(2)]
    pub(super) change: Option<(String, minicbor::bytes::ByteVec)>,
}

/// One feed.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Feed {
    #[n(0)]
    pub(super) device: DeviceKey,
    #[n(1)]
    pub(super) hashes: List<EnvelopeHash, 32>,
    /// How many of its entries are applied.
    #[n(2)]
    pub(super) applied: u64,
    #[n(3)]
    pub(super) deferred: VecDeque<Deferred>,
    /// The next sequence of every other feed that this feed's author had seen.
    #[n(4)]
    pub(super) told: BTreeMap<FeedId, u64>,
}

/// All feeds of a book.
#[derive(Debug, Clone, Default, Encode, Decode)]
pub struct Feeds {
    #[n(0)]
    feeds: BTreeMap<FeedId, Feed>,
    /// The greatest head of each feed that anybody named: frontiers, receipts, the manifest.
    #[n(1)]
    named: BTreeMap<FeedId, (u64, EnvelopeHash)>,
}

/// Where an envelope stands to its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Next,
    Known,
    Fork { sequence: u64 },
    Gap { expected: u64 },
}

impl Feeds {
    /// Returns the last entry held of every feed.
    pub fn heads(&self) -> impl Iterator<Item = Head> {
        self.feeds.iter().filter_map(|(feed, state)| {
            let seq = (state.hashes.len() as u64).checked_sub(1)?;
            Some(Head {
                feed: *feed,
                seq,
                hash: state.hashes.last()?,
            })
        })
    }

    /// Returns the last entry held of one feed.
    pub fn head(&self, feed: &FeedId) -> Option<Head> {
        let seq = self.length(feed).checked_sub(1)?;
        Some(Head {
            feed: *feed,
            seq,
            hash: self.hash_at(feed, seq)?,
        })
    }

    /// Returns the hash of an entry held; `None` too where it was put away and nobody has it any more.
    pub fn hash_at(&self, feed: &FeedId, sequence: u64) -> Option<EnvelopeHash> {
        let index = usize::try_from(sequence).ok()?;
        self.feeds.get(feed)?.hashes.get(index)
    }

    /// Returns the device that certified a feed.
    pub fn device(&self, feed: &FeedId) -> Option<&DeviceKey> {
        self.feeds.get(feed).map(|state| &state.device)
    }

    /// Returns how many entries of a feed are held.
    pub fn length(&self, feed: &FeedId) -> u64 {
        self.feeds
            .get(feed)
            .map_or(0, |state| state.hashes.len() as u64)
    }

    /// Returns how many entries wait for others that are not held.
    pub fn deferred(&self) -> usize {
        self.feeds.values().map(|feed| feed.deferred.len()).sum()
    }

    /// Returns the heads that somebody named and that are not held.
    pub fn missing(&self) -> impl Iterator<Item = Head> {
        let heads = self.named.iter().map(|(feed, (seq, hash))| Head {
            feed: *feed,
            seq: *seq,
            hash: *hash,
        });
        heads.filter(|head| self.length(&head.feed) <= head.seq)
    }

    /// Returns the heads that somebody named and that are held with other bytes: forks. Entries that
    /// were written upon the other branch wait for it.
    pub fn forks(&self) -> impl Iterator<Item = Head> {
        let heads = self.named.iter().map(|(feed, (seq, hash))| Head {
            feed: *feed,
            seq: *seq,
            hash: *hash,
        });
        let deferred = self.feeds.values().flat_map(|feed| &feed.deferred);
        let awaited = deferred.flat_map(|entry| entry.frontier.iter().copied());
        heads.chain(awaited).filter(|head| {
            self.hash_at(&head.feed, head.seq)
                .is_some_and(|held| held != head.hash)
        })
    }

    /// Returns the chain of every feed, to be put away.
    pub(crate) fn chains(&self) -> impl Iterator<Item = (&FeedId, &List<EnvelopeHash, 32>)> {
        self.feeds.iter().map(|(feed, state)| (feed, &state.hashes))
    }

    /// Says who brings the pages of each chain that were put away.
    pub(super) fn bring_from(&mut self, pages: impl Fn(FeedId) -> Arc<dyn Pages<EnvelopeHash>>) {
        for (feed, state) in &mut self.feeds {
            state.hashes.bring_from(pages(*feed));
        }
    }

    /// Notes that an entry exists, whoever says so.
    pub fn name(&mut self, head: &Head) {
        let named = self.named.entry(head.feed).or_insert((head.seq, head.hash));
        if head.seq > named.0 {
            *named = (head.seq, head.hash);
        }
    }

    /// The feed has signed both the envelope at `head` and that it follows `previous`: what is held
    /// with other bytes at either place is a fork.
    pub(super) fn standing(&self, head: &Head, previous: &EnvelopeHash) -> Standing {
        let Head { feed, seq, hash } = head;
        let expected = self.length(feed);
        if *seq < expected {
            return match self.hash_at(feed, *seq) {
                Some(own) if own == *hash => Standing::Known,
                Some(_) => Standing::Fork { sequence: *seq },
                // Held, but nobody can say as what: nothing is decided.
                None => Standing::Gap { expected },
            };
        }
        let Some(sequence) = seq.checked_sub(1) else {
            return Standing::Next;
        };
        match self.hash_at(feed, sequence) {
            Some(own) if own == *previous => Standing::Next,
            Some(_) => Standing::Fork { sequence },
            None => Standing::Gap { expected },
        }
    }

    /// Starts a feed that was certified by `device`.
    pub(super) fn open(&mut self, feed: FeedId, device: DeviceKey) {
        let fresh = Feed {
            device,
            hashes: List::default(),
            applied: 0,
            deferred: VecDeque::new(),
            told: BTreeMap::new(),
        };
        self.feeds.entry(feed).or_insert(fresh);
    }

    /// Extends the chain of a feed by an entry with this frontier.
    pub(super) fn extend(&mut self, feed: &FeedId, hash: EnvelopeHash, deferred: Deferred) {
        for head in &deferred.frontier {
            self.name(head);
        }
        if let Some(state) = self.feeds.get_mut(feed) {
            for head in &deferred.frontier {
                state.told.insert(head.feed, head.seq.saturating_add(1));
            }
            state.hashes.push(hash);
            state.deferred.push_back(deferred);
        }
    }

    /// Extends this device's own feed by an entry that it has applied already.
    pub(super) fn extend_applied(&mut self, feed: &FeedId, hash: EnvelopeHash, frontier: &[Head]) {
        if let Some(state) = self.feeds.get_mut(feed) {
            for head in frontier {
                state.told.insert(head.feed, head.seq.saturating_add(1));
            }
            state.hashes.push(hash);
            state.applied = state.applied.saturating_add(1);
        }
    }

    /// Takes the next change whose frontier is held, if there is one.
    pub(super) fn take_ready(&mut self) -> Option<(FeedId, Deferred)> {
        let ready = self.feeds.iter().find_map(|(id, feed)| {
            let first = feed.deferred.front()?;
            first
                .frontier
                .iter()
                .all(|head| self.applied(head))
                .then_some(*id)
        })?;
        let feed = self.feeds.get_mut(&ready)?;
        feed.applied = feed.applied.saturating_add(1);
        feed.deferred.pop_front().map(|deferred| (ready, deferred))
    }

    fn applied(&self, head: &Head) -> bool {
        self.feeds
            .get(&head.feed)
            .is_some_and(|feed| head.seq < feed.applied)
            && self.hash_at(&head.feed, head.seq) == Some(head.hash)
    }

    /// Returns the heads that `feed` has not told yet: only what is applied counts as seen.
    pub(super) fn untold(&self, own: &FeedId) -> Vec<Head> {
        let told = self.feeds.get(own).map(|feed| &feed.told);
        let others = self.feeds.iter().filter(|(id, _)| *id != own);
        others
            .filter_map(|(id, feed)| {
                let seq = feed.applied.checked_sub(1)?;
                let known = told.and_then(|told| told.get(id)).copied().unwrap_or(0);
                if feed.applied <= known {
                    return None;
                }
                Some(Head {
                    feed: *id,
                    seq,
                    hash: self.hash_at(id, seq)?,
                })
            })
            .collect()
    }
}
