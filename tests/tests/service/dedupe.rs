//! The same delivery twice: the open webhook of the minimal workflow tells deliveries apart by `order_id`, the signed one
//! leaves that to its senders.

use super::client::{Answer, signature};
use super::in_process::{SECRET, Server, check_error};
use flow_runtime::server::Settings;
use std::collections::HashSet;

fn execution_id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["execution_id"].as_str().unwrap().to_owned()
}

#[test]
fn same_key_is_the_same_execution_and_the_same_answer() {
    let server = Server::start(Settings::default(), None);
    let post = |body: &str| server.post("/webhooks/open-webhook", &[], body.as_bytes());
    let first = post(r#"{"order_id": "A-1", "total": 12}"#);
    // Written otherwise, and the same.
    let second = post("{\"order_id\":\"A-1\",\n\"total\":12}");
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert_ne!(execution_id(&post(r#"{"order_id": "A-2"}"#)), execution_id(&first));
    // Also after it has ended.
    assert_eq!(server.execution(&first)["status"], "completed");
    assert_eq!(server.engine.counts().started, 2);
}

#[test]
fn same_key_with_another_body_is_refused() {
    let server = Server::start(Settings::default(), None);
    let post = |body: &str| server.post("/webhooks/open-webhook", &[], body.as_bytes());
    let first = execution_id(&post(r#"{"order_id": "A-1", "total": 12}"#));
    let other = post(r#"{"order_id": "A-1", "total": 13}"#);
    check_error(&other, 422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(other.body["error"]["details"]["execution_id"], first.as_str());
    assert_eq!(server.engine.counts().started, 1);
}

#[test]
fn a_key_whose_last_digits_are_lost_is_refused() {
    let server = Server::start(Settings::default(), None);
    let post = |body: &str| server.post("/webhooks/open-webhook", &[], body.as_bytes());
    let refused = post(r#"{"order_id": 12345678901234567891}"#);
    check_error(&refused, 400, "INVALID_INPUT");
    assert!(refused.body["error"]["message"].as_str().unwrap().ends_with("send it as text"), "{}", refused.body);
    let ids = ["12345678901234567891", "12345678901234567892"];
    let [first, second] = ids.map(|id| execution_id(&post(&format!("{{\"order_id\": \"{id}\"}}"))));
    assert_ne!(first, second);
}

#[test]
fn input_without_a_key_is_not_compared() {
    let server = Server::start(Settings::default(), None);
    let post = |body: &str, headers: &[(&str, &str)]| server.post("/webhooks/open-webhook", headers, body.as_bytes());
    for body in ["{}", r#"{"order_id": null}"#, r#"{"order_id": ""}"#] {
        assert_ne!(execution_id(&post(body, &[])), execution_id(&post(body, &[])), "{body}");
    }
    let named = [("Idempotency-Key", "k")];
    assert_eq!(execution_id(&post("{}", &named)), execution_id(&post("{}", &named)));
}

#[test]
fn senders_name_their_deliveries() {
    let server = Server::start(Settings::default(), Some("any"));
    let mut seen = HashSet::new();
    for header in ["Idempotency-Key", "webhook-id", "X-GitHub-Delivery", "X-Shopify-Webhook-Id"] {
        let body = br#"{"order_id": "A-1"}"#;
        let post = |key: &str, body: &[u8]| {
            let signature = signature(SECRET, body);
            server.post("/webhooks/signed-webhook", &[(header, key), ("X-Signature", &signature)], body)
        };
        let first = execution_id(&post("7", body));
        assert_eq!(execution_id(&post("7", body)), first, "{header}");
        check_error(&post("7", br#"{"order_id": "A-2"}"#), 422, "IDEMPOTENCY_KEY_REUSED");
        assert!(seen.insert(first), "each header has names of its own");
        assert!(seen.insert(execution_id(&post("8", body))), "{header}");
    }
}

#[test]
fn many_at_once_are_one() {
    let server = Server::start(Settings::default(), None);
    let ids: HashSet<String> = std::thread::scope(|scope| {
        let post = || execution_id(&server.post("/webhooks/open-webhook", &[], br#"{"order_id": "A-1"}"#));
        let threads: Vec<_> = (0..24).map(|_| scope.spawn(post)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(server.engine.counts().started, 1);
}
