use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::calendar::{Birth, Expected, add_days};
use crate::date::Date;
use crate::history::{History, Noted, Provenance};
use crate::record::{KNOWN_CHECKUPS, Member, Record, Sex};
use crate::schedule::Rules;
use crate::value::{Fields, Value};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn record(id: usize, pairs: &[(&str, &str)]) -> Noted {
    let fields: Fields = pairs
        .iter()
        .map(|(key, text)| ((*key).to_owned(), Value::from(*text)))
        .collect();
    Noted {
        id: format!("r{id}"),
        provenance: Provenance::Family,
        record: Record::from_fields(&fields).unwrap(),
    }
}

fn history(born: Option<&str>, records: &[&[(&str, &str)]]) -> History {
    let member = Member {
        birth_date: born.map(day),
        ..Member::default()
    };
    let records = records.iter().enumerate();
    History::of(&member, records.map(|(id, pairs)| record(id, pairs)))
}

fn child(born: &str) -> History {
    history(Some(born), &[])
}

fn facts(history: &History, today: &str) -> Facts {
    let rules = Rules::built_in().unwrap();
    Facts::of(history, [history], &rules, day(today)).unwrap()
}

fn told_with(city: &[Pack], history: &History, today: &str, days: u16) -> Vec<Message> {
    let national = Pack::built_in().unwrap();
    let shelf = Shelf {
        national: &national,
        city,
    };
    shelf.messages(&facts(history, today), day(today), days)
}

fn told(history: &History, today: &str) -> Vec<String> {
    let messages = told_with(&[], history, today, 0);
    messages.into_iter().map(|message| message.id).collect()
}

fn is_told(history: &History, today: &str, id: &str) -> bool {
    told(history, today).iter().any(|told| told == id)
}

#[test]
fn the_national_pack_holds_every_message_and_names_only_what_exists() {
    let pack = Pack::built_in().unwrap();
    let ids: Vec<&str> = pack.messages.iter().map(|m| m.id.as_str()).collect();
    let all: Vec<String> = (1..=77).map(|number| format!("M{number:03}")).collect();
    assert_eq!(ids, all);
    let rules = Rules::built_in().unwrap();
    for series in pack.series() {
        assert!(rules.view(series).is_some(), "{series}");
    }
    for message in &pack.messages {
        for checkup in &message.checkups {
            let known = KNOWN_CHECKUPS.iter().any(|known| known.code == checkup);
            assert!(known, "{} {checkup}", message.id);
        }
        assert!(message.replaces.is_none(), "{}", message.id);
    }
    for source in pack.sources.keys() {
        let used = pack.messages.iter().any(|m| m.source == *source);
        assert!(used, "{source}");
    }
}

#[test]
fn only_messages_without_a_source_are_doubted_and_they_hold_no_number_to_rely_on() {
    let pack = Pack::built_in().unwrap();
    for message in &pack.messages {
        let unsourced = message.source == NO_SOURCE;
        assert_eq!(
            unsourced,
            message.confidence == Confidence::Low,
            "{}",
            message.id
        );
        let counts = |text: &str| text.chars().any(|c| c.is_ascii_digit());
        assert!(!(unsourced && counts(&message.text.ja)), "{}", message.id);
    }
}

