//! A certificate authority of the world's own, and the mail server's certificate for `localhost` and 127.0.0.1.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

pub(crate) struct Certificates {
    acceptor: TlsAcceptor,
    ca_file: NamedTempFile,
}

impl Certificates {
    pub(crate) fn new() -> io::Result<Certificates> {
        let (ca_pem, chain, key) = make().map_err(io::Error::other)?;
        let mut ca_file = tempfile::Builder::new().prefix("world-ca-").suffix(".pem").tempfile()?;
        ca_file.write_all(ca_pem.as_bytes())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        Ok(Certificates { acceptor: TlsAcceptor::from(Arc::new(config)), ca_file })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    pub(crate) fn ca_file(&self) -> &Path {
        self.ca_file.path()
    }
}

type Made = (String, Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The authority as PEM, the server's certificate, its key.
fn make() -> Result<Made, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "flow-world test authority");
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let mut server = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    server.distinguished_name.push(DnType::CommonName, "localhost");
    server.use_authority_key_identifier_extension = true;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate()?;
    let server_certificate = server.signed_by(&server_key, &issuer)?;

    let key = PrivateKeyDer::try_from(server_key.serialize_der()).expect("rcgen writes PKCS #8");
    Ok((authority_certificate.pem(), vec![server_certificate.der().clone()], key))
}
