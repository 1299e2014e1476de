//! The tool as a process, in a small world of its own: what it prints and what it asks of others.

use flow_world::process::Process;
use flow_world::{Answer, Event, Script, World};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Runs the tool over a file of these lines: its exit code, what it printed, what it said on stderr.
fn screened(env: &BTreeMap<String, String>, lines: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("orders.jsonl"), lines).unwrap();
    let tool = Path::new(env!("CARGO_BIN_EXE_screen-orders"));
    let ended = Process::start(tool, &["orders.jsonl"], folder.path(), env).wait(Duration::from_secs(60));
    (ended.status.code(), ended.stdout, ended.stderr)
}

#[test]
fn orders_are_held_or_released() {
    let world = World::start().unwrap();
    let review = world.http("review", Script::default().answer("POST /cases", r#"{"case_id":"case-7"}"#)).unwrap();
    let shop = Script::default().answers("PUT /orders/*/release", [Answer::json("{}"), Answer::status(409)]);
    let shop = world.http("shop", shop).unwrap();
    let env = BTreeMap::from([("REVIEW_API_URL".to_owned(), review.url()), ("SHOP_API_URL".to_owned(), shop.url())]);
    let lines = r#"{"order_id":"1","country":"DE","total":20,"items":1}
{"order_id":"2","country":"XX","total":5000,"items":1,"note":"all of it gift cards? no"}

{"order_id":"3","country":"DE","total":-1,"items":1}
{"order_id":"4","country":"DE","total":1,"items":"one"}
{"order_id":"5","country":"FR","total":1,"items":1}
"#;
    let (code, stdout, stderr) = screened(&env, lines);
    assert_eq!(
        stdout,
        "order 1: released (0 points)\n\
         order 2: held as case-7 (10 points: a large sum, a country we rarely send to, gift cards)\n\
         order 3: held as case-7 (an order has no negative total)\n\
         line 5: items: expected a whole number, not a string\n\
         line 6: order 5: release: HTTP 409 Conflict\n"
    );
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    let request = |event| match event {
        Event::Request(request) => {
            let body = String::from_utf8(request.body).unwrap();
            format!("{} {} {} {body}", request.service, request.method, request.path).trim_end().to_owned()
        }
        Event::Mail(_) => panic!("nobody writes mails here"),
    };
    let requests: Vec<String> = world.events().into_iter().map(request).collect();
    assert_eq!(
        requests,
        [
            "shop PUT /orders/1/release",
            r#"review POST /cases {"order_id":"2","points":10,"reason":"a large sum, a country we rarely send to, gift cards"}"#,
            r#"review POST /cases {"order_id":"3","reason":"an order has no negative total"}"#,
            "shop PUT /orders/5/release",
        ]
    );
}

#[test]
fn what_is_missing_is_listed_at_once() {
    let (code, stdout, stderr) = screened(&BTreeMap::new(), "");
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("REVIEW_API_URL") && stderr.contains("SHOP_API_URL"), "{stderr}");
}
