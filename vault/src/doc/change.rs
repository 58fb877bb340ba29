//! One change, taken apart without Automerge's parser and put together with Automerge's encoder.
//! Decides that bytes are the one encoding of plain operations; never whether those are allowed.
//!
//! ```text
//! 85 6f 4a 83 | checksum 4 | 01 | n: uLEB | deps: count, 32 each | actor: length, 16 | seq | start op
//! | time | message length | other actors | columns: count, (spec, length) each | columns
//! ```
//!
//! Runs inside columns can claim 2^63 rows in ten bytes, so nothing here trusts a length: Automerge
//! itself would loop, allocate or panic on such input (its `Change::from_bytes` never sees any).

use techo_health::Value;

use crate::doc::{
    columns::{Cursor, deltas, run_lengths, runs},
    id::Actor,
};

techo_wire::id_type! {
    /// Names an Automerge change: the SHA-256 of its chunk.
    pub struct ChangeHash(32);
}

/// Names an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OpName {
    pub(crate) counter: u64,
    pub(crate) actor: Actor,
}

/// A change of plain operations: time 0, no message, no extra bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainChange {
    pub(crate) actor: Actor,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) deps: Vec<ChangeHash>,
    pub(crate) ops: Vec<PlainOp>,
}

/// One operation: its name is the change's actor and start op plus its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainOp {
    /// The map that it is about; `None` is the root.
    pub(crate) object: Option<OpName>,
    pub(crate) key: String,
    pub(crate) action: Action,
    /// The operations of the same key that it replaces.
    pub(crate) pred: Vec<OpName>,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    MakeMap,
    Put(Value),
}

impl PlainChange {
    /// The greatest operation of the change; `None` if it is empty or counts beyond 32 bits, which
    /// is as far as Automerge can.
    pub(crate) fn max_op(&self) -> Option<u64> {
        let last = u64::try_from(self.ops.len()).ok()?.checked_sub(1)?;
        let max = self.start_op.checked_add(last)?;
        (u32::try_from(max).is_ok() && u32::try_from(self.seq).is_ok()).then_some(max)
    }

    /// Takes a chunk apart. The result is worth nothing until it encodes to the same bytes again.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_CHANGE {
            return None;
        }
        let mut chunk = Cursor::new(bytes);
        let magic: [u8; 4] = chunk.take_array()?;
        let _checksum: [u8; 4] = chunk.take_array()?;
        let kind: [u8; 1] = chunk.take_array()?;
        let length = chunk.unsigned()?;
        let mut body = Cursor::new(chunk.take(length)?);
        if magic != MAGIC || kind != [CHANGE] || !chunk.is_empty() {
            return None;
        }
        let deps = list(&mut body, |body| {
            body.take_array().map(ChangeHash::from_bytes)
        })?;
        let actor = actor(&mut body)?;
        let (seq, start_op) = (body.unsigned()?, body.unsigned()?);
        let (time, message) = (body.signed()?, body.unsigned()?);
        let mut actors = vec![actor];
        actors.extend(list(&mut body, self::actor)?);
        if time != 0 || message != 0 || start_op == 0 {
            return None;
        }
        let columns = Columns::read(&mut body)?;
        let ops = columns.operations(&actors)?;
        body.is_empty().then_some(Self {
            actor,
            seq,
            start_op,
            deps,
            ops,
        })
    }
}

fn actor(body: &mut Cursor<'_>) -> Option<Actor> {
    let length = body.unsigned()?;
    (length == 16)
        .then(|| body.take_array())
        .flatten()
        .map(Actor::from_bytes)
}

/// A count and that many items, each of which takes at least a byte.
fn list<'a, T>(
    body: &mut Cursor<'a>,
    read: impl Fn(&mut Cursor<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = body.unsigned()?;
    (0..count).map(|_| read(body)).collect()
}

/// The columns that plain operations have. `insert` is always false.
#[derive(Default)]
struct Columns<'a> {
    object_actor: &'a [u8],
    object_counter: &'a [u8],
    key: &'a [u8],
    insert: &'a [u8],
    action: &'a [u8],
    value_meta: &'a [u8],
    value: &'a [u8],
    pred_count: &'a [u8],
    pred_actor: &'a [u8],
    pred_counter: &'a [u8],
}

