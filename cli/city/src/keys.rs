//! The city's secrets and the sealed files they live in; they leave this module only as objects.

use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use techo_jpki::{Roots, SimulatedPki};
use techo_vault::crypto::{
    Cost, MasterKey, Passphrase, SealKey, SigningKey, Slot, SlotKind, StorageKey, VaultId,
};
use techo_vault::issued::BindingId;
use techo_wire::canonical;
use zeroize::{Zeroize, Zeroizing};

use crate::CityError;

/// What a city needs every day.
#[derive(Debug)]
pub(crate) struct WorkingKeys {
    pub(crate) key_set: u64,
    pub(crate) entry: SigningKey,
    pub(crate) enrolment: SealKey,
    pub(crate) append: SigningKey,
    /// DER of the pinned simulated roots; none means production. Sealed, so that nobody swaps them.
    pub(crate) simulated_roots: Vec<Vec<u8>>,
}

impl WorkingKeys {
    pub(crate) fn generate(
        rng: &mut impl CryptoRng,
        key_set: u64,
        simulated_roots: Vec<Vec<u8>>,
    ) -> Self {
        Self {
            key_set,
            entry: SigningKey::generate(rng),
            enrolment: SealKey::generate(rng),
            append: SigningKey::generate(rng),
            simulated_roots,
        }
    }

    /// Returns the keys of the next key set: another entry key. Residents have sealed to the
    /// enrolment key and admitted the append key, so both stay.
    pub(crate) fn renewed(&self, rng: &mut impl CryptoRng) -> Self {
        Self {
            key_set: self.key_set.saturating_add(1),
            entry: SigningKey::generate(rng),
            enrolment: self.enrolment.clone(),
            append: self.append.clone(),
            simulated_roots: self.simulated_roots.clone(),
        }
    }

    /// Returns the trust store.
    pub(crate) fn roots(&self) -> Result<Roots, CityError> {
        if self.simulated_roots.is_empty() {
            return Ok(Roots::production()?);
        }
        let acknowledged = SimulatedPki::acknowledge();
        Ok(Roots::simulated(&acknowledged, &self.simulated_roots)?)
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut fields = Fields {
            version: 1,
            key_set: self.key_set,
            entry: *self.entry.expose_seed(),
            enrolment: *self.enrolment.expose_seed(),
            append: *self.append.expose_seed(),
            roots: self
                .simulated_roots
                .iter()
                .cloned()
                .map(minicbor::bytes::ByteVec::from)
                .collect(),
        };
        let bytes = Zeroizing::new(canonical::encode(&fields));
        fields.wipe();
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, CityError> {
        let mut fields: Fields = canonical::decode(bytes).map_err(|_| CityError::Malformed)?;
        let keys = Self {
            key_set: fields.key_set,
            entry: SigningKey::from_seed(&fields.entry),
            enrolment: SealKey::from_seed(&fields.enrolment),
            append: SigningKey::from_seed(&fields.append),
            simulated_roots: fields.roots.iter().map(|der| der.to_vec()).collect(),
        };
        fields.wipe();
        if fields.version == 1 {
            Ok(keys)
        } else {
            Err(CityError::Malformed)
        }
    }
}

/// Seals `plain` in a file with a passphrase slot of its own.
pub(crate) fn seal_file(
    rng: &mut impl CryptoRng,
    name: &str,
    passphrase: &Passphrase,
    cost: Cost,
    plain: &[u8],
) -> Result<(Vec<u8>, Unlocked), CityError> {
    let mut folder = [0; 16];
    rng.fill_bytes(&mut folder);
    let folder = VaultId::from_bytes(folder);
    let master = MasterKey::generate(rng);
    let slot = Slot::create(rng, folder, SlotKind::Passphrase, passphrase, cost, &master)
        .map_err(CityError::Passphrase)?;
    let unlocked = Unlocked {
        folder,
        slot,
        master,
    };
    Ok((unlocked.seal(rng, name, plain), unlocked))
}

/// Opens what [`seal_file`] sealed under the same name.
pub(crate) fn open_file(
    name: &str,
    passphrase: &Passphrase,
    bytes: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, Unlocked), CityError> {
    let body = bytes.strip_prefix(MAGIC).ok_or(CityError::Malformed)?;
    let file: File = canonical::decode_within(body, 65_536).map_err(|_| CityError::Malformed)?;
    if file.version != 1 {
        return Err(CityError::Malformed);
    }
    let master = file
        .slot
        .unlock(file.folder, passphrase)
        .map_err(CityError::Passphrase)?;
    let plain = master
        .city_keys(file.folder)
        .open(name.as_bytes(), &file.sealed)?;
    Ok((
        plain,
        Unlocked {
            folder: file.folder,
            slot: file.slot,
            master,
        },
    ))
}

/// The master key of one sealed file, and the slot that leads to it.
pub(crate) struct Unlocked {
    folder: VaultId,
    slot: Slot,
    master: MasterKey,
}

impl Unlocked {
    /// Seals another content for the same file and passphrase.
    pub(crate) fn seal(&self, rng: &mut impl CryptoRng, name: &str, plain: &[u8]) -> Vec<u8> {
        let sealed = self
            .master
            .city_keys(self.folder)
            .seal(rng, name.as_bytes(), plain);
        let file = File {
            version: 1,
            folder: self.folder,
            slot: self.slot.clone(),
            sealed,
        };
        [MAGIC, &canonical::encode(&file)].concat()
    }

    /// Seals how to ask about the certificate of binding `id`.
    pub(crate) fn seal_certificate(
        &self,
        rng: &mut impl CryptoRng,
        id: &BindingId,
        plain: &[u8],
    ) -> Vec<u8> {
        let place = [CERTIFICATE, id.as_bytes()].concat();
        self.master.city_log(self.folder).seal(rng, &place, plain)
    }

    /// Opens what [`Unlocked::seal_certificate`] sealed for the same binding.
    pub(crate) fn open_certificate(
        &self,
        id: &BindingId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CityError> {
        let place = [CERTIFICATE, id.as_bytes()].concat();
        Ok(self.master.city_log(self.folder).open(&place, sealed)?)
    }

    /// Returns a tag by which this city alone recognises a certificate.
    pub(crate) fn certificate_tag(&self, name: &[u8]) -> [u8; 32] {
        let mac = self.master.city_tag(self.folder);
        mac.mac(&[CERTIFICATE, name].concat())
    }

    /// Returns the key that seals the journal.
    pub(crate) fn journal(&self) -> StorageKey {
        self.master.city_log(self.folder)
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct File {
    #[n(0)]
    version: u8,
    #[n(1)]
    folder: VaultId,
    #[n(2)]
    slot: Slot,
    #[cbor(n(3), with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Fields {
    #[n(0)]
    version: u8,
    #[n(1)]
    key_set: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    entry: [u8; 32],
    #[cbor(n(3), with = "minicbor::bytes")]
    enrolment: [u8; 32],
    #[cbor(n(4), with = "minicbor::bytes")]
    append: [u8; 32],
    #[n(5)]
    roots: Vec<minicbor::bytes::ByteVec>,
}

impl Fields {
    fn wipe(&mut self) {
        self.entry.zeroize();
        self.enrolment.zeroize();
        self.append.zeroize();
    }
}

const MAGIC: &[u8] = b"TECHOCTY\0\x01";
const CERTIFICATE: &[u8] = b"certificate";
