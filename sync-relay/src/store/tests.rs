use super::*;
use crate::config::Quotas;
use crate::store::keep::Keep;
use crate::store::table::Table;
use crate::store::table::memory::Memory;
use ed25519_dalek::{Signer, SigningKey};
use std::sync::atomic::Ordering;
use techo_wire::label::signed_bytes;
use techo_wire::{EnvelopeHash, EnvelopeHeader, EpochTag, Label, UnsignedEnvelope, item};

pub(crate) fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// A feed that grows.
pub(crate) struct Feed {
    signer: SigningKey,
    next: u64,
    previous: EnvelopeHash,
}

impl Feed {
    pub(crate) fn new(seed: u8) -> Self {
        Self {
            signer: signer(seed),
            next: 0,
            previous: EnvelopeHash::ZERO,
        }
    }

    pub(crate) fn id(&self) -> FeedId {
        FeedId::from_bytes(self.signer.verifying_key().to_bytes())
    }

    pub(crate) fn grow(&mut self, count: usize) -> Vec<Envelope> {
        let mut grown = Vec::new();
        for _ in 0..count {
            let header = EnvelopeHeader {
                feed: self.id(),
                seq: self.next,
                previous: self.previous,
                epoch_tag: EpochTag::from_bytes([0; 16]),
                salt: [0; 16],
                commitment: [0; 32],
            };
            let unsigned = UnsignedEnvelope::new(&header, &[0; 640 - 205]).unwrap();
            let message = signed_bytes(Label::Envelope, unsigned.to_be_signed());
            let envelope = unsigned
                .finish(&self.signer.sign(&message).to_bytes())
                .unwrap();
            self.next += 1;
            self.previous = envelope.hash();
            grown.push(envelope);
        }
        grown
    }
}

const MAILBOX: MailboxId = MailboxId::from_bytes([8; 32]);
const INBOX: InboxId = InboxId::from_bytes([9; 32]);
const KEY: AppendKey = AppendKey::from_bytes([7; 32]);

fn keep() -> Keep<Memory> {
    Keep::new(
        Memory::default(),
        Quotas::default(),
        StoreId::from_bytes([1; 16]),
    )
    .unwrap()
}

fn one(store: &Keep<Memory>, write: Write) -> Result<Kept, Refusal> {
    store.commit(&[write]).unwrap().remove(0)
}

fn append(store: &Keep<Memory>, envelopes: &[Envelope]) -> Result<Kept, Refusal> {
    one(
        store,
        Write::Append {
            mailbox: MAILBOX,
            envelopes: envelopes.to_vec(),
        },
    )
}

fn admitted(store: &Keep<Memory>, feed: &Feed) {
    let admit = Write::AdmitFeed {
        mailbox: MAILBOX,
        feed: feed.id(),
    };
    assert_eq!(one(store, admit), Ok(Kept::Done));
}

fn everything(store: &Keep<Memory>) -> Vec<UnverifiedEnvelope> {
    let (mut positions, mut all) = (Positions::new(), Vec::new());
    loop {
        let page = store.envelopes(MAILBOX, &mut positions, 1_500).unwrap();
        if page.envelopes.is_empty() {
            return all;
        }
        all.extend(page.envelopes);
    }
}

fn damage(store: &Keep<Memory>, key: &[u8]) {
    let mut pairs = store.table().pairs.lock().unwrap();
    *pairs.get_mut(key).unwrap().last_mut().unwrap() ^= 1;
}

fn sealed(fill: u8) -> SealedItem {
    SealedItem::new(
        &[fill; item::ENCAPSULATED],
        &vec![fill; 2_048 - item::CIPHERTEXT],
    )
    .unwrap()
}

fn put(store: &Keep<Memory>, fill: u8) -> Result<Kept, Refusal> {
    one(
        store,
        Write::Put {
            inbox: INBOX,
            append_key: KEY,
            item: sealed(fill),
        },
    )
}

