//! Free text, with or without a title and a date.

use crate::{
    date::When,
    record::{RecordError, fields},
    value::{Fields, redact},
};

/// A note.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// The title.
    pub title: Option<String>,
    /// The text.
    pub text: String,
    /// What it is about in time.
    pub date: Option<When>,
    /// Fields that only a newer program understands.
    pub extra: Fields,
}

redact!(Note);

impl Note {
    pub(super) fn read(mut from: fields::Reader) -> Result<Self, RecordError> {
        Ok(Self {
            title: from.text("title")?,
            text: from
                .text("text")?
                .ok_or(RecordError::Missing { field: "text" })?,
            date: from.when("date")?,
            extra: from.rest(),
        })
    }

    pub(super) fn write(&self, to: &mut fields::Writer) -> Result<(), RecordError> {
        if self.text.trim().is_empty() {
            return Err(RecordError::Missing { field: "text" });
        }
        to.text("title", self.title.as_deref())?;
        to.prose("text", Some(&self.text));
        to.when("date", self.date.as_ref())
    }
}
