//! What the city answers to an enrolment: words for its staff, never for the family.

use techo_jpki::{Environment, Refusal, Revocation, RevocationGap};
use techo_vault::issued::BindingId;

/// What the city answers to an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrolAnswer {
    /// Bound; the answer goes out with the next delivery.
    Bound {
        /// The binding.
        binding: BindingId,
        /// The city's number of the resident whose records will be issued.
        resident: String,
        /// The hierarchy of the certificate; show it.
        environment: Environment,
        /// Whether the evidence identifies nobody; show it.
        simulated: bool,
        /// What is known about revocation; show it.
        revocation: Revocation,
        /// Whether this very request had been answered before.
        repeated: bool,
        /// The binding whose entries it continues.
        follows: Option<BindingId>,
        /// How many other bindings of this resident it ended.
        ended: usize,
    },
    /// Nobody could say that the certificate is not revoked: the file is kept, sealed, and judged
    /// again by [`crate::City::recheck`]. Nothing was bound.
    Pending(RevocationGap),
    /// A person has to decide ([`crate::City::review`]): the file is kept, sealed. Nothing was bound.
    Review(ReviewReason),
    /// Refused; another attempt needs another nonce.
    Refused(EnrolRefusal),
}

/// Why a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReviewReason {
    /// The certificate replaced characters of the name or address.
    SubstitutedCharacters,
    /// The register holds nobody with these four attributes.
    NotInRegister,
    /// The register holds several.
    SeveralInRegister,
    /// The register does not name the holder of the card as the child's guardian.
    NotGuardian,
    /// The child is fifteen or older, and can enrol with a card of its own.
    OldEnough,
}

impl ReviewReason {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::SubstitutedCharacters => 0,
            Self::NotInRegister => 1,
            Self::SeveralInRegister => 2,
            Self::NotGuardian => 3,
            Self::OldEnough => 4,
        }
    }

    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            0 => Self::SubstitutedCharacters,
            2 => Self::SeveralInRegister,
            3 => Self::NotGuardian,
            4 => Self::OldEnough,
            _ => Self::NotInRegister,
        }
    }
}

/// Why an enrolment is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnrolRefusal {
    /// Not an enrolment file, or sealed to another city or key.
    NotOpened,
    /// The first check of the evidence that failed.
    Evidence(Refusal),
    /// Feed key or inbox are not well formed.
    Inbox,
    /// What it wants to follow does not stand, is another person's, or was followed already.
    Follows,
}
