//! What a relay sends of one box, as events; positions and proofs are the caller's business.

use crate::error::{ClientError, Misbehaviour};
use crate::frames::{Incoming, Progress, write_all};
use crate::link::Link;
use crate::pipeline::{next_in_time, refused, unexpected};
use std::sync::Arc;
use std::time::Duration;
use techo_wire::frame::{PlacedItem, encode_frame};
use techo_wire::{Frame, Head, MailboxId, SealedItem, UnverifiedEnvelope};

/// What a relay says about a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailboxEvent {
    /// What it holds. First of all, and again if it finds that it has lost something.
    Heads(Vec<Head>),
    /// Envelopes, in the order in which they arrived there.
    Envelopes(Vec<UnverifiedEnvelope>),
    /// Everything stored was sent; what follows is live.
    CaughtUp,
}

/// What a relay says about an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboxEvent {
    /// Items with their positions.
    Items(Vec<(u64, SealedItem)>),
    /// Everything stored was sent; what follows is live.
    CaughtUp,
}

/// A fetch under way.
#[derive(Debug)]
struct Fetching {
    incoming: Incoming,
    progress: Progress,
    patience: Duration,
    live: bool,
    caught_up: bool,
    /// Keeps the connection open for as long as somebody reads.
    _link: Arc<Link>,
}

impl Fetching {
    async fn open(link: Arc<Link>, request: &Frame, live: bool) -> Result<Self, ClientError> {
        let bytes = encode_frame(request).map_err(|_| ClientError::TooLarge)?;
        let patience = link.patience;
        let progress = Progress::default();
        let opened = async {
            let (mut send, receive) = link.quic.open_bi().await?;
            write_all(&mut send, &bytes, &progress).await?;
            // The request is whole: nothing else will come on this stream.
            drop(send.finish());
            Ok::<_, ClientError>(receive)
        };
        let receive = tokio::time::timeout(patience, opened)
            .await
            .map_err(|_| ClientError::TimedOut)??;
        let incoming = Incoming::new(receive, Arc::clone(&progress));
        Ok(Self {
            incoming,
            progress,
            patience,
            live,
            caught_up: false,
            _link: link,
        })
    }

    /// The next frame; `None` once everything was sent and the fetch is not live.
    async fn next(&mut self) -> Result<Option<Frame>, ClientError> {
        if self.caught_up && !self.live {
            return Ok(None);
        }
        let frame = if self.caught_up {
            self.incoming.next_frame().await?
        } else {
            next_in_time(&mut self.incoming, &self.progress, self.patience).await?
        };
        match frame {
            None => Err(ClientError::Closed(None)),
            Some(Frame::Error { code, expected }) => Err(refused(code, expected)),
            Some(Frame::CaughtUp) if self.caught_up => Err(unexpected()),
            Some(frame) => {
                self.caught_up |= frame == Frame::CaughtUp;
                Ok(Some(frame))
            }
        }
    }
}

/// A fetch of a mailbox. Dropping it ends the fetch.
#[derive(Debug)]
pub struct MailboxStream {
    fetching: Fetching,
    mailbox: MailboxId,
}

impl MailboxStream {
    pub(crate) async fn open(
        link: Arc<Link>,
        mailbox: MailboxId,
        request: &Frame,
        live: bool,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            fetching: Fetching::open(link, request, live).await?,
            mailbox,
        })
    }

    /// The next event; `None` after `CaughtUp` unless the fetch is live. Safe to cancel.
    pub async fn next(&mut self) -> Result<Option<MailboxEvent>, ClientError> {
        match self.fetching.next().await? {
            None => Ok(None),
            Some(Frame::Heads { mailbox, heads }) if mailbox == self.mailbox => {
                Ok(Some(MailboxEvent::Heads(heads)))
            }
            Some(Frame::Envelopes { envelopes }) => Ok(Some(MailboxEvent::Envelopes(envelopes))),
            Some(Frame::CaughtUp) => Ok(Some(MailboxEvent::CaughtUp)),
            Some(_) => Err(ClientError::misbehaved(Misbehaviour::Unexpected)),
        }
    }
}

/// A fetch of an inbox. Dropping it ends the fetch.
#[derive(Debug)]
pub struct InboxStream {
    fetching: Fetching,
}

impl InboxStream {
    pub(crate) async fn open(
        link: Arc<Link>,
        request: &Frame,
        live: bool,
    ) -> Result<Self, ClientError> {
        Ok(Self {
            fetching: Fetching::open(link, request, live).await?,
        })
    }

    /// The next event; `None` after `CaughtUp` unless the fetch is live. Safe to cancel.
    pub async fn next(&mut self) -> Result<Option<InboxEvent>, ClientError> {
        match self.fetching.next().await? {
            None => Ok(None),
            Some(Frame::Items { items }) => {
                let placed = |PlacedItem { position, item }| (position, item);
                Ok(Some(InboxEvent::Items(
                    items.into_iter().map(placed).collect(),
                )))
            }
            Some(Frame::CaughtUp) => Ok(Some(InboxEvent::CaughtUp)),
            Some(_) => Err(ClientError::misbehaved(Misbehaviour::Unexpected)),
        }
    }
}
