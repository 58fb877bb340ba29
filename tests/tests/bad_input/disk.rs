//! A disk that is full or fails at any write: what was acknowledged is there when the vault is
//! opened again, and the rest can be done then.

use std::io::ErrorKind;

use techo_health::{Fields, Value};
use techo_tests::bench::Bench;
use techo_tests::family::{Device, Family, NOW, TestRelay, add_child, note};
use techo_vault::book::BookId;
use techo_vault::pairing::{Inviter, Newcomer};
use techo_vault::store::disk::power::{PowerDisk, Spared};
use techo_vault::store::{StoreError, system_entropy};
use techo_vault::vault::{Pairing, Vault, VaultError};
use techo_wire::{Envelope, RelayAddress, RelayKey, SealedItem};

/// Steps of a day with a vault; each ends in success or changes nothing.
const STEPS: usize = 8;

/// What the other device wrote.
type Post = Vec<(BookId, Vec<Envelope>)>;

/// Does one step.
fn step(vault: &mut Vault, number: usize, post: &Post) -> Result<(), VaultError> {
    let named = |vault: &Vault, name: &str| {
        let mut members = vault.members().into_iter();
        let found = members.find(|view| view.name() == name);
        found.ok_or(VaultError::UnknownMember).map(|view| view.id)
    };
    match number {
        0 | 4 | 7 => {
            let hana = named(vault, "手帳 はな")?;
            let note = note(&format!("きょう {number}"));
            vault.add_record(&hana, &note, false, NOW).map(drop)
        }
        1 | 5 => {
            let text = if number == 1 {
                "はじめて笑った"
            } else {
                "父 1"
            };
            let mut items = vault.timeline(None).into_iter();
            let item = items.find(|item| item.text("text") == Some(text));
            let id = item.ok_or(VaultError::UnknownRecord)?.id;
            let title = Fields::from([("title".to_owned(), Value::from(format!("題 {number}")))]);
            vault.amend_record(&id, &title, false, NOW).map(drop)
        }
        2 => {
            let sora = techo_health::Member {
                name: "手帳 そら".to_owned(),
                ..techo_health::Member::default()
            };
            vault.add_member(sora, NOW).map(drop)
        }
        3 => {
            for (book, envelopes) in post {
                vault.receive(book, envelopes.clone())?;
            }
            Ok(())
        }
        _ => {
            let sora = named(vault, "手帳 そら")?;
            let words = Fields::from([("kana".to_owned(), Value::from("てちょう そら"))]);
            vault.amend_member(&sora, &words, false, NOW)
        }
    }
}

/// What a vault shows, without what is drawn at random.
fn told(vault: &Vault) -> Vec<String> {
    let members = vault.members();
    let profiles = members
        .iter()
        .map(|view| format!("{:?}", words(&view.profile)));
    let timeline = vault.timeline(None);
    let records = timeline
        .iter()
        .map(|item| format!("{:?}", words(&item.fields)));
    let mut told: Vec<String> = profiles.chain(records).collect();
    told.sort();
    told
}

fn words(fields: &std::collections::BTreeMap<String, Vec<Value>>) -> Vec<String> {
    let written = fields
        .iter()
        .map(|(field, values)| format!("{field}={}", serde_json::to_string(values).expect("json")));
    written.collect()
}

async fn prepared(root: &std::path::Path) -> (Bench, Post) {
    let relay = TestRelay::start(&root.join("relay")).await;
    let mut family = Family::found(root, &relay.address()).await;
    relay.stop().await;
    for number in 0..3 {
        let note = note(&format!("父 {number}"));
        let father = &mut family.father;
        father
            .add_record(&family.hana, &note, false, NOW)
            .expect("a record");
    }
    let post = post(&family.father);
    family.mother.close().expect("closes");
    (Bench::of(&family.phone), post)
}

/// Every envelope of a vault.
fn post(vault: &Vault) -> Post {
    let books = vault.mailboxes().into_iter().map(|target| {
        let feeds = vault.feeds(&target.book).expect("feeds");
        let envelopes = feeds.heads().flat_map(|head| {
            let read = vault.envelopes(&target.book, &head.feed, 0, head.seq, usize::MAX);
            read.expect("envelopes")
        });
        (target.book, envelopes.collect())
    });
    books.collect()
}

/// What the vault shows after each number of steps, and how many writes they take.
fn undisturbed(bench: &Bench, post: &Post) -> (Vec<Vec<String>>, u64) {
    let disk = bench.disk.cut_power(Spared::Everything);
    let mut vault = bench.open(&disk).expect("opens");
    let before = disk.writes();
    let mut after = vec![told(&vault)];
    for number in 0..STEPS {
        step(&mut vault, number, post).expect("a step");
        after.push(told(&vault));
    }
    assert_eq!(after.len(), STEPS + 1);
    for pair in after.windows(2) {
        assert_ne!(pair[0], pair[1], "every step shows");
    }
    (after, disk.writes() - before)
}

/// Opens the vault on what is left of its disk; returns how many steps it shows.
fn reopened(bench: &Bench, disk: &PowerDisk, after: &[Vec<String>], done: usize) -> (Vault, usize) {
    let vault = bench.open(disk).expect("opens again");
    let shows = told(&vault);
    let steps = (done..after.len().min(done + 2)).find(|steps| after[*steps] == shows);
    let steps = steps.unwrap_or_else(|| panic!("{done} steps were acknowledged: {shows:#?}"));
    (vault, steps)
}

