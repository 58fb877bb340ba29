//! The writing end of this device's own feed: numbers and chains what it seals.

use techo_wire::{Envelope, EnvelopeHash, FeedId, Head};

use crate::book::BookId;
use crate::crypto::{EpochKey, SealError, SigningKey, seal_entry};
use crate::entry::{Certificate, Draft, Op};
use crate::time::Timestamp;

/// A feed and how far it is written.
#[derive(Debug)]
pub struct FeedWriter {
    key: SigningKey,
    head: Option<Head>,
    certificate: Option<Certificate>,
}

impl FeedWriter {
    /// Starts a feed; `certificate` goes into its first entry.
    pub fn start(key: SigningKey, certificate: Certificate) -> Self {
        Self {
            key,
            head: None,
            certificate: Some(certificate),
        }
    }

    /// Goes on behind `head`, which must be the last entry that was ever written: another entry in
    /// the same place is a fork.
    pub fn resume(key: SigningKey, head: Head) -> Self {
        Self {
            key,
            head: Some(head),
            certificate: None,
        }
    }

    /// The feed.
    pub fn feed(&self) -> FeedId {
        self.key.feed()
    }

    /// The last entry written.
    pub fn head(&self) -> Option<Head> {
        self.head
    }

    /// Seals the next entry. Nothing advances if it fails.
    pub fn append(
        &mut self,
        epoch: &EpochKey,
        book: &BookId,
        now: Timestamp,
        frontier: Vec<Head>,
        op: Op,
    ) -> Result<Envelope, SealError> {
        let (seq, previous) = match self.head {
            Some(head) => (head.seq.checked_add(1).ok_or(SealError::Place)?, head.hash),
            None => (0, EnvelopeHash::ZERO),
        };
        let entry = Draft::new(now, self.certificate.clone(), frontier, op).encode();
        let envelope = seal_entry(epoch, book, &self.key, seq, previous, &entry)?;
        self.head = Some(envelope.head());
        self.certificate = None;
        Ok(envelope)
    }
}
