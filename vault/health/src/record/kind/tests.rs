use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::record::{
    CodeSystem, Record, Sensitivity, Shape, Tabled, amend, check_days, shape::Choice,
};
use crate::value::Value;

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(key, text)| ((*key).to_owned(), Value::from(*text)))
        .collect()
}

/// What somebody might write into a field.
fn example(shape: Shape) -> Value {
    let text = match shape {
        Shape::Text | Shape::Prose => "言葉",
        Shape::Day(_) | Shape::When(_) => "令和8年4月3日",
        Shape::Time => "9:05",
        Shape::Number(low, _) => return low.into(),
        Shape::Gestation(low, _) => return Value::Int(low.max(150)),
        Shape::Flag => return true.into(),
        Shape::Decimal => "3.20",
        Shape::Amount(_, low, _) => &(low / 1_000 + 1).to_string(),
        Shape::Measure("weight", "g") => "3.2kg",
        Shape::Measure("weight", _) => "52.4",
        Shape::Measure(..) => "75",
        Shape::OneOf(choices) | Shape::Words(choices) => choices[0].japanese,
        Shape::Sha256 => &"a1".repeat(32),
        Shape::Code(low, _) => &"1".repeat(low),
    };
    text.into()
}

fn full(kind: Kind) -> Fields {
    let mut all: Fields = kind
        .fields()
        .map(|field| (field.key.to_owned(), example(field.shape)))
        .collect();
    all.insert("kind".to_owned(), kind.as_str().into());
    if kind == Kind::Measurement {
        all.extend(fields(&[("quantity", "体重"), ("unit", "kg")]));
    }
    all
}

#[test]
fn every_field_of_every_kind_is_written_and_read_back() {
    for kind in Kind::ALL {
        let record = Record::from_fields(&full(kind)).unwrap();
        let written = record.to_fields(false).unwrap();
        for field in kind.fields() {
            assert!(written.contains_key(field.key), "{kind} {}", field.key);
        }
        let again = Record::from_fields(&written).unwrap();
        assert_eq!(again.kind(), Some(kind));
        assert_eq!(again.to_fields(false).unwrap(), written, "{kind}");
        assert_eq!(again.sensitivity(), Sensitivity::Normal);
    }
}

#[test]
fn every_kind_keeps_unknown_fields_and_leaves_newer_ones_alone() {
    for kind in Kind::ALL {
        let record = Record::from_fields(&full(kind)).unwrap();
        let mut written = record.to_fields(false).unwrap();
        written.insert("from_the_future".into(), "x".into());
        let again = Record::from_fields(&written).unwrap();
        assert_eq!(again.to_fields(false).unwrap(), written, "{kind}");
        written.insert("v".into(), 2.into());
        let newer = Record::from_fields(&written).unwrap();
        assert!(matches!(newer, Record::Opaque(_)), "{kind}");
        assert_eq!(newer.to_fields(true), Err(RecordError::NotWritable));
        let change = fields(&[("note", "x")]);
        assert_eq!(
            amend(&written, &change, true),
            Err(RecordError::NotWritable)
        );
    }
}

