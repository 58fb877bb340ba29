//! Puts derived state away, so that opening need not read the whole log; losing it loses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use techo_wire::{EnvelopeHash, FeedId, Head, InboxCursor, InboxId, RelayKey, canonical};

use crate::book::BookId;
use crate::doc::{ChangeHash, DocId, Saved, Snapshot};
use crate::packed::Pages;
use crate::replica::Replica;
use crate::store::{BookTag, Position, Store};
use crate::sync::Acknowledged;
use crate::vault::listing::Newest;
use crate::vault::open::book_anew;
use crate::vault::pages::BookPages;
use crate::vault::places::Places;
use crate::vault::{Book, Vault, VaultError};

/// Frames written since the last checkpoint that make another one worth its price.
const TAIL: usize = 256;
/// The version of this encoding: another version means that the state is made anew.
const VERSION: u8 = 4;

#[derive(Encode, Decode)]
struct State {
    #[n(0)]
    version: u8,
    #[n(1)]
    position: Position,
    #[n(2)]
    books: Vec<BookTag>,
}

#[derive(Encode, Decode)]
struct BookState {
    #[cbor(n(0), with = "minicbor::bytes")]
    replica: Vec<u8>,
    #[n(1)]
    locations: BTreeMap<FeedId, Places>,
    #[n(2)]
    acknowledged: BTreeMap<RelayKey, Acknowledged>,
    #[n(3)]
    cursors: Vec<(RelayKey, InboxId, InboxCursor)>,
    #[n(4)]
    items: Vec<(InboxId, minicbor::bytes::ByteVec)>,
    #[n(5)]
    granted: Vec<InboxId>,
    #[n(6)]
    rows: Vec<(String, Option<Newest>)>,
}

#[derive(Encode, Decode)]
struct SavedDocument {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[n(1)]
    heads: Vec<ChangeHash>,
}

impl Vault {
    /// Puts derived state away if enough was written, and makes the manifest durable.
    pub fn close(mut self) -> Result<(), VaultError> {
        if self.stopped {
            Ok(())
        } else {
            self.checkpoint(self.tail >= TAIL)
        }
    }

    /// Makes the manifest durable, and with `state` everything derived.
    pub(super) fn checkpoint(&mut self, state: bool) -> Result<(), VaultError> {
        let mut objects = Vec::new();
        let whole = !state || self.put_away(&mut objects)?;
        if !whole || self.has_lost_pages() {
            // What is in the index does not hang together: the next opening reads the log.
            objects = vec![("state".to_owned(), None)];
        }
        let heads: Vec<(BookTag, Head)> = self
            .books
            .values()
            .flat_map(|book| book.expected().map(|head| (book.tag, head)))
            .collect();
        self.store.checkpoint(&heads, objects)?;
        if state {
            self.tail = 0;
        }
        Ok(())
    }

