//! The log, and the webhook log beside it.

use super::stage::{Serving, WEBHOOK, lines};
use std::fs;

#[test]
fn one_line_per_attempt_and_per_webhook_request() {
    let serving = Serving::start("order-valid", &[], |case, _| {
        case.env.insert("WEBHOOK_LOG".to_owned(), "webhook.log".to_owned());
        let charge = case.service.get_mut("payment").unwrap().get_mut("POST /v2/payments/charge").unwrap();
        let mut unavailable = charge[0].clone();
        unavailable.status = 503;
        charge.insert(0, unavailable);
    });
    let execution_id = serving.send(&serving.order);
    assert_eq!(serving.post("sha256=00", &serving.order).0, 401);
    serving.wait_for_ends(1);
    let (_, ended, folder) = serving.stop();

    let all = lines(&ended.stderr);
    let events = |event: &str| all.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let attempts = events("attempt finished");
    // Nine nodes, one of them twice.
    let tries = |node: &str| attempts.iter().filter(|line| line["node"] == node).count();
    assert_eq!((attempts.len(), tries("process-payment"), tries("validate-order")), (10, 2, 1), "{attempts:#?}");
    for line in &attempts {
        assert_eq!(line["execution_id"], execution_id.as_str());
        assert!(line["duration_ms"].as_f64().is_some() && line["attempt"].as_u64().is_some(), "{line}");
    }
    let failed = attempts.iter().find(|line| line["outcome"] == "retryable").unwrap();
    assert_eq!((&failed["code"], &failed["level"]), (&"HTTP_503".into(), &"warn".into()));

    let webhooks = fs::read_to_string(folder.path().join("webhook.log")).unwrap();
    let webhooks = lines(&webhooks);
    assert_eq!(webhooks.iter().collect::<Vec<_>>(), events("webhook answered"));
    let of = |name: &str| webhooks.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("webhook_id"), [WEBHOOK, WEBHOOK]);
    assert_eq!(of("outcome"), ["ACCEPTED", "INVALID_SIGNATURE"]);
    assert_eq!(of("http_status"), [200, 401]);
    assert_eq!(webhooks[0]["execution_id"], execution_id.as_str());
    assert!(webhooks[1]["request_id"].as_str().unwrap().starts_with("req-"));
}

#[test]
fn a_file_takes_the_lines_and_may_be_rotated() {
    let serving = Serving::start("order-valid", &[], |case, _| {
        case.env.insert("LOG_FILE".to_owned(), "order.log".to_owned());
        case.env.insert("LOG_FORMAT".to_owned(), "text".to_owned());
    });
    serving.send(&serving.order);
    serving.wait_for_ends(1);
    let file = serving.folder.path().join("order.log");
    let moved = serving.folder.path().join("order.log.1");
    // Lines wait a few milliseconds before they are written.
    while !fs::read_to_string(&file).unwrap().contains("execution finished") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    fs::rename(&file, &moved).unwrap();
    // The file is looked for once a second, when something is written.
    while !file.exists() {
        assert_eq!(serving.post("sha256=00", &serving.order).0, 401);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (_, ended, _folder) = serving.stop();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.lines().last().unwrap().contains(" INFO  journal closed"), "{text}");
    assert!(!ended.stderr.contains("execution finished"), "{}", ended.stderr);
}
