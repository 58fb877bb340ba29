//! One measured value, kept digit by digit as it was read off.

use crate::{
    date::When,
    decimal::Decimal,
    quantity::Quantity,
    record::{RecordError, fields},
    value::{Fields, redact},
};

/// One measured value.
#[derive(Clone, PartialEq, Eq)]
pub struct Measurement {
    /// What was measured.
    pub quantity: Quantity,
    /// The value as read off.
    pub value: Decimal,
    /// The UCUM code of the unit.
    pub unit: String,
    /// When.
    pub date: When,
    /// `lying`, `standing` or other words.
    pub posture: Option<String>,
    /// Where.
    pub facility: Option<String>,
    /// Anything else.
    pub note: Option<String>,
    /// Fields that only a newer program understands.
    pub extra: Fields,
}

redact!(Measurement);

impl Measurement {
    /// A measurement of which nothing else is known.
    pub fn new(quantity: Quantity, value: Decimal, unit: &str, date: When) -> Self {
        Self {
            quantity,
            value,
            unit: unit.to_owned(),
            date,
            posture: None,
            facility: None,
            note: None,
            extra: Fields::new(),
        }
    }

    /// The value in another unit, exactly; `None` for unknown units or if digits would be lost.
    pub fn value_in(&self, unit: &str) -> Option<Decimal> {
        let known = self.quantity.known()?;
        known.convert(&self.value, known.unit(&self.unit)?, known.unit(unit)?)
    }

    pub(super) fn read(mut from: fields::Reader) -> Result<Self, RecordError> {
        let quantity = from
            .text("quantity")?
            .ok_or(RecordError::Missing { field: "quantity" })?;
        Ok(Self {
            quantity: Quantity::new(&quantity),
            value: from
                .decimal("value")?
                .ok_or(RecordError::Missing { field: "value" })?,
            unit: from
                .text("unit")?
                .ok_or(RecordError::Missing { field: "unit" })?,
            date: from
                .when("date")?
                .ok_or(RecordError::Missing { field: "date" })?,
            posture: from.text("posture")?,
            facility: from.text("facility")?,
            note: from.text("note")?,
            extra: from.rest(),
        })
    }

    pub(super) fn write(&self, to: &mut fields::Writer) -> Result<(), RecordError> {
        if self.quantity.as_str().is_empty() {
            return Err(RecordError::Missing { field: "quantity" });
        }
        let unit = match self.quantity.known() {
            Some(known) => {
                let unit = known.unit(&self.unit).ok_or_else(|| RecordError::Unit {
                    quantity: known.key,
                    units: known.units.iter().map(|unit| unit.code).collect(),
                })?;
                let problem =
                    (!known.is_plausible(&self.value, unit)).then(|| RecordError::Implausible {
                        quantity: known.key,
                        unit: unit.code,
                        plausible_unit: known.plausible_unit(&self.value).map(|unit| unit.code),
                    });
                to.unless_confirmed(problem)?;
                unit.code
            }
            None if self.unit.trim().is_empty() => {
                return Err(RecordError::Missing { field: "unit" });
            }
            None => &self.unit,
        };
        to.text("quantity", Some(self.quantity.as_str()))?;
        to.text("value", Some(self.value.as_str()))?;
        to.text("unit", Some(unit))?;
        to.when("date", Some(&self.date))?;
        to.text("posture", self.posture.as_deref())?;
        to.text("facility", self.facility.as_deref())?;
        to.prose("note", self.note.as_deref());
        Ok(())
    }
}
