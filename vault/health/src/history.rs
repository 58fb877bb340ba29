//! One member's records folded into what the engines need: birth, doses, checkups, measurements,
//! pregnancies, each with the records it came from. It judges nothing and knows no day.
//!
//! What the city issued and what the family wrote about the same dose become one, with both named.

use std::collections::BTreeSet;

use crate::{
    calendar::{Birth, Expected, Gestation},
    date::{Date, When},
    decimal::Decimal,
    quantity::Quantity,
    record::{
        Checkup, CheckupType, Judgement, Kind, Measurement, Member, Record, Sex, Tabled,
        Vaccination,
    },
    vaccine::Vaccine,
    value::redact,
};

mod merge;
mod pregnancy;
mod appointment;

pub use appointment::Appointment;
pub use pregnancy::{Outcome, Pregnancy};

/// A record as the vault lists it.
#[derive(Clone, PartialEq, Eq)]
pub struct Noted {
    /// The record's id.
    pub id: String,
    /// Who says so.
    pub provenance: Provenance,
    /// What it says.
    pub record: Record,
}

/// Who says what a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provenance {
    /// A city, in a verified record.
    Official,
    /// The family.
    Family,
}

/// Where a fact was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Who says so; what a city says stands first.
    pub provenance: Provenance,
    /// The record's id.
    pub id: String,
}

/// What is known of one member.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The day of birth.
    pub birth: Option<Birth>,
    /// The day of death: engines propose nothing after it.
    pub died: Option<Date>,
    /// The sex in the family register.
    pub sex: Option<Sex>,
    /// How far the pregnancy was at birth.
    pub gestation_at_birth: Option<Gestation>,
    /// Doses whose day is known, in order of time.
    pub doses: Vec<Dose>,
    /// Doses that no engine can count, in the order of their records.
    pub uncounted: Vec<Uncounted>,
    /// Checkups, in order of time; those without a day last.
    pub checkups: Vec<CheckupDone>,
    /// Measurements whose day is known, in order of time.
    pub measurements: Vec<Measured>,
    /// Pregnancies, in order of time.
    pub pregnancies: Vec<Pregnancy>,
    /// What is planned, in order of time.
    pub appointments: Vec<Appointment>,
}

/// One dose.
#[derive(Clone, PartialEq, Eq)]
pub struct Dose {
    /// The vaccine.
    pub vaccine: Vaccine,
    /// The day; if city and family differ, the city's.
    pub date: Date,
    /// The product's name.
    pub product: Option<String>,
    /// The lot.
    pub lot: Option<String>,
    /// The records that tell of it, official ones first.
    pub sources: Vec<Source>,
    /// Whether the records name different days.
    pub days_differ: bool,
}

/// A dose that cannot be counted.
#[derive(Clone, PartialEq, Eq)]
pub struct Uncounted {
    /// The vaccine.
    pub vaccine: Vaccine,
    /// When, as far as known.
    pub when: Option<When>,
    /// Why.
    pub reason: WhyUncounted,
    /// The record.
    pub source: Source,
}

/// Why a dose cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WhyUncounted {
    /// Its day is not known.
    NoDay,
    /// It lies before birth.
    BeforeBirth,
}

/// A checkup that was done.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckupDone {
    /// Which.
    pub checkup: CheckupType,
    /// The day, if it is known.
    pub date: Option<Date>,
    /// The overall judgement.
    pub judgement: Option<Judgement>,
    /// The records that tell of it, official ones first.
    pub sources: Vec<Source>,
}

/// One measured value.
#[derive(Clone, PartialEq, Eq)]
pub struct Measured {
    /// What was measured.
    pub quantity: Quantity,
    /// The value as read off.
    pub value: Decimal,
    /// The UCUM code of the unit.
    pub unit: String,
    /// The day.
    pub date: Date,
    /// `lying`, `standing` or other words.
    pub posture: Option<String>,
    /// The records that tell of it, official ones first.
    pub sources: Vec<Source>,
}

redact!(Noted, History, Dose, Uncounted, CheckupDone, Measured);

impl History {
    /// Folds the records of `member`; their order does not matter.
    pub fn of(member: &Member, records: impl IntoIterator<Item = Noted>) -> Self {
        let mut history = Self {
            birth: member.birth_date.map(Birth),
            died: member.death_date,
            sex: member.sex,
            gestation_at_birth: member.gestation_at_birth.and_then(weeks_and_days),
            ..Self::default()
        };
        let mut records: Vec<Noted> = records.into_iter().collect();
        leave_out_what_counts_no_more(&mut records);
        // Official records first: what follows joins them.
        records.sort_by(|a, b| (a.provenance, &a.id).cmp(&(b.provenance, &b.id)));
        for noted in records {
            history.take(noted);
        }
        history.settle();
        history
    }

    /// The measurements of one quantity, in order of time.
    pub fn measured<'a>(&'a self, quantity: &'a str) -> impl Iterator<Item = &'a Measured> {
        let all = self.measurements.iter();
        all.filter(move |measured| measured.quantity.as_str() == quantity)
    }

    /// The pregnancy that goes on on `day`, as far as the records tell: one that says how it ended
    /// speaks for all records of the same pregnancy.
    pub fn pregnancy_on(&self, day: Date) -> Option<&Pregnancy> {
        let mut all = self.pregnancies.iter().rev();
        all.find(|pregnancy| {
            let mut others = self.pregnancies.iter();
            pregnancy.is_on(day) && !others.any(|other| other.ends(pregnancy, day))
        })
    }

