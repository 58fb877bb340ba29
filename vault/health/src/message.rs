//! Messages that fit an age, a week of pregnancy or a date: packs of texts and one member's facts in,
//! messages out. It tells only what a pack says, matches on the device alone, and never knows what day
//! it is. `docs/messages.md` describes the file.

mod pack;
mod check;
mod when;
mod facts;
mod matching;

pub use check::PackError;
pub use facts::{Facts, is_silenced};
pub use matching::{Message, Origin, Shelf, Why};
pub use pack::{Audience, Category, Confidence, NO_SOURCE, Pack, Priority, Text};
pub use when::MonthDay;

#[cfg(test)]
mod tests;
