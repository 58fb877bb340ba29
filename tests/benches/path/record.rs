//! The record that every role writes: one dose of a vaccine, ten fields, in one year's document.

use techo_health::{Fields, Record, Vaccination, Vaccine};

/// Record number `index` of a year.
pub(crate) fn record(index: usize, year: u16) -> Record {
    let day = format!("{year}-{:02}-{:02}", index % 12 + 1, index % 28 + 1);
    let mut dose = Vaccination::new(Vaccine::new("MR"), day.parse().unwrap());
    dose.product = Some("ミールビック".to_owned());
    dose.lot = Some(format!("HF{index:06}"));
    dose.dose_no = Some(index as i64 % 3 + 1);
    dose.facility = Some("見本市こども診療所".to_owned());
    dose.doctor = Some("見本 太郎".to_owned());
    dose.routine = Some(true);
    dose.note = Some("経過観察 異常なし".to_owned());
    Record::Vaccination(dose)
}

/// Its fields, as they are written down.
pub(crate) fn fields(index: usize, year: u16) -> Fields {
    record(index, year).to_fields(false).unwrap()
}

/// The year of all records, unless a measure asks for others.
pub(crate) const YEAR: u16 = 2026;
/// Records per durable write where many are written as fast as it goes, in product and floor.
pub(crate) const AT_ONCE: usize = 64;
