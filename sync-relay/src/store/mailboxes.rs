//! The rules of mailboxes: which envelopes follow, how much fits, what damage takes away.

use crate::config::Quotas;
use crate::store::draft::Draft;
use crate::store::layout::{self, Extent};
use crate::store::table::Table;
use crate::store::{EnvelopePage, Kept, Positions, Refusal, StoreError};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use techo_wire::{
    Cursor, Envelope, EnvelopeHash, ErrorCode, FeedId, Head, MailboxId, UnverifiedEnvelope,
};

type Judged = Result<Result<Kept, Refusal>, StoreError>;

/// The figures of a mailbox.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    arrivals: u64,
    bytes: u64,
}

/// An envelope as stored, of which checksum, shape and place were checked.
struct Stored {
    arrival: u64,
    envelope: UnverifiedEnvelope,
}

pub(crate) fn admit(
    draft: &mut Draft<'_>,
    quotas: &Quotas,
    mailbox: MailboxId,
    feed: FeedId,
) -> Judged {
    if extent(draft, mailbox, feed)?.is_some() {
        return Ok(Ok(Kept::Done));
    }
    let key = layout::feed(mailbox, feed);
    if draft.others(&layout::feeds(mailbox), &key)? >= quotas.mailbox_feeds {
        return Ok(Err(ErrorCode::Quota.into()));
    }
    // If only the record of the feed was lost, its envelopes are still here.
    let found = recover(draft, mailbox, feed)?;
    draft.put(key, &found.write());
    Ok(Ok(Kept::Done))
}

pub(crate) fn append(
    draft: &mut Draft<'_>,
    quotas: &Quotas,
    mailbox: MailboxId,
    envelopes: &[Envelope],
) -> Judged {
    let mut figures = figures(draft, mailbox)?;
    let mut named = BTreeSet::new();
    for envelope in envelopes {
        named.insert(envelope.feed());
        if let Err(refusal) = append_one(draft, quotas, mailbox, envelope, &mut figures)? {
            return Ok(Err(refusal));
        }
    }
    put_figures(draft, mailbox, figures);
    let mut heads = Vec::new();
    for feed in named {
        let held = extent(draft, mailbox, feed)?;
        heads.extend(held.and_then(|held| head(feed, held)));
    }
    Ok(Ok(Kept::Appended(heads)))
}

fn append_one(
    draft: &mut Draft<'_>,
    quotas: &Quotas,
    mailbox: MailboxId,
    envelope: &Envelope,
    figures: &mut Figures,
) -> Result<Result<(), Refusal>, StoreError> {
    let (feed, seq) = (envelope.feed(), envelope.seq());
    let Some(mut held) = extent(draft, mailbox, feed)? else {
        return Ok(Err(ErrorCode::NotAdmitted.into()));
    };
    if seq < held.next {
        match stored(draft, mailbox, feed, seq)? {
            Some(same) if same.envelope.hash() == envelope.hash() => return Ok(Ok(())),
            Some(_) => return Ok(Err(ErrorCode::Fork.into())),
            None => held = cut(draft, mailbox, feed, seq, figures)?,
        }
    }
    if seq != held.next {
        return Ok(Err(Refusal {
            code: ErrorCode::OutOfOrder,
            expected: Some(held.next),
        }));
    }
    if envelope.previous() != held.hash {
        return Ok(Err(ErrorCode::Fork.into()));
    }
    let length = envelope.as_bytes().len() as u64;
    if figures.bytes.saturating_add(length) > quotas.mailbox_bytes {
        return Ok(Err(ErrorCode::Quota.into()));
    }
    let body = [&figures.arrivals.to_be_bytes()[..], envelope.as_bytes()].concat();
    draft.put(layout::envelope(mailbox, feed, seq), &body);
    let after = Extent {
        next: seq.saturating_add(1),
        hash: envelope.hash(),
    };
    draft.put(layout::feed(mailbox, feed), &after.write());
    figures.arrivals = figures.arrivals.saturating_add(1);
    figures.bytes = figures.bytes.saturating_add(length);
    Ok(Ok(()))
}

