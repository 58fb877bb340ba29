//! From an export to issued entries: each line once, each fault named; the rest goes on.

use std::collections::BTreeMap;

use techo_health::RecordError;
use techo_vault::issued::{
    BindingId, EntryPlan, Groups, IssuedHash, IssuedKind, SignedIssuedEntry,
};
use techo_wire::{canonical, label};

use crate::city::{random, today};
use crate::record::{Issued, JournalRecord};
use crate::row::{Fact, Fault, columns};
use crate::sheet::{Row, Sheet};
use crate::state::{BoundState, FactState};
use crate::{City, CityError};

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishReport {
    /// Entries signed now.
    pub issued: usize,
    /// Lines that had been issued before, unchanged.
    pub already: usize,
    /// Lines that were not issued.
    pub rejected: Vec<Rejection>,
}

/// A line that was not issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The file.
    pub file: String,
    /// The line, from 1; the header is line 1.
    pub line: u64,
    /// Why.
    pub reason: RejectionReason,
}

/// Why a line was not issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectionReason {
    /// Not one cell for each column.
    Columns,
    /// A cell holds a 12-digit My Number.
    MyNumber,
    /// No number of a resident.
    Resident,
    /// Neither a vaccine nor a checkup, or both.
    Kind,
    /// No day, or one that does not exist.
    Date,
    /// A day that has not come yet.
    FutureDate,
    /// A day before the resident was born.
    BeforeBirth,
    /// A cell that this kind of record has no place for.
    NotInForm {
        /// Its column.
        column: &'static str,
    },
    /// The record is not allowed, or hardly possible.
    Record(RecordError),
    /// No family has enrolled this resident.
    NobodyBound,
    /// The city has said under every binding of this resident that nothing more will come.
    Ended,
    /// It was issued with other content: correct it instead.
    Changed,
    /// Nothing to correct or withdraw was issued.
    NotIssued,
    /// It was withdrawn.
    Withdrawn,
}

impl From<Fault> for RejectionReason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::MyNumber => Self::MyNumber,
            Fault::Resident => Self::Resident,
            Fault::Kind => Self::Kind,
            Fault::Date => Self::Date,
            Fault::NotInForm(column) => Self::NotInForm { column },
            Fault::Record(error) => Self::Record(error),
        }
    }
}

impl City {
    /// Issues every line of an export to every family bound to its resident. The same file again
    /// issues nothing, except to families that were bound since.
    pub fn publish(
        &mut self,
        now: u64,
        csv: &[u8],
        file: &str,
    ) -> Result<PublishReport, CityError> {
        self.run(now, csv, file, Mode::Publish)
    }

    /// Issues a correction for every line that says something else than what was issued.
    pub fn correct(
        &mut self,
        now: u64,
        csv: &[u8],
        file: &str,
    ) -> Result<PublishReport, CityError> {
        self.run(now, csv, file, Mode::Correct)
    }

    /// Takes back what the lines name.
    pub fn withdraw(
        &mut self,
        now: u64,
        csv: &[u8],
        file: &str,
    ) -> Result<PublishReport, CityError> {
        self.run(now, csv, file, Mode::Withdraw)
    }

    fn run(
        &mut self,
        now: u64,
        csv: &[u8],
        file: &str,
        mode: Mode,
    ) -> Result<PublishReport, CityError> {
        let sheet = Sheet::read(csv, &columns(), &["resident_id", "date"])?;
        if !sheet.has("vaccine") && !sheet.has("checkup") {
            return Err(crate::SheetError::MissingColumn { name: "vaccine" }.into());
        }
        let mut report = PublishReport::default();
        let mut draft = Draft::default();
        for row in sheet.into_rows() {
            let (line, outcome) = match row {
                Ok(row) => (row.line, self.row(now, &row, mode, &mut draft, &mut report)),
                Err(bad) => (bad.line, Err(RejectionReason::Columns)),
            };
            if let Err(reason) = outcome {
                report.rejected.push(Rejection {
                    file: file.to_owned(),
                    line,
                    reason,
                });
            }
            if draft.records.len() >= BATCH {
                self.commit(std::mem::take(&mut draft).records)?;
            }
        }
        if !draft.records.is_empty() {
            self.commit(draft.records)?;
        }
        Ok(report)
    }

    fn row(
        &self,
        now: u64,
        row: &Row,
        mode: Mode,
        draft: &mut Draft,
        report: &mut PublishReport,
    ) -> Result<(), RejectionReason> {
        let fact = Fact::read(row)?;
        if fact.date > today(now) {
            return Err(RejectionReason::FutureDate);
        }
        let bound = self
            .state
            .by_resident
            .get(&fact.resident)
            .map_or(&[][..], Vec::as_slice);
        if bound.is_empty() {
            return Err(RejectionReason::NobodyBound);
        }
        let mut reason = None;
        for id in bound {
            let Some(state) = self.state.bindings.get(id) else {
                continue;
            };
            if state.superseded {
                continue;
            }
            if state.ended {
                reason = reason.or(Some(RejectionReason::Ended));
                continue;
            }
            match self.decide(now, &fact, mode, state, draft) {
                Ok(true) => report.issued += 1,
                Ok(false) => report.already += 1,
                Err(why) => reason = Some(why),
            }
        }
        reason.map_or(Ok(()), Err)
    }

