//! Something sealed to the owner of an inbox; parses its shape and opens none.
//!
//! ```text
//!    0  version = 1         1
//!    1  suite = 1           1   HPKE base, X-Wing, HKDF-SHA256, ChaCha20-Poly1305
//!    2  n                   4   big-endian
//!    6  encapsulated key 1120
//! 1126  ciphertext          n   with its 16-byte tag
//! ```

use crate::MAX_ITEM;
use crate::id::{InboxId, ItemHash};
use crate::label::sha256;
use crate::padme;
use core::fmt;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::sync::Arc;

/// Bytes before the encapsulated key; with the inbox id they are the associated data.
pub const HEADER: usize = 6;
/// Bytes of an X-Wing encapsulated key.
pub const ENCAPSULATED: usize = 1_120;
/// Where the ciphertext begins.
pub const CIPHERTEXT: usize = HEADER + ENCAPSULATED;
/// The only version.
pub const VERSION: u8 = 1;
/// The only suite.
pub const SUITE: u8 = 1;

/// Why bytes are no inbox item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// Longer than [`MAX_ITEM`].
    #[error("item of {got} bytes, more than {MAX_ITEM}")]
    TooLong {
        /// The length found.
        got: usize,
    },
    /// Shorter than its fields, or its length field tells another length.
    #[error("the lengths of the item disagree")]
    Length,
    /// Not a length that padding yields.
    #[error("the item is not padded")]
    Padding,
    /// A version that is not known here.
    #[error("item version {got} is not known")]
    Version {
        /// The version found.
        got: u8,
    },
    /// A suite that is not known here.
    #[error("item suite {got} is not known")]
    Suite {
        /// The suite found.
        got: u8,
    },
}

/// Returns the associated data of an item: its first six bytes and the inbox id.
///
/// `ciphertext` is the length of the ciphertext with its tag.
pub fn associated_data(ciphertext: usize, inbox: &InboxId) -> Result<[u8; 38], ItemError> {
    let [a, b, c, d] = u32::try_from(ciphertext)
        .map_err(|_| ItemError::TooLong { got: ciphertext })?
        .to_be_bytes();
    let mut data = [0; 38];
    let (header, id) = data.split_at_mut(HEADER);
    header.copy_from_slice(&[VERSION, SUITE, a, b, c, d]);
    id.copy_from_slice(inbox.as_bytes());
    Ok(data)
}

/// A sealed item of the right shape. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedItem {
    bytes: Arc<[u8]>,
}

impl SealedItem {
    /// Puts an item together from what sealing gave.
    pub fn new(encapsulated: &[u8; ENCAPSULATED], ciphertext: &[u8]) -> Result<Self, ItemError> {
        let n = u32::try_from(ciphertext.len()).map_err(|_| ItemError::TooLong {
            got: ciphertext.len(),
        })?;
        let bytes = [
            &[VERSION, SUITE][..],
            &n.to_be_bytes(),
            encapsulated,
            ciphertext,
        ]
        .concat();
        Self::parse(bytes)
    }

    /// Checks version, suite, lengths and padding.
    pub fn parse(bytes: impl Into<Arc<[u8]>>) -> Result<Self, ItemError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_ITEM {
            return Err(ItemError::TooLong { got: bytes.len() });
        }
        let Some((&[version, suite, a, b, c, d], _)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(ItemError::Length);
        };
        if version != VERSION {
            return Err(ItemError::Version { got: version });
        }
        if suite != SUITE {
            return Err(ItemError::Suite { got: suite });
        }
        let told = usize::try_from(u32::from_be_bytes([a, b, c, d]))
            .ok()
            .and_then(|n| n.checked_add(CIPHERTEXT));
        if told != Some(bytes.len()) {
            return Err(ItemError::Length);
        }
        if !padme::is_padded(bytes.len(), padme::ITEM_FLOOR) {
            return Err(ItemError::Padding);
        }
        Ok(Self { bytes })
    }

    /// The encapsulated key.
    #[expect(clippy::expect_used, reason = "`parse` has checked the length")]
    pub fn encapsulated_key(&self) -> &[u8; ENCAPSULATED] {
        self.bytes
            .get(HEADER..)
            .and_then(<[u8]>::first_chunk)
            .expect("a parsed item")
    }

    /// The ciphertext with its tag.
    pub fn ciphertext(&self) -> &[u8] {
        self.bytes.get(CIPHERTEXT..).unwrap_or_default()
    }

    /// The associated data under which it was sealed for `inbox`.
    #[expect(clippy::expect_used, reason = "`parse` has capped the length")]
    pub fn associated_data(&self, inbox: &InboxId) -> [u8; 38] {
        associated_data(self.ciphertext().len(), inbox).expect("a parsed item")
    }

    /// The hash of the whole item, its name.
    pub fn hash(&self) -> ItemHash {
        ItemHash::from_bytes(sha256(&self.bytes))
    }

    /// The bytes, as stored and sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, shared.
    pub fn to_shared(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }
}

impl fmt::Debug for SealedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SealedItem({:?}, {} bytes)",
            self.hash(),
            self.bytes.len()
        )
    }
}

impl<C> Encode<C> for SealedItem {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.bytes)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for SealedItem {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::parse(d.bytes()?).map_err(|_| decode::Error::message("item"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;
    use proptest::prelude::*;

    fn sample() -> SealedItem {
        SealedItem::new(&[1; ENCAPSULATED], &[2; 2_048 - CIPHERTEXT]).unwrap()
    }

    #[test]
    fn every_part_is_read_where_it_was_written() {
        let item = sample();
        assert_eq!(item.encapsulated_key(), &[1; ENCAPSULATED]);
        assert_eq!(item.ciphertext(), [2; 922]);
        let inbox = InboxId::from_bytes([9; 32]);
        assert_eq!(item.associated_data(&inbox)[..6], item.as_bytes()[..6]);
        assert_eq!(item.associated_data(&inbox)[6..], [9; 32]);
        let bytes = canonical::encode(&item);
        assert_eq!(canonical::decode::<SealedItem>(&bytes).unwrap(), item);
    }

    #[test]
    fn each_fault_has_its_own_name() {
        let good = sample().as_bytes().to_vec();
        let broken = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            SealedItem::parse(bytes).err()
        };
        assert_eq!(broken(&|b| b[0] = 0), Some(ItemError::Version { got: 0 }));
        assert_eq!(broken(&|b| b[1] = 2), Some(ItemError::Suite { got: 2 }));
        assert_eq!(broken(&|b| b[5] ^= 1), Some(ItemError::Length));
        assert_eq!(broken(&|b| b.truncate(5)), Some(ItemError::Length));
        assert_eq!(
            broken(&|b| {
                b.push(0);
                b[5] += 1;
            }),
            Some(ItemError::Padding)
        );
        assert_eq!(
            broken(&|b| b.resize(MAX_ITEM + 1, 0)),
            Some(ItemError::TooLong { got: MAX_ITEM + 1 })
        );
        assert_eq!(
            SealedItem::new(&[1; ENCAPSULATED], &[2; 100]),
            Err(ItemError::Padding)
        );
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_100)) {
            if let Ok(item) = SealedItem::parse(bytes.clone()) {
                prop_assert_eq!(item.as_bytes(), &bytes[..]);
            }
        }

        #[test]
        fn a_truncated_item_is_refused(cut in 0usize..2_048) {
            prop_assert!(SealedItem::parse(&sample().as_bytes()[..cut]).is_err());
        }
    }
}
