//! One dose of a vaccine, with what the handbook's row holds (施行規則3条), the personal number excepted.

use crate::{
    date::When,
    decimal::Decimal,
    record::{RecordError, fields},
    vaccine::Vaccine,
    value::{Fields, Value, redact},
};

/// One dose of a vaccine.
#[derive(Clone, PartialEq, Eq)]
pub struct Vaccination {
    /// Which vaccine.
    pub vaccine: Vaccine,
    /// The day, or what is known of it.
    pub date: Option<When>,
    /// The name of the product.
    pub product: Option<String>,
    /// The maker.
    pub maker: Option<String>,
    /// The lot number.
    pub lot: Option<String>,
    /// The dose in mL.
    pub dose_ml: Option<Decimal>,
    /// The series of the schedule that it was given for.
    pub series: Option<String>,
    /// The how-manieth dose of that series.
    pub dose_no: Option<i64>,
    /// Clinic or place.
    pub facility: Option<String>,
    /// Who gave it.
    pub doctor: Option<String>,
    /// Whether it was routine (定期) or voluntary (任意).
    pub routine: Option<bool>,
    /// What was noticed afterwards.
    pub reaction: Option<String>,
    /// Anything else.
    pub note: Option<String>,
    /// Fields that no engine needs, and those that only a newer program understands.
    pub extra: Fields,
}

redact!(Vaccination);

impl Vaccination {
    /// A dose of which nothing but vaccine and date is known.
    pub fn new(vaccine: Vaccine, date: When) -> Self {
        Self {
            vaccine,
            date: Some(date),
            product: None,
            maker: None,
            lot: None,
            dose_ml: None,
            series: None,
            dose_no: None,
            facility: None,
            doctor: None,
            routine: None,
            reaction: None,
            note: None,
            extra: Fields::new(),
        }
    }

    /// Whether the dose was given: a row may also say why it was not.
    pub fn was_given(&self) -> bool {
        let status = self.extra.get("dose_status").and_then(Value::as_text);
        status != Some("not-done")
    }

    pub(super) fn read(mut from: fields::Reader) -> Result<Self, RecordError> {
        let vaccine = from
            .text("vaccine")?
            .ok_or(RecordError::Missing { field: "vaccine" })?;
        Ok(Self {
            vaccine: Vaccine::new(&vaccine),
            date: from.when("date")?,
            product: from.text("product")?,
            maker: from.text("maker")?,
            lot: from.text("lot")?,
            dose_ml: from.decimal("dose_ml")?,
            series: from.text("series")?,
            dose_no: from.int("dose_no")?,
            facility: from.text("facility")?,
            doctor: from.text("doctor")?,
            routine: from.flag("routine")?,
            reaction: from.text("reaction")?,
            note: from.text("note")?,
            extra: from.rest(),
        })
    }

    pub(super) fn write(&self, to: &mut fields::Writer) -> Result<(), RecordError> {
        if self.vaccine.as_str().is_empty() {
            return Err(RecordError::Missing { field: "vaccine" });
        }
        to.text("vaccine", Some(self.vaccine.as_str()))?;
        to.when("date", self.date.as_ref())?;
        to.text("product", self.product.as_deref())?;
        to.text("maker", self.maker.as_deref())?;
        to.text("lot", self.lot.as_deref())?;
        to.text("dose_ml", self.dose_ml.as_ref().map(Decimal::as_str))?;
        to.text("series", self.series.as_deref())?;
        to.int("dose_no", self.dose_no);
        to.text("facility", self.facility.as_deref())?;
        to.text("doctor", self.doctor.as_deref())?;
        to.flag("routine", self.routine);
        to.prose("reaction", self.reaction.as_deref());
        to.prose("note", self.note.as_deref());
        Ok(())
    }
}
