//! Strict verification of Ed25519 signatures; it never signs.

use crate::label::{Label, signed_bytes};

/// The signature does not verify, or its key is none that may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// Verifies `signature` by `key` over label ‖ 0x00 ‖ `message`.
///
/// Refuses keys and nonces of small order: with them one signature fits many messages.
pub fn verify_strict(
    label: Label,
    message: &[u8],
    key: &[u8; 32],
    signature: &[u8; 64],
) -> Result<(), SignatureError> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| SignatureError)?;
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    key.verify_strict(&signed_bytes(label, message), &signature)
        .map_err(|_| SignatureError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn a_signature_holds_for_its_label_message_and_key_only() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = signer.verifying_key().to_bytes();
        let signature = signer.sign(&signed_bytes(Label::Prove, b"m")).to_bytes();
        assert_eq!(verify_strict(Label::Prove, b"m", &key, &signature), Ok(()));
        assert_eq!(
            verify_strict(Label::Binding, b"m", &key, &signature),
            Err(SignatureError)
        );
        assert_eq!(
            verify_strict(Label::Prove, b"n", &key, &signature),
            Err(SignatureError)
        );
        let other = SigningKey::from_bytes(&[2; 32]).verifying_key().to_bytes();
        assert_eq!(
            verify_strict(Label::Prove, b"m", &other, &signature),
            Err(SignatureError)
        );
    }

    #[test]
    fn the_forgery_under_a_small_order_key_is_refused() {
        // The identity as key and nonce with s = 0 satisfies the plain equation for any message.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        assert_eq!(
            verify_strict(Label::Prove, b"any", &identity, &forged),
            Err(SignatureError)
        );
    }
}
