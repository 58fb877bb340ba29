//! The fold: control ops in any order in, the same state of the book out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use techo_wire::EnvelopeHash;

use crate::book::judge::judge;
use crate::book::past::Past;
use crate::book::{BookKind, BookState, Control, ControlOp, Refusal, Role};
use crate::crypto::{BookId, DeviceKey};

/// What became of a control op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stands.
    Applied,
    /// It is kept until these ops come.
    Waiting(BTreeSet<EnvelopeHash>),
    /// It does not stand, and never will.
    Refused(Refusal),
}

/// All control ops of a book that are known, and what follows from them.
#[derive(Clone, Debug)]
pub struct Fold {
    book: BookId,
    kind: Option<BookKind>,
    nodes: Vec<Node>,
    numbers: BTreeMap<EnvelopeHash, usize>,
    /// The ops that stand and decide about a device.
    about: BTreeMap<DeviceKey, Vec<usize>>,
    waiting: BTreeMap<EnvelopeHash, (DeviceKey, Control)>,
    /// Which waiting ops a missing one would help.
    helps: BTreeMap<EnvelopeHash, BTreeSet<EnvelopeHash>>,
    /// Made when asked for after an insertion.
    state: OnceLock<BookState>,
}

/// An op whose whole past is known.
#[derive(Clone, Debug)]
pub(in crate::book) struct Node {
    pub(in crate::book) hash: EnvelopeHash,
    pub(in crate::book) author: DeviceKey,
    pub(in crate::book) control: Control,
    pub(in crate::book) past: Past,
    /// The longest path from the genesis.
    pub(in crate::book) depth: u64,
    pub(in crate::book) verdict: Result<(), Refusal>,
}

/// What a device is in some past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::book) enum Standing {
    Absent,
    Removed,
    Active(Role),
}

impl Fold {
    /// Begins with nothing but the book's name.
    pub fn new(book: BookId) -> Self {
        Self {
            book,
            kind: None,
            nodes: Vec::new(),
            numbers: BTreeMap::new(),
            about: BTreeMap::new(),
            waiting: BTreeMap::new(),
            helps: BTreeMap::new(),
            state: OnceLock::new(),
        }
    }

    /// Takes the op of the envelope `hash`, whose feed `author` certified. An op that is known
    /// already changes nothing.
    pub fn insert(&mut self, hash: EnvelopeHash, author: DeviceKey, control: Control) -> Outcome {
        if !self.numbers.contains_key(&hash) && !self.waiting.contains_key(&hash) {
            self.waiting.insert(hash, (author, control));
            if self.settle(hash) {
                self.state = OnceLock::new();
            }
        }
        self.outcome(&hash)
            .unwrap_or(Outcome::Refused(Refusal::NoParents))
    }

    /// What became of an op, if it was inserted.
    pub fn outcome(&self, hash: &EnvelopeHash) -> Option<Outcome> {
        if let Some(node) = self
            .numbers
            .get(hash)
            .and_then(|number| self.nodes.get(*number))
        {
            return Some(match node.verdict {
                Ok(()) => Outcome::Applied,
                Err(refusal) => Outcome::Refused(refusal),
            });
        }
        let (_, control) = self.waiting.get(hash)?;
        Some(Outcome::Waiting(self.lacking(control.parents())))
    }

    /// The book.
    pub fn book(&self) -> BookId {
        self.book
    }

    /// What the book is about, once its genesis is known.
    pub fn kind(&self) -> Option<BookKind> {
        self.kind
    }

    /// What follows from the ops that stand.
    pub fn state(&self) -> &BookState {
        self.state
            .get_or_init(|| BookState::of(&self.nodes, |past, device| self.standing(past, device)))
    }

    /// Whether an op is known with its whole past.
    pub fn holds(&self, hash: &EnvelopeHash) -> bool {
        self.numbers.contains_key(hash)
    }

    /// The ops that others build on and that were never inserted.
    pub fn missing(&self) -> BTreeSet<EnvelopeHash> {
        let waiting = |hash: &&EnvelopeHash| !self.waiting.contains_key(*hash);
        self.helps.keys().filter(waiting).copied().collect()
    }

    /// The ops that do not stand, with their authors and the reason.
    pub fn refused(&self) -> impl Iterator<Item = (EnvelopeHash, DeviceKey, Refusal)> {
        self.nodes
            .iter()
            .filter_map(|node| Some((node.hash, node.author, node.verdict.err()?)))
    }

