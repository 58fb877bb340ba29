//! `techo add`.

use std::path::Path;

use serde::Serialize;
use techo_health::{
    Date, Decimal, Fields, Kind, Measurement, Note, Quantity, Record, Vaccination, Vaccine, Value,
};
use techo_vault::vault::Vault;

use super::date_or_today;
use super::member::birth;
use crate::args::{
    AddKind, CheckupArgs, MeasurementArgs, NewRecord, NoteArgs, TabledArgs, VaccinationArgs,
};
use crate::clock;
use crate::desk::{Desk, sha256};
use crate::error::Failure;
use crate::lang::{Lang, say, words};

#[derive(Serialize)]
struct Added<'a> {
    id: String,
    kind: &'a str,
    member: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<Remark>,
}

/// What whoever wrote it should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Remark {
    /// The vaccine is in no table: it stays as written, and no engine counts it.
    UnknownVaccine,
    /// The file itself is not kept.
    HashOnly,
}

pub(super) fn run(desk: &Desk, kind: AddKind) -> Result<(), Failure> {
    match kind {
        AddKind::Vaccination(args) => vaccination(desk, args),
        AddKind::Measurement(args) => measurement(desk, args),
        AddKind::Checkup(args) => checkup(desk, args),
        AddKind::Note(args) => note(desk, args),
        AddKind::Tabled(args) => tabled(desk, args),
    }
}

fn vaccination(desk: &Desk, args: VaccinationArgs) -> Result<(), Failure> {
    let date = date_or_today(args.new.date.as_deref())?;
    let record = Vaccination {
        product: args.product,
        maker: args.maker,
        lot: args.lot,
        dose_ml: args
            .dose_ml
            .as_deref()
            .map(|text| decimal(text, "--dose-ml"))
            .transpose()?,
        dose_no: args.dose,
        facility: args.facility,
        doctor: args.doctor,
        routine: args.voluntary.then_some(false),
        reaction: args.reaction,
        note: args.note,
        ..Vaccination::new(Vaccine::new(&args.vaccine), date)
    };
    write(desk, &args.new, &Record::Vaccination(record))
}

fn measurement(desk: &Desk, args: MeasurementArgs) -> Result<(), Failure> {
    let date = date_or_today(args.new.date.as_deref())?;
    let value = decimal(&args.value, "VALUE")?;
    let record = Measurement {
        posture: args.posture,
        facility: args.facility,
        note: args.note,
        ..Measurement::new(Quantity::new(&args.quantity), value, &args.unit, date)
    };
    write(desk, &args.new, &Record::Measurement(record))
}

fn checkup(desk: &Desk, args: CheckupArgs) -> Result<(), Failure> {
    let new = args.new.clone();
    let (record, vault) = super::checkup::written(desk, args)?;
    write_into(desk, &new, &Record::Checkup(record), vault)
}

fn note(desk: &Desk, args: NoteArgs) -> Result<(), Failure> {
    let date = date_or_today(args.new.date.as_deref())?;
    let record = Note {
        title: args.title,
        text: args.text,
        date: Some(date),
        ..Note::default()
    };
    write(desk, &args.new, &Record::Note(record))
}

fn decimal(text: &str, what: &'static str) -> Result<Decimal, Failure> {
    text.parse().map_err(|_| Failure::NotUnderstood { what })
}

fn tabled(desk: &Desk, args: TabledArgs) -> Result<(), Failure> {
    let texts = args.fields.into_iter();
    let mut fields: Fields = texts
        .map(|(key, text)| (key.to_owned(), Value::from(text)))
        .collect();
    let waits = matches!(args.kind, Kind::Appointment | Kind::Birth);
    if args.new.date.is_some() || !waits {
        let date = date_or_today(args.new.date.as_deref())?;
        fields.insert("date".to_owned(), date.to_string().into());
    }
    if let Some(file) = &args.file {
        attach(file, &mut fields)?;
    }
    fields.insert("kind".to_owned(), args.kind.as_str().into());
    write(desk, &args.new, &Record::from_fields(&fields)?)
}

