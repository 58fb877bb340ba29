//! Two devices and a relay in memory: either is set back to older copies of itself, before and after
//! it wrote, and dies in the middle of what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use techo_health::{Fields, Member, Note, Record, Value};
use techo_wire::{RelayAddress, RelayKey};
use zeroize::Zeroizing;

use super::*;
use crate::Timestamp;
use crate::book::{BookKind, MemberId};
use crate::replica::DeviceSecrets;
use crate::store::{
    BookTag, Damage, Frame, KeyName, Location, Manifest, MemoryStore, Opening, Scanned, Store,
    StoreError,
};
use crate::sync::{Action, Event, Trace};
use crate::vault::InstallId;

const NOW: Timestamp = Timestamp::from_millis(1_775_172_600_000);
const RELAY: RelayKey = RelayKey::from_bytes([9; 32]);

/// Repeatable numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound.max(1) as u64).unwrap()
    }
}

/// How much of a commit is durable when the process dies in it.
#[derive(Debug, Clone, Copy)]
enum Death {
    Nothing,
    Keys,
    Everything,
}

/// A store whose process dies in a commit that was chosen before.
#[derive(Debug)]
struct Mortal {
    inner: MemoryStore,
    death: Mutex<Option<(usize, Death)>>,
}

impl Mortal {
    fn new(inner: MemoryStore) -> Arc<Self> {
        Arc::new(Self {
            inner,
            death: Mutex::new(None),
        })
    }
}

impl Store for Mortal {
    fn commit(&self, mut batch: Batch) -> Result<Vec<Location>, StoreError> {
        let mut death = self.death.lock().unwrap();
        match *death {
            Some((0, how)) => {
                match how {
                    Death::Nothing => {}
                    Death::Keys => {
                        batch.frames.clear();
                        batch.heads.clear();
                        self.inner.commit(batch)?;
                    }
                    Death::Everything => drop(self.inner.commit(batch)?),
                }
                Err(StoreError::Stopped)
            }
            Some((left, how)) => {
                *death = Some((left - 1, how));
                self.inner.commit(batch)
            }
            None => self.inner.commit(batch),
        }
    }

    fn read(&self, at: Location) -> Result<Frame, StoreError> {
        self.inner.read(at)
    }

    fn scan(
        &self,
        from: Position,
        each: &mut dyn FnMut(Scanned) -> ControlFlow<()>,
    ) -> Result<Position, StoreError> {
        self.inner.scan(from, each)
    }

    fn end(&self) -> Position {
        self.inner.end()
    }

    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    fn opening(&self) -> &Opening {
        self.inner.opening()
    }

    fn checkpoint(
        &self,
        heads: &[(BookTag, techo_wire::Head)],
        objects: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        self.inner.checkpoint(heads, objects)
    }

    fn object(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.inner.object(name)
    }

    fn keeps(&self, name: &str) -> bool {
        self.inner.keeps(name)
    }

    fn key_file(&self, name: &KeyName) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.inner.key_file(name)
    }

    fn key_names(&self) -> Result<Vec<KeyName>, StoreError> {
        self.inner.key_names()
    }

    fn index_damage(&self) -> Vec<Damage> {
        self.inner.index_damage()
    }

    fn syncs(&self) -> u64 {
        self.inner.syncs()
    }
}

/// Keeps envelopes as a relay does: every feed in sequence, once.
#[derive(Default)]
struct Mailboxes(BTreeMap<BookId, Vec<Envelope>>);

impl Mailboxes {
    fn feed(&self, book: &BookId, feed: FeedId) -> impl Iterator<Item = &Envelope> {
        let all = self.0.get(book).into_iter().flatten();
        all.filter(move |envelope| envelope.feed() == feed)
    }

    fn heads(&self, book: &BookId) -> Vec<techo_wire::Head> {
        let all = self.0.get(book).into_iter().flatten();
        let newest: BTreeMap<FeedId, _> = all
            .map(|envelope| (envelope.feed(), envelope.head()))
            .collect();
        newest.into_values().collect()
    }

