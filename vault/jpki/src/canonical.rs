//! Canonical CBOR and labelled hashes for this crate; it never accepts a second spelling.

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::Refusal;

/// Encodes `value`.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    match minicbor::encode(value, &mut bytes) {
        Ok(()) => bytes,
        // A `Vec` never refuses bytes and no type here has an encoder that can fail.
        Err(_) => Vec::new(),
    }
}

/// Decodes `bytes` and refuses them unless encoding again gives the same bytes.
pub(crate) fn decode<T>(bytes: &[u8], cap: usize) -> Result<T, Refusal>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    if bytes.is_empty() || bytes.len() > cap {
        return Err(Refusal::Malformed);
    }
    let value: T = minicbor::decode(bytes).map_err(|_| Refusal::Malformed)?;
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(Refusal::Malformed)
    }
}

/// Computes `H(label, parts…)` of `docs/format.md`.
pub(crate) fn hash(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(label.as_bytes());
    hasher.update([0]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// Returns the bytes that `sign(label, message)` covers.
pub(crate) fn signed_bytes(label: &str, message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(label.len() + 1 + message.len());
    bytes.extend_from_slice(label.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(message);
    bytes
}
