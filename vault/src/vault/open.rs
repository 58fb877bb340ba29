//! Opens a vault: keys, derived state, then the log from where that state ends; it never changes
//! what is stored.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;

use techo_wire::label::hash;
use techo_wire::{Envelope, Label, SealedItem, SignedReceipt, UnverifiedEnvelope, canonical};

use crate::book::BookId;
use crate::crypto::Passphrase;
use crate::replica::{BookSecrets, Outcome};
use crate::store::{
    Batch, BookTag, Damage, Frame, FrameKind, KeyName, Location, LockedVault, Position, Scanned,
    Store,
};
use crate::vault::write::rng;
use crate::vault::{Book, Vault, VaultError};

/// Envelopes taken into a replica at once while the log is read.
const REPLAY_BATCH: usize = 1024;

/// Names this installation: a value kept outside the vault's folder, mixed with the folder's path.
/// A vault that finds itself under another one was copied, moved or restored.
#[derive(Clone, PartialEq, Eq)]
pub struct InstallId([u8; 32]);

impl InstallId {
    /// Mixes the machine's value with the vault's path.
    pub fn derive(machine: &[u8; 16], dir: &Path) -> Self {
        Self(hash(
            Label::Install,
            &[machine, dir.as_os_str().as_encoded_bytes()],
        ))
    }
}

impl fmt::Debug for InstallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstallId(…)")
    }
}

impl Vault {
    /// Opens the vault in `dir`.
    pub fn open(
        dir: &Path,
        passphrase: &Passphrase,
        install: &InstallId,
    ) -> Result<Self, VaultError> {
        let locked = LockedVault::open_dir(dir)?;
        let unlocked = locked.unlock(passphrase)?;
        let store = locked.into_store(&unlocked, Box::new(rng()))?;
        Self::from_store(Arc::new(store), install)
    }

    /// Opens a vault over a store of any kind.
    pub fn from_store(store: Arc<dyn Store>, install: &InstallId) -> Result<Self, VaultError> {
        let mut vault = Self::load(Arc::clone(&store), true)?;
        if vault.has_lost_pages() {
            vault = Self::load(store, false)?;
        }
        if vault.install_changed(install)? {
            // Continued in two places, a feed would fork.
            let books: Vec<BookId> = vault.books.keys().copied().collect();
            for book in books {
                vault.leave_feed(&book)?;
            }
            vault.note_install(install)?;
        }
        Ok(vault)
    }

    /// Loads keys and books, from derived state if that is `trusted` and then from the log.
    fn load(store: Arc<dyn Store>, trusted: bool) -> Result<Self, VaultError> {
        let mut vault = Self::fresh(store);
        vault.damage.clone_from(&vault.store.opening().damage);
        vault.load_keys()?;
        let from = if trusted {
            vault.load_checkpoint()?
        } else {
            Position::START
        };
        vault.replay(from)?;
        vault.expect_manifest();
        for book in vault.books.values_mut() {
            book.refresh_bindings();
        }
        if !vault.damage.is_empty() {
            vault.scrub()?;
        }
        Ok(vault)
    }

    /// Whether part of a feed's chain cannot be had: then the derived state must be made anew.
    pub(super) fn has_lost_pages(&self) -> bool {
        let mut pages = self.books.values().filter_map(|book| book.pages.as_ref());
        pages.any(|pages| pages.is_lost())
    }

    pub(super) fn fresh(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            books: BTreeMap::new(),
            household: None,
            damage: Vec::new(),
            tail: 0,
            authored: 0,
            stopped: false,
        }
    }

    fn install_key() -> Result<KeyName, VaultError> {
        Ok("install".parse::<KeyName>()?)
    }

    pub(super) fn note_install(&self, install: &InstallId) -> Result<(), VaultError> {
        let mut batch = Batch::new();
        batch.put_key(Self::install_key()?, install.0.to_vec().into());
        self.store.commit(batch)?;
        Ok(())
    }

    fn install_changed(&self, install: &InstallId) -> Result<bool, VaultError> {
        let noted = self.store.key_file(&Self::install_key()?)?;
        Ok(noted.is_none_or(|noted| noted.as_slice() != install.0))
    }

    fn load_keys(&mut self) -> Result<(), VaultError> {
        for name in self.store.key_names()? {
            let Ok(tag) = name.as_str().parse::<BookTag>() else {
                continue;
            };
            let Some(bytes) = self.store.key_file(&name)? else {
                continue;
            };
            let secrets = BookSecrets::decode(&bytes).ok_or(VaultError::KeysDamaged)?;
            if secrets.kind == crate::book::BookKind::Household {
                self.household = Some(secrets.book);
            }
            self.books.insert(secrets.book, Book::new(tag, secrets));
        }
        Ok(())
    }

    /// Reads the log from `from` and takes everything into the books.
    fn replay(&mut self, from: Position) -> Result<(), VaultError> {
        let store = Arc::clone(&self.store);
        let end = store.end();
        let (frames, damage) = replay(store.as_ref(), from..end, &mut self.books)?;
        self.tail = frames;
        for found in damage {
            if !self.damage.contains(&found) {
                self.damage.push(found);
            }
        }
        Ok(())
    }

    /// Notes every head that was durable when the manifest was written: what is not held now is lost
    /// here, and is asked for at the next sync.
    fn expect_manifest(&mut self) {
        let store = Arc::clone(&self.store);
        for (tag, head) in store.manifest().heads() {
            let book = self.books.values_mut().find(|book| book.tag == tag);
            if let Some(book) = book {
                book.replica.feeds_mut().name(&head);
            }
        }
    }
}

