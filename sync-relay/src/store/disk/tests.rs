use super::*;
use crate::store::layout;
use crate::store::table::memory::Memory;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;

/// Small, so that segments end and are compacted.
const SMALL: u32 = 16 << 10;

fn open(dir: &Path) -> Disk {
    Disk::open_with(dir, SMALL, Duration::ZERO).unwrap()
}

fn key(kind: u8, n: u8) -> Vec<u8> {
    [&[kind][..], &[n; 40]].concat()
}

fn put(key: Vec<u8>, length: usize, fill: u8) -> (Vec<u8>, Option<Vec<u8>>) {
    let value = layout::summed(&key, &vec![fill; length]);
    (key, Some(value))
}

fn pairs(table: &dyn Table, prefix: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut pairs = BTreeMap::new();
    let mut visit = |key: &[u8], value: &[u8]| {
        // Figures are counted anew, and the index has rows of its own.
        if !layout::is_counted(key) && !b"LP".contains(&key[0]) {
            pairs.insert(key.to_vec(), value.to_vec());
        }
        true
    };
    table.scan(prefix, &[], &mut visit).unwrap();
    pairs
}

fn size(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries.map(|entry| entry.metadata().unwrap().len()).sum()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What happens to the store between two batches.
#[derive(Clone, Copy, Debug)]
enum Accident {
    Nothing,
    Restart,
    IndexGone,
    IndexOfBefore,
    IndexDamaged,
}

fn accident() -> impl Strategy<Value = Accident> {
    prop_oneof![
        3 => Just(Accident::Nothing),
        1 => Just(Accident::Restart),
        1 => Just(Accident::IndexGone),
        1 => Just(Accident::IndexOfBefore),
        1 => Just(Accident::IndexDamaged),
    ]
}

/// Values of rows, and of bodies up to the longest.
fn change() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
    let kind = prop::sample::select(&b"EFIKNST"[..]);
    let length = prop_oneof![1usize..60, 600usize..3_000, Just(61_500)];
    (
        kind,
        0u8..4,
        proptest::option::weighted(0.7, length),
        any::<u8>(),
    )
        .prop_map(|(kind, n, length, fill)| match length {
            Some(length) if b"ET".contains(&kind) => put(key(kind, n), length, fill),
            Some(length) => put(key(kind, n), length % 60 + 1, fill),
            None => (key(kind, n), None),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]
    #[test]
    fn disk_and_memory_hold_the_same_whatever_happens_to_the_index(batches in proptest::collection::vec(
        (proptest::collection::vec(change(), 0..6), accident()), 1..8,
    )) {
        let dir = tempfile::tempdir().unwrap();
        let (index, before) = (dir.path().join("store/index"), dir.path().join("before"));
        let memory = Memory::default();
        let mut disk = open(dir.path());
        drop(disk);
        copy(&index, &before);
        disk = open(dir.path());
        for (changes, accident) in batches {
            let changes: Changes = changes.into_iter().collect();
            memory.apply(&changes).unwrap();
            disk.apply(&changes).unwrap();
            if !matches!(accident, Accident::Nothing) {
                drop(disk);
                match accident {
                    Accident::IndexGone => fs::remove_dir_all(&index).unwrap(),
                    Accident::IndexOfBefore => {
                        fs::remove_dir_all(&index).unwrap();
                        copy(&before, &index);
                    }
                    Accident::IndexDamaged => fs::write(index.join("conf"), b"no").unwrap(),
                    Accident::Nothing | Accident::Restart => {}
                }
                disk = open(dir.path());
            }
            prop_assert_eq!(pairs(&memory, &[]), pairs(&disk, &[]), "{:?}", accident);
        }
    }
}

#[test]
fn what_is_deleted_gives_its_room_back_and_stays_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let segments = dir.path().join("store/segments");
    let memory = Memory::default();
    let disk = open(dir.path());
    let apply = |changes: Changes| {
        memory.apply(&changes).unwrap();
        disk.apply(&changes).unwrap();
    };
    for n in 0..200u8 {
        apply(
            [
                put(key(b'T', n), 2_000, n),
                put(key(b'N', n), 8, n),
                put(key(b'I', 1), 16, n),
            ]
            .into(),
        );
    }
    let full = size(&segments);
    assert!(full > 400_000, "{full}");
    for n in (0..200u8).filter(|n| n % 10 != 3) {
        apply([(key(b'T', n), None), (key(b'N', n), None)].into());
    }
    // Each commit compacts one segment at most.
    for n in 0..30 {
        apply([put(key(b'I', 1), 16, n)].into());
    }
    let left = size(&segments);
    assert!(left < full / 4, "{left} of {full}");
    assert_eq!(pairs(&memory, &[]), pairs(&disk, &[]));
    drop(disk);
    fs::remove_dir_all(dir.path().join("store/index")).unwrap();
    let disk = open(dir.path());
    assert_eq!(pairs(&memory, &[]), pairs(&disk, &[]));
}

