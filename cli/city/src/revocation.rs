//! Asking again whether certificates are revoked; whatever it learns stays in the city.

use std::path::Path;

use techo_jpki::{CertificateId, CrlFault, Refusal, RevocationLists, RevocationReason};
use techo_vault::issued::{BindingId, EntryPlan, Groups, IssuedKind, SignedIssuedEntry};

use crate::city::{random, rng};
use crate::enrol::EnrolAnswer;
use crate::folder::PENDING;
use crate::record::{CertificateMark, Issued, JournalRecord, hex};
use crate::{City, CityError, Register};

/// What was found in a folder of revocation lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListsReport {
    /// Lists that are held now, one for each municipality and generation.
    pub held: usize,
    /// Files that are of no use, by name.
    pub refused: Vec<(String, CrlFault)>,
}

/// What asking again has shown. For the city alone: revocation may be told to nobody else.
#[derive(Debug, Default)]
pub struct RecheckReport {
    /// Bindings whose certificate is not revoked.
    pub good: usize,
    /// Bindings about which nothing could be learned, or whose certificate was not kept.
    pub open: usize,
    /// Bindings whose certificate turns out to be revoked now, with the resident's number.
    pub revoked: Vec<(BindingId, String, RevocationReason)>,
    /// Enrolments that had waited and were answered now.
    pub answered: Vec<EnrolAnswer>,
    /// Enrolments that still wait.
    pub waiting: usize,
    /// Enrolments that had waited too long: their evidence is deleted.
    pub dropped: usize,
}

impl City {
    /// Holds the lists in `dir`, files ending in `.crl`, in place of those held before.
    ///
    /// From then on, until the city is opened again, nobody is bound without them.
    pub fn load_revocation_lists(&mut self, dir: &Path) -> Result<ListsReport, CityError> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("crl"))
            {
                paths.push(path);
            }
        }
        paths.sort();
        let mut lists = RevocationLists::default();
        let mut refused = Vec::new();
        for path in paths {
            let too_large = std::fs::metadata(&path)?.len() > RevocationLists::MAX_LIST;
            let added = if too_large {
                Err(CrlFault::Malformed)
            } else {
                lists.add(&std::fs::read(&path)?, &self.roots)
            };
            if let Err(fault) = added {
                let name = path.file_name().unwrap_or_default();
                refused.push((name.to_string_lossy().into_owned(), fault));
            }
        }
        let held = lists.len();
        self.lists = Some(lists);
        Ok(ListsReport { held, refused })
    }

    /// Asks about every binding again, and judges the enrolments that wait for an answer.
    ///
    /// Ends no binding: that is [`City::end`], once a person has decided.
    pub fn recheck(&mut self, now: u64, register: &Register) -> Result<RecheckReport, CityError> {
        let mut report = RecheckReport::default();
        self.recheck_bindings(now, &mut report)?;
        let waiting: Vec<_> = self.state.pending.iter().map(|(r, s)| (*r, *s)).collect();
        for (request, since) in waiting {
            if now > since.saturating_add(WAIT_MS) {
                self.close(request)?;
                report.dropped += 1;
                continue;
            }
            let Some(file) = self.folder.read_within(PENDING, &hex(&request))? else {
                self.close(request)?;
                report.dropped += 1;
                continue;
            };
            let text = String::from_utf8(file).map_err(|_| CityError::Malformed)?;
            match self.enrol(now, &text, register)? {
                EnrolAnswer::Pending(_) => report.waiting += 1,
                answer => report.answered.push(answer),
            }
        }
        self.sweep()?;
        Ok(report)
    }

    fn recheck_bindings(&mut self, now: u64, report: &mut RecheckReport) -> Result<(), CityError> {
        let mut records = Vec::new();
        for (id, state) in &self.state.bindings {
            let Some(mark) = &state.bound.certificate else {
                report.open += 1;
                continue;
            };
            if state.ended || self.state.revoked.contains(&mark.tag) {
                continue;
            }
            match self.ask(id, mark, now)? {
                Ok(()) => report.good += 1,
                Err(Refusal::Revoked(reason)) => {
                    let resident = state.bound.resident.clone();
                    report.revoked.push((*id, resident, reason));
                    records.push(JournalRecord::Revoked {
                        binding: *id,
                        at: now,
                    });
                }
                Err(_) => report.open += 1,
            }
        }
        self.commit(records)
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

    /// Says under a binding that nothing more will come, without a reason.
    ///
    /// Does nothing if it was said before. Returns whether there is such a binding.
    pub fn end(&mut self, now: u64, binding: BindingId) -> Result<bool, CityError> {
        let Some(state) = self.state.bindings.get(&binding) else {
            return Ok(false);
        };
        if state.ended {
            return Ok(true);
        }
        let plan = EntryPlan {
            issuer: self.file.id(),
            key_set_version: self.keys.key_set,
            binding,
            index: state.next,
            previous: state.last,
            kind: IssuedKind::End,
            supersedes: None,
            issued_at: now,
            groups: Groups::default(),
            salts: [random(), random(), random()],
        };
        let issued = Issued {
            binding,
            index: state.next,
            kind: IssuedKind::End,
            identity: [0; 32],
            content: [0; 32],
            entry: SignedIssuedEntry::sign(&self.keys.entry, &plan),
        };
        self.commit(vec![JournalRecord::Issued(Box::new(issued))])?;
        Ok(true)
    }

    /// Seals what is needed to ask about the certificate of a new binding again.
    pub(crate) fn mark(&self, id: &BindingId, certificate: &CertificateId) -> CertificateMark {
        CertificateMark {
            tag: self.unlocked.certificate_tag(&certificate.name()),
            sealed: self
                .unlocked
                .seal_certificate(&mut rng(), id, &certificate.to_bytes()),
        }
    }

    /// Keeps a sealed enrolment file until revocation can be checked; the file first, so that the
    /// journal never counts on one that is missing.
    pub(crate) fn wait(
        &mut self,
        now: u64,
        request: [u8; 32],
        file: &str,
    ) -> Result<(), CityError> {
        if self.state.pending.contains_key(&request) {
            return Ok(());
        }
        self.folder
            .write_within(PENDING, &hex(&request), file.as_bytes())?;
        self.commit(vec![JournalRecord::Waiting {
            request,
            since: now,
        }])
    }

    /// Forgets an enrolment that waited, and deletes its evidence.
    pub(crate) fn close(&mut self, request: [u8; 32]) -> Result<(), CityError> {
        if self.state.pending.contains_key(&request) {
            self.commit(vec![JournalRecord::Closed { request }])?;
        }
        self.folder.remove_within(PENDING, &hex(&request))
    }

    /// Deletes evidence that nobody waits for, left behind by a crash.
    fn sweep(&self) -> Result<(), CityError> {
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
