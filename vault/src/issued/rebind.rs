//! A request for other keys under a binding, signed by the key made for this issuer alone: nobody
//! needs a card for it. It says nothing of why, and names no device.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_wire::label::sha256;
use techo_wire::{Label, SealedItem, canonical, verify_strict};

use crate::book::{EnrolmentHandle, IssuerId};
use crate::crypto::{SealKey, SealPublic, SigningKey, open_item, seal_item};
use crate::issued::armour::{armour, unarmour};
use crate::issued::enrolment::inbox;
use crate::issued::{BindingId, InboxDescriptor, IssuedError, IssuerOnlyKey, KeySet};

/// What a device asks for.
#[derive(Clone, Debug)]
pub struct RebindPlan {
    /// The binding to continue.
    pub follows: BindingId,
    /// One more than the number of that binding.
    pub sequence: u64,
    /// The handle of the new keys.
    pub handle: EnrolmentHandle,
    /// To which entries are sealed from now on.
    pub feed: SealPublic,
    /// Where they are put from now on.
    pub inbox: InboxDescriptor,
}

/// Signs `plan` with the issuer-only key, seals it to the city and writes it as a file.
pub fn seal_rebind(
    rng: &mut impl CryptoRng,
    keys: &KeySet,
    key: &SigningKey,
    plan: &RebindPlan,
) -> Result<String, IssuedError> {
    let bytes = canonical::encode(&Fields {
        format: 1,
        issuer: keys.issuer(),
        follows: plan.follows,
        sequence: plan.sequence,
        handle: plan.handle,
        feed: plan.feed.as_bytes().to_vec(),
        inbox: plan.inbox.to_bytes(),
    });
    let signature = key.sign(Label::Rebind, &bytes);
    let signed = canonical::encode(&Signed { bytes, signature });
    let item = seal_item(rng, keys.enrolment(), inbox(keys.issuer()), &signed)
        .map_err(|_| IssuedError::Malformed)?;
    Ok(armour(REBIND_LINE, item.as_bytes()))
}

/// Tells whether a file says that it is such a request.
pub fn is_rebind(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').starts_with(REBIND_LINE)
}

/// Opens a request. Nothing in it is proven.
pub fn open_rebind(
    key: &SealKey,
    issuer: IssuerId,
    text: &str,
) -> Result<UnverifiedRebind, IssuedError> {
    let malformed = |_| IssuedError::Malformed;
    let bytes = unarmour(REBIND_LINE, text, techo_wire::MAX_ITEM)?;
    let item = SealedItem::parse(bytes).map_err(|_| IssuedError::Malformed)?;
    let plain = open_item(key, inbox(issuer), &item).map_err(|_| IssuedError::Malformed)?;
    let signed: Signed = canonical::decode_within(&plain, MAX_REBIND).map_err(malformed)?;
    let fields: Fields = canonical::decode_within(&signed.bytes, MAX_REBIND).map_err(malformed)?;
    if fields.format != 1 || fields.issuer != issuer {
        return Err(IssuedError::Malformed);
    }
    Ok(UnverifiedRebind {
        request: sha256(&plain),
        signed,
        fields,
    })
}

/// A request of which only the form is known to be right.
#[derive(Debug)]
pub struct UnverifiedRebind {
    request: [u8; 32],
    signed: Signed,
    fields: Fields,
}

impl UnverifiedRebind {
    /// Returns the name under which a city remembers the answer it gave.
    pub fn request(&self) -> &[u8; 32] {
        &self.request
    }

    /// Returns the binding whose key must have signed.
    pub fn follows(&self) -> BindingId {
        self.fields.follows
    }

