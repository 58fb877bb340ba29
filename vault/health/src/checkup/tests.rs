use proptest::prelude::*;

use super::*;
use crate::calendar::add_days;
use crate::date::Date;
use crate::history::{History, Noted, Provenance};
use crate::plan::Standing;
use crate::record::{Member, Record, Sex};
use crate::schedule::{Case, Rules, forecast};
use crate::value::Fields;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn person(born: &str, sex: Sex, records: &[&[(&str, &str)]]) -> History {
    let member = Member {
        birth_date: Some(day(born)),
        sex: Some(sex),
        ..Member::default()
    };
    let noted = records.iter().enumerate().map(|(number, fields)| {
        let fields: Fields = fields
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into()))
            .collect();
        Noted {
            id: number.to_string(),
            provenance: Provenance::Family,
            record: Record::from_fields(&fields).unwrap(),
        }
    });
    History::of(&member, noted)
}

fn told(history: &History, on: &str) -> Vec<CheckupDue> {
    due(&Checkups::built_in().unwrap(), history, day(on), 90)
}

fn one(history: &History, on: &str, id: &str) -> Option<CheckupDue> {
    told(history, on).into_iter().find(|due| due.id == id)
}

fn standing(history: &History, on: &str, id: &str) -> Option<Standing> {
    one(history, on, id).map(|due| due.standing)
}

#[test]
fn the_file_of_checkups_is_sound_and_names_its_sources() {
    let checkups = Checkups::built_in().unwrap();
    assert!(checkups.rules().count() >= 20);
    for rule in checkups.rules() {
        assert!(
            rule.sources
                .iter()
                .all(|source| checkups.source(source).is_some())
        );
        assert!(["high", "medium", "low"].contains(&rule.confidence.as_str()));
    }
    assert!(checkups.review_by().parse::<Date>().is_ok());
}

#[test]
fn a_wrong_file_is_refused_with_what_is_wrong() {
    let good = include_str!("../../rules/checkups.toml");
    let with = |from: &str, to: &str| Checkups::parse(&good.replacen(from, to, 1)).unwrap_err();
    assert!(matches!(
        with("format = 1", "format = 9"),
        CheckupsError::Format { format: 9 }
    ));
    assert!(matches!(
        with("id = \"18m\"", "id = \"1m\""),
        CheckupsError::Twice { .. }
    ));
    assert!(matches!(
        with("[\"cfa_ninpu\"]", "[\"nobody\"]"),
        CheckupsError::NoSource { .. }
    ));
    assert!(matches!(
        with(
            "from = \"18m\", until = \"24m\"",
            "from = \"25m\", until = \"24m\""
        ),
        CheckupsError::NoDay { .. }
    ));
    let misspelt = with("basis = \"statutory\"", "basis = \"statuary\"");
    assert!(
        matches!(misspelt, CheckupsError::Unreadable { line, .. } if line > 10),
        "{misspelt}"
    );
}

#[test]
fn the_eighteen_month_checkup_is_due_then_overdue_then_closing_then_missed() {
    let child = person("2024-05-06", Sex::Female, &[]);
    for (on, expected) in [
        ("2025-01-01", Standing::Later),
        ("2025-10-01", Standing::Soon),
        ("2025-11-06", Standing::Due),
        ("2026-01-06", Standing::Overdue),
        ("2026-04-20", Standing::Closing),
        ("2026-05-05", Standing::Closing),
        ("2026-05-06", Standing::Missed),
    ] {
        assert_eq!(standing(&child, on, "18m"), Some(expected), "{on}");
    }
    assert_eq!(
        standing(&child, "2027-06-01", "18m"),
        None,
        "a year later nobody is told"
    );
}