/// Hash, length and name of a file.
fn attach(path: &Path, fields: &mut Fields) -> Result<(), Failure> {
    let bytes = std::fs::read(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    fields.insert("sha256".to_owned(), sha256(&bytes).into());
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    fields.insert("bytes".to_owned(), length.into());
    if let Some(name) = path.file_name() {
        let name = name.to_string_lossy().into_owned();
        fields.entry("file_name".to_owned()).or_insert(name.into());
    }
    Ok(())
}

fn write(desk: &Desk, new: &NewRecord, record: &Record) -> Result<(), Failure> {
    write_into(desk, new, record, None)
}

/// Says before the passphrase is asked for what cannot be written; the vault checks again.
pub(super) fn check_record(new: &NewRecord, record: &Record) -> Result<Record, Failure> {
    let record = complete(new, record)?;
    check_days(&record, None, new.confirm)?;
    Ok(record)
}

/// Writes into a vault that may be open already.
fn write_into(
    desk: &Desk,
    new: &NewRecord,
    record: &Record,
    vault: Option<Vault>,
) -> Result<(), Failure> {
    let record = &check_record(new, record)?;
    let mut vault = match vault {
        Some(vault) => vault,
        None => desk.open()?,
    };
    let member = Desk::member(&vault, new.member.as_deref())?;
    check_days(record, birth(&member), new.confirm)?;
    let id = vault
        .add_record(&member.id, record, new.confirm, clock::now())?
        .to_string();
    let kind = record.kind().map_or("", Kind::as_str);
    let lang = desk.lang();
    let added = Added {
        id,
        kind,
        member: member.id.to_string(),
        remarks: remarks(record),
    };
    desk.out.show("add/1", &added, |page| {
        let short = super::item::short(&added.id);
        let kind = words::kind(lang, kind);
        page.line(say!(
            lang,
            "{m}の{k}を書きました  #{i}",
            "Wrote a record of {m}: {k}  #{i}",
            m = member.name(),
            k = kind,
            i = short
        ));
        for remark in &added.remarks {
            page.line(remark.words(lang));
        }
    })?;
    Ok(())
}

/// The record with the fields that have no option of their own.
fn complete(new: &NewRecord, record: &Record) -> Result<Record, Failure> {
    let sensitivity = new.sensitivity.clone();
    let more: Vec<(String, String)> = new
        .field
        .iter()
        .cloned()
        .chain(sensitivity.map(|word| ("sensitivity".to_owned(), word)))
        .collect();
    let mut fields = record.to_fields(new.confirm)?;
    if let Some(kind) = record.kind() {
        for (key, text) in more {
            super::record::check_key(kind, &key)?;
            fields.insert(key, text.into());
        }
    }
    let record = Record::from_fields(&fields)?;
    record.to_fields(new.confirm)?;
    Ok(record)
}

/// Refuses a date that cannot be, unless a person insists on one that might.
pub(super) fn check_days(
    record: &Record,
    birth: Option<Date>,
    confirmed: bool,
) -> Result<(), Failure> {
    match record.check_days(birth, clock::today()) {
        Err(problem) if !(confirmed && problem.can_be_confirmed()) => Err(problem.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn remarks(record: &Record) -> Vec<Remark> {
    match record {
        Record::Vaccination(dose) if dose.vaccine.known().is_none() => {
            vec![Remark::UnknownVaccine]
        }
        Record::Tabled(tabled)
            if tabled.kind() == Kind::Document || tabled.text("photo_sha256").is_some() =>
        {
            vec![Remark::HashOnly]
        }
        _ => Vec::new(),
    }
}

impl Remark {
    fn words(self, lang: Lang) -> &'static str {
        match self {
            Self::UnknownVaccine => lang.of(
                "  知らないワクチンの名前です。書かれたとおりに残しますが、次の接種の計算には入りません。名前を直すには techo record amend",
                "  Techo does not know a vaccine of that name. It is kept as written, and no schedule counts it. To change the name: techo record amend",
            ),
            Self::HashOnly => lang.of(
                "  ファイルそのものは手帳に入りません。元のファイルを残してください(指紋で同じものか確かめられます)。",
                "  The file itself is not kept in the vault. Keep it: its hash shows later that it is the same.",
            ),
        }
    }
}
