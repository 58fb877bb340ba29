//! One family document: own edits in, others' changes in behind the gate, records out.
//!
//! A change that Automerge cannot take is found, set aside with its author, and everything else
//! goes on. It never orders changes: the caller applies them in causal order.

use std::sync::{Arc, OnceLock};

use automerge::{Change, ObjId, ROOT, ReadDoc};
use techo_health::{Fields, Value};
use techo_wire::FeedId;
use uuid::Uuid;

use crate::doc::{
    change::{Action, ChangeHash, OpName, PlainChange, PlainOp},
    engine,
    held::{Base, Held, Saved, Snapshot},
    id::{Actor, DocId, key_of_uuid},
    ledger::Refusal,
    records::{self, RecordState},
};

/// A document of a book, in memory.
#[derive(Debug)]
pub struct Document {
    id: DocId,
    /// Empty until somebody asks: years that nobody looks at are never taken apart.
    held: OnceLock<Held>,
    /// The last snapshot, and everything accepted since: what a rebuild starts from.
    base: Base,
    since: Vec<Change>,
    /// A change on which tests let Automerge panic.
    #[cfg(test)]
    pub(super) poison: Option<ChangeHash>,
}

/// One step of an own edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Makes a record.
    Create {
        /// Its UUID.
        uuid: Uuid,
        /// Its first fields.
        fields: Fields,
    },
    /// Sets a field; `Null` removes it. It replaces every concurrent value.
    Put {
        /// The record; `None` in the profile.
        record: Option<Uuid>,
        /// The key.
        field: String,
        /// The value.
        value: Value,
    },
}

/// A change that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a change of {feed} was set aside: {reason}")]
pub struct Quarantine {
    /// The feed that it came in.
    pub feed: FeedId,
    /// What speaks against it.
    pub reason: Refusal,
}

/// Why a document could not be edited, saved or loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocError {
    /// The edits would make a change that others refuse: mostly too much at once.
    #[error("the edit cannot be made")]
    Edit(#[from] Refusal),
    /// The record is not in this document.
    #[error("there is no such record in this document")]
    NoSuchRecord,
    /// The bytes are not a document with those heads.
    #[error("the saved document is damaged")]
    Damaged,
    /// Automerge failed. If it does so again, build the document anew from its entries.
    #[error("the document could not be written")]
    Broken,
}

impl Document {
    /// A document without changes.
    pub fn new(id: DocId) -> Self {
        Self {
            id,
            held: OnceLock::new(),
            base: Base::Here(Snapshot::default()),
            since: Vec::new(),
            #[cfg(test)]
            poison: None,
        }
    }

    /// Loads what [`Document::save`] returned.
    pub fn load(id: DocId, snapshot: Snapshot) -> Result<Self, DocError> {
        let document = Self {
            base: Base::Here(snapshot),
            ..Self::new(id)
        };
        if document.held().is_broken {
            return Err(DocError::Damaged);
        }
        Ok(document)
    }

    /// Stands for the document that has these heads, and brings what [`Document::save`] returned
    /// when somebody asks for it.
    pub fn load_later(id: DocId, heads: Vec<ChangeHash>, saved: Arc<dyn Saved>) -> Self {
        Self {
            base: Base::Away(heads, saved),
            ..Self::new(id)
        }
    }

    /// Whether nothing has changed since the document was saved and put away.
    pub fn is_away(&self) -> bool {
        self.since.is_empty() && matches!(self.base, Base::Away(..))
    }

    /// Whether the document can be taken apart: what was saved is what is read.
    pub fn is_readable(&self) -> bool {
        !self.held().is_broken
    }

    /// Whether nobody has asked for anything in it since it was loaded: then nothing has changed.
    pub fn is_as_loaded(&self) -> bool {
        self.held.get().is_none()
    }

    /// The name.
    pub fn id(&self) -> DocId {
        self.id
    }

