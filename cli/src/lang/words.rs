//! What kinds, fields and values are called. Decides nothing about what they mean.

use techo_health::record::{CheckupType, Judgement, SOURCE_GROUPS, Shape, field_named};
use techo_health::{Kind, Quantity, Vaccine, Value};

use super::{Lang, say};

/// The name of a kind of record.
pub(crate) fn kind(lang: Lang, kind: &str) -> String {
    let known = kind.parse::<Kind>();
    known.map_or_else(
        |_| kind.to_owned(),
        |known| lang.of(known.japanese(), known.english()).to_owned(),
    )
}

/// The name of a field.
pub(crate) fn field(lang: Lang, key: &str) -> String {
    if let Some(field) = field_named(key) {
        return lang.of(field.japanese, field.english).to_owned();
    }
    let bare = key.strip_prefix("findings/");
    let bare = bare.or_else(|| key.strip_prefix("dental/"));
    finding(lang, bare.unwrap_or(key))
}

/// The name of a checkup's item (docs/city-csv.md).
fn finding(lang: Lang, key: &str) -> String {
    let name = match key {
        "weight_kg" => lang.of("体重(kg)", "Weight (kg)"),
        "height_cm" => lang.of("身長(cm)", "Height (cm)"),
        "head_cm" => lang.of("頭囲(cm)", "Head (cm)"),
        "chest_cm" => lang.of("胸囲(cm)", "Chest (cm)"),
        "growth" => lang.of("身体発育", "Growth"),
        "nutrition" => lang.of("栄養", "Nutrition"),
        "spine_thorax" => lang.of("脊柱・胸郭", "Spine, thorax"),
        "skin" => lang.of("皮膚", "Skin"),
        "eyes" => lang.of("眼", "Eyes"),
        "ent" => lang.of("耳鼻咽頭", "Ears, nose, throat"),
        "teeth_mouth" => lang.of("歯・口腔", "Teeth, mouth"),
        "teeth_dirt" => lang.of("歯の汚れ", "Dirt on teeth"),
        "limbs" => lang.of("四肢", "Limbs"),
        "mental" => lang.of("精神発達", "Mental development"),
        "speech" => lang.of("言語", "Speech"),
        "vaccinations" => lang.of("予防接種の状況", "Vaccinations so far"),
        "parenting" => lang.of("育児上の問題", "Parenting"),
        "other" => lang.of("その他", "Other"),
        "urine_protein" => lang.of("尿蛋白", "Urine protein"),
        "urine_sugar" => lang.of("尿糖", "Urine sugar"),
        "urine_blood" => lang.of("尿潜血", "Urine blood"),
        "breastfeeding" => lang.of("母乳", "Breastfeeding"),
        "weaning" => lang.of("離乳", "Weaning"),
        "detailed_exam_date" => lang.of("精密検査日", "Detailed examination"),
        other => super::forms::item(lang, other).unwrap_or(other),
    };
    name.to_owned()
}

/// Fields that say how a record is written, not what it says.
pub(crate) fn is_plumbing(key: &str) -> bool {
    matches!(
        key,
        "kind" | "v" | "form" | "sha256" | "file_sha256" | "raw_sha256" | "photo_sha256"
    )
}

/// A value as people read it.
pub(crate) fn value(lang: Lang, key: &str, value: &Value) -> String {
    match (key, value) {
        (_, Value::Null) => lang.of("(消去)", "(removed)").to_owned(),
        (_, Value::Bool(true)) => lang.of("はい", "yes").to_owned(),
        (_, Value::Bool(false)) => lang.of("いいえ", "no").to_owned(),
        (key, Value::Int(days)) if is_gestation(key) => gestation(lang, *days),
        (_, Value::Int(number)) => number.to_string(),
        (key, Value::Text(text)) => text_value(lang, key, text),
    }
}

