//! Bare QUIC with the product's settings: TLS 1.3, raw public keys (RFC 7250), hybrid key exchange,
//! no tickets, no early data, the same windows.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use techo_vault::crypto::SigningKey;
use techo_wire::{RelayKey, frame};

const SEED: [u8; 32] = [9; 32];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519],
        ..aws_lc_rs::default_provider()
    })
}

fn spki() -> [u8; 44] {
    RelayKey::from_bytes(SigningKey::from_seed(&SEED).public()).to_spki()
}

/// Listens on the loopback.
pub(crate) fn server(port: u16) -> quinn::Endpoint {
    let provider = provider();
    let prefix = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    let pkcs8 = PrivateKeyDer::Pkcs8([&prefix[..], &SEED].concat().into());
    let key = provider.key_provider.load_private_key(pkcs8).unwrap();
    let shown = CertificateDer::from(spki().to_vec());
    let certified = Arc::new(rustls::sign::CertifiedKey::new(vec![shown], key));
    let resolver = rustls::server::AlwaysResolvesServerRawPublicKeys::new(certified);
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    tls.alpn_protocols = vec![frame::ALPN.to_vec()];
    tls.send_tls13_tickets = 0;
    let crypto = QuicServerConfig::try_from(tls).unwrap();
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    let mut transport = quiet();
    transport
        .max_concurrent_bidi_streams(4u32.into())
        .stream_receive_window((256u32 << 10).into())
        .receive_window((512u32 << 10).into())
        .send_window(512 << 10);
    config.transport_config(Arc::new(transport));
    quinn::Endpoint::server(config, ([127, 0, 0, 1], port).into()).unwrap()
}

fn quiet() -> quinn::TransportConfig {
    let mut transport = quinn::TransportConfig::default();
    transport
        .max_idle_timeout(Some(Duration::from_secs(90).try_into().unwrap()))
        .max_concurrent_uni_streams(0u32.into())
        .datagram_receive_buffer_size(None);
    transport
}

fn client() -> quinn::Endpoint {
    let mut tls = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(provider())))
        .with_no_client_auth();
    tls.alpn_protocols = vec![frame::ALPN.to_vec()];
    tls.resumption = Resumption::disabled();
    tls.enable_sni = false;
    let crypto = QuicClientConfig::try_from(tls).unwrap();
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    let mut transport = quiet();
    transport
        .max_concurrent_bidi_streams(0u32.into())
        .stream_receive_window((1u32 << 20).into())
        .receive_window((4u32 << 20).into())
        .send_window(256 << 10);
    config.transport_config(Arc::new(transport));
    let mut endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
    endpoint.set_default_client_config(config);
    endpoint
}

/// Connects and opens the one stream, whose first byte says what for.
pub(crate) async fn dial(
    port: u16,
    role: u8,
) -> (quinn::Connection, quinn::SendStream, quinn::RecvStream) {
    static ENDPOINT: OnceLock<quinn::Endpoint> = OnceLock::new();
    let endpoint = ENDPOINT.get_or_init(client);
    let connecting = endpoint.connect(([127, 0, 0, 1], port).into(), "relay");
    let connection = connecting.unwrap().await.unwrap();
    let (mut send, receive) = connection.open_bi().await.unwrap();
    send.write_all(&[role]).await.unwrap();
    (connection, send, receive)
}

#[derive(Debug)]
struct Pinned(Arc<CryptoProvider>);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert_eq!(shown.as_ref(), spki(), "the floor's own relay");
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let spki = SubjectPublicKeyInfoDer::from(shown.as_ref());
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &spki, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
