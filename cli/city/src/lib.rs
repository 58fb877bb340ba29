//! The issuer: a city's keys, bindings and publications; it never learns which vault is whose.
//!
//! A [`City`] is a folder: sealed keys, the public issuer file, and a sealed journal from which
//! everything else is rebuilt. Every change is durable in the journal before it is reported.
//! Nothing here reads a clock; randomness comes from the operating system.

mod error;
mod text;
mod sheet;
mod forms;
mod row;
mod register;
mod folder;
mod keys;
mod record;
mod journal;
mod state;
mod city;
mod enrol;
mod publish;
mod deliver;

pub use city::{City, CityPlan, CityStatus, IssuerPki};
pub use deliver::{DeliveryFailure, DeliveryReport};
pub use enrol::{EnrolAnswer, EnrolRefusal, ReviewReason};
pub use error::CityError;
pub use publish::{PublishReport, Rejection, RejectionReason};
pub use register::{Register, RegisterFault, Resident};
pub use sheet::SheetError;
