//! Boxes over real QUIC: what is kept, refused, sent again and pushed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says where"
)]

mod support {
    pub(crate) mod feed;
    pub(crate) mod world;
}

use support::feed::{Feed, Key, drain};
use support::world::{World, next, next_items, sealed};
use techo_client::{ClientError, Connection, InboxEvent, MailboxEvent};
use techo_relay::{Limits, Quotas};
use techo_wire::{
    AppendKey, Cursor, EnvelopeHash, ErrorCode, InboxCursor, InboxId, MailboxId, RelayAddress,
    RelayKey, Role, UnverifiedEnvelope,
};

fn refusal<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> (ErrorCode, Option<u64>) {
    match outcome {
        Err(ClientError::Refused { code, expected }) => (code, expected),
        other => panic!("not refused: {other:?}"),
    }
}

/// A connection on which mailbox 1 is proven and the feed admitted.
async fn with_mailbox(world: &World, feed: &Feed) -> (Connection, MailboxId) {
    let connection = world.connect().await;
    let key = Key::new(1);
    let mailbox = MailboxId::from_bytes(key.public());
    connection
        .prove(Role::Mailbox, mailbox, &key)
        .await
        .unwrap();
    connection.admit_feed(mailbox, feed.id()).await.unwrap();
    (connection, mailbox)
}

/// Connections of an inbox's owner and of somebody with an admitted append key.
async fn with_inbox(world: &World, quota: u64) -> (Connection, Connection, InboxId, AppendKey) {
    let (owner, sender) = (world.connect().await, world.connect().await);
    let (inbox_key, append_key) = (Key::new(5), Key::new(6));
    let inbox = InboxId::from_bytes(inbox_key.public());
    let by = AppendKey::from_bytes(append_key.public());
    owner.prove(Role::Inbox, inbox, &inbox_key).await.unwrap();
    owner.admit_key(inbox, by, quota).await.unwrap();
    sender
        .prove(Role::Append, inbox, &append_key)
        .await
        .unwrap();
    (owner, sender, inbox, by)
}

#[tokio::test]
async fn an_appended_envelope_is_receipted_fetched_and_pushed() {
    let world = World::start().await;
    let mut feed = Feed::new(2);
    let (one, mailbox) = with_mailbox(&world, &feed).await;
    let (two, _) = with_mailbox(&world, &feed).await;

    let sent = feed.grow(3);
    let receipts = one.append(mailbox, &sent).await.unwrap();
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0].heads(), [sent[2].head()]);
    assert_eq!(receipts[0].store(), world.relay().store());

    let mut stream = two.fetch(mailbox, vec![], true).await.unwrap();
    assert_eq!(
        next(&mut stream).await,
        MailboxEvent::Heads(vec![sent[2].head()])
    );
    let stored: Vec<_> = sent.iter().cloned().map(UnverifiedEnvelope::from).collect();
    assert_eq!(next(&mut stream).await, MailboxEvent::Envelopes(stored));
    assert_eq!(next(&mut stream).await, MailboxEvent::CaughtUp);

    let more = feed.grow(1);
    one.append(mailbox, &more).await.unwrap();
    assert_eq!(
        next(&mut stream).await,
        MailboxEvent::Envelopes(vec![more[0].clone().into()])
    );

    let cursor = Cursor {
        feed: feed.id(),
        next: 3,
    };
    let rest = drain(two.fetch(mailbox, vec![cursor], false).await.unwrap()).await;
    assert_eq!(rest, [UnverifiedEnvelope::from(more[0].clone())]);
    world.stop().await;
}

#[tokio::test]
async fn nobody_is_sent_back_what_they_appended_themselves() {
    let world = World::start().await;
    let (mut own, mut other) = (Feed::new(2), Feed::new(3));
    let (one, mailbox) = with_mailbox(&world, &own).await;
    let (two, _) = with_mailbox(&world, &own).await;
    two.admit_feed(mailbox, other.id()).await.unwrap();
    let mut stream = one.fetch(mailbox, vec![], true).await.unwrap();
    while next(&mut stream).await != MailboxEvent::CaughtUp {}

    for count in [1, 40, 1] {
        one.append(mailbox, &own.grow(count)).await.unwrap();
        let theirs = other.grow(count);
        two.append(mailbox, &theirs).await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < count {
            let MailboxEvent::Envelopes(more) = next(&mut stream).await else {
                panic!("no envelopes");
            };
            seen.extend(more);
        }
        let theirs: Vec<UnverifiedEnvelope> = theirs.into_iter().map(Into::into).collect();
        assert_eq!(seen, theirs);
    }
    let all = drain(one.fetch(mailbox, vec![], false).await.unwrap()).await;
    assert_eq!(all.len(), 84, "who asks is told everything");
    world.stop().await;
}

