//! Builds an issuer's document out of verified facts (docs/format.md §12): the same bytes on every
//! device. It never parses Automerge bytes from outside, and never overwrites.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, Change};
use techo_health::Value;

use crate::doc::{
    change::{Action, ChangeHash, OpName, PlainChange, PlainOp},
    engine,
    held::Snapshot,
    id::Actor,
    records,
};

/// Which layout is derived. A document of another version is built again from its entries.
pub const DERIVATION_VERSION: u64 = 1;

/// What one verified issued entry says.
#[derive(Clone, Copy)]
pub struct IssuedFacts<'a> {
    /// Its index under the binding.
    pub index: u64,
    /// 0 issue, 1 correct, 2 withdraw, 3 heartbeat, 4 end.
    pub kind: u8,
    /// The index that it corrects or withdraws.
    pub supersedes: Option<u64>,
    /// When the issuer says it was issued, in milliseconds since 1970.
    pub issued_at: u64,
    /// The hash of the entry.
    pub entry: [u8; 32],
    /// The groups by name, each with its sorted pairs.
    pub groups: &'a [(&'a str, Vec<(String, String)>)],
}

impl std::fmt::Debug for IssuedFacts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedFacts({}, kind {})", self.index, self.kind)
    }
}

/// One issued entry as read from the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedState {
    /// Its index under the binding.
    pub index: u64,
    /// The fields that were derived: `kind`, `supersedes`, `issued_at`, `entry`, `group/key`.
    pub fields: BTreeMap<String, Value>,
}

/// Why an entry cannot be derived or a document not be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// Entries are derived one after the other from 0.
    #[error("entry {got} does not follow; expected {expected}")]
    OutOfOrder {
        /// The index that comes next.
        expected: u64,
        /// The index found.
        got: u64,
    },
    /// The same key twice, or numbers beyond what Automerge counts.
    #[error("the entry has no layout")]
    Layout,
    /// Automerge failed, or the bytes are not a document with those heads.
    #[error("the document has to be derived again")]
    Damaged,
}

/// The document of one issuer and binding: written by this derivation alone, never sent.
#[derive(Debug)]
pub struct IssuerDocument {
    actor: Actor,
    automerge: Automerge,
    next: Next,
}

/// Where the chain of changes goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Next {
    index: u64,
    start_op: u64,
    last: Option<ChangeHash>,
}

impl IssuerDocument {
    /// A document without entries.
    pub fn new(issuer: &[u8; 32], binding: &[u8; 32]) -> Self {
        Self {
            actor: Actor::of_issuer(issuer, binding),
            automerge: Automerge::new(),
            next: Next {
                index: 0,
                start_op: 1,
                last: None,
            },
        }
    }

    /// Derives entries, which must follow on those held, all or none.
    pub fn append(&mut self, entries: &[IssuedFacts<'_>]) -> Result<(), DeriveError> {
        let mut next = self.next;
        let mut changes: Vec<Change> = Vec::with_capacity(entries.len());
        for facts in entries {
            let plain = layout(self.actor, next, facts)?;
            let max_op = plain.max_op().ok_or(DeriveError::Layout)?;
            let change = engine::encode(&plain).map_err(|_| DeriveError::Layout)?;
            next = Next {
                index: next.index + 1,
                start_op: max_op + 1,
                last: Some(engine::hash(&change)),
            };
            changes.push(change);
        }
        let heads: Vec<ChangeHash> = next.last.into_iter().collect();
        engine::apply(&mut self.automerge, &changes, &heads).map_err(|_| DeriveError::Damaged)?;
        self.next = next;
        Ok(())
    }

    /// The number of entries.
    pub fn len(&self) -> u64 {
        self.next.index
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of the last change; none without entries.
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.next.last.into_iter().collect()
    }

    /// The entries, by index.
    pub fn records(&self) -> impl Iterator<Item = IssuedState> + '_ {
        records::maps(&self.automerge).filter_map(|(key, maps)| {
            let fields = records::fields(&self.automerge, &maps);
            let single =
                |(key, values): (String, Vec<Value>)| Some((key, values.into_iter().next()?));
            Some(IssuedState {
                index: key.parse().ok()?,
                fields: fields.into_iter().filter_map(single).collect(),
            })
        })
    }

    /// Saves the document; two devices that hold the same entries get the same bytes.
    pub fn save(&self) -> Result<Snapshot, DeriveError> {
        let bytes = engine::save(&self.automerge).map_err(|_| DeriveError::Damaged)?;
        Ok(Snapshot {
            bytes,
            heads: self.heads(),
        })
    }

    /// The changes one after the other, as they were derived.
    #[cfg(test)]
    pub(super) fn changes(&self) -> Vec<u8> {
        self.automerge.save_after(&[])
    }

    /// Loads what [`IssuerDocument::save`] returned.
    pub fn load(
        issuer: &[u8; 32],
        binding: &[u8; 32],
        snapshot: &Snapshot,
    ) -> Result<Self, DeriveError> {
        let mut document = Self::new(issuer, binding);
        if snapshot.heads.is_empty() {
            return Ok(document);
        }
        document.automerge =
            engine::load(&snapshot.bytes, &snapshot.heads).map_err(|_| DeriveError::Damaged)?;
        let last = engine::last_change(&document.automerge).map_err(|_| DeriveError::Damaged)?;
        if last.actor != document.actor {
            return Err(DeriveError::Damaged);
        }
        document.next = Next {
            index: last.seq,
            start_op: last.max_op + 1,
            last: Some(last.hash),
        };
        Ok(document)
    }
}

/// The one change of an entry.
fn layout(actor: Actor, next: Next, facts: &IssuedFacts<'_>) -> Result<PlainChange, DeriveError> {
    if facts.index != next.index {
        return Err(DeriveError::OutOfOrder {
            expected: next.index,
            got: facts.index,
        });
    }
    let number = |n: u64| {
        i64::try_from(n)
            .map(Value::Int)
            .map_err(|_| DeriveError::Layout)
    };
    let map = OpName {
        counter: next.start_op,
        actor,
    };
    let put = |key: String, value| PlainOp {
        object: Some(map),
        key,
        action: Action::Put(value),
        pred: Vec::new(),
    };
    let mut ops = vec![
        PlainOp {
            object: None,
            key: format!("{:010}", facts.index),
            action: Action::MakeMap,
            pred: Vec::new(),
        },
        put("kind".to_owned(), Value::Int(facts.kind.into())),
        put(
            "supersedes".to_owned(),
            facts.supersedes.map_or(Ok(Value::Null), number)?,
        ),
        put("issued_at".to_owned(), number(facts.issued_at)?),
        put(
            "entry".to_owned(),
            data_encoding::HEXLOWER.encode(&facts.entry).into(),
        ),
    ];
    for (group, pairs) in facts.groups {
        ops.extend(
            pairs
                .iter()
                .map(|(key, text)| put(format!("{group}/{key}"), text.clone().into())),
        );
    }
    let keys: BTreeSet<&str> = ops.iter().map(|op| op.key.as_str()).collect();
    if keys.len() != ops.len() {
        return Err(DeriveError::Layout);
    }
    Ok(PlainChange {
        actor,
        seq: next.index + 1,
        start_op: next.start_op,
        deps: next.last.into_iter().collect(),
        ops,
    })
}