/// Message, day of birth, first day, last day: counted by hand.
const BY_AGE: [(&str, &str, &str, &str); 27] = [
    ("M022", "2026-01-31", "2026-01-31", "2026-02-13"),
    ("M023", "2026-01-31", "2026-01-31", "2026-02-15"),
    ("M027", "2026-01-31", "2026-02-10", "2026-02-18"),
    ("M033", "2026-01-31", "2026-03-07", "2026-03-14"),
    // Two months on the eve of 31 March; three months end on the eve of 1 May, April having no 31st.
    ("M034", "2026-01-31", "2026-03-30", "2026-04-30"),
    ("M034", "2026-08-15", "2026-10-14", "2026-11-14"),
    ("M035", "2026-01-31", "2026-04-25", "2026-05-15"),
    ("M036", "2026-08-15", "2026-11-14", "2027-01-14"),
    ("M039", "2026-08-15", "2027-01-14", "2027-04-14"),
    ("M041", "2026-08-15", "2027-01-14", "2027-08-14"),
    ("M048", "2026-08-15", "2027-06-14", "2027-08-14"),
    ("M048", "2028-02-29", "2028-12-28", "2029-02-28"),
    ("M053", "2026-08-15", "2028-02-14", "2028-08-14"),
    ("M055", "2026-08-15", "2028-06-14", "2028-08-14"),
    ("M058", "2026-08-15", "2029-08-14", "2030-08-14"),
    // Born on 1 April: one year ahead of those born the day after.
    ("M061", "2020-04-01", "2025-04-01", "2025-06-30"),
    ("M061", "2020-04-02", "2026-04-01", "2026-06-30"),
    ("M062", "2020-04-02", "2026-09-01", "2026-11-30"),
    ("M063", "2020-04-02", "2027-01-10", "2027-03-31"),
    ("M064", "2020-04-02", "2027-04-01", "2027-10-01"),
    ("M066", "2020-04-02", "2029-04-01", "2031-04-01"),
    ("M068", "2013-04-02", "2025-04-01", "2027-03-31"),
    ("M069", "2011-04-02", "2026-04-01", "2026-04-01"),
    ("M069", "2011-10-10", "2026-04-01", "2026-10-09"),
    ("M070", "2010-04-02", "2026-08-01", "2026-11-30"),
    ("M076", "1961-11-23", "2025-11-22", "2027-11-22"),
    ("M077", "1961-11-23", "2026-04-01", "2027-03-31"),
];

#[test]
fn a_message_begins_and_ends_on_the_days_counted_by_hand() {
    for (id, born, from, until) in BY_AGE {
        let mut person = child(born);
        person.sex = Some(Sex::Female);
        let messages = told_with(&[], &person, from, 0);
        let message = messages.iter().find(|message| message.id == id);
        let message = message.unwrap_or_else(|| panic!("{id} for {born} on {from}"));
        assert_eq!(message.from, day(from), "{id} {born}");
        assert_eq!(message.until, Some(day(until)), "{id} {born}");
        assert!(is_told(&person, until, id), "{id} {born}");
        let before = add_days(day(from), -1).to_string();
        let after = add_days(day(until), 1).to_string();
        if day(born) < day(from) {
            assert!(!is_told(&person, &before, id), "{id} {born} before");
        }
        assert!(!is_told(&person, &after, id), "{id} {born} after");
    }
}

fn pregnant(expected: &str) -> History {
    let record: &[(&str, &str)] = &[("kind", "pregnancy"), ("expected", expected)];
    history(Some("1995-05-05"), &[record])
}

#[test]
fn weeks_of_pregnancy_count_from_the_expected_date_and_the_last_week_is_whole() {
    let mother = pregnant("2027-03-01");
    let week =
        |weeks: i64, days: i64| add_days(day("2027-03-01"), weeks * 7 + days - 280).to_string();
    assert!(!is_told(&mother, &week(26, 6), "M014"));
    assert!(is_told(&mother, &week(27, 0), "M014"));
    assert!(is_told(&mother, &week(27, 6), "M014"));
    assert!(!is_told(&mother, &week(28, 0), "M014"));
    assert!(is_told(&mother, &week(36, 0), "M019"));
    let ahead = told_with(&[], &mother, &week(26, 0), 14);
    let rsv = ahead.iter().find(|message| message.id == "M014").unwrap();
    assert_eq!(rsv.from.to_string(), week(27, 0));
    assert_eq!(rsv.why, [Why::GestationalWeek([27, 27])]);
}

#[test]
fn a_season_counts_only_for_those_it_is_for_and_comes_back_every_year() {
    let mother = pregnant("2027-03-01");
    assert!(is_told(&mother, "2026-10-01", "M021"));
    assert!(!is_told(&mother, "2026-09-30", "M021"));
    assert!(!is_told(&child("1995-05-05"), "2026-10-01", "M021"));
    let infant = child("2026-06-10");
    assert!(is_told(&infant, "2026-11-30", "M032"));
    assert!(!is_told(&infant, "2026-12-01", "M032"));
    assert!(!is_told(&infant, "2027-11-15", "M032"));
    let toddler = child("2024-06-10");
    for season in ["2026-10-01", "2027-12-31"] {
        assert!(is_told(&toddler, season, "M071"), "{season}");
    }
    assert!(!is_told(&toddler, "2027-01-01", "M071"));
}

