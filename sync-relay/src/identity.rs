//! The relay's key: made once, kept in `relay.key`, signs receipts and the TLS handshake.

use ed25519_dalek::{Signer, SigningKey};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use techo_wire::label::signed_bytes;
use techo_wire::{Label, RelayKey, frame};
use zeroize::Zeroizing;

const KEY_FILE: &str = "relay.key";

/// Why a relay has no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The key file cannot be read or written.
    #[error("the relay's key file cannot be read or written")]
    Io(#[from] io::Error),
    /// The key file does not hold 32 bytes.
    #[error("the relay's key file is damaged; restore it, or clients will refuse a new key")]
    Damaged,
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Random,
    /// TLS refuses the key.
    #[error("TLS cannot be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The relay's secret key.
pub(crate) struct Identity {
    key: SigningKey,
}

impl Identity {
    /// Reads the key in `dir`, or makes one.
    pub(crate) fn open(dir: &Path) -> Result<Self, IdentityError> {
        let path = dir.join(KEY_FILE);
        match File::open(&path) {
            Ok(mut file) => {
                let mut seed = Zeroizing::new([0; 32]);
                file.read_exact(&mut *seed)
                    .map_err(|_| IdentityError::Damaged)?;
                if file.read(&mut [0])? != 0 {
                    return Err(IdentityError::Damaged);
                }
                Ok(Self {
                    key: SigningKey::from_bytes(&seed),
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(dir, &path),
            Err(error) => Err(error.into()),
        }
    }

    fn make(dir: &Path, path: &Path) -> Result<Self, IdentityError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|_| IdentityError::Random)?;
        // Written beside and renamed: half a key must never stand under the name.
        let beside = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(&*seed)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        File::open(dir)?.sync_all()?;
        Ok(Self {
            key: SigningKey::from_bytes(&seed),
        })
    }

    pub(crate) fn public(&self) -> RelayKey {
        RelayKey::from_bytes(self.key.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, label: Label, message: &[u8]) -> [u8; 64] {
        self.key.sign(&signed_bytes(label, message)).to_bytes()
    }

    /// TLS that shows the raw public key: 1.3 only, no tickets, no early data.
    pub(crate) fn tls(&self) -> Result<rustls::ServerConfig, IdentityError> {
        use rustls::crypto::aws_lc_rs::{self, kx_group};
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
        let provider = rustls::crypto::CryptoProvider {
            kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519],
            ..aws_lc_rs::default_provider()
        };
        // PKCS#8 of an Ed25519 seed (RFC 8410).
        let prefix = [
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        let pkcs8 = Zeroizing::new([&prefix[..], self.key.as_bytes()].concat());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.as_slice())).clone_key();
        let key = provider.key_provider.load_private_key(key).map_err(tls)?;
        let shown = CertificateDer::from(self.public().to_spki().to_vec());
        let certified = Arc::new(rustls::sign::CertifiedKey::new(vec![shown], key));
        let resolver = rustls::server::AlwaysResolvesServerRawPublicKeys::new(certified);
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(tls)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols = vec![frame::ALPN.to_vec()];
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(config)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({:?})", self.public())
    }
}

fn tls(error: impl std::error::Error + Send + Sync + 'static) -> IdentityError {
    IdentityError::Tls(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_damage_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::open(dir.path()).unwrap().public();
        assert_eq!(Identity::open(dir.path()).unwrap().public(), first);
        let path = dir.path().join(KEY_FILE);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        for length in [31, 33] {
            std::fs::write(&path, vec![1; length]).unwrap();
            assert!(matches!(
                Identity::open(dir.path()),
                Err(IdentityError::Damaged)
            ));
        }
    }
}
