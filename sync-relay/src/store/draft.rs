//! A batch under judgement: writes see what those before them changed; a refused one leaves none.

use crate::store::StoreError;
use crate::store::layout;
use crate::store::table::{Changes, Table};
use std::collections::BTreeMap;

/// What is done with each key and its body.
type VisitBody<'v> = &'v mut dyn FnMut(&[u8], Option<&[u8]>);

pub(crate) struct Draft<'t> {
    table: &'t dyn Table,
    kept: Changes,
    trial: Changes,
}

impl<'t> Draft<'t> {
    pub(crate) fn new(table: &'t dyn Table) -> Self {
        Self {
            table,
            kept: Changes::new(),
            trial: Changes::new(),
        }
    }

    /// The body under a key; a damaged one counts as missing.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = match self.trial.get(key).or_else(|| self.kept.get(key)) {
            Some(changed) => changed.clone(),
            None => self.table.get(key)?,
        };
        Ok(value.and_then(|value| layout::body(key, &value).map(<[u8]>::to_vec)))
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, body: &[u8]) {
        let value = layout::summed(&key, body);
        self.trial.insert(key, Some(value));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.trial.insert(key, None);
    }

    /// Visits every key under a prefix with its body, `None` if damaged. For repairs only: it
    /// holds what was changed in this batch in memory.
    pub(crate) fn each(&self, prefix: &[u8], visit: VisitBody<'_>) -> Result<(), StoreError> {
        let mut changed: BTreeMap<&[u8], &Option<Vec<u8>>> = BTreeMap::new();
        for changes in [&self.kept, &self.trial] {
            let under = changes
                .range(prefix.to_vec()..)
                .take_while(|(k, _)| k.starts_with(prefix));
            changed.extend(under.map(|(k, v)| (k.as_slice(), v)));
        }
        self.table.scan(prefix, prefix, &mut |key, value| {
            if !changed.contains_key(key) {
                visit(key, layout::body(key, value));
            }
            true
        })?;
        for (key, value) in changed {
            if let Some(value) = value {
                visit(key, layout::body(key, value));
            }
        }
        Ok(())
    }

    /// How many keys stand under a prefix, damaged or not, `key` itself not counted.
    pub(crate) fn others(&self, prefix: &[u8], key: &[u8]) -> Result<u64, StoreError> {
        let mut count = 0u64;
        self.each(prefix, &mut |found, _| {
            count = count.saturating_add(u64::from(found != key));
        })?;
        Ok(count)
    }

    /// The write under trial stands.
    pub(crate) fn keep(&mut self) {
        // One by one: a trial is short and what was kept may be long.
        self.kept.extend(std::mem::take(&mut self.trial));
    }

    /// The write under trial is refused.
    pub(crate) fn discard(&mut self) {
        self.trial.clear();
    }

    pub(crate) fn into_changes(self) -> Changes {
        self.kept
    }
}
