//! Random edits on devices that are apart: in the end all show the same, byte for byte.
//!
//! `family` uses whole vaults and a relay; `replicas` the pure core, with envelopes in any order.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod edits {
    mod family;
    mod replicas;
}
