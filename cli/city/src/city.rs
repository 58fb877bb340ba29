//! The city's folder, unlocked: what it is, and the one way to change it.

use std::path::Path;

use techo_jpki::{Environment, NonceFile, RevocationLists, Roots, SimulatedPki};
use techo_vault::book::IssuerId;
use techo_vault::crypto::{Cost, Passphrase, SigningKey};
use techo_vault::issued::{EntryKey, IssuerFile, IssuerRoot, KeySetPlan, SignedKeySet};

use crate::CityError;
use crate::folder::{Folder, ISSUER, KEYS, ROOT};
use crate::journal::Journal;
use crate::keys::{Unlocked, WorkingKeys, open_file, seal_file};
use crate::record::JournalRecord;
use crate::state::State;

/// An issuer: keys, bindings, publications.
pub struct City {
    pub(crate) folder: Folder,
    pub(crate) file: IssuerFile,
    pub(crate) keys: WorkingKeys,
    pub(crate) roots: Roots,
    pub(crate) lists: Option<RevocationLists>,
    pub(crate) state: State,
    journal: Journal,
    pub(crate) unlocked: Unlocked,
    stopped: bool,
}

impl std::fmt::Debug for City {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "City({}, {})", self.file.code(), self.file.id())
    }
}

/// Whose certificates the city accepts.
#[derive(Debug)]
#[non_exhaustive]
pub enum IssuerPki {
    /// Those of real residents. Nothing is accepted while revocation cannot be checked. No real card
    /// has been tried.
    Production,
    /// Those of a simulated authority, DER of its roots. Every answer says so.
    Simulated {
        /// The caller's word.
        acknowledged: SimulatedPki,
        /// The roots.
        roots: Vec<Vec<u8>>,
    },
}

/// What a new city needs.
#[derive(Debug)]
pub struct CityPlan<'a> {
    /// The name residents know it by.
    pub name: &'a str,
    /// The six-digit code of the municipality.
    pub code: &'a str,
    /// Unlocks the working keys and the journal.
    pub passphrase: &'a Passphrase,
    /// Unlocks the root key.
    pub root_passphrase: &'a Passphrase,
    /// What one guess costs.
    pub cost: Cost,
    /// Whose certificates count.
    pub pki: IssuerPki,
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CityStatus {
    /// The name.
    pub name: String,
    /// The code.
    pub code: String,
    /// The issuer.
    pub issuer: IssuerId,
    /// The version of the key set in use.
    pub key_set: u64,
    /// Whether only simulated certificates are accepted: nobody's identity is verified.
    pub simulated: bool,
    /// Nonces that can still be used.
    pub open_nonces: usize,
    /// Bindings made, those that ended or were followed among them.
    pub bindings: usize,
    /// Enrolments that wait until revocation can be checked.
    pub waiting: usize,
    /// Enrolments that wait for a person.
    pub review: usize,
    /// Bindings under which records are issued today.
    pub standing: usize,
    /// When every binding was last asked about, in milliseconds.
    pub rechecked_at: Option<u64>,
    /// Residents bound.
    pub residents: usize,
    /// Entries signed.
    pub issued: u64,
    /// Bindings and entries that no relay has acknowledged yet.
    pub pending: usize,
}

impl City {
    /// Makes a new city in an empty folder.
    pub fn init(dir: &Path, plan: &CityPlan<'_>, now: u64) -> Result<Self, CityError> {
        let roots = match &plan.pki {
            IssuerPki::Production => {
                Roots::production()?;
                Vec::new()
            }
            IssuerPki::Simulated {
                acknowledged,
                roots,
            } => {
                Roots::simulated(acknowledged, roots)?;
                roots.clone()
            }
        };
        if techo_health::personal_number::contains_my_number(plan.name) {
            return Err(CityError::Identity);
        }
        let mut rng = rng();
        let root = SigningKey::generate(&mut rng);
        let keys = WorkingKeys::generate(&mut rng, 1, roots);
        let set = SignedKeySet::sign(&root, &key_set_plan(&keys, now));
        let pinned = IssuerRoot::from_bytes(root.public());
        let file =
            IssuerFile::new(pinned, plan.code, plan.name, &set).map_err(|_| CityError::Identity)?;
        let folder = Folder::create(dir)?;
        let seed = root.expose_seed();
        let (sealed, _) = seal_file(
            &mut rng,
            ROOT,
            plan.root_passphrase,
            plan.cost,
            seed.as_slice(),
        )?;
        folder.write(ROOT, &sealed)?;
        let (sealed, unlocked) =
            seal_file(&mut rng, KEYS, plan.passphrase, plan.cost, &keys.to_bytes())?;
        let journal = Journal::create(&folder, unlocked.journal())?;
        folder.write(ISSUER, file.to_text().as_bytes())?;
        folder.write(KEYS, &sealed)?;
        let roots = keys.roots()?;
        Ok(Self {
            folder,
            file,
            keys,
            roots,
            lists: None,
            state: State::default(),
            journal,
            unlocked,
            stopped: false,
        })
    }

    /// Opens a city's folder.
    pub fn open(dir: &Path, passphrase: &Passphrase) -> Result<Self, CityError> {
        let folder = Folder::open(dir)?;
        let (plain, unlocked) = open_file(KEYS, passphrase, &folder.read(KEYS)?)?;
        let keys = WorkingKeys::from_bytes(&plain)?;
        let text = String::from_utf8(folder.read(ISSUER)?).map_err(|_| CityError::Malformed)?;
        let file = IssuerFile::from_text(&text)?;
        let own = EntryKey::from_bytes(keys.entry.public());
        if !file.key_set(keys.key_set).is_some_and(|set| set.holds(own)) {
            return Err(CityError::Malformed);
        }
        let roots = keys.roots()?;
        let mut state = State::default();
        let journal = Journal::open(&folder, unlocked.journal(), |record| {
            state.apply(record);
            Ok(())
        })?;
        Ok(Self {
            folder,
            file,
            keys,
            roots,
            lists: None,
            state,
            journal,
            unlocked,
            stopped: false,
        })
    }

