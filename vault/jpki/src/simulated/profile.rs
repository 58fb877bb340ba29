//! The profile of a signature certificate as extensions; deviations serve to show each refusal.

use std::str::FromStr;

use x509_cert::der::asn1::{Any, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, OtherName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, CertificatePolicies, CrlDistributionPoints, SubjectAltName,
};
use x509_cert::name::Name;

use crate::certificate::{ATTRIBUTES, SIGNATURE_AND_NON_REPUDIATION};
use crate::roots::{Environment, SIGNATURE_UNIT, SIMULATED_NAME};
use crate::simulated::SimulatedError;

/// The fictitious person a simulated card names.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The name, full width.
    pub name: String,
    /// The birth date as JPKI writes it: era digit and Western `YYYYMMDD`.
    pub birth: String,
    /// `1` male, `2` female, `3` unknown.
    pub gender: String,
    /// The address, full width.
    pub address: String,
}

impl Holder {
    /// Names a person; `birth_date` is `YYYY-MM-DD`, `gender` 1, 2 or 3.
    pub fn new(name: &str, birth_date: &str, gender: u8, address: &str) -> Self {
        let digits: String = birth_date.chars().filter(char::is_ascii_digit).collect();
        let era = match digits.as_str() {
            d if d >= "20190501" => 5,
            d if d >= "19890108" => 4,
            d if d >= "19261225" => 3,
            _ => 0,
        };
        Self {
            name: name.to_owned(),
            birth: format!("{era}{digits}"),
            gender: gender.to_string(),
            address: address.to_owned(),
        }
    }
}

/// From when and until when, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    /// The beginning.
    pub not_before: u64,
    /// The end.
    pub not_after: u64,
}

impl Validity {
    /// Five years, as cards have, beginning a day ago.
    pub fn five_years(now: u64) -> Self {
        const DAY: u64 = 86_400_000;
        Self {
            not_before: now.saturating_sub(DAY),
            not_after: now.saturating_add(5 * 365 * DAY),
        }
    }
}

/// What a leaf will say. [`LeafProfile::genuine`] is right; a test changes one thing at a time.
#[derive(Clone, Debug)]
pub struct LeafProfile {
    /// The person.
    pub holder: Holder,
    /// The validity.
    pub validity: Validity,
    /// The municipality that keeps the record, as the distribution point names it.
    pub municipality: String,
    /// The policies, in order.
    pub policies: Vec<String>,
    /// Whether the policies are critical.
    pub policy_critical: bool,
    /// The DER of the key usage.
    pub key_usage: Vec<u8>,
    /// One flag per character of the name.
    pub name_substitutes: String,
    /// Further other-names: last arc and text.
    pub more_names: Vec<(String, String)>,
    /// Attributes left out, by their number.
    pub without: Vec<u8>,
    /// Further extensions: id, critical, DER.
    pub more_extensions: Vec<(String, bool, Vec<u8>)>,
}

impl LeafProfile {
    /// The profile of a simulated signature certificate.
    pub fn genuine(holder: Holder, validity: Validity) -> Self {
        let name_substitutes = "0".repeat(holder.name.chars().count());
        Self {
            holder,
            validity,
            municipality: MUNICIPALITY.to_owned(),
            policies: vec![Environment::Simulated.policy().to_owned()],
            policy_critical: true,
            key_usage: SIGNATURE_AND_NON_REPUDIATION.to_vec(),
            name_substitutes,
            more_names: Vec::new(),
            without: Vec::new(),
            more_extensions: Vec::new(),
        }
    }

    /// Returns the extensions: id, critical, DER.
    pub(crate) fn extensions(
        &self,
        authority: &AuthorityKeyIdentifier,
    ) -> Result<Vec<(String, bool, Vec<u8>)>, SimulatedError> {
        let mut all = vec![
            ("2.5.29.15".to_owned(), true, self.key_usage.clone()),
            ("2.5.29.17".to_owned(), false, self.names()?.to_der()?),
            (
                "2.5.29.32".to_owned(),
                self.policy_critical,
                self.policies()?.to_der()?,
            ),
            (
                "2.5.29.31".to_owned(),
                false,
                distribution_points(&self.municipality)?.to_der()?,
            ),
            ("2.5.29.35".to_owned(), false, authority.to_der()?),
        ];
        all.extend(self.more_extensions.iter().cloned());
        Ok(all)
    }

    /// The other-names in the order observed on cards: 1, 4, 3, 5, 2, 6.
    fn names(&self) -> Result<SubjectAltName, SimulatedError> {
        let address_substitutes = "0".repeat(self.holder.address.chars().count());
        let all = [
            (1, &self.holder.name),
            (4, &self.holder.birth),
            (3, &self.holder.gender),
            (5, &self.holder.address),
            (2, &self.name_substitutes),
            (6, &address_substitutes),
        ];
        let mut names = Vec::new();
        for (n, text) in all.into_iter().filter(|(n, _)| !self.without.contains(n)) {
            names.push(other_name(&n.to_string(), text)?);
        }
        for (n, text) in &self.more_names {
            names.push(other_name(n, text)?);
        }
        Ok(SubjectAltName(names))
    }

    pub(crate) fn policies(&self) -> Result<CertificatePolicies, SimulatedError> {
        let one = |id: &String| {
            Ok(PolicyInformation {
                policy_identifier: oid(id)?,
                policy_qualifiers: None,
            })
        };
        Ok(CertificatePolicies(
            self.policies
                .iter()
                .map(one)
                .collect::<Result<_, SimulatedError>>()?,
        ))
    }
}

/// Says who signed: key identifier, issuer and serial, as JPKI does.
pub(crate) fn authority_key_identifier(
    key_id: &[u8],
    issuer_der: &[u8],
    serial: &[u8],
) -> Result<AuthorityKeyIdentifier, SimulatedError> {
    Ok(AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_id)?),
        authority_cert_issuer: Some(vec![GeneralName::DirectoryName(Name::from_der(
            issuer_der,
        )?)]),
        authority_cert_serial_number: Some(x509_cert::serial_number::SerialNumber::new(serial)?),
    })
}

/// One directory name, as JPKI partitions its lists by municipality.
pub(crate) fn distribution_name(municipality: &str) -> Result<Name, SimulatedError> {
    Ok(Name::from_str(&format!(
        "CN={municipality} CRLDP,OU=Shiken-to,OU=CRL Distribution Points,OU={SIGNATURE_UNIT},O={SIMULATED_NAME},C=JP"
    ))?)
}

fn distribution_points(municipality: &str) -> Result<CrlDistributionPoints, SimulatedError> {
    let name = distribution_name(municipality)?;
    Ok(CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![
            GeneralName::DirectoryName(name),
        ])),
        reasons: None,
        crl_issuer: None,
    }]))
}

fn other_name(n: &str, text: &str) -> Result<GeneralName, SimulatedError> {
    Ok(GeneralName::OtherName(OtherName {
        type_id: oid(&format!("{ATTRIBUTES}.{n}"))?,
        value: Any::encode_from(&Utf8StringRef::new(text)?)?,
    }))
}

fn oid(text: &str) -> Result<ObjectIdentifier, SimulatedError> {
    ObjectIdentifier::from_str(text).map_err(|_| SimulatedError::Malformed)
}

/// The municipality of a card that says nothing else.
pub const MUNICIPALITY: &str = "Mihon-shi";
