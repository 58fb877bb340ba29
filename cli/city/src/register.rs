//! The city's own register of residents: the only word on who somebody is. It is passed in and
//! never stored.

use std::collections::{BTreeMap, BTreeSet};

use techo_health::{Date, When};
use techo_jpki::Attributes;

use crate::error::{CityError, RegisterFault};
use crate::sheet::{Column, Sheet};
use crate::text::normalise;

/// One resident.
#[derive(Clone, PartialEq, Eq)]
pub struct Resident {
    /// The city's number for the resident (宛名番号).
    pub id: String,
    /// The name as registered.
    pub name: String,
    /// The birth date.
    pub birth_date: Date,
    /// 1 male, 2 female, 3 unknown.
    pub gender: u8,
    /// The address as registered.
    pub address: String,
    /// The numbers of the guardians.
    pub guardians: BTreeSet<String>,
}

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resident(redacted)")
    }
}

/// Why attributes name no single resident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoMatch {
    Nobody,
    Several,
}

/// All residents.
#[derive(Debug, Default)]
pub struct Register {
    residents: BTreeMap<String, Resident>,
    by_attributes: BTreeMap<[String; 4], Vec<String>>,
}

impl Register {
    /// Reads `resident_id,name,birth_date,gender,address,guardian_ids`; guardians are separated by
    /// spaces or semicolons. One wrong line refuses the whole register.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, CityError> {
        let sheet = Sheet::read(
            bytes,
            COLUMNS,
            &["resident_id", "name", "birth_date", "gender", "address"],
        )?;
        let mut register = Self::default();
        for row in sheet.into_rows() {
            let row = row.map_err(|bad| fault(bad.line, None))?;
            if row.holds_my_number() {
                return Err(fault(row.line, Some("my_number")));
            }
            let text = |name| row.text(name).ok_or_else(|| fault(row.line, Some(name)));
            let birth: When = text("birth_date")?
                .parse()
                .map_err(|_| fault(row.line, Some("birth_date")))?;
            let resident = Resident {
                id: normalise(text("resident_id")?),
                name: text("name")?.to_owned(),
                birth_date: birth
                    .day()
                    .ok_or_else(|| fault(row.line, Some("birth_date")))?,
                gender: gender(text("gender")?).ok_or_else(|| fault(row.line, Some("gender")))?,
                address: text("address")?.to_owned(),
                guardians: row.text("guardian_ids").map(ids).unwrap_or_default(),
            };
            let line = row.line;
            register
                .insert(resident)
                .map_err(|()| fault(line, Some("resident_id")))?;
        }
        Ok(register)
    }

    fn insert(&mut self, resident: Resident) -> Result<(), ()> {
        let key = attributes_key(
            &resident.name,
            &When::from(resident.birth_date).to_string(),
            resident.gender,
            &resident.address,
        );
        self.by_attributes
            .entry(key)
            .or_default()
            .push(resident.id.clone());
        match self.residents.insert(resident.id.clone(), resident) {
            Some(_) => Err(()),
            None => Ok(()),
        }
    }

    /// Returns a resident by number.
    pub fn resident(&self, id: &str) -> Option<&Resident> {
        self.residents.get(&normalise(id))
    }

    /// Returns how many residents there are.
    pub fn len(&self) -> usize {
        self.residents.len()
    }

    /// Tells whether there is no resident.
    pub fn is_empty(&self) -> bool {
        self.residents.is_empty()
    }

    /// Returns the numbers of residents born on a day, `YYYY-MM-DD`.
    pub(crate) fn born_on(&self, birth_date: &str) -> Vec<String> {
        let born = |resident: &&Resident| When::from(resident.birth_date).to_string() == birth_date;
        let found = self.residents.values().filter(born);
        found.map(|resident| resident.id.clone()).collect()
    }

    /// Returns the one resident with exactly these attributes, widths and spaces aside.
    pub(crate) fn find(&self, attributes: &Attributes) -> Result<&Resident, NoMatch> {
        let key = attributes_key(
            &attributes.name,
            &attributes.birth_date,
            attributes.gender,
            &attributes.address,
        );
        match self.by_attributes.get(&key).map(Vec::as_slice) {
            Some([id]) => self.residents.get(id).ok_or(NoMatch::Nobody),
            Some([]) | None => Err(NoMatch::Nobody),
            Some(_) => Err(NoMatch::Several),
        }
    }
}

