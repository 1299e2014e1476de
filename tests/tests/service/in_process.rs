//! The server in this process, with limits and a clock of the test's own.

use super::client::{Answer, connect, read_answer, request, send, signature};
use crate::workflow::WORKFLOW;
use flow_runtime::engine::{Clock, Engine, Timestamp};
use flow_runtime::env::{Environment, Paths, Sources};
use flow_runtime::journal::Memory;
use flow_runtime::node::Services;
use flow_runtime::server::{Face, Listener, Running, Service, Settings, listen};
use flow_runtime::trigger::{AddressList, WebhookTrigger, previous_secrets};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The moment of Standard Webhooks' published example.
const NOW: u64 = 1_614_265_330;

struct Fixed;

impl Clock for Fixed {
    fn wall(&self) -> Timestamp {
        Timestamp { millis: NOW * 1000 }
    }
}

pub struct Server {
    pub runtime: Runtime,
    pub running: Running,
    pub service: Arc<Service>,
    pub engine: Arc<Engine>,
    pub address: SocketAddr,
}

impl Server {
    /// `allowed`: what the operator says.
    pub fn start(settings: Settings, allowed: Option<&str>) -> Server {
        Server::on(settings, allowed, &[Face::Both]).0
    }

    /// With several listeners; their addresses.
    pub fn listening<const N: usize>(settings: Settings, faces: [Face; N]) -> (Server, Vec<SocketAddr>) {
        Server::on(settings, None, &faces)
    }

    fn on(settings: Settings, allowed: Option<&str>, faces: &[Face]) -> (Server, Vec<SocketAddr>) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let process = |name: &str| match name {
            "WEBHOOK_SECRET" => Some(OsString::from(SECRET)),
            "WEBHOOK_SECRET_PREVIOUS" => Some(OsString::from("before")),
            _ => None,
        };
        let sources = Sources::with_process(Box::new(process), Path::new("/nowhere"), &Paths::default()).unwrap();
        let environment = Environment::load(WORKFLOW.environment, &sources).unwrap();
        let previous = previous_secrets(&WORKFLOW, &sources).unwrap();
        let allowed = allowed.map(|text| AddressList::parse([text]).unwrap());
        let webhooks = WebhookTrigger::all(&WORKFLOW, &environment, &previous, allowed.as_ref()).unwrap();
        let guard = runtime.enter();
        let engine = Engine::new(&WORKFLOW, environment, Services::new(&WORKFLOW).unwrap(), Arc::new(Memory));
        let listener = |face: &Face| Listener { face: *face, ..listen("127.0.0.1:0").unwrap().into() };
        let listeners: Vec<Listener> = faces.iter().map(listener).collect();
        let addresses: Vec<SocketAddr> = listeners.iter().map(|one| one.socket.local_addr().unwrap()).collect();
        let service = Service::new(Arc::clone(&engine), webhooks, settings, Box::new(Fixed));
        let running = Arc::clone(&service).start(listeners);
        drop(guard);
        (Server { runtime, running, service, engine, address: addresses[0] }, addresses)
    }

    pub(super) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        send(self.address, "POST", path, headers, body)
    }

    /// The execution an answer speaks of, once nothing runs any more.
    pub fn execution(&self, answer: &Answer) -> serde_json::Value {
        self.runtime.block_on(self.engine.drain(Duration::from_secs(10)));
        let id = answer.body["execution_id"].as_str().unwrap();
        serde_json::from_str(&self.engine.view(id).unwrap()).unwrap()
    }
}

pub fn check_error(answer: &Answer, status: u16, code: &str) {
    let error = &answer.body["error"];
    assert_eq!((answer.status, error["code"].as_str()), (status, Some(code)), "{}", answer.body);
    assert!(!error["message"].as_str().unwrap().is_empty() && error["details"].is_object(), "{}", answer.body);
    assert!(answer.body["timestamp"].as_str().unwrap().ends_with('Z'), "{}", answer.body);
    assert!(answer.body["request_id"].as_str().unwrap().starts_with("req-"), "{}", answer.body);
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
}

#[test]
fn signed_webhook_is_accepted_and_runs() {
    let server = Server::start(Settings::default(), Some("127.0.0.0/8"));
    let body = br#" {"order_id": "A-1"} "#;
    let answer = server.post("/webhooks/signed-webhook", &[("X-Signature", &signature(SECRET, body))], body);
    assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some("accepted")), "{}", answer.body);
    let execution = server.execution(&answer);
    assert_eq!(execution["status"], "completed", "{execution}");
    assert_eq!(execution["execution_id"], answer.body["execution_id"]);
    assert!(execution["executed_nodes"].to_string().contains("\"check\""), "{execution}");
}

/// Standard Webhooks' published example.
const STANDARD_BODY: &[u8] = br#"{"test": 2432232314}"#;
const STANDARD: [(&str, &str); 3] = [
    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
    ("webhook-timestamp", "1614265330"),
    ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
];

