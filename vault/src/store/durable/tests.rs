use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Condvar};
use std::thread;

use getrandom::SysRng;
use proptest::prelude::*;
use rand_core::UnwrapErr;
use techo_wire::id::{EnvelopeHash, FeedId};
use tempfile::TempDir;

use super::*;
use crate::store::disk::power::{PowerDisk, Spared};
use crate::store::{FrameKind, MemoryStore};

const VAULT: VaultId = VaultId::from_bytes([8; 16]);

fn entropy() -> Entropy {
    Box::new(UnwrapErr(SysRng))
}

fn tag(n: u8) -> BookTag {
    BookTag::from_bytes([n; 8])
}

fn key(name: &str) -> KeyName {
    name.parse().unwrap()
}

/// A disk, a folder for the index, and the key to both.
struct Bench {
    disk: PowerDisk,
    folder: TempDir,
    master: MasterKey,
}

impl Bench {
    fn new() -> Self {
        Self::on(PowerDisk::new())
    }

    fn on(disk: PowerDisk) -> Self {
        let master = MasterKey::generate(&mut UnwrapErr(SysRng));
        Self {
            disk,
            folder: TempDir::new().unwrap(),
            master,
        }
    }

    fn open(&self) -> DiskStore {
        self.open_on(&self.disk).unwrap()
    }

    fn open_on(&self, disk: &PowerDisk) -> Result<DiskStore, StoreError> {
        self.open_over(disk, Some(self.folder.path()))
    }

    /// Without an index, which only costs time where a test is about the rest.
    fn open_bare(&self, disk: &PowerDisk) -> Result<DiskStore, StoreError> {
        self.open_over(disk, None)
    }

    fn open_over(&self, disk: &PowerDisk, index: Option<&Path>) -> Result<DiskStore, StoreError> {
        let prepared = Prepared::take(disk, index, VAULT);
        let disk = Arc::new(disk.clone());
        DiskStore::open_prepared(disk, VAULT, &self.master, entropy(), 4096, prepared)
    }
}

fn one(body: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.push(tag(1), FrameKind::Envelope, body.to_vec());
    batch
}

fn head(feed: u8, seq: u64) -> Head {
    let hash = EnvelopeHash::from_bytes([feed; 32]);
    Head {
        feed: FeedId::from_bytes([feed; 32]),
        seq,
        hash,
    }
}

fn bodies(store: &dyn Store) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let scanned = store.scan(Position::START, &mut |scanned| {
        if let Scanned::Frame { frame, .. } = scanned {
            bodies.push(frame.body);
        }
        ControlFlow::Continue(())
    });
    scanned.unwrap();
    bodies
}

fn object(store: &dyn Store, name: &str) -> Option<Vec<u8>> {
    store.object(name).unwrap().map(|bytes| bytes.to_vec())
}

fn put(store: &dyn Store, name: &str, bytes: &[u8]) {
    store
        .checkpoint(&[], vec![(name.to_owned(), Some(bytes.to_vec()))])
        .unwrap();
}

#[test]
fn a_fresh_store_reports_nothing_and_so_does_the_next_opening() {
    let bench = Bench::new();
    for _ in 0..3 {
        let store = bench.open();
        assert_eq!(store.opening(), &Opening::default());
        store.commit(one(b"entry")).unwrap();
        put(&store, "page", b"page");
        store.close().unwrap();
    }
    assert_eq!(bodies(&bench.open()).len(), 3);
}

#[test]
fn opening_what_was_closed_writes_nothing_and_what_follows_survives_a_power_cut() {
    let bench = Bench::new();
    let store = bench.open();
    store.commit(one(b"entry")).unwrap();
    put(&store, "page", b"page");
    store.close().unwrap();
    drop(store);
    for round in 1..8 {
        // Synchronisations count as writes here.
        let before = bench.disk.writes() - bench.disk.syncs();
        let store = bench.open();
        assert_eq!(bench.disk.writes() - bench.disk.syncs(), before);
        assert_eq!(store.opening(), &Opening::default());
        assert_eq!(object(&store, "page").unwrap(), b"page");
        // Neither closed nor told of: the next opening finds it all the same.
        store.commit(one(b"entry")).unwrap();
        drop(store);
        let disk = bench.disk.cut_power(Spared::Some(round));
        let after = bench.open_bare(&disk).unwrap();
        assert_eq!(after.opening().damage, Vec::new());
        assert_eq!(bodies(&after).len() as u64, round + 1);
    }
}

