//! Which roots are trusted, and for which environment; a root is chosen by key, never by name.

use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use openssl::x509::X509;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints};

use crate::{Refusal, RootsError};

/// The hierarchy a certificate belongs to. Its name is part of every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Environment {
    /// Certificates of real residents.
    Production,
    /// J-LIS's own test cards, of fictitious people.
    JpkiTest,
    /// Made by this program; proves nothing about anybody.
    Simulated,
}

impl Environment {
    /// Returns the policy of signature certificates in this hierarchy.
    pub(crate) fn policy(self) -> &'static str {
        match self {
            Self::Production => "1.2.392.200149.8.5.1.1.20",
            Self::JpkiTest | Self::Simulated => "1.2.392.200149.8.5.1.0.20",
        }
    }

    /// The organisation in the name of its authorities.
    fn organisation(self) -> &'static str {
        match self {
            Self::Production => "JPKI",
            Self::JpkiTest => "JPKI-TEST",
            Self::Simulated => SIMULATED_NAME,
        }
    }

    /// All environments this version knows.
    pub(crate) const ALL: [Self; 3] = [Self::Production, Self::JpkiTest, Self::Simulated];
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.organisation())
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
    /// The name, DER.
    pub(crate) subject: Vec<u8>,
    serial: Vec<u8>,
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roots({}, {})", self.environment, self.roots.len())
    }
}

impl Roots {
    /// Pins the roots of JPKI whose signature certificates are valid today, generations 2 and 3.
    ///
    /// With them nothing is accepted before revocation was checked. No real card has been tried.
    pub fn production() -> Result<Self, RootsError> {
        for (der, fingerprint) in PRODUCTION {
            if openssl::sha::sha256(der) != **fingerprint {
                return Err(RootsError::NotARoot);
            }
        }
        Self::pin(
            Environment::Production,
            PRODUCTION.iter().map(|(der, _)| *der),
        )
    }

    /// Pins simulated signature authorities, each DER.
    pub fn simulated<D: AsRef<[u8]>>(
        _acknowledged: &SimulatedPki,
        ders: &[D],
    ) -> Result<Self, RootsError> {
        Self::pin(Environment::Simulated, ders.iter().map(AsRef::as_ref))
    }

    /// Pins signature authorities of J-LIS's test cards, each DER. They identify nobody either.
    pub fn jpki_test<D: AsRef<[u8]>>(
        _acknowledged: &SimulatedPki,
        ders: &[D],
    ) -> Result<Self, RootsError> {
        Self::pin(Environment::JpkiTest, ders.iter().map(AsRef::as_ref))
    }

    fn pin<'a>(
        environment: Environment,
        ders: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Self, RootsError> {
        let roots: Vec<Root> = ders.map(Root::parse).collect::<Result<_, _>>()?;
        if roots.is_empty() {
            return Err(RootsError::Empty);
        }
        if roots.iter().all(|r| r.is_signature_authority(environment)) {
            Ok(Self { environment, roots })
        } else {
            Err(RootsError::OtherHierarchy)
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
            let subject = certificate.subject_name().to_der().map_err(not_a_root)?;
            let serial = certificate.serial_number().to_bn().map_err(not_a_root)?;
            Ok(Self {
                certificate,
                key,
                key_id,
                subject,
                serial: serial.to_vec(),
            })
        } else {
            Err(RootsError::NotARoot)
        }
    }

    /// Hashes the public key as OCSP does.
    pub(crate) fn key_hash<const N: usize>(
        &self,
        hash: fn(&[u8]) -> [u8; N],
    ) -> Result<Vec<u8>, Refusal> {
        let rsa = self.key.rsa().map_err(|_| Refusal::Library)?;
        let der = rsa
            .public_key_to_der_pkcs1()
            .map_err(|_| Refusal::Library)?;
        Ok(hash(&der).to_vec())
    }

    /// Tells whether `id` names this root: by its key, and by name and serial where they are given.
    pub(crate) fn is_named_by(&self, id: &AuthorityKeyIdentifier) -> bool {
        let key = id.key_identifier.as_ref();
        let name = match id.authority_cert_issuer.as_deref() {
            None => true,
            Some([GeneralName::DirectoryName(name)]) => {
                name.to_der().is_ok_and(|der| der == self.subject)
            }
            Some(_) => false,
        };
        let serial = id
            .authority_cert_serial_number
            .as_ref()
            .is_none_or(|serial| {
                let digits = serial.as_bytes();
                digits.strip_prefix(&[0]).unwrap_or(digits) == self.serial
            });
        key.is_some_and(|key| key.as_bytes() == self.key_id) && name && serial
    }

    fn is_signature_authority(&self, environment: Environment) -> bool {
        let names = |nid: Nid, wanted: &str| {
            self.certificate
                .subject_name()
                .entries_by_nid(nid)
                .any(|entry| entry.data().as_slice() == wanted.as_bytes())
        };
        names(Nid::ORGANIZATIONNAME, environment.organisation())
            && names(Nid::ORGANIZATIONALUNITNAME, SIGNATURE_UNIT)
    }
}

/// The organisation in every simulated name.
pub(crate) const SIMULATED_NAME: &str = "SIMULATED-JPKI-NOT-GENUINE";
/// The unit that separates signature authorities from those for user authentication.
pub(crate) const SIGNATURE_UNIT: &str = "JPKI for digital signature";
/// See `roots/SOURCE.md`.
const PRODUCTION: &[(&[u8], &[u8; 32])] = &[
    (include_bytes!("../roots/signca02.der"), &G2),
    (include_bytes!("../roots/signca03.der"), &G3),
];
const G2: [u8; 32] = [
    0x79, 0x67, 0x9c, 0x33, 0xe4, 0xcc, 0x93, 0x19, 0x44, 0x0f, 0x1a, 0xd1, 0x20, 0xa5, 0x97, 0xff,
    0x18, 0x44, 0xe2, 0xef, 0x21, 0x70, 0x63, 0xad, 0xb1, 0x76, 0x96, 0x6f, 0xd5, 0xe6, 0xfb, 0xeb,
];
const G3: [u8; 32] = [
    0xd2, 0x27, 0xf6, 0xcd, 0xe1, 0x1d, 0x35, 0xc5, 0x25, 0x21, 0x78, 0xf1, 0x06, 0xf8, 0x43, 0xd2,
    0x46, 0x51, 0x94, 0x49, 0x75, 0x41, 0x3b, 0x53, 0x9f, 0xa2, 0xfb, 0x68, 0xdb, 0xfa, 0x36, 0x5f,
];
