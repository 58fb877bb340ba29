//! Revocation lists: who signed them, what they cover, whom they name; they never stay as a file.

use std::collections::BTreeMap;

use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::ext::pkix::crl::IssuingDistributionPoint;

use crate::canonical::hash;
use crate::certificate::one_directory;
use crate::certificate_id::CertificateId;
use crate::error::{CrlFault, Refusal, RevocationGap, RevocationReason};
use crate::roots::{Root, Roots};
use crate::signed::{CLOCK_MS, SHA256_WITH_RSA, Signed, extensions, optional_time};
use crate::walk::{CONTEXT, INTEGER, NotDer, SEQUENCE, Walk, natural};

/// One list that a pinned root has signed, as an index of serial numbers.
///
/// 23 bytes for each revoked certificate; one is found without walking the list.
pub struct CrlIndex {
    authority: Vec<u8>,
    distribution_point: Vec<u8>,
    this_update: u64,
    next_update: u64,
    revoked: Vec<Entry>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    serial: Serial,
    reason: u8,
}

/// Length and contents, so that numbers of one length stand together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Serial(u8, [u8; MAX_SERIAL]);

impl std::fmt::Debug for CrlIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CrlIndex({} revoked)", self.revoked.len())
    }
}

impl CrlIndex {
    /// Verifies the signature first and reads the contents only then.
    pub fn verify(der: &[u8], roots: &Roots) -> Result<Self, CrlFault> {
        if u64::try_from(der.len()).is_ok_and(|size| size > RevocationLists::MAX_LIST) {
            return Err(CrlFault::Malformed);
        }
        let signed = Signed::split(der)?;
        signed.rest.end()?;
        let (root, contents) = roots
            .iter()
            .find_map(|root| Some((root, signed.verify(&root.key)?)))
            .ok_or(CrlFault::Forged)?;
        Self::read(root, contents)
    }

    fn read(root: &Root, mut contents: Walk<'_>) -> Result<Self, CrlFault> {
        if contents.expect(INTEGER)?.value != [1]
            || contents.expect(SEQUENCE)?.whole != SHA256_WITH_RSA
        {
            return Err(CrlFault::Malformed);
        }
        if contents.expect(SEQUENCE)?.whole != root.subject {
            return Err(CrlFault::Scope);
        }
        let this_update = optional_time(&mut contents)?.ok_or(CrlFault::Malformed)?;
        let next_update = optional_time(&mut contents)?.ok_or(CrlFault::Malformed)?;
        let revoked = match contents.optional(SEQUENCE)? {
            Some(list) => entries(list.value)?,
            None => Vec::new(),
        };
        let tail = contents.expect(CONTEXT[0])?;
        contents.end()?;
        let distribution_point = scope(root, tail.value)?;
        Ok(Self {
            authority: root.key_id.clone(),
            distribution_point,
            this_update,
            next_update,
            revoked,
        })
    }

    /// Returns how many certificates the list revokes.
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Tells whether it revokes none.
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }

    fn covers(&self, id: &CertificateId) -> bool {
        self.authority == id.authority() && self.distribution_point == id.distribution_point()
    }

    /// Tells whether the certificate is revoked; an entry holds even when the list has run out.
    pub fn check(&self, id: &CertificateId, now: u64) -> Result<(), Refusal> {
        let unavailable = |gap| Err(Refusal::RevocationUnavailable(gap));
        if !self.covers(id) {
            return unavailable(RevocationGap::Scope);
        }
        let Some(serial) = Serial::new(id.serial()) else {
            return unavailable(RevocationGap::Scope);
        };
        if let Ok(at) = self.revoked.binary_search_by(|e| e.serial.cmp(&serial)) {
            let code = self.revoked.get(at).map_or(0, |e| e.reason);
            return Err(Refusal::Revoked(RevocationReason::from_code(code)));
        }
        let fresh = self.this_update <= now.saturating_add(CLOCK_MS)
            && now <= self.next_update
            && now.saturating_sub(self.this_update) <= MAX_AGE_MS;
        if fresh {
            Ok(())
        } else {
            unavailable(RevocationGap::Stale)
        }
    }
}

impl Serial {
    fn new(contents: &[u8]) -> Option<Self> {
        let mut digits = [0; MAX_SERIAL];
        digits.get_mut(..contents.len())?.copy_from_slice(contents);
        Some(Self(u8::try_from(contents.len()).ok()?, digits))
    }
}

fn entries(list: &[u8]) -> Result<Vec<Entry>, CrlFault> {
    let mut walk = Walk::new(list);
    let mut all = Vec::with_capacity(list.len() / TYPICAL_ENTRY);
    while !walk.is_empty() {
        let mut entry = Walk::new(walk.expect(SEQUENCE)?.value);
        let number = entry.expect(INTEGER)?;
        let serial = Serial::new(natural(&number)?).ok_or(CrlFault::Malformed)?;
        optional_time(&mut entry)?.ok_or(CrlFault::Malformed)?;
        let reason = match entry.optional(SEQUENCE)? {
            Some(tail) => reason(tail.whole)?,
            None => 0,
        };
        entry.end()?;
        all.push(Entry { serial, reason });
    }
    all.sort_unstable();
    all.dedup_by_key(|entry| entry.serial);
    all.shrink_to_fit();
    Ok(all)
}