fn fault(line: u64, column: Option<&'static str>) -> CityError {
    CityError::Register(RegisterFault { line, column })
}

fn attributes_key(name: &str, birth: &str, gender: u8, address: &str) -> [String; 4] {
    [
        normalise(name),
        birth.to_owned(),
        gender.to_string(),
        normalise(address),
    ]
}

fn gender(text: &str) -> Option<u8> {
    match normalise(text).as_str() {
        "1" | "男" | "male" => Some(1),
        "2" | "女" | "female" => Some(2),
        "3" | "不明" | "unknown" => Some(3),
        _ => None,
    }
}

fn ids(text: &str) -> BTreeSet<String> {
    text.split([';', '；', ' ', '\u{3000}', '、'])
        .map(normalise)
        .filter(|id| !id.is_empty())
        .collect()
}

const COLUMNS: &[Column] = &[
    Column {
        name: "resident_id",
        japanese: &["宛名番号", "住民番号"],
    },
    Column {
        name: "name",
        japanese: &["氏名"],
    },
    Column {
        name: "birth_date",
        japanese: &["生年月日"],
    },
    Column {
        name: "gender",
        japanese: &["性別"],
    },
    Column {
        name: "address",
        japanese: &["住所"],
    },
    Column {
        name: "guardian_ids",
        japanese: &["保護者", "保護者宛名番号"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(name: &str, address: &str) -> Attributes {
        Attributes {
            name: name.into(),
            birth_date: "1990-01-02".into(),
            gender: 2,
            address: address.into(),
        }
    }

    const TWO: &str = "resident_id,name,birth_date,gender,address,guardian_ids\n\
        1,試験　花子,1990-01-02,2,見本市1-2,\n2,試験 一郎,令和6年5月6日,男,見本市1-2,1;9\n";

    #[test]
    fn a_resident_is_found_by_all_four_attributes_or_not_at_all() {
        let register = Register::from_csv(TWO.as_bytes()).unwrap();
        assert_eq!(register.len(), 2);
        assert_eq!(
            register
                .find(&attributes("試験花子", "見本市１－２"))
                .unwrap()
                .id,
            "1"
        );
        assert_eq!(
            register.find(&attributes("試験花子", "見本市3")),
            Err(NoMatch::Nobody)
        );
        let other = Attributes {
            gender: 1,
            ..attributes("試験花子", "見本市1-2")
        };
        assert_eq!(register.find(&other), Err(NoMatch::Nobody));
        let child = register.resident("2").unwrap();
        assert!(child.guardians.contains("1") && child.guardians.contains("9"));
        assert_eq!(child.birth_date.to_string(), "2024-05-06");
    }

    #[test]
    fn two_equal_residents_are_nobody_in_particular() {
        let twins = format!("{TWO}3,試験花子,1990-01-02,2,見本市1-2,\n");
        let register = Register::from_csv(twins.as_bytes()).unwrap();
        assert_eq!(
            register.find(&attributes("試験花子", "見本市1-2")),
            Err(NoMatch::Several)
        );
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (line, column) in [
            ("1,x,1990-02-30,2,y,", "birth_date"),
            ("1,x,1990,2,y,", "birth_date"),
            ("1,x,1990-01-02,5,y,", "gender"),
            ("1,,1990-01-02,2,y,", "name"),
            ("1,x,1990-01-02,2,123456789018,", "my_number"),
        ] {
            let text = format!("resident_id,name,birth_date,gender,address,guardian_ids\n{line}\n");
            let CityError::Register(fault) = Register::from_csv(text.as_bytes()).unwrap_err()
            else {
                panic!("{line}")
            };
            assert_eq!((fault.line, fault.column), (2, Some(column)), "{line}");
        }
        let doubled = format!("{TWO}1,x,1990-01-02,2,y,\n");
        assert!(Register::from_csv(doubled.as_bytes()).is_err());
    }
}
