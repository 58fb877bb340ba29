//! `techo record`.

use serde::Serialize;
use techo_health::{Date, Fields, Kind, Value, record};
use techo_vault::vault::{MemberView, RecordView, Source, TimelineItem, Vault, Version};

use super::item::{Printer, short};
use crate::args::{AmendArgs, RecordCommand};
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::handbook;
use crate::lang::{Lang, dates, say, words};
use crate::output::{Page, Table};

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    view: &'a RecordView,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    same_as: Vec<String>,
}

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
    let also = also_told(&vault, &members, &view.item);
    let lang = desk.lang();
    let shown = Shown {
        same_as: also.iter().map(|other| other.id.clone()).collect(),
        view: &view,
    };
    desk.out.show("record-show/1", &shown, |page| {
        let printer = Printer::new(lang, &members, std::slice::from_ref(&view.item));
        page.line(format!(
            "{}  {}",
            printer.name(&view.item.member),
            printer.title(&view.item)
        ));
        printer.fields(page, &view.item);
        origin(lang, page, &view);
        for other in &also {
            told_by(lang, page, other);
        }
        history(lang, page, &printer, &view.history);
        page.line(format!("id {}", view.item.id));
    })?;
    Ok(())
}

/// The other records that tell of the same dose or checkup.
fn also_told(vault: &Vault, members: &[MemberView], item: &TimelineItem) -> Vec<TimelineItem> {
    let Some(member) = members.iter().find(|member| member.id == item.member) else {
        return Vec::new();
    };
    let items = vault.timeline(Some(&member.id));
    let same = handbook::same(member, &items);
    let first = |id: &str| same.get(id).map_or(id, String::as_str).to_owned();
    let own = first(&item.id);
    let mut others = items;
    others.retain(|other| other.id != item.id && first(&other.id) == own);
    others
}

fn told_by(lang: Lang, page: &mut Page, other: &TimelineItem) {
    let who = match &other.source {
        Source::Family => lang.of("家族", "the family").to_owned(),
        Source::Issued(issued) => issued.issuer_name.clone(),
    };
    page.line(say!(
        lang,
        "同じ1回として数えます: {w}の記録 #{i}",
        "Counted as one with the record of {w} #{i}",
        w = who,
        i = short(&other.id)
    ));
}

fn origin(lang: Lang, page: &mut Page, view: &RecordView) {
    match &view.item.source {
        Source::Family => page.line(match view.item.text("provenance") {
            Some("clinic") => lang.of(
                "医療機関の記録から家族が書き写したもの",
                "Copied by the family from a clinic's record",
            ),
            Some("device") => lang.of("機器が計ったもの", "Measured by a device"),
            _ => lang.of("家族が書いた記録", "Written by the family"),
        }),
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
            page.table(&differences(lang, printer, before, version));
        }
        if version.kind != "withdraw" {
            before = Some(version);
        }
    }
}

fn differences(lang: Lang, printer: &Printer, before: &Version, after: &Version) -> Table {
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
    let changes = changes(&args.set, &args.clear)?;
    let mut vault = desk.open()?;
    let item = vault.record(&args.id)?.item;
    let kind = item.kind.parse::<Kind>().ok();
    for key in changes.keys().filter(|key| !item.fields.contains_key(*key)) {
        if let Some(kind) = kind {
            check_key(kind, key)?;
        }
    }
    let members = vault.members();
    let birth = members.iter().find(|member| member.id == item.member);
    let birth = birth.and_then(super::member::birth);
    if let (Some(kind), Source::Family) = (kind, &item.source) {
        check_changed_days(kind, &changes, birth, args.confirm)?;
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

/// What `--set` and `--clear` ask for; values are read in the type of their field.
pub(super) fn changes(set: &[(String, String)], clear: &[String]) -> Result<Fields, Failure> {
    let set = set
        .iter()
        .map(|(key, text)| (key.clone(), text.as_str().into()));
    let clear = clear.iter().map(|key| (key.clone(), Value::Null));
    let changes: Fields = set.chain(clear).collect();
    if changes.is_empty() {
        return Err(Failure::NotUnderstood {
            what: "--set / --clear",
        });
    }
    Ok(changes)
}

/// Refuses a key that the kind does not have: it is more likely a slip of the finger.
pub(super) fn check_key(kind: Kind, key: &str) -> Result<(), Failure> {
    let free = ["findings/", "dental/"];
    let free = kind == Kind::Checkup && free.iter().any(|prefix| key.starts_with(prefix));
    if free || kind.field(key).is_some() {
        return Ok(());
    }
    Err(Failure::NoSuchField {
        kind,
        key: key.to_owned(),
    })
}

/// Looks at the dates that change; those that stand were accepted once.
pub(super) fn check_changed_days(
    kind: Kind,
    changes: &Fields,
    birth: Option<Date>,
    confirmed: bool,
) -> Result<(), Failure> {
    match record::check_days(kind, changes, birth, clock::today()) {
        Err(problem) if !(confirmed && problem.can_be_confirmed()) => Err(problem.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}
