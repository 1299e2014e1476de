//! The one TLS configuration of a process, shared by HTTP and mail.
//!
//! Comes in: the system's certificate store, `SSL_CERT_FILE`, `SSL_CERT_DIR`. Goes out: a rustls client configuration.
//! Always true: public certificate authorities are known even where the system has none, as in a container made from
//! scratch; a certificate file that somebody named and that cannot be read is an error at the start and not a surprise
//! later. Certificates are always verified: there is no way to turn that off.
//!
//! The system's store is read when the first certificate has to be verified: reading its 150 files takes 4 to 10 ms and
//! 1 MB, which a process that has just been started for a webhook does not have.

use crate::value::Fault;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

static ALL_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
static NEWEST_VERSION: &[&SupportedProtocolVersion] = &[&TLS13];

/// The oldest version of TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersion {
    V12,
    #[default]
    V13,
}

impl TlsVersion {
    /// For rustls.
    pub fn and_newer(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            TlsVersion::V12 => ALL_VERSIONS,
            TlsVersion::V13 => NEWEST_VERSION,
        }
    }
}

impl FromStr for TlsVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<TlsVersion, &'static str> {
        match text {
            "1.2" => Ok(TlsVersion::V12),
            "1.3" => Ok(TlsVersion::V13),
            _ => Err("expected 1.2 or 1.3"),
        }
    }
}

/// As everywhere, `SSL_CERT_FILE` and `SSL_CERT_DIR` stand in place of the system's store. The authorities compiled in
/// (Mozilla's list) are always there as well.
///
/// `oldest`: no older version of TLS is spoken.
pub(super) fn client_config(oldest: TlsVersion) -> Result<Arc<ClientConfig>, Fault> {
    let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find(set) {
        Some(name) => {
            let found = rustls_native_certs::load_native_certs();
            if let Some(error) = found.errors.first() {
                return Err(Fault::new(format!("{name} cannot be used: {error}")));
            }
            config(Some(named_roots(name, found.certs)?), oldest)
        }
        None => config(None, oldest),
    }
}

fn named_roots(name: &str, certificates: Vec<CertificateDer<'static>>) -> Result<RootCertStore, Fault> {
    let mut roots = compiled_in();
    match roots.add_parsable_certificates(certificates) {
        (0, _) => Err(Fault::new(format!("{name} holds no usable certificate in PEM format"))),
        _ => Ok(roots),
    }
}

fn compiled_in() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Trusts these authorities; `None`: the system's.
fn config(roots: Option<RootCertStore>, oldest: TlsVersion) -> Result<Arc<ClientConfig>, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let fault = |error: &dyn std::fmt::Display| Fault::new(format!("TLS cannot be used: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(oldest.and_newer())
        .map_err(|error| fault(&error))?;
    let verifier: Arc<dyn ServerCertVerifier> = match roots {
        Some(roots) => WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| fault(&error))?,
        None => Arc::new(SystemRoots { provider, verifier: OnceLock::new() }),
    };
    // "Dangerous" because a verifier could do less than rustls's own; ours is rustls's own, built later.
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

/// rustls's own verifier, built when it is first needed.
#[derive(Debug)]
struct SystemRoots {
    provider: Arc<CryptoProvider>,
    verifier: OnceLock<Arc<WebPkiServerVerifier>>,
}

impl SystemRoots {
    fn verifier(&self) -> Result<&WebPkiServerVerifier, rustls::Error> {
        if let Some(verifier) = self.verifier.get() {
            return Ok(verifier);
        }
        let mut roots = compiled_in();
        // A file of the system that cannot be read is the system's affair: what it has beside that still counts.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider)).build();
        let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(self.verifier.get_or_init(|| verifier))
    }
}

impl ServerCertVerifier for SystemRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Trusts the authorities in a PEM file, and the public ones.
#[cfg(test)]
pub(super) fn trusting(ca_file: &std::path::Path, oldest: TlsVersion) -> Arc<ClientConfig> {
    let certificates = rustls_native_certs::load_certs_from_paths(Some(ca_file), None).certs;
    config(Some(named_roots("SSL_CERT_FILE", certificates).unwrap()), oldest).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_must_hold_a_certificate() {
        let fault = named_roots("SSL_CERT_FILE", Vec::new()).unwrap_err();
        assert_eq!(fault.message, "SSL_CERT_FILE holds no usable certificate in PEM format");
        assert!(named_roots("SSL_CERT_FILE", vec![CertificateDer::from(vec![1, 2, 3])]).is_err());
    }

    #[test]
    fn the_systems_store_is_read_late_and_never_empty() {
        let roots =
            SystemRoots { provider: Arc::new(rustls::crypto::ring::default_provider()), verifier: OnceLock::new() };
        assert!(!roots.supported_verify_schemes().is_empty());
        assert!(roots.verifier.get().is_none());
        assert!(roots.verifier().is_ok() && roots.verifier.get().is_some());
    }

    /// A server that speaks TLS 1.2 and nothing newer.
    #[derive(Debug)]
    struct NoCertificate;

    impl rustls::server::ResolvesServerCert for NoCertificate {
        fn resolve(&self, _: rustls::server::ClientHello) -> Option<Arc<rustls::sign::CertifiedKey>> {
            None
        }
    }

    #[test]
    fn older_versions_have_to_be_asked_for() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(NoCertificate));
        let handshake = |oldest| {
            let name = ServerName::try_from("localhost").unwrap();
            let mut client = rustls::ClientConnection::new(config(None, oldest).unwrap(), name).unwrap();
            let mut server = rustls::ServerConnection::new(Arc::new(server.clone())).unwrap();
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut &*wire).unwrap();
            let _ = server.process_new_packets();
            wire.clear();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut &*wire).unwrap();
            crate::node::failure::tls(&client.process_new_packets().unwrap_err()).message
        };
        let refused = handshake(TlsVersion::V13);
        assert!(refused.contains("--tls-min-version 1.2"), "{refused}");
        // As far as it gets without a certificate.
        let asked_for = handshake(TlsVersion::V12);
        assert!(!asked_for.contains("--tls-min-version"), "{asked_for}");
        assert!("1.1".parse::<TlsVersion>().is_err() && "1.2".parse() == Ok(TlsVersion::V12));
    }
}
