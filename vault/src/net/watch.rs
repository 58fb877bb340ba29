//! Keeps a vault in step until told to stop: subscribes to every box, tries again with growing
//! pauses when the relay is away.

use std::time::Duration;

use techo_client::{Connection, InboxEvent};
use techo_wire::RelayAddress;
use tokio::sync::watch;

use crate::net::driver::{Driver, NetError, RelayReport};
use crate::net::exchange::Talk;
use crate::net::incoming::{Fetched, Incoming, Live, Page, Source};
use crate::net::shared::Pulse;
use crate::sync::Event;
use crate::vault::{InboxTarget, Vault};

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

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
        let mut pulse = self.vault.pulse();
        let connection = self.client.connect(relay).await?;
        self.rounds(&connection, &mut report, &|_| ()).await?;
        *reached = true;
        report.complete = true;
        on_change(Change::InStep(report));
        let mut incoming = Incoming::new();
        let mut talks = Vec::new();
        for target in self.vault.with(|vault| Ok(vault.mailboxes())).await? {
            let talk = self.talk(&connection, target).await?;
            let stream = self.fetch(&talk, true).await?;
            incoming.read(Source::Mailbox(talks.len(), stream));
            talks.push(talk);
        }
        let inboxes = self.subscribe_inboxes(&connection, &mut incoming).await?;
        let watching = Watching {
            connection: &connection,
            relay,
            inboxes: &inboxes,
            on_change,
        };
        let done = self
            .pump(&watching, &mut talks, &mut incoming, &mut pulse)
            .await;
        for talk in talks {
            self.finish(talk).await?;
        }
        done
    }

    async fn subscribe_inboxes(
        &self,
        connection: &Connection,
        incoming: &mut Incoming,
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
            incoming.read(Source::Inbox(inboxes.len(), stream));
            inboxes.push((used, target));
        }
        Ok(inboxes)
    }

    /// Takes events until the set of boxes changes or something fails.
    async fn pump(
        &self,
        watching: &Watching<'_>,
        talks: &mut [Talk<'_>],
        incoming: &mut Incoming,
        pulse: &mut watch::Receiver<Pulse>,
    ) -> Result<(), NetError> {
        let boxes = self.vault.with(|vault| Ok(vault.box_counts())).await?;
        // Nothing seen yet: what happened since the boxes were listed is looked at once more.
        let mut seen = None;
        let mut waiting = false;
        loop {
            let mut report = RelayReport {
                address: watching.relay.to_string(),
                ..RelayReport::default()
            };
            let event = tokio::select! {
                event = incoming.next() => Some(event),
                // The vault lives as long as this driver, and so does its pulse.
                _ = pulse.changed() => None,
            };
            // Grants open books; a relay that lost something may have lost grants put there.
            let asks = matches!(
                event,
                Some(Live::Inbox(..) | Live::Mailbox(_, Page::Ready(Fetched::Heads(_))))
            );
            match event {
                Some(Live::Mailbox(index, page)) => {
                    let fetched = incoming.gather(index, page).await;
                    if let Some(talk) = talks.get_mut(index) {
                        self.on_mailbox(talk, fetched, &mut report).await?;
                    }
                    if talks.iter().any(|talk| talk.over) {
                        (watching.on_change)(Change::Moved(report));
                        return Ok(());
                    }
                }
                Some(Live::Inbox(index, InboxEvent::Items(items))) => {
                    if let Some((connection, target)) = watching.inboxes.get(index) {
                        self.on_items(connection, target, items, &mut report)
                            .await?;
                    }
                }
                Some(Live::Inbox(_, InboxEvent::CaughtUp)) | None => {}
                Some(Live::Over) => return Err(NetError::Ended),
                Some(Live::Failed(error)) => return Err(error),
            }
            let now = *pulse.borrow_and_update();
            if asks || waiting || seen.is_none_or(|seen: Pulse| seen.controls != now.controls) {
                // Only control ops and grants ask anything of a device, or open boxes.
                let done = self.chores(watching.connection, &mut report).await?;
                waiting = done.waiting;
                if self.vault.with(|vault| Ok(vault.box_counts())).await? != boxes {
                    return Ok(());
                }
            }
            let now = *pulse.borrow_and_update();
            if seen.is_none_or(|seen| seen.authored != now.authored) {
                self.step_all(talks, Event::Written, &mut report).await?;
            }
            seen = Some(now);
            if report.moved() {
                (watching.on_change)(Change::Moved(report));
            }
        }
    }
}

/// What does not change while one connection is watched.
struct Watching<'a> {
    connection: &'a Connection,
    relay: &'a RelayAddress,
    inboxes: &'a [(Connection, InboxTarget)],
    on_change: &'a (dyn Fn(Change) + Sync),
}
