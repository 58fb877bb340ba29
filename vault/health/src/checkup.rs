//! The checkups of a life: who is called when, by dated data files, and the forms on which their
//! findings are written. It judges no finding, and knows no day.
//!
//! `docs/checkups.md` describes the files.

mod calendar;
mod rules;
mod form;

pub use calendar::{CheckupDue, Occasion, due};
pub use form::{Choice, Form, FormError, FormItem, Forms, ItemKind, NOTHING, is_sensitive};
pub use rules::{Basis, CheckupRule, Checkups, CheckupsError};

#[cfg(test)]
mod tests;
