//! The gate (docs/format.md §6.2): judges a change by its own past and keeps what that needs.
//!
//! Everything is looked up in the past that the change names by its deps, never in what happens to
//! have arrived: so all devices judge alike, in whatever order they hear. It never names Automerge.

use std::collections::{BTreeSet, HashMap, HashSet};

use techo_health::value::is_field_key;
use uuid::Uuid;

use crate::doc::{
    change::{Action, ChangeHash, MAX_CHANGE, MAX_OPS, OpName, PlainChange, PlainOp},
    id::{Actor, DocId, uuid_of_key},
};

/// Why a change may not be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not the one encoding of plain operations, too long, or a wrong checksum.
    #[error("not a plain change of at most {MAX_CHANGE} bytes and {MAX_OPS} operations")]
    Form,
    /// Made in the name of another feed or document.
    #[error("made as another actor than its feed's")]
    Actor,
    /// Not the actor's next change, or one that does not know the previous one.
    #[error("change {got} of its feed, expected {expected}")]
    Sequence {
        /// The number that comes next.
        expected: u64,
        /// The number found.
        got: u64,
    },
    /// It builds on changes that are not here.
    #[error("builds on {count} changes that are not here")]
    MissingDeps {
        /// How many.
        count: usize,
    },
    /// Its deps are not in ascending order without repeats.
    #[error("its deps are out of order")]
    Deps,
    /// Its operations are not numbered on from those it builds on.
    #[error("its operations start at {got}, expected {expected}")]
    StartOp {
        /// The number after the greatest known to it.
        expected: u64,
        /// The number found.
        got: u64,
    },
    /// Its numbers are beyond what Automerge counts.
    #[error("its operations cannot be counted")]
    Count,
    /// A key that is none: neither a field nor, for a new record, 32 hex digits.
    #[error("operation {index} has an unusable key")]
    Key {
        /// Its place in the change.
        index: usize,
    },
    /// A map that does not exist in its past, or the wrong one for this document.
    #[error("operation {index} is about a map that it cannot know")]
    Object {
        /// Its place in the change.
        index: usize,
    },
    /// A record that exists already, or one where there can be none.
    #[error("operation {index} makes a record that is there")]
    Exists {
        /// Its place in the change.
        index: usize,
    },
    /// It replaces an operation of another key or one that it cannot know.
    #[error("operation {index} replaces what it cannot know")]
    Pred {
        /// Its place in the change.
        index: usize,
    },
    /// The same field twice.
    #[error("operation {index} repeats a field")]
    Repeated {
        /// Its place in the change.
        index: usize,
    },
    /// It passed the gate, but Automerge could not take it.
    #[error("it cannot be applied")]
    Poison,
}

/// What the gate knows of the changes that were accepted.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    is_profile: bool,
    changes: HashMap<ChangeHash, Past>,
    heads: BTreeSet<ChangeHash>,
    /// The last change accepted of each actor, and its sequence number.
    last: HashMap<Actor, (u64, ChangeHash)>,
    /// The maps made for each record: one, unless somebody made it twice.
    records: HashMap<Uuid, Vec<OpName>>,
    objects: HashSet<OpName>,
    keys: HashMap<String, Key>,
    /// The map and key of every put.
    puts: HashMap<OpName, (Option<OpName>, Key)>,
}

/// A field key, by the order in which it was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key(usize);

/// Everything up to and including a change.
#[derive(Debug, Clone, Default)]
struct Past {
    max_op: u64,
    /// By actor: its last change and its greatest operation.
    actors: Vec<(Actor, Reach)>,
}

#[derive(Debug, Clone, Copy)]
struct Reach {
    seq: u64,
    max_op: u64,
}

impl Past {
    fn reach(&self, actor: Actor) -> Option<Reach> {
        self.actors
            .iter()
            .find(|(known, _)| *known == actor)
            .map(|(_, reach)| *reach)
    }

    /// Whether an accepted operation lies in this past: an actor's operations only ever grow.
    fn holds(&self, op: OpName) -> bool {
        self.reach(op.actor)
            .is_some_and(|reach| op.counter <= reach.max_op)
    }

    fn extend(&mut self, actor: Actor, reach: Reach) {
        self.max_op = self.max_op.max(reach.max_op);
        match self.actors.iter_mut().find(|(known, _)| *known == actor) {
            Some((_, held)) if held.seq < reach.seq => *held = reach,
            Some(_) => {}
            None => self.actors.push((actor, reach)),
        }
    }
}

impl Ledger {
    pub(crate) fn new(doc: DocId) -> Self {
        Self {
            is_profile: doc.is_profile(),
            changes: HashMap::new(),
            heads: BTreeSet::new(),
            last: HashMap::new(),
            records: HashMap::new(),
            objects: HashSet::new(),
            keys: HashMap::new(),
            puts: HashMap::new(),
        }
    }

    pub(crate) fn heads(&self) -> Vec<ChangeHash> {
        self.heads.iter().copied().collect()
    }

    pub(crate) fn holds(&self, change: &ChangeHash) -> bool {
        self.changes.contains_key(change)
    }

