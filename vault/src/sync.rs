//! A conversation about one mailbox: what to send, what to ask for, and which gap, fork or rollback
//! shows; it has no clock and no socket.
//!
//! A [`Session`] is told what this device holds and what the relay shows, and answers with
//! [`Action`]s. It never trusts the relay: whatever the relay says is compared with what this device
//! holds and with what the relay has signed for earlier.

mod trace;

pub use trace::Trace;

use std::collections::{BTreeMap, BTreeSet};

use techo_wire::{FeedId, Head};

use crate::replica::Feeds;

/// What a relay has acknowledged of one mailbox, by feed: the heads of its signed receipts.
pub type Acknowledged = BTreeMap<FeedId, Head>;

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The relay listed the heads it holds, as the first answer to a fetch.
    Heads(Vec<Head>),
    /// Envelopes from this relay were accepted and are durable here; the heads they reach.
    Received(Vec<Head>),
    /// The relay has sent everything it held when asked.
    CaughtUp,
    /// This device wrote entries of its own.
    Written,
}

/// What the driver does next, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Admit the feed to the mailbox.
    Admit(FeedId),
    /// Append the envelopes of the feed with sequences `from..=to`.
    Append {
        /// The feed.
        feed: FeedId,
        /// The first sequence.
        from: u64,
        /// The last sequence, included.
        to: u64,
    },
    /// Fetch the feed from this sequence on: the relay names another entry there than the one held.
    /// Only the entry itself proves that the feed forked.
    Inspect {
        /// The feed.
        feed: FeedId,
        /// The sequence.
        sequence: u64,
    },
    /// Tell the family.
    Report(Finding),
}

/// Something that a family should know about a relay or a feed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The relay had signed for `acknowledged` and now shows less: it was wiped or restored from an
    /// old copy. The device fills it again.
    Rollback {
        /// The feed.
        feed: FeedId,
        /// The sequence that the relay had signed for.
        acknowledged: u64,
        /// The sequence it shows now, if any.
        shown: Option<u64>,
    },
    /// The feed has signed two different entries at this sequence.
    Fork {
        /// The feed.
        feed: FeedId,
        /// The sequence that exists twice.
        sequence: u64,
    },
    /// This device had been set back to an old copy of itself and has written since: what it wrote
    /// is said again in a feed of its own, and nothing is lost.
    SetBack {
        /// The feed.
        feed: FeedId,
        /// The sequence at which it went two ways.
        sequence: u64,
        /// How many entries were said again.
        entries: u64,
    },
    /// The relay names another entry at this sequence than the one held, and does not show it.
    Contradiction {
        /// The feed.
        feed: FeedId,
        /// The sequence.
        sequence: u64,
    },
    /// An entry that another device had seen, or that the relay itself lists, was not handed over,
    /// though the relay says that it has sent everything.
    Withheld {
        /// The feed.
        feed: FeedId,
        /// The last sequence that is known to exist.
        sequence: u64,
    },
}

/// One conversation with one relay about one mailbox.
#[derive(Debug, Default)]
pub struct Session {
    acknowledged: Acknowledged,
    /// The heads that the relay lists.
    shown: Vec<Head>,
    /// The next sequence that the relay needs, by feed; absent until heads are known.
    next: Option<BTreeMap<FeedId, u64>>,
    admitted: BTreeSet<FeedId>,
    /// Feeds of which the relay names another entry: nothing more is sent for them.
    contested: BTreeSet<FeedId>,
}

impl Session {
    /// Starts a conversation with a relay that had signed for `acknowledged`.
    pub fn new(acknowledged: Acknowledged) -> Self {
        Self {
            acknowledged,
            shown: Vec::new(),
            next: None,
            admitted: BTreeSet::new(),
            contested: BTreeSet::new(),
        }
    }

