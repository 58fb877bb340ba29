//! The files of a city's folder: written whole or not at all, and by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::CityError;

/// A folder, locked while this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes a new folder; one that holds anything is refused.
    pub(crate) fn create(root: &Path) -> Result<Self, CityError> {
        fs::create_dir_all(root)?;
        if fs::read_dir(root)?.next().is_some() {
            return Err(CityError::Exists(root.to_owned()));
        }
        restrict(root)?;
        Self::lock(root)
    }

    /// Opens a folder that [`Folder::create`] made.
    pub(crate) fn open(root: &Path) -> Result<Self, CityError> {
        if !root.join(KEYS).is_file() || !root.join(ISSUER).is_file() {
            return Err(CityError::NotACity(root.to_owned()));
        }
        Self::lock(root)
    }

    fn lock(root: &Path) -> Result<Self, CityError> {
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(root.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                root: root.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(CityError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, CityError> {
        Ok(fs::read(self.path(name))?)
    }

    /// Replaces a file; once this returns it is durable.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), CityError> {
        let fresh = self.path(&format!("{name}.new"));
        let mut file = File::create(&fresh)?;
        restrict(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, self.path(name))?;
        File::open(&self.root)?.sync_all()?;
        Ok(())
    }

    /// Replaces a file in a folder of this one; once this returns it is durable.
    pub(crate) fn write_within(
        &self,
        inner: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), CityError> {
        self.create_within(inner)?;
        self.write(&format!("{inner}/{name}"), bytes)?;
        File::open(self.path(inner))?.sync_all()?;
        Ok(())
    }

    /// Makes a folder in this one, if it is not there yet.
    pub(crate) fn create_within(&self, inner: &str) -> Result<(), CityError> {
        let path = self.path(inner);
        if !path.is_dir() {
            fs::create_dir(&path)?;
            restrict(&path)?;
            File::open(&self.root)?.sync_all()?;
        }
        Ok(())
    }

    /// Reads a file in a folder of this one, if it is there.
    pub(crate) fn read_within(
        &self,
        inner: &str,
        name: &str,
    ) -> Result<Option<Vec<u8>>, CityError> {
        match fs::read(self.path(inner).join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a file in a folder of this one; it may be gone already.
    pub(crate) fn remove_within(&self, inner: &str, name: &str) -> Result<(), CityError> {
        match fs::remove_file(self.path(inner).join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Names the files in a folder of this one, which need not exist.
    pub(crate) fn names_within(&self, inner: &str) -> Result<Vec<String>, CityError> {
        let path = self.path(inner);
        if !path.is_dir() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }
}

/// Lets only the owner read, where the system knows owners.
pub(crate) fn restrict(path: &Path) -> Result<(), CityError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The sealed working keys.
pub(crate) const KEYS: &str = "keys";
/// The sealed root key: to be kept elsewhere, needed only for a new key set.
pub(crate) const ROOT: &str = "root.key";
/// The public issuer file.
pub(crate) const ISSUER: &str = "issuer.techo-issuer";
/// The journal.
pub(crate) const JOURNAL: &str = "journal";
/// How many records of the journal were acknowledged.
pub(crate) const COUNT: &str = "journal.count";
/// The folder of sealed enrolment files that wait for a revocation list.
pub(crate) const PENDING: &str = "pending";
/// The folder of the revocation lists that the city holds; once it is there, they are needed.
pub(crate) const LISTS: &str = "lists";
