//! The inviting device's side of pairing; it seals grants only after a person confirmed the digits.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::label::hash;
use techo_wire::{InboxId, Label, SealedItem, canonical};
use zeroize::Zeroizing;

use crate::Timestamp;
use crate::book::Device;
use crate::crypto::{SealKey, SigningKey};
use crate::entry::Grant;
use crate::pairing::message::{MAX_BOOKS, Message, open_message, seal_message};
use crate::pairing::{Digits, Hello, Offer, PairingError, Ticket};

/// A device of the family that answers a ticket.
#[derive(Debug)]
pub struct Inviter {
    ticket: Ticket,
    signing: SigningKey,
    seal: SealKey,
    books: usize,
    hello: (Vec<u8>, Hello),
    offer: Vec<u8>,
    revealed: Option<(Vec<u8>, Vec<Device>)>,
}

impl Inviter {
    /// The inbox that the inviter reads, and its owner's key.
    pub fn inbox_of(ticket: &Ticket) -> (InboxId, SigningKey) {
        let side = ticket.inviter_side();
        (side.inbox.inbox(), side.inbox)
    }

    /// The key that the newcomer appends with, to be admitted to [`Self::inbox_of`].
    pub fn newcomer_append_key(ticket: &Ticket) -> SigningKey {
        ticket.inviter_side().append
    }

    /// The inbox that the newcomer reads, and its owner's key, which the ticket tells: with it an
    /// inviter sees whether another one was faster.
    pub fn newcomer_inbox_of(ticket: &Ticket) -> (InboxId, SigningKey) {
        let side = ticket.newcomer_side();
        (side.inbox.inbox(), side.inbox)
    }

    /// The inbox that the newcomer reads, and the key to append to it.
    pub fn outbox_of(ticket: &Ticket) -> (InboxId, SigningKey) {
        let side = ticket.newcomer_side();
        (side.inbox.inbox(), side.append)
    }

    /// Answers a ticket with the newcomer's first item: returns the offer of `books` books.
    pub fn start(
        rng: &mut impl CryptoRng,
        ticket: Ticket,
        hello: &SealedItem,
        name: &str,
        books: usize,
        now: Timestamp,
    ) -> Result<(Self, SealedItem), PairingError> {
        ticket.check_time(now)?;
        if books == 0 || books > MAX_BOOKS {
            return Err(PairingError::BookCount {
                expected: MAX_BOOKS,
                got: books,
            });
        }
        let side = ticket.inviter_side();
        let (message, bytes) = open_message(&ticket, &side.seal, side.inbox.inbox(), None, hello)?;
        let Message::Hello(hello) = message else {
            return Err(PairingError::OutOfTurn);
        };
        if hash(Label::PairKeys, &[&bytes]) != *ticket.hello_hash() {
            return Err(PairingError::WrongTicket);
        }
        let signing = SigningKey::generate(rng);
        let seal = SealKey::generate(rng);
        let mut nonce = [0u8; 32];
        rng.fill_bytes(&mut nonce);
        let offer = canonical::encode(&Message::Offer(Offer {
            signing: signing.device(),
            seal: seal.public(),
            name: name.to_owned(),
            nonce,
            books: u32::try_from(books).unwrap_or(u32::MAX),
        }));
        let inbox = ticket.newcomer_side().inbox.inbox();
        let item = seal_message(rng, &ticket, &signing, (&hello.seal, inbox), &offer)?;
        let inviter = Self {
            ticket,
            signing,
            seal,
            books,
            hello: (bytes, hello),
            offer,
            revealed: None,
        };
        Ok((inviter, item))
    }

    /// Returns the ticket answered.
    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Returns what the newcomer's person calls the device.
    pub fn newcomer_name(&self) -> &str {
        &self.hello.1.name
    }

    /// Takes the newcomer's identities and returns the digits to compare.
    pub fn revealed(&mut self, item: &SealedItem) -> Result<Digits, PairingError> {
        let inbox = self.ticket.inviter_side().inbox.inbox();
        let sender = &self.hello.1.signing;
        let (message, bytes) = open_message(&self.ticket, &self.seal, inbox, Some(sender), item)?;
        let Message::Reveal(reveal) = message else {
            return Err(PairingError::OutOfTurn);
        };
        if hash(Label::PairCommit, &[&reveal.nonce]) != *self.ticket.commitment() {
            return Err(PairingError::CommitmentBroken);
        }
        let (expected, got) = (self.books, reveal.devices.len());
        if expected != got {
            return Err(PairingError::BookCount { expected, got });
        }
        let digits = Digits::of(&self.ticket, &self.hello.0, &self.offer, &bytes);
        self.revealed = Some((bytes, reveal.devices));
        Ok(digits)
    }

