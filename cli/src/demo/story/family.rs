//! The family's scenes: a vault, a second device, writing apart and together.

use serde_json::Value as Json;

use crate::demo::papers::{
    ADDRESS, CHILD, CHILD_BORN, CITY, CODE, DAY_AHEAD, FATHERS_NOTE, FATHERS_TABLET, FATHERS_WORDS,
    MOTHER, MOTHER_BORN, MOTHERS_PHONE, MOTHERS_WORDS, NOTE,
};
use crate::demo::stage::Stage;
use crate::demo::story::{Done, is, plain_export, record_with, same_timelines, text, timeline};
use crate::lang::say;

pub(super) fn founding(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.start_relay()?;
    stage.scene(&say!(
        lang,
        "リレーが動きはじめます: {a}",
        "A relay starts: {a}",
        a = stage.address()
    ))?;
    stage.scene(lang.of(
        "市が鍵を作り、模擬のカードの発行局を立てます(本物のJPKIではありません)。",
        "A city makes its keys and a simulated card authority (not the genuine JPKI).",
    ))?;
    let root = ["--root-passphrase-file", "secrets/city-root"];
    stage.types(
        "city",
        &[
            &[
                "city",
                "init",
                "--name",
                CITY,
                "--code",
                CODE,
                "--simulated-pki",
            ][..],
            &root,
        ]
        .concat(),
    )?;
    let person = [
        "--name",
        MOTHER,
        "--born",
        MOTHER_BORN,
        "--gender",
        "2",
        "--address",
        ADDRESS,
    ];
    stage.types(
        "city",
        &[
            &["city", "card", "--out", "papers/mother.card"][..],
            &person,
        ]
        .concat(),
    )?;
    stage.scene(lang.of(
        "母がスマートフォンに家族の手帳を作り、子どもを加えます。",
        "The mother makes the family's vault on her phone and adds a child.",
    ))?;
    let relay = stage.address();
    stage.types(
        "mother",
        &["init", "--device", MOTHERS_PHONE, "--relay", &relay],
    )?;
    stage.types(
        "mother",
        &[
            "member", "add", CHILD, "--born", CHILD_BORN, "--sex", "female",
        ],
    )?;
    stage.note(&stage.types("mother", &["member", "list"])?)
}

pub(super) fn pairing(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "父のタブレットが招待券で加わります。両方の端末に同じ6桁の数字が出ます。",
        "The father's tablet joins by a ticket. Both devices show the same six digits.",
    ))?;
    let relay = stage.address();
    let shown = stage.asks(
        "tablet",
        &[
            "device",
            "join",
            "--relay",
            &relay,
            "--device",
            FATHERS_TABLET,
            "--no-wait",
        ],
    )?;
    let ticket = text(&shown, "/ticket");
    stage.types("mother", &["device", "invite", ticket, "--no-wait"])?;
    let on_tablet = stage.asks("tablet", &["device", "confirm", "--no-wait"])?;
    let on_phone = stage.asks("mother", &["device", "confirm", "--no-wait"])?;
    let (tablet, phone) = (text(&on_tablet, "/digits"), text(&on_phone, "/digits"));
    Stage::must(
        !tablet.is_empty() && tablet == phone,
        "the digits agree",
        &format!("{tablet} {phone}"),
    )?;
    stage.note(&say!(
        lang,
        "数字: {d}(両方)",
        "Digits: {d} (both)",
        d = tablet
    ))?;
    stage.types("mother", &["device", "confirm", "--digits", tablet])?;
    stage.types("tablet", &["device", "confirm", "--digits", tablet])?;
    stage.note(&stage.types("tablet", &["device", "list"])?)?;
    same_timelines(stage)
}

