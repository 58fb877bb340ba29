//! Long lists of things of equal size: the end is held, full pages before it may be put away and are
//! brought when somebody asks. It decides what a page is, and never reads one itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minicbor::encode::Write;
use minicbor::{Decoder, Encoder, decode, encode};
use techo_wire::EnvelopeHash;

/// Items of a page.
pub(crate) const PAGE: usize = 1024;

/// Something that takes `N` bytes.
pub(crate) trait Packed<const N: usize>: Copy {
    /// Its bytes.
    fn pack(&self) -> [u8; N];
    /// What the bytes say.
    fn unpack(bytes: &[u8; N]) -> Self;
}

impl Packed<32> for EnvelopeHash {
    fn pack(&self) -> [u8; 32] {
        *self.as_bytes()
    }

    fn unpack(bytes: &[u8; 32]) -> Self {
        Self::from_bytes(*bytes)
    }
}

/// The bytes of all `items`, one after the other.
pub(crate) fn pack<T: Packed<N>, const N: usize>(items: &[T]) -> Vec<u8> {
    items.iter().flat_map(Packed::pack).collect()
}

/// What [`pack`] packed; `None` if the last item was cut.
pub(crate) fn unpack<C: FromIterator<T>, T: Packed<N>, const N: usize>(bytes: &[u8]) -> Option<C> {
    let (items, rest) = bytes.as_chunks::<N>();
    rest.is_empty()
        .then(|| items.iter().map(T::unpack).collect())
}

/// Brings pages that were put away.
pub(crate) trait Pages<T>: Send + Sync + fmt::Debug {
    /// A whole page; `None` if nobody has it any more.
    fn page(&self, number: usize) -> Option<Arc<[T]>>;
}

/// A list of equal things. Encoded, it is the number of its full pages, which whoever encodes it puts
/// away beside it, and one byte string of what follows them: always at least the last item.
#[derive(Debug, Clone)]
pub(crate) struct List<T, const N: usize> {
    /// How many pages before `held` were put away, and who brings them.
    away: usize,
    pages: Option<Arc<dyn Pages<T>>>,
    /// Pages put away that are no longer what is held there.
    changed: BTreeMap<usize, Arc<[T]>>,
    held: Vec<T>,
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self {
            away: 0,
            pages: None,
            changed: BTreeMap::new(),
            held: Vec::new(),
        }
    }
}

impl<T: Packed<N>, const N: usize> List<T, N> {
    pub(crate) fn len(&self) -> usize {
        self.begin().saturating_add(self.held.len())
    }

    /// The item at `index`; `None` beyond the end, and for one whose page nobody has any more.
    pub(crate) fn get(&self, index: usize) -> Option<T> {
        match index.checked_sub(self.begin()) {
            Some(index) => self.held.get(index).copied(),
            None => self.brought(index / PAGE)?.get(index % PAGE).copied(),
        }
    }

    pub(crate) fn last(&self) -> Option<T> {
        self.held.last().copied()
    }

    pub(crate) fn push(&mut self, item: T) {
        self.held.push(item);
    }

    /// Puts another item in place of one. Says whether that was done: there must be one, and its page
    /// must be had.
    pub(crate) fn set(&mut self, index: usize, item: T) -> bool {
        if let Some(index) = index.checked_sub(self.begin()) {
            let place = self.held.get_mut(index);
            return place.map(|place| *place = item).is_some();
        }
        let number = index / PAGE;
        let changed = self.changed.remove(&number);
        let Some(mut page) = changed.or_else(|| self.brought(number)) else {
            return false;
        };
        let place = Arc::make_mut(&mut page).get_mut(index % PAGE);
        let done = place.map(|place| *place = item).is_some();
        self.changed.insert(number, page);
        done
    }

    /// How many pages are put away when this list is encoded.
    pub(crate) fn full_pages(&self) -> usize {
        self.len().saturating_sub(1) / PAGE
    }

    /// One page; the last may be shorter.
    pub(crate) fn page(&self, number: usize) -> Option<Arc<[T]>> {
        match number.checked_sub(self.away) {
            Some(number) => self.held.chunks(PAGE).nth(number).map(Arc::from),
            None => self.brought(number),
        }
    }

    /// Whether a page is as it was put away.
    pub(crate) fn is_away(&self, number: usize) -> bool {
        number < self.away && !self.changed.contains_key(&number)
    }

    /// Says who brings what was put away.
    pub(crate) fn bring_from(&mut self, pages: Arc<dyn Pages<T>>) {
        self.pages = Some(pages);
    }

    fn brought(&self, number: usize) -> Option<Arc<[T]>> {
        if let Some(page) = self.changed.get(&number) {
            return Some(Arc::clone(page));
        }
        let page = self.pages.as_ref()?.page(number);
        page.filter(|page| page.len() == PAGE)
    }

