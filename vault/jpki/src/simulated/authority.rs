//! The simulated signature authority: makes a root and issues cards; nobody should trust it.

use minicbor::{Decode, Encode};
use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::rsa::Rsa;
use openssl::sha::sha1;
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameBuilder};
use x509_cert::der::{Decode as _, Encode as _};

use crate::canonical::{decode, encode};
use crate::files::{armour, unarmour};
use crate::roots::{SIGNATURE_UNIT, SIMULATED_NAME, SimulatedPki};
use crate::simulated::SimulatedError;
use crate::simulated::card::SimulatedCard;
use crate::simulated::model::Pair;
use crate::simulated::profile::{LeafProfile, Validity, authority_key_identifier};

/// A self-signed root with its key.
pub struct SimulatedAuthority {
    root: X509,
    key: PKey<Private>,
}

impl std::fmt::Debug for SimulatedAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimulatedAuthority(redacted)")
    }
}

impl SimulatedAuthority {
    /// Makes a root, valid for ten years around `now` (ms).
    pub fn generate(_acknowledged: &SimulatedPki, now: u64) -> Result<Self, SimulatedError> {
        let key = generate_key()?;
        let key_id = key_id(&key)?;
        let name = name(&[
            ("C", "JP"),
            ("O", SIMULATED_NAME),
            ("OU", SIGNATURE_UNIT),
            ("OU", "TEST ONLY - not issued by J-LIS"),
        ])?;
        let year = 365 * 86_400_000_u64;
        let validity = Validity {
            not_before: now.saturating_sub(5 * year),
            not_after: now.saturating_add(10 * year),
        };
        let mut builder = begin(&name, &name, &key, validity)?;
        for (id, critical, der) in [
            ("2.5.29.15", true, vec![0x03, 0x02, 0x01, 0x06]),
            ("2.5.29.19", true, vec![0x30, 0x03, 0x01, 0x01, 0xff]),
            ("2.5.29.14", false, octets(&key_id)),
        ] {
            builder.append_extension(extension(id, critical, &der)?)?;
        }
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self {
            root: builder.build(),
            key,
        })
    }

    /// Returns the root certificate, DER, for [`crate::Roots::simulated`].
    pub fn root(&self) -> Result<Vec<u8>, SimulatedError> {
        Ok(self.root.to_der()?)
    }

    /// Issues a card with a fresh key.
    pub fn issue(&self, profile: &LeafProfile) -> Result<SimulatedCard, SimulatedError> {
        let key = generate_key()?;
        self.issue_for(profile, &key)
    }

    /// Issues a card with both certificates, as adults' cards have.
    pub fn issue_complete(&self, profile: &LeafProfile) -> Result<SimulatedCard, SimulatedError> {
        let key = generate_key()?;
        let policies = LeafProfile {
            policies: vec![AUTHENTICATION_POLICY.to_owned()],
            ..profile.clone()
        };
        let policies = policies.policies()?.to_der()?;
        let certificate = self.issue_raw(
            "TESTAUTH000000199999001T",
            &key,
            profile.validity,
            &[
                ("2.5.29.15", true, &[0x03, 0x02, 0x07, 0x80]),
                ("2.5.29.37", false, CLIENT_AUTHENTICATION),
                ("2.5.29.32", true, &policies),
            ],
        )?;
        Ok(self
            .issue(profile)?
            .with_authentication(Pair { certificate, key }))
    }

    pub(crate) fn issue_for(
        &self,
        profile: &LeafProfile,
        key: &PKeyRef<Private>,
    ) -> Result<SimulatedCard, SimulatedError> {
        self.issue_with(profile, key, MessageDigest::sha256())
    }

    pub(crate) fn issue_with(
        &self,
        profile: &LeafProfile,
        key: &PKeyRef<Private>,
        digest: MessageDigest,
    ) -> Result<SimulatedCard, SimulatedError> {
        let subject = name(&[
            ("C", "JP"),
            ("L", "Shiken-to"),
            ("L", &profile.municipality),
            ("CN", "202604010900000099999000001T"),
        ])?;
        let issuer = self.root.subject_name();
        let authority =
            authority_key_identifier(&key_id(&self.key)?, &self.name()?, &self.serial()?)?;
        let mut builder = begin(&subject, issuer, key, profile.validity)?;
        for (id, critical, der) in profile.extensions(&authority)? {
            builder.append_extension(extension(&id, critical, &der)?)?;
        }
        builder.append_extension(extension("2.5.29.14", false, &octets(&key_id(key)?))?)?;
        builder.sign(&self.key, digest)?;
        let certificate = builder.build().to_der()?;
        let key = PKey::private_key_from_der(&key.private_key_to_der()?)?;
        Ok(SimulatedCard::new(certificate, key))
    }

    /// Issues a certificate with these extensions alone, DER.
    pub(crate) fn issue_raw(
        &self,
        common_name: &str,
        key: &PKeyRef<Private>,
        validity: Validity,
        extensions: &[(&str, bool, &[u8])],
    ) -> Result<Vec<u8>, SimulatedError> {
        let subject = name(&[("C", "JP"), ("O", SIMULATED_NAME), ("CN", common_name)])?;
        let mut builder = begin(&subject, self.root.subject_name(), key, validity)?;
        for (id, critical, der) in extensions {
            builder.append_extension(extension(id, *critical, der)?)?;
        }
        builder.sign(&self.key, MessageDigest::sha256())?;
        Ok(builder.build().to_der()?)
    }

    pub(crate) fn key(&self) -> &PKeyRef<Private> {
        &self.key
    }

    /// The DER of the authority's name.
    pub(crate) fn name(&self) -> Result<Vec<u8>, SimulatedError> {
        Ok(self.root.subject_name().to_der()?)
    }

    pub(crate) fn serial(&self) -> Result<Vec<u8>, SimulatedError> {
        Ok(self.root.serial_number().to_bn()?.to_vec())
    }

    /// Reads the authority's file.
    pub fn from_text(text: &str) -> Result<Self, SimulatedError> {
        let bytes = unarmour(AUTHORITY_LINE, text).map_err(|_| SimulatedError::Malformed)?;
        let file: File = decode(&bytes, 16_384).map_err(|_| SimulatedError::Malformed)?;
        if file.version != 1 {
            return Err(SimulatedError::Malformed);
        }
        Ok(Self {
            root: X509::from_der(&file.root)?,
            key: PKey::private_key_from_der(&file.key)?,
        })
    }

    /// Writes the authority's file.
    pub fn to_text(&self) -> Result<String, SimulatedError> {
        let file = File {
            version: 1,
            root: self.root()?,
            key: self.key.private_key_to_der()?,
        };
        Ok(armour(AUTHORITY_LINE, &encode(&file)))
    }
}