#[test]
fn nothing_is_said_about_a_pregnancy_after_a_loss_is_written_down() {
    let on = "2026-12-01";
    assert!(!told(&pregnant("2027-03-01"), on).is_empty());
    let said = |records: &[&[(&str, &str)]]| {
        let told = told(&history(Some("1995-05-05"), records), on);
        let national = Pack::built_in().unwrap();
        let about_child = |id: &String| {
            let entry = national.messages.iter().find(|entry| entry.id == *id);
            entry.is_some_and(|entry| entry.audience != Audience::Member)
        };
        told.iter().any(about_child)
    };
    let expected = ("expected", "2027-03-01");
    let kind = ("kind", "pregnancy");
    assert!(said(&[&[kind, expected]]));
    assert!(!said(&[&[kind, expected, ("outcome", "miscarriage")]]));
    assert!(!said(&[&[
        kind,
        expected,
        ("outcome", "stillbirth"),
        ("ended", "2026-11-20")
    ]]));
    // A second record of the same pregnancy, as from the city, does not bring them back.
    assert!(!said(&[
        &[kind, expected],
        &[kind, ("expected", "2027-03-05"), ("outcome", "loss")],
    ]));
    assert!(!said(&[
        &[kind, expected],
        &[kind, ("outcome", "loss"), ("ended", "2026-11-20")]
    ]));
    // A loss before it leaves the pregnancy that goes on alone.
    assert!(said(&[
        &[kind, expected],
        &[
            kind,
            ("expected", "2026-05-01"),
            ("outcome", "loss"),
            ("ended", "2026-01-10")
        ],
    ]));
}

#[test]
fn nothing_is_said_about_a_member_who_has_died() {
    let mut infant = child("2026-08-15");
    assert!(!told(&infant, "2026-11-22").is_empty());
    infant.died = Some(day("2026-11-20"));
    assert_eq!(told(&infant, "2026-11-22"), Vec::<String>::new());
}

#[test]
fn a_loss_in_the_mothers_book_silences_the_childs_but_not_a_twin() {
    let infant = child("2026-08-15");
    let record: &[(&str, &str)] = &[
        ("kind", "pregnancy"),
        ("expected", "2026-08-20"),
        ("outcome", "loss"),
        ("ended", "2026-08-15"),
    ];
    let mother = history(Some("1995-05-05"), &[record]);
    let rules = Rules::built_in().unwrap();
    let today = day("2026-11-22");
    let silent = |family: &[&History]| {
        let facts = Facts::of(&infant, family.iter().copied(), &rules, today);
        facts.unwrap().is_silent()
    };
    assert!(silent(&[&infant, &mother]));
    assert!(!silent(&[&infant, &child("2026-08-15"), &mother]));
    assert!(!silent(&[&infant, &child("1990-01-01")]));
}

fn dosed(born: &str, doses: &[(&str, &str)]) -> History {
    let records: Vec<[(&str, &str); 3]> = doses
        .iter()
        .map(|(vaccine, date)| {
            [
                ("kind", "vaccination"),
                ("vaccine", *vaccine),
                ("date", *date),
            ]
        })
        .collect();
    let records: Vec<&[(&str, &str)]> = records.iter().map(<[_; 3]>::as_slice).collect();
    history(Some(born), &records)
}

#[test]
fn what_was_given_or_done_is_not_asked_for_again() {
    assert!(is_told(&child("2026-08-15"), "2026-11-15", "M035"));
    let begun = dosed("2026-08-15", &[("RV1", "2026-10-15")]);
    assert!(!is_told(&begun, "2026-11-15", "M035"));
    let (born, on) = ("2024-10-01", "2026-08-20");
    assert!(is_told(&child(born), on, "M055"));
    assert!(!is_told(&dosed(born, &[("MR", "2025-10-10")]), on, "M055"));
    let checkup: &[(&str, &str)] = &[
        ("kind", "checkup"),
        ("checkup", "18m"),
        ("date", "2026-04-10"),
    ];
    assert!(is_told(&child(born), "2026-05-01", "M053"));
    assert!(!is_told(
        &history(Some(born), &[checkup]),
        "2026-05-01",
        "M053"
    ));
}