    /// Signs an entry if there is something to say; returns whether there was.
    fn decide(
        &self,
        now: u64,
        fact: &Fact,
        mode: Mode,
        state: &BoundState,
        draft: &mut Draft,
    ) -> Result<bool, RejectionReason> {
        let bound = &state.bound;
        let birth: Option<techo_health::When> = bound.birth_date.parse().ok();
        if birth
            .and_then(|b| b.day())
            .is_some_and(|birth| fact.date < birth)
        {
            return Err(RejectionReason::BeforeBirth);
        }
        let identity = label::sha256(&canonical::encode(&fact.identity));
        let groups = Groups::of_record(&bound.name, &bound.birth_date, &fact.fields)
            .map_err(|_| RejectionReason::Columns)?;
        let content = content(&groups);
        let held = draft
            .fact(bound.id, &identity)
            .or_else(|| state.facts.get(&identity).copied());
        let (kind, supersedes) = match (mode, held) {
            (Mode::Publish, None) => (IssuedKind::Issue, None),
            (Mode::Correct | Mode::Withdraw, None) => return Err(RejectionReason::NotIssued),
            (Mode::Withdraw, Some(held)) if held.withdrawn => return Ok(false),
            (Mode::Publish | Mode::Correct, Some(held)) if held.withdrawn => {
                return Err(RejectionReason::Withdrawn);
            }
            (Mode::Publish | Mode::Correct, Some(held)) if held.content == content => {
                return Ok(false);
            }
            (Mode::Publish, Some(_)) => return Err(RejectionReason::Changed),
            (Mode::Correct, Some(held)) => (IssuedKind::Correct, Some(held.current)),
            (Mode::Withdraw, Some(held)) => (IssuedKind::Withdraw, Some(held.current)),
        };
        let statement = Statement {
            kind,
            supersedes,
            identity,
            content,
            groups,
        };
        self.sign(now, state, statement, draft);
        Ok(true)
    }

    /// Signs an entry under a binding.
    pub(crate) fn sign(
        &self,
        now: u64,
        state: &BoundState,
        statement: Statement,
        draft: &mut Draft,
    ) {
        let binding = state.bound.id;
        let Statement {
            kind,
            supersedes,
            identity,
            content,
            groups,
        } = statement;
        let (index, previous) = draft.head(binding).unwrap_or((state.next, state.last));
        let plan = EntryPlan {
            issuer: self.file.id(),
            key_set_version: self.keys.key_set,
            binding,
            index,
            previous,
            kind,
            supersedes,
            issued_at: now,
            groups: if kind.has_content() {
                groups
            } else {
                Groups::default()
            },
            salts: [random(), random(), random()],
        };
        let entry = SignedIssuedEntry::sign(&self.keys.entry, &plan);
        draft.push(Issued {
            binding,
            index,
            kind,
            identity,
            content,
            entry,
        });
    }
}

/// Names what groups say, so that the same is not said twice.
pub(crate) fn content(groups: &Groups) -> [u8; 32] {
    let said: Vec<(&str, &str)> = groups.what.pairs().chain(groups.place.pairs()).collect();
    label::sha256(&canonical::encode(&said))
}

/// What an entry is to say.
pub(crate) struct Statement {
    pub(crate) kind: IssuedKind,
    pub(crate) supersedes: Option<u64>,
    /// Names the fact among those of the resident.
    pub(crate) identity: [u8; 32],
    pub(crate) content: [u8; 32],
    pub(crate) groups: Groups,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Publish,
    Correct,
    Withdraw,
}

/// Entries that are signed but not yet durable.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) records: Vec<JournalRecord>,
    heads: BTreeMap<BindingId, (u64, IssuedHash)>,
    facts: BTreeMap<(BindingId, [u8; 32]), FactState>,
}

impl Draft {
    fn head(&self, binding: BindingId) -> Option<(u64, IssuedHash)> {
        self.heads.get(&binding).copied()
    }

    fn fact(&self, binding: BindingId, identity: &[u8; 32]) -> Option<FactState> {
        self.facts.get(&(binding, *identity)).copied()
    }

    fn push(&mut self, issued: Issued) {
        let next = (issued.index.saturating_add(1), issued.entry.hash());
        self.heads.insert(issued.binding, next);
        let fact = FactState {
            current: issued.index,
            content: issued.content,
            withdrawn: issued.kind == IssuedKind::Withdraw,
        };
        self.facts.insert((issued.binding, issued.identity), fact);
        self.records.push(JournalRecord::Issued(Box::new(issued)));
    }
}

/// How many entries share one flush of the journal.
pub(crate) const BATCH: usize = 1_000;
