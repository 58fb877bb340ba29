//! The few things the store asks of a file system, so that a test can refuse them or cut the power.
//!
//! Names are relative, with `/` between folder and file. Nothing here knows what a file holds.

use std::fmt::Debug;
use std::io;

mod folder;
pub mod power;

pub use folder::Folder;

/// A folder with files. Writes count only once [`Disk::sync_data`] returned, new names and
/// renames only once [`Disk::sync_folder`] did.
pub trait Disk: Send + Sync + Debug {
    /// Creates a folder if it is not there.
    fn create_folder(&self, folder: &str) -> io::Result<()>;
    /// The names of the files in a folder, without it, in ascending order.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
    /// The length of a file, or `None` if there is none.
    fn length(&self, name: &str) -> io::Result<Option<u64>>;
    /// Fills `buffer` from `offset` on, as far as the file reaches, and says how far.
    fn read_at(&self, name: &str, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes at `offset`; creates the file if it is not there.
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file off.
    fn truncate(&self, name: &str, length: u64) -> io::Result<()>;
    /// Makes the contents of a file durable.
    fn sync_data(&self, name: &str) -> io::Result<()>;
    /// Renames a file within its folder, replacing the one that is there.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Deletes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;
    /// How often something was made durable.
    fn syncs(&self) -> u64;
}

/// Replaces a file whole: after a crash it is the old or the new one, never a mixture.
pub(super) fn replace(disk: &dyn Disk, folder: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = path(folder, name);
    let temporary = format!("{path}.new");
    let written = remove_if_there(disk, &temporary)
        .and_then(|()| disk.write_at(&temporary, 0, bytes))
        .and_then(|()| disk.sync_data(&temporary))
        .and_then(|()| disk.rename(&temporary, &path));
    if let Err(error) = written {
        // Only the leftover is at stake here; the first error is the one to tell.
        remove_if_there(disk, &temporary).ok();
        return Err(error);
    }
    disk.sync_folder(folder)
}

/// Deletes a file that may be gone already.
pub(super) fn remove_if_there(disk: &dyn Disk, name: &str) -> io::Result<()> {
    match disk.remove(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A whole file of at most `max` bytes, or `None` if there is none.
pub(super) fn read(disk: &dyn Disk, name: &str, max: usize) -> io::Result<Option<Vec<u8>>> {
    let Some(length) = disk.length(name)? else {
        return Ok(None);
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0; length];
    let filled = disk.read_at(name, 0, &mut bytes)?;
    bytes.truncate(filled);
    Ok(Some(bytes))
}

/// The name of a file in a folder; the empty name is the vault's own folder.
pub(super) fn path(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The folder of a file.
pub(super) fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}
