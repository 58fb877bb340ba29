//! What the two devices say to each other, and the digits that two people compare; it never decides
//! whose turn it is.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::label::hash;
use techo_wire::{InboxId, Label, SealedItem, canonical, verify_strict};

use crate::book::Device;
use crate::crypto::{DeviceKey, SealKey, SealPublic, SigningKey, open_item, seal_item};
use crate::entry::{Grant, ItemPayload};
use crate::pairing::{PairingError, Ticket};

/// The most books that one pairing can hand over.
pub(super) const MAX_BOOKS: usize = 20;

/// The newcomer's first word: its keys for this pairing alone.
#[derive(Debug, Clone, Encode, Decode)]
pub struct Hello {
    /// Signs the newcomer's messages.
    #[n(0)]
    pub signing: DeviceKey,
    /// Receives the inviter's messages.
    #[n(1)]
    pub seal: SealPublic,
    /// What the person calls the device.
    #[n(2)]
    pub name: String,
}

/// The inviter's answer.
#[derive(Debug, Clone, Encode, Decode)]
pub struct Offer {
    /// Signs the inviter's messages.
    #[n(0)]
    pub signing: DeviceKey,
    /// Receives the newcomer's messages.
    #[n(1)]
    pub seal: SealPublic,
    /// What the person calls the device.
    #[n(2)]
    pub name: String,
    /// Fresh randomness, chosen before the newcomer's is known.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// How many books are offered.
    #[n(4)]
    pub books: u32,
}

/// The newcomer's second word: the nonce it was committed to, and one fresh identity per book.
#[derive(Debug, Clone, Encode, Decode)]
pub struct Reveal {
    /// The nonce that the ticket commits to.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// One identity per book, in the order in which grants come back.
    #[n(1)]
    pub devices: Vec<Device>,
}

/// A pairing message.
#[derive(Debug, Clone, Encode, Decode)]
#[cbor(flat)]
pub(super) enum Message {
    #[n(0)]
    Hello(#[n(0)] Hello),
    #[n(1)]
    Offer(#[n(0)] Offer),
    #[n(2)]
    Reveal(#[n(0)] Reveal),
    #[n(3)]
    Grants(#[n(0)] Vec<Grant>),
    #[n(4)]
    Refused,
}

#[derive(Encode, Decode)]
struct SignedMessage {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
}

fn signed_over(ticket: &Ticket, message: &[u8]) -> Vec<u8> {
    [&ticket.bytes(), message].concat()
}

/// Seals a message for the inbox of the other side.
pub(super) fn seal_message(
    rng: &mut impl CryptoRng,
    ticket: &Ticket,
    sender: &SigningKey,
    to: (&SealPublic, InboxId),
    message: &[u8],
) -> Result<SealedItem, PairingError> {
    let signature = sender.sign(Label::PairMessage, &signed_over(ticket, message));
    let signed = SignedMessage {
        bytes: message.to_vec(),
        signature,
    };
    let payload = ItemPayload::Pairing(canonical::encode(&signed));
    Ok(seal_item(rng, to.0, to.1, &canonical::encode(&payload))?)
}

/// Opens a message; the sender's key comes from the message itself if it introduces it.
pub(super) fn open_message(
    ticket: &Ticket,
    key: &SealKey,
    inbox: InboxId,
    sender: Option<&DeviceKey>,
    item: &SealedItem,
) -> Result<(Message, Vec<u8>), PairingError> {
    let wrong = |_| PairingError::WrongTicket;
    let plain = open_item(key, inbox, item).map_err(|_| PairingError::WrongTicket)?;
    let payload: ItemPayload = canonical::decode(&plain).map_err(wrong)?;
    let ItemPayload::Pairing(bytes) = payload else {
        return Err(PairingError::WrongTicket);
    };
    let signed: SignedMessage = canonical::decode(&bytes).map_err(wrong)?;
    let message: Message = canonical::decode(&signed.bytes).map_err(wrong)?;
    let introduced = match &message {
        Message::Hello(hello) => Some(&hello.signing),
        Message::Offer(offer) => Some(&offer.signing),
        Message::Reveal(_) | Message::Grants(_) | Message::Refused => None,
    };
    let author = sender.or(introduced).ok_or(PairingError::OutOfTurn)?;
    verify_strict(
        Label::PairMessage,
        &signed_over(ticket, &signed.bytes),
        author.as_bytes(),
        &signed.signature,
    )
    .map_err(|_| PairingError::WrongTicket)?;
    Ok((message, signed.bytes))
}

/// Six digits that stand for the whole transcript: two people compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits(u32);

impl Digits {
    pub(super) fn of(ticket: &Ticket, hello: &[u8], offer: &[u8], reveal: &[u8]) -> Self {
        let digest = hash(Label::PairDigits, &[&ticket.bytes(), hello, offer, reveal]);
        let (first, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let number = u64::from_be_bytes(*first) % 1_000_000;
        Self(u32::try_from(number).unwrap_or_default())
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl FromStr for Digits {
    type Err = PairingError;

    fn from_str(text: &str) -> Result<Self, PairingError> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        let all = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| all);
        number.map(Self).ok_or(PairingError::OutOfTurn)
    }
}
