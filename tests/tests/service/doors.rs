//! HTTPS, a listener for administration, and what the service manager hears.

use super::client::{send, signature};
use super::in_process::Server;
use super::process::{SECRET, Serving, program};
use flow_runtime::server::{Certificates, Face, Limits, Listener, Settings, TlsVersion, listen};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Writes a new certificate of its own and its key; gives the certificate.
fn certificate(folder: &Path) -> rustls::pki_types::CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

/// A connection over TLS whose handshake is still to come.
fn dial(
    address: SocketAddr,
    trusted: &rustls::pki_types::CertificateDer<'static>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    StreamOwned::new(connection, stream)
}

/// A request over TLS; `None`: the handshake failed, as it does with another certificate.
fn get(address: SocketAddr, trusted: &rustls::pki_types::CertificateDer<'static>) -> Option<String> {
    let mut stream = dial(address, trusted);
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = Vec::new();
    // The end may come without TLS's own farewell.
    let _ = stream.read_to_end(&mut text);
    Some(String::from_utf8(text).unwrap())
}

/// One more listener, with TLS.
fn secure(server: &Server, certificates: &Arc<Certificates>) -> SocketAddr {
    let _guard = server.runtime.enter();
    let socket = listen("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let listener = Listener { socket, face: Face::Both, certificates: Some(Arc::clone(certificates)) };
    // Runs until the server's runtime ends, whether or not anybody waits for it.
    drop(Arc::clone(&server.service).start([listener]));
    address
}

#[test]
fn slow_clients_are_cut_off_within_tls_too() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certificate(folder.path());
    let certificates =
        Certificates::read(&folder.path().join("chain.pem"), &folder.path().join("key.pem"), TlsVersion::V13);
    let limits =
        Limits { stall_max: Duration::from_millis(500), idle_max: Duration::from_secs(3600), ..Limits::default() };
    let settings = Settings { limits, header_timeout: Duration::from_millis(300), ..Settings::default() };
    let server = Server::start(settings, None);
    let address = secure(&server, &certificates.unwrap());
    let begun = Instant::now();
    // Headers that do not come to an end, and a handshake that does not begin.
    let mut slow = dial(address, &trusted);
    slow.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(slow.read(&mut [0; 1000]).unwrap() > 0);
    slow.write_all(b"GET /health/live HTTP/1.1\r\nHost: loc").unwrap();
    let mut silent = TcpStream::connect(address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    for stream in [&mut slow as &mut dyn Read, &mut silent] {
        assert_eq!(stream.read(&mut [0; 100]).unwrap_or_default(), 0);
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "cut off by us, not given up by the client");
    assert!(get(address, &trusted).unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn the_certificate_is_changed_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate(folder.path());
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let certificates = Certificates::read(&chain, &key, TlsVersion::V13).unwrap();
    let server = Server::start(Settings::default(), None);
    let address = secure(&server, &certificates);
    assert!(get(address, &first).unwrap().starts_with("HTTP/1.1 200"));

    let second = certificate(folder.path());
    certificates.reload().unwrap();
    assert!(get(address, &second).unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(get(address, &first), None, "the first certificate is not served any more");

    std::fs::write(&key, "no key").unwrap();
    assert!(certificates.is_outdated());
    let error = certificates.reload().unwrap_err();
    assert!(error.contains("key.pem") && !error.contains("no key"), "{error}");
    assert!(!certificates.is_outdated(), "the same mistake is not reported again and again");
    assert!(get(address, &second).unwrap().starts_with("HTTP/1.1 200"), "what worked is still served");
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    certificate(one.path());
    certificate(other.path());
    let read = |chain: &Path, key: &Path| Certificates::read(chain, key, TlsVersion::V13).err().unwrap();
    assert!(read(&one.path().join("chain.pem"), &other.path().join("key.pem")).contains("chain.pem"));
    assert!(read(&one.path().join("none"), &other.path().join("key.pem")).contains("none"));
    assert!(read(&one.path().join("key.pem"), &one.path().join("key.pem")).contains("no certificate"));
}

#[test]
fn administration_has_a_listener_of_its_own() {
    let mut serving = Serving::start(&["--admin-listen", "127.0.0.1:0", "--allow-ip", "any"]);
    let admin = serving.next_address("administration on http://");
    let body = br#"{"order_id": "A-1"}"#;
    let signed = [("X-Signature", &*signature(SECRET, body))];
    let status = |address, method, path| send(address, method, path, &signed, body).status;
    assert_eq!(status(serving.address, "POST", "/webhooks/signed-webhook"), 200);
    assert_eq!(status(admin, "POST", "/webhooks/signed-webhook"), 404);
    for path in ["/health", "/openapi.json"] {
        assert_eq!((status(serving.address, "GET", path), status(admin, "GET", path)), (404, 200), "{path}");
    }
    for path in ["/health/live", "/health/ready"] {
        assert_eq!((status(serving.address, "GET", path), status(admin, "GET", path)), (200, 200), "{path}");
    }
    let executions = "/api/v1/flows/executions";
    assert_eq!((status(serving.address, "GET", executions), status(admin, "GET", executions)), (404, 403));
}

#[test]
fn keys_come_from_files_and_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    std::fs::write(&file, "# the shop\nfrom-the-file\n").unwrap();
    let mut command = program();
    let named = folder.path().join("named");
    std::fs::write(&named, "from-the-named-file\n").unwrap();
    command.env("FLOW_API_KEYS", "from-the-variable,another").env("FLOW_API_KEYS_FILE", &named);
    let serving = Serving::of(&mut command, &["--api-key-file", file.to_str().unwrap()]);
    let status = |key: &str| {
        let header = [("Authorization", &*format!("Bearer {key}"))];
        send(serving.address, "GET", "/api/v1/flows/executions", &header, b"").status
    };
    assert_eq!(["from-the-file", "from-the-named-file", "from-the-variable", "another"].map(status), [200; 4]);
    assert_eq!(["# the shop", "from-the-variable,another"].map(status), [401; 2]);
}

#[test]
fn a_hangup_ends_nothing() {
    let mut serving = Serving::start(&[]);
    for _ in 0..2 {
        serving.signal("HUP");
        serving.wait_for_line("nothing reloaded");
    }
    assert_eq!(send(serving.address, "GET", "/health/ready", &[], b"").status, 200);
}

#[cfg(target_os = "linux")]
#[test]
fn the_service_manager_hears_how_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut command = program();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000");
    let serving = Serving::of(&mut command, &[]);
    let next = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap().trim().to_owned()
    };
    assert_eq!(next(), "READY=1");
    assert_eq!([next(), next()], ["WATCHDOG=1", "WATCHDOG=1"]);
    serving.terminate();
    while next() != "STOPPING=1" {}
}

#[cfg(unix)]
#[test]
fn sighup_reads_the_certificate_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let arguments = ["--tls-cert", &file("chain.pem"), "--tls-key", &file("key.pem")];
    let mut serving = Serving::https(&arguments);
    assert!(get(serving.address, &first).unwrap().starts_with("HTTP/1.1 200"));
    let second = certificate(folder.path());
    serving.signal("HUP");
    serving.wait_for_line("certificate reloaded");
    assert!(get(serving.address, &second).unwrap().starts_with("HTTP/1.1 200"));
}
