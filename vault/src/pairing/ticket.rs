//! The ticket: what a new device shows so that a device of the family can find it; it holds no key
//! of the family.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use minicbor::{Decode, Encode};
use techo_wire::{RelayAddress, canonical};

use crate::Timestamp;
use crate::crypto::{Rendezvous, TicketSecret};
use crate::pairing::PairingError;

const PREFIX: &str = "techo1-ticket:";
const MAX_TEXT: usize = 2048;
/// The longest time a ticket may live, in milliseconds: one day.
const MAX_LIFETIME: u64 = 24 * 60 * 60 * 1000;

/// What the new device shows as text or QR code (docs/format.md §8).
#[derive(Clone, Encode, Decode)]
pub struct Ticket {
    #[n(0)]
    version: u8,
    #[n(1)]
    relay: RelayAddress,
    #[cbor(n(2), with = "minicbor::bytes")]
    secret: [u8; 32],
    #[cbor(n(3), with = "minicbor::bytes")]
    hello: [u8; 32],
    #[cbor(n(4), with = "minicbor::bytes")]
    commitment: [u8; 32],
    #[n(5)]
    expires: u64,
}

impl Ticket {
    pub(super) fn new(
        relay: RelayAddress,
        secret: [u8; 32],
        hello: [u8; 32],
        commitment: [u8; 32],
        expires: Timestamp,
    ) -> Self {
        Self {
            version: 1,
            relay,
            secret,
            hello,
            commitment,
            expires: expires.millis(),
        }
    }

    /// Returns the relay at which both meet.
    pub fn relay(&self) -> &RelayAddress {
        &self.relay
    }

    /// Says until when the ticket may be answered.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_millis(self.expires)
    }

    /// Refuses a ticket whose time has passed, or that claims to live longer than a ticket may.
    pub fn check_time(&self, now: Timestamp) -> Result<(), PairingError> {
        let left = self
            .expires
            .checked_sub(now.millis())
            .ok_or(PairingError::Expired)?;
        if left == 0 {
            Err(PairingError::Expired)
        } else if left > MAX_LIFETIME {
            Err(PairingError::NotATicket)
        } else {
            Ok(())
        }
    }

    pub(super) fn hello_hash(&self) -> &[u8; 32] {
        &self.hello
    }

    pub(super) fn commitment(&self) -> &[u8; 32] {
        &self.commitment
    }

    fn secret(&self) -> TicketSecret {
        TicketSecret::from_bytes(&self.secret)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// The inbox that the newcomer reads.
    pub(super) fn newcomer_side(&self) -> Rendezvous {
        self.secret().newcomer()
    }

    /// The inbox that the inviter reads.
    pub(super) fn inviter_side(&self) -> Rendezvous {
        self.secret().inviter()
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64URL_NOPAD.encode(&self.bytes()))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("relay", &self.relay)
            .finish_non_exhaustive()
    }
}

impl FromStr for Ticket {
    type Err = PairingError;

    fn from_str(text: &str) -> Result<Self, PairingError> {
        let text = text.trim();
        if text.len() > MAX_TEXT {
            return Err(PairingError::NotATicket);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(PairingError::NotATicket)?;
        let bytes = BASE64URL_NOPAD
            .decode(encoded.as_bytes())
            .map_err(|_| PairingError::NotATicket)?;
        let ticket: Self = canonical::decode(&bytes).map_err(|_| PairingError::NotATicket)?;
        if ticket.version == 1 {
            Ok(ticket)
        } else {
            Err(PairingError::NotATicket)
        }
    }
}
