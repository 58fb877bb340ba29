//! The exchange of one mailbox or inbox over a connection; the session decides what moves.

use std::ops::RangeInclusive;

use techo_client::{Connection, InboxEvent, ProveKey};
use techo_wire::{AppendReceipt, Envelope, FeedId, Label, Role};

use crate::crypto::SigningKey;
use crate::net::driver::{Driver, NetError, RelayReport};
use crate::net::incoming::{Fetched, Incoming, Live, Source, Verified};
use crate::sync::{Action, Event, Finding, Session};
use crate::vault::{InboxTarget, MailboxTarget, Vault, VaultError};

/// How often the exchange of one mailbox is begun in one round.
const ATTEMPTS: usize = 3;
/// Bytes of envelopes read from the log at once.
const READ_BYTES: usize = 1 << 20;

impl ProveKey for SigningKey {
    fn public(&self) -> [u8; 32] {
        Self::public(self)
    }

    fn sign(&self, label: Label, message: &[u8]) -> [u8; 64] {
        Self::sign(self, label, message)
    }
}

/// One mailbox in conversation.
pub(super) struct Talk<'a> {
    pub(super) target: MailboxTarget,
    pub(super) session: Session,
    pub(super) connection: &'a Connection,
    /// Envelopes that rest on others which have not come yet.
    pub(super) waiting: Vec<Envelope>,
    pub(super) receipts: Vec<AppendReceipt>,
    /// What this device holds has changed under the conversation: it is to be begun again.
    pub(super) over: bool,
    /// A fork of the own feed was found that cannot be healed.
    pub(super) split: bool,
}

