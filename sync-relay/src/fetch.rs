//! Sends what a box holds, then what arrives. It reads the store page by page, so that a slow
//! reader costs one page and a fast one is not held up.

use crate::notices::News;
use crate::sending::{Gone, write};
use crate::session::Session;
use crate::store::{EnvelopePage, ItemPage, MailboxStore, Positions, StoreError, Write};
use std::sync::Arc;
use techo_wire::{
    Cursor, ErrorCode, Frame, Head, InboxCursor, InboxId, MailboxId, UnverifiedEnvelope,
};
use tokio::sync::watch;

/// About how many bytes go into one frame.
const PAGE: usize = 128 << 10;
/// How many heads fit one frame with room to spare.
const MAX_HEADS: usize = 2_048;

/// A request to be sent a box.
#[derive(Clone, Debug)]
pub(crate) enum Fetch {
    Mailbox {
        mailbox: MailboxId,
        cursors: Vec<Cursor>,
        live: bool,
    },
    Inbox {
        inbox: InboxId,
        cursor: Option<InboxCursor>,
        live: bool,
    },
}

/// Why a fetch ends early.
enum End {
    /// Nobody reads any more.
    Gone,
    /// The reader is to be told.
    Refused(ErrorCode),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a box cannot be read");
        Self::Refused(ErrorCode::Storage)
    }
}

/// Serves one fetch; a live one returns when nobody reads any more or the relay stops.
pub(crate) async fn serve(
    session: &Session,
    send: &mut quinn::SendStream,
    fetch: Fetch,
) -> Result<(), Gone> {
    let end = match fetch {
        Fetch::Mailbox {
            mailbox,
            cursors,
            live,
        } => {
            let positions = cursors
                .into_iter()
                .map(|cursor| (cursor.feed, cursor.next))
                .collect();
            let reading = MailboxReading {
                session,
                mailbox,
                positions,
                arrivals: 0,
                losses: 0,
            };
            Box::pin(reading.serve(send, live)).await
        }
        Fetch::Inbox {
            inbox,
            cursor,
            live,
        } => Box::pin(serve_inbox(session, send, inbox, cursor, live)).await,
    };
    match end {
        Ok(()) => Ok(()),
        Err(End::Gone) => Err(Gone),
        Err(End::Refused(code)) => {
            write(
                send,
                &Frame::Error {
                    code,
                    expected: None,
                },
            )
            .await
        }
    }
}

/// Where one fetch of a mailbox stands.
struct MailboxReading<'s> {
    session: &'s Session,
    mailbox: MailboxId,
    positions: Positions,
    /// How many arrivals in this mailbox the reader has seen.
    arrivals: u64,
    /// How many losses of this mailbox the reader was told of.
    losses: u64,
}

