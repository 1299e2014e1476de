//! Workflows inside Rust code: functions as nodes, the environment, the router, the journal.

use checks::{Order, OrderPaid, Verdict};
use flow_runtime::embed::{BuildError, Data, Failure, RunError, Settings, Settled};
use flow_runtime::engine::Status;
use flow_runtime::journal::{Durable, Event, Id, Journal, JournalError};
use flow_runtime::trigger::AddressList;
use flow_world::process::call;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

flow_macros::flow! {
    pub mod checks;

    /// Checks of orders
    workflow order-checks { version: "1.2.0", timeout: 1m }

    type Order = { order_id: string, total: number, quantity: int, note?: string, paid: "card" | "invoice" }
    type Verdict = { risky: bool, seen: string, reason?: string | null }

    flow {
        start -> check {
            result.risky == true     -> hold
            result.risky == false    -> release
            check.status == "failed" -> report
        }
    }

    // What it is given: a whole, a part that may be missing, a computed value, text.
    manual start(Order)
    rust check = crate::functions::check(input_data, note, total * 2, "order ${order_id}") -> Verdict {
        timeout: 200ms
        retry: 2 every 10ms
    }
    rust hold = self::functions::hold(order_id, check.result)
    rust release = functions::release(quantity, JSON.stringify(input_data)) -> { released: int }
    rust report = crate::functions::report(check.error.message, check.error.code) -> string
}

flow_macros::flow! {
    workflow needs {}
    flow { hook -> check }
    webhook hook at "hook" { secret: NEEDS_SECRET }
    rust check = functions::never(NEEDS_REGION)
}

flow_macros::flow! {
    workflow doors { allow: [open-webhook] }
    flow {
        open -> done
        guarded -> done
    }
    webhook open at "open"
    webhook guarded at "guarded" { allowed_ips: ["127.0.0.1"] }
    rust done = functions::done()
}

flow_macros::flow! {
    workflow kept {}
    type Order = { order_id: string }
    flow { start -> send }
    manual start(Order)
    rust send = functions::send(order_id) -> string { retry: 0 }
}

mod functions {
    use super::*;

