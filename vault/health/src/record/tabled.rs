//! A record of a kind that is nothing but its fields: the table alone says what they hold.

use crate::{
    date::{Date, When},
    record::{Kind, RecordError},
    value::{Fields, Value, redact},
};

/// A record of a kind without a type of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Tabled {
    kind: Kind,
    fields: Fields,
}

redact!(Tabled);

impl Tabled {
    /// A record of `kind`; values may be text throughout. `None` for kinds that have a type of
    /// their own.
    pub fn new(kind: Kind, fields: Fields) -> Option<Result<Self, RecordError>> {
        let own_type = matches!(
            kind,
            Kind::Member | Kind::Vaccination | Kind::Measurement | Kind::Checkup | Kind::Note
        );
        (!own_type).then(|| Self::read(kind, fields))
    }

    pub(super) fn read(kind: Kind, mut fields: Fields) -> Result<Self, RecordError> {
        fields.remove("kind");
        fields.remove("v");
        fields.retain(|_, value| *value != Value::Null);
        Ok(Self {
            kind,
            fields: kind.typed(fields)?,
        })
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Every field but `kind` and `v`.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The text of a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key)?.as_text()
    }

    /// The whole number of a field.
    pub fn int(&self, key: &str) -> Option<i64> {
        match self.fields.get(key)? {
            Value::Int(number) => Some(*number),
            Value::Null | Value::Bool(_) | Value::Text(_) => None,
        }
    }

    /// The date of a field, as exactly as it is known.
    pub fn when(&self, key: &str) -> Option<When> {
        self.text(key)?.parse().ok()
    }

    /// The day of a field.
    pub fn day(&self, key: &str) -> Option<Date> {
        self.when(key)?.day()
    }
}
