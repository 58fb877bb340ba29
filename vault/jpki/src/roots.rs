//! Which roots are trusted, and for which environment; a root is chosen by key, never by name.

use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use openssl::x509::X509;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::BasicConstraints;

use crate::RootsError;

/// The hierarchy a certificate belongs to. Its name is part of every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Environment {
    /// Certificates of real residents.
    Production,
    /// Made by this program; proves nothing about anybody.
    Simulated,
}

impl Environment {
    /// Returns the policy of signature certificates in this hierarchy.
    pub(crate) fn policy(self) -> &'static str {
        match self {
            Self::Production => "1.2.392.200149.8.5.1.1.20",
            Self::Simulated => "1.2.392.200149.8.5.1.0.20",
        }
    }

    /// All environments this version knows.
    pub(crate) const ALL: [Self; 2] = [Self::Production, Self::Simulated];
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Production => "JPKI",
            Self::Simulated => SIMULATED_NAME,
        })
    }
}

/// The word of a caller who knows that simulated certificates identify nobody.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedPki(());

impl SimulatedPki {
    /// Acknowledges it. Callers show [`SimulatedPki::BANNER`] wherever a person reads the answer.
    pub fn acknowledge() -> Self {
        Self(())
    }

    /// What a person must see.
    pub const BANNER: &'static str = "SIMULATED-JPKI-NOT-GENUINE: nobody's identity is verified / 模擬の証明書です。本人確認ではありません";
}

/// The pinned signature-CA roots of one environment.
pub struct Roots {
    environment: Environment,
    roots: Vec<Root>,
}

pub(crate) struct Root {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Public>,
    pub(crate) key_id: Vec<u8>,
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roots({}, {})", self.environment, self.roots.len())
    }
}

impl Roots {
    /// Refuses: the production roots are not shipped until their fingerprints have been compared
    /// with the ones J-LIS publishes and revocation is checked.
    pub fn production() -> Result<Self, RootsError> {
        Err(RootsError::ProductionNotShipped)
    }

    /// Pins simulated signature authorities, each DER.
    pub fn simulated<D: AsRef<[u8]>>(
        _acknowledged: &SimulatedPki,
        ders: &[D],
    ) -> Result<Self, RootsError> {
        let roots: Vec<Root> = ders
            .iter()
            .map(|der| Root::parse(der.as_ref()))
            .collect::<Result<_, _>>()?;
        if roots.is_empty() {
            return Err(RootsError::Empty);
        }
        if roots.iter().all(Root::is_simulated_signature_authority) {
            Ok(Self {
                environment: Environment::Simulated,
                roots,
            })
        } else {
            Err(RootsError::NotSimulated)
        }
    }

    /// Returns the environment of these roots.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Root> {
        self.roots.iter()
    }
}

impl Root {
    fn parse(der: &[u8]) -> Result<Self, RootsError> {
        let not_a_root = |_| RootsError::NotARoot;
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| RootsError::NotARoot)?;
        let constraints = parsed
            .tbs_certificate()
            .get_extension::<BasicConstraints>()
            .map_err(|_| RootsError::NotARoot)?;
        let certificate = X509::from_der(der).map_err(not_a_root)?;
        let key = certificate.public_key().map_err(not_a_root)?;
        let key_id = certificate
            .subject_key_id()
            .map(|id| id.as_slice().to_vec())
            .ok_or(RootsError::NotARoot)?;
        let signed_itself = certificate.verify(&key).map_err(not_a_root)?;
        let authority = constraints.is_some_and(|(critical, c)| critical && c.ca);
        if signed_itself && authority && key.rsa().is_ok() && key.bits() == 2_048 {
            Ok(Self {
                certificate,
                key,
                key_id,
            })
        } else {
            Err(RootsError::NotARoot)
        }
    }

    fn is_simulated_signature_authority(&self) -> bool {
        let names = |nid: Nid, wanted: &str| {
            self.certificate
                .subject_name()
                .entries_by_nid(nid)
                .any(|entry| entry.data().as_slice() == wanted.as_bytes())
        };
        names(Nid::ORGANIZATIONNAME, SIMULATED_NAME)
            && names(Nid::ORGANIZATIONALUNITNAME, SIGNATURE_UNIT)
    }
}

/// The organisation in every simulated name.
pub(crate) const SIMULATED_NAME: &str = "SIMULATED-JPKI-NOT-GENUINE";
/// The unit that separates signature authorities from those for user authentication.
pub(crate) const SIGNATURE_UNIT: &str = "JPKI for digital signature";
