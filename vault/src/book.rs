//! Who may read and write a book: a pure fold over its control ops; it never touches a document.

mod id;
mod device;
mod op;
mod past;
mod fold;
mod judge;
mod state;

pub use crate::crypto::{BookId, DeviceKey, EpochCommitment};
pub use device::{Device, MAX_NAME, Role};
pub use fold::{Fold, Outcome};
pub use id::{EnrolmentHandle, IssuerId, MemberId};
pub use judge::Refusal;
pub(crate) use op::by_feed;
pub use op::{BookKind, Control, ControlOp, Enrolment, Genesis, NewEpoch};
pub use state::{
    AcceptedBinding, BookState, DeviceOffer, DeviceState, EpochState, OpenedEnrolment, Removal,
    TrustedIssuer,
};