impl MailboxReading<'_> {
    async fn serve(mut self, send: &mut quinn::SendStream, live: bool) -> Result<(), End> {
        // Watched before anything is read, so that nothing falls in between.
        let mut watcher = self.session.shared.notices.watch(self.mailbox.into());
        let seen = watcher.news.borrow_and_update().clone();
        (self.arrivals, self.losses) = (seen.arrivals, seen.losses);
        self.send_heads(send).await?;
        self.send_stored(send).await?;
        write(send, &Frame::CaughtUp).await?;
        if !live {
            return Ok(());
        }
        loop {
            let news = next_news(self.session, send, &mut watcher.news).await?;
            let in_step = news.arrivals == self.arrivals.wrapping_add(1);
            self.arrivals = news.arrivals;
            if news.losses != self.losses {
                self.losses = news.losses;
                self.session.sent.forget(self.mailbox);
                self.send_heads(send).await?;
                self.send_stored(send).await?;
                continue;
            }
            self.session.sent.pass(self.mailbox, &mut self.positions);
            match news
                .latest
                .filter(|_| in_step)
                .and_then(|new| self.follow(&new))
            {
                Some(envelopes) if envelopes.is_empty() => {}
                Some(envelopes) => write(send, &Frame::Envelopes { envelopes }).await?,
                None => self.send_stored(send).await?,
            }
        }
    }

    /// What of the latest envelopes the reader lacks, if each follows what it has; it has it then.
    fn follow(&mut self, latest: &[UnverifiedEnvelope]) -> Option<Vec<UnverifiedEnvelope>> {
        let mut positions = self.positions.clone();
        let mut lacking = Vec::new();
        for envelope in latest {
            let next = positions.entry(envelope.feed()).or_default();
            if envelope.seq() > *next {
                return None;
            }
            if envelope.seq() == *next {
                *next = next.saturating_add(1);
                lacking.push(envelope.clone());
            }
        }
        self.positions = positions;
        Some(lacking)
    }

    async fn send_heads(&self, send: &mut quinn::SendStream) -> Result<(), End> {
        let mailbox = self.mailbox;
        let mut heads: Vec<Head> =
            blocking(self.session, move |store| store.heads(mailbox)).await?;
        heads.truncate(MAX_HEADS);
        Ok(write(send, &Frame::Heads { mailbox, heads }).await?)
    }

    async fn send_stored(&mut self, send: &mut quinn::SendStream) -> Result<(), End> {
        loop {
            let (mailbox, mut positions) = (self.mailbox, std::mem::take(&mut self.positions));
            let (page, positions) = blocking(self.session, move |store| {
                let page = store.envelopes(mailbox, &mut positions, PAGE)?;
                Ok((page, positions))
            })
            .await?;
            self.positions = positions;
            let EnvelopePage {
                envelopes,
                lost,
                more,
            } = page;
            if !envelopes.is_empty() {
                write(send, &Frame::Envelopes { envelopes }).await?;
            }
            if let Some(lost) = lost {
                let write = Write::FallBack { mailbox, lost };
                let told = self.session.shared.committer.submit(write, None).await;
                told.await
                    .map_err(|_| End::Refused(ErrorCode::ShuttingDown))?
                    .map_err(|refusal| End::Refused(refusal.code))?;
                self.send_heads(send).await?;
            } else if !more {
                return Ok(());
            }
        }
    }
}

async fn serve_inbox(
    session: &Session,
    send: &mut quinn::SendStream,
    inbox: InboxId,
    cursor: Option<InboxCursor>,
    live: bool,
) -> Result<(), End> {
    let mut watcher = session.shared.notices.watch(inbox.into());
    watcher.news.mark_unchanged();
    let mut from = blocking(session, move |store| store.resume(inbox, cursor)).await?;
    send_items(session, send, inbox, &mut from).await?;
    write(send, &Frame::CaughtUp).await?;
    if !live {
        return Ok(());
    }
    loop {
        next_news(session, send, &mut watcher.news).await?;
        send_items(session, send, inbox, &mut from).await?;
    }
}

async fn send_items(
    session: &Session,
    send: &mut quinn::SendStream,
    inbox: InboxId,
    from: &mut u64,
) -> Result<(), End> {
    loop {
        let start = *from;
        let page = blocking(session, move |store| store.items(inbox, start, PAGE)).await?;
        let ItemPage { items, next } = page;
        if next == start {
            return Ok(());
        }
        *from = next;
        if !items.is_empty() {
            write(send, &Frame::Items { items }).await?;
        }
    }
}

/// Waits until the box changes, the reader goes or the relay stops.
async fn next_news(
    session: &Session,
    send: &quinn::SendStream,
    news: &mut watch::Receiver<News>,
) -> Result<News, End> {
    let mut stopping = session.shared.stopping.clone();
    tokio::select! {
        _ = stopping.wait_for(|stop| *stop) => Err(End::Refused(ErrorCode::ShuttingDown)),
        _ = send.stopped() => Err(End::Gone),
        changed = news.changed() => match changed {
            Ok(()) => Ok(news.borrow_and_update().clone()),
            Err(_) => Err(End::Refused(ErrorCode::ShuttingDown)),
        },
    }
}

/// Reads the store off the network's threads.
async fn blocking<T: Send + 'static>(
    session: &Session,
    read: impl FnOnce(&dyn MailboxStore) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, End> {
    let store = Arc::clone(&session.shared.store);
    match tokio::task::spawn_blocking(move || read(store.as_ref())).await {
        Ok(read) => Ok(read?),
        Err(_) => Err(End::Refused(ErrorCode::Storage)),
    }
}
