//! What is planned, as the records tell of it.

use crate::{
    date::Date,
    history::Source,
    record::{Sensitivity, Tabled},
    value::redact,
};

/// Something planned, or a window in which it is due.
#[derive(Clone, PartialEq, Eq)]
pub struct Appointment {
    /// What for.
    pub purpose: String,
    /// The day agreed upon.
    pub planned: Option<Date>,
    /// The time of day, `HH:MM`.
    pub time: Option<String>,
    /// The first day of the window.
    pub due_from: Option<Date>,
    /// The last day of the window.
    pub due_to: Option<Date>,
    /// The series of the schedule that it is for.
    pub series: Option<String>,
    /// The how-manieth dose of that series.
    pub dose_no: Option<i64>,
    /// The checkup that it is for.
    pub checkup: Option<String>,
    /// Where.
    pub facility: Option<String>,
    /// Whether it still lies ahead: neither kept nor cancelled.
    pub is_open: bool,
    /// How far it may go: what never leaves the vault has no place in a calendar file.
    pub sensitivity: Sensitivity,
    /// The record.
    pub source: Source,
}

redact!(Appointment);

/// Reads a record of that kind.
pub(super) fn read(record: &Tabled, source: Source) -> Appointment {
    let text = |key: &str| record.text(key).map(str::to_owned);
    Appointment {
        purpose: text("purpose").unwrap_or_default(),
        planned: record.day("date"),
        time: text("time"),
        due_from: record.day("due_from"),
        due_to: record.day("due_to"),
        series: text("series"),
        dose_no: record.int("dose_no"),
        checkup: text("checkup"),
        facility: text("facility"),
        is_open: matches!(record.text("plan"), None | Some("planned")),
        sensitivity: Sensitivity::read(record.text("sensitivity")),
        source,
    }
}
