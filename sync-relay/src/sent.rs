//! What one connection appended itself, so that its live fetches do not send it back; it keeps no
//! envelope.

use crate::store::Positions;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use techo_wire::{Envelope, FeedId, MailboxId};

/// The last unbroken run of each feed that a connection appended and that was kept.
#[derive(Debug, Default)]
pub(crate) struct Sent(Mutex<HashMap<(MailboxId, FeedId), Range<u64>>>);

impl Sent {
    /// Takes note of envelopes that are durable now.
    pub(crate) fn note(&self, mailbox: MailboxId, envelopes: &[Envelope]) {
        let mut runs = self.runs();
        for envelope in envelopes {
            let seq = envelope.seq();
            let run = runs.entry((mailbox, envelope.feed())).or_insert(seq..seq);
            if run.contains(&seq) || run.end == seq {
                run.end = run.end.max(seq.saturating_add(1));
            } else {
                *run = seq..seq.saturating_add(1);
            }
        }
    }

    /// Moves positions behind what the connection appended.
    pub(crate) fn pass(&self, mailbox: MailboxId, positions: &mut Positions) {
        for ((_, feed), run) in self.runs().iter().filter(|((of, _), _)| *of == mailbox) {
            let next = positions.entry(*feed).or_default();
            if run.contains(next) {
                *next = run.end;
            }
        }
    }

    /// Forgets a mailbox of which something was lost: what takes its place may be news.
    pub(crate) fn forget(&self, mailbox: MailboxId) {
        self.runs().retain(|(of, _), _| *of != mailbox);
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<(MailboxId, FeedId), Range<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Feed;

    const HERE: MailboxId = MailboxId::from_bytes([1; 32]);
    const ELSEWHERE: MailboxId = MailboxId::from_bytes([2; 32]);

    fn passed(sent: &Sent, mailbox: MailboxId, feed: FeedId, next: u64) -> u64 {
        let mut positions = Positions::from([(feed, next)]);
        sent.pass(mailbox, &mut positions);
        positions[&feed]
    }

    #[test]
    fn only_what_was_appended_without_a_gap_is_passed_over() {
        let (sent, feed) = (Sent::default(), Feed::new(1).grow(6));
        let of = feed[0].feed();
        sent.note(HERE, &feed[1..3]);
        sent.note(HERE, &feed[2..4]);
        let next = |next| passed(&sent, HERE, of, next);
        assert_eq!((next(0), next(1), next(3), next(4)), (0, 4, 4, 4));
        assert_eq!(passed(&sent, ELSEWHERE, of, 1), 1);

        sent.note(HERE, &feed[5..]);
        let next = |next| passed(&sent, HERE, of, next);
        assert_eq!((next(1), next(4), next(5)), (1, 4, 6));
        sent.forget(HERE);
        assert_eq!(passed(&sent, HERE, of, 5), 5);
    }
}
