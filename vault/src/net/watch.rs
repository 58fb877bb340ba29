//! Keeps a vault in step until told to stop: subscribes to every box, tries again with growing
//! pauses when the relay is away.

use std::time::Duration;

use techo_client::{Connection, InboxEvent, InboxStream, MailboxEvent, MailboxStream};
use techo_wire::RelayAddress;
use tokio::sync::mpsc;

use crate::net::driver::{Driver, NetError, RelayReport};
use crate::net::exchange::Talk;
use crate::sync::Event;
use crate::vault::{InboxTarget, Vault, VaultError};

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Events under way from all boxes of one relay.
const QUEUE: usize = 64;

/// What happened while watching.
#[derive(Debug)]
pub enum Change {
    /// The relay was reached and everything exchanged; from here on changes arrive by themselves.
    InStep(RelayReport),
    /// Something arrived or was sent.
    Moved(RelayReport),
    /// The relay is away; the next try comes after this pause.
    Away(NetError, Duration),
}

enum Live {
    Mailbox(usize, MailboxEvent),
    Inbox(usize, InboxEvent),
    Failed(NetError),
}

enum Source {
    Mailbox(usize, MailboxStream),
    Inbox(usize, InboxStream),
}

/// Passes events on until the stream ends or nobody listens.
async fn forward(mut source: Source, sender: mpsc::Sender<Live>) {
    loop {
        let event = match &mut source {
            Source::Mailbox(index, stream) => stream
                .next()
                .await
                .map(|event| event.map(|event| Live::Mailbox(*index, event))),
            Source::Inbox(index, stream) => stream
                .next()
                .await
                .map(|event| event.map(|event| Live::Inbox(*index, event))),
        };
        let event = match event {
            Ok(Some(event)) => event,
            Ok(None) => Live::Failed(NetError::Ended),
            Err(error) => Live::Failed(error.into()),
        };
        let over = matches!(event, Live::Failed(_));
        if sender.send(event).await.is_err() || over {
            return;
        }
    }
}

impl Driver {
    /// Watches one relay until `stop` resolves; `on_change` is told what happened.
    pub async fn watch(
        &self,
        relay: &RelayAddress,
        stop: impl Future<Output = ()>,
        on_change: &(dyn Fn(Change) + Sync),
    ) -> Result<(), NetError> {
        let watching = self.keep_watching(relay, on_change);
        tokio::select! {
            () = stop => Ok(()),
            failed = watching => failed,
        }
    }

    async fn keep_watching(
        &self,
        relay: &RelayAddress,
        on_change: &(dyn Fn(Change) + Sync),
    ) -> Result<(), NetError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let reached = &mut false;
            let Err(error) = self.watch_once(relay, reached, on_change).await else {
                continue;
            };
            if !error.is_retryable() {
                return Err(error);
            }
            if *reached {
                pause = FIRST_PAUSE;
            }
            on_change(Change::Away(error, pause));
            // Devices that lost the same relay must not all come back in the same instant.
            let spread = pause.mul_f64(Vault::jitter() / 2.0);
            tokio::time::sleep(pause + spread).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One connection's worth of watching. Ends without an error when the boxes have changed.
    async fn watch_once(
        &self,
        relay: &RelayAddress,
        reached: &mut bool,
        on_change: &(dyn Fn(Change) + Sync),
    ) -> Result<(), NetError> {
        let mut report = RelayReport {
            address: relay.to_string(),
            ..RelayReport::default()
        };
        let connection = self.client.connect(relay).await?;
        self.rounds(&connection, &mut report, &|_| ()).await?;
        *reached = true;
        report.complete = true;
        on_change(Change::InStep(report));
        let (sender, mut events) = mpsc::channel(QUEUE);
        let mut talks = Vec::new();
        let mut readers = tokio::task::JoinSet::new();
        for target in self.vault.with(|vault| Ok(vault.mailboxes())).await? {
            let talk = self.talk(&connection, target).await?;
            let index = talks.len();
            readers.spawn(forward(
                Source::Mailbox(index, self.fetch(&talk, true).await?),
                sender.clone(),
            ));
            talks.push(talk);
        }
        let inboxes = self
            .subscribe_inboxes(&connection, &sender, &mut readers)
            .await?;
        drop(sender);
        let done = self
            .pump(&mut talks, &inboxes, &mut events, relay, on_change)
            .await;
        for talk in talks {
            self.finish(talk).await?;
        }
        done
    }

    async fn subscribe_inboxes(
        &self,
        connection: &Connection,
        sender: &mpsc::Sender<Live>,
        readers: &mut tokio::task::JoinSet<()>,
    ) -> Result<Vec<(Connection, InboxTarget)>, NetError> {
        let mut inboxes = Vec::new();
        for target in self.vault.with(|vault| Ok(vault.inboxes())).await? {
            let used = match &target.relay {
                Some(relay) if relay.key() != connection.relay() => continue,
                Some(relay) => self.client.connect(relay).await?,
                None => connection.clone(),
            };
            self.open_inbox(&used, &target).await?;
            let (asked, relay) = (target.clone(), used.relay());
            let cursor = self
                .vault
                .with(move |vault| Ok(vault.inbox_cursor(&asked, &relay)))
                .await?;
            let stream = used.fetch_inbox(target.inbox, cursor, true).await?;
            readers.spawn(forward(
                Source::Inbox(inboxes.len(), stream),
                sender.clone(),
            ));
            inboxes.push((used, target));
        }
        Ok(inboxes)
    }

    /// Takes events until the set of boxes changes or something fails.
    async fn pump(
        &self,
        talks: &mut [Talk<'_>],
        inboxes: &[(Connection, InboxTarget)],
        events: &mut mpsc::Receiver<Live>,
        relay: &RelayAddress,
        on_change: &(dyn Fn(Change) + Sync),
    ) -> Result<(), NetError> {
        let boxes = (
            talks.len(),
            self.vault.with(|vault| Ok(vault.inboxes().len())).await?,
        );
        while let Some(event) = events.recv().await {
            let mut report = RelayReport {
                address: relay.to_string(),
                ..RelayReport::default()
            };
            match event {
                Live::Mailbox(index, event) => {
                    let Some(talk) = talks.get_mut(index) else {
                        continue;
                    };
                    self.on_mailbox(talk, event, &mut report).await?;
                }
                Live::Inbox(index, event) => {
                    let (Some((connection, target)), InboxEvent::Items(items)) =
                        (inboxes.get(index), event)
                    else {
                        continue;
                    };
                    self.on_items(connection, target, items, &mut report)
                        .await?;
                }
                Live::Failed(error) => return Err(error),
            }
            if let Some(talk) = talks.first()
                && self.chores(talk.connection, &mut report).await?
            {
                report.sent += 1;
            }
            for talk in talks.iter_mut() {
                self.step(talk, Event::Written, &mut report).await?;
            }
            if report.moved() {
                on_change(Change::Moved(report));
            }
            let now = self
                .vault
                .with(|v| Ok((v.mailboxes().len(), v.inboxes().len())))
                .await?;
            if now != boxes {
                return Ok(());
            }
        }
        Err(NetError::Vault(VaultError::Stopped))
    }
}
