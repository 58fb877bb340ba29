//! XChaCha20-Poly1305 with a random nonce in front: how objects at rest are sealed.

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::crypto::OpenError;

/// Bytes of the nonce of XChaCha20-Poly1305.
pub(in crate::crypto) const NONCE: usize = 24;

/// Returns nonce ‖ ciphertext ‖ tag.
pub(in crate::crypto) fn seal(
    rng: &mut impl CryptoRng,
    key: &[u8; 32],
    aad: &[u8],
    plain: &[u8],
) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    #[expect(clippy::expect_used, reason = "fails only beyond 256 GiB")]
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce.into(), Payload { msg: plain, aad })
        .expect("plaintext within the cipher's bound");
    let mut bytes = Vec::with_capacity(NONCE + sealed.len());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    bytes
}

/// Opens what `seal` returned.
pub(in crate::crypto) fn open(
    key: &[u8; 32],
    aad: &[u8],
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(OpenError)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(nonce.into(), Payload { msg: sealed, aad })
        .map(Zeroizing::new)
        .map_err(|_| OpenError)
}
