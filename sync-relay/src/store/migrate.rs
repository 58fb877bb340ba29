//! Takes over the store of a relay of before, which was one sled database with the envelopes in it.

use crate::store::StoreError;
use crate::store::index::{self, Index};
use crate::store::joined::Joined;
use crate::store::table::Changes;
use std::path::{Path, PathBuf};

/// About how many bytes are taken over at once.
const AT_ONCE: usize = 1 << 20;
const OLD: &str = "store.old";

/// The old store, moved to a name of its own; also one that was not taken over to the end.
pub(crate) fn find(dir: &Path, store: &Path) -> Result<Option<PathBuf>, StoreError> {
    let old = dir.join(OLD);
    if !old.exists() && store.join(index::FILE).exists() {
        std::fs::rename(store, &old)?;
    }
    Ok(old.exists().then_some(old))
}

/// Copies everything in `old` into `new` and deletes it. One that cannot be read is set aside: the
/// devices fill the relay again.
pub(crate) fn take_over(old: &Path, new: &Joined) -> Result<(), StoreError> {
    tracing::info!("the store of before is taken over");
    match index::guarded(|| copy(&Index::open(old)?, new)) {
        Ok(copied) => {
            copied?;
            std::fs::remove_dir_all(old)?;
        }
        Err(StoreError::Database(_)) => {
            let aside = old.with_extension("damaged");
            tracing::warn!("the store of before cannot be read and is set aside");
            std::fs::rename(old, aside)?;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Values lay in chunks under their key and one byte more, which counts them. The outer result is
/// the old store's, the inner one the new store's.
fn copy(old: &Index, new: &Joined) -> Result<Result<(), StoreError>, StoreError> {
    let (mut changes, mut bytes, mut failed) = (Changes::new(), 0, None);
    old.scan(&[], &[], &mut |physical, chunk| {
        let Some((index, key)) = physical.split_last() else {
            return true;
        };
        if *index == 0 && bytes > AT_ONCE {
            if let Err(error) = new.apply(&std::mem::take(&mut changes)) {
                failed = Some(error);
                return false;
            }
            bytes = 0;
        }
        bytes += chunk.len();
        let value = changes.entry(key.to_vec()).or_default();
        value.get_or_insert_default().extend_from_slice(chunk);
        true
    })?;
    Ok(match failed {
        Some(error) => Err(error),
        None => new.apply(&changes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::Disk;
    use crate::store::layout::summed;
    use crate::store::table::Table;

    const CHUNK: usize = 4 << 10;

    fn old_store(dir: &Path, values: &[(Vec<u8>, Vec<u8>)]) {
        let store = Index::open(&dir.join("store")).unwrap();
        let mut changes = Changes::new();
        for (key, value) in values {
            for (index, chunk) in (0..).zip(value.chunks(CHUNK)) {
                let key = [&key[..], &[index]].concat();
                changes.insert(key, Some(chunk.to_vec()));
            }
        }
        store.apply(&changes).unwrap();
        store.flush().unwrap();
    }

    #[test]
    fn the_store_of_before_is_taken_over_and_goes() {
        let dir = tempfile::tempdir().unwrap();
        let mut values = vec![(b"S".to_vec(), summed(b"S", &[1; 16]))];
        for n in 0..80u8 {
            let key = [&b"E"[..], &[n; 72]].concat();
            let value = summed(&key, &vec![n; usize::from(n) * 700 + 1]);
            values.push((key, value));
        }
        old_store(dir.path(), &values);
        for _ in 0..2 {
            let disk = Disk::open(dir.path()).unwrap();
            for (key, value) in &values {
                assert_eq!(disk.get(key).unwrap().as_ref(), Some(value));
            }
            assert!(!dir.path().join(OLD).exists());
        }
    }

    #[test]
    fn one_that_cannot_be_read_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        old_store(dir.path(), &[]);
        std::fs::write(dir.path().join("store/conf"), b"no configuration").unwrap();
        let disk = Disk::open(dir.path()).unwrap();
        assert_eq!(disk.get(b"S").unwrap(), None);
        assert!(dir.path().join("store.damaged/conf").exists());
    }
}
