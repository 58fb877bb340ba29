//! Which field of a record stands in which group; it adds no meaning of its own.

use techo_health::{Fields, Record, RecordError, Value};

use crate::issued::{Group, Groups, IssuedError};

impl Groups {
    /// Divides the fields of a checked record: the person, what was done, and where.
    pub fn of_record(name: &str, birth_date: &str, fields: &Fields) -> Result<Self, IssuedError> {
        let mut what = Vec::new();
        let mut place = Vec::new();
        for (key, value) in fields {
            let text = match value {
                Value::Text(text) => text.clone(),
                Value::Int(number) => number.to_string(),
                Value::Bool(flag) => flag.to_string(),
                Value::Null => continue,
            };
            let group = if WHERE.contains(&key.as_str()) {
                &mut place
            } else {
                &mut what
            };
            group.push((key.clone(), text));
        }
        Ok(Self {
            who: Group::new([("name", name), ("birth_date", birth_date)])?,
            what: Group::new(what)?,
            place: Group::new(place)?,
        })
    }

    /// Returns the fields of the record, as if the family had written it.
    pub fn fields(&self) -> Fields {
        let pairs = self.what.pairs().chain(self.place.pairs());
        let texts: Fields = pairs
            .map(|(key, text)| (key.to_owned(), text.into()))
            .collect();
        techo_health::record::typed(&texts)
    }

    /// Returns the record.
    pub fn record(&self) -> Result<Record, RecordError> {
        Record::from_fields(&self.fields())
    }
}

/// The fields that say where, by whom and with which product.
const WHERE: [&str; 4] = ["facility", "doctor", "lot", "maker"];

#[cfg(test)]
mod tests {
    use techo_health::{Vaccination, Vaccine, When};

    use super::*;

    #[test]
    fn a_record_is_divided_and_comes_back_whole() {
        let date: When = "2024-07-08".parse().unwrap();
        let mut dose = Vaccination::new(Vaccine::new("5種混合"), date);
        dose.dose_no = Some(1);
        dose.routine = Some(true);
        dose.facility = Some("見本小児科".into());
        dose.lot = Some("A1".into());
        let fields = Record::Vaccination(dose).to_fields(false).unwrap();
        let groups = Groups::of_record("試験　花子", "2024-05-06", &fields).unwrap();
        assert_eq!(groups.what.text("vaccine"), Some("DPTIPVHib"));
        assert_eq!(groups.what.text("kind"), Some("vaccination"));
        assert_eq!(groups.what.text("lot"), None);
        assert_eq!(groups.place.text("lot"), Some("A1"));
        assert_eq!(groups.who.text("name"), Some("試験　花子"));
        assert_eq!(groups.fields(), fields);
        assert!(matches!(groups.record(), Ok(Record::Vaccination(_))));
    }
}
