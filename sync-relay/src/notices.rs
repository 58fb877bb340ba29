//! Wakes those who wait for a box to change; who missed nothing finds a few new envelopes here,
//! everybody else reads the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use techo_wire::{BoxKey, UnverifiedEnvelope};
use tokio::sync::watch;

/// Counts what happened to boxes that somebody watches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices {
    boxes: Arc<Mutex<HashMap<BoxKey, watch::Sender<News>>>>,
}

/// What happened to a box so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    /// How often something arrived.
    pub(crate) arrivals: u64,
    /// What arrived last, if it is little: all of it, durable, in order.
    pub(crate) latest: Option<Arc<[UnverifiedEnvelope]>>,
    /// How often something turned out to be lost.
    pub(crate) losses: u64,
}

/// One watcher of a box; the last to go takes the box's place with it.
#[derive(Debug)]
pub(crate) struct Watcher {
    notices: Notices,
    box_key: BoxKey,
    pub(crate) news: watch::Receiver<News>,
}

impl Notices {
    pub(crate) fn watch(&self, box_key: BoxKey) -> Watcher {
        let mut boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = boxes
            .entry(box_key)
            .or_insert_with(|| watch::Sender::new(News::default()));
        Watcher {
            notices: self.clone(),
            box_key,
            news: sender.subscribe(),
        }
    }

    pub(crate) fn tell(&self, box_key: BoxKey, change: impl FnOnce(&mut News)) {
        let boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = boxes.get(&box_key) {
            sender.send_modify(change);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut boxes = self
            .notices
            .boxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // This watcher's own receiver still counts.
        if boxes
            .get(&self.box_key)
            .is_some_and(|sender| sender.receiver_count() <= 1)
        {
            boxes.remove(&self.box_key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_forgotten_with_its_last_watcher() {
        let (notices, named) = (Notices::default(), BoxKey::from_bytes([1; 32]));
        let (one, mut two) = (notices.watch(named), notices.watch(named));
        drop(one);
        notices.tell(named, |news| news.arrivals += 1);
        assert_eq!(two.news.borrow_and_update().arrivals, 1);
        drop(two);
        assert!(notices.boxes.lock().unwrap().is_empty());
        notices.tell(named, |_| panic!("nobody watches"));
    }
}
