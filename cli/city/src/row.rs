//! One line of an export as a checked health record; it decides nothing about bindings.

use techo_health::record::{CheckupType, Judgement};
use techo_health::{Checkup, Fields, Record, RecordError, Vaccination, Vaccine, Value, When};

use crate::forms::{ITEMS, form};
use crate::sheet::{Column, Row};
use crate::text::normalise;

/// What a line says.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) resident: String,
    /// Names the fact among those of the resident, whatever else changes.
    pub(crate) identity: Vec<String>,
    pub(crate) fields: Fields,
    pub(crate) date: techo_health::Date,
}

/// Why a line says nothing that can be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    MyNumber,
    Resident,
    Kind,
    Date,
    NotInForm(&'static str),
    Record(RecordError),
}

impl Fact {
    pub(crate) fn read(row: &Row) -> Result<Self, Fault> {
        if row.holds_my_number() {
            return Err(Fault::MyNumber);
        }
        let resident = normalise(row.text("resident_id").ok_or(Fault::Resident)?);
        let date: When = row
            .text("date")
            .ok_or(Fault::Date)?
            .parse()
            .map_err(|_| Fault::Date)?;
        let day = date.day().ok_or(Fault::Date)?;
        let (record, kind) = match (row.text("vaccine"), row.text("checkup")) {
            (Some(vaccine), None) => (vaccination(row, vaccine, date)?, vaccine_key(vaccine)),
            (None, Some(name)) => (
                checkup(row, name, date)?,
                CheckupType::new(name).to_string(),
            ),
            (Some(_), Some(_)) | (None, None) => return Err(Fault::Kind),
        };
        let fields = record.to_fields(false).map_err(Fault::Record)?;
        let text = |key: &str| match fields.get(key) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Int(number)) => number.to_string(),
            Some(Value::Bool(_) | Value::Null) | None => String::new(),
        };
        let identity = match row.text("record_no") {
            Some(number) => vec![text("kind"), "record_no".into(), normalise(number)],
            None => vec![text("kind"), kind, text("date"), text("dose_no")],
        };
        Ok(Self {
            resident,
            identity,
            fields,
            date: day,
        })
    }
}

fn vaccine_key(name: &str) -> String {
    normalise(Vaccine::new(name).as_str())
}

fn vaccination(row: &Row, vaccine: &str, date: When) -> Result<Record, Fault> {
    let malformed = |field: &str| {
        Fault::Record(RecordError::Malformed {
            field: field.into(),
        })
    };
    only(row, |name| VACCINATION.contains(&name))?;
    let mut dose = Vaccination::new(Vaccine::new(vaccine), date);
    let text = |name: &str| row.text(name).map(str::to_owned);
    dose.product = text("product");
    dose.maker = text("maker");
    dose.lot = text("lot");
    dose.series = text("series");
    dose.facility = text("facility");
    dose.doctor = text("doctor");
    dose.reaction = text("reaction");
    dose.note = text("note");
    if let Some(number) = row.text("dose_no") {
        let number = normalise(number);
        let digits = number
            .trim_start_matches('第')
            .trim_end_matches('回')
            .trim_end_matches("回目");
        dose.dose_no = Some(digits.parse().map_err(|_| malformed("dose_no"))?);
    }
    if let Some(amount) = row.text("dose_ml") {
        let amount = normalise(amount);
        let amount = amount.trim_end_matches("mL").trim_end_matches("ml");
        dose.dose_ml = Some(amount.parse().map_err(|_| malformed("dose_ml"))?);
    }
    if let Some(routine) = row.text("routine") {
        dose.routine = Some(match normalise(routine).as_str() {
            "定期" | "A" | "routine" | "1" => true,
            "任意" | "voluntary" | "0" => false,
            _ => return Err(malformed("routine")),
        });
    }
    Ok(Record::Vaccination(dose))
}

