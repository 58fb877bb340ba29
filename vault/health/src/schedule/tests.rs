use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;

mod properties;

/// The pack that comes with Techo, read once.
fn rules() -> &'static Rules {
    static RULES: LazyLock<Rules> =
        LazyLock::new(|| Rules::built_in().unwrap_or_else(|error| panic!("{error}")));
    &RULES
}

fn ask(rules: &Rules, question: &Value) -> Value {
    let (line, answered) = answer_lines(rules, 1, &question.to_string()).unwrap();
    assert!(answered.is_ok, "{line}");
    serde_json::from_str(&line).unwrap()
}

fn by_series(answer: &Value) -> BTreeMap<String, Value> {
    let all = answer["series"].as_array().unwrap().iter();
    all.map(|one| (one["series"].as_str().unwrap().to_owned(), one.clone()))
        .collect()
}

#[test]
fn the_built_in_pack_is_sound() {
    let rules = rules();
    assert_eq!(rules.data_version(), "jp-2026-11-22");
    assert_eq!(rules.series_count(), 31 + 4);
}

#[test]
fn a_pack_that_does_not_hang_together_names_the_line() {
    let text = include_str!("../../rules/jp.toml");
    let line_of = |part: &str| 1 + text[..text.find(part).unwrap()].matches('\n').count();
    for (from, to, says) in [
        ("format = 1", "format = 2", "has format 2"),
        (
            "series = [\"bcg\"]",
            "series = [\"tb\"]",
            "\"tb\" names no series",
        ),
        ("interval = \"27d\"", "interval = \"27x\"", "written like"),
        (
            "class = \"routine\"",
            "class = \"rutine\"",
            "unknown variant",
        ),
        (
            "sources = [\"fuji_live\"]",
            "sources = [\"fuji\"]",
            "\"fuji\" names no source",
        ),
        (
            "sources = [\"sakura_bcg\", \"hinohara_bcg\", \"seirei_r6\"]",
            "sources = []",
            "names no source",
        ),
        (
            "late_until = \"mr_2\"",
            "late_until = \"mr_3\"",
            "\"mr_3\" names no series",
        ),
        ("code = \"COVID\"", "code = \"BCG\"", "is there twice"),
    ] {
        let error = Rules::parse(&text.replacen(from, to, 1))
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
        let line: usize = error.split([' ', ':']).nth(1).unwrap().parse().unwrap();
        assert!(
            line.abs_diff(line_of(from)) <= 8,
            "{error}: line {}",
            line_of(from)
        );
    }
}

#[test]
fn a_window_may_be_one_day_or_year_long_but_not_run_backwards() {
    let text = include_str!("../../rules/jp.toml");
    for (window, one, backwards) in [
        (
            "from = 12, until = 16",
            "from = 12, until = 12",
            "from = 12, until = 11",
        ),
        (
            "from = \"2022-04-01\", until = \"2025-03-31\" }\ntransition",
            "from = \"2022-04-01\", until = \"2022-04-01\" }\ntransition",
            "from = \"2022-04-01\", until = \"2022-03-31\" }\ntransition",
        ),
        (
            "from = \"28w0d\", until = \"36w6d\"",
            "from = \"28w0d\", until = \"28w0d\"",
            "from = \"28w0d\", until = \"27w6d\"",
        ),
    ] {
        assert_eq!(text.matches(window).count(), 1, "{window}");
        assert!(Rules::parse(&text.replace(window, one)).is_ok(), "{one}");
        let error = Rules::parse(&text.replace(window, backwards)).unwrap_err();
        assert!(
            matches!(error, RulesError::NoPlan { .. }),
            "{backwards}: {error}"
        );
    }
}

#[test]
fn a_vaccination_has_plans_with_doses_and_a_checkup_has_none() {
    let text = include_str!("../../rules/jp.toml");
    let plan = "  [[series.plan]]\n";
    for (from, to) in [
        (plan, format!("{plan}  dose = []\n{plan}")),
        ("class = \"voluntary\"", "class = \"checkup\"".to_owned()),
        ("class = \"checkup\"", "class = \"routine\"".to_owned()),
    ] {
        let error = Rules::parse(&text.replacen(from, &to, 1)).unwrap_err();
        assert!(matches!(error, RulesError::NoPlan { .. }), "{to}: {error}");
    }
}

