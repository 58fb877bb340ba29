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

use techo_tests::batches::{THREADS, open, passphrase};
use techo_vault::crypto::Cost;
use techo_vault::store::{
    DiskStore, LockedVault, Position, Scanned, Store, StoreError, system_entropy,
};

/// Kills a child after `acknowledgements`; returns all that it managed to write down.
fn run_and_kill(folder: &Path, round: u8, acknowledgements: usize) -> BTreeSet<(u8, u8, u32)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_committer"))
        .arg(folder)
        .arg(round.to_string())
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
