//! What is signed to prove a box key to a relay; it holds for one TLS connection.

use crate::frame::Role;
use crate::id::{BoxKey, RelayKey};
use crate::label::Label;
use crate::signature::{SignatureError, verify_strict};

/// The label of the TLS exporter; its context is empty and it yields 32 bytes.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-techo-prove-v1";

/// Returns the message that `key` signs under [`Label::Prove`].
pub fn to_be_signed(
    exporter: &[u8; 32],
    relay: &RelayKey,
    box_key: &BoxKey,
    role: Role,
    key: &[u8; 32],
) -> Vec<u8> {
    [
        &exporter[..],
        relay.as_bytes(),
        box_key.as_bytes(),
        &[role.number()],
        key,
    ]
    .concat()
}

/// Verifies a proof: who owns a box signs with the key that names it.
pub fn verify(
    exporter: &[u8; 32],
    relay: &RelayKey,
    box_key: &BoxKey,
    role: Role,
    key: &[u8; 32],
    signature: &[u8; 64],
) -> Result<(), SignatureError> {
    if role != Role::Append && key != box_key.as_bytes() {
        return Err(SignatureError);
    }
    let message = to_be_signed(exporter, relay, box_key, role, key);
    verify_strict(Label::Prove, &message, key, signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::signed_bytes;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn a_proof_holds_for_one_connection_relay_box_and_role() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = signer.verifying_key().to_bytes();
        let (relay, named) = (RelayKey::from_bytes([2; 32]), BoxKey::from_bytes(key));
        let message = to_be_signed(&[3; 32], &relay, &named, Role::Mailbox, &key);
        assert_eq!(message.len(), 129);
        let proof = signer
            .sign(&signed_bytes(Label::Prove, &message))
            .to_bytes();
        assert!(verify(&[3; 32], &relay, &named, Role::Mailbox, &key, &proof).is_ok());
        assert!(verify(&[4; 32], &relay, &named, Role::Mailbox, &key, &proof).is_err());
        let other = RelayKey::from_bytes([5; 32]);
        assert!(verify(&[3; 32], &other, &named, Role::Mailbox, &key, &proof).is_err());
        assert!(verify(&[3; 32], &relay, &named, Role::Inbox, &key, &proof).is_err());
    }

    #[test]
    fn only_an_append_key_may_differ_from_the_box() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = signer.verifying_key().to_bytes();
        let (relay, named) = (RelayKey::from_bytes([2; 32]), BoxKey::from_bytes([7; 32]));
        for (role, holds) in [
            (Role::Mailbox, false),
            (Role::Inbox, false),
            (Role::Append, true),
        ] {
            let message = to_be_signed(&[3; 32], &relay, &named, role, &key);
            let proof = signer
                .sign(&signed_bytes(Label::Prove, &message))
                .to_bytes();
            assert_eq!(
                verify(&[3; 32], &relay, &named, role, &key, &proof).is_ok(),
                holds
            );
        }
    }
}
