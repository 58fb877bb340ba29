//! Takes flat fields apart and puts them together, one typed field at a time. Fields that nobody
//! takes are kept.

use crate::{
    date::{Date, When},
    decimal::Decimal,
    personal_number::contains_my_number,
    record::{Kind, RecordError, SCHEMA_VERSION, shape::Shape},
    value::{Fields, MAX_TEXT, Value, is_field_key},
};

/// Takes known fields out; the rest is what a newer program added.
pub(super) struct Reader {
    fields: Fields,
}

impl Reader {
    pub(super) fn new(fields: &Fields) -> Self {
        Self {
            fields: fields.clone(),
        }
    }

    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, RecordError> {
        match self.fields.remove(key) {
            Some(Value::Text(text)) => Ok(Some(text)),
            None | Some(Value::Null) => Ok(None),
            Some(Value::Int(_) | Value::Bool(_)) => Err(malformed(key)),
        }
    }

    /// A whole number; issued records carry it as text.
    pub(super) fn int(&mut self, key: &'static str) -> Result<Option<i64>, RecordError> {
        match self.fields.remove(key) {
            Some(Value::Int(number)) => Ok(Some(number)),
            Some(Value::Text(text)) => text.parse().map(Some).map_err(|_| malformed(key)),
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(_)) => Err(malformed(key)),
        }
    }

    /// Yes or no; issued records carry it as `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Result<Option<bool>, RecordError> {
        match self.fields.remove(key) {
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::Text(text)) => text.parse().map(Some).map_err(|_| malformed(key)),
            None | Some(Value::Null) => Ok(None),
            Some(Value::Int(_)) => Err(malformed(key)),
        }
    }

    pub(super) fn when(&mut self, key: &'static str) -> Result<Option<When>, RecordError> {
        let parse = |text: String| {
            text.parse()
                .map_err(|source| RecordError::Date { field: key, source })
        };
        self.text(key)?.map(parse).transpose()
    }

    pub(super) fn day(&mut self, key: &'static str) -> Result<Option<Date>, RecordError> {
        self.when(key)?
            .map(|when| when.day().ok_or_else(|| malformed(key)))
            .transpose()
    }

    pub(super) fn decimal(&mut self, key: &'static str) -> Result<Option<Decimal>, RecordError> {
        self.text(key)?
            .map(|text| text.parse().map_err(|_| malformed(key)))
            .transpose()
    }

    /// Every text under a key that begins with `prefix`, by the rest of the key.
    pub(super) fn texts_under(
        &mut self,
        prefix: &str,
    ) -> Result<Vec<(String, String)>, RecordError> {
        let keys: Vec<String> = self
            .fields
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            match self.fields.remove(&key) {
                Some(Value::Text(text)) => {
                    found.push((key.strip_prefix(prefix).unwrap_or(&key).to_owned(), text));
                }
                Some(Value::Int(_) | Value::Bool(_)) => {
                    return Err(RecordError::Malformed { field: key });
                }
                None | Some(Value::Null) => {}
            }
        }
        Ok(found)
    }

    /// What nobody took.
    pub(super) fn rest(self) -> Fields {
        self.fields
    }
}

fn malformed(key: &str) -> RecordError {
    RecordError::Malformed {
        field: key.to_owned(),
    }
}

/// Puts checked fields together on top of what a newer program added.
pub(super) struct Writer {
    fields: Fields,
    confirmed: bool,
}

impl Writer {
    pub(super) fn new(extra: Fields, confirmed: bool) -> Self {
        Self {
            fields: extra,
            confirmed,
        }
    }

    /// One line of text; an empty one is left out.
    pub(super) fn text(&mut self, key: &str, text: Option<&str>) -> Result<(), RecordError> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(());
        };
        if text.chars().any(char::is_control) {
            return Err(RecordError::ControlCharacter {
                field: key.to_owned(),
            });
        }
        self.prose(key, Some(text));
        Ok(())
    }

    /// Text of many lines.
    pub(super) fn prose(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.fields.insert(key.to_owned(), text.into());
        }
    }

    pub(super) fn int(&mut self, key: &str, number: Option<i64>) {
        self.value(key, number.map(Value::Int));
    }

    pub(super) fn flag(&mut self, key: &str, flag: Option<bool>) {
        self.value(key, flag.map(Value::Bool));
    }

    fn value(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.fields.insert(key.to_owned(), value);
        }
    }

    pub(super) fn when(&mut self, key: &str, when: Option<&When>) -> Result<(), RecordError> {
        self.text(key, when.map(When::to_string).as_deref())
    }

    /// Refuses what `problem` describes unless it was confirmed.
    pub(super) fn unless_confirmed(&self, problem: Option<RecordError>) -> Result<(), RecordError> {
        match problem {
            Some(problem) if !self.confirmed => Err(problem),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks every text and key, those that came from elsewhere included.
    pub(super) fn finish(mut self, kind: Kind) -> Result<Fields, RecordError> {
        self.fields.insert("kind".to_owned(), kind.as_str().into());
        self.fields.insert("v".to_owned(), SCHEMA_VERSION.into());
        self.fields.retain(|_, value| *value != Value::Null);
        self.fields = kind.check(self.fields, self.confirmed)?;
        if self.fields.len() > MAX_FIELDS {
            return Err(RecordError::TooManyFields { limit: MAX_FIELDS });
        }
        if self.fields.keys().any(|key| !is_field_key(key)) {
            return Err(RecordError::Key);
        }
        let mut total = 0;
        for (key, value) in &self.fields {
            // A hash is no number, whatever digits it happens to have.
            let hash = kind
                .field(key)
                .is_some_and(|field| field.shape == Shape::Sha256);
            if contains_my_number(key) || (!hash && holds_my_number(value)) {
                return Err(RecordError::LooksLikeMyNumber { field: key.clone() });
            }
            let text = value.as_text().unwrap_or_default();
            total += text.len() + key.len();
            let field = || key.clone();
            if text.len() > MAX_TEXT {
                return Err(RecordError::TooLong {
                    field: field(),
                    limit: MAX_TEXT,
                });
            }
            if total > MAX_RECORD {
                return Err(RecordError::TooLong {
                    field: field(),
                    limit: MAX_RECORD,
                });
            }
            if text
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t')
            {
                return Err(RecordError::ControlCharacter { field: field() });
            }
        }
        Ok(self.fields)
    }
}

fn holds_my_number(value: &Value) -> bool {
    match value {
        Value::Text(text) => contains_my_number(text),
        Value::Int(number) => contains_my_number(&number.to_string()),
        Value::Null | Value::Bool(_) => false,
    }
}

/// The most fields of one record, so that creating it stays one change (docs/format.md §6.2).
pub(super) const MAX_FIELDS: usize = 256;
/// The most bytes that the keys and texts of one record may have together, for the same reason.
pub(super) const MAX_RECORD: usize = 24_576;
