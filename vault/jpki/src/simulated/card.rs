//! A card's file: certificate and key; it signs what a real card would sign.

use minicbor::{Decode, Encode};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use crate::canonical::{decode, encode};
use crate::card::{CardError, SignatureCard};
use crate::files::{armour, unarmour};
use crate::simulated::SimulatedError;

/// A signature certificate of a fictitious person and its key.
pub struct SimulatedCard {
    certificate: Vec<u8>,
    key: PKey<Private>,
}

impl std::fmt::Debug for SimulatedCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimulatedCard(redacted)")
    }
}

impl SimulatedCard {
    pub(crate) fn new(certificate: Vec<u8>, key: PKey<Private>) -> Self {
        Self { certificate, key }
    }

    /// Reads a card's file.
    pub fn from_text(text: &str) -> Result<Self, CardError> {
        let bytes = unarmour(CARD_LINE, text).map_err(|_| CardError::Malformed)?;
        let file: File = decode(&bytes, 16_384).map_err(|_| CardError::Malformed)?;
        let key = PKey::private_key_from_der(&file.key).map_err(|_| CardError::Malformed)?;
        if file.version == 1 {
            Ok(Self {
                certificate: file.certificate,
                key,
            })
        } else {
            Err(CardError::Malformed)
        }
    }

    /// Writes the card's file. The key in it protects nothing: it stands for a fictitious person.
    pub fn to_text(&self) -> Result<String, SimulatedError> {
        let file = File {
            version: 1,
            certificate: self.certificate.clone(),
            key: self.key.private_key_to_der()?,
        };
        Ok(armour(CARD_LINE, &encode(&file)))
    }
}

impl SignatureCard for SimulatedCard {
    fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CardError> {
        let failed = |_| CardError::Signing;
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).map_err(failed)?;
        signer.sign_oneshot_to_vec(message).map_err(failed)
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct File {
    #[n(0)]
    version: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    certificate: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    key: Vec<u8>,
}

const CARD_LINE: &str = "techo-simulated-card-not-genuine-v1";
