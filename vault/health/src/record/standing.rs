//! What a record says of itself: whether it still counts, what it replaces, and who may see it.

use crate::{record::Record, value::Value};

/// How far a record may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    /// It may leave the vault like any other.
    Normal,
    /// It leaves the vault only when asked for by name.
    Private,
    /// It never leaves the vault.
    NeverShare,
}

impl Sensitivity {
    /// Reads what is stored. A word that only a newer program knows is kept in: it never leaves.
    pub fn read(text: Option<&str>) -> Self {
        match text {
            None | Some("normal") => Self::Normal,
            Some("private") => Self::Private,
            Some(_) => Self::NeverShare,
        }
    }

    /// Whether a copy may leave the vault; `private_too` is a person's explicit word.
    pub fn may_leave(self, private_too: bool) -> bool {
        match self {
            Self::Normal => true,
            Self::Private => private_too,
            Self::NeverShare => false,
        }
    }
}

impl Record {
    /// How far the record may go: every export, page and reminder file asks this first.
    pub fn sensitivity(&self) -> Sensitivity {
        match self.envelope("sensitivity") {
            None => Sensitivity::Normal,
            Some(Value::Text(text)) => Sensitivity::read(Some(text)),
            Some(Value::Null | Value::Bool(_) | Value::Int(_)) => Sensitivity::NeverShare,
        }
    }

    /// Whether the record still says what it said: it was neither corrected nor entered in error.
    pub fn counts(&self) -> bool {
        let status = self.envelope("status").and_then(Value::as_text);
        matches!(status, None | Some("active"))
    }

    /// The id of the record that this one replaces.
    pub fn supersedes(&self) -> Option<&str> {
        self.envelope("supersedes").and_then(Value::as_text)
    }
}
