//! What one use case writes; it decides nothing about when.

use std::fmt;
use std::str::FromStr;

use techo_wire::head::Head;
use zeroize::Zeroizing;

use crate::store::{BookTag, Frame, FrameKind, MAX_BODY, StoreError};

/// The writes of one use case: all of them or none.
#[derive(Default)]
pub struct Batch {
    /// Frames, in the order in which they will lie in the log.
    pub frames: Vec<Frame>,
    /// Key files to replace, or to delete (`None`).
    pub keys: Vec<(KeyName, Option<Zeroizing<Vec<u8>>>)>,
    /// The heads that the frames reach, for the manifest.
    pub heads: Vec<(BookTag, Head)>,
}

impl Batch {
    /// A batch that writes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a frame.
    pub fn push(&mut self, tag: BookTag, kind: FrameKind, body: Vec<u8>) {
        self.frames.push(Frame { tag, kind, body });
    }

    /// Replaces a key file.
    pub fn put_key(&mut self, name: KeyName, secret: Zeroizing<Vec<u8>>) {
        self.keys.push((name, Some(secret)));
    }

    /// Deletes a key file.
    pub fn delete_key(&mut self, name: KeyName) {
        self.keys.push((name, None));
    }

    /// Notes a head that the frames reach.
    pub fn reach(&mut self, tag: BookTag, head: Head) {
        self.heads.push((tag, head));
    }

    /// Refuses what no store can hold.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let frames = self.frames.iter().map(|frame| (frame.body.len(), MAX_BODY));
        let secrets = self.keys.iter().filter_map(|(_, secret)| secret.as_ref());
        let mut sizes = frames.chain(secrets.map(|secret| (secret.len(), MAX_KEY_FILE)));
        match sizes.find(|(got, max)| got > max) {
            Some((got, max)) => Err(StoreError::TooLarge { max, got }),
            None => Ok(()),
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.keys.is_empty() && self.heads.is_empty()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("frames", &self.frames.len())
            .field("keys", &self.keys.len())
            .field("heads", &self.heads.len())
            .finish()
    }
}

/// The name of a key file: 1–64 of `a–z`, `0–9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The key file of a book.
    pub fn book(tag: BookTag) -> Self {
        Self(tag.to_string())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let fits = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StoreError::KeyName)
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The most that a key file may hold.
pub(super) const MAX_KEY_FILE: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leaves_the_folder_is_refused() {
        for text in ["", "..", "a/b", "A", "a.b", "ä", &"a".repeat(65)] {
            assert!(
                matches!(text.parse::<KeyName>(), Err(StoreError::KeyName)),
                "{text}"
            );
        }
        assert_eq!("install".parse::<KeyName>().unwrap().as_str(), "install");
        let book = KeyName::book(BookTag::from_bytes([0xff; 8]));
        assert_eq!(book.as_str().parse::<KeyName>().unwrap(), book);
    }
}
