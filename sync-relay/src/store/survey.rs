//! Whether an index can be trusted: sled may lose pairs without a word, so every place is counted
//! against what the index says of each segment.

use crate::store::StoreError;
use crate::store::index::{self, Index};
use crate::store::layout;
use crate::store::places::Places;
use crate::store::segments::{Position, Segments};
use crate::store::usage::{Usage, Usages};
use std::collections::BTreeMap;
use std::path::Path;

/// An index, the usages it tells, and up to where it follows the segments.
pub(crate) type Trusted = (Index, Usages, Position);

/// Opens the index at `path` if it opens and is whole.
pub(crate) fn open(path: &Path, segments: &Segments) -> Option<Trusted> {
    let index = match Index::open(path) {
        Ok(index) => index,
        Err(error) => {
            tracing::warn!(%error, "the index does not open");
            return None;
        }
    };
    match index::guarded(|| take(&index, segments)) {
        Ok(Some((usages, from))) => Some((index, usages, from)),
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%error, "the index cannot be read");
            // After a panic not even dropping it is safe.
            std::mem::forget(index);
            None
        }
    }
}

fn take(index: &Index, segments: &Segments) -> Result<Option<(Usages, Position)>, StoreError> {
    let row = |key: &[u8]| -> Result<_, StoreError> {
        let value = index.get(key)?;
        Ok(value.and_then(|value| layout::body(key, &value).map(<[u8]>::to_vec)))
    };
    let Some(position) = row(layout::POSITION)?.and_then(|body| position(&body)) else {
        let mut empty = true;
        index.scan(&[], &[], &mut |_, _| {
            empty = false;
            false
        })?;
        return Ok(empty.then(|| (Usages::default(), Position::default())));
    };
    let (mut told, mut whole) = (BTreeMap::new(), true);
    index.scan(layout::USAGES, &[], &mut |key, value| {
        let number = key.last_chunk::<4>().map(|n| u32::from_be_bytes(*n));
        let row = layout::body(key, value).and_then(layout::integers);
        if let (Some(number), Some([bodies, carried])) = (number, row) {
            let usage = Usage {
                bodies,
                carried,
                sealed: None,
            };
            told.insert(number, usage);
        } else {
            whole = false;
        }
        true
    })?;
    let mut counted = BTreeMap::<u32, u64>::new();
    for kind in layout::BODIES {
        index.scan(kind, &[], &mut |key, value| {
            let places = Places::read(key, value);
            whole &= places.is_some();
            for (_, place) in places.unwrap_or_default().each(key) {
                let bytes = counted.entry(place.start.segment).or_default();
                *bytes = bytes.saturating_add(place.length.into());
            }
            true
        })?;
    }
    let there = segments.numbers()?;
    let agreed = told.iter().all(|(number, usage)| {
        usage.bodies == counted.remove(number).unwrap_or(0)
            && (usage.bodies == 0 || there.contains(number))
    });
    let whole = whole
        && agreed
        && counted.is_empty()
        && position <= segments.reached()
        && (there.is_empty() || there.contains(&position.segment))
        && row(layout::STORE_ID)?.is_some();
    Ok(whole.then(|| (Usages::new(told), position)))
}

fn position(body: &[u8]) -> Option<Position> {
    let [version, segment, offset] = layout::integers(body)?;
    if version != layout::VERSION {
        return None;
    }
    Some(Position {
        segment: segment.try_into().ok()?,
        offset: offset.try_into().ok()?,
    })
}