#[test]
fn a_message_after_a_dose_waits_for_it_and_ends_with_the_next() {
    let three = [
        ("DPTIPVHib", "2025-01-10"),
        ("DPTIPVHib", "2025-02-10"),
        ("DPTIPVHib", "2025-03-10"),
    ];
    let born = "2024-10-01";
    let done = dosed(born, &three);
    assert!(!is_told(&done, "2025-09-09", "M051"));
    assert!(is_told(&done, "2025-09-10", "M051"));
    assert!(is_told(&done, "2026-09-10", "M051"));
    assert!(!is_told(&dosed(born, &three[..2]), "2025-09-10", "M051"));
    let mut four = three.to_vec();
    four.push(("DPTIPVHib", "2025-10-01"));
    assert!(!is_told(&dosed(born, &four), "2025-10-02", "M051"));
    let varicella = dosed(born, &[("VAR", "2025-10-10")]);
    assert!(is_told(&varicella, "2026-04-10", "M052"));
    assert!(!is_told(&varicella, "2026-04-09", "M052"));
}

#[test]
fn a_message_for_girls_is_not_told_about_boys() {
    let mut person = child("2010-04-02");
    for (sex, expected) in [
        (None, true),
        (Some(Sex::Female), true),
        (Some(Sex::Male), false),
    ] {
        person.sex = sex;
        assert_eq!(is_told(&person, "2026-09-01", "M070"), expected);
    }
}

fn pack(messages: &str) -> String {
    format!(
        "[pack]\nformat = 1\nid = \"a\"\nissuer = \"b\"\ndata_version = \"1\"\nreview_by = \"2027-03-01\"\n\n[sources]\ns = \"https://example.jp/\"\n\n{messages}"
    )
}

const GOOD: &str = "[[message]]\nid = \"m1\"\nwhen = { age_days = [0, 15] }\naudience = \"parents\"\ncategory = \"benefit\"\npriority = \"high\"\nconfidence = \"high\"\nsource = \"s\"\ntitle = { ja = \"題\", en = \"Title\" }\ntext = { ja = \"文\", en = \"Text\" }\n";

#[test]
fn a_citys_text_stands_in_place_of_or_above_the_national_one() {
    let replacing = |national: &str| {
        let line = format!("source = \"s\"\nreplaces = \"{national}\"");
        Pack::parse(&pack(&GOOD.replace("source = \"s\"", &line))).unwrap()
    };
    let infant = child("2026-11-20");
    let said = |city: Pack| -> Vec<String> {
        let city = [city];
        let messages = told_with(&city, &infant, "2026-11-22", 0);
        messages.into_iter().map(|message| message.id).collect()
    };
    // The child allowance may be told otherwise, the register of births may not.
    let allowance = said(replacing("M023"));
    assert!(allowance.contains(&"m1".to_owned()));
    assert!(!allowance.contains(&"M023".to_owned()));
    let register = said(replacing("M022"));
    let at = register.iter().position(|id| id == "m1").unwrap();
    assert_eq!(register[at + 1], "M022");
    let both = said(Pack::parse(&pack(GOOD)).unwrap());
    assert!(
        ["m1", "M022", "M023"]
            .iter()
            .all(|id| both.contains(&(*id).to_owned()))
    );
}

#[test]
fn a_replacement_that_does_not_fit_this_member_replaces_nothing() {
    let line = "source = \"s\"\nreplaces = \"M023\"";
    let later = GOOD
        .replace("source = \"s\"", line)
        .replace("age_days = [0, 15]", "age_days = [100, 150]");
    let city = [Pack::parse(&pack(&later)).unwrap()];
    let messages = told_with(&city, &child("2026-11-20"), "2026-11-22", 0);
    assert!(messages.iter().any(|message| message.id == "M023"));
}

#[test]
fn a_pack_that_is_out_of_date_says_so() {
    let infant = child("2027-02-25");
    let stale = |today| told_with(&[], &infant, today, 0)[0].is_stale;
    assert!(!stale("2027-03-01"));
    assert!(stale("2027-03-02"));
}

