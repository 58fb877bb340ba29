//! Automerge, held so that its panics end here, and the only file that names `automerge::legacy`.
//! It never decides what may be applied.

use std::{
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
};

use automerge::{
    Automerge, Change, ExpandedChange, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, legacy,
    transaction::{CommitOptions, Transactable},
};
use techo_health::Value;

use crate::doc::{
    change::{Action, ChangeHash, OpName, PlainChange, PlainOp},
    id::Actor,
};

/// Automerge panicked or refused what was asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Automerge could not do it")]
pub(crate) struct EngineError;

/// Runs `work` and turns a panic into an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Option<T>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(work))
        .ok()
        .flatten()
        .ok_or(EngineError)
}

/// Encodes a change; the same operations always give the same bytes.
pub(crate) fn encode(change: &PlainChange) -> Result<Change, EngineError> {
    guarded(|| {
        Some(Change::from(ExpandedChange {
            operations: change.ops.iter().map(operation).collect(),
            actor_id: change.actor.to_bytes().into(),
            hash: None,
            seq: change.seq,
            start_op: NonZeroU64::new(change.start_op)?,
            time: 0,
            message: None,
            deps: change
                .deps
                .iter()
                .map(|dep| automerge::ChangeHash(dep.to_bytes()))
                .collect(),
            extra_bytes: Vec::new(),
            author: None,
        }))
    })
}

/// Reads bytes as the one encoding of plain operations, or not at all.
pub(crate) fn read(bytes: &[u8]) -> Option<(PlainChange, Change)> {
    let plain = PlainChange::decode(bytes)?;
    let change = encode(&plain).ok()?;
    (change.raw_bytes() == bytes).then_some((plain, change))
}

fn operation(op: &PlainOp) -> legacy::Op {
    legacy::Op {
        action: match &op.action {
            Action::MakeMap => legacy::OpType::Make(ObjType::Map),
            Action::Put(value) => legacy::OpType::Put(scalar(value)),
        },
        obj: op.object.map_or(legacy::ObjectId::Root, |name| {
            legacy::ObjectId::Id(op_id(name))
        }),
        key: legacy::Key::Map(op.key.as_str().into()),
        pred: op.pred.iter().copied().map(op_id).collect(),
        insert: false,
    }
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(flag) => ScalarValue::Boolean(*flag),
        Value::Int(number) => ScalarValue::Int(*number),
        Value::Text(text) => ScalarValue::Str(text.as_str().into()),
    }
}

fn op_id(name: OpName) -> legacy::OpId {
    legacy::OpId(name.counter, name.actor.to_bytes().into())
}

/// The hash of a change, as the rest of the crate names it.
pub(crate) fn hash(change: &Change) -> ChangeHash {
    ChangeHash::from_bytes(change.hash().0)
}

/// The heads of a document, ascending.
pub(crate) fn heads(automerge: &Automerge) -> Vec<ChangeHash> {
    let mut heads: Vec<_> = automerge
        .get_heads()
        .iter()
        .map(|head| ChangeHash::from_bytes(head.0))
        .collect();
    heads.sort_unstable();
    heads
}

/// Loads a document that was saved with these heads.
pub(crate) fn load(bytes: &[u8], expected: &[ChangeHash]) -> Result<Automerge, EngineError> {
    guarded(|| {
        let automerge = Automerge::load(bytes).ok()?;
        (heads(&automerge) == expected).then_some(automerge)
    })
}

/// Saves a document and loads it again, which is what shows that it can be.
pub(crate) fn save(automerge: &Automerge) -> Result<Vec<u8>, EngineError> {
    let bytes = guarded(|| Some(automerge.save()))?;
    load(&bytes, &heads(automerge))?;
    Ok(bytes)
}

/// Applies changes in one go; afterwards the heads are `expected`, or the document is unusable.
pub(crate) fn apply(
    automerge: &mut Automerge,
    changes: &[Change],
    expected: &[ChangeHash],
) -> Result<(), EngineError> {
    guarded(|| {
        automerge.apply_changes(changes.iter().cloned()).ok()?;
        (heads(automerge) == expected).then_some(())
    })
}

/// The map that an operation made.
pub(crate) fn object_id(name: OpName) -> ObjId {
    // The last part is Automerge's guess at where the actor is listed; it looks further.
    ObjId::Id(name.counter, name.actor.to_bytes().into(), 0)
}

/// Writes a planned change as Automerge's own transaction, which costs far less in a large document
/// than applying it; the result hashes to `expected`, or the document is unusable.
///
/// Returns false, with the document untouched, if a field is set to what somebody set it to
/// already: then Automerge would leave the operation out or delete the others instead.
pub(crate) fn write(
    automerge: &mut Automerge,
    change: &PlainChange,
    expected: ChangeHash,
) -> Result<bool, EngineError> {
    guarded(|| {
        if change.ops.iter().any(|op| repeats(automerge, op)) {
            return Some(false);
        }
        automerge.set_actor(change.actor.to_bytes().into());
        let mut transaction = automerge.transaction();
        for op in &change.ops {
            let map = op.object.map_or(ROOT, object_id);
            match &op.action {
                Action::MakeMap => {
                    transaction
                        .put_object(&map, op.key.as_str(), ObjType::Map)
                        .ok()?;
                }
                Action::Put(value) => {
                    transaction.put(&map, op.key.as_str(), scalar(value)).ok()?;
                }
            }
        }
        let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(0));
        (hash?.0 == expected.to_bytes()).then_some(true)
    })
}

fn repeats(automerge: &Automerge, op: &PlainOp) -> bool {
    let (Action::Put(value), false) = (&op.action, op.pred.is_empty()) else {
        return false;
    };
    let value = scalar(value);
    let map = op.object.map_or(ROOT, object_id);
    let seen = automerge.get_all(&map, op.key.as_str()).unwrap_or_default();
    seen.iter()
        .any(|(held, _)| held.as_scalar() == Some(&value))
}

/// What the next change of a single-writer document follows on.
pub(crate) struct LastChange {
    pub(crate) actor: Actor,
    pub(crate) seq: u64,
    pub(crate) max_op: u64,
    pub(crate) hash: ChangeHash,
}

/// The only head of a document.
pub(crate) fn last_change(automerge: &Automerge) -> Result<LastChange, EngineError> {
    guarded(|| {
        let heads = automerge.get_heads();
        let [head] = heads.as_slice() else {
            return None;
        };
        let change = automerge.get_change_by_hash(head)?;
        Some(LastChange {
            actor: Actor::try_from(change.actor_id().to_bytes()).ok()?,
            seq: change.seq(),
            max_op: change.max_op(),
            hash: hash(&change),
        })
    })
}