/// A text as people read it: codes become names.
pub(crate) fn text_value(lang: Lang, key: &str, text: &str) -> String {
    match key {
        "vaccine" => vaccine(lang, text),
        "checkup" => checkup(lang, text),
        "quantity" => quantity(lang, text),
        "judgement" => judgement(lang, text),
        "unit" => match text {
            "Cel" => "℃".to_owned(),
            "mm[Hg]" => "mmHg".to_owned(),
            other => other.to_owned(),
        },
        "routine" => match text {
            "true" => lang.of("はい", "yes").to_owned(),
            "false" => lang.of("いいえ(任意接種)", "no, voluntary").to_owned(),
            other => other.to_owned(),
        },
        "source_group" => source_group(lang, text),
        "who/birth_date" => super::dates::date_text(lang, text),
        key if key.starts_with("findings/") => {
            let code = key.trim_start_matches("findings/");
            super::forms::finding(lang, code, text)
                .unwrap_or(text)
                .to_owned()
        }
        key => by_table(lang, key, text),
    }
}

/// The record group of the city's system, by its Japanese name: it has no other.
fn source_group(lang: Lang, code: &str) -> String {
    let known = SOURCE_GROUPS.iter().find(|(known, _)| *known == code);
    known.map_or_else(
        || code.to_owned(),
        |(code, name)| say!(lang, "{n}({c})", "{c} {n}", n = name, c = code),
    )
}

/// Dates in both calendars, and choices by name.
fn by_table(lang: Lang, key: &str, text: &str) -> String {
    let Some(field) = field_named(key) else {
        return text.to_owned();
    };
    if matches!(field.shape, Shape::Day(_) | Shape::When(_)) {
        return super::dates::date_text(lang, text);
    }
    let choice = field.choice(text);
    choice
        .map_or(text, |choice| lang.of(choice.japanese, choice.english))
        .to_owned()
}

fn is_gestation(key: &str) -> bool {
    field_named(key).is_some_and(|field| matches!(field.shape, Shape::Gestation(..)))
}

/// Days of pregnancy as weeks and days.
fn gestation(lang: Lang, days: i64) -> String {
    say!(lang, "{w}週{d}日", "{w}w{d}d", w = days / 7, d = days % 7)
}

fn vaccine(lang: Lang, code: &str) -> String {
    let known = Vaccine::new(code);
    let name = known
        .known()
        .map(|vaccine| lang.of(vaccine.japanese, vaccine.english));
    name.unwrap_or(code).to_owned()
}

fn checkup(lang: Lang, code: &str) -> String {
    let known = CheckupType::new(code);
    let name = known
        .known()
        .map(|checkup| lang.of(checkup.japanese, checkup.english));
    name.unwrap_or(code).to_owned()
}

fn quantity(lang: Lang, key: &str) -> String {
    let known = Quantity::new(key);
    let name = known
        .known()
        .map(|quantity| lang.of(quantity.japanese, quantity.english));
    name.unwrap_or(key).to_owned()
}

fn judgement(lang: Lang, text: &str) -> String {
    match Judgement::new(text) {
        Judgement::Healthy => lang.of("健康", "healthy").to_owned(),
        Judgement::Observe => lang.of("要観察", "to be observed").to_owned(),
        Judgement::Examine => lang.of("要精密検査", "to be examined").to_owned(),
        Judgement::Other(words) => words,
    }
}

/// How a device takes part.
pub(crate) fn role(lang: Lang, role: &str) -> String {
    let name = match role {
        "guardian" => lang.of("保護者", "guardian"),
        "self" => lang.of("本人", "self"),
        "viewer" => lang.of("閲覧", "viewer"),
        "kit" => lang.of("復旧キット", "recovery kit"),
        other => other,
    };
    name.to_owned()
}

/// A part of an official record.
pub(crate) fn group(lang: Lang, name: &str) -> String {
    let name = match name {
        "who" => lang.of("だれ", "who"),
        "what" => lang.of("内容", "what"),
        "where" => lang.of("場所", "where"),
        other => other,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_shown_by_name_and_unknown_words_as_written() {
        assert_eq!(text_value(Lang::Ja, "vaccine", "MR"), "麻しん風しん混合");
        assert_eq!(text_value(Lang::En, "vaccine", "MR"), "Measles, rubella");
        assert_eq!(text_value(Lang::En, "vaccine", "狂犬病"), "狂犬病");
        assert_eq!(text_value(Lang::Ja, "checkup", "18m"), "1歳6か月児健診");
        assert_eq!(text_value(Lang::Ja, "judgement", "observe"), "要観察");
        assert_eq!(text_value(Lang::Ja, "facility", "MR"), "MR");
    }

    #[test]
    fn a_removed_value_is_said_to_be_removed() {
        assert_eq!(value(Lang::En, "note", &Value::Null), "(removed)");
    }
}