    /// A change of `actor` on top of everything held, still without operations.
    pub(crate) fn next(&self, actor: Actor) -> PlainChange {
        let last = self.last.get(&actor);
        let max_op = self
            .heads
            .iter()
            .filter_map(|head| self.changes.get(head))
            .map(|p| p.max_op);
        // Automerge names an actor's previous change even where a head implies it.
        let deps: BTreeSet<ChangeHash> = self
            .heads
            .iter()
            .copied()
            .chain(last.map(|(_, hash)| *hash))
            .collect();
        PlainChange {
            actor,
            seq: last.map_or(1, |(seq, _)| seq + 1),
            start_op: max_op.max().map_or(1, |max| max + 1),
            deps: deps.into_iter().collect(),
            ops: Vec::new(),
        }
    }

    /// The maps of a record.
    pub(crate) fn maps(&self, record: Uuid) -> &[OpName] {
        self.records.get(&record).map_or(&[], Vec::as_slice)
    }

    /// Judges `change`, which hashes to `hash`, and takes it in if nothing speaks against it.
    pub(crate) fn admit(&mut self, hash: ChangeHash, change: &PlainChange) -> Result<(), Refusal> {
        let max_op = change.max_op().ok_or(Refusal::Count)?;
        let mut past = self.past(&change.deps)?;
        let own = past.reach(change.actor);
        let expected = self.last.get(&change.actor).map_or(1, |(seq, _)| seq + 1);
        // The previous change of the actor must be in the past, or operations would share a name.
        if change.seq != expected || own.map_or(0, |reach| reach.seq) + 1 != change.seq {
            return Err(Refusal::Sequence {
                expected,
                got: change.seq,
            });
        }
        if change.start_op != past.max_op + 1 {
            return Err(Refusal::StartOp {
                expected: past.max_op + 1,
                got: change.start_op,
            });
        }
        self.judge(change, &past)?;
        self.take_in(change);
        past.extend(
            change.actor,
            Reach {
                seq: change.seq,
                max_op,
            },
        );
        for dep in &change.deps {
            self.heads.remove(dep);
        }
        self.heads.insert(hash);
        self.last.insert(change.actor, (change.seq, hash));
        self.changes.insert(hash, past);
        Ok(())
    }

    fn past(&self, deps: &[ChangeHash]) -> Result<Past, Refusal> {
        if !deps.is_sorted_by(|a, b| a < b) {
            return Err(Refusal::Deps);
        }
        let missing = deps.iter().filter(|dep| !self.holds(dep)).count();
        if missing > 0 {
            return Err(Refusal::MissingDeps { count: missing });
        }
        let mut pasts = deps.iter().filter_map(|dep| self.changes.get(dep));
        let mut past = pasts.next().cloned().unwrap_or_default();
        for other in pasts {
            for (actor, reach) in &other.actors {
                past.extend(*actor, *reach);
            }
        }
        Ok(past)
    }

    fn judge(&self, change: &PlainChange, past: &Past) -> Result<(), Refusal> {
        let mut made: HashSet<OpName> = HashSet::new();
        let mut touched: BTreeSet<(Option<OpName>, &str)> = BTreeSet::new();
        for (index, (name, op)) in named(change).enumerate() {
            if !touched.insert((op.object, &op.key)) {
                return Err(Refusal::Repeated { index });
            }
            match &op.action {
                Action::MakeMap => {
                    let uuid = uuid_of_key(&op.key).ok_or(Refusal::Key { index })?;
                    if self.is_profile || op.object.is_some() {
                        return Err(Refusal::Object { index });
                    }
                    if !op.pred.is_empty() {
                        return Err(Refusal::Pred { index });
                    }
                    if self.maps(uuid).iter().any(|map| past.holds(*map)) {
                        return Err(Refusal::Exists { index });
                    }
                    made.insert(name);
                }
                Action::Put(_) => {
                    if !is_field_key(&op.key) {
                        return Err(Refusal::Key { index });
                    }
                    if !self.is_writable(op.object, &made, past) {
                        return Err(Refusal::Object { index });
                    }
                    if !self.may_replace(op, past) {
                        return Err(Refusal::Pred { index });
                    }
                }
            }
        }
        Ok(())
    }

    fn is_writable(&self, object: Option<OpName>, made: &HashSet<OpName>, past: &Past) -> bool {
        match object {
            None => self.is_profile,
            Some(map) => made.contains(&map) || self.objects.contains(&map) && past.holds(map),
        }
    }

    fn may_replace(&self, op: &PlainOp, past: &Past) -> bool {
        let place = self.keys.get(&op.key).map(|key| (op.object, *key));
        let known = |pred: &OpName| place.is_some() && self.puts.get(pred).copied() == place;
        op.pred.is_sorted_by(|a, b| a < b)
            && op.pred.iter().all(|pred| known(pred) && past.holds(*pred))
    }

    fn take_in(&mut self, change: &PlainChange) {
        for (name, op) in named(change) {
            match (&op.action, uuid_of_key(&op.key)) {
                (Action::MakeMap, Some(uuid)) => {
                    self.records.entry(uuid).or_default().push(name);
                    self.objects.insert(name);
                }
                (Action::MakeMap | Action::Put(_), _) => {
                    let next = Key(self.keys.len());
                    let key = match self.keys.get(&op.key) {
                        Some(key) => *key,
                        None => *self.keys.entry(op.key.clone()).or_insert(next),
                    };
                    self.puts.insert(name, (op.object, key));
                }
            }
        }
    }
}

fn named(change: &PlainChange) -> impl Iterator<Item = (OpName, &PlainOp)> {
    let counters = change.start_op..;
    counters.zip(&change.ops).map(|(counter, op)| {
        (
            OpName {
                counter,
                actor: change.actor,
            },
            op,
        )
    })
}
