//! The latest records without taking whole documents apart: every checkpoint puts the newest rows of
//! each document away, and only the newest of all at hand. A document that was touched since is read
//! itself, so a row is never stale; rows of years that are too old to be asked for are not fetched.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use techo_health::{Value, When};
use techo_wire::canonical;

use crate::book::MemberId;
use crate::doc::{DocId, Document};
use crate::store::{BookTag, Store};
use crate::vault::views::{Source, TimelineItem};
use crate::vault::{Book, Vault};

/// Rows kept of a document.
const ROWS: usize = 64;

/// The newest record of a document.
#[derive(Debug, Clone, Encode, Decode)]
pub(super) struct Newest {
    #[n(0)]
    date: Option<String>,
    #[n(1)]
    id: String,
}

/// A record as it is listed.
#[derive(Debug, Encode, Decode)]
struct Row {
    #[n(0)]
    id: String,
    #[n(1)]
    kind: String,
    #[n(2)]
    date: Option<String>,
    #[n(3)]
    fields: Vec<(String, Vec<Cell>)>,
}

#[derive(Debug, Encode, Decode)]
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

/// What is greater is newer: those without a date are the oldest, equal days go by id.
fn age(date: Option<&String>, id: &str) -> (Option<When>, String) {
    (date.and_then(|date| date.parse().ok()), id.to_owned())
}

fn newest_first(items: &mut Vec<TimelineItem>, count: usize) {
    items.sort_by_cached_key(|item| Reverse(age(item.date.as_ref(), &item.id)));
    items.truncate(count);
}

impl Vault {
    /// Returns the latest `count` records of one member or of all, newest first; those without a
    /// date come last.
    pub fn latest(&self, member: Option<&MemberId>, count: usize) -> Vec<TimelineItem> {
        let asked = |owner: &MemberId| member.is_none_or(|member| member == owner);
        let official = self.official_items();
        let mut items: Vec<TimelineItem> = official.filter(|item| asked(&item.member)).collect();
        let mut away = Vec::new();
        for (id, book) in self.handbooks() {
            let Some(owner) = self.member_of(id).filter(asked) else {
                continue;
            };
            for (doc, document) in book.family_documents() {
                match book.rows.get(doc) {
                    Some(newest) if count <= ROWS && document.is_as_loaded() => {
                        let age = newest.as_ref().map(|row| age(row.date.as_ref(), &row.id));
                        away.extend(age.map(|age| (age, book, owner, *doc, document)));
                    }
                    Some(_) | None => items.extend(latest_of(*doc, document, owner, count)),
                }
            }
        }
        newest_first(&mut items, count);
        away.sort_by(|(a, ..), (b, ..)| b.cmp(a));
        for (newest, book, owner, doc, document) in away {
            let oldest = items.last().map(|item| age(item.date.as_ref(), &item.id));
            if items.len() >= count && oldest.is_none_or(|oldest| oldest > newest) {
                break;
            }
            match book.rows_away(self.store.as_ref(), doc) {
                Some(rows) => items.extend(rows.iter().map(|row| row.item(owner))),
                None => items.extend(latest_of(doc, document, owner, count)),
            }
            newest_first(&mut items, count);
        }
        items
    }
}

impl Book {
    fn family_documents(&self) -> impl Iterator<Item = (&DocId, &Document)> {
        let documents = self.replica.documents();
        documents.filter(|(id, _)| !id.is_profile())
    }

    /// The newest rows of a document that was not touched since they were put away.
    fn rows_away(&self, store: &dyn Store, doc: DocId) -> Option<Vec<Row>> {
        match store.object(&rows_object(self.tag, doc)) {
            Ok(bytes) => minicbor::decode(&bytes?).ok(),
            Err(error) => {
                tracing::warn!(%error, "rows cannot be read");
                None
            }
        }
    }

    /// Adds the newest rows of every document that was touched since they were put away.
    pub(super) fn put_rows_away(
        &mut self,
        store: &dyn Store,
        objects: &mut Vec<(String, Option<Vec<u8>>)>,
    ) {
        // Rows name no member: the book has one.
        let member = MemberId::from_bytes([0; MemberId::LEN]);
        let mut rows = std::mem::take(&mut self.rows);
        for (id, document) in self.family_documents() {
            let name = rows_object(self.tag, *id);
            if document.is_as_loaded() && rows.contains_key(id) && store.keeps(&name) {
                continue;
            }
            let newest: Vec<Row> = latest_of(*id, document, member, ROWS)
                .iter()
                .map(Row::of)
                .collect();
            let first = newest.first().map(|row| Newest {
                date: row.date.clone(),
                id: row.id.clone(),
            });
            rows.insert(*id, first);
            objects.push((name, Some(canonical::encode(&newest))));
        }
        self.rows = rows;
    }
}

fn rows_object(tag: BookTag, doc: DocId) -> String {
    format!("rows/{tag}/{doc}")
}

fn latest_of(id: DocId, document: &Document, member: MemberId, count: usize) -> Vec<TimelineItem> {
    let records = document.records();
    let mut items: Vec<TimelineItem> = records
        .filter_map(|record| TimelineItem::of_family(id, member, &record))
        .collect();
    newest_first(&mut items, count);
    items
}
