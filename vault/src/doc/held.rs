//! What a document rests on: how it was saved, and what is made of that when somebody asks. It never
//! changes a document.

use std::borrow::Cow;
use std::sync::Arc;

use automerge::{Automerge, Change};

use crate::doc::{change::ChangeHash, engine, id::DocId, ledger::Ledger};

/// A saved document that is brought when somebody asks for it.
pub trait Saved: Send + Sync + std::fmt::Debug {
    /// What was saved; `None` if nobody has it any more.
    fn snapshot(&self) -> Option<Snapshot>;
}

#[derive(Debug, Clone)]
pub(super) enum Base {
    Here(Snapshot),
    /// With the heads that it must have.
    Away(Vec<ChangeHash>, Arc<dyn Saved>),
}

impl Base {
    pub(super) fn heads(&self) -> &[ChangeHash] {
        match self {
            Self::Here(snapshot) => &snapshot.heads,
            Self::Away(heads, _) => heads,
        }
    }

    pub(super) fn snapshot(&self) -> Option<Cow<'_, Snapshot>> {
        match self {
            Self::Here(snapshot) => Some(Cow::Borrowed(snapshot)),
            Self::Away(heads, saved) => {
                let snapshot = saved.snapshot()?;
                (snapshot.heads == *heads).then_some(Cow::Owned(snapshot))
            }
        }
    }
}

/// A document taken apart.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) automerge: Automerge,
    pub(super) ledger: Ledger,
    pub(super) is_broken: bool,
}

/// A saved document.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The bytes; empty for a document without changes.
    pub bytes: Vec<u8>,
    /// The heads that it has, ascending.
    pub heads: Vec<ChangeHash>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({} bytes, {:?})", self.bytes.len(), self.heads)
    }
}

impl Held {
    pub(super) fn build(id: DocId, base: &Base, since: &[Change]) -> Self {
        Self::try_build(id, base, since).unwrap_or_else(|_| Self {
            automerge: Automerge::new(),
            ledger: Ledger::new(id),
            is_broken: true,
        })
    }

    fn try_build(id: DocId, base: &Base, since: &[Change]) -> Result<Self, engine::EngineError> {
        let base = base.snapshot().ok_or(engine::EngineError)?;
        let mut ledger = Ledger::new(id);
        let mut automerge = Automerge::new();
        if !base.heads.is_empty() {
            automerge = engine::load(&base.bytes, &base.heads)?;
        }
        let loaded = engine::guarded(|| Some(automerge.get_changes(&[])))?;
        for change in loaded.iter().chain(since) {
            let (plain, _) = engine::read(change.raw_bytes()).ok_or(engine::EngineError)?;
            ledger
                .admit(engine::hash(change), &plain)
                .map_err(|_| engine::EngineError)?;
        }
        engine::apply(&mut automerge, since, &ledger.heads())?;
        Ok(Self {
            automerge,
            ledger,
            is_broken: false,
        })
    }
}
