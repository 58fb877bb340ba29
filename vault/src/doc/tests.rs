use techo_health::{Fields, Value};
use techo_wire::FeedId;
use uuid::Uuid;

use crate::doc::{DocError, DocId, Document, Edit, Quarantine, RecordState, Refusal, Snapshot};

mod derived;
mod hostile;
mod merging;

fn feed(number: u8) -> FeedId {
    FeedId::from_bytes([number; 32])
}

fn year() -> DocId {
    DocId::of_year(Some(2026))
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn create(number: u128, pairs: &[(&str, &str)]) -> Edit {
    let field = |(key, text): &(&str, &str)| ((*key).to_owned(), Value::from(*text));
    Edit::Create {
        uuid: uuid(number),
        fields: pairs.iter().map(field).collect(),
    }
}

fn put(number: u128, field: &str, value: impl Into<Value>) -> Edit {
    Edit::Put {
        record: Some(uuid(number)),
        field: field.to_owned(),
        value: value.into(),
    }
}

fn edit(document: &mut Document, author: u8, edits: &[Edit]) -> Vec<u8> {
    document.edit(feed(author), edits).unwrap()
}

fn apply(document: &mut Document, author: u8, change: &[u8]) -> Result<(), Refusal> {
    let results = document.apply(vec![(feed(author), change.to_vec())]);
    let [result] = results.try_into().unwrap();
    result.map_err(|quarantine: Quarantine| {
        assert_eq!(quarantine.feed, feed(author));
        quarantine.reason
    })
}

fn records(document: &Document) -> Vec<RecordState> {
    document.records().collect()
}

fn values(document: &Document, number: u128, field: &str) -> Vec<Value> {
    let record = document.record(Some(uuid(number))).unwrap();
    record.fields.get(field).cloned().unwrap_or_default()
}

/// A document that can be saved, loaded and goes on.
fn assert_sound(document: &mut Document) {
    let heads = document.heads();
    let before = records(document);
    let snapshot = document.save().unwrap();
    assert_eq!(snapshot.heads, heads);
    let mut loaded = Document::load(document.id(), snapshot).unwrap();
    assert_eq!(loaded.heads(), heads);
    assert_eq!(records(&loaded), before);
    let change = edit(
        &mut loaded,
        200,
        &[create(u128::MAX, &[("note", "still works")])],
    );
    let mut copy = Document::load(document.id(), document.save().unwrap()).unwrap();
    apply(&mut copy, 200, &change).unwrap();
    assert_eq!(records(&copy), records(&loaded));
}

#[test]
fn a_record_is_made_changed_and_emptied() {
    let mut document = Document::new(year());
    edit(
        &mut document,
        1,
        &[create(7, &[("kind", "note"), ("text", "a")])],
    );
    edit(
        &mut document,
        1,
        &[put(7, "text", "b"), put(7, "v", 1), put(7, "done", true)],
    );
    let [record] = records(&document).try_into().unwrap();
    assert_eq!(record.uuid, Some(uuid(7)));
    assert!(!record.has_conflict());
    let expected = Fields::from([
        ("done".into(), true.into()),
        ("kind".into(), "note".into()),
        ("text".into(), "b".into()),
        ("v".into(), 1.into()),
    ]);
    assert_eq!(record.settled(), expected);
    edit(&mut document, 1, &[put(7, "done", Value::Null)]);
    assert_eq!(values(&document, 7, "done"), []);
    assert_eq!(
        document.record(Some(uuid(7))).as_ref(),
        records(&document).first()
    );
    assert_eq!(document.record(Some(uuid(8))), None);
    assert_sound(&mut document);
}

#[test]
fn the_profile_is_one_record() {
    let mut document = Document::new(DocId::Profile);
    let name = |text: &str| Edit::Put {
        record: None,
        field: "name".into(),
        value: text.into(),
    };
    let first = edit(&mut document, 1, &[name("花子")]);
    edit(&mut document, 1, &[name("華子")]);
    let [profile] = records(&document).try_into().unwrap();
    assert_eq!(profile.uuid, None);
    assert_eq!(
        profile.settled(),
        Fields::from([("name".into(), "華子".into())])
    );
    assert_eq!(document.record(None), Some(profile));
    let record = document.edit(feed(1), &[create(7, &[])]);
    assert_eq!(record, Err(DocError::Edit(Refusal::Object { index: 0 })));
    let mut year = Document::new(year());
    assert_eq!(apply(&mut year, 1, &first), Err(Refusal::Actor));
    assert_eq!(
        year.edit(feed(1), &[name("x")]),
        Err(DocError::NoSuchRecord)
    );
}

#[test]
fn an_edit_that_others_would_refuse_is_not_made() {
    let mut document = Document::new(year());
    let too_long = [create(1, &[("text", &"x".repeat(16_385))])];
    assert_eq!(
        document.edit(feed(1), &too_long),
        Err(DocError::Edit(Refusal::Form))
    );
    let many: Vec<Edit> = (0..513).map(|n| create(n, &[])).collect();
    assert_eq!(
        document.edit(feed(1), &many),
        Err(DocError::Edit(Refusal::Form))
    );
    let key = [create(1, &[("Text", "x")])];
    assert_eq!(
        document.edit(feed(1), &key),
        Err(DocError::Edit(Refusal::Key { index: 1 }))
    );
    let twice = [create(1, &[]), create(1, &[])];
    assert_eq!(
        document.edit(feed(1), &twice),
        Err(DocError::Edit(Refusal::Repeated { index: 1 }))
    );
    assert!(document.edit(feed(1), &[]).is_err());
    assert_eq!(
        document.edit(feed(1), &[put(1, "text", "x")]),
        Err(DocError::NoSuchRecord)
    );
    assert_eq!(document.heads(), []);
    edit(&mut document, 1, &[create(1, &[])]);
    let again = document.edit(feed(1), &[create(1, &[])]);
    assert_eq!(again, Err(DocError::Edit(Refusal::Exists { index: 0 })));
    let text = "x".repeat(16_384);
    edit(&mut document, 1, &[put(1, "text", text.as_str())]);
    edit(
        &mut document,
        1,
        &(2..514).map(|n| create(n, &[])).collect::<Vec<_>>(),
    );
    assert_sound(&mut document);
}

#[test]
fn setting_what_is_set_is_a_change_like_any_other() {
    let (mut a, mut b) = (Document::new(year()), Document::new(year()));
    let made = edit(&mut a, 1, &[create(1, &[("a", "1")])]);
    let same = edit(&mut a, 1, &[put(1, "a", "1"), put(1, "b", "2")]);
    let next = edit(&mut a, 1, &[put(1, "a", "2")]);
    for change in [made, same, next] {
        apply(&mut b, 1, &change).unwrap();
    }
    assert_eq!(a.heads(), b.heads());
    assert_eq!(records(&a), records(&b));
    assert_sound(&mut a);
    assert_sound(&mut b);
}

#[test]
fn a_loaded_document_goes_on_where_it_was() {
    let mut document = Document::new(year());
    let first = edit(&mut document, 1, &[create(1, &[("a", "1")])]);
    let mut loaded = Document::load(year(), document.save().unwrap()).unwrap();
    let second = edit(&mut loaded, 1, &[put(1, "a", "2")]);
    apply(&mut document, 1, &second).unwrap();
    assert_eq!(records(&document), records(&loaded));
    assert_eq!(apply(&mut loaded, 1, &first), Ok(()));
    assert_eq!(document.save().unwrap().heads, loaded.save().unwrap().heads);
    let empty = Document::new(year()).save().unwrap();
    assert_eq!(Document::load(year(), empty).unwrap().heads(), []);
}

#[test]
fn a_snapshot_with_other_heads_or_bytes_is_damaged() {
    let mut document = Document::new(year());
    edit(&mut document, 1, &[create(1, &[("a", "1")])]);
    let old = document.save().unwrap();
    edit(&mut document, 1, &[put(1, "a", "2")]);
    let new = document.save().unwrap();
    let load = |bytes: &[u8], heads: &[_]| {
        let snapshot = Snapshot {
            bytes: bytes.to_vec(),
            heads: heads.to_vec(),
        };
        Document::load(year(), snapshot).map(|_| ())
    };
    assert_eq!(load(&new.bytes, &new.heads), Ok(()));
    assert_eq!(load(&old.bytes, &new.heads), Err(DocError::Damaged));
    assert_eq!(load(&[], &new.heads), Err(DocError::Damaged));
    hostile::quietly(|| {
        for at in 0..new.bytes.len() {
            let mut flipped = new.bytes.clone();
            flipped[at] ^= 0x10;
            assert_eq!(
                load(&flipped, &new.heads),
                Err(DocError::Damaged),
                "byte {at}"
            );
        }
    });
}

#[test]
fn debug_output_holds_no_values() {
    let mut document = Document::new(year());
    edit(&mut document, 1, &[create(1, &[("text", "secret")])]);
    let snapshot = document.save().unwrap();
    assert!(!format!("{snapshot:?} {:?}", records(&document)).contains("secret"));
}
