use techo_health::{Member, Note, Record};
use techo_wire::Envelope;

use super::*;
use crate::Timestamp;
use crate::book::{BookKind, MemberId};
use crate::packed::PAGE;
use crate::store::{Location, MemoryStore};
use crate::vault::InstallId;

const NOW: Timestamp = Timestamp::from_millis(1_775_172_600_000);

fn open(store: &Arc<MemoryStore>) -> Vault {
    let install = InstallId::derive(&[1; 16], "vault".as_ref());
    Vault::from_store(Arc::clone(store) as Arc<dyn Store>, &install).unwrap()
}

fn again(store: &MemoryStore) -> (Arc<MemoryStore>, Vault) {
    let store = Arc::new(store.reopen());
    let vault = open(&store);
    (store, vault)
}

fn note(n: usize, year: usize) -> Record {
    Record::Note(Note {
        text: format!("メモ {n}"),
        date: format!("{year}-04-03").parse().ok(),
        ..Note::default()
    })
}

/// A vault with one member and nothing written about her yet.
fn begun() -> (Arc<MemoryStore>, Vault, MemberId) {
    let store = Arc::new(MemoryStore::new());
    let mut vault = open(&store);
    vault.found(BookKind::Household, "phone", NOW).unwrap();
    let child = Member {
        name: "手帳 はな".to_owned(),
        ..Member::default()
    };
    let hana = vault.add_member(child, NOW).unwrap();
    (store, vault, hana)
}

/// A closed vault with `count` notes in each of these years.
fn filled(years: std::ops::Range<usize>, count: usize) -> Arc<MemoryStore> {
    let (store, mut vault, hana) = begun();
    for year in years.rev() {
        let notes: Vec<Record> = (0..count).map(|n| note(n, year)).collect();
        vault.add_records(&hana, &notes, false, NOW).unwrap();
    }
    vault.close().unwrap();
    store
}

/// The book and the feed of most entries.
fn longest(vault: &Vault) -> (BookId, Head) {
    let heads = vault
        .books
        .iter()
        .flat_map(|(id, book)| book.replica.feeds().heads().map(|head| (*id, head)));
    heads.max_by_key(|(_, head)| head.seq).unwrap()
}

/// Every envelope of a feed that can be read back.
fn served(vault: &Vault) -> Vec<Envelope> {
    let (book, head) = longest(vault);
    let all = vault.envelopes(&book, &head.feed, 0, head.seq, usize::MAX);
    all.unwrap()
}

fn is_page(name: &str) -> bool {
    name.starts_with("page/")
}

#[test]
fn a_document_that_the_index_lost_is_made_anew_from_the_log() {
    let (store, mut vault, hana) = begun();
    let notes: Vec<Record> = (0..TAIL).map(|n| note(n, 2020 + n % 4)).collect();
    vault.add_records(&hana, &notes, false, NOW).unwrap();
    let shown = vault.timeline(None);
    assert_eq!(shown.len(), TAIL);
    vault.close().unwrap();

    let (store, mut vault) = again(&store);
    store.lose_index();
    // Years that nobody asked for are still away; one of them goes on.
    let more = vault
        .add_records(&hana, &[note(1, 2021)], false, NOW)
        .unwrap();
    let mut now = vault.timeline(None);
    assert!(vault.books.values().all(|book| {
        let mut documents = book.replica.documents();
        documents.all(|(_, document)| document.is_readable())
    }));
    now.retain(|item| item.id != more[0].to_string());
    assert_eq!(now, shown);
    vault.checkpoint(true).unwrap();

    let (_, vault) = again(&store);
    assert_eq!(vault.timeline(None).len(), TAIL + 1);
}

#[test]
fn opening_and_listing_fetch_no_more_when_other_years_are_full() {
    let fetched = [2025..2026, 2021..2026].map(|years| {
        let (store, vault) = again(&filled(years, 700));
        let opened = store.fetched();
        assert_eq!(vault.latest(None, 50).len(), 50);
        let listed = store.fetched();
        assert_eq!(served(&vault).len() as u64, longest(&vault).1.seq + 1);
        (opened, listed, store.fetched() > listed)
    });
    // The state, that of each book, and rows of one year.
    assert_eq!(fetched, [(3, 4, false), (3, 4, true)]);
}

