//! What a service takes on, what it keeps, what it refuses, and what it does not do twice.

use super::shop::{LIMIT, Shop, stands_at_charge};
use flow_world::{Answer, Event, Script, Smtp, Tls, process};
use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

fn completed(view: &serde_json::Value) -> bool {
    view["status"] == "completed"
}

#[test]
fn beyond_the_limit_orders_are_refused_until_there_is_room() {
    for store in [&[][..], &["--store", "memory"]] {
        let mut shop = Shop::new("3600");
        if !store.is_empty() {
            shop.env.remove("FLOW_DATA_DIR");
        }
        shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
        let server = shop.serve_with(&shop.binary, &[&["--max-unfinished", "2"], store].concat());
        shop.order(&server);
        shop.order(&server);
        for _ in 0..2 {
            let (status, answer) = shop.send(&server);
            assert_eq!((status, &answer["error"]["code"]), (503, &"BUSY".into()), "{store:?}: {answer}");
        }
        shop.until_asked(2);
        // Of the refused ones there is nothing, and nothing has happened by the end.
        let (_, metrics) = process::call(server.listening(), "GET /metrics", &[], b"");
        let in_flight = metrics.lines().find(|line| line.starts_with("flowforge_workflow_executions_in_flight{"));
        assert!(in_flight.is_some_and(|line| line.ends_with(" 2.0")), "{store:?}: {in_flight:?}");
        drop(server);
        assert_eq!(shop.requests().len(), 2);
    }
}

#[test]
fn the_usual_folder_stands_beside_an_executable_of_the_workflows_name() {
    let mut shop = Shop::new("0");
    shop.env.remove("FLOW_DATA_DIR");
    let here = shop.folder.path().join("orders");
    if shop.binary != here {
        process::install(&shop.binary, &here).unwrap();
    }
    let server = shop.serve_with(&here, &[]);
    let id = shop.order(&server);
    assert!(shop.folder.path().join("orders-data/journal.db").exists());
    assert!(shop.command_of(&here, &["executions"]).stdout.contains(&id));
}

#[test]
fn a_file_of_variables_holds_those_of_the_program_too() {
    let mut shop = Shop::new("0");
    shop.env.remove("FLOW_DATA_DIR");
    fs::write(shop.folder.path().join(".env"), "FLOW_DATA_DIR=kept\nAUDIT_FILE=trail.jsonl\nLOG_FILE=log.jsonl\n")
        .unwrap();
    let server = shop.serve();
    let id = shop.order(&server);
    server.terminate();
    server.wait(LIMIT);
    assert!(shop.command(&["executions"]).stdout.contains(&id));
    assert!(shop.command(&["executions", "--data", "kept"]).stdout.contains(&id));
    assert!(shop.command(&["audit", "verify"]).stdout.starts_with("intact: "));
    assert!(fs::read_to_string(shop.folder.path().join("log.jsonl")).unwrap().contains("\"serving\""));
}

#[test]
fn room_comes_back_when_an_execution_ends() {
    let shop = Shop::new("3600");
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve_with(&shop.binary, &["--max-unfinished", "1"]);
    let first = shop.order(&server);
    shop.until(&first, stands_at_charge);
    assert_eq!(shop.send(&server).0, 503);
    assert!(shop.command(&["cancel", &first]).status.success());
    shop.order(&server);
}

#[test]
fn no_more_executions_are_kept_than_asked_for() {
    let shop = Shop::new("1");
    shop.service.play(Script::default().answer("POST /charge", r#"{"id":7}"#).answer("POST /ship", "{}"));
    let server = shop.serve();
    let ids: Vec<String> = (0..5).map(|_| shop.order(&server)).collect();
    for id in &ids {
        shop.until(id, completed);
    }
    server.terminate();
    server.wait(LIMIT);
    let server = shop.serve_with(&shop.binary, &["--keep-executions", "2"]);
    let listed = || shop.command(&["executions", "--json"]).stdout;
    let deadline = std::time::Instant::now() + LIMIT;
    while listed().lines().count() > 2 {
        assert!(std::time::Instant::now() < deadline, "{}", listed());
        std::thread::sleep(Duration::from_millis(50));
    }
    // The last ones, newest first.
    let expected = [&ids[4], &ids[3]];
    assert!(listed().lines().zip(expected).all(|(line, id)| line.contains(id.as_str())), "{}", listed());
    drop(server);
}

#[test]
fn a_damaged_journal_is_refused_and_left_as_it_is() {
    let shop = Shop::new("1");
    let server = shop.serve();
    server.terminate();
    server.wait(LIMIT);
    let file = shop.folder.path().join("journal/journal.db");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 64].fill(0xa5);
    fs::write(&file, &bytes).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["executions"], &["export"]] {
        let refused = shop.command(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("journal.db is damaged"), "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("restore it from a backup"), "{arguments:?}: {}", refused.stderr);
    }
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

/// Two mails, one after the other; how the first is delivered is for the test to say.
const MAILS: &str = r#"{
  "name": "Orders",
  "nodes": [
    {"id": "order", "type": "trigger", "trigger_type": "webhook", "config": {"webhook_id": "orders", "validate_signature": false}},
    {"id": "thanks", "type": "action", "action_type": "send_email", "config": {
      "smtp_server": "${SMTP_SERVER}", "smtp_port": "${SMTP_PORT}", "use_tls": false, "from_email": "shop@example.com",
      "to_email": "customer@example.com", "subject": "Thanks", "body": "at ${timestamp}", "delivery": "DELIVERY"}},
    {"id": "notify", "type": "action", "action_type": "http", "config": {
      "method": "POST", "url": "${SHOP_URL}/notify", "body": {"delivery": "${previous_outputs.thanks.result.delivery}"}}}
  ],
  "connections": [
    {"from": "order", "to": "thanks"},
    {"from": "thanks", "to": "notify"}
  ]
}"#;

#[test]
fn a_mail_in_doubt_goes_again_as_the_same_mail_or_not_at_all() {
    for (delivery, mails, notified) in
        [("at_least_once", 2, r#"{"delivery":"sent"}"#), ("at_most_once", 1, r#"{"delivery":"unknown"}"#)]
    {
        let mut shop = Shop::of(&MAILS.replace("DELIVERY", delivery));
        let smtp = shop.world.smtp(Smtp { tls: Tls::Plain, ..Smtp::default() }).unwrap();
        shop.env.insert("SMTP_SERVER".to_owned(), "localhost".to_owned());
        shop.env.insert("SMTP_PORT".to_owned(), smtp.port().to_string());
        shop.service.play(Script::default().answer("POST /notify", "{}"));
        let server = shop.serve();
        // At the moment the first mail has arrived, before that is answered.
        let victim = Mutex::new(Some(server.id()));
        shop.world.log().observe(move |event| {
            if let (Event::Mail(_), Some(process)) = (event, victim.lock().unwrap().take()) {
                let killed = Command::new("kill").args(["-KILL", &process.to_string()]).status();
                assert!(killed.is_ok_and(|status| status.success()));
            }
        });
        let id = shop.order(&server);
        server.wait(LIMIT);
        let server = shop.serve();
        shop.until(&id, completed);
        drop(server);
        let mut sent = Vec::new();
        for event in shop.world.events() {
            match event {
                Event::Mail(mail) => sent.push(mail.raw),
                Event::Request(request) => assert_eq!(String::from_utf8_lossy(&request.body), notified, "{delivery}"),
            }
        }
        assert_eq!(sent.len(), mails, "{delivery}");
        // With its Message-ID and its date.
        assert!(sent.iter().all(|raw| *raw == sent[0]), "{delivery}");
    }
}
