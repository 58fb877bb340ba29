//! An entry before it is sealed, and the bytes of every entry.

use minicbor::{Decode, Encode};
use techo_wire::{Head, canonical};
use zeroize::Zeroizing;

use crate::entry::{Certificate, Op};
use crate::time::Timestamp;

/// The fields of an entry as they are sealed. Not public: whoever holds an `Entry` knows that it
/// was verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(in crate::entry) struct Body {
    #[n(0)]
    version: Version,
    #[n(1)]
    pub(in crate::entry) written_at: u64,
    #[n(2)]
    pub(in crate::entry) certificate: Option<Certificate>,
    #[cbor(n(3), decode_with = "crate::book::by_feed")]
    pub(in crate::entry) frontier: Vec<Head>,
    #[n(4)]
    pub(in crate::entry) op: Op,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
enum Version {
    #[n(1)]
    One,
}

/// An entry that this device is about to write.
#[derive(Clone, Debug)]
pub struct Draft(Body);

impl Draft {
    /// Puts an entry together; the certificate belongs to the first of a feed alone.
    pub fn new(
        written_at: Timestamp,
        certificate: Option<Certificate>,
        mut frontier: Vec<Head>,
        op: Op,
    ) -> Self {
        frontier.sort_unstable();
        frontier.dedup_by_key(|head| head.feed);
        let written_at = written_at.millis();
        Self(Body {
            version: Version::One,
            written_at,
            certificate,
            frontier,
            op,
        })
    }

    /// The bytes to be sealed.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(canonical::encode(&self.0))
    }
}