#[test]
fn writes_of_one_batch_see_those_before_them_and_a_refused_one_leaves_nothing() {
    let store = keep();
    let mut feed = Feed::new(1);
    let sent = feed.grow(4);
    let write = |envelopes: &[Envelope]| Write::Append {
        mailbox: MAILBOX,
        envelopes: envelopes.to_vec(),
    };
    let outcomes = store
        .commit(&[
            Write::AdmitFeed {
                mailbox: MAILBOX,
                feed: feed.id(),
            },
            write(&sent[..1]),
            write(&[sent[1].clone(), sent[3].clone()]),
            write(&sent[1..2]),
        ])
        .unwrap();
    let gap = Refusal {
        code: ErrorCode::OutOfOrder,
        expected: Some(2),
    };
    let expected = [
        Ok(Kept::Done),
        Ok(Kept::Appended(vec![sent[0].head()])),
        Err(gap),
        Ok(Kept::Appended(vec![sent[1].head()])),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(everything(&store).len(), 2);
}

#[test]
fn pages_of_any_size_give_the_order_of_arrival() {
    let store = keep();
    let (mut one, mut two) = (Feed::new(1), Feed::new(2));
    admitted(&store, &one);
    admitted(&store, &two);
    let mut sent = Vec::new();
    for count in [1, 3, 2, 1] {
        for envelopes in [one.grow(count), two.grow(4 - count)] {
            append(&store, &envelopes).unwrap();
            sent.extend(envelopes.into_iter().map(UnverifiedEnvelope::from));
        }
    }
    assert_eq!(everything(&store), sent);
}

#[test]
fn a_full_disk_changes_nothing() {
    let store = keep();
    let mut feed = Feed::new(1);
    admitted(&store, &feed);
    let sent = feed.grow(2);
    store.table().full.store(true, Ordering::Relaxed);
    let write = Write::Append {
        mailbox: MAILBOX,
        envelopes: sent.clone(),
    };
    assert!(matches!(store.commit(&[write]), Err(StoreError::Io(_))));
    assert!(store.heads(MAILBOX).unwrap().is_empty());
    store.table().full.store(false, Ordering::Relaxed);
    append(&store, &sent).unwrap();
}

#[test]
fn whichever_record_of_a_mailbox_is_damaged_it_can_be_filled_again() {
    for damaged in 0..6 {
        let store = keep();
        let mut feed = Feed::new(1);
        admitted(&store, &feed);
        let sent = feed.grow(3);
        append(&store, &sent).unwrap();
        let key = match damaged {
            0 => layout::mailbox(MAILBOX),
            1 => layout::feed(MAILBOX, feed.id()),
            n => layout::envelope(MAILBOX, feed.id(), n - 2),
        };
        if damaged == 5 {
            // Lost without a trace, as sled can do.
            let gone = layout::envelope(MAILBOX, feed.id(), 1);
            store.table().pairs.lock().unwrap().remove(&gone).unwrap();
        } else {
            damage(&store, &key);
        }
        let mut positions = Positions::new();
        if let Some(lost) = store
            .envelopes(MAILBOX, &mut positions, 1 << 20)
            .unwrap()
            .lost
        {
            one(
                &store,
                Write::FallBack {
                    mailbox: MAILBOX,
                    lost,
                },
            )
            .unwrap();
            let left = store.heads(MAILBOX).unwrap();
            assert_eq!(
                left.first().map_or(0, |head| head.seq + 1),
                lost.next,
                "{damaged}"
            );
        }
        admitted(&store, &feed);
        let more = [sent.clone(), feed.grow(1)].concat();
        assert_eq!(
            append(&store, &more),
            Ok(Kept::Appended(vec![more[3].head()])),
            "{damaged}"
        );
        assert_eq!(everything(&store).len(), 4, "{damaged}");
        let figures = store
            .table()
            .get(&layout::mailbox(MAILBOX))
            .unwrap()
            .unwrap();
        let [_, bytes] = layout::integers(&figures[4..]).unwrap();
        assert_eq!(bytes, 4 * 640, "{damaged}");
    }
}

#[test]
fn appending_over_a_damaged_envelope_heals_it() {
    let store = keep();
    let mut feed = Feed::new(1);
    admitted(&store, &feed);
    let sent = feed.grow(3);
    append(&store, &sent).unwrap();
    damage(&store, &layout::envelope(MAILBOX, feed.id(), 1));
    assert_eq!(
        append(&store, &sent[1..2]),
        Ok(Kept::Appended(vec![sent[1].head()]))
    );
    assert_eq!(
        append(&store, &sent[2..]),
        Ok(Kept::Appended(vec![sent[2].head()]))
    );
}

#[test]
fn a_fall_back_without_damage_does_nothing() {
    let store = keep();
    let mut feed = Feed::new(1);
    admitted(&store, &feed);
    append(&store, &feed.grow(3)).unwrap();
    for next in [0, 2, 3, 9] {
        let lost = Cursor {
            feed: feed.id(),
            next,
        };
        one(
            &store,
            Write::FallBack {
                mailbox: MAILBOX,
                lost,
            },
        )
        .unwrap();
    }
    assert_eq!(store.heads(MAILBOX).unwrap()[0].seq, 2);
}

#[test]
fn whichever_record_of_an_inbox_is_damaged_items_can_be_put_again() {
    let admit = Write::AdmitKey {
        inbox: INBOX,
        append_key: KEY,
        quota: 1 << 20,
    };
    for damaged in 0..4 {
        let store = keep();
        one(&store, admit.clone()).unwrap();
        assert_eq!(put(&store, 1), Ok(Kept::Put(0)));
        assert_eq!(put(&store, 2), Ok(Kept::Put(1)));
        damage(
            &store,
            &match damaged {
                0 => layout::inbox(INBOX),
                1 => layout::append_key(INBOX, KEY),
                2 => layout::item(INBOX, 1),
                _ => layout::item_name(INBOX, sealed(2).hash()),
            },
        );
        one(&store, admit.clone()).unwrap();
        let again = put(&store, 2).unwrap();
        assert_eq!(
            again,
            Kept::Put(if damaged < 2 { 1 } else { 2 }),
            "{damaged}"
        );
        assert_eq!(put(&store, 1), Ok(Kept::Put(0)), "{damaged}");
        let page = store.items(INBOX, 0, 1 << 20).unwrap();
        assert!(
            page.items.iter().any(|placed| placed.item == sealed(2)),
            "{damaged}"
        );
    }
}

#[test]
fn items_come_in_pages_and_damaged_ones_are_passed_over() {
    let store = keep();
    one(
        &store,
        Write::AdmitKey {
            inbox: INBOX,
            append_key: KEY,
            quota: 1 << 20,
        },
    )
    .unwrap();
    for fill in 0..5 {
        put(&store, fill).unwrap();
    }
    damage(&store, &layout::item(INBOX, 2));
    let (mut from, mut positions) = (0, Vec::new());
    loop {
        let page = store.items(INBOX, from, 4_096).unwrap();
        if page.next == from {
            break;
        }
        from = page.next;
        positions.extend(page.items.iter().map(|placed| placed.position));
    }
    assert_eq!(positions, [0, 1, 3, 4]);
}
