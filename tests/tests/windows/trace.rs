//! W3C trace context: in by the webhook, out to the services.

use super::stage::{Serving, lines};
use std::collections::BTreeMap;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The `traceparent` headers of all requests, by service and path.
fn sent(serving: &Serving) -> BTreeMap<String, Vec<Option<String>>> {
    let mut sent: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for request in serving.stage.world.log().requests() {
        let header = request.headers.iter().find(|(name, _)| name == "traceparent").map(|(_, value)| value.clone());
        sent.entry(request.path).or_default().push(header);
    }
    sent
}

#[test]
fn a_trace_goes_through_the_workflow() {
    let serving = Serving::start("payment-recovers", &[], |_, _| {});
    serving.send_traced(&serving.order, &format!("00-{TRACE}-00f067aa0ba902b7-01"));
    serving.wait_for_ends(1);
    let sent = sent(&serving);
    let first: Vec<&str> = sent.values().map(|all| all[0].as_deref().expect("every request has it")).collect();
    assert_eq!(first.len(), 5, "{sent:?}");
    assert!(
        first.iter().all(|header| header.starts_with(&format!("00-{TRACE}-")) && header.ends_with("-01")),
        "{sent:?}"
    );
    // Each node is a span of its own; all attempts of a node are the same bytes.
    let spans: std::collections::BTreeSet<&str> = first.iter().map(|header| &header[36..52]).collect();
    assert_eq!(spans.len(), 5, "{sent:?}");
    let charges = &sent["/v2/payments/charge"];
    assert!(charges.len() > 1 && charges.iter().all(|header| *header == charges[0]), "{charges:?}");
    let (_, ended, _) = serving.stop();
    let accepted = lines(&ended.stderr).into_iter().find(|line| line["event"] == "execution accepted").unwrap();
    assert_eq!(accepted["trace_id"], TRACE);
}

#[test]
fn without_a_trace_none_is_made_up() {
    let serving = Serving::start("order-valid", &[], |_, _| {});
    serving.send(&serving.order);
    serving.send_traced(&serving.order, "00-not-a-trace");
    serving.wait_for_ends(2);
    assert!(sent(&serving).values().flatten().all(Option::is_none));
}