    /// The index of the first item held.
    fn begin(&self) -> usize {
        self.away.saturating_mul(PAGE)
    }
}

impl<C, T: Packed<N>, const N: usize> minicbor::Encode<C> for List<T, N> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let full = self.full_pages();
        let behind = (full - self.away).saturating_mul(PAGE);
        let tail = pack(self.held.get(behind..).unwrap_or_default());
        e.array(2)?.u64(full as u64)?.bytes(&tail)?.ok()
    }
}

impl<'b, C, T: Packed<N>, const N: usize> minicbor::Decode<'b, C> for List<T, N> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let wrong = || decode::Error::message("not a list of equal things");
        if d.array()? != Some(2) {
            return Err(wrong());
        }
        let away = usize::try_from(d.u64()?).map_err(|_| wrong())?;
        let held: Vec<T> = unpack(d.bytes()?).ok_or_else(wrong)?;
        let fits = held.len() <= PAGE && (away == 0 || !held.is_empty());
        if !fits || away.checked_mul(PAGE).is_none() {
            return Err(wrong());
        }
        Ok(Self {
            away,
            held,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use minicbor::decode;

    use super::*;

    type Hashes = List<EnvelopeHash, 32>;

    #[derive(Debug, Default)]
    struct Shelf(BTreeMap<usize, Arc<[EnvelopeHash]>>);

    impl Pages<EnvelopeHash> for Shelf {
        fn page(&self, number: usize) -> Option<Arc<[EnvelopeHash]>> {
            self.0.get(&number).cloned()
        }
    }

    fn hash(n: usize) -> EnvelopeHash {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        EnvelopeHash::from_bytes(bytes)
    }

    fn of(length: usize) -> Hashes {
        let mut list = Hashes::default();
        (0..length).for_each(|n| list.push(hash(n)));
        list
    }

    /// Puts a list away and takes it back.
    fn again(list: &Hashes) -> Hashes {
        let pages = (0..list.full_pages()).map(|number| (number, list.page(number).unwrap()));
        let shelf = Shelf(pages.collect());
        let mut back: Hashes = decode(&minicbor::to_vec(list).unwrap()).unwrap();
        back.bring_from(Arc::new(shelf));
        back
    }

    #[test]
    fn a_list_of_any_length_comes_back_and_goes_on() {
        for length in [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 3 * PAGE + 5] {
            let mut list = again(&of(length));
            assert_eq!(list.full_pages(), length.saturating_sub(1) / PAGE);
            for round in 0..3 {
                let length = length + round * 700;
                assert_eq!(list.len(), length);
                assert!((0..length).all(|n| list.get(n) == Some(hash(n))));
                assert_eq!(list.get(length), None);
                assert_eq!(list.last(), length.checked_sub(1).map(hash));
                (length..length + 700).for_each(|n| list.push(hash(n)));
                list = again(&list);
            }
        }
    }

    #[test]
    fn a_changed_page_is_put_away_again_and_others_are_not() {
        let mut list = again(&of(2 * PAGE + 9));
        assert!(list.set(3, hash(900)) && list.set(4, hash(901)));
        assert!(list.set(2 * PAGE + 3, hash(902)));
        assert!(!list.set(2 * PAGE + 9, hash(903)));
        assert!(!list.is_away(0) && list.is_away(1) && !list.is_away(2));
        let list = again(&list);
        assert!((0..2).all(|number| list.is_away(number)));
        let read = [3, 4, 5, 2 * PAGE + 3].map(|n| list.get(n).unwrap());
        assert_eq!(read, [900, 901, 5, 902].map(hash));
    }

    #[test]
    fn a_page_that_nobody_has_or_that_was_cut_is_none() {
        let mut list: Hashes = decode(&minicbor::to_vec(of(2 * PAGE + 1)).unwrap()).unwrap();
        let missing = |list: &Hashes| (list.get(0), list.page(0));
        assert_eq!(missing(&list), (None, None));
        let cut = vec![hash(0); PAGE - 1];
        list.bring_from(Arc::new(Shelf([(0, cut.into())].into())));
        assert_eq!(missing(&list), (None, None));
        assert!(!list.set(0, hash(1)));
        assert_eq!(list.last(), Some(hash(2 * PAGE)));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let bytes = |away: u64, held: usize| {
            let held = minicbor::bytes::ByteVec::from(vec![7; held]);
            minicbor::to_vec((away, held)).unwrap()
        };
        assert!(decode::<Hashes>(&bytes(3, 96)).is_ok());
        for (away, held) in [(0, 95), (1, 0), (u64::MAX, 32), (0, 32 * (PAGE + 1))] {
            assert!(
                decode::<Hashes>(&bytes(away, held)).is_err(),
                "{away} {held}"
            );
        }
    }
}
