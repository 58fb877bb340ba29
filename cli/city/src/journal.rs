//! The append-only journal: sealed records in order; it never loses one silently.
//!
//! ```text
//! TECHOCJL 00 01 | length (4) | CRC-32 of the body (4) | body | …
//! ```
//!
//! The body is a CBOR record, sealed with its number as associated data, so that records cannot
//! change places. A frame that was cut short while being written was never acknowledged and is cut
//! off on opening. Anything else that does not read is damage, and nothing is issued on top of it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use rand_core::CryptoRng;
use techo_vault::crypto::StorageKey;
use techo_wire::canonical;

use crate::CityError;
use crate::folder::{COUNT, Folder, JOURNAL, restrict};
use crate::record::JournalRecord;

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    key: StorageKey,
    records: u64,
}

impl Journal {
    /// Makes an empty journal.
    pub(crate) fn create(folder: &Folder, key: StorageKey) -> Result<Self, CityError> {
        folder.write(JOURNAL, MAGIC)?;
        folder.write(COUNT, b"0\n")?;
        Ok(Self {
            file: append(&folder.path(JOURNAL))?,
            key,
            records: 0,
        })
    }

    /// Opens the journal and hands every record to `each`, in order.
    pub(crate) fn open(
        folder: &Folder,
        key: StorageKey,
        mut each: impl FnMut(JournalRecord) -> Result<(), CityError>,
    ) -> Result<Self, CityError> {
        let path = folder.path(JOURNAL);
        let mut bytes = Vec::new();
        File::open(&path)?.read_to_end(&mut bytes)?;
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(CityError::Malformed)?;
        let mut records: u64 = 0;
        loop {
            let offset = u64::try_from(bytes.len().saturating_sub(rest.len())).unwrap_or(u64::MAX);
            match frame(rest) {
                Frame::End => break,
                Frame::Cut => {
                    append(&path)?.set_len(offset)?;
                    break;
                }
                Frame::Damaged => return Err(CityError::JournalDamaged { offset }),
                Frame::Whole { body, after } => {
                    let damaged = CityError::JournalDamaged { offset };
                    let Ok(plain) = key.open(&records.to_be_bytes(), body) else {
                        return Err(damaged);
                    };
                    each(canonical::decode(&plain).map_err(|_| damaged)?)?;
                    records = records.saturating_add(1);
                    rest = after;
                }
            }
        }
        let acknowledged = acknowledged(folder)?;
        if records < acknowledged {
            return Err(CityError::JournalRolledBack {
                acknowledged,
                found: records,
            });
        }
        Ok(Self {
            file: append(&path)?,
            key,
            records,
        })
    }

    /// Makes all `records` durable with one flush. Until this returns, tell no one.
    pub(crate) fn append(
        &mut self,
        folder: &Folder,
        rng: &mut impl CryptoRng,
        records: &[JournalRecord],
    ) -> Result<(), CityError> {
        let mut frames = Vec::new();
        let mut number = self.records;
        for record in records {
            let body = self
                .key
                .seal(rng, &number.to_be_bytes(), &canonical::encode(record));
            let length = u32::try_from(body.len()).map_err(|_| CityError::Malformed)?;
            frames.extend_from_slice(&length.to_be_bytes());
            frames.extend_from_slice(&crc32fast::hash(&body).to_be_bytes());
            frames.extend_from_slice(&body);
            number = number.saturating_add(1);
        }
        self.file.write_all(&frames)?;
        self.file.sync_data()?;
        self.records = number;
        // Behind by a batch after a crash: it only ever says that at least so many were told.
        std::fs::write(folder.path(COUNT), format!("{number}\n"))?;
        Ok(())
    }
}

enum Frame<'a> {
    End,
    Cut,
    Damaged,
    Whole { body: &'a [u8], after: &'a [u8] },
}

fn frame(bytes: &[u8]) -> Frame<'_> {
    if bytes.is_empty() {
        return Frame::End;
    }
    let Some((head, rest)) = bytes.split_first_chunk::<8>() else {
        return Frame::Cut;
    };
    let [l0, l1, l2, l3, c0, c1, c2, c3] = *head;
    let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    if bytes.iter().all(|b| *b == 0) {
        return Frame::Cut;
    }
    if length == 0 || length > MAX_BODY {
        return Frame::Damaged;
    }
    let Some((body, after)) = rest.split_at_checked(length) else {
        return Frame::Cut;
    };
    if crc32fast::hash(body) == u32::from_be_bytes([c0, c1, c2, c3]) {
        Frame::Whole { body, after }
    } else {
        Frame::Damaged
    }
}

