//! What a field of a record can hold, and how a value is read into it. Never knows which kinds of
//! record there are.

use crate::{
    calendar::Gestation,
    coding::Coding,
    date::When,
    decimal::{Decimal, narrow},
    quantity::Quantity,
    record::RecordError,
    value::Value,
};

/// One field of a kind of record: the line that reading, writing, help and docs share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The key under which it is stored.
    pub key: &'static str,
    /// What it is called in Japanese; the same for a key wherever it stands.
    pub japanese: &'static str,
    /// What it is called in English.
    pub english: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// What standards call it.
    pub codes: &'static [Coding],
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One line of text.
    Text,
    /// Text of many lines.
    Prose,
    /// A day.
    Day(Tense),
    /// A day, a month, a year or words.
    When(Tense),
    /// A time of day, `HH:MM`.
    Time,
    /// A whole number; outside the bounds it has to be confirmed.
    Number(i64, i64),
    /// Weeks and days of pregnancy, kept as days, within bounds likewise.
    Gestation(i64, i64),
    /// Yes or no.
    Flag,
    /// A decimal number of no unit of its own.
    Decimal,
    /// A decimal number in a UCUM unit, within bounds in thousandths.
    Amount(&'static str, i64, i64),
    /// A decimal number in that unit of a quantity, within the quantity's bounds.
    Measure(&'static str, &'static str),
    /// One of these and nothing else.
    OneOf(&'static [Choice]),
    /// One of these, or other words.
    Words(&'static [Choice]),
    /// SHA-256, 64 hex digits.
    Sha256,
    /// A code of letters and digits between these lengths.
    Code(usize, usize),
}

/// How a date lies to birth and to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tense {
    /// Anywhere: it may be planned.
    Free,
    /// Not after today.
    Past,
    /// Not after today and not before birth.
    InLife,
}

/// One answer to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// What is stored.
    pub code: &'static str,
    /// What it is called in Japanese.
    pub japanese: &'static str,
    /// What it is called in English.
    pub english: &'static str,
}

impl Field {
    /// What can be chosen; nothing for fields without choices.
    pub fn choices(&self) -> &'static [Choice] {
        if let Shape::OneOf(choices) | Shape::Words(choices) = self.shape {
            choices
        } else {
            &[]
        }
    }

    /// The choice that a stored value names.
    pub fn choice(&self, value: &str) -> Option<&'static Choice> {
        self.choices().iter().find(|choice| choice.is(value))
    }

    /// The UCUM unit, if the field has one of its own.
    pub fn unit(&self) -> Option<&'static str> {
        if let Shape::Amount(unit, ..) | Shape::Measure(_, unit) = self.shape {
            return Some(unit);
        }
        matches!(self.shape, Shape::Gestation(..)).then_some("d")
    }

    /// The value in the type that the field stores, if it reads as one: issued records and command
    /// lines carry text alone.
    pub(super) fn typed(&self, value: Value) -> Result<Value, RecordError> {
        let Value::Text(text) = &value else {
            return Ok(value);
        };
        let typed = match self.shape {
            Shape::Number(..) => narrowed(text).parse().ok().map(Value::Int),
            Shape::Gestation(..) => gestation(text).map(Value::Int),
            Shape::Flag => flag(text).map(Value::Bool),
            Shape::Text
            | Shape::Prose
            | Shape::Day(_)
            | Shape::When(_)
            | Shape::Time
            | Shape::Decimal
            | Shape::Amount(..)
            | Shape::Measure(..)
            | Shape::OneOf(_)
            | Shape::Words(_)
            | Shape::Sha256
            | Shape::Code(..) => return Ok(value),
        };
        typed.ok_or_else(|| self.malformed())
    }

    /// Checks a value and returns it as it is stored; `None` for an empty one.
    pub(super) fn check(
        &self,
        value: Value,
        confirmed: bool,
    ) -> Result<Option<Value>, RecordError> {
        let value = self.typed(value)?;
        let value = match (&value, self.shape) {
            (Value::Null, _) => return Ok(None),
            (Value::Int(number), Shape::Number(low, high) | Shape::Gestation(low, high)) => {
                let fits = (low..=high).contains(number);
                let unit = self.unit().unwrap_or("1");
                self.plausible(fits || confirmed, unit, None)?;
                value
            }
            (Value::Bool(_), Shape::Flag) => value,
            (Value::Text(text), _) if text.trim().is_empty() => return Ok(None),
            (Value::Text(text), Shape::Prose) => text.as_str().into(),
            (Value::Text(text), _) => {
                if text.trim().chars().any(char::is_control) {
                    return Err(RecordError::ControlCharacter {
                        field: self.key.to_owned(),
                    });
                }
                self.line(text.trim(), confirmed)?.into()
            }
            (Value::Int(_) | Value::Bool(_), _) => return Err(self.malformed()),
        };
        Ok(Some(value))
    }

    fn line(&self, text: &str, confirmed: bool) -> Result<String, RecordError> {
        let ok = |text: &str| Ok(text.to_owned());
        match self.shape {
            Shape::Day(_) | Shape::When(_) => {
                let read: Result<When, _> = text.parse();
                let when = read.map_err(|source| RecordError::Date {
                    field: self.key,
                    source,
                })?;
                let only_days = matches!(self.shape, Shape::Day(_));
                if only_days && when.day().is_none() {
                    return Err(self.malformed());
                }
                Ok(when.to_string())
            }
            Shape::Time => time(text).ok_or_else(|| self.malformed()),
            Shape::Decimal => {
                let number: Result<Decimal, _> = text.parse();
                ok(number.map_err(|_| self.malformed())?.as_str())
            }
            Shape::Amount(unit, low, high) => {
                let bare = text.strip_suffix(unit).unwrap_or(text);
                let number: Decimal = bare.parse().map_err(|_| self.malformed())?;
                let fits = (low * 1_000..=high * 1_000).contains(&number.micros());
                self.plausible(fits || confirmed, unit, None)?;
                ok(number.as_str())
            }
            Shape::Measure(quantity, unit) => self.measure(text, quantity, unit, confirmed),
            Shape::OneOf(choices) => match self.choice(text) {
                Some(choice) => ok(choice.code),
                None => Err(RecordError::NotAChoice {
                    field: self.key,
                    choices: choices.iter().map(|choice| choice.code).collect(),
                }),
            },
            Shape::Words(_) => ok(self.choice(text).map_or(text, |choice| choice.code)),
            Shape::Sha256 => {
                let hex = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
                let lower = hex.then(|| text.to_ascii_lowercase());
                lower.ok_or_else(|| self.malformed())
            }
            Shape::Code(low, high) => {
                let plain = narrowed(text);
                let fits = (low..=high).contains(&plain.len())
                    && plain.bytes().all(|b| b.is_ascii_alphanumeric());
                fits.then_some(plain).ok_or_else(|| self.malformed())
            }
            Shape::Text | Shape::Prose | Shape::Number(..) | Shape::Gestation(..) | Shape::Flag => {
                ok(text)
            }
        }
    }

    /// Reads `3215`, `3215g` or `3.215 kg` for a field in grams.
    fn measure(
        &self,
        text: &str,
        quantity: &str,
        unit: &'static str,
        confirmed: bool,
    ) -> Result<String, RecordError> {
        let quantity = Quantity::new(quantity);
        let known = quantity.known().ok_or_else(|| self.malformed())?;
        let own = known.unit(unit).ok_or_else(|| self.malformed())?;
        let text = narrowed(text);
        let digits = text
            .find(|c: char| !(c.is_ascii_digit() || ".,-".contains(c)))
            .unwrap_or(text.len());
        let (number, given) = text.split_at(digits);
        let number: Decimal = number.parse().map_err(|_| self.malformed())?;
        let number = if given.trim().is_empty() {
            number
        } else {
            let given = known.unit(given).ok_or_else(|| RecordError::Unit {
                quantity: known.key,
                units: known.units.iter().map(|unit| unit.code).collect(),
            })?;
            let converted = known.convert(&number, given, own);
            converted.ok_or_else(|| self.malformed())?
        };
        let other = known.plausible_unit(&number).map(|unit| unit.code);
        let fits = known.is_plausible(&number, own);
        self.plausible(fits || confirmed, unit, other)?;
        Ok(number.as_str().to_owned())
    }

    fn plausible(
        &self,
        fits: bool,
        unit: &'static str,
        other: Option<&'static str>,
    ) -> Result<(), RecordError> {
        if fits {
            return Ok(());
        }
        Err(RecordError::Implausible {
            quantity: self.key,
            unit,
            plausible_unit: other,
        })
    }

    fn malformed(&self) -> RecordError {
        RecordError::Malformed {
            field: self.key.to_owned(),
        }
    }
}

