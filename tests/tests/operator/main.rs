//! The operator's commands on the journal of a real service, running, killed and started again.

mod limits;
mod several;
mod shop;
mod stop;
mod upgrade;

use flow_tests::compile;
use flow_world::process::{self, Process};
use flow_world::{Answer, Script};
use serde_json::Value;
use shop::{LIMIT, Shop, WORKFLOW, stands_at_charge};
use std::fs;
use std::time::Duration;

#[test]
fn an_execution_goes_on_after_kill_9() {
    let shop = Shop::new("2");
    let id = shop.cut_off_order();
    let listed = shop.command(&["executions", "--json", "--status", "running"]);
    let line: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&line["execution_id"], &line["status"]), (&id.as_str().into(), &"running".into()));
    let server = shop.serve();
    let view = shop.until(&id, |view| view["status"] != "running");
    assert_eq!(view["status"], "completed", "{view:#}");
    let requests = shop.requests();
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/charge", "/charge", "/ship"]);
    assert_eq!(requests[0].body, requests[1].body, "the same time stamp, too");
    assert!(requests[0].header("idempotency-key").is_some());
    assert_eq!(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));

    let second = shop.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(second.stderr.contains(&format!("in use by process {}", server.id())), "{}", second.stderr);
    let table = shop.command(&["executions"]).stdout;
    assert!(table.lines().nth(1).is_some_and(|line| line.starts_with(&format!("{id}  completed"))), "{table}");
}

