//! What relays send of all boxes of a conversation, in one queue: read ahead, with signatures
//! verified on other threads, in each relay's order.

use techo_client::{InboxEvent, InboxStream, MailboxEvent, MailboxStream};
use techo_wire::{Envelope, Head, UnverifiedEnvelope};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::net::driver::NetError;

/// Events under way: pages that are read and verified while the vault takes those before.
const QUEUE: usize = 32;
/// Envelopes taken into the vault at once, about: each batch costs one flush of the disk and one
/// pass over the documents that it touches.
const BATCH: usize = 4_096;
/// So few envelopes are verified where they are, which costs less than handing them over.
const FEW: usize = 4;

/// What happened at a box, named by its place in the conversation.
#[derive(Debug)]
pub(super) enum Live {
    Mailbox(usize, Page),
    Inbox(usize, InboxEvent),
    /// A fetch that is not live has brought everything.
    Over,
    Failed(NetError),
}

/// A mailbox event whose signatures may still be under verification.
#[derive(Debug)]
pub(super) enum Page {
    Ready(Fetched),
    Verifying(JoinHandle<Verified>),
}

/// What a relay says about a mailbox.
#[derive(Debug)]
pub(super) enum Fetched {
    Heads(Vec<Head>),
    Envelopes(Verified),
    CaughtUp,
}

/// Envelopes that their feeds signed, and how many others there were.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub(super) envelopes: Vec<Envelope>,
    pub(super) forged: usize,
}

/// Where one box is read from.
pub(super) enum Source {
    Mailbox(usize, MailboxStream),
    Inbox(usize, InboxStream),
}

/// The queue, and the tasks that fill it; they end with it.
#[derive(Debug)]
pub(super) struct Incoming {
    sender: mpsc::Sender<Live>,
    queue: mpsc::Receiver<Live>,
    held: Option<Live>,
    readers: JoinSet<()>,
}

impl Incoming {
    pub(super) fn new() -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        Self {
            sender,
            queue,
            held: None,
            readers: JoinSet::new(),
        }
    }

    /// Reads from one more box.
    pub(super) fn read(&mut self, source: Source) {
        self.readers.spawn(forward(source, self.sender.clone()));
    }

    /// The next event. Safe to cancel.
    pub(super) async fn next(&mut self) -> Live {
        match self.held.take() {
            Some(event) => event,
            // `self` holds a sender: the queue never ends.
            None => self.queue.recv().await.unwrap_or(Live::Over),
        }
    }

    /// Waits for the signatures of a page of box `of`, and joins to it the pages that came behind
    /// it meanwhile.
    pub(super) async fn gather(&mut self, of: usize, page: Page) -> Fetched {
        let mut verified = match page.settle().await {
            Fetched::Envelopes(verified) => verified,
            other @ (Fetched::Heads(_) | Fetched::CaughtUp) => return other,
        };
        while verified.envelopes.len() < BATCH {
            match self.queue.try_recv() {
                Ok(Live::Mailbox(index, page)) if index == of => match page.settle().await {
                    Fetched::Envelopes(more) => verified.join(more),
                    other @ (Fetched::Heads(_) | Fetched::CaughtUp) => {
                        self.held = Some(Live::Mailbox(of, Page::Ready(other)));
                        break;
                    }
                },
                Ok(other) => {
                    self.held = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        Fetched::Envelopes(verified)
    }
}

impl Page {
    fn begin(event: MailboxEvent) -> Self {
        match event {
            MailboxEvent::Heads(heads) => Self::Ready(Fetched::Heads(heads)),
            MailboxEvent::CaughtUp => Self::Ready(Fetched::CaughtUp),
            MailboxEvent::Envelopes(list) if list.len() <= FEW => {
                Self::Ready(Fetched::Envelopes(Verified::verify(list)))
            }
            MailboxEvent::Envelopes(list) => {
                Self::Verifying(tokio::task::spawn_blocking(move || Verified::verify(list)))
            }
        }
    }

    async fn settle(self) -> Fetched {
        match self {
            Self::Ready(fetched) => fetched,
            // A thread that panicked leaves nothing: what is missing is asked for again.
            Self::Verifying(verifying) => Fetched::Envelopes(verifying.await.unwrap_or_default()),
        }
    }
}

impl Verified {
    fn verify(list: Vec<UnverifiedEnvelope>) -> Self {
        let total = list.len();
        let verified = list
            .into_iter()
            .filter_map(|envelope| envelope.verify().ok());
        let envelopes: Vec<Envelope> = verified.collect();
        let forged = total.saturating_sub(envelopes.len());
        Self { envelopes, forged }
    }

    fn join(&mut self, next: Self) {
        self.envelopes.extend(next.envelopes);
        self.forged = self.forged.saturating_add(next.forged);
    }
}

impl Source {
    async fn next(&mut self) -> Result<Option<Live>, NetError> {
        Ok(match self {
            Self::Mailbox(index, stream) => stream
                .next()
                .await?
                .map(|event| Live::Mailbox(*index, Page::begin(event))),
            Self::Inbox(index, stream) => {
                stream.next().await?.map(|event| Live::Inbox(*index, event))
            }
        })
    }
}

/// Passes events on until the stream ends or nobody listens.
async fn forward(mut source: Source, sender: mpsc::Sender<Live>) {
    loop {
        let event = match source.next().await {
            Ok(event) => event.unwrap_or(Live::Over),
            Err(error) => Live::Failed(error),
        };
        let over = matches!(event, Live::Failed(_) | Live::Over);
        if sender.send(event).await.is_err() || over {
            return;
        }
    }
}