impl Choice {
    fn is(&self, text: &str) -> bool {
        self.code.eq_ignore_ascii_case(text)
            || self.japanese == text
            || self.english.eq_ignore_ascii_case(text)
    }
}

fn narrowed(text: &str) -> String {
    text.trim().chars().map(narrow).collect()
}

fn flag(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "yes" | "はい" | "あり" => Some(true),
        "false" | "no" | "いいえ" | "なし" => Some(false),
        _ => None,
    }
}

/// Reads `24w3d`, `24週3日`, `24-3`, `24w` and plain days.
fn gestation(text: &str) -> Option<i64> {
    let text = narrowed(text);
    if let Ok(days) = text.parse() {
        return Some(days);
    }
    let plain = text.replace('週', "w").replace('日', "d").replace('-', "w");
    let (weeks, days) = plain.split_once('w')?;
    if weeks.trim().len() > 2 {
        return None;
    }
    let days = match days.trim().trim_end_matches('d') {
        "" => 0,
        days => days.parse().ok()?,
    };
    let whole: Gestation = format!("{}w{days}d", weeks.trim()).parse().ok()?;
    Some(whole.days())
}

/// Reads `9:05`, `09:05`, `9時5分` as `09:05`.
fn time(text: &str) -> Option<String> {
    let text = narrowed(text).replace('時', ":").replace('分', "");
    let (hour, minute) = text.split_once(':')?;
    let part = |text: &str, most: u8| {
        let number: u8 = if text.is_empty() { "0" } else { text }.parse().ok()?;
        (number <= most).then_some(number)
    };
    Some(format!("{:02}:{:02}", part(hour, 23)?, part(minute, 59)?))
}

pub(super) const fn field(
    key: &'static str,
    japanese: &'static str,
    english: &'static str,
    shape: Shape,
) -> Field {
    Field {
        key,
        japanese,
        english,
        shape,
        codes: &[],
    }
}

/// The field with what standards call it.
pub(super) const fn coded(field: Field, codes: &'static [Coding]) -> Field {
    Field { codes, ..field }
}

pub(super) const fn choice(
    code: &'static str,
    japanese: &'static str,
    english: &'static str,
) -> Choice {
    Choice {
        code,
        japanese,
        english,
    }
}
