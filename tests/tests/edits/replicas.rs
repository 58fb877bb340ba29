//! Three replicas of one book in memory: envelopes are dropped, repeated and delivered in any
//! order, and bad ones mixed in.

use std::collections::{BTreeMap, BTreeSet};

use techo_health::{Fields, Value};
use techo_tests::family::NOW;
use techo_tests::seeded::Seeded;
use techo_vault::book::{BookId, BookKind, ControlOp, Genesis, Role};
use techo_vault::crypto::{EpochKey, Label, SigningKey, seal_entry};
use techo_vault::doc::{DocId, Edit, RecordId, RecordState};
use techo_vault::replica::{BookSecrets, DeviceSecrets, Outcome, Refusal, Replica};
use techo_wire::{Envelope, EnvelopeHash, EnvelopeHeader, FeedId, RelayAddress, RelayKey};
use techo_wire::{UnsignedEnvelope, envelope};

/// One device.
struct Peer {
    secrets: BookSecrets,
    replica: Replica,
}

/// The control heads that the certificate of each feed names.
type Certified = BTreeMap<FeedId, BTreeSet<EnvelopeHash>>;

impl Peer {
    fn new(book: BookId, epochs: &[EpochKey], device: DeviceSecrets) -> Self {
        let secrets = BookSecrets {
            book,
            kind: BookKind::Handbook,
            device,
            epochs: epochs.to_vec(),
            feed: None,
            relays: Vec::new(),
            frontier: Vec::new(),
            issuer_only: Vec::new(),
        };
        let replica = Replica::new(book, epochs.to_vec());
        Self { secrets, replica }
    }

    /// Starts a feed and notes what its certificate will name.
    fn start_feed(&mut self, seeded: &mut Seeded, certified: &mut Certified) {
        Replica::start_feed(&mut self.secrets, seeded);
        let feed = self.secrets.feed_id().expect("a feed");
        certified.insert(feed, self.replica.fold().control_heads());
    }

    fn control(&mut self, op: ControlOp) -> Envelope {
        self.replica
            .write_control(&self.secrets, NOW, op)
            .expect("a control op")
    }

    fn edit(&mut self, document: DocId, edits: &[Edit]) -> Envelope {
        self.replica
            .edit(&self.secrets, NOW, document, edits)
            .expect("an edit")
    }

    /// Edits something at random.
    fn edit_randomly(&mut self, seeded: &mut Seeded) -> Envelope {
        let document = DocId::of_year([None, Some(2025), Some(2026)][index(seeded, 3)]);
        let held: Vec<_> = self
            .replica
            .document(&document)
            .into_iter()
            .flat_map(|held| held.records().filter_map(|record| record.uuid))
            .collect();
        let word = |seeded: &mut Seeded| Value::from(format!("値 {}", seeded.below(50)));
        if seeded.below(10) == 0 {
            let (record, field) = (None, "name".to_owned());
            let value = word(seeded);
            let put = Edit::Put {
                record,
                field,
                value,
            };
            return self.edit(DocId::Profile, &[put]);
        }
        if held.is_empty() || seeded.below(3) == 0 {
            let id = RecordId::generate(document, NOW.millis() + seeded.below(1000), seeded);
            let fields = Fields::from([("kind".to_owned(), Value::from("note"))]);
            let uuid = id.uuid;
            return self.edit(document, &[Edit::Create { uuid, fields }]);
        }
        let record = Some(held[index(seeded, held.len().min(6))]);
        let field = format!("f{}", seeded.below(3));
        let value = if seeded.below(4) == 0 {
            Value::Null
        } else {
            word(seeded)
        };
        self.edit(
            document,
            &[Edit::Put {
                record,
                field,
                value,
            }],
        )
    }

    /// What the replica must say of an envelope that any honest device wrote.
    fn expected(&self, envelope: &Envelope, certified: &Certified) -> Outcome {
        let feeds = self.replica.feeds();
        let (feed, seq) = (envelope.feed(), envelope.seq());
        let length = feeds.length(&feed);
        if seq < length {
            assert_eq!(feeds.hash_at(&feed, seq), Some(envelope.hash()));
            Outcome::Known
        } else if seq > length {
            Outcome::Gap { expected: length }
        } else if seq == 0
            && certified[&feed]
                .iter()
                .any(|head| !self.replica.fold().holds(head))
        {
            Outcome::Waiting
        } else {
            Outcome::Accepted
        }
    }

    fn take(&mut self, envelope: &Envelope, certified: &Certified) -> Outcome {
        let expected = self.expected(envelope, certified);
        let outcome = self
            .replica
            .accept(std::slice::from_ref(envelope))
            .remove(0);
        assert_eq!(outcome, expected);
        outcome
    }

