//! The evidence as it travels; nothing in it can be read before the nonce is consumed.

use ed25519_dalek::{Signer, SigningKey};
use minicbor::{Decode, Encode};

use crate::attributes::Child;
use crate::canonical::{decode, encode, hash};
use crate::card::{CardError, MAX_CERTIFICATE, SignatureCard};
use crate::error::Refusal;
use crate::statement::EnrolmentStatement;

/// Evidence a device has put together. It holds the four attributes: seal it to the city, and
/// delete it once the city has answered.
#[derive(Clone)]
pub struct Bundle {
    fields: Fields,
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bundle(redacted)")
    }
}

impl Bundle {
    /// Lets the card and the issuer-only key sign `statement`.
    ///
    /// `sign_proof` signs with the issuer-only key exactly the bytes it is given:
    /// [`EnrolmentStatement::proof_bytes`], label included.
    pub fn sign(
        statement: &EnrolmentStatement,
        card: &dyn SignatureCard,
        sign_proof: impl FnOnce(&[u8]) -> [u8; 64],
        feed_key: &[u8],
        inbox_descriptor: &[u8],
        child: Option<&Child>,
    ) -> Result<Self, CardError> {
        let bytes = statement.to_bytes();
        let signature = card.sign(&bytes)?;
        let proof = sign_proof(&statement.proof_bytes());
        Ok(Self {
            fields: Fields {
                version: 1,
                statement: bytes,
                certificate: card.certificate().to_vec(),
                signature,
                proof,
                feed_key: feed_key.to_vec(),
                inbox_descriptor: inbox_descriptor.to_vec(),
                child: child.cloned(),
            },
        })
    }

    /// Like [`Bundle::sign`] with the seed of the issuer-only key.
    pub fn sign_with_seed(
        statement: &EnrolmentStatement,
        card: &dyn SignatureCard,
        seed: &[u8; 32],
        feed_key: &[u8],
        inbox_descriptor: &[u8],
        child: Option<&Child>,
    ) -> Result<Self, CardError> {
        let key = SigningKey::from_bytes(seed);
        let proof = |message: &[u8]| key.sign(message).to_bytes();
        Self::sign(statement, card, proof, feed_key, inbox_descriptor, child)
    }

    /// Returns the canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.fields)
    }
}

/// A bundle of which only the form is known to be right.
pub struct UnverifiedBundle {
    pub(crate) statement: EnrolmentStatement,
    pub(crate) fields: Fields,
    request: [u8; 32],
}

impl std::fmt::Debug for UnverifiedBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnverifiedBundle(redacted)")
    }
}

impl UnverifiedBundle {
    /// Decodes `bytes`: sizes first, then the one canonical form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let fields: Fields = decode(bytes, MAX_BUNDLE)?;
        let sizes = fields.version == 1
            && fields.certificate.len() <= MAX_CERTIFICATE
            && fields.signature.len() <= MAX_SIGNATURE
            && fields.feed_key.len() == XWING
            && fields.inbox_descriptor.len() <= MAX_DESCRIPTOR;
        if !sizes
            || fields
                .child
                .as_ref()
                .is_some_and(|c| !c.attributes.are_plausible())
        {
            return Err(Refusal::Malformed);
        }
        let statement = EnrolmentStatement::decode(&fields.statement)?;
        Ok(Self {
            statement,
            fields,
            request: hash("techo/city-request/v1", &[bytes]),
        })
    }

    /// Returns a hash of the whole request, under which a city remembers the answer it gave.
    pub fn request(&self) -> &[u8; 32] {
        &self.request
    }
}

#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct Fields {
    #[n(0)]
    version: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    statement: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) certificate: Vec<u8>,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) signature: Vec<u8>,
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) proof: [u8; 64],
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) feed_key: Vec<u8>,
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(crate) inbox_descriptor: Vec<u8>,
    #[n(7)]
    pub(crate) child: Option<Child>,
}

const MAX_BUNDLE: usize = 16_384;
const MAX_SIGNATURE: usize = 1_024;
const MAX_DESCRIPTOR: usize = 512;
const XWING: usize = 1_216;
