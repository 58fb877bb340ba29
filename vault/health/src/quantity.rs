//! What can be measured, in which units, and within which bounds a living person can be. Never
//! judges whether a value is healthy.

use std::fmt;

use crate::{
    coding::{Coding, loinc, medis},
    decimal::Decimal,
    value::redact,
};

/// What a measurement measures: a known kind, or whatever the family named it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(String);

redact!(Quantity);

impl Quantity {
    /// Reads a key or one of the table's names; anything else is kept as written.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        let known = QUANTITIES.iter().find(|q| {
            q.key.eq_ignore_ascii_case(text)
                || q.japanese == text
                || q.english.eq_ignore_ascii_case(text)
        });
        Self(known.map_or(text, |q| q.key).to_owned())
    }

    /// The key, or what was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The line of the table, if the key is known.
    pub fn known(&self) -> Option<&'static KnownQuantity> {
        QUANTITIES.iter().find(|q| q.key == self.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of the table of quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownQuantity {
    /// The key used in records.
    pub key: &'static str,
    /// The name in Japanese.
    pub japanese: &'static str,
    /// The name in English.
    pub english: &'static str,
    /// The units, the usual one first.
    pub units: &'static [Unit],
    /// The least plausible amount, in thousandths of the first unit.
    pub low_milli: i64,
    /// The greatest plausible amount, in thousandths of the first unit.
    pub high_milli: i64,
}

/// A unit of a quantity, named by its UCUM code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// The UCUM code.
    pub code: &'static str,
    /// An amount in this unit times `10^power` is the amount in the first unit.
    pub power: i32,
}

impl KnownQuantity {
    /// The unit with that UCUM code; 「℃」 and a few everyday spellings are understood.
    pub fn unit(&self, code: &str) -> Option<Unit> {
        let code = match code.trim() {
            "℃" | "°C" | "C" => "Cel",
            "mmHg" => "mm[Hg]",
            "bpm" | "回/分" => "/min",
            "％" => "%",
            other => other,
        };
        self.units.iter().copied().find(|unit| unit.code == code)
    }

    /// Whether a living person can measure `value` in `unit`.
    pub fn is_plausible(&self, value: &Decimal, unit: Unit) -> bool {
        let micros = i128::from(value.micros());
        let scale = |milli: i64| i128::from(milli) * 1_000;
        let factor = 10_i128.pow(unit.power.unsigned_abs());
        let (value, divisor) = if unit.power >= 0 {
            (micros * factor, 1)
        } else {
            (micros, factor)
        };
        scale(self.low_milli) * divisor <= value && value <= scale(self.high_milli) * divisor
    }

    /// What standards call this quantity in `unit`; nothing where no source was found.
    pub fn codes(&self, unit: &str) -> &'static [Coding] {
        let line = CODES
            .iter()
            .find(|(key, code, _)| *key == self.key && code.is_none_or(|code| code == unit));
        match (line, self.unit(unit)) {
            (Some((_, _, codes)), Some(_)) => codes,
            (None, _) | (_, None) => &[],
        }
    }

    /// The other unit in which the same digits would be plausible, as g for a weight of 3200 kg.
    pub fn plausible_unit(&self, value: &Decimal) -> Option<Unit> {
        self.units
            .iter()
            .copied()
            .find(|unit| self.is_plausible(value, *unit))
    }

    /// `value` in another unit of this quantity, exactly; `None` if digits would be lost.
    pub fn convert(&self, value: &Decimal, from: Unit, to: Unit) -> Option<Decimal> {
        value.shifted(to.power - from.power)
    }
}

