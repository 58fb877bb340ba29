//! The one symmetric key of a book's epoch and everything derived from it (docs/format.md §2, §6).

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use techo_wire::{EpochTag, InboxId, Label};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::derive::derive;
use crate::crypto::{BookId, EpochCommitment, OpenError, SigningKey, aead, seed};

/// The key of one epoch of a book.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EpochKey([u8; 32]);

impl EpochKey {
    /// Makes the key of a new epoch.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// The key with these bytes, as a key file or a grant holds them.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The secret bytes, to be written into a sealed file or grant and nowhere else.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// What a control op says of this key.
    pub fn commitment(&self) -> EpochCommitment {
        EpochCommitment::from_bytes(*self.derive(Label::EpochCommitment, &[]))
    }

    /// What the envelopes of this epoch carry for their readers to find the key by.
    pub fn tag(&self, book: &BookId) -> EpochTag {
        EpochTag::from_bytes(*self.derive(Label::EpochTag, &[book.as_bytes()]))
    }

    /// The key pair that opens this epoch's mailbox at a relay.
    pub fn mailbox(&self, book: &BookId) -> SigningKey {
        SigningKey::from_seed(&self.derive(Label::Mailbox, &[book.as_bytes()]))
    }

    /// The key with which holders of this (household's) epoch put items into a device's inbox.
    pub fn append_key(&self, inbox: &InboxId) -> SigningKey {
        SigningKey::from_seed(&self.derive(Label::AppendKey, &[inbox.as_bytes()]))
    }

    /// Wraps the keys of the epochs that this one joins: the `joins` of a new epoch.
    pub fn wrap_joins(&self, rng: &mut impl CryptoRng, book: &BookId, joined: &[Self]) -> Vec<u8> {
        let mut plain = Zeroizing::new(Vec::with_capacity(8 + joined.len() * 34));
        write_keys(&mut plain, joined);
        aead::seal(rng, &self.joins_key(book), &self.joins_aad(book), &plain)
    }

    /// Opens the keys of the epochs that this one joins, oldest first as they were given.
    pub fn open_joins(&self, book: &BookId, joins: &[u8]) -> Result<Vec<Self>, OpenError> {
        let plain = aead::open(&self.joins_key(book), &self.joins_aad(book), joins)?;
        let keys: Vec<Self> = seed::list::decode(&mut minicbor::Decoder::new(&plain), &mut ())
            .map_err(|_| OpenError)?;
        let mut again = Zeroizing::new(Vec::with_capacity(plain.len()));
        write_keys(&mut again, &keys);
        if *again == *plain {
            Ok(keys)
        } else {
            Err(OpenError)
        }
    }

    pub(in crate::crypto) fn derive<const N: usize>(
        &self,
        label: Label,
        context: &[&[u8]],
    ) -> Zeroizing<[u8; N]> {
        derive(&self.0, label, context)
    }

    fn joins_key(&self, book: &BookId) -> Zeroizing<[u8; 32]> {
        self.derive(Label::EpochJoins, &[book.as_bytes()])
    }

    fn joins_aad(&self, book: &BookId) -> [u8; 64] {
        let mut aad = [0; 64];
        let parts = book
            .to_bytes()
            .into_iter()
            .chain(self.commitment().to_bytes());
        for (to, from) in aad.iter_mut().zip(parts) {
            *to = from;
        }
        aad
    }
}

/// CBOR array of byte strings.
#[expect(clippy::expect_used, reason = "a Vec takes every byte")]
fn write_keys(into: &mut Vec<u8>, keys: &[EpochKey]) {
    seed::list::encode(keys, &mut minicbor::Encoder::new(into), &mut ()).expect("in memory");
}

impl PartialEq for EpochKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for EpochKey {}

impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    const BOOK: BookId = BookId::from_bytes([1; 32]);

    #[test]
    fn joined_keys_come_back_in_order_and_only_for_their_book_and_key() {
        let mut rng = UnwrapErr(SysRng);
        let old: Vec<_> = (0..3).map(|_| EpochKey::generate(&mut rng)).collect();
        let new = EpochKey::generate(&mut rng);
        let joins = new.wrap_joins(&mut rng, &BOOK, &old);
        assert_eq!(new.open_joins(&BOOK, &joins).unwrap(), old);
        let other = BookId::from_bytes([2; 32]);
        assert_eq!(new.open_joins(&other, &joins).unwrap_err(), OpenError);
        assert_eq!(old[0].open_joins(&BOOK, &joins).unwrap_err(), OpenError);
        for at in 0..joins.len() {
            let mut altered = joins.clone();
            altered[at] ^= 1;
            assert_eq!(new.open_joins(&BOOK, &altered).unwrap_err(), OpenError);
            assert_eq!(new.open_joins(&BOOK, &joins[..at]).unwrap_err(), OpenError);
        }
    }

    #[test]
    fn joins_in_another_encoding_are_refused() {
        let mut rng = UnwrapErr(SysRng);
        let key = EpochKey::generate(&mut rng);
        let seal = |plain: &[u8]| {
            aead::seal(
                &mut UnwrapErr(SysRng),
                &key.joins_key(&BOOK),
                &key.joins_aad(&BOOK),
                plain,
            )
        };
        assert!(key.open_joins(&BOOK, &seal(&[0x80])).unwrap().is_empty());
        for plain in [
            &[0x98, 0][..],
            &[0x80, 0],
            &[0x9f, 0xff],
            &[0x81, 0x41, 7],
            &[0xa0],
            &[],
        ] {
            assert_eq!(key.open_joins(&BOOK, &seal(plain)).unwrap_err(), OpenError);
        }
    }

    #[test]
    fn derived_names_differ_by_purpose_book_and_key() {
        let one = EpochKey::from_bytes(&[3; 32]);
        let two = EpochKey::from_bytes(&[4; 32]);
        let other = BookId::from_bytes([2; 32]);
        assert_ne!(one.tag(&BOOK), one.tag(&other));
        assert_ne!(one.tag(&BOOK), two.tag(&BOOK));
        assert_ne!(one.mailbox(&BOOK).public(), one.mailbox(&other).public());
        let inbox = InboxId::from_bytes(BOOK.to_bytes());
        assert_ne!(one.mailbox(&BOOK).public(), one.append_key(&inbox).public());
        assert_ne!(one.commitment(), two.commitment());
    }

    #[test]
    fn debug_shows_no_key() {
        let key = EpochKey::from_bytes(&[0xab; 32]);
        assert_eq!(format!("{key:?}"), "EpochKey(…)");
        assert_eq!(format!("{:?}", key.mailbox(&BOOK)), "SigningKey(…)");
    }
}
