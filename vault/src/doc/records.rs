//! Reads the records of a document. Decides how concurrent values are shown: all of them, in one
//! order everywhere.

use std::collections::BTreeMap;

use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValueRef, ValueRef};
use techo_health::{Fields, Value};
use uuid::Uuid;

use crate::doc::id::uuid_of_key;

/// A record as all its authors left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordState {
    /// Its UUID; `None` for the profile, which is the whole document.
    pub uuid: Option<Uuid>,
    /// The values of each field. More than one were written without knowing of each other: `Null`
    /// among them means that somebody removed the field. They ascend, so devices agree.
    pub fields: BTreeMap<String, Vec<Value>>,
}

impl RecordState {
    /// One value per field: the greatest of concurrent ones, removed fields left out.
    pub fn settled(&self) -> Fields {
        let last = |(key, values): (&String, &Vec<Value>)| {
            values.last().map(|value| (key.clone(), value.clone()))
        };
        self.fields
            .iter()
            .filter_map(last)
            .filter(|(_, value)| *value != Value::Null)
            .collect()
    }

    /// Whether a person still has to choose between concurrent values.
    pub fn has_conflict(&self) -> bool {
        self.fields.values().any(|values| values.len() > 1)
    }
}

/// Every map under a root key of 32 hex digits.
pub(crate) fn records(automerge: &Automerge) -> impl Iterator<Item = RecordState> {
    maps(automerge).filter_map(move |(key, maps)| {
        Some(RecordState {
            uuid: Some(uuid_of_key(&key)?),
            fields: fields(automerge, &maps),
        })
    })
}

/// The record of one root key.
pub(crate) fn record(automerge: &Automerge, uuid: Uuid, key: &str) -> Option<RecordState> {
    let maps = all_maps(automerge, key);
    let fields = (!maps.is_empty()).then(|| fields(automerge, &maps))?;
    Some(RecordState {
        uuid: Some(uuid),
        fields,
    })
}

/// The root itself as a record.
pub(crate) fn profile(automerge: &Automerge) -> RecordState {
    RecordState {
        uuid: None,
        fields: fields(automerge, &[ROOT]),
    }
}

/// The maps at the root, by key: one each, unless a key was made twice.
pub(crate) fn maps(automerge: &Automerge) -> impl Iterator<Item = (String, Vec<ObjId>)> {
    automerge.map_range(ROOT, ..).map(|item| {
        let key = item.key.to_string();
        let maps = match (item.conflict, &item.value) {
            (true, _) => all_maps(automerge, &key),
            (false, ValueRef::Object(ObjType::Map)) => vec![item.id()],
            (false, ValueRef::Object(_) | ValueRef::Scalar(_)) => Vec::new(),
        };
        (key, maps)
    })
}

fn all_maps(automerge: &Automerge, key: &str) -> Vec<ObjId> {
    let all = automerge.get_all(ROOT, key).unwrap_or_default();
    all.into_iter()
        .filter(|(value, _)| value.is_object())
        .map(|(_, id)| id)
        .collect()
}

/// The fields of maps that stand for one record, taken together.
pub(crate) fn fields(automerge: &Automerge, maps: &[ObjId]) -> BTreeMap<String, Vec<Value>> {
    let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for map in maps {
        for item in automerge.map_range(map, ..) {
            let values = fields.entry(item.key.to_string()).or_default();
            if item.conflict {
                let all = automerge
                    .get_all(map, item.key.as_ref())
                    .unwrap_or_default();
                values.extend(
                    all.iter()
                        .filter_map(|(value, _)| owned(value.as_scalar()?)),
                );
            } else if let ValueRef::Scalar(scalar) = item.value {
                values.extend(borrowed(&scalar));
            }
        }
    }
    for values in fields.values_mut() {
        values.sort_unstable();
        values.dedup();
    }
    fields.retain(|_, values| values.iter().any(|value| *value != Value::Null));
    fields
}

fn owned(scalar: &automerge::ScalarValue) -> Option<Value> {
    use automerge::ScalarValue as S;
    match scalar {
        S::Null => Some(Value::Null),
        S::Boolean(flag) => Some(Value::Bool(*flag)),
        S::Int(number) => Some(Value::Int(*number)),
        S::Str(text) => Some(Value::Text(text.to_string())),
        _ => None,
    }
}

fn borrowed(scalar: &ScalarValueRef<'_>) -> Option<Value> {
    match scalar {
        ScalarValueRef::Null => Some(Value::Null),
        ScalarValueRef::Boolean(flag) => Some(Value::Bool(*flag)),
        ScalarValueRef::Int(number) => Some(Value::Int(*number)),
        ScalarValueRef::Str(text) => Some(Value::Text(text.to_string())),
        _ => None,
    }
}
