//! What a use case can fail with; messages for people are made by the command line.

use techo_health::RecordError;
use thiserror::Error;

use crate::crypto::SlotError;
use crate::doc::DocError;
use crate::issued::IssuedError;
use crate::pairing::PairingError;
use crate::replica::WriteError;
use crate::store::StoreError;

/// Why a use case did nothing. Whatever the reason, what was acknowledged before is untouched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The folder, the disk or the index.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The passphrase does not open the vault, or its parameters are refused.
    #[error(transparent)]
    Slot(#[from] SlotError),
    /// A key file opened and holds no keys of a book.
    #[error("a key file is damaged")]
    KeysDamaged,
    /// The vault has no household yet: pairing is not finished.
    #[error("the vault belongs to no family yet")]
    NoHousehold,
    /// The vault belongs to a family already.
    #[error("the vault belongs to a family already")]
    HasHousehold,
    /// No such book in this vault.
    #[error("no such book in this vault")]
    UnknownBook,
    /// No such member.
    #[error("no such member")]
    UnknownMember,
    /// Several members fit the name.
    #[error("several members fit this name")]
    AmbiguousMember,
    /// No such record.
    #[error("no such record")]
    UnknownRecord,
    /// Several records fit the short id.
    #[error("several records fit this id")]
    AmbiguousRecord,
    /// An official record is never edited.
    #[error("an official record cannot be edited by the family")]
    Official,
    /// Only official records can be proven to others.
    #[error("the family's own record cannot be proven to others")]
    NotOfficial,
    /// The city withdrew the record.
    #[error("the issuer withdrew this record")]
    Withdrawn,
    /// The record is of a kind or version that this program does not know.
    #[error("the record was written by a newer program")]
    NewerRecord,
    /// The record's content is refused.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The edit does not fit its document.
    #[error(transparent)]
    Document(#[from] DocError),
    /// An own entry could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Pairing stopped.
    #[error(transparent)]
    Pairing(#[from] PairingError),
    /// The digits typed are not the digits of this pairing.
    #[error("the digits differ")]
    DigitsDiffer,
    /// No pairing is under way.
    #[error("no pairing is under way")]
    NoPairing,
    /// An official entry, binding or issuer file is refused.
    #[error(transparent)]
    Issued(#[from] IssuedError),
    /// No such issuer is trusted by this family.
    #[error("no such issuer")]
    UnknownIssuer,
    /// No city has bound this member yet.
    #[error("no issuer has bound this member")]
    NotEnrolled,
    /// Another device holds the key made for this issuer.
    #[error("another device holds the key of this enrolment")]
    NotHolder,
    /// No relay is known.
    #[error("the family has no relay yet")]
    NoRelay,
    /// A text is longer than a name may be.
    #[error("a name is longer than {max} characters")]
    NameTooLong {
        /// The limit.
        max: usize,
    },
    /// An earlier write failed; nothing more is written until the vault is opened again.
    #[error("the vault stopped after a failed write; open it again")]
    Stopped,
}

impl VaultError {
    /// Says whether the same call may succeed later. After a full disk it may not: the vault has
    /// stopped until it is opened again.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(StoreError::InUse))
    }
}
