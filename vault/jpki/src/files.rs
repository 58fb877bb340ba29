//! The nonce file a city hands out, and the armour of small files; it never holds a secret.

use minicbor::{Decode, Encode};

use crate::Refusal;
use crate::canonical::{decode, encode};

/// What a city gives to a resident who wants to enrol.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct NonceFile {
    #[n(0)]
    version: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    issuer: [u8; 32],
    #[cbor(n(2), with = "minicbor::bytes")]
    nonce: [u8; 32],
    #[n(3)]
    expires: u64,
}

impl NonceFile {
    /// Makes the file for `nonce`, which serves until `expires` (ms).
    pub fn new(issuer: [u8; 32], nonce: [u8; 32], expires: u64) -> Self {
        Self {
            version: 1,
            issuer,
            nonce,
            expires,
        }
    }

    /// Reads the file's text.
    pub fn from_text(text: &str) -> Result<Self, Refusal> {
        let file: Self = decode(&unarmour(NONCE_LINE, text)?, 256)?;
        if file.version == 1 {
            Ok(file)
        } else {
            Err(Refusal::Malformed)
        }
    }

    /// Writes the file's text.
    pub fn to_text(&self) -> String {
        armour(NONCE_LINE, &encode(self))
    }

    /// Returns the issuer who gave it out.
    pub fn issuer(&self) -> &[u8; 32] {
        &self.issuer
    }

    /// Returns the nonce.
    pub fn nonce(&self) -> &[u8; 32] {
        &self.nonce
    }

    /// Returns until when it serves, in milliseconds.
    pub fn expires(&self) -> u64 {
        self.expires
    }
}

/// Writes `bytes` in base64 behind a line that names the format.
pub(crate) fn armour(line: &str, bytes: &[u8]) -> String {
    format!("{line}\n{}\n", openssl::base64::encode_block(bytes))
}

/// Undoes [`armour`]; line ends of other systems and missing last ones are forgiven.
pub(crate) fn unarmour(line: &str, text: &str) -> Result<Vec<u8>, Refusal> {
    if text.len() > MAX_TEXT {
        return Err(Refusal::Malformed);
    }
    let body = text
        .trim_start_matches('\u{feff}')
        .strip_prefix(line)
        .ok_or(Refusal::Malformed)?;
    if !body.starts_with(['\n', '\r']) {
        return Err(Refusal::Malformed);
    }
    let joined: String = body.split_whitespace().collect();
    openssl::base64::decode_block(&joined).map_err(|_| Refusal::Malformed)
}

const NONCE_LINE: &str = "techo-nonce-v1";
const MAX_TEXT: usize = 131_072;
