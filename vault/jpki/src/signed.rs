//! What lists and responses have in common: contents, an algorithm and a signature; nothing else.

use openssl::hash::MessageDigest;
use openssl::pkey::{PKeyRef, Public};
use openssl::sign::Verifier;
use x509_cert::der::Decode;
use x509_cert::ext::Extensions;
use x509_cert::time::Time;

use crate::walk::{BIT_STRING, Element, GENERALIZED_TIME, NotDer, SEQUENCE, UTC_TIME, Walk};

/// Contents with a signature nobody has checked yet.
pub(crate) struct Signed<'a> {
    contents: Element<'a>,
    signature: &'a [u8],
    /// What follows the signature.
    pub(crate) rest: Walk<'a>,
}

impl<'a> Signed<'a> {
    /// Splits `bytes`; only SHA-256 with RSA is ever read.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, NotDer> {
        let mut walk = Walk::only(bytes, SEQUENCE)?;
        let contents = walk.expect(SEQUENCE)?;
        if walk.expect(SEQUENCE)?.whole != SHA256_WITH_RSA {
            return Err(NotDer);
        }
        let (0, signature) = walk
            .expect(BIT_STRING)?
            .value
            .split_first()
            .map(|(unused, signature)| (*unused, signature))
            .ok_or(NotDer)?
        else {
            return Err(NotDer);
        };
        Ok(Self {
            contents,
            signature,
            rest: walk,
        })
    }

    /// Returns the contents if `key` signed them.
    pub(crate) fn verify(&self, key: &PKeyRef<Public>) -> Option<Walk<'a>> {
        Verifier::new(MessageDigest::sha256(), key)
            .and_then(|mut v| v.verify_oneshot(self.signature, self.contents.whole))
            .is_ok_and(|valid| valid)
            .then(|| Walk::new(self.contents.value))
    }
}

/// Reads a time, in milliseconds.
pub(crate) fn time(element: &Element<'_>) -> Result<u64, NotDer> {
    let time = Time::from_der(element.whole).map_err(|_| NotDer)?;
    u64::try_from(time.to_unix_duration().as_millis()).map_err(|_| NotDer)
}

/// Takes a time if one comes next.
pub(crate) fn optional_time(walk: &mut Walk<'_>) -> Result<Option<u64>, NotDer> {
    let found = match walk.optional(UTC_TIME)? {
        Some(element) => Some(element),
        None => walk.optional(GENERALIZED_TIME)?,
    };
    found.map(|element| time(&element)).transpose()
}

/// Reads extensions and refuses one that comes twice.
pub(crate) fn extensions(bytes: &[u8]) -> Result<Extensions, NotDer> {
    let all = Extensions::from_der(bytes).map_err(|_| NotDer)?;
    let mut ids: Vec<_> = all.iter().map(|e| e.extn_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == all.len() {
        Ok(all)
    } else {
        Err(NotDer)
    }
}

/// `AlgorithmIdentifier` of `sha256WithRSAEncryption`, with its NULL.
pub(crate) const SHA256_WITH_RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
];
/// How far ahead of ours the authority's clock may be.
pub(crate) const CLOCK_MS: u64 = 300_000;
