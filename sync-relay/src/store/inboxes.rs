//! The rules of inboxes: who may put, how much fits, where an item stands.

use crate::config::Quotas;
use crate::store::draft::Draft;
use crate::store::layout;
use crate::store::table::Table;
use crate::store::{ItemPage, Kept, Refusal, StoreError};
use techo_wire::frame::PlacedItem;
use techo_wire::{AppendKey, ErrorCode, InboxCursor, InboxId, ItemHash, SealedItem};

type Judged = Result<Result<Kept, Refusal>, StoreError>;

/// The figures of an inbox.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    next: u64,
    bytes: u64,
}

/// What an append key may store, and does.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    quota: u64,
    bytes: u64,
}

/// Who put an item, and the item.
struct Stored {
    by: AppendKey,
    item: SealedItem,
}

pub(crate) fn admit(
    draft: &mut Draft<'_>,
    quotas: &Quotas,
    inbox: InboxId,
    append_key: AppendKey,
    quota: u64,
) -> Judged {
    let bytes = if let Some(known) = allowance(draft, inbox, append_key)? {
        known.bytes
    } else {
        let key = layout::append_key(inbox, append_key);
        if draft.others(&layout::append_keys(inbox), &key)? >= quotas.inbox_keys {
            return Ok(Err(ErrorCode::Quota.into()));
        }
        stored_by(draft, inbox, append_key)?
    };
    put_allowance(draft, inbox, append_key, Allowance { quota, bytes });
    Ok(Ok(Kept::Done))
}

pub(crate) fn put(
    draft: &mut Draft<'_>,
    quotas: &Quotas,
    inbox: InboxId,
    append_key: AppendKey,
    item: &SealedItem,
) -> Judged {
    let Some(mut allowance) = allowance(draft, inbox, append_key)? else {
        return Ok(Err(ErrorCode::NotAdmitted.into()));
    };
    let name = item.hash();
    if let Some(position) = position(draft, inbox, name)?
        && stored(draft, inbox, position)?.is_some_and(|stored| stored.item == *item)
    {
        return Ok(Ok(Kept::Put(position)));
    }
    let mut figures = figures(draft, inbox)?;
    let length = item.as_bytes().len() as u64;
    allowance.bytes = allowance.bytes.saturating_add(length);
    figures.bytes = figures.bytes.saturating_add(length);
    if allowance.bytes > allowance.quota || figures.bytes > quotas.inbox_bytes {
        return Ok(Err(ErrorCode::Quota.into()));
    }
    let position = figures.next;
    figures.next = position.saturating_add(1);
    let body = [append_key.as_bytes(), item.as_bytes()].concat();
    draft.put(layout::item(inbox, position), &body);
    draft.put(layout::item_name(inbox, name), &position.to_be_bytes());
    put_allowance(draft, inbox, append_key, allowance);
    put_figures(draft, inbox, figures);
    Ok(Ok(Kept::Put(position)))
}

pub(crate) fn prune(draft: &mut Draft<'_>, inbox: InboxId, items: &[ItemHash]) -> Judged {
    let mut figures = figures(draft, inbox)?;
    for name in items {
        let Some(position) = position(draft, inbox, *name)? else {
            continue;
        };
        draft.remove(layout::item_name(inbox, *name));
        let Some(gone) = stored(draft, inbox, position)? else {
            draft.remove(layout::item(inbox, position));
            figures.bytes = count(draft, inbox)?.bytes;
            continue;
        };
        if gone.item.hash() != *name {
            continue;
        }
        draft.remove(layout::item(inbox, position));
        let length = gone.item.as_bytes().len() as u64;
        figures.bytes = figures.bytes.saturating_sub(length);
        if let Some(mut allowance) = allowance(draft, inbox, gone.by)? {
            allowance.bytes = allowance.bytes.saturating_sub(length);
            put_allowance(draft, inbox, gone.by, allowance);
        }
    }
    put_figures(draft, inbox, figures);
    Ok(Ok(Kept::Done))
}

fn allowance(
    draft: &Draft<'_>,
    inbox: InboxId,
    append_key: AppendKey,
) -> Result<Option<Allowance>, StoreError> {
    let body = draft.get(&layout::append_key(inbox, append_key))?;
    let row = body.and_then(|body| layout::integers(&body));
    Ok(row.map(|[quota, bytes]| Allowance { quota, bytes }))
}