#[test]
fn commits_that_wait_for_the_disk_share_its_next_synchronisation() {
    const THREADS: usize = 8;
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let held = Arc::new(AtomicBool::new(false));
    let inside = Arc::new(Barrier::new(2));
    let disk = {
        let (gate, held, inside) = (Arc::clone(&gate), Arc::clone(&held), Arc::clone(&inside));
        PowerDisk::new().with_sync_hook(move || {
            if held.swap(false, Ordering::SeqCst) {
                inside.wait();
                let open = gate.1.wait_while(gate.0.lock().unwrap(), |open| !*open);
                drop(open.unwrap());
            }
        })
    };
    let bench = Bench::on(disk);
    let store = bench.open_bare(&bench.disk).unwrap();
    store.commit(one(b"before")).unwrap();
    let before = store.syncs();
    held.store(true, Ordering::SeqCst);
    thread::scope(|scope| {
        let store = &store;
        scope.spawn(move || store.commit(one(b"leader")).unwrap());
        inside.wait();
        for n in 0..THREADS {
            scope.spawn(move || store.commit(one(&[u8::try_from(n).unwrap(); 9])).unwrap());
        }
        while store.queue.waiting() < THREADS {
            thread::yield_now();
        }
        *gate.0.lock().unwrap() = true;
        gate.1.notify_all();
    });
    assert_eq!(
        store.syncs() - before,
        2,
        "one for the leader, one for all who waited"
    );
    assert_eq!(bodies(&store).len(), THREADS + 2);
}

#[test]
fn each_of_many_threads_finds_its_own_frame_where_it_was_told() {
    let bench = Bench::new();
    let store = bench.open_bare(&bench.disk).unwrap();
    thread::scope(|scope| {
        for thread in 0..8_u8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..20 {
                    let places = store.commit(one(&[thread, n])).unwrap();
                    assert_eq!(store.read(places[0]).unwrap().body, [thread, n]);
                }
            });
        }
    });
    let all: BTreeSet<_> = bodies(&store).into_iter().collect();
    assert_eq!(all.len(), 160);
}

#[test]
fn a_panic_while_writing_stops_no_other_commit() {
    let queue = Queue::default();
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        queue.commit(Batch::new(), |_| panic!("the disk is on fire"))
    }));
    assert!(panicked.is_err());
    let next = queue.commit(Batch::new(), |batches| {
        batches.iter().map(|_| Ok(Vec::new())).collect()
    });
    assert_eq!(next.unwrap(), Vec::new());
}

#[test]
fn key_files_come_before_frames_and_deletions_after_them() {
    let bench = Bench::new();
    let store = bench.open_bare(&bench.disk).unwrap();
    let secret = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    let mut first = one(b"one");
    first.put_key(key("book"), secret(b"key 1"));
    first.put_key(key("pairing"), secret(b"ticket"));
    store.commit(first).unwrap();
    for nth in 1.. {
        let disk = bench.disk.cut_power(Spared::Everything);
        let store = bench.open_bare(&disk).unwrap();
        disk.fail(nth, true, ErrorKind::Other);
        let mut second = one(b"two");
        second.put_key(key("book"), secret(b"key 2"));
        second.delete_key(key("pairing"));
        let outcome = store.commit(second);
        let after = bench.open_bare(&disk.cut_power(Spared::Nothing)).unwrap();
        let book = after.key_file(&key("book")).unwrap().unwrap();
        let paired = after.key_file(&key("pairing")).unwrap().is_some();
        let framed = bodies(&after).len() == 2;
        assert!(
            book.as_slice() == b"key 2" || !framed,
            "frame without its key at change {nth}"
        );
        assert!(
            framed || paired,
            "deleted before the frame counts at change {nth}"
        );
        if outcome.is_ok() {
            assert!(framed && !paired && nth > 5);
            assert_eq!(after.key_names().unwrap(), [key("book")]);
            return;
        }
    }
}

