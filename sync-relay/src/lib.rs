//! The relay: keeps envelopes and items until they are fetched, and never opens one.
//!
//! The module list is the layer list, bottom first; a module uses only those above it.

pub mod config;
pub mod store;
pub mod identity;
mod error;
mod metrics;
mod notices;
mod sent;
mod commit;
mod session;
mod sending;
mod fetch;
mod exchange;
pub mod relay;
pub mod run;

pub use config::{Config, Limits, Quotas};
pub use error::RelayError;
pub use relay::{Relay, RunningRelay};
