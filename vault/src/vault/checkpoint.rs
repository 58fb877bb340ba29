//! Puts derived state away, so that opening need not read the whole log; losing it loses nothing.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use techo_wire::{FeedId, Head, InboxCursor, InboxId, RelayKey, canonical};

use crate::book::BookId;
use crate::doc::{ChangeHash, Snapshot};
use crate::replica::Replica;
use crate::store::{BookTag, Location, Position};
use crate::sync::Acknowledged;
use crate::vault::listing::Row;
use crate::vault::{Book, Vault, VaultError};

/// Frames written since the last checkpoint that make another one worth its price.
const TAIL: usize = 256;
/// The version of this encoding: another version means that the state is made anew.
const VERSION: u8 = 2;

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
    locations: BTreeMap<FeedId, Vec<Option<Location>>>,
    #[n(2)]
    acknowledged: BTreeMap<RelayKey, Acknowledged>,
    #[n(3)]
    cursors: Vec<(RelayKey, InboxId, InboxCursor)>,
    #[n(4)]
    items: Vec<(InboxId, minicbor::bytes::ByteVec)>,
    #[n(5)]
    granted: Vec<InboxId>,
    #[n(6)]
    rows: Vec<(String, Vec<Row>)>,
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
        if state {
            let books = self.books.values().map(|book| book.tag).collect();
            let head = State {
                version: VERSION,
                position: self.store.end(),
                books,
            };
            objects.push(("state".to_owned(), Some(canonical::encode(&head))));
            for book in self.books.values_mut() {
                book.put_away(&mut objects)?;
            }
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

    /// Loads derived state, whole or not at all, and returns from where the log must be read.
    pub(super) fn load_checkpoint(&mut self) -> Result<Position, VaultError> {
        let Some(bytes) = self.store.object("state")? else {
            return Ok(Position::START);
        };
        let Ok(state) = canonical::decode::<State>(&bytes) else {
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
            let Some(book) = self.load_book(id, book)? else {
                return Ok(Position::START);
            };
            loaded.push(book);
        }
        for (id, replica, state) in loaded {
            if let Some(book) = self.books.get_mut(&id) {
                book.replica = replica;
                book.locations = state.locations;
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
    ) -> Result<Option<(BookId, Replica, BookState)>, VaultError> {
        let Some(bytes) = self.store.object(&format!("book/{}", book.tag))? else {
            return Ok(None);
        };
        let Ok(state) = canonical::decode::<BookState>(&bytes) else {
            return Ok(None);
        };
        let mut failed = None;
        let replica = Replica::decode_state(
            *id,
            book.secrets.epochs.clone(),
            &state.replica,
            |doc| match self.store.object(&format!("doc/{}/{doc}", book.tag)) {
                Ok(bytes) => {
                    let saved: SavedDocument = canonical::decode(&bytes?).ok()?;
                    Some(Snapshot {
                        bytes: saved.bytes,
                        heads: saved.heads,
                    })
                }
                Err(error) => {
                    failed = Some(error);
                    None
                }
            },
        );
        match (replica, failed) {
            (_, Some(error)) => Err(error.into()),
            (Ok(replica), None) => Ok(Some((*id, replica, state))),
            (Err(_), None) => Ok(None),
        }
    }
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

    fn put_away(&mut self, objects: &mut Vec<(String, Option<Vec<u8>>)>) -> Result<(), VaultError> {
        self.refresh_rows();
        let state = BookState {
            rows: self
                .rows
                .iter()
                .map(|(id, rows)| (id.to_string(), rows.clone()))
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
            let Snapshot { bytes, heads } = document.save()?;
            let saved = SavedDocument { bytes, heads };
            objects.push((
                format!("doc/{}/{id}", self.tag),
                Some(canonical::encode(&saved)),
            ));
        }
        Ok(())
    }
}
