//! TLS for the server: its certificate, which can be changed while it runs.
//!
//! Comes in: two files in PEM format. Goes out: what accepts handshakes.
//! Always true: a connection keeps the certificate it began with; new ones get the newest that could be read. Files that
//! cannot be used are an error at the start; later they are logged, and the certificate in use stays.

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;
use tokio_rustls::TlsAcceptor;

/// The versions of TLS that are spoken, to clients and by the server.
pub use crate::node::TlsVersion;

pub struct Certificates {
    chain: PathBuf,
    key: PathBuf,
    oldest: TlsVersion,
    current: RwLock<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    changed: [Option<SystemTime>; 2],
}

impl Certificates {
    /// `chain`: the certificate and those that lead to an authority; `key`: its private key.
    ///
    /// # Errors
    /// Files that cannot be used, or that do not belong together.
    pub fn read(chain: &Path, key: &Path, oldest: TlsVersion) -> Result<Arc<Certificates>, String> {
        let changed = changed(chain, key);
        let config = config(chain, key, oldest)?;
        let current = RwLock::new(Current { config, changed });
        Ok(Arc::new(Certificates { chain: chain.into(), key: key.into(), oldest, current }))
    }

    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).config))
    }

    /// Have the files been changed since they were read?
    pub fn is_outdated(&self) -> bool {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        changed(&self.chain, &self.key) != current.changed
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// Files that cannot be used; nothing has changed then. Not tried again until they change.
    pub fn reload(&self) -> Result<(), String> {
        let changed = changed(&self.chain, &self.key);
        let config = config(&self.chain, &self.key, self.oldest);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.changed = changed;
        current.config = config?;
        Ok(())
    }
}

fn changed(chain: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [chain, key].map(|file| std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok())
}

fn config(chain: &Path, key: &Path, oldest: TlsVersion) -> Result<Arc<ServerConfig>, String> {
    let of = |file: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| of(chain, &error))?;
    if certificates.is_empty() {
        return Err(of(chain, &"there is no certificate in PEM format in it"));
    }
    // The reason may show a part of the file, which is nobody's business.
    let private = PrivateKeyDer::from_pem_file(key).map_err(|_| of(key, &"there is no private key in PEM format"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(oldest.and_newer())
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| of(chain, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
