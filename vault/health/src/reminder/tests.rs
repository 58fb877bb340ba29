use super::*;
use crate::history::{Noted, Provenance};
use crate::record::{Member, Record};
use crate::value::{Fields, Value};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn history(born: &str, records: &[&[(&str, &str)]]) -> History {
    let member = Member {
        birth_date: Some(day(born)),
        ..Member::default()
    };
    let records = records.iter().enumerate().map(|(id, pairs)| {
        let pairs = pairs.iter();
        let fields: Fields = pairs
            .map(|(key, text)| ((*key).to_owned(), Value::from(*text)))
            .collect();
        Noted {
            id: format!("r{id}"),
            provenance: Provenance::Family,
            record: Record::from_fields(&fields).unwrap(),
        }
    });
    History::of(&member, records)
}

fn all(history: &History, on: &str, days: u16) -> Vec<Reminder> {
    let rules = Rules::built_in().unwrap();
    let checkups = Checkups::built_in().unwrap();
    let engines = Engines {
        rules: &rules,
        checkups: &checkups,
    };
    reminders(engines, history, [history], day(on), days).unwrap()
}

fn named(history: &History, on: &str, key: &str) -> Vec<(Nature, String)> {
    let all = all(history, on, 400);
    let own = all.iter().filter(|reminder| reminder.key == key);
    own.map(|reminder| (reminder.nature, reminder.date.to_string()))
        .collect()
}

#[test]
fn a_newborn_is_reminded_of_the_first_and_the_last_days() {
    let infant = history("2026-10-01", &[]);
    let bcg = named(&infant, "2026-10-05", "vaccination/bcg/1");
    // Standard from five months, reached on the eve; legal until the eve of the first birthday.
    let expected = [
        (Nature::Begins, "2027-02-28".to_owned()),
        (Nature::LastDay, "2027-09-30".to_owned()),
    ];
    assert_eq!(bcg, expected);
    let checkup = named(&infant, "2026-10-05", "checkup/18m/y2028");
    assert_eq!(checkup, [], "beyond the days asked for");
}

#[test]
fn a_dose_that_was_given_makes_the_next_one_the_reminder() {
    let begun: &[(&str, &str)] = &[
        ("kind", "vaccination"),
        ("vaccine", "DPTIPVHib"),
        ("date", "2026-12-01"),
    ];
    let infant = history("2026-10-01", &[begun]);
    let first = named(&infant, "2026-12-02", "vaccination/dpt_ipv_hib/1");
    assert_eq!(first, []);
    let second = named(&infant, "2026-12-02", "vaccination/dpt_ipv_hib/2");
    assert_eq!(second[0], (Nature::Begins, "2026-12-22".to_owned()));
}

#[test]
fn the_key_stays_when_the_date_moves() {
    let given = |date| {
        let dose: &[(&str, &str)] = &[
            ("kind", "vaccination"),
            ("vaccine", "DPTIPVHib"),
            ("date", date),
        ];
        named(
            &history("2026-10-01", &[dose]),
            "2026-12-06",
            "vaccination/dpt_ipv_hib/2",
        )
    };
    let (before, after) = (given("2026-12-01"), given("2026-12-05"));
    assert_eq!(before[0].1, "2026-12-22");
    assert_eq!(after[0].1, "2026-12-26");
}

fn plan<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let own = [
        ("kind", "appointment"),
        ("purpose", "BCG"),
        ("date", "2027-03-10"),
    ];
    own.iter().chain(more).copied().collect()
}

#[test]
fn what_was_agreed_takes_the_place_of_the_window() {
    let agreed = plan(&[("series", "bcg")]);
    let infant = history("2026-10-01", &[&agreed]);
    assert_eq!(named(&infant, "2027-01-05", "vaccination/bcg/1"), []);
    let own = named(&infant, "2027-01-05", "appointment/r0");
    assert_eq!(own, [(Nature::Agreed, "2027-03-10".to_owned())]);
    // When that day has passed and nothing was given, the window is back.
    assert!(!named(&infant, "2027-03-11", "vaccination/bcg/1").is_empty());
}

#[test]
fn a_cancelled_plan_reminds_of_nothing_and_a_secret_one_stays_in_the_vault() {
    let cancelled = plan(&[("plan", "cancelled")]);
    let infant = history("2026-10-01", &[&cancelled]);
    assert_eq!(named(&infant, "2027-01-05", "appointment/r0"), []);
    for (sensitivity, leaves) in [("normal", true), ("private", false), ("never_share", false)] {
        let secret = plan(&[("sensitivity", sensitivity)]);
        let infant = history("2026-10-01", &[&secret]);
        let all = all(&infant, "2027-01-05", 400);
        let own = all
            .iter()
            .find(|reminder| reminder.key == "appointment/r0")
            .unwrap();
        assert_eq!(own.may_leave, leaves, "{sensitivity}");
    }
}

