//! `/api/v1/flows/…` of the server in this process.

use super::client::{Answer, send};
use super::in_process::{Server, check_error};
use flow_runtime::server::{ApiKeys, ApiSettings, Settings};
use serde_json::{Value, json};

const KEY: (&str, &str) = ("Authorization", "Bearer the-new-key");

fn server(keys: &str) -> Server {
    let mut api = ApiSettings { keys: ApiKeys::default(), allow_env: vec![0] };
    api.keys.add(keys).unwrap();
    Server::start(Settings { api, ..Settings::default() }, None)
}

fn with_key() -> Server {
    server("the-old-key,the-new-key")
}

fn post(server: &Server, path: &str, body: &Value) -> Answer {
    send(server.address, "POST", &format!("/api/v1/flows/{path}"), &[KEY], body.to_string().as_bytes())
}

fn get(server: &Server, path: &str) -> Answer {
    send(server.address, "GET", &format!("/api/v1/flows/{path}"), &[KEY], b"")
}

const PATHS: [(&str, &str); 7] = [
    ("POST", "validate"),
    ("POST", "execute"),
    ("GET", "execution/exec-1"),
    ("DELETE", "execution/exec-1"),
    ("GET", "execution/%ff"),
    ("DELETE", "execution/%ff"),
    ("GET", "executions"),
];

#[test]
fn nothing_opens_without_a_key() {
    let server = with_key();
    for (method, path) in PATHS {
        let path = format!("/api/v1/flows/{path}");
        let answer = send(server.address, method, &path, &[], b"{}");
        check_error(&answer, 401, "UNAUTHORIZED");
        assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
        let guess = [("Authorization", "Bearer the-old-ke")];
        check_error(&send(server.address, method, &path, &guess, b"no json"), 401, "UNAUTHORIZED");
    }
    let old = [("Authorization", "bearer the-old-key")];
    assert_eq!(send(server.address, "GET", "/api/v1/flows/executions", &old, b"").status, 200);
    check_error(&send(server.address, "GET", "/api/v1/flows/execution/%ff", &old, b""), 404, "EXECUTION_NOT_FOUND");
}

#[test]
fn without_any_key_the_api_is_off_and_says_how_to_switch_it_on() {
    let server = server("");
    for (method, path) in PATHS {
        let answer = send(server.address, method, &format!("/api/v1/flows/{path}"), &[KEY], b"{}");
        check_error(&answer, 403, "API_DISABLED");
        assert!(answer.body["error"]["message"].as_str().unwrap().contains("FLOW_API_KEYS"));
    }
}

#[test]
fn an_execution_is_started_watched_and_listed() {
    let server = with_key();
    let started = post(&server, "execute", &json!({"input_variables": {"order_id": "A-1"}}));
    let id = started.body["execution_id"].as_str().unwrap().to_owned();
    assert_eq!(started.status, 200);
    assert_eq!(started.body, json!({"success": true, "execution_id": id, "status": "running"}));
    server.execution(&started);
    let execution = get(&server, &format!("execution/{id}"));
    assert_eq!((execution.status, &execution.body["status"]), (200, &json!("completed")), "{}", execution.body);

    let list = get(&server, "executions?status=completed&limit=10");
    assert_eq!(list.body["total_count"], 1);
    assert_eq!(list.body["pagination"], json!({"limit": 10, "offset": 0, "has_more": false}));
    let listed = &list.body["executions"][0];
    for field in ["execution_id", "flow_id", "status", "started_at", "completed_at", "duration", "error_message"] {
        assert_eq!(listed[field], execution.body[field], "{field}");
    }
    assert_eq!(get(&server, "executions?status=error").body["executions"], json!([]));
    assert_eq!(get(&server, "executions?start_date=2100-01-01").body["total_count"], 0);
    check_error(&get(&server, "executions?state=error"), 400, "INVALID_PARAMETER");
    check_error(&get(&server, "execution/exec-00000000000000000000000000000000"), 404, "EXECUTION_NOT_FOUND");
    check_error(&get(&server, "execution/1"), 404, "EXECUTION_NOT_FOUND");
}

#[test]
fn whoever_waits_gets_the_whole_execution() {
    let server = with_key();
    let answer = post(&server, "execute", &json!({"input_variables": {"order_id": "A-1"}, "wait": true}));
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("completed")), "{}", answer.body);
    assert_eq!(answer.body["execution"]["execution_id"], answer.body["execution_id"]);
    assert_eq!(answer.body["execution"]["progress"], 100);
    let ended = format!("/api/v1/flows/execution/{}", answer.body["execution_id"].as_str().unwrap());
    let cancelled = send(server.address, "DELETE", &ended, &[KEY], b"");
    check_error(&cancelled, 409, "EXECUTION_ENDED");
    assert_eq!(cancelled.body["error"]["details"], json!({"status": "completed"}));
}

