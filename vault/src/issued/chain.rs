//! All entries under one binding, in order, and the document derived from them; it takes only the
//! next one, and never two at one place.

use crate::doc::{IssuedFacts, IssuerDocument};
use crate::issued::history::{self, OfficialRecord};
use crate::issued::{
    Binding, ForkProof, GroupName, IssuedEntry, IssuedError, IssuedHash, IssuedKind, IssuerFile,
    SignedIssuedEntry,
};

/// The official records of one binding: a chain of verified entries and what they say today.
#[derive(Debug)]
pub struct IssuedBook {
    binding: Binding,
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
            document,
            entries: Vec::new(),
            forks: Vec::new(),
        }
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
        if statement.binding() != self.binding.id() || issuer.id() != self.binding.issuer() {
            return Err(IssuedError::Binding);
        }
        let index = statement.index();
        if let Some(held) = self.entry(index) {
            if held.hash() != statement.hash() {
                let proof = ForkProof::new(held.signed().statement(), signed.statement(), issuer);
                if !self.forks.contains(&proof) {
                    self.forks.push(proof);
                }
                return Err(IssuedError::Fork { index });
            }
            signed.verify(issuer, &self.binding)?;
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
        let entry = signed.verify(issuer, &self.binding)?;
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

    /// Returns the binding.
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
        self.entries
            .iter()
            .any(|entry| entry.kind() == IssuedKind::End)
    }
}
