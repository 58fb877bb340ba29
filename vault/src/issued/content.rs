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

/// Packs of messages travel as records of a kind of their own, which is no health record.
impl Groups {
    /// Divides the text of a pack of messages; it says nothing about whom it goes to.
    pub fn of_pack(id: &str, text: &str) -> Result<Self, IssuedError> {
        if text.len() > MAX_PACK {
            return Err(IssuedError::Group);
        }
        let mut pairs = vec![
            ("kind".to_owned(), MESSAGE_PACK.to_owned()),
            ("pack".to_owned(), id.to_owned()),
        ];
        let mut rest = text;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.floor_char_boundary(PART));
            let number = pairs.len() - 2;
            pairs.push((format!("text/{number:02}"), part.to_owned()));
            rest = after;
        }
        Ok(Self {
            who: Group::default(),
            what: Group::new(pairs)?,
            place: Group::default(),
        })
    }

    /// Whether this is a pack of messages.
    pub fn is_pack(&self) -> bool {
        self.what.text("kind") == Some(MESSAGE_PACK)
    }

    /// The id and the text of a pack of messages.
    pub fn pack(&self) -> Option<(&str, String)> {
        let id = self.what.text("pack").filter(|_| self.is_pack())?;
        let parts = self.what.pairs();
        let parts = parts.filter(|(key, _)| key.starts_with("text/"));
        Some((id, parts.map(|(_, part)| part).collect()))
    }
}

/// The fields that say where, by whom and with which product.
const WHERE: [&str; 4] = ["facility", "doctor", "lot", "maker"];

/// The kind under which packs of messages travel.
const MESSAGE_PACK: &str = "message_pack";
/// The most bytes of a pack's text: with its keys it fits into one group.
const MAX_PACK: usize = 12_000;
/// The most bytes of one part of it.
const PART: usize = 4_000;

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

    #[test]
    fn a_pack_of_messages_is_divided_between_characters_and_comes_back_whole() {
        let text = "見本市からのお知らせ。".repeat(300);
        let groups = Groups::of_pack("babies", &text).unwrap();
        assert!(groups.is_pack());
        assert!(groups.who.is_empty() && groups.place.is_empty());
        assert_eq!(groups.pack(), Some(("babies", text)));
        let full = "x".repeat(MAX_PACK);
        let groups = Groups::of_pack("a", &full).unwrap();
        assert_eq!(groups.pack(), Some(("a", full)));
        let more = "x".repeat(MAX_PACK + 1);
        assert_eq!(Groups::of_pack("a", &more), Err(IssuedError::Group));
        assert_eq!(Groups::default().pack(), None);
    }
}
