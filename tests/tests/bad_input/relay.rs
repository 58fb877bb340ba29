//! Relays that are away, slow, full, wiped, restored from an old copy, or somebody else.

use std::fs;
use std::net::UdpSocket;
use std::time::Duration;

use techo_client::ClientError;
use techo_relay::{Config, Quotas};
use techo_tests::family::{
    Device, Family, NOW, TestRelay, add_child, copy_folder, shown, sync, sync_hastily, write,
};
use techo_vault::net::{NetError, SyncReport};
use techo_vault::vault::{FindingView, Vault};
use techo_wire::{ErrorCode, RelayAddress, RelayKey};

fn only_failure(report: &SyncReport) -> &ClientError {
    match report.failures.as_slice() {
        [(_, NetError::Client(error))] => error,
        other => panic!("not one failure: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_away_costs_nothing_but_time() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("relay");
    let relay = TestRelay::start(&dir).await;
    let mut family = Family::found(root.path(), &relay.address()).await;
    let away = relay.halt().await;
    write(&mut family.mother, &family.hana, "ひとりで書いた");
    let before = shown(&family.mother);
    let (mother, report) = sync_hastily(family.mother).await;
    assert!(matches!(only_failure(&report), ClientError::TimedOut));
    assert!(only_failure(&report).is_retryable());
    assert!(!report.relays[0].complete);
    mother.close().expect("closes");
    let mother = family.phone.open();
    assert_eq!(shown(&mother), before);
    let relay = away.start(Config::new(&dir)).await;
    let (mother, father) = Family::sync_both(mother, family.father).await;
    assert_eq!(shown(&mother), before);
    assert_eq!(shown(&father), before);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_never_answers_does_not_hold_up_another() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let mut family = Family::found(root.path(), &relay.address()).await;
    let hole = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = hole.local_addr().expect("an address").port();
    let silent = RelayAddress::new("127.0.0.1", port, RelayKey::from_bytes([9; 32]));
    family
        .mother
        .add_relay(silent.expect("an address"), NOW)
        .expect("a relay");
    write(&mut family.mother, &family.hana, "ふたつの中継");
    let before = shown(&family.mother);
    let trying = sync_hastily(family.mother);
    let (mother, report) = tokio::time::timeout(Duration::from_secs(20), trying)
        .await
        .expect("the sync ends");
    assert!(matches!(only_failure(&report), ClientError::TimedOut));
    let complete: Vec<bool> = report.relays.iter().map(|relay| relay.complete).collect();
    assert_eq!(complete.iter().filter(|complete| **complete).count(), 1);
    let (father, _) = sync_hastily(family.father).await;
    assert_eq!(shown(&mother), before);
    assert_eq!(shown(&father), before);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_with_another_key_is_given_nothing() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let address = relay.address();
    let expected = RelayKey::from_bytes([9; 32]);
    let wrong = RelayAddress::new(address.host(), address.port(), expected);
    let device = Device::new(root.path(), "phone");
    let mut vault = device.found("phone");
    vault
        .add_relay(wrong.expect("an address"), NOW)
        .expect("a relay");
    let hana = add_child(&mut vault, "手帳 はな");
    write(&mut vault, &hana, "だれにも");
    let before = shown(&vault);
    let (vault, report) = sync(vault).await;
    let error = only_failure(&report);
    assert!(matches!(error, ClientError::WrongRelayKey));
    assert!(!error.is_retryable());
    assert_eq!(report.relays[0].sent, 0);
    assert_eq!(vault.status().relays[0].acknowledged, 0);
    vault.close().expect("closes");
    assert_eq!(shown(&device.open()), before);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_relay_is_named_and_takes_the_rest_once_it_has_room() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("relay");
    let relay = TestRelay::start(&dir).await;
    let mut family = Family::found(root.path(), &relay.address()).await;
    let father_saw = shown(&family.father);
    let narrow = Config {
        quotas: Quotas {
            mailbox_bytes: 16 << 10,
            ..Quotas::default()
        },
        ..Config::new(&dir)
    };
    let relay = relay.halt().await.start(narrow).await;
    for number in 0..40 {
        write(&mut family.mother, &family.hana, &format!("記録 {number}"));
    }
    let before = shown(&family.mother);
    let (mother, report) = sync(family.mother).await;
    assert!(matches!(
        only_failure(&report),
        ClientError::Refused {
            code: ErrorCode::Quota,
            ..
        }
    ));
    assert!(!report.relays[0].complete);
    assert!(
        mother.status().relays[0].behind > 0,
        "it says what is not there"
    );
    mother.close().expect("closes");
    let mother = family.phone.open();
    assert_eq!(shown(&mother), before);
    let (father, report) = sync(family.father).await;
    assert!(report.relays[0].findings.is_empty());
    assert_eq!(shown(&father), father_saw, "whole requests or nothing");

    let relay = relay.halt().await.start(Config::new(&dir)).await;
    let (mother, father) = Family::sync_both(mother, father).await;
    assert_eq!(shown(&mother), before);
    assert_eq!(shown(&father), before);
    assert_eq!(mother.status().relays[0].behind, 0);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_restored_from_an_old_copy_is_reported_and_filled_again() {
    let root = tempfile::tempdir().expect("a folder");
    let (dir, old) = (root.path().join("relay"), root.path().join("old"));
    let relay = TestRelay::start(&dir).await;
    let mut family = Family::found(root.path(), &relay.address()).await;
    let halted = relay.halt().await;
    copy_folder(&dir, &old);
    let relay = halted.start(Config::new(&dir)).await;
    for number in 0..3 {
        write(
            &mut family.mother,
            &family.hana,
            &format!("あとで {number}"),
        );
    }
    let (mother, report) = sync(family.mother).await;
    assert!(report.relays[0].findings.is_empty());
    let before = shown(&mother);

    let halted = relay.halt().await;
    fs::remove_dir_all(&dir).expect("removed");
    copy_folder(&old, &dir);
    let relay = halted.start(Config::new(&dir)).await;
    let father_saw = shown(&family.father);
    let (father, report) = sync(family.father).await;
    assert!(report.relays[0].complete);
    assert_eq!(
        shown(&father),
        father_saw,
        "he is shown nothing new or less"
    );

    mother.close().expect("closes");
    let (mother, report) = sync(family.phone.open()).await;
    let rollbacks = report.relays[0].findings.iter().filter(|finding| {
        matches!(finding, FindingView::Rollback { acknowledged, shown: Some(shown) } if shown < acknowledged)
    });
    assert_eq!(rollbacks.count(), 1, "{report:?}");
    assert!(report.relays[0].complete);
    let (father, report) = sync(father).await;
    assert!(report.relays[0].findings.is_empty());
    assert_eq!(shown(&mother), before);
    assert_eq!(shown(&father), before);
    let (_, report) = sync(mother).await;
    assert!(report.relays[0].findings.is_empty(), "it is told once");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_relay_is_reported_and_filled_again_by_either_device() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("relay");
    let relay = TestRelay::start(&dir).await;
    let mut family = Family::found(root.path(), &relay.address()).await;
    write(&mut family.mother, &family.hana, "消える前");
    write(&mut family.father, &family.hana, "父も書いた");
    let (mother, father) = Family::sync_both(family.mother, family.father).await;
    let before = shown(&mother);
    assert_eq!(shown(&father), before);
    mother.close().expect("closes");

    let halted = relay.halt().await;
    fs::remove_dir_all(dir.join("store")).expect("removed");
    let relay = halted.start(Config::new(&dir)).await;
    // The tablet fills it with the phone's entries as well: the bytes are the same.
    let (father, report) = sync(father).await;
    assert!(report.relays[0].complete);
    assert!(
        report.relays[0]
            .findings
            .iter()
            .any(|finding| matches!(finding, FindingView::Rollback { shown: None, .. }))
    );
    let (mut mother, report) = sync(family.phone.open()).await;
    assert!(report.relays[0].findings.is_empty(), "{report:?}");
    assert_eq!(shown(&mother), before);
    write(&mut mother, &family.hana, "消えた後");
    let (mother, father) = Family::sync_both(mother, father).await;
    assert_eq!(shown(&mother), shown(&father));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_wiped_before_a_grant_was_fetched_gets_it_again() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("relay");
    let relay = TestRelay::start(&dir).await;
    let mut family = Family::found(root.path(), &relay.address()).await;
    // The tablet offers itself to a new handbook; the phone answers into the tablet's inbox.
    let sora = add_child(&mut family.mother, "手帳 そら");
    write(&mut family.mother, &sora, "生まれた");
    let (mother, _) = sync(family.mother).await;
    let (father, _) = sync(family.father).await;
    let (mother, _) = sync(mother).await;
    let named = |vault: &Vault| {
        vault
            .members()
            .iter()
            .any(|view| view.name() == "手帳 そら")
    };
    assert!(!named(&father), "the grant is not fetched yet");

    let halted = relay.halt().await;
    fs::remove_dir_all(dir.join("store")).expect("removed");
    let relay = halted.start(Config::new(&dir)).await;
    let (father, _) = sync(father).await;
    let (mother, father) = Family::sync_both(mother, father).await;
    let (father, _) = sync(father).await;
    assert!(named(&father));
    assert_eq!(shown(&mother), shown(&father));
    relay.stop().await;
}

/// A family whose phone is as it was before its last note, which the relay and the tablet have.
async fn set_back(root: &std::path::Path, relay: &TestRelay) -> (Family, String) {
    let mut family = Family::found(root, &relay.address()).await;
    family.mother.close().expect("closes");
    let backup = root.join("backup");
    copy_folder(&family.phone.dir, &backup);
    let mut mother = family.phone.open();
    write(&mut mother, &family.hana, "控えのあとで");
    let (mother, father) = Family::sync_both(mother, family.father).await;
    let newest = shown(&father);
    mother.close().expect("closes");
    fs::remove_dir_all(&family.phone.dir).expect("removed");
    copy_folder(&backup, &family.phone.dir);
    family.mother = family.phone.open();
    family.father = father;
    (family, newest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_set_back_to_an_old_copy_fetches_what_it_had_written() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (family, newest) = set_back(root.path(), &relay).await;
    let (mut mother, report) = sync(family.mother).await;
    assert!(report.relays[0].findings.is_empty(), "{report:?}");
    assert_eq!(shown(&mother), newest);
    write(&mut mother, &family.hana, "そのつぎ");
    let (mother, father) = Family::sync_both(mother, family.father).await;
    assert_eq!(shown(&mother), shown(&father));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_set_back_that_writes_first_says_it_again_and_misleads_nobody() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let (mut family, newest) = set_back(root.path(), &relay).await;
    write(&mut family.mother, &family.hana, "知らずに書いた");
    let before = family.mother.timeline(None);
    let (mut mother, report) = sync(family.mother).await;
    assert!(
        matches!(
            report.relays[0].findings[..],
            [FindingView::SetBack { entries: 1, .. }]
        ),
        "{report:?}"
    );
    assert!(report.relays[0].complete);
    for item in &before {
        assert!(mother.timeline(None).contains(item), "under its old id");
    }
    assert_eq!(mother.status().relays[0].behind, 0, "{:?}", mother.status());
    assert_eq!(mother.doctor().expect("a look").retired, 1);

    let (father, report) = sync(family.father).await;
    assert!(report.relays[0].findings.is_empty(), "{report:?}");
    assert!(shown(&father) != newest);
    assert_eq!(shown(&mother), shown(&father));
    for text in ["控えのあとで", "知らずに書いた"] {
        assert_eq!(shown(&father).matches(text).count(), 1, "{text}");
    }
    assert_eq!(father.status().waiting, 0);

    mother.close().expect("closes");
    let mut mother = family.phone.open();
    assert_eq!(shown(&mother), shown(&father));
    write(&mut mother, &family.hana, "わかってから書いた");
    let (mother, report) = sync(mother).await;
    assert!(report.relays[0].findings.is_empty(), "it is told once");
    let (mother, father) = Family::sync_both(mother, father).await;
    assert_eq!(shown(&mother), shown(&father));
    assert_eq!(father.status().missing, 0);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_branches_of_one_record_stand_beside_each_other_until_somebody_chooses() {
    let root = tempfile::tempdir().expect("a folder");
    let relay = TestRelay::start(&root.path().join("relay")).await;
    let family = Family::found(root.path(), &relay.address()).await;
    let id = family.mother.timeline(None)[0].id.clone();
    let text = |text: &str| techo_health::Fields::from([("text".to_owned(), text.into())]);
    let amend = |vault: &mut Vault, said: &str| {
        vault
            .amend_record(&id, &text(said), false, NOW)
            .expect("amended");
    };
    family.mother.close().expect("closes");
    let backup = root.path().join("backup");
    copy_folder(&family.phone.dir, &backup);
    let mut mother = family.phone.open();
    for number in 0..3 {
        amend(&mut mother, &format!("いま {number}"));
    }
    let (mother, father) = Family::sync_both(mother, family.father).await;
    mother.close().expect("closes");
    fs::remove_dir_all(&family.phone.dir).expect("removed");
    copy_folder(&backup, &family.phone.dir);
    let mut mother = family.phone.open();
    // More than the relay has: the heads alone show the fork, and the common past lies far back.
    for number in 0..9 {
        amend(&mut mother, &format!("むかし {number}"));
    }
    let (mother, report) = sync(mother).await;
    assert!(
        matches!(
            report.relays[0].findings[..],
            [FindingView::SetBack { entries: 9, .. }]
        ),
        "{report:?}"
    );
    let (mut father, _) = sync(father).await;
    assert_eq!(shown(&mother), shown(&father));
    let values = |vault: &Vault| vault.timeline(None)[0].fields["text"].clone();
    assert_eq!(values(&father), ["いま 2".into(), "むかし 8".into()]);
    amend(&mut father, "きめた");
    let (father, _) = sync(father).await;
    let (mother, _) = sync(mother).await;
    assert_eq!(values(&mother), ["きめた".into()]);
    assert_eq!(shown(&mother), shown(&father));
    relay.stop().await;
}
