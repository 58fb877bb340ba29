//! One signature certificate against its profile; it never decides whether it is revoked.

use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509StoreContext};
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::{Any, ObjectIdentifier, Utf8StringRef};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, SubjectAltName,
};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::Refusal;
use crate::attributes::{Attributes, is_date};
use crate::card::MAX_CERTIFICATE;
use crate::certificate_id::CertificateId;
use crate::roots::{Environment, Root, Roots};
use crate::walk::{INTEGER, NotDer, SEQUENCE, Walk, natural};

/// A certificate whose form and algorithms are right; nobody has vouched for it yet.
pub(crate) struct Leaf {
    parsed: Certificate,
    x509: X509,
    key: PKey<Public>,
}

impl Leaf {
    /// Step 4: canonical DER, v3, no doubled extension, RSA-2048 with 65537 and SHA-256, no CA.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, Refusal> {
        if der.len() > MAX_CERTIFICATE {
            return Err(Refusal::Malformed);
        }
        let parsed = Certificate::from_der(der).map_err(|_| Refusal::Malformed)?;
        if parsed.to_der().map_err(|_| Refusal::Malformed)? != der {
            return Err(Refusal::Malformed);
        }
        let tbs = parsed.tbs_certificate();
        let extensions = tbs.extensions().ok_or(Refusal::Malformed)?;
        let mut ids: Vec<ObjectIdentifier> = extensions.iter().map(|e| e.extn_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if tbs.version() != Version::V3
            || ids.len() != extensions.len()
            || !is_positive(tbs.serial_number().as_bytes())
        {
            return Err(Refusal::Malformed);
        }
        let constraints = tbs
            .get_extension::<BasicConstraints>()
            .map_err(|_| Refusal::Malformed)?;
        if constraints.is_some_and(|(_, c)| c.ca) {
            return Err(Refusal::Malformed);
        }
        if !is_sha256_with_rsa(tbs.signature()) || !is_sha256_with_rsa(parsed.signature_algorithm())
        {
            return Err(Refusal::WrongAlgorithm);
        }
        let x509 = X509::from_der(der).map_err(|_| Refusal::Malformed)?;
        let key = x509.public_key().map_err(|_| Refusal::WrongAlgorithm)?;
        let sizes = key.id() == Id::RSA && key.bits() == 2_048;
        if !sizes || !has_common_exponent(tbs.subject_public_key_info()) {
            return Err(Refusal::WrongAlgorithm);
        }
        Ok(Self { parsed, x509, key })
    }

    /// Step 5: one pinned root, chosen by key identifier and signature, at the caller's time.
    ///
    /// Returns how the certificate is named when revocation is asked about.
    pub(crate) fn check_chain(&self, roots: &Roots, now: u64) -> Result<CertificateId, Refusal> {
        let authority = self
            .parsed
            .tbs_certificate()
            .get_extension::<AuthorityKeyIdentifier>()
            .map_err(|_| Refusal::Malformed)?
            .ok_or(Refusal::UntrustedIssuer)?
            .1;
        let root = self.issuer(roots, &authority, now)?;
        let extensions = self
            .parsed
            .tbs_certificate()
            .extensions()
            .ok_or(Refusal::Malformed)?;
        if extensions
            .iter()
            .all(|e| !e.critical || UNDERSTOOD.contains(&e.extn_id))
        {
            self.id(root)
        } else {
            Err(Refusal::CriticalExtension)
        }
    }