    /// Returns the public issuer file: what residents pin.
    pub fn issuer_file(&self) -> &IssuerFile {
        &self.file
    }

    /// Gives out a nonce for one enrolment, for ten minutes.
    pub fn nonce(&mut self, now: u64) -> Result<NonceFile, CityError> {
        let nonce = random();
        let expires = now.saturating_add(NONCE_LIFETIME_MS);
        self.commit(vec![JournalRecord::NonceGiven { nonce, expires }])?;
        Ok(NonceFile::new(self.file.id().to_bytes(), nonce, expires))
    }

    /// Signs a key set with another entry key; needs the root key's file and its passphrase.
    ///
    /// Whatever was signed with the key before must have been delivered: an item carries one key set.
    pub fn renew_key(
        &mut self,
        root: &[u8],
        passphrase: &Passphrase,
        now: u64,
    ) -> Result<u64, CityError> {
        if self.status(now).pending > 0 {
            return Err(CityError::Undelivered);
        }
        let (seed, _) = open_file(ROOT, passphrase, root)?;
        let seed = seed
            .as_slice()
            .try_into()
            .map_err(|_| CityError::Malformed)?;
        let root = SigningKey::from_seed(seed);
        if root.public() != *self.file.root().as_bytes() {
            return Err(CityError::OtherRoot);
        }
        let keys = self.keys.renewed(&mut rng());
        let mut file = self.file.clone();
        file.adopt(&SignedKeySet::sign(&root, &key_set_plan(&keys, now)))?;
        let sealed = self.unlocked.seal(&mut rng(), KEYS, &keys.to_bytes());
        // Both key sets stand in the issuer file before the new one is used.
        self.folder.write(ISSUER, file.to_text().as_bytes())?;
        self.folder.write(KEYS, &sealed)?;
        self.file = file;
        self.keys = keys;
        Ok(self.keys.key_set)
    }

    /// Returns the sealed root key that [`City::init`] left in the folder, or `None` once it was
    /// moved to a safer place, where it belongs.
    pub fn root_key(&self) -> Option<Vec<u8>> {
        self.folder.read(ROOT).ok()
    }

    /// Tells how things stand.
    pub fn status(&self, now: u64) -> CityStatus {
        let bindings = self.state.bindings.values();
        let open = |nonce: &&crate::state::Nonce| !nonce.used && now <= nonce.expires;
        let waiting = self.state.pending.values();
        let review = waiting.filter(|waiting| waiting.review.is_some()).count();
        CityStatus {
            name: self.file.name().to_owned(),
            code: self.file.code().to_owned(),
            issuer: self.file.id(),
            key_set: self.keys.key_set,
            simulated: self.roots.environment() == Environment::Simulated,
            open_nonces: self.state.nonces.values().filter(open).count(),
            bindings: self.state.bindings.len(),
            waiting: self.state.pending.len().saturating_sub(review),
            review,
            standing: bindings.clone().filter(|b| b.stands()).count(),
            rechecked_at: self.state.rechecked_at,
            residents: self.state.by_resident.len(),
            issued: bindings
                .clone()
                .filter(|b| !b.superseded)
                .map(|b| b.next)
                .sum(),
            pending: bindings
                .map(|b| b.pending.len() + usize::from(!b.answered))
                .sum(),
        }
    }

    /// Makes records durable, then counts on them. After a failure nothing more is written.
    pub(crate) fn commit(&mut self, records: Vec<JournalRecord>) -> Result<(), CityError> {
        if self.stopped {
            return Err(CityError::Stopped);
        }
        if records.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.journal.append(&self.folder, &mut rng(), &records) {
            self.stopped = true;
            return Err(error);
        }
        for record in records {
            self.state.apply(record);
        }
        Ok(())
    }
}

fn key_set_plan(keys: &WorkingKeys, now: u64) -> KeySetPlan {
    KeySetPlan {
        version: keys.key_set,
        entry_keys: vec![EntryKey::from_bytes(keys.entry.public())],
        enrolment: keys.enrolment.public(),
        append: keys.append.append(),
        valid_from: now,
    }
}

/// The operating system's randomness. Without it no key is safe, so its failure ends the program.
pub(crate) fn rng() -> rand_core::UnwrapErr<getrandom::SysRng> {
    rand_core::UnwrapErr(getrandom::SysRng)
}

/// Returns 32 random bytes.
pub(crate) fn random() -> [u8; 32] {
    use rand_core::Rng;
    let mut bytes = [0; 32];
    rng().fill_bytes(&mut bytes);
    bytes
}

/// Returns the civil date in Japan at `now`.
pub(crate) fn today(now: u64) -> techo_health::Date {
    const NINE_HOURS_MS: u64 = 9 * 3_600_000;
    let seconds = now.saturating_add(NINE_HOURS_MS) / 1_000;
    let since = std::time::Duration::from_secs(seconds);
    techo_health::Date::constant(1970, 1, 1)
        .checked_add(since)
        .unwrap_or(techo_health::Date::MAX)
}

const NONCE_LIFETIME_MS: u64 = 600_000;

#[cfg(test)]
mod bindings;
#[cfg(test)]
mod clerk;
#[cfg(test)]
mod packs;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod tests;