    fn append(&mut self, book: &BookId, envelopes: Vec<Envelope>) {
        for envelope in envelopes {
            let last = self.feed(book, envelope.feed()).last();
            let next = last.map_or(0, |last| last.seq() + 1);
            assert_eq!(envelope.seq(), next, "nothing is sent that does not follow");
            let previous = last.map_or(EnvelopeHash::ZERO, Envelope::hash);
            assert_eq!(envelope.previous(), previous, "no fork is ever sent");
            self.0.entry(*book).or_default().push(envelope);
        }
    }

    fn after(&self, vault: &Vault, book: &BookId) -> Vec<Envelope> {
        let cursors = vault.cursors(book).unwrap();
        let next: BTreeMap<FeedId, u64> = cursors.iter().map(|c| (c.feed, c.next)).collect();
        let all = self.0.get(book).into_iter().flatten();
        let wanted = all.filter(|e| e.seq() >= next.get(&e.feed()).copied().unwrap_or(0));
        wanted.cloned().collect()
    }
}

/// What the driver does with one relay, without a network.
fn sync(vault: &mut Vault, relay: &mut Mailboxes) -> Result<Vec<Finding>, VaultError> {
    let mut findings = Vec::new();
    for target in vault.mailboxes() {
        for attempt in 0.. {
            assert!(attempt < 3, "one new beginning is enough");
            if !exchange(vault, &target.book, relay, &mut findings)? {
                break;
            }
        }
    }
    Ok(findings)
}

/// Exchanges one mailbox; true if it has to be begun again.
fn exchange(
    vault: &mut Vault,
    book: &BookId,
    relay: &mut Mailboxes,
    findings: &mut Vec<Finding>,
) -> Result<bool, VaultError> {
    let mut session = vault.session(book, &RELAY)?;
    let fetched = relay.after(vault, book);
    let heads = Event::Heads(relay.heads(book));
    let mut actions = session.handle(vault.feeds(book)?, heads);
    let mut pages = fetched.chunks(3);
    let mut waiting = Vec::new();
    let mut caught_up = false;
    loop {
        for action in actions {
            match action {
                Action::Admit(_) => {}
                Action::Append { feed, from, to } => {
                    let envelopes = vault.envelopes(book, &feed, from, to, usize::MAX)?;
                    relay.append(book, envelopes);
                }
                Action::Inspect { feed, sequence } => {
                    let claimed = relay.feed(book, feed).filter(|e| e.seq() == sequence);
                    let claimed: Vec<Envelope> = claimed.cloned().collect();
                    let fork = vault.own_fork(book, &claimed)?;
                    assert_eq!(fork, Some((feed, sequence)));
                    return heal(vault, book, relay, (feed, sequence), findings);
                }
                Action::Report(finding) => findings.push(finding),
            }
        }
        let Some(page) = pages.next() else {
            if caught_up {
                assert!(waiting.is_empty());
                return Ok(false);
            }
            caught_up = true;
            actions = session.handle(vault.feeds(book)?, Event::CaughtUp);
            continue;
        };
        waiting.extend_from_slice(page);
        if let Some(fork) = vault.own_fork(book, &waiting)? {
            return heal(vault, book, relay, fork, findings);
        }
        let received = vault.receive(book, std::mem::take(&mut waiting))?;
        waiting = received.waiting;
        assert_eq!(received.findings, [], "only an own feed ever forks");
        actions = session.handle(vault.feeds(book)?, Event::Received(received.heads));
    }
}

