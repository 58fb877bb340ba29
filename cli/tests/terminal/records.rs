//! Every kind of record, what may not be written, and copies in the clear.

use super::{Json, Terminal};

#[test]
fn the_newest_records_are_the_end_of_the_timeline() {
    let home = Terminal::family();
    for (text, date) in [
        ("一", "2024-11-01"),
        ("二", "2025-03"),
        ("三", "2025-12-31"),
        ("四", "2026-01-01"),
    ] {
        let note = ["add", "note", text, "--date", date];
        assert_eq!(home.json("mother", &note).code, 0);
    }
    let visit = ["add", "appointment", "歯科", "--due-from", "2027-01-01"];
    assert_eq!(home.json("mother", &visit).code, 0);
    let weight = [
        "add",
        "measurement",
        "体重",
        "9.8",
        "kg",
        "--date",
        "2025-12-31",
    ];
    assert_eq!(home.json("mother", &weight).code, 0);
    let listed = |words: &[&str]| {
        let all = home.json("mother", &[&["timeline"], words].concat()).data();
        all.as_array().unwrap().clone()
    };
    let all = listed(&[]);
    assert_eq!((all.len(), &all[5]["date"]), (6, &Json::Null));
    // What has no date yet is told last of all, and only when there is room for it.
    assert_eq!(listed(&["--latest", "3"]), all[2..5]);
    assert_eq!(listed(&["--latest", "9"]), all);
    let notes: Vec<Json> = listed(&["--kind", "note"]);
    let newest = listed(&["--kind", "note", "--latest", "2"]);
    assert_eq!(newest, notes[2..]);
    let named = listed(&["--member", "花", "--latest", "1"]);
    assert_eq!(named[0]["date"], "2026-01-01");
    let page = home.run("mother", &["timeline", "--latest", "2"]).out;
    assert!(page.contains("新しい2件"), "{page}");
    assert_eq!(home.run("mother", &["timeline", "--latest", "0"]).code, 2);
}

/// One example of each kind that `techo add` knows by the table, and what the timeline calls it.
const KINDS: [(&[&str], &str, &str); 14] = [
    (
        &["pregnancy", "--expected", "2027-03-01", "--basis", "超音波"],
        "妊娠(予定日 2027-03-01",
        "Pregnancy, expected 2027-03-01",
    ),
    (
        &[
            "prenatal",
            "--gestation",
            "24週3日",
            "--fundal",
            "22",
            "--urine-protein",
            "+-",
        ],
        "妊娠週数 24週3日",
        "Weeks of pregnancy 24w3d",
    ),
    (
        &[
            "birth",
            "--date",
            "2024-10-01",
            "--time",
            "9:05",
            "--weight",
            "3.215kg",
        ],
        "体重(g) 3215",
        "Weight (g) 3215",
    ),
    (
        &[
            "newborn",
            "--date",
            "2024-10-05",
            "--day-age",
            "4",
            "--feeding",
            "母乳",
        ],
        "栄養法 母乳",
        "Feeding breast milk",
    ),
    (
        &[
            "screening",
            "聴覚",
            "--date",
            "2024-10-03",
            "--hearing-left",
            "pass",
        ],
        "新生児の検査「聴覚」",
        "Newborn screening: hearing",
    ),
    (
        &[
            "appointment",
            "MR 第2期",
            "--date",
            "2199-05-10",
            "--time",
            "15:30",
        ],
        "予定「MR 第2期 15:30」",
        "Appointment: MR 第2期 15:30",
    ),
    (
        &["milestone", "ひとり歩き", "--date", "2025-11"],
        "できたこと「ひとり歩き」",
        "Milestone: Walks alone",
    ),
    (
        &[
            "illness",
            "水ぼうそう",
            "--date",
            "2025-11-03",
            "--until",
            "2025-11-10",
        ],
        "病気「水ぼうそう」",
        "Illness: 水ぼうそう",
    ),
    (
        &[
            "allergy",
            "卵",
            "--type",
            "food",
            "--severity",
            "mild",
            "--date",
            "2025-06",
        ],
        "アレルギー「卵」",
        "Allergy: 卵",
    ),
    (
        &[
            "medication",
            "せき止め",
            "--usage",
            "毎食後",
            "--date",
            "2025-11-03",
        ],
        "薬「せき止め」",
        "Medication: せき止め",
    ),
    (
        &[
            "lab",
            "CRP",
            "--result",
            "0.3",
            "--unit",
            "mg/dL",
            "--date",
            "2025-11-03",
        ],
        "検査結果「CRP 0.3 mg/dL」",
        "Lab result: CRP 0.3 mg/dL",
    ),
    (
        &[
            "diary",
            "公園で遊んだ",
            "--title",
            "成長",
            "--date",
            "2025-11-20",
        ],
        "日記「成長」",
        "Diary: 成長",
    ),
    (
        &[
            "document",
            "紹介状",
            "--file",
            "secret",
            "--date",
            "2025-11-21",
        ],
        "書類「紹介状」",
        "Document: 紹介状",
    ),
    (
        &[
            "consent",
            "予防接種の記録",
            "--recipient",
            "保育園",
            "--date",
            "2025-11-22",
        ],
        "共有の記録「予防接種の記録 保育園」",
        "Sharing: 予防接種の記録 保育園",
    ),
];