    static CALLS: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);

    /// How often this was called with this, this time included.
    pub fn calls(of: &str) -> usize {
        let mut calls = CALLS.lock().unwrap();
        let count = calls.get_or_insert_default().entry(of.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub async fn check(order: Order, note: Option<String>, twice: f64, text: String) -> Result<Verdict, Failure> {
        assert_eq!(note, order.note);
        let attempt = calls(&order.order_id);
        match order.order_id.as_str() {
            "flaky" if attempt < 3 => Err("no connection")?,
            "down" => Err(std::io::Error::other("no route"))?,
            "wrong" => return Err(Failure::permanent("never").code("WRONG")),
            "panics" => panic!("on purpose"),
            "slow" => std::future::pending().await,
            _ => {}
        }
        let reason = order.note.map(|_| "a note".to_owned());
        Ok(Verdict { risky: twice > 100.0, seen: format!("{text} {:?} {}", order.paid, order.quantity), reason })
    }

    pub async fn hold(order_id: String, verdict: Verdict) -> Result<serde_json::Value, String> {
        Ok(serde_json::json!({ "held": order_id, "because": verdict.reason }))
    }

    pub async fn release(quantity: i64, input: String) -> Result<crate::checks::ReleaseResult, Failure> {
        calls(&input);
        Ok(crate::checks::ReleaseResult { released: quantity })
    }

    /// Only where the check has failed, so there is an error: no `Option`s.
    pub async fn report(message: String, code: String) -> Result<String, Failure> {
        Ok(format!("{code}: {message}"))
    }

    pub async fn never(_: String) -> Result<serde_json::Value, Failure> {
        Err(Failure::new("nobody calls this"))
    }

    /// Of an order that is cut off the first call never ends.
    pub async fn send(order_id: String) -> Result<String, Failure> {
        if calls(&format!("send {order_id}")) == 1 && order_id.starts_with("cut") {
            SENDING.add_permits(1);
            std::future::pending::<()>().await;
        }
        Ok(format!("sent {order_id}"))
    }

    pub static SENDING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(0);

    pub async fn done() -> Result<serde_json::Value, Failure> {
        Ok(serde_json::Value::Null)
    }
}

fn order(order_id: &str, total: f64) -> Order {
    Order { order_id: order_id.to_owned(), total, quantity: 3, note: None, paid: OrderPaid::Invoice }
}

fn workflow() -> checks::Workflow {
    checks::Workflow::builder().without_process_environment().build().unwrap()
}

#[tokio::test]
async fn functions_are_given_and_give_what_is_declared() {
    let noted = Order { note: Some("fragile".to_owned()), ..order("plain", 60.0) };
    let output = workflow().run(noted).await.unwrap();
    let verdict = output.check.result.unwrap();
    assert_eq!((verdict.risky, verdict.seen.as_str()), (true, "order plain Invoice 3"));
    assert_eq!(output.hold.result, Some(serde_json::json!({ "held": "plain", "because": "a note" })));
    assert_eq!((output.release.settled, output.release.result), (Settled::Skipped, None));
    assert!(output.execution_id.starts_with("exec-"));
}

#[tokio::test]
async fn a_failure_is_tried_again() {
    let output = workflow().run(order("flaky", 1.0)).await.unwrap();
    assert_eq!(output.release.result, Some(checks::ReleaseResult { released: 3 }));
    assert_eq!(functions::calls("flaky"), 4);
}

#[tokio::test]
async fn a_failure_leads_on_as_that_of_any_node() {
    let workflow = workflow();
    for (order_id, said, called) in [
        ("down", "RUST_ERROR: no route", 3),
        ("wrong", "WRONG: never", 1),
        ("panics", "PANIC: the function panicked", 1),
        ("slow", "TIMEOUT: timed out after 0.2 s", 0),
    ] {
        let output = workflow.run(order(order_id, 1.0)).await.unwrap();
        assert_eq!((output.check.settled, &output.check.result), (Settled::Failed, &None), "{order_id}");
        assert_eq!(output.report.result.as_deref(), Some(said), "{order_id}");
        if called > 0 {
            assert_eq!(functions::calls(order_id), called + 1, "{order_id}");
        }
    }
}

#[tokio::test]
async fn fields_that_nobody_declared_are_carried_along() {
    let text = r#"{"order_id":"extra","total":1,"quantity":3,"paid":"card","campaign":"spring"}"#;
    let handle = workflow().start_json(text.as_bytes()).await.unwrap();
    handle.finished().await.unwrap();
    assert_eq!(functions::calls(text), 2, "the function was given all of it");
    let typed = Order::from_json(text).unwrap();
    assert_eq!(typed.to_json(), r#"{"order_id":"extra","total":1.0,"quantity":3,"paid":"card"}"#);
}

/// The checker relies on it, wherever an input comes from.
#[tokio::test]
async fn an_input_that_does_not_fit_starts_nothing() {
    let workflow = workflow();
    let refused = |error: RunError| match error {
        RunError::Input(bad) => (bad.code(), bad.to_string()),
        other => panic!("{other:?}"),
    };
    let text = br#"{"order_id":"odd","total":1,"quantity":"3"}"#;
    let (code, said) = refused(workflow.start_json(text).await.unwrap_err());
    assert_eq!(code, "INPUT_MISMATCH");
    let places = "the input does not fit the workflow's input schema: $.paid: is missing; $.quantity: expected";
    assert!(said.starts_with(places), "{said}");
    // What the type holds and the schema does not: a number that is none in JSON, one that would be rounded.
    let (code, said) = refused(workflow.run(order("odd", f64::NAN)).await.unwrap_err());
    assert_eq!((code, said.contains("$.total")), ("INPUT_MISMATCH", true), "{said}");
    let large = Order { quantity: i64::MAX, ..order("odd", 1.0) };
    let (code, said) = refused(workflow.start(large).await.unwrap_err());
    assert_eq!((code, said.contains("quantity: whole numbers are exact from")), ("INPUT_MISMATCH", true), "{said}");
    assert_eq!(refused(workflow.start_json(b"[]").await.unwrap_err()).0, "INVALID_INPUT");
    assert_eq!(functions::calls("odd"), 1, "it was never called");
}

#[tokio::test]
async fn an_execution_is_looked_at_and_cancelled() {
    let workflow = workflow();
    let handle = workflow.start(order("slow", 1.0)).await.unwrap();
    assert_eq!(workflow.view(handle.id()).unwrap()["status"], "running");
    handle.cancel();
    match handle.finished().await {
        Err(RunError::Ended(ended)) => assert_eq!((ended.status, ended.message), (Status::Cancelled, None)),
        other => panic!("{other:?}"),
    }
    assert!(!workflow.cancel("exec-0"));
    assert_eq!(workflow.drain(Duration::from_secs(20)).await, 0);
    match workflow.run(order("plain", 1.0)).await {
        Err(RunError::Start(error)) => assert_eq!(error.to_string(), "the service is shutting down"),
        other => panic!("{other:?}"),
    }
}

/// Writes down what comes.
#[derive(Default)]
struct Written(Mutex<Vec<String>>);

impl Journal for Written {
    fn append(&self, _: Id, event: Event) {
        let said = match event {
            Event::Accepted { input, .. } => format!("accepted {input}"),
            Event::Started { node, .. } => format!("started {node}"),
            Event::Finished { status, .. } => format!("finished {}", status.as_str()),
            _ => return,
        };
        self.0.lock().unwrap().push(said);
    }

    fn durable(&self, _: Id) -> Durable {
        Durable::Now
    }

    fn nudge(&self) {}

    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }
}

#[tokio::test]
async fn the_journal_hears_of_everything() {
    let journal = Arc::new(Written::default());
    let workflow = checks::Workflow::builder().journal(journal.clone()).build().unwrap();
    workflow.run(order("plain", 1.0)).await.unwrap();
    assert_eq!(
        *journal.0.lock().unwrap(),
        [
            r#"accepted {"order_id":"plain","total":1,"quantity":3,"paid":"invoice"}"#,
            "started 1",
            "started 3",
            "finished completed",
        ]
    );
}

fn kept_in(folder: &std::path::Path) -> Result<kept::Workflow, BuildError> {
    kept::Workflow::builder().without_process_environment().data(folder).build()
}

/// One after the other, each with a runtime of its own, which ends as that of a process does.
fn process<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(20));
    result
}

