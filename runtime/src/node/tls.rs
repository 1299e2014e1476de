//! The one TLS configuration of a process, shared by HTTP and mail.
//!
//! Comes in: the system's certificate store, `SSL_CERT_FILE`, `SSL_CERT_DIR`. Goes out: a rustls client configuration.
//! Always true: public certificate authorities are known even where the system has none, as in a container made from
//! scratch; a certificate file that somebody named and that cannot be read is an error and not a surprise later.

use crate::value::Fault;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// As everywhere, `SSL_CERT_FILE` and `SSL_CERT_DIR` stand in place of the system's store. The authorities compiled in
/// (Mozilla's list) are always there as well.
pub(super) fn client_config() -> Result<Arc<ClientConfig>, Fault> {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let found = rustls_native_certs::load_native_certs();
    // Without a name an unreadable file is the system's affair.
    if let (Some(name), Some(error)) = (named, found.errors.first()) {
        return Err(Fault::new(format!("{name} cannot be used: {error}")));
    }
    if let (Some(name), true) = (named, found.certs.is_empty()) {
        return Err(Fault::new(format!("{name} holds no certificate in PEM format")));
    }
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    if let (Some(name), 0, 1..) = (named, added, ignored) {
        return Err(Fault::new(format!("{name} holds no usable certificate")));
    }
    config(roots)
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, Fault> {
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::new(format!("TLS cannot be used: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Trusts only the authorities in a PEM file.
#[cfg(test)]
pub(super) fn trusting(ca_file: &std::path::Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_certs_from_paths(Some(ca_file), None).certs);
    config(roots).unwrap()
}