#[test]
fn the_last_change_of_a_key_file_in_a_group_stands() {
    let bench = Bench::new();
    let store = bench.open_bare(&bench.disk).unwrap();
    let (mut deletes, mut puts) = (Batch::new(), Batch::new());
    deletes.delete_key(key("book"));
    puts.put_key(key("book"), Zeroizing::new(b"new".to_vec()));
    assert!(store.write(vec![deletes, puts]).iter().all(Result::is_ok));
    assert_eq!(
        store.key_file(&key("book")).unwrap().unwrap().as_slice(),
        b"new"
    );
}

#[test]
fn a_key_file_that_is_altered_or_in_anothers_place_does_not_open() {
    let bench = Bench::new();
    let store = bench.open_bare(&bench.disk).unwrap();
    let mut batch = Batch::new();
    batch.put_key(key("a"), Zeroizing::new(vec![1; 50]));
    batch.put_key(key("b"), Zeroizing::new(vec![2; 50]));
    store.commit(batch).unwrap();
    bench.disk.tamper("keys/a", |bytes| bytes[30] ^= 1);
    let damaged = store.key_file(&key("a"));
    assert!(matches!(damaged, Err(StoreError::KeyFileDamaged { name }) if name == key("a")));
    bench.disk.rename("keys/b", "keys/a").unwrap();
    assert!(store.key_file(&key("a")).is_err());
    assert!(store.key_file(&key("b")).unwrap().is_none());
}

#[test]
fn the_manifest_remembers_heads_and_notices_what_is_missing() {
    let bench = Bench::new();
    let store = bench.open_bare(&bench.disk).unwrap();
    let mut batch = one(b"one");
    batch.reach(tag(1), head(4, 7));
    store.commit(batch).unwrap();
    let end = store.end();
    let store = bench.open_bare(&bench.disk).unwrap();
    assert_eq!(store.manifest().end(), end);
    assert_eq!(
        store.manifest().head(tag(1), head(4, 0).feed),
        Some(head(4, 7))
    );
    bench.disk.remove("segments/000000000001.seg").unwrap();
    let store = bench.open_bare(&bench.disk).unwrap();
    let shorter = Damage::Shorter {
        found: Position::START,
        durable: end,
    };
    assert_eq!(store.opening().damage, [shorter]);
    assert_eq!(
        store.manifest().heads().collect::<Vec<_>>(),
        [(tag(1), head(4, 7))]
    );
}

#[test]
fn a_lost_manifest_is_reported_once_and_the_frames_are_there() {
    let bench = Bench::new();
    bench
        .open_bare(&bench.disk)
        .unwrap()
        .commit(one(b"one"))
        .unwrap();
    for name in ["manifest.a", "manifest.b"] {
        bench.disk.tamper(name, |bytes| bytes.fill(0));
    }
    let store = bench.open_bare(&bench.disk).unwrap();
    assert_eq!(store.opening().damage, [Damage::ManifestLost]);
    assert_eq!(bodies(&store), [b"one"]);
    assert_eq!(
        bench.open_bare(&bench.disk).unwrap().opening(),
        &Opening::default()
    );
}

#[test]
fn objects_of_every_size_come_back_and_old_ones_leave() {
    let bench = Bench::new();
    let sizes = [0, 1, 61_440, 61_441, 200_000];
    let content = |size: usize| vec![u8::try_from(size % 251).unwrap(); size];
    {
        let store = bench.open();
        for size in sizes {
            put(&store, "other", &content(size + 7));
            put(&store, &size.to_string(), &content(size));
        }
        store
            .checkpoint(&[], vec![("other".to_owned(), None)])
            .unwrap();
        assert_eq!(object(&store, "other"), None);
        store.close().unwrap();
    }
    let store = bench.open();
    for size in sizes {
        assert_eq!(object(&store, &size.to_string()), Some(content(size)));
    }
    assert_eq!(
        (store.index_damage(), object(&store, "never")),
        (Vec::new(), None)
    );
    let chunks: usize = sizes.iter().map(|size| size.div_ceil(61_440)).sum();
    assert_eq!(store.index.as_ref().unwrap().pieces(), chunks);
}

