//! One stream: requests in, answers out in the same order. Requests are handed to the store as
//! they come, so that one flush to disk serves many.

use crate::commit::Outcome;
use crate::fetch::{self, Fetch};
use crate::sending::{Gone, write, write_times};
use crate::session::{SMALL, Session};
use crate::store::{Kept, Refusal, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use techo_wire::frame::{self, FrameError};
use techo_wire::{
    AppendReceipt, BoxKey, Envelope, ErrorCode, Frame, FrameReader, Head, InboxId, ItemHash, Label,
    MailboxId, PutReceipt, Role, SignedReceipt, UnverifiedEnvelope,
};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

/// How many answers of a stream may be outstanding.
const OUTSTANDING: usize = 32;
const CHUNK: usize = 64 << 10;
/// From how many envelopes on signatures are verified off the network's threads.
const MANY: usize = 8;

/// What is to be sent for one request.
enum Answer {
    Now(Frame),
    /// Once the write is durable.
    Kept(oneshot::Receiver<Outcome>, About),
    /// What became of a write, already known.
    Told(Outcome, About),
    Fetch(Fetch),
    /// The error ends the stream.
    Last(ErrorCode),
}

/// What a receipt will be about.
#[derive(Clone, Copy)]
enum About {
    Nothing,
    Mailbox(MailboxId),
    Item(InboxId, ItemHash),
}

/// Serves one stream to its end.
pub(crate) async fn serve(
    session: Arc<Session>,
    mut send: quinn::SendStream,
    receive: quinn::RecvStream,
) {
    // Boxed: a channel holds room for all from the beginning, and most streams wait idle.
    let (queue, answers) = mpsc::channel(OUTSTANDING);
    let requests = Box::pin(read_requests(&session, receive, queue));
    let sending = Box::pin(send_answers(&session, &mut send, answers));
    let ((), outcome) = tokio::join!(requests, sending);
    if outcome.is_ok() {
        drop(send.finish());
        // Until the other side has everything, or gave up.
        let patience = session.shared.limits.drain;
        drop(tokio::time::timeout(patience, send.stopped()).await);
    }
}

async fn read_requests(
    session: &Session,
    mut receive: quinn::RecvStream,
    queue: mpsc::Sender<Box<Answer>>,
) {
    let mut reader = FrameReader::default();
    let mut stopping = session.shared.stopping.clone();
    loop {
        let next = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => Err(ErrorCode::ShuttingDown),
            next = next_frame(session, &mut receive, &mut reader) => next,
        };
        let answer = match next {
            Ok(Some(request)) => answer(session, request).await,
            Ok(None) => return,
            Err(code) => Answer::Last(code),
        };
        let last = matches!(answer, Answer::Last(_));
        if queue.send(Box::new(answer)).await.is_err() || last {
            return;
        }
    }
}

async fn next_frame(
    session: &Session,
    receive: &mut quinn::RecvStream,
    reader: &mut FrameReader,
) -> Result<Option<Frame>, ErrorCode> {
    let mut large = None;
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => return Ok(Some(frame)),
            Ok(None) => {}
            Err(FrameError::TooLarge { .. }) => return Err(ErrorCode::TooLarge),
            Err(_) => return Err(ErrorCode::Malformed),
        }
        if large.is_none() && reader.len() > SMALL {
            large = session.large.acquire().await.ok();
        }
        match receive.read_chunk(CHUNK, true).await {
            Ok(Some(chunk)) => reader.push(&chunk.bytes),
            // The end of the stream, or of the connection: nobody waits for an error.
            Ok(None) | Err(_) => return Ok(None),
        }
    }
}