    /// The hashes of the changes that no other builds on, ascending.
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.held
            .get()
            .map_or_else(|| self.base.heads().to_vec(), |held| held.ledger.heads())
    }

    /// Whether a change is in the document.
    pub fn holds(&self, change: &ChangeHash) -> bool {
        self.held().ledger.holds(change)
    }

    /// Says whether `edit`, which makes a record, fits one change, whatever else the document holds.
    pub fn check_new(id: DocId, edit: &Edit) -> Result<(), DocError> {
        let Edit::Create { fields, .. } = edit else {
            return Err(DocError::NoSuchRecord);
        };
        let size: usize = fields
            .iter()
            .map(|(key, value)| key.len() + value.as_text().map_or(MAX_NUMBER, str::len))
            .sum();
        if fields.len() <= FEW_FIELDS && size <= SMALL {
            return Ok(());
        }
        // Only what a change holds beside the fields depends on the document, and it is little.
        let edit = std::slice::from_ref(edit);
        Self::new(id).edit(FeedId::from_bytes([0; 32]), edit)?;
        Ok(())
    }

    /// Makes one change of `feed` out of `edits`, applies it and returns its bytes.
    ///
    /// Nothing has happened if this fails.
    pub fn edit(&mut self, feed: FeedId, edits: &[Edit]) -> Result<Vec<u8>, DocError> {
        if self.held().is_broken {
            return Err(DocError::Broken);
        }
        let planned = self.plan(Actor::of(feed, self.id), edits)?;
        let change = engine::encode(&planned).map_err(|_| Refusal::Form)?;
        // What others will read, and judge in the same way. If it says what was planned, these
        // bytes are its one encoding.
        let bytes = change.raw_bytes();
        let plain = PlainChange::decode(bytes)
            .filter(|plain| *plain == planned)
            .or_else(|| engine::read(bytes).map(|(plain, _)| plain))
            .ok_or(Refusal::Form)?;
        let hash = engine::hash(&change);
        let held = self.held_mut();
        held.ledger.admit(hash, &plain)?;
        match engine::write(&mut held.automerge, &plain, hash) {
            Ok(true) => {}
            Ok(false) => self.take_or_rebuild(&change)?,
            Err(_) => {
                self.rebuild_or_break()?;
                self.held_mut().ledger.admit(hash, &plain)?;
                self.take_or_rebuild(&change)?;
            }
        }
        let bytes = change.raw_bytes().to_vec();
        self.since.push(change);
        Ok(bytes)
    }

    /// The number of an actor's next change.
    pub(super) fn next_of(&self, actor: Actor) -> u64 {
        self.held().ledger.next(actor).seq
    }

    /// Applies an own change that may build on less than everything held, and returns its bytes.
    pub(super) fn admit_own(&mut self, planned: &PlainChange) -> Result<Vec<u8>, DocError> {
        if self.held().is_broken {
            return Err(DocError::Broken);
        }
        let change = engine::encode(planned).map_err(|_| Refusal::Form)?;
        let (plain, change) = engine::read(change.raw_bytes()).ok_or(Refusal::Form)?;
        let hash = engine::hash(&change);
        self.held_mut().ledger.admit(hash, &plain)?;
        self.take_or_rebuild(&change)?;
        let bytes = change.raw_bytes().to_vec();
        self.since.push(change);
        Ok(bytes)
    }

    /// Applies changes in the order given, each after those it builds on, and says of each whether
    /// it was accepted. One that is there already is accepted and changes nothing.
    pub fn apply(&mut self, batch: Vec<(FeedId, Vec<u8>)>) -> Vec<Result<(), Quarantine>> {
        let mut results = vec![Ok(()); batch.len()];
        let mut read = Vec::with_capacity(batch.len());
        for ((feed, bytes), result) in batch.into_iter().zip(&mut results) {
            match engine::read(&bytes) {
                Some((plain, change)) => read.push(Incoming {
                    feed,
                    plain,
                    change,
                    result,
                }),
                None => {
                    *result = Err(Quarantine {
                        feed,
                        reason: Refusal::Form,
                    });
                }
            }
        }
        self.apply_or_split(&mut read);
        results
    }

    /// The records, by UUID; in the profile the one that is the whole document.
    pub fn records(&self) -> impl Iterator<Item = RecordState> + '_ {
        let profile = self
            .id
            .is_profile()
            .then(|| records::profile(&self.held().automerge));
        let listed = (!self.id.is_profile()).then(|| records::records(&self.held().automerge));
        profile.into_iter().chain(listed.into_iter().flatten())
    }

    /// One record; `None` asks for the profile.
    pub fn record(&self, uuid: Option<Uuid>) -> Option<RecordState> {
        match uuid {
            None => self
                .id
                .is_profile()
                .then(|| records::profile(&self.held().automerge)),
            Some(uuid) => records::record(&self.held().automerge, uuid, &key_of_uuid(uuid)),
        }
    }

    /// Saves the document, after checking that it can be loaded again. Meant for snapshots, not for
    /// every change.
    pub fn save(&mut self) -> Result<Snapshot, DocError> {
        if self.held.get().is_some_and(|held| held.is_broken) {
            return Err(DocError::Broken);
        }
        if !self.since.is_empty() {
            let bytes = engine::save(&self.held().automerge).map_err(|_| DocError::Broken)?;
            self.base = Base::Here(Snapshot {
                bytes,
                heads: self.heads(),
            });
            self.since.clear();
        }
        let snapshot = self.base.snapshot().ok_or(DocError::Broken)?;
        Ok(snapshot.into_owned())
    }

    /// Gates and applies in one go; if Automerge fails, halves until the culprit stands alone.
    fn apply_or_split(&mut self, incoming: &mut [Incoming<'_>]) {
        let mut changes = Vec::with_capacity(incoming.len());
        for item in &mut *incoming {
            let hash = engine::hash(&item.change);
            let judged = self.judge(item, hash);
            if judged == Ok(true) {
                changes.push(item.change.clone());
            }
            *item.result = judged.map(|_| ()).map_err(|reason| Quarantine {
                feed: item.feed,
                reason,
            });
        }
        if changes.is_empty() || self.take(&changes).is_ok() {
            self.since.append(&mut changes);
            return;
        }
        let rebuilt = self.rebuild_or_break();
        let half = incoming.len() / 2;
        match incoming {
            _ if rebuilt.is_err() => incoming.iter_mut().for_each(Incoming::set_aside),
            [culprit] => culprit.set_aside(),
            _ => {
                let (first, second) = incoming.split_at_mut(half);
                self.apply_or_split(first);
                self.apply_or_split(second);
            }
        }
    }

    /// Whether a change is new and may be applied.
    fn judge(&mut self, item: &Incoming<'_>, hash: ChangeHash) -> Result<bool, Refusal> {
        if self.held().is_broken {
            return Err(Refusal::Poison);
        }
        if item.plain.actor != Actor::of(item.feed, self.id) {
            return Err(Refusal::Actor);
        }
        let held = self.held_mut();
        if held.ledger.holds(&hash) {
            return Ok(false);
        }
        held.ledger.admit(hash, &item.plain).map(|()| true)
    }

    fn take(&mut self, changes: &[Change]) -> Result<(), engine::EngineError> {
        #[cfg(test)]
        if changes
            .iter()
            .any(|change| Some(engine::hash(change)) == self.poison)
        {
            // Unlike `panic!`, this says nothing on standard error.
            return engine::guarded(|| std::panic::resume_unwind(Box::new("poison")));
        }
        let held = self.held_mut();
        engine::apply(&mut held.automerge, changes, &held.ledger.heads())
    }

    fn take_or_rebuild(&mut self, change: &Change) -> Result<(), DocError> {
        if self.take(std::slice::from_ref(change)).is_ok() {
            return Ok(());
        }
        self.rebuild_or_break()?;
        Err(DocError::Broken)
    }

    /// Builds Automerge and the ledger again from the snapshot and what was accepted since.
    fn rebuild_or_break(&mut self) -> Result<(), DocError> {
        self.held = OnceLock::new();
        if self.held().is_broken {
            Err(DocError::Broken)
        } else {
            Ok(())
        }
    }

    fn held(&self) -> &Held {
        self.held
            .get_or_init(|| Held::build(self.id, &self.base, &self.since))
    }

    fn held_mut(&mut self) -> &mut Held {
        self.held();
        #[expect(clippy::expect_used, reason = "`held` has filled it")]
        self.held.get_mut().expect("taken apart above")
    }

    fn plan(&self, actor: Actor, edits: &[Edit]) -> Result<PlainChange, DocError> {
        let mut change = self.held().ledger.next(actor);
        let ops = &mut change.ops;
        for edit in edits {
            match edit {
                Edit::Create { uuid, fields } => {
                    let place = u64::try_from(ops.len()).map_err(|_| Refusal::Count)?;
                    let map = OpName {
                        counter: change.start_op + place,
                        actor,
                    };
                    let key = key_of_uuid(*uuid);
                    ops.push(PlainOp {
                        object: None,
                        key,
                        action: Action::MakeMap,
                        pred: Vec::new(),
                    });
                    ops.extend(fields.iter().map(|(field, value)| PlainOp {
                        object: Some(map),
                        key: field.clone(),
                        action: Action::Put(value.clone()),
                        pred: Vec::new(),
                    }));
                }
                Edit::Put {
                    record,
                    field,
                    value,
                } => {
                    for object in self.objects(*record)? {
                        ops.push(PlainOp {
                            object,
                            key: field.clone(),
                            action: Action::Put(value.clone()),
                            pred: self.visible(object, field)?,
                        });
                    }
                }
            }
        }
        Ok(change)
    }

    /// The maps that a put is about.
    fn objects(&self, record: Option<Uuid>) -> Result<Vec<Option<OpName>>, DocError> {
        match (record, self.id.is_profile()) {
            (None, true) => Ok(vec![None]),
            (Some(uuid), false) if !self.held().ledger.maps(uuid).is_empty() => Ok(self
                .held()
                .ledger
                .maps(uuid)
                .iter()
                .copied()
                .map(Some)
                .collect()),
            (None, false) | (Some(_), _) => Err(DocError::NoSuchRecord),
        }
    }

    /// The values of a field that are seen now, which a put replaces.
    fn visible(&self, object: Option<OpName>, field: &str) -> Result<Vec<OpName>, DocError> {
        let map = object.map_or(ROOT, engine::object_id);
        let seen = self
            .held()
            .automerge
            .get_all(&map, field)
            .map_err(|_| DocError::NoSuchRecord)?;
        let name = |id: ObjId| match id {
            ObjId::Id(counter, actor, _) => Some(OpName {
                counter,
                actor: Actor::try_from(actor.to_bytes()).ok()?,
            }),
            ObjId::Root => None,
        };
        let mut pred: Vec<OpName> = seen.into_iter().filter_map(|(_, id)| name(id)).collect();
        pred.sort_unstable();
        Ok(pred)
    }
}

/// What a number takes in a change, at most.
const MAX_NUMBER: usize = 10;
/// A record of so few fields and bytes fits a change whatever stands around it.
const FEW_FIELDS: usize = 64;
const SMALL: usize = 8_192;

struct Incoming<'a> {
    feed: FeedId,
    plain: PlainChange,
    change: Change,
    result: &'a mut Result<(), Quarantine>,
}

impl Incoming<'_> {
    fn set_aside(&mut self) {
        *self.result = Err(Quarantine {
            feed: self.feed,
            reason: Refusal::Poison,
        });
    }
}
