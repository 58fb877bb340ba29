//! Reads files of the application: first the length that a certificate claims, then no more than that.

use crate::card::apdu::{Answer, DONE, File, NOT_FOUND, read, select};
use crate::card::{CardError, Transport};

/// Selects `file`; `false` if the card has none.
pub(super) fn exists(transport: &impl Transport, file: File) -> Result<bool, CardError> {
    let answer = Answer::to(transport, &select(file))?;
    match answer.status {
        DONE => Ok(true),
        NOT_FOUND => Ok(false),
        _ => answer.done().map(|_| true),
    }
}

/// Reads the first `length` bytes (256 at most) of the selected file.
pub(super) fn beginning(transport: &impl Transport, length: u16) -> Result<Vec<u8>, CardError> {
    exactly(transport, 0, length)
}

/// Reads the certificate in the selected file.
pub(super) fn certificate(transport: &impl Transport) -> Result<Vec<u8>, CardError> {
    let mut der = exactly(transport, 0, 4)?;
    let length = claimed(&der)?;
    while der.len() < length {
        let offset = u16::try_from(der.len()).map_err(|_| CardError::Answer)?;
        let wanted = length.saturating_sub(der.len()).min(CHUNK);
        let wanted = u16::try_from(wanted).map_err(|_| CardError::Answer)?;
        der.extend(exactly(transport, offset, wanted)?);
    }
    Ok(der)
}

fn exactly(transport: &impl Transport, offset: u16, length: u16) -> Result<Vec<u8>, CardError> {
    let data = Answer::to(transport, &read(offset, length)?)?.done()?;
    if data.len() == usize::from(length) {
        Ok(data)
    } else {
        Err(CardError::Answer)
    }
}

/// The length, header included, of the SEQUENCE that begins so; certificates need two length bytes.
fn claimed(header: &[u8]) -> Result<usize, CardError> {
    match header {
        [0x30, 0x82, high, low] => {
            let length = usize::from(u16::from_be_bytes([*high, *low])).saturating_add(4);
            if (260..=MAX_CERTIFICATE).contains(&length) {
                Ok(length)
            } else {
                Err(CardError::Answer)
            }
        }
        _ => Err(CardError::Answer),
    }
}

/// What one short command can read.
const CHUNK: usize = 256;
/// As much as evidence may hold of a certificate.
pub(crate) const MAX_CERTIFICATE: usize = 8_192;