    /// Returns what is asked for if `key` has signed it.
    pub fn verify(self, key: IssuerOnlyKey) -> Result<RebindPlan, IssuedError> {
        verify_strict(
            Label::Rebind,
            &self.signed.bytes,
            key.as_bytes(),
            &self.signed.signature,
        )
        .map_err(|_| IssuedError::Signature)?;
        let feed = SealPublic::from_bytes(&self.fields.feed);
        Ok(RebindPlan {
            follows: self.fields.follows,
            sequence: self.fields.sequence,
            handle: self.fields.handle,
            feed: feed.map_err(|_| IssuedError::Malformed)?,
            inbox: InboxDescriptor::from_bytes(&self.fields.inbox)?,
        })
    }
}

#[derive(Debug, Encode, Decode)]
#[cbor(array)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    signature: [u8; 64],
}

#[derive(Debug, Encode, Decode)]
#[cbor(array)]
struct Fields {
    #[n(0)]
    format: u8,
    #[n(1)]
    issuer: IssuerId,
    #[n(2)]
    follows: BindingId,
    #[n(3)]
    sequence: u64,
    #[n(4)]
    handle: EnrolmentHandle,
    #[cbor(n(5), with = "minicbor::bytes")]
    feed: Vec<u8>,
    #[cbor(n(6), with = "minicbor::bytes")]
    inbox: Vec<u8>,
}

const REBIND_LINE: &str = "techo-rebind-v1";
const MAX_REBIND: usize = 4_096;

#[cfg(test)]
mod tests {
    use rand_core::UnwrapErr;
    use techo_wire::{AppendKey, InboxId, RelayAddress, RelayKey};

    use super::*;
    use crate::issued::{EntryKey, IssuerFile, IssuerRoot, KeySetPlan, SignedKeySet};

    fn rng() -> impl CryptoRng {
        UnwrapErr(getrandom::SysRng)
    }

    fn city(root: u8) -> IssuerFile {
        let root = SigningKey::from_seed(&[root; 32]);
        let plan = KeySetPlan {
            version: 1,
            entry_keys: vec![EntryKey::from_bytes(root.public())],
            enrolment: SealKey::from_seed(&[40; 32]).public(),
            append: AppendKey::from_bytes([41; 32]),
            valid_from: 1,
        };
        let set = SignedKeySet::sign(&root, &plan);
        IssuerFile::new(
            IssuerRoot::from_bytes(root.public()),
            "999999",
            "見本市",
            &set,
        )
        .unwrap()
    }

    fn plan() -> RebindPlan {
        let relay = RelayAddress::new("localhost", 4433, RelayKey::from_bytes([9; 32])).unwrap();
        RebindPlan {
            follows: BindingId::from_bytes([1; 32]),
            sequence: 3,
            handle: EnrolmentHandle::from_bytes([2; 32]),
            feed: SealKey::from_seed(&[4; 32]).public(),
            inbox: InboxDescriptor::new(relay, InboxId::from_bytes([5; 32])),
        }
    }

    #[test]
    fn a_request_opens_for_its_city_and_counts_under_its_key_alone() {
        let key = SigningKey::from_seed(&[6; 32]);
        let city_key = SealKey::from_seed(&[40; 32]);
        let file = city(1);
        let text = seal_rebind(&mut rng(), file.latest().unwrap(), &key, &plan()).unwrap();
        assert!(is_rebind(&text) && !is_rebind("techo-enrolment-v1\n"));
        let open = || open_rebind(&city_key, file.id(), &text);
        let opened = open().unwrap();
        assert_eq!(opened.follows(), plan().follows);
        let own = IssuerOnlyKey::from_bytes(key.public());
        let asked = opened.verify(own).unwrap();
        assert_eq!((asked.sequence, asked.handle), (3, plan().handle));
        let other = IssuerOnlyKey::from_bytes(SigningKey::from_seed(&[7; 32]).public());
        assert!(matches!(
            open().unwrap().verify(other),
            Err(IssuedError::Signature)
        ));
        let neighbour = open_rebind(&city_key, city(2).id(), &text);
        assert!(matches!(neighbour, Err(IssuedError::Malformed)));
        let as_enrolment = text.replace("techo-rebind-v1", "techo-enrolment-v1");
        assert!(open_rebind(&city_key, file.id(), &as_enrolment).is_err());
    }
}