impl Driver {
    pub(super) async fn exchange_mailboxes(
        &self,
        connection: &Connection,
        report: &mut RelayReport,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<(), NetError> {
        let targets = self.vault.with(|vault| Ok(vault.mailboxes())).await?;
        for target in targets {
            for _ in 0..ATTEMPTS {
                let (connection, target) = (connection, target.clone());
                let over = self.exchange_mailbox(connection, target, report, progress);
                if !over.await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Exchanges one mailbox, and says whether that has to be begun again.
    async fn exchange_mailbox(
        &self,
        connection: &Connection,
        target: MailboxTarget,
        report: &mut RelayReport,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<bool, NetError> {
        let mut talk = self.talk(connection, target).await?;
        let mut incoming = Incoming::new();
        let stream = self.fetch(&talk, false).await?;
        incoming.read(Source::Mailbox(0, stream));
        while !talk.over {
            let event = match incoming.next().await {
                Live::Mailbox(_, page) => incoming.gather(0, page).await,
                Live::Inbox(..) | Live::Over => break,
                Live::Failed(error) => return Err(error),
            };
            self.on_mailbox(&mut talk, event, report).await?;
            progress(report.received.saturating_add(report.sent));
        }
        let over = talk.over;
        self.finish(talk).await?;
        Ok(over)
    }

    pub(super) async fn talk<'a>(
        &self,
        connection: &'a Connection,
        target: MailboxTarget,
    ) -> Result<Talk<'a>, NetError> {
        connection
            .prove(Role::Mailbox, target.mailbox, &target.key)
            .await?;
        let (book, relay) = (target.book, connection.relay());
        let session = self
            .vault
            .with(move |vault| vault.session(&book, &relay))
            .await?;
        Ok(Talk {
            target,
            session,
            connection,
            waiting: Vec::new(),
            receipts: Vec::new(),
            over: false,
            split: false,
        })
    }

    pub(super) async fn fetch(
        &self,
        talk: &Talk<'_>,
        live: bool,
    ) -> Result<techo_client::MailboxStream, NetError> {
        let book = talk.target.book;
        let cursors = self.vault.with(move |vault| vault.cursors(&book)).await?;
        Ok(talk
            .connection
            .fetch(talk.target.mailbox, cursors, live)
            .await?)
    }

    /// Keeps the receipts of a conversation.
    pub(super) async fn finish(&self, talk: Talk<'_>) -> Result<(), NetError> {
        let (book, receipts) = (talk.target.book, talk.receipts);
        // Later receipts cover earlier ones: one per feed is enough, and they come in order.
        let newest = newest(receipts);
        Ok(self
            .vault
            .with(move |vault| vault.remember(&book, &newest))
            .await?)
    }

    pub(super) async fn on_mailbox(
        &self,
        talk: &mut Talk<'_>,
        event: Fetched,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        match event {
            Fetched::Heads(heads) => {
                self.step(talk, Event::Heads(heads), report).await?;
            }
            Fetched::CaughtUp => self.step(talk, Event::CaughtUp, report).await?,
            Fetched::Envelopes(list) => self.on_envelopes(talk, list, report).await?,
        }
        Ok(())
    }

    async fn on_envelopes(
        &self,
        talk: &mut Talk<'_>,
        list: Verified,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        let Verified { envelopes, forged } = list;
        let mut batch = std::mem::take(&mut talk.waiting);
        batch.extend(envelopes);
        let (received, actions) = loop {
            let (book, split) = (talk.target.book, talk.split);
            let mut session = std::mem::take(&mut talk.session);
            let take = move |vault: &mut Vault| {
                if !split && let Some(fork) = vault.own_fork(&book, &batch)? {
                    return Ok((session, Err((fork, batch))));
                }
                let mut received = vault.receive(&book, batch)?;
                let heads = std::mem::take(&mut received.heads);
                let actions = session.handle(vault.feeds(&book)?, Event::Received(heads));
                Ok((session, Ok((received, actions))))
            };
            let (session, taken) = self.vault.with(take).await?;
            talk.session = session;
            match taken {
                Ok(taken) => break taken,
                Err((fork, untaken)) => {
                    if self.mend(talk, fork, report).await? {
                        return Ok(());
                    }
                    batch = untaken;
                }
            }
        };
        report.received += received.accepted;
        report.healed += received.healed;
        report.refused += received.refused + forged;
        talk.waiting = received.waiting;
        for finding in &received.findings {
            report.report(finding);
        }
        self.act(talk, actions, Vec::new(), report).await
    }

    /// Lets the session decide and does what it says.
    pub(super) async fn step(
        &self,
        talk: &mut Talk<'_>,
        event: Event,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        self.step_all(std::slice::from_mut(talk), event, report)
            .await
    }

    /// Lets all sessions decide in one turn, and does what they say.
    pub(super) async fn step_all(
        &self,
        talks: &mut [Talk<'_>],
        event: Event,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        let take = |talk: &mut Talk<'_>| (talk.target.book, std::mem::take(&mut talk.session));
        let sessions: Vec<_> = talks.iter_mut().map(take).collect();
        let decide = move |vault: &mut Vault| {
            let decided = sessions.into_iter().map(|(book, mut session)| {
                let actions = session.handle(vault.feeds(&book)?, event.clone());
                // Read in the same turn: an own write is on its way one hand-over sooner.
                let first = match actions.as_slice() {
                    [Action::Append { feed, from, to }] => {
                        vault.envelopes(&book, feed, *from, *to, READ_BYTES)?
                    }
                    _ => Vec::new(),
                };
                Ok((session, actions, first))
            });
            decided.collect::<Result<Vec<_>, VaultError>>()
        };
        let decided = self.vault.with(decide).await?;
        for (talk, (session, actions, first)) in talks.iter_mut().zip(decided) {
            talk.session = session;
            self.act(talk, actions, first, report).await?;
        }
        Ok(())
    }

    /// Does what the session says; `first` is what was read already of a single append.
    async fn act(
        &self,
        talk: &mut Talk<'_>,
        actions: Vec<Action>,
        mut first: Vec<Envelope>,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        for action in actions {
            if talk.over {
                break;
            }
            match action {
                Action::Admit(feed) => {
                    talk.connection
                        .admit_feed(talk.target.mailbox, feed)
                        .await?;
                }
                Action::Append { feed, from, to } => {
                    let first = std::mem::take(&mut first);
                    let receipts = self.append(talk, feed, from..=to, first, report).await?;
                    let heads = receipts.iter().flat_map(AppendReceipt::heads);
                    talk.session.acknowledge(heads.copied());
                    talk.receipts.extend(receipts);
                }
                Action::Inspect { feed, sequence } => {
                    self.inspect(talk, feed, sequence, report).await?;
                }
                Action::Report(finding) => {
                    report.report(&finding);
                    if matches!(finding, Finding::Rollback { .. }) {
                        let note = |vault: &mut Vault| {
                            vault.rolled_back();
                            Ok(())
                        };
                        self.vault.with(note).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Appends a range of a feed, of which `chunk` was read already.
    async fn append(
        &self,
        talk: &Talk<'_>,
        feed: FeedId,
        range: RangeInclusive<u64>,
        mut chunk: Vec<Envelope>,
        report: &mut RelayReport,
    ) -> Result<Vec<AppendReceipt>, NetError> {
        let (book, mut from, to) = (talk.target.book, *range.start(), *range.end());
        let mut receipts = Vec::new();
        while from <= to {
            if chunk.is_empty() {
                chunk = self
                    .vault
                    .with(move |vault| vault.envelopes(&book, &feed, from, to, READ_BYTES))
                    .await?;
            }
            let Some(last) = chunk.last() else { break };
            from = last.seq().saturating_add(1);
            receipts.extend(talk.connection.append(talk.target.mailbox, &chunk).await?);
            report.sent += chunk.len();
            chunk.clear();
        }
        Ok(receipts)
    }

    pub(super) async fn exchange_inboxes(
        &self,
        connection: &Connection,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        let targets = self.vault.with(|vault| Ok(vault.inboxes())).await?;
        for target in targets {
            if target
                .relay
                .as_ref()
                .is_some_and(|relay| relay.key() != connection.relay())
            {
                continue;
            }
            // An issuer's inbox uses a connection of its own, so that the relay cannot link it with
            // the family's mailboxes.
            let own = match &target.relay {
                Some(relay) => Some(self.client.connect(relay).await?),
                None => None,
            };
            let used = own.as_ref().unwrap_or(connection);
            let read = self.read_inbox(used, target, report).await;
            if let Some(own) = own {
                own.close();
            }
            read?;
        }
        Ok(())
    }

    async fn read_inbox(
        &self,
        connection: &Connection,
        target: InboxTarget,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        self.open_inbox(connection, &target).await?;
        let relay = connection.relay();
        let asked = target.clone();
        let cursor = self
            .vault
            .with(move |vault| Ok(vault.inbox_cursor(&asked, &relay)))
            .await?;
        let mut stream = connection.fetch_inbox(target.inbox, cursor, false).await?;
        while let Some(event) = stream.next().await? {
            if let InboxEvent::Items(items) = event {
                self.on_items(connection, &target, items, report).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn open_inbox(
        &self,
        connection: &Connection,
        target: &InboxTarget,
    ) -> Result<(), NetError> {
        connection
            .prove(Role::Inbox, target.inbox, &target.key)
            .await?;
        if let Some((key, quota)) = target.admit {
            connection.admit_key(target.inbox, key, quota).await?;
        }
        Ok(())
    }

    pub(super) async fn on_items(
        &self,
        connection: &Connection,
        target: &InboxTarget,
        items: Vec<(u64, techo_wire::SealedItem)>,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        let (relay, now) = (connection.relay(), (self.clock)());
        let target = target.clone();
        let received = self
            .vault
            .with(move |vault| vault.receive_items(&target, &relay, items, now))
            .await?;
        report.official += received.official;
        report.bindings += received.bindings;
        report.granted += received.granted;
        report.refused += received.refused.len();
        report.refusals.extend(received.refused);
        Ok(())
    }

    /// Does what the books ask of this device: offers itself to new handbooks, lets the family's
    /// other devices into those it holds.
    pub(super) async fn chores(
        &self,
        connection: &Connection,
        _report: &mut RelayReport,
    ) -> Result<Chores, NetError> {
        let now = (self.clock)();
        let mut waiting = false;
        let (written, outgoing) = self.vault.with(move |vault| vault.chores(now)).await?;
        for grant in &outgoing {
            connection
                .prove(Role::Append, grant.inbox, &grant.key)
                .await?;
            match connection
                .put(grant.inbox, grant.key.append(), &grant.item)
                .await
            {
                Ok(_) => {
                    let inbox = grant.inbox;
                    self.vault.with(move |vault| vault.granted(inbox)).await?;
                }
                // The device has not opened its inbox at this relay yet: next time.
                Err(techo_client::ClientError::Refused { .. }) => waiting = true,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Chores { written, waiting })
    }
}

/// What became of the chores.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chores {
    /// Whether entries were written.
    pub(super) written: bool,
    /// Whether a device has yet to open the inbox in which its grant is to lie.
    pub(super) waiting: bool,
}

/// Keeps the last receipt of every feed, in order.
fn newest(receipts: Vec<AppendReceipt>) -> Vec<AppendReceipt> {
    let mut seen = std::collections::BTreeSet::new();
    let mut kept: Vec<AppendReceipt> = receipts
        .into_iter()
        .rev()
        .filter(|receipt| {
            let fresh = receipt
                .heads()
                .iter()
                .filter(|head| seen.insert(head.feed))
                .count();
            fresh > 0
        })
        .collect();
    kept.reverse();
    kept
}
