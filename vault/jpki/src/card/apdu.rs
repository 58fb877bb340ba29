//! The bytes of every command that is ever sent, and the form of answers. The only application that
//! can be selected is a constant; there is no command for another.

use zeroize::Zeroizing;

use crate::card::{CardError, Transport};

/// A file of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum File {
    SignatureCertificate = 0x0001,
    TokenInformation = 0x0006,
    Availability = 0x0008,
    AuthenticationCertificate = 0x000a,
    AuthenticationPin = 0x0018,
    SignatureKey = 0x001a,
    SignaturePassword = 0x001b,
}

impl File {
    /// The two bytes by which it is selected.
    pub(crate) fn id(self) -> [u8; 2] {
        (self as u16).to_be_bytes()
    }
}

/// Selects the application; what was verified before counts no more.
pub(super) fn select_application() -> Vec<u8> {
    [&[0x00, 0xa4, 0x04, 0x0c, 0x0a][..], &AID].concat()
}

/// Selects a file of the application.
pub(super) fn select(file: File) -> Vec<u8> {
    [&[0x00, 0xa4, 0x02, 0x0c, 0x02][..], &file.id()].concat()
}

/// Reads `length` bytes (256 at most) of the selected file.
pub(super) fn read(offset: u16, length: u16) -> Result<Vec<u8>, CardError> {
    let [high, low] = offset.to_be_bytes();
    // The top bit would name another file.
    if high & 0x80 != 0 || !(1..=256).contains(&length) {
        return Err(CardError::Answer);
    }
    let [_, length] = length.to_be_bytes();
    Ok(vec![0x00, 0xb0, high, low, length])
}

/// Asks for the tries left of the selected secret; costs none.
pub(super) fn count() -> Vec<u8> {
    vec![0x00, 0x20, 0x00, 0x80]
}

/// Presents the selected secret.
pub(super) fn verify(secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, CardError> {
    let length = u8::try_from(secret.len()).map_err(|_| CardError::PinFormat)?;
    // Grown once, so that no shorter copy stays behind in memory.
    let mut command = Zeroizing::new(Vec::with_capacity(secret.len().saturating_add(5)));
    command.extend_from_slice(&[0x00, 0x20, 0x00, 0x80, length]);
    command.extend_from_slice(secret);
    Ok(command)
}

/// Lets the selected key sign a SHA-256 hash: PKCS#1 v1.5 over exactly these 51 bytes (P1 00).
pub(super) fn sign(hash: &[u8; 32]) -> Vec<u8> {
    [
        &[0x80, 0x2a, 0x00, 0x80, 0x33][..],
        &DIGEST_INFO,
        hash,
        &[0x00],
    ]
    .concat()
}

/// What a card said.
pub(super) struct Answer {
    pub(super) data: Vec<u8>,
    pub(super) status: u16,
}

impl Answer {
    /// Sends `command` and takes the answer apart.
    pub(super) fn to(transport: &impl Transport, command: &[u8]) -> Result<Self, CardError> {
        let mut data = transport.transmit(command)?;
        let end = data.len().checked_sub(2).ok_or(CardError::Answer)?;
        let status = match data.get(end..) {
            Some([high, low]) if end <= 256 => u16::from_be_bytes([*high, *low]),
            _ => return Err(CardError::Answer),
        };
        data.truncate(end);
        Ok(Self { data, status })
    }

    /// Returns the data of a command that must succeed.
    pub(super) fn done(self) -> Result<Vec<u8>, CardError> {
        match self.status {
            DONE => Ok(self.data),
            DENIED => Err(CardError::Denied),
            status => Err(CardError::Status { status }),
        }
    }
}

pub(super) const DONE: u16 = 0x9000;
pub(super) const DENIED: u16 = 0x6982;
pub(super) const NOT_FOUND: u16 = 0x6a82;

/// The application of JPKI. Nothing else is ever selected: another one holds the 12-digit number.
pub(crate) const AID: [u8; 10] = [0xd3, 0x92, 0xf0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

/// DER of a `DigestInfo` for SHA-256 up to the hash (RFC 8017 §9.2).
pub(crate) const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
