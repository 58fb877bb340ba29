//! Journeys and guards over the whole of Techo; nothing here is shipped.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

pub mod hostile;
pub mod seeded;
pub mod bench;
pub mod fault;
pub mod batches;
pub mod family;
pub mod office;
