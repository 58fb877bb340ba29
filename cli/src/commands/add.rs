//! `techo add`.

use serde::Serialize;
use techo_health::record::{CheckupType, Judgement};
use techo_health::{Checkup, Decimal, Measurement, Note, Quantity, Record, Vaccination, Vaccine};

use super::date_or_today;
use crate::args::{AddKind, CheckupArgs, MeasurementArgs, NewRecord, NoteArgs, VaccinationArgs};
use crate::clock;
use crate::desk::Desk;
use crate::error::Failure;
use crate::lang::{say, words};

#[derive(Serialize)]
struct Added<'a> {
    id: String,
    kind: &'a str,
    member: String,
}

pub(super) fn run(desk: &Desk, kind: AddKind) -> Result<(), Failure> {
    match kind {
        AddKind::Vaccination(args) => vaccination(desk, args),
        AddKind::Measurement(args) => measurement(desk, args),
        AddKind::Checkup(args) => checkup(desk, args),
        AddKind::Note(args) => note(desk, args),
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
    let date = date_or_today(args.new.date.as_deref())?;
    let record = Checkup {
        facility: args.facility,
        doctor: args.doctor,
        judgement: args.judgement.as_deref().map(Judgement::new),
        findings: args.finding.into_iter().collect(),
        note: args.note,
        ..Checkup::new(CheckupType::new(&args.checkup), date)
    };
    write(desk, &args.new, &Record::Checkup(record))
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

fn write(desk: &Desk, new: &NewRecord, record: &Record) -> Result<(), Failure> {
    // Said before the passphrase is asked for; the vault checks again.
    record.to_fields(new.confirm)?;
    let mut vault = desk.open()?;
    let member = Desk::member(&vault, new.member.as_deref())?;
    let id = vault
        .add_record(&member.id, record, new.confirm, clock::now())?
        .to_string();
    let kind = record.kind().map_or("", techo_health::Kind::as_str);
    let lang = desk.lang();
    let added = Added {
        id,
        kind,
        member: member.id.to_string(),
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
    })?;
    Ok(())
}