/// Takes a range of the log into the books; returns how many frames there were and what was damaged.
pub(super) fn replay(
    store: &dyn Store,
    range: Range<Position>,
    books: &mut BTreeMap<BookId, Book>,
) -> Result<(usize, Vec<Damage>), VaultError> {
    let tags: BTreeMap<BookTag, BookId> = books.iter().map(|(id, book)| (book.tag, *id)).collect();
    let mut waiting: BTreeMap<BookId, Replay> = BTreeMap::new();
    let mut frames = 0usize;
    let mut damage = Vec::new();
    store.scan(range.start, &mut |scanned| {
        match scanned {
            Scanned::Frame { location, .. } if location.position() >= range.end => {
                return ControlFlow::Break(());
            }
            Scanned::Frame { location, frame } => {
                frames = frames.saturating_add(1);
                let Some(id) = tags.get(&frame.tag) else {
                    return ControlFlow::Continue(());
                };
                let replay = waiting.entry(*id).or_default();
                replay.take(frame, location);
                if replay.envelopes.len() >= REPLAY_BATCH
                    && let Some(book) = books.get_mut(id)
                {
                    replay.flush(book);
                }
            }
            Scanned::Damage { segment, from, to } => {
                damage.push(Damage::Bytes { segment, from, to });
            }
        }
        ControlFlow::Continue(())
    })?;
    let mut anew = BTreeMap::new();
    for (id, mut replay) in waiting {
        let Some(mut book) = books.remove(&id) else {
            continue;
        };
        if book.retire(&replay.retired) {
            anew.insert(id, book.anew());
        } else {
            replay.flush(&mut book);
            replay.finish(&mut book);
            books.insert(id, book);
        }
    }
    if !anew.is_empty() {
        // The words lie behind what they retire: this time they are known from the beginning.
        let (more, _) = replay(store, Position::START..range.end, &mut anew)?;
        frames = frames.saturating_add(more);
        books.append(&mut anew);
    }
    Ok((frames, damage))
}

/// A book as the log up to `until` tells it; `None` if its keys are gone.
pub(super) fn book_anew(
    store: &dyn Store,
    tag: BookTag,
    until: Position,
) -> Result<Option<Book>, VaultError> {
    let Some(secrets) = store.key_file(&KeyName::book(tag))? else {
        return Ok(None);
    };
    let secrets = BookSecrets::decode(&secrets).ok_or(VaultError::KeysDamaged)?;
    let id = secrets.book;
    let mut books = BTreeMap::from([(id, Book::new(tag, secrets))]);
    replay(store, Position::START..until, &mut books)?;
    Ok(books.remove(&id))
}

/// What the log holds of one book, until it is taken into the book.
#[derive(Default)]
struct Replay {
    envelopes: Vec<(UnverifiedEnvelope, Location)>,
    /// Envelopes that rest on others which came later.
    held: Vec<(Envelope, Location)>,
    items: Vec<Frame>,
    /// This device's words for what is retired.
    retired: Vec<Vec<u8>>,
}

impl Replay {
    fn take(&mut self, frame: Frame, location: Location) {
        match frame.kind {
            FrameKind::Envelope => {
                if let Ok(envelope) = UnverifiedEnvelope::parse(frame.body) {
                    self.envelopes.push((envelope, location));
                }
            }
            FrameKind::InboxItem | FrameKind::AppendReceipt => self.items.push(frame),
            FrameKind::Retired => self.retired.push(frame.body),
            FrameKind::PutReceipt => {}
        }
    }

    fn flush(&mut self, book: &mut Book) {
        let fresh = std::mem::take(&mut self.envelopes).into_iter();
        let fresh = fresh.filter_map(|(envelope, at)| Some((envelope.verify().ok()?, at)));
        let held = book.replay(fresh.collect());
        self.held.extend(held);
    }

    /// Takes what had to wait: an entry that was damaged and fetched again lies behind those that
    /// follow it.
    fn settle(&mut self, book: &mut Book) {
        let mut held = std::mem::take(&mut self.held);
        loop {
            let before = held.len();
            held.sort_by_key(|(envelope, _)| envelope.seq());
            held = book.replay(held);
            if held.is_empty() || held.len() == before {
                return;
            }
        }
    }

    /// Items come after envelopes: a control op says which key opens them.
    fn finish(mut self, book: &mut Book) {
        self.settle(book);
        for frame in self.items {
            let Some((first, body)) = frame.body.split_first_chunk::<32>() else {
                continue;
            };
            if frame.kind == FrameKind::AppendReceipt {
                let signed = canonical::decode::<SignedReceipt>(body).ok();
                let receipt = signed.and_then(|signed| signed.verify_append(&(*first).into()).ok());
                if let Some(receipt) = receipt {
                    book.remember(&receipt);
                }
                continue;
            }
            if let Ok(item) = SealedItem::parse(body) {
                book.take_item((*first).into(), &item);
            }
        }
    }
}

impl Book {
    /// Takes envelopes from the log and returns those that rest on others which are not held.
    fn replay(&mut self, batch: Vec<(Envelope, Location)>) -> Vec<(Envelope, Location)> {
        let (envelopes, locations): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let outcomes = self.replica.accept(&envelopes);
        let mut held = Vec::new();
        for ((envelope, location), outcome) in envelopes.into_iter().zip(locations).zip(outcomes) {
            match outcome {
                Outcome::Accepted | Outcome::Known => self.place(&envelope.head(), location),
                Outcome::Waiting | Outcome::Gap { .. } => held.push((envelope, location)),
                Outcome::Retired | Outcome::Fork { .. } | Outcome::Refused(_) => {}
            }
        }
        held
    }
}
