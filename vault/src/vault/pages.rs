//! The full pages of a book's feeds in the index: hashes and places, brought when somebody asks for
//! an entry by its position. What the index has lost is made anew from the log; a page is right or
//! there is none.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use techo_wire::{EnvelopeHash, FeedId};

use crate::packed::{self, PAGE, Pages};
use crate::store::{BookTag, Location, Position, Store};
use crate::vault::Book;
use crate::vault::open::book_anew;

/// Pages kept of each book after somebody asked for them.
const RECENT: usize = 2;

/// The pages of one book.
#[derive(Debug)]
pub(super) struct BookPages {
    store: Arc<dyn Store>,
    tag: BookTag,
    /// Where the log ended when they were put away.
    until: Position,
    recent: Mutex<VecDeque<(FeedId, usize, Page)>>,
    /// All of them, read from the log again because the index had lost one.
    anew: OnceLock<BTreeMap<(FeedId, usize), Page>>,
    /// Whether a page cannot be had, not even from the log.
    lost: AtomicBool,
}

/// One page.
#[derive(Debug, Clone)]
struct Page {
    hashes: Arc<[EnvelopeHash]>,
    places: Arc<[Option<Location>]>,
}

impl Page {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (hashes, places) = bytes.split_at_checked(PAGE * 32)?;
        let page = Self {
            hashes: packed::unpack(hashes)?,
            places: packed::unpack(places)?,
        };
        (page.places.len() == PAGE).then_some(page)
    }

    fn encode(&self) -> Vec<u8> {
        [packed::pack(&self.hashes), packed::pack(&self.places)].concat()
    }
}

impl BookPages {
    pub(super) fn new(store: Arc<dyn Store>, tag: BookTag, until: Position) -> Arc<Self> {
        Arc::new(Self {
            store,
            tag,
            until,
            recent: Mutex::default(),
            anew: OnceLock::new(),
            lost: AtomicBool::new(false),
        })
    }

    /// Those of one feed.
    pub(super) fn of(self: &Arc<Self>, feed: FeedId) -> Arc<FeedPages> {
        Arc::new(FeedPages {
            book: Arc::clone(self),
            feed,
        })
    }

    /// Whether a page was asked for that cannot be had: the state it belongs to must be made anew.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    fn page(&self, feed: FeedId, number: usize) -> Option<Page> {
        // Held while the page is brought: who asks next mostly wants the same.
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = recent
            .iter()
            .find(|(of, at, _)| (*of, *at) == (feed, number));
        if let Some((_, _, page)) = known {
            return Some(page.clone());
        }
        let page = self.bring(feed, number)?;
        recent.truncate(RECENT.saturating_sub(1));
        recent.push_front((feed, number, page.clone()));
        Some(page)
    }

    fn bring(&self, feed: FeedId, number: usize) -> Option<Page> {
        if self.anew.get().is_none() {
            match self.store.object(&page_object(self.tag, &feed, number)) {
                Ok(Some(bytes)) => {
                    if let Some(page) = Page::decode(&bytes) {
                        return Some(page);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    // The disk may answer the next time.
                    tracing::warn!(%error, "a page of a feed cannot be read");
                    return None;
                }
            }
        }
        let anew = self.anew.get_or_init(|| self.made_anew());
        let page = anew.get(&(feed, number)).cloned();
        if page.is_none() {
            self.lost.store(true, Ordering::Relaxed);
        }
        page
    }

    fn made_anew(&self) -> BTreeMap<(FeedId, usize), Page> {
        tracing::warn!("the pages of a book's feeds are made anew from the log");
        match book_anew(self.store.as_ref(), self.tag, self.until) {
            Ok(Some(book)) => book.pages().collect(),
            Ok(None) => BTreeMap::new(),
            Err(error) => {
                tracing::warn!(%error, "the log cannot be read");
                BTreeMap::new()
            }
        }
    }
}

/// The pages of one feed.
#[derive(Debug)]
pub(super) struct FeedPages {
    book: Arc<BookPages>,
    feed: FeedId,
}

impl Pages<EnvelopeHash> for FeedPages {
    fn page(&self, number: usize) -> Option<Arc<[EnvelopeHash]>> {
        Some(self.book.page(self.feed, number)?.hashes)
    }
}

impl Pages<Option<Location>> for FeedPages {
    fn page(&self, number: usize) -> Option<Arc<[Option<Location>]>> {
        Some(self.book.page(self.feed, number)?.places)
    }
}

impl Book {
    /// Every full page that can be had.
    fn pages(&self) -> impl Iterator<Item = ((FeedId, usize), Page)> {
        self.replica.feeds().chains().flat_map(|(feed, chain)| {
            let places = self.locations.get(feed);
            (0..chain.full_pages()).filter_map(move |number| {
                let page = Page {
                    hashes: chain.page(number)?,
                    places: places?.page(number)?,
                };
                (page.places.len() == PAGE).then_some(((*feed, number), page))
            })
        })
    }

    /// Adds the pages that are not in the index as they are now. Says whether all could be had.
    pub(super) fn put_pages_away(
        &mut self,
        store: &dyn Store,
        objects: &mut Vec<(String, Option<Vec<u8>>)>,
    ) -> bool {
        for (feed, chain) in self.replica.feeds().chains() {
            let places = self.locations.entry(*feed).or_default();
            places.fill(chain.len());
            for number in 0..chain.full_pages() {
                let name = page_object(self.tag, feed, number);
                if chain.is_away(number) && places.is_away(number) && store.keeps(&name) {
                    continue;
                }
                let (Some(hashes), Some(places)) = (chain.page(number), places.page(number)) else {
                    return false;
                };
                objects.push((name, Some(Page { hashes, places }.encode())));
            }
        }
        true
    }
}

fn page_object(tag: BookTag, feed: &FeedId, number: usize) -> String {
    format!("page/{tag}/{feed}/{number}")
}
