//! A relay in memory that keeps to the protocol until it is told not to. It holds no assertions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quinn::crypto::rustls::QuicServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use techo_vault::crypto::SigningKey;
use techo_wire::frame::{self, PlacedItem, encode_frame};
use techo_wire::{
    AppendReceipt, Cursor, ErrorCode, FeedId, Frame, FrameReader, Head, InboxCursor, InboxId,
    Label, MailboxId, PutReceipt, RelayAddress, RelayKey, SignedReceipt, StoreId,
    UnverifiedEnvelope,
};

const SEED: [u8; 32] = [0x6d; 32];
const STORE: StoreId = StoreId::from_bytes([0x6d; 16]);

/// How the relay behaves.
#[derive(Debug, Clone, Default)]
pub enum Mood {
    /// As it should.
    #[default]
    Honest,
    /// Takes requests and answers none.
    Silent,
    /// Answers a Hello with this frame.
    Welcomes(Box<Frame>),
    /// Hides this feed from a sequence on.
    Hides(FeedId, u64),
    /// Shows its heads and hands over no envelope.
    ShowsOnly,
    /// Hands over every envelope twice.
    Repeats,
    /// Hands envelopes over in the wrong order.
    Reverses,
    /// Changes one byte of every envelope.
    Alters,
    /// Hands over these envelopes as well, before its own.
    Adds(Vec<UnverifiedEnvelope>),
    /// Answers a fetch with these bytes and ends the stream.
    Sends(Vec<u8>),
    /// Signs receipts with another key.
    SignsFalsely,
    /// Signs for less than it was given.
    SignsForLess,
}

/// A relay that may be told to misbehave.
#[derive(Debug)]
pub struct HostileRelay {
    endpoint: quinn::Endpoint,
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    mood: Mood,
    mailboxes: BTreeMap<MailboxId, Vec<UnverifiedEnvelope>>,
    inboxes: BTreeMap<InboxId, Vec<PlacedItem>>,
}

fn identity() -> SigningKey {
    SigningKey::from_seed(&SEED)
}

fn key() -> RelayKey {
    RelayKey::from_bytes(identity().public())
}

impl HostileRelay {
    /// Starts on a free port of the loopback, in a good mood.
    pub fn start() -> Self {
        let crypto = QuicServerConfig::try_from(tls()).expect("a TLS configuration");
        let server = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint = quinn::Endpoint::server(server, ([127, 0, 0, 1], 0).into());
        let endpoint = endpoint.expect("a socket");
        let shared = Arc::new(Mutex::new(State::default()));
        tokio::spawn(accept(endpoint.clone(), Arc::clone(&shared)));
        Self { endpoint, shared }
    }

    /// Returns how to reach it.
    pub fn address(&self) -> RelayAddress {
        let port = self.endpoint.local_addr().expect("an address").port();
        RelayAddress::new("127.0.0.1", port, key()).expect("an address")
    }

    /// Changes how it behaves from now on.
    pub fn be(&self, mood: Mood) {
        lock(&self.shared).mood = mood;
    }

    /// Returns every envelope that it keeps, by mailbox.
    pub fn envelopes(&self) -> Vec<(MailboxId, Vec<UnverifiedEnvelope>)> {
        lock(&self.shared).mailboxes.clone().into_iter().collect()
    }

    /// Ends it.
    pub fn stop(self) {
        self.endpoint.close(0u32.into(), b"");
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tls() -> rustls::ServerConfig {
    let provider = aws_lc_rs::default_provider();
    // PKCS#8 of an Ed25519 seed (RFC 8410).
    let prefix = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    let pkcs8 = PrivatePkcs8KeyDer::from([&prefix[..], &SEED].concat());
    let private = provider
        .key_provider
        .load_private_key(PrivateKeyDer::Pkcs8(pkcs8))
        .expect("a key");
    let shown = CertificateDer::from(key().to_spki().to_vec());
    let certified = Arc::new(rustls::sign::CertifiedKey::new(vec![shown], private));
    let resolver = rustls::server::AlwaysResolvesServerRawPublicKeys::new(certified);
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![frame::ALPN.to_vec()];
    config
}

async fn accept(endpoint: quinn::Endpoint, shared: Arc<Mutex<State>>) {
    while let Some(incoming) = endpoint.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else {
                return;
            };
            while let Ok((send, receive)) = connection.accept_bi().await {
                tokio::spawn(serve(send, receive, Arc::clone(&shared)));
            }
        });
    }
}

async fn serve(
    mut send: quinn::SendStream,
    mut receive: quinn::RecvStream,
    shared: Arc<Mutex<State>>,
) {
    let mut reader = FrameReader::default();
    while let Ok(Some(chunk)) = receive.read_chunk(1 << 16, true).await {
        reader.push(&chunk.bytes);
        while let Ok(Some(request)) = reader.next_frame() {
            let (bytes, over) = lock(&shared).answer(request);
            if send.write_all(&bytes).await.is_err() {
                return;
            }
            if over {
                drop(send.finish());
                drop(send.stopped().await);
                return;
            }
        }
    }
    // A fetch stays open until the other side has enough.
    drop(send.stopped().await);
}