/// What the journal holds would have to go on somewhere.
#[test]
fn a_journal_on_no_runtime_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = kept_in(folder.path()).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("on the tokio runtime it runs on"), "{error}");
}

#[test]
fn what_has_not_ended_goes_on_with_the_next_build() {
    let folder = tempfile::tempdir().unwrap();
    let (ended, cut) = process(async {
        let workflow = kept_in(folder.path()).unwrap();
        let order = |order_id: &str| kept::Order { order_id: order_id.to_owned() };
        let output = workflow.run(order("plain")).await.unwrap();
        assert_eq!(output.send.result.as_deref(), Some("sent plain"));
        let cut = workflow.start(order("cut off")).await.unwrap();
        functions::SENDING.acquire().await.unwrap().forget();
        let again = kept_in(folder.path()).unwrap_err().to_string();
        assert!(again.contains("this process has opened the journal already"), "one owner at a time: {again}");
        (output.execution_id, cut.id().to_owned())
    });
    process(async {
        let workflow = kept_in(folder.path()).unwrap();
        assert_eq!(workflow.view(&ended).unwrap()["status"], "completed");
        // It goes on by itself, and then there is nothing to wait for.
        let goes_on = async {
            while workflow.view(&cut).unwrap()["status"] == "running" {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), goes_on).await.expect("it goes on");
        assert_eq!(workflow.drain(Duration::from_secs(20)).await, 0);
        let view = workflow.view(&cut).unwrap();
        assert_eq!(view["status"], "completed", "{view:#}");
        assert_eq!(functions::calls("send cut off"), 3, "called again, and once here");
        assert_eq!(functions::calls("send plain"), 2, "what had ended was not");
    });
}

