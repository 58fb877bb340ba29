//! Whether the dates of a record can be: nothing done lies after today or before birth. Knows
//! neither of the two days by itself.

use crate::{
    date::{Date, Precision, When},
    record::{
        Kind, Record, RecordError,
        shape::{Shape, Tense},
    },
    value::Fields,
};

impl Record {
    /// The first date that cannot be, given what day it is and the member's birth.
    ///
    /// [`RecordError::can_be_confirmed`] says whether a person may insist on it.
    pub fn check_days(&self, birth: Option<Date>, today: Date) -> Result<(), RecordError> {
        let Some(kind) = self.kind() else {
            return Ok(());
        };
        // Values were confirmed elsewhere; here only the dates are looked at.
        check_days(kind, &self.to_fields(true)?, birth, today)
    }
}

/// The same for fields as they are stored.
pub fn check_days(
    kind: Kind,
    fields: &Fields,
    birth: Option<Date>,
    today: Date,
) -> Result<(), RecordError> {
    for field in kind.fields() {
        let (Shape::Day(tense) | Shape::When(tense)) = field.shape else {
            continue;
        };
        let text = fields.get(field.key).and_then(|value| value.as_text());
        let Some(when) = text.and_then(|text| text.parse::<When>().ok()) else {
            continue;
        };
        let (future, unborn) = match tense {
            Tense::Free => (false, false),
            Tense::Past => (true, false),
            Tense::InLife => (true, true),
        };
        if future && when.first_day().is_some_and(|first| first > today) {
            return Err(RecordError::InFuture { field: field.key });
        }
        if unborn && birth.is_some_and(|birth| last_day(&when).is_some_and(|last| last < birth)) {
            return Err(RecordError::BeforeBirth { field: field.key });
        }
    }
    Ok(())
}

/// The last day that a date can mean.
fn last_day(when: &When) -> Option<Date> {
    let first = when.first_day()?;
    Some(match when.precision() {
        Precision::Month => first.last_of_month(),
        Precision::Year => first.last_of_year(),
        Precision::Day | Precision::Words => first,
    })
}
