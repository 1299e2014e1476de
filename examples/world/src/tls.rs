//! A certificate authority of the world's own, and a certificate for `localhost`, 127.0.0.1 and every `….world.test` that its
//! servers share.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

pub(crate) struct Certificates {
    config: ServerConfig,
    ca_file: PathBuf,
    folder: TempDir,
}

impl Certificates {
    pub(crate) fn new() -> io::Result<Certificates> {
        let made = make().map_err(io::Error::other)?;
        let folder = tempfile::Builder::new().prefix("world-").tempdir()?;
        let files =
            [("ca.pem", &made.authority_pem), ("server.pem", &made.server_pem), ("server.key", &made.server_key_pem)];
        for (name, text) in files {
            fs::write(folder.path().join(name), text)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![made.server], made.server_key)
            .map_err(io::Error::other)?;
        let ca_file = folder.path().join("ca.pem");
        Ok(Certificates { config, ca_file, folder })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::new(self.config.clone()))
    }

    /// Offers what the HTTP services speak.
    pub(crate) fn https_acceptor(&self) -> TlsAcceptor {
        let mut config = self.config.clone();
        if cfg!(feature = "http2") {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        TlsAcceptor::from(Arc::new(config))
    }

    pub(crate) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Holds `ca.pem`, `server.pem` and `server.key`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

struct Made {
    authority_pem: String,
    server_pem: String,
    server_key_pem: String,
    server: CertificateDer<'static>,
    server_key: PrivateKeyDer<'static>,
}

fn make() -> Result<Made, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "flow-world test authority");
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let mut server = CertificateParams::new(["localhost", "127.0.0.1", "*.world.test"].map(str::to_owned))?;
    server.distinguished_name.push(DnType::CommonName, "localhost");
    server.use_authority_key_identifier_extension = true;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate()?;
    let server_certificate = server.signed_by(&server_key, &issuer)?;

    Ok(Made {
        authority_pem: authority_certificate.pem(),
        server_pem: server_certificate.pem(),
        server_key_pem: server_key.serialize_pem(),
        server: server_certificate.der().clone(),
        server_key: PrivateKeyDer::try_from(server_key.serialize_der()).expect("rcgen writes PKCS #8"),
    })
}