    /// Returns the digits to compare, once the newcomer has revealed its identities.
    pub fn digits(&self) -> Option<Digits> {
        let (reveal, _) = self.revealed.as_ref()?;
        Some(Digits::of(&self.ticket, &self.hello.0, &self.offer, reveal))
    }

    /// The newcomer's identities, one per book, once revealed.
    pub fn devices(&self) -> &[Device] {
        self.revealed
            .as_ref()
            .map(|(_, devices)| devices.as_slice())
            .unwrap_or_default()
    }

    /// Seals the grants. Called after the person confirmed the digits.
    pub fn confirmed(
        self,
        rng: &mut impl CryptoRng,
        grants: Vec<Grant>,
    ) -> Result<SealedItem, PairingError> {
        let (expected, got) = (self.books, grants.len());
        if self.revealed.is_none() || expected != got {
            return Err(PairingError::BookCount { expected, got });
        }
        self.answer(rng, &Message::Grants(grants))
    }

    /// Tells the newcomer that the person refused.
    pub fn refused(self, rng: &mut impl CryptoRng) -> Result<SealedItem, PairingError> {
        self.answer(rng, &Message::Refused)
    }

    /// Returns the bytes to be sealed into the key file between two steps.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(canonical::encode(&State {
            side: SIDE,
            ticket: self.ticket.clone(),
            signing: *self.signing.expose_seed(),
            seal: *self.seal.expose_seed(),
            books: self.books as u64,
            hello: self.hello.0.clone().into(),
            offer: self.offer.clone().into(),
            reveal: self
                .revealed
                .as_ref()
                .map(|(bytes, _)| bytes.clone().into()),
        }))
    }

    /// Takes up what [`Self::encode`] put away.
    pub fn decode(bytes: &[u8]) -> Result<Self, PairingError> {
        let damaged = |_| PairingError::DamagedState;
        let state: State = canonical::decode(bytes).map_err(damaged)?;
        let hello = canonical::decode(&state.hello).map_err(damaged)?;
        let (Message::Hello(hello), SIDE) = (hello, state.side) else {
            return Err(PairingError::DamagedState);
        };
        let revealed = match state.reveal {
            None => None,
            Some(bytes) => match canonical::decode(&bytes).map_err(damaged)? {
                Message::Reveal(reveal) => Some((bytes.into(), reveal.devices)),
                _ => return Err(PairingError::DamagedState),
            },
        };
        Ok(Self {
            ticket: state.ticket,
            signing: SigningKey::from_seed(&state.signing),
            seal: SealKey::from_seed(&state.seal),
            books: usize::try_from(state.books).map_err(|_| PairingError::DamagedState)?,
            hello: (state.hello.into(), hello),
            offer: state.offer.into(),
            revealed,
        })
    }

    fn answer(
        &self,
        rng: &mut impl CryptoRng,
        message: &Message,
    ) -> Result<SealedItem, PairingError> {
        let inbox = self.ticket.newcomer_side().inbox.inbox();
        let to = (&self.hello.1.seal, inbox);
        seal_message(
            rng,
            &self.ticket,
            &self.signing,
            to,
            &canonical::encode(message),
        )
    }
}

/// Distinguishes the put-away state of an inviter from that of a newcomer.
const SIDE: u8 = 1;

#[derive(Encode, Decode)]
struct State {
    #[n(0)]
    side: u8,
    #[n(1)]
    ticket: Ticket,
    #[cbor(n(2), with = "minicbor::bytes")]
    signing: [u8; 32],
    #[cbor(n(3), with = "minicbor::bytes")]
    seal: [u8; 32],
    #[n(4)]
    books: u64,
    #[n(5)]
    hello: ByteVec,
    #[n(6)]
    offer: ByteVec,
    #[n(7)]
    reveal: Option<ByteVec>,
}