#[test]
fn what_a_crash_left_in_the_index_is_swept_and_what_the_manifest_names_still_opens() {
    let bench = Bench::new();
    let before = {
        let store = bench.open();
        put(&store, "page", b"old");
        bench.disk.cut_power(Spared::Nothing)
    };
    put(&bench.open(), "more", b"put, then the power went");
    let store = bench.open_on(&before).unwrap();
    assert_eq!(object(&store, "page"), Some(b"old".to_vec()));
    assert_eq!(store.index.as_ref().unwrap().pieces(), 2);
    store.close().unwrap();
    assert_eq!(store.index.as_ref().unwrap().pieces(), 1);
    assert_eq!(store.index_damage(), []);
}

#[test]
fn a_deleted_index_is_named_and_filled_again() {
    let bench = Bench::new();
    put(&bench.open(), "page", b"page");
    fs::remove_dir_all(bench.folder.path().join("index")).unwrap();
    let store = bench.open();
    assert_eq!(store.opening().damage, [Damage::IndexLost]);
    assert_eq!(object(&store, "page"), None);
    put(&store, "page", b"page");
    assert_eq!(object(&store, "page"), Some(b"page".to_vec()));
}

#[test]
fn an_index_of_another_time_is_set_aside() {
    let bench = Bench::new();
    put(&bench.open(), "page", b"old");
    let index = bench.folder.path().join("index");
    let copy = bench.folder.path().join("copy");
    fs::rename(&index, &copy).unwrap();
    put(&bench.open(), "page", b"new");
    fs::remove_dir_all(&index).unwrap();
    fs::rename(&copy, &index).unwrap();
    let store = bench.open();
    assert_eq!(object(&store, "page"), None);
    assert_eq!(store.index_damage(), [Damage::IndexSetAside]);
    put(&store, "page", b"new");
    assert_eq!(object(&store, "page"), Some(b"new".to_vec()));
}

#[test]
fn a_piece_in_the_place_of_another_is_never_believed() {
    let content = |n: u8| vec![n; 100_000];
    let (old, new) = (ObjectMark::of(&content(0)), ObjectMark::of(&content(1)));
    let places = [
        (("page", new, 1), ("page", new, 0)),
        (("other", new, 0), ("page", new, 0)),
        (("page", old, 0), ("page", new, 0)),
        (("page", old, 1), ("page", new, 1)),
    ];
    for (from, to) in places {
        let bench = Bench::new();
        let store = bench.open();
        put(&store, "page", &content(1));
        put(&store, "other", &content(1));
        let index = store.index.as_ref().unwrap();
        // Pieces of a checkpoint whose manifest was never written.
        let unnamed = index.put(&mut entropy(), "page", old, &content(0));
        unnamed.unwrap();
        assert_eq!(object(&store, "page"), Some(content(1)));
        index.misplace(from, to);
        assert_eq!(object(&store, "page"), None, "{from:?}");
        assert_eq!(store.index_damage(), [Damage::IndexSetAside]);
    }
}

#[test]
fn only_the_last_damaged_index_is_kept() {
    let bench = Bench::new();
    for _ in 0..3 {
        put(&bench.open(), "page", &[7; 5000]);
        let file = bench.folder.path().join("index/db");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        let store = bench.open();
        assert_eq!(store.opening().damage, [Damage::IndexSetAside]);
        put(&store, "page", &[8; 5000]);
        assert_eq!(object(&store, "page"), Some(vec![8; 5000]));
    }
    let names = fs::read_dir(bench.folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        names
            .filter(|name| name.starts_with("index.damaged-"))
            .collect::<Vec<_>>(),
        ["index.damaged-3"]
    );
}

