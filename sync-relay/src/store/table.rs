//! An ordered table of bytes whose batches are durable when applied; it knows no meaning.

use crate::store::StoreError;
use std::collections::BTreeMap;

/// Changes by key: a new value, or `None` to remove it.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What a scan does with each pair; `false` ends it.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> bool;

/// Ordered keys, none the beginning of another, and values of 1 byte to 64 KiB.
pub(crate) trait Table: Send + Sync {
    /// Gives a table that failed the chance to come back, before a batch is judged.
    fn revive(&self) -> Result<(), StoreError> {
        Ok(())
    }
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Visits the pairs under `prefix` whose key is not below `from`, in ascending order.
    fn scan(&self, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<(), StoreError>;
    /// Applies all changes or none; durable when it returns.
    fn apply(&self, changes: &Changes) -> Result<(), StoreError>;
}

#[cfg(test)]
pub(crate) mod memory {
    use super::*;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A table in memory whose disk can be full and whose values can be damaged.
    #[derive(Debug, Default)]
    pub(crate) struct Memory {
        pub(crate) pairs: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
        pub(crate) full: AtomicBool,
    }

    impl Table for Memory {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            Ok(self.pairs.lock().unwrap().get(key).cloned())
        }

        fn scan(&self, prefix: &[u8], from: &[u8], visit: Visit<'_>) -> Result<(), StoreError> {
            let pairs = self.pairs.lock().unwrap();
            let start = if from > prefix { from } else { prefix };
            for (key, value) in pairs.range(start.to_vec()..) {
                if !key.starts_with(prefix) || !visit(key, value) {
                    break;
                }
            }
            Ok(())
        }

        fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
            if self.full.load(Ordering::Relaxed) {
                return Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into());
            }
            let mut pairs = self.pairs.lock().unwrap();
            for (key, value) in changes {
                match value {
                    Some(value) => pairs.insert(key.clone(), value.clone()),
                    None => pairs.remove(key),
                };
            }
            Ok(())
        }
    }
}