#[test]
fn the_environment_is_asked_for_at_once() {
    let builder = || needs::Workflow::builder().without_process_environment();
    let said = builder().build().unwrap_err().to_string();
    assert!(said.contains("NEEDS_REGION") && said.contains("NEEDS_SECRET"), "{said}");
    assert!(!said.contains(".env"), "files of the working directory are not read: {said}");
    let said = builder().env("NEEDS_REGION", "eu").build().unwrap_err().to_string();
    assert!(!said.contains("NEEDS_REGION") && said.contains("NEEDS_SECRET"), "{said}");
    assert!(said.contains("looked in what the program gives, files named"), "{said}");
    let given = [("NEEDS_REGION", "eu"), ("NEEDS_SECRET", "a secret of some length")];
    assert!(builder().envs(given).build().is_ok());
    for no_key in [" ", "# a comment", ",", "two,keys"] {
        let said = builder().envs(given).api_key(no_key).build().unwrap_err().to_string();
        assert_eq!(said, "an API key is one word, without commas and not a comment");
    }
}

#[tokio::test]
async fn what_is_shown_of_a_workflow_holds_no_secret() {
    let given = [("NEEDS_REGION", "eu-secret"), ("NEEDS_SECRET", "a secret of some length")];
    let builder = needs::Workflow::builder().envs(given).api_key("secret-key");
    let shown = format!("{builder:?}");
    let workflow = builder.build().unwrap();
    assert_eq!(shown + &format!(" {workflow:?}"), "Builder { name: \"needs\", .. } Workflow { name: \"needs\", .. }");
    let handle = workflow.start(serde_json::json!({})).await.unwrap();
    assert_eq!(format!("{handle:?}"), format!("Handle {{ id: \"{}\", .. }}", handle.id()));
}

/// Status of a call, of a service that says who calls or does not.
async fn answered(address: SocketAddr, webhook: &'static str) -> u16 {
    answered_for(address, webhook, &[]).await
}

async fn answered_for(
    address: SocketAddr,
    webhook: &'static str,
    headers: &'static [(&'static str, &'static str)],
) -> u16 {
    let called = move || call(address, &format!("POST /flows/webhooks/{webhook}"), headers, b"{}").0;
    tokio::task::spawn_blocking(called).await.unwrap()
}

/// The address at which a workflow is served below `/flows`, by a service that says who calls.
async fn served(workflow: &doors::Workflow) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().nest("/flows", workflow.router());
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_proxies_are_those_of_the_settings_unless_others_are_named() {
    let trusted_proxies = AddressList::parse(["127.0.0.1"]).unwrap();
    let settings = || Settings { trusted_proxies: trusted_proxies.clone(), ..Settings::default() };
    let elsewhere: &[(&str, &str)] = &[("x-forwarded-for", "192.0.2.1")];
    let of_settings = doors::Workflow::builder().settings(settings()).build().unwrap();
    assert_eq!(answered_for(served(&of_settings).await, "guarded", elsewhere).await, 403);
    let named = doors::Workflow::builder().settings(settings()).trusted_proxies(["10.0.0.1"]).build().unwrap();
    assert_eq!(answered_for(served(&named).await, "guarded", elsewhere).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_addresses_asks_who_calls() {
    let workflow = doors::Workflow::builder().build().unwrap();
    let app = || axum::Router::new().nest("/flows", workflow.router());
    let listen = || async { tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap() };
    let (knows, knows_not) = (listen().await, listen().await);
    let addresses = (knows.local_addr().unwrap(), knows_not.local_addr().unwrap());
    let service = app().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(knows, service).await });
    let service = app();
    tokio::spawn(async move { axum::serve(knows_not, service).await });
    assert_eq!([answered(addresses.0, "open").await, answered(addresses.0, "guarded").await], [200, 200]);
    assert_eq!([answered(addresses.1, "open").await, answered(addresses.1, "guarded").await], [200, 403]);
    let (status, body) =
        tokio::task::spawn_blocking(move || call(addresses.0, "GET /elsewhere", &[], b"")).await.unwrap();
    assert_eq!((status, body.as_str()), (404, ""), "what is not the workflow's stays the caller's");
}
