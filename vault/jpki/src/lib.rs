//! JPKI certificates, enrolment evidence and its verification; it never sees the 12-digit number.
//!
//! A resident's card and an issuer-only key sign one [`EnrolmentStatement`]. The city decodes the
//! bundle as an [`UnverifiedBundle`] and walks it through the stages in the only order the types
//! allow: nonce, device proof, certificate, chain, policy, signature, revocation, attributes.
//! Nothing of the certificate can be read before the stage that proves it.
//!
//! Revocation is the authority's signed word: a list ([`RevocationLists`]) or an OCSP response.
//! Without one, only the simulated hierarchy is ever accepted. No real card has been tried.
//!
//! The module list is the layer list, bottom first; a module uses only those above it.

mod walk;
mod error;
mod canonical;
mod attributes;
pub mod consent;
mod statement;
mod card;
mod bundle;
mod roots;
mod certificate_id;
mod certificate;
mod preview;
mod signed;
mod crl;
mod ocsp;
mod verify;
mod files;
#[cfg(any(test, feature = "simulated"))]
pub mod simulated;
// Edges
#[cfg(feature = "card")]
pub mod reader;

pub use attributes::{Attributes, Child};
pub use bundle::{Bundle, UnverifiedBundle};
pub use card::{
    CardError, CountedCard, JpkiCard, LastTry, Password, Secret, SignatureCard, Transport,
    UnlockedCard,
};
pub use certificate_id::CertificateId;
pub use crl::{AddedList, CrlIndex, RevocationLists};
pub use error::{CrlFault, NonceRefusal, Refusal, RevocationGap, RevocationReason, RootsError};
pub use files::NonceFile;
pub use preview::Preview;
pub use roots::{Environment, Roots, SimulatedPki};
pub use statement::{
    EnrolmentStatement, Relation, StatementPlan, feed_key_hash, inbox_descriptor_hash,
};
pub use verify::{
    Enrolment, Evidence, Expectation, FreshBundle, Judgement, ManualReason, NonceLedger,
    Revocation, RevocationSource,
};