    /// Finds the root that is named and has signed, and walks the path to it.
    ///
    /// A path that holds includes the signature, so that is asked for apart only where it does not:
    /// then it tells a certificate that has run out, say, from one of a stranger.
    fn issuer<'r>(
        &self,
        roots: &'r Roots,
        authority: &AuthorityKeyIdentifier,
        now: u64,
    ) -> Result<&'r Root, Refusal> {
        for root in roots.iter().filter(|root| root.is_named_by(authority)) {
            match self.check_path(root, now) {
                Ok(()) => return Ok(root),
                Err(refusal) if self.x509.verify(&root.key).unwrap_or(false) => {
                    return Err(refusal);
                }
                Err(_) => {}
            }
        }
        Err(Refusal::UntrustedIssuer)
    }

    fn id(&self, root: &Root) -> Result<CertificateId, Refusal> {
        let tbs = self.parsed.tbs_certificate();
        let points = tbs
            .get_extension::<CrlDistributionPoints>()
            .map_err(|_| Refusal::Malformed)?;
        // One point that is complete; of anything else no list can say that it covers it.
        let point = points.and_then(|(_, points)| match points.0.as_slice() {
            [point] if point.reasons.is_none() && point.crl_issuer.is_none() => {
                one_directory(point.distribution_point.as_ref()?)
            }
            _ => None,
        });
        let serial = tbs.serial_number().as_bytes();
        Ok(CertificateId::new(
            serial,
            &root.key_id,
            point.unwrap_or_default(),
        ))
    }

    fn check_path(&self, root: &Root, now: u64) -> Result<(), Refusal> {
        let (valid, error, depth) = self.path(root, now).map_err(|_| Refusal::Library)?;
        match (valid, error, depth) {
            (true, _, _) => Ok(()),
            (false, NOT_YET_VALID, 0) => Err(Refusal::NotYetValid),
            (false, HAS_EXPIRED, 0) => Err(Refusal::Expired),
            (false, UNHANDLED_CRITICAL, 0) => Err(Refusal::CriticalExtension),
            (false, _, _) => Err(Refusal::UntrustedIssuer),
        }
    }

    fn path(&self, root: &Root, now: u64) -> Result<(bool, i32, u32), openssl::error::ErrorStack> {
        let mut parameters = X509VerifyParam::new()?;
        // That the root signed itself was checked when it was pinned.
        parameters.set_flags(X509VerifyFlags::X509_STRICT)?;
        parameters.set_depth(0);
        parameters.set_auth_level(2);
        parameters.set_time(i64::try_from(now / 1_000).unwrap_or(i64::MAX));
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(root.certificate.clone())?;
        store.set_param(&parameters)?;
        let store = store.build();
        let mut context = X509StoreContext::new()?;
        context.init(&store, &self.x509, &*Stack::new()?, |context| {
            let valid = context.verify_cert()?;
            Ok((valid, context.error().as_raw(), context.error_depth()))
        })
    }

    /// Step 6: exactly one critical policy, and it belongs to `environment`.
    pub(crate) fn check_policy(&self, environment: Environment) -> Result<(), Refusal> {
        let (critical, policies) = self
            .parsed
            .tbs_certificate()
            .get_extension::<CertificatePolicies>()
            .map_err(|_| Refusal::Policy)?
            .ok_or(Refusal::Policy)?;
        let [policy] = policies.0.as_slice() else {
            return Err(Refusal::Policy);
        };
        let id = policy.policy_identifier.to_string();
        if id == environment.policy() {
            return if critical {
                Ok(())
            } else {
                Err(Refusal::Policy)
            };
        }
        if Environment::ALL.iter().any(|other| other.policy() == id) {
            Err(Refusal::EnvironmentMismatch)
        } else {
            Err(Refusal::Policy)
        }
    }

    /// Step 7: exactly digital signature and non-repudiation, critical, and no extended usage.
    pub(crate) fn check_key_usage(&self) -> Result<(), Refusal> {
        let extensions = self
            .parsed
            .tbs_certificate()
            .extensions()
            .ok_or(Refusal::KeyUsage)?;
        let mut usage = false;
        for extension in extensions {
            match extension.extn_id {
                KeyUsage::OID => {
                    usage = extension.critical
                        && extension.extn_value.as_bytes() == SIGNATURE_AND_NON_REPUDIATION;
                }
                ExtendedKeyUsage::OID => return Err(Refusal::KeyUsage),
                _ => {}
            }
        }
        if usage {
            Ok(())
        } else {
            Err(Refusal::KeyUsage)
        }
    }

    /// Step 8: RSA PKCS#1 v1.5 with SHA-256 over `message`.
    pub(crate) fn check_signature(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let mut verifier =
            Verifier::new(MessageDigest::sha256(), &self.key).map_err(|_| Refusal::Library)?;
        match verifier.verify_oneshot(signature, message) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Refusal::SignatureInvalid),
        }
    }

    /// Step 10: the four attributes, and whether a character of them was substituted.
    pub(crate) fn attributes(&self) -> Result<(Attributes, bool), Refusal> {
        let (_, names) = self
            .parsed
            .tbs_certificate()
            .get_extension::<SubjectAltName>()
            .map_err(|_| Refusal::Attributes)?
            .ok_or(Refusal::Attributes)?;
        let attribute = |n: u8| exactly_one(&names.0, n)?.ok_or(Refusal::Attributes);
        let gender = match attribute(3)?.as_str() {
            "1" => 1,
            "2" => 2,
            "3" => 3,
            _ => return Err(Refusal::Attributes),
        };
        let attributes = Attributes {
            name: attribute(1)?,
            birth_date: birth_date(&attribute(4)?)?,
            gender,
            address: attribute(5)?,
        };
        if !attributes.are_plausible() {
            return Err(Refusal::Attributes);
        }
        let substituted = |n: u8| -> Result<bool, Refusal> {
            let flags = exactly_one(&names.0, n)?.unwrap_or_default();
            if flags.bytes().all(|b| matches!(b, b'0' | b'1')) {
                Ok(flags.contains('1'))
            } else {
                Err(Refusal::Attributes)
            }
        };
        Ok((attributes, substituted(2)? || substituted(6)?))
    }

    /// Returns the contents of the serial number.
    pub(crate) fn serial(&self) -> &[u8] {
        self.parsed.tbs_certificate().serial_number().as_bytes()
    }

    /// Returns the beginning of validity, in milliseconds.
    pub(crate) fn not_before(&self) -> u64 {
        let validity = self.parsed.tbs_certificate().validity();
        let begin = validity.not_before.to_unix_duration();
        u64::try_from(begin.as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the end of validity, in milliseconds.
    pub(crate) fn not_after(&self) -> u64 {
        let end = self
            .parsed
            .tbs_certificate()
            .validity()
            .not_after
            .to_unix_duration();
        u64::try_from(end.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Returns the text of attribute `n`; twice is as wrong as another string type.
fn exactly_one(names: &[GeneralName], n: u8) -> Result<Option<String>, Refusal> {
    let wanted = ATTRIBUTES
        .push_arc(n.into())
        .map_err(|_| Refusal::Attributes)?;
    let mut found = None;
    for name in names {
        let GeneralName::OtherName(other) = name else {
            continue;
        };
        if other.type_id == wanted {
            if found.is_some() {
                return Err(Refusal::Attributes);
            }
            let text = Utf8StringRef::try_from(&other.value).map_err(|_| Refusal::Attributes)?;
            found = Some(text.as_str().to_owned());
        }
    }
    Ok(found)
}

/// Turns `EYYYYMMDD` (era digit, Western year) into `YYYY-MM-DD`.
fn birth_date(text: &str) -> Result<String, Refusal> {
    let parts = (
        text.get(0..1),
        text.get(1..5),
        text.get(5..7),
        text.get(7..9),
    );
    let (Some("0" | "1" | "2" | "3" | "4" | "5"), Some(year), Some(month), Some(day)) = parts
    else {
        return Err(Refusal::Attributes);
    };
    let date = format!("{year}-{month}-{day}");
    if text.len() == 9 && is_date(&date) {
        Ok(date)
    } else {
        Err(Refusal::Attributes)
    }
}

/// Tells whether the contents of an INTEGER are above zero.
fn is_positive(contents: &[u8]) -> bool {
    contents.first().is_some_and(|first| *first < 0x80) && contents.iter().any(|b| *b != 0)
}

/// Returns the DER of a full name that is one directory name.
pub(crate) fn one_directory(name: &DistributionPointName) -> Option<Vec<u8>> {
    match name {
        DistributionPointName::FullName(names) => match names.as_slice() {
            [GeneralName::DirectoryName(_)] => names.to_der().ok(),
            _ => None,
        },
        DistributionPointName::NameRelativeToCRLIssuer(_) => None,
    }
}

/// Tells whether an RSA key's exponent is 65537, read from the bytes that were signed.
fn has_common_exponent(key: &SubjectPublicKeyInfoOwned) -> bool {
    let exponent = |key| -> Result<bool, NotDer> {
        let mut numbers = Walk::only(key, SEQUENCE)?;
        natural(&numbers.expect(INTEGER)?)?;
        let exponent = numbers.expect(INTEGER)?;
        numbers.end()?;
        Ok(natural(&exponent)? == [1, 0, 1])
    };
    key.subject_public_key
        .as_bytes()
        .is_some_and(|key| exponent(key).unwrap_or(false))
}

fn is_sha256_with_rsa(algorithm: &AlgorithmIdentifierOwned) -> bool {
    algorithm.oid == SHA256_WITH_RSA && algorithm.parameters.as_ref().is_some_and(Any::is_null)
}

const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const UNDERSTOOD: [ObjectIdentifier; 3] = [
    KeyUsage::OID,
    CertificatePolicies::OID,
    BasicConstraints::OID,
];
/// BIT STRING with bits 0 and 1, the only DER there is for it.
pub(crate) const SIGNATURE_AND_NON_REPUDIATION: &[u8] = &[0x03, 0x02, 0x06, 0xc0];
/// The arc of the attributes in the subject alternative name.
pub(crate) const ATTRIBUTES: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.5");
/// Results of OpenSSL's path check (`X509_V_ERR_…`).
const NOT_YET_VALID: i32 = 9;
const HAS_EXPIRED: i32 = 10;
const UNHANDLED_CRITICAL: i32 = 34;
