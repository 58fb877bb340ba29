use super::*;
use crate::crypto::{SigningKey, seal_entry};
use crate::entry::{Draft, FeedWriter};
use proptest::prelude::*;
use std::collections::BTreeSet;

const BOOK: BookId = BookId::from_bytes([2; 32]);
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn epoch() -> EpochKey {
    EpochKey::from_bytes(&[1; 32])
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn change(text: &str) -> Op {
    Op::Change {
        document: "2026".to_owned(),
        change: text.as_bytes().to_vec(),
    }
}

fn head(number: u8) -> Head {
    let hash = EnvelopeHash::from_bytes([number; 32]);
    Head {
        feed: key(number).feed(),
        seq: 4,
        hash,
    }
}

fn certificate() -> Certificate {
    let heads = BTreeSet::from([EnvelopeHash::from_bytes([7; 32])]);
    Certificate::sign(&key(3), key(4).feed(), BOOK, heads, Some(head(8)))
}

fn opened(envelope: &Envelope) -> UnverifiedEntry {
    UnverifiedEntry::open(&epoch(), &BOOK, envelope).unwrap()
}

/// Seals bytes as entry `seq` of feed 4, behind `after`.
fn sealed(after: Option<Head>, entry: &[u8]) -> Envelope {
    let (seq, previous) = after.map_or((0, EnvelopeHash::ZERO), |head| (head.seq + 1, head.hash));
    seal_entry(&epoch(), &BOOK, &key(4), seq, previous, entry).unwrap()
}

fn own(seq: u64) -> Head {
    Head {
        feed: key(4).feed(),
        seq,
        hash: EnvelopeHash::from_bytes([9; 32]),
    }
}

#[test]
fn entries_written_in_order_are_read_in_order() {
    let mut writer = FeedWriter::start(key(4), certificate());
    let mut after = None;
    for text in ["one", "two", "three"] {
        let envelope = writer
            .append(&epoch(), &BOOK, NOW, vec![head(5)], change(text))
            .unwrap();
        let entry = opened(&envelope).verify(after).unwrap();
        assert_eq!((entry.op(), entry.written_at()), (&change(text), NOW));
        assert_eq!(entry.certificate().is_some(), after.is_none());
        assert_eq!(entry.frontier(), [head(5)]);
        after = Some(entry.head());
    }
    assert_eq!(writer.head(), after);
    let mut resumed = FeedWriter::resume(key(4), after.unwrap());
    let envelope = resumed
        .append(&epoch(), &BOOK, NOW, Vec::new(), change("four"))
        .unwrap();
    assert_eq!(opened(&envelope).verify(after).unwrap().head().seq, 3);
}

#[test]
fn an_entry_out_of_its_place_is_refused() {
    let draft = Draft::new(NOW, None, Vec::new(), change("x")).encode();
    let third = sealed(Some(own(1)), &draft);
    let refused = |after| opened(&third).verify(after).unwrap_err();
    assert_eq!(
        refused(None),
        EntryError::OutOfOrder {
            expected: 0,
            got: 2
        }
    );
    assert_eq!(
        refused(Some(own(0))),
        EntryError::OutOfOrder {
            expected: 1,
            got: 2
        }
    );
    assert_eq!(
        refused(Some(own(2))),
        EntryError::OutOfOrder {
            expected: 3,
            got: 2
        }
    );
    let mut other = own(1);
    other.hash = EnvelopeHash::from_bytes([8; 32]);
    assert_eq!(refused(Some(other)), EntryError::PreviousMismatch);
    other = own(1);
    other.feed = key(5).feed();
    assert_eq!(refused(Some(other)), EntryError::PreviousMismatch);
    assert!(opened(&third).verify(Some(own(1))).is_ok());
    let last = sealed(Some(own(u64::MAX - 1)), &draft);
    let place = EntryError::OutOfOrder {
        expected: u64::MAX,
        got: u64::MAX,
    };
    assert_eq!(
        opened(&last).verify(Some(own(u64::MAX))).unwrap_err(),
        place
    );
}

#[test]
fn a_feed_counts_only_as_certified() {
    let first = |certificate| {
        let draft = Draft::new(NOW, certificate, Vec::new(), change("x")).encode();
        opened(&sealed(None, &draft)).verify(None)
    };
    let entry = first(Some(certificate())).unwrap();
    assert_eq!(entry.certificate().unwrap().device(), key(3).device());
    assert_eq!(entry.certificate().unwrap().last(), Some(head(8)));
    assert_eq!(first(None).unwrap_err(), EntryError::CertificateMissing);
    let sign = |feed: u8, book, last| {
        Some(Certificate::sign(
            &key(3),
            key(feed).feed(),
            book,
            BTreeSet::new(),
            last,
        ))
    };
    let elsewhere = BookId::from_bytes([3; 32]);
    assert_eq!(
        first(sign(4, elsewhere, None)).unwrap_err(),
        EntryError::CertificateBook
    );
    assert_eq!(
        first(sign(5, BOOK, None)).unwrap_err(),
        EntryError::CertificateSignature
    );
    assert_eq!(
        first(sign(4, BOOK, Some(own(1)))).unwrap_err(),
        EntryError::OwnFeed
    );
    let draft = Draft::new(NOW, Some(certificate()), Vec::new(), change("x")).encode();
    let later = opened(&sealed(Some(own(0)), &draft)).verify(Some(own(0)));
    assert_eq!(later.unwrap_err(), EntryError::CertificateUnexpected);
}

#[test]
fn a_frontier_is_sorted_and_never_names_its_own_feed() {
    let mut heads = vec![head(5), head(6), head(7)];
    heads.sort();
    heads.reverse();
    let draft = Draft::new(NOW, None, heads.clone(), change("x")).encode();
    let entry = opened(&sealed(Some(own(0)), &draft))
        .verify(Some(own(0)))
        .unwrap();
    heads.reverse();
    assert_eq!(entry.frontier(), heads);
    let draft = Draft::new(NOW, None, vec![own(0)], change("x")).encode();
    let named = opened(&sealed(Some(own(0)), &draft)).verify(Some(own(0)));
    assert_eq!(named.unwrap_err(), EntryError::OwnFeed);
}

#[test]
fn debug_shows_no_health_data() {
    let draft = Draft::new(NOW, None, Vec::new(), change("secret")).encode();
    let unverified = opened(&sealed(Some(own(0)), &draft));
    let before = format!("{unverified:?}");
    let shown = format!("{before} {:?}", unverified.verify(Some(own(0))).unwrap());
    // "secret" as text and as numbers.
    assert!(
        !shown.contains("secret") && !shown.contains("115, 101"),
        "{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn hostile_entries_never_panic_and_are_read_in_one_form_only(
        at in 0..400_usize, bits in 1..=255_u8, cut in 0..400_usize,
    ) {
        let draft = Draft::new(NOW, Some(certificate()), vec![head(5)], change("text")).encode();
        let mut altered = draft.to_vec();
        let at = at % altered.len();
        altered[at] ^= bits;
        for bytes in [&altered[..], &draft[..cut.min(draft.len() - 1)]] {
            if let Ok(entry) = opened(&sealed(None, bytes)).verify(None) {
                prop_assert_eq!(canonical::encode(&entry.body), bytes);
            }
        }
    }
}