    fn refuses(&mut self, envelope: Envelope) -> Outcome {
        let before = shown(&self.replica);
        let outcome = self.replica.accept(&[envelope]).remove(0);
        assert_eq!(shown(&self.replica), before, "it leaves no trace");
        outcome
    }
}

fn index(seeded: &mut Seeded, below: usize) -> usize {
    usize::try_from(seeded.below(below as u64)).expect("small")
}

/// Everything that devices must agree on.
fn shown(replica: &Replica) -> impl PartialEq + std::fmt::Debug + use<> {
    let documents: BTreeMap<String, (Vec<_>, Vec<RecordState>)> = replica
        .documents()
        .map(|(id, document)| {
            let mut heads = document.heads();
            heads.sort();
            (id.to_string(), (heads, document.records().collect()))
        })
        .collect();
    let heads: Vec<_> = replica.feeds().heads().collect();
    (documents, heads, replica.fold().control_heads())
}

/// A founder and two more guardians, all with the same control ops, and every envelope so far.
fn family(seeded: &mut Seeded, certified: &mut Certified) -> (Vec<Peer>, Vec<Envelope>) {
    let device = DeviceSecrets::generate(seeded);
    let epoch = EpochKey::generate(seeded);
    let genesis = Genesis::new(
        BookKind::Handbook,
        device.describe("phone"),
        epoch.commitment(),
        seeded,
    );
    let (book, epochs) = (genesis.book_id(), [epoch]);
    let mut founder = Peer::new(book, &epochs, device);
    founder.start_feed(seeded, certified);
    let mut all = vec![founder.control(ControlOp::Genesis(genesis))];
    let mut peers = vec![founder];
    for name in ["tablet", "laptop"] {
        let device = DeviceSecrets::generate(seeded);
        let added = ControlOp::DeviceAdded {
            device: device.describe(name),
            role: Role::Guardian,
        };
        all.push(peers[0].control(added));
        peers.push(Peer::new(book, &epochs, device));
    }
    for peer in &mut peers[1..] {
        let outcomes = peer.replica.accept(&all);
        assert_eq!(outcomes, vec![Outcome::Accepted; all.len()]);
        peer.start_feed(seeded, certified);
    }
    (peers, all)
}

/// Delivers everything to everybody, in any order, until nothing is new.
fn deliver_all(peers: &mut [Peer], all: &[Envelope], seeded: &mut Seeded) {
    for peer in peers {
        let mut left = all.to_vec();
        while !left.is_empty() {
            for at in (1..left.len()).rev() {
                left.swap(at, index(seeded, at + 1));
            }
            let before = left.len();
            let mut kept = Vec::new();
            for batch in left.chunks(7) {
                let outcomes = peer.replica.accept(batch);
                for (envelope, outcome) in batch.iter().zip(outcomes) {
                    match outcome {
                        Outcome::Accepted | Outcome::Known => {}
                        Outcome::Waiting | Outcome::Gap { .. } => kept.push(envelope.clone()),
                        Outcome::Retired | Outcome::Fork { .. } | Outcome::Refused(_) => {
                            panic!("an honest envelope was refused: {outcome:?}")
                        }
                    }
                }
            }
            left = kept;
            assert!(left.len() < before, "something is new in every round");
        }
    }
}

fn run(seed: u64) -> BTreeMap<&'static str, usize> {
    let mut seeded = Seeded::new(seed);
    let mut certified = Certified::new();
    let (mut peers, mut all) = family(&mut seeded, &mut certified);
    let mut met = BTreeMap::new();
    for step in 0..500u16 {
        let who = index(&mut seeded, peers.len());
        match seeded.below(20) {
            0..6 => all.push(peers[who].edit_randomly(&mut seeded)),
            6 => peers[who].start_feed(&mut seeded, &mut certified),
            7 => {
                let key = RelayKey::from_bytes([9; 32]);
                let relay = RelayAddress::new("127.0.0.1", step + 1, key).expect("an address");
                all.push(peers[who].control(ControlOp::RelayAdded(relay)));
            }
            _ => {
                let envelope = &all[index(&mut seeded, all.len())];
                let outcome = match peers[who].take(envelope, &certified) {
                    Outcome::Accepted => "accepted",
                    Outcome::Known => "known",
                    Outcome::Waiting => "waiting",
                    Outcome::Gap { .. } => "gap",
                    Outcome::Retired | Outcome::Fork { .. } | Outcome::Refused(_) => "bad",
                };
                *met.entry(outcome).or_insert(0) += 1;
            }
        }
    }
    deliver_all(&mut peers, &all, &mut seeded);
    let first = shown(&peers[0].replica);
    for peer in &peers {
        let feeds = peer.replica.feeds();
        assert_eq!(feeds.deferred(), 0, "seed {seed}");
        assert_eq!(feeds.missing().count(), 0, "seed {seed}");
        assert_eq!(feeds.forks().count(), 0, "seed {seed}");
        assert_eq!(peer.replica.quarantined(), [], "seed {seed}");
        assert!(shown(&peer.replica) == first, "seed {seed}");
    }
    met
}

