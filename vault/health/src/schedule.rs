//! Which vaccinations are due: rules and one person's facts in, proposals out. It decides dates only,
//! never whether a dose is right for a person, and never knows what day it is.
//!
//! Past doses are judged first (`assign`, `walk`), what follows is forecast after (`outlook`,
//! `forecast`).

mod rules;
mod case;
mod excuse;
mod reason;
mod answer;
mod legal;
mod walk;
mod pair;
mod assign;
mod outlook;
mod checkup;
mod forecast;
mod lines;
mod person;

pub use answer::{Alternative, Forecast, Proposal, Status, Unassigned};
pub use case::{Case, CaseError};
pub use excuse::Excuse;
pub use forecast::forecast;
pub use lines::{Answered, answer_lines};
pub use person::SeriesView;
pub use reason::Because;
pub use rules::{Class, Rules, RulesError};

#[cfg(test)]
mod tests;