#[test]
fn an_index_that_lost_a_place_without_a_word_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let disk = open(dir.path());
    disk.apply(
        &[
            put(b"S".to_vec(), 16, 1),
            put(key(b'E', 1), 640, 1),
            put(key(b'E', 2), 640, 2),
        ]
        .into(),
    )
    .unwrap();
    let whole = pairs(&disk, &[]);
    drop(disk);
    let index = crate::store::index::Index::open(&dir.path().join("store/index")).unwrap();
    let (row, _) = crate::store::places::slot(&key(b'E', 1)).unwrap();
    index.apply(&[(row, None)].into()).unwrap();
    index.flush().unwrap();
    drop(index);
    assert_eq!(pairs(&open(dir.path()), &[]), whole);
}

#[test]
fn an_index_that_panics_is_made_anew_while_the_relay_runs() {
    let dir = tempfile::tempdir().unwrap();
    let disk = open(dir.path());
    disk.apply(&[put(key(b'E', 1), 640, 1)].into()).unwrap();
    let whole = pairs(&disk, &[]);
    let panicked: Result<(), _> = disk.work(|_| panic!("as sled does"));
    assert!(matches!(panicked, Err(StoreError::Database(None))));
    assert!(disk.get(&key(b'E', 1)).is_err());
    disk.revive().unwrap();
    assert_eq!(pairs(&disk, &[]), whole);
    assert!(!dir.path().join("store/index.damaged").exists());
}

#[test]
fn a_write_that_fails_is_not_kept_and_the_next_ones_are() {
    let dir = tempfile::tempdir().unwrap();
    let disk = open(dir.path());
    disk.apply(&[put(b"S".to_vec(), 16, 1), put(key(b'E', 1), 640, 1)].into())
        .unwrap();
    let whole = pairs(&disk, &[]);
    crate::store::segments::tests::spoil(disk.open.read().unwrap().as_ref().unwrap().segments());
    let change: Changes = [put(key(b'E', 2), 640, 2)].into();
    assert!(matches!(disk.apply(&change), Err(StoreError::Io(_))));
    assert!(
        disk.apply(&change).is_err(),
        "closed until it is opened again"
    );
    disk.revive().unwrap();
    assert_eq!(pairs(&disk, &[]), whole);
    disk.apply(&change).unwrap();
    assert_eq!(pairs(&disk, &[]).len(), whole.len() + 1);
}

#[test]
fn a_damaged_body_is_none_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let disk = open(dir.path());
    disk.apply(&[put(b"S".to_vec(), 16, 1)].into()).unwrap();
    disk.apply(&[put(key(b'E', 1), 640, 1), put(key(b'E', 2), 640, 2)].into())
        .unwrap();
    drop(disk);
    let segment = dir.path().join("store/segments/0000000001.seg");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[400] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let disk = open(dir.path());
    assert_eq!(disk.get(&key(b'E', 1)).unwrap(), Some(Vec::new()));
    assert_eq!(
        disk.get(&key(b'E', 2)).unwrap(),
        put(key(b'E', 2), 640, 2).1
    );
}

#[test]
fn the_longest_values_never_go_into_files_that_sled_does_not_sync() {
    let dir = tempfile::tempdir().unwrap();
    let disk = open(dir.path());
    for group in 0..16u8 {
        let value = |n: u8| put(key(b'E', group * 16 + n), 61_500, n);
        disk.apply(&(0..16).map(value).collect()).unwrap();
    }
    assert_eq!(
        disk.get(&key(b'E', 25)).unwrap(),
        put(key(b'E', 25), 61_500, 9).1
    );
    drop(disk);
    let blobs = fs::read_dir(dir.path().join("store/index/blobs")).unwrap();
    assert_eq!(blobs.count(), 0);
}

#[test]
fn a_store_takes_less_than_twice_the_bytes_of_its_envelopes() {
    const ENVELOPE: usize = 640;
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    let row = |kind: u8, key: &[u8], length| put([&[kind], key].concat(), length, 5);
    for commit in 0..100u64 {
        let mut changes = Changes::from([row(b'F', &[1; 64], 40), row(b'M', &[1; 32], 16)]);
        for number in commit * 50..(commit + 1) * 50 {
            let key = [&[1; 64][..], &number.to_be_bytes()].concat();
            changes.extend([row(b'E', &key, ENVELOPE + 8)]);
        }
        disk.apply(&changes).unwrap();
    }
    drop(disk);
    let folders =
        ["segments", "index", "index/blobs"].map(|name| dir.path().join("store").join(name));
    let all: u64 = folders.iter().map(|folder| size(folder)).sum();
    assert!(all < 2 * 5_000 * ENVELOPE as u64, "{all}");
}
