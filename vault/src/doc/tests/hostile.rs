use std::{cell::Cell, io::Write, sync::Once};

use automerge::{
    ActorId, AutoCommit, Change, ObjType, ROOT, ReadDoc, ScalarValue,
    transaction::{CommitOptions, Transactable},
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::doc::{
    change::{Action, ChangeHash, MAX_CHANGE, OpName, PlainChange, PlainOp},
    engine,
    id::Actor,
};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` without a word on standard error about the panics that it provokes in Automerge.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                usual(panic);
            }
        }));
    });
    QUIET.set(true);
    let result = work();
    QUIET.set(false);
    result
}

fn actor(author: u8) -> Actor {
    Actor::of(feed(author), year())
}

/// A document with record 1, whose changes are by feed 1, and its first change.
fn document() -> (Document, Vec<u8>) {
    let mut document = Document::new(year());
    let first = edit(&mut document, 1, &[create(1, &[("a", "1"), ("b", "2")])]);
    (document, first)
}

/// The map of record 1 in [`document`].
fn map() -> OpName {
    OpName {
        counter: 1,
        actor: actor(1),
    }
}

fn put_op(object: Option<OpName>, key: &str, pred: &[OpName]) -> PlainOp {
    let action = Action::Put("x".into());
    PlainOp {
        object,
        key: key.into(),
        action,
        pred: pred.to_vec(),
    }
}

fn make_op(key: &str) -> PlainOp {
    PlainOp {
        object: None,
        key: key.into(),
        action: Action::MakeMap,
        pred: vec![],
    }
}

/// What feed 2 would write next into [`document`], altered by `alter`.
fn forged(document: &Document, alter: impl FnOnce(&mut PlainChange)) -> Vec<u8> {
    let mut change = PlainChange {
        actor: actor(2),
        seq: 1,
        start_op: 4,
        deps: document.heads(),
        ops: vec![put_op(Some(map()), "c", &[])],
    };
    alter(&mut change);
    engine::encode(&change).unwrap().raw_bytes().to_vec()
}

fn judged(alter: impl FnOnce(&mut PlainChange)) -> Result<(), Refusal> {
    let (mut document, _) = document();
    let bytes = forged(&document, alter);
    let before = records(&document);
    let result = apply(&mut document, 2, &bytes);
    if result.is_err() {
        assert_eq!(records(&document), before);
    }
    assert_sound(&mut document);
    result
}

fn with_checksum(mut chunk: Vec<u8>) -> Vec<u8> {
    let hash = Sha256::digest(&chunk[8..]);
    chunk[4..8].copy_from_slice(&hash[..4]);
    chunk
}

#[test]
fn the_forged_change_is_fine_unaltered() {
    assert_eq!(judged(|_| {}), Ok(()));
}

#[test]
fn operations_must_be_counted_on_from_the_past() {
    for start in [1, 3, 5, u64::from(u32::MAX) - 1] {
        let expected = Err(Refusal::StartOp {
            expected: 4,
            got: start,
        });
        assert_eq!(judged(|c| c.start_op = start), expected);
    }
    assert_eq!(
        judged(|c| c.start_op = u64::from(u32::MAX) + 1),
        Err(Refusal::Count)
    );
    let none = |c: &mut PlainChange| c.ops.clear();
    assert_eq!(judged(none), Err(Refusal::Form));
}

#[test]
fn a_greatest_start_op_would_have_ended_all_edits_and_is_refused() {
    let got = u64::from(u32::MAX);
    assert_eq!(
        judged(|c| c.start_op = got),
        Err(Refusal::StartOp { expected: 4, got })
    );
}

#[test]
fn a_change_counts_only_in_the_name_of_its_feed_and_document() {
    assert_eq!(judged(|c| c.actor = actor(1)), Err(Refusal::Actor));
    assert_eq!(judged(|c| c.actor = actor(3)), Err(Refusal::Actor));
    let elsewhere = Actor::of(feed(2), DocId::Undated);
    assert_eq!(judged(|c| c.actor = elsewhere), Err(Refusal::Actor));
}

#[test]
fn a_sequence_number_comes_once_and_in_turn() {
    for got in [0, 2, u64::from(u32::MAX)] {
        assert_eq!(
            judged(|c| c.seq = got),
            Err(Refusal::Sequence { expected: 1, got })
        );
    }
    let (mut document, _) = document();
    let one = forged(&document, |_| {});
    let other = forged(&document, |c| c.ops = vec![put_op(Some(map()), "d", &[])]);
    apply(&mut document, 2, &one).unwrap();
    apply(&mut document, 2, &one).unwrap();
    let twice = Err(Refusal::Sequence {
        expected: 2,
        got: 1,
    });
    assert_eq!(apply(&mut document, 2, &other), twice);
    assert_sound(&mut document);
}

#[test]
fn a_feed_that_forgets_its_own_past_would_reuse_names_and_is_refused() {
    let (mut document, _) = document();
    let heads = document.heads();
    let one = forged(&document, |_| {});
    apply(&mut document, 2, &one).unwrap();
    let forgetful = forged(&document, |c| {
        c.seq = 2;
        c.deps = heads;
        c.ops = vec![put_op(Some(map()), "d", &[])];
    });
    let refused = Err(Refusal::Sequence {
        expected: 2,
        got: 2,
    });
    assert_eq!(apply(&mut document, 2, &forgetful), refused);
    assert_sound(&mut document);
}

#[test]
fn deps_must_be_here_and_in_order() {
    let unknown = ChangeHash::from_bytes([9; 32]);
    assert_eq!(
        judged(|c| c.deps = vec![unknown]),
        Err(Refusal::MissingDeps { count: 1 })
    );
    assert_eq!(judged(|c| c.deps.push(c.deps[0])), Err(Refusal::Deps));
    let rootless = judged(|c| {
        c.deps.clear();
        c.start_op = 1;
    });
    assert_eq!(rootless, Err(Refusal::Object { index: 0 }));
}

#[test]
fn a_map_must_be_known_from_the_past() {
    let unknown = OpName {
        counter: 99,
        actor: actor(1),
    };
    let field = OpName {
        counter: 2,
        actor: actor(1),
    };
    let own_later = OpName {
        counter: 5,
        actor: actor(2),
    };
    for object in [Some(unknown), Some(field), Some(own_later), None] {
        let refused = judged(|c| c.ops = vec![put_op(object, "c", &[])]);
        assert_eq!(refused, Err(Refusal::Object { index: 0 }), "{object:?}");
    }
    let made = judged(|c| {
        let own = OpName {
            counter: 4,
            actor: actor(2),
        };
        c.ops = vec![make_op(&"a".repeat(32)), put_op(Some(own), "c", &[])];
    });
    assert_eq!(made, Ok(()));
}

#[test]
fn a_record_cannot_be_made_over_one_that_is_there() {
    let key = |c: &mut PlainChange| c.ops = vec![make_op(&format!("{:032x}", 1))];
    assert_eq!(judged(key), Err(Refusal::Exists { index: 0 }));
    for key in ["", "a", &"A".repeat(32), &"g".repeat(32), &"a".repeat(33)] {
        let refused = judged(|c| c.ops = vec![make_op(key)]);
        assert_eq!(refused, Err(Refusal::Key { index: 0 }), "{key}");
    }
    let nested = judged(|c| {
        c.ops = vec![PlainOp {
            object: Some(map()),
            ..make_op(&"a".repeat(32))
        }];
    });
    assert_eq!(nested, Err(Refusal::Object { index: 0 }));
    let replacing = judged(|c| {
        c.ops = vec![PlainOp {
            pred: vec![map()],
            ..make_op(&"a".repeat(32))
        }];
    });
    assert_eq!(replacing, Err(Refusal::Pred { index: 0 }));
}

#[test]
fn a_put_replaces_only_what_it_knows_of_its_own_key() {
    let name = |counter| OpName {
        counter,
        actor: actor(1),
    };
    let replacing =
        |key: &str, pred: &[OpName]| judged(|c| c.ops = vec![put_op(Some(map()), key, pred)]);
    assert_eq!(replacing("a", &[name(2)]), Ok(()));
    assert_eq!(replacing("a", &[]), Ok(()));
    for (key, pred) in [
        ("b", vec![name(2)]),
        ("c", vec![name(2)]),
        ("a", vec![name(1)]),
        ("a", vec![name(77)]),
        ("a", vec![name(2), name(2)]),
        (
            "a",
            vec![OpName {
                counter: 2,
                actor: actor(9),
            }],
        ),
    ] {
        assert_eq!(
            replacing(key, &pred),
            Err(Refusal::Pred { index: 0 }),
            "{key} {pred:?}"
        );
    }
    let twice = judged(|c| {
        let own = OpName {
            counter: 4,
            actor: actor(2),
        };
        c.ops = vec![
            put_op(Some(map()), "c", &[]),
            put_op(Some(map()), "c", &[own]),
        ];
    });
    assert_eq!(twice, Err(Refusal::Repeated { index: 1 }));
    for key in ["", "A", "a.b", "日"] {
        let refused = judged(|c| c.ops = vec![put_op(Some(map()), key, &[])]);
        assert_eq!(refused, Err(Refusal::Key { index: 0 }), "{key}");
    }
}

#[test]
fn what_arrived_but_is_not_in_the_past_cannot_be_used() {
    let (mut document, _) = document();
    let heads = document.heads();
    edit(&mut document, 1, &[create(2, &[]), put(1, "a", "new")]);
    let made = OpName {
        counter: 4,
        actor: actor(1),
    };
    let unknown_map = forged(&document, |c| {
        c.deps = heads.clone();
        c.ops = vec![put_op(Some(made), "c", &[])];
    });
    assert_eq!(
        apply(&mut document, 2, &unknown_map),
        Err(Refusal::Object { index: 0 })
    );
    let replaced = OpName {
        counter: 5,
        actor: actor(1),
    };
    let unknown_put = forged(&document, |c| {
        c.deps = heads;
        c.ops = vec![put_op(Some(map()), "a", &[replaced])];
    });
    assert_eq!(
        apply(&mut document, 2, &unknown_put),
        Err(Refusal::Pred { index: 0 })
    );
    assert_sound(&mut document);
}

/// Lets Automerge itself write the next change of feed 2, with whatever `write` does.
fn automerge_writes(
    first: &[u8],
    write: impl FnOnce(&mut AutoCommit),
    options: CommitOptions,
) -> Change {
    let mut doc = AutoCommit::new();
    doc.apply_changes([Change::from_bytes(first.to_vec()).unwrap()])
        .unwrap();
    doc.set_actor(ActorId::from(actor(2).to_bytes()));
    write(&mut doc);
    let hash = doc.commit_with(options).unwrap();
    doc.get_change_by_hash(&hash).unwrap()
}

fn record_of(doc: &AutoCommit) -> automerge::ObjId {
    doc.get(ROOT, format!("{:032x}", 1)).unwrap().unwrap().1
}

#[test]
fn what_automerge_writes_itself_is_the_one_encoding() {
    let (mut document, first) = document();
    let change = automerge_writes(
        &first,
        |doc| {
            let record = record_of(doc);
            doc.put(&record, "a", "書いた").unwrap();
            doc.put(&record, "n", -5_000_000_000_i64).unwrap();
            doc.put(&record, "t", true).unwrap();
            doc.put(&record, "f", false).unwrap();
            doc.put(&record, "b", ()).unwrap();
            let made = doc.put_object(ROOT, "b".repeat(32), ObjType::Map).unwrap();
            doc.put(&made, "a", "").unwrap();
        },
        CommitOptions::default().with_time(0),
    );
    assert_eq!(apply(&mut document, 2, change.raw_bytes()), Ok(()));
    assert_eq!(document.heads(), [engine::hash(&change)]);
    assert_sound(&mut document);
}

#[test]
fn anything_but_making_records_and_putting_plain_values_is_refused() {
    type Write = fn(&mut AutoCommit);
    let writes: [(&str, Write); 12] = [
        ("delete", |d| d.delete(record_of(d), "a").unwrap()),
        ("delete a record", |d| {
            d.delete(ROOT, format!("{:032x}", 1)).unwrap();
        }),
        ("list", |d| {
            drop(d.put_object(ROOT, "b".repeat(32), ObjType::List).unwrap());
        }),
        ("text", |d| {
            drop(d.put_object(record_of(d), "c", ObjType::Text).unwrap());
        }),
        ("counter", |d| {
            d.put(record_of(d), "c", ScalarValue::counter(1)).unwrap();
        }),
        ("bytes", |d| d.put(record_of(d), "c", vec![1_u8]).unwrap()),
        ("float", |d| d.put(record_of(d), "c", 1.5_f64).unwrap()),
        ("unsigned", |d| d.put(record_of(d), "c", 1_u64).unwrap()),
        ("time", |d| {
            d.put(record_of(d), "c", ScalarValue::Timestamp(1)).unwrap();
        }),
        ("nested", |d| {
            drop(d.put_object(record_of(d), "c", ObjType::Map).unwrap());
        }),
        ("over a record", |d| {
            d.put(ROOT, format!("{:032x}", 1), "gone").unwrap();
        }),
        ("list item", |d| {
            let list = d.put_object(ROOT, "b".repeat(32), ObjType::List).unwrap();
            d.insert(list, 0, "x").unwrap();
        }),
    ];
    for (what, write) in writes {
        let (mut document, first) = document();
        let change = automerge_writes(&first, write, CommitOptions::default().with_time(0));
        assert!(
            apply(&mut document, 2, change.raw_bytes()).is_err(),
            "{what}"
        );
        assert_sound(&mut document);
    }
}

#[test]
fn a_message_or_a_time_is_refused() {
    let write = |doc: &mut AutoCommit| doc.put(record_of(doc), "c", "x").unwrap();
    let (mut document, first) = document();
    for options in [
        CommitOptions::default().with_time(1),
        CommitOptions::default().with_time(0).with_message("hidden"),
    ] {
        let change = automerge_writes(&first, write, options);
        assert_eq!(
            apply(&mut document, 2, change.raw_bytes()),
            Err(Refusal::Form)
        );
    }
    let change = automerge_writes(&first, write, CommitOptions::default().with_time(0));
    assert_eq!(apply(&mut document, 2, change.raw_bytes()), Ok(()));
}

#[test]
fn only_a_change_chunk_alone_and_uncompressed_is_read() {
    let (mut document, first) = document();
    let long = automerge_writes(
        &first,
        |doc| doc.put(record_of(doc), "c", "x".repeat(2_000)).unwrap(),
        CommitOptions::default().with_time(0),
    );
    let mut compressed = long.clone();
    let compressed = compressed.bytes().into_owned();
    assert_eq!(compressed[8], 2);
    assert_eq!(apply(&mut document, 2, &compressed), Err(Refusal::Form));
    let plain = long.raw_bytes().to_vec();
    let trailing = [&plain[..], &[0]].concat();
    assert_eq!(apply(&mut document, 2, &trailing), Err(Refusal::Form));
    assert_eq!(
        apply(&mut document, 2, &[&plain[..], &plain].concat()),
        Err(Refusal::Form)
    );
    let mut wrong_sum = plain.clone();
    wrong_sum[4] ^= 1;
    assert_eq!(apply(&mut document, 2, &wrong_sum), Err(Refusal::Form));
    let whole = document.save().unwrap().bytes;
    assert_eq!(apply(&mut document, 2, &whole), Err(Refusal::Form));
    for end in 0..plain.len() {
        assert_eq!(apply(&mut document, 2, &plain[..end]), Err(Refusal::Form));
    }
    assert_eq!(
        apply(&mut document, 2, &vec![0x85; MAX_CHANGE + 1]),
        Err(Refusal::Form)
    );
    assert_eq!(apply(&mut document, 2, &plain), Ok(()));
}

#[test]
fn a_compressed_bomb_is_never_inflated() {
    let (mut document, _) = document();
    // Stored deflate blocks of zeros: what counts is that type 2 is not looked into.
    let mut body = Vec::new();
    for _ in 0..32 {
        body.write_all(&[0, 0xff, 0x03, 0x00, 0xfc]).unwrap();
        body.resize(body.len() + 0x3ff, 0);
    }
    let mut chunk = [&[0x85, 0x6f, 0x4a, 0x83][..], &[0; 4], &[2]].concat();
    chunk.extend(uleb(body.len()));
    chunk.extend(body);
    assert_eq!(
        apply(&mut document, 2, &with_checksum(chunk)),
        Err(Refusal::Form)
    );
}

#[test]
fn a_run_of_billions_of_operations_is_refused_at_once() {
    let (mut document, _) = document();
    let head = document.heads()[0];
    // A change of 2^62 puts of null: its action column says so in ten bytes.
    let run = [&[0x80; 8][..], &[0xc0, 0x00, 0x01]].concat();
    let metas = [&[0x80; 8][..], &[0xc0, 0x00, 0x00]].concat();
    let mut body = vec![1];
    body.extend(head.as_bytes());
    body.push(16);
    body.extend(actor(2).as_bytes());
    body.extend([1, 4, 0, 0, 0, 2, 0x42]);
    body.extend(uleb(run.len()));
    body.push(0x56);
    body.extend(uleb(metas.len()));
    body.extend(run);
    body.extend(metas);
    let mut chunk = [&[0x85, 0x6f, 0x4a, 0x83][..], &[0; 4], &[1]].concat();
    chunk.extend(uleb(body.len()));
    chunk.extend(body);
    assert_eq!(
        apply(&mut document, 2, &with_checksum(chunk)),
        Err(Refusal::Form)
    );
    assert_sound(&mut document);
}

fn uleb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[test]
fn a_change_on_which_automerge_panics_is_found_and_the_rest_goes_on() {
    let mut author = Document::new(year());
    let mut batch: Vec<(FeedId, Vec<u8>)> = (0..9)
        .map(|n| (feed(1), edit(&mut author, 1, &[create(n, &[("n", "x")])])))
        .collect();
    let mut other = Document::new(year());
    let culprit = edit(&mut other, 2, &[create(100, &[])]);
    let after = edit(&mut other, 2, &[create(101, &[])]);
    batch.insert(4, (feed(2), culprit.clone()));
    batch.push((feed(2), after));

    let (_, change) = engine::read(&culprit).unwrap();
    for saved_before in [false, true] {
        let mut document = Document::new(year());
        document.poison = Some(engine::hash(&change));
        let known = edit(&mut document, 3, &[create(50, &[])]);
        if saved_before {
            document.save().unwrap();
        }
        let results = document.apply(batch.clone());
        let refused: Vec<_> = (0..).zip(&results).filter(|(_, r)| r.is_err()).collect();
        let [(4, Err(poison)), (10, Err(follower))] = refused.as_slice() else {
            panic!("{refused:?}")
        };
        assert_eq!((poison.feed, poison.reason), (feed(2), Refusal::Poison));
        assert_eq!(follower.reason, Refusal::MissingDeps { count: 1 });
        assert_eq!(records(&document).len(), 10);
        assert_eq!(apply(&mut document, 3, &known), Ok(()));
        assert_sound(&mut document);
    }
}

#[test]
fn an_edit_on_which_automerge_panics_leaves_the_document_as_it_was() {
    for saved_before in [false, true] {
        let (mut document, first) = document();
        if saved_before {
            document.save().unwrap();
        }
        // Setting what is set takes the same way as changes of others.
        let same = [put(1, "a", "1")];
        let mut twin = Document::new(year());
        apply(&mut twin, 1, &first).unwrap();
        let (_, change) = engine::read(&edit(&mut twin, 1, &same)).unwrap();
        document.poison = Some(engine::hash(&change));
        let before = (records(&document), document.heads());
        assert_eq!(document.edit(feed(1), &same), Err(DocError::Broken));
        assert_eq!((records(&document), document.heads()), before);
        document.poison = None;
        edit(&mut document, 1, &same);
        assert_sound(&mut document);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Automerge's own parser panics on about one in ten of these.
    #[test]
    fn flipped_bytes_never_panic_and_never_leave_a_document_that_cannot_be_saved(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 1..4),
    ) {
        let (mut document, _) = document();
        let mut bytes = forged(&document, |c| {
            let own = OpName { counter: 5, actor: actor(2) };
            let replaced = OpName { counter: 2, actor: actor(1) };
            c.ops = vec![
                put_op(Some(map()), "a", &[replaced]),
                make_op(&"b".repeat(32)),
                put_op(Some(own), "c", &[]),
                put_op(Some(own), "d", &[]),
            ];
        });
        for (at, flip) in &flips {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        let result = apply(&mut document, 2, &with_checksum(bytes));
        prop_assert_ne!(result, Err(Refusal::Poison));
        prop_assert!(records(&document).len() <= 2);
        if result.is_ok() {
            assert_sound(&mut document);
        }
    }

    #[test]
    fn any_bytes_behind_a_good_header_are_refused_or_plain(
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut chunk = [&[0x85, 0x6f, 0x4a, 0x83][..], &[0; 4], &[1]].concat();
        chunk.extend(uleb(body.len()));
        chunk.extend(body);
        let (mut document, _) = document();
        prop_assert!(apply(&mut document, 2, &with_checksum(chunk)).is_err());
    }
}