/// What a bad disk does to sled's file: it must never be believed, and never stop the store.
#[test]
fn a_damaged_index_gives_right_objects_or_none_and_can_be_filled_again() {
    let pages: BTreeMap<String, Vec<u8>> = (0..30_u8)
        .map(|n| (format!("page {n}"), vec![n; usize::from(n) * 300]))
        .collect();
    let all = || {
        pages
            .iter()
            .map(|(name, bytes)| (name.clone(), Some(bytes.clone())))
            .collect()
    };
    for case in 0..15_usize {
        let bench = Bench::new();
        bench.open().checkpoint(&[], all()).unwrap();
        let file = bench.folder.path().join("index/db");
        let mut bytes = fs::read(&file).unwrap();
        let at = bytes.len() / 15 * case;
        match case % 3 {
            0 => bytes[at] ^= 1,
            1 => bytes[at..].iter_mut().take(4096).for_each(|byte| *byte = 0),
            _ => bytes.truncate(at),
        }
        fs::write(&file, bytes).unwrap();
        let store = bench.open();
        for (name, bytes) in &pages {
            let found = object(&store, name);
            assert!(
                found.is_none() || found.as_ref() == Some(bytes),
                "{name} altered"
            );
            assert!(
                found.is_some() || !store.index_damage().is_empty(),
                "{name} lost silently"
            );
        }
        store.checkpoint(&[], all()).unwrap();
        assert!(
            pages
                .iter()
                .all(|(name, bytes)| object(&store, name).as_ref() == Some(bytes))
        );
    }
}

#[test]
fn a_full_disk_at_any_change_loses_nothing_acknowledged() {
    for nth in 1..60 {
        let bench = Bench::new();
        let store = bench.open_bare(&bench.disk).unwrap();
        bench.disk.fail(nth, false, ErrorKind::StorageFull);
        let mut kept = Vec::new();
        for n in 0..12_u8 {
            let mut batch = one(&[n; 900]);
            batch.put_key(key("book"), Zeroizing::new(vec![n]));
            match store.commit(batch) {
                Ok(_) => kept.push(n),
                Err(error) => assert!(matches!(
                    error,
                    StoreError::DiskFull(_) | StoreError::Stopped
                )),
            }
        }
        let found =
            |store: &DiskStore| bodies(store).iter().map(|body| body[0]).collect::<Vec<_>>();
        assert_eq!(found(&store), kept);
        let store = bench
            .open_bare(&bench.disk.cut_power(Spared::Nothing))
            .unwrap();
        assert_eq!(
            (store.opening(), found(&store)),
            (&Opening::default(), kept)
        );
    }
}

#[test]
fn a_full_disk_keeps_nobody_from_reading() {
    let bench = Bench::new();
    bench
        .open_bare(&bench.disk)
        .unwrap()
        .commit(one(b"one"))
        .unwrap();
    bench.disk.fail(1, true, ErrorKind::StorageFull);
    let store = bench.open_bare(&bench.disk).unwrap();
    assert_eq!(bodies(&store), [b"one"]);
    assert!(matches!(
        store.commit(one(&[2; 5000])),
        Err(StoreError::DiskFull(_))
    ));
}

