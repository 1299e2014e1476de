//! Nodes against a small world over real sockets.

mod http;
#[cfg(feature = "mail")]
mod mail;

use super::*;
use crate::flow::{Delay, Retry};
use crate::value::{Doc, Limits, Raw, Shape};
use flow_world::World;
use std::cell::Cell;

static NOTHING: Shape = Shape { slots: 0, fields: &[] };

const LONG: Duration = Duration::from_secs(20);

/// Services that trust the world's certificate authority.
fn services(world: &World) -> Services {
    let tls = tls::trusting(world.ca_file(), tls::TlsVersion::default());
    Services::over(&[], tls).unwrap()
}

const fn node(kind: Kind) -> Node {
    let retry = Retry { retries: 0, delay: Delay::Fixed(Duration::ZERO) };
    Node { id: "node", title: "node", kind, input_schema: None, output: &NOTHING, retry, timeout: LONG }
}

/// Renders a node in an environment and an empty input.
fn prepare(services: &Services, node: &'static Node, environment: &[String]) -> Result<Prepared, Fault> {
    let input = Doc::read(b"{}", &NOTHING, &Limits::default()).unwrap();
    let scope = Scope {
        input: &input,
        outputs: &[],
        node_ids: &[],
        environment,
        timestamp: "2026-11-22T18:21:00.000Z",
        execution_id: "exec-1",
        error_of: None,
        activated_by: None,
        secrets: None,
        missing: Cell::new(false),
        trace: None,
    };
    services.prepare(node, &scope)
}

fn code(attempt: &Attempt) -> (Outcome, &str) {
    (attempt.outcome.clone(), attempt.error.as_ref().map_or("", |error| error.code.as_str()))
}

fn field(attempt: &Attempt, name: &str) -> String {
    let result = attempt.result.as_deref();
    Raw::new(result, "result").get(name).text().unwrap_or("missing").to_owned()
}

const RETRYABLE: Outcome = Outcome::Retryable { after: None };

#[test]
fn the_key_tells_executions_and_nodes_apart() {
    let key = attempt_key("exec-1", "pay");
    assert_eq!(key, attempt_key("exec-1", "pay"));
    assert_ne!(key, attempt_key("exec-2", "pay"));
    assert_ne!(key, attempt_key("exec-1", "ship"));
    assert_ne!(attempt_key("a", "bc"), attempt_key("ab", "c"));
}

#[test]
fn an_error_is_json() {
    let error = NodeError::new("HTTP_402", "no \"funds\"");
    assert_eq!(error.to_json(), r#"{"message":"no \"funds\"","code":"HTTP_402","details":{}}"#);
}
