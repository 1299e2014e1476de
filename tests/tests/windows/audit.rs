//! The audit trail of a running service, also across crashes, and what its verification finds.

use super::stage::{Serving, lines};
use serde_json::Value;
use std::fs;

const FILE: &str = "audit.jsonl";

fn serving() -> Serving {
    Serving::start("order-valid", &["--audit", FILE], |_, _| {})
}

fn trail(serving: &Serving) -> Vec<Value> {
    lines(&fs::read_to_string(serving.folder.path().join(FILE)).unwrap())
}

#[test]
fn it_tells_who_did_what() {
    let serving = serving();
    let execution_id = serving.send(&serving.order);
    serving.wait_for_ends(1);
    let folder = serving.folder.path().to_owned();
    let stderr = {
        let (_, ended, kept) = serving.stop();
        let trail = lines(&fs::read_to_string(folder.join(FILE)).unwrap());
        let events: Vec<&str> = trail.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(events[..3], ["trail begun", "process began", "execution accepted"]);
        assert_eq!(events[events.len() - 2..], ["execution ended", "process ended"]);
        let count = |event: &str| events.iter().filter(|is| **is == event).count();
        assert_eq!((count("node started"), count("node ended")), (9, 9), "{events:?}");
        let accepted = &trail[2];
        assert_eq!(
            (&accepted["execution_id"], &accepted["by"]),
            (&execution_id.clone().into(), &"order-webhook".into())
        );
        let payment = trail.iter().find(|line| line["event"] == "node ended" && line["node"] == "process-payment");
        assert_eq!(payment.unwrap()["transaction_id"], "TXN-1");
        assert!(trail.iter().enumerate().all(|(index, line)| line["seq"] == index + 1));
        // The log holds the head of the trail.
        let last = trail.last().unwrap();
        let mut heads = lines(&ended.stderr).into_iter().filter(|line| line["event"] == "audit trail");
        let head = heads.next_back().unwrap();
        assert_eq!((&head["seq"], &head["hash"]), (&last["seq"], &last["hash"]));
        drop(kept);
        ended.stderr
    };
    assert!(!stderr.contains("John Doe"));
}

#[test]
fn it_survives_crashes() {
    let mut serving = serving();
    for _ in 0..3 {
        serving.send(&serving.order);
        serving.crash();
    }
    // What a crash in the middle of a write leaves behind.
    let file = serving.folder.path().join(FILE);
    serving.process.terminate();
    while !trail(&serving).iter().any(|line| line["event"] == "process ended") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let torn = fs::read_to_string(&file).unwrap() + "{\"seq\":99,\"ti";
    fs::write(&file, torn).unwrap();
    let verified = serving.command(&["audit", "verify", FILE]);
    assert_eq!(verified.status.code(), Some(0), "{}", verified.stderr);
    assert!(verified.stderr.contains("the last 13 bytes are an unfinished line"), "{}", verified.stderr);
    serving.crash();
    assert!(trail(&serving).iter().any(|line| line["event"] == "torn line removed" && line["bytes"] == 13));
    let verified = serving.command(&["audit", "verify", FILE]);
    assert_eq!((verified.status.code(), &*verified.stderr), (Some(0), ""));
    assert!(verified.stdout.starts_with("intact: "), "{}", verified.stdout);
    let second = serving.command(&["serve", "--store", "memory", "--listen", "127.0.0.1:0", "--audit", FILE]);
    assert_eq!(second.status.code(), Some(2));
    assert!(second.stderr.contains("another process writes it"), "{}", second.stderr);
}

#[test]
fn what_was_tampered_with_is_named() {
    let serving = serving();
    serving.send(&serving.order);
    serving.wait_for_ends(1);
    serving.process.terminate();
    while !trail(&serving).iter().any(|line| line["event"] == "process ended") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let file = serving.folder.path().join(FILE);
    let text = fs::read_to_string(&file).unwrap();
    let check = |tampered: String, expected: &str| {
        fs::write(&file, tampered).unwrap();
        let verified = serving.command(&["audit", "verify", FILE]);
        assert_eq!(verified.status.code(), Some(1));
        assert!(verified.stderr.starts_with(expected), "{}", verified.stderr);
        assert!(verified.stdout.starts_with("NOT as it was written"), "{}", verified.stdout);
    };
    let payment = 1 + text.lines().position(|line| line.contains("TXN-1")).unwrap();
    check(text.replace("TXN-1", "TXN-2"), &format!("{FILE}:{payment}: this line was changed"));
    let without = |line: usize| text.lines().enumerate().filter(move |(index, _)| index + 1 != line);
    let without: String = without(payment).map(|(_, line)| format!("{line}\n")).collect();
    check(without, &format!("{FILE}:{payment}: this line follows a line that is missing: seq {payment}"));
    let mut swapped: Vec<&str> = text.lines().collect();
    swapped.swap(4, 5);
    check(swapped.join("\n") + "\n", &format!("{FILE}:5: this line follows a line that is missing: seq 5"));
    let missing = serving.command(&["audit", "verify", "no-such-file"]);
    assert_eq!(missing.status.code(), Some(2));
}