#[test]
fn every_kind_is_written_shown_in_both_languages_amended_and_copied() {
    let terminal = Terminal::family();
    for (words, _, _) in KINDS {
        let added = terminal.json("mother", &[&["add"], words].concat()).data();
        assert_eq!(added["kind"], words[0]);
        let id = added["id"].as_str().unwrap();
        let amend = ["record", "amend", id, "--set", "note=直した"];
        assert_eq!(terminal.json("mother", &amend).data()["id"], id);
    }
    let items = terminal.json("mother", &["timeline"]).data();
    for item in items.as_array().unwrap() {
        assert_eq!(item["fields"]["note"][0], "直した", "{item}");
    }
    assert_eq!(items.as_array().unwrap().len(), KINDS.len());
    let japanese = terminal.run("mother", &["timeline"]).out;
    let english = terminal.run("mother", &["timeline", "--lang", "en"]).out;
    for (words, ja, en) in KINDS {
        assert!(japanese.contains(ja), "{words:?} {japanese}");
        assert!(english.contains(en), "{words:?} {english}");
    }
    let csv = terminal.run("mother", &["export", "--format", "csv"]).out;
    let json = terminal.run("mother", &["export"]).out;
    for (words, _, _) in KINDS {
        assert!(csv.contains(&format!(",{},", words[0])), "{words:?} {csv}");
        assert!(json.contains(&format!("\"kind\": \"{}\"", words[0])));
    }
}

#[test]
fn a_record_never_to_be_shared_is_in_no_copy_and_a_private_one_only_when_asked_for() {
    let terminal = Terminal::family();
    let note = |text: &str, sensitivity: &str| {
        let words = ["add", "note", text, "--sensitivity", sensitivity];
        terminal.json("mother", &words).data()["id"].clone()
    };
    note("みんなに見せる", "normal");
    note("頼まれたら見せる", "private");
    let secret = note("だれにも見せない", "never-share");
    for format in ["json", "csv"] {
        let copy = |more: &[&str]| {
            let words = [&["export", "--format", format], more].concat();
            terminal.run("mother", &words).out
        };
        let (plain, private) = (copy(&[]), copy(&["--private"]));
        assert!(plain.contains("みんなに") && private.contains("みんなに"));
        assert!(!plain.contains("頼まれたら") && private.contains("頼まれたら"));
        assert!(!plain.contains("だれにも") && !private.contains("だれにも"));
        let secret = secret.as_str().unwrap();
        assert!(!private.contains(secret), "not even its id");
    }
    let told = terminal
        .json("mother", &["export", "--out", "copy.json"])
        .data();
    assert_eq!(
        (&told["records"], &told["left_out"]),
        (&1.into(), &2.into())
    );
    let timeline = terminal.run("mother", &["timeline"]).out;
    assert!(timeline.contains("[持ち出し禁止]") && timeline.contains("[非公開]"));
}