#[tokio::test]
async fn order_forks_and_strange_feeds_are_refused_and_repeats_accepted() {
    let world = World::start().await;
    let mut feed = Feed::new(2);
    let (connection, mailbox) = with_mailbox(&world, &feed).await;
    let mut branch = feed.clone();
    branch.fill = 99;
    let sent = feed.grow(3);

    let gap = connection.append(mailbox, &sent[1..]).await;
    assert_eq!(refusal(gap), (ErrorCode::OutOfOrder, Some(0)));
    connection.append(mailbox, &sent[..2]).await.unwrap();
    let repeated = connection.append(mailbox, &sent).await.unwrap();
    assert_eq!(repeated[0].heads(), [sent[2].head()]);

    let other = branch.grow(4);
    assert_eq!(
        refusal(connection.append(mailbox, &other[..1]).await).0,
        ErrorCode::Fork
    );
    assert_eq!(
        refusal(connection.append(mailbox, &other[3..]).await).0,
        ErrorCode::Fork
    );
    let strange = Feed::new(3).grow(1);
    assert_eq!(
        refusal(connection.append(mailbox, &strange).await).0,
        ErrorCode::NotAdmitted
    );

    let kept = drain(connection.fetch(mailbox, vec![], false).await.unwrap()).await;
    assert_eq!(kept.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn without_proof_nothing_is_done_and_a_key_opens_its_own_box_only() {
    let world = World::start().await;
    let mut feed = Feed::new(2);
    let (_, mailbox) = with_mailbox(&world, &feed).await;
    let stranger = world.connect().await;
    let envelopes = feed.grow(1);
    assert_eq!(
        refusal(stranger.append(mailbox, &envelopes).await).0,
        ErrorCode::NotProven
    );
    assert_eq!(
        refusal(stranger.admit_feed(mailbox, feed.id()).await).0,
        ErrorCode::NotProven
    );
    let mut fetch = stranger.fetch(mailbox, vec![], false).await.unwrap();
    assert_eq!(refusal(fetch.next().await).0, ErrorCode::NotProven);

    let wrong = stranger.prove(Role::Mailbox, mailbox, &Key::new(9)).await;
    assert_eq!(refusal(wrong).0, ErrorCode::Signature);
    let own = Key::new(9);
    stranger
        .prove(Role::Mailbox, MailboxId::from_bytes(own.public()), &own)
        .await
        .unwrap();
    assert_eq!(
        refusal(stranger.append(mailbox, &envelopes).await).0,
        ErrorCode::NotProven
    );

    // A proof in one role is none in another.
    let inbox = InboxId::from_bytes(own.public());
    assert_eq!(
        refusal(stranger.prune(inbox, vec![]).await).0,
        ErrorCode::NotProven
    );
    world.stop().await;
}

#[tokio::test]
async fn a_full_mailbox_refuses_whole_requests() {
    let quotas = Quotas {
        mailbox_bytes: 2_000,
        mailbox_feeds: 1,
        ..Quotas::default()
    };
    let world = World::with(quotas, Limits::default()).await;
    let mut feed = Feed::new(2);
    let (connection, mailbox) = with_mailbox(&world, &feed).await;
    let sent = feed.grow(4);
    assert_eq!(
        refusal(connection.append(mailbox, &sent).await).0,
        ErrorCode::Quota
    );
    assert!(
        drain(connection.fetch(mailbox, vec![], false).await.unwrap())
            .await
            .is_empty()
    );
    connection.append(mailbox, &sent[..3]).await.unwrap();
    let second = connection.admit_feed(mailbox, Feed::new(3).id()).await;
    assert_eq!(refusal(second).0, ErrorCode::Quota);
    world.stop().await;
}

#[tokio::test]
async fn feeds_are_merged_in_the_order_of_arrival_over_many_frames() {
    let world = World::start().await;
    let (mut one, mut two) = (Feed::new(2), Feed::new(3));
    one.length = 61_440;
    let (connection, mailbox) = with_mailbox(&world, &one).await;
    connection.admit_feed(mailbox, two.id()).await.unwrap();
    let mut sent = Vec::new();
    for _ in 0..6 {
        let batch = [one.grow(2), two.grow(3)].concat();
        let receipts = connection.append(mailbox, &batch).await.unwrap();
        assert_eq!(
            receipts.last().unwrap().heads().last().unwrap().hash,
            batch[4].hash()
        );
        sent.extend(batch.into_iter().map(UnverifiedEnvelope::from));
    }
    assert_eq!(
        drain(connection.fetch(mailbox, vec![], false).await.unwrap()).await,
        sent
    );
    world.stop().await;
}

#[tokio::test]
async fn concurrent_callers_share_a_connection() {
    let world = World::start().await;
    let (connection, mailbox) = with_mailbox(&world, &Feed::new(2)).await;
    let callers: Vec<_> = (10..30)
        .map(|seed| {
            let connection = connection.clone();
            tokio::spawn(async move {
                let mut feed = Feed::new(seed);
                connection.admit_feed(mailbox, feed.id()).await.unwrap();
                for envelope in feed.grow(5) {
                    let receipts = connection
                        .append(mailbox, std::slice::from_ref(&envelope))
                        .await
                        .unwrap();
                    assert_eq!(receipts[0].heads(), [envelope.head()]);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(
        drain(connection.fetch(mailbox, vec![], false).await.unwrap())
            .await
            .len(),
        100
    );
    world.stop().await;
}

#[tokio::test]
async fn a_relay_with_another_key_is_told_apart_from_one_that_is_away() {
    let world = World::start().await;
    let address = world.address();
    let other = RelayKey::from_bytes(Key::new(7).public());
    let forged = RelayAddress::new(address.host(), address.port(), other).unwrap();
    let refused = world.client().connect(&forged).await;
    assert!(
        matches!(refused, Err(ClientError::WrongRelayKey)),
        "{refused:?}"
    );
    assert!(!refused.unwrap_err().is_retryable());
    let nowhere = RelayAddress::new("name.invalid", 1, other).unwrap();
    let error = world.client().connect(&nowhere).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_stop_tells_live_readers_and_a_restart_keeps_everything_acknowledged() {
    let mut world = World::start().await;
    let mut feed = Feed::new(2);
    let (connection, mailbox) = with_mailbox(&world, &feed).await;
    let sent = feed.grow(50);
    connection.append(mailbox, &sent).await.unwrap();
    let mut live = connection.fetch(mailbox, vec![], true).await.unwrap();
    while next(&mut live).await != MailboxEvent::CaughtUp {}
    let (store, key) = (world.relay().store(), world.relay().key());

    world.stop_relay().await;
    let told = live.next().await.unwrap_err();
    assert!(told.is_retryable(), "{told:?}");
    assert_eq!(refusal::<()>(Err(told)).0, ErrorCode::ShuttingDown);
    assert!(
        connection
            .append(mailbox, &sent)
            .await
            .unwrap_err()
            .is_retryable()
    );

    world.start_relay().await;
    assert_eq!((world.relay().store(), world.relay().key()), (store, key));
    let (again, _) = with_mailbox(&world, &feed).await;
    let kept = drain(again.fetch(mailbox, vec![], false).await.unwrap()).await;
    assert_eq!(kept.len(), 50);
    again.append(mailbox, &feed.grow(1)).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_wiped_relay_shows_a_new_store_and_can_be_filled_again() {
    let mut world = World::start().await;
    let mut feed = Feed::new(2);
    let (connection, mailbox) = with_mailbox(&world, &feed).await;
    let sent = feed.grow(5);
    connection.append(mailbox, &sent).await.unwrap();
    let store = connection.store();
    world.stop_relay().await;
    std::fs::remove_dir_all(world.dir.path().join("store")).unwrap();
    world.start_relay().await;
    let (again, _) = with_mailbox(&world, &feed).await;
    assert_ne!(again.store(), store);
    let cursor = Cursor {
        feed: feed.id(),
        next: 5,
    };
    let mut stream = again.fetch(mailbox, vec![cursor], false).await.unwrap();
    assert_eq!(next(&mut stream).await, MailboxEvent::Heads(vec![]));
    assert_eq!(
        again.append(mailbox, &sent).await.unwrap()[0].heads(),
        [sent[4].head()]
    );
    world.stop().await;
}

#[tokio::test]
async fn an_index_that_does_not_open_is_made_anew_and_nothing_is_lost() {
    let mut world = World::start().await;
    let mut feed = Feed::new(2);
    let (connection, mailbox) = with_mailbox(&world, &feed).await;
    let sent = feed.grow(5);
    connection.append(mailbox, &sent).await.unwrap();
    let store = connection.store();
    world.stop_relay().await;
    let conf = world.dir.path().join("store/index/conf");
    std::fs::write(conf, b"no configuration").unwrap();
    world.start_relay().await;
    assert_eq!(world.relay().store(), store);
    let (again, _) = with_mailbox(&world, &feed).await;
    let mut stream = again.fetch(mailbox, vec![], false).await.unwrap();
    let heads = MailboxEvent::Heads(vec![sent[4].head()]);
    assert_eq!(next(&mut stream).await, heads);
    let all = sent.into_iter().map(Into::into).collect();
    assert_eq!(next(&mut stream).await, MailboxEvent::Envelopes(all));
    world.stop().await;
}

#[tokio::test]
async fn a_directory_serves_one_relay_at_a_time() {
    let world = World::start().await;
    let second = techo_relay::Relay::start(world.config()).await;
    let in_use = techo_relay::RelayError::Store(techo_relay::store::StoreError::InUse);
    assert_eq!(
        second.err().map(|e| format!("{e:?}")),
        Some(format!("{in_use:?}"))
    );
    world.stop().await;
}

#[tokio::test]
async fn an_item_is_kept_once_receipted_and_pushed() {
    let world = World::start().await;
    let (owner, sender, inbox, by) = with_inbox(&world, 1 << 20).await;
    let mut live = owner.fetch_inbox(inbox, None, true).await.unwrap();
    assert_eq!(next_items(&mut live).await, InboxEvent::CaughtUp);
    for (fill, position) in [(1, 0), (2, 1), (1, 0)] {
        let receipt = sender.put(inbox, by, &sealed(fill)).await.unwrap();
        assert_eq!(receipt.position(), position);
    }
    let mut pushed = Vec::new();
    while pushed.len() < 2 {
        if let InboxEvent::Items(items) = next_items(&mut live).await {
            pushed.extend(items);
        }
    }
    assert_eq!(pushed, [(0, sealed(1)), (1, sealed(2))]);
    world.stop().await;
}

#[tokio::test]
async fn an_inbox_takes_only_admitted_keys_within_their_quota_and_pruning_frees_it() {
    let world = World::start().await;
    let (owner, sender, inbox, by) = with_inbox(&world, 4_100).await;
    let key = Key::new(7);
    let stranger = AppendKey::from_bytes(key.public());
    sender.prove(Role::Append, inbox, &key).await.unwrap();
    let refused = sender.put(inbox, stranger, &sealed(1)).await;
    assert_eq!(refusal(refused).0, ErrorCode::NotAdmitted);
    // The owner's connection has not proven the append key.
    assert_eq!(
        refusal(owner.put(inbox, by, &sealed(1)).await).0,
        ErrorCode::NotProven
    );

    sender.put(inbox, by, &sealed(1)).await.unwrap();
    sender.put(inbox, by, &sealed(2)).await.unwrap();
    assert_eq!(
        refusal(sender.put(inbox, by, &sealed(3)).await).0,
        ErrorCode::Quota
    );
    owner
        .prune(inbox, vec![sealed(1).hash(), sealed(9).hash()])
        .await
        .unwrap();
    assert_eq!(
        sender.put(inbox, by, &sealed(3)).await.unwrap().position(),
        2
    );
    world.stop().await;
}

#[tokio::test]
async fn an_inbox_goes_on_behind_the_cursor_unless_another_item_stands_there() {
    let world = World::start().await;
    let (owner, sender, inbox, by) = with_inbox(&world, 1 << 20).await;
    for fill in 0..4 {
        sender.put(inbox, by, &sealed(fill)).await.unwrap();
    }
    owner.prune(inbox, vec![sealed(1).hash()]).await.unwrap();
    for (position, item, first) in [
        (0, sealed(0), Some(2)),
        // Pruned: nothing else stands there.
        (1, sealed(1), Some(2)),
        (2, sealed(2), Some(3)),
        (3, sealed(3), None),
        (2, sealed(9), Some(0)),
        (70, sealed(3), Some(0)),
    ] {
        let cursor = InboxCursor {
            position,
            item: item.hash(),
        };
        let mut stream = owner.fetch_inbox(inbox, Some(cursor), false).await.unwrap();
        let got = match next_items(&mut stream).await {
            InboxEvent::Items(items) => Some(items[0].0),
            InboxEvent::CaughtUp => None,
        };
        assert_eq!(got, first, "{position}");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_append_of_nothing_needs_no_relay() {
    let world = World::start().await;
    let (connection, mailbox) = with_mailbox(&world, &Feed::new(2)).await;
    assert!(connection.append(mailbox, &[]).await.unwrap().is_empty());
    assert_eq!(Feed::new(2).previous, EnvelopeHash::ZERO);
    world.stop().await;
}

#[tokio::test]
async fn a_name_reaches_the_relay() {
    let world = World::start().await;
    let named = world.relay().address_for("localhost").unwrap();
    assert_eq!(
        world.client().connect(&named).await.unwrap().relay(),
        world.relay().key()
    );
    world.stop().await;
}

#[tokio::test]
async fn ipv6_reaches_the_relay_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = techo_relay::Config::new(dir.path());
    config.listen = vec!["[::1]:0".parse().unwrap()];
    // A machine without IPv6 cannot show this.
    let Ok(relay) = techo_relay::Relay::start(config).await else {
        return;
    };
    let client = techo_client::Client::new().unwrap();
    let address = relay.address_for("::1").unwrap();
    assert_eq!(client.connect(&address).await.unwrap().relay(), relay.key());
    client.close().await;
    relay.stop().await;
}