#[test]
fn what_was_done_is_done_whatever_the_city_called_it() {
    let record = [
        ("kind", "checkup"),
        ("checkup", "1歳6か月児健診"),
        ("date", "2025-11-18"),
    ];
    let child = person("2024-05-06", Sex::Female, &[&record]);
    let done = one(&child, "2026-04-01", "18m").unwrap();
    assert_eq!(
        (done.standing, done.done),
        (Standing::Complete, Some(day("2025-11-18")))
    );
}

#[test]
fn a_pregnancy_has_fourteen_visits_and_the_next_is_told() {
    let pregnancy = [("kind", "pregnancy"), ("expected", "2027-03-01")];
    let mother = |more: &[&[(&str, &str)]]| {
        person(
            "1990-04-12",
            Sex::Female,
            &[&[&pregnancy[..]], more].concat(),
        )
    };
    // 40w0d on 2027-03-01: 8w0d is 2026-07-20.
    let mut numbers = Vec::new();
    let mut on = day("2026-06-01");
    while on <= day("2027-02-28") {
        let next = one(&mother(&[]), &on.to_string(), "prenatal").unwrap();
        assert!(next.occasion.until >= on);
        if numbers.last() != next.occasion.number.as_ref() {
            numbers.extend(next.occasion.number);
        }
        on = add_days(on, 1);
    }
    assert_eq!(numbers, (1..=14).collect::<Vec<u16>>());
    let first = one(&mother(&[]), "2026-06-01", "prenatal").unwrap();
    assert_eq!(first.occasion.from, day("2026-07-20"));
    // Week 24 begins on 2026-11-09; the visit of that fortnight was used.
    let visit = [
        ("kind", "checkup"),
        ("checkup", "妊婦健診"),
        ("date", "2026-11-10"),
    ];
    let page = [("kind", "prenatal"), ("date", "2026-11-10")];
    assert_eq!(
        one(&mother(&[&page]), "2026-11-12", "prenatal")
            .unwrap()
            .occasion
            .number,
        Some(6),
        "the page of the handbook counts as well"
    );
    let next = one(&mother(&[&visit]), "2026-11-12", "prenatal").unwrap();
    assert_eq!(
        (next.occasion.number, next.occasion.from),
        (Some(6), day("2026-11-23"))
    );
}

#[test]
fn the_call_of_the_own_city_takes_the_place_of_the_usual_days() {
    let call = [
        ("kind", "appointment"),
        ("purpose", "1歳6か月児健診"),
        ("checkup", "18m"),
        ("date", "2026-02-10"),
    ];
    let child = person("2024-05-06", Sex::Female, &[&call]);
    let called = one(&child, "2026-01-20", "18m").unwrap();
    assert_eq!(called.appointment, Some(day("2026-02-10")));
    assert_eq!(
        called.standing,
        Standing::Due,
        "no longer overdue: the day is agreed"
    );
    assert_eq!(
        standing(&child, "2026-02-20", "18m"),
        Some(Standing::Overdue)
    );
    let other = [&call[..2], &[("checkup", "3y"), ("date", "2026-02-10")]].concat();
    let other = person("2024-05-06", Sex::Female, &[&other]);
    assert_eq!(
        standing(&other, "2026-01-20", "18m"),
        Some(Standing::Overdue)
    );
}

#[test]
fn after_a_birth_the_mother_is_called_and_after_a_loss_nothing_is_said() {
    let ended = |outcome| {
        [
            ("kind", "pregnancy"),
            ("expected", "2027-03-01"),
            ("ended", "2027-02-20"),
            ("outcome", outcome),
        ]
    };
    let born = person("1990-04-12", Sex::Female, &[&ended("birth")]);
    assert_eq!(
        standing(&born, "2027-03-05", "postpartum-2w"),
        Some(Standing::Due)
    );
    assert_eq!(standing(&born, "2027-03-05", "prenatal"), None);
    let lost = person("1990-04-12", Sex::Female, &[&ended("loss")]);
    for id in ["postpartum-2w", "postpartum-1m", "prenatal"] {
        assert_eq!(standing(&lost, "2027-03-05", id), None, "{id}");
    }
}

