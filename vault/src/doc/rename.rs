//! Makes changes of one feed again as changes of another: the same operations upon the same past,
//! under other names. It decides nothing about what they say.

use std::collections::{BTreeMap, BTreeSet};

use techo_wire::FeedId;

use crate::doc::change::{ChangeHash, OpName, PlainChange};
use crate::doc::document::{DocError, Document};
use crate::doc::engine;
use crate::doc::id::Actor;
use crate::doc::ledger::Refusal;

/// What the changes of one document that were made again are called now.
#[derive(Debug, Default)]
pub struct Renames {
    changes: BTreeMap<ChangeHash, ChangeHash>,
    /// By actor: from which operation on they were made again, and by whom.
    actors: BTreeMap<Actor, (u64, Actor)>,
}

impl Renames {
    /// The operation as it is called now: an actor's operations only ever grow.
    fn name(&self, op: OpName) -> OpName {
        match self.actors.get(&op.actor) {
            Some((first, actor)) if op.counter >= *first => OpName {
                counter: op.counter,
                actor: *actor,
            },
            Some(_) | None => op,
        }
    }

    fn rename(&self, mut change: PlainChange, actor: Actor, seq: u64) -> PlainChange {
        let deps = change.deps.iter();
        let deps: BTreeSet<ChangeHash> = deps
            .map(|hash| *self.changes.get(hash).unwrap_or(hash))
            .collect();
        for op in &mut change.ops {
            op.object = op.object.map(|map| self.name(map));
            for pred in &mut op.pred {
                *pred = self.name(*pred);
            }
            op.pred.sort_unstable();
        }
        PlainChange {
            actor,
            seq,
            deps: deps.into_iter().collect(),
            ..change
        }
    }
}

impl Document {
    /// Makes a change of another feed again as one of `feed`, and returns its bytes. Those that it
    /// builds on are held, under their own names or under those in `renames`.
    ///
    /// Nothing has happened if this fails.
    pub fn say_again(
        &mut self,
        feed: FeedId,
        change: &[u8],
        renames: &mut Renames,
    ) -> Result<Vec<u8>, DocError> {
        let (plain, change) = engine::read(change).ok_or(Refusal::Form)?;
        let actor = Actor::of(feed, self.id());
        let start = (plain.start_op, actor);
        renames.actors.entry(plain.actor).or_insert(start);
        let seq = self.next_of(actor);
        let bytes = self.admit_own(&renames.rename(plain, actor, seq))?;
        let (_, made) = engine::read(&bytes).ok_or(Refusal::Form)?;
        renames
            .changes
            .insert(engine::hash(&change), engine::hash(&made));
        Ok(bytes)
    }
}
