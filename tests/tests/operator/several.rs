//! Commands on several executions at once, and on a journal that another command has.

use super::shop::{Shop, stands_at_charge};
use flow_world::process::Process;
use flow_world::{Answer, Script};
use serde_json::Value;
use std::time::{Duration, Instant};

const UNKNOWN: &str = "exec-00000000000000000000000000000000";

fn lines(text: &str, word: &str) -> Vec<String> {
    text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
}

#[test]
fn several_are_cancelled_and_erased_each_with_its_line() {
    let shop = Shop::new("3600");
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve();
    let ids: Vec<String> = (0..5).map(|_| shop.order(&server)).collect();
    for id in &ids {
        shop.until(id, stands_at_charge);
    }
    let [first, second, third, fourth, fifth] = &*ids else { unreachable!() };
    let is = |ids: &[&String], what: &str| ids.iter().map(|id| format!("{id} is {what}")).collect::<Vec<_>>();
    let done = shop.command(&["cancel", first, second]);
    assert_eq!((done.status.code(), lines(&done.stderr, "exec-")), (Some(0), is(&[first, second], "cancelled")));
    // One that has ended and one that never was keep nothing from the others.
    let partly = shop.command(&["cancel", first, UNKNOWN, third]);
    assert_eq!(partly.status.code(), Some(2), "{}", partly.stderr);
    assert_eq!(lines(&partly.stderr, "is cancelled"), is(&[third], "cancelled"));
    assert_eq!(lines(&partly.stderr, first), [format!("{first} has ended already: cancelled")]);
    assert!(lines(&partly.stderr, UNKNOWN)[0].starts_with("error: there is no execution"), "{}", partly.stderr);
    let erased = shop.command(&["erase", first, fourth]);
    assert_eq!(erased.status.code(), Some(1), "{}", erased.stderr);
    assert_eq!(lines(&erased.stderr, first), is(&[first], "deleted"));
    assert_eq!(lines(&erased.stderr, fourth), [format!("{fourth} has not ended: `cancel {fourth}` ends it")]);
    // A service goes on by itself; who that is, is said.
    let asked = shop.command(&["resume", fourth, fifth]);
    let goes_on = format!("the service goes on with it (process {}, since 20", server.id());
    assert_eq!((asked.status.code(), lines(&asked.stderr, &goes_on).len()), (Some(0), 2), "{}", asked.stderr);
    drop(server);
    let done = shop.command(&["cancel", fourth, fifth, third]);
    assert_eq!((done.status.code(), lines(&done.stderr, "is cancelled")), (Some(1), is(&[fourth, fifth], "cancelled")));
    let erased = shop.command(&["erase", second, third, fourth, fifth]);
    assert_eq!(erased.status.code(), Some(0), "{}", erased.stderr);
    assert_eq!(lines(&erased.stderr, "is deleted").len(), 4);
    assert_eq!(shop.command(&["executions", "--json"]).stdout, "");
}

#[test]
fn several_are_resumed_side_by_side() {
    let shop = Shop::new("2");
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve();
    let ids = [shop.order(&server), shop.order(&server)];
    for id in &ids {
        shop.until(id, stands_at_charge);
    }
    drop(server);
    shop.service.play(Script::default().answer("POST /charge", r#"{"id":7}"#).answer("POST /ship", "{}"));
    let resumed = shop.command(&["resume", &ids[1], UNKNOWN, &ids[0], "--compact"]);
    assert_eq!(resumed.status.code(), Some(2), "{}", resumed.stderr);
    assert!(resumed.stderr.contains("error: there is no execution"), "{}", resumed.stderr);
    let views = resumed.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ended: Vec<_> = views.map(|view| [view["execution_id"].clone(), view["status"].clone()]).collect();
    assert_eq!(
        ended,
        [[ids[1].as_str().into(), Value::from("completed")], [ids[0].as_str().into(), "completed".into()]]
    );
}

#[test]
fn while_another_command_has_the_journal_resume_says_which() {
    let shop = Shop::new("3600");
    let id = shop.cut_off_order();
    let resuming = Process::start(&shop.binary, &["resume", &id], shop.folder.path(), &shop.env);
    shop.until_owned_by(&resuming);
    let began = Instant::now();
    let refused = shop.command(&["resume", &id]);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("(process {}, since 20", resuming.id())), "{}", refused.stderr);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let serve = shop.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(serve.status.code(), Some(2));
    assert!(serve.stderr.contains(&format!("in use by process {}, since 20", resuming.id())), "{}", serve.stderr);
}

#[test]
fn what_waits_for_its_next_attempt_says_so() {
    let shop = Shop::new("3600");
    shop.service.play(Script::default().answers("POST /charge", [Answer::status(503)]));
    let server = shop.serve();
    let id = shop.order(&server);
    let view = shop.until(&id, |view| view["executed_nodes"][1]["next_attempt_at"].is_string());
    let node = &view["executed_nodes"][1];
    assert_eq!((&node["attempts"], &node["last_error"]["code"]), (&1.into(), &"HTTP_503".into()), "{node:#}");
    let due = node["next_attempt_at"].as_str().unwrap();
    assert!(due > node["started_at"].as_str().unwrap(), "{node:#}");
    let listed = shop.command(&["executions"]).stdout;
    assert!(listed.contains(&format!("charge: HTTP_503, attempt 2 at {due}")), "{listed}");
    let line: Value = serde_json::from_str(&shop.command(&["executions", "--json"]).stdout).unwrap();
    assert_eq!(line["waiting"][0]["next_attempt_at"], due, "{line:#}");
}