impl<'a> Columns<'a> {
    fn read(body: &mut Cursor<'a>) -> Option<Self> {
        let specs = list(body, |body| Some((body.unsigned()?, body.unsigned()?)))?;
        let mut columns = Self::default();
        for (spec, length) in specs {
            let bytes = body.take(length)?;
            let column = match spec {
                0x01 => &mut columns.object_actor,
                0x02 => &mut columns.object_counter,
                0x15 => &mut columns.key,
                0x34 => &mut columns.insert,
                0x42 => &mut columns.action,
                0x56 => &mut columns.value_meta,
                0x57 => &mut columns.value,
                0x70 => &mut columns.pred_count,
                0x71 => &mut columns.pred_actor,
                0x73 => &mut columns.pred_counter,
                // Keys of lists, text spans and whatever Automerge adds: nothing plain.
                _ if bytes.is_empty() => continue,
                _ => return None,
            };
            *column = bytes;
        }
        Some(columns)
    }

    fn operations(&self, actors: &[Actor]) -> Option<Vec<PlainOp>> {
        let actions: Vec<u64> = runs(self.action, MAX_OPS, Cursor::unsigned)?
            .into_iter()
            .collect::<Option<_>>()?;
        let rows = actions.len();
        let mut insert = Cursor::new(self.insert);
        if insert.unsigned() != u64::try_from(rows).ok() || !insert.is_empty() {
            return None;
        }
        let keys = run_lengths(self.key, rows, |c| c.text(MAX_KEY))?;
        let object_actors = run_lengths(self.object_actor, rows, Cursor::unsigned)?;
        let object_counters = run_lengths(self.object_counter, rows, Cursor::unsigned)?;
        let metas = run_lengths(self.value_meta, rows, Cursor::unsigned)?;
        let mut preds = self.preds(rows, actors)?.into_iter();
        let mut values = Cursor::new(self.value);
        let columns = keys
            .into_iter()
            .zip(object_actors)
            .zip(object_counters)
            .zip(metas);
        let mut ops = Vec::with_capacity(rows);
        for (action, (((key, object_actor), object_counter), meta)) in
            actions.into_iter().zip(columns)
        {
            let object = match (object_actor, object_counter) {
                (None, None) => None,
                (Some(actor), Some(counter)) => Some(op_name(actors, actor, counter)?),
                (None, Some(_)) | (Some(_), None) => return None,
            };
            let value = value(&mut values, meta?)?;
            let action = match (action, value) {
                (0, Value::Null) => Action::MakeMap,
                (1, value) => Action::Put(value),
                _ => return None,
            };
            ops.push(PlainOp {
                object,
                key: key?.to_owned(),
                action,
                pred: preds.next()?,
            });
        }
        values.is_empty().then_some(ops)
    }

    fn preds(&self, rows: usize, actors: &[Actor]) -> Option<Vec<Vec<OpName>>> {
        let mut counts = Vec::with_capacity(rows);
        for count in run_lengths(self.pred_count, rows, Cursor::unsigned)? {
            counts.push(
                usize::try_from(count?)
                    .ok()
                    .filter(|count| *count <= MAX_PREDS)?,
            );
        }
        let total: usize = counts.iter().sum();
        if total > MAX_PREDS {
            return None;
        }
        let pred_actors = run_lengths(self.pred_actor, total, Cursor::unsigned)?;
        let pred_counters = deltas(self.pred_counter, total)?;
        let mut names = pred_actors.into_iter().zip(pred_counters);
        let mut take = |count| {
            let name = |(actor, counter): (Option<u64>, Option<i64>)| {
                op_name(actors, actor?, u64::try_from(counter?).ok()?)
            };
            names
                .by_ref()
                .take(count)
                .map(name)
                .collect::<Option<Vec<_>>>()
        };
        counts.into_iter().map(&mut take).collect()
    }
}

fn op_name(actors: &[Actor], index: u64, counter: u64) -> Option<OpName> {
    let actor = actors.get(usize::try_from(index).ok()?)?;
    Some(OpName {
        counter,
        actor: *actor,
    })
}

/// A value: its length and type, and its bytes.
fn value(values: &mut Cursor<'_>, meta: u64) -> Option<Value> {
    let bytes = values.take(meta >> 4)?;
    match (meta & 0x0f, bytes) {
        (0, []) => Some(Value::Null),
        (1, []) => Some(Value::Bool(false)),
        (2, []) => Some(Value::Bool(true)),
        (4, bytes) => {
            let mut number = Cursor::new(bytes);
            number
                .signed()
                .filter(|_| number.is_empty())
                .map(Value::Int)
        }
        (6, bytes) if bytes.len() <= techo_health::value::MAX_TEXT => {
            std::str::from_utf8(bytes).ok().map(Value::from)
        }
        _ => None,
    }
}

/// The longest change, in bytes.
pub(crate) const MAX_CHANGE: usize = 32_768;
/// The most operations of one change.
pub(crate) const MAX_OPS: usize = 512;
/// The most operations that those of one change replace.
const MAX_PREDS: usize = 4_096;
const MAX_KEY: u64 = 64;
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE: u8 = 1;
