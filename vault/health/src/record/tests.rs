use proptest::prelude::*;

use super::*;
use crate::{quantity::Quantity, vaccine::Vaccine};

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(key, text)| ((*key).to_owned(), Value::from(*text)))
        .collect()
}

fn weight(value: &str, unit: &str) -> Record {
    let date = "2026-04-03".parse().unwrap();
    Measurement::new(Quantity::new("weight"), value.parse().unwrap(), unit, date).into_record()
}

impl Measurement {
    fn into_record(self) -> Record {
        Record::Measurement(self)
    }
}

fn examples() -> Vec<Record> {
    let date: When = "2026-04-03".parse().unwrap();
    let mut dose = Vaccination::new(Vaccine::new("5種混合"), date.clone());
    dose.lot = Some("AB12".into());
    dose.dose_ml = Some("0.5".parse().unwrap());
    dose.dose_no = Some(2);
    dose.routine = Some(true);
    dose.note = Some("泣かなかった\n少し熱".into());
    let mut checkup = Checkup::new(CheckupType::new("3歳児健診"), date.clone());
    checkup.judgement = Some(Judgement::Observe);
    checkup.findings.insert("hearing".into(), "異常なし".into());
    let member = Member {
        name: "手帳 花子".into(),
        name_kana: Some("テチョウ ハナコ".into()),
        birth_date: date.day(),
        sex: Some(Sex::Female),
        ..Member::default()
    };
    let note = Note {
        text: "はじめて歩いた".into(),
        date: Some(date),
        ..Note::default()
    };
    let pregnancy = fields(&[("expected", "2027-03-01"), ("date", "2026-07-01")]);
    let pregnancy = Tabled::new(Kind::Pregnancy, pregnancy).unwrap().unwrap();
    vec![
        Record::Member(member),
        Record::Vaccination(dose),
        weight("3.200", "kg"),
        Record::Checkup(checkup),
        Record::Note(note),
        Record::Tabled(pregnancy),
    ]
}

#[test]
fn every_kind_survives_its_fields() {
    for record in examples() {
        let fields = record.to_fields(false).unwrap();
        assert_eq!(fields["kind"], record.kind().unwrap().as_str().into());
        assert_eq!(fields["v"], Value::Int(1));
        assert_eq!(Record::from_fields(&fields).unwrap(), record);
    }
}

#[test]
fn unknown_fields_are_kept() {
    for record in examples() {
        let mut fields = record.to_fields(false).unwrap();
        fields.insert("from_the_future".into(), true.into());
        let read = Record::from_fields(&fields).unwrap();
        assert_eq!(read.to_fields(false).unwrap(), fields);
    }
}

#[test]
fn a_newer_schema_is_shown_but_never_rewritten() {
    for record in examples() {
        let mut fields = record.to_fields(false).unwrap();
        fields.insert("v".into(), 2.into());
        let read = Record::from_fields(&fields).unwrap();
        let Record::Opaque(opaque) = &read else {
            panic!("{read:?}")
        };
        assert_eq!(opaque.fields(), &fields);
        assert_eq!(read.to_fields(true), Err(RecordError::NotWritable));
        let change = Fields::from([("note".into(), "x".into())]);
        assert_eq!(amend(&fields, &change, true), Err(RecordError::NotWritable));
    }
    let unknown = fields(&[("kind", "dream"), ("date", "2026-04")]);
    let read = Record::from_fields(&unknown).unwrap();
    assert_eq!(read.occurred().unwrap().to_string(), "2026-04");
    assert_eq!(read.to_fields(true), Err(RecordError::NotWritable));
}

#[test]
fn an_impossible_value_has_to_be_confirmed() {
    let slip = weight("3200", "kg");
    let problem = slip.to_fields(false).unwrap_err();
    let expected = RecordError::Implausible {
        quantity: "weight",
        unit: "kg",
        plausible_unit: Some("g"),
    };
    assert_eq!(problem, expected);
    assert!(problem.can_be_confirmed());
    let stored = slip.to_fields(true).unwrap();
    assert_eq!(Record::from_fields(&stored).unwrap(), slip);
}

#[test]
fn a_unit_of_another_quantity_cannot_be_confirmed() {
    let problem = weight("3.2", "cm").to_fields(true).unwrap_err();
    assert_eq!(
        problem,
        RecordError::Unit {
            quantity: "weight",
            units: vec!["kg", "g"]
        }
    );
    assert!(!problem.can_be_confirmed());
}

#[test]
fn grams_are_shown_as_kilograms() {
    let Record::Measurement(measurement) = weight("3215", "g") else {
        unreachable!()
    };
    assert_eq!(measurement.value_in("kg").unwrap().as_str(), "3.215");
    assert_eq!(measurement.value_in("cm"), None);
}

#[test]
fn a_dose_beyond_reason_has_to_be_confirmed() {
    for (dose, number) in [(Some("50"), None), (None, Some(0)), (None, Some(21))] {
        let mut record = Vaccination::new(Vaccine::new("JE"), "2026".parse().unwrap());
        record.dose_ml = dose.map(|text| text.parse().unwrap());
        record.dose_no = number;
        let record = Record::Vaccination(record);
        assert!(record.to_fields(false).unwrap_err().can_be_confirmed());
        assert!(record.to_fields(true).is_ok());
    }
}

#[test]
fn a_my_number_is_never_stored_in_any_field() {
    for record in examples() {
        let fields = record.to_fields(false).unwrap();
        for key in fields
            .keys()
            .filter(|key| !["kind", "v"].contains(&key.as_str()))
        {
            let mut tainted = fields.clone();
            tainted.insert(key.clone(), "番号 1234-5678-9018".into());
            let refused = Record::from_fields(&tainted).and_then(|r| r.to_fields(true));
            assert!(refused.is_err(), "{key}");
        }
        let mut tainted = fields.clone();
        tainted.insert("unknown".into(), "123456789018".into());
        let refused = Record::from_fields(&tainted).unwrap().to_fields(true);
        assert_eq!(
            refused,
            Err(RecordError::LooksLikeMyNumber {
                field: "unknown".into()
            })
        );
    }
}

