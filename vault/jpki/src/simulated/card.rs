//! A card's file: certificate and key; it signs what a real card would sign.

use minicbor::{Decode, Encode};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private, Public};
use openssl::sign::{Signer, Verifier};
use openssl::x509::X509;

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

/// What verifying one signature costs and no more: the floor of the bench.
pub struct BareVerification(PKey<Public>);

impl std::fmt::Debug for BareVerification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BareVerification")
    }
}

impl BareVerification {
    /// Takes the card's public key.
    pub fn of(card: &SimulatedCard) -> Result<Self, SimulatedError> {
        let certificate = X509::from_der(&card.certificate)?;
        Ok(Self(certificate.public_key()?))
    }

    /// Verifies as a card signs.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Verifier::new(MessageDigest::sha256(), &self.0)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
            .unwrap_or(false)
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