#[test]
fn issued_records_of_every_kind_are_text_throughout() {
    for kind in Kind::ALL {
        let written = Record::from_fields(&full(kind))
            .unwrap()
            .to_fields(false)
            .unwrap();
        let issued = written.iter().map(|(key, value)| {
            let text = match value {
                Value::Int(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                Value::Text(text) => text.clone(),
                Value::Null => unreachable!(),
            };
            (key.clone(), text.into())
        });
        let read = Record::from_fields(&issued.collect()).unwrap();
        assert_eq!(read.to_fields(false).unwrap(), written, "{kind}");
    }
}

#[test]
fn no_field_of_any_kind_takes_a_my_number() {
    for kind in Kind::ALL {
        for field in kind.fields() {
            for number in ["123456789018", "1234-5678-9018", "１２３４５６７８９０１８"]
            {
                let mut tainted = full(kind);
                tainted.insert(field.key.to_owned(), number.into());
                let written = Record::from_fields(&tainted).and_then(|r| r.to_fields(true));
                assert!(written.is_err(), "{kind} {} took {number}", field.key);
            }
        }
        let mut tainted = full(kind);
        tainted.insert("findings/123456789018".into(), "x".into());
        let written = Record::from_fields(&tainted).and_then(|r| r.to_fields(true));
        assert!(written.is_err(), "{kind}: as a key");
        let mut tainted = full(kind);
        tainted.insert("unknown".into(), Value::Int(123_456_789_018));
        let written = Record::from_fields(&tainted).and_then(|r| r.to_fields(true));
        assert!(written.is_err(), "{kind}: as a number");
    }
}

#[test]
fn a_hash_is_no_my_number() {
    let hash = format!("a123456789018b{}", "c".repeat(50));
    let document = fields(&[("title", "紹介状"), ("sha256", &hash)]);
    let document = Tabled::new(Kind::Document, document).unwrap().unwrap();
    assert!(Record::Tabled(document).to_fields(false).is_ok());
}

#[test]
fn a_key_is_called_the_same_wherever_it_stands_and_kinds_are_named_once() {
    let mut called: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for field in Kind::ALL.into_iter().flat_map(Kind::fields) {
        let names = (field.japanese, field.english);
        assert_eq!(
            *called.entry(field.key).or_insert(names),
            names,
            "{}",
            field.key
        );
        assert!(crate::value::is_field_key(field.key), "{}", field.key);
    }
    for name in [Kind::as_str, Kind::japanese, Kind::english] {
        let names: BTreeSet<&str> = Kind::ALL.into_iter().map(name).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }
    for kind in Kind::ALL {
        let keys: BTreeSet<&str> = kind.fields().map(|field| field.key).collect();
        assert_eq!(keys.len(), kind.fields().count(), "{kind}");
        let known = |key: &&str| keys.contains(*key);
        assert!(kind.needs().iter().copied().flatten().all(known), "{kind}");
    }
}

#[test]
fn a_choice_is_taken_by_code_and_by_either_name_and_is_unambiguous() {
    for field in Kind::ALL.into_iter().flat_map(Kind::fields) {
        for choice in field.choices() {
            let Choice {
                code,
                japanese,
                english,
            } = *choice;
            for text in [code, japanese, english] {
                assert_eq!(field.choice(text).map(|c| c.code), Some(code), "{text}");
            }
        }
    }
}

#[test]
fn only_the_words_of_a_closed_choice_are_taken() {
    let screening = fields(&[
        ("kind", "screening"),
        ("screening", "聴覚"),
        ("hearing_left", "maybe"),
    ]);
    let refused = Record::from_fields(&screening).unwrap().to_fields(true);
    let expected = RecordError::NotAChoice {
        field: "hearing_left",
        choices: vec!["pass", "refer"],
    };
    assert_eq!(refused, Err(expected));
    let mut claims = fields(&[("kind", "note"), ("text", "x"), ("provenance", "official")]);
    assert!(
        Record::from_fields(&claims)
            .unwrap()
            .to_fields(true)
            .is_err()
    );
    claims.insert("provenance".into(), "医療機関".into());
    let written = Record::from_fields(&claims)
        .unwrap()
        .to_fields(false)
        .unwrap();
    assert_eq!(written["provenance"], "clinic".into());
}

#[test]
fn a_birth_weight_in_kilograms_becomes_grams_and_a_slip_is_recognised() {
    let birth = |weight: &str| {
        let birth = fields(&[
            ("kind", "birth"),
            ("date", "2026-04-03"),
            ("weight_g", weight),
        ]);
        Record::from_fields(&birth).unwrap().to_fields(false)
    };
    for text in ["3.215kg", "3.215 kg", "3215", "3,215 g", "３２１５"] {
        assert_eq!(birth(text).unwrap()["weight_g"], "3215".into(), "{text}");
    }
    let slip = birth("3.2").unwrap_err();
    let expected = RecordError::Implausible {
        quantity: "weight_g",
        unit: "g",
        plausible_unit: Some("kg"),
    };
    assert_eq!(slip, expected);
    assert!(matches!(birth("3 cm"), Err(RecordError::Unit { .. })));
}

#[test]
fn weeks_of_pregnancy_are_read_however_they_are_written() {
    let days = |text: &str| {
        let visit = fields(&[
            ("kind", "prenatal"),
            ("date", "2026-04-03"),
            ("gestation_days", text),
        ]);
        let written = Record::from_fields(&visit)?.to_fields(false)?;
        Ok::<Value, RecordError>(written["gestation_days"].clone())
    };
    for text in ["24w3d", "24週3日", "24-3", "２４週３日", "171"] {
        assert_eq!(days(text), Ok(Value::Int(171)), "{text}");
    }
    assert_eq!(days("24w"), Ok(Value::Int(168)));
    assert!(days("24w9d").is_err() && days("many").is_err());
    assert!(days("60w0d").unwrap_err().can_be_confirmed());
}

#[test]
fn what_is_needed_is_named() {
    let missing = |kind: &str| {
        let record = Record::from_fields(&fields(&[("kind", kind)])).unwrap();
        record.to_fields(true).unwrap_err()
    };
    let expected = [
        ("pregnancy", "expected"),
        ("appointment", "purpose"),
        ("lab", "test"),
        ("document", "title"),
        ("consent", "shared"),
    ];
    for (kind, field) in expected {
        assert_eq!(missing(kind), RecordError::Missing { field });
    }
    let lost = fields(&[
        ("kind", "pregnancy"),
        ("ended", "2026-04-03"),
        ("outcome", "流産"),
    ]);
    let written = Record::from_fields(&lost)
        .unwrap()
        .to_fields(false)
        .unwrap();
    assert_eq!(written["outcome"], "miscarriage".into());
}

#[test]
fn nothing_done_lies_in_the_future_or_before_birth() {
    let (birth, today) = ("2024-05-06".parse().unwrap(), "2026-04-03".parse().unwrap());
    let problem = |kind: Kind, key: &str, date: &str| {
        check_days(kind, &fields(&[(key, date)]), Some(birth), today).err()
    };
    let in_future = RecordError::InFuture { field: "date" };
    let before_birth = RecordError::BeforeBirth { field: "date" };
    assert!(in_future.can_be_confirmed() && before_birth.can_be_confirmed());
    let (future, before) = (Some(in_future), Some(before_birth));
    assert_eq!(problem(Kind::Vaccination, "date", "2026-04-04"), future);
    assert_eq!(problem(Kind::Vaccination, "date", "2026-05"), future);
    assert_eq!(problem(Kind::Vaccination, "date", "2026-04-03"), None);
    assert_eq!(problem(Kind::Vaccination, "date", "2026-04"), None);
    assert_eq!(problem(Kind::Vaccination, "date", "2024-05-06"), None);
    assert_eq!(problem(Kind::Vaccination, "date", "2024-05"), None);
    assert_eq!(problem(Kind::Vaccination, "date", "2024-05-05"), before);
    assert_eq!(problem(Kind::Vaccination, "date", "2023"), before);
    assert_eq!(problem(Kind::Vaccination, "date", "生まれる前"), None);
    assert_eq!(problem(Kind::Vaccination, "due_next", "2027-01-01"), None);
    assert_eq!(problem(Kind::Prenatal, "date", "2023-11-01"), None);
    assert_eq!(problem(Kind::Appointment, "date", "2027-01-01"), None);
    assert_eq!(problem(Kind::Pregnancy, "expected", "2027-01-01"), None);
    let unborn = problem(Kind::Member, "birth_date", "2026-04-04").unwrap();
    assert!(!unborn.can_be_confirmed());
}

#[test]
fn a_record_says_how_far_it_may_go_and_whether_it_counts() {
    let note = |key: &str, value: &str| {
        Record::from_fields(&fields(&[("kind", "note"), ("text", "x"), (key, value)])).unwrap()
    };
    let goes = |value: &str| note("sensitivity", value).sensitivity();
    assert!(goes("normal").may_leave(false));
    assert!(!goes("private").may_leave(false) && goes("private").may_leave(true));
    assert!(!goes("never-share").may_leave(true));
    assert!(!goes("a word of later years").may_leave(true));
    assert!(note("status", "active").counts());
    assert!(!note("status", "entered-in-error").counts() && !note("status", "corrected").counts());
    assert_eq!(note("supersedes", "y2026/1").supersedes(), Some("y2026/1"));
}

#[test]
fn body_measures_carry_the_codes_of_the_standards() {
    use CodeSystem::{Loinc, Medis};
    let codes = |kind: Kind, key: &str| {
        let field = kind.field(key).unwrap();
        let codes = field.codes.iter().map(|c| (c.system, c.code));
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes(Kind::Birth, "weight_g"), [(Medis, "31002900")]);
    assert_eq!(
        codes(Kind::Birth, "head_cm"),
        [(Medis, "31006116"), (Loinc, "8290-9")]
    );
    assert_eq!(
        codes(Kind::Newborn, "weight_g"),
        [(Medis, "31000297"), (Loinc, "29463-7")]
    );
    assert_eq!(codes(Kind::Prenatal, "waist_cm"), [(Medis, "31000301")]);
}
