//! `techo record`.

use serde::Serialize;
use techo_health::{Fields, Value};
use techo_vault::vault::{RecordView, Source, Version};

use super::item::{Printer, short};
use crate::args::{AmendArgs, RecordCommand};
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{Lang, dates, say, words};
use crate::output::{Page, Table};

#[derive(Serialize)]
struct Amended {
    id: String,
}

pub(super) fn run(desk: &Desk, command: RecordCommand) -> Result<(), Failure> {
    match command {
        RecordCommand::Show { id } => show(desk, &id),
        RecordCommand::Amend(args) => amend(desk, &args),
    }
}

fn show(desk: &Desk, id: &str) -> Result<(), Failure> {
    let vault = desk.open()?;
    let view = vault.record(id)?;
    let members = vault.members();
    let lang = desk.lang();
    desk.out.show("record-show/1", &view, |page| {
        let printer = Printer::new(lang, &members, std::slice::from_ref(&view.item));
        page.line(format!(
            "{}  {}",
            printer.name(&view.item.member),
            printer.title(&view.item)
        ));
        printer.fields(page, &view.item);
        origin(lang, page, &view);
        history(lang, page, &printer, &view.history);
        page.line(format!("id {}", view.item.id));
    })?;
    Ok(())
}

fn origin(lang: Lang, page: &mut Page, view: &RecordView) {
    match &view.item.source {
        Source::Family => page.line(lang.of("家族が書いた記録", "Written by the family")),
        Source::Issued(issued) => {
            let at = dates::instant(issued.issued_at);
            page.line(say!(
                lang,
                "✓ {c} が {d} に署名。この端末が検証済み",
                "✓ signed by {c} on {d}, verified by this device",
                c = issued.issuer_name,
                d = at
            ));
            if issued.withdrawn {
                page.line(lang.of(
                    "市区町村がこの記録を取り消しました。",
                    "The city has withdrawn this record.",
                ));
            }
        }
    }
}

/// What changed from version to version.
fn history(lang: Lang, page: &mut Page, printer: &Printer, versions: &[Version]) {
    if versions.len() < 2 {
        return;
    }
    page.line(lang.of("訂正の履歴:", "History of corrections:"));
    let mut before: Option<&Version> = None;
    for version in versions {
        let what = match version.kind.as_str() {
            "issue" => lang.of("発行", "issued"),
            "correct" => lang.of("訂正", "corrected"),
            "withdraw" => lang.of("取消", "withdrawn"),
            other => other,
        };
        page.line(format!("  {}  {what}", dates::instant(version.issued_at)));
        if let Some(before) = before {
            page.table(&changes(lang, printer, before, version));
        }
        if version.kind != "withdraw" {
            before = Some(version);
        }
    }
}

fn changes(lang: Lang, printer: &Printer, before: &Version, after: &Version) -> Table {
    let mut table = Table::indented(4);
    let keys: std::collections::BTreeSet<&String> =
        before.fields.keys().chain(after.fields.keys()).collect();
    for key in keys {
        let (old, new) = (before.fields.get(key), after.fields.get(key));
        if old == new || after.kind == "withdraw" {
            continue;
        }
        let shown = |value: Option<&Value>| {
            value.map_or_else(|| "—".to_owned(), |value| words::value(lang, key, value))
        };
        table.row([printer.label(key), shown(old), "→".to_owned(), shown(new)]);
    }
    table
}

fn amend(desk: &Desk, args: &AmendArgs) -> Result<(), Failure> {
    let mut changes = Fields::new();
    for (key, text) in &args.set {
        changes.insert(key.clone(), typed(key, text)?);
    }
    for key in &args.clear {
        changes.insert(key.clone(), Value::Null);
    }
    if changes.is_empty() {
        return Err(Failure::NotUnderstood {
            what: "--set / --clear",
        });
    }
    let mut vault = desk.open()?;
    let known = vault.record(&args.id)?.item.fields;
    if changes
        .keys()
        .any(|key| !is_field(key) && !known.contains_key(key))
    {
        return Err(Failure::NotUnderstood {
            what: "--set / --clear",
        });
    }
    let id = vault.amend_record(&args.id, &changes, args.confirm, clock::now())?;
    let lang = desk.lang();
    let amended = Amended { id: id.to_string() };
    desk.out.show("record-amend/1", &amended, |page| {
        page.line(say!(
            lang,
            "直しました  #{i}",
            "Amended  #{i}",
            i = short(&amended.id)
        ));
    })?;
    Ok(())
}

/// The value in the type that its field has.
fn typed(key: &str, text: &str) -> Result<Value, Failure> {
    match key {
        "dose_no" => text
            .trim()
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| Failure::NotUnderstood { what: "dose_no" }),
        "routine" => match text.trim() {
            "true" | "yes" | "はい" => Ok(Value::from(true)),
            "false" | "no" | "いいえ" => Ok(Value::from(false)),
            _ => Err(Failure::NotUnderstood { what: "routine" }),
        },
        _ => Ok(Value::from(text)),
    }
}

/// A field that the program knows by name; anything else is more likely a slip of the finger.
fn is_field(key: &str) -> bool {
    key.starts_with("findings/") || words::field(Lang::En, key) != key
}