fn heal(
    vault: &mut Vault,
    book: &BookId,
    relay: &Mailboxes,
    (feed, sequence): (FeedId, u64),
    findings: &mut Vec<Finding>,
) -> Result<bool, VaultError> {
    let mut trace = Trace::new(sequence);
    loop {
        let range = trace.from()..=trace.to();
        let claimed = relay.feed(book, feed).filter(|e| range.contains(&e.seq()));
        let claimed: Vec<Envelope> = claimed.cloned().collect();
        match vault.adopt_tail(book, &feed, &claimed)? {
            Adoption::Done(finding) => {
                // What is done is not done again.
                let again = vault.adopt_tail(book, &feed, &claimed)?;
                assert!(matches!(again, Adoption::Refused));
                findings.push(finding);
                return Ok(true);
            }
            Adoption::Earlier => trace = trace.earlier().expect("they have a past in common"),
            Adoption::Refused => panic!("a tail that can be said again"),
        }
    }
}

/// A device, what it was, and what was written on it.
struct Device {
    store: Arc<Mortal>,
    vault: Vault,
    written: BTreeSet<String>,
    copies: Vec<(MemoryStore, BTreeSet<String>)>,
}

fn open(store: &Arc<Mortal>) -> Vault {
    let install = InstallId::derive(&[1; 16], "vault".as_ref());
    Vault::from_store(Arc::clone(store) as Arc<dyn Store>, &install).unwrap()
}

impl Device {
    fn new() -> Self {
        let store = Mortal::new(MemoryStore::new());
        Self {
            vault: open(&store),
            store,
            written: BTreeSet::new(),
            copies: Vec::new(),
        }
    }

    fn restart(&mut self, store: MemoryStore) {
        self.store = Mortal::new(store);
        self.vault = open(&self.store);
    }

    fn copy(&mut self) {
        self.copies
            .push((self.store.inner.copy(), self.written.clone()));
    }

    fn set_back(&mut self, to: usize) {
        let (store, written) = &self.copies[to];
        self.written = written.clone();
        let store = store.copy();
        self.restart(store);
    }

    fn write(&mut self, member: &MemberId, text: String) {
        let note = Record::Note(Note {
            text: text.clone(),
            date: Some("2026-04-03".parse().unwrap()),
            ..Note::default()
        });
        self.vault.add_record(member, &note, false, NOW).unwrap();
        self.written.insert(text);
    }

    fn amend(&mut self, dice: &mut Dice, title: String) {
        let items = self.vault.timeline(None);
        if items.is_empty() {
            return;
        }
        let id = items[dice.below(items.len())].id.clone();
        let changes = Fields::from([("title".to_owned(), Value::Text(title))]);
        self.vault.amend_record(&id, &changes, false, NOW).unwrap();
    }
}

/// A phone that founded a family with one child, and a tablet that it let in.
fn family(relay: &mut Mailboxes) -> ([Device; 2], MemberId) {
    let (mut phone, mut tablet) = (Device::new(), Device::new());
    phone
        .vault
        .found(BookKind::Household, "phone", NOW)
        .unwrap();
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = phone.vault.add_member(child, NOW).unwrap();
    let books: Vec<(BookId, BookKind)> = phone
        .vault
        .books
        .iter()
        .map(|(id, book)| (*id, book.secrets.kind))
        .collect();
    for (id, kind) in books {
        let device = DeviceSecrets::generate(&mut rng());
        let described = device.describe("tablet");
        let grant = phone.vault.let_in(&id, described, NOW).unwrap();
        let secrets = BookSecrets::granted(grant, kind, device);
        tablet.vault.adopt(secrets);
        tablet.vault.save_keys(&id).unwrap();
    }
    for device in [&mut phone, &mut tablet] {
        assert_eq!(sync(&mut device.vault, relay).unwrap(), []);
        device.copy();
    }
    ([phone, tablet], hana)
}

fn texts(vault: &Vault) -> Vec<String> {
    let items = vault.timeline(None);
    let texts = items.iter().flat_map(|item| &item.fields["text"]);
    texts
        .map(|text| text.as_text().unwrap().to_owned())
        .collect()
}

#[derive(Debug, Default)]
struct Met {
    healed: usize,
    died: usize,
    clean: usize,
}

