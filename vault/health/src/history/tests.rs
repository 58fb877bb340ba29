use super::*;
use crate::value::Fields;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn noted(provenance: Provenance, id: &str, fields: &[(&str, &str)]) -> Noted {
    let fields: Fields = fields
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).into()))
        .collect();
    Noted {
        id: id.to_owned(),
        provenance,
        record: Record::from_fields(&fields).unwrap(),
    }
}

fn dose(provenance: Provenance, id: &str, vaccine: &str, date: &str, lot: &str) -> Noted {
    let mut fields = vec![("kind", "vaccination"), ("vaccine", vaccine)];
    fields.extend([("date", date)].iter().filter(|(_, date)| !date.is_empty()));
    fields.extend([("lot", lot)].iter().filter(|(_, lot)| !lot.is_empty()));
    noted(provenance, id, &fields)
}

fn child() -> Member {
    Member {
        name: "見本".to_owned(),
        birth_date: Some(day("2024-05-06")),
        sex: Some(Sex::Female),
        ..Member::default()
    }
}

use Provenance::{Family, Official};

#[test]
fn the_same_dose_from_city_and_family_is_one_with_both_named() {
    let records = [
        dose(Family, "y2024/a", "肺炎球菌20価", "2024-07-08", ""),
        dose(Official, "i/7", "PCV20", "2024-07-08", "RF20-7781"),
        dose(Family, "y2024/b", "PCV20", "2024-08-05", ""),
    ];
    let history = History::of(&child(), records);
    assert_eq!(history.doses.len(), 2);
    let first = &history.doses[0];
    let told: Vec<_> = first
        .sources
        .iter()
        .map(|source| (source.provenance, source.id.as_str()))
        .collect();
    assert_eq!(told, [(Official, "i/7"), (Family, "y2024/a")]);
    assert_eq!(first.lot.as_deref(), Some("RF20-7781"));
    assert!(!first.days_differ);
}

#[test]
fn a_copied_date_that_is_a_day_off_is_the_same_dose_of_that_lot_and_the_citys_day_counts() {
    let records = [
        dose(Family, "y2024/a", "MR", "2025-05-21", "mhmr-5560"),
        dose(Official, "i/6", "MR", "2025-05-20", "MHMR-5560"),
    ];
    let history = History::of(&child(), records);
    assert_eq!(history.doses.len(), 1);
    assert_eq!(history.doses[0].date, day("2025-05-20"));
    assert!(history.doses[0].days_differ);
}

#[test]
fn other_days_without_the_same_lot_stay_two_doses() {
    for (who, lot, other) in [
        (Family, "A1", "A1"),
        (Official, "A1", "B2"),
        (Official, "", ""),
    ] {
        let records = [
            dose(who, "i/1", "JE", "2025-05-20", lot),
            dose(Family, "y2025/a", "JE", "2025-05-26", other),
        ];
        assert_eq!(History::of(&child(), records).doses.len(), 2, "{lot}");
    }
}

#[test]
fn a_dose_without_a_day_or_before_birth_is_kept_apart() {
    let records = [
        dose(Family, "y/a", "BCG", "2024-10", ""),
        dose(Family, "y/b", "BCG", "2023-10-01", ""),
        dose(Family, "y/c", "BCG", "", ""),
    ];
    let history = History::of(&child(), records);
    assert!(history.doses.is_empty());
    let reasons: Vec<_> = history.uncounted.iter().map(|dose| dose.reason).collect();
    let no_day = WhyUncounted::NoDay;
    assert_eq!(reasons, [no_day, WhyUncounted::BeforeBirth, no_day]);
}

#[test]
fn what_a_checkup_measured_is_a_measurement_and_told_once() {
    let records = [
        noted(
            Official,
            "i/9",
            &[
                ("kind", "checkup"),
                ("checkup", "1歳6か月児健診"),
                ("date", "2025-11-18"),
                ("judgement", "健康"),
                ("findings/weight_kg", "10.4"),
                ("findings/skin", "所見なし"),
            ],
        ),
        noted(
            Family,
            "y2025/m",
            &[
                ("kind", "measurement"),
                ("quantity", "体重"),
                ("value", "10.40"),
                ("unit", "kg"),
                ("date", "2025-11-18"),
            ],
        ),
        noted(
            Family,
            "y2025/n",
            &[
                ("kind", "measurement"),
                ("quantity", "weight"),
                ("value", "9.8"),
                ("unit", "kg"),
                ("date", "2025-09-01"),
            ],
        ),
    ];
    let history = History::of(&child(), records);
    let weights: Vec<&str> = history
        .measured("weight")
        .map(|measured| measured.value.as_str())
        .collect();
    assert_eq!(weights, ["9.8", "10.4"]);
    assert_eq!(history.measurements[1].sources.len(), 2);
    assert_eq!(history.checkups[0].checkup.as_str(), "18m");
}