fn acknowledged(folder: &Folder) -> Result<u64, CityError> {
    let text = folder.read(COUNT).unwrap_or_default();
    let text = String::from_utf8(text).map_err(|_| CityError::Malformed)?;
    // Missing or cut short by a crash: then it says nothing.
    Ok(text.trim().parse().unwrap_or(0))
}

fn append(path: &Path) -> Result<File, CityError> {
    let file = OpenOptions::new().append(true).open(path)?;
    restrict(path)?;
    Ok(file)
}

const MAGIC: &[u8] = b"TECHOCJL\0\x01";
const MAX_BODY: usize = 131_072;

#[cfg(test)]
mod tests {
    use super::*;
    use techo_vault::crypto::{MasterKey, VaultId};

    fn rng() -> impl CryptoRng {
        rand_core::UnwrapErr(getrandom::SysRng)
    }

    fn key() -> StorageKey {
        MasterKey::generate(&mut rng()).city_log(VaultId::from_bytes([1; 16]))
    }

    fn record(n: u8) -> JournalRecord {
        JournalRecord::NonceUsed { nonce: [n; 32] }
    }

    fn read(folder: &Folder, key: &StorageKey) -> Result<Vec<u8>, CityError> {
        let mut seen = Vec::new();
        Journal::open(folder, key.clone(), |record| {
            if let JournalRecord::NonceUsed { nonce } = record {
                seen.push(nonce[0]);
            }
            Ok(())
        })?;
        Ok(seen)
    }

    fn three() -> (tempfile::TempDir, Folder, StorageKey) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(dir.path()).unwrap();
        let key = key();
        let mut journal = Journal::create(&folder, key.clone()).unwrap();
        journal
            .append(&folder, &mut rng(), &[record(1), record(2)])
            .unwrap();
        journal.append(&folder, &mut rng(), &[record(3)]).unwrap();
        (dir, folder, key)
    }

    #[test]
    fn records_come_back_in_order_and_go_on() {
        let (_dir, folder, key) = three();
        assert_eq!(read(&folder, &key).unwrap(), [1, 2, 3]);
        let mut journal = Journal::open(&folder, key.clone(), |_| Ok(())).unwrap();
        journal.append(&folder, &mut rng(), &[record(4)]).unwrap();
        assert_eq!(read(&folder, &key).unwrap(), [1, 2, 3, 4]);
    }

    #[test]
    fn what_was_never_acknowledged_is_cut_off() {
        let (_dir, folder, key) = three();
        let whole = folder.read(JOURNAL).unwrap();
        for tail in [&[0, 0][..], &[0, 0, 0, 9, 1, 2, 3, 4, 5], &[0; 64]] {
            std::fs::write(folder.path(JOURNAL), [&whole, tail].concat()).unwrap();
            assert_eq!(read(&folder, &key).unwrap(), [1, 2, 3]);
            assert_eq!(folder.read(JOURNAL).unwrap(), whole);
        }
    }

    #[test]
    fn every_flipped_bit_and_every_lost_record_is_noticed() {
        let (_dir, folder, key) = three();
        let whole = folder.read(JOURNAL).unwrap();
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 0x40;
            std::fs::write(folder.path(JOURNAL), &bad).unwrap();
            assert!(read(&folder, &key).is_err(), "byte {at}");
        }
        for cut in [MAGIC.len(), whole.len() - 1] {
            std::fs::write(folder.path(JOURNAL), &whole[..cut]).unwrap();
            let error = read(&folder, &key).unwrap_err();
            assert!(matches!(
                error,
                CityError::JournalRolledBack {
                    acknowledged: 3,
                    ..
                }
            ));
        }
    }

    #[test]
    fn records_cannot_change_places() {
        let (_dir, folder, key) = three();
        let whole = folder.read(JOURNAL).unwrap();
        let frame = (whole.len() - MAGIC.len()) / 3;
        let (a, b) = whole[MAGIC.len()..].split_at(frame);
        std::fs::write(folder.path(JOURNAL), [MAGIC, b, a].concat()).unwrap();
        assert!(matches!(
            read(&folder, &key),
            Err(CityError::JournalDamaged { .. })
        ));
    }
}
