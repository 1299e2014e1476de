//! The shell against a small world: no network, no real time.

use super::clock::{Clock, Timestamp};
use super::driver::{Engine, Parts};
use super::effects::{Effect, Effects};
use super::handle::{Handle, StartError, StartedBy};
use super::listing::Query;
use super::options::StartOptions;
use super::registry::{Counts, Retention};
use super::scheduler::Capacity;
use super::{Outcome, Status};
use crate::env::Environment;
use crate::flow::{
    Body, Delay, Edge, Filter, Http, Kind, Node, Retry, Settings, Signature, Transform, Use, Variable, Webhook,
    Workflow,
};
use crate::journal::{Durable, Event, Id, Journal, JournalError, Memory};
use crate::node::{self, Attempt, NodeError};
use crate::scope::{Field, Of, Scope};
use crate::value::{Doc, Fault, Limits, Raw, Shape, ShapeField, Value};
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

mod bench;
mod capacity;
mod recovery;
mod slow_journal;
mod takeover;

use bench::*;

#[tokio::test(start_paused = true)]
async fn an_execution_that_completes_looks_as_documented() {
    let sum = Transform { run: |_| Ok(Value::Number(3.0)) };
    let filter = Filter { condition: |_| Ok(true), error_message: |_, _| Ok(()) };
    let nodes = vec![
        webhook(),
        with_kind("valid", Kind::Filter(filter), 0),
        http("charge", 2),
        with_kind("sum", Kind::Transform(sum), 0),
        http("sorry", 0),
    ];
    let never = Edge { condition: Some(|_| Ok(false)), ..edge(2, 4) };
    let bench = Bench::new(nodes, vec![edge(0, 1), edge(1, 2), edge(2, 3), never]);
    bench.world.script("charge", [act(unavailable()), Act::End(Duration::from_millis(250), succeed(r#"{"id":7}"#))]);
    let handle = bench.start().await;
    assert_eq!(handle.finished().await, Status::Completed);
    assert!(handle.id().starts_with("exec-") && handle.id().len() == 37, "{}", handle.id());
    let noon = |end: &str| format!("2026-11-22T12:00:0{end}Z");
    let expected = serde_json::json!({
        "execution_id": handle.id(),
        "flow_id": "order-fulfillment",
        "status": "completed",
        "progress": 100,
        "current_node": null,
        "executed_nodes": [
            {"node_id": "webhook", "status": "completed", "result": {"order_id": "O-1", "items": [1, 2]}, "error": null,
             "attempts": 1, "last_error": null, "next_attempt_at": null,
             "execution_time": 0, "started_at": noon("0.000"), "completed_at": noon("0.000")},
            {"node_id": "valid", "status": "completed", "result": {"passed": true}, "error": null,
             "attempts": 1, "last_error": null, "next_attempt_at": null,
             "execution_time": 0, "started_at": noon("0.000"), "completed_at": noon("0.000")},
            {"node_id": "charge", "status": "completed", "result": {"id": 7}, "error": null,
             "attempts": 2, "last_error": null, "next_attempt_at": null,
             "execution_time": 2.25, "started_at": noon("0.000"), "completed_at": noon("2.250")},
            {"node_id": "sum", "status": "completed", "result": 3, "error": null,
             "attempts": 1, "last_error": null, "next_attempt_at": null,
             "execution_time": 0, "started_at": noon("2.250"), "completed_at": noon("2.250")},
        ],
        "skipped_nodes": ["sorry"],
        "pending_nodes": [],
        "failed_nodes": [],
        "duration": 2.25,
        "started_at": noon("0.000"),
        "completed_at": noon("2.250"),
        "error_message": null,
        "error_code": null,
    });
    assert_eq!(bench.view(&handle), expected);
    assert_eq!(bench.world.calls(), [("charge", 0), ("charge", 2000)]);
    assert_eq!(bench.world.prepared.load(Ordering::Relaxed), 1, "rendered once, sent twice");
}

#[tokio::test(start_paused = true)]
async fn a_running_execution_shows_where_it_is() {
    let bench =
        Bench::new(vec![webhook(), http("a", 1), http("b", 0), http("c", 0)], vec![edge(0, 1), edge(0, 2), edge(1, 3)]);
    bench.world.script("a", [act(unavailable())]);
    bench.world.script("b", [Act::End(seconds(9), succeed("{}"))]);
    let handle = bench.start().await;
    sleep(seconds(1)).await;
    let view = bench.view(&handle);
    assert_eq!(view["status"], "running");
    assert_eq!(view["progress"], 25);
    assert_eq!(view["current_node"], "a");
    assert_eq!(view["pending_nodes"], serde_json::json!(["c"]));
    assert_eq!(view["duration"], 1);
    assert_eq!(view["executed_nodes"][1]["status"], "running");
    assert_eq!(view["executed_nodes"][1]["result"], serde_json::Value::Null);
    let retrying = |node: &serde_json::Value| {
        let error = node["last_error"].clone();
        (node["attempts"].clone(), error["code"].clone(), error["message"].clone(), node["next_attempt_at"].clone())
    };
    let (code, message) = ("HTTP_503".into(), "HTTP 503 Service Unavailable".into());
    assert_eq!(retrying(&view["executed_nodes"][1]), (1.into(), code, message, "2026-11-22T12:00:02.000Z".into()));
    let null = || serde_json::Value::Null;
    assert_eq!(retrying(&view["executed_nodes"][2]), (1.into(), null(), null(), null()));
    assert_eq!(handle.finished().await, Status::Error);
    let view = bench.view(&handle);
    assert_eq!(view["error_message"], "a: HTTP 503 Service Unavailable");
    assert_eq!(view["error_code"], "HTTP_503");
    assert_eq!(view["failed_nodes"], serde_json::json!(["a"]));
    assert_eq!(view["skipped_nodes"], serde_json::json!(["c"]));
    assert_eq!(view["executed_nodes"][1]["result"], serde_json::json!({"success": false}), "the last answer is kept");
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_does_not_pass_hands_its_message_to_the_handler() {
    static MESSAGE: Field = Field { of: Of::Error(&["message"]), path: "error.message" };
    fn says_no(_: &Scope, text: &mut crate::render::Text) -> crate::render::Rendered {
        text.literal("missing required fields");
        Ok(())
    }
    let filter = Filter { condition: |_| Ok(false), error_message: says_no };
    let report = Transform { run: |scope| Ok(scope.get(&MESSAGE).value()) };
    let nodes = vec![
        webhook(),
        with_kind("valid", Kind::Filter(filter), 0),
        http("next", 0),
        with_kind("handler", Kind::Transform(report), 0),
    ];
    static PASSED: Field = Field { of: Of::OutputSlot(1, 0), path: "result" };
    let failed =
        Edge { condition: Some(|scope| Ok(scope.get(&PASSED).get("passed").text() == Some("false"))), ..edge(1, 3) };
    let bench = Bench::new(nodes, vec![edge(0, 1), edge(1, 2), failed]);
    let (status, view) = bench.run().await;
    assert_eq!(status, Status::Completed);
    assert_eq!(view["executed_nodes"][1]["status"], "completed");
    assert_eq!(view["executed_nodes"][1]["result"], serde_json::json!({"passed": false}));
    assert_eq!(view["executed_nodes"][1]["error"]["message"], "missing required fields");
    assert_eq!(view["executed_nodes"][2]["result"], "missing required fields");
    assert_eq!(view["skipped_nodes"], serde_json::json!(["next"]));
}

#[tokio::test(start_paused = true)]
async fn no_route_is_written_into_the_envelope_and_keeps_the_result() {
    static MISSING: Field = Field { of: Of::Error(&[]), path: "result.available" };
    let conditional = Edge { condition: Some(|scope| Ok(scope.get(&MISSING).truthy())), ..edge(0, 1) };
    let bench = Bench::new(vec![http("check", 0), http("next", 0)], vec![conditional]);
    let (status, view) = bench.run().await;
    assert_eq!(status, Status::Error);
    assert_eq!(view["error_code"], "NO_ROUTE");
    assert_eq!(view["executed_nodes"][0]["status"], "failed");
    assert_eq!(view["executed_nodes"][0]["error"]["code"], "NO_ROUTE");
    assert_eq!(view["executed_nodes"][0]["result"], serde_json::json!({"ok": true}));
}

#[tokio::test(start_paused = true)]
async fn faults_of_templates_transforms_and_conditions_are_configuration_errors() {
    let template = Kind::Http(Http {
        method: "GET",
        url: |_, _| Err(Fault::new("no id")),
        headers: None,
        params: None,
        body: Body::None,
        response_schema: None,
        cache: None,
    });
    let transform = Kind::Transform(Transform { run: |_| Err(Fault::new("no id")) });
    let condition = Edge { condition: Some(|_| Err(Fault::new("no id"))), ..edge(0, 1) };
    for (nodes, edges, message) in [
        (vec![with_kind("a", template, 3)], vec![], "a: no id"),
        (vec![with_kind("a", transform, 3)], vec![], "a: no id"),
        (
            vec![http("a", 3), http("b", 0)],
            vec![condition],
            "a: the condition of the connection to b has no value: no id",
        ),
    ] {
        let (status, view) = Bench::new(nodes, edges).run().await;
        assert_eq!(status, Status::Error);
        assert_eq!(view["error_code"], "CONFIGURATION_ERROR");
        assert_eq!(view["error_message"], message);
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_nodes_at_once_than_allowed() {
    let settings = Settings { timeout: None, fail_fast: false, max_parallel_nodes: 2 };
    let bench = Bench::with(vec![http("a", 0), http("b", 0), http("c", 0), http("d", 0)], vec![], settings);
    for node in ["a", "b", "c", "d"] {
        bench.world.script(node, [Act::End(seconds(1), succeed("{}"))]);
    }
    assert_eq!(bench.run().await.0, Status::Completed);
    assert_eq!(bench.world.in_flight_max.load(Ordering::Relaxed), 2);
    assert_eq!(bench.world.calls(), [("a", 0), ("b", 0), ("c", 1000), ("d", 1000)]);
}

#[tokio::test(start_paused = true)]
async fn time_out_drops_what_is_in_flight() {
    let settings = Settings { timeout: Some(seconds(5)), fail_fast: false, max_parallel_nodes: 3 };
    let nodes = vec![http("slow", 0), http("next", 0), http("down", 9), http("shaky", 2)];
    let bench = Bench::with(nodes, vec![edge(0, 1)], settings);
    bench.world.script("slow", [Act::End(seconds(50), succeed("{}"))]);
    bench.world.script("down", [act(unavailable())]);
    bench.world.script("shaky", [act(unavailable()), Act::End(seconds(50), succeed("{}"))]);
    let (status, view) = bench.run().await;
    assert_eq!(status, Status::Error);
    assert_eq!(view["error_code"], "TIMEOUT");
    let own = "timed out after 5 s: slow was at attempt 1, down was waiting for attempt 4, shaky was at attempt 2";
    let words = |node| format!("; last error of {node}: HTTP_503, HTTP 503 Service Unavailable");
    assert_eq!(view["error_message"], format!("{own}{}{}", words("down"), words("shaky")));
    assert_eq!(super::without_words(view["error_message"].as_str().unwrap()), own, "in lists");
    assert_eq!(view["duration"], 5);
    assert_eq!(view["executed_nodes"][0]["status"], "cancelled");
    assert_eq!(view["executed_nodes"][0]["execution_time"], 5);
    assert_eq!(bench.world.dropped.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn cancel_drops_what_is_in_flight() {
    let bench = Bench::new(vec![http("slow", 0)], vec![]);
    bench.world.script("slow", [Act::End(seconds(50), succeed("{}"))]);
    let handle = bench.start().await;
    sleep(seconds(1)).await;
    assert!(bench.engine.cancel(handle.id()));
    assert_eq!(handle.finished().await, Status::Cancelled);
    assert_eq!(bench.world.dropped.load(Ordering::Relaxed), 1);
    assert_eq!(bench.view(&handle)["status"], "cancelled");
    assert_eq!(bench.view(&handle)["duration"], 1);
    assert!(bench.engine.cancel(handle.id()), "known, and stays cancelled");
    assert!(!bench.engine.cancel("exec-00000000000000000000000000000000"));
    assert!(!bench.engine.cancel("nonsense"));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_an_endless_wait_is_asked_again_in_an_hour_and_cancel_ends_it() {
    let settings = Settings { timeout: None, fail_fast: false, max_parallel_nodes: 3 };
    let bench = Bench::with(vec![http("a", 3)], vec![], settings);
    let outcome = node::Outcome::Retryable { after: Some(Duration::MAX) };
    bench
        .world
        .script("a", [act(Attempt { outcome, status: None, result: None, error: error("HTTP_429", "slow down") })]);
    let handle = bench.start().await;
    assert_eq!(handle.finished().await, Status::Error);
    let hours: Vec<u128> = bench.world.calls().into_iter().map(|(_, at)| at / 3_600_000).collect();
    assert_eq!(hours, [0, 1, 2, 3]);
    let handle = bench.start().await;
    sleep(seconds(1800)).await;
    assert_eq!(bench.engine.status(handle.id()), Some(Status::Running));
    bench.engine.cancel(handle.id());
    assert_eq!(handle.finished().await, Status::Cancelled);
    assert_eq!(bench.world.calls().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_more_time_than_is_left_fails_the_node_at_once_and_says_so() {
    let settings = || Settings { timeout: Some(seconds(60)), fail_fast: false, max_parallel_nodes: 3 };
    let handler = Edge { condition: Some(|_| Ok(true)), ..edge(0, 1) };
    let bench = Bench::with(vec![http("a", 3), http("handler", 0)], vec![handler], settings());
    let asks = |after: u64| Attempt {
        outcome: node::Outcome::Retryable { after: Some(seconds(after)) },
        error: Some(NodeError {
            details: String::from(r#"{"status_code":503}"#),
            ..error("HTTP_503", "down").unwrap()
        }),
        ..unavailable()
    };
    bench.world.script("a", [act(asks(10)), Act::End(Duration::from_millis(7_750), asks(120))]);
    let (status, view) = bench.run().await;
    assert_eq!((status, &view["duration"]), (Status::Completed, &serde_json::json!(17.75)), "{view:#}");
    assert_eq!(
        view["executed_nodes"][0]["error"],
        serde_json::json!({
            "message": "down; the service asked to wait 120 s, and the execution has 42.2 s left",
            "code": "HTTP_503",
            "details": {"status_code": 503, "retry_after": 120, "time_left": 42.2},
        })
    );
    assert_eq!(bench.world.calls(), [("a", 0), ("a", 10_000), ("handler", 17_750)]);
    // Where no attempt is left, that is why it fails.
    let bench = Bench::with(vec![http("a", 0)], vec![], settings());
    bench.world.script("a", [act(asks(120))]);
    assert_eq!(bench.run().await.1["error_message"], "a: down");
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_its_execution_and_nothing_else() {
    let condition = Edge { condition: Some(|_| panic!("a condition panics")), ..edge(0, 1) };
    let template = Kind::Http(Http {
        method: "GET",
        url: |_, _| panic!("a template panics"),
        headers: None,
        params: None,
        body: Body::None,
        response_schema: None,
        cache: None,
    });
    for (nodes, edges) in [
        (vec![http("a", 3)], vec![]),
        (vec![http("b", 3), http("c", 0)], vec![condition]),
        (vec![with_kind("d", template, 3)], vec![]),
    ] {
        let bench = Bench::new(nodes, edges);
        bench.world.script("a", [Act::Panic]);
        let (status, view) = bench.run().await;
        assert_eq!(status, Status::Error);
        assert_eq!(view["error_code"], "INTERNAL");
        assert_eq!(view["progress"], 100);
        assert_eq!(bench.engine.counts().running, 0);
        assert_eq!(bench.run().await.0, Status::Error, "the engine goes on");
    }
}

#[tokio::test(start_paused = true)]
async fn secrets_are_removed_from_errors() {
    let bench = Bench::new(vec![http("a", 0)], vec![]);
    let error = error("HTTP_401", "bad key sk_live_12345");
    bench.world.script("a", [act(Attempt { outcome: node::Outcome::Failed, status: None, result: None, error })]);
    assert_eq!(bench.run().await.1["error_message"], "a: bad key ***");
    let bench = Bench::new(vec![http("a", 1)], vec![]);
    let error = self::error("HTTP_503", "bad key sk_live_12345");
    bench.world.script("a", [act(Attempt { error, ..unavailable() })]);
    let handle = bench.start().await;
    sleep(seconds(1)).await;
    assert_eq!(bench.view(&handle)["executed_nodes"][0]["last_error"]["message"], "bad key ***");
}

#[tokio::test(start_paused = true)]
async fn a_handled_failure_completes_the_execution() {
    let failed = Edge { condition: Some(|_| Ok(true)), ..edge(0, 1) };
    let bench = Bench::new(vec![http("charge", 2), http("sorry", 0)], vec![failed]);
    bench.world.script("charge", [act(declined())]);
    let (status, view) = bench.run().await;
    assert_eq!(status, Status::Completed);
    assert_eq!(view["failed_nodes"], serde_json::json!(["charge"]));
    assert_eq!(bench.world.calls(), [("charge", 0), ("sorry", 0)], "402 is not tried again");
}

#[tokio::test(start_paused = true)]
async fn drain_accepts_nothing_new_and_waits() {
    let bench = Bench::new(vec![http("slow", 0)], vec![]);
    bench.world.script("slow", [Act::End(seconds(20), succeed("{}"))]);
    let handle = bench.start().await;
    assert_eq!(bench.engine.drain(seconds(5)).await, 1);
    assert_eq!(bench.engine.start(input(), StartedBy::Api).await.err(), Some(StartError::Draining));
    assert_eq!(bench.engine.drain(seconds(60)).await, 0);
    assert_eq!(handle.finished().await, Status::Completed);
    let counts = bench.engine.counts();
    assert_eq!((counts.started, counts.running, counts.completed), (1, 0, 1));
    assert_eq!(counts.total_duration, seconds(20));
}

#[tokio::test(start_paused = true)]
async fn only_the_last_executions_are_remembered() {
    for retention in [Retention { executions: 2, bytes: usize::MAX }, Retention { executions: 99, bytes: 900 }] {
        let settings = Settings { timeout: None, fail_fast: false, max_parallel_nodes: 3 };
        let bench = Bench::on(vec![http("a", 0)], vec![], settings, Arc::new(Memory), retention);
        let mut ids = Vec::new();
        for _ in 0..4 {
            let handle = bench.start().await;
            handle.finished().await;
            ids.push(handle.id().to_owned());
        }
        let known: Vec<bool> = ids.iter().map(|id| bench.engine.view(id).is_some()).collect();
        assert_eq!(known, [false, false, true, true], "{retention:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_execution_is_remembered_until_it_is_read_and_drives_out_no_other() {
    let settings = Settings { timeout: None, fail_fast: false, max_parallel_nodes: 3 };
    let retention = Retention { executions: 99, bytes: 16_000 };
    let bench = Bench::on(vec![http("a", 0)], vec![], settings, Arc::new(Memory), retention);
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(20_000));
    let mut ids = Vec::new();
    for answer in ["{}", "{}", &large, "{}", &large, &large] {
        bench.world.script("a", [Act::End(Duration::ZERO, succeed(answer))]);
        let handle = bench.start().await;
        handle.finished().await;
        assert!(bench.engine.view(handle.id()).is_some());
        ids.push(handle.id().to_owned());
    }
    let known: Vec<bool> = ids.iter().map(|id| bench.engine.view(id).is_some()).collect();
    assert_eq!(known, [true, true, false, true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn executions_are_listed_newest_first_in_pages() {
    let engine = Bench::new(vec![webhook()], Vec::new()).engine;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let handle = engine.start(input(), StartedBy::Api).await.unwrap();
        handle.finished().await;
        ids.insert(0, handle.id().to_owned());
    }
    let all = Query { status: None, from: None, until: None, offset: 0, limit: 2 };
    let mut seen = Vec::new();
    for offset in [0, 2, 4, 6] {
        let page = engine.list(&Query { offset, ..all.clone() });
        assert_eq!(page.total, 5);
        seen.extend(page.executions.into_iter().map(|execution| execution.execution_id));
    }
    assert_eq!(seen, ids);
    let of = |status| engine.list(&Query { status: Some(status), ..all.clone() }).total;
    assert_eq!((of(Status::Completed), of(Status::Running), of(Status::Error)), (5, 0, 0));
    let third = engine.list(&Query { offset: 2, limit: 1, ..all.clone() }).executions.remove(0);
    assert!(third.completed_at.starts_with("\"20") && third.error_message == "null", "{third:?}");
}

#[tokio::test(start_paused = true)]
async fn options_lower_the_limits_of_one_execution() {
    let bench = Bench::new(vec![webhook(), http("slow", 0)], vec![edge(0, 1)]);
    bench.world.script("slow", [Act::End(seconds(60), succeed("{}"))]);
    let engine = &bench.engine;
    let options = StartOptions { timeout: Some(seconds(5)), ..StartOptions::default() };
    let handle = engine.start_with(input(), StartedBy::Api, &options).await.unwrap();
    assert_eq!(handle.finished().await, Status::Error);
    let view = engine.view(handle.id()).unwrap();
    assert!(view.contains("timed out after 5 s") && view.contains("TIMEOUT"), "{view}");
}
