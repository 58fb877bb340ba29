//! docs/records.md is what the table of fields says: every kind, field, unit, choice and code.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::fmt::Write as _;

use techo_health::Kind;
use techo_health::quantity::QUANTITIES;
use techo_health::record::{Coding, ENVELOPE, Field, SOURCE_GROUPS, Shape};

#[test]
fn the_page_of_records_is_what_the_table_says() {
    let page = include_str!("../../../docs/records.md");
    let expected = tables();
    assert!(
        page.contains(&expected),
        "docs/records.md must contain, between its first paragraphs and its last section:\n{expected}"
    );
}

fn tables() -> String {
    let mut text = String::from("## Every record\n\n");
    table(&mut text, ENVELOPE);
    for kind in Kind::ALL {
        let needs: Vec<String> = kind
            .needs()
            .iter()
            .map(|group| {
                let keys: Vec<String> = group.iter().map(|key| format!("`{key}`")).collect();
                keys.join(" or ")
            })
            .collect();
        let (key, ja, en) = (kind.as_str(), kind.japanese(), kind.english());
        writeln!(
            text,
            "## `{key}`: {ja}, {en}\n\nNeeds {}.\n",
            needs.join(", ")
        )
        .unwrap();
        table(&mut text, kind.own_fields());
    }
    text.push_str("## Quantities of measurements\n\n| quantity | 日本語 | English | units | codes |\n|---|---|---|---|---|\n");
    for known in QUANTITIES {
        let units = known.units.iter().map(|unit| {
            let codes = codes(known.codes(unit.code));
            (unit.code, codes)
        });
        let (names, all): (Vec<&str>, Vec<String>) = units.unzip();
        let mut all: Vec<String> = all.into_iter().filter(|codes| !codes.is_empty()).collect();
        all.dedup();
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            known.key,
            known.japanese,
            known.english,
            names.join(", "),
            all.join("; ")
        )
        .unwrap();
    }
    text.push_str("\n## Groups of the city's systems\n\n| `source_group` | 日本語 |\n|---|---|\n");
    for (code, name) in SOURCE_GROUPS {
        writeln!(text, "| `{code}` | {name} |").unwrap();
    }
    text
}

fn table(text: &mut String, fields: &[Field]) {
    text.push_str("| field | 日本語 | English | holds | codes |\n|---|---|---|---|---|\n");
    for field in fields {
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            field.key,
            field.japanese,
            field.english,
            holds(field),
            codes(field.codes)
        )
        .unwrap();
    }
    text.push('\n');
}

fn codes(codes: &[Coding]) -> String {
    let all = codes
        .iter()
        .map(|c| format!("{} {}", c.system.as_str(), c.code));
    all.collect::<Vec<_>>().join(", ")
}

fn holds(field: &Field) -> String {
    let words = || {
        let codes = field
            .choices()
            .iter()
            .map(|choice| format!("`{}`", choice.code));
        codes.collect::<Vec<_>>().join(", ")
    };
    match field.shape {
        Shape::Text => "text".to_owned(),
        Shape::Prose => "text of many lines".to_owned(),
        Shape::Day(_) => "a day".to_owned(),
        Shape::When(_) => "a date".to_owned(),
        Shape::Time => "HH:MM".to_owned(),
        Shape::Number(low, high) => format!("integer, {low} to {high}"),
        Shape::Gestation(low, high) => format!("integer, days of pregnancy, {low} to {high}"),
        Shape::Flag => "boolean".to_owned(),
        Shape::Decimal => "decimal".to_owned(),
        Shape::Amount(unit, low, high) => {
            let shown = |milli: i64| match milli % 1_000 {
                0 => (milli / 1_000).to_string(),
                rest => format!(
                    "{}.{}",
                    milli / 1_000,
                    format!("{rest:03}").trim_end_matches('0')
                ),
            };
            format!("decimal in {unit}, {} to {}", shown(low), shown(high))
        }
        Shape::Measure(quantity, unit) => format!("decimal in {unit}, as `{quantity}`"),
        Shape::OneOf(_) => words(),
        Shape::Words(_) => format!("{} or words", words()),
        Shape::Sha256 => "64 hex digits".to_owned(),
        Shape::Code(low, high) if low == high => format!("{low} letters or digits"),
        Shape::Code(low, high) => format!("{low} to {high} letters or digits"),
    }
}
