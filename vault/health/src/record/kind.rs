//! The kinds of record, what they are called and what they hold.

use std::{fmt, str::FromStr};

use crate::{
    record::{
        RecordError,
        list::{self, ENVELOPE, Sheet},
        shape::Field,
    },
    value::Fields,
};

/// The kinds of record that this program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A member's profile.
    Member,
    /// One pregnancy, however it ended.
    Pregnancy,
    /// One visit during a pregnancy.
    Prenatal,
    /// A birth.
    Birth,
    /// One day of the first weeks.
    Newborn,
    /// One screening of a newborn.
    Screening,
    /// One dose of a vaccine.
    Vaccination,
    /// One measured value.
    Measurement,
    /// One health checkup.
    Checkup,
    /// Something planned, or a window in which something is due.
    Appointment,
    /// Something done for the first time.
    Milestone,
    /// One illness.
    Illness,
    /// One allergy.
    Allergy,
    /// One medicine taken.
    Medication,
    /// One result of a laboratory.
    Lab,
    /// A page of a diary.
    Diary,
    /// A document or a photo, by its hash.
    Document,
    /// What was shared with whom.
    Consent,
    /// One file that was brought in.
    Import,
    /// Free text.
    Note,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Member,
        Self::Pregnancy,
        Self::Prenatal,
        Self::Birth,
        Self::Newborn,
        Self::Screening,
        Self::Vaccination,
        Self::Measurement,
        Self::Checkup,
        Self::Appointment,
        Self::Milestone,
        Self::Illness,
        Self::Allergy,
        Self::Medication,
        Self::Lab,
        Self::Diary,
        Self::Document,
        Self::Consent,
        Self::Import,
        Self::Note,
    ];

    /// The text under which the field `kind` names it.
    pub fn as_str(self) -> &'static str {
        self.sheet().key
    }

    /// What it is called in Japanese.
    pub fn japanese(self) -> &'static str {
        self.sheet().japanese
    }

    /// What it is called in English.
    pub fn english(self) -> &'static str {
        self.sheet().english
    }

    /// The fields of this kind alone, in the order of a form.
    pub fn own_fields(self) -> &'static [Field] {
        self.sheet().fields
    }

    /// Every field that a record of this kind may hold, those of all records last.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        self.own_fields().iter().chain(ENVELOPE)
    }

    /// The field with that key.
    pub fn field(self, key: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.key == key)
    }

    /// Groups of keys; of each group at least one has to be there.
    pub fn needs(self) -> &'static [&'static [&'static str]] {
        self.sheet().needs
    }

    /// Gives every value the type that its field stores; what cannot be read is an error.
    pub(super) fn typed(self, mut fields: Fields) -> Result<Fields, RecordError> {
        for field in self.fields() {
            if let Some(value) = fields.remove(field.key) {
                fields.insert(field.key.to_owned(), field.typed(value)?);
            }
        }
        Ok(fields)
    }

    /// Checks every field that the table knows, and leaves the others.
    pub(super) fn check(self, mut fields: Fields, confirmed: bool) -> Result<Fields, RecordError> {
        for field in self.fields() {
            let Some(value) = fields.remove(field.key) else {
                continue;
            };
            if let Some(value) = field.check(value, confirmed)? {
                fields.insert(field.key.to_owned(), value);
            }
        }
        let absent = |group: &&&[&str]| group.iter().all(|key| !fields.contains_key(*key));
        match self
            .needs()
            .iter()
            .find(absent)
            .and_then(|group| group.first())
        {
            Some(field) => Err(RecordError::Missing { field }),
            None => Ok(fields),
        }
    }

    fn sheet(self) -> &'static Sheet {
        match self {
            Self::Member => &list::MEMBER,
            Self::Pregnancy => &list::PREGNANCY,
            Self::Prenatal => &list::PRENATAL,
            Self::Birth => &list::BIRTH,
            Self::Newborn => &list::NEWBORN,
            Self::Screening => &list::SCREENING,
            Self::Vaccination => &list::VACCINATION,
            Self::Measurement => &list::MEASUREMENT,
            Self::Checkup => &list::CHECKUP,
            Self::Appointment => &list::APPOINTMENT,
            Self::Milestone => &list::MILESTONE,
            Self::Illness => &list::ILLNESS,
            Self::Allergy => &list::ALLERGY,
            Self::Medication => &list::MEDICATION,
            Self::Lab => &list::LAB,
            Self::Diary => &list::DIARY,
            Self::Document => &list::DOCUMENT,
            Self::Consent => &list::CONSENT,
            Self::Import => &list::IMPORT,
            Self::Note => &list::NOTE,
        }
    }
}

/// The field with that key in whatever kind: a key is called the same wherever it stands.
pub fn field_named(key: &str) -> Option<&'static Field> {
    Kind::ALL.into_iter().find_map(|kind| kind.field(key))
}

impl FromStr for Kind {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(RecordError::NotWritable)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
