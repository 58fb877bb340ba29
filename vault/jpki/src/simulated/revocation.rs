//! What the simulated authority says about revocation: lists and OCSP responses; nobody should trust it.

use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::sha::sha1;
use openssl::sign::Signer;
use x509_cert::der::Encode;

use crate::crl::{AUTHORITY_KEY, ISSUING_POINT, REASON_CODE};
use crate::ocsp::{BASIC, SHA1};
use crate::signed::SHA256_WITH_RSA;
use crate::simulated::authority::{SimulatedAuthority, generate_key, key_id};
use crate::simulated::der::{
    element, extension, generalized, integer, object, octets, sequence, signed,
};
use crate::simulated::profile::{authority_key_identifier, distribution_name};
use crate::simulated::{SimulatedError, Validity};
use crate::walk::{CONTEXT, ENUMERATED};

/// What a list will say. [`ListProfile::genuine`] is right; a test changes one thing at a time.
#[derive(Clone, Debug)]
pub struct ListProfile {
    /// When it was made, in milliseconds.
    pub this_update: u64,
    /// Until when it serves, in milliseconds.
    pub next_update: Option<u64>,
    /// The DER of the issuing distribution point, or none.
    pub issuing_point: Option<Vec<u8>>,
    /// Serial numbers, as the contents of an INTEGER, and reason codes.
    pub revoked: Vec<(Vec<u8>, u8)>,
    /// Further extensions of the list: id, critical, DER.
    pub more_extensions: Vec<(String, bool, Vec<u8>)>,
    /// Further extensions of every entry.
    pub entry_extensions: Vec<(String, bool, Vec<u8>)>,
    /// The key identifier it names, if not the authority's own.
    pub key_id: Option<[u8; 20]>,
    /// The version number: 1 means two.
    pub version: u8,
}

impl ListProfile {
    /// A daily list of a municipality.
    pub fn genuine(
        municipality: &str,
        this_update: u64,
        revoked: Vec<(Vec<u8>, u8)>,
    ) -> Result<Self, SimulatedError> {
        Ok(Self {
            this_update,
            next_update: Some(this_update.saturating_add(2 * 86_400_000)),
            issuing_point: Some(issuing_point(municipality, &[])?),
            revoked,
            more_extensions: Vec::new(),
            entry_extensions: Vec::new(),
            key_id: None,
            version: 1,
        })
    }
}

/// Returns the DER of an issuing distribution point with further fields in `rest`.
pub fn issuing_point(municipality: &str, rest: &[u8]) -> Result<Vec<u8>, SimulatedError> {
    let name = distribution_name(municipality)?.to_der()?;
    let full = element(0xa0, &[&element(0xa4, &[&name])]);
    Ok(sequence(&[&element(0xa0, &[&full]), rest]))
}

/// The status of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseStatus {
    /// Not revoked.
    Good,
    /// Revoked, with a reason code.
    Revoked(u8),
    /// Never heard of.
    Unknown,
}

/// What a response will say. [`ResponseProfile::genuine`] is right.
#[derive(Clone, Debug)]
pub struct ResponseProfile {
    /// The serial number, as the contents of an INTEGER.
    pub serial: Vec<u8>,
    /// What is said of it.
    pub status: ResponseStatus,
    /// When that was so, in milliseconds.
    pub this_update: u64,
    /// Until when it holds, in milliseconds.
    pub next_update: Option<u64>,
    /// Further extensions of the response: id, critical, DER.
    pub more_extensions: Vec<(String, bool, Vec<u8>)>,
    /// How often the answer is given.
    pub times: usize,
}

impl ResponseProfile {
    /// A fresh answer about one certificate.
    pub fn genuine(serial: Vec<u8>, status: ResponseStatus, this_update: u64) -> Self {
        Self {
            serial,
            status,
            this_update,
            next_update: None,
            more_extensions: Vec::new(),
            times: 1,
        }
    }
}

/// A responder to whom an authority has delegated its answers.
pub struct Responder {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: PKey<Private>,
}

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Responder(redacted)")
    }
}

