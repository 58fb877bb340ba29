//! One connection to one relay: requests, receipts and fetches. It keeps no box and no key.

use crate::error::{ClientError, Misbehaviour};
use crate::link::Link;
use crate::pipeline::{DONE, Pipeline, unexpected};
use crate::stream::{InboxStream, MailboxStream};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use techo_wire::{
    AppendKey, AppendReceipt, BoxKey, Cursor, Envelope, FeedId, Frame, Head, InboxCursor, InboxId,
    ItemHash, Label, MailboxId, PutReceipt, RelayKey, Role, SealedItem, SignedReceipt, StoreId,
    UnverifiedEnvelope, frame, prove,
};

/// A secret that can prove a box key; the caller keeps it.
pub trait ProveKey: Send + Sync {
    /// The public key.
    fn public(&self) -> [u8; 32];
    /// Signs label ‖ 0x00 ‖ `message`.
    fn sign(&self, label: Label, message: &[u8]) -> [u8; 64];
}

/// How many bytes of envelopes go into one frame: small enough to show progress on a slow line.
const APPEND_BYTES: usize = 128 << 10;
/// How many append frames are on their way at once from one call.
const APPENDS_AHEAD: usize = 8;

/// A connection to a relay. Cheap to clone; closed when the last clone and fetch are gone.
#[derive(Clone, Debug)]
pub struct Connection {
    link: Arc<Link>,
}

impl Connection {
    /// Says Hello on a fresh QUIC connection whose key was checked.
    pub(crate) async fn greet(
        quic: quinn::Connection,
        relay: RelayKey,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let pipeline = Pipeline::open(quic.clone(), patience).await?;
        let hello = Frame::Hello {
            versions: vec![frame::VERSION],
        };
        match pipeline.request(&hello).await? {
            Frame::Welcome { relay: named, .. } if named != relay => {
                Err(ClientError::misbehaved(Misbehaviour::Welcome))
            }
            Frame::Welcome { version, store, .. } if version == frame::VERSION => Ok(Self {
                link: Arc::new(Link {
                    quic,
                    pipeline,
                    relay,
                    store,
                    patience,
                    verified: Mutex::default(),
                }),
            }),
            Frame::Welcome { .. } => Err(ClientError::Version),
            _ => Err(unexpected()),
        }
    }

    /// The relay's key.
    pub fn relay(&self) -> RelayKey {
        self.link.relay
    }

    /// The making of the relay's store. A new one means that what it kept may be gone.
    pub fn store(&self) -> StoreId {
        self.link.store
    }

    /// Whether the connection is gone.
    pub fn is_closed(&self) -> bool {
        self.link.quic.close_reason().is_some()
    }

    /// Ends the connection with all its fetches.
    pub fn close(&self) {
        self.link.quic.close(DONE.into(), b"");
    }

    /// Proves a box key in a role, for this connection.
    pub async fn prove(
        &self,
        role: Role,
        box_key: impl Into<BoxKey>,
        key: &dyn ProveKey,
    ) -> Result<(), ClientError> {
        let box_key = box_key.into();
        let mut exporter = [0; 32];
        self.link
            .quic
            .export_keying_material(&mut exporter, prove::EXPORTER_LABEL, b"")
            .map_err(|_| ClientError::Closed(None))?;
        let public = key.public();
        let message = prove::to_be_signed(&exporter, &self.link.relay, &box_key, role, &public);
        let signature = key.sign(Label::Prove, &message);
        self.done(&Frame::Prove {
            box_key,
            role,
            key: public,
            signature,
        })
        .await
    }

    /// Lets a feed write into a mailbox. Needs the mailbox proven.
    pub async fn admit_feed(&self, mailbox: MailboxId, feed: FeedId) -> Result<(), ClientError> {
        self.done(&Frame::AdmitFeed { mailbox, feed }).await
    }

    /// Lets a key put up to `quota` bytes of items into an inbox. Needs the inbox proven.
    pub async fn admit_key(
        &self,
        inbox: InboxId,
        append_key: AppendKey,
        quota: u64,
    ) -> Result<(), ClientError> {
        self.done(&Frame::AdmitKey {
            inbox,
            append_key,
            quota,
        })
        .await
    }

