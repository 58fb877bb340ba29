//! The city's scenes: an enrolment, a publication, a correction.

use crate::demo::papers::{ADDRESS, CHILD, CITY, RIGHT_LOT, WRONG_LOT};
use crate::demo::stage::Stage;
use crate::demo::story::{Done, is, record_with, same_timelines};

pub(super) fn enrolment(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "母が子どもの公式記録を市に申し込みます: 市のナンス、カードの署名(一度パスワードを間違えます)、台帳との照合。",
        "She asks the city for the child's records: the city's nonce, the card's signature (she mistypes its password once), the register.",
    ))?;
    stage.types("city", &["city", "nonce", "--out", "papers/nonce"])?;
    let files = [
        "--issuer",
        "city/issuer.techo-issuer",
        "--nonce",
        "papers/nonce",
        "--simulated-card",
        "papers/mother.card",
        "--card-password-file",
    ];
    let child = [
        "--child",
        "--address",
        ADDRESS,
        "--agree",
        "--out",
        "papers/sakura.enrolment",
    ];
    let card = ["card", "status", "--simulated-card", "papers/mother.card"];
    stage.note(&stage.types("mother", &card)?)?;
    let with = |password| [&["enrol"][..], &files, &[password], &child].concat();
    let told = stage.fails("mother", &with("secrets/card-wrong"), 1)?;
    stage.note(told.trim())?;
    stage.types("mother", &with("secrets/card"))?;
    let answer = stage.types(
        "city",
        &[
            "city",
            "enrol",
            "papers/sakura.enrolment",
            "--register",
            "papers/register.csv",
        ],
    )?;
    stage.note(&answer)?;
    let again = [
        "city",
        "enrol",
        "papers/sakura.enrolment",
        "--register",
        "papers/register.csv",
    ];
    let repeated = stage.asks("city", &again)?;
    Stage::must(
        is(&repeated, "/repeated", true),
        "enrol twice",
        &repeated.to_string(),
    )?;
    stage.types("mother", &["sync"]).map(drop)
}

pub(super) fn publication(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "市が健診・予防接種システムの出力(Shift_JISのCSV)を署名して発行します。2回目は何も発行しません。",
        "The city signs and issues an export of its health system (a Shift_JIS CSV). The second time issues nothing.",
    ))?;
    stage.note(&stage.types("city", &["city", "publish", "papers/export.csv"])?)?;
    let again = stage.asks("city", &["city", "publish", "papers/export.csv"])?;
    Stage::must(
        is(&again, "/issued", 0),
        "publish twice",
        &again.to_string(),
    )?;
    let report = stage.asks("mother", &["sync"])?;
    Stage::must(
        is(&report, "/relays/0/official", 7),
        "seven official records arrive",
        &report.to_string(),
    )?;
    let member = stage.types("mother", &["member", "show", CHILD])?;
    Stage::must(
        member.contains(CITY),
        "the mother's phone shows the city's word",
        &member,
    )
}

pub(super) fn correction(stage: &mut Stage<'_>) -> Done {
    let lang = stage.lang();
    stage.scene(lang.of(
        "市がロット番号をひとつ訂正します。書き換えではなく、履歴に両方が残ります。",
        "The city corrects one lot number: not an edit, the history shows both.",
    ))?;
    stage.types("city", &["city", "correct", "papers/correction.csv"])?;
    for actor in ["mother", "tablet"] {
        stage.types(actor, &["sync"])?;
    }
    same_timelines(stage)?;
    let id = record_with(stage, "tablet", RIGHT_LOT)?;
    let shown = stage.types("tablet", &["record", "show", &id])?;
    Stage::must(
        shown.contains(WRONG_LOT) && shown.contains(RIGHT_LOT),
        "the history shows both lots",
        &shown,
    )?;
    stage.note(&shown)?;
    let set = format!("lot={WRONG_LOT}");
    stage
        .fails("mother", &["record", "amend", &id, "--set", &set], 1)
        .map(drop)
}