    /// Decides what follows from `event`, given what this device holds.
    pub fn handle(&mut self, feeds: &Feeds, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Heads(heads) => {
                self.compare(feeds, &heads, &mut actions);
                self.send(feeds, &mut actions);
            }
            Event::Received(heads) => self.advance(&heads),
            Event::CaughtUp => {
                let forks: BTreeSet<(FeedId, u64)> =
                    feeds.forks().map(|head| (head.feed, head.seq)).collect();
                let fresh = forks
                    .into_iter()
                    .filter(|(feed, _)| !self.contested.contains(feed));
                actions.extend(
                    fresh.map(|(feed, sequence)| Action::Report(Finding::Fork { feed, sequence })),
                );
                let missing = self.withheld(feeds).into_iter();
                actions.extend(
                    missing.map(|(feed, sequence)| {
                        Action::Report(Finding::Withheld { feed, sequence })
                    }),
                );
            }
            Event::Written => self.send(feeds, &mut actions),
        }
        actions
    }

    /// Takes note of heads that the relay has signed for.
    pub fn acknowledge(&mut self, heads: impl Iterator<Item = Head>) {
        self.acknowledged
            .extend(heads.map(|head| (head.feed, head)));
    }

    /// What is known to exist and is not here. Of what the relay lists, only feeds that the book
    /// knows count: anybody may have put a feed there that nobody certified.
    fn withheld(&self, feeds: &Feeds) -> BTreeMap<FeedId, u64> {
        let listed = self.shown.iter().filter(|head| {
            let known = feeds.device(&head.feed).is_some() && !self.contested.contains(&head.feed);
            known && feeds.length(&head.feed) <= head.seq
        });
        let mut withheld = BTreeMap::new();
        for head in feeds.missing().chain(listed.copied()) {
            let last = withheld.entry(head.feed).or_insert(head.seq);
            *last = head.seq.max(*last);
        }
        withheld
    }

    /// Compares what the relay shows with what it signed for and with what is held here.
    fn compare(&mut self, feeds: &Feeds, heads: &[Head], actions: &mut Vec<Action>) {
        let shown: BTreeMap<FeedId, &Head> = heads.iter().map(|head| (head.feed, head)).collect();
        for (feed, signed) in &self.acknowledged {
            let seen = shown.get(feed).map(|head| head.seq);
            if seen.is_none_or(|seq| seq < signed.seq) {
                actions.push(Action::Report(Finding::Rollback {
                    feed: *feed,
                    acknowledged: signed.seq,
                    shown: seen,
                }));
            }
        }
        for head in heads {
            if feeds.is_retired(head) {
                // The relay was given what this device has said again: nothing to tell or to send.
                self.contested.insert(head.feed);
                continue;
            }
            let ours = feeds.hash_at(&head.feed, head.seq);
            if ours.is_some_and(|hash| hash != head.hash) {
                self.contested.insert(head.feed);
                actions.push(Action::Inspect {
                    feed: head.feed,
                    sequence: head.seq,
                });
            }
        }
        self.shown = heads.to_vec();
        self.admitted.extend(shown.keys().copied());
        let next = shown
            .into_iter()
            .map(|(feed, head)| (feed, head.seq.saturating_add(1)));
        self.next = Some(next.collect());
    }

    /// What came from the relay need not be sent to it.
    fn advance(&mut self, heads: &[Head]) {
        let Some(next) = &mut self.next else { return };
        for head in heads {
            let entry = next.entry(head.feed).or_insert(0);
            *entry = (*entry).max(head.seq.saturating_add(1));
            self.admitted.insert(head.feed);
        }
    }

    /// Sends what the relay lacks, whoever wrote it.
    fn send(&mut self, feeds: &Feeds, actions: &mut Vec<Action>) {
        let Some(next) = &mut self.next else { return };
        for head in feeds.heads() {
            let from = next.get(&head.feed).copied().unwrap_or(0);
            if from > head.seq || self.contested.contains(&head.feed) {
                continue;
            }
            if self.admitted.insert(head.feed) {
                actions.push(Action::Admit(head.feed));
            }
            actions.push(Action::Append {
                feed: head.feed,
                from,
                to: head.seq,
            });
            next.insert(head.feed, head.seq.saturating_add(1));
        }
    }
}
