//! A member's profile: who somebody is, as far as health records need it.

use crate::{
    date::{Date, When},
    record::{RecordError, fields},
    value::{Fields, redact},
};

/// A member of the family.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// The name in its usual script.
    pub name: String,
    /// The name in kana.
    pub name_kana: Option<String>,
    /// The name in Latin letters, as in the passport.
    pub name_romaji: Option<String>,
    /// The birth date.
    pub birth_date: Option<Date>,
    /// The sex in the family register.
    pub sex: Option<Sex>,
    /// Which child of its mother, from 1.
    pub birth_order: Option<i64>,
    /// The blood type, `A`, `B`, `O`, `AB` or in other words.
    pub blood_type: Option<String>,
    /// The days of pregnancy at birth.
    pub gestation_at_birth: Option<i64>,
    /// The day of death.
    pub death_date: Option<Date>,
    /// Fields that only a newer program understands.
    pub extra: Fields,
}

/// The sex in the family register, on which vaccination law and growth curves depend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// 女.
    Female,
    /// 男.
    Male,
}

impl Sex {
    /// `female` or `male`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }

    /// Reads `female`, `f`, `女`, `女性`, `女の子`, and likewise for males.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "female" | "f" | "女" | "女性" | "女の子" | "女児" => Some(Self::Female),
            "male" | "m" | "男" | "男性" | "男の子" | "男児" => Some(Self::Male),
            _ => None,
        }
    }
}

redact!(Member);

impl Member {
    pub(super) fn read(mut from: fields::Reader) -> Result<Self, RecordError> {
        let sex = from.text("sex")?.map(|text| {
            Sex::parse(&text).ok_or_else(|| RecordError::Malformed {
                field: "sex".to_owned(),
            })
        });
        Ok(Self {
            name: from
                .text("name")?
                .ok_or(RecordError::Missing { field: "name" })?,
            name_kana: from.text("name_kana")?,
            name_romaji: from.text("name_romaji")?,
            birth_date: from.day("birth_date")?,
            sex: sex.transpose()?,
            birth_order: from.int("birth_order")?,
            blood_type: from.text("blood_type")?,
            gestation_at_birth: from.int("gestation_at_birth")?,
            death_date: from.day("death_date")?,
            extra: from.rest(),
        })
    }

    pub(super) fn write(&self, to: &mut fields::Writer) -> Result<(), RecordError> {
        if self.name.trim().is_empty() {
            return Err(RecordError::Missing { field: "name" });
        }
        to.text("name", Some(&self.name))?;
        to.text("name_kana", self.name_kana.as_deref())?;
        to.text("name_romaji", self.name_romaji.as_deref())?;
        to.when("birth_date", self.birth_date.map(When::from).as_ref())?;
        to.text("sex", self.sex.map(Sex::as_str))?;
        to.int("birth_order", self.birth_order);
        to.text("blood_type", self.blood_type.as_deref())?;
        to.int("gestation_at_birth", self.gestation_at_birth);
        to.when("death_date", self.death_date.map(When::from).as_ref())
    }
}
