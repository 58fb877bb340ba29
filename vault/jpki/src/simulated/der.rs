//! Writes DER by hand, so that a test can also write what no encoder would; it checks nothing.

use openssl::error::ErrorStack;
use x509_cert::der::Encode;
use x509_cert::der::asn1::{GeneralizedTime, ObjectIdentifier};

use crate::simulated::SimulatedError;
use crate::walk::{BIT_STRING, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE};

/// One element with `tag` around `parts`.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let digits: Vec<u8> = length
        .to_be_bytes()
        .into_iter()
        .skip_while(|digit| *digit == 0)
        .collect();
    let mut der = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => der.push(short),
        _ => {
            der.push(0x80 | u8::try_from(digits.len()).unwrap_or(0x7f));
            der.extend_from_slice(&digits);
        }
    }
    for part in parts {
        der.extend_from_slice(part);
    }
    der
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, parts)
}

/// An INTEGER with the given contents.
pub(crate) fn integer(contents: &[u8]) -> Vec<u8> {
    element(INTEGER, &[contents])
}

pub(crate) fn octets(contents: &[u8]) -> Vec<u8> {
    element(OCTET_STRING, &[contents])
}

pub(crate) fn bits(contents: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], contents])
}

/// An object identifier from its contents.
pub(crate) fn object(contents: &[u8]) -> Vec<u8> {
    element(OID, &[contents])
}

/// One extension.
pub(crate) fn extension(id: &str, critical: bool, value: &[u8]) -> Result<Vec<u8>, SimulatedError> {
    let id: ObjectIdentifier = id.parse().map_err(|_| SimulatedError::Malformed)?;
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    Ok(sequence(&[&id.to_der()?, critical, &octets(value)]))
}

/// A time in the long form, from milliseconds.
pub(crate) fn generalized(ms: u64) -> Result<Vec<u8>, SimulatedError> {
    let time = GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(ms / 1_000))?;
    let der = time.to_der()?;
    debug_assert_eq!(der.first(), Some(&GENERALIZED_TIME), "a time has its tag");
    Ok(der)
}

/// Contents, algorithm and signature, and what follows them.
pub(crate) fn signed(
    contents: &[u8],
    algorithm: &[u8],
    signature: Result<Vec<u8>, ErrorStack>,
    rest: &[u8],
) -> Result<Vec<u8>, SimulatedError> {
    Ok(sequence(&[contents, algorithm, &bits(&signature?), rest]))
}
