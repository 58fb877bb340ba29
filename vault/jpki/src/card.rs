//! What enrolment asks of a card; it never asks for the 12-digit number.

use thiserror::Error;

/// Something that holds a signature certificate and signs with its key.
///
/// The reader for real cards will implement it; today only `simulated::SimulatedCard` does.
pub trait SignatureCard {
    /// Returns the signature certificate, DER.
    fn certificate(&self) -> &[u8];

    /// Signs `message` with RSA PKCS#1 v1.5 and SHA-256.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CardError>;
}

/// Why a card did not serve.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardError {
    /// The file or token is not a card's.
    #[error("this is not a card's file")]
    Malformed,
    /// The key could not sign.
    #[error("the card could not sign")]
    Signing,
}
