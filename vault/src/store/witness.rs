//! The manifest on disk: two files, of which one is always durable. It compares nothing itself.

use std::sync::Arc;

use rand_core::CryptoRng;

use crate::crypto::{StorageKey, VaultId};
use crate::store::StoreError;
use crate::store::disk::{self, Disk};
use crate::store::manifest::{MAX_MANIFEST, Manifest};

/// Where the manifest is written.
#[derive(Debug)]
pub(super) struct Witness {
    disk: Arc<dyn Disk>,
    vault: VaultId,
    key: StorageKey,
    /// The file that is durable, and so not to be touched by a write that is not.
    durable: usize,
}

impl Witness {
    /// Reads both files and keeps the newer manifest that opens; `None` if neither does.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        vault: VaultId,
        key: StorageKey,
    ) -> Result<(Self, Option<Manifest>), StoreError> {
        let mut witness = Self {
            disk,
            vault,
            key,
            durable: 1,
        };
        let mut newest: Option<Manifest> = None;
        for (n, name) in FILES.into_iter().enumerate() {
            let Some(manifest) = witness.read(name)? else {
                continue;
            };
            if newest
                .as_ref()
                .is_none_or(|known| known.generation() < manifest.generation())
            {
                witness.durable = n;
                newest = Some(manifest);
            }
        }
        if newest.is_some() {
            witness.disk.sync_data(witness.durable())?;
            // The process that made the file may have died before its name was durable.
            witness.disk.sync_folder("")?;
        }
        Ok((witness, newest))
    }

    /// Writes without waiting for the disk: a witness against damage, not against a power cut.
    pub(super) fn write(
        &self,
        rng: &mut impl CryptoRng,
        manifest: &mut Manifest,
    ) -> Result<(), StoreError> {
        let plain = manifest.next_bytes();
        if plain.len() > MAX_MANIFEST {
            return Err(StoreError::TooLarge {
                max: MAX_MANIFEST,
                got: plain.len(),
            });
        }
        let sealed = self.key.seal(rng, self.vault.as_ref(), &plain);
        let length = u32::try_from(sealed.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes();
        // In place and without cutting the file off: shorter and longer ones take turns.
        let bytes = [length.as_slice(), &sealed].concat();
        Ok(self.disk.write_at(self.spare(), 0, &bytes)?)
    }

    /// Writes and waits until it is durable.
    pub(super) fn write_durably(
        &mut self,
        rng: &mut impl CryptoRng,
        manifest: &mut Manifest,
    ) -> Result<(), StoreError> {
        self.write(rng, manifest)?;
        self.disk.sync_data(self.spare())?;
        self.disk.sync_folder("")?;
        self.durable = 1 - self.durable;
        Ok(())
    }

    fn read(&self, name: &str) -> Result<Option<Manifest>, StoreError> {
        let max = LENGTH + MAX_MANIFEST + StorageKey::OVERHEAD;
        let bytes = match disk::read(self.disk.as_ref(), name, max) {
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => return Ok(None),
            bytes => bytes?.unwrap_or_default(),
        };
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let plain = rest
            .get(..length)
            .and_then(|sealed| self.key.open(self.vault.as_ref(), sealed).ok());
        Ok(plain.and_then(|plain| Manifest::decode(&plain).ok()))
    }

    fn durable(&self) -> &'static str {
        let [a, b] = FILES;
        if self.durable == 0 { a } else { b }
    }

    fn spare(&self) -> &'static str {
        let [a, b] = FILES;
        if self.durable == 0 { b } else { a }
    }
}

const FILES: [&str; 2] = ["manifest.a", "manifest.b"];
const LENGTH: usize = 4;

#[cfg(test)]
mod tests {
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    use super::*;
    use crate::crypto::MasterKey;
    use crate::store::Position;
    use crate::store::disk::power::{PowerDisk, Spared};

    const VAULT: VaultId = VaultId::from_bytes([1; 16]);

    struct Bench {
        master: MasterKey,
        disk: PowerDisk,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                master: MasterKey::generate(&mut UnwrapErr(SysRng)),
                disk: PowerDisk::new(),
            }
        }

        fn open(&self) -> (Witness, Option<Manifest>) {
            let disk = Arc::new(self.disk.clone());
            Witness::open(disk, VAULT, self.master.manifest(VAULT)).unwrap()
        }
    }

    fn reaching(offset: u64, manifest: &mut Manifest) -> &mut Manifest {
        manifest.set_end(Position::new(1, offset));
        manifest
    }

    #[test]
    fn the_newer_of_two_counts_and_either_may_be_damaged() {
        let mut bench = Bench::new();
        let (mut witness, found) = bench.open();
        assert_eq!(found, None);
        let (rng, mut manifest) = (&mut UnwrapErr(SysRng), Manifest::default());
        witness
            .write_durably(rng, reaching(100, &mut manifest))
            .unwrap();
        for offset in [200, 300] {
            witness.write(rng, reaching(offset, &mut manifest)).unwrap();
        }
        assert_eq!(bench.open().1.unwrap().end(), Position::new(1, 300));
        let (durable, spare) = (witness.durable(), witness.spare());
        bench.disk.tamper(spare, |bytes| bytes[40] ^= 1);
        assert_eq!(bench.open().1.unwrap().end(), Position::new(1, 100));
        bench.disk.tamper(durable, |bytes| bytes.truncate(20));
        assert_eq!(bench.open().1, None);
        bench.master = MasterKey::generate(rng);
        assert_eq!(bench.open().1, None);
    }

    #[test]
    fn a_power_cut_never_costs_the_durable_one() {
        let mut bench = Bench::new();
        let (rng, mut manifest) = (&mut UnwrapErr(SysRng), Manifest::default());
        let mut witness = bench.open().0;
        for round in 1..60 {
            witness
                .write_durably(rng, reaching(round * 10, &mut manifest))
                .unwrap();
            for step in 1..4 {
                witness
                    .write(rng, reaching(round * 10 + step, &mut manifest))
                    .unwrap();
            }
            let disk = bench.disk.cut_power(Spared::Some(round));
            let after = Bench {
                disk,
                master: bench.master,
            };
            let offset = after.open().1.unwrap().end().offset();
            assert!((round * 10..round * 10 + 4).contains(&offset), "{offset}");
            bench.master = after.master;
        }
    }
}
