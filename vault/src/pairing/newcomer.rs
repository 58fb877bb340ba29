//! The new device's side of pairing; it reveals its identities only to one inviter.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::label::hash;
use techo_wire::{InboxId, Label, RelayAddress, SealedItem, canonical};
use zeroize::Zeroizing;

use crate::Timestamp;
use crate::crypto::{DeviceKey, SealKey, SigningKey, TicketSecret};
use crate::entry::Grant;
use crate::pairing::message::{MAX_BOOKS, Message, open_message, seal_message};
use crate::pairing::{Digits, Hello, Offer, PairingError, Reveal, Ticket};
use crate::replica::{DeviceSecrets, SavedDevice};

/// The new device, between its ticket and its grants.
#[derive(Debug)]
pub struct Newcomer {
    ticket: Ticket,
    signing: SigningKey,
    seal: SealKey,
    nonce: Zeroizing<[u8; 32]>,
    name: String,
    hello: Vec<u8>,
    offer: Option<(Vec<u8>, Offer)>,
    reveal: Vec<u8>,
    identities: Vec<DeviceSecrets>,
}

impl Newcomer {
    /// Makes a ticket that is good until `expires`, and the first item for the inviter.
    pub fn start(
        rng: &mut impl CryptoRng,
        relay: RelayAddress,
        name: &str,
        expires: Timestamp,
    ) -> Result<(Self, SealedItem), PairingError> {
        let signing = SigningKey::generate(rng);
        let seal = SealKey::generate(rng);
        let mut nonce = Zeroizing::new([0u8; 32]);
        rng.fill_bytes(&mut *nonce);
        let secret = TicketSecret::generate(rng);
        let hello = Message::Hello(Hello {
            signing: signing.device(),
            seal: seal.public(),
            name: name.to_owned(),
        });
        let hello = canonical::encode(&hello);
        let commitment = hash(Label::PairCommit, &[&*nonce]);
        let hello_hash = hash(Label::PairKeys, &[&hello]);
        let ticket = Ticket::new(relay, *secret.expose(), hello_hash, commitment, expires);
        let item = Self::first_item(rng, &ticket, &signing, &hello)?;
        let newcomer = Self {
            ticket,
            signing,
            seal,
            nonce,
            name: name.to_owned(),
            hello,
            offer: None,
            reveal: Vec::new(),
            identities: Vec::new(),
        };
        Ok((newcomer, item))
    }

    fn first_item(
        rng: &mut impl CryptoRng,
        ticket: &Ticket,
        signing: &SigningKey,
        hello: &[u8],
    ) -> Result<SealedItem, PairingError> {
        let side = ticket.inviter_side();
        seal_message(
            rng,
            ticket,
            signing,
            (&side.seal.public(), side.inbox.inbox()),
            hello,
        )
    }

    /// Returns the ticket to show.
    pub fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// The inbox that this device reads while it waits, and its owner's key.
    pub fn inbox(&self) -> (InboxId, SigningKey) {
        let side = self.ticket.newcomer_side();
        (side.inbox.inbox(), side.inbox)
    }

    /// The key that the inviter appends with, to be admitted to [`Self::inbox`].
    pub fn inviter_append_key(&self) -> SigningKey {
        self.ticket.newcomer_side().append
    }

    /// The inbox that the inviter reads, and the key to append to it.
    pub fn outbox(&self) -> (InboxId, SigningKey) {
        let side = self.ticket.inviter_side();
        (side.inbox.inbox(), side.append)
    }

    /// Returns the digits to compare, once an inviter has answered.
    pub fn digits(&self) -> Option<Digits> {
        let (offer, _) = self.offer.as_ref()?;
        Some(Digits::of(&self.ticket, &self.hello, offer, &self.reveal))
    }

    /// Returns the inviter's name for its device, once it has answered.
    pub fn inviter_name(&self) -> Option<&str> {
        self.offer.as_ref().map(|(_, offer)| offer.name.as_str())
    }