#[test]
fn nobody_is_reminded_after_a_death_or_a_loss() {
    let mut infant = history("2026-10-01", &[]);
    assert!(!all(&infant, "2026-11-01", 200).is_empty());
    infant.died = Some(day("2026-10-20"));
    assert_eq!(all(&infant, "2026-11-01", 200), []);
    let pregnancy = [("kind", "pregnancy"), ("expected", "2027-03-01")];
    let lost = [pregnancy[0], pregnancy[1], ("outcome", "miscarriage")];
    let about = |records: &[&[(&str, &str)]]| {
        let all = all(&history("1995-05-05", records), "2026-11-20", 200);
        let keys = all.into_iter().map(|reminder| reminder.key);
        keys.filter(|key| key.contains("prenatal") || key.contains("rsv"))
            .count()
    };
    assert!(about(&[&pregnancy]) > 0);
    assert_eq!(about(&[&lost]), 0);
    // Nor after a loss that another record of the same pregnancy tells of.
    assert_eq!(about(&[&pregnancy, &lost]), 0);
}

#[test]
fn reminders_lie_in_the_days_asked_for_in_order_of_time() {
    let infant = history("2026-10-01", &[]);
    let all = all(&infant, "2026-12-10", 90);
    assert!(!all.is_empty());
    assert!(all.windows(2).all(|pair| pair[0].date <= pair[1].date));
    assert!(
        all.iter()
            .all(|one| one.date >= day("2026-12-10") && one.date <= day("2027-03-10"))
    );
    let mut keys: Vec<_> = all
        .iter()
        .map(|one| (one.key.clone(), one.nature))
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(
        keys.len(),
        all.len(),
        "a key and its nature name one reminder"
    );
}

fn dose(vaccine: &'static str, date: &'static str) -> [(&'static str, &'static str); 3] {
    [
        ("kind", "vaccination"),
        ("vaccine", vaccine),
        ("date", date),
    ]
}

#[test]
fn a_voluntary_vaccine_is_told_once_it_was_begun() {
    let mumps = "vaccination/mumps/2";
    let untouched = history("2024-10-01", &[]);
    let keys = |history: &History, on| {
        let all = all(history, on, 3_000).into_iter();
        all.map(|reminder| reminder.key).collect::<Vec<_>>()
    };
    let any = |keys: &[String]| keys.iter().any(|key| key.contains("mumps"));
    assert!(!any(&keys(&untouched, "2024-11-01")));
    let given = dose("MUMPS", "2025-11-20");
    let begun = history("2024-10-01", &[&given]);
    let second: Vec<(Nature, String)> = all(&begun, "2025-11-22", 3_000)
        .into_iter()
        .filter(|reminder| reminder.key == mumps)
        .map(|reminder| (reminder.nature, reminder.date.to_string()))
        .collect();
    // In the year before primary school, from the day on which the next dose is told everywhere.
    assert_eq!(second, [(Nature::Begins, "2030-04-01".to_owned())]);
    let both = dose("MUMPS", "2030-05-01");
    let done = history("2024-10-01", &[&given, &both]);
    assert!(!any(&keys(&done, "2030-05-02")));
}

#[test]
fn a_voluntary_vaccine_is_told_once_it_was_planned() {
    let window = [
        ("kind", "appointment"),
        ("purpose", "おたふく"),
        ("due_from", "2025-10-01"),
    ];
    for name in ["mumps", "おたふくかぜ", "Mumps"] {
        let chosen = [&window[..], &[("series", name)]].concat();
        let infant = history("2024-10-01", &[&chosen]);
        let told = named(&infant, "2024-12-01", "vaccination/mumps/1");
        assert_eq!(told, [(Nature::Begins, "2025-09-30".to_owned())], "{name}");
        let dropped = [&chosen[..], &[("plan", "cancelled")]].concat();
        let infant = history("2024-10-01", &[&dropped]);
        assert_eq!(named(&infant, "2024-12-01", "vaccination/mumps/1"), []);
        let later = [&chosen[..], &[("date", "2025-10-20")]].concat();
        let infant = history("2024-10-01", &[&later]);
        assert_eq!(named(&infant, "2024-12-01", "vaccination/mumps/1"), []);
        let agreed = named(&infant, "2024-12-01", "appointment/r0");
        assert_eq!(agreed, [(Nature::Agreed, "2025-10-20".to_owned())]);
    }
    let other = [&window[..], &[("series", "flu_nasal")]].concat();
    let infant = history("2024-10-01", &[&other]);
    assert_eq!(named(&infant, "2024-12-01", "vaccination/mumps/1"), []);
}

#[test]
fn each_season_is_an_event_of_its_own() {
    let begun = dose("FLU", "2026-10-10");
    let child = history("2020-05-05", &[&begun]);
    let second = named(
        &child,
        "2026-10-11",
        "vaccination/flu_child_inactivated/2/y2026",
    );
    assert_eq!(
        second,
        [
            (Nature::Begins, "2026-10-24".to_owned()),
            (Nature::LastDay, "2027-01-31".to_owned())
        ]
    );
    let plan: &[(&str, &str)] = &[
        ("kind", "appointment"),
        ("purpose", "インフルエンザ"),
        ("series", "インフルエンザ"),
        ("due_from", "2027-10-01"),
    ];
    let child = history("2020-05-05", &[&begun, plan]);
    let keys = all(&child, "2027-06-01", 300);
    let first = "vaccination/flu_child_inactivated/1/y2027";
    assert!(keys.iter().any(|reminder| reminder.key == first));
}
