//! How a new device joins: ticket, transcript, six digits; it never releases a key before both
//! people have confirmed.
//!
//! Two state machines, [`Newcomer`] and [`Inviter`], that turn items into items. Both can be put
//! away in a sealed key file between steps, so neither device needs to be online when the other is.

mod message;
mod ticket;
mod newcomer;
mod inviter;

pub use inviter::Inviter;
pub use message::{Digits, Hello, Offer, Reveal};
pub use newcomer::Newcomer;
pub use ticket::Ticket;

use thiserror::Error;

use crate::crypto::SealError;

/// Why pairing stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PairingError {
    /// The text is no ticket.
    #[error("this is no ticket")]
    NotATicket,
    /// The ticket's time has passed.
    #[error("the ticket has expired")]
    Expired,
    /// Another device has already answered this ticket.
    #[error("the ticket was used before")]
    AlreadyUsed,
    /// A message does not belong to this ticket: another device, another ticket, or altered.
    #[error("a pairing message does not belong to this ticket")]
    WrongTicket,
    /// The newcomer's nonce is not the one that the ticket commits to.
    #[error("the new device does not keep to its ticket")]
    CommitmentBroken,
    /// The other device has not answered yet.
    #[error("the other device has not answered yet")]
    NotYet,
    /// A message came when another was due.
    #[error("a pairing message came out of turn")]
    OutOfTurn,
    /// The number of identities or grants is not the number of books.
    #[error("expected {expected} books, got {got}")]
    BookCount {
        /// The number of books offered.
        expected: usize,
        /// The number answered.
        got: usize,
    },
    /// The ticket names another relay than the family's.
    #[error("the ticket is for another relay than the family's")]
    OtherRelay,
    /// The other side stopped.
    #[error("the other device refused")]
    Refused,
    /// A message does not fit an item.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Put-away state that does not decode.
    #[error("the saved pairing state is damaged")]
    DamagedState,
}
