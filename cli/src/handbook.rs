//! Each member's records as the engines need them. Reads a vault that is open; decides nothing.

use std::collections::BTreeMap;

use techo_health::history::{Noted, Provenance};
use techo_health::{Fields, History, Member, Record, Value};
use techo_vault::vault::{MemberView, Source, TimelineItem, Vault};

use crate::error::Failure;

/// A member and what is known of them.
#[derive(Debug)]
pub(crate) struct Handbook {
    /// The member.
    pub(crate) member: MemberView,
    /// What the records tell.
    pub(crate) history: History,
}

/// The handbooks of the member named, or of all, the eldest first.
pub(crate) fn handbooks(vault: &Vault, named: Option<&str>) -> Result<Vec<Handbook>, Failure> {
    let members = match named {
        Some(name) => vec![vault.find_member(name)?],
        None => vault.members(),
    };
    let open = |member| handbook(vault, member);
    Ok(members.into_iter().map(open).collect())
}

/// The handbook of one member.
pub(crate) fn handbook(vault: &Vault, member: MemberView) -> Handbook {
    let items = vault.timeline(Some(&member.id));
    Handbook {
        history: history(&member, items),
        member,
    }
}

/// The handbook of one member as it may leave the vault: without what is private or never to be
/// shared.
pub(crate) fn to_hand_over(vault: &Vault, member: MemberView) -> Handbook {
    let items = vault.copyable(Some(&member.id), false);
    Handbook {
        history: history(&member, items),
        member,
    }
}

/// Which of a member's records tell of a dose or checkup that another one tells of already, and
/// which other one: what a city says stands first.
pub(crate) fn same(member: &MemberView, items: &[TimelineItem]) -> BTreeMap<String, String> {
    let own = items.iter().filter(|item| item.member == member.id);
    let history = history(member, own.cloned().collect());
    let doses = history.doses.iter().map(|dose| &dose.sources);
    let checkups = history.checkups.iter().map(|checkup| &checkup.sources);
    let mut same = BTreeMap::new();
    for sources in doses.chain(checkups) {
        if let Some((first, others)) = sources.split_first() {
            same.extend(
                others
                    .iter()
                    .map(|other| (other.id.clone(), first.id.clone())),
            );
        }
    }
    same
}

/// Folds the records of one member. What a city has withdrawn is left out.
fn history(member: &MemberView, items: Vec<TimelineItem>) -> History {
    let mut profile = first_values(&member.profile);
    profile.insert("kind".to_owned(), "member".into());
    let profile = match Record::from_fields(&profile) {
        Ok(Record::Member(profile)) => profile,
        Ok(_) | Err(_) => Member::default(),
    };
    History::of(&profile, items.into_iter().filter_map(noted))
}

fn noted(item: TimelineItem) -> Option<Noted> {
    let provenance = match &item.source {
        Source::Issued(issued) if issued.withdrawn => return None,
        Source::Issued(_) => Provenance::Official,
        Source::Family => Provenance::Family,
    };
    let mut fields = first_values(&item.fields);
    fields.insert("kind".to_owned(), item.kind.into());
    Some(Noted {
        id: item.id,
        provenance,
        record: Record::from_fields(&fields).ok()?,
    })
}

/// One value a field: where devices differ, the first in canonical order, the same on every device.
fn first_values(fields: &BTreeMap<String, Vec<Value>>) -> Fields {
    let first = fields.iter().filter_map(|(field, values)| {
        let mut values = values.iter();
        Some((
            field.clone(),
            values.find(|value| **value != Value::Null)?.clone(),
        ))
    });
    first.collect()
}

#[cfg(test)]
mod tests {
    use techo_health::Date;
    use techo_vault::book::{BookId, MemberId};
    use techo_vault::vault::Issued;

    use super::*;

    fn item(id: &str, source: Source, fields: &[(&str, &[&str])]) -> TimelineItem {
        TimelineItem {
            id: id.to_owned(),
            member: MemberId::from_bytes([1; 16]),
            kind: "vaccination".to_owned(),
            date: None,
            source,
            fields: fields
                .iter()
                .map(|(key, values)| {
                    let values = values.iter().map(|value| Value::from(*value)).collect();
                    ((*key).to_owned(), values)
                })
                .collect(),
        }
    }

    fn issued(withdrawn: bool) -> Source {
        Source::Issued(Issued {
            issuer_name: "見本市".to_owned(),
            issuer: "00".to_owned(),
            verified: true,
            index: 1,
            issued_at: 0,
            versions: 1,
            withdrawn,
        })
    }

    fn member() -> MemberView {
        let profile = [("name", "花"), ("birth_date", "2024-05-06")];
        MemberView {
            id: MemberId::from_bytes([1; 16]),
            book: BookId::from_bytes([2; 32]),
            profile: profile
                .map(|(key, value)| (key.to_owned(), vec![Value::from(value)]))
                .into(),
            verified: Vec::new(),
            loading: false,
        }
    }

    #[test]
    fn official_and_family_records_of_a_dose_are_one_and_withdrawn_ones_are_none() {
        let mr: &[(&str, &[&str])] = &[("vaccine", &["MR"]), ("date", &["2025-05-20"])];
        let bcg: &[(&str, &[&str])] = &[("vaccine", &["BCG"]), ("date", &["2024-10-15"])];
        let items = vec![
            item("y2025/a", Source::Family, mr),
            item("i/1", issued(false), mr),
            item("i/2", issued(true), bcg),
        ];
        let history = history(&member(), items);
        assert_eq!(history.doses.len(), 1);
        assert_eq!(history.doses[0].sources.len(), 2);
        let birth: Date = "2024-05-06".parse().unwrap();
        assert!(history.birth.is_some_and(|born| born.0 == birth));
    }

    #[test]
    fn where_devices_differ_every_device_takes_the_same_value() {
        let fields: &[(&str, &[&str])] = &[
            ("vaccine", &["MR"]),
            ("date", &["2025-05-20", "2025-05-21"]),
        ];
        let history = history(&member(), vec![item("y2025/a", Source::Family, fields)]);
        assert_eq!(history.doses[0].date.to_string(), "2025-05-20");
    }
}
