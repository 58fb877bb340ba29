//! Growth, as it is asked for and told.

use super::Terminal;

fn measured() -> Terminal {
    let home = Terminal::family();
    for (quantity, value, unit, date) in [
        ("体重", "3120", "g", "2024-10-01"),
        ("体重", "7.9", "kg", "2025-04-01"),
        ("身長", "49.0", "cm", "2024-10-01"),
        ("体温", "36.8", "Cel", "2025-04-01"),
    ] {
        let words = ["add", "measurement", quantity, value, unit, "--date", date];
        assert_eq!(home.json("mother", &words).code, 0);
    }
    home
}

#[test]
fn growth_is_told_as_ranges_with_the_survey_and_its_year() {
    let home = measured();
    let told = home.json("mother", &["growth", "--svg", "hana.svg"]).data();
    assert_eq!(told["reference"], "japan-2023");
    let measures = told["measures"].as_array().unwrap();
    assert_eq!(measures.len(), 2);
    let weights = measures[1]["values"].as_array().unwrap();
    assert_eq!(
        (
            &weights[0]["value"],
            &weights[0]["above"],
            &weights[0]["below"]
        ),
        (&3.12.into(), &50.into(), &75.into())
    );
    assert_eq!(
        (&weights[1]["above"], &weights[1]["below"]),
        (&75.into(), &90.into())
    );
    let sheet = std::fs::read_to_string(home.path().join("hana.svg")).unwrap();
    for part in ["令和5年乳幼児身体発育調査", "みほん花", "3.12 kg: 50〜75"] {
        assert!(sheet.contains(part), "{part}");
    }

    let page = home.run("mother", &["growth", "--table"]);
    assert!(
        page.out.contains("50〜75パーセンタイルの間"),
        "{}",
        page.out
    );
    assert!(
        page.out.contains("令和5年") && page.out.contains("市区町村に相談"),
        "{}",
        page.out
    );
    assert!(!page.out.contains("異常"), "{}", page.out);
    let english = home.run("mother", &["--lang", "en", "growth", "--reference", "who"]);
    assert!(
        english.out.contains("WHO Child Growth Standards (2006)"),
        "{}",
        english.out
    );
    assert!(
        english.out.contains("between percentiles"),
        "{}",
        english.out
    );
}

#[test]
fn without_a_sex_there_are_no_curves_and_the_values_are_still_shown() {
    let home = measured();
    let add = ["member", "add", "みほん次郎", "--born", "R7.1.1"];
    assert_eq!(home.json("mother", &add).code, 0);
    let words = [
        "add",
        "measurement",
        "体重",
        "3.0",
        "kg",
        "--member",
        "次郎",
        "--date",
        "2025-01-01",
    ];
    assert_eq!(home.json("mother", &words).code, 0);
    let picture = ["growth", "--member", "次郎", "--svg", "none.svg"];
    home.json("mother", &picture)
        .refused(1, "profile-incomplete");
    assert!(!home.path().join("none.svg").exists());
    let told = home.json("mother", &["growth", "--member", "次郎"]).data();
    let value = &told["measures"][0]["values"][0];
    assert_eq!(
        (&value["value"], &value["not_placed"]),
        (&3.0.into(), &"profile_incomplete".into())
    );
    let page = home.run("mother", &["growth", "--member", "次郎"]);
    assert!(
        page.out.contains("3 kg") && page.out.contains("比べられません"),
        "{}",
        page.out
    );
}
