//! One OCSP response about one certificate; it asks nobody itself and never reads the clock.

use openssl::sha::{sha1, sha256};
use openssl::x509::X509;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

use crate::certificate_id::CertificateId;
use crate::error::{Refusal, RevocationGap, RevocationReason};
use crate::roots::{Root, Roots};
use crate::signed::{CLOCK_MS, Signed, extensions, optional_time, time};
use crate::walk::{
    CONTEXT, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, NotDer, OCTET_STRING, OID, SEQUENCE,
    Walk, natural,
};

/// Judges `response`, DER, about the certificate `id` at `now`.
pub(crate) fn check(
    response: &[u8],
    id: &CertificateId,
    roots: &Roots,
    now: u64,
) -> Result<(), Refusal> {
    let root = roots
        .iter()
        .find(|root| root.key_id == id.authority())
        .ok_or(unavailable(RevocationGap::Scope))?;
    if response.len() > MAX_RESPONSE {
        return Err(unavailable(RevocationGap::Forged));
    }
    let basic = basic(response)?.ok_or(unavailable(RevocationGap::Missing))?;
    let mut signed = Signed::split(basic)?;
    let contents = responder(&mut signed, root, now)?;
    let answer = find(contents, id, root)?.ok_or(unavailable(RevocationGap::Scope))?;
    answer.judge(now)
}

/// Returns the basic response, or `None` if the responder could not answer.
fn basic(response: &[u8]) -> Result<Option<&[u8]>, NotDer> {
    let mut walk = Walk::only(response, SEQUENCE)?;
    let status = walk.expect(ENUMERATED)?.value;
    if status != [0] {
        return Ok(None);
    }
    let wrapped = walk.expect(CONTEXT[0])?;
    walk.end()?;
    let mut bytes = Walk::only(wrapped.value, SEQUENCE)?;
    if bytes.expect(OID)?.value != BASIC {
        return Err(NotDer);
    }
    let basic = bytes.expect(OCTET_STRING)?.value;
    bytes.end()?;
    Ok(Some(basic))
}

/// Returns the contents once the authority, or one it delegated this to, has signed them.
fn responder<'a>(signed: &mut Signed<'a>, root: &Root, now: u64) -> Result<Walk<'a>, Refusal> {
    let certificates = signed.rest.optional(CONTEXT[0])?;
    signed.rest.end()?;
    if let Some(contents) = signed.verify(&root.key) {
        return named(contents, &root.subject, &root.key_hash(sha1)?);
    }
    let forged = unavailable(RevocationGap::Forged);
    let mut list = Walk::only(certificates.ok_or(forged)?.value, SEQUENCE)?;
    let delegate = Delegate::verify(list.next()?.whole, root, now)?.ok_or(forged)?;
    list.end()?;
    let contents = signed.verify(&delegate.key).ok_or(forged)?;
    named(contents, &delegate.subject, &delegate.key_hash)
}

/// Checks that the response names the key that signed it.
fn named<'a>(mut contents: Walk<'a>, subject: &[u8], key: &[u8]) -> Result<Walk<'a>, Refusal> {
    if let Some(version) = contents.optional(CONTEXT[0])? {
        // Version 1 is the default, which DER leaves out; responders write it all the same.
        if version.value != [INTEGER, 1, 0] {
            return Err(unavailable(RevocationGap::Forged));
        }
    }
    let same = match contents.next()? {
        Element {
            tag: 0xa1, value, ..
        } => value == subject,
        Element {
            tag: 0xa2, value, ..
        } => Walk::only(value, OCTET_STRING).is_ok() && value.get(2..) == Some(key),
        _ => false,
    };
    if same {
        Ok(contents)
    } else {
        Err(unavailable(RevocationGap::Forged))
    }
}

/// A certificate with which the authority lets another key answer.
struct Delegate {
    key: openssl::pkey::PKey<openssl::pkey::Public>,
    subject: Vec<u8>,
    key_hash: Vec<u8>,
}

impl Delegate {
    /// Returns `None` unless the authority's own key signed it, for this use, at this time.
    fn verify(der: &[u8], root: &Root, now: u64) -> Result<Option<Self>, Refusal> {
        let parsed = Certificate::from_der(der).map_err(|_| NotDer)?;
        let tbs = parsed.tbs_certificate();
        let key_usage = tbs.get_extension::<KeyUsage>().map_err(|_| NotDer)?;
        let extended = tbs
            .get_extension::<ExtendedKeyUsage>()
            .map_err(|_| NotDer)?;
        let constraints = tbs
            .get_extension::<BasicConstraints>()
            .map_err(|_| NotDer)?;
        let ms = |time: x509_cert::time::Time| {
            u64::try_from(time.to_unix_duration().as_millis()).unwrap_or(u64::MAX)
        };
        let valid = ms(tbs.validity().not_before) <= now && now <= ms(tbs.validity().not_after);
        let usage = key_usage.is_none_or(|(_, usage)| usage.digital_signature())
            && extended.is_some_and(
                |(_, uses)| matches!(uses.0.as_slice(), [only] if only.to_string() == OCSP_SIGNING),
            )
            && !constraints.is_some_and(|(_, c)| c.ca);
        let whole = parsed.to_der().map_err(|_| NotDer)? == der;
        let Ok(certificate) = Signed::split(der) else {
            return Ok(None);
        };
        let by_root = certificate.verify(&root.key).is_some()
            && tbs.issuer().to_der().map_err(|_| NotDer)? == root.subject;
        if !(valid && usage && whole && by_root) {
            return Ok(None);
        }
        let library = |_| Refusal::Library;
        let key = X509::from_der(der)
            .and_then(|x509| x509.public_key())
            .map_err(|_| NotDer)?;
        let Ok(rsa) = key.rsa() else {
            return Ok(None);
        };
        if rsa.size() < 256 {
            return Ok(None);
        }
        Ok(Some(Self {
            subject: tbs.subject().to_der().map_err(|_| NotDer)?,
            key_hash: sha1(&rsa.public_key_to_der_pkcs1().map_err(library)?).to_vec(),
            key,
        }))
    }
}