    /// The expected date of the pregnancy that goes on on `day`.
    pub fn expected_on(&self, day: Date) -> Option<Expected> {
        self.pregnancy_on(day)?.expected
    }

    /// Whether somebody known to have died by `day` is meant: nothing is due any more.
    pub fn is_over(&self, day: Date) -> bool {
        self.died.is_some_and(|died| died <= day)
    }

    fn take(&mut self, noted: Noted) {
        let source = Source {
            provenance: noted.provenance,
            id: noted.id,
        };
        match noted.record {
            Record::Vaccination(vaccination) => self.take_dose(vaccination, source),
            Record::Checkup(checkup) => self.take_checkup(&checkup, &source),
            Record::Measurement(measurement) => self.take_measurement(measurement, source),
            Record::Tabled(tabled) => self.take_tabled(&tabled, source),
            Record::Member(_) | Record::Note(_) | Record::Opaque(_) => {}
        }
    }

    fn take_tabled(&mut self, tabled: &Tabled, source: Source) {
        if tabled.kind() == Kind::Pregnancy {
            self.pregnancies.push(pregnancy::read(tabled, source));
        } else if tabled.kind() == Kind::Prenatal {
            let visit = CheckupDone {
                checkup: CheckupType::new("prenatal"),
                date: tabled.day("date"),
                judgement: None,
                sources: vec![source],
            };
            merge::checkup(&mut self.checkups, visit);
        } else if tabled.kind() == Kind::Appointment {
            self.appointments.push(appointment::read(tabled, source));
        }
    }

    fn take_dose(&mut self, vaccination: Vaccination, source: Source) {
        if !vaccination.was_given() {
            return;
        }
        let day = vaccination.date.as_ref().and_then(When::day);
        let reason = match day {
            None => Some(WhyUncounted::NoDay),
            Some(day) if self.birth.is_some_and(|birth| day < birth.0) => {
                Some(WhyUncounted::BeforeBirth)
            }
            Some(_) => None,
        };
        if let Some(reason) = reason {
            self.uncounted.push(Uncounted {
                vaccine: vaccination.vaccine,
                when: vaccination.date,
                reason,
                source,
            });
            return;
        }
        let Some(date) = day else { return };
        let dose = Dose {
            vaccine: vaccination.vaccine,
            date,
            product: vaccination.product,
            lot: vaccination.lot,
            sources: vec![source],
            days_differ: false,
        };
        merge::dose(&mut self.doses, dose);
    }

    fn take_checkup(&mut self, checkup: &Checkup, source: &Source) {
        let date = checkup.date.as_ref().and_then(When::day);
        let done = CheckupDone {
            checkup: checkup.checkup.clone(),
            date,
            judgement: checkup.judgement.clone(),
            sources: vec![source.clone()],
        };
        merge::checkup(&mut self.checkups, done);
        for (finding, quantity, unit) in MEASURED_AT_CHECKUPS {
            let value = checkup.findings.get(finding);
            let value = value.and_then(|text| text.parse::<Decimal>().ok());
            if let (Some(date), Some(value)) = (date, value) {
                let measured = Measured {
                    quantity: Quantity::new(quantity),
                    value,
                    unit: unit.to_owned(),
                    date,
                    posture: None,
                    sources: vec![source.clone()],
                };
                merge::measured(&mut self.measurements, measured);
            }
        }
    }

    fn take_measurement(&mut self, measurement: Measurement, source: Source) {
        let Some(date) = measurement.date.day() else {
            return;
        };
        let measured = Measured {
            quantity: measurement.quantity,
            value: measurement.value,
            unit: measurement.unit,
            date,
            posture: measurement.posture,
            sources: vec![source],
        };
        merge::measured(&mut self.measurements, measured);
    }

    fn settle(&mut self) {
        self.doses
            .sort_by(|a, b| (a.date, a.vaccine.as_str()).cmp(&(b.date, b.vaccine.as_str())));
        self.checkups
            .sort_by_key(|done| (done.date.is_none(), done.date, done.checkup.clone()));
        self.measurements.sort_by(|a, b| {
            (a.date, a.quantity.as_str(), &a.sources).cmp(&(
                b.date,
                b.quantity.as_str(),
                &b.sources,
            ))
        });
        self.pregnancies
            .sort_by_key(|pregnancy| pregnancy.expected.map(|expected| expected.0));
        self.appointments.sort_by_key(|appointment| {
            (
                appointment.planned.or(appointment.due_from),
                appointment.source.clone(),
            )
        });
    }
}

/// Leaves out what was entered in error or corrected, and the family's records that a later one of
/// the family replaces; what a city says only the city takes back.
fn leave_out_what_counts_no_more(records: &mut Vec<Noted>) {
    records.retain(|noted| noted.record.counts());
    let replaced = |noted: &Noted| noted.record.supersedes().map(str::to_owned);
    let replaced: BTreeSet<String> = records.iter().filter_map(replaced).collect();
    records
        .retain(|noted| noted.provenance == Provenance::Official || !replaced.contains(&noted.id));
}

/// Days of pregnancy as weeks and days.
fn weeks_and_days(days: i64) -> Option<Gestation> {
    format!("{}w{}d", days.div_euclid(7), days.rem_euclid(7))
        .parse()
        .ok()
}

/// Findings of a checkup that are measurements: code, quantity, unit.
const MEASURED_AT_CHECKUPS: [(&str, &str, &str); 4] = [
    ("weight_kg", "weight", "kg"),
    ("height_cm", "height", "cm"),
    ("head_cm", "head", "cm"),
    ("chest_cm", "chest", "cm"),
];

#[cfg(test)]
mod tests;
