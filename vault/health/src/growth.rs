//! Where a measured child lies among the children of a survey. Says it as a range of percentiles;
//! never judges, and never calls a child abnormal.

use std::fmt;

use crate::{
    calendar::{Gestation, days_between},
    date::Date,
    history::{self, History},
    record::Sex,
};

mod lms;
mod reference;

pub use lms::Lms;
pub use reference::{Curve, GrowthError, Reference, ReferenceId};

/// What growth curves exist for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Length or height in cm.
    Height,
    /// Weight in kg.
    Weight,
    /// Head circumference in cm.
    Head,
}

impl Measure {
    /// Every measure, in the order of the handbook.
    pub const ALL: [Self; 3] = [Self::Height, Self::Weight, Self::Head];

    /// The key of the quantity in records.
    pub fn key(self) -> &'static str {
        match self {
            Self::Height => "height",
            Self::Weight => "weight",
            Self::Head => "head",
        }
    }

    /// The measure with that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.key() == key)
    }

    /// The UCUM code of the unit of its curves.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Height | Self::Head => "cm",
            Self::Weight => "kg",
        }
    }
}

/// How a child was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posture {
    /// 仰臥位.
    Lying,
    /// 立位.
    Standing,
}

/// One value on a day, in the unit of its measure.
#[derive(Clone, PartialEq)]
pub struct Reading {
    /// What.
    pub measure: Measure,
    /// The value in [`Measure::unit`].
    pub value: f64,
    /// How, if that is known.
    pub posture: Option<Posture>,
    /// When.
    pub day: Date,
}

/// A measured value stays out of logs.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reading(..)")
    }
}

impl Reading {
    /// A measurement in the unit of its curves; `None` for what has no curves, or an unknown unit.
    pub fn of(measured: &history::Measured) -> Option<Self> {
        let measure = Measure::of_key(measured.quantity.as_str())?;
        let posture = match measured.posture.as_deref().map(str::trim) {
            Some("lying" | "仰臥位" | "寝て") => Some(Posture::Lying),
            Some("standing" | "立位" | "立って") => Some(Posture::Standing),
            Some(_) | None => None,
        };
        let known = measured.quantity.known()?;
        let unit = known.unit(&measured.unit)?;
        let value = known.convert(&measured.value, unit, known.unit(measure.unit())?)?;
        #[expect(clippy::cast_precision_loss, reason = "fifteen digits are exact")]
        let value = value.micros() as f64 / 1e6;
        Some(Self {
            measure,
            value,
            posture,
            day: measured.date,
        })
    }
}

/// Who is measured, as far as curves ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Child {
    /// The day of birth.
    pub born: Date,
    /// The sex in the family register.
    pub sex: Sex,
    /// How long the pregnancy lasted, if that is known.
    pub gestation: Option<Gestation>,
}

/// A date of birth stays out of logs.
impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Child(..)")
    }
}

/// An age on a growth chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartAge {
    /// Months of 30.4375 days, as WHO counts them.
    pub months: f64,
    /// Whether it counts from the expected date of birth.
    pub corrected: bool,
}

impl Child {
    /// The member, if birth and sex are known.
    pub fn of(history: &History) -> Option<Self> {
        Some(Self {
            born: history.birth?.0,
            sex: history.sex?,
            gestation: history.gestation_at_birth,
        })
    }

    /// The age on `day`: from the expected date of birth for a child born before 37 weeks, until two
    /// years after birth.
    pub fn age_on(&self, day: Date) -> Result<ChartAge, NotPlaced> {
        let days = days_between(self.born, day);
        if days < 0 {
            return Err(NotPlaced::BeforeBirth);
        }
        let early = self
            .gestation
            .filter(|gestation| gestation.days() < PRETERM && days < CORRECTED_UNTIL)
            .map(|gestation| TERM - gestation.days());
        let counted = days - early.unwrap_or(0);
        if counted < 0 {
            return Err(NotPlaced::BeforeTerm);
        }
        Ok(ChartAge {
            months: months(counted),
            corrected: early.is_some(),
        })
    }
}

/// Where a value lies among the seven percentiles of the handbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Smaller than the 3rd percentile.
    Below,
    /// Between two neighbouring percentiles.
    Between(u8, u8),
    /// Greater than the 97th percentile.
    Above,
}

/// A measured value on a chart.
#[derive(Clone, PartialEq)]
pub struct Placed {
    /// The age at which it stands.
    pub age: ChartAge,
    /// The value as it is compared: WHO's curves of lying children take 0.7 cm more from a standing
    /// one, those of standing children 0.7 cm less from a lying one.
    pub value: f64,
    /// Where it lies.
    pub place: Place,
    /// Its distance from the median in standard deviations (LMS).
    pub z: f64,
}

/// A measured value stays out of logs.
impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Placed(..)")
    }
}

/// Why a value has no place on a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPlaced {
    /// It was measured before birth.
    #[error("measured before birth")]
    BeforeBirth,
    /// It was measured before the expected date of birth of a child born early.
    #[error("measured before the expected date of birth")]
    BeforeTerm,
    /// The survey ends at a lower age.
    #[error("the survey ends before this age")]
    TooOld,
    /// A weight or length of zero or less.
    #[error("not a positive number")]
    NotPositive,
}

/// Places one value of `child` on the curves of `reference`.
pub fn place(reference: &Reference, child: &Child, reading: &Reading) -> Result<Placed, NotPlaced> {
    if reading.value <= 0.0 {
        return Err(NotPlaced::NotPositive);
    }
    let age = child.age_on(reading.day)?;
    let curve = reference.curve(reading.measure, child.sex);
    let value = reading.value + reference.posture_shift(reading, age);
    let centiles = curve.centiles(age.months).ok_or(NotPlaced::TooOld)?;
    let lms = curve.lms(age.months).ok_or(NotPlaced::TooOld)?;
    Ok(Placed {
        age,
        value,
        place: among(value, &centiles),
        z: lms.z(value),
    })
}

fn among(value: f64, centiles: &[f64; 7]) -> Place {
    // Sums of published numbers differ from them in the last bits.
    let at_least = |centile: f64| value > centile - 1e-6;
    let [.., greatest] = *centiles;
    if value > greatest + 1e-6 {
        return Place::Above;
    }
    let reached = centiles
        .iter()
        .filter(|centile| at_least(**centile))
        .count();
    let pair = reached
        .checked_sub(1)
        .and_then(|low| PERCENTILES.windows(2).nth(low.min(5)));
    match pair {
        Some(&[low, high]) => Place::Between(low, high),
        Some(_) | None => Place::Below,
    }
}

fn months(days: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a life has few days")]
    let days = days as f64;
    days / DAYS_OF_A_MONTH
}

/// The percentiles of the handbook's curves.
pub const PERCENTILES: [u8; 7] = [3, 10, 25, 50, 75, 90, 97];

/// The days of a month on a chart (WHO Child Growth Standards).
pub const DAYS_OF_A_MONTH: f64 = 30.4375;
/// The days of a pregnancy: 40 weeks.
const TERM: i64 = 280;
/// Born before 37 weeks and 0 days.
const PRETERM: i64 = 259;
/// Two years: until then charts of children born early count from the expected date of birth.
const CORRECTED_UNTIL: i64 = 731;

#[cfg(test)]
mod tests;