#[test]
fn envelopes_in_any_order_dropped_and_repeated_give_every_replica_the_same() {
    let mut met = BTreeMap::new();
    for seed in 0..12 {
        for (outcome, count) in run(seed) {
            *met.entry(outcome).or_insert(0) += count;
        }
    }
    let classes: Vec<_> = met.keys().copied().collect();
    assert_eq!(classes, ["accepted", "gap", "known", "waiting"], "{met:?}");
}

/// The same envelope with one byte of ciphertext changed and signed again by its own feed.
fn resealed(original: &Envelope, feed: &SigningKey) -> Envelope {
    let bytes = original.as_bytes();
    let (sealed, signature) = (envelope::HEADER, envelope::SIGNATURE);
    let mut ciphertext = bytes[sealed..bytes.len() - signature].to_vec();
    ciphertext[20] ^= 1;
    let header = EnvelopeHeader {
        feed: original.feed(),
        seq: original.seq(),
        previous: original.previous(),
        epoch_tag: original.epoch_tag(),
        salt: original.salt(),
        commitment: original.commitment(),
    };
    let unsigned = UnsignedEnvelope::new(&header, &ciphertext).expect("an envelope");
    let signed = feed.sign(Label::Envelope, unsigned.to_be_signed());
    unsigned.finish(&signed).expect("an envelope")
}

#[test]
fn foreign_uncertified_altered_and_forked_envelopes_have_their_own_names_and_leave_no_trace() {
    let mut seeded = Seeded::new(7);
    let mut certified = Certified::new();
    let (mut peers, mut all) = family(&mut seeded, &mut certified);
    let (book, epochs) = (peers[0].secrets.book, peers[0].secrets.epochs.clone());
    let [reader, writer, _] = &mut peers[..] else {
        panic!("three peers")
    };

    // Another book, and another epoch of this one.
    let (mut others, _) = family(&mut seeded, &mut certified);
    let foreign = others[1].edit_randomly(&mut seeded);
    assert_eq!(
        reader.refuses(foreign),
        Outcome::Refused(Refusal::UnknownEpoch)
    );

    // Somebody who has the epoch key and was never let in: a feed that nobody certified.
    let mut thief = Peer::new(book, &epochs, DeviceSecrets::generate(&mut seeded));
    thief.replica.accept(&all);
    thief.start_feed(&mut seeded, &mut certified);
    let stolen = thief.edit_randomly(&mut seeded);
    assert_eq!(
        reader.refuses(stolen),
        Outcome::Refused(Refusal::NotCertified)
    );

    // The thief's entry as if in the writer's feed: nothing that the writer's feed certified.
    let key = SigningKey::generate(&mut seeded);
    let (zero, junk) = (EnvelopeHash::ZERO, b"no entry");
    let sealed = seal_entry(&epochs[0], &book, &key, 0, zero, junk).expect("sealed");
    assert_eq!(reader.refuses(sealed), Outcome::Refused(Refusal::Invalid));

    // Two envelopes of the writer, from now on in the reader's hands one by one.
    let first = writer.edit_randomly(&mut seeded);
    let feed = writer.secrets.feed.clone().expect("a feed");
    let altered = resealed(&first, &feed);
    assert_eq!(
        reader.refuses(altered),
        Outcome::Refused(Refusal::DoesNotOpen)
    );

    // A copy of the writer's device goes on from the same place.
    let saved = writer.secrets.encode();
    let mut copy = Peer {
        secrets: BookSecrets::decode(&saved).expect("secrets"),
        replica: Replica::new(book, epochs.clone()),
    };
    all.push(first);
    let outcomes = copy.replica.accept(&all);
    assert_eq!(outcomes, vec![Outcome::Accepted; all.len()]);
    let (here, there) = (
        writer.edit_randomly(&mut seeded),
        copy.edit_randomly(&mut seeded),
    );
    let beyond = copy.edit_randomly(&mut seeded);
    assert_eq!(here.seq(), there.seq());
    assert_ne!(here.hash(), there.hash());
    let outcomes = reader.replica.accept(&[all[3].clone(), here.clone()]);
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Accepted]);
    let sequence = here.seq();
    assert_eq!(reader.refuses(there), Outcome::Fork { sequence });
    // The envelope behind it says which one it follows: a fork as well, and no mere nonsense.
    assert_eq!(reader.refuses(beyond), Outcome::Fork { sequence });

    // The feed itself goes on.
    let next = writer.edit_randomly(&mut seeded);
    assert_eq!(reader.replica.accept(&[next]), [Outcome::Accepted]);
    assert_eq!(shown(&reader.replica), shown(&writer.replica));
}