/// One history. `known` is what reached the relay for certain.
fn run(seed: u64, met: &mut Met) {
    let mut dice = Dice(seed);
    let mut relay = Mailboxes::default();
    let (mut devices, hana) = family(&mut relay);
    let mut known = BTreeSet::new();
    for step in 0..60 {
        let device = &mut devices[dice.below(2)];
        match dice.below(16) {
            0..5 => device.write(&hana, format!("{seed}/{step}")),
            5..7 => device.amend(&mut dice, format!("{step}")),
            7 => {
                let port = u16::try_from(step + 1).unwrap();
                let relay = RelayAddress::new("127.0.0.1", port, RELAY).unwrap();
                device.vault.add_relay(relay, NOW).unwrap();
            }
            8 => device.copy(),
            9..11 => {
                let to = dice.below(device.copies.len());
                device.set_back(to);
                for number in 0..dice.below(6) {
                    device.write(&hana, format!("{seed}/{step}.{number}"));
                    device.amend(&mut dice, format!("{step}.{number}"));
                }
            }
            11 => {
                if dice.below(2) == 0 {
                    device.vault.checkpoint(true).unwrap();
                }
                let store = device.store.inner.reopen();
                if dice.below(3) == 0 {
                    store.lose_index();
                }
                device.restart(store);
            }
            12..14 => {
                let how = [Death::Nothing, Death::Keys, Death::Everything][dice.below(3)];
                *device.store.death.lock().unwrap() = Some((dice.below(5), how));
                if sync(&mut device.vault, &mut relay).is_err() {
                    met.died += 1;
                    let store = device.store.inner.reopen();
                    device.restart(store);
                } else {
                    known.extend(device.written.clone());
                }
                *device.store.death.lock().unwrap() = None;
            }
            _ => {
                let findings = sync(&mut device.vault, &mut relay)
                    .unwrap_or_else(|error| panic!("seed {seed}, step {step}: {error}"));
                let told = findings.len();
                let healed = |f: &Finding| matches!(f, Finding::SetBack { .. });
                assert!(findings.iter().all(healed), "seed {seed}: {findings:?}");
                met.healed += told;
                met.clean += usize::from(told == 0);
                known.extend(device.written.clone());
            }
        }
        // Whatever happens to it, a device goes on showing what was written on it.
        let shown = texts(&device.vault);
        for text in &device.written {
            let count = shown.iter().filter(|shown| *shown == text).count();
            assert_eq!(count, 1, "seed {seed}, step {step}: {text}");
        }
    }
    for round in 0..2 {
        for device in &mut devices {
            let findings = sync(&mut device.vault, &mut relay).unwrap();
            let healed = |f: &Finding| matches!(f, Finding::SetBack { .. });
            assert!(findings.iter().all(healed), "seed {seed}: {findings:?}");
            assert!(round == 0 || findings.is_empty(), "seed {seed}: told twice");
            met.healed += findings.len();
            known.extend(device.written.clone());
        }
    }
    agree(seed, &devices, &known);
    for device in &mut devices {
        let store = device.store.inner.reopen();
        device.restart(store);
    }
    agree(seed, &devices, &known);
}

fn agree(seed: u64, devices: &[Device; 2], known: &BTreeSet<String>) {
    let shown = texts(&devices[0].vault);
    for text in known {
        let count = shown.iter().filter(|shown| *shown == text).count();
        assert_eq!(count, 1, "seed {seed}: {text}");
    }
    let lists = devices.each_ref().map(|device| device.vault.timeline(None));
    assert_eq!(lists[0], lists[1], "seed {seed}");
    let relays = devices.each_ref().map(|device| device.vault.relays().len());
    assert_eq!(relays[0], relays[1], "seed {seed}");
    for device in devices {
        let status = device.vault.status();
        assert_eq!((status.waiting, status.missing), (0, 0), "seed {seed}");
        assert!(status.quarantined.is_empty(), "seed {seed}: {status:?}");
        for book in device.vault.books.values() {
            assert_eq!(book.replica.feeds().forks().count(), 0, "seed {seed}");
            assert_eq!(book.replica.fold().refused().count(), 0, "seed {seed}");
        }
    }
}

