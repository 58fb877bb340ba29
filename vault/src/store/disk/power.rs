//! A disk in memory for tests: its power can be cut and its writes can fail. It keeps no secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::disk::{Disk, folder_of};

/// A disk that knows which of its bytes would survive a power cut.
///
/// Clones are the same disk.
#[derive(Clone, Default)]
pub struct PowerDisk {
    state: Arc<Mutex<State>>,
    on_sync: Option<Arc<dyn Fn() + Send + Sync>>,
    sync_is_a_lie: bool,
}

/// What a power cut spares of what was never made durable.
#[derive(Clone, Copy, Debug)]
pub enum Spared {
    /// Nothing.
    Nothing,
    /// A part, drawn from this seed: of every file the first few writes, the last of them torn.
    Some(u64),
    /// Everything, as when only the process dies.
    Everything,
}

#[derive(Clone, Default)]
struct State {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    writes: u64,
    syncs: u64,
    fault: Option<Fault>,
}

#[derive(Clone, Copy)]
struct Fault {
    at: u64,
    lasting: bool,
    kind: io::ErrorKind,
}

#[derive(Clone, Default)]
struct File {
    now: Vec<u8>,
    durable: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl PowerDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// A disk that calls `hook` within every synchronisation, before it takes effect.
    #[must_use]
    pub fn with_sync_hook(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_sync = Some(Arc::new(hook));
        self
    }

    /// A disk that says that bytes are durable and forgets to make them so.
    #[must_use]
    pub fn whose_sync_is_a_lie(mut self) -> Self {
        self.sync_is_a_lie = true;
        self
    }

    /// Lets the `nth` change from now on fail, once or for ever (a disk that stays full refuses
    /// only to grow). A write that fails is half done.
    pub fn fail(&self, nth: u64, lasting: bool, kind: io::ErrorKind) {
        let mut state = self.state();
        state.fault = Some(Fault {
            at: state.writes + nth,
            lasting,
            kind,
        });
    }

    /// How often a change was asked for so far.
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// What another computer finds on this disk after the power was cut now.
    #[must_use]
    pub fn cut_power(&self, spared: Spared) -> Self {
        let mut state = self.state().clone();
        state.fault = None;
        let mut draw = Draw::new(spared);
        let names_spared = draw.spares_all();
        if !names_spared {
            state.names.clone_from(&state.durable_names);
        }
        state.durable_names.clone_from(&state.names);
        for file in &mut state.files {
            let changes = std::mem::take(&mut file.since);
            draw.spare(&mut file.durable, changes);
            file.now.clone_from(&file.durable);
        }
        Self {
            state: Arc::new(Mutex::new(state)),
            ..Self::default()
        }
    }

    /// Changes the bytes of a file behind the store's back.
    pub fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        if let Some(file) = state.file(name) {
            change(&mut file.now);
            file.durable.clone_from(&file.now);
            file.since.clear();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sync(&self) {
        if let Some(hook) = &self.on_sync {
            hook();
        }
    }
}

impl State {
    fn file(&mut self, name: &str) -> Option<&mut File> {
        let at = *self.names.get(name)?;
        self.files.get_mut(at)
    }

    fn known(&mut self, name: &str) -> io::Result<&mut File> {
        self.file(name)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Counts a change and says whether it fails. A disk that stays full refuses growth alone.
    fn change(&mut self, grows: bool) -> io::Result<()> {
        self.writes += 1;
        let Some(Fault { at, lasting, kind }) = self.fault else {
            return Ok(());
        };
        let spared = lasting && !grows && kind == io::ErrorKind::StorageFull;
        if spared || self.writes < at || (self.writes > at && !lasting) {
            return Ok(());
        }
        Err(kind.into())
    }
}

impl File {
    fn apply(&mut self, change: Change) {
        change.clone().apply(&mut self.now);
        self.since.push(change);
    }
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, written) => {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = offset.saturating_add(written.len());
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                if let Some(place) = bytes.get_mut(offset..end) {
                    place.copy_from_slice(&written);
                }
            }
            Self::Truncate(length) => {
                bytes.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
            }
        }
    }
}

impl Disk for PowerDisk {
    fn create_folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let state = self.state();
        let here = state.names.keys().filter(|name| folder_of(name) == folder);
        Ok(here
            .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned())
            .collect())
    }

    fn length(&self, name: &str) -> io::Result<Option<u64>> {
        Ok(self.state().file(name).map(|file| file.now.len() as u64))
    }

    fn read_at(&self, name: &str, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state();
        let bytes = &state.known(name)?.now;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = bytes.get(offset..).unwrap_or_default();
        let filled = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..filled), rest.get(..filled)) {
            to.copy_from_slice(from);
        }
        Ok(filled)
    }

    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let allowed = state.change(true);
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
        let bytes = if allowed.is_ok() { bytes } else { half };
        if state.file(name).is_none() {
            let at = state.files.len();
            state.files.push(File::default());
            state.names.insert(name.to_owned(), at);
        }
        state
            .known(name)?
            .apply(Change::Write(offset, bytes.to_vec()));
        allowed
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        let mut state = self.state();
        state.change(false)?;
        state.known(name)?.apply(Change::Truncate(length));
        Ok(())
    }

    fn sync_data(&self, name: &str) -> io::Result<()> {
        self.sync();
        let mut state = self.state();
        state.syncs += 1;
        state.change(false)?;
        let file = state.known(name)?;
        if !self.sync_is_a_lie {
            file.durable.clone_from(&file.now);
            file.since.clear();
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.change(false)?;
        let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.change(false)?;
        state
            .names
            .remove(name)
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.sync();
        let mut state = self.state();
        state.syncs += 1;
        state.change(false)?;
        if !self.sync_is_a_lie {
            state
                .durable_names
                .retain(|name, _| folder_of(name) != folder);
            let names = state.names.clone();
            let here = names
                .into_iter()
                .filter(|(name, _)| folder_of(name) == folder);
            state.durable_names.extend(here);
        }
        Ok(())
    }

    fn syncs(&self) -> u64 {
        self.state().syncs
    }
}

impl fmt::Debug for PowerDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PowerDisk")
            .field("writes", &self.writes())
            .finish_non_exhaustive()
    }
}

/// Decides what is spared; a xorshift of the seed, so that a failing case can be repeated.
struct Draw(Spared);

impl Draw {
    fn new(spared: Spared) -> Self {
        Self(match spared {
            Spared::Some(seed) => Spared::Some(seed.wrapping_mul(2).wrapping_add(1)),
            other => other,
        })
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        let Spared::Some(state) = &mut self.0 else {
            return 0;
        };
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 16).unwrap_or_default() % bound.max(1)
    }

    fn spares_all(&mut self) -> bool {
        match self.0 {
            Spared::Nothing => false,
            Spared::Everything => true,
            Spared::Some(_) => self.below(2) == 0,
        }
    }

    fn spare(&mut self, durable: &mut Vec<u8>, changes: Vec<Change>) {
        if self.spares_all() {
            for change in changes {
                change.apply(durable);
            }
            return;
        }
        let whole = self.below(changes.len() + 1);
        for (n, change) in changes.into_iter().take(whole + 1).enumerate() {
            match (n < whole, change) {
                (true, change) => change.apply(durable),
                (false, Change::Write(offset, mut bytes)) => {
                    bytes.truncate(self.below(bytes.len() + 1));
                    if !bytes.is_empty() {
                        Change::Write(offset, bytes).apply(durable);
                    }
                }
                (false, Change::Truncate(_)) => {}
            }
        }
    }
}
