//! Kills a process that commits, and looks at what it left behind.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use techo_vault::crypto::{Cost, Passphrase};
use techo_vault::store::{
    Batch, BookTag, DiskStore, FrameKind, LockedVault, Position, Scanned, Store, StoreError,
    system_entropy,
};

const FOLDER: &str = "TECHO_TEST_FOLDER";
const ROUND: &str = "TECHO_TEST_ROUND";
const THREADS: u8 = 4;

fn passphrase() -> Passphrase {
    Passphrase::new("a child that is killed".to_owned())
}

fn open(folder: &Path) -> Result<DiskStore, StoreError> {
    let locked = LockedVault::open_dir(folder)?;
    let unlocked = locked.unlock(&passphrase())?;
    locked.into_store(&unlocked, system_entropy())
}

/// Three frames that say which batch they belong to, and which of it they are.
fn batch(round: u8, thread: u8, n: u32) -> Batch {
    let mut batch = Batch::new();
    for part in 0..3_u8 {
        let mut body = vec![round, thread, part];
        body.extend_from_slice(&n.to_be_bytes());
        body.resize(700 + usize::from(part) * 900, part);
        batch.push(BookTag::from_bytes([thread; 8]), FrameKind::Envelope, body);
    }
    let name = format!("thread-{thread}").parse().unwrap();
    batch.put_key(name, n.to_be_bytes().to_vec().into());
    batch
}

/// What the killed process runs; it ends only by being killed.
#[test]
#[ignore = "runs as a child of the test that kills it"]
fn a_child_that_commits() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else {
        return;
    };
    let store = open(Path::new(&folder)).unwrap();
    let (store, round) = (&store, round.parse().unwrap());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for n in 0_u32.. {
                    store.commit(batch(round, thread, n)).unwrap();
                    println!("\nacknowledged {round} {thread} {n}");
                }
            });
        }
    });
}

/// Kills a child after `acknowledgements`; returns all that it managed to write down.
fn run_and_kill(folder: &Path, round: u8, acknowledgements: usize) -> BTreeSet<(u8, u8, u32)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_child_that_commits",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BTreeSet::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some(words) = line.strip_prefix("acknowledged ") else {
            continue;
        };
        let words: Vec<&str> = words.split(' ').collect();
        // The last line may be torn by the kill as well.
        if let [Ok(round), Ok(thread), Ok(n)] =
            [0, 1, 2].map(|at| words.get(at).unwrap_or(&"").parse::<u32>())
        {
            told.insert((
                u8::try_from(round).unwrap(),
                u8::try_from(thread).unwrap(),
                n,
            ));
        }
        if told.len() == acknowledgements {
            assert!(matches!(
                LockedVault::open_dir(folder),
                Err(StoreError::InUse)
            ));
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(told.len() >= acknowledgements);
    told
}

/// Every whole batch; panics if one is torn.
fn whole_batches(store: &DiskStore) -> BTreeSet<(u8, u8, u32)> {
    let mut parts = Vec::new();
    let scanned = store.scan(Position::START, &mut |scanned| {
        match scanned {
            Scanned::Frame { frame, .. } => {
                let n = u32::from_be_bytes(frame.body[3..7].try_into().unwrap());
                parts.push(((frame.body[0], frame.body[1], n), frame.body[2]));
            }
            Scanned::Damage { segment, from, to } => panic!("damage in {segment}: {from}–{to}"),
        }
        ControlFlow::Continue(())
    });
    scanned.unwrap();
    let (batches, rest) = parts.as_chunks::<3>();
    assert!(rest.is_empty(), "the last batch is torn");
    for [first, second, third] in batches {
        assert_eq!((first.0, first.0), (second.0, third.0));
        assert_eq!([first.1, second.1, third.1], [0, 1, 2]);
    }
    batches.iter().map(|[first, ..]| first.0).collect()
}

#[test]
fn every_acknowledged_batch_survives_a_killed_process_and_none_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let made = LockedVault::create_dir(root, &passphrase(), Cost::FLOOR, system_entropy());
    drop(made.unwrap());
    let mut acknowledged = BTreeSet::new();
    for (round, acknowledgements) in (0..).zip([1, 7, 40, 150]) {
        acknowledged.extend(run_and_kill(root, round, acknowledgements));
        let store = open(root).unwrap();
        assert_eq!(store.opening().damage, []);
        let kept = whole_batches(&store);
        let missing: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(missing.is_empty(), "acknowledged and lost: {missing:?}");
        for thread in 0..THREADS {
            let name = format!("thread-{thread}").parse().unwrap();
            let key = store.key_file(&name).unwrap();
            let last = kept
                .iter()
                .filter(|batch| (batch.0, batch.1) == (round, thread))
                .max();
            if let Some((_, _, last)) = last {
                let key = u32::from_be_bytes(key.unwrap().as_slice().try_into().unwrap());
                assert!(key >= *last, "a frame is there without its key");
            }
        }
    }
}
