//! A book's derived state as bytes for the index; it is trusted only as far as the manifest
//! vouches for it, and losing it loses nothing.

use std::sync::Arc;

use minicbor::{Decode, Encode};
use techo_wire::{EnvelopeHash, FeedId, canonical};
use thiserror::Error;

use crate::book::{BookId, Control, DeviceKey, Fold};
use crate::crypto::EpochKey;
use crate::doc::{ChangeHash, DocId, Document, Saved};
use crate::packed::Pages;
use crate::replica::{Feeds, Quarantined, Replica};

/// The version of this encoding: another version means that the state is made anew.
const VERSION: u8 = 4;

/// State bytes that cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the derived state cannot be used")]
pub struct StateError;

#[derive(Encode, Decode)]
struct State {
    #[n(0)]
    version: u8,
    #[n(1)]
    book: BookId,
    #[n(2)]
    controls: Vec<(EnvelopeHash, DeviceKey, Control)>,
    #[n(3)]
    feeds: Feeds,
    #[n(4)]
    quarantined: Vec<Quarantined>,
    /// Each with its heads.
    #[n(5)]
    documents: Vec<(String, Vec<ChangeHash>)>,
}

impl Replica {
    /// Returns everything but the documents and the full pages of the chains.
    pub fn encode_state(&self) -> Vec<u8> {
        canonical::encode(&State {
            version: VERSION,
            book: self.book,
            controls: self.controls.clone(),
            feeds: self.feeds.clone(),
            quarantined: self.quarantined.clone(),
            documents: self
                .documents
                .iter()
                .map(|(id, document)| (id.to_string(), document.heads()))
                .collect(),
        })
    }

    /// Takes state back; `document` says where each document was saved, `pages` who brings the full
    /// pages of each chain.
    pub(crate) fn decode_state(
        book: BookId,
        epochs: Vec<EpochKey>,
        bytes: &[u8],
        document: impl Fn(DocId) -> Arc<dyn Saved>,
        pages: impl Fn(FeedId) -> Arc<dyn Pages<EnvelopeHash>>,
    ) -> Result<Self, StateError> {
        // The manifest vouches for these very bytes: whether they are canonical tells nothing more.
        let mut state: State = minicbor::decode(bytes).map_err(|_| StateError)?;
        if state.version != VERSION || state.book != book {
            return Err(StateError);
        }
        let mut fold = Fold::new(book);
        for (hash, author, control) in &state.controls {
            fold.insert(*hash, *author, control.clone());
        }
        let documents = state.documents.into_iter().map(|(name, heads)| {
            let id: DocId = name.parse().map_err(|_| StateError)?;
            Ok((id, Document::load_later(id, heads, document(id))))
        });
        let documents = documents.collect::<Result<_, StateError>>()?;
        state.feeds.bring_from(pages);
        Ok(Self {
            book,
            epochs,
            fold,
            controls: state.controls,
            feeds: state.feeds,
            documents,
            quarantined: state.quarantined,
        })
    }
}
