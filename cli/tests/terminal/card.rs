//! Cards, as people without a reader see them.

use super::{Answer, Terminal};

/// A family that also has a simulated card.
fn with_card() -> Terminal {
    let home = Terminal::family();
    for (name, words) in [
        ("root", "金庫 の 中 の 合言葉\n"),
        ("wrong", "WRONG123\n"),
        ("pin", "1234\n"),
        ("right", "test1234\n"),
    ] {
        std::fs::write(home.path().join(name), words).unwrap();
    }
    let city = [
        "city",
        "init",
        "--name",
        "見本市",
        "--code",
        "999993",
        "--simulated-pki",
        "--root-passphrase-file",
        "root",
    ];
    assert_eq!(home.json("city", &city).code, 0);
    let card = [
        "city",
        "card",
        "--name",
        "見本　はな子",
        "--born",
        "1990-04-12",
        "--gender",
        "2",
        "--address",
        "見本県見本市１－２－３",
        "--out",
        "mother.card",
    ];
    let told = home.run("city", &card);
    assert_eq!(
        (told.code, told.err.contains("TEST1234")),
        (0, true),
        "{}",
        told.err
    );
    home
}

fn certificate(home: &Terminal, password: &str) -> Answer {
    let words = [
        "card",
        "certificate",
        "--simulated-card",
        "mother.card",
        "--card-password-file",
    ];
    home.json("mother", &[&words[..], &[password]].concat())
}

#[test]
fn a_card_tells_its_tries_and_validity_without_a_password() {
    let home = with_card();
    let told = home
        .json(
            "mother",
            &["card", "status", "--simulated-card", "mother.card"],
        )
        .data();
    let found = &told["readers"][0]["found"];
    assert_eq!(found["password_tries"], 5);
    assert_eq!(found["pin_tries"], 3);
    assert_eq!(found["signature"], true);
    assert_eq!(found["authentication"]["valid"], true);
    assert_eq!(found["simulated"], true);
    let page = home
        .run(
            "mother",
            &["card", "status", "--simulated-card", "mother.card"],
        )
        .out;
    assert!(
        page.contains("残り5回") && page.contains("NOT-GENUINE"),
        "{page}"
    );
    home.json("mother", &["card", "status", "--simulated-card", "root"])
        .refused(1, "card");
}

#[test]
fn the_holder_sees_what_a_city_would_see_once_the_password_is_right() {
    let home = with_card();
    let seen = certificate(&home, "right").data();
    assert_eq!(seen["name"], "見本　はな子");
    assert_eq!(seen["birth_date"], "1990-04-12");
    assert_eq!(seen["simulated"], true);
    certificate(&home, "wrong").refused(1, "card-password-wrong");
    certificate(&home, "pin").refused(2, "card-password-form");
}

#[test]
fn without_a_reader_the_next_step_is_named() {
    let home = Terminal::family();
    let told = home.json("mother", &["card", "certificate"]);
    assert_eq!(told.code, 1, "{}", told.err);
    assert!(told.err.contains("\"hint\""), "{}", told.err);
}