#[test]
fn the_school_calls_before_it_begins_and_then_every_spring() {
    // Born on 1 April: the earlier school year.
    let early = person("2020-04-01", Sex::Male, &[]);
    let late = person("2020-04-02", Sex::Male, &[]);
    assert_eq!(
        one(&early, "2025-10-10", "school").unwrap().occasion.until,
        day("2025-11-30")
    );
    assert_eq!(
        one(&late, "2025-10-10", "school").unwrap().occasion.until,
        day("2026-11-30")
    );
    let spring = one(&early, "2026-05-01", "school-year").unwrap();
    assert_eq!(
        (spring.standing, spring.occasion.number),
        (Standing::Due, Some(1))
    );
    let next = one(&early, "2026-07-01", "school-year").unwrap();
    assert_eq!(next.occasion.from, day("2027-04-01"));
    assert_eq!(one(&early, "2038-07-01", "school-year"), None);
}

#[test]
fn adults_are_called_every_year_or_every_second_year_since_the_last_time() {
    let colon = [
        ("kind", "checkup"),
        ("checkup", "大腸がん検診"),
        ("date", "2025-06-01"),
    ];
    let breast = [
        ("kind", "checkup"),
        ("checkup", "乳がん検診"),
        ("date", "2025-06-01"),
    ];
    let mother = person("1980-04-12", Sex::Female, &[&colon, &breast]);
    assert_eq!(
        standing(&mother, "2026-11-22", "colon"),
        Some(Standing::Due)
    );
    let next = one(&mother, "2026-11-22", "breast").unwrap();
    assert_eq!(
        (next.standing, next.occasion.from),
        (Standing::Later, day("2027-04-01"))
    );
    assert_eq!(
        standing(&mother, "2025-11-22", "colon"),
        Some(Standing::Complete)
    );
    assert_eq!(
        standing(&mother, "2027-03-10", "tokutei"),
        Some(Standing::Closing)
    );
    assert_eq!(
        standing(&mother, "2026-11-22", "stomach"),
        Some(Standing::Later)
    );
    let father = person("1980-04-12", Sex::Male, &[]);
    assert_eq!(standing(&father, "2026-11-22", "breast"), None);
}

#[test]
fn the_specific_checkup_ends_on_the_eve_of_seventy_five() {
    let old = person("1951-10-10", Sex::Male, &[]);
    assert_eq!(
        one(&old, "2026-10-09", "tokutei").unwrap().occasion.until,
        day("2026-10-09")
    );
    assert_eq!(standing(&old, "2026-10-10", "tokutei"), None);
    assert_eq!(standing(&old, "2027-04-01", "tokutei"), None);
}

#[test]
fn who_has_died_is_called_to_nothing() {
    let mut child = person("2024-05-06", Sex::Female, &[]);
    child.died = Some(day("2025-01-01"));
    assert!(told(&child, "2025-11-06").is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two readers of the law, one window.
    #[test]
    fn windows_agree_with_those_of_the_schedule(born in 0_i64..4_000) {
        let birth = add_days(day("2018-01-01"), born);
        let history = person(&birth.to_string(), Sex::Female, &[]);
        let case = Case::of_person(Some(birth), Some(Sex::Female), birth);
        let schedule = forecast(&Rules::built_in().unwrap(), &case).unwrap();
        let all = due(&Checkups::built_in().unwrap(), &history, birth, 90);
        for (id, series) in [("18m", "checkup_18m"), ("3y", "checkup_36m"), ("school", "checkup_school_entry")] {
            let own = all.iter().find(|due| due.id == id).unwrap().occasion;
            let other = schedule.series.iter().find(|proposal| proposal.series == series).unwrap();
            prop_assert_eq!((Some(own.from), Some(own.until)), (other.earliest, other.latest), "{}", id);
        }
    }
}
