//! From an envelope to an entry that may be read: opened, in its place, certified.

use std::fmt;

use techo_wire::{Envelope, EnvelopeHash, Head, canonical};
use zeroize::Zeroizing;

use crate::crypto::{BookId, EpochKey, MAX_ENTRY, OpenError, open_envelope};
use crate::entry::draft::Body;
use crate::entry::{Certificate, Op};
use crate::time::Timestamp;

/// Why what was opened is not the next entry of its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// It does not follow by number.
    #[error("entry {got} does not follow; expected {expected}")]
    OutOfOrder {
        /// The number that would follow.
        expected: u64,
        /// The number found.
        got: u64,
    },
    /// It follows by number, but names another entry before it.
    #[error("names another previous entry than the one held")]
    PreviousMismatch,
    /// Not the canonical bytes of an entry.
    #[error("not an entry")]
    Malformed,
    /// The first entry of a feed without the word of a device.
    #[error("the first entry of a feed has no certificate")]
    CertificateMissing,
    /// A later entry with a certificate.
    #[error("a later entry of a feed has a certificate")]
    CertificateUnexpected,
    /// The certificate is for another book.
    #[error("the certificate is for another book")]
    CertificateBook,
    /// The device did not sign the certificate for this feed.
    #[error("the certificate's signature does not verify")]
    CertificateSignature,
    /// Frontier or certificate names a head of the feed itself.
    #[error("the entry names its own feed as another's")]
    OwnFeed,
}

/// An entry that was opened and not yet looked at; nothing of it can be read.
pub struct UnverifiedEntry {
    book: BookId,
    head: Head,
    previous: EnvelopeHash,
    plain: Zeroizing<Vec<u8>>,
}

impl UnverifiedEntry {
    /// Opens an envelope of `book`, signed by its feed.
    pub fn open(epoch: &EpochKey, book: &BookId, envelope: &Envelope) -> Result<Self, OpenError> {
        let plain = open_envelope(epoch, book, envelope)?;
        let (head, previous) = (envelope.head(), envelope.previous());
        Ok(Self {
            book: *book,
            head,
            previous,
            plain,
        })
    }

    /// Returns the entry once it is known to follow `after`, the last one held of its feed, and to
    /// be certified if it is the first.
    pub fn verify(self, after: Option<Head>) -> Result<Entry, EntryError> {
        self.check_place(after)?;
        let body: Body =
            canonical::decode_within(&self.plain, MAX_ENTRY).map_err(|_| EntryError::Malformed)?;
        self.check_certificate(body.certificate.as_ref())?;
        if body.frontier.iter().any(|head| head.feed == self.head.feed) {
            return Err(EntryError::OwnFeed);
        }
        Ok(Entry {
            head: self.head,
            body,
        })
    }

    fn check_place(&self, after: Option<Head>) -> Result<(), EntryError> {
        let got = self.head.seq;
        let (expected, previous) = match after {
            // Behind the last number there is none: nothing follows.
            Some(head) => (head.seq.saturating_add(1), head.hash),
            None => (0, EnvelopeHash::ZERO),
        };
        if got != expected || after.is_some_and(|head| head.seq == got) {
            return Err(EntryError::OutOfOrder { expected, got });
        }
        let same_feed = after.is_none_or(|head| head.feed == self.head.feed);
        if !same_feed || self.previous != previous {
            return Err(EntryError::PreviousMismatch);
        }
        Ok(())
    }

    fn check_certificate(&self, certificate: Option<&Certificate>) -> Result<(), EntryError> {
        match (certificate, self.head.seq) {
            (None, 0) => Err(EntryError::CertificateMissing),
            (None, _) => Ok(()),
            (Some(certificate), 0) => {
                if certificate.book() != self.book {
                    Err(EntryError::CertificateBook)
                } else if certificate
                    .last()
                    .is_some_and(|head| head.feed == self.head.feed)
                {
                    Err(EntryError::OwnFeed)
                } else if !certificate.is_signed_for(self.head.feed) {
                    Err(EntryError::CertificateSignature)
                } else {
                    Ok(())
                }
            }
            (Some(_), _) => Err(EntryError::CertificateUnexpected),
        }
    }
}

impl fmt::Debug for UnverifiedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnverifiedEntry").field(&self.head).finish()
    }
}

/// An entry in its place. Whether its author was allowed to write it is the book's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    head: Head,
    body: Body,
}

impl Entry {
    /// This entry as the head of its feed.
    pub fn head(&self) -> Head {
        self.head
    }

    /// When its author says it was written.
    pub fn written_at(&self) -> Timestamp {
        Timestamp::from_millis(self.body.written_at)
    }

    /// The word of the device that writes this feed; in the first entry alone.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.body.certificate.as_ref()
    }

    /// The heads of other feeds that its author had seen since its previous entry.
    pub fn frontier(&self) -> &[Head] {
        &self.body.frontier
    }

    /// The edit.
    pub fn op(&self) -> &Op {
        &self.body.op
    }

    /// Frontier and edit.
    pub fn into_parts(self) -> (Vec<Head>, Op) {
        (self.body.frontier, self.body.op)
    }
}

#[cfg(test)]
mod tests;