/// What a response says about the one certificate.
struct Answer<'a> {
    status: Element<'a>,
    this_update: u64,
    next_update: Option<u64>,
}

fn find<'a>(
    mut contents: Walk<'a>,
    id: &CertificateId,
    root: &Root,
) -> Result<Option<Answer<'a>>, Refusal> {
    time(&contents.expect(GENERALIZED_TIME)?)?;
    let mut list = Walk::new(contents.expect(SEQUENCE)?.value);
    if let Some(tail) = contents.optional(CONTEXT[1])? {
        understood(tail.value)?;
    }
    contents.end()?;
    let mut found = None;
    while !list.is_empty() {
        let mut single = Walk::new(list.expect(SEQUENCE)?.value);
        let mine = is_about(&mut Walk::new(single.expect(SEQUENCE)?.value), id, root)?;
        let status = single.next()?;
        let this_update = time(&single.expect(GENERALIZED_TIME)?)?;
        let next_update = match single.optional(CONTEXT[0])? {
            Some(next) => optional_time(&mut Walk::new(next.value))?,
            None => None,
        };
        if let Some(tail) = single.optional(CONTEXT[1])? {
            understood(tail.value)?;
        }
        single.end()?;
        if mine && found.is_some() {
            return Err(unavailable(RevocationGap::Forged));
        }
        if mine {
            found = Some(Answer {
                status,
                this_update,
                next_update,
            });
        }
    }
    Ok(found)
}

/// Compares a `CertID`: issuer's name and key, by their hashes, and the serial number.
fn is_about(walk: &mut Walk<'_>, id: &CertificateId, root: &Root) -> Result<bool, Refusal> {
    let mut algorithm = Walk::new(walk.expect(SEQUENCE)?.value);
    let (name, key) = match algorithm.expect(OID)?.value {
        SHA1 => (sha1(&root.subject).to_vec(), root.key_hash(sha1)?),
        SHA256 => (sha256(&root.subject).to_vec(), root.key_hash(sha256)?),
        _ => return Ok(false),
    };
    let same_name = walk.expect(OCTET_STRING)?.value == name;
    let same_key = walk.expect(OCTET_STRING)?.value == key;
    let serial = walk.expect(INTEGER)?;
    walk.end()?;
    Ok(same_name && same_key && natural(&serial)? == id.serial())
}

impl Answer<'_> {
    fn judge(&self, now: u64) -> Result<(), Refusal> {
        match self.status.tag {
            REVOKED => {
                let mut walk = Walk::new(self.status.value);
                time(&walk.expect(GENERALIZED_TIME)?)?;
                let code = match walk.optional(CONTEXT[0])? {
                    Some(code) => match code.value {
                        [ENUMERATED, 1, code] => *code,
                        _ => return Err(NotDer.into()),
                    },
                    None => 0,
                };
                Err(Refusal::Revoked(RevocationReason::from_code(code)))
            }
            GOOD if self.status.value.is_empty() => {
                let fresh = self.this_update <= now.saturating_add(CLOCK_MS)
                    && now.saturating_sub(self.this_update) <= MAX_AGE_MS
                    && self.next_update.is_none_or(|next| now <= next);
                if fresh {
                    Ok(())
                } else {
                    Err(unavailable(RevocationGap::Stale))
                }
            }
            UNKNOWN => Err(unavailable(RevocationGap::Unknown)),
            _ => Err(NotDer.into()),
        }
    }
}

/// Refuses an extension that must be understood: none is.
fn understood(tail: &[u8]) -> Result<(), Refusal> {
    if extensions(tail)?.iter().any(|e| e.critical) {
        Err(unavailable(RevocationGap::Scope))
    } else {
        Ok(())
    }
}

fn unavailable(gap: RevocationGap) -> Refusal {
    Refusal::RevocationUnavailable(gap)
}

/// What cannot be read did not come from the authority.
impl From<NotDer> for Refusal {
    fn from(_: NotDer) -> Self {
        unavailable(RevocationGap::Forged)
    }
}

const GOOD: u8 = 0x80;
const REVOKED: u8 = 0xa1;
const UNKNOWN: u8 = 0x82;
const MAX_RESPONSE: usize = 65_536;
/// An answer is asked for each time, so it is fresh.
const MAX_AGE_MS: u64 = 3_600_000;
/// id-pkix-ocsp-basic, the contents of the OID.
pub(crate) const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
pub(crate) const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
pub(crate) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