#[test]
fn every_scheme_and_the_previous_secret_are_accepted() {
    let server = Server::start(Settings::default(), Some("any"));
    let body = STANDARD_BODY;
    assert_eq!(server.post("/webhooks/signed-webhook", &STANDARD, body).status, 200);
    let github = [("X-Hub-Signature-256", &*signature(SECRET, body))];
    assert_eq!(server.post("/webhooks/signed-webhook", &github, body).status, 200);
    let previous = [("x-signature", &*signature("before", body))];
    assert_eq!(server.post("/webhooks/signed-webhook", &previous, body).status, 200);
}

#[test]
fn a_captured_delivery_is_no_new_one_under_another_key() {
    let server = Server::start(Settings::default(), Some("any"));
    let first = server.post("/webhooks/signed-webhook", &STANDARD, STANDARD_BODY);
    for header in ["Idempotency-Key", "X-GitHub-Delivery"] {
        let replayed = [&[(header, "another")], &STANDARD[..]].concat();
        let again = server.post("/webhooks/signed-webhook", &replayed, STANDARD_BODY);
        assert_eq!((again.status, &again.body["execution_id"]), (200, &first.body["execution_id"]), "{header}");
    }
    assert_eq!(server.engine.counts().started, 1);
}

#[test]
fn bad_signatures_are_refused_before_the_body_is_read_as_json() {
    let server = Server::start(Settings::default(), Some("127.0.0.1"));
    for body in [&b"{}"[..], b"no json", b""] {
        let wrong = [("X-Signature", &*signature("guess", body))];
        check_error(&server.post("/webhooks/signed-webhook", &wrong, body), 401, "INVALID_SIGNATURE");
        check_error(&server.post("/webhooks/signed-webhook", &[], body), 401, "INVALID_SIGNATURE");
    }
}

