//! A stand-in for cards and their authority; every name it writes says that it is not genuine.
//!
//! Own work: certificates with the extension set, criticality and types of the JPKI profile under
//! freshly made keys. They identify nobody, and no release trusts them without
//! [`crate::SimulatedPki::acknowledge`].

pub(crate) mod der;
mod model;
mod card;
pub(crate) mod profile;
pub(crate) mod authority;
pub(crate) mod revocation;

#[cfg(test)]
pub(crate) use authority::generate_key;
pub use authority::{SimulatedAuthority, serial_of};
pub use card::{BareVerification, SimulatedCard};
pub use model::{CardModel, PASSWORD};
pub use profile::{Holder, LeafProfile, MUNICIPALITY, Validity};
pub use revocation::{ListProfile, Responder, ResponseProfile, ResponseStatus, issuing_point};

use thiserror::Error;

/// Why simulated material could not be made or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimulatedError {
    /// OpenSSL refused.
    #[error("the cryptographic library failed")]
    Library(#[from] openssl::error::ErrorStack),
    /// An extension could not be encoded.
    #[error("the certificate could not be encoded")]
    Encoding(#[from] x509_cert::der::Error),
    /// The file is not simulated material.
    #[error("this is not a file of the simulated authority")]
    Malformed,
}