/// Returns the serial number of a certificate as lists write it: the contents of an INTEGER.
pub fn serial_of(certificate: &[u8]) -> Result<Vec<u8>, SimulatedError> {
    let parsed = x509_cert::Certificate::from_der(certificate)?;
    Ok(parsed.tbs_certificate().serial_number().as_bytes().to_vec())
}

/// Makes an RSA key of the size cards have.
pub(crate) fn generate_key() -> Result<PKey<Private>, ErrorStack> {
    PKey::from_rsa(Rsa::generate(2_048)?)
}

fn begin(
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    key: &PKeyRef<Private>,
    validity: Validity,
) -> Result<X509Builder, SimulatedError> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    serial.rand(96, MsbOption::ONE, false)?;
    serial.mask_bits(95)?;
    let serial: Asn1Integer = serial.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    let not_before = time(validity.not_before)?;
    let not_after = time(validity.not_after)?;
    builder.set_not_before(&not_before)?;
    builder.set_not_after(&not_after)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn time(ms: u64) -> Result<Asn1Time, ErrorStack> {
    Asn1Time::from_unix(i64::try_from(ms / 1_000).unwrap_or(i64::MAX))
}

fn name(entries: &[(&str, &str)]) -> Result<X509Name, ErrorStack> {
    let mut builder = X509NameBuilder::new()?;
    for (field, value) in entries {
        builder.append_entry_by_text(field, value)?;
    }
    Ok(builder.build())
}

fn extension(id: &str, critical: bool, der: &[u8]) -> Result<X509Extension, ErrorStack> {
    let id = Asn1Object::from_str(id)?;
    let contents = Asn1OctetString::new_from_bytes(der)?;
    X509Extension::new_from_der(&id, critical, &contents)
}

/// The key identifier JPKI uses: SHA-1 of the public key (RFC 5280 §4.2.1.2); a name, no proof.
pub(crate) fn key_id(key: &PKeyRef<Private>) -> Result<[u8; 20], ErrorStack> {
    Ok(sha1(&key.rsa()?.public_key_to_der_pkcs1()?))
}

fn octets(key_id: &[u8; 20]) -> Vec<u8> {
    let mut der = vec![0x04, 20];
    der.extend_from_slice(key_id);
    der
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct File {
    #[n(0)]
    version: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    root: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    key: Vec<u8>,
}

/// The policy of certificates for user authentication in hierarchies that are not for real residents.
const AUTHENTICATION_POLICY: &str = "1.2.392.200149.8.5.1.0.30";
/// The extended key usage "client authentication", DER.
const CLIENT_AUTHENTICATION: &[u8] = &[
    0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02,
];
const AUTHORITY_LINE: &str = "techo-simulated-authority-not-genuine-v1";
