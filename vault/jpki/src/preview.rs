//! What a certificate says, shown to the holder before a city sees it; it proves nothing to anybody.

use openssl::nid::Nid;
use openssl::x509::X509;

use crate::attributes::Attributes;
use crate::certificate::Leaf;
use crate::error::Refusal;
use crate::roots::Environment;

/// A certificate's own words, unverified: for the eyes of the person whose card it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    attributes: Option<(Attributes, bool)>,
    serial: Vec<u8>,
    not_before: u64,
    not_after: u64,
    claims: Option<Environment>,
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Preview(redacted)")
    }
}

impl Preview {
    /// Reads a certificate that carries a person's attributes.
    pub fn of_signature(der: &[u8]) -> Result<Self, Refusal> {
        let leaf = Leaf::parse(der)?;
        let attributes = leaf.attributes()?;
        Self::read(&leaf, der, Some(attributes))
    }

    /// Reads a certificate for user authentication, which carries none.
    pub fn of_authentication(der: &[u8]) -> Result<Self, Refusal> {
        Self::read(&Leaf::parse(der)?, der, None)
    }

    fn read(
        leaf: &Leaf,
        der: &[u8],
        attributes: Option<(Attributes, bool)>,
    ) -> Result<Self, Refusal> {
        let x509 = X509::from_der(der).map_err(|_| Refusal::Malformed)?;
        let claims = |environment: &Environment| {
            let mut names = x509.issuer_name().entries_by_nid(Nid::ORGANIZATIONNAME);
            names.any(|name| name.data().as_slice() == environment.to_string().as_bytes())
        };
        Ok(Self {
            attributes,
            serial: leaf.serial().to_vec(),
            not_before: leaf.not_before(),
            not_after: leaf.not_after(),
            claims: Environment::ALL.into_iter().find(claims),
        })
    }

    /// Returns name, birth date, gender and address, where the certificate has them.
    pub fn attributes(&self) -> Option<&Attributes> {
        self.attributes.as_ref().map(|(attributes, _)| attributes)
    }

    /// Tells whether a character of name or address was replaced by another.
    pub fn is_substituted(&self) -> bool {
        self.attributes.as_ref().is_some_and(|(_, flag)| *flag)
    }

    /// Returns the serial number as the authority writes it.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Returns since when it is valid, in milliseconds.
    pub fn not_before(&self) -> u64 {
        self.not_before
    }

    /// Returns until when it is valid, in milliseconds.
    pub fn not_after(&self) -> u64 {
        self.not_after
    }

    /// Returns the hierarchy that the issuer's name claims, if it is one of the known.
    pub fn claims(&self) -> Option<Environment> {
        self.claims
    }
}
