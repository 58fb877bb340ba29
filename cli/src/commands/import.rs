//! `techo import`: takes a copy's records in, each checked like a new one. A record that is there
//! already is not written twice.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use techo_health::{Date, Fields, Kind, Record, Value};
use techo_vault::vault::{MemberView, Source, Vault};

use super::export::{CopiedRecord, Copy, SCHEMA};
use super::member::birth;
use crate::args::ImportArgs;
use crate::clock;
use crate::desk::{Desk, sha256};
use crate::error::Failure;
use crate::lang::say;

/// More than any family's records.
const MAX_FILE: u64 = 64 << 20;
/// Records of one commit.
const BATCH: usize = 500;

#[derive(Debug, Default, Serialize)]
struct Imported {
    member: String,
    taken: usize,
    already: usize,
    official: usize,
    rejected: Vec<Rejected>,
    /// Whether this very file was taken before.
    file_known: bool,
}

/// A record that was not taken.
#[derive(Debug, Serialize)]
struct Rejected {
    id: String,
    reason: String,
}

pub(super) fn run(desk: &Desk, args: &ImportArgs) -> Result<(), Failure> {
    let bytes = read(&args.file)?;
    let copy: Copy = serde_json::from_slice(&bytes).map_err(|_| Failure::NotAnExport)?;
    if copy.schema != SCHEMA {
        return Err(Failure::NotAnExport);
    }
    let hash = sha256(&bytes);
    let mut vault = desk.open()?;
    let member = Desk::member(&vault, args.member.as_deref())?;
    let imported = take(desk, &mut vault, &member, copy, &hash, args)?;
    let lang = desk.lang();
    desk.out.show("import/1", &imported, |page| {
        if imported.file_known {
            page.line(lang.of(
                "このファイルは取り込み済みです。何も書きませんでした。",
                "This file was taken in before. Nothing was written.",
            ));
            return;
        }
        page.line(say!(
            lang,
            "{n}件を取り込みました。すでにあるもの {a}件、公式記録(市区町村から届くもの) {o}件は書いていません。",
            "Took in {n} records. Not written: {a} that were there, {o} official ones (they come from the city).",
            n = imported.taken,
            a = imported.already,
            o = imported.official
        ));
        for rejected in &imported.rejected {
            page.line(format!("  ✗ {}: {}", rejected.id, rejected.reason));
        }
    })?;
    if imported.rejected.is_empty() {
        Ok(())
    } else {
        Err(Failure::LinesRejected {
            count: imported.rejected.len(),
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let file = |source| Failure::File {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let open = std::fs::File::open(path).map_err(file)?;
    open.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(file)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE) {
        Ok(bytes)
    } else {
        Err(Failure::NotAnExport)
    }
}

fn take(
    desk: &Desk,
    vault: &mut Vault,
    member: &MemberView,
    copy: Copy,
    hash: &str,
    args: &ImportArgs,
) -> Result<Imported, Failure> {
    let mut imported = Imported {
        member: member.id.to_string(),
        ..Imported::default()
    };
    let mut known = present(vault, member);
    imported.file_known = known
        .iter()
        .any(|fields| fields.get("file_sha256").and_then(Value::as_text) == Some(hash));
    if imported.file_known {
        return Ok(imported);
    }
    let mut fresh = Vec::new();
    let records = copy.members.into_iter().flat_map(|member| member.records);
    for copied in records {
        if copied.source != "family" {
            imported.official += 1;
            continue;
        }
        match checked(&copied, birth(member), args.confirm) {
            Ok((record, fields)) => {
                if known.insert(fields) {
                    fresh.push(record);
                } else {
                    imported.already += 1;
                }
            }
            Err(failure) => imported.rejected.push(Rejected {
                id: copied.id,
                reason: failure.told(desk.lang()).message,
            }),
        }
    }
    imported.taken = fresh.len();
    fresh.push(note_of(&imported, hash, args)?);
    for batch in fresh.chunks(BATCH) {
        vault.add_records(&member.id, batch, true, clock::now())?;
    }
    Ok(imported)
}

/// A copied record, checked like one that is typed; its fields as they would be stored.
fn checked(
    copied: &CopiedRecord,
    birth: Option<Date>,
    confirmed: bool,
) -> Result<(Record, Fields), Failure> {
    let record = Record::from_fields(&copied.fields)?;
    if record.kind() == Some(Kind::Member) {
        return Err(techo_health::RecordError::NotWritable.into());
    }
    let fields = record.to_fields(confirmed)?;
    super::add::check_days(&record, birth, confirmed)?;
    Ok((record, fields))
}

/// The family's records of the member, as they are stored.
fn present(vault: &Vault, member: &MemberView) -> BTreeSet<Fields> {
    let items = vault.timeline(Some(&member.id)).into_iter();
    let own = items.filter(|item| matches!(item.source, Source::Family));
    own.filter_map(|item| {
        let first = item.fields.iter().filter_map(|(key, values)| {
            let value = values.iter().find(|value| **value != Value::Null)?;
            Some((key.clone(), value.clone()))
        });
        let mut fields: Fields = first.collect();
        fields.insert("kind".to_owned(), item.kind.as_str().into());
        Record::from_fields(&fields).ok()?.to_fields(true).ok()
    })
    .collect()
}

/// The record of the import itself.
fn note_of(imported: &Imported, hash: &str, args: &ImportArgs) -> Result<Record, Failure> {
    let count = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let mut fields = Fields::from([
        ("file_sha256".to_owned(), hash.into()),
        ("parser".to_owned(), SCHEMA.into()),
        ("date".to_owned(), clock::today().to_string().into()),
        ("records".to_owned(), count(imported.taken)),
        ("rejected".to_owned(), count(imported.rejected.len())),
    ]);
    if let Some(name) = args.file.file_name() {
        fields.insert(
            "file_name".to_owned(),
            name.to_string_lossy().as_ref().into(),
        );
    }
    fields.insert("kind".to_owned(), Kind::Import.as_str().into());
    let record = Record::from_fields(&fields)?;
    record.to_fields(true)?;
    Ok(record)
}