    /// Adds everything derived. Says whether all of it could be had.
    fn put_away(
        &mut self,
        objects: &mut Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<bool, VaultError> {
        let books = self.books.values().map(|book| book.tag).collect();
        let head = State {
            version: VERSION,
            position: self.store.end(),
            books,
        };
        objects.push(("state".to_owned(), Some(canonical::encode(&head))));
        for book in self.books.values_mut() {
            if !book.put_pages_away(self.store.as_ref(), objects) {
                return Ok(false);
            }
            book.put_away(self.store.as_ref(), objects)?;
        }
        Ok(true)
    }

    /// Loads derived state, whole or not at all, and returns from where the log must be read.
    pub(super) fn load_checkpoint(&mut self) -> Result<Position, VaultError> {
        let Some(bytes) = self.store.object("state")? else {
            return Ok(Position::START);
        };
        // The manifest vouches for these very bytes, here and below.
        let Ok(state) = minicbor::decode::<State>(&bytes) else {
            return Ok(Position::START);
        };
        if state.version != VERSION {
            return Ok(Position::START);
        }
        let mut loaded = Vec::new();
        for (id, book) in &self.books {
            if !state.books.contains(&book.tag) {
                // Its key file is newer than the checkpoint, so are all its entries.
                continue;
            }
            let Some(book) = self.load_book(id, book, state.position)? else {
                return Ok(Position::START);
            };
            loaded.push(book);
        }
        for (id, replica, state, pages) in loaded {
            if let Some(book) = self.books.get_mut(&id) {
                book.replica = replica;
                book.locations = state.locations;
                book.pages = Some(pages);
                book.acknowledged = state.acknowledged;
                book.cursors = state
                    .cursors
                    .into_iter()
                    .map(|(relay, inbox, at)| ((relay, inbox), at))
                    .collect();
                book.granted = state.granted.into_iter().collect();
                book.rows = state
                    .rows
                    .into_iter()
                    .filter_map(|(id, rows)| Some((id.parse().ok()?, rows)))
                    .collect();
                book.restore_items(state.items);
            }
        }
        Ok(state.position)
    }

    fn load_book(
        &self,
        id: &BookId,
        book: &Book,
        until: Position,
    ) -> Result<Option<Loaded>, VaultError> {
        let Some(bytes) = self.store.object(&format!("book/{}", book.tag))? else {
            return Ok(None);
        };
        let Ok(mut state) = minicbor::decode::<BookState>(&bytes) else {
            return Ok(None);
        };
        let epochs = book.secrets.epochs.clone();
        let pages = BookPages::new(Arc::clone(&self.store), book.tag, until);
        let document = |doc| -> Arc<dyn Saved> {
            Arc::new(PutAway {
                store: Arc::clone(&self.store),
                tag: book.tag,
                doc,
                until,
            })
        };
        let chain = |feed| -> Arc<dyn Pages<EnvelopeHash>> { pages.of(feed) };
        let replica = Replica::decode_state(*id, epochs, &state.replica, document, chain);
        let Ok(replica) = replica else {
            return Ok(None);
        };
        for (feed, chain) in replica.feeds().chains() {
            let Some(places) = state.locations.get_mut(feed) else {
                return Ok(None);
            };
            if places.len() != chain.len() {
                return Ok(None);
            }
            places.bring_from(pages.of(*feed));
        }
        Ok(Some((*id, replica, state, pages)))
    }
}

/// A book as derived state tells it.
type Loaded = (BookId, Replica, BookState, Arc<BookPages>);

/// A document in the index. What the index has lost is made anew from the log.
#[derive(Debug)]
struct PutAway {
    store: Arc<dyn Store>,
    tag: BookTag,
    doc: DocId,
    /// Where the log ended when the document was put away.
    until: Position,
}

impl PutAway {
    fn made_anew(&self) -> Result<Option<Snapshot>, VaultError> {
        tracing::warn!("a document is made anew from the log");
        let Some(mut book) = book_anew(self.store.as_ref(), self.tag, self.until)? else {
            return Ok(None);
        };
        let mut documents = book.replica.documents_mut();
        let document = documents.find(|(id, _)| **id == self.doc);
        Ok(document.map(|(_, document)| document.save()).transpose()?)
    }
}

impl Saved for PutAway {
    fn snapshot(&self) -> Option<Snapshot> {
        let bytes = self.store.object(&doc_object(self.tag, self.doc));
        match bytes {
            Ok(Some(bytes)) => {
                let saved: SavedDocument = minicbor::decode(&bytes).ok()?;
                Some(Snapshot {
                    bytes: saved.bytes,
                    heads: saved.heads,
                })
            }
            Ok(None) => self.made_anew().ok()?,
            Err(error) => {
                tracing::warn!(%error, "a document cannot be read");
                None
            }
        }
    }
}

fn doc_object(tag: BookTag, doc: DocId) -> String {
    format!("doc/{tag}/{doc}")
}

impl Book {
    /// The greatest head of every feed that is held or known to exist.
    fn expected(&self) -> impl Iterator<Item = Head> {
        let feeds = self.replica.feeds();
        let mut heads: BTreeMap<FeedId, Head> =
            feeds.heads().map(|head| (head.feed, head)).collect();
        for missing in feeds.missing() {
            heads.insert(missing.feed, missing);
        }
        heads.into_values()
    }

    fn put_away(
        &mut self,
        store: &dyn Store,
        objects: &mut Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), VaultError> {
        self.put_rows_away(store, objects);
        let state = BookState {
            rows: self
                .rows
                .iter()
                .map(|(id, newest)| (id.to_string(), newest.clone()))
                .collect(),
            replica: self.replica.encode_state(),
            locations: self.locations.clone(),
            acknowledged: self.acknowledged.clone(),
            cursors: self
                .cursors
                .iter()
                .map(|((relay, inbox), at)| (*relay, *inbox, *at))
                .collect(),
            items: self.kept_items(),
            granted: self.granted.iter().copied().collect(),
        };
        objects.push((
            format!("book/{}", self.tag),
            Some(canonical::encode(&state)),
        ));
        for (id, document) in self.replica.documents_mut() {
            let name = doc_object(self.tag, *id);
            if document.is_away() && store.keeps(&name) {
                continue;
            }
            let Snapshot { bytes, heads } = document.save()?;
            let saved = SavedDocument { bytes, heads };
            objects.push((name, Some(canonical::encode(&saved))));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
