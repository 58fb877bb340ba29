//! Why evidence is refused; no variant carries an attribute, a serial number or a key.

use thiserror::Error;

use crate::walk::NotDer;

/// The first check that failed. The city tells the resident no more than this class.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Too large, not canonical, or not what its format says.
    #[error("the evidence is not in the expected form")]
    Malformed,
    /// The city never gave out this nonce.
    #[error("the nonce is not one of this city's")]
    NonceUnknown,
    /// The nonce or the statement has run out.
    #[error("the nonce has expired")]
    NonceExpired,
    /// The nonce has served before.
    #[error("the nonce was used before")]
    Replay,
    /// The nonces could not be read or written; nothing was judged.
    #[error("the record of nonces is unavailable")]
    NonceLedger,
    /// Made for another city, purpose, consent text, key or child than the one expected.
    #[error("the statement was made for another context")]
    ContextMismatch,
    /// The issuer-only key did not sign the statement.
    #[error("the device did not prove possession of its key")]
    DeviceProof,
    /// Not RSA-2048 with exponent 65537 and SHA-256.
    #[error("the certificate uses another algorithm than its profile")]
    WrongAlgorithm,
    /// No pinned root signed the certificate.
    #[error("no trusted root issued the certificate")]
    UntrustedIssuer,
    /// The certificate's validity begins later.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// The certificate's validity has ended.
    #[error("the certificate has expired")]
    Expired,
    /// An extension that must be understood is not.
    #[error("the certificate has an unknown critical extension")]
    CriticalExtension,
    /// Simulated, test and production are never mixed.
    #[error("the certificate belongs to another environment")]
    EnvironmentMismatch,
    /// Not exactly one critical policy of the allow-list.
    #[error("the certificate's policy is not accepted")]
    Policy,
    /// Not exactly digital signature and non-repudiation, or an extended usage is present.
    #[error("the certificate is not for this kind of signature")]
    KeyUsage,
    /// The card's signature does not cover the statement.
    #[error("the card's signature does not verify")]
    SignatureInvalid,
    /// The authority has revoked the certificate. For the city alone: it must not say so to others.
    #[error("the certificate is revoked")]
    Revoked(RevocationReason),
    /// Nobody has said that the certificate is not revoked: pending, never accepted.
    #[error("revocation could not be checked: {0}")]
    RevocationUnavailable(RevocationGap),
    /// One of the four attributes is missing, doubled or of the wrong type.
    #[error("the certificate's attributes are not as the profile says")]
    Attributes,
    /// The cryptographic library failed for a reason that is not the evidence's.
    #[error("the cryptographic library failed")]
    Library,
}

impl Refusal {
    /// Tells whether the same resident may succeed later without changing anything.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RevocationUnavailable(_) | Self::NonceLedger | Self::Library
        )
    }
}

/// What is missing for a revocation answer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationGap {
    /// There is no list, or the responder could not answer.
    #[error("no revocation list or answer is at hand")]
    Missing,
    /// The answer is too old, has run out, or comes from the future.
    #[error("the revocation list or answer is not current")]
    Stale,
    /// What is at hand covers other certificates, or only part of what is needed.
    #[error("the revocation list or answer covers other certificates")]
    Scope,
    /// The authority did not sign it.
    #[error("the revocation list or answer is not the authority's")]
    Forged,
    /// The responder does not know the certificate.
    #[error("the responder does not know the certificate")]
    Unknown,
}

/// Why the authority revoked a certificate (RFC 5280 §5.3.1). No kind is ever lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// No reason is given.
    Unspecified,
    /// The card or its key is in other hands.
    KeyCompromise,
    /// Name, address or another attribute has changed.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// The card is no longer used, or its holder has died.
    CessationOfOperation,
    /// Suspended.
    CertificateHold,
    /// Any other code.
    Unlisted,
}

impl RevocationReason {
    /// Returns the code of RFC 5280; one that is not listed there is 255.
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::Unlisted => 255,
        }
    }

    /// Reads a code of RFC 5280.
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            _ => Self::Unlisted,
        }
    }
}

/// Why a revocation list is of no use.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CrlFault {
    /// Too large, or not a list of the profile.
    #[error("this is not a revocation list of the profile")]
    Malformed,
    /// No pinned root signed it.
    #[error("no trusted root signed the list")]
    Forged,
    /// It is indirect, partial, or made for something other than one municipality.
    #[error("the list is not complete for one distribution point")]
    Scope,
}

impl From<NotDer> for CrlFault {
    fn from(_: NotDer) -> Self {
        Self::Malformed
    }
}

/// Why a nonce was not consumed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NonceRefusal {
    /// Never given out.
    #[error("unknown nonce")]
    Unknown,
    /// Given out, and run out.
    #[error("expired nonce")]
    Expired,
    /// Consumed before.
    #[error("used nonce")]
    Used,
    /// The ledger could not be read or written.
    #[error("the ledger is unavailable")]
    Unavailable,
}

impl From<NonceRefusal> for Refusal {
    fn from(refusal: NonceRefusal) -> Self {
        match refusal {
            NonceRefusal::Unknown => Self::NonceUnknown,
            NonceRefusal::Expired => Self::NonceExpired,
            NonceRefusal::Used => Self::Replay,
            NonceRefusal::Unavailable => Self::NonceLedger,
        }
    }
}

/// Why a set of roots is not usable.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootsError {
    /// Not a self-signed RSA-2048 authority certificate with a key identifier.
    #[error("the root is not a self-signed certificate authority of the JPKI profile")]
    NotARoot,
    /// A root of another hierarchy, or one for user authentication.
    #[error("the root is not a signature authority of this hierarchy")]
    OtherHierarchy,
    /// An empty set trusts nobody.
    #[error("no root was given")]
    Empty,
}
