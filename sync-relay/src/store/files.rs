//! The files of the segments: names, header, reading and writing at a place. It knows no frame.
//!
//! ```text
//! 0   8  TECHOREL
//! 8   2  version, = 1
//! 10  4  number
//! 14  16 salt
//! 30  2  0
//! ```

use crate::store::frame::Salt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// What stands before the first frame.
pub(crate) const HEADER: usize = 32;
const MAGIC: [u8; 8] = *b"TECHOREL";
const VERSION: [u8; 2] = [0, 1];
const SUFFIX: &str = ".seg";
const DIGITS: usize = 10;

/// A file that is open, and its salt.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) file: File,
    pub(crate) salt: Salt,
}

impl Segment {
    /// Opens a segment; one that does not begin as it should is `InvalidData`.
    pub(crate) fn open(dir: &Path, number: u32) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path(dir, number))?;
        let mut told = [0; HEADER];
        file.read_exact(&mut told)?;
        let salt = told.get(14..30).and_then(|salt| salt.first_chunk());
        let salt = Salt(*salt.ok_or(ErrorKind::InvalidData)?);
        if told != header(number, salt) {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(Self { file, salt })
    }

    /// Everything, the header too.
    pub(crate) fn whole(&self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.file.metadata()?.len());
        let mut bytes = vec![0; length.map_err(|_| ErrorKind::FileTooLarge)?];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `buffer`.
    #[cfg(unix)]
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }

    /// Writes all of `bytes`.
    #[cfg(unix)]
    pub(crate) fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, offset)
    }

    /// Fills `buffer`.
    #[cfg(windows)]
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(filled as u64);
            match std::os::windows::fs::FileExt::seek_read(&self.file, rest, at)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => filled = filled.saturating_add(read),
            }
        }
        Ok(())
    }

    /// Writes all of `bytes`.
    #[cfg(windows)]
    pub(crate) fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(done as u64);
            match std::os::windows::fs::FileExt::seek_write(&self.file, rest, at)? {
                0 => return Err(ErrorKind::WriteZero.into()),
                wrote => done = done.saturating_add(wrote),
            }
        }
        Ok(())
    }
}

/// Makes an empty segment and its name durable. One of that number that never got a header goes.
pub(crate) fn create(dir: &Path, number: u32) -> io::Result<()> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(io::Error::other)?;
    let path = path(dir, number);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    file.write_all(&header(number, Salt(salt)))?;
    file.sync_all()?;
    sync_names(dir)
}

/// The numbers of the segments in a folder, ascending.
pub(crate) fn numbers(dir: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        let digits = digits.filter(|digits| digits.len() == DIGITS);
        numbers.extend(digits.and_then(|digits| digits.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Where a segment lies.
pub(crate) fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:0DIGITS$}{SUFFIX}"))
}

/// Makes the names in a folder durable; NTFS journals them itself.
pub(crate) fn sync_names(dir: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(dir)?.sync_all()
}

fn header(number: u32, Salt(salt): Salt) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let parts = [&MAGIC[..], &VERSION, &number.to_be_bytes(), &salt].concat();
    for (to, from) in header.iter_mut().zip(parts) {
        *to = from;
    }
    header
}