#[test]
fn the_order_of_records_does_not_matter() {
    let mut records = vec![
        dose(Family, "y2025/a", "MR", "2025-05-21", "mhmr-5560"),
        dose(Official, "i/6", "MR", "2025-05-20", "MHMR-5560"),
        dose(Official, "i/7", "JE", "2027-05-20", ""),
        dose(Family, "y2025/b", "BCG", "2024-10-15", ""),
    ];
    let one = History::of(&child(), records.clone());
    records.reverse();
    assert!(one == History::of(&child(), records));
}

#[test]
fn a_pregnancy_goes_on_until_it_ended() {
    let told = |more: &[(&str, &str)]| {
        let fields = [&[("kind", "pregnancy"), ("expected", "2027-03-01")], more].concat();
        History::of(&child(), [noted(Family, "y2026/p", &fields)])
    };
    let on = day("2026-11-22");
    assert_eq!(told(&[]).expected_on(on).unwrap().0, day("2027-03-01"));
    assert_eq!(told(&[]).expected_on(day("2026-05-01")), None);
    assert!(told(&[("ended", "2026-11-01")]).pregnancy_on(on).is_none());
    let lost = told(&[("outcome", "loss")]);
    assert!(lost.pregnancy_on(on).is_none());
    assert_eq!(lost.pregnancies[0].outcome, Some(Outcome::Loss));
}

#[test]
fn what_was_taken_back_counts_no_more() {
    let told = |more: &[(&str, &str)]| {
        let dose = [
            ("kind", "vaccination"),
            ("vaccine", "JE"),
            ("date", "2025-05-20"),
        ];
        noted(Family, "y2025/a", &[&dose[..], more].concat())
    };
    let counted = |records: Vec<Noted>| History::of(&child(), records).doses.len();
    assert_eq!(counted(vec![told(&[])]), 1);
    assert_eq!(counted(vec![told(&[("status", "active")])]), 1);
    assert_eq!(counted(vec![told(&[("status", "entered-in-error")])]), 0);
    assert_eq!(counted(vec![told(&[("dose_status", "not-done")])]), 0);

    let note = |id: &str, old: &str| {
        let fields = [("kind", "note"), ("text", "x"), ("supersedes", old)];
        noted(Family, id, &fields)
    };
    assert_eq!(counted(vec![told(&[]), note("y2025/b", "y2025/a")]), 0);
    let official = dose(Official, "i/1", "JE", "2025-05-20", "");
    assert_eq!(counted(vec![official, note("y2025/b", "i/1")]), 1);
}

#[test]
fn the_profile_tells_of_birth_and_death() {
    let member = Member {
        gestation_at_birth: Some(255),
        death_date: Some(day("2025-01-02")),
        ..child()
    };
    let history = History::of(&member, []);
    assert_eq!(history.gestation_at_birth.unwrap().to_string(), "36w3d");
    assert!(history.is_over(day("2025-01-02")) && !history.is_over(day("2025-01-01")));
}

#[test]
fn what_is_planned_stands_in_order_and_is_open_until_kept_or_cancelled() {
    let planned = |id: &str, more: &[(&str, &str)]| {
        let fields = [("kind", "appointment"), ("purpose", "MR")];
        noted(Family, id, &[&fields[..], more].concat())
    };
    let records = [
        planned("y/1", &[("date", "2027-05-10"), ("dose_no", "2")]),
        planned(
            "y/2",
            &[("due_from", "2026-05-10"), ("due_to", "2026-06-10")],
        ),
        planned(
            "y/3",
            &[
                ("date", "2026-01-10"),
                ("plan", "kept"),
                ("sensitivity", "private"),
            ],
        ),
    ];
    let history = History::of(&child(), records);
    let all: Vec<_> = history
        .appointments
        .iter()
        .map(|a| (a.source.id.as_str(), a.is_open, a.dose_no))
        .collect();
    let expected = [
        ("y/3", false, None),
        ("y/2", true, None),
        ("y/1", true, Some(2)),
    ];
    assert_eq!(all, expected);
    assert!(!history.appointments[0].sensitivity.may_leave(false));
}
