//! How the index holds the places of bodies: those of sixteen numbers in a row together, because
//! sled writes a long key again and again.

use crate::store::layout;
use crate::store::segments::{Place, Position};

/// How many places stand together.
const TOGETHER: u64 = 16;
const PLACE: usize = 12;

/// The places of bodies whose keys differ in the last four bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    slots: Vec<Option<Place>>,
}

/// The key under which the index holds the place of a body, and the slot there.
pub(crate) fn slot(key: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (rest, number) = key
        .split_last_chunk::<8>()
        .filter(|_| layout::is_body(key))?;
    let number = u64::from_be_bytes(*number);
    let row = [rest, &(number / TOGETHER).to_be_bytes()].concat();
    Some((row, usize::try_from(number % TOGETHER).ok()?))
}

impl Places {
    /// Reads the value under `row`; nothing of a damaged one.
    pub(crate) fn read(row: &[u8], value: &[u8]) -> Option<Self> {
        let (parts, rest) = layout::body(row, value)?.as_chunks::<PLACE>();
        rest.is_empty().then(|| Self {
            slots: parts.iter().map(place).collect(),
        })
    }

    /// The value for `row`; none if no place is left.
    pub(crate) fn write(&self, row: &[u8]) -> Option<Vec<u8>> {
        let last = self.slots.iter().rposition(Option::is_some)?;
        let held = self.slots.iter().take(last.saturating_add(1));
        let body: Vec<u8> = held.flat_map(|place| bytes(place.as_ref())).collect();
        Some(layout::summed(row, &body))
    }

    pub(crate) fn at(&self, slot: usize) -> Option<Place> {
        self.slots.get(slot).copied().flatten()
    }

    /// Sets a slot and returns what stood there.
    pub(crate) fn set(&mut self, slot: usize, place: Option<Place>) -> Option<Place> {
        if self.slots.len() <= slot {
            self.slots.resize(slot.saturating_add(1), None);
        }
        let held = self.slots.get_mut(slot)?;
        std::mem::replace(held, place)
    }

    /// All places with the keys of their bodies.
    pub(crate) fn each(&self, row: &[u8]) -> impl Iterator<Item = (Vec<u8>, Place)> {
        let first = row.split_last_chunk::<8>();
        let first = first.map(|(rest, number)| {
            let number = u64::from_be_bytes(*number).saturating_mul(TOGETHER);
            (rest, number)
        });
        let held = (0u64..).zip(&self.slots);
        held.filter_map(move |(slot, place)| {
            let (rest, first) = first?;
            let number = first.saturating_add(slot).to_be_bytes();
            place.map(|place| ([rest, &number].concat(), place))
        })
    }
}

fn bytes(place: Option<&Place>) -> Vec<u8> {
    let parts = place.map_or([0; 3], |place| {
        [place.start.segment, place.start.offset, place.length]
    });
    parts.iter().flat_map(|part| part.to_be_bytes()).collect()
}

/// Twelve zeros are no place: no frame is empty.
fn place(bytes: &[u8; PLACE]) -> Option<Place> {
    let (parts, _) = bytes.as_chunks::<4>();
    let &[segment, offset, length] = parts else {
        return None;
    };
    let place = Place {
        start: Position {
            segment: u32::from_be_bytes(segment),
            offset: u32::from_be_bytes(offset),
        },
        length: u32::from_be_bytes(length),
    };
    (place.length > 0).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_under_the_keys_of_their_bodies_and_the_last_takes_the_row_with_it() {
        let key = |n: u64| [&b"T"[..], &[7; 32], &n.to_be_bytes()].concat();
        let at = |n: u32| Place {
            start: Position {
                segment: 1,
                offset: n,
            },
            length: 9,
        };
        let (mut places, row) = (Places::default(), slot(&key(35)).unwrap().0);
        for n in [47, 35, 32] {
            let (same, slot) = slot(&key(n.into())).unwrap();
            assert_eq!(same, row);
            assert_eq!(places.set(slot, Some(at(n))), None);
        }
        assert_ne!(slot(&key(48)).unwrap().0, row);
        let read = Places::read(&row, &places.write(&row).unwrap()).unwrap();
        let each: Vec<_> = read.each(&row).collect();
        assert_eq!(each, [32, 35, 47].map(|n| (key(n.into()), at(n))));
        for (key, place) in each {
            assert_eq!(places.set(slot(&key).unwrap().1, None), Some(place));
        }
        assert_eq!(places.write(&row), None);
        assert_eq!(Places::read(b"other", &read.write(&row).unwrap()), None);
    }
}
