//! A real folder, held by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::store::StoreError;
use crate::store::disk::Disk;

/// A folder on this machine, locked against other processes until it is dropped.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// The files used last, so that a commit need not open its segment again.
    open: Mutex<Vec<(String, Arc<File>)>>,
    syncs: AtomicU64,
    _lock: File,
}

impl Folder {
    /// Takes the folder for this process; creates it if it is not there.
    pub fn lock(root: &Path) -> Result<Self, StoreError> {
        let new: Vec<&Path> = root.ancestors().take_while(|path| !path.exists()).collect();
        create_private(root)?;
        for parent in new.into_iter().filter_map(Path::parent) {
            let here = parent.as_os_str().is_empty();
            sync_names(if here { Path::new(".") } else { parent })?;
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let lock = private(&mut options).open(root.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Self {
            root: root.to_owned(),
            open: Mutex::new(Vec::new()),
            syncs: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// Where the folder is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, name: &str) -> PathBuf {
        name.split('/')
            .fold(self.root.clone(), |path, part| path.join(part))
    }

    fn file(&self, name: &str, create: bool) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = open.iter().find(|(known, _)| known == name) {
            return Ok(Arc::clone(file));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create);
        let file = Arc::new(private(&mut options).open(self.path(name))?);
        if open.len() == OPEN_FILES {
            open.remove(0);
        }
        open.push((name.to_owned(), Arc::clone(&file)));
        Ok(file)
    }

    fn forget(&self, name: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(known, _)| known != name);
    }
}

impl Disk for Folder {
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        create_private(&self.path(folder))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let path = if folder.is_empty() {
            self.root.clone()
        } else {
            self.path(folder)
        };
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn length(&self, name: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.path(name)) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_at(&self, name: &str, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let file = self.file(name, false)?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match read_some(&file, rest, offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.file(name, true)?;
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            match write_some(&file, rest, offset.saturating_add(written as u64)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn truncate(&self, name: &str, length: u64) -> io::Result<()> {
        self.file(name, false)?.set_len(length)
    }

    fn sync_data(&self, name: &str) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.file(name, false)?.sync_data()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.forget(from);
        self.forget(to);
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.forget(name);
        fs::remove_file(self.path(name))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        let path = if folder.is_empty() {
            self.root.clone()
        } else {
            self.path(folder)
        };
        sync_names(&path)
    }

    fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(unix)]
fn read_some(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_some(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(unix)]
fn sync_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(windows)]
fn read_some(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_some(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

/// NTFS journals names itself; a folder cannot be synchronised there.
#[cfg(windows)]
fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

const OPEN_FILES: usize = 8;