#[test]
fn only_pages_that_changed_are_put_away_again() {
    let store = filled(2023..2026, PAGE);
    let (store, mut vault) = again(&store);
    let mut objects = Vec::new();
    let changed = |vault: &mut Vault, objects: &mut Vec<(String, Option<Vec<u8>>)>| {
        objects.clear();
        assert!(vault.put_away(objects).unwrap());
        objects.iter().filter(|(name, _)| is_page(name)).count()
    };
    assert_eq!(changed(&mut vault, &mut objects), 0);
    let (book, head) = longest(&vault);
    let hana = vault.member_of(&book).unwrap();
    let place = |sequence| Head {
        seq: sequence,
        hash: vault.books[&book]
            .replica
            .feeds()
            .hash_at(&head.feed, sequence)
            .unwrap(),
        ..head
    };
    let (first, end) = (place(5), Location::new(store.end()));
    let more: Vec<Record> = (0..PAGE).map(|n| note(n, 2026)).collect();
    vault.add_records(&hana, &more, false, NOW).unwrap();
    assert_eq!(changed(&mut vault, &mut objects), 1, "one more is full");
    vault.book_mut(&book).unwrap().place(&first, end);
    assert_eq!(changed(&mut vault, &mut objects), 2, "and one was healed");
    vault.close().unwrap();

    let (_, mut vault) = again(&store);
    assert_eq!(vault.books[&book].locations[&head.feed].get(5), Some(end));
    assert_eq!(changed(&mut vault, &mut objects), 0);
}

#[test]
fn pages_that_the_index_lost_are_made_anew_and_nothing_reads_wrong() {
    let store = filled(2024..2026, PAGE + 100);
    let whole = served(&again(&store).1);
    assert!(whole.len() > 2 * PAGE);

    let (store, mut vault) = again(&store);
    assert_eq!(
        store.lose_objects(|name| is_page(name) && name.ends_with('1')),
        1
    );
    let (book, head) = longest(&vault);
    let again_sent: Vec<Envelope> = whole.iter().step_by(97).cloned().collect();
    let received = vault.receive(&book, again_sent.clone()).unwrap();
    assert_eq!(
        (received.accepted, received.healed, received.refused),
        (0, 0, 0)
    );
    assert_eq!(received.heads.len(), again_sent.len());
    assert_eq!(served(&vault), whole);
    assert!(!vault.has_lost_pages());
    vault.checkpoint(true).unwrap();

    let (store, vault) = again(&store);
    assert_eq!(served(&vault), whole);
    assert_eq!(store.lose_objects(is_page), 2, "all are there again");
    assert_eq!(vault.feeds(&book).unwrap().head(&head.feed), Some(head));
}

#[test]
fn a_page_that_not_even_the_log_has_is_never_guessed_and_the_next_opening_names_what_is_missing() {
    let store = filled(2024..2026, PAGE + 100);
    let whole = served(&again(&store).1);
    let (store, mut vault) = again(&store);
    let (book, head) = longest(&vault);
    let gone = 700u64;
    let at = vault.books[&book].locations[&head.feed].get(gone).unwrap();
    assert_eq!(served(&vault), whole);
    drop(vault);

    store.lose_frame(at);
    store.lose_objects(is_page);
    let (store, mut opened) = again(&store);
    vault = opened;
    let feeds = vault.feeds(&book).unwrap();
    let at = |sequence| feeds.hash_at(&head.feed, sequence);
    assert_eq!((at(gone), at(0)), (None, None));
    assert_eq!(feeds.head(&head.feed), Some(head));
    let sent = vault.receive(&book, whole[600..800].to_vec()).unwrap();
    assert_eq!(
        (sent.accepted, sent.refused),
        (0, 200),
        "nothing is decided"
    );
    assert!(sent.findings.is_empty());
    assert_eq!(vault.feeds(&book).unwrap().length(&head.feed), head.seq + 1);
    assert!(vault.has_lost_pages());
    vault.close().unwrap();

    let (_, reopened) = again(&store);
    opened = reopened;
    let feeds = opened.feeds(&book).unwrap();
    assert_eq!(feeds.length(&head.feed), gone);
    assert_eq!(feeds.missing().collect::<Vec<_>>(), [head]);
    let rest = whole[usize::try_from(gone).unwrap()..].to_vec();
    let received = opened.receive(&book, rest).unwrap();
    assert_eq!(received.refused, 0);
    assert_eq!(served(&opened), whole);
}
