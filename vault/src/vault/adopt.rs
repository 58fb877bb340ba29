//! What a vault does that was set back to an old copy of itself and has written since: it keeps the
//! common past of its feed, says what it wrote again in a new feed, and leaves the old entries in
//! the log as evidence. It never touches what another device builds upon.

use std::collections::BTreeMap;
use std::sync::Arc;

use techo_wire::{Envelope, EnvelopeHash, FeedId};

use crate::book::BookId;
use crate::replica::{BookSecrets, ForkPlace, Replica, Retired};
use crate::store::{Batch, FrameKind, Position};
use crate::sync::Finding;
use crate::vault::open::replay;
use crate::vault::write::rng;
use crate::vault::{Book, Vault, VaultError};

/// What became of a tail.
#[derive(Debug)]
pub enum Adoption {
    /// It is said again, durably; this is to be told to the family. The rest of the old feed can be
    /// fetched now.
    Done(Finding),
    /// The common past lies before what was shown.
    Earlier,
    /// Nothing was done: no fork was shown, others build upon the tail, or it cannot be read whole.
    Refused,
}

impl Vault {
    /// Says whether this device writes a feed.
    fn writes(&self, id: &BookId, feed: &FeedId) -> Result<bool, VaultError> {
        let book = self.book(id)?;
        let retired = book.replica.feeds().was_set_back(feed);
        Ok(book.secrets.feed_id() == Some(*feed) && !retired)
    }

    /// Returns the fork that these envelopes show of the feed that this device writes. It is to be
    /// healed before they are taken: what others wrote upon the other branch makes the device begin
    /// a new feed on top of its own.
    pub fn own_fork(
        &self,
        id: &BookId,
        envelopes: &[Envelope],
    ) -> Result<Option<(FeedId, u64)>, VaultError> {
        let book = self.book(id)?;
        let Some(feed) = book.secrets.feed_id() else {
            return Ok(None);
        };
        let forked = book.replica.forked_by(&feed, envelopes);
        Ok(forked.map(|sequence| (feed, sequence)))
    }

    /// Says the tail of the feed that this device writes again in a new feed, if `claimed`, what
    /// somebody else has of it from some place on, proves that the feed went two ways.
    ///
    /// One batch holds the word that retires the old entries and those that say them again: a crash
    /// leaves either the fork as it was or everything done. Doing it again finds nothing to do.
    pub fn adopt_tail(
        &mut self,
        id: &BookId,
        feed: &FeedId,
        claimed: &[Envelope],
    ) -> Result<Adoption, VaultError> {
        self.check_writable()?;
        if !self.writes(id, feed)? || claimed.iter().any(|envelope| envelope.feed() != *feed) {
            return Ok(Adoption::Refused);
        }
        let replica = &self.book(id)?.replica;
        let from = match replica.fork_place(claimed) {
            ForkPlace::At(from) => from,
            ForkPlace::Earlier => return Ok(Adoption::Earlier),
            ForkPlace::Nowhere => return Ok(Adoption::Refused),
        };
        let to = replica.feeds().length(feed).saturating_sub(1);
        let envelopes = self.envelopes(id, feed, from, to, usize::MAX)?;
        let Some(tail) = self.book(id)?.replica.tail(*feed, from, &envelopes) else {
            return Ok(Adoption::Refused);
        };
        let (hashes, decides) = (tail.hashes(), tail.decides());
        let (mut book, frames) = self.without(id, *feed, &hashes)?;
        Replica::start_feed(&mut book.secrets, &mut rng());
        let again = match book.replica.say_again(&book.secrets, tail) {
            Ok(again) => again,
            Err(error) => {
                tracing::warn!(%error, "what was written on an old copy cannot be said again");
                return Ok(Adoption::Refused);
            }
        };
        let Some(successor) = again.last().map(Envelope::head) else {
            return Ok(Adoption::Refused);
        };
        let mut batch = Batch::new();
        for word in Retired::words(*feed, &hashes, successor) {
            let body = word.sign(&book.secrets.device.signing);
            batch.push(book.tag, FrameKind::Retired, body);
        }
        // The key file still names the old feed, so that a crash before the batch is durable leaves
        // the tail where it is; one behind it costs the new feed's key, and another is started.
        self.books.insert(*id, book);
        self.commit(id, batch, &again)?;
        self.save_keys(id)?;
        if decides {
            // Items in the log may rest on what was decided again.
            let (book, _) = self.without(id, *feed, &[])?;
            self.books.insert(*id, book);
        }
        self.tail = self.tail.max(frames);
        self.authored = self.authored.saturating_add(1);
        Ok(Adoption::Done(Finding::SetBack {
            feed: *feed,
            sequence: from,
            entries: again.len() as u64,
        }))
    }

    /// Makes a book anew from the log without these entries of a feed, and says how many frames were
    /// read.
    fn without(
        &self,
        id: &BookId,
        feed: FeedId,
        entries: &[EnvelopeHash],
    ) -> Result<(Book, usize), VaultError> {
        let held = self.book(id)?;
        let secrets = BookSecrets::decode(&held.secrets.encode()).ok_or(VaultError::KeysDamaged)?;
        let mut book = Book::new(held.tag, secrets);
        book.replica = held.replica.start_over();
        book.cursors.clone_from(&held.cursors);
        book.granted.clone_from(&held.granted);
        book.replica.keep_out(feed, entries);
        let mut books = BTreeMap::from([(*id, book)]);
        let store = Arc::clone(&self.store);
        let (frames, _) = replay(store.as_ref(), Position::START..store.end(), &mut books)?;
        let mut book = books.remove(id).ok_or(VaultError::UnknownBook)?;
        book.refresh_bindings();
        Ok((book, frames))
    }
}

impl Book {
    /// Takes the device's word from the log for what is retired. Returns whether a retired entry
    /// is held: then the book has to be made anew.
    pub(super) fn retire(&mut self, words: &[Vec<u8>]) -> bool {
        let device = self.secrets.device.key();
        let mut held = false;
        for word in words {
            if let Some(word) = Retired::verify(word, &device) {
                held |= self.replica.retire(&word);
            }
        }
        held
    }

    /// The book before it has taken anything from the log but what is retired.
    pub(super) fn anew(self) -> Self {
        let replica = self.replica.start_over();
        let mut book = Self::new(self.tag, self.secrets);
        book.replica = replica;
        book.cursors = self.cursors;
        book.granted = self.granted;
        book
    }
}

#[cfg(test)]
mod tests;