pub(super) fn apart(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.types(
        "mother",
        &[
            "add",
            "note",
            NOTE,
            "--title",
            lang.of("成長", "Growth"),
            "--date",
            "2025-11-20",
        ],
    )?;
    stage.types("mother", &["sync"])?;
    stage.types("tablet", &["sync"])?;
    plain_export(stage, "papers/plain-export-before.json")?;
    stage.stop_relay();
    stage.scene(lang.of(
        "リレーが止まります。二人ともオフラインで書き、同じメモの同じ項目を別々に直します。",
        "The relay stops. Both write while offline, and both edit the same field of one note.",
    ))?;
    let told = stage.fails("mother", &["sync"], 4)?;
    stage.note(told.trim())?;
    let id = record_with(stage, "mother", NOTE)?;
    let set = |words: &str| format!("text={words}");
    stage.types(
        "mother",
        &["record", "amend", &id, "--set", &set(MOTHERS_WORDS)],
    )?;
    stage.types(
        "tablet",
        &["record", "amend", &id, "--set", &set(FATHERS_WORDS)],
    )?;
    stage.types(
        "mother",
        &[
            "add",
            "measurement",
            "weight",
            "10.9",
            "kg",
            "--date",
            "2025-12-24",
        ],
    )?;
    stage
        .types(
            "tablet",
            &["add", "note", FATHERS_NOTE, "--date", "2025-12-25"],
        )
        .map(drop)
}

pub(super) fn together(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.start_relay()?;
    stage.scene(lang.of(
        "リレーが戻り、二人が同期します。二つの端末の年表は同じになり、メモは両方の言葉を示します。",
        "The relay is back and both sync. Both timelines are the same, and the note shows both texts.",
    ))?;
    for actor in ["mother", "tablet", "mother"] {
        stage.types(actor, &["sync"])?;
    }
    let items = same_timelines(stage).and_then(|()| timeline(stage, "tablet"))?;
    let list = items.as_array().map(Vec::as_slice).unwrap_or_default();
    let official: Vec<&Json> = list
        .iter()
        .filter(|item| is(item, "/source", "issued"))
        .collect();
    let verified = official
        .iter()
        .all(|item| is(item, "/verified", true) && is(item, "/issuer_name", CITY));
    Stage::must(
        official.len() == 7 && verified,
        "seven official records, all verified",
        &items.to_string(),
    )?;
    let both = list.iter().any(|item| {
        let texts = item.pointer("/fields/text").and_then(Json::as_array);
        let shows = |words: &str| texts.is_some_and(|all| all.iter().any(|text| text == words));
        shows(MOTHERS_WORDS) && shows(FATHERS_WORDS)
    });
    Stage::must(
        both,
        "both values of the note are shown",
        &items.to_string(),
    )?;
    stage.note(&stage.types("tablet", &["timeline"])?)
}

pub(super) fn ahead(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "公式記録と家族の記録から、これから受ける予防接種と健診、次の受診の案が出ます。どの端末でも同じです。",
        "From the city's records and the family's: what is due, and the next visits. It is the same on every device.",
    ))?;
    // A day of the story, so that it reads the same in every year.
    let ask = ["due", "--on", DAY_AHEAD];
    let (phone, tablet) = (stage.asks("mother", &ask)?, stage.asks("tablet", &ask)?);
    let items = phone.pointer("/members/0/items").and_then(Json::as_array);
    let stands = |id: &str, standing: &str| {
        items.is_some_and(|items| {
            let found = items.iter().find(|item| is(item, "/id", id));
            found.is_some_and(|item| is(item, "/standing", standing))
        })
    };
    Stage::must(
        phone == tablet && stands("mr_1", "complete") && stands("18m", "complete"),
        "both devices know what was done",
        &phone.to_string(),
    )?;
    Stage::must(
        stands("varicella", "overdue") && stands("dpt_ipv_hib", "overdue"),
        "and what is due",
        &phone.to_string(),
    )?;
    stage.note(&stage.types("mother", &ask)?)
}

pub(super) fn growth(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "市の健診の体重と、母が家で量った体重を、同じ曲線と比べます。",
        "The weight from the city's checkup and the one that the mother took at home stand on the same curves.",
    ))?;
    let ask = ["growth", "--table", "--measure", "weight"];
    let (phone, tablet) = (stage.asks("mother", &ask)?, stage.asks("tablet", &ask)?);
    let stands = |at: usize, date: &str, value: f64, range: (u8, u8)| {
        let place = |field: &str| format!("/measures/0/values/{at}/{field}");
        is(&phone, &place("date"), date)
            && is(&phone, &place("value"), value)
            && is(&phone, &place("above"), range.0)
            && is(&phone, &place("below"), range.1)
    };
    Stage::must(
        phone == tablet
            && is(&phone, "/reference", "japan-2023")
            && stands(0, "2025-11-18", 10.4, (50, 75))
            && stands(1, "2025-12-24", 10.9, (75, 90)),
        "both devices place both weights",
        &phone.to_string(),
    )?;
    stage.note(&stage.types("mother", &ask)?)
}
