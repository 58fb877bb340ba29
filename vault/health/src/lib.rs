//! What family health records mean; it never stores, sends or reads a clock.
//!
//! The module list is the layer list, bottom first: a module uses only those above it.

pub mod value;
pub mod decimal;
pub mod personal_number;
pub mod date;
pub mod calendar;
pub mod coding;
pub mod vaccine;
pub mod quantity;
pub mod record;
pub mod history;
pub mod growth;
pub mod schedule;
pub mod plan;
pub mod checkup;
pub mod message;
pub mod reminder;

pub use date::{Date, DateError, When};
pub use decimal::Decimal;
pub use history::History;
pub use quantity::Quantity;
pub use record::{Checkup, Kind, Measurement, Member, Note, Record, RecordError, Sex, Vaccination};
pub use vaccine::Vaccine;
pub use value::{Fields, Value};