fn is_named(error: &VaultError, kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::StorageFull => matches!(error, VaultError::Store(StoreError::DiskFull(_))),
        _ => matches!(error, VaultError::Store(StoreError::Disk(_))),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_write_fails_everything_acknowledged_is_there_and_the_rest_can_be_done() {
    let root = tempfile::tempdir().expect("a folder");
    let (bench, post) = prepared(root.path()).await;
    let (after, writes) = undisturbed(&bench, &post);
    let mut failed = 0;
    let everything: &[fn(u64) -> Spared] = &[|_| Spared::Everything];
    let some: &[fn(u64) -> Spared] = &[|_| Spared::Nothing, Spared::Some];
    for (lasting, kind, cuts) in [
        (true, ErrorKind::StorageFull, some),
        (false, ErrorKind::StorageFull, everything),
        (true, ErrorKind::Other, everything),
    ] {
        for nth in 1..=writes {
            let disk = bench.disk.cut_power(Spared::Everything);
            let mut vault = bench.open(&disk).expect("opens");
            disk.fail(nth, lasting, kind);
            let mut done = 0;
            while done < STEPS {
                match step(&mut vault, done, &post) {
                    Ok(()) => done += 1,
                    Err(error) => {
                        assert!(is_named(&error, kind), "write {nth}: {error:?}");
                        assert!(!error.is_retryable(), "not before it is opened again");
                        let again = step(&mut vault, done, &post);
                        assert!(matches!(again, Err(VaultError::Stopped)), "{again:?}");
                        failed += 1;
                        break;
                    }
                }
            }
            drop(vault);
            if lasting && kind == ErrorKind::StorageFull {
                // A full disk keeps nobody from reading.
                reopened(&bench, &disk, &after, done);
            }
            for spared in cuts.iter().map(|cut| cut(nth)) {
                let disk = disk.cut_power(spared);
                let (mut vault, steps) = reopened(&bench, &disk, &after, done);
                for number in steps..STEPS {
                    step(&mut vault, number, &post).expect("there is room again");
                }
                assert_eq!(told(&vault), after[STEPS], "write {nth}, {spared:?}");
                let report = vault.doctor().expect("a report");
                assert!(report.lost.is_empty(), "write {nth}: {:?}", report.lost);
                assert!(report.quarantined.is_empty());
                drop(vault);
                let (_, steps) = reopened(&bench, &disk.cut_power(Spared::Nothing), &after, STEPS);
                assert_eq!(steps, STEPS);
            }
        }
    }
    assert!(failed > STEPS, "the disk failed {failed} times");
}

/// An inviter's vault, a newcomer's bench, its part of the pairing, and the grants for it.
fn paired(root: &std::path::Path) -> (Vault, Bench, SealedItem) {
    let key = RelayKey::from_bytes([9; 32]);
    let relay = RelayAddress::new("127.0.0.1", 4433, key).expect("an address");
    let mut mother = Device::new(root, "phone").found("phone");
    mother.add_relay(relay.clone(), NOW).expect("a relay");
    let hana = add_child(&mut mother, "手帳 はな");
    mother
        .add_record(&hana, &note("はじめて"), false, NOW)
        .expect("a record");
    let tablet = Device::new(root, "tablet");
    let mut father = tablet.empty();
    let expires = NOW.plus_millis(60_000);
    let (mut newcomer, hello) = father
        .start_joining(relay, "tablet", expires)
        .expect("a ticket");
    let started = mother.start_inviting(newcomer.ticket().clone(), &hello, NOW);
    let (mut inviter, offer): (Inviter, _) = started.expect("an offer");
    let reveal = Newcomer::offered(&mut newcomer, &mut system_entropy(), &offer).expect("a reveal");
    let digits = inviter.revealed(&reveal).expect("digits");
    father
        .keep_pairing(Some(&Pairing::Newcomer(Box::new(newcomer))))
        .expect("kept");
    father.close().expect("closes");
    let grants = mother.confirm_invitation(inviter, digits, NOW);
    (mother, Bench::of(&tablet), grants.expect("grants"))
}

fn finish(vault: &mut Vault, grants: &SealedItem) -> Result<(), VaultError> {
    match vault.pairing()? {
        Some(Pairing::Newcomer(newcomer)) => vault.finish_joining(*newcomer, grants),
        other => panic!("no newcomer: {other:?}"),
    }
}

#[test]
fn whichever_write_fails_a_device_joins_whole_or_may_try_again() {
    let root = tempfile::tempdir().expect("a folder");
    let (mother, bench, grants) = paired(root.path());
    let post = post(&mother);
    let disk = bench.disk.cut_power(Spared::Everything);
    let mut vault = bench.open(&disk).expect("opens");
    let before = disk.writes();
    finish(&mut vault, &grants).expect("joined");
    let writes = disk.writes() - before;
    let mut failed = 0;
    for nth in 1..=writes {
        let disk = bench.disk.cut_power(Spared::Everything);
        let mut vault = bench.open(&disk).expect("opens");
        disk.fail(nth, true, ErrorKind::StorageFull);
        let joined = finish(&mut vault, &grants);
        if let Err(error) = &joined {
            assert!(is_named(error, ErrorKind::StorageFull), "{error:?}");
            failed += 1;
        }
        drop(vault);
        for spared in [Spared::Nothing, Spared::Some(nth), Spared::Everything] {
            let disk = disk.cut_power(spared);
            let mut vault = bench.open(&disk).expect("opens again");
            if !vault.has_household() {
                assert!(
                    joined.is_err(),
                    "write {nth}: it was told that it had joined"
                );
                finish(&mut vault, &grants).expect("there is room again");
            }
            for (book, envelopes) in &post {
                vault.receive(book, envelopes.clone()).expect("received");
            }
            assert_eq!(told(&vault), told(&mother), "write {nth}, {spared:?}");
        }
    }
    assert!(failed > 0);
}