#[test]
fn devices_set_back_at_any_time_and_killed_at_any_write_lose_nothing_and_agree() {
    let mut met = Met::default();
    for seed in 0..SEEDS {
        run(seed, &mut met);
    }
    assert!(
        met.healed > 15 && met.died > 20 && met.clean > 60,
        "{met:?}"
    );
}

const SEEDS: u64 = 20;

/// A phone that was set back by three entries and has written twice since, and all that must be
/// shown in the end.
fn set_back(relay: &mut Mailboxes) -> ([Device; 2], MemberId, BTreeSet<String>) {
    let (mut devices, hana) = family(relay);
    let [phone, tablet] = &mut devices;
    phone.copy();
    let before = ["a", "b", "c"].map(str::to_owned);
    for text in &before {
        phone.write(&hana, text.clone());
    }
    assert_eq!(sync(&mut phone.vault, relay).unwrap(), []);
    assert_eq!(sync(&mut tablet.vault, relay).unwrap(), []);
    tablet.write(&hana, "d".to_owned());
    assert_eq!(sync(&mut tablet.vault, relay).unwrap(), []);
    phone.set_back(1);
    phone.write(&hana, "x".to_owned());
    phone.write(&hana, "y".to_owned());
    let known = before.into_iter().chain(["d", "x", "y"].map(str::to_owned));
    (devices, hana, known.collect())
}

#[test]
fn a_death_at_any_write_of_the_adoption_leaves_the_fork_or_everything_done() {
    let mut deaths = 0;
    for how in [Death::Nothing, Death::Keys, Death::Everything] {
        for at in 0..6 {
            let mut relay = Mailboxes::default();
            let ([mut phone, tablet], hana, mut known) = set_back(&mut relay);
            *phone.store.death.lock().unwrap() = Some((at, how));
            let died = sync(&mut phone.vault, &mut relay).is_err();
            deaths += usize::from(died);
            phone.restart(phone.store.inner.reopen());
            assert!(texts(&phone.vault).contains(&"x".to_owned()));
            assert!(texts(&phone.vault).contains(&"y".to_owned()));
            phone.write(&hana, "z".to_owned());
            known.insert("z".to_owned());
            let mut devices = [phone, tablet];
            for who in [0, 1, 0] {
                let findings = sync(&mut devices[who].vault, &mut relay).unwrap();
                let healed = |f: &Finding| matches!(f, Finding::SetBack { .. });
                assert!(findings.iter().all(healed), "{how:?} at {at}: {findings:?}");
            }
            let shown = texts(&devices[0].vault).len();
            assert_eq!(shown, known.len(), "{how:?} at {at}");
            agree(0, &devices, &known);
        }
    }
    assert!(deaths > 9, "{deaths}");
}

#[test]
fn a_tail_that_another_device_builds_upon_is_left_alone() {
    let mut relay = Mailboxes::default();
    let ([mut phone, mut tablet], hana, _) = set_back(&mut relay);
    let (book, feed) = {
        let handbook = phone.vault.handbook_of(&hana).unwrap();
        let feed = phone.vault.books[&handbook].secrets.feed_id().unwrap();
        (handbook, feed)
    };
    let claimed: Vec<Envelope> = relay.feed(&book, feed).cloned().collect();
    let last = phone.vault.feeds(&book).unwrap().length(&feed) - 1;
    let tail = phone.vault.envelopes(&book, &feed, 0, last, usize::MAX);

    // The tablet, set back as well, hears of this branch alone and goes on from there.
    tablet.set_back(0);
    let handed = tablet.vault.receive(&book, tail.unwrap()).unwrap();
    assert_eq!(handed.findings, []);
    tablet.write(&hana, "upon it".to_owned());
    let own = tablet.vault.books[&book].secrets.feed_id().unwrap();
    let last = tablet.vault.feeds(&book).unwrap().length(&own) - 1;
    let upon = tablet.vault.envelopes(&book, &own, 0, last, usize::MAX);
    phone.vault.receive(&book, upon.unwrap()).unwrap();
    let shown = texts(&phone.vault);
    assert!(shown.contains(&"upon it".to_owned()));

    let adoption = phone.vault.adopt_tail(&book, &feed, &claimed).unwrap();
    assert!(matches!(adoption, Adoption::Refused), "{adoption:?}");
    assert_eq!(texts(&phone.vault), shown);
    phone.write(&hana, "further".to_owned());
    assert_eq!(phone.vault.books[&book].secrets.feed_id(), Some(feed));
}

