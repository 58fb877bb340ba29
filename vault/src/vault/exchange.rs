//! What the network driver asks of a vault: which boxes there are, what to send, what came; it
//! never opens a socket.

use std::collections::BTreeSet;

use techo_wire::{
    AppendKey, AppendReceipt, Envelope, FeedId, Head, InboxCursor, InboxId, MailboxId, RelayKey,
    SealedItem, UnverifiedEnvelope, canonical,
};

use crate::Timestamp;
use crate::book::BookId;
use crate::crypto::SigningKey;
use crate::replica::{Feeds, Outcome};
use crate::store::{Batch, FrameKind, Location};
use crate::sync::{Finding, Session};
use crate::vault::write::rng;
use crate::vault::{Book, Vault, VaultError};

/// Bytes that an issuer may put into one inbox: the records of a lifetime.
const ISSUER_QUOTA: u64 = 64 << 20;
/// So many envelopes change documents while the disk is waited for: more would cost memory, and gain
/// little beside the time that they take.
const FEW: usize = 64;
/// Bytes of grants that wait for a device.
const GRANT_QUOTA: u64 = 4 << 20;

/// A mailbox to keep in step.
#[derive(Debug, Clone)]
pub struct MailboxTarget {
    /// The book.
    pub book: BookId,
    /// The mailbox of its live epoch.
    pub mailbox: MailboxId,
    /// Proves the mailbox to a relay.
    pub key: SigningKey,
}

/// An inbox to read.
#[derive(Debug, Clone)]
pub struct InboxTarget {
    /// The book whose records or keys arrive there.
    pub book: BookId,
    /// The inbox.
    pub inbox: InboxId,
    /// Proves the inbox to a relay.
    pub key: SigningKey,
    /// Who may append to it, and how many bytes.
    pub admit: Option<(AppendKey, u64)>,
    /// The relay on which it lies; on every relay of the family if absent.
    pub relay: Option<techo_wire::RelayAddress>,
}

/// An item on its way to another device's inbox.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The receiver's inbox.
    pub inbox: InboxId,
    /// May append to it.
    pub key: SigningKey,
    /// The item.
    pub item: SealedItem,
}

/// What became of envelopes from a relay.
#[derive(Debug, Default)]
pub struct Received {
    /// The heads reached by envelopes that are durable now.
    pub heads: Vec<Head>,
    /// How many were new.
    pub accepted: usize,
    /// How many replaced a damaged copy.
    pub healed: usize,
    /// Envelopes to bring again with the next ones: what they rest on has not come yet.
    pub waiting: Vec<Envelope>,
    /// How many were refused.
    pub refused: usize,
    /// Forks.
    pub findings: Vec<Finding>,
}

impl Vault {
    /// Returns the mailboxes of the books whose keys are held.
    pub fn mailboxes(&self) -> Vec<MailboxTarget> {
        let books = self.books.iter().filter_map(|(id, book)| {
            let key = book.secrets.epochs.last()?.mailbox(id);
            Some(MailboxTarget {
                book: *id,
                mailbox: key.mailbox(),
                key,
            })
        });
        books.collect()
    }

    /// Returns the inboxes that this device reads.
    pub fn inboxes(&self) -> Vec<InboxTarget> {
        let grants = self
            .books
            .iter()
            .filter(|(id, _)| Some(**id) != self.household);
        let grants = grants.map(|(id, book)| {
            let inbox = book.secrets.device.inbox_id();
            InboxTarget {
                book: *id,
                inbox,
                key: book.secrets.device.inbox.clone(),
                admit: self.grant_key(inbox).map(|key| (key.append(), GRANT_QUOTA)),
                relay: None,
            }
        });
        let issued = self.books.iter().flat_map(|(id, book)| {
            book.enrolments().map(|enrolment| InboxTarget {
                book: *id,
                inbox: enrolment.inbox.inbox(),
                key: enrolment.inbox.clone(),
                admit: enrolment.append.map(|key| (key, ISSUER_QUOTA)),
                relay: Some(enrolment.relay.clone()),
            })
        });
        grants.chain(issued).collect()
    }

    /// Returns how many mailboxes and inboxes there are.
    pub(crate) fn box_counts(&self) -> (usize, usize) {
        let open = |book: &&Book| !book.secrets.epochs.is_empty();
        let enrolments = self.books.values().map(|book| book.enrolments().count());
        (
            self.books.values().filter(open).count(),
            self.books.len().saturating_add(enrolments.sum()),
        )
    }