#[test]
fn without_a_signature_the_body_is_not_waited_for() {
    let server = Server::start(Settings::default(), Some("any"));
    let mut stream = connect(server.address);
    // A sender that asks first would be told to go on, and one that says nothing would be waited for.
    let head = "POST /webhooks/signed-webhook HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nConnection: close\r\n\
                Content-Length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    check_error(&read_answer(&mut stream), 401, "INVALID_SIGNATURE");
    // One that has begun to send gets its answer when all of it is there, and long before the time for bodies is up.
    let body = vec![b' '; 300_000];
    check_error(&server.post("/webhooks/signed-webhook", &[], &body), 401, "INVALID_SIGNATURE");
    let mut stream = connect(server.address);
    let begun = Instant::now();
    let whole = request("POST", "/webhooks/signed-webhook", &[], &body);
    stream.write_all(&whole[..whole.len() - 1]).unwrap();
    check_error(&read_answer(&mut stream), 401, "INVALID_SIGNATURE");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn forbidden_address_is_refused_before_anything_else() {
    let server = Server::start(Settings { body_max: 10, ..Settings::default() }, None);
    let body = br#"{"order_id": "larger than ten bytes"}"#;
    let signed = [("X-Signature", &*signature(SECRET, body))];
    check_error(&server.post("/webhooks/signed-webhook", &signed, body), 403, "ADDRESS_NOT_ALLOWED");
    // Nobody made this peer a proxy: what it says about others does not count.
    let forged = [("X-Forwarded-For", "10.0.0.1")];
    check_error(&server.post("/webhooks/signed-webhook", &forged, b"{}"), 403, "ADDRESS_NOT_ALLOWED");
}

#[test]
fn trusted_proxy_speaks_for_its_clients() {
    let trusted_proxies = AddressList::parse(["127.0.0.1"]).unwrap();
    let server = Server::start(Settings { trusted_proxies, ..Settings::default() }, None);
    let signature = signature(SECRET, b"{}");
    let from = |client| server.post("/webhooks/signed-webhook", &[("X-Signature", &signature), client], b"{}").status;
    assert_eq!(from(("X-Forwarded-For", "10.0.0.1")), 200);
    assert_eq!(from(("X-Forwarded-For", "10.0.0.1, 8.8.8.8")), 403);
}

#[test]
fn large_bodies_are_refused_before_their_signature_is_checked() {
    let server = Server::start(Settings { body_max: 100, ..Settings::default() }, Some("any"));
    let large = vec![b' '; 300_000];
    let answer = server.post("/webhooks/signed-webhook", &[], &large);
    check_error(&answer, 413, "PAYLOAD_TOO_LARGE");
    assert_eq!(answer.body["error"]["details"]["max_bytes"], 100);

    // Without a length: the size shows only as it comes.
    let mut stream = connect(server.address);
    let head =
        "POST /webhooks/open-webhook HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..3 {
        stream.write_all(&[b"28\r\n", &[b' '; 0x28][..], b"\r\n"].concat()).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    check_error(&read_answer(&mut stream), 413, "PAYLOAD_TOO_LARGE");

    // A sender that asks first is told before it sends.
    let mut stream = connect(server.address);
    let head =
        "POST /webhooks/open-webhook HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[test]
fn body_in_several_pieces_is_one_body() {
    let server = Server::start(Settings::default(), Some("any"));
    let body = format!("{{\"order_id\": \"A-1\", \"note\": \"{}\"}}", "n".repeat(200_000));
    let signed = [("X-Signature", &*signature(SECRET, body.as_bytes()))];
    assert_eq!(server.post("/webhooks/signed-webhook", &signed, body.as_bytes()).status, 200);
}

#[test]
fn bodies_that_are_no_json_object() {
    let server = Server::start(Settings::default(), None);
    let post = |headers: &[(&str, &str)], body: &[u8]| server.post("/webhooks/open-webhook", headers, body);
    let answer = post(&[], b"{\n  \"order_id\": }");
    check_error(&answer, 400, "INVALID_JSON");
    assert_eq!(answer.body["error"]["details"], serde_json::json!({"line": 2, "column": 15}));
    check_error(&post(&[], b""), 400, "INVALID_JSON");
    check_error(&post(&[("Content-Type", "application/json")], b"order=1"), 400, "INVALID_JSON");
    check_error(&post(&[], b"[1]"), 400, "INVALID_INPUT");
    check_error(&post(&[], b"null"), 400, "INVALID_INPUT");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    check_error(&post(&form, b"payload=%7B%7D"), 415, "UNSUPPORTED_MEDIA_TYPE");
    check_error(&post(&[("Content-Encoding", "gzip")], &[0x1f, 0x8b, 8]), 415, "UNSUPPORTED_MEDIA_TYPE");
    // What `curl -d` says about every body.
    assert_eq!(post(&form, br#"{"order_id": 1}"#).status, 200);
}

#[test]
fn unknown_paths_and_methods() {
    let server = Server::start(Settings::default(), None);
    check_error(&server.post("/webhooks/other", &[], b"{}"), 404, "NOT_FOUND");
    check_error(&server.post("/webhooks/", &[], b"{}"), 404, "NOT_FOUND");
    // In a path there are bytes that are not UTF-8; that is no reason to answer otherwise.
    check_error(&server.post("/webhooks/%ff", &[], b"{}"), 404, "NOT_FOUND");
    check_error(&send(server.address, "GET", "/", &[], b""), 404, "NOT_FOUND");
    let answer = send(server.address, "GET", "/webhooks/open-webhook", &[], b"");
    check_error(&answer, 405, "METHOD_NOT_ALLOWED");
    assert!(answer.head.contains("allow: post"), "{}", answer.head);
}

#[test]
fn health() {
    let server = Server::start(Settings::default(), None);
    let get = |path| send(server.address, "GET", path, &[], b"");
    let health = get("/health");
    let expected = serde_json::json!({"status": "ok", "workflow": "minimal", "version": "1.2.3"});
    assert_eq!((health.status, health.body), (200, expected));
    assert_eq!(get("/health/live").status, 200);
    assert_eq!(get("/health/ready").status, 200);
}

#[test]
fn headers_that_never_end_are_cut_off() {
    let settings = Settings { header_timeout: Duration::from_millis(50), ..Settings::default() };
    let server = Server::start(settings, None);
    let mut stream = connect(server.address);
    stream.write_all(b"POST /webhooks/open-webhook HTTP/1.1\r\nHost: te").unwrap();
    let mut rest = Vec::new();
    // Ends, with or without an answer; without the time-out it would run into the client's own.
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
}

#[test]
fn body_that_never_ends_is_cut_off() {
    let settings = Settings { body_timeout: Duration::from_millis(50), ..Settings::default() };
    let server = Server::start(settings, None);
    let mut stream = connect(server.address);
    let whole = request("POST", "/webhooks/open-webhook", &[], b"{\"order_id\": 1}");
    stream.write_all(&whole[..whole.len() - 1]).unwrap();
    check_error(&read_answer(&mut stream), 408, "REQUEST_TIMEOUT");
}

#[test]
fn open_connections_hold_up_the_end_no_longer_than_agreed() {
    let settings = Settings { close_limit: Duration::from_millis(100), ..Settings::default() };
    let server = Server::start(settings, None);
    let mut stream = connect(server.address);
    let whole = request("POST", "/webhooks/open-webhook", &[], b"{\"order_id\": 1}");
    stream.write_all(&whole[..whole.len() - 1]).unwrap();
    // Once this is answered, the connection before it has been accepted too.
    assert_eq!(send(server.address, "GET", "/health/live", &[], b"").status, 200);
    let (asked, address) = (Instant::now(), server.address);
    let Server { runtime, mut running, .. } = server;
    runtime.block_on(running.stop());
    assert!(asked.elapsed() < Duration::from_secs(10));
    assert!(std::net::TcpStream::connect(address).is_err());
}