/// Lets a feed's head fall back before `lost`, if that envelope is indeed gone.
pub(crate) fn fall_back(draft: &mut Draft<'_>, mailbox: MailboxId, lost: Cursor) -> Judged {
    let held = extent(draft, mailbox, lost.feed)?;
    let gone = held.is_some_and(|held| lost.next < held.next)
        && stored(draft, mailbox, lost.feed, lost.next)?.is_none();
    if gone {
        let mut figures = figures(draft, mailbox)?;
        cut(draft, mailbox, lost.feed, lost.next, &mut figures)?;
        put_figures(draft, mailbox, figures);
    }
    Ok(Ok(Kept::Done))
}

/// Removes the envelopes of a feed from `seq` on, and further down while what is before is lost.
fn cut(
    draft: &mut Draft<'_>,
    mailbox: MailboxId,
    feed: FeedId,
    seq: u64,
    figures: &mut Figures,
) -> Result<Extent, StoreError> {
    let mut extent = Extent {
        next: seq,
        hash: EnvelopeHash::ZERO,
    };
    while let Some(before) = extent.next.checked_sub(1) {
        if let Some(found) = stored(draft, mailbox, feed, before)? {
            extent.hash = found.envelope.hash();
            break;
        }
        extent.next = before;
    }
    let mut behind = Vec::new();
    draft.each(&layout::feed_envelopes(mailbox, feed), &mut |key, _| {
        if layout::last_integer(key).is_some_and(|at| at >= extent.next) {
            behind.push(key.to_vec());
        }
    })?;
    for key in behind {
        draft.remove(key);
    }
    // What is damaged or gone without a trace has no length to subtract.
    let left = count(draft, mailbox)?;
    figures.bytes = left.bytes;
    figures.arrivals = figures.arrivals.max(left.arrivals);
    draft.put(layout::feed(mailbox, feed), &extent.write());
    Ok(extent)
}

/// How far an unbroken chain of stored envelopes reaches.
fn recover(draft: &Draft<'_>, mailbox: MailboxId, feed: FeedId) -> Result<Extent, StoreError> {
    let mut extent = Extent::EMPTY;
    while let Some(found) = stored(draft, mailbox, feed, extent.next)? {
        extent = Extent {
            next: extent.next.saturating_add(1),
            hash: found.envelope.hash(),
        };
    }
    Ok(extent)
}

fn extent(
    draft: &Draft<'_>,
    mailbox: MailboxId,
    feed: FeedId,
) -> Result<Option<Extent>, StoreError> {
    Ok(draft
        .get(&layout::feed(mailbox, feed))?
        .and_then(|body| Extent::read(&body)))
}

fn stored(
    draft: &Draft<'_>,
    mailbox: MailboxId,
    feed: FeedId,
    seq: u64,
) -> Result<Option<Stored>, StoreError> {
    let body = draft.get(&layout::envelope(mailbox, feed, seq))?;
    Ok(body.and_then(|body| read_stored(&body, feed, seq)))
}

fn read_stored(body: &[u8], feed: FeedId, seq: u64) -> Option<Stored> {
    let (arrival, bytes) = body.split_first_chunk::<8>()?;
    let envelope = UnverifiedEnvelope::parse(bytes).ok()?;
    let in_place = envelope.feed() == feed && envelope.seq() == seq;
    in_place.then(|| Stored {
        arrival: u64::from_be_bytes(*arrival),
        envelope,
    })
}

/// The figures of a mailbox, counted anew if their record is missing or damaged.
fn figures(draft: &Draft<'_>, mailbox: MailboxId) -> Result<Figures, StoreError> {
    let body = draft.get(&layout::mailbox(mailbox))?;
    if let Some([arrivals, bytes]) = body.and_then(|body| layout::integers(&body)) {
        return Ok(Figures { arrivals, bytes });
    }
    count(draft, mailbox)
}

