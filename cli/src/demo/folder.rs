//! The folder in which the story plays: kept, or removed when it is over.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Failure;

/// A folder that was made for the story.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes an empty folder at `keep`, or among the system's temporary ones.
    pub(super) fn make(keep: Option<&Path>) -> Result<Self, Failure> {
        let path = match keep {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("techo-demo-{:08x}", random()?)),
        };
        let failed = |source| Failure::File {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(&path).map_err(failed)?;
        if fs::read_dir(&path).map_err(failed)?.next().is_some() {
            let taken = std::io::ErrorKind::DirectoryNotEmpty.into();
            return Err(Failure::File {
                path,
                source: taken,
            });
        }
        Ok(Self {
            path: fs::canonicalize(&path).map_err(failed)?,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves everything there.
    pub(super) fn leave(self) -> PathBuf {
        self.path
    }

    /// Removes everything.
    pub(super) fn remove(self) -> Result<(), Failure> {
        let path = self.path;
        fs::remove_dir_all(&path).map_err(|source| Failure::File { path, source })
    }
}

fn random() -> Result<u32, Failure> {
    Ok(getrandom::u32().map_err(std::io::Error::other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("precious"), b"x").unwrap();
        assert!(Folder::make(Some(folder.path())).is_err());
        assert!(folder.path().join("precious").exists());
    }

    #[test]
    fn a_temporary_folder_is_removed_when_asked() {
        let folder = Folder::make(None).unwrap();
        let path = folder.path().to_owned();
        fs::write(path.join("x"), b"x").unwrap();
        folder.remove().unwrap();
        assert!(!path.exists());
    }
}
