//! Takes envelopes from outside into a book; it never accepts what it cannot open, order and
//! attribute, and never lets one bad entry stop the others.

use std::collections::BTreeMap;

use techo_wire::{Envelope, FeedId, Head};
use thiserror::Error;

use crate::book::{Control, DeviceKey, Role};
use crate::doc::{DocId, Document};
use crate::entry::{Entry, Op, UnverifiedEntry};
use crate::replica::feeds::{Deferred, Standing};
use crate::replica::{Quarantined, Replica};

/// What became of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It extends its feed and may be written down.
    Accepted,
    /// It is held already.
    Known,
    /// This device wrote it on an old copy of itself, and has said it again in another feed.
    Retired,
    /// It rests on control ops that are not held: bring it again after them.
    Waiting,
    /// Earlier entries of its feed are not held.
    Gap {
        /// The next sequence that would fit.
        expected: u64,
    },
    /// Another envelope is held at a place of its feed: at its own, or at the one it builds on.
    Fork {
        /// The sequence that exists twice.
        sequence: u64,
    },
    /// It is not from this book, or not from somebody who may write in it.
    Refused(Refusal),
}

/// Why an envelope was refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Sealed in an epoch whose key is not held.
    #[error("sealed in an epoch that this device does not know")]
    UnknownEpoch,
    /// The epoch key does not open it.
    #[error("does not open")]
    DoesNotOpen,
    /// The plaintext is no entry, or does not follow its chain, or is falsely certified.
    #[error("not a valid entry")]
    Invalid,
    /// Its feed was not certified by a device of the book.
    #[error("nobody in the book certified this feed")]
    NotCertified,
}

/// Changes to apply, in order, by document.
#[derive(Debug, Default)]
pub(crate) struct Plan(BTreeMap<DocId, Vec<(FeedId, u64, Vec<u8>)>>);

impl Replica {
    /// Takes envelopes in the order given; the outcomes are in the same order.
    pub fn accept(&mut self, envelopes: &[Envelope]) -> Vec<Outcome> {
        let (outcomes, plan) = self.judge(envelopes);
        self.apply(plan);
        outcomes
    }

    /// Takes envelopes, and leaves what they change in documents to [`Self::apply`], which has to
    /// come next.
    pub(crate) fn judge(&mut self, envelopes: &[Envelope]) -> (Vec<Outcome>, Plan) {
        let mut plan = Plan::default();
        let outcomes = envelopes
            .iter()
            .map(|envelope| self.take(envelope, &mut plan))
            .collect();
        (outcomes, plan)
    }

    fn take(&mut self, envelope: &Envelope, plan: &mut Plan) -> Outcome {
        let head = envelope.head();
        match self.feeds.standing(&head, &envelope.previous()) {
            Standing::Next => {}
            Standing::Known => return Outcome::Known,
            Standing::Retired => return Outcome::Retired,
            Standing::Fork { sequence } => return Outcome::Fork { sequence },
            Standing::Gap { expected } => return Outcome::Gap { expected },
        }
        let entry = match self.open(envelope) {
            Ok(entry) => entry,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        let author = match self.author(&head.feed, &entry) {
            Ok(Some(author)) => author,
            Ok(None) => return Outcome::Waiting,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        self.extend(&head, author, entry);
        while let Some((feed, ready)) = self.feeds.take_ready() {
            let Some((document, change)) = ready.change else {
                continue;
            };
            match document.parse::<DocId>() {
                Ok(id) => plan
                    .0
                    .entry(id)
                    .or_default()
                    .push((feed, ready.sequence, change.into())),
                Err(error) => self.set_aside(feed, ready.sequence, &error.to_string()),
            }
        }
        Outcome::Accepted
    }

    fn open(&self, envelope: &Envelope) -> Result<Entry, Refusal> {
        self.open_after(envelope, self.feeds.head(&envelope.feed()))
    }

    /// Opens an envelope as the entry that follows `after`.
    pub(super) fn open_after(
        &self,
        envelope: &Envelope,
        after: Option<Head>,
    ) -> Result<Entry, Refusal> {
        let epoch = self
            .epochs
            .iter()
            .find(|key| key.tag(&self.book) == envelope.epoch_tag());
        let epoch = epoch.ok_or(Refusal::UnknownEpoch)?;
        let opened = UnverifiedEntry::open(epoch, &self.book, envelope);
        let opened = opened.map_err(|_| Refusal::DoesNotOpen)?;
        opened.verify(after).map_err(|_| Refusal::Invalid)
    }

    /// Returns the device that wrote an entry, or `None` while its certificate cannot be judged.
    fn author(&self, feed: &FeedId, entry: &Entry) -> Result<Option<DeviceKey>, Refusal> {
        let Some(certificate) = entry.certificate() else {
            return self
                .feeds
                .device(feed)
                .copied()
                .map(Some)
                .ok_or(Refusal::NotCertified);
        };
        let device = certificate.device();
        if let Op::Control(control) = entry.op()
            && control.is_genesis_by(&self.book, &device)
        {
            return Ok(Some(device));
        }
        let heads = certificate.control_heads();
        if heads.is_empty() {
            return Err(Refusal::NotCertified);
        }
        if !heads.iter().all(|hash| self.fold.holds(hash)) {
            return Ok(None);
        }
        match self.fold.allowed_at(heads, &device) {
            Some(Role::Guardian | Role::SelfMember | Role::Kit) => Ok(Some(device)),
            Some(Role::Viewer) | None => Err(Refusal::NotCertified),
        }
    }

    fn extend(&mut self, head: &Head, author: DeviceKey, entry: Entry) {
        self.feeds.open(head.feed, author);
        let (frontier, op) = entry.into_parts();
        let change = match op {
            Op::Change { document, change } => Some((document, change.into())),
            Op::Control(control) => {
                self.control(head, author, control);
                None
            }
            Op::Snapshot { .. } => None,
        };
        let deferred = Deferred {
            sequence: head.seq,
            frontier,
            change,
        };
        self.feeds.extend(&head.feed, head.hash, deferred);
    }

    pub(super) fn control(&mut self, head: &Head, author: DeviceKey, control: Control) {
        self.controls.push((head.hash, author, control.clone()));
        self.fold.insert(head.hash, author, control);
    }

    /// Applies what [`Self::judge`] planned.
    pub(crate) fn apply(&mut self, plan: Plan) {
        for (id, changes) in plan.0 {
            let document = self
                .documents
                .entry(id)
                .or_insert_with(|| Document::new(id));
            let (places, batch): (Vec<_>, Vec<_>) = changes
                .into_iter()
                .map(|(feed, sequence, change)| ((feed, sequence), (feed, change)))
                .unzip();
            let results = document.apply(batch);
            for ((feed, sequence), result) in places.into_iter().zip(results) {
                if let Err(quarantine) = result {
                    self.set_aside(feed, sequence, &quarantine.reason.to_string());
                }
            }
        }
    }

    fn set_aside(&mut self, feed: FeedId, sequence: u64, reason: &str) {
        if let Some(author) = self.feeds.device(&feed).copied() {
            let reason = reason.to_owned();
            self.quarantined.push(Quarantined {
                feed,
                sequence,
                author,
                reason,
            });
        }
    }
}
