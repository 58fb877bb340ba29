//! Health records as people read them, to and from flat fields. Decides what may be written down;
//! reading is lenient, and what a newer program wrote is shown but never rewritten.

use crate::{
    date::When,
    value::{Fields, Value},
};

mod error;
mod shape;
mod list;
mod kind;
mod fields;
mod member;
mod vaccination;
mod measurement;
mod checkup;
mod note;
mod tabled;
mod standing;
mod days;

pub use crate::coding::{CodeSystem, Coding};
pub use checkup::{Checkup, CheckupType, Judgement, KNOWN_CHECKUPS, KnownCheckup};
pub use days::check_days;
pub use error::RecordError;
pub use kind::{Kind, field_named};
pub use list::{ENVELOPE, SOURCE_GROUPS};
pub use measurement::Measurement;
pub use member::{Member, Sex};
pub use note::Note;
pub use shape::{Choice, Field, Shape, Tense};
pub use standing::Sensitivity;
pub use tabled::Tabled;
pub use vaccination::Vaccination;

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = 1;

/// A record of a known kind, or one that only a newer program understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A member's profile.
    Member(Member),
    /// One dose of a vaccine.
    Vaccination(Vaccination),
    /// One measured value.
    Measurement(Measurement),
    /// One health checkup.
    Checkup(Checkup),
    /// Free text.
    Note(Note),
    /// A record of any other kind.
    Tabled(Tabled),
    /// Fields of an unknown kind or a newer schema version: shown, never rewritten.
    Opaque(Opaque),
}

/// Fields that this program can show but must not rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    fields: Fields,
}

impl Opaque {
    /// The fields as they were found.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }
}

impl Record {
    /// Reads stored fields. Implausible values pass here: somebody confirmed them once.
    pub fn from_fields(fields: &Fields) -> Result<Self, RecordError> {
        let mut reader = fields::Reader::new(fields);
        let kind = reader
            .text("kind")?
            .ok_or(RecordError::Missing { field: "kind" })?;
        let version = reader.int("v")?.unwrap_or(SCHEMA_VERSION);
        let known = kind
            .parse::<Kind>()
            .ok()
            .filter(|_| (1..=SCHEMA_VERSION).contains(&version));
        if let Some(kind) = known {
            reader = fields::Reader::new(&kind.typed(reader.rest())?);
        }
        Ok(match known {
            Some(Kind::Member) => Self::Member(Member::read(reader)?),
            Some(Kind::Vaccination) => Self::Vaccination(Vaccination::read(reader)?),
            Some(Kind::Measurement) => Self::Measurement(Measurement::read(reader)?),
            Some(Kind::Checkup) => Self::Checkup(Checkup::read(reader)?),
            Some(Kind::Note) => Self::Note(Note::read(reader)?),
            Some(kind) => Self::Tabled(Tabled::read(kind, reader.rest())?),
            None => Self::Opaque(Opaque {
                fields: fields.clone(),
            }),
        })
    }

    /// Checks the record and returns the fields to store, `kind` and `v` among them.
    ///
    /// An implausible value is refused unless a person has `confirmed` it; nothing else can be
    /// confirmed.
    pub fn to_fields(&self, confirmed: bool) -> Result<Fields, RecordError> {
        let mut writer = fields::Writer::new(self.extra(), confirmed);
        let kind = self.kind().ok_or(RecordError::NotWritable)?;
        match self {
            Self::Member(member) => member.write(&mut writer)?,
            Self::Vaccination(vaccination) => vaccination.write(&mut writer)?,
            Self::Measurement(measurement) => measurement.write(&mut writer)?,
            Self::Checkup(checkup) => checkup.write(&mut writer)?,
            Self::Note(note) => note.write(&mut writer)?,
            // All of its fields stand in the writer already.
            Self::Tabled(_) => {}
            Self::Opaque(_) => return Err(RecordError::NotWritable),
        }
        writer.finish(kind)
    }

    /// The kind; `None` if only a newer program knows it.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Member(_) => Some(Kind::Member),
            Self::Vaccination(_) => Some(Kind::Vaccination),
            Self::Measurement(_) => Some(Kind::Measurement),
            Self::Checkup(_) => Some(Kind::Checkup),
            Self::Note(_) => Some(Kind::Note),
            Self::Tabled(tabled) => Some(tabled.kind()),
            Self::Opaque(_) => None,
        }
    }

    /// When it happened; for a member, the birth date.
    pub fn occurred(&self) -> Option<When> {
        match self {
            Self::Member(member) => member.birth_date.map(When::from),
            Self::Vaccination(vaccination) => vaccination.date.clone(),
            Self::Measurement(measurement) => Some(measurement.date.clone()),
            Self::Checkup(checkup) => checkup.date.clone(),
            Self::Note(note) => note.date.clone(),
            Self::Tabled(tabled) => tabled.when("date"),
            Self::Opaque(opaque) => opaque.fields.get("date")?.as_text()?.parse().ok(),
        }
    }

    /// A field that no kind has for itself.
    fn envelope(&self, key: &str) -> Option<&Value> {
        self.untyped().get(key)
    }

    fn extra(&self) -> Fields {
        match self {
            Self::Opaque(_) => Fields::new(),
            known => known.untyped().clone(),
        }
    }

    /// The fields that stand as they are stored.
    fn untyped(&self) -> &Fields {
        match self {
            Self::Member(member) => &member.extra,
            Self::Vaccination(vaccination) => &vaccination.extra,
            Self::Measurement(measurement) => &measurement.extra,
            Self::Checkup(checkup) => &checkup.extra,
            Self::Note(note) => &note.extra,
            Self::Tabled(tabled) => tabled.fields(),
            Self::Opaque(opaque) => &opaque.fields,
        }
    }
}

/// Gives fields that are text throughout, as issued records are, the types that the program writes;
/// a text that does not read as its type stays a text.
pub fn typed(texts: &Fields) -> Fields {
    let kind = texts.get("kind").and_then(Value::as_text);
    let kind: Option<Kind> = kind.and_then(|kind| kind.parse().ok());
    let value = |key: &str, value: &Value| match (key, value) {
        ("v", Value::Text(text)) => text.parse().ok().map(Value::Int),
        _ => kind?.field(key)?.typed(value.clone()).ok(),
    };
    let typed = texts.iter().map(|(key, text)| {
        let value = value(key, text).unwrap_or_else(|| text.clone());
        (key.clone(), value)
    });
    typed.collect()
}

/// Checks `changes` to a stored record and returns the fields that have to be put: `Null` for what
/// is removed, nothing for what stays the same.
pub fn amend(current: &Fields, changes: &Fields, confirmed: bool) -> Result<Fields, RecordError> {
    let before = Record::from_fields(current)?;
    let mut wanted = current.clone();
    for (key, value) in changes {
        wanted.insert(key.clone(), value.clone());
    }
    let after = Record::from_fields(&wanted)?;
    if before.kind() != after.kind() {
        return Err(RecordError::KindIsFixed);
    }
    let fields = after.to_fields(confirmed)?;
    let touched = changes
        .keys()
        .map(|key| (key.clone(), fields.get(key).cloned().unwrap_or(Value::Null)));
    Ok(touched
        .filter(|(key, value)| current.get(key).unwrap_or(&Value::Null) != value)
        .collect())
}

#[cfg(test)]
mod tests;
