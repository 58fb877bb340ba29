//! A card's file: certificates and keys. It signs what a real card would sign, or goes into a reader
//! that is only a variable.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private, Public};
use openssl::sign::{Signer, Verifier};
use openssl::x509::X509;

use crate::canonical::{decode, encode};
use crate::card::{CardError, SignatureCard};
use crate::files::{armour, unarmour};
use crate::simulated::SimulatedError;
use crate::simulated::model::{CardModel, Pair};

/// A signature certificate of a fictitious person and its key, and perhaps those for authentication.
pub struct SimulatedCard {
    certificate: Vec<u8>,
    key: PKey<Private>,
    authentication: Option<Pair>,
}

impl std::fmt::Debug for SimulatedCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimulatedCard(redacted)")
    }
}

impl SimulatedCard {
    pub(crate) fn new(certificate: Vec<u8>, key: PKey<Private>) -> Self {
        Self {
            certificate,
            key,
            authentication: None,
        }
    }

    pub(crate) fn with_authentication(mut self, pair: Pair) -> Self {
        self.authentication = Some(pair);
        self
    }

    /// Puts the card into a reader: from here on it speaks in commands and answers.
    pub fn insert(self) -> CardModel {
        let signature = Pair {
            certificate: self.certificate,
            key: self.key,
        };
        CardModel::new(Some(signature), self.authentication)
    }

    /// Reads a card's file.
    pub fn from_text(text: &str) -> Result<Self, CardError> {
        let bytes = unarmour(CARD_LINE, text).map_err(|_| CardError::Malformed)?;
        let file: File = decode(&bytes, 16_384).map_err(|_| CardError::Malformed)?;
        let key = |der: &[u8]| PKey::private_key_from_der(der).map_err(|_| CardError::Malformed);
        let authentication = match (file.authentication, file.authentication_key) {
            (Some(certificate), Some(der)) => Some(Pair {
                key: key(&der)?,
                certificate: certificate.into(),
            }),
            (None, None) => None,
            _ => return Err(CardError::Malformed),
        };
        if file.version != 1 {
            return Err(CardError::Malformed);
        }
        Ok(Self {
            certificate: file.certificate,
            key: key(&file.key)?,
            authentication,
        })
    }

    /// Writes the card's file. The keys in it protect nothing: it stands for a fictitious person.
    pub fn to_text(&self) -> Result<String, SimulatedError> {
        let pair = self.authentication.as_ref();
        let key = pair.map(|pair| pair.key.private_key_to_der()).transpose()?;
        let file = File {
            version: 1,
            certificate: self.certificate.clone(),
            key: self.key.private_key_to_der()?,
            authentication: pair.map(|pair| pair.certificate.clone().into()),
            authentication_key: key.map(Into::into),
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
    /// Left out, with its key, from cards that only sign.
    #[n(3)]
    authentication: Option<ByteVec>,
    #[n(4)]
    authentication_key: Option<ByteVec>,
}

const CARD_LINE: &str = "techo-simulated-card-not-genuine-v1";
