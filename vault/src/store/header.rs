//! The vault's first file: its id and the slots that unlock it. It never holds a key in the clear.

use minicbor::{Decode, Encode};
use techo_wire::canonical;

use crate::crypto::{
    HeaderMac, MAX_SLOTS, MasterKey, Passphrase, Slot, SlotError, SlotKind, VaultId,
};
use crate::store::StoreError;

/// A header as read, of which only the length and shape are known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    fields: Fields,
    /// Everything that the tag covers.
    covered: Vec<u8>,
    tag: [u8; TAG],
}

/// A vault whose master key is known and whose header it authenticates.
#[derive(Debug)]
pub struct Unlocked {
    vault: VaultId,
    slots: Vec<Slot>,
    master: MasterKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Fields {
    #[n(0)]
    vault: VaultId,
    #[n(1)]
    slots: Vec<Slot>,
}

impl Header {
    /// The bytes of the header of `vault` with these slots.
    pub(super) fn encode(
        vault: VaultId,
        slots: &[Slot],
        mac: &HeaderMac,
    ) -> Result<Vec<u8>, StoreError> {
        if slots.len() > MAX_SLOTS {
            return Err(StoreError::TooLarge {
                max: MAX_SLOTS,
                got: slots.len(),
            });
        }
        let fields = canonical::encode(&Fields {
            vault,
            slots: slots.to_vec(),
        });
        let too_large = StoreError::TooLarge {
            max: MAX_HEADER,
            got: fields.len(),
        };
        let length = u32::try_from(fields.len()).map_err(|_| too_large)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&fields);
        let tag = mac.mac(&bytes);
        bytes.extend_from_slice(&tag);
        Ok(bytes)
    }

    /// Reads a header; nothing in it is authentic before [`Header::unlock`] succeeds.
    pub fn parse(bytes: &[u8]) -> Result<Self, StoreError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(StoreError::NotAVault)?;
        let (version, rest) = rest.split_first_chunk().ok_or(StoreError::HeaderDamaged)?;
        let found = u16::from_be_bytes(*version);
        if found > VERSION {
            return Err(StoreError::NewerFormat {
                found,
                known: VERSION,
            });
        }
        let (length, rest) = rest.split_first_chunk().ok_or(StoreError::HeaderDamaged)?;
        let length = u32::from_be_bytes(*length);
        let (fields, tag) = rest.split_last_chunk().ok_or(StoreError::HeaderDamaged)?;
        if found != VERSION || u32::try_from(fields.len()) != Ok(length) {
            return Err(StoreError::HeaderDamaged);
        }
        let fields: Fields =
            canonical::decode_within(fields, MAX_HEADER).map_err(|_| StoreError::HeaderDamaged)?;
        if fields.slots.len() > MAX_SLOTS {
            return Err(StoreError::HeaderDamaged);
        }
        let covered = bytes
            .len()
            .checked_sub(TAG)
            .and_then(|end| bytes.get(..end));
        Ok(Self {
            fields,
            covered: covered.unwrap_or_default().to_vec(),
            tag: *tag,
        })
    }

    /// The id that the header claims.
    pub fn vault(&self) -> VaultId {
        self.fields.vault
    }

    /// What the slots want to be unlocked.
    pub fn kinds(&self) -> impl Iterator<Item = SlotKind> + '_ {
        self.fields.slots.iter().map(Slot::kind)
    }

    /// Tries the slots of this kind, and then whether the header is what that key's holder wrote.
    pub fn unlock(&self, kind: SlotKind, passphrase: &Passphrase) -> Result<Unlocked, StoreError> {
        let vault = self.fields.vault;
        let mut refused = SlotError::Wrong;
        for slot in self.fields.slots.iter().filter(|slot| slot.kind() == kind) {
            match slot.unlock(vault, passphrase) {
                Ok(master) if master.header_mac(vault).verify(&self.covered, &self.tag) => {
                    return Ok(Unlocked {
                        vault,
                        slots: self.fields.slots.clone(),
                        master,
                    });
                }
                Ok(_) => return Err(StoreError::HeaderDamaged),
                Err(SlotError::Wrong) => {}
                Err(error) => refused = error,
            }
        }
        Err(StoreError::Unlock(refused))
    }
}

