//! Keys, feeds that grow, and what a fetch brings of them.

use ed25519_dalek::{Signer, SigningKey};
use std::time::Duration;
use techo_client::{MailboxEvent, MailboxStream, ProveKey};
use techo_wire::label::signed_bytes;
use techo_wire::{
    Envelope, EnvelopeHash, EnvelopeHeader, EpochTag, FeedId, Label, UnsignedEnvelope,
    UnverifiedEnvelope,
};

const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Key(SigningKey);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

impl ProveKey for Key {
    fn public(&self) -> [u8; 32] {
        self.public()
    }

    fn sign(&self, label: Label, message: &[u8]) -> [u8; 64] {
        self.0.sign(&signed_bytes(label, message)).to_bytes()
    }
}

/// A feed that grows by envelopes whose ciphertext is noise.
#[derive(Clone)]
pub(crate) struct Feed {
    signer: SigningKey,
    pub(crate) next: u64,
    pub(crate) previous: EnvelopeHash,
    pub(crate) length: usize,
    pub(crate) fill: u8,
}

impl Feed {
    pub(crate) fn new(seed: u8) -> Self {
        let signer = SigningKey::from_bytes(&[seed; 32]);
        Self {
            signer,
            next: 0,
            previous: EnvelopeHash::ZERO,
            length: 640,
            fill: seed,
        }
    }

    pub(crate) fn id(&self) -> FeedId {
        FeedId::from_bytes(self.signer.verifying_key().to_bytes())
    }

    pub(crate) fn grow(&mut self, count: usize) -> Vec<Envelope> {
        (0..count).map(|_| self.one()).collect()
    }

    fn one(&mut self) -> Envelope {
        let header = EnvelopeHeader {
            feed: self.id(),
            seq: self.next,
            previous: self.previous,
            epoch_tag: EpochTag::from_bytes([1; 16]),
            salt: [2; 16],
            commitment: [3; 32],
        };
        let unsigned = UnsignedEnvelope::new(&header, &vec![self.fill; self.length - 205]).unwrap();
        let signature = self
            .signer
            .sign(&signed_bytes(Label::Envelope, unsigned.to_be_signed()));
        let envelope = unsigned.finish(&signature.to_bytes()).unwrap();
        self.next += 1;
        self.previous = envelope.hash();
        envelope
    }
}

/// All envelopes of a fetch that is not live.
pub(crate) async fn drain(mut stream: MailboxStream) -> Vec<UnverifiedEnvelope> {
    let mut all = Vec::new();
    while let Some(event) = tokio::time::timeout(DEADLINE, stream.next())
        .await
        .unwrap()
        .unwrap()
    {
        if let MailboxEvent::Envelopes(envelopes) = event {
            all.extend(envelopes);
        }
    }
    all
}