async fn answer(session: &Session, request: Frame) -> Answer {
    if !session.has_greeted() && !matches!(request, Frame::Hello { .. }) {
        return Answer::Last(ErrorCode::Version);
    }
    let answered = match request {
        Frame::Hello { versions } => return hello(session, &versions),
        Frame::Prove {
            box_key,
            role,
            key,
            signature,
        } => session
            .prove(box_key, role, key, &signature)
            .map(|()| Answer::Now(Frame::Done)),
        Frame::AdmitFeed { mailbox, feed } => {
            let write = Write::AdmitFeed { mailbox, feed };
            owned(
                session,
                mailbox.into(),
                Role::Mailbox,
                write,
                About::Nothing,
            )
            .await
        }
        Frame::AdmitKey {
            inbox,
            append_key,
            quota,
        } => {
            let write = Write::AdmitKey {
                inbox,
                append_key,
                quota,
            };
            owned(session, inbox.into(), Role::Inbox, write, About::Nothing).await
        }
        Frame::Append { mailbox, envelopes } => append(session, mailbox, envelopes).await,
        Frame::Put {
            inbox,
            append_key,
            item,
        } => match session.holds(inbox.into(), Role::Append, append_key.to_bytes()) {
            Ok(()) => {
                let about = About::Item(inbox, item.hash());
                let write = Write::Put {
                    inbox,
                    append_key,
                    item,
                };
                Ok(Answer::Kept(session.submit(write).await, about))
            }
            Err(code) => Err(code),
        },
        Frame::Fetch {
            mailbox,
            cursors,
            live,
        } => session.owns(mailbox.into(), Role::Mailbox).map(|()| {
            Answer::Fetch(Fetch::Mailbox {
                mailbox,
                cursors,
                live,
            })
        }),
        Frame::FetchInbox {
            inbox,
            cursor,
            live,
        } => session.owns(inbox.into(), Role::Inbox).map(|()| {
            Answer::Fetch(Fetch::Inbox {
                inbox,
                cursor,
                live,
            })
        }),
        Frame::Prune { inbox, items } => {
            let write = Write::Prune { inbox, items };
            owned(session, inbox.into(), Role::Inbox, write, About::Nothing).await
        }
        Frame::Welcome { .. }
        | Frame::Done
        | Frame::AppendReceipt { .. }
        | Frame::PutReceipt { .. }
        | Frame::Heads { .. }
        | Frame::Envelopes { .. }
        | Frame::Items { .. }
        | Frame::CaughtUp
        | Frame::Error { .. } => return Answer::Last(ErrorCode::Malformed),
    };
    answered.unwrap_or_else(|code| Answer::Now(error(code.into())))
}

fn hello(session: &Session, versions: &[u64]) -> Answer {
    if !versions.contains(&frame::VERSION) {
        return Answer::Last(ErrorCode::Version);
    }
    session.greet();
    Answer::Now(Frame::Welcome {
        version: frame::VERSION,
        relay: session.shared.identity.public(),
        store: session.shared.store.id(),
    })
}

async fn owned(
    session: &Session,
    box_key: BoxKey,
    role: Role,
    write: Write,
    about: About,
) -> Result<Answer, ErrorCode> {
    session.owns(box_key, role)?;
    Ok(Answer::Kept(session.submit(write).await, about))
}

async fn append(
    session: &Session,
    mailbox: MailboxId,
    envelopes: Vec<UnverifiedEnvelope>,
) -> Result<Answer, ErrorCode> {
    session.owns(mailbox.into(), Role::Mailbox)?;
    let many = envelopes.len() > MANY;
    let verify = move || {
        let verified = envelopes.into_iter().map(UnverifiedEnvelope::verify);
        verified
            .collect::<Result<Vec<Envelope>, _>>()
            .map_err(|_| ErrorCode::Signature)
    };
    let envelopes = if many {
        tokio::task::spawn_blocking(verify)
            .await
            .map_err(|_| ErrorCode::Busy)??
    } else {
        verify()?
    };
    let write = Write::Append { mailbox, envelopes };
    owned(
        session,
        mailbox.into(),
        Role::Mailbox,
        write,
        About::Mailbox(mailbox),
    )
    .await
}

async fn send_answers(
    session: &Session,
    send: &mut quinn::SendStream,
    mut answers: mpsc::Receiver<Box<Answer>>,
) -> Result<(), Gone> {
    let mut taken = None;
    loop {
        let next = match taken.take() {
            Some(answer) => Some(answer),
            None => answers.recv().await.map(|answer| *answer),
        };
        let Some(answer) = next else { return Ok(()) };
        match answer {
            Answer::Now(frame) => write(send, &frame).await?,
            Answer::Kept(told, about) => {
                let outcome = told.await.unwrap_or(Err(ErrorCode::ShuttingDown.into()));
                taken = tell(session, send, &mut answers, outcome, about).await?;
            }
            Answer::Told(outcome, about) => {
                taken = tell(session, send, &mut answers, outcome, about).await?;
            }
            Answer::Fetch(what) => Box::pin(fetch::serve(session, send, what)).await?,
            Answer::Last(code) => {
                write(send, &error(code.into())).await?;
                return Ok(());
            }
        }
    }
}

