//! Boxes over real QUIC: what is kept, refused, sent again and pushed.

mod support {
    pub(crate) mod world;
}

use support::world::{Feed, Key, World, drain, next};
use techo_client::MailboxEvent;
use techo_wire::{Cursor, MailboxId, Role, UnverifiedEnvelope};

#[tokio::test]
async fn an_appended_envelope_is_receipted_fetched_and_pushed() {
    let world = World::start().await;
    let (one, two) = (world.connect().await, world.connect().await);
    let (key, mut feed) = (Key::new(1), Feed::new(2));
    let mailbox = MailboxId::from_bytes(key.public());
    one.prove(Role::Mailbox, mailbox, &key).await.unwrap();
    two.prove(Role::Mailbox, mailbox, &key).await.unwrap();
    one.admit_feed(mailbox, feed.id()).await.unwrap();

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
