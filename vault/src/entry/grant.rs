//! The keys of a book on their way to a device (docs/format.md §7).

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use techo_wire::{EnvelopeHash, Head, RelayAddress};

use crate::book::{BookId, BookState, by_feed};
use crate::crypto::{EpochKey, seed};

/// Everything that a device needs to read a book to where its sender had read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The book.
    pub book: BookId,
    /// Where it is kept.
    pub relays: Vec<RelayAddress>,
    /// Its keys, oldest first.
    pub epochs: Vec<EpochKey>,
    /// The control ops up to which the receiver must verify.
    pub control_heads: BTreeSet<EnvelopeHash>,
    /// What it must reach before it is complete, by feed.
    pub frontier: Vec<Head>,
}

impl Grant {
    /// Whether an op that stands speaks for its last key. Until then it does not count.
    pub fn is_confirmed_by(&self, book: &BookState) -> bool {
        self.epochs.last().is_some_and(|key| {
            let commitment = key.commitment();
            book.epochs()
                .iter()
                .any(|epoch| epoch.commitment == commitment)
        })
    }
}

#[derive(Decode)]
struct Body {
    #[n(0)]
    version: u8,
    #[n(1)]
    book: BookId,
    #[n(2)]
    relays: Vec<RelayAddress>,
    #[cbor(n(3), decode_with = "seed::list::decode")]
    epochs: Vec<EpochKey>,
    #[n(4)]
    control_heads: BTreeSet<EnvelopeHash>,
    #[cbor(n(5), decode_with = "by_feed")]
    frontier: Vec<Head>,
}

impl<C> Encode<C> for Grant {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let mut frontier = self.frontier.clone();
        frontier.sort_unstable();
        frontier.dedup_by_key(|head| head.feed);
        e.array(6)?.u8(1)?;
        self.book.encode(e, context)?;
        self.relays.encode(e, context)?;
        seed::list::encode(&self.epochs, e, context)?;
        self.control_heads.encode(e, context)?;
        frontier.encode(e, context)
    }
}

impl<'b, C> Decode<'b, C> for Grant {
    fn decode(
        d: &mut minicbor::Decoder<'b>,
        context: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let body = Body::decode(d, context)?;
        if body.version != 1 {
            return Err(minicbor::decode::Error::message("version of a grant"));
        }
        let Body {
            book,
            relays,
            epochs,
            control_heads,
            frontier,
            ..
        } = body;
        Ok(Self {
            book,
            relays,
            epochs,
            control_heads,
            frontier,
        })
    }
}