    /// Has envelopes kept, in order for each feed, and returns the receipts: every feed's last
    /// head stands in the last receipt that names it, and one receipt may speak for several
    /// requests. Needs the mailbox proven.
    ///
    /// Each frame is kept whole or not at all; after an error earlier frames may be kept.
    pub async fn append(
        &self,
        mailbox: MailboxId,
        envelopes: &[Envelope],
    ) -> Result<Vec<AppendReceipt>, ClientError> {
        let mut receipts: Vec<AppendReceipt> = Vec::new();
        for group in chunks(envelopes).chunks(APPENDS_AHEAD) {
            let mut pending = Vec::with_capacity(group.len());
            for chunk in group {
                let envelopes = chunk
                    .iter()
                    .cloned()
                    .map(UnverifiedEnvelope::from)
                    .collect();
                let request = Frame::Append { mailbox, envelopes };
                pending.push((self.link.pipeline.submit(&request).await?, *chunk));
            }
            for (answer, chunk) in pending {
                let Frame::AppendReceipt { receipt } = answer.answer().await? else {
                    return Err(unexpected());
                };
                let receipt = self.append_receipt(&receipt, mailbox, chunk)?;
                if receipts.last() != Some(&receipt) {
                    receipts.push(receipt);
                }
            }
        }
        Ok(receipts)
    }

    /// Has an item kept. Needs the append key proven and admitted.
    pub async fn put(
        &self,
        inbox: InboxId,
        append_key: AppendKey,
        item: &SealedItem,
    ) -> Result<PutReceipt, ClientError> {
        let request = Frame::Put {
            inbox,
            append_key,
            item: item.clone(),
        };
        let Frame::PutReceipt { receipt } = self.link.pipeline.request(&request).await? else {
            return Err(unexpected());
        };
        let receipt = receipt
            .verify_put(&self.link.relay)
            .map_err(ClientError::misbehaved)?;
        let covers = receipt.store() == self.link.store
            && receipt.inbox() == inbox
            && receipt.item() == item.hash();
        if covers { Ok(receipt) } else { Err(contents()) }
    }

    /// Fetches a mailbox: each feed from its cursor, those without one from the beginning.
    /// Needs the mailbox proven.
    pub async fn fetch(
        &self,
        mailbox: MailboxId,
        cursors: Vec<Cursor>,
        live: bool,
    ) -> Result<MailboxStream, ClientError> {
        let request = Frame::Fetch {
            mailbox,
            cursors,
            live,
        };
        MailboxStream::open(Arc::clone(&self.link), mailbox, &request, live).await
    }

    /// Fetches an inbox behind the last item held. Needs the inbox proven.
    pub async fn fetch_inbox(
        &self,
        inbox: InboxId,
        cursor: Option<InboxCursor>,
        live: bool,
    ) -> Result<InboxStream, ClientError> {
        let request = Frame::FetchInbox {
            inbox,
            cursor,
            live,
        };
        InboxStream::open(Arc::clone(&self.link), &request, live).await
    }

    /// Has items forgotten. Needs the inbox proven.
    pub async fn prune(&self, inbox: InboxId, items: Vec<ItemHash>) -> Result<(), ClientError> {
        self.done(&Frame::Prune { inbox, items }).await
    }

    async fn done(&self, request: &Frame) -> Result<(), ClientError> {
        match self.link.pipeline.request(request).await? {
            Frame::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }

    /// A receipt is worth keeping only if it covers every envelope of its request.
    fn append_receipt(
        &self,
        receipt: &SignedReceipt,
        mailbox: MailboxId,
        sent: &[Envelope],
    ) -> Result<AppendReceipt, ClientError> {
        let receipt = self.link.verify(receipt).map_err(ClientError::misbehaved)?;
        let told: BTreeMap<FeedId, &Head> = receipt.heads().iter().map(|h| (h.feed, h)).collect();
        let covered = |envelope: &Envelope| {
            told.get(&envelope.feed()).is_some_and(|head| {
                head.seq > envelope.seq()
                    || (head.seq == envelope.seq() && head.hash == envelope.hash())
            })
        };
        let covers = receipt.store() == self.link.store
            && receipt.mailbox() == mailbox
            && sent.iter().all(covered);
        if covers { Ok(receipt) } else { Err(contents()) }
    }
}

fn contents() -> ClientError {
    ClientError::misbehaved(Misbehaviour::ReceiptContents)
}

/// Splits envelopes, in their order, into runs of at most [`APPEND_BYTES`].
fn chunks(envelopes: &[Envelope]) -> Vec<&[Envelope]> {
    let mut runs = Vec::new();
    let mut rest = envelopes;
    while !rest.is_empty() {
        let mut bytes = 0;
        let count = rest
            .iter()
            .take_while(|envelope| {
                bytes += envelope.as_bytes().len();
                bytes <= APPEND_BYTES
            })
            .count();
        // One envelope always fits: its cap is below that of a run.
        let (run, after) = rest.split_at(count.max(1));
        runs.push(run);
        rest = after;
    }
    runs
}
