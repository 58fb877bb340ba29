//! The timeline: what all records of a member say, the same on every device; it shows nothing that
//! only this device knows.

use std::collections::BTreeMap;

use techo_health::checkup::is_sensitive;
use techo_health::{Value, When};

use crate::book::{BookId, MemberId};
use crate::doc::{DocId, RecordId, RecordState};
use crate::vault::views::{RecordView, Source, TimelineItem};
use crate::vault::{Book, Vault, VaultError};

/// The fewest characters by which a record may be named.
const MIN_SHORT: usize = 4;

/// Says whether `text` is this id or an end of it that is long enough.
pub(super) fn id_fits(id: &str, text: &str) -> bool {
    id == text || (text.len() >= MIN_SHORT && id.ends_with(text))
}

impl Vault {
    /// Returns the records of one member or of all, by date and id.
    pub fn timeline(&self, member: Option<&MemberId>) -> Vec<TimelineItem> {
        let mut items: Vec<TimelineItem> = self
            .family_items()
            .chain(self.official_items())
            .filter(|item| member.is_none_or(|member| item.member == *member))
            .collect();
        items.sort_by_cached_key(|item| {
            let when = item
                .date
                .as_ref()
                .and_then(|date| date.parse::<When>().ok());
            (when.is_none(), when, item.id.clone())
        });
        items
    }

    /// Returns the records that may leave the vault in a copy. Every copy is made of these alone:
    /// never-share records are not among them, private ones and the private findings of checkups
    /// only where a person asks for them.
    pub fn copyable(&self, member: Option<&MemberId>, private_too: bool) -> Vec<TimelineItem> {
        let mut items = self.timeline(member);
        items.retain(|item| item.sensitivity().may_leave(private_too));
        if !private_too {
            for item in &mut items {
                item.fields.retain(|field, _| !is_sensitive(field));
            }
        }
        items
    }

    /// Returns one record with its history, by its id or an unambiguous end of it.
    pub fn record(&self, text: &str) -> Result<RecordView, VaultError> {
        let text = text.trim().trim_start_matches('#');
        let all = self.family_items().chain(self.official_items());
        let mut found: Vec<TimelineItem> = all.filter(|item| id_fits(&item.id, text)).collect();
        match (found.pop(), found.is_empty()) {
            (Some(item), true) => {
                let history = self.official_history(&item.id);
                Ok(RecordView { item, history })
            }
            (Some(_), false) => Err(VaultError::AmbiguousRecord),
            (None, _) => Err(VaultError::UnknownRecord),
        }
    }

    fn family_items(&self) -> impl Iterator<Item = TimelineItem> {
        self.handbooks()
            .filter_map(|(id, book)| Some((self.member_of(id)?, book)))
            .flat_map(|(member, book)| book.family_items(member))
    }

    pub(super) fn official_items(&self) -> impl Iterator<Item = TimelineItem> {
        self.handbooks()
            .filter_map(|(id, book)| Some((self.member_of(id)?, book)))
            .flat_map(|(member, book)| book.official_items(member))
    }

    pub(super) fn book_of_member_item(&self, item: &TimelineItem) -> Result<BookId, VaultError> {
        self.handbook_of(&item.member)
    }
}

impl Book {
    fn family_items(&self, member: MemberId) -> impl Iterator<Item = TimelineItem> {
        let documents = self.replica.documents().filter(|(id, _)| !id.is_profile());
        documents.flat_map(move |(id, document)| {
            let records = document.records();
            records.filter_map(move |record| TimelineItem::of_family(*id, member, &record))
        })
    }
}

impl TimelineItem {
    pub(super) fn of_family(doc: DocId, member: MemberId, record: &RecordState) -> Option<Self> {
        let text = |field: &str| first_text(&record.fields, field);
        let uuid = record.uuid?;
        Some(Self {
            id: RecordId { doc, uuid }.to_string(),
            member,
            kind: text("kind").unwrap_or_default(),
            date: text("date"),
            source: Source::Family,
            fields: without_removed(&record.fields),
        })
    }
}

fn first_text(fields: &BTreeMap<String, Vec<Value>>, field: &str) -> Option<String> {
    fields
        .get(field)?
        .iter()
        .find_map(Value::as_text)
        .map(str::to_owned)
}

/// Leaves out what was removed, unless another device wrote a value at the same time.
fn without_removed(fields: &BTreeMap<String, Vec<Value>>) -> BTreeMap<String, Vec<Value>> {
    let shown = fields.iter().filter(|(field, values)| {
        !matches!(field.as_str(), "kind" | "v") && values.iter().any(|value| *value != Value::Null)
    });
    shown
        .map(|(field, values)| (field.clone(), values.clone()))
        .collect()
}
