//! What is done about a feed of which a relay has other entries than those held here: they are fetched
//! and looked at. Whether they prove a fork, and what follows, the vault decides.

use techo_client::MailboxEvent;
use techo_wire::{Envelope, FeedId};

use crate::net::driver::{Driver, NetError, RelayReport};
use crate::net::exchange::Talk;
use crate::sync::{Finding, Trace};
use crate::vault::Adoption;

impl Driver {
    /// Fetches the entry that the relay claims to hold instead of ours: signed by the feed it proves a
    /// fork, and otherwise the relay contradicts itself.
    pub(super) async fn inspect(
        &self,
        talk: &mut Talk<'_>,
        feed: FeedId,
        sequence: u64,
        report: &mut RelayReport,
    ) -> Result<(), NetError> {
        let claimed = self.claimed(talk, feed, sequence, sequence).await?;
        let Some(claimed) = self.heal(talk, claimed, report).await? else {
            return Ok(());
        };
        let book = talk.target.book;
        let received = self
            .vault
            .with(move |vault| vault.receive(&book, claimed))
            .await?;
        if received.findings.is_empty() {
            report.report(&Finding::Contradiction { feed, sequence });
        }
        for finding in &received.findings {
            report.report(finding);
        }
        Ok(())
    }

    /// Returns the envelopes, unless they show that the feed which this device writes has forked and
    /// that was healed: then the conversation is to be begun again.
    async fn heal(
        &self,
        talk: &mut Talk<'_>,
        envelopes: Vec<Envelope>,
        report: &mut RelayReport,
    ) -> Result<Option<Vec<Envelope>>, NetError> {
        if talk.split {
            return Ok(Some(envelopes));
        }
        let book = talk.target.book;
        let (fork, envelopes) = self
            .vault
            .with(move |vault| Ok((vault.own_fork(&book, &envelopes)?, envelopes)))
            .await?;
        let mended = match fork {
            Some(fork) => self.mend(talk, fork, report).await?,
            None => false,
        };
        Ok((!mended).then_some(envelopes))
    }

    /// Heals a fork of the own feed if that can be done, and says so: then the conversation is over.
    /// Otherwise the feed counts as split, and is not asked about again.
    pub(super) async fn mend(
        &self,
        talk: &mut Talk<'_>,
        (feed, sequence): (FeedId, u64),
        report: &mut RelayReport,
    ) -> Result<bool, NetError> {
        let done = self.adopt_tail(talk, feed, sequence).await?;
        talk.over |= done.is_some();
        talk.split |= done.is_none();
        if let Some(done) = &done {
            report.report(done);
        }
        Ok(done.is_some())
    }

    /// Goes back through the relay's entries of an own feed to where it went two ways, and lets the
    /// vault say again what it wrote from there on.
    async fn adopt_tail(
        &self,
        talk: &Talk<'_>,
        feed: FeedId,
        sequence: u64,
    ) -> Result<Option<Finding>, NetError> {
        let book = talk.target.book;
        let mut next = Some(Trace::new(sequence));
        while let Some(trace) = next {
            let claimed = self.claimed(talk, feed, trace.from(), trace.to()).await?;
            let adopt = self
                .vault
                .with(move |vault| vault.adopt_tail(&book, &feed, &claimed));
            match adopt.await? {
                Adoption::Done(finding) => return Ok(Some(finding)),
                Adoption::Earlier => next = trace.earlier(),
                Adoption::Refused => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Fetches entries `from..=to` of one feed as the relay has them, whatever is held here.
    async fn claimed(
        &self,
        talk: &Talk<'_>,
        feed: FeedId,
        from: u64,
        to: u64,
    ) -> Result<Vec<Envelope>, NetError> {
        let book = talk.target.book;
        let mut cursors = self.vault.with(move |vault| vault.cursors(&book)).await?;
        for cursor in cursors.iter_mut().filter(|cursor| cursor.feed == feed) {
            cursor.next = from;
        }
        let connection = talk.connection;
        let mut stream = connection
            .fetch(talk.target.mailbox, cursors, false)
            .await?;
        let mut claimed: Vec<Envelope> = Vec::new();
        while let Some(event) = stream.next().await? {
            let MailboxEvent::Envelopes(list) = event else {
                continue;
            };
            let wanted = list.into_iter().filter(|envelope| envelope.feed() == feed);
            let verified = wanted.filter_map(|envelope| envelope.verify().ok());
            claimed.extend(verified.filter(|envelope| (from..=to).contains(&envelope.seq())));
        }
        claimed.sort_by_key(Envelope::seq);
        Ok(claimed)
    }
}
