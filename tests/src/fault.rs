//! Faults of storage media: flipped bits, zeroed blocks, short files. It knows no format.

use std::fs;
use std::path::{Path, PathBuf};

use crate::seeded::Seeded;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One bit is another.
    Flip,
    /// 4,096 bytes are zero.
    Zero,
    /// Up to 64 KiB are missing at the end.
    Truncate,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 3] = [Self::Flip, Self::Zero, Self::Truncate];
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if fs::metadata(&path).expect("a file").len() > 0 {
            found.push(path);
        }
    }
}

/// Damages one file below `dir`, chosen by size, and says what was done.
pub fn damage_one_file(dir: &Path, fault: Fault, seeded: &mut Seeded) -> String {
    let mut found = Vec::new();
    files(dir, &mut found);
    found.sort();
    let sizes: Vec<u64> = found
        .iter()
        .map(|path| fs::metadata(path).expect("a file").len())
        .collect();
    let mut at = seeded.below(sizes.iter().sum());
    let mut chosen = 0;
    while at >= sizes[chosen] {
        at -= sizes[chosen];
        chosen += 1;
    }
    let path = &found[chosen];
    let mut bytes = fs::read(path).expect("a file");
    let at = usize::try_from(at).expect("an offset");
    match fault {
        Fault::Flip => bytes[at] ^= 1 << seeded.below(8),
        Fault::Zero => {
            let start = at - at % 4096;
            let end = (start + 4096).min(bytes.len());
            bytes[start..end].fill(0);
        }
        Fault::Truncate => {
            let cut = seeded.below(65_536.min(bytes.len() as u64)) + 1;
            bytes.truncate(bytes.len() - usize::try_from(cut).expect("a length"));
        }
    }
    fs::write(path, bytes).expect("written");
    format!(
        "{fault:?} at {at} of {}",
        path.file_name().unwrap_or_default().display()
    )
}
