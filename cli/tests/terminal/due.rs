//! What is due, and checkups by their forms.

use serde_json::Value as Json;

use super::Terminal;

/// A child of two and a half years with a few doses, on a day that does not move.
fn family() -> Terminal {
    let terminal = Terminal::family();
    for (vaccine, date) in [
        ("5種混合", "2024-12-02"),
        ("5種混合", "2025-01-06"),
        ("MR", "2025-10-05"),
        ("BCG", "2025-03"),
    ] {
        let add = ["add", "vaccination", vaccine, "--date", date];
        assert_eq!(terminal.json("mother", &add).code, 0);
    }
    terminal
}

fn due(terminal: &Terminal, more: &[&str]) -> Json {
    let words = [&["due", "--on", "2027-04-01"][..], more].concat();
    terminal.json("mother", &words).data()
}

fn item<'a>(due: &'a Json, id: &str) -> &'a Json {
    let items = due["members"][0]["items"].as_array().unwrap();
    items.iter().find(|item| item["id"] == id).unwrap()
}

#[test]
fn what_is_due_names_its_rules_and_plans_inside_the_law() {
    let terminal = family();
    let due = due(&terminal, &[]);
    assert!(due["schedule"].as_str().unwrap().starts_with("jp-"));
    assert_eq!(due["outdated"], true, "after the day of review");
    assert_eq!(item(&due, "mr_1")["standing"], "complete");
    assert_eq!(item(&due, "dpt_ipv_hib")["standing"], "overdue");
    assert_eq!(item(&due, "dpt_ipv_hib")["dose"], "3");
    assert_eq!(item(&due, "varicella")["standing"], "overdue");
    assert_eq!(item(&due, "3y")["kind"], "checkup");
    let member = &due["members"][0];
    assert_eq!(member["uncounted"][0]["why"], "no_day");
    let visits = member["visits"].as_array().unwrap();
    assert_eq!(visits[0]["date"], "2027-04-01");
    for visit in visits {
        let day = visit["date"].as_str().unwrap();
        assert!(visit["earliest"].as_str().unwrap() <= day);
        assert!(visit["latest"].as_str().is_none_or(|latest| day <= latest));
    }
    let open: Vec<&str> = member["open"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|open| open["series"].as_str())
        .collect();
    assert!(open.contains(&"hepb") && open.contains(&"bcg"), "{open:?}");
}

#[test]
fn people_read_what_is_due_in_their_language_with_whom_to_ask() {
    let terminal = family();
    let shown = |lang: &str, more: &[&str]| {
        let words = [&["--lang", lang, "due", "--on", "2027-04-01"][..], more].concat();
        let answer = terminal.run("mother", &words);
        assert_eq!(answer.code, 0, "{}", answer.err);
        answer.out
    };
    let japanese = shown("ja", &["--wareki"]);
    for words in [
        "■ みほん花  2歳6か月",
        "5種混合 3回目",
        "令和9年9月30日 まで",
        "かかりつけ医とお住まいの市区町村に確認してください",
        "見直しの期日を過ぎています",
        "BCGの記録は数えていません",
    ] {
        assert!(japanese.contains(words), "{words}: {japanese}");
    }
    let english = shown("en", &[]);
    for words in [
        "2 y 6 mo",
        "Overdue",
        "Varicella, dose 1",
        "Confirm with your clinic and your city",
    ] {
        assert!(english.contains(words), "{words}: {english}");
    }
}

#[test]
fn a_form_checks_what_is_written_and_names_itself_in_the_record() {
    let terminal = Terminal::family();
    let add = |finding: &str| {
        let words = [
            "add",
            "checkup",
            "--form",
            "18m",
            "--date",
            "2026-04-03",
            "--finding",
            finding,
        ];
        terminal.json("mother", &words)
    };
    let id = add("皮膚の疾病=所見なし").data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let fields = terminal.json("mother", &["record", "show", &id]).data()["fields"].clone();
    assert_eq!(fields["form"][0], "18m@2023");
    assert_eq!(fields["findings/skin"][0], "none");
    add("nutrition=さかな").refused(2, "form");
    add("no_such=1").refused(2, "form");
    let forms = terminal.json("mother", &["checkup", "forms"]).data();
    assert_eq!(forms.as_array().unwrap().len(), 11);
    let form = terminal
        .json("mother", &["checkup", "form", "3歳児健診"])
        .data();
    assert_eq!(form["statutory"], 13);
    terminal
        .json("mother", &["checkup", "form", "7y"])
        .refused(1, "no-form");
}

#[test]
fn private_findings_are_shown_at_home_and_leave_with_no_copy() {
    let terminal = Terminal::family();
    let add = [
        "add",
        "checkup",
        "--form",
        "3-4m",
        "--date",
        "2025-01-20",
        "--finding",
        "weight_kg=6.4",
        "--finding",
        "private_economy=苦しい",
    ];
    assert_eq!(terminal.json("mother", &add).code, 0);
    let at_home = terminal.run("mother", &["--lang", "ja", "timeline"]).out;
    assert!(at_home.contains("苦しい"), "{at_home}");
    for format in ["json", "csv"] {
        let copy = terminal.run("mother", &["export", "--format", format]).out;
        assert!(
            copy.contains("6.4") && !copy.contains("private_economy"),
            "{copy}"
        );
        let asked_for = terminal
            .run("mother", &["export", "--format", format, "--private"])
            .out;
        assert!(asked_for.contains("private_economy"), "{asked_for}");
    }
}