#[test]
fn an_execution_is_cancelled_with_and_without_a_service() {
    let shop = Shop::new("3600");
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve();
    let (first, second) = (shop.order(&server), shop.order(&server));
    for id in [&first, &second] {
        shop.until(id, stands_at_charge);
    }
    let cancelled = shop.command(&["cancel", &first]);
    assert!(cancelled.status.success(), "{}", cancelled.stderr);
    assert!(cancelled.stderr.contains("is cancelled"), "{}", cancelled.stderr);
    drop(server);
    assert!(shop.command(&["cancel", &second]).status.success());
    for id in [&first, &second] {
        assert_eq!(shop.show(id)["status"], "cancelled");
        assert_eq!(shop.show(id)["executed_nodes"][1]["status"], "cancelled");
        let again = shop.command(&["cancel", id]);
        assert_eq!(again.status.code(), Some(1));
        assert!(again.stderr.contains("has ended already: cancelled"), "{}", again.stderr);
    }
    let unknown = shop.command(&["show", "exec-00000000000000000000000000000000"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(unknown.stderr.contains("there is no execution"), "{}", unknown.stderr);
}

#[test]
fn an_execution_is_erased_with_and_without_a_service() {
    let mut shop = Shop::new("3600");
    shop.env.insert("FLOW_API_KEYS".to_owned(), "key".to_owned());
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve();
    let (first, second) = (shop.order(&server), shop.order(&server));
    for id in [&first, &second] {
        shop.until(id, stands_at_charge);
        let running = shop.command(&["erase", id]);
        assert_eq!(running.status.code(), Some(1));
        assert!(running.stderr.contains(&format!("`cancel {id}` ends it")), "{}", running.stderr);
        assert!(shop.command(&["cancel", id]).status.success());
    }
    let erase = |id: &str| {
        let erased = shop.command(&["erase", id, "--audit", "audit.jsonl"]);
        assert!(erased.status.success() && erased.stderr.contains("is deleted"), "{}", erased.stderr);
        let shown = shop.command(&["show", id]);
        assert_eq!(shown.status.code(), Some(2), "{}", shown.stdout);
    };
    erase(&first);
    let of_api = |id: &str| {
        let request = format!("GET /api/v1/flows/execution/{id}");
        process::call(server.listening(), &request, &[("authorization", "Bearer key")], b"").0
    };
    assert_eq!((of_api(&first), of_api(&second)), (404, 200));
    drop(server);
    erase(&second);
    assert_eq!(shop.command(&["export"]).stdout, "");
    // The service, which kept no trail, deleted the first.
    let trail = fs::read_to_string(shop.folder.path().join("audit.jsonl")).unwrap();
    assert!(trail.contains("erasure asked") && trail.contains(&second) && !trail.contains(&first), "{trail}");
}

#[test]
fn the_api_answers_when_what_waits_for_a_retry_has_ended() {
    let mut shop = Shop::new("3600");
    shop.env.insert("FLOW_API_KEYS".to_owned(), "key".to_owned());
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve();
    let id = shop.order(&server);
    shop.until_asked(1);
    shop.until(&id, stands_at_charge);
    // Nothing outside says when it has left memory.
    std::thread::sleep(Duration::from_millis(200));
    let cancel = || {
        let request = format!("DELETE /api/v1/flows/execution/{id}");
        process::call(server.listening(), &request, &[("authorization", "Bearer key")], b"")
    };
    let (status, answer) = cancel();
    assert!(status == 200 && answer.contains(r#""status":"cancelled""#), "{status} {answer}");
    assert_eq!(cancel().0, 409);
}

#[test]
fn an_execution_is_resumed_without_a_service() {
    let shop = Shop::new("1");
    let id = shop.cut_off_order();
    let resumed = shop.command(&["resume", &id, "--compact"]);
    assert!(resumed.status.success(), "{}", resumed.stderr);
    let view: Value = serde_json::from_str(&resumed.stdout).unwrap();
    assert_eq!((&view["execution_id"], &view["status"]), (&id.as_str().into(), &"completed".into()));
    let exported = shop.command(&["export"]).stdout;
    let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["input"], serde_json::json!({"order_id": "O-1"}));
    assert_eq!(lines[0]["executed_nodes"], view["executed_nodes"]);
}

#[test]
fn a_resumed_execution_is_cancelled() {
    let shop = Shop::new("3600");
    let id = shop.cut_off_order();
    let resuming = Process::start(&shop.binary, &["resume", &id], shop.folder.path(), &shop.env);
    shop.until_owned_by(&resuming);
    let cancelled = shop.command(&["cancel", &id]);
    assert!(cancelled.status.success(), "{}", cancelled.stderr);
    let resumed = resuming.wait(LIMIT);
    assert_eq!(resumed.status.code(), Some(1), "{}", resumed.stderr);
    assert_eq!((shop.show(&id)["status"].as_str(), shop.requests().len()), (Some("cancelled"), 1));
}

#[test]
fn what_a_run_did_not_finish_is_said_by_the_next() {
    let shop = Shop::new("0");
    fs::write(shop.folder.path().join("order.json"), r#"{"order_id":"O-1"}"#).unwrap();
    shop.service.play(Script::default().answer("POST /charge", "{}").answer("POST /ship", "{}"));
    let run = || shop.command(&["run", "--data", "journal", "--input", "order.json"]);
    let first = run();
    assert_eq!((first.status.code(), first.stderr.contains("has not ended")), (Some(0), false), "{}", first.stderr);
    let journal = rusqlite::Connection::open(shop.folder.path().join("journal/journal.db")).unwrap();
    journal.execute_batch("UPDATE execution SET status = 'running', duration = NULL").unwrap();
    drop(journal);
    let second = run();
    assert_eq!(second.status.code(), Some(0), "{}", second.stderr);
    let said: Vec<&str> = second.stderr.lines().filter(|line| line.contains("has not ended: `resume exec-")).collect();
    assert_eq!(said.len(), 1, "{}", second.stderr);
}

#[test]
fn the_journal_of_another_workflow_is_refused() {
    let shop = Shop::new("0");
    let server = shop.serve();
    let text = WORKFLOW.replace("\"DELAY\"", "0").replace("\"ship\"", "\"send\"");
    let other = compile::binary(&text, &shop.folder.path().join("parcels.json"));
    for arguments in [&["executions"][..], &["export"], &["show", "exec-00000000000000000000000000000000"]] {
        let refused = shop.command_of(&other, arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", refused.stderr);
        let said = refused.stderr.contains("of the workflow `orders`, and this is `parcels`");
        assert!(said && refused.stdout.is_empty(), "{arguments:?}: {}", refused.stderr);
    }
    server.terminate();
    server.wait(LIMIT);
    let refused = shop.command_of(&other, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refused.status.code() == Some(2) && refused.stderr.contains("`parcels`"), "{}", refused.stderr);
}

#[test]
fn what_a_new_version_leaves_alone_is_marked_and_finished_by_the_old_one() {
    let shop = Shop::new("1");
    let id = shop.cut_off_order();
    let text = WORKFLOW.replace("\"DELAY\"", "1").replace("\"body\": {\"order\"", "\"body\": {\"order_id\"");
    fs::create_dir(shop.folder.path().join("new")).unwrap();
    let new = compile::binary(&text, &shop.folder.path().join("new/orders.json"));
    let listed = shop.command_of(&new, &["executions"]);
    let row = listed.stdout.lines().nth(1).unwrap_or_default();
    assert!(row.contains("running") && row.contains("left alone: version"), "{row}");
    assert!(row.contains("`charge` changed: `body`"), "{row}");
    assert!(listed.stderr.contains("1 execution is left alone by this version"), "{}", listed.stderr);
    let lines = |arguments: &[&str]| shop.command_of(&new, arguments).stdout;
    let line: Value = serde_json::from_str(&lines(&["executions", "--json"])).unwrap();
    assert!(line["left_alone"].as_str().is_some_and(|why| why.contains("`charge` changed: `body`")), "{line}");
    // The version that began it marks nothing.
    let own = shop.command(&["executions"]);
    assert!(!own.stdout.contains("left alone") && own.stderr.is_empty(), "{}{}", own.stdout, own.stderr);

    // Nothing and nobody makes the new one go on with it.
    let server = shop.serve_with(&new, &[]);
    let refused = shop.command_of(&new, &["resume", &id]);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("is left alone: version"), "{}", refused.stderr);
    server.terminate();
    assert!(server.wait(LIMIT).stderr.contains("execution left alone"));
    assert_eq!(shop.command_of(&new, &["resume", &id]).status.code(), Some(2));
    assert_eq!(shop.requests().len(), 1);

    let resumed = shop.command(&["resume", &id, "--compact"]);
    assert!(resumed.status.success(), "{}", resumed.stderr);
    assert_eq!(shop.requests().len(), 3);
    let listed = shop.command_of(&new, &["executions"]);
    assert!(listed.stdout.contains("completed") && listed.stderr.is_empty(), "{}{}", listed.stdout, listed.stderr);

    // Another one is given up while the new version's service runs.
    let id = shop.cut_off_order();
    let requests = shop.requests().len();
    let server = shop.serve_with(&new, &[]);
    let given_up = shop.command_of(&new, &["cancel", &id]);
    assert!(given_up.status.success() && given_up.stderr.contains("is cancelled"), "{}", given_up.stderr);
    server.terminate();
    let log = server.wait(LIMIT).stderr;
    let ended = |line: &str| line.contains("execution finished") && line.contains(&id) && line.contains("cancelled");
    assert!(log.lines().any(ended), "{log}");
    assert_eq!((shop.show(&id)["status"].as_str(), shop.requests().len()), (Some("cancelled"), requests));
}

#[test]
fn the_disk_is_waited_for_once_before_each_effect_and_once_at_the_end() {
    let shop = Shop::new("1");
    shop.service.play(Script::default().answer("POST /charge", r#"{"id":7}"#).answer("POST /ship", "{}"));
    let server = shop.serve();
    let id = shop.order(&server);
    shop.until(&id, |view| view["status"] == "completed");
    server.terminate();
    let ended = server.wait(LIMIT);
    let mut lines = ended.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let closed = lines.rfind(|line| line["event"] == "journal closed").expect("the journal is closed");
    assert_eq!((&closed["commits"], &closed["events"]), (&3.into(), &7.into()), "{closed}");
}
