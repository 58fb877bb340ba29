//! What enrolment asks of a card, and how a My Number Card is spoken to; it never asks for the
//! 12-digit number and selects no application but the one of JPKI.
//!
//! The order is in the types: a [`JpkiCard`] is selected and known to be a card; only a
//! [`CountedCard`], whose tries have been counted, takes the password; only an [`UnlockedCard`]
//! signs. How bytes reach the card is the [`Transport`]'s business.

mod error;
mod transport;
mod apdu;
mod password;
mod file;
mod applet;
mod unlocked;

pub use applet::{CountedCard, JpkiCard, LastTry, Secret};
pub use error::CardError;
pub use password::Password;
pub use transport::Transport;
pub use unlocked::UnlockedCard;

pub(crate) use file::MAX_CERTIFICATE;

/// Something that holds a signature certificate and signs with its key.
pub trait SignatureCard {
    /// Returns the signature certificate, DER.
    fn certificate(&self) -> &[u8];

    /// Signs `message` with RSA PKCS#1 v1.5 and SHA-256.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CardError>;
}

#[cfg(any(test, feature = "simulated"))]
pub(crate) use apdu::{AID, DIGEST_INFO, File};

#[cfg(test)]
mod tests;
