//! `techo export`: records in the clear. Takes nothing but what may leave the vault.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use techo_health::{Fields, Value};
use techo_vault::vault::{MemberView, Source, TimelineItem};

use crate::args::{ExportArgs, ExportFormat};
use crate::desk::{Desk, write_text};
use crate::error::Failure;
use crate::lang::{Lang, say};
use crate::output::Output;

/// What names the shape of a copy.
pub(super) const SCHEMA: &str = "techo-export/1";

/// A copy, as it stands in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Copy {
    /// [`SCHEMA`].
    pub(super) schema: String,
    /// Member by member.
    pub(super) members: Vec<CopiedMember>,
}

/// What is copied of one member.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CopiedMember {
    /// The profile's fields.
    pub(super) profile: Fields,
    /// The records, by date.
    pub(super) records: Vec<CopiedRecord>,
}

/// One record.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CopiedRecord {
    /// The id in the vault that it was copied from.
    pub(super) id: String,
    /// `family` or `issued`.
    pub(super) source: String,
    /// The city that issued it. A copy proves nothing: `techo prove` makes what does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) issuer_name: Option<String>,
    /// Whether the city has withdrawn it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) withdrawn: bool,
    /// The fields, `kind` among them; where devices differ, the first.
    pub(super) fields: Fields,
    /// The other values of fields in which devices differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) others: BTreeMap<String, Vec<Value>>,
}

#[derive(Serialize)]
struct Exported {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    records: usize,
    left_out: usize,
}

pub(super) fn run(desk: &Desk, args: &ExportArgs) -> Result<(), Failure> {
    let vault = desk.open()?;
    let members = match args.member.as_deref() {
        Some(name) => vec![vault.find_member(name)?],
        None => vault.members(),
    };
    let wanted = |item: &TimelineItem| args.kind.as_ref().is_none_or(|kind| item.kind == *kind);
    let mut left_out = 0;
    let mut copied = Vec::with_capacity(members.len());
    for member in members {
        let all = vault.timeline(Some(&member.id)).into_iter().filter(wanted);
        let mut items = vault.copyable(Some(&member.id), args.private);
        items.retain(wanted);
        left_out += all.count() - items.len();
        copied.push((member, items));
    }
    let records = copied.iter().map(|(_, items)| items.len()).sum();
    let text = match args.format {
        ExportFormat::Json => json(&copied)?,
        ExportFormat::Csv => csv(&copied),
    };
    let Some(file) = &args.out else {
        return Ok(Output::raw(&text)?);
    };
    write_text(file, &text)?;
    let exported = Exported {
        file: Some(file.display().to_string()),
        records,
        left_out,
    };
    let lang = desk.lang();
    let mut all = copied.iter().flat_map(|(_, items)| items);
    let files_elsewhere = all.any(super::item::is_hash_only);
    desk.out.show("export/1", &exported, |page| {
        for line in told(lang, &exported, files_elsewhere) {
            page.line(line);
        }
    })?;
    Ok(())
}

fn told(lang: Lang, exported: &Exported, files_elsewhere: bool) -> Vec<String> {
    let mut lines = vec![say!(
        lang,
        "{n}件を写しました。このファイルは暗号化されていません。",
        "Copied {n} records. This file is not encrypted.",
        n = exported.records
    )];
    if files_elsewhere {
        lines.push(
            lang.of(
                "書類や写真のファイルは手帳になく、写しにもありません(指紋だけ)。元のファイルを残してください。",
                "The files of documents and photos are not in the vault nor in this copy (only their hashes): keep them.",
            )
            .to_owned(),
        );
    }
    if exported.left_out > 0 {
        lines.push(say!(
            lang,
            "非公開・持ち出し禁止の{n}件は写していません。",
            "{n} records that are private or never to be shared were left out.",
            n = exported.left_out
        ));
    }
    lines
}

fn json(members: &[(MemberView, Vec<TimelineItem>)]) -> Result<String, Failure> {
    let copied = members.iter().map(|(member, items)| CopiedMember {
        profile: split(&member.profile).0,
        records: items.iter().map(record).collect(),
    });
    let copy = Copy {
        schema: SCHEMA.to_owned(),
        members: copied.collect(),
    };
    let text = serde_json::to_string_pretty(&copy).map_err(|error| Failure::Io(error.into()))?;
    Ok(text + "\n")
}

fn record(item: &TimelineItem) -> CopiedRecord {
    let (mut fields, others) = split(&item.fields);
    fields.insert("kind".to_owned(), item.kind.as_str().into());
    let (source, issuer_name, withdrawn) = match &item.source {
        Source::Family => ("family", None, false),
        Source::Issued(issued) => ("issued", Some(issued.issuer_name.clone()), issued.withdrawn),
    };
    CopiedRecord {
        id: item.id.clone(),
        source: source.to_owned(),
        issuer_name,
        withdrawn,
        fields,
        others,
    }
}

/// The first value of each field, and what else devices say.
fn split(fields: &BTreeMap<String, Vec<Value>>) -> (Fields, BTreeMap<String, Vec<Value>>) {
    let mut first = Fields::new();
    let mut others = BTreeMap::new();
    for (key, values) in fields {
        let mut values = values
            .iter()
            .filter(|value| **value != Value::Null)
            .cloned();
        let Some(value) = values.next() else { continue };
        first.insert(key.clone(), value);
        let rest: Vec<Value> = values.collect();
        if !rest.is_empty() {
            others.insert(key.clone(), rest);
        }
    }
    (first, others)
}

/// One line a record: the same columns first, then every field that occurs.
fn csv(members: &[(MemberView, Vec<TimelineItem>)]) -> String {
    let items = members.iter().flat_map(|(_, items)| items);
    let keys: BTreeSet<&str> = items
        .flat_map(|item| item.fields.keys())
        .map(String::as_str)
        .filter(|key| *key != "date")
        .collect();
    let head = [
        "member",
        "birth_date",
        "id",
        "kind",
        "date",
        "source",
        "withdrawn",
    ];
    let mut text = String::from('\u{feff}');
    line(&mut text, head.into_iter().chain(keys.iter().copied()));
    for (member, items) in members {
        for item in items {
            let copied = record(item);
            let source = copied.issuer_name.as_deref().unwrap_or("family");
            let cells = [
                member.name(),
                member.text("birth_date").unwrap_or_default(),
                &copied.id,
                &item.kind,
                item.date.as_deref().unwrap_or_default(),
                source,
                if copied.withdrawn { "yes" } else { "" },
            ];
            let fields: Vec<String> = keys.iter().map(|key| cell(item, key)).collect();
            let fields = fields.iter().map(String::as_str);
            line(&mut text, cells.into_iter().chain(fields));
        }
    }
    text
}

/// All values of a field: more than one where devices differ.
fn cell(item: &TimelineItem, key: &str) -> String {
    let values = item.fields.get(key).into_iter().flatten();
    let texts = values.filter_map(|value| match value {
        Value::Null => None,
        Value::Bool(flag) => Some(if *flag { "yes" } else { "no" }.to_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
    });
    texts.collect::<Vec<_>>().join(" / ")
}

fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    let quoted: Vec<String> = cells.map(quoted).collect();
    text.push_str(&quoted.join(","));
    text.push_str("\r\n");
}

/// A cell that no spreadsheet takes for a formula.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        assert_eq!(quoted("体重"), "体重");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("言\"った"), "\"言\"\"った\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("+-"), "'+-");
        assert_eq!(quoted("二\n行"), "\"二\n行\"");
    }
}
