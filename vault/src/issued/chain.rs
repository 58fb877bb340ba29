//! All entries under one binding and those that continue it, in order, and the document derived from
//! them; it takes only the next one, and never two at one place.

use crate::doc::{IssuedFacts, IssuerDocument};
use crate::issued::history::{self, OfficialRecord};
use crate::issued::{
    Binding, BindingId, ForkProof, GroupName, IssuedEntry, IssuedError, IssuedHash, IssuedKind,
    IssuerFile, SignedIssuedEntry,
};

/// The official records of one binding and those that continue it: a chain of verified entries and
/// what they say today.
#[derive(Debug)]
pub struct IssuedBook {
    /// The first, by which the chain is called.
    binding: Binding,
    /// Those that continue it, in order.
    later: Vec<Binding>,
    document: IssuerDocument,
    entries: Vec<IssuedEntry>,
    forks: Vec<ForkProof>,
}

/// What accepting an entry changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// It is the entry with this index now.
    New(u64),
    /// It was held already.
    Held(u64),
}

impl IssuedBook {
    /// Begins with nothing under `binding`.
    pub fn new(binding: Binding) -> Self {
        let document = IssuerDocument::new(binding.issuer().as_bytes(), binding.id().as_bytes());
        Self {
            binding,
            later: Vec::new(),
            document,
            entries: Vec::new(),
            forks: Vec::new(),
        }
    }

    /// Lets `binding` continue the chain. The same one again changes nothing.
    pub fn follow(&mut self, binding: Binding) -> Result<(), IssuedError> {
        if self.holds(binding.id()) {
            return Ok(());
        }
        let last = self.current();
        let continues = binding.supersedes() == Some(last.id())
            && binding.issuer() == last.issuer()
            && binding.subject() == last.subject()
            && Some(binding.sequence()) == last.sequence().checked_add(1);
        if !continues {
            return Err(IssuedError::Binding);
        }
        self.later.push(binding);
        Ok(())
    }

    /// Returns all bindings, the first one first.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        std::iter::once(&self.binding).chain(&self.later)
    }

    /// Tells whether a binding is one of those of this chain.
    pub fn holds(&self, id: BindingId) -> bool {
        self.bindings().any(|binding| binding.id() == id)
    }

    /// Returns the binding that stands today.
    pub fn current(&self) -> &Binding {
        self.later.last().unwrap_or(&self.binding)
    }

    /// Returns the binding under which an entry may come next: none before that of the last entry.
    fn binding_of(&self, id: BindingId) -> Option<&Binding> {
        let last = self.entries.last().map(IssuedEntry::binding);
        self.bindings()
            .skip_while(|binding| last.is_some_and(|last| binding.id() != last))
            .find(|binding| binding.id() == id)
    }

    /// Takes the next entry. The same entry again changes nothing.
    ///
    /// The key set that came with it must have been adopted by `issuer` before.
    pub fn accept(
        &mut self,
        issuer: &IssuerFile,
        signed: &SignedIssuedEntry,
    ) -> Result<Acceptance, IssuedError> {
        let statement = signed.statement().verify(issuer)?;
        if !self.holds(statement.binding()) || issuer.id() != self.binding.issuer() {
            return Err(IssuedError::Binding);
        }
        let index = statement.index();
        if let Some(held) = self.entry(index) {
            if held.binding() != statement.binding() {
                return Err(IssuedError::Binding);
            }
            if held.hash() != statement.hash() {
                let proof = ForkProof::new(held.signed().statement(), signed.statement(), issuer);
                if !self.forks.contains(&proof) {
                    self.forks.push(proof);
                }
                return Err(IssuedError::Fork { index });
            }
            let mut bindings = self.bindings();
            let binding = bindings.find(|binding| binding.id() == statement.binding());
            signed.verify(issuer, binding.ok_or(IssuedError::Binding)?)?;
            return Ok(Acceptance::Held(index));
        }
        let expected = self.next_index();
        if index != expected {
            return Err(IssuedError::Index {
                expected,
                got: index,
            });
        }
        if statement.previous() != self.last_hash() {
            return Err(IssuedError::Chain);
        }
        if let Some(earlier) = statement.supersedes() {
            let replaced = self.entry(earlier).map(IssuedEntry::kind);
            if !replaced.is_some_and(IssuedKind::has_content) {
                return Err(IssuedError::Supersedes);
            }
        }
        let binding = self.binding_of(statement.binding());
        let entry = signed.verify(issuer, binding.ok_or(IssuedError::Binding)?)?;
        self.derive(&entry)?;
        self.entries.push(entry);
        Ok(Acceptance::New(index))
    }

    /// Continues the derived document; what does not fit it is not accepted.
    fn derive(&mut self, entry: &IssuedEntry) -> Result<(), IssuedError> {
        let groups = GroupName::ALL.map(|name| {
            let pairs = entry.groups().group(name).pairs();
            let owned = pairs.map(|(key, text)| (key.to_owned(), text.to_owned()));
            (name.as_str(), owned.collect::<Vec<_>>())
        });
        let facts = IssuedFacts {
            index: entry.index(),
            kind: entry.kind().number(),
            supersedes: entry.supersedes(),
            issued_at: entry.issued_at(),
            entry: entry.hash().to_bytes(),
            groups: &groups,
        };
        self.document
            .append(&[facts])
            .map_err(|_| IssuedError::Derivation)
    }

    /// Returns the document derived from the entries: the same bytes on every device.
    pub fn document(&self) -> &IssuerDocument {
        &self.document
    }

    /// Returns the first binding, by which the chain is called.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Returns the index that comes next.
    pub fn next_index(&self) -> u64 {
        u64::try_from(self.entries.len()).unwrap_or(u64::MAX)
    }

    /// Returns the name of the last entry, zeros before the first.
    pub fn last_hash(&self) -> IssuedHash {
        self.entries
            .last()
            .map_or(IssuedHash::ZERO, IssuedEntry::hash)
    }

    /// Returns an entry.
    pub fn entry(&self, index: u64) -> Option<&IssuedEntry> {
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// Returns all entries in order.
    pub fn entries(&self) -> &[IssuedEntry] {
        &self.entries
    }

    /// Returns what the entries say, corrections folded, in the order of first issue.
    pub fn records(&self) -> Vec<OfficialRecord<'_>> {
        history::fold(&self.entries)
    }

    /// Returns the record to which the entry with `index` belongs.
    pub fn record(&self, index: u64) -> Option<OfficialRecord<'_>> {
        self.records()
            .into_iter()
            .find(|record| record.versions().any(|v| v.index() == index))
    }

    /// Returns the proofs that the issuer contradicted itself.
    pub fn forks(&self) -> &[ForkProof] {
        &self.forks
    }

    /// Tells whether the issuer has said that nothing more will come.
    pub fn has_ended(&self) -> bool {
        let current = self.current().id();
        self.entries
            .iter()
            .any(|entry| entry.kind() == IssuedKind::End && entry.binding() == current)
    }
}
