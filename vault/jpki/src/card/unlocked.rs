//! A card that took its password: it shows its certificate and signs until it is dropped.

use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;
use sha2::{Digest, Sha256};

use crate::card::apdu::{Answer, File, select, select_application, sign};
use crate::card::{CardError, SignatureCard, Transport, file};

/// A card whose signature key is unlocked. Dropping it selects the application anew, so that the
/// password counts no longer.
pub struct UnlockedCard<T: Transport> {
    transport: T,
    certificate: Vec<u8>,
}

impl<T: Transport> std::fmt::Debug for UnlockedCard<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnlockedCard(redacted)")
    }
}

impl<T: Transport> UnlockedCard<T> {
    /// Reads the signature certificate, which the card now shows.
    pub(super) fn read(transport: T) -> Result<Self, CardError> {
        // Made first: whatever fails from here on, the password is taken back.
        let mut card = Self {
            transport,
            certificate: Vec::new(),
        };
        if !file::exists(&card.transport, File::SignatureCertificate)? {
            return Err(CardError::NoSignCert);
        }
        card.certificate = file::certificate(&card.transport)?;
        Ok(card)
    }

    /// Tells whether the certificate's key made this signature: a reader may garble what it carries.
    fn made(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = || {
            let key = X509::from_der(&self.certificate)?.public_key()?;
            Verifier::new(MessageDigest::sha256(), &key)?.verify_oneshot(signature, message)
        };
        let verified: Result<bool, openssl::error::ErrorStack> = verified();
        verified.unwrap_or(false)
    }
}

impl<T: Transport> SignatureCard for UnlockedCard<T> {
    fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CardError> {
        Answer::to(&self.transport, &select(File::SignatureKey))?.done()?;
        let command = sign(&Sha256::digest(message).into());
        let signature = Answer::to(&self.transport, &command)?.done()?;
        if self.made(message, &signature) {
            Ok(signature)
        } else {
            Err(CardError::Signing)
        }
    }
}

impl<T: Transport> Drop for UnlockedCard<T> {
    fn drop(&mut self) {
        // If the card is gone, so is the password.
        drop(self.transport.transmit(&select_application()));
    }
}
