//! rustls: mutual TLS 1.3 on X25519MLKEM768 and AES-256-GCM by aws-lc-rs, without resumption or tickets.

use std::io::Read;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    ServerConfig, ServerConnection, SignatureScheme,
};

use crate::measure::{BenchError, Unit, Workload};

/// With raw public keys (RFC 7250), each side knowing the other's.
///
/// # Errors
/// Should the setup fail.
pub(crate) fn raw_public_keys() -> Result<Workload, BenchError> {
    let provider = provider();
    let (client, server) = (raw_key(&provider)?, raw_key(&provider)?);
    let expects = |key: &CertifiedKey| -> Result<Arc<KnownKey>, BenchError> {
        let spki = SubjectPublicKeyInfoDer::from(key.end_entity_cert()?.to_vec());
        Ok(Arc::new(KnownKey { spki, provider: provider.clone() }))
    };
    let client_config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(expects(&server)?)
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(client.clone())));
    let server_config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(expects(&client)?)
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(server)));
    workload("peer.rustls.rpk", client_config, server_config)
}

/// With certificates, both of one authority.
///
/// # Errors
/// Should the setup fail.
pub(crate) fn certificates() -> Result<Workload, BenchError> {
    let provider = provider();
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key_pair()?)?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let roots = Arc::new(roots);
    let issued = || -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), BenchError> {
        let key = key_pair()?;
        let certificate = CertificateParams::new(vec![SERVER_NAME.into()])?.signed_by(&key, &authority)?;
        Ok((vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into())))
    };
    let (client_chain, client_key) = issued()?;
    let (server_chain, server_key) = issued()?;
    let client_config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots.clone())
        .with_client_auth_cert(client_chain, client_key)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone()).build()?;
    let server_config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(server_chain, server_key)?;
    workload("peer.rustls.cert", client_config, server_config)
}

fn workload(
    name: &'static str,
    mut client_config: ClientConfig,
    mut server_config: ServerConfig,
) -> Result<Workload, BenchError> {
    client_config.resumption = Resumption::disabled();
    server_config.send_tls13_tickets = 0;
    server_config.session_storage = Arc::new(NoServerSessionStorage {});
    let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
    let server_name = ServerName::try_from(SERVER_NAME)?;
    let mut wire = Vec::with_capacity(16 * 1024);
    let run = Box::new(move || {
        let mut client = ClientConnection::new(client_config.clone(), server_name.clone())?;
        let mut server = ServerConnection::new(server_config.clone())?;
        while client.is_handshaking() || server.is_handshaking() {
            wire.clear();
            while client.wants_write() {
                client.write_tls(&mut wire)?;
            }
            deliver(&wire, |bytes| server.read_tls(bytes).map(drop))?;
            server.process_new_packets()?;
            wire.clear();
            while server.wants_write() {
                server.write_tls(&mut wire)?;
            }
            deliver(&wire, |bytes| client.read_tls(bytes).map(drop))?;
            client.process_new_packets()?;
        }
        Ok(())
    });
    let prepare = Box::new(|_| Ok(()));
    Ok(Workload { name, baseline: "peer.rustls.rpk", unit: Unit::Micros, runs_per_sample: 1, prepare, run })
}

fn deliver(wire: &[u8], mut read: impl FnMut(&mut dyn Read) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut unread = wire;
    while !unread.is_empty() {
        read(&mut unread)?;
    }
    Ok(())
}

/// Offers and takes nothing but what is compared.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384],
        ..aws_lc_rs::default_provider()
    })
}

/// Ed25519: in aws-lc the faster of the two that people use.
fn key_pair() -> Result<KeyPair, BenchError> {
    Ok(KeyPair::generate_for(&rcgen::PKCS_ED25519)?)
}

fn raw_key(provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, BenchError> {
    let pair = key_pair()?;
    let private = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
    let signing = provider.key_provider.load_private_key(private)?;
    let spki = signing.public_key().ok_or("the signing key has no public half")?;
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki.to_vec())], signing)))
}

/// Takes one key and no other.
#[derive(Debug)]
struct KnownKey {
    spki: SubjectPublicKeyInfoDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl KnownKey {
    fn check(&self, presented: &[u8]) -> Result<(), Error> {
        if presented == self.spki.as_ref() { Ok(()) } else { Err(Error::General("another key".into())) }
    }

    fn verify(&self, message: &[u8], dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(
            message,
            &self.spki,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }
}

impl ServerCertVerifier for KnownKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
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
        _: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for KnownKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
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
        _: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

const SERVER_NAME: &str = "answerer.example";
