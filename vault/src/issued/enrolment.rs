//! The enrolment bundle on its way to the city: sealed, because it holds the four attributes.

use rand_core::CryptoRng;
use techo_wire::{InboxId, SealedItem};
use zeroize::Zeroizing;

use crate::book::IssuerId;
use crate::crypto::{SealKey, open_item, seal_item};
use crate::issued::armour::{armour, unarmour};
use crate::issued::{IssuedError, KeySet};

/// Seals `bundle` to the enrolment key of `keys` and writes it as a file.
pub fn seal_enrolment(
    rng: &mut impl CryptoRng,
    keys: &KeySet,
    bundle: &[u8],
) -> Result<String, IssuedError> {
    let item = seal_item(rng, keys.enrolment(), inbox(keys.issuer()), bundle)
        .map_err(|_| IssuedError::Malformed)?;
    Ok(armour(ENROLMENT_LINE, item.as_bytes()))
}

/// Opens an enrolment file. The bundle in it is not verified.
pub fn open_enrolment(
    key: &SealKey,
    issuer: IssuerId,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, IssuedError> {
    let bytes = unarmour(ENROLMENT_LINE, text, techo_wire::MAX_ITEM)?;
    let item = SealedItem::parse(bytes).map_err(|_| IssuedError::Malformed)?;
    open_item(key, inbox(issuer), &item).map_err(|_| IssuedError::Malformed)
}

/// The issuer's id stands where an inbox would.
pub(crate) fn inbox(issuer: IssuerId) -> InboxId {
    InboxId::from_bytes(issuer.to_bytes())
}

const ENROLMENT_LINE: &str = "techo-enrolment-v1";