    /// The key with which any device of the family appends to a device's inbox.
    pub(super) fn grant_key(&self, inbox: InboxId) -> Option<SigningKey> {
        self.household()
            .ok()?
            .secrets
            .epochs
            .last()
            .map(|epoch| epoch.append_key(&inbox))
    }

    /// Starts a conversation about a book with a relay.
    pub fn session(&self, book: &BookId, relay: &RelayKey) -> Result<Session, VaultError> {
        let acknowledged = self
            .book(book)?
            .acknowledged
            .get(relay)
            .cloned()
            .unwrap_or_default();
        Ok(Session::new(acknowledged))
    }

    /// Returns the feeds of a book.
    pub fn feeds(&self, book: &BookId) -> Result<&Feeds, VaultError> {
        Ok(self.book(book)?.replica.feeds())
    }

    /// Takes envelopes from a relay and makes durable what was accepted.
    pub fn receive(
        &mut self,
        id: &BookId,
        envelopes: Vec<Envelope>,
    ) -> Result<Received, VaultError> {
        self.check_writable()?;
        let book = self.book_mut(id)?;
        let (outcomes, mut plan) = book.replica.judge(&envelopes);
        let mut received = Received::default();
        let mut keep = Vec::new();
        for (envelope, outcome) in envelopes.into_iter().zip(outcomes) {
            let head = envelope.head();
            match outcome {
                Outcome::Accepted => {
                    received.accepted += 1;
                    received.heads.push(head);
                    keep.push(envelope);
                }
                Outcome::Known if book.is_damaged(&head) => {
                    received.healed += 1;
                    received.heads.push(head);
                    keep.push(envelope);
                }
                Outcome::Known => received.heads.push(head),
                Outcome::Retired => {}
                Outcome::Waiting => received.waiting.push(envelope),
                Outcome::Gap { .. } | Outcome::Refused(_) => received.refused += 1,
                Outcome::Fork { sequence } => {
                    let feed = head.feed;
                    let fork = Finding::Fork { feed, sequence };
                    if !received.findings.contains(&fork) {
                        received.findings.push(fork);
                    }
                }
            }
        }
        let mut apply = |book: &mut Book| {
            book.replica.apply(std::mem::take(&mut plan));
            book.refresh_bindings();
        };
        if (1..=FEW).contains(&keep.len()) {
            self.commit_while(id, Batch::new(), &keep, Some(&mut apply))?;
        } else {
            apply(book);
            if !keep.is_empty() {
                self.commit(id, Batch::new(), &keep)?;
            }
        }
        Ok(received)
    }

    /// Takes note of a relay that shows less than it signed for: grants put there may be gone as
    /// well, and are put again for devices that have not written since.
    pub fn rolled_back(&mut self) {
        for book in self.books.values_mut() {
            book.granted.clear();
        }
    }

    /// Reads envelopes of a feed from the log, up to about `bytes` of them. One that cannot be read
    /// ends the list: it is damaged here and cannot be sent.
    pub fn envelopes(
        &self,
        id: &BookId,
        feed: &FeedId,
        from: u64,
        to: u64,
        bytes: usize,
    ) -> Result<Vec<Envelope>, VaultError> {
        let book = self.book(id)?;
        let mut envelopes = Vec::new();
        let mut size = 0usize;
        for sequence in from..=to {
            if size >= bytes {
                break;
            }
            let Some(location) = book.location(feed, sequence) else {
                break;
            };
            let Ok(frame) = self.store.read(location) else {
                break;
            };
            let Ok(envelope) = UnverifiedEnvelope::parse(frame.body) else {
                break;
            };
            // Only verified envelopes get into a chain.
            let held = book.replica.feeds().hash_at(feed, sequence);
            let Some(envelope) = held.and_then(|hash| envelope.verify_held(&hash)) else {
                break;
            };
            size = size.saturating_add(envelope.as_bytes().len());
            envelopes.push(envelope);
        }
        Ok(envelopes)
    }

    /// Keeps signed receipts, so that a rollback of the relay shows.
    pub fn remember(&mut self, id: &BookId, receipts: &[AppendReceipt]) -> Result<(), VaultError> {
        let book = self.book_mut(id)?;
        let tag = book.tag;
        let mut batch = Batch::new();
        for receipt in receipts {
            book.remember(receipt);
            let signed = canonical::encode(receipt.signed());
            let body = [receipt.relay().as_bytes().as_slice(), &signed].concat();
            batch.push(tag, FrameKind::AppendReceipt, body);
        }
        if !batch.is_empty() {
            self.commit(id, batch, &[])?;
        }
        Ok(())
    }

