//! What can go wrong with a city's folder; no variant carries a resident's data.

use std::path::PathBuf;

use techo_vault::crypto::{OpenError, SlotError};
use techo_vault::issued::IssuedError;
use thiserror::Error;

use crate::sheet::SheetError;

/// Why the city could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CityError {
    /// The folder is not a city's.
    #[error("{} is not a city's folder", .0.display())]
    NotACity(PathBuf),
    /// The folder holds something already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// Another process has it open.
    #[error("the city's folder is in use")]
    InUse,
    /// The passphrase is wrong, or costs more than allowed.
    #[error("the keys could not be unlocked")]
    Passphrase(#[source] SlotError),
    /// The code is not six digits, or the name is empty.
    #[error("the issuer needs a six-digit code and a name")]
    Identity,
    /// The root key belongs to another issuer.
    #[error("this is the root key of another issuer")]
    OtherRoot,
    /// Something signed with the present key still waits for delivery.
    #[error("deliver what is pending first")]
    Undelivered,
    /// Key file or journal are not what this passphrase sealed.
    #[error("the sealed files do not open")]
    Sealed(#[from] OpenError),
    /// The journal has a hole: what was acknowledged is missing. Nothing is issued from it, because
    /// an index used twice would be a fork.
    #[error("the journal is damaged at byte {offset}")]
    JournalDamaged {
        /// Where reading stopped.
        offset: u64,
    },
    /// The journal has fewer records than were acknowledged, as after restoring an old copy.
    #[error("the journal has {found} records, {acknowledged} were acknowledged")]
    JournalRolledBack {
        /// Records acknowledged.
        acknowledged: u64,
        /// Records found.
        found: u64,
    },
    /// A file holds bytes that do not decode.
    #[error("a file of the city is malformed")]
    Malformed,
    /// The issuer file or a signature of the city's own does not verify.
    #[error("the issuer file does not verify")]
    Issuer(#[from] IssuedError),
    /// The trust store for JPKI cannot be used.
    #[error("the roots of JPKI cannot be used")]
    Roots(#[from] techo_jpki::RootsError),
    /// The register cannot be read.
    #[error("the register cannot be used: line {}", .0.line)]
    Register(RegisterFault),
    /// The CSV cannot be read as a whole.
    #[error("the file cannot be read as a table")]
    Sheet(#[from] SheetError),
    /// A pack of messages cannot be read.
    #[error("the pack of messages cannot be used")]
    Pack(#[from] techo_health::message::PackError),
    /// A pack of messages names another issuer than this city.
    #[error("the pack of messages names another issuer")]
    PackOfAnother,
    /// A pack of messages is longer than an entry takes.
    #[error("a pack that is published has at most 12,000 bytes")]
    PackTooLong,
    /// The disk failed.
    #[error("the disk failed")]
    Disk(#[from] std::io::Error),
    /// A write failed before; the folder has to be opened again.
    #[error("an earlier write failed; open the folder again")]
    Stopped,
    /// QUIC could not be set up.
    #[error("the network could not be used")]
    Client(#[from] techo_client::ClientError),
}

/// The first line that makes a register unusable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterFault {
    /// The line, from 1.
    pub line: u64,
    /// The column, or `None` if the line as a whole is wrong.
    pub column: Option<&'static str>,
}
