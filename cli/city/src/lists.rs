//! The revocation lists a city holds: taken once, kept in its folder, asked from then on. It never
//! fetches one, and none of them leaves the city.

use std::path::Path;

use techo_jpki::{CrlFault, RevocationLists};

use crate::folder::LISTS;
use crate::record::hex;
use crate::{City, CityError};

/// What was found in a folder of revocation lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListsReport {
    /// Lists that are held now, one for each municipality and generation.
    pub held: usize,
    /// Lists that are newer than those held before.
    pub newer: usize,
    /// Certificates revoked by the lists read now.
    pub revoked: usize,
    /// When the newest list held was made, in milliseconds.
    pub newest: Option<u64>,
    /// Files that are of no use, by name.
    pub refused: Vec<(String, CrlFault)>,
}

impl City {
    /// Takes the lists in `dir`, files ending in `.crl`; an older one never replaces a newer one.
    ///
    /// From then on, for good, nobody is bound without a current list.
    pub fn load_revocation_lists(&mut self, dir: &Path) -> Result<ListsReport, CityError> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("crl"))
            {
                paths.push(path);
            }
        }
        paths.sort();
        self.hold_lists()?;
        self.folder.create_within(LISTS)?;
        let mut lists = self.lists.take().unwrap_or_default();
        let taken = self.take_lists(&mut lists, paths);
        self.lists = Some(lists);
        taken
    }

    fn take_lists(
        &self,
        lists: &mut RevocationLists,
        paths: Vec<std::path::PathBuf>,
    ) -> Result<ListsReport, CityError> {
        let (mut refused, mut newer, mut revoked) = (Vec::new(), 0, 0);
        for path in paths {
            let too_large = std::fs::metadata(&path)?.len() > RevocationLists::MAX_LIST;
            let der = if too_large {
                Vec::new()
            } else {
                std::fs::read(&path)?
            };
            match lists.add(&der, &self.roots) {
                Ok(added) => {
                    revoked += added.revoked;
                    if added.newer {
                        newer += 1;
                        self.folder.write_within(
                            LISTS,
                            &format!("{}.crl", hex(&added.name)),
                            &der,
                        )?;
                    }
                }
                Err(fault) => {
                    let name = path.file_name().unwrap_or_default();
                    refused.push((name.to_string_lossy().into_owned(), fault));
                }
            }
        }
        Ok(ListsReport {
            held: lists.len(),
            newer,
            revoked,
            newest: lists.newest_update(),
            refused,
        })
    }

    /// Reads the lists of the folder, once, if the city was ever given any.
    pub(crate) fn hold_lists(&mut self) -> Result<(), CityError> {
        if self.lists.is_some() || !self.folder.path(LISTS).is_dir() {
            return Ok(());
        }
        let mut lists = RevocationLists::default();
        for name in self.folder.names_within(LISTS)? {
            if let Some(der) = self.folder.read_within(LISTS, &name)? {
                // A file that was damaged here is missed when somebody asks for what it covers.
                drop(lists.add(&der, &self.roots));
            }
        }
        self.lists = Some(lists);
        Ok(())
    }
}