    /// Returns how far an inbox was read at a relay.
    pub fn inbox_cursor(&self, target: &InboxTarget, relay: &RelayKey) -> Option<InboxCursor> {
        let book = self.books.get(&target.book)?;
        book.cursors.get(&(*relay, target.inbox)).copied()
    }

    /// Takes items from an inbox; what is kept is durable before the cursor moves.
    pub fn receive_items(
        &mut self,
        target: &InboxTarget,
        relay: &RelayKey,
        items: Vec<(u64, SealedItem)>,
        now: Timestamp,
    ) -> Result<ItemsReceived, VaultError> {
        self.check_writable()?;
        let mut received = ItemsReceived::default();
        let mut last = None;
        let mut waits = false;
        for (position, item) in items {
            let hash = item.hash();
            waits |= self.receive_item(target, item, now, &mut received)?;
            // What may be taken once earlier items have come is asked for again.
            if !waits {
                last = Some(InboxCursor {
                    position,
                    item: hash,
                });
            }
        }
        if let Some(last) = last {
            let book = self.book_mut(&target.book)?;
            book.cursors.insert((*relay, target.inbox), last);
        }
        Ok(received)
    }

    /// Marks every envelope that cannot be read back, so that the next sync asks for it again.
    /// Returns how many there are.
    pub fn scrub(&mut self) -> Result<usize, VaultError> {
        let mut whole: BTreeSet<Location> = BTreeSet::new();
        self.store
            .scan(crate::store::Position::START, &mut |scanned| {
                if let crate::store::Scanned::Frame { location, .. } = scanned {
                    whole.insert(location);
                }
                std::ops::ControlFlow::Continue(())
            })?;
        let mut damaged = 0;
        for book in self.books.values_mut() {
            damaged += book.scrub(&whole);
        }
        Ok(damaged)
    }

    /// A random part of a pause, at least 0 and below 1.
    pub(crate) fn jitter() -> f64 {
        use rand_core::Rng as _;
        f64::from(rng().next_u32()) / (f64::from(u32::MAX) + 1.0)
    }
}

/// What became of items from an inbox.
#[derive(Debug, Default)]
pub struct ItemsReceived {
    /// Official entries taken.
    pub official: usize,
    /// Bindings taken.
    pub bindings: usize,
    /// Books that this device was let into.
    pub granted: usize,
    /// Items refused, each with its class.
    pub refused: Vec<String>,
}

impl Book {
    pub(super) fn remember(&mut self, receipt: &AppendReceipt) {
        let signed = self.acknowledged.entry(receipt.relay()).or_default();
        for head in receipt.heads() {
            let newest = signed.entry(head.feed).or_insert(*head);
            if head.seq >= newest.seq {
                *newest = *head;
            }
        }
    }

    /// Notes where an envelope lies, if the replica holds it.
    pub(super) fn place(&mut self, head: &Head, location: Location) {
        if self.replica.feeds().hash_at(&head.feed, head.seq) != Some(head.hash) {
            return;
        }
        self.locations
            .entry(head.feed)
            .or_default()
            .put(head.seq, location);
    }

    fn location(&self, feed: &FeedId, sequence: u64) -> Option<Location> {
        self.locations.get(feed)?.get(sequence)
    }

    fn is_damaged(&self, head: &Head) -> bool {
        let places = self.locations.get(&head.feed);
        !places.is_some_and(|places| places.holds(head.seq))
    }

    fn scrub(&mut self, whole: &BTreeSet<Location>) -> usize {
        let mut damaged = 0;
        for (feed, chain) in self.replica.feeds().chains() {
            let places = self.locations.entry(*feed).or_default();
            places.fill(chain.len());
            places.keep_only(whole);
            damaged += places.holes().count();
        }
        damaged
    }

    /// The next sequence to ask for, by feed: the first that is not held whole on disk.
    pub(super) fn wanted(&self) -> Vec<techo_wire::Cursor> {
        let heads = self.replica.feeds().heads();
        let cursors = heads.map(|head| {
            let places = self.locations.get(&head.feed);
            let hole = places.and_then(|places| places.holes().next());
            let next = hole.unwrap_or(head.seq.saturating_add(1));
            techo_wire::Cursor {
                feed: head.feed,
                next,
            }
        });
        cursors.collect()
    }
}

impl Vault {
    /// Returns what to ask a relay for: the first entry of every feed that is not whole here.
    pub fn cursors(&self, book: &BookId) -> Result<Vec<techo_wire::Cursor>, VaultError> {
        Ok(self.book(book)?.wanted())
    }
}
