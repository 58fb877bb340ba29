//! Why a card did not serve; no variant carries a password, a certificate or a reader's name.

use thiserror::Error;

/// Why a card did not serve.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardError {
    /// The file or token is not a card's.
    #[error("this is not a card's file")]
    Malformed,
    /// The key could not sign, or signed something else.
    #[error("the card could not sign")]
    Signing,
    /// The operating system's card service does not run.
    #[error("the card service is not running")]
    NoService,
    /// No reader is attached, or none of that name.
    #[error("there is no such card reader")]
    NoReader,
    /// The reader is empty.
    #[error("there is no card in the reader")]
    NoCard,
    /// The card left the reader while it was needed.
    #[error("the card was removed")]
    CardRemoved,
    /// Another program uses the card.
    #[error("another program is using the card")]
    SharingViolation,
    /// The reader failed.
    #[error("the card reader failed")]
    Reader,
    /// Another kind of card.
    #[error("this card has no JPKI application")]
    NotJpki,
    /// Certificates in a phone, or of a generation that is not known.
    #[error("this token is not a My Number Card of a known generation")]
    UnsupportedToken,
    /// The card holds no signature certificate, as those of children under 15.
    #[error("the card holds no signature certificate")]
    NoSignCert,
    /// The card holds no certificate for user authentication.
    #[error("the card holds no authentication certificate")]
    NoAuthCert,
    /// Not 6 to 16 letters and digits; nothing was sent to the card.
    #[error("the password is not 6 to 16 letters and digits")]
    PinFormat,
    /// Another password than the card's.
    #[error("the password is wrong; {left} tries are left")]
    PinWrong {
        /// How many tries are left.
        left: u8,
    },
    /// One try is left, and nobody has said to spend it; nothing was sent to the card.
    #[error("one try is left and was not spent")]
    LastTry,
    /// No try is left.
    #[error("the password is blocked")]
    PinBlocked,
    /// The card wants a password for this.
    #[error("the card denied access")]
    Denied,
    /// The card answered with a status that has no meaning here.
    #[error("the card answered with status {status:04x}")]
    Status {
        /// The two bytes.
        status: u16,
    },
    /// The card answered with something that is not what was asked.
    #[error("the card's answer is not in the expected form")]
    Answer,
}