/// An entry for another issuer's certificate makes the list indirect.
fn reason(tail: &[u8]) -> Result<u8, CrlFault> {
    let mut reason = 0;
    for extension in extensions(tail)? {
        match extension.extn_id.to_string().as_str() {
            REASON_CODE => {
                let [0x0a, 1, code] = extension.extn_value.as_bytes() else {
                    return Err(CrlFault::Malformed);
                };
                reason = *code;
            }
            CERTIFICATE_ISSUER => return Err(CrlFault::Scope),
            _ if extension.critical => return Err(CrlFault::Scope),
            _ => {}
        }
    }
    Ok(reason)
}

/// Returns the names of the distribution point the list is complete for.
fn scope(root: &Root, tail: &[u8]) -> Result<Vec<u8>, CrlFault> {
    let mut authority = false;
    let mut point = None;
    for extension in extensions(tail)? {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id.to_string().as_str() {
            AUTHORITY_KEY => {
                let id = AuthorityKeyIdentifier::from_der(value).map_err(|_| NotDer)?;
                authority = root.is_named_by(&id);
            }
            ISSUING_POINT if extension.critical => point = Some(complete_for(value)?),
            ISSUING_POINT | DELTA => return Err(CrlFault::Scope),
            _ if extension.critical => return Err(CrlFault::Scope),
            _ => {}
        }
    }
    match point {
        Some(point) if authority => Ok(point),
        Some(_) | None => Err(CrlFault::Scope),
    }
}

fn complete_for(value: &[u8]) -> Result<Vec<u8>, CrlFault> {
    let point = IssuingDistributionPoint::from_der(value).map_err(|_| NotDer)?;
    let partial = point.indirect_crl
        || point.only_some_reasons.is_some()
        || point.only_contains_ca_certs
        || point.only_contains_attribute_certs;
    if point.to_der().map_err(|_| NotDer)? != value {
        return Err(CrlFault::Malformed);
    }
    match &point.distribution_point {
        Some(name) if !partial => one_directory(name).ok_or(CrlFault::Scope),
        Some(_) | None => Err(CrlFault::Scope),
    }
}

/// A list that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedList {
    /// The same for every list of one municipality and generation: a name for its file.
    pub name: [u8; 32],
    /// How many certificates it revokes.
    pub revoked: usize,
    /// When it was made, in milliseconds.
    pub this_update: u64,
    /// Whether it is newer than the one held before.
    pub newer: bool,
}

/// The newest list of each municipality and generation, as a city holds them.
#[derive(Default)]
pub struct RevocationLists {
    newest: BTreeMap<(Vec<u8>, Vec<u8>), CrlIndex>,
    forged: bool,
    foreign: bool,
}

impl std::fmt::Debug for RevocationLists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RevocationLists({})", self.newest.len())
    }
}

impl RevocationLists {
    /// The largest list that is read, in bytes.
    pub const MAX_LIST: u64 = 32 << 20;

    /// Takes one more list, DER. An older one never replaces a newer one.
    pub fn add(&mut self, der: &[u8], roots: &Roots) -> Result<AddedList, CrlFault> {
        let index = match CrlIndex::verify(der, roots) {
            Ok(index) => index,
            Err(fault) => {
                self.forged |= fault == CrlFault::Forged;
                self.foreign |= fault == CrlFault::Scope;
                return Err(fault);
            }
        };
        let key = (index.authority.clone(), index.distribution_point.clone());
        let mut added = AddedList {
            name: hash(
                "techo/city-list/v1",
                &[&index.authority, &[0], &index.distribution_point],
            ),
            revoked: index.len(),
            this_update: index.this_update,
            newer: false,
        };
        match self.newest.get(&key) {
            Some(held) if held.this_update >= index.this_update => {}
            Some(_) | None => {
                added.newer = true;
                drop(self.newest.insert(key, index));
            }
        }
        Ok(added)
    }

    /// Returns when the newest list was made, in milliseconds.
    pub fn newest_update(&self) -> Option<u64> {
        self.newest.values().map(|list| list.this_update).max()
    }

    /// Returns how many lists are held.
    pub fn len(&self) -> usize {
        self.newest.len()
    }

    /// Tells whether none is held.
    pub fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// Asks the one list that covers the certificate.
    pub fn check(&self, id: &CertificateId, now: u64) -> Result<(), Refusal> {
        let key = (id.authority().to_vec(), id.distribution_point().to_vec());
        match self.newest.get(&key) {
            Some(list) => list.check(id, now),
            None => Err(Refusal::RevocationUnavailable(
                match (self.forged, self.foreign || !self.newest.is_empty()) {
                    (true, _) => RevocationGap::Forged,
                    (false, true) => RevocationGap::Scope,
                    (false, false) => RevocationGap::Missing,
                },
            )),
        }
    }
}

/// A hundred thousand entries are 2.3 MB.
const _: () = assert!(size_of::<Entry>() == 23);
const MAX_SERIAL: usize = 21;
const TYPICAL_ENTRY: usize = 32;
/// Lists appear daily; two hours are for fetching them.
const MAX_AGE_MS: u64 = 26 * 3_600_000;
pub(crate) const REASON_CODE: &str = "2.5.29.21";
pub(crate) const CERTIFICATE_ISSUER: &str = "2.5.29.29";
pub(crate) const ISSUING_POINT: &str = "2.5.29.28";
pub(crate) const AUTHORITY_KEY: &str = "2.5.29.35";
pub(crate) const DELTA: &str = "2.5.29.27";
