//! The latest records without taking whole documents apart: every checkpoint keeps the newest rows
//! of each document. A document that was touched since is read itself, so a row is never stale.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use techo_health::{Value, When};

use crate::book::MemberId;
use crate::doc::{DocId, Document};
use crate::vault::views::{Source, TimelineItem};
use crate::vault::{Book, Vault};

/// Rows kept of a document.
pub(super) const ROWS: usize = 64;

/// A record as it is listed.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Row {
    #[n(0)]
    id: String,
    #[n(1)]
    kind: String,
    #[n(2)]
    date: Option<String>,
    #[n(3)]
    fields: Vec<(String, Vec<Cell>)>,
}

#[derive(Debug, Clone, Encode, Decode)]
enum Cell {
    #[n(0)]
    Null,
    #[n(1)]
    Bool(#[n(0)] bool),
    #[n(2)]
    Int(#[n(0)] i64),
    #[n(3)]
    Text(#[n(0)] String),
}

impl From<&Value> for Cell {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Int(number) => Self::Int(*number),
            Value::Text(text) => Self::Text(text.clone()),
        }
    }
}

impl From<&Cell> for Value {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Bool(flag) => Self::Bool(*flag),
            Cell::Int(number) => Self::Int(*number),
            Cell::Text(text) => Self::Text(text.clone()),
        }
    }
}

impl Row {
    fn of(item: &TimelineItem) -> Self {
        let cells = |values: &Vec<Value>| values.iter().map(Cell::from).collect();
        Self {
            id: item.id.clone(),
            kind: item.kind.clone(),
            date: item.date.clone(),
            fields: item
                .fields
                .iter()
                .map(|(field, values)| (field.clone(), cells(values)))
                .collect(),
        }
    }

    fn item(&self, member: MemberId) -> TimelineItem {
        let values = |cells: &Vec<Cell>| cells.iter().map(Value::from).collect();
        let fields: BTreeMap<String, Vec<Value>> = self
            .fields
            .iter()
            .map(|(field, cells)| (field.clone(), values(cells)))
            .collect();
        TimelineItem {
            id: self.id.clone(),
            member,
            kind: self.kind.clone(),
            date: self.date.clone(),
            source: Source::Family,
            fields,
        }
    }
}

/// Newest first, those without a date last; equal days by id.
fn newest_first(items: &mut Vec<TimelineItem>, count: usize) {
    items.sort_by_cached_key(|item| {
        let when = item
            .date
            .as_ref()
            .and_then(|date| date.parse::<When>().ok());
        Reverse((when, item.id.clone()))
    });
    items.truncate(count);
}

impl Vault {
    /// Returns the latest `count` records of one member or of all, newest first; those without a
    /// date come last.
    pub fn latest(&self, member: Option<&MemberId>, count: usize) -> Vec<TimelineItem> {
        let mut items: Vec<TimelineItem> = self.official_items().collect();
        for (id, book) in self.handbooks() {
            if let Some(owner) = self.member_of(id) {
                items.extend(book.latest(owner, count));
            }
        }
        items.retain(|item| member.is_none_or(|member| item.member == *member));
        newest_first(&mut items, count);
        items
    }
}

impl Book {
    fn latest(&self, member: MemberId, count: usize) -> Vec<TimelineItem> {
        let documents = self.replica.documents().filter(|(id, _)| !id.is_profile());
        let each = documents.flat_map(|(id, document)| match self.rows.get(id) {
            Some(rows) if count <= ROWS && document.is_as_loaded() => {
                rows.iter().map(|row| row.item(member)).collect()
            }
            Some(_) | None => latest_of(*id, document, member, count),
        });
        each.collect()
    }

    /// Brings the kept rows of every document up to date.
    pub(super) fn refresh_rows(&mut self) {
        // Rows name no member: the book has one.
        let member = MemberId::from_bytes([0; MemberId::LEN]);
        for (id, document) in self.replica.documents() {
            if id.is_profile() || (document.is_as_loaded() && self.rows.contains_key(id)) {
                continue;
            }
            let items = latest_of(*id, document, member, ROWS);
            self.rows.insert(*id, items.iter().map(Row::of).collect());
        }
    }
}

fn latest_of(id: DocId, document: &Document, member: MemberId, count: usize) -> Vec<TimelineItem> {
    let records = document.records();
    let mut items: Vec<TimelineItem> = records
        .filter_map(|record| TimelineItem::of_family(id, member, &record))
        .collect();
    newest_first(&mut items, count);
    items
}