#[test]
fn a_fault_is_named_with_its_line_and_reason() {
    let line = |text: &str| Pack::parse(text).unwrap_err().to_string();
    assert_eq!(Pack::parse(&pack(GOOD)).unwrap().count(), 1);
    let changed = |from: &str, to: &str| line(&pack(&GOOD.replacen(from, to, 1)));
    for (from, to, begins, holds) in [
        ("[0, 15]", "[16, 15]", "line 11:", "range"),
        ("[0, 15]", "[0, 1501]", "line 11:", "range"),
        ("{ age_days = [0, 15] }", "{}", "line 11:", "condition"),
        ("age_days", "moon_phase", "line 13:", "moon_phase"),
        ("\"parents\"", "\"everybody\"", "line 14:", "everybody"),
        ("source = \"s\"", "source = \"t\"", "line 11:", "[sources]"),
        ("source = \"s\"", "source = \"none\"", "line 11:", "low"),
        ("題", "", "line 11:", "80"),
        ("文", "<b>文</b>", "line 11:", "markup"),
        ("文", "https://example.jp", "line 11:", "web address"),
        ("文", "[文](x)", "line 11:", "markup"),
        ("文", "a\\u202eb", "line 11:", "control"),
        ("文", "a\\nb", "line 11:", "control"),
        ("文", "123456789018", "line 11:", "My Number"),
        ("id = \"m1\"", "id = \"m 1\"", "line 11:", "id"),
        ("en = \"Text\"", "fr = \"Texte\"", "line 20:", "fr"),
    ] {
        let said = changed(from, to);
        assert!(
            said.starts_with(begins) && said.contains(holds),
            "{from} → {to}: {said}"
        );
    }
    let twice = line(&pack(&format!("{GOOD}\n{GOOD}")));
    assert_eq!(twice, "line 22: \"m1\" is there twice");
    assert!(line("[pack]\nformat = 2").starts_with("line 1:"));
    assert_eq!(
        line(&pack(GOOD).replacen("format = 1", "format = 2", 1)),
        "line 2: the pack has format 2; this version reads 1"
    );
    let web = pack(GOOD).replacen("https://example.jp/", "<script>", 1);
    assert!(line(&web).starts_with("line 9:"));
}

#[test]
fn a_pack_has_an_end() {
    let long = GOOD.replacen("文", &"文".repeat(601), 1);
    assert!(matches!(
        Pack::parse(&pack(&long)),
        Err(PackError::Length { most: 600, .. })
    ));
    let mut many = String::new();
    for number in 0..=300 {
        writeln!(many, "{}", GOOD.replace("m1", &format!("m{number}"))).unwrap();
    }
    assert_eq!(Pack::parse(&pack(&many)).unwrap_err(), PackError::TooLarge);
    let huge = format!("{}\n# {}", pack(GOOD), "x".repeat(262_144));
    assert_eq!(Pack::parse(&huge).unwrap_err(), PackError::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_pack_is_refused_or_read_and_never_panics(at in 0_usize..400, byte: u8) {
        let mut bytes = pack(GOOD).into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        if let Ok(pack) = Pack::parse(&String::from_utf8_lossy(&bytes)) {
            let shelf = Shelf { national: &pack, city: &[] };
            let facts = Facts::default();
            prop_assert!(shelf.messages(&facts, day("2026-11-22"), 365).is_empty());
        }
    }

    #[test]
    fn every_message_told_touches_the_days_asked_for(age in 0_i64..29_000, start in 0_i64..400, days in 0_u16..400) {
        let today = add_days(day("2026-04-01"), start);
        let mut person = History { birth: Some(Birth(add_days(today, -age))), ..History::default() };
        person.sex = Some(Sex::Female);
        let messages = told_with(&[], &person, &today.to_string(), days);
        let last = add_days(today, i64::from(days));
        for message in messages {
            prop_assert!(message.from <= last);
            prop_assert!(message.until.is_none_or(|until| until >= today));
            prop_assert!(!message.why.is_empty());
        }
    }
}

#[test]
fn an_expected_date_is_no_birth() {
    let facts = facts(&pregnant("2027-03-01"), "2026-12-01");
    assert_eq!(facts.expected(), Some(Expected(day("2027-03-01"))));
    assert!(format!("{facts:?}").ends_with("(..)"));
}
