//! Many callers' requests on one stream, answered in order; a lost answer fails every caller.

use crate::error::{ClientError, Misbehaviour};
use crate::frames::{Incoming, Progress, write_all};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use techo_wire::frame::encode_frame;
use techo_wire::{ErrorCode, Frame};
use tokio::sync::{mpsc, oneshot};

/// How many requests wait for a place on the stream before callers are held back.
const WAITING: usize = 16;
/// How many requests may be on their way at once.
const ON_THE_WAY: usize = 64;

type Answer = oneshot::Sender<Result<Frame, ClientError>>;

/// The request stream of one connection.
#[derive(Debug)]
pub(crate) struct Pipeline {
    requests: mpsc::Sender<(Vec<u8>, Answer)>,
    connection: quinn::Connection,
}

/// An answer that has not come yet.
#[derive(Debug)]
pub(crate) struct Pending {
    answer: oneshot::Receiver<Result<Frame, ClientError>>,
    connection: quinn::Connection,
}

/// With which code the client closes a connection it gave up, so that both ends know why.
const BROKEN: u32 = 0x100;
pub(crate) const DONE: u32 = 0;

impl Pipeline {
    pub(crate) async fn open(
        connection: quinn::Connection,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let (send, receive) = connection.open_bi().await?;
        let (requests, queue) = mpsc::channel(WAITING);
        let (order, answers) = mpsc::channel(ON_THE_WAY);
        let progress = Progress::default();
        let incoming = Incoming::new(receive, Arc::clone(&progress));
        tokio::spawn(write(send, queue, order, Arc::clone(&progress)));
        tokio::spawn(read(
            incoming,
            answers,
            progress,
            patience,
            connection.clone(),
        ));
        Ok(Self {
            requests,
            connection,
        })
    }

    /// Puts a request on the stream; the answer is awaited apart.
    pub(crate) async fn submit(&self, frame: &Frame) -> Result<Pending, ClientError> {
        let bytes = encode_frame(frame).map_err(|_| ClientError::TooLarge)?;
        let (tell, answer) = oneshot::channel();
        self.requests
            .send((bytes, tell))
            .await
            .map_err(|_| why(&self.connection))?;
        Ok(Pending {
            answer,
            connection: self.connection.clone(),
        })
    }

    pub(crate) async fn request(&self, frame: &Frame) -> Result<Frame, ClientError> {
        self.submit(frame).await?.answer().await
    }
}

impl Pending {
    pub(crate) async fn answer(self) -> Result<Frame, ClientError> {
        match self.answer.await {
            Ok(Ok(Frame::Error { code, expected })) => Err(refused(code, expected)),
            Ok(outcome) => outcome,
            Err(_) => Err(why(&self.connection)),
        }
    }
}

pub(crate) fn refused(code: ErrorCode, expected: Option<u64>) -> ClientError {
    match code {
        ErrorCode::Version => ClientError::Version,
        _ => ClientError::Refused { code, expected },
    }
}

/// Why a connection is no longer of use.
fn why(connection: &quinn::Connection) -> ClientError {
    match connection.close_reason() {
        Some(quinn::ConnectionError::LocallyClosed) | None => ClientError::Closed(None),
        Some(reason) => reason.into(),
    }
}

async fn write(
    mut stream: quinn::SendStream,
    mut queue: mpsc::Receiver<(Vec<u8>, Answer)>,
    order: mpsc::Sender<Answer>,
    progress: Progress,
) {
    while let Some((bytes, answer)) = queue.recv().await {
        if order.send(answer).await.is_err() {
            return;
        }
        if write_all(&mut stream, &bytes, &progress).await.is_err() {
            // The relay stopped reading; `read` still takes what it said before.
            return;
        }
    }
    drop(stream.finish());
}

async fn read(
    mut incoming: Incoming,
    mut answers: mpsc::Receiver<Answer>,
    progress: Progress,
    patience: Duration,
    connection: quinn::Connection,
) {
    while let Some(answer) = answers.recv().await {
        let outcome = next_in_time(&mut incoming, &progress, patience).await;
        let outcome = outcome.and_then(|frame| frame.ok_or_else(|| why(&connection)));
        if let Err(error) = &outcome {
            tracing::debug!(%error, "request stream failed");
        }
        let failed = outcome.is_err();
        // A caller that stopped waiting has dropped its end.
        drop(answer.send(outcome));
        if failed {
            connection.close(BROKEN.into(), b"");
            return;
        }
    }
    connection.close(DONE.into(), b"");
}

/// The next frame, unless nothing moved either way for as long as `patience`.
pub(crate) async fn next_in_time(
    incoming: &mut Incoming,
    progress: &Progress,
    patience: Duration,
) -> Result<Option<Frame>, ClientError> {
    let mut seen = progress.load(Ordering::Relaxed);
    loop {
        if let Ok(outcome) = tokio::time::timeout(patience, incoming.next_frame()).await {
            return outcome;
        }
        let now = progress.load(Ordering::Relaxed);
        if now == seen {
            return Err(ClientError::TimedOut);
        }
        seen = now;
    }
}

pub(crate) fn unexpected() -> ClientError {
    ClientError::misbehaved(Misbehaviour::Unexpected)
}