#[test]
fn two_copies_that_live_on_side_by_side_end_with_a_feed_each_and_the_same_records() {
    let mut relay = Mailboxes::default();
    let ([mut phone, mut tablet], hana) = family(&mut relay);
    let mut twin = Device::new();
    twin.restart(phone.store.inner.copy());
    let mut healed = 0;
    let mut known = BTreeSet::new();
    for round in 0..4 {
        for (name, device) in [("phone", &mut phone), ("twin", &mut twin)] {
            for number in 0..=round {
                device.write(&hana, format!("{name} {round} {number}"));
            }
            healed += sync(&mut device.vault, &mut relay).unwrap().len();
            known.extend(device.written.clone());
        }
    }
    assert_eq!(healed, 1, "from then on each writes for itself");
    for device in [&mut phone, &mut twin, &mut tablet] {
        assert_eq!(sync(&mut device.vault, &mut relay).unwrap(), []);
    }
    assert_eq!(twin.vault.timeline(None), tablet.vault.timeline(None));
    agree(0, &[phone, tablet], &known);
}

#[test]
fn a_long_log_is_read_again_once_it_has_told_what_it_retires() {
    let mut relay = Mailboxes::default();
    let ([mut phone, mut tablet], hana) = family(&mut relay);
    let mut known = BTreeSet::new();
    // More than are taken at once, and more than a page of what is put away.
    let mut write = |device: &mut Device, branch: &str| {
        let texts = (0..1_100).map(|number| format!("{branch} {number}"));
        let notes = texts.clone().map(|text| {
            Record::Note(Note {
                text,
                date: Some("2026-04-03".parse().unwrap()),
                ..Note::default()
            })
        });
        let notes: Vec<Record> = notes.collect();
        device.vault.add_records(&hana, &notes, false, NOW).unwrap();
        known.extend(texts);
        device.vault.checkpoint(true).unwrap();
        let store = device.store.inner.reopen();
        device.restart(store);
    };
    phone.copy();
    write(&mut phone, "there");
    assert_eq!(sync(&mut phone.vault, &mut relay).unwrap(), []);
    phone.set_back(1);
    write(&mut phone, "here");
    let findings = sync(&mut phone.vault, &mut relay).unwrap();
    assert!(
        matches!(findings[..], [Finding::SetBack { entries: 1_100, .. }]),
        "{findings:?}"
    );
    assert_eq!(sync(&mut tablet.vault, &mut relay).unwrap(), []);
    let shown = tablet.vault.timeline(None);
    // With what was put away before, and with what is put away now.
    for _ in 0..2 {
        let store = phone.store.inner.reopen();
        phone.restart(store);
        assert_eq!(phone.vault.timeline(None), shown);
        assert_eq!(phone.vault.doctor().unwrap().retired, 1_100);
        assert_eq!(sync(&mut phone.vault, &mut relay).unwrap(), []);
        phone.vault.checkpoint(true).unwrap();
    }
    for (id, book) in &phone.vault.books {
        let feeds = &tablet.vault.books[id].replica;
        for head in feeds.feeds().heads() {
            for sequence in 0..=head.seq {
                let held = book.replica.feeds().hash_at(&head.feed, sequence);
                assert_eq!(held, feeds.feeds().hash_at(&head.feed, sequence));
            }
        }
    }
    agree(0, &[phone, tablet], &known);
}