#[test]
fn what_was_copied_is_taken_in_once_and_copies_the_same_again() {
    let terminal = Terminal::family();
    for (words, _, _) in KINDS.into_iter().step_by(3) {
        terminal.json("mother", &[&["add"], words].concat()).data();
    }
    terminal
        .json("mother", &["export", "--out", "one.json"])
        .data();
    let again = terminal.json("mother", &["import", "one.json"]).data();
    assert_eq!((&again["taken"], &again["already"]), (&0.into(), &5.into()));
    let again = terminal.json("mother", &["import", "one.json"]).data();
    assert_eq!(again["file_known"], true);

    let init = ["init", "--device", "other"];
    assert_eq!(terminal.json("other", &init).code, 0);
    let member = [
        "member",
        "add",
        "みほん花",
        "--born",
        "R6.10.1",
        "--sex",
        "女",
    ];
    assert_eq!(terminal.json("other", &member).code, 0);
    let taken = terminal.json("other", &["import", "one.json"]).data();
    assert_eq!((&taken["taken"], &taken["already"]), (&5.into(), &0.into()));
    terminal
        .json("other", &["export", "--out", "two.json"])
        .data();
    let read = |name: &str| {
        let text = std::fs::read_to_string(terminal.path().join(name)).unwrap();
        let copy: Json = serde_json::from_str(&text).unwrap();
        let records = copy["members"][0]["records"].as_array().unwrap().clone();
        let fields = records.iter().map(|record| record["fields"].to_string());
        let mut fields: Vec<String> = fields
            .filter(|fields| !fields.contains("\"import\""))
            .collect();
        fields.sort();
        fields
    };
    assert_eq!(read("one.json"), read("two.json"));
}

