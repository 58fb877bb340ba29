//! Enrolments that wait: for a revocation list, or for a person. Their evidence stays sealed as it
//! came, and is deleted once they are answered, or after some days.

use crate::answer::ReviewReason;
use crate::folder::PENDING;
use crate::record::{JournalRecord, hex};
use crate::state::Waiting;
use crate::{City, CityError};

impl City {
    /// Keeps a sealed enrolment file; the file first, so that the journal never counts on one that
    /// is missing.
    pub(crate) fn wait(
        &mut self,
        now: u64,
        request: [u8; 32],
        file: &str,
        review: Option<ReviewReason>,
    ) -> Result<(), CityError> {
        let held = self.state.pending.get(&request).copied();
        if held.is_some_and(|held| held.review == review) {
            return Ok(());
        }
        if held.is_none() {
            self.folder
                .write_within(PENDING, &hex(&request), file.as_bytes())?;
        }
        self.commit(vec![JournalRecord::Waiting {
            request,
            since: held.map_or(now, |held| held.since),
            review: review.map(ReviewReason::number),
        }])
    }

    /// Forgets an enrolment that waited, and deletes its evidence.
    pub(crate) fn close(&mut self, request: [u8; 32]) -> Result<(), CityError> {
        if self.state.pending.contains_key(&request) {
            self.commit(vec![JournalRecord::Closed { request }])?;
        }
        self.folder.remove_within(PENDING, &hex(&request))
    }

    /// Returns the sealed file of an enrolment that waits, unless it has waited too long.
    pub(crate) fn waiting_file(
        &self,
        now: u64,
        request: &[u8; 32],
        waiting: Waiting,
    ) -> Result<Option<String>, CityError> {
        let days = match waiting.review {
            Some(_) => REVIEW_MS,
            None => WAIT_MS,
        };
        if now > waiting.since.saturating_add(days) {
            return Ok(None);
        }
        let file = self.folder.read_within(PENDING, &hex(request))?;
        file.map(String::from_utf8)
            .transpose()
            .map_err(|_| CityError::Malformed)
    }

    /// Deletes evidence that nobody waits for, left behind by a crash.
    pub(crate) fn sweep(&self) -> Result<(), CityError> {
        let known: Vec<String> = self.state.pending.keys().map(hex).collect();
        for name in self.folder.names_within(PENDING)? {
            if !known.contains(&name) {
                self.folder.remove_within(PENDING, &name)?;
            }
        }
        Ok(())
    }
}

/// How long evidence waits for revocation lists: a week.
const WAIT_MS: u64 = 7 * 86_400_000;
/// How long it waits for a person: two weeks, so that no holiday runs it out.
pub(crate) const REVIEW_MS: u64 = 14 * 86_400_000;
