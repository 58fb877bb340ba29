//! Every write of a vault goes through here: one batch, one durable append.

use std::sync::Arc;

use rand_core::CryptoRng;
use techo_wire::Envelope;

use crate::Timestamp;
use crate::book::{BookId, ControlOp};
use crate::doc::{DocId, Document, Edit};
use crate::replica::{Replica, WriteError};
use crate::store::{Batch, FrameKind, KeyName};
use crate::vault::{Book, Vault, VaultError};

/// Returns the randomness of the operating system.
pub(crate) fn rng() -> impl CryptoRng {
    rand_core::UnwrapErr(getrandom::SysRng)
}

impl Vault {
    /// Edits one document of a book.
    pub(super) fn edit(
        &mut self,
        book: &BookId,
        now: Timestamp,
        document: DocId,
        edits: &[Edit],
    ) -> Result<(), VaultError> {
        self.author(book, |book| {
            let envelope = book.replica.edit(&book.secrets, now, document, edits)?;
            Ok(vec![envelope])
        })
    }

    /// Makes records in documents of a book, each in an entry of its own: all of them or none.
    pub(super) fn edit_all(
        &mut self,
        book: &BookId,
        now: Timestamp,
        edits: Vec<(DocId, Edit)>,
    ) -> Result<(), VaultError> {
        if edits.is_empty() {
            return Ok(());
        }
        for (document, edit) in &edits {
            Document::check_new(*document, edit).map_err(WriteError::Document)?;
        }
        let mut begun = false;
        let written = self.author(book, |book| {
            let mut envelopes = Vec::with_capacity(edits.len());
            for (document, edit) in edits {
                let edit = std::slice::from_ref(&edit);
                envelopes.push(book.replica.edit(&book.secrets, now, document, edit)?);
                begun = true;
            }
            Ok(envelopes)
        });
        // Entries that were made but not written down must not be built upon.
        self.stopped |= begun && written.is_err();
        written
    }

    /// Writes control ops into a book, one upon the other.
    pub(super) fn write_controls(
        &mut self,
        book: &BookId,
        now: Timestamp,
        ops: Vec<ControlOp>,
    ) -> Result<(), VaultError> {
        self.author(book, |book| {
            let envelopes = ops
                .into_iter()
                .map(|op| book.replica.write_control(&book.secrets, now, op))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(envelopes)
        })
    }

    /// Refuses once a write has failed: what is in memory must not be told as done.
    pub(super) fn check_writable(&self) -> Result<(), VaultError> {
        if self.stopped {
            Err(VaultError::Stopped)
        } else {
            Ok(())
        }
    }

    /// Lets `write` make entries of this device's feed and makes them durable.
    fn author(
        &mut self,
        id: &BookId,
        write: impl FnOnce(&mut Book) -> Result<Vec<Envelope>, VaultError>,
    ) -> Result<(), VaultError> {
        self.check_writable()?;
        let book = self.book_mut(id)?;
        let mut batch = Batch::new();
        let mut left = None;
        if book.needs_feed() {
            left = Some(book.secrets.feed.take());
            Replica::start_feed(&mut book.secrets, &mut rng());
            batch.put_key(KeyName::book(book.tag), book.secrets.encode());
        }
        match write(book) {
            Ok(envelopes) => {
                self.commit(id, batch, &envelopes)?;
                self.authored = self.authored.saturating_add(1);
                Ok(())
            }
            Err(error) => {
                // A refused edit left no trace; then the new feed must leave none either.
                if let Some(feed) = left {
                    book.secrets.feed = feed;
                }
                let refused = matches!(error, VaultError::Write(WriteError::Document(_)));
                self.stopped |= !refused;
                Err(error)
            }
        }
    }

    /// Makes changes of key files durable.
    pub(super) fn commit_keys(&mut self, batch: Batch) -> Result<(), VaultError> {
        self.check_writable()?;
        self.store.commit(batch).map(drop).map_err(|error| {
            // The keys in memory may be ahead of the disk from here on.
            self.stopped = true;
            error.into()
        })
    }

    /// Makes envelopes durable that the replica has taken, and remembers where they lie.
    pub(super) fn commit(
        &mut self,
        id: &BookId,
        batch: Batch,
        envelopes: &[Envelope],
    ) -> Result<(), VaultError> {
        self.commit_while(id, batch, envelopes, None)
    }

    /// The same, and lets `work` be done on the book while the disk is waited for.
    pub(super) fn commit_while(
        &mut self,
        id: &BookId,
        mut batch: Batch,
        envelopes: &[Envelope],
        work: Option<Work<'_>>,
    ) -> Result<(), VaultError> {
        self.check_writable()?;
        let tag = self.book(id)?.tag;
        let first = batch.frames.len();
        for envelope in envelopes {
            batch.push(tag, FrameKind::Envelope, envelope.as_bytes().to_vec());
            batch.reach(tag, envelope.head());
        }
        let written = batch.frames.len();
        let store = Arc::clone(&self.store);
        let committed = match work {
            None => store.commit(batch),
            Some(work) => beside(work, self.book_mut(id)?, || store.commit(batch)),
        };
        let locations = match committed {
            Ok(locations) => locations,
            Err(error) => {
                // What the replica holds may be ahead of the disk from here on.
                self.stopped = true;
                return Err(error.into());
            }
        };
        self.tail = self.tail.saturating_add(written);
        let book = self.book_mut(id)?;
        for (envelope, location) in envelopes.iter().zip(locations.into_iter().skip(first)) {
            book.place(&envelope.head(), location);
        }
        Ok(())
    }
}

/// Something to do once with a book, while its entries are made durable.
type Work<'a> = &'a mut (dyn FnMut(&mut Book) + Send);

/// Does `work` on another thread while `wait` waits for the disk.
fn beside<T>(work: Work<'_>, book: &mut Book, wait: impl FnOnce() -> T) -> T {
    let mut done = false;
    let waited = std::thread::scope(|scope| {
        let working = std::thread::Builder::new().spawn_scoped(scope, || {
            work(book);
            done = true;
        });
        drop(working);
        wait()
    });
    if !done {
        // No thread could be had.
        work(book);
    }
    waited
}

impl Vault {
    /// Never writes the present own feed of a book again: the next entry starts a new one.
    pub(super) fn leave_feed(&mut self, id: &BookId) -> Result<(), VaultError> {
        if self.book_mut(id)?.secrets.feed.take().is_some() {
            self.save_keys(id)?;
        }
        Ok(())
    }
}

impl Book {
    /// Says whether this device must start a new feed before it writes: it has none, it was set back
    /// in it, or entries of it exist that are not held here.
    fn needs_feed(&self) -> bool {
        let feeds = self.replica.feeds();
        let missing = |feed| feeds.missing().any(|head| head.feed == feed);
        let unfit = |feed| feeds.was_set_back(&feed) || missing(feed);
        self.secrets.feed_id().is_none_or(unfit)
    }
}
