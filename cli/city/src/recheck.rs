//! Asking about every binding again, day by day; it can be stopped at any point and goes on there.
//! Whatever it learns stays in the city, and it ends no binding by itself.

use std::ops::Bound::{Excluded, Unbounded};

use techo_jpki::{CertificateId, Refusal, RevocationLists, RevocationReason};
use techo_vault::issued::BindingId;

use crate::answer::EnrolAnswer;
use crate::record::{CertificateMark, JournalRecord};
use crate::state::BoundState;
use crate::{City, CityError, Register};

/// What asking again has shown. For the city alone: revocation may be told to nobody else.
#[derive(Debug, Default)]
pub struct RecheckReport {
    /// Bindings whose certificate is not revoked.
    pub good: u64,
    /// Bindings about which nothing could be learned, or whose certificate was not kept.
    pub open: u64,
    /// Bindings whose certificate was found now to be revoked, with the resident's number.
    pub revoked: Vec<(BindingId, String, RevocationReason)>,
    /// Enrolments that had waited and were answered now.
    pub answered: Vec<EnrolAnswer>,
    /// Enrolments that still wait for a revocation list.
    pub waiting: usize,
    /// Enrolments that wait for a person.
    pub review: usize,
    /// Enrolments that had waited too long: their evidence is deleted.
    pub dropped: usize,
    /// Whether it went on where an earlier one was stopped.
    pub resumed: bool,
}

impl City {
    /// Asks about every binding again, and judges the enrolments that wait.
    ///
    /// Ends no binding: that is [`City::end`], once a person has decided.
    pub fn recheck(&mut self, now: u64, register: &Register) -> Result<RecheckReport, CityError> {
        self.recheck_watched(now, register, &|_| ())
    }

    /// Like [`City::recheck`]; tells `reached` how many bindings were asked about so far.
    pub fn recheck_watched(
        &mut self,
        now: u64,
        register: &Register,
        reached: &dyn Fn(u64),
    ) -> Result<RecheckReport, CityError> {
        self.hold_lists()?;
        let mut report = RecheckReport::default();
        self.recheck_bindings(now, &mut report, reached)?;
        let waiting: Vec<_> = self.state.pending.iter().map(|(r, w)| (*r, *w)).collect();
        for (request, held) in waiting {
            let Some(file) = self.waiting_file(now, &request, held)? else {
                self.close(request)?;
                report.dropped += 1;
                continue;
            };
            match self.enrol(now, &file, register)? {
                EnrolAnswer::Pending(_) => report.waiting += 1,
                EnrolAnswer::Review(_) => report.review += 1,
                answer => report.answered.push(answer),
            }
        }
        self.sweep()?;
        Ok(report)
    }

    fn recheck_bindings(
        &mut self,
        now: u64,
        report: &mut RecheckReport,
        reached: &dyn Fn(u64),
    ) -> Result<(), CityError> {
        let newest = self.lists.as_ref().and_then(RevocationLists::newest_update);
        // Lists that came since, or another day: everybody is asked about from the beginning.
        let held = self.state.recheck.filter(|held| {
            (held.began..held.began.saturating_add(DAY_MS)).contains(&now)
                && newest.is_none_or(|made| made <= held.began)
        });
        let began = held.map_or(now, |held| held.began);
        let mut from = held.map(|held| held.through);
        report.resumed = held.is_some();
        (report.good, report.open) = held.map_or((0, 0), |held| (held.good, held.open));
        loop {
            let (last, mut records) = self.ask_some(now, from, report)?;
            from = last;
            records.push(JournalRecord::Rechecked {
                began,
                through: from,
                good: report.good,
                open: report.open,
            });
            self.commit(records)?;
            reached(report.good.saturating_add(report.open));
            if from.is_none() {
                break;
            }
        }
        let found = self.state.bindings.iter().filter_map(|(id, state)| {
            let revoked = state.revoked.filter(|r| r.at >= began && state.stands())?;
            Some((*id, state.bound.resident.clone(), revoked.reason))
        });
        report.revoked = found.collect();
        Ok(())
    }

    /// Asks about some bindings after `from`; returns the last, or `None` if there are no more.
    fn ask_some(
        &self,
        now: u64,
        from: Option<BindingId>,
        report: &mut RecheckReport,
    ) -> Result<(Option<BindingId>, Vec<JournalRecord>), CityError> {
        let start = from.map_or(Unbounded, Excluded);
        let mut records = Vec::new();
        let mut some = self.state.bindings.range((start, Unbounded));
        let mut last = None;
        for (id, state) in some.by_ref().take(BATCH) {
            last = Some(*id);
            if state.stands() && state.revoked.is_none() {
                match self.standing(id, state, now)? {
                    Ok(()) => report.good += 1,
                    Err(Refusal::Revoked(reason)) => records.push(JournalRecord::Revoked {
                        binding: *id,
                        at: now,
                        reason: Some(reason.code()),
                    }),
                    Err(_) => report.open += 1,
                }
            }
        }
        Ok((last.filter(|_| some.next().is_some()), records))
    }

    fn standing(
        &self,
        id: &BindingId,
        state: &BoundState,
        now: u64,
    ) -> Result<Result<(), Refusal>, CityError> {
        let Some(mark) = &state.bound.certificate else {
            let missing = techo_jpki::RevocationGap::Missing;
            return Ok(Err(Refusal::RevocationUnavailable(missing)));
        };
        let answer = self.ask(id, mark, now)?;
        let revoked = matches!(answer, Err(Refusal::Revoked(_)));
        if !revoked && self.state.revoked.contains(&mark.tag) {
            // Another binding of this card was found to be revoked, and no revocation is lifted.
            return Ok(Err(Refusal::Revoked(RevocationReason::Unspecified)));
        }
        Ok(answer)
    }

    fn ask(
        &self,
        id: &BindingId,
        mark: &CertificateMark,
        now: u64,
    ) -> Result<Result<(), Refusal>, CityError> {
        let plain = self.unlocked.open_certificate(id, &mark.sealed)?;
        let certificate = CertificateId::from_bytes(&plain).map_err(|_| CityError::Malformed)?;
        Ok(self.source().check(&certificate, now).map(drop))
    }
}

/// How many bindings are asked about before progress is made durable.
const BATCH: usize = 1_000;
const DAY_MS: u64 = 86_400_000;
