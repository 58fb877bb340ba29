//! Why something from an issuer is refused; no variant carries a fact about a person.

use thiserror::Error;

/// The first check that failed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IssuedError {
    /// Too large, not canonical, or not what its format says.
    #[error("not in the expected form")]
    Malformed,
    /// The signature does not verify, or its key is of small order.
    #[error("the signature does not verify")]
    Signature,
    /// The key is in no key set that can be traced to the pinned root.
    #[error("the signing key is not one of this issuer's")]
    Key,
    /// Another issuer or binding than the one expected, or terms nobody asked for.
    #[error("the binding does not agree")]
    Binding,
    /// Not the next entry; the ones between have to come first.
    #[error("entry {got} does not follow; expected {expected}")]
    Index {
        /// The next index of this binding.
        expected: u64,
        /// The index found.
        got: u64,
    },
    /// The previous entry it names is not the one held.
    #[error("the entry does not continue the chain")]
    Chain,
    /// A group is not the one that was signed.
    #[error("a group does not belong to the signed entry")]
    Group,
    /// It supersedes nothing that can be superseded.
    #[error("the entry supersedes nothing that stands")]
    Supersedes,
    /// The issuer signed two different entries at one place; both are kept as proof.
    #[error("the issuer signed two entries with index {index}")]
    Fork {
        /// Where the chain splits.
        index: u64,
    },
    /// The document derived so far could not take the entry.
    #[error("the derived document could not be continued")]
    Derivation,
}

impl IssuedError {
    /// Tells whether the same entry may be accepted later, once earlier ones have come.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Index { expected, got } if got > expected)
    }
}
