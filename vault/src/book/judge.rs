//! Whether one control op stands, judged in its past alone.

use crate::book::fold::{Fold, Standing};
use crate::book::past::Past;
use crate::book::{BookKind, Control, ControlOp, Role};
use crate::crypto::DeviceKey;

/// Why a control op does not stand. It is kept, and everything else goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It builds on nothing and founds nothing.
    #[error("builds on no earlier control op")]
    NoParents,
    /// It would found a book that exists.
    #[error("founds a book that exists already")]
    SecondGenesis,
    /// It founds another book.
    #[error("founds another book")]
    WrongBook,
    /// Somebody else than the founder wrote it.
    #[error("not written by the founder that it names")]
    NotFounder,
    /// Its author was not in the book then.
    #[error("its author was not in the book")]
    UnknownAuthor,
    /// Its author had been removed then.
    #[error("its author had been removed")]
    RemovedAuthor,
    /// Its author was no guardian then.
    #[error("its author was no guardian")]
    NotGuardian,
    /// Ops like this belong into the other kind of book.
    #[error("does not belong into this kind of book")]
    WrongKind,
    /// It adds a device that is there.
    #[error("adds a device that is in the book already")]
    DeviceKnown,
    /// It speaks of a device that had been removed.
    #[error("speaks of a device that had been removed")]
    DeviceGone,
    /// It speaks of a device that was not there.
    #[error("speaks of a device that was not in the book")]
    NoSuchDevice,
}

/// Judges an op whose parents, and theirs, are all in `past`.
pub(in crate::book) fn judge(
    fold: &Fold,
    author: &DeviceKey,
    control: &Control,
    past: &Past,
) -> Result<(), Refusal> {
    if let ControlOp::Genesis(genesis) = control.op() {
        return if !control.parents().is_empty() {
            Err(Refusal::SecondGenesis)
        } else if genesis.book_id() != fold.book() {
            Err(Refusal::WrongBook)
        } else if genesis.founder().key() != *author {
            Err(Refusal::NotFounder)
        } else {
            Ok(())
        };
    }
    if control.parents().is_empty() {
        return Err(Refusal::NoParents);
    }
    let role = match fold.standing(past, author) {
        Standing::Absent => return Err(Refusal::UnknownAuthor),
        Standing::Removed => return Err(Refusal::RemovedAuthor),
        Standing::Active(role) => role,
    };
    if belongs_to(control.op()).is_some_and(|kind| fold.kind() != Some(kind)) {
        return Err(Refusal::WrongKind);
    }
    let anybody = matches!(control.op(), ControlOp::DeviceOffered { .. });
    if role != Role::Guardian && !anybody {
        return Err(Refusal::NotGuardian);
    }
    about(fold, control.op(), past)
}

/// The only kind of book in which an op may stand.
fn belongs_to(op: &ControlOp) -> Option<BookKind> {
    match op {
        ControlOp::MemberAdded { .. } | ControlOp::DeviceOffered { .. } => {
            Some(BookKind::Household)
        }
        ControlOp::IssuerTrusted { .. }
        | ControlOp::EnrolmentOpened(_)
        | ControlOp::BindingAccepted { .. } => Some(BookKind::Handbook),
        ControlOp::Genesis(_)
        | ControlOp::DeviceAdded { .. }
        | ControlOp::DeviceRemoved { .. }
        | ControlOp::RoleSet { .. }
        | ControlOp::EpochStarted(_)
        | ControlOp::RelayAdded(_) => None,
    }
}

/// Judges the device that an op speaks of.
fn about(fold: &Fold, op: &ControlOp, past: &Past) -> Result<(), Refusal> {
    let (device, removed_too) = match op {
        ControlOp::DeviceAdded { device, .. } => {
            return match fold.standing(past, &device.key()) {
                Standing::Absent => Ok(()),
                Standing::Removed => Err(Refusal::DeviceGone),
                Standing::Active(_) => Err(Refusal::DeviceKnown),
            };
        }
        ControlOp::DeviceRemoved { device, .. } => (device, true),
        ControlOp::RoleSet { device, .. } => (device, false),
        ControlOp::EnrolmentOpened(enrolment) => (&enrolment.holder, false),
        ControlOp::Genesis(_)
        | ControlOp::EpochStarted(_)
        | ControlOp::IssuerTrusted { .. }
        | ControlOp::BindingAccepted { .. }
        | ControlOp::RelayAdded(_)
        | ControlOp::MemberAdded { .. }
        | ControlOp::DeviceOffered { .. } => return Ok(()),
    };
    match fold.standing(past, device) {
        Standing::Absent => Err(Refusal::NoSuchDevice),
        Standing::Removed if !removed_too => Err(Refusal::DeviceGone),
        Standing::Removed | Standing::Active(_) => Ok(()),
    }
}