impl Unlocked {
    /// A new vault with one slot, that is not yet on any disk.
    pub(super) fn new(vault: VaultId, slot: Slot, master: MasterKey) -> Self {
        Self {
            vault,
            slots: vec![slot],
            master,
        }
    }

    /// The id of the vault.
    pub fn vault(&self) -> VaultId {
        self.vault
    }

    /// The slots that unlock it.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The key from which the others are derived.
    pub fn master(&self) -> &MasterKey {
        &self.master
    }
}

/// The largest header.
pub(super) const MAX_HEADER: usize = 16 * 1024;
/// Where the header lies.
pub(super) const HEADER_FILE: &str = "header";
const MAGIC: [u8; 8] = *b"TECHOVLT";
const VERSION: u16 = 1;
const TAG: usize = 32;

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use getrandom::SysRng;
    use proptest::prelude::*;
    use rand_core::UnwrapErr;

    use super::*;
    use crate::crypto::Cost;

    const VAULT: VaultId = VaultId::from_bytes([5; 16]);

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    /// One header; made once, because a slot costs time on purpose.
    fn written() -> &'static [u8] {
        static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
        BYTES.get_or_init(|| {
            let mut rng = UnwrapErr(SysRng);
            let master = MasterKey::generate(&mut rng);
            let kind = SlotKind::Passphrase;
            let right = passphrase("right");
            let slot = Slot::create(&mut rng, VAULT, kind, &right, Cost::FLOOR, &master).unwrap();
            Header::encode(VAULT, &[slot], &master.header_mac(VAULT)).unwrap()
        })
    }

    #[test]
    fn only_the_right_passphrase_of_the_right_kind_unlocks() {
        let header = Header::parse(written()).unwrap();
        assert_eq!(header.vault(), VAULT);
        let unlocked = header
            .unlock(SlotKind::Passphrase, &passphrase("right"))
            .unwrap();
        assert_eq!((unlocked.vault(), unlocked.slots().len()), (VAULT, 1));
        for (kind, text) in [
            (SlotKind::Passphrase, "wrong"),
            (SlotKind::Keystore, "right"),
        ] {
            let refused = header.unlock(kind, &passphrase(text)).unwrap_err();
            assert!(matches!(refused, StoreError::Unlock(SlotError::Wrong)));
        }
    }

    #[test]
    fn a_header_changed_by_somebody_without_the_key_is_refused_after_unlocking() {
        let fields = Header::parse(written()).unwrap().fields;
        let slots = [fields.slots[0].clone(), fields.slots[0].clone()];
        let other = MasterKey::generate(&mut UnwrapErr(SysRng)).header_mac(VAULT);
        let forged = Header::parse(&Header::encode(VAULT, &slots, &other).unwrap()).unwrap();
        let refused = forged.unlock(SlotKind::Passphrase, &passphrase("right"));
        assert!(matches!(refused, Err(StoreError::HeaderDamaged)));
    }

    #[test]
    fn a_newer_format_is_named_and_another_file_is_no_vault() {
        let mut newer = written().to_vec();
        newer[9] = 2;
        let refused = Header::parse(&newer);
        assert!(matches!(
            refused,
            Err(StoreError::NewerFormat { found: 2, known: 1 })
        ));
        assert!(matches!(
            Header::parse(b"TECHOSEG"),
            Err(StoreError::NotAVault)
        ));
        let slots = vec![Header::parse(written()).unwrap().fields.slots[0].clone(); MAX_SLOTS + 1];
        let mac = MasterKey::generate(&mut UnwrapErr(SysRng)).header_mac(VAULT);
        assert!(matches!(
            Header::encode(VAULT, &slots, &mac),
            Err(StoreError::TooLarge { .. })
        ));
    }

    proptest! {
        #[test]
        fn a_header_cut_short_or_changed_in_shape_is_refused(at: prop::sample::Index) {
            let bytes = written();
            let short = &bytes[..at.index(bytes.len())];
            prop_assert!(Header::parse(short).is_err());
            let long = [bytes, &[0]].concat();
            prop_assert!(Header::parse(&long).is_err());
        }

        #[test]
        fn any_changed_bit_is_noticed_at_the_latest_by_the_tag(at: prop::sample::Index, bit in 0..8_u8) {
            let mut bytes = written().to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(changed) = Header::parse(&bytes) {
                let original = Header::parse(written()).unwrap();
                prop_assert!(changed.covered != original.covered || changed.tag != original.tag);
            }
        }
    }
}
