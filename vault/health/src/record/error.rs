//! Why a record cannot be read or written. Names fields, never their values.

use crate::date::DateError;

/// Why a record was refused. A person can confirm some, as [`RecordError::can_be_confirmed`] says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A field that this kind of record cannot do without.
    #[error("the field {field} is missing")]
    Missing {
        /// Its key.
        field: &'static str,
    },
    /// A value of another type or shape than the field has.
    #[error("the field {field} cannot be read")]
    Malformed {
        /// Its key.
        field: String,
    },
    /// A text that is no date.
    #[error("the field {field} holds no date")]
    Date {
        /// Its key.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        source: DateError,
    },
    /// A key that cannot be stored: 1–64 bytes of `a–z 0–9 _ / -` are.
    #[error("a field has an unusable key")]
    Key,
    /// A text longer than a record may hold.
    #[error("the field {field} is longer than {limit} bytes")]
    TooLong {
        /// Its key.
        field: String,
        /// The most bytes it may have.
        limit: usize,
    },
    /// A control character other than a line break or a tab in a note.
    #[error("the field {field} holds a control character")]
    ControlCharacter {
        /// Its key.
        field: String,
    },
    /// A 12-digit number with the check digit of a My Number, which may not be stored.
    #[error("the field {field} looks like a My Number")]
    LooksLikeMyNumber {
        /// Its key.
        field: String,
    },
    /// A unit in which that quantity is not measured.
    #[error("{quantity} is not measured in that unit")]
    Unit {
        /// The key of the quantity.
        quantity: &'static str,
        /// The UCUM codes to choose from.
        units: Vec<&'static str>,
    },
    /// A value that no living person has, most likely a slip of the hand.
    #[error("the value of {quantity} is hardly possible")]
    Implausible {
        /// The key of the quantity or field.
        quantity: &'static str,
        /// The unit it was given in.
        unit: &'static str,
        /// The unit in which the same digits would be plausible.
        plausible_unit: Option<&'static str>,
    },
    /// A word that is none of those which the field takes.
    #[error("the field {field} takes one of a few words")]
    NotAChoice {
        /// Its key.
        field: &'static str,
        /// The words.
        choices: Vec<&'static str>,
    },
    /// Something done that lies after today.
    #[error("the field {field} lies in the future")]
    InFuture {
        /// Its key.
        field: &'static str,
    },
    /// Something done that lies before the member's birth.
    #[error("the field {field} lies before birth")]
    BeforeBirth {
        /// Its key.
        field: &'static str,
    },
    /// More fields than one change can carry.
    #[error("a record has at most {limit} fields")]
    TooManyFields {
        /// The most fields it may have.
        limit: usize,
    },
    /// An amendment that would make a record one of another kind.
    #[error("the kind of a record does not change")]
    KindIsFixed,
    /// A record that only a newer program may rewrite.
    #[error("only a newer version of the program can change this record")]
    NotWritable,
}

impl RecordError {
    /// Whether a person can confirm the value and store it after all.
    pub fn can_be_confirmed(&self) -> bool {
        // Nobody is born tomorrow: what is expected is a pregnancy.
        let later = matches!(self, Self::InFuture { field } if *field != "birth_date");
        later || matches!(self, Self::Implausible { .. } | Self::BeforeBirth { .. })
    }
}
