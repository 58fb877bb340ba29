//! What every command works with: the output, the vault's folder, the passphrase, the network.

use std::path::{Path, PathBuf};

use techo_vault::net::{Driver, SharedVault};
use techo_vault::vault::{MemberView, Vault};

use crate::args::Common;
use crate::error::Failure;
use crate::lang::Lang;
use crate::output::Output;
use crate::passphrase::Source;
use crate::progress::Progress;
use crate::{clock, place};

/// The desk at which a command works.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) out: Output,
    vault: Option<PathBuf>,
    passphrase: Source,
}

impl Desk {
    /// Sets the desk for what was typed.
    pub(crate) fn new(common: &Common, out: Output) -> Self {
        let file = common.passphrase_file.clone();
        let file = file.or_else(|| std::env::var_os("TECHO_PASSPHRASE_FILE").map(PathBuf::from));
        let file = file.filter(|file| !file.as_os_str().is_empty());
        Self {
            out,
            vault: common.vault.clone(),
            passphrase: Source::new(file, out),
        }
    }

    /// The language of people.
    pub(crate) fn lang(&self) -> Lang {
        self.out.lang()
    }

    /// The vault's folder.
    pub(crate) fn dir(&self) -> Result<PathBuf, Failure> {
        place::vault(self.vault.as_deref())
    }

    /// Where passphrases come from.
    pub(crate) fn passphrase(&self) -> &Source {
        &self.passphrase
    }

    /// Opens the vault.
    pub(crate) fn open(&self) -> Result<Vault, Failure> {
        let dir = self.dir()?;
        if !dir.exists() {
            return Err(Failure::Vault(
                techo_vault::store::StoreError::NotAVault.into(),
            ));
        }
        let passphrase = self.passphrase.existing()?;
        let install = place::install(&dir)?;
        let working = self.progress(self.lang().of("手帳を開いています", "Opening the vault"));
        let vault = Vault::open(&dir, &passphrase, &install)?;
        drop(working);
        Ok(vault)
    }

    /// Shows progress on long work.
    pub(crate) fn progress(&self, what: &str) -> Progress {
        Progress::begin(self.out, what)
    }

    /// The member named, or the only one.
    pub(crate) fn member(vault: &Vault, named: Option<&str>) -> Result<MemberView, Failure> {
        if let Some(name) = named {
            return Ok(vault.find_member(name)?);
        }
        let mut members = vault.members();
        match (members.pop(), members.is_empty()) {
            (Some(member), true) => Ok(member),
            (Some(_), false) => Err(Failure::WhichMember),
            (None, _) => Err(Failure::NoMembers),
        }
    }

    /// Runs `work` with the vault on the network, and closes both in order.
    pub(crate) fn drive<T>(
        vault: Vault,
        work: impl AsyncFnOnce(&Driver, &SharedVault) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        network(async {
            let shared = SharedVault::new(vault);
            let driver = Driver::new(shared.clone(), clock::now)?;
            let done = work(&driver, &shared).await;
            drop(driver.close().await);
            done
        })
    }
}

/// Runs network work to its end.
pub(crate) fn network<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

/// Reads a text file that somebody handed over.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    read_text_within(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })
}

fn read_text_within(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(MAX_TEXT)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// SHA-256 in hex, by which a file is known again.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash = techo_wire::label::sha256(bytes);
    hash.iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Writes a file that will be handed over.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })
}

/// More than any file that is handed over.
const MAX_TEXT: u64 = 1 << 20;
