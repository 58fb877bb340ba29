//! How commands reach a card. A transport moves bytes and knows nothing of what they mean.

use crate::card::CardError;

/// The way to one card, held exclusively until it is dropped; dropping it resets the card.
pub trait Transport {
    /// Sends one command and returns the answer with its two status bytes.
    fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, CardError>;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        (**self).transmit(command)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn transmit(&self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        (**self).transmit(command)
    }
}
