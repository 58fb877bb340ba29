//! Sealing to one receiver: HPKE base mode with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305.

use std::fmt;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use techo_wire::item::{CIPHERTEXT, associated_data};
use techo_wire::padme::ITEM_FLOOR;
use techo_wire::{InboxId, Label, MAX_ITEM, SealedItem};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::pad::Frame;
use crate::crypto::{KeyError, OpenError, SealError};

const TAG: usize = 16;

const FRAME: Frame = Frame {
    around: CIPHERTEXT + TAG,
    floor: ITEM_FLOOR,
    limit: MAX_ITEM,
};

/// The longest payload of an inbox item.
pub const MAX_PAYLOAD: usize = FRAME.capacity();

/// The secret half of an X-Wing key pair: the 32-byte seed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// Makes a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// The key with this seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(*seed)
    }

    /// The secret seed, to be written into a sealed file or op and nowhere else.
    pub fn expose_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// The public half.
    pub fn public(&self) -> SealPublic {
        let public = XWing::sk_to_pk(&self.private());
        let mut bytes = Box::new([0; SealPublic::LEN]);
        public.write_exact(bytes.as_mut_slice());
        SealPublic(bytes)
    }

    #[expect(clippy::expect_used, reason = "every 32 bytes are a seed")]
    fn private(&self) -> <XWing as Kem>::PrivateKey {
        <XWing as Kem>::PrivateKey::from_bytes(&self.0).expect("a seed of 32 bytes")
    }
}

impl PartialEq for SealKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SealKey {}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// The public half of an X-Wing key pair, known to be well formed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealPublic(Box<[u8; Self::LEN]>);

impl SealPublic {
    /// Bytes of an X-Wing public key.
    pub const LEN: usize = 1_216;

    /// Takes bytes that are a well-formed key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let array: [u8; Self::LEN] = bytes.try_into().map_err(|_| KeyError)?;
        <XWing as Kem>::PublicKey::from_bytes(&array).map_err(|_| KeyError)?;
        Ok(Self(Box::new(array)))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    #[expect(clippy::expect_used, reason = "checked when this value was made")]
    fn key(&self) -> <XWing as Kem>::PublicKey {
        <XWing as Kem>::PublicKey::from_bytes(self.0.as_slice()).expect("a well-formed key")
    }
}

impl fmt::Debug for SealPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self
            .0
            .first_chunk::<4>()
            .map_or(0, |bytes| u32::from_be_bytes(*bytes));
        write!(f, "SealPublic({start:08x}…)")
    }
}

impl<C> minicbor::Encode<C> for SealPublic {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(self.0.as_slice())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for SealPublic {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(d.bytes()?).map_err(|_| minicbor::decode::Error::message("X-Wing key"))
    }
}

/// Seals `payload` for the owner of `to`, who reads it in `inbox`.
pub fn seal_item(
    rng: &mut impl CryptoRng,
    to: &SealPublic,
    inbox: InboxId,
    payload: &[u8],
) -> Result<SealedItem, SealError> {
    let too_large = SealError::TooLarge {
        size: payload.len(),
        limit: MAX_PAYLOAD,
    };
    let plain = FRAME.pad(payload)?;
    let aad = associated_data(plain.len() + TAG, &inbox).map_err(|_| too_large)?;
    #[expect(
        clippy::expect_used,
        reason = "a well-formed key and a short text always seal"
    )]
    let (encapsulated, sealed) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeS::Base,
            &to.key(),
            Label::Item.bytes(),
            &plain,
            &aad,
            rng,
        )
        .expect("X-Wing encapsulates to every well-formed key");
    SealedItem::new(&encapsulated.to_bytes().into(), &sealed).map_err(|_| too_large)
}

/// Opens an item that was sealed for `key` and `inbox`.
pub fn open_item(
    key: &SealKey,
    inbox: InboxId,
    item: &SealedItem,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let encapsulated =
        <XWing as Kem>::EncappedKey::from_bytes(item.encapsulated_key()).map_err(|_| OpenError)?;
    let aad = item.associated_data(&inbox);
    let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &key.private(),
        &encapsulated,
        Label::Item.bytes(),
        item.ciphertext(),
        &aad,
    )
    .map(Zeroizing::new)
    .map_err(|_| OpenError)?;
    FRAME.unpad(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    const INBOX: InboxId = InboxId::from_bytes([5; 32]);

    #[test]
    fn an_item_opens_for_its_receiver_and_inbox_alone() {
        let mut rng = UnwrapErr(SysRng);
        let key = SealKey::generate(&mut rng);
        let item = seal_item(&mut rng, &key.public(), INBOX, b"payload").unwrap();
        assert_eq!(item.as_bytes().len(), ITEM_FLOOR);
        assert_eq!(*open_item(&key, INBOX, &item).unwrap(), b"payload");
        let other = SealKey::generate(&mut rng);
        assert_eq!(open_item(&other, INBOX, &item).unwrap_err(), OpenError);
        let elsewhere = InboxId::from_bytes([6; 32]);
        assert_eq!(open_item(&key, elsewhere, &item).unwrap_err(), OpenError);
    }

    #[test]
    fn an_altered_item_does_not_open() {
        let mut rng = UnwrapErr(SysRng);
        let key = SealKey::generate(&mut rng);
        let item = seal_item(&mut rng, &key.public(), INBOX, b"payload").unwrap();
        for at in (0..item.as_bytes().len()).step_by(7) {
            let mut altered = item.as_bytes().to_vec();
            altered[at] ^= 0x10;
            if let Ok(altered) = SealedItem::parse(altered) {
                assert_eq!(
                    open_item(&key, INBOX, &altered).unwrap_err(),
                    OpenError,
                    "at {at}"
                );
            }
        }
    }

    #[test]
    fn the_longest_payload_fits_and_one_more_byte_is_refused() {
        let mut rng = UnwrapErr(SysRng);
        let key = SealKey::generate(&mut rng);
        let payload = vec![7; MAX_PAYLOAD];
        let item = seal_item(&mut rng, &key.public(), INBOX, &payload).unwrap();
        assert_eq!(item.as_bytes().len(), MAX_ITEM);
        assert_eq!(*open_item(&key, INBOX, &item).unwrap(), payload);
        assert_eq!(
            seal_item(&mut rng, &key.public(), INBOX, &vec![7; MAX_PAYLOAD + 1]).unwrap_err(),
            SealError::TooLarge {
                size: MAX_PAYLOAD + 1,
                limit: MAX_PAYLOAD
            }
        );
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        assert_eq!(SealPublic::from_bytes(&[0; 10]).unwrap_err(), KeyError);
        // A coefficient of ML-KEM's vector must lie below 3,329.
        assert_eq!(
            SealPublic::from_bytes(&[0xff; SealPublic::LEN]).unwrap_err(),
            KeyError
        );
        let public = SealKey::from_seed(&[1; 32]).public();
        assert_eq!(SealPublic::from_bytes(public.as_bytes()).unwrap(), public);
    }
}