    /// Takes the inviter's answer: makes one fresh identity per book and returns the item that
    /// reveals them. The first answer counts; another is refused.
    pub fn offered(
        &mut self,
        rng: &mut impl CryptoRng,
        item: &SealedItem,
    ) -> Result<SealedItem, PairingError> {
        let side = self.ticket.newcomer_side();
        let (message, bytes) = self.open(item, side.inbox.inbox(), None)?;
        let Message::Offer(offer) = message else {
            return Err(PairingError::OutOfTurn);
        };
        if self.offer.is_some() {
            return Err(PairingError::AlreadyUsed);
        }
        let books = usize::try_from(offer.books).unwrap_or(usize::MAX);
        if books == 0 || books > MAX_BOOKS {
            return Err(PairingError::BookCount {
                expected: MAX_BOOKS,
                got: books,
            });
        }
        self.identities = (0..books).map(|_| DeviceSecrets::generate(rng)).collect();
        let devices = self
            .identities
            .iter()
            .map(|keys| keys.describe(&self.name))
            .collect();
        self.reveal = canonical::encode(&Message::Reveal(Reveal {
            nonce: *self.nonce,
            devices,
        }));
        let inbox = self.ticket.inviter_side().inbox.inbox();
        let to = (&offer.seal, inbox);
        let answer = seal_message(rng, &self.ticket, &self.signing, to, &self.reveal)?;
        self.offer = Some((bytes, offer));
        Ok(answer)
    }

    /// Says whether an item holds the grants.
    pub fn granted_in(&self, item: &SealedItem) -> Result<(), PairingError> {
        self.grants(item).map(drop)
    }

    /// Takes the grants, each with the identity that it is for. Called after the person confirmed.
    pub fn granted(self, item: &SealedItem) -> Result<Vec<(Grant, DeviceSecrets)>, PairingError> {
        let grants = self.grants(item)?;
        Ok(grants.into_iter().zip(self.identities).collect())
    }

    fn grants(&self, item: &SealedItem) -> Result<Vec<Grant>, PairingError> {
        let (_, offer) = self.offer.as_ref().ok_or(PairingError::OutOfTurn)?;
        let inbox = self.ticket.newcomer_side().inbox.inbox();
        let (message, _) = self.open(item, inbox, Some(&offer.signing))?;
        let grants = match message {
            Message::Grants(grants) => grants,
            Message::Refused => return Err(PairingError::Refused),
            Message::Hello(_) | Message::Offer(_) | Message::Reveal(_) => {
                return Err(PairingError::OutOfTurn);
            }
        };
        let (expected, got) = (self.identities.len(), grants.len());
        if expected == got {
            Ok(grants)
        } else {
            Err(PairingError::BookCount { expected, got })
        }
    }

    /// Returns the bytes to be sealed into the key file between two steps.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(canonical::encode(&State {
            side: SIDE,
            ticket: self.ticket.clone(),
            signing: *self.signing.expose_seed(),
            seal: *self.seal.expose_seed(),
            nonce: *self.nonce,
            name: self.name.clone(),
            hello: self.hello.clone().into(),
            offer: self.offer.as_ref().map(|(bytes, _)| bytes.clone().into()),
            reveal: self.reveal.clone().into(),
            identities: self.identities.iter().map(DeviceSecrets::encode).collect(),
        }))
    }

    /// Takes up what [`Self::encode`] put away.
    pub fn decode(bytes: &[u8]) -> Result<Self, PairingError> {
        let damaged = |_| PairingError::DamagedState;
        let state: State = canonical::decode(bytes).map_err(damaged)?;
        if state.side != SIDE {
            return Err(PairingError::DamagedState);
        }
        let offer = match state.offer {
            None => None,
            Some(bytes) => match canonical::decode(&bytes).map_err(damaged)? {
                Message::Offer(offer) => Some((bytes.into(), offer)),
                _ => return Err(PairingError::DamagedState),
            },
        };
        let identities = state.identities.iter().map(DeviceSecrets::decode).collect();
        Ok(Self {
            ticket: state.ticket,
            signing: SigningKey::from_seed(&state.signing),
            seal: SealKey::from_seed(&state.seal),
            nonce: Zeroizing::new(state.nonce),
            name: state.name,
            hello: state.hello.into(),
            offer,
            reveal: state.reveal.into(),
            identities,
        })
    }

    /// Opens an item from the inviter, which knows this device's key from the hello.
    fn open(
        &self,
        item: &SealedItem,
        inbox: InboxId,
        sender: Option<&DeviceKey>,
    ) -> Result<(Message, Vec<u8>), PairingError> {
        open_message(&self.ticket, &self.seal, inbox, sender, item)
    }
}

/// Distinguishes the put-away state of a newcomer from that of an inviter.
const SIDE: u8 = 0;

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
    #[cbor(n(4), with = "minicbor::bytes")]
    nonce: [u8; 32],
    #[n(5)]
    name: String,
    #[n(6)]
    hello: ByteVec,
    #[n(7)]
    offer: Option<ByteVec>,
    #[n(8)]
    reveal: ByteVec,
    #[n(9)]
    identities: Vec<SavedDevice>,
}
