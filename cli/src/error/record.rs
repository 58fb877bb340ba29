//! Why a record cannot be written, in words.

use techo_health::checkup::FormError;
use techo_health::date::DateError;
use techo_health::growth::GrowthError;
use techo_health::message::PackError;
use techo_health::schedule::RulesError;
use techo_health::{Kind, Quantity, RecordError};

use super::{Exit, Told};
use crate::lang::{Lang, say, words};

pub(super) fn told(lang: Lang, error: &RecordError) -> Told {
    match error {
        RecordError::Date { source, .. } => date(lang, source),
        RecordError::Unit { quantity, units } => Told::new(
            "unit",
            Exit::No,
            say!(
                lang,
                "{q}の単位ではありません。",
                "{q} is not measured in that unit.",
                q = quantity_name(lang, quantity)
            ),
        )
        .hint(units.join(" / ")),
        RecordError::Implausible {
            quantity,
            unit,
            plausible_unit,
        } => implausible(lang, quantity, unit, *plausible_unit),
        RecordError::NotAChoice { field, choices } => Told::new(
            "not-a-choice",
            Exit::Usage,
            say!(
                lang,
                "「{f}」に書けない言葉です。",
                "“{f}” does not take that word.",
                f = words::field(lang, field)
            ),
        )
        .hint(choices.join(" / ")),
        RecordError::InFuture { field } => in_future(lang, field),
        RecordError::BeforeBirth { field } => Told::new(
            "before-birth",
            Exit::No,
            say!(
                lang,
                "「{f}」が生まれる前の日です。",
                "“{f}” lies before birth.",
                f = words::field(lang, field)
            ),
        )
        .hint(confirm(lang)),
        RecordError::KindIsFixed => Told::new(
            "kind-is-fixed",
            Exit::No,
            lang.of(
                "記録の種類は変えられません。",
                "The kind of a record does not change.",
            ),
        ),
        RecordError::NotWritable => Told::new(
            "newer-record",
            Exit::No,
            lang.of(
                "新しい版のTechoだけが書ける記録です。",
                "Only a newer version of Techo can write this record.",
            ),
        ),
        other => field(lang, other),
    }
}

fn in_future(lang: Lang, field: &'static str) -> Told {
    let text = say!(
        lang,
        "「{f}」が今日より先の日です。",
        "“{f}” lies in the future.",
        f = words::field(lang, field)
    );
    let hint = if field == "birth_date" {
        lang.of(
            "これから生まれる子は、母の妊娠として書いてください: techo add pregnancy --expected 出産予定日",
            "For a child to be born, write the mother's pregnancy: techo add pregnancy --expected DATE",
        )
        .to_owned()
    } else {
        say!(
            lang,
            "予定は techo add appointment で。{c}",
            "What is planned: techo add appointment. {c}",
            c = confirm(lang)
        )
    };
    Told::new("in-future", Exit::No, text).hint(hint)
}

fn confirm(lang: Lang) -> &'static str {
    lang.of(
        "正しければ --confirm を付けてください。",
        "If it is right, add --confirm.",
    )
}

/// A field that a kind does not have.
pub(super) fn no_such_field(lang: Lang, kind: Kind, key: &str) -> Told {
    let text = say!(
        lang,
        "{k}に「{f}」という項目はありません。",
        "{k} has no field “{f}”.",
        k = lang.of(kind.japanese(), kind.english()),
        f = key
    );
    let keys: Vec<&str> = kind.fields().map(|field| field.key).collect();
    Told::new("no-such-field", Exit::Usage, text).hint(keys.join(" "))
}

/// A file that `techo import` cannot read.
pub(super) fn not_an_export(lang: Lang) -> Told {
    let text = lang.of(
        "techo export が書いたJSONファイルではありません。",
        "This is no JSON file that techo export wrote.",
    );
    Told::new("not-an-export", Exit::Data, text).hint("techo export --format json --out FILE")
}

/// What is wrong with one field.
fn field(lang: Lang, error: &RecordError) -> Told {
    let field = |key: &str| words::field(lang, key);
    match error {
        RecordError::Missing { field: key } => Told::new(
            "missing",
            Exit::No,
            say!(
                lang,
                "「{f}」がありません。",
                "“{f}” is missing.",
                f = field(key)
            ),
        ),
        RecordError::Malformed { field: key } => Told::new(
            "malformed",
            Exit::No,
            say!(
                lang,
                "「{f}」が読めません。",
                "“{f}” cannot be read.",
                f = field(key)
            ),
        ),
        RecordError::TooLong { field: key, limit } => Told::new(
            "too-long",
            Exit::No,
            say!(
                lang,
                "「{f}」は{l}バイトまでです。",
                "“{f}” has at most {l} bytes.",
                f = field(key),
                l = limit
            ),
        ),
        RecordError::ControlCharacter { field: key } => Told::new(
            "control-character",
            Exit::No,
            say!(
                lang,
                "「{f}」に改行などの制御文字があります。",
                "“{f}” holds a control character.",
                f = field(key)
            ),
        ),
        RecordError::LooksLikeMyNumber { field: key } => Told::new(
            "my-number",
            Exit::No,
            say!(
                lang,
                "「{f}」にマイナンバーのような12桁の数字があります。書きませんでした。",
                "“{f}” holds what looks like a My Number. It was not written.",
                f = field(key)
            ),
        )
        .hint(lang.of(
            "マイナンバー(個人番号)は手帳に書かないでください。",
            "Never write a My Number into the vault.",
        )),
        _ => Told::new(
            "record-refused",
            Exit::No,
            lang.of("この内容は記録できません。", "This cannot be recorded."),
        ),
    }
}