fn count(draft: &Draft<'_>, mailbox: MailboxId) -> Result<Figures, StoreError> {
    let mut counted = Figures::default();
    draft.each(&layout::mailbox_envelopes(mailbox), &mut |_, body| {
        if let Some((arrival, envelope)) = body.and_then(<[u8]>::split_first_chunk::<8>) {
            let behind = u64::from_be_bytes(*arrival).saturating_add(1);
            counted.arrivals = counted.arrivals.max(behind);
            counted.bytes = counted.bytes.saturating_add(envelope.len() as u64);
        }
    })?;
    Ok(counted)
}

fn put_figures(draft: &mut Draft<'_>, mailbox: MailboxId, figures: Figures) {
    let Figures { arrivals, bytes } = figures;
    draft.put(
        layout::mailbox(mailbox),
        &layout::from_integers(&[arrivals, bytes]),
    );
}

fn head(feed: FeedId, extent: Extent) -> Option<Head> {
    Some(Head {
        feed,
        seq: extent.next.checked_sub(1)?,
        hash: extent.hash,
    })
}

pub(crate) fn heads(table: &dyn Table, mailbox: MailboxId) -> Result<Vec<Head>, StoreError> {
    let prefix = layout::feeds(mailbox);
    let mut heads = Vec::new();
    table.scan(&prefix, &prefix, &mut |key, value| {
        let extent = layout::body(key, value).and_then(Extent::read);
        let feed = layout::last_id(key).map(FeedId::from_bytes);
        heads.extend(
            feed.zip(extent)
                .and_then(|(feed, extent)| head(feed, extent)),
        );
        true
    })?;
    Ok(heads)
}

/// Merges the feeds of a mailbox by arrival, from `positions` on.
pub(crate) fn page(
    table: &dyn Table,
    mailbox: MailboxId,
    positions: &mut Positions,
    budget: usize,
) -> Result<EnvelopePage, StoreError> {
    let mut page = EnvelopePage::default();
    let mut waiting = BinaryHeap::new();
    let heads = heads(table, mailbox)?;
    let read = |feed: FeedId, seq: u64| -> Result<Option<Stored>, StoreError> {
        let key = layout::envelope(mailbox, feed, seq);
        let value = table.get(&key)?;
        let body = value.as_deref().and_then(|value| layout::body(&key, value));
        Ok(body.and_then(|body| read_stored(body, feed, seq)))
    };
    let mut next = heads
        .iter()
        .map(|head| (head, positions.get(&head.feed).copied().unwrap_or(0)));
    let mut lost = None;
    let mut offer = |head: Head, seq: u64, waiting: &mut BinaryHeap<_>| {
        if seq <= head.seq {
            match read(head.feed, seq)? {
                Some(found) => {
                    waiting.push(Reverse((found.arrival, seq, ByHead(head, found.envelope))));
                }
                None => {
                    lost = Some(Cursor {
                        feed: head.feed,
                        next: seq,
                    });
                }
            }
        }
        Ok::<_, StoreError>(())
    };
    next.try_for_each(|(head, seq)| offer(*head, seq, &mut waiting))?;
    let mut bytes = 0;
    while let Some(Reverse((_, seq, ByHead(head, envelope)))) = waiting.pop() {
        let length = envelope.as_bytes().len();
        if bytes > 0 && bytes + length > budget {
            page.more = true;
            break;
        }
        bytes += length;
        let after = seq.saturating_add(1);
        positions.insert(head.feed, after);
        page.envelopes.push(envelope);
        offer(head, after, &mut waiting)?;
    }
    page.lost = lost;
    Ok(page)
}

/// Rides along in the heap; feeds of equal arrival are told apart by their head.
struct ByHead(Head, UnverifiedEnvelope);

impl PartialEq for ByHead {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for ByHead {}

impl PartialOrd for ByHead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByHead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
