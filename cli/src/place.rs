//! Where things are on this machine: the vault's folder, and what names this installation.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use techo_vault::vault::InstallId;

use crate::error::Failure;

/// The vault's folder: as asked for, or else in the platform's data folder.
pub(crate) fn vault(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    let named = asked
        .map(Path::to_owned)
        .or_else(|| variable("TECHO_VAULT"));
    let dir = match named {
        Some(dir) => dir,
        None => strategy()?.data_dir().join("techo"),
    };
    // One folder has one name, however it is reached: the installation is known by it.
    match fs::canonicalize(&dir) {
        Ok(dir) => Ok(dir),
        Err(_) => Ok(std::path::absolute(&dir)?),
    }
}

/// Makes a folder for a vault and returns its one name.
pub(crate) fn make(dir: &Path) -> Result<PathBuf, Failure> {
    let failed = |source| Failure::File {
        path: dir.to_owned(),
        source,
    };
    fs::create_dir_all(dir).map_err(failed)?;
    fs::canonicalize(dir).map_err(failed)
}

/// Names this installation of the vault in `dir`. The machine's part lies outside the vault, so
/// that a copied vault finds out that it was copied.
pub(crate) fn install(dir: &Path) -> Result<InstallId, Failure> {
    let folder = match variable("TECHO_STATE") {
        Some(folder) => folder,
        None => strategy()?.config_dir().join("techo"),
    };
    let path = folder.join("install");
    let machine = machine(&folder, &path).map_err(|source| Failure::File { path, source })?;
    Ok(InstallId::derive(&machine, dir))
}

fn machine(folder: &Path, path: &Path) -> io::Result<[u8; 16]> {
    if let Some(machine) = read(path)? {
        return Ok(machine);
    }
    fs::create_dir_all(folder)?;
    let mut fresh = [0; 16];
    getrandom::fill(&mut fresh).map_err(io::Error::other)?;
    // Written beside and linked into place whole: another process may do the same right now.
    let own = folder.join(format!("install.{}", std::process::id()));
    fs::File::create(&own)?.write_all(&fresh)?;
    let linked = fs::hard_link(&own, path);
    fs::remove_file(&own)?;
    match linked {
        Ok(()) => Ok(fresh),
        Err(_) => read(path)?.ok_or_else(|| io::ErrorKind::InvalidData.into()),
    }
}

fn read(path: &Path) -> io::Result<Option<[u8; 16]>> {
    match fs::read(path) {
        Ok(bytes) => bytes
            .try_into()
            .map(Some)
            .map_err(|_| io::ErrorKind::InvalidData.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn strategy() -> Result<impl etcetera::BaseStrategy, Failure> {
    etcetera::choose_base_strategy().map_err(|_| Failure::NoHome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_names_itself_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let path = state.join("install");
        let first = machine(&state, &path).unwrap();
        assert_eq!(machine(&state, &path).unwrap(), first);
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_name_is_reported_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("install");
        fs::write(&path, b"short").unwrap();
        assert!(machine(folder.path(), &path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }
}
