//! The feeds of a book as this device holds them: chains, what was applied of them, and what
//! others say exists; it never opens an envelope.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use minicbor::{Decode, Encode};
use techo_wire::{Envelope, EnvelopeHash, FeedId, Head};

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
    chains: BTreeMap<FeedId, Feed>,
    /// The greatest head of each feed that anybody named: frontiers, receipts, the manifest.
    #[n(1)]
    named: BTreeMap<FeedId, (u64, EnvelopeHash)>,
    /// Entries that this device wrote on an old copy of itself and has said again in another feed.
    #[n(2)]
    retired: BTreeMap<FeedId, BTreeSet<EnvelopeHash>>,
}

/// Where an envelope stands to its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Next,
    Known,
    Retired,
    Fork { sequence: u64 },
    Gap { expected: u64 },
}

impl Feeds {
    /// Returns the last entry held of every feed.
    pub fn heads(&self) -> impl Iterator<Item = Head> {
        self.chains.iter().filter_map(|(feed, state)| {
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
        self.chains.get(feed)?.hashes.get(index)
    }

    /// Returns the device that certified a feed.
    pub fn device(&self, feed: &FeedId) -> Option<&DeviceKey> {
        self.chains.get(feed).map(|state| &state.device)
    }

    /// Returns how many entries of a feed are held.
    pub fn length(&self, feed: &FeedId) -> u64 {
        self.chains
            .get(feed)
            .map_or(0, |state| state.hashes.len() as u64)
    }

    /// Returns how many entries wait for others that are not held.
    pub fn deferred(&self) -> usize {
        self.chains.values().map(|feed| feed.deferred.len()).sum()
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
        let deferred = self.chains.values().flat_map(|feed| &feed.deferred);
        let awaited = deferred.flat_map(|entry| entry.frontier.iter().copied());
        heads.chain(awaited).filter(|head| {
            self.hash_at(&head.feed, head.seq)
                .is_some_and(|held| held != head.hash)
        })
    }

    /// Returns the chain of every feed, to be put away.
    pub(crate) fn chains(&self) -> impl Iterator<Item = (&FeedId, &List<EnvelopeHash, 32>)> {
        self.chains
            .iter()
            .map(|(feed, state)| (feed, &state.hashes))
    }

    /// Says who brings the pages of each chain that were put away.
    pub(super) fn bring_from(&mut self, pages: impl Fn(FeedId) -> Arc<dyn Pages<EnvelopeHash>>) {
        for (feed, state) in &mut self.chains {
            state.hashes.bring_from(pages(*feed));
        }
    }

    /// Notes that an entry exists, whoever says so. What was retired is not missed.
    pub fn name(&mut self, head: &Head) {
        if self.is_retired(head) {
            return;
        }
        let named = self.named.entry(head.feed).or_insert((head.seq, head.hash));
        if head.seq > named.0 {
            *named = (head.seq, head.hash);
        }
    }

    /// Knows nothing yet but what exists elsewhere and what was retired.
    pub(super) fn start_over(&self) -> Self {
        Self {
            chains: BTreeMap::new(),
            named: self.named.clone(),
            retired: self.retired.clone(),
        }
    }

    /// Keeps these entries of a feed out of its chain from here on, and says whether one is in it
    /// already: then everything has to be taken again without it.
    pub(super) fn retire(&mut self, feed: FeedId, hashes: &[EnvelopeHash]) -> bool {
        let retired = self.retired.entry(feed).or_default();
        let known = retired.len();
        retired.extend(hashes);
        if retired.len() == known {
            return false;
        }
        if let Some((_, hash)) = self.named.get(&feed)
            && retired.contains(hash)
        {
            self.named.remove(&feed);
        }
        let Some(held) = self.chains.get(&feed).map(|state| &state.hashes) else {
            return false;
        };
        // From the end, where they mostly are.
        let mut held = (0..held.len()).rev().filter_map(|index| held.get(index));
        held.any(|hash| retired.contains(&hash))
    }

    /// Says whether an entry was retired.
    pub fn is_retired(&self, head: &Head) -> bool {
        let retired = self.retired.get(&head.feed);
        retired.is_some_and(|retired| retired.contains(&head.hash))
    }

    /// Says whether this device wrote the feed on an old copy of itself: it never does again.
    pub fn was_set_back(&self, feed: &FeedId) -> bool {
        self.retired.contains_key(feed)
    }

    /// Returns how many entries were retired.
    pub fn retired(&self) -> usize {
        self.retired.values().map(BTreeSet::len).sum()
    }

    /// Says whether an entry of another feed builds on entries of `feed` from `from` on as they are
    /// held here. One that waits for other bytes than those does not.
    pub(super) fn is_built_upon(&self, feed: &FeedId, from: u64) -> bool {
        let beyond = |head: &&Head| head.feed == *feed && head.seq >= from;
        let others = self.chains.iter().filter(|(id, _)| *id != feed);
        let mut builds = others.map(|(_, other)| {
            let told = other.told.get(feed).is_some_and(|next| *next > from);
            let deferred = other.deferred.iter().flat_map(|entry| &entry.frontier);
            let elsewhere = deferred
                .filter(beyond)
                .any(|head| self.hash_at(feed, head.seq) != Some(head.hash));
            told && !elsewhere
        });
        builds.any(|builds| builds)
    }

    /// The feed has signed both the envelope at `head` and that it follows `previous`: what is held
    /// with other bytes at either place is a fork.
    pub(super) fn standing(&self, head: &Head, previous: &EnvelopeHash) -> Standing {
        let Head { feed, seq, hash } = head;
        let expected = self.length(feed);
        if self.is_retired(head) {
            return Standing::Retired;
        }
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

    /// Returns where an envelope of `feed` among these shows that it forked.
    pub(super) fn forked_by(&self, feed: &FeedId, envelopes: &[Envelope]) -> Option<u64> {
        let own = envelopes.iter().filter(|envelope| envelope.feed() == *feed);
        own.map(|envelope| self.standing(&envelope.head(), &envelope.previous()))
            .find_map(|standing| match standing {
                Standing::Fork { sequence } => Some(sequence),
                Standing::Next | Standing::Known | Standing::Retired | Standing::Gap { .. } => None,
            })
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
        self.chains.entry(feed).or_insert(fresh);
    }

    /// Extends the chain of a feed by an entry with this frontier.
    pub(super) fn extend(&mut self, feed: &FeedId, hash: EnvelopeHash, deferred: Deferred) {
        for head in &deferred.frontier {
            self.name(head);
        }
        if let Some(state) = self.chains.get_mut(feed) {
            for head in &deferred.frontier {
                state.told.insert(head.feed, head.seq.saturating_add(1));
            }
            state.hashes.push(hash);
            state.deferred.push_back(deferred);
        }
    }

    /// Extends this device's own feed by an entry that it has applied already.
    pub(super) fn extend_applied(&mut self, feed: &FeedId, hash: EnvelopeHash, frontier: &[Head]) {
        if let Some(state) = self.chains.get_mut(feed) {
            for head in frontier {
                state.told.insert(head.feed, head.seq.saturating_add(1));
            }
            state.hashes.push(hash);
            state.applied = state.applied.saturating_add(1);
        }
    }

    /// Takes the next change whose frontier is held, if there is one.
    pub(super) fn take_ready(&mut self) -> Option<(FeedId, Deferred)> {
        let ready = self.chains.iter().find_map(|(id, feed)| {
            let first = feed.deferred.front()?;
            first
                .frontier
                .iter()
                .all(|head| self.applied(head))
                .then_some(*id)
        })?;
        let feed = self.chains.get_mut(&ready)?;
        feed.applied = feed.applied.saturating_add(1);
        feed.deferred.pop_front().map(|deferred| (ready, deferred))
    }

    fn applied(&self, head: &Head) -> bool {
        self.chains
            .get(&head.feed)
            .is_some_and(|feed| head.seq < feed.applied)
            && self.hash_at(&head.feed, head.seq) == Some(head.hash)
    }

    /// Returns the heads that `feed` has not told yet: only what is applied counts as seen.
    pub(super) fn untold(&self, own: &FeedId) -> Vec<Head> {
        let told = self.chains.get(own).map(|feed| &feed.told);
        let others = self.chains.iter().filter(|(id, _)| *id != own);
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
