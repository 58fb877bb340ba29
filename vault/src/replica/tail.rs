//! What a device wrote on an old copy of itself, and how it says it again in a feed of its own.
//!
//! Such a device has signed two entries at one place of its feed. The other devices hold the one that
//! the relay had first; this device keeps the common past and says the rest again: the same edits,
//! upon the same past, at the same time, under other names. So whatever the other branch says
//! stands beside it as if two devices had written while apart. It never reads a disk.

use std::collections::BTreeMap;

use techo_wire::{Envelope, EnvelopeHash, FeedId, Head};

use crate::Timestamp;
use crate::book::{Control, ControlOp};
use crate::doc::{DocId, Document, Renames};
use crate::entry::Op;
use crate::replica::{BookSecrets, Replica, WriteError};

/// Where the branch that somebody shows leaves the one that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkPlace {
    /// At this sequence: the entry before is the same.
    At(u64),
    /// Before everything that was shown.
    Earlier,
    /// Nowhere, as far as was shown, or what was shown is no entry of the book.
    Nowhere,
}

/// Entries of an own feed from the place on where it forked.
#[derive(Debug)]
pub struct Tail {
    feed: FeedId,
    entries: Vec<Said>,
}

#[derive(Debug)]
struct Said {
    head: Head,
    at: Timestamp,
    what: What,
}

#[derive(Debug)]
enum What {
    Change(DocId, Vec<u8>),
    Control(Control),
}

impl Tail {
    /// The feed that forked.
    pub fn feed(&self) -> FeedId {
        self.feed
    }

    /// Says whether control ops are among the entries.
    pub fn decides(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|said| matches!(said.what, What::Control(_)))
    }

    /// The names of the entries, in order.
    pub fn hashes(&self) -> Vec<EnvelopeHash> {
        self.entries.iter().map(|said| said.head.hash).collect()
    }
}

impl Replica {
    /// Compares envelopes of one feed, in order, with those held. Being in a feed they are signed;
    /// one that is no entry of this book proves nothing.
    pub fn fork_place(&self, claimed: &[Envelope]) -> ForkPlace {
        let held = |envelope: &Envelope, seq| self.feeds.hash_at(&envelope.feed(), seq);
        let other = claimed
            .iter()
            .find(|envelope| held(envelope, envelope.seq()) != Some(envelope.hash()));
        let Some(other) = other else {
            return ForkPlace::Nowhere;
        };
        let feed = other.feed();
        let before = other.seq().checked_sub(1);
        let after = before.and_then(|seq| {
            let hash = self.feeds.hash_at(&feed, seq)?;
            (hash == other.previous()).then_some(Head { feed, seq, hash })
        });
        if before.is_some() && after.is_none() {
            return ForkPlace::Earlier;
        }
        let forks = held(other, other.seq()).is_some();
        if forks && self.open_after(other, after).is_ok() {
            ForkPlace::At(other.seq())
        } else {
            ForkPlace::Nowhere
        }
    }

    /// Returns a place at which these envelopes show that `feed` forked.
    pub fn forked_by(&self, feed: &FeedId, envelopes: &[Envelope]) -> Option<u64> {
        self.feeds.forked_by(feed, envelopes)
    }

    /// Takes the tail of an own feed from `from` on out of its envelopes, all that are held. `None`
    /// if it cannot be said again: not whole, built upon by others, or the book's own beginning.
    pub fn tail(&self, feed: FeedId, from: u64, envelopes: &[Envelope]) -> Option<Tail> {
        let count = self.feeds.length(&feed).checked_sub(from)?;
        if envelopes.len() as u64 != count || self.feeds.is_built_upon(&feed, from) {
            return None;
        }
        let mut after = match from.checked_sub(1) {
            Some(seq) => {
                let hash = self.feeds.hash_at(&feed, seq)?;
                Some(Head { feed, seq, hash })
            }
            None => None,
        };
        let mut entries = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            let head = envelope.head();
            if self.feeds.hash_at(&feed, head.seq) != Some(head.hash) {
                return None;
            }
            let entry = self.open_after(envelope, after).ok()?;
            let at = entry.written_at();
            let what = match entry.into_parts().1 {
                Op::Change { document, change } => What::Change(document.parse().ok()?, change),
                Op::Control(control) if matches!(control.op(), ControlOp::Genesis(_)) => {
                    return None;
                }
                Op::Control(control) => What::Control(control),
                Op::Snapshot { .. } => return None,
            };
            entries.push(Said { head, at, what });
            after = Some(head);
        }
        Some(Tail { feed, entries })
    }

    /// Says a tail again in the feed of `secrets`. This replica holds everything but the tail.
    pub fn say_again(
        &mut self,
        secrets: &BookSecrets,
        tail: Tail,
    ) -> Result<Vec<Envelope>, WriteError> {
        let feed = secrets.feed_id().ok_or(WriteError::NoEpoch)?;
        let mut documents: BTreeMap<DocId, Renames> = BTreeMap::new();
        let mut controls: BTreeMap<EnvelopeHash, EnvelopeHash> = BTreeMap::new();
        let mut envelopes = Vec::with_capacity(tail.entries.len());
        for Said { head, at, what } in tail.entries {
            let envelope = match what {
                What::Change(id, change) => {
                    let document = self.documents.entry(id);
                    let document = document.or_insert_with(|| Document::new(id));
                    let renames = documents.entry(id).or_default();
                    let change = document.say_again(feed, &change, renames)?;
                    let document = id.to_string();
                    self.seal(secrets, at, Op::Change { document, change })?
                }
                What::Control(control) => {
                    let parents = control.parents().iter();
                    let parents = parents.map(|hash| *controls.get(hash).unwrap_or(hash));
                    let control = Control::new(parents.collect(), control.op().clone());
                    let envelope = self.seal(secrets, at, Op::Control(control.clone()))?;
                    controls.insert(head.hash, envelope.hash());
                    self.control(&envelope.head(), secrets.device.key(), control);
                    envelope
                }
            };
            envelopes.push(envelope);
        }
        Ok(envelopes)
    }
}
