//! Records that the family writes.

use techo_health::{Fields, Record, Value};

use crate::Timestamp;
use crate::book::{BookId, MemberId};
use crate::doc::{DocId, Edit, RecordId};
use crate::vault::write::rng;
use crate::vault::{Vault, VaultError};

impl Vault {
    /// Writes a record of a member. `confirmed` lets implausible values through that a person has
    /// looked at twice.
    pub fn add_record(
        &mut self,
        member: &MemberId,
        record: &Record,
        confirmed: bool,
        now: Timestamp,
    ) -> Result<RecordId, VaultError> {
        let book = self.handbook_of(member)?;
        let fields = record.to_fields(confirmed)?;
        let year = record.occurred().and_then(|when| when.year());
        let id = RecordId::generate(DocId::of_year(year), now.millis(), &mut rng());
        self.edit(
            &book,
            now,
            id.doc,
            &[Edit::Create {
                uuid: id.uuid,
                fields,
            }],
        )?;
        Ok(id)
    }

    /// Writes several records of a member at once, each an entry of its own: all of them or none.
    pub fn add_records(
        &mut self,
        member: &MemberId,
        records: &[Record],
        confirmed: bool,
        now: Timestamp,
    ) -> Result<Vec<RecordId>, VaultError> {
        let book = self.handbook_of(member)?;
        let mut edits = Vec::with_capacity(records.len());
        let mut ids = Vec::with_capacity(records.len());
        for record in records {
            let fields = record.to_fields(confirmed)?;
            let year = record.occurred().and_then(|when| when.year());
            let id = RecordId::generate(DocId::of_year(year), now.millis(), &mut rng());
            let edit = Edit::Create {
                uuid: id.uuid,
                fields,
            };
            edits.push((id.doc, edit));
            ids.push(id);
        }
        self.edit_all(&book, now, edits)?;
        Ok(ids)
    }

    /// Changes fields of a record; `Null` removes one. Only what differs is written, and a value
    /// that was in conflict is settled by writing it again.
    pub fn amend_record(
        &mut self,
        id: &str,
        changes: &Fields,
        confirmed: bool,
        now: Timestamp,
    ) -> Result<RecordId, VaultError> {
        self.check_writable()?;
        let (book, id) = self.find_family_record(id)?;
        let held = self.book(&book)?.replica.document(&id.doc);
        let state = held
            .and_then(|doc| doc.record(Some(id.uuid)))
            .ok_or(VaultError::UnknownRecord)?;
        let current = state.settled();
        let mut puts = techo_health::record::amend(&current, changes, confirmed)?;
        let wanted: Fields = current
            .iter()
            .chain(changes)
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect();
        let normal = Record::from_fields(&wanted)?.to_fields(confirmed)?;
        let contested = |field: &&String| state.fields.get(*field).is_some_and(|all| all.len() > 1);
        for field in changes.keys().filter(contested) {
            puts.insert(
                field.clone(),
                normal.get(field).cloned().unwrap_or(Value::Null),
            );
        }
        let edits: Vec<Edit> = puts
            .into_iter()
            .map(|(field, value)| Edit::Put {
                record: Some(id.uuid),
                field,
                value,
            })
            .collect();
        if !edits.is_empty() {
            self.edit(&book, now, id.doc, &edits)?;
        }
        Ok(id)
    }

    /// Changes a member's profile. `confirmed` lets implausible values through.
    pub fn amend_member(
        &mut self,
        member: &MemberId,
        changes: &Fields,
        confirmed: bool,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        self.check_writable()?;
        let book = self.handbook_of(member)?;
        let profile = self.book(&book)?.replica.document(&DocId::Profile);
        let current = profile
            .and_then(|doc| doc.record(None))
            .map(|state| state.settled());
        let current = current.unwrap_or_default();
        let puts = techo_health::record::amend(&current, changes, confirmed)?;
        let edits: Vec<Edit> = puts
            .into_iter()
            .map(|(field, value): (String, Value)| Edit::Put {
                record: None,
                field,
                value,
            })
            .collect();
        if edits.is_empty() {
            Ok(())
        } else {
            self.edit(&book, now, DocId::Profile, &edits)
        }
    }

    /// Finds a record that the family wrote by its id, or by an unambiguous end of it.
    pub(super) fn find_family_record(&self, text: &str) -> Result<(BookId, RecordId), VaultError> {
        let text = text.trim().trim_start_matches('#');
        let mut found = None;
        for (id, book) in self.handbooks() {
            let documents = book
                .replica
                .documents()
                .filter(|(doc, _)| !doc.is_profile());
            for (doc, document) in documents {
                for record in document.records() {
                    let Some(uuid) = record.uuid else { continue };
                    let record = RecordId { doc: *doc, uuid };
                    if !crate::vault::timeline::id_fits(&record.to_string(), text) {
                        continue;
                    }
                    if found.replace((*id, record)).is_some() {
                        return Err(VaultError::AmbiguousRecord);
                    }
                }
            }
        }
        if found.is_none()
            && self
                .official_items()
                .any(|item| crate::vault::timeline::id_fits(&item.id, text))
        {
            return Err(VaultError::Official);
        }
        found.ok_or(VaultError::UnknownRecord)
    }
}
