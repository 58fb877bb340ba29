//! Flat fields, the shape in which records are stored and merged. Decides which keys and values may
//! be stored; never what they mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The fields of one record, under flat keys such as `date` or `findings/hearing`.
pub type Fields = BTreeMap<String, Value>;

/// One value of a field. The order of the variants is the canonical order of concurrent values.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Nothing: the field was removed.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl Value {
    /// The text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Int(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

/// Health data stays out of logs: only the type is shown.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool(..)",
            Self::Int(_) => "Int(..)",
            Self::Text(_) => "Text(..)",
        })
    }
}

/// Gives types that hold health data a `Debug` that shows their names alone.
macro_rules! redact {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}
pub(crate) use redact;

/// Whether `key` may name a field: 1–64 bytes of `a–z 0–9 _ / -`.
pub fn is_field_key(key: &str) -> bool {
    (1..=MAX_KEY).contains(&key.len())
        && key
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'/' | b'-'))
}

/// The longest field key, in bytes.
pub const MAX_KEY: usize = 64;
/// The longest text of one field, in bytes.
pub const MAX_TEXT: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_shows_a_value_as_itself() {
        let values = [Value::Null, true.into(), 3.into(), "a".into()];
        let json = serde_json::to_string(&values).unwrap();
        assert_eq!(json, r#"[null,true,3,"a"]"#);
        assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap(), values);
    }

    #[test]
    fn debug_output_holds_no_health_data() {
        assert_eq!(format!("{:?}", Value::from("hepatitis")), "Text(..)");
    }

    #[test]
    fn keys_are_short_lower_case_ascii() {
        for good in ["a", "dose_no", "findings/3-4m", &"k".repeat(64)] {
            assert!(is_field_key(good), "{good}");
        }
        for bad in ["", "A", "a b", "日", "a.b", &"k".repeat(65)] {
            assert!(!is_field_key(bad), "{bad}");
        }
    }
}