/// Says what became of a write, and of the appends behind it that the same receipt can speak for.
/// Returns the answer that it found after those.
async fn tell(
    session: &Session,
    send: &mut quinn::SendStream,
    answers: &mut mpsc::Receiver<Box<Answer>>,
    mut outcome: Outcome,
    about: About,
) -> Result<Option<Answer>, Gone> {
    let (mut count, mut after) = (1, None);
    if let (Ok(Kept::Appended(heads)), About::Mailbox(mailbox)) = (&mut outcome, about) {
        while after.is_none()
            && let Ok(answer) = answers.try_recv()
        {
            match continued(*answer, mailbox, heads) {
                ControlFlow::Continue(later) => {
                    *heads = later;
                    count += 1;
                }
                ControlFlow::Break(other) => after = Some(other),
            }
        }
    }
    write_times(send, &outcome_frame(session, outcome, about), count).await?;
    Ok(after)
}

/// The heads after an append to the same feeds of the same mailbox, if that is what `answer` is
/// and it is durable by now. They contain what the append before it needs.
fn continued(answer: Answer, mailbox: MailboxId, heads: &[Head]) -> ControlFlow<Answer, Vec<Head>> {
    let Answer::Kept(mut told, about @ About::Mailbox(same)) = answer else {
        return ControlFlow::Break(answer);
    };
    let outcome = match told.try_recv() {
        Err(TryRecvError::Empty) => return ControlFlow::Break(Answer::Kept(told, about)),
        Err(TryRecvError::Closed) => Err(ErrorCode::ShuttingDown.into()),
        Ok(outcome) => outcome,
    };
    match outcome {
        Ok(Kept::Appended(later))
            if same == mailbox
                && later
                    .iter()
                    .map(|head| head.feed)
                    .eq(heads.iter().map(|head| head.feed)) =>
        {
            ControlFlow::Continue(later)
        }
        outcome => ControlFlow::Break(Answer::Told(outcome, about)),
    }
}

fn outcome_frame(session: &Session, outcome: Outcome, about: About) -> Frame {
    let (relay, store) = (session.shared.identity.public(), session.shared.store.id());
    let sign = |label, bytes: Vec<u8>| {
        let signature = session.shared.identity.sign(label, &bytes);
        SignedReceipt::new(bytes, signature)
    };
    match (outcome, about) {
        (Ok(Kept::Appended(heads)), About::Mailbox(mailbox)) => {
            let bytes = AppendReceipt::to_be_signed(relay, store, mailbox, heads);
            Frame::AppendReceipt {
                receipt: sign(Label::AppendReceipt, bytes),
            }
        }
        (Ok(Kept::Put(position)), About::Item(inbox, item)) => {
            let bytes = PutReceipt::to_be_signed(relay, store, inbox, item, position);
            Frame::PutReceipt {
                receipt: sign(Label::PutReceipt, bytes),
            }
        }
        (Ok(_), _) => Frame::Done,
        (Err(refusal), _) => error(refusal),
    }
}

fn error(refusal: Refusal) -> Frame {
    Frame::Error {
        code: refusal.code,
        expected: refusal.expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Feed;

    const MAILBOX: MailboxId = MailboxId::from_bytes([1; 32]);

    fn kept(outcome: Option<Outcome>, about: About) -> Answer {
        let (tell, told) = oneshot::channel();
        match outcome {
            Some(outcome) => tell.send(outcome).unwrap(),
            // Not told yet: the sender lives on.
            None => std::mem::forget(tell),
        }
        Answer::Kept(told, about)
    }

    #[test]
    fn a_receipt_speaks_only_for_later_appends_to_the_same_feeds_that_are_durable() {
        let (mut one, mut two) = (Feed::new(1), Feed::new(2));
        let (first, other) = (one.grow(2), two.grow(1));
        let heads = |envelope: &Envelope| Some(Ok(Kept::Appended(vec![envelope.head()])));
        let held = [first[0].head()];
        let about = About::Mailbox(MAILBOX);

        let later = continued(kept(heads(&first[1]), about), MAILBOX, &held);
        assert!(matches!(later, ControlFlow::Continue(heads) if heads == [first[1].head()]));

        let elsewhere = About::Mailbox(MailboxId::from_bytes([2; 32]));
        for (outcome, about) in [
            (heads(&other[0]), about),
            (heads(&first[1]), elsewhere),
            (Some(Err(ErrorCode::Quota.into())), about),
        ] {
            let expected = outcome.clone();
            let ControlFlow::Break(Answer::Told(told, _)) =
                continued(kept(outcome, about), MAILBOX, &held)
            else {
                panic!("spoken for");
            };
            assert_eq!(Some(told), expected);
        }
        let waiting = continued(kept(None, about), MAILBOX, &held);
        assert!(matches!(waiting, ControlFlow::Break(Answer::Kept(..))));
        let done = continued(kept(Some(Ok(Kept::Done)), About::Nothing), MAILBOX, &held);
        assert!(matches!(done, ControlFlow::Break(Answer::Kept(..))));
    }
}