/// What the model test does to a store.
#[derive(Clone, Debug)]
enum Step {
    Commit {
        bodies: Vec<(u8, usize)>,
        secret: Option<u8>,
        heads: Vec<(u8, u64)>,
    },
    DeleteKey,
    Checkpoint(Vec<(u8, Option<usize>)>),
    Reopen,
    PowerCut(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let bodies = proptest::collection::vec((any::<u8>(), 0..1500_usize), 0..4);
    let heads = proptest::collection::vec((0..3_u8, 0..50_u64), 0..3);
    let objects = proptest::collection::vec((0..4_u8, proptest::option::of(0..70_000_usize)), 0..3);
    prop_oneof![
        6 => (bodies, any::<Option<u8>>(), heads)
            .prop_map(|(bodies, secret, heads)| Step::Commit { bodies, secret, heads }),
        1 => Just(Step::DeleteKey),
        2 => objects.prop_map(Step::Checkpoint),
        1 => Just(Step::Reopen),
        1 => any::<u64>().prop_map(Step::PowerCut),
    ]
}

#[derive(Default)]
struct Model {
    frames: Vec<(Location, Frame)>,
    secret: Option<u8>,
    heads: BTreeMap<u8, u64>,
    objects: BTreeMap<String, Vec<u8>>,
}

impl Model {
    fn apply(&mut self, store: &dyn Store, step: &Step) {
        match step {
            Step::Commit {
                bodies,
                secret,
                heads,
            } => {
                let frame = |&(n, size): &(u8, usize)| Frame {
                    tag: tag(n % 3),
                    kind: FrameKind::PutReceipt,
                    body: vec![n; size],
                };
                let frames: Vec<Frame> = bodies.iter().map(frame).collect();
                let mut batch = Batch {
                    frames: frames.clone(),
                    ..Batch::default()
                };
                if let Some(secret) = secret {
                    batch.put_key(key("book"), Zeroizing::new(vec![*secret]));
                    self.secret = Some(*secret);
                }
                for &(feed, seq) in heads {
                    batch.reach(tag(0), head(feed, seq));
                    let known = self.heads.entry(feed).or_default();
                    *known = seq.max(*known);
                }
                let places = store.commit(batch).unwrap();
                assert_eq!(places.len(), frames.len());
                self.frames.extend(places.into_iter().zip(frames));
            }
            Step::DeleteKey => {
                let mut batch = Batch::new();
                batch.delete_key(key("book"));
                store.commit(batch).unwrap();
                self.secret = None;
            }
            Step::Checkpoint(objects) => {
                let mut given = BTreeMap::new();
                for &(name, size) in objects {
                    given.insert(name.to_string(), size.map(|size| vec![name; size]));
                }
                store
                    .checkpoint(&[], given.clone().into_iter().collect())
                    .unwrap();
                for (name, bytes) in given {
                    match bytes {
                        Some(bytes) => self.objects.insert(name, bytes),
                        None => self.objects.remove(&name),
                    };
                }
            }
            Step::Reopen | Step::PowerCut(_) => {
                let heads = store
                    .manifest()
                    .heads()
                    .map(|(_, head)| (head.feed, head.seq));
                let known = self
                    .heads
                    .iter()
                    .map(|(&feed, &seq)| (head(feed, seq).feed, seq));
                let (heads, known): (BTreeMap<_, _>, BTreeMap<_, _>) =
                    (heads.collect(), known.collect());
                if matches!(step, Step::Reopen) {
                    assert_eq!(heads, known);
                }
                assert!(heads.iter().all(|(feed, seq)| known.get(feed) >= Some(seq)));
                self.heads = heads
                    .iter()
                    .map(|(feed, &seq)| (feed.as_bytes()[0], seq))
                    .collect();
            }
        }
    }

    fn check(&self, store: &dyn Store) {
        let mut seen = Vec::new();
        let end = store.scan(Position::START, &mut |scanned| {
            match scanned {
                Scanned::Frame { location, frame } => seen.push((location, frame)),
                Scanned::Damage { .. } => panic!("no disk was harmed"),
            }
            ControlFlow::Continue(())
        });
        assert_eq!(end.unwrap(), store.end());
        assert_eq!(seen, self.frames);
        if let Some((at, frame)) = self.frames.get(self.frames.len() / 2) {
            assert_eq!(&store.read(*at).unwrap(), frame);
        }
        let secret = store.key_file(&key("book")).unwrap();
        assert_eq!(secret.map(|secret| secret[0]), self.secret);
        assert_eq!(
            store.key_names().unwrap().len(),
            usize::from(self.secret.is_some())
        );
        for name in 0..4_u8 {
            let name = name.to_string();
            assert_eq!(object(store, &name).as_ref(), self.objects.get(&name));
        }
        assert_eq!(store.opening().damage, []);
        assert_eq!(store.index_damage(), []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_store_does_what_the_model_says(steps in proptest::collection::vec(step(), 1..14)) {
        let mut bench = Bench::new();
        let (mut on_disk, mut in_memory) = (Some(bench.open()), MemoryStore::new());
        let (mut disk_model, mut memory_model) = (Model::default(), Model::default());
        for step in steps {
            if let Step::PowerCut(seed) = step {
                bench.disk = bench.disk.cut_power(Spared::Some(seed));
            }
            if matches!(step, Step::Reopen | Step::PowerCut(_)) {
                drop(on_disk.take());
                in_memory = in_memory.reopen();
            }
            let store = on_disk.get_or_insert_with(|| bench.open());
            disk_model.apply(store, &step);
            disk_model.check(store);
            let reopen = matches!(step, Step::PowerCut(_));
            memory_model.apply(&in_memory, if reopen { &Step::Reopen } else { &step });
            memory_model.check(&in_memory);
        }
    }
}
