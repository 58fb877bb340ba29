//! QUIC without manners: takes any key and sends any bytes.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;
use std::time::Duration;
use techo_relay::{Config, Relay, RunningRelay};
use techo_wire::{Frame, FrameReader, frame, prove};
use tempfile::TempDir;

pub(crate) async fn start() -> (RunningRelay, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path());
    config.listen = vec!["127.0.0.1:0".parse().unwrap()];
    (Relay::start(config).await.unwrap(), dir)
}

pub(crate) struct Raw {
    connection: quinn::Connection,
    _endpoint: quinn::Endpoint,
}

impl Raw {
    pub(crate) async fn connect(relay: &RunningRelay) -> Self {
        Self::connect_as(relay, frame::ALPN).await.unwrap()
    }

    pub(crate) async fn connect_as(
        relay: &RunningRelay,
        alpn: &[u8],
    ) -> Result<Self, quinn::ConnectionError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
        tls.alpn_protocols = vec![alpn.to_vec()];
        let quic = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
        let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        let config = quinn::ClientConfig::new(Arc::new(quic));
        let connecting = endpoint
            .connect_with(config, relay.addresses()[0], "relay")
            .unwrap();
        Ok(Self {
            connection: connecting.await?,
            _endpoint: endpoint,
        })
    }

    pub(crate) fn exporter(&self) -> [u8; 32] {
        let mut exporter = [0; 32];
        self.connection
            .export_keying_material(&mut exporter, prove::EXPORTER_LABEL, b"")
            .unwrap();
        exporter
    }

    /// Sends bytes on a stream of their own, ends it, and returns all frames that come back.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> Vec<Frame> {
        let exchanged = async {
            let (mut send, mut receive) = self.connection.open_bi().await.unwrap();
            // The relay may stop reading before the end.
            drop(send.write_all(bytes).await);
            drop(send.finish());
            let mut reader = FrameReader::default();
            reader.push(&receive.read_to_end(1 << 20).await.unwrap());
            std::iter::from_fn(|| reader.next_frame().unwrap()).collect()
        };
        tokio::time::timeout(Duration::from_secs(20), exchanged)
            .await
            .unwrap()
    }
}

#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
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
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