fn checkup(row: &Row, name: &str, date: When) -> Result<Record, Fault> {
    let kind = CheckupType::new(name);
    let mut checkup = Checkup::new(kind.clone(), date);
    let is_item = |name: &str| ITEMS.iter().any(|item| item.column == name);
    only(row, |name| CHECKUP.contains(&name) || is_item(name))?;
    checkup.form = form(kind.as_str()).map(str::to_owned);
    checkup.facility = row.text("facility").map(str::to_owned);
    checkup.doctor = row.text("doctor").map(str::to_owned);
    checkup.judgement = row.text("judgement").map(Judgement::new);
    checkup.note = row.text("note").map(str::to_owned);
    for item in ITEMS {
        let Some(finding) = row.text(item.column) else {
            continue;
        };
        if checkup.form.is_some() && !item.checkups.contains(&kind.as_str()) {
            return Err(Fault::NotInForm(item.column));
        }
        let finding = if item.column.ends_with("_kg") || item.column.ends_with("_cm") {
            measure(item.column, finding)?
        } else if item.column.ends_with("_date") {
            finding
                .parse::<When>()
                .map_err(|_| Fault::Date)?
                .to_string()
        } else {
            finding.to_owned()
        };
        checkup.findings.insert(item.column.to_owned(), finding);
    }
    Ok(Record::Checkup(checkup))
}

/// Reads a measure and refuses what no living person has.
fn measure(column: &'static str, text: &str) -> Result<String, Fault> {
    let malformed = Fault::Record(RecordError::Malformed {
        field: column.to_owned(),
    });
    let (Some((quantity, unit)), text) = (column.split_once('_'), normalise(text)) else {
        return Err(malformed);
    };
    let value: techo_health::Decimal = text
        .trim_end_matches(unit)
        .parse()
        .map_err(|_| malformed.clone())?;
    let quantity = techo_health::Quantity::new(quantity)
        .known()
        .ok_or(malformed.clone())?;
    let unit = quantity.unit(unit).ok_or(malformed)?;
    if quantity.is_plausible(&value, unit) {
        Ok(value.as_str().to_owned())
    } else {
        Err(Fault::Record(RecordError::Implausible {
            quantity: quantity.key,
            unit: unit.code,
            plausible_unit: quantity.plausible_unit(&value).map(|unit| unit.code),
        }))
    }
}

/// Refuses a filled cell that the kind of record has no place for.
fn only(row: &Row, allowed: impl Fn(&str) -> bool) -> Result<(), Fault> {
    let common = ["resident_id", "record_no", "date", "vaccine", "checkup"];
    match row
        .filled()
        .find(|(name, _)| !common.contains(name) && !allowed(name))
    {
        Some((name, _)) => Err(Fault::NotInForm(name)),
        None => Ok(()),
    }
}

/// Every column an export may have.
pub(crate) fn columns() -> Vec<Column> {
    let items = ITEMS.iter().map(|item| Column {
        name: item.column,
        japanese: item.japanese,
    });
    COLUMNS
        .iter()
        .map(|(name, japanese)| Column { name, japanese })
        .chain(items)
        .collect()
}

const VACCINATION: [&str; 11] = [
    "dose_no", "dose_ml", "product", "maker", "lot", "series", "facility", "doctor", "routine",
    "reaction", "note",
];
const CHECKUP: [&str; 4] = ["facility", "doctor", "judgement", "note"];
const COLUMNS: &[(&str, &[&str])] = &[
    ("resident_id", &["宛名番号", "住民番号"]),
    ("record_no", &["記録番号", "履歴番号"]),
    ("vaccine", &["ワクチン", "予防接種名", "ワクチン種類"]),
    ("checkup", &["健診", "健診種別", "健診名"]),
    (
        "date",
        &["実施日", "接種年月日", "接種日", "受診日", "健診日"],
    ),
    ("dose_no", &["回数", "接種回数", "回"]),
    ("dose_ml", &["接種量", "接種量mL"]),
    ("product", &["製品名", "ワクチン名"]),
    ("maker", &["メーカー", "製造販売業者"]),
    ("lot", &["ロット番号", "ロット", "製造番号"]),
    ("series", &["期", "期別"]),
    (
        "facility",
        &["医療機関", "実施場所", "接種場所", "医療機関名"],
    ),
    ("doctor", &["医師", "医師名", "接種医"]),
    ("routine", &["区分", "定期任意区分"]),
    ("reaction", &["副反応"]),
    ("judgement", &["判定", "総合判定"]),
    ("note", &["備考", "特記事項"]),
];