fn implausible(lang: Lang, quantity: &str, unit: &str, other: Option<&str>) -> Told {
    let name = quantity_name(lang, quantity);
    let text = say!(
        lang,
        "{q}がありえない値です(単位 {u})。",
        "{q} is hardly possible in {u}.",
        q = name,
        u = unit
    );
    let hint = match other {
        Some(other) => say!(
            lang,
            "単位は {o} ではありませんか? 正しければ --confirm を付けてください。",
            "Did you mean {o}? If it is right as it is, add --confirm.",
            o = other
        ),
        None => confirm(lang).to_owned(),
    };
    Told::new("implausible", Exit::No, text).hint(hint)
}

fn quantity_name(lang: Lang, key: &str) -> String {
    let quantity = Quantity::new(key);
    let known = quantity
        .known()
        .map(|known| lang.of(known.japanese, known.english).to_owned());
    known.unwrap_or_else(|| words::field(lang, key))
}

pub(super) fn date(lang: Lang, error: &DateError) -> Told {
    let text = match error {
        DateError::Empty => lang.of("日付が空です。", "The date is empty.").to_owned(),
        DateError::NoSuchMonth { month } => say!(
            lang,
            "{m}月はありません。",
            "There is no month {m}.",
            m = month
        ),
        DateError::NoSuchDay { year, month, last } => {
            say!(
                lang,
                "{y}年{m}月は{l}日までです。",
                "{y}-{m} has {l} days.",
                y = year,
                m = month,
                l = last
            )
        }
        DateError::YearOutOfRange => lang
            .of("年が範囲の外です。", "The year is out of range.")
            .to_owned(),
        DateError::OutsideEra { era } => {
            let name = era.name();
            say!(
                lang,
                "その日は{n}ではありません。",
                "That day is not in {n}.",
                n = name
            )
        }
        DateError::TooLong => lang
            .of("言葉の日付が長すぎます。", "The date in words is too long.")
            .to_owned(),
        _ => lang
            .of("日付が読めません。", "The date cannot be read.")
            .to_owned(),
    };
    Told::new("date", Exit::Usage, text).hint(lang.of(
        "例: 2026-04-03、R8.4.3、令和8年4月3日、2026-04、6歳頃",
        "For example 2026-04-03, 2026-04, 2026, R8.4.3",
    ))
}

/// Questions to the schedule that could not be read.
pub(super) fn unread(lang: Lang, count: usize) -> Told {
    let text = say!(
        lang,
        "{n}行を読めませんでした。",
        "{n} lines could not be read.",
        n = count
    );
    Told::new("lines-unread", Exit::Data, text).hint("docs/schedule.md")
}

/// The tables of growth curves.
pub(super) fn growth(lang: Lang, error: GrowthError) -> Told {
    let text = say!(
        lang,
        "発育曲線の表を読めません: {e}",
        "The table of growth curves cannot be read: {e}",
        e = error
    );
    Told::new("growth", Exit::Data, text)
}

/// A rule pack; its errors name the line.
pub(super) fn rules(lang: Lang, error: &RulesError) -> Told {
    let text = say!(
        lang,
        "規則ファイルに誤りがあります: {e}",
        "The rule pack cannot be used: {e}",
        e = error
    );
    Told::new("rules", Exit::Data, text).hint("docs/schedule.md")
}

/// What a checkup form does not take.
pub(super) fn form(lang: Lang, error: &FormError) -> Told {
    let (message, hint) = match error {
        FormError::NoItem { form } => (
            say!(
                lang,
                "様式 {f} にその項目はありません。",
                "The form {f} has no such item.",
                f = form
            ),
            format!("techo checkup form {form}"),
        ),
        FormError::NoChoice { item, choices } => (
            say!(
                lang,
                "{i} は選択肢から選びます。",
                "{i} takes one of its choices.",
                i = item
            ),
            choices.join(", "),
        ),
        FormError::NoNumber { item, unit } => (
            say!(
                lang,
                "{i} は数字で書きます。",
                "{i} takes a number.",
                i = item
            ),
            unit.clone(),
        ),
        FormError::NoDate { item } => (
            say!(
                lang,
                "{i} は日付で書きます。",
                "{i} takes a date.",
                i = item
            ),
            "2026-04-03, R8.4.3".to_owned(),
        ),
        _ => (
            lang.of("様式に合いません。", "It does not fit the form.")
                .to_owned(),
            "techo checkup forms".to_owned(),
        ),
    };
    Told::new("form", Exit::Usage, message).hint(hint)
}

/// No such form.
pub(super) fn no_form(lang: Lang, known: &[String]) -> Told {
    let message = lang.of("その様式はありません。", "There is no such form.");
    Told::new("no-form", Exit::No, message).hint(known.join(", "))
}

/// A pack of messages; its errors name the line.
pub(super) fn pack(lang: Lang, error: &PackError) -> Told {
    let text = say!(
        lang,
        "お知らせのファイルに誤りがあります: {e}",
        "The pack of messages cannot be used: {e}",
        e = error
    );
    Told::new("messages-pack", Exit::Data, text).hint("docs/messages.md")
}