#[test]
fn control_characters_and_long_texts_are_refused() {
    let note = |text: &str| {
        Record::Note(Note {
            text: text.into(),
            ..Note::default()
        })
    };
    assert!(note("two\nlines\tand a tab").to_fields(false).is_ok());
    let control = RecordError::ControlCharacter {
        field: "text".into(),
    };
    assert_eq!(note("\u{1b}[31m").to_fields(false), Err(control));
    let long = RecordError::TooLong {
        field: "text".into(),
        limit: 16_384,
    };
    assert_eq!(note(&"x".repeat(16_385)).to_fields(false), Err(long));
    let title = Note {
        title: Some("a\nb".into()),
        text: "x".into(),
        ..Note::default()
    };
    assert!(Record::Note(title).to_fields(false).is_err());
}

#[test]
fn a_record_fits_into_one_change() {
    let mut checkup = Checkup::new(CheckupType::new("3y"), "2026".parse().unwrap());
    checkup.findings = (0..300)
        .map(|n| (format!("c{n}"), "x".to_owned()))
        .collect();
    let many = Record::Checkup(checkup.clone()).to_fields(false);
    assert_eq!(many, Err(RecordError::TooManyFields { limit: 256 }));
    checkup.findings = (0..3)
        .map(|n| (format!("c{n}"), "x".repeat(10_000)))
        .collect();
    let large = Record::Checkup(checkup.clone()).to_fields(false);
    assert!(matches!(large, Err(RecordError::TooLong { .. })));
    checkup.findings = [("Hearing".to_owned(), "x".to_owned())].into();
    assert_eq!(
        Record::Checkup(checkup).to_fields(false),
        Err(RecordError::Key)
    );
}

#[test]
fn an_amendment_names_only_what_changes() {
    let current = examples()[1].to_fields(false).unwrap();
    let mut changes = fields(&[("lot", "CD34"), ("dose_ml", "0.5"), ("vaccine", "je")]);
    changes.insert("note".into(), Value::Null);
    changes.insert("maker".into(), Value::Null);
    let put = amend(&current, &changes, false).unwrap();
    let expected = Fields::from([
        ("lot".into(), "CD34".into()),
        ("vaccine".into(), "JE".into()),
        ("note".into(), Value::Null),
    ]);
    assert_eq!(put, expected);
}

#[test]
fn an_amendment_is_checked_like_a_new_record() {
    let current = weight("3.2", "kg").to_fields(false).unwrap();
    let amended = |pairs: &[(&str, &str)]| amend(&current, &fields(pairs), false);
    assert!(
        amended(&[("value", "3200")])
            .unwrap_err()
            .can_be_confirmed()
    );
    assert!(matches!(
        amended(&[("date", "2026-02-30")]),
        Err(RecordError::Date { .. })
    ));
    assert_eq!(
        amended(&[("kind", "note"), ("text", "x")]),
        Err(RecordError::KindIsFixed)
    );
    let removed = Fields::from([("value".into(), Value::Null)]);
    assert_eq!(
        amend(&current, &removed, false),
        Err(RecordError::Missing { field: "value" })
    );
}

#[test]
fn issued_fields_are_text_throughout() {
    let issued = fields(&[
        ("kind", "vaccination"),
        ("vaccine", "JE"),
        ("date", "2026-04-03"),
        ("dose_no", "2"),
        ("routine", "true"),
    ]);
    let Record::Vaccination(dose) = Record::from_fields(&issued).unwrap() else {
        unreachable!()
    };
    assert_eq!((dose.dose_no, dose.routine), (Some(2), Some(true)));
    let mut wrong = issued;
    wrong.insert("dose_no".into(), "two".into());
    let malformed = RecordError::Malformed {
        field: "dose_no".into(),
    };
    assert_eq!(Record::from_fields(&wrong), Err(malformed));
}

#[test]
fn debug_output_holds_no_values() {
    let shown: Vec<String> = examples()
        .iter()
        .map(|record| format!("{record:?}"))
        .collect();
    let expected = [
        "Member",
        "Vaccination",
        "Measurement",
        "Checkup",
        "Note",
        "Tabled",
    ];
    assert_eq!(shown, expected.map(|name| format!("{name}({name}(..))")));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        "\\PC{0,12}|2026-[0-9]{2}-[0-9]{2}|[0-9]{1,3}(\\.[0-9])?|kg|cm".prop_map(Value::Text),
    ]
}

proptest! {
    #[test]
    fn what_was_written_is_read_back_the_same(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        rest in prop::collection::btree_map(
            prop::sample::select(vec![
                "name", "birth_date", "sex", "vaccine", "date", "dose_no", "routine", "quantity",
                "value", "unit", "checkup", "judgement", "findings/a", "text", "title", "later",
                "expected", "gestation_days", "weight_g", "edema", "screening", "milestone",
                "purpose", "allergen", "medicine", "test", "result", "illness", "status",
            ]).prop_map(str::to_owned),
            any_value(),
            0..12,
        ),
    ) {
        let mut fields = rest;
        fields.insert("kind".into(), kind.as_str().into());
        if let Ok(written) = Record::from_fields(&fields).and_then(|r| r.to_fields(true)) {
            let again = Record::from_fields(&written).unwrap();
            prop_assert_eq!(again.to_fields(true).unwrap(), written);
        }
    }
}