#[test]
fn a_copy_that_was_tampered_with_is_taken_record_by_record() {
    let terminal = Terminal::family();
    let record = |fields: &str| format!(r#"{{"id":"y/1","source":"family","fields":{fields}}}"#);
    let records = [
        record(r#"{"kind":"note","text":"残る"}"#),
        record(r#"{"kind":"note","text":"番号 1234-5678-9018"}"#),
        record(
            r#"{"kind":"measurement","quantity":"weight","value":"3200","unit":"kg","date":"2025-10-01"}"#,
        ),
        record(r#"{"kind":"vaccination","vaccine":"MR","date":"2020-01-01"}"#),
        record(r#"{"kind":"note","v":2,"text":"新しい版"}"#),
        record(r#"{"kind":"dream","text":"知らない種類"}"#),
        record(r#"{"kind":"member","name":"別人"}"#),
    ];
    let file = format!(
        r#"{{"schema":"techo-export/1","members":[{{"profile":{{}},"records":[{}]}}]}}"#,
        records.join(",")
    );
    std::fs::write(terminal.path().join("bad.json"), file).unwrap();
    let answer = terminal.json("mother", &["import", "bad.json"]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    let answer: Json = serde_json::from_str(answer.out.lines().last().unwrap()).unwrap();
    assert_eq!(answer["data"]["taken"], 1);
    assert_eq!(answer["data"]["rejected"].as_array().unwrap().len(), 6);
    std::fs::write(terminal.path().join("bad.json"), "{}").unwrap();
    let answer = terminal.json("mother", &["import", "bad.json"]);
    answer.refused(3, "not-an-export");
}

#[test]
fn what_cannot_be_is_refused_until_somebody_confirms_it() {
    let terminal = Terminal::family();
    let dose = |date: &'static str| ["add", "vaccination", "MR", "--date", date];
    let confirmed = |words: &[&str]| terminal.json("mother", &[words, &["--confirm"]].concat());
    for (date, code) in [("2199-01-01", "in-future"), ("2024-09-30", "before-birth")] {
        terminal.json("mother", &dose(date)).refused(1, code);
        let id = confirmed(&dose(date)).data()["id"].clone();
        let amend = [
            "record",
            "amend",
            id.as_str().unwrap(),
            "--set",
            "date=2199-01-02",
        ];
        terminal.json("mother", &amend).refused(1, "in-future");
    }
    let unborn = ["member", "add", "みほん空", "--born", "2199-01-01"];
    terminal.json("mother", &unborn).refused(1, "in-future");
    confirmed(&unborn).refused(1, "in-future");
    let born = [
        "member",
        "amend",
        "みほん花",
        "--set",
        "birth_date=2199-01-01",
    ];
    terminal.json("mother", &born).refused(1, "in-future");

    let weight = ["add", "measurement", "weight", "3,200", "kg"];
    let told = terminal.json("mother", &weight).refused(1, "implausible");
    assert!(told["hint"].as_str().unwrap().contains('g'), "{told}");
    confirmed(&weight).data();
    let weeks = [
        "member",
        "amend",
        "みほん花",
        "--set",
        "gestation_at_birth=60w0d",
    ];
    terminal.json("mother", &weeks).refused(1, "implausible");
}

#[test]
fn an_unknown_vaccine_is_kept_as_written_and_said_to_be_unknown() {
    let terminal = Terminal::family();
    let added = terminal.json(
        "mother",
        &["add", "vaccination", "狂犬病", "--date", "2025-10-05"],
    );
    assert_eq!(added.data()["remarks"][0], "unknown_vaccine");
    let said = terminal.run("mother", &["add", "vaccination", "黄熱", "--lang", "en"]);
    assert!(said.out.contains("does not know a vaccine"), "{}", said.out);
    assert!(terminal.run("mother", &["timeline"]).out.contains("狂犬病"));
}

#[test]
fn a_my_number_is_refused_in_every_field_that_can_be_typed() {
    let terminal = Terminal::family();
    let typed: [&[&str]; 9] = [
        &["add", "illness", "１２３４５６７８９０１８"],
        &[
            "add",
            "appointment",
            "健診",
            "--date",
            "2199-01-01",
            "--facility",
            "1234 5678 9018",
        ],
        &["add", "lab", "CRP", "--result", "123456789018"],
        &[
            "add",
            "note",
            "x",
            "--field",
            "source_item_code=123456789018",
        ],
        &["add", "document", "123456789018", "--file", "secret"],
        &["add", "checkup", "3y", "--finding", "123456789018=x"],
        &["member", "add", "1234-5678-9018"],
        &[
            "member",
            "amend",
            "みほん花",
            "--set",
            "name_kana=123456789018",
        ],
        &[
            "add",
            "milestone",
            "walks",
            "--note",
            "番号は123456789018です",
        ],
    ];
    for words in typed {
        terminal.json("mother", words).refused(1, "my-number");
    }
}

#[test]
fn slips_of_the_finger_are_told_with_what_could_be_meant() {
    let terminal = Terminal::family();
    let typo = ["add", "milestone", "walks", "--field", "dat=2026"];
    let told = terminal.json("mother", &typo).refused(2, "no-such-field");
    assert!(told["hint"].as_str().unwrap().contains("photo_sha256"));
    let word = ["add", "screening", "hearing", "--hearing-left", "よい"];
    let told = terminal.json("mother", &word).refused(2, "not-a-choice");
    assert_eq!(told["hint"], "pass / refer");
    let word = ["add", "note", "x", "--sensitivity", "secret"];
    terminal.json("mother", &word).refused(2, "not-a-choice");
}

#[test]
fn a_profile_is_amended_and_shown() {
    let terminal = Terminal::family();
    let amend = [
        "member",
        "amend",
        "みほん花",
        "--set",
        "gestation_at_birth=38週4日",
        "--set",
        "blood_type=AB",
        "--set",
        "birth_order=2",
    ];
    assert_eq!(terminal.json("mother", &amend).data()["name"], "みほん花");
    let shown = terminal.run("mother", &["member", "show", "花"]).out;
    for expected in ["38週4日", "AB型", "第何子"] {
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn two_records_of_one_dose_are_said_to_be_one() {
    let terminal = Terminal::family();
    let dose = ["add", "vaccination", "MR", "--date", "2025-10-05"];
    let ids: Vec<String> = ["provenance=clinic", "provenance=family"]
        .map(|who| {
            let words = [&dose[..], &["--field", who]].concat();
            terminal.json("mother", &words).data()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .into();
    let shown = terminal.json("mother", &["record", "show", &ids[0]]).data();
    assert_eq!(shown["same_as"][0], ids[1].as_str());
    let page = terminal.run("mother", &["record", "show", &ids[1]]).out;
    assert!(page.contains("同じ1回として数えます"), "{page}");
    let page = terminal.run("mother", &["timeline"]).out;
    assert!(
        page.contains("医療機関から") && page.contains("と同じ1回"),
        "{page}"
    );
}

#[test]
fn a_picture_of_growth_holds_nothing_private() {
    let terminal = Terminal::family();
    for (value, sensitivity) in [
        ("9.1", "normal"),
        ("9.2", "private"),
        ("9.3", "never-share"),
    ] {
        let date = format!("2025-10-0{}", &value[2..]);
        let words = [
            "add",
            "measurement",
            "weight",
            value,
            "kg",
            "--date",
            &date,
            "--sensitivity",
            sensitivity,
        ];
        terminal.json("mother", &words).data();
    }
    let weights = |words: &[&str]| {
        let told = terminal.json("mother", words).data();
        let measures = told["measures"].as_array().unwrap();
        let all = measures
            .iter()
            .map(|m| m["values"].as_array().unwrap().len());
        all.sum::<usize>()
    };
    assert_eq!(weights(&["growth"]), 3);
    assert_eq!(weights(&["growth", "--svg", "hana.svg"]), 1);
}
