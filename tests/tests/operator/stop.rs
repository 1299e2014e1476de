//! A signal at a service, or at a command, whose execution waits for a service that is down.

use super::shop::{LIMIT, Shop, stands_at_charge};
use flow_world::process::{self, Process};
use flow_world::{Answer, Script};
use serde_json::Value;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const AT_ONCE: Duration = Duration::from_secs(4);

/// The service behind the workflow asks for a long wait.
fn down(shop: &Shop) {
    let answer = Answer { headers: [("retry-after".to_owned(), "100".to_owned())].into(), ..Answer::status(503) };
    shop.service.play(Script::default().answers("POST /charge", [answer]));
}

/// A client that starts an execution and waits for its end.
fn client(address: SocketAddr) -> JoinHandle<(u16, Value)> {
    std::thread::spawn(move || {
        let headers = [("content-type", "application/json"), ("authorization", "Bearer key")];
        let body = br#"{"input_variables": {"order_id": "O-1"}, "wait": true}"#;
        let (status, answer) = process::call(address, "POST /api/v1/flows/execute", &headers, body);
        (status, serde_json::from_str(&answer).unwrap_or_default())
    })
}

#[test]
fn a_client_that_waits_is_answered_and_its_execution_goes_on_with_the_next_start() {
    let mut shop = Shop::new("1");
    shop.env.insert("FLOW_API_KEYS".to_owned(), "key".to_owned());
    down(&shop);
    let server = shop.serve();
    let client = client(server.listening());
    shop.until_asked(1);
    std::thread::sleep(Duration::from_millis(200));
    let asked = Instant::now();
    server.terminate();
    let ended = server.wait(LIMIT);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    let (status, answer) = client.join().unwrap();
    assert_eq!((status, &answer["status"]), (200, &"running".into()), "{answer}");
    let id = answer["execution_id"].as_str().unwrap();
    assert!(stands_at_charge(&answer["execution"]), "{answer}");
    assert_eq!((shop.show(id)["status"].as_str(), shop.requests().len()), (Some("running"), 1));
}

#[test]
fn a_client_is_answered_also_where_its_execution_is_cut_off() {
    let mut shop = Shop::new("1");
    shop.env.insert("FLOW_API_KEYS".to_owned(), "key".to_owned());
    down(&shop);
    // Nothing goes on with it, so it counts as running until the last moment.
    let server = shop.serve_with(&shop.binary, &["--store", "memory"]);
    let client = client(server.listening());
    shop.until_asked(1);
    server.terminate();
    let ended = server.wait(LIMIT);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    let (status, answer) = client.join().unwrap();
    assert_eq!((status, &answer["status"]), (200, &"running".into()), "{answer}");
    assert!(stands_at_charge(&answer["execution"]), "{answer}");
}

#[test]
fn a_signal_ends_resume_and_not_its_execution() {
    let shop = Shop::new("3600");
    let id = shop.cut_off_order();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let resuming = Process::start(&shop.binary, &["resume", &id], shop.folder.path(), &shop.env);
        shop.until_owned_by(&resuming);
        // Nothing outside says when it listens for signals.
        std::thread::sleep(Duration::from_millis(300));
        let asked = Instant::now();
        let number = resuming.id().to_string();
        assert!(std::process::Command::new("kill").args([&format!("-{signal}"), &number]).status().unwrap().success());
        let ended = resuming.wait(LIMIT);
        assert_eq!(ended.status.code(), Some(code), "{}", ended.stderr);
        assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
        let said = format!("{id} has not ended: it goes on with the next `resume` or `serve`");
        assert!(ended.stderr.contains(&said), "{}", ended.stderr);
        let printed: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(printed["status"], "running");
        assert_eq!((shop.show(&id)["status"].as_str(), shop.requests().len()), (Some("running"), 1));
    }
}

#[test]
fn what_resume_is_at_gets_its_time() {
    let shop = Shop::new("1");
    let id = shop.cut_off_order();
    let slow = Answer { delay: 3.0, ..Answer::json(r#"{"id":7}"#) };
    shop.service.play(Script::default().answers("POST /charge", [slow]).answer("POST /ship", "{}"));
    let resuming = Process::start(&shop.binary, &["resume", &id], shop.folder.path(), &shop.env);
    shop.until_asked(2);
    resuming.terminate();
    let ended = resuming.wait(LIMIT);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("{id} is at work, and gets 25 s in all")), "{}", ended.stderr);
    assert_eq!((shop.show(&id)["status"].as_str(), shop.requests().len()), (Some("completed"), 3));
}