fn put_allowance(draft: &mut Draft<'_>, inbox: InboxId, key: AppendKey, allowance: Allowance) {
    let row = layout::from_integers(&[allowance.quota, allowance.bytes]);
    draft.put(layout::append_key(inbox, key), &row);
}

/// How many bytes a key has stored, counted.
fn stored_by(draft: &Draft<'_>, inbox: InboxId, key: AppendKey) -> Result<u64, StoreError> {
    let mut bytes = 0u64;
    draft.each(&layout::items(inbox), &mut |_, body| {
        if let Some((by, item)) = body.and_then(<[u8]>::split_first_chunk::<32>)
            && by == key.as_bytes()
        {
            bytes = bytes.saturating_add(item.len() as u64);
        }
    })?;
    Ok(bytes)
}

fn position(draft: &Draft<'_>, inbox: InboxId, name: ItemHash) -> Result<Option<u64>, StoreError> {
    let body = draft.get(&layout::item_name(inbox, name))?;
    Ok(body
        .and_then(|body| layout::integers(&body))
        .map(|[position]| position))
}

fn stored(draft: &Draft<'_>, inbox: InboxId, position: u64) -> Result<Option<Stored>, StoreError> {
    Ok(draft
        .get(&layout::item(inbox, position))?
        .and_then(|body| read_stored(&body)))
}

fn read_stored(body: &[u8]) -> Option<Stored> {
    let (by, item) = body.split_first_chunk::<32>()?;
    Some(Stored {
        by: AppendKey::from_bytes(*by),
        item: SealedItem::parse(item).ok()?,
    })
}

/// The figures of an inbox, counted anew if their record is missing or damaged.
fn figures(draft: &Draft<'_>, inbox: InboxId) -> Result<Figures, StoreError> {
    let body = draft.get(&layout::inbox(inbox))?;
    if let Some([next, bytes]) = body.and_then(|body| layout::integers(&body)) {
        return Ok(Figures { next, bytes });
    }
    count(draft, inbox)
}

fn count(draft: &Draft<'_>, inbox: InboxId) -> Result<Figures, StoreError> {
    let mut counted = Figures::default();
    draft.each(&layout::items(inbox), &mut |key, body| {
        let behind = layout::last_integer(key).map_or(0, |position| position.saturating_add(1));
        counted.next = counted.next.max(behind);
        let length = body.map_or(0, |body| body.len().saturating_sub(32)) as u64;
        counted.bytes = counted.bytes.saturating_add(length);
    })?;
    Ok(counted)
}

fn put_figures(draft: &mut Draft<'_>, inbox: InboxId, figures: Figures) {
    let row = layout::from_integers(&[figures.next, figures.bytes]);
    draft.put(layout::inbox(inbox), &row);
}

/// From where to send: behind the cursor if its item stands there or was pruned, else from 0.
pub(crate) fn resume(
    table: &dyn Table,
    inbox: InboxId,
    cursor: Option<InboxCursor>,
) -> Result<u64, StoreError> {
    let Some(cursor) = cursor else { return Ok(0) };
    let draft = Draft::new(table);
    let held = match stored(&draft, inbox, cursor.position)? {
        Some(stored) => stored.item.hash() == cursor.item,
        None => cursor.position < figures(&draft, inbox)?.next,
    };
    Ok(if held {
        cursor.position.saturating_add(1)
    } else {
        0
    })
}

/// The next items; damaged ones are passed over, as if they had been pruned.
pub(crate) fn page(
    table: &dyn Table,
    inbox: InboxId,
    from: u64,
    budget: usize,
) -> Result<ItemPage, StoreError> {
    let mut page = ItemPage {
        items: Vec::new(),
        next: from,
    };
    let mut bytes = 0;
    let start = layout::item(inbox, from);
    table.scan(&layout::items(inbox), &start, &mut |key, value| {
        let Some(position) = layout::last_integer(key) else {
            return true;
        };
        if let Some(stored) = layout::body(key, value).and_then(read_stored) {
            let length = stored.item.as_bytes().len();
            if bytes > 0 && bytes + length > budget {
                return false;
            }
            bytes += length;
            page.items.push(PlacedItem {
                position,
                item: stored.item,
            });
        }
        page.next = position.saturating_add(1);
        true
    })?;
    Ok(page)
}
