//! Which certificate revocation is asked about; it never leaves the city that asks.

use minicbor::{Decode, Encode};

use crate::Refusal;
use crate::canonical::{decode, encode};

/// A certificate's serial number, the key that signed it, and where its revocation is listed.
///
/// A city keeps it sealed to ask again every day; nobody else may have it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CertificateId {
    #[n(0)]
    version: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    serial: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    authority: Vec<u8>,
    #[cbor(n(3), with = "minicbor::bytes")]
    distribution_point: Vec<u8>,
}

impl std::fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CertificateId(redacted)")
    }
}

impl CertificateId {
    /// `distribution_point` is the DER of its names, empty if the certificate names none.
    pub(crate) fn new(serial: &[u8], authority: &[u8], distribution_point: Vec<u8>) -> Self {
        Self {
            version: 1,
            serial: serial.to_vec(),
            authority: authority.to_vec(),
            distribution_point,
        }
    }

    /// Reads what [`CertificateId::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let id: Self = decode(bytes, 4_096)?;
        if id.version == 1 {
            Ok(id)
        } else {
            Err(Refusal::Malformed)
        }
    }

    /// Returns the canonical bytes. Seal them.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Returns what is the same for one certificate and no other: the issuing key and the serial.
    pub fn name(&self) -> Vec<u8> {
        [&self.authority[..], &[0], &self.serial].concat()
    }

    /// The contents of the INTEGER.
    pub(crate) fn serial(&self) -> &[u8] {
        &self.serial
    }

    pub(crate) fn authority(&self) -> &[u8] {
        &self.authority
    }

    pub(crate) fn distribution_point(&self) -> &[u8] {
        &self.distribution_point
    }
}