impl SimulatedAuthority {
    /// Issues a revocation list, DER.
    pub fn revocation_list(&self, profile: &ListProfile) -> Result<Vec<u8>, SimulatedError> {
        let version = integer(&[profile.version]);
        let name = self.name()?;
        let this_update = generalized(profile.this_update)?;
        let next_update = profile.next_update.map(generalized).transpose()?;
        let mut entries = Vec::new();
        for (serial, reason) in &profile.revoked {
            entries.extend(entry(serial, *reason, profile)?);
        }
        let entries = if entries.is_empty() {
            Vec::new()
        } else {
            sequence(&[&entries])
        };
        let key_id = match profile.key_id {
            Some(key_id) => key_id,
            None => key_id(self.key())?,
        };
        let authority = authority_key_identifier(&key_id, &name, &self.serial()?)?.to_der()?;
        let mut tail = extension(AUTHORITY_KEY, false, &authority)?;
        tail.extend(extension("2.5.29.20", false, &integer(&[1]))?);
        if let Some(point) = &profile.issuing_point {
            tail.extend(extension(ISSUING_POINT, true, point)?);
        }
        for (id, critical, value) in &profile.more_extensions {
            tail.extend(extension(id, *critical, value)?);
        }
        let contents = sequence(&[
            &version,
            SHA256_WITH_RSA,
            &name,
            &this_update,
            &next_update.unwrap_or_default(),
            &entries,
            &element(CONTEXT[0], &[&sequence(&[&tail])]),
        ]);
        let signature = sign(self.key(), &contents);
        signed(&contents, SHA256_WITH_RSA, signature, &[])
    }

    /// Makes a responder; `uses` are the DER of its extended key usage.
    pub fn responder(&self, validity: Validity, uses: &[u8]) -> Result<Responder, SimulatedError> {
        let key = generate_key()?;
        let extensions = [
            ("2.5.29.15", true, &[3, 2, 7, 0x80][..]),
            ("2.5.29.37", true, uses),
        ];
        let certificate = self.issue_raw("TEST OCSP responder", &key, validity, &extensions)?;
        Ok(Responder { certificate, key })
    }

    /// Answers about one certificate, DER; by itself if there is no responder.
    pub fn response(
        &self,
        profile: &ResponseProfile,
        responder: Option<&Responder>,
    ) -> Result<Vec<u8>, SimulatedError> {
        let key = responder.map_or(self.key(), |r| &*r.key);
        let this_update = generalized(profile.this_update)?;
        let single = self.single(profile, &this_update)?.repeat(profile.times);
        let mut tail = Vec::new();
        for (id, critical, value) in &profile.more_extensions {
            tail.extend(extension(id, *critical, value)?);
        }
        if !tail.is_empty() {
            tail = element(CONTEXT[1], &[&sequence(&[&tail])]);
        }
        let contents = sequence(&[
            &element(CONTEXT[2], &[&octets(&key_id(key)?)]),
            &this_update,
            &sequence(&[&single]),
            &tail,
        ]);
        let certificates = responder.map_or(Vec::new(), |r| {
            element(CONTEXT[0], &[&sequence(&[&r.certificate])])
        });
        let signature = sign(key, &contents);
        let basic = signed(&contents, SHA256_WITH_RSA, signature, &certificates)?;
        let bytes = sequence(&[&object(BASIC), &octets(&basic)]);
        Ok(sequence(&[
            &element(ENUMERATED, &[&[0]]),
            &element(CONTEXT[0], &[&bytes]),
        ]))
    }

    fn single(
        &self,
        profile: &ResponseProfile,
        this_update: &[u8],
    ) -> Result<Vec<u8>, SimulatedError> {
        let id = sequence(&[
            &sequence(&[&object(SHA1), &[5, 0]]),
            &octets(&sha1(&self.name()?)),
            &octets(&key_id(self.key())?),
            &integer(&profile.serial),
        ]);
        let status = match profile.status {
            ResponseStatus::Good => element(0x80, &[]),
            ResponseStatus::Revoked(code) => {
                let code = element(CONTEXT[0], &[&element(ENUMERATED, &[&[code]])]);
                element(CONTEXT[1], &[this_update, &code])
            }
            ResponseStatus::Unknown => element(0x82, &[]),
        };
        let next = match profile.next_update {
            Some(next) => element(CONTEXT[0], &[&generalized(next)?]),
            None => Vec::new(),
        };
        Ok(sequence(&[&id, &status, this_update, &next]))
    }
}

fn entry(serial: &[u8], reason: u8, profile: &ListProfile) -> Result<Vec<u8>, SimulatedError> {
    let mut tail = extension(REASON_CODE, false, &[ENUMERATED, 1, reason])?;
    for (id, critical, value) in &profile.entry_extensions {
        tail.extend(extension(id, *critical, value)?);
    }
    let at = generalized(profile.this_update)?;
    Ok(sequence(&[&integer(serial), &at, &sequence(&[&tail])]))
}

pub(crate) fn sign(
    key: &PKeyRef<Private>,
    contents: &[u8],
) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    Signer::new(MessageDigest::sha256(), key)?.sign_oneshot_to_vec(contents)
}
