//! JPKI certificates, enrolment evidence and its verification; it never sees the 12-digit number.
//!
//! A resident's card and an issuer-only key sign one [`EnrolmentStatement`]. The city decodes the
//! bundle as an [`UnverifiedBundle`] and walks it through the stages in the only order the types
//! allow: nonce, device proof, certificate, chain, policy, signature, revocation, attributes.
//! Nothing of the certificate can be read before the stage that proves it.
//!
//! Not done in this version: real cards (PC/SC), production roots (see [`Roots`]) and revocation
//! (CRL, OCSP). Without a revocation answer, only the simulated hierarchy is ever accepted.
//!
//! The module list is the layer list, bottom first; a module uses only those above it.

mod error;
mod canonical;
mod attributes;
pub mod consent;
mod statement;
mod card;
mod bundle;
mod roots;
mod certificate;
mod verify;
mod files;
#[cfg(any(test, feature = "simulated"))]
pub mod simulated;

pub use attributes::{Attributes, Child};
pub use bundle::{Bundle, UnverifiedBundle};
pub use card::{CardError, SignatureCard};
pub use error::{NonceRefusal, Refusal, RevocationGap, RootsError};
pub use files::NonceFile;
pub use roots::{Environment, Roots, SimulatedPki};
pub use statement::{
    EnrolmentStatement, Relation, StatementPlan, feed_key_hash, inbox_descriptor_hash,
};
pub use verify::{
    Enrolment, Evidence, Expectation, FreshBundle, Judgement, ManualReason, NonceLedger, Revocation,
};
