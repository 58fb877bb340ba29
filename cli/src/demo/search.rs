//! Looks for words in every byte of a folder, in the encodings in which a Japanese health record
//! may lie there. It decides nothing about what finding one means.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A word in every encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    word: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Needle {
    /// The word in UTF-8, UTF-16 of both byte orders and, where it can be written so, `Shift_JIS`.
    pub(super) fn new(word: &str) -> Self {
        let units = || word.encode_utf16();
        let mut forms = vec![
            ("UTF-8", word.as_bytes().to_vec()),
            ("UTF-16LE", units().flat_map(u16::to_le_bytes).collect()),
            ("UTF-16BE", units().flat_map(u16::to_be_bytes).collect()),
        ];
        let (shift_jis, _, unmappable) = encoding_rs::SHIFT_JIS.encode(word);
        if !unmappable && shift_jis.as_ref() != word.as_bytes() {
            forms.push(("Shift_JIS", shift_jis.into_owned()));
        }
        Self {
            word: word.to_owned(),
            forms,
        }
    }

    fn longest(&self) -> usize {
        self.forms
            .iter()
            .map(|(_, bytes)| bytes.len())
            .max()
            .unwrap_or(0)
    }
}

/// Where a word was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// The file.
    pub(super) file: PathBuf,
    /// The word.
    pub(super) word: String,
    /// The encoding.
    pub(super) encoding: &'static str,
}

/// What a search saw.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Every word found, once per file and encoding.
    pub(super) hits: BTreeSet<Hit>,
    /// Files read.
    pub(super) files: usize,
    /// Bytes read.
    pub(super) bytes: u64,
}

impl Search {
    /// The words found, whatever their encoding.
    pub(super) fn words(&self) -> BTreeSet<&str> {
        self.hits.iter().map(|hit| hit.word.as_str()).collect()
    }

    /// Reads every file below `folder`, or the one file, to its last byte. Names of files are
    /// searched too; links are not followed.
    pub(super) fn run(&mut self, folder: &Path, needles: &[Needle]) -> io::Result<()> {
        let kind = fs::symlink_metadata(folder)?;
        if kind.is_file() {
            return self.file(folder, needles);
        }
        if !kind.is_dir() {
            return Ok(());
        }
        let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            self.look(&entry.path(), entry.file_name().as_encoded_bytes(), needles);
            self.run(&entry.path(), needles)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, needles: &[Needle]) -> io::Result<()> {
        let keep = needles.iter().map(Needle::longest).max().unwrap_or(0);
        let mut file = fs::File::open(path)?;
        let mut window = Vec::new();
        let mut chunk = vec![0; CHUNK];
        self.files += 1;
        loop {
            let read = file.read(&mut chunk)?;
            let Some(fresh) = chunk.get(..read).filter(|fresh| !fresh.is_empty()) else {
                return Ok(());
            };
            self.bytes += read as u64;
            window.extend_from_slice(fresh);
            self.look(path, &window, needles);
            // A word may lie across two chunks.
            let done = window.len().saturating_sub(keep);
            window.drain(..done);
        }
    }

    fn look(&mut self, path: &Path, bytes: &[u8], needles: &[Needle]) {
        for needle in needles {
            for (encoding, form) in &needle.forms {
                if contains(bytes, form) {
                    self.hits.insert(Hit {
                        file: path.to_owned(),
                        word: needle.word.clone(),
                        encoding,
                    });
                }
            }
        }
    }
}

fn contains(bytes: &[u8], form: &[u8]) -> bool {
    let Some((first, _)) = form.split_first() else {
        return false;
    };
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| byte == first) {
        let Some(from) = rest.get(place..) else {
            return false;
        };
        if from.starts_with(form) {
            return true;
        }
        rest = from.get(1..).unwrap_or_default();
    }
    false
}

const CHUNK: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn search(files: &[(&str, &[u8])], words: &[&str]) -> Search {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let needles: Vec<Needle> = words.iter().map(|word| Needle::new(word)).collect();
        let mut search = Search::default();
        search.run(folder.path(), &needles).unwrap();
        search
    }

    #[test]
    fn a_name_is_found_in_every_encoding() {
        let le: Vec<u8> = "見本花".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "見本花".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let sjis = encoding_rs::SHIFT_JIS.encode("見本花").0.into_owned();
        let found = search(
            &[
                ("a", "x見本花y".as_bytes()),
                ("b", &le),
                ("sub/c", &be),
                ("sub/d", &sjis),
            ],
            &["見本花"],
        );
        let encodings: Vec<&str> = found.hits.iter().map(|hit| hit.encoding).collect();
        assert_eq!(encodings, ["UTF-8", "UTF-16LE", "UTF-16BE", "Shift_JIS"]);
        assert_eq!(found.files, 4);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let found = search(&[("a", b"LOT-A1"), ("empty", b"")], &["LOT-A2", "見本花"]);
        assert!(found.hits.is_empty());
        assert_eq!((found.files, found.bytes), (2, 6));
    }

    #[test]
    fn a_word_across_two_chunks_is_found() {
        for before in [CHUNK - 5, CHUNK - 1, CHUNK, 2 * CHUNK - 3] {
            let mut bytes = vec![b'.'; before];
            bytes.extend_from_slice(b"LOT-A1");
            bytes.extend(vec![b'.'; 100]);
            let found = search(&[("a", &bytes)], &["LOT-A1"]);
            assert_eq!(found.words().len(), 1, "{before}");
        }
    }

    #[test]
    fn overlapping_beginnings_do_not_hide_a_word() {
        assert_eq!(
            search(&[("a", b"LOLOLOT-A1")], &["LOLOT-A1"]).words().len(),
            1
        );
    }

    #[test]
    fn names_of_files_are_searched_too() {
        assert_eq!(search(&[("見本花.txt", b"")], &["見本花"]).words().len(), 1);
    }
}