    /// The ops that stand and that no other one builds on: the parents of the next.
    pub fn control_heads(&self) -> BTreeSet<EnvelopeHash> {
        let mut heads: BTreeSet<usize> = BTreeSet::new();
        for (number, node) in self.nodes.iter().enumerate() {
            if node.verdict.is_ok() {
                heads.retain(|head| !node.past.contains(*head));
                heads.insert(number);
            }
        }
        heads
            .into_iter()
            .filter_map(|head| self.nodes.get(head))
            .map(|node| node.hash)
            .collect()
    }

    /// What `device` might do when the control heads were these. `None` if it was not in the
    /// book, had been removed, or a head is not held.
    pub fn allowed_at(&self, heads: &BTreeSet<EnvelopeHash>, device: &DeviceKey) -> Option<Role> {
        match self.standing(&self.closure(heads)?.0, device) {
            Standing::Active(role) => Some(role),
            Standing::Removed | Standing::Absent => None,
        }
    }

    /// What a device is where `past` has happened and nothing else.
    pub(in crate::book) fn standing(&self, past: &Past, device: &DeviceKey) -> Standing {
        let about = self
            .about
            .get(device)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let there = about.iter().filter(|number| past.contains(**number));
        let nodes: Vec<(usize, &Node)> = there
            .filter_map(|number| Some((*number, self.nodes.get(*number)?)))
            .collect();
        let mut roles = Vec::with_capacity(nodes.len());
        for (number, node) in &nodes {
            match given_role(node.control.op()) {
                Some(role) => roles.push((*number, node, role)),
                None => return Standing::Removed,
            }
        }
        let latest = roles.iter().filter(|(number, ..)| {
            !roles
                .iter()
                .any(|(_, later, _)| later.past.contains(*number))
        });
        latest
            .map(|(.., role)| *role)
            .max()
            .map_or(Standing::Absent, Standing::Active)
    }

    fn lacking(&self, parents: &BTreeSet<EnvelopeHash>) -> BTreeSet<EnvelopeHash> {
        parents
            .iter()
            .filter(|parent| !self.holds(parent))
            .copied()
            .collect()
    }

    /// Everything up to these ops, and the length of the longest path to one of them.
    fn closure(&self, heads: &BTreeSet<EnvelopeHash>) -> Option<(Past, u64)> {
        let mut past = Past::default();
        let mut depth = 0;
        for head in heads {
            let number = *self.numbers.get(head)?;
            let node = self.nodes.get(number)?;
            past.extend(&node.past);
            past.insert(number);
            depth = depth.max(node.depth);
        }
        Some((past, depth))
    }

    /// Judges a waiting op and those it helps, as far as their pasts are known.
    fn settle(&mut self, first: EnvelopeHash) -> bool {
        let mut ready = vec![first];
        let before = self.nodes.len();
        while let Some(hash) = ready.pop() {
            let Some((_, control)) = self.waiting.get(&hash) else {
                continue;
            };
            let lacking = self.lacking(control.parents());
            if lacking.is_empty() {
                if let Some((author, control)) = self.waiting.remove(&hash) {
                    self.place(hash, author, control);
                }
                ready.extend(self.helps.remove(&hash).unwrap_or_default());
            } else {
                for parent in lacking {
                    self.helps.entry(parent).or_default().insert(hash);
                }
            }
        }
        self.nodes.len() > before
    }

    fn place(&mut self, hash: EnvelopeHash, author: DeviceKey, control: Control) {
        let Some((past, deepest)) = self.closure(control.parents()) else {
            return;
        };
        let depth = if control.parents().is_empty() {
            0
        } else {
            deepest.saturating_add(1)
        };
        let verdict = judge(self, &author, &control, &past);
        let number = self.nodes.len();
        if verdict.is_ok() {
            if let ControlOp::Genesis(genesis) = control.op() {
                self.kind = Some(genesis.kind());
            }
            if let Some(device) = decided(control.op()) {
                self.about.entry(device).or_default().push(number);
            }
        }
        self.numbers.insert(hash, number);
        self.nodes.push(Node {
            hash,
            author,
            control,
            past,
            depth,
            verdict,
        });
    }
}

/// The device about which an op decides.
fn decided(op: &ControlOp) -> Option<DeviceKey> {
    match op {
        ControlOp::Genesis(genesis) => Some(genesis.founder().key()),
        ControlOp::DeviceAdded { device, .. } => Some(device.key()),
        ControlOp::DeviceRemoved { device, .. } | ControlOp::RoleSet { device, .. } => {
            Some(*device)
        }
        _ => None,
    }
}

/// The role that an op about a device gives; a removal gives none.
fn given_role(op: &ControlOp) -> Option<Role> {
    match op {
        ControlOp::Genesis(_) => Some(Role::Guardian),
        ControlOp::DeviceAdded { role, .. } | ControlOp::RoleSet { role, .. } => Some(*role),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