impl State {
    /// The bytes of the answer, and whether the stream ends with it.
    fn answer(&mut self, request: Frame) -> (Vec<u8>, bool) {
        let fetches = matches!(request, Frame::Fetch { .. });
        match &self.mood {
            Mood::Silent => return (Vec::new(), false),
            Mood::Sends(bytes) if fetches => return (bytes.clone(), true),
            _ => {}
        }
        let frames = match request {
            Frame::Hello { .. } => vec![self.welcome()],
            Frame::Append { mailbox, envelopes } => vec![self.append(mailbox, &envelopes)],
            Frame::Put { inbox, item, .. } => {
                let kept = self.inboxes.entry(inbox).or_default();
                let position = kept.len() as u64;
                let hash = item.hash();
                kept.push(PlacedItem { position, item });
                let bytes = PutReceipt::to_be_signed(key(), STORE, inbox, hash, position);
                let receipt = sign(&identity(), Label::PutReceipt, bytes);
                vec![Frame::PutReceipt { receipt }]
            }
            Frame::Fetch {
                mailbox, cursors, ..
            } => self.fetch(mailbox, &cursors),
            Frame::FetchInbox { inbox, cursor, .. } => self.fetch_inbox(inbox, cursor),
            Frame::Prove { .. }
            | Frame::AdmitFeed { .. }
            | Frame::AdmitKey { .. }
            | Frame::Prune { .. } => vec![Frame::Done],
            _ => vec![Frame::Error {
                code: ErrorCode::Malformed,
                expected: None,
            }],
        };
        let bytes = frames
            .iter()
            .flat_map(|frame| encode_frame(frame).expect("a frame"));
        (bytes.collect(), false)
    }

    fn welcome(&self) -> Frame {
        match &self.mood {
            Mood::Welcomes(frame) => (**frame).clone(),
            _ => Frame::Welcome {
                version: frame::VERSION,
                relay: key(),
                store: STORE,
            },
        }
    }

    fn append(&mut self, mailbox: MailboxId, envelopes: &[UnverifiedEnvelope]) -> Frame {
        let kept = self.mailboxes.entry(mailbox).or_default();
        for envelope in envelopes {
            if !kept.contains(envelope) {
                kept.push(envelope.clone());
            }
        }
        let mut heads = heads(envelopes);
        if matches!(self.mood, Mood::SignsForLess) {
            heads.pop();
        }
        let signer = match self.mood {
            Mood::SignsFalsely => SigningKey::from_seed(&[1; 32]),
            _ => identity(),
        };
        let bytes = AppendReceipt::to_be_signed(key(), STORE, mailbox, heads);
        let receipt = sign(&signer, Label::AppendReceipt, bytes);
        Frame::AppendReceipt { receipt }
    }

    fn fetch(&self, mailbox: MailboxId, cursors: &[Cursor]) -> Vec<Frame> {
        let mut kept = self.mailboxes.get(&mailbox).cloned().unwrap_or_default();
        if let Mood::Hides(feed, from) = self.mood {
            kept.retain(|envelope| envelope.feed() != feed || envelope.seq() < from);
        }
        let heads = heads(&kept);
        let next: BTreeMap<FeedId, u64> = cursors.iter().map(|c| (c.feed, c.next)).collect();
        kept.retain(|envelope| {
            let next = next.get(&envelope.feed()).copied().unwrap_or(0);
            envelope.seq() >= next
        });
        let sent = match &self.mood {
            Mood::ShowsOnly => Vec::new(),
            Mood::Repeats => kept.iter().flat_map(|one| [one, one]).cloned().collect(),
            Mood::Reverses => kept.into_iter().rev().collect(),
            Mood::Alters => kept.iter().map(altered).collect(),
            Mood::Adds(more) => more.iter().cloned().chain(kept).collect(),
            _ => kept,
        };
        let pages = sent.chunks(64).map(|page| Frame::Envelopes {
            envelopes: page.to_vec(),
        });
        std::iter::once(Frame::Heads { mailbox, heads })
            .chain(pages)
            .chain([Frame::CaughtUp])
            .collect()
    }

    fn fetch_inbox(&self, inbox: InboxId, cursor: Option<InboxCursor>) -> Vec<Frame> {
        let from = cursor.map_or(0, |cursor| cursor.position + 1);
        let items: Vec<PlacedItem> = self
            .inboxes
            .get(&inbox)
            .into_iter()
            .flatten()
            .filter(|placed| placed.position >= from)
            .cloned()
            .collect();
        let items = match self.mood {
            Mood::Reverses => items.into_iter().rev().collect(),
            _ => items,
        };
        let pages = items.chunks(8).map(|page| Frame::Items {
            items: page.to_vec(),
        });
        pages.chain([Frame::CaughtUp]).collect()
    }
}

fn sign(signer: &SigningKey, label: Label, bytes: Vec<u8>) -> SignedReceipt {
    let signature = signer.sign(label, &bytes);
    SignedReceipt::new(bytes, signature)
}

/// The last envelope of every feed.
fn heads(envelopes: &[UnverifiedEnvelope]) -> Vec<Head> {
    let mut heads: BTreeMap<FeedId, Head> = BTreeMap::new();
    for envelope in envelopes {
        let (feed, seq, hash) = (envelope.feed(), envelope.seq(), envelope.hash());
        let head = heads.entry(feed).or_insert(Head { feed, seq, hash });
        if seq >= head.seq {
            *head = Head { feed, seq, hash };
        }
    }
    heads.into_values().collect()
}

/// The same envelope with one byte of its ciphertext changed.
pub fn altered(envelope: &UnverifiedEnvelope) -> UnverifiedEnvelope {
    let mut bytes = envelope.as_bytes().to_vec();
    bytes[techo_wire::envelope::HEADER + 20] ^= 1;
    UnverifiedEnvelope::parse(bytes).expect("the shape of an envelope")
}