const fn quantity(
    (key, japanese, english): (&'static str, &'static str, &'static str),
    units: &'static [Unit],
    (low_milli, high_milli): (i64, i64),
) -> KnownQuantity {
    KnownQuantity {
        key,
        japanese,
        english,
        units,
        low_milli,
        high_milli,
    }
}

const fn unit(code: &'static str, power: i32) -> Unit {
    Unit { code, power }
}

const LENGTH: &[Unit] = &[unit("cm", 0), unit("m", 2), unit("mm", -1)];
const MASS: &[Unit] = &[unit("kg", 0), unit("g", -3)];
const RATE: &[Unit] = &[unit("/min", 0)];
const PRESSURE: &[Unit] = &[unit("mm[Hg]", 0)];

/// Quantity, unit where the code depends on it, codes. FHIR JP Core v1 (`JP_Observation_BodyMeasurement`)
/// for MEDIS; LOINC as FHIR's vital signs name them.
const CODES: &[(&str, Option<&str>, &[Coding])] = &[
    ("weight", Some("kg"), &[medis("31000296"), loinc("29463-7")]),
    ("weight", Some("g"), &[medis("31000297"), loinc("29463-7")]),
    ("height", None, &[medis("31000298"), loinc("8302-2")]),
    ("head", None, &[medis("31006116"), loinc("9843-4")]),
    ("chest", None, &[medis("31000299")]),
    ("waist", None, &[medis("31000301")]),
];

/// Every quantity known by key. The bounds are the widest ever seen in living people, from the
/// smallest preterm infants to the largest adults, so that only slips of the hand fall outside.
pub const QUANTITIES: &[KnownQuantity] = &[
    quantity(("height", "身長", "Height"), LENGTH, (20_000, 280_000)),
    quantity(("weight", "体重", "Weight"), MASS, (200, 400_000)),
    quantity(
        ("head", "頭囲", "Head circumference"),
        LENGTH,
        (15_000, 80_000),
    ),
    quantity(
        ("chest", "胸囲", "Chest circumference"),
        LENGTH,
        (15_000, 250_000),
    ),
    quantity(
        ("waist", "腹囲", "Waist circumference"),
        LENGTH,
        (15_000, 350_000),
    ),
    quantity(
        ("temperature", "体温", "Temperature"),
        &[unit("Cel", 0)],
        (25_000, 44_000),
    ),
    quantity(("pulse", "脈拍", "Pulse"), RATE, (20_000, 320_000)),
    quantity(
        ("systolic", "最高血圧", "Systolic blood pressure"),
        PRESSURE,
        (30_000, 300_000),
    ),
    quantity(
        ("diastolic", "最低血圧", "Diastolic blood pressure"),
        PRESSURE,
        (10_000, 200_000),
    ),
    quantity(
        ("oxygen", "酸素飽和度", "Oxygen saturation"),
        &[unit("%", 0)],
        (30_000, 100_000),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(key: &str) -> &'static KnownQuantity {
        Quantity::new(key).known().unwrap()
    }

    fn plausible(key: &str, value: &str, unit: &str) -> bool {
        let q = quantity(key);
        q.is_plausible(&value.parse().unwrap(), q.unit(unit).unwrap())
    }

    #[test]
    fn a_quantity_is_found_by_key_and_by_either_name() {
        for text in ["weight", "Weight", "体重", " 体重 "] {
            assert_eq!(Quantity::new(text).as_str(), "weight");
        }
        assert_eq!(Quantity::new("握力").known(), None);
        assert_eq!(Quantity::new("握力").as_str(), "握力");
    }

    #[test]
    fn bounds_hold_in_every_unit() {
        assert!(plausible("weight", "3.2", "kg") && plausible("weight", "3200", "g"));
        assert!(plausible("weight", "200", "g") && !plausible("weight", "199", "g"));
        assert!(plausible("weight", "400", "kg") && !plausible("weight", "400.001", "kg"));
        assert!(!plausible("weight", "3200", "kg") && !plausible("weight", "-3", "kg"));
        assert!(plausible("height", "1.75", "m") && !plausible("height", "175", "m"));
        assert!(plausible("height", "750", "mm") && !plausible("height", "750", "cm"));
        assert!(plausible("temperature", "36.8", "℃") && !plausible("temperature", "98", "Cel"));
    }

    #[test]
    fn codes_follow_the_unit() {
        let codes = |key: &str, unit: &str| {
            let codes = quantity(key).codes(unit).iter();
            codes.map(|coding| coding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("weight", "kg"), ["31000296", "29463-7"]);
        assert_eq!(codes("weight", "g"), ["31000297", "29463-7"]);
        assert_eq!(codes("head", "cm"), ["31006116", "9843-4"]);
        assert!(codes("weight", "cm").is_empty() && codes("pulse", "/min").is_empty());
    }

    #[test]
    fn a_slip_of_the_unit_is_recognised() {
        let weight = quantity("weight");
        let slip: Decimal = "3200".parse().unwrap();
        assert_eq!(weight.plausible_unit(&slip).unwrap().code, "g");
        assert_eq!(weight.plausible_unit(&"999999999".parse().unwrap()), None);
    }

    #[test]
    fn grams_and_kilograms_convert_exactly() {
        let q = quantity("weight");
        let (kg, g) = (q.unit("kg").unwrap(), q.unit("g").unwrap());
        let convert = |v: &str, from, to| {
            q.convert(&v.parse().unwrap(), from, to)
                .unwrap()
                .to_string()
        };
        assert_eq!(convert("3215", g, kg), "3.215");
        assert_eq!(convert("3.215", kg, g), "3215");
        let length = quantity("height");
        let (m, mm) = (length.unit("m").unwrap(), length.unit("mm").unwrap());
        assert_eq!(
            length
                .convert(&"1.75".parse().unwrap(), m, mm)
                .unwrap()
                .to_string(),
            "1750"
        );
    }
}