#[test]
fn how_sure_a_rule_is_is_told_in_both_languages() {
    for (series, english, japanese) in [
        ("bcg", "BCG; confidence high)", "BCG、確かさ: 高)"),
        (
            "mumps",
            "mumps; confidence medium)",
            "おたふくかぜ、確かさ: 中)",
        ),
        (
            "covid_child",
            "confidence low)",
            "新型コロナ 小児、確かさ: 低)",
        ),
    ] {
        let question = json!({"birth_date": "2026-04-01", "on": "2026-11-22", "series": [series]});
        let answer = ask(rules(), &question)["series"][0].clone();
        let says = |field: &str, words: &str| {
            let all = answer[field].as_array().unwrap();
            all.iter().any(|one| one.as_str().unwrap().contains(words))
        };
        assert!(says("because", english), "{answer}");
        assert!(says("because_ja", japanese), "{answer}");
    }
}

#[test]
fn a_line_that_cannot_be_read_is_answered_with_its_number() {
    let rules = rules();
    for (line, code, says) in [
        ("{", "unreadable", "no JSON object"),
        ("[]", "unreadable", "no JSON object"),
        (r#"{"on":"2026-02-30"}"#, "not_a_day", "on: a day"),
        (
            r#"{"on":"2026-11-22","birth_date":"R8.4.1"}"#,
            "not_a_day",
            "birth_date: a day",
        ),
        (
            r#"{"on":"2026-11-22","birth_date":"2026-11-23"}"#,
            "born_later",
            "birth_date: later",
        ),
        (r#"{"on":"2026-11-22","sex":"x"}"#, "not_a_value", "sex"),
        (
            r#"{"on":"2026-11-22","series":["nope"]}"#,
            "unknown_series",
            "series",
        ),
        (
            r#"{"on":"2026-11-22","birth_date":"2025-01-01","doses":[{"vaccine":"MR","date":"2026-01-01"},{"vaccine":"BCG","date":"2024-12-31"}]}"#,
            "dose_before_birth",
            "number 2 is before birth",
        ),
        (
            r#"{"on":"2026-11-22","doses":[{"vaccine":"MR","date":"2026-02-29"}]}"#,
            "dose_not_a_day",
            "number 1 is no day",
        ),
        (
            r#"{"on":"2026-11-22","doses":[{"vaccine":" ","date":"2026-02-28"}]}"#,
            "no_vaccine",
            "number 1 names no vaccine",
        ),
        (
            r#"{"on":"2026-11-22","birth_date":"2025-01-01","facts":{"checkup_18m":"soon"}}"#,
            "checkup",
            "a checkup was done on a day",
        ),
        (
            r#"{"on":"2026-11-22","facts":{"gestation":"17"}}"#,
            "not_a_value",
            "gestation",
        ),
    ] {
        let (answer, answered) = answer_lines(rules, 7, line).unwrap();
        assert!(!answered.is_ok && answer.contains(says), "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["line"], 7);
        assert_eq!(answer["data_version"], "jp-2026-11-22");
        assert!(!answer["error_ja"].as_str().unwrap().is_ascii());
        assert_eq!(answer["code"], code);
    }
    assert!(answer_lines(rules, 1, "  ").is_none());
}

#[test]
fn facts_are_read_as_they_are_described_and_refused_otherwise() {
    let read = |fact: &str, value: &str| {
        let question = json!({"on": "2026-11-22", "facts": {fact: value}});
        Case::parse(&question.to_string()).err()
    };
    for (fact, value) in [
        ("contraindicated", "2026-05-01..2026-05-01"),
        ("contraindicated", "2026-05-31..2026-05"),
        ("contraindicated", "2026-12-31..2026"),
        ("contraindicated", "2021-07.."),
        ("antibody_test", "2025-02-10 insufficient"),
        ("antibody_test", "2025-02-10 sufficient"),
        ("season", "10-01..01-31"),
        ("season", "10-01..02-29"),
        ("gestation", "17w1d"),
    ] {
        assert_eq!(read(fact, value), None, "{fact} {value}");
    }
    for (fact, value) in [
        ("contraindicated", "2026-05-02..2026-05-01"),
        ("contraindicated", "2026-06-01..2026-05"),
        ("contraindicated", "2026-05-01"),
        ("contraindicated", "春..2026-05-01"),
        ("antibody_test", "2025-02-10"),
        ("antibody_test", "2025-02-10 low"),
        ("antibody_test", "2025-02-30 sufficient"),
        ("season", "10-01"),
        ("season", "10-01..02-30"),
        ("season", "10-1..01-31"),
    ] {
        let field = fact;
        let refused = read(fact, value);
        assert!(
            matches!(refused, Some(CaseError::Field { field: named }) if named == field),
            "{fact} {value}"
        );
    }
}

#[test]
fn a_question_is_not_shown_in_debug_output() {
    let case = Case::parse(r#"{"on":"2026-11-22","birth_date":"2026-04-01"}"#).unwrap();
    assert_eq!(format!("{case:?}"), "Case(..)");
}

#[test]
fn a_vaccine_is_found_whatever_its_case_and_the_blanks_around_it() {
    let answer = ask(
        rules(),
        &json!({"birth_date": "2026-04-01", "on": "2026-11-22", "series": ["bcg"],
            "doses": [{"vaccine": " bcg ", "date": "2026-09-10"}]}),
    );
    assert_eq!(answer["series"][0]["status"], "complete");
}

#[test]
fn a_dose_that_fits_nowhere_is_listed_with_the_reason() {
    let answer = ask(
        rules(),
        &json!({"birth_date": "2025-11-10", "on": "2026-11-22", "doses": [
            {"vaccine": "XYZ", "date": "2026-02-01"},
            {"vaccine": "BCG", "date": "2026-05-01"},
            {"vaccine": "BCG", "date": "2026-05-01"},
            {"vaccine": "DT", "date": "2026-12-01"},
            {"vaccine": "YF", "date": "2026-11-11"},
        ]}),
    );
    let reasons: Vec<&str> = answer["unassigned"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    let expected = [
        "not a vaccine of the rules",
        "recorded twice",
        "fills no series",
        "after the day of the question",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn a_dose_fills_nothing_that_is_complete_over_or_out_of_season() {
    for (birth, given, code) in [
        (
            "2025-11-10",
            &[("BCG", "2026-05-01"), ("BCG", "2026-06-01")][..],
            "nothing_open",
        ),
        ("2024-04-10", &[("BCG", "2025-06-01")], "nothing_open"),
        ("1951-06-01", &[("FLU", "2026-08-15")], "nothing_open"),
        // Rubella is also for men of other years; what counts is that the first series is complete.
        (
            "2024-04-10",
            &[("MR", "2025-05-01"), ("MR", "2025-12-01")],
            "nothing_open",
        ),
        ("2024-04-10", &[("RSVmat", "2026-06-01")], "no_pregnancy"),
    ] {
        let doses: Vec<Value> = given
            .iter()
            .map(|(vaccine, date)| json!({"vaccine": vaccine, "date": date}))
            .collect();
        let question = json!({"birth_date": birth, "on": "2026-11-22", "doses": doses});
        let unassigned = &ask(rules(), &question)["unassigned"];
        assert_eq!(unassigned.as_array().unwrap().len(), 1, "{unassigned}");
        let (_, last) = given.last().unwrap();
        assert_eq!(unassigned[0]["date"], *last);
        assert_eq!(unassigned[0]["reason_code"], code, "{unassigned}");
    }
}

#[test]
fn the_last_day_to_begin_is_told_of_first_doses_where_the_rules_say_so() {
    let told = |question: Value| {
        let answer = ask(rules(), &question);
        let flags = answer["series"][0]["flags"].as_array().unwrap().clone();
        flags
            .iter()
            .any(|flag| flag.as_str().unwrap().starts_with("last_start_to_complete"))
    };
    let question = |series: &str, doses: Value| json!({"birth_date": "2026-04-01", "on": "2026-07-01", "series": [series], "doses": doses});
    assert!(told(question("hepb", json!([]))));
    assert!(!told(question("dpt_ipv_hib", json!([]))));
    assert!(!told(question(
        "hepb",
        json!([{"vaccine": "HepB", "date": "2026-06-01"}])
    )));
}

#[test]
fn a_later_plan_that_takes_less_time_moves_the_last_day_to_begin() {
    // From 16 on three doses in four months, before two in five: who turns 16 too late for the two
    // may still begin the three by 30 November, and after it neither by 31 March.
    let text = include_str!("../../rules/jp.toml");
    let rules = text.replacen("first_until = \"15y\"", "first_until = \"16y\"", 1);
    let rules = Rules::parse(&rules).unwrap();
    for day in 2..=29 {
        let question = json!({"birth_date": format!("2010-11-{day:02}"), "sex": "female", "on": "2026-06-01", "series": ["hpv"]});
        let flags = ask(&rules, &question)["series"][0]["flags"].clone();
        let told = json!("last_start_to_complete=2026-11-30");
        assert!(flags.as_array().unwrap().contains(&told), "{day}: {flags}");
    }
}

#[test]
fn the_rule_of_the_next_dose_is_told_as_it_holds() {
    for (birth, series, given, says) in [
        (
            "2026-04-01",
            "dpt_ipv_hib",
            &[][..],
            "dose 1: within the window",
        ),
        (
            "2026-04-01",
            "dpt_ipv_hib",
            &[("DPTIPVHib", "2026-06-01")],
            "dose 2: at least 20d between it and the dose before",
        ),
        (
            "2026-04-01",
            "hepb",
            &[("HepB", "2026-06-01"), ("HepB", "2026-07-01")],
            "dose 3: at least 139d between it and dose 1",
        ),
        (
            "2025-09-15",
            "hib",
            &[("Hib", "2025-11-20")],
            "dose booster: at least 27d between it and the dose before; \
             an earlier dose is left out, being too late",
        ),
        (
            "2026-06-15",
            "hib",
            &[("Hib", "2026-08-20")],
            "dose 2: at least 27d between it and the dose before; left out after the age of 12m",
        ),
        (
            "2025-09-15",
            "hib",
            &[
                ("Hib", "2025-11-20"),
                ("Hib", "2025-12-18"),
                ("Hib", "2026-01-15"),
            ],
            "dose booster: at least 7m between it and the dose before",
        ),
        (
            "2025-11-10",
            "pcv_child",
            &[("PCV20", "2026-01-20"), ("PCV20", "2026-11-10")],
            "dose booster: at least 60d between it and the dose before; from the age of 12m; \
             an earlier dose is left out, being too late",
        ),
    ] {
        let doses: Vec<Value> = given
            .iter()
            .map(|(vaccine, date)| json!({"vaccine": vaccine, "date": date}))
            .collect();
        let question =
            json!({"birth_date": birth, "on": "2026-11-22", "doses": doses, "series": [series]});
        let answer = ask(rules(), &question);
        let because = answer["series"][0]["because"].as_array().unwrap();
        assert!(because.contains(&json!(says)), "{because:?}");
    }
}

#[test]
fn a_first_dose_is_told_no_interval_to_a_dose_before_it() {
    let text = include_str!("../../rules/jp.toml");
    let slot = "from_age = \"11y\"\n";
    let keys = format!("{slot}    after_previous = \"27d\"\n    after_first = \"6m\"\n");
    assert_eq!(text.matches(slot).count(), 1);
    let rules = Rules::parse(&text.replace(slot, &keys)).unwrap();
    let question = |doses: Value| json!({"birth_date": "2015-06-10", "on": "2026-11-22", "series": ["dpt_preschool_jps"], "doses": doses});
    let because = |doses: Value| ask(&rules, &question(doses))["series"][0]["because"].clone();
    let first = because(json!([]));
    assert!(
        first.as_array().unwrap().contains(&json!(
            "dose 1: from the age of 11y; an earlier dose is left out, being too late"
        )),
        "{first}"
    );
    let second = because(json!([{"vaccine": "DPT", "date": "2021-06-10"}]));
    let says = "dose 2: at least 27d between it and the dose before; \
                at least 6m between it and dose 1; from the age of 11y";
    assert!(
        second.as_array().unwrap().contains(&json!(says)),
        "{second}"
    );
}

#[test]
fn what_begins_in_more_than_twenty_years_is_told_only_when_asked() {
    // 65 is reached on 2045-05-31: 7 320 days, twenty years of 366, after 2025-05-16.
    let told = |on: &str| {
        let answer = ask(rules(), &json!({"birth_date": "1980-06-01", "on": on}));
        by_series(&answer).contains_key("pneumo_elderly")
    };
    assert!(told("2025-05-16"));
    assert!(!told("2025-05-15"));
}

#[test]
fn every_reason_has_a_code_and_both_languages() {
    let answer = ask(
        rules(),
        &json!({"birth_date": "2024-04-10", "on": "2026-11-22", "doses": [
            {"vaccine": "PCV15", "date": "2024-06-20"},
            {"vaccine": "M", "date": "2025-06-20"},
        ]}),
    );
    for one in answer["series"].as_array().unwrap() {
        let words = |name: &str| one[name].as_array().unwrap().clone();
        let (codes, english) = (words("because_codes"), words("because"));
        let japanese = words("because_ja");
        assert!(codes.len() == english.len() && codes.len() == japanese.len());
        assert_eq!(codes.last().unwrap(), "confirm");
        assert_eq!(
            english.last().unwrap(),
            "confirm with your clinic and your city"
        );
        assert_eq!(
            japanese.last().unwrap(),
            "かかりつけ医とお住まいの市区町村に確認してください"
        );
        assert!(
            english.iter().all(|text| text.as_str().unwrap().is_ascii()),
            "{english:?}"
        );
        assert!(
            japanese
                .iter()
                .all(|text| !text.as_str().unwrap().is_ascii())
        );
    }
    let pneumococcus = &by_series(&answer)["pcv_child"];
    assert_eq!(pneumococcus["because"][1], "dose 1: PCV15 on 2024-06-20");
    assert_eq!(
        pneumococcus["because_ja"][1],
        "1回目: 2024-06-20 小児肺炎球菌15価"
    );
    let measles = &by_series(&answer)["mr_1"];
    assert_eq!(measles["because_codes"][1], "part_given");
}

#[test]
fn a_pregnancy_that_is_over_tells_its_own_days() {
    // 40 weeks before 1 October, and the 42 weeks after which no visit is due.
    let question = json!({"on": "2026-11-01", "series": ["antenatal_interval"],
        "facts": {"expected_delivery_date": "2026-10-01"}});
    let told = ask(rules(), &question)["series"][0]["because"][0].clone();
    assert_eq!(told, "window: 2025-12-25 to 2026-10-15, both days included");
}

#[test]
fn rules_past_their_review_say_so() {
    let rules = rules();
    let notices = |on: &str| ask(rules, &json!({"on": on}))["notices"].clone();
    assert_eq!(notices("2027-03-01"), Value::Null);
    let late = notices("2027-03-02");
    assert_eq!(late[0]["code"], "rules_out_of_date");
    assert!(late[0]["en"].as_str().unwrap().contains("2027-03-01"));
    assert!(late[0]["ja"].as_str().unwrap().contains("2027-03-01"));
    let line = r#"{"on":"2027-03-02"}"#;
    assert!(answer_lines(rules, 1, line).unwrap().1.is_out_of_date);
    assert_eq!(rules.review_by().to_string(), "2027-03-01");
}

#[test]
fn every_series_has_names_in_both_languages() {
    let rules = rules();
    let ids: Vec<String> = rules.series_ids().map(str::to_owned).collect();
    assert_eq!(ids.len(), rules.series_count());
    assert_eq!(ids[0], "dpt_ipv_hib");
    for id in ids {
        let (japanese, english) = rules.names(&id).unwrap();
        assert!(english.is_ascii() && !japanese.is_empty(), "{id}");
    }
    assert_eq!(rules.names("nope"), None);
}

#[test]
fn an_early_dose_gives_both_forecasts() {
    let answer = ask(
        rules(),
        &json!({"birth_date": "2026-04-01", "on": "2026-07-01", "series": ["dpt_ipv_hib"], "doses": [
            {"vaccine": "DPTIPVHib", "date": "2026-06-01"},
            {"vaccine": "DPTIPVHib", "date": "2026-06-21"},
        ]}),
    );
    let main = &answer["series"][0];
    assert_eq!(
        (main["next_dose"].as_str(), main["earliest"].as_str()),
        (Some("3"), Some("2026-07-12"))
    );
    let other = &main["alternatives"][0];
    assert_eq!(other["assuming"], "dose2 not counted");
    assert_eq!(
        (other["next_dose"].as_str(), other["earliest"].as_str()),
        (Some("2"), Some("2026-06-22"))
    );
    assert_eq!(other["status"], "eligible");
}

#[test]
fn without_a_list_only_what_applies_is_told() {
    let answer = ask(
        rules(),
        &json!({"birth_date": "2026-09-01", "sex": "male", "on": "2026-11-22"}),
    );
    let series = by_series(&answer);
    for told in [
        "dpt_ipv_hib",
        "pcv_child",
        "hepb",
        "rota_rv1",
        "rota_rv5",
        "bcg",
        "mr_1",
        "mr_2",
        "dt_2",
        "checkup_18m",
    ] {
        assert!(series.contains_key(told), "{told}");
    }
    for silent in [
        "dpt_ipv",
        "hib",
        "hpv",
        "pneumo_elderly",
        "rsv_maternal",
        "hepb_mtct",
        "flu_elderly",
    ] {
        assert!(!series.contains_key(silent), "{silent}");
    }
    assert!(series.values().all(|one| one["status"] != "not_applicable"));
}