#[test]
fn flow_data_must_be_the_compiled_workflow() {
    let server = with_key();
    let valid = post(&server, "validate", &json!({"name": "minimal"}));
    assert_eq!((valid.status, &valid.body["valid"], &valid.body["errors"]), (200, &json!(true), &json!([])));
    assert_eq!(valid.body["metadata"]["version"], "1.2.3");
    let wrapped = post(&server, "validate", &json!({"flow_data": {"name": "minimal"}}));
    assert_eq!(wrapped.body["valid"], true);
    for other in [json!({"name": "other"}), json!({}), json!({"flow_data": {"name": "x"}})] {
        let invalid = post(&server, "validate", &other);
        assert_eq!((invalid.status, &invalid.body["valid"]), (200, &json!(false)));
        assert_eq!(invalid.body["errors"][0]["type"], "WORKFLOW_MISMATCH");
        assert!(invalid.body["errors"][0]["message"].as_str().unwrap().contains("flowc"));
    }
    let execute = |flow_data: Value| post(&server, "execute", &json!({"flow_data": flow_data, "wait": 10}));
    assert_eq!(execute(json!({"name": "minimal"})).status, 200);
    assert_eq!(execute(json!(null)).status, 200);
    check_error(&execute(json!({"name": "maximal"})), 422, "WORKFLOW_MISMATCH");
}

#[test]
fn inputs_have_to_fit_the_schema() {
    let server = with_key();
    let body = json!({"input_variables": {"order_id": ["4111 1111 1111 1111"]}});
    let answer = post(&server, "execute", &body);
    check_error(&answer, 422, "INPUT_MISMATCH");
    let expected = json!([{"path": "$.order_id", "message": "expected a text or a number, not a list"}]);
    assert_eq!(answer.body["error"]["details"]["mismatches"], expected);
    assert!(!answer.body.to_string().contains("4111"), "{}", answer.body);
}

#[test]
fn variables_may_be_as_large_as_a_body() {
    let mut settings = Settings { body_max: 20 * 1024 * 1024, ..Settings::default() };
    settings.api.keys.add("the-new-key").unwrap();
    let server = Server::start(settings, None);
    let note = "x".repeat(17 * 1024 * 1024);
    let answer = post(&server, "execute", &json!({"input_variables": {"order_id": "A-1", "note": note}}));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn the_same_request_again_is_the_same_execution() {
    let server = with_key();
    let execute = |key: &str, body: &Value| {
        let headers = [KEY, ("Idempotency-Key", key)];
        send(server.address, "POST", "/api/v1/flows/execute", &headers, body.to_string().as_bytes())
    };
    let order = json!({"input_variables": {"order_id": "A-1"}});
    let first = execute("k-1", &order);
    assert_eq!(first.status, 200, "{}", first.body);
    let again = execute("k-1", &order);
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_ne!(execute("k-2", &order).body["execution_id"], first.body["execution_id"], "another key");
    assert_ne!(post(&server, "execute", &order).body["execution_id"], first.body["execution_id"], "no key");
    let other = execute("k-1", &json!({"input_variables": {"order_id": "A-2"}}));
    check_error(&other, 422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(other.body["error"]["details"]["execution_id"], first.body["execution_id"]);
    // Whoever waits this time is told how it ended.
    let waited = execute("k-3", &json!({"input_variables": {"order_id": "A-3"}, "wait": true}));
    let again = execute("k-3", &json!({"input_variables": {"order_id": "A-3"}, "wait": true}));
    assert_eq!((&waited.body["status"], &again.body), (&"completed".into(), &waited.body));
    assert_eq!(server.engine.counts().started, 4);
}

#[test]
fn options_are_checked() {
    let server = with_key();
    let execute = |options: Value| {
        post(&server, "execute", &json!({"input_variables": {}, "execution_options": options, "wait": true}))
    };
    let shop = json!({"SHOP": "https://a.test"});
    let answer = execute(json!({"timeout": 5, "max_parallel_nodes": 1, "environment_variables": shop}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.to_string().contains("an order needs an idhttps://a.test"), "{}", answer.body);
    assert!(!execute(json!({})).body.to_string().contains("a.test"), "the value was for one execution");
    let secret = execute(json!({"environment_variables": {"WEBHOOK_SECRET": "guess"}}));
    check_error(&secret, 403, "ENVIRONMENT_NOT_ALLOWED");
    assert!(!secret.body.to_string().contains("guess"));
    check_error(&execute(json!({"environment_variables": {"PATH": "/"}})), 403, "ENVIRONMENT_NOT_ALLOWED");
    for wrong in [
        json!({"timeout": 0}),
        json!({"timeout": "5"}),
        json!({"max_parallel_nodes": 1.5}),
        json!({"time": 5}),
        json!({"environment_variables": {"SHOP": 1}}),
        json!({"environment_variables": {"SHOP": "a.test"}}),
        json!([]),
    ] {
        check_error(&execute(wrong), 400, "INVALID_REQUEST");
    }
    for wrong in [json!({"input_variables": []}), json!({"wait": "x"}), json!({"input": {}})] {
        check_error(&post(&server, "execute", &wrong), 400, "INVALID_REQUEST");
    }
}

#[test]
fn every_refusal_has_the_documented_body() {
    let server = with_key();
    let path = "/api/v1/flows/execute";
    check_error(&send(server.address, "GET", path, &[KEY], b""), 405, "METHOD_NOT_ALLOWED");
    check_error(&send(server.address, "GET", "/api/v1/flows", &[KEY], b""), 404, "NOT_FOUND");
    check_error(&send(server.address, "POST", path, &[KEY], b"{"), 400, "INVALID_JSON");
    let form = [KEY, ("Content-Type", "application/x-www-form-urlencoded")];
    check_error(&send(server.address, "POST", path, &form, b"a=1"), 415, "UNSUPPORTED_MEDIA_TYPE");
    let large = vec![b' '; 2 * 1024 * 1024];
    check_error(&send(server.address, "POST", path, &[KEY], &large), 413, "PAYLOAD_TOO_LARGE");
}
