//! The issuer: a city's keys, bindings and publications; it never learns which vault is whose.
//!
//! A [`City`] is a folder: sealed keys, the public issuer file, and a sealed journal from which
//! everything else is rebuilt. Every change is durable in the journal before it is reported.
//! Nothing here reads a clock; randomness comes from the operating system.
//!
//! The module list is the layer list, bottom first; a module uses only those above it.

mod text;
mod sheet;
mod error;
mod forms;
mod row;
mod register;
mod folder;
mod keys;
mod answer;
mod record;
mod journal;
mod state;
mod city;
mod lists;
mod waiting;
mod bind;
mod enrol;
mod recheck;
mod review;
mod rebind;
mod publish;
mod messages;
mod deliver;

pub use answer::{EnrolAnswer, EnrolRefusal, ReviewReason};
pub use city::{City, CityPlan, CityStatus, IssuerPki};
pub use deliver::{DeliveryFailure, DeliveryReport};
pub use error::{CityError, RegisterFault};
pub use lists::ListsReport;
pub use publish::{PublishReport, Rejection, RejectionReason};
pub use recheck::RecheckReport;
pub use register::{Register, Resident};
pub use review::{Case, CaseView, Doubt, DoubtfulBinding, ReviewList};
pub use sheet::SheetError;
