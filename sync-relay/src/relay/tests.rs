use super::*;
use crate::config::Quotas;
use crate::store::layout;
use crate::store::table::memory::Memory;
use crate::store::tests::{Feed, signer};
use ed25519_dalek::Signer;
use std::sync::atomic::Ordering;
use techo_client::{Client, ClientError, Connection, MailboxEvent, MailboxStream, ProveKey};
use techo_wire::label::signed_bytes;
use techo_wire::{Label, MailboxId, Role};

struct Owner;

impl ProveKey for Owner {
    fn public(&self) -> [u8; 32] {
        signer(1).verifying_key().to_bytes()
    }

    fn sign(&self, label: Label, message: &[u8]) -> [u8; 64] {
        signer(1).sign(&signed_bytes(label, message)).to_bytes()
    }
}

struct World {
    _dir: tempfile::TempDir,
    store: Arc<Keep<Memory>>,
    relay: RunningRelay,
    connection: Connection,
    mailbox: MailboxId,
    feed: Feed,
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path());
    config.listen = vec!["127.0.0.1:0".parse().unwrap()];
    let id = StoreId::from_bytes([1; 16]);
    let store = Arc::new(Keep::new(Memory::default(), Quotas::default(), id).unwrap());
    let identity = Arc::new(Identity::open(dir.path()).unwrap());
    let relay = Relay::serve(
        &config,
        lock(dir.path()).unwrap(),
        identity,
        store.clone(),
        &Metrics::default(),
    )
    .unwrap();
    let client = Client::new().unwrap();
    let address = relay.address_for("127.0.0.1").unwrap();
    let connection = client.connect(&address).await.unwrap();
    let (mailbox, feed) = (MailboxId::from_bytes(Owner.public()), Feed::new(2));
    connection
        .prove(Role::Mailbox, mailbox, &Owner)
        .await
        .unwrap();
    connection.admit_feed(mailbox, feed.id()).await.unwrap();
    World {
        _dir: dir,
        store,
        relay,
        connection,
        mailbox,
        feed,
    }
}

async fn next(stream: &mut MailboxStream) -> MailboxEvent {
    let deadline = Duration::from_secs(20);
    tokio::time::timeout(deadline, stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_acknowledged() {
    let mut world = world().await;
    let sent = world.feed.grow(2);
    let full = &world.store.table().full;
    full.store(true, Ordering::Relaxed);
    let refused = world
        .connection
        .append(world.mailbox, &sent)
        .await
        .unwrap_err();
    assert!(refused.is_retryable());
    assert!(matches!(
        refused,
        ClientError::Refused {
            code: ErrorCode::Storage,
            ..
        }
    ));
    full.store(false, Ordering::Relaxed);
    let mut fetch = world
        .connection
        .fetch(world.mailbox, vec![], false)
        .await
        .unwrap();
    assert_eq!(next(&mut fetch).await, MailboxEvent::Heads(vec![]));
    let receipts = world.connection.append(world.mailbox, &sent).await.unwrap();
    assert_eq!(receipts[0].heads(), [sent[1].head()]);
    world.relay.stop().await;
}

#[tokio::test]
async fn a_damaged_envelope_makes_its_feed_fall_back_before_everybody() {
    let mut world = world().await;
    let (connection, mailbox) = (&world.connection, world.mailbox);
    let sent = world.feed.grow(4);
    connection.append(mailbox, &sent).await.unwrap();
    let held = techo_wire::Cursor {
        feed: world.feed.id(),
        next: 4,
    };
    let mut live = connection.fetch(mailbox, vec![held], true).await.unwrap();
    assert_eq!(
        next(&mut live).await,
        MailboxEvent::Heads(vec![sent[3].head()])
    );
    assert_eq!(next(&mut live).await, MailboxEvent::CaughtUp);

    let key = layout::envelope(mailbox, world.feed.id(), 2);
    *world
        .store
        .table()
        .pairs
        .lock()
        .unwrap()
        .get_mut(&key)
        .unwrap()
        .last_mut()
        .unwrap() ^= 1;

    let mut fetch = connection.fetch(mailbox, vec![], false).await.unwrap();
    assert_eq!(
        next(&mut fetch).await,
        MailboxEvent::Heads(vec![sent[3].head()])
    );
    let whole = sent[..2].iter().cloned().map(Into::into).collect();
    assert_eq!(next(&mut fetch).await, MailboxEvent::Envelopes(whole));
    assert_eq!(
        next(&mut fetch).await,
        MailboxEvent::Heads(vec![sent[1].head()])
    );
    assert_eq!(next(&mut fetch).await, MailboxEvent::CaughtUp);
    assert_eq!(
        next(&mut live).await,
        MailboxEvent::Heads(vec![sent[1].head()])
    );

    // Filled again with the same bytes, by anybody who has them.
    let receipts = connection.append(mailbox, &sent).await.unwrap();
    assert_eq!(receipts[0].heads(), [sent[3].head()]);
    world.relay.stop().await;
}

#[test]
fn one_address_cannot_take_all_connections() {
    let guests = Guests::default();
    let limits = Limits {
        connections: 3,
        connections_per_address: 2,
        ..Limits::default()
    };
    let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
    let held = [guests.admit(one, &limits), guests.admit(one, &limits)];
    assert!(held.iter().all(Option::is_some));
    assert!(guests.admit(one, &limits).is_none());
    let other = guests.admit(two, &limits);
    assert!(other.is_some() && guests.admit(two, &limits).is_none());
    drop(held);
    assert!(guests.admit(one, &limits).is_some());
    drop(other);
    assert!(guests.by_address.lock().unwrap().is_empty());
}
