//! Traces of `flowc build --otel`, as a collector receives them: real requests, decoded by the numbers of OTLP's published
//! files.

use super::stage::{Serving, lines};
use flow_tests::case::Case;
use flow_tests::compile::binary_with_traces;
use flow_tests::run::Stage;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A field of a protobuf message.
#[derive(Debug, Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, in the order sent.
fn fields(mut message: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(message: &mut &[u8]) -> u64 {
        let mut number = 0;
        for shift in (0..).step_by(7) {
            let byte = message[0];
            *message = &message[1..];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                fields.push((key >> 3, Field::Number(varint(&mut message))));
                continue;
            }
            1 => 8,
            2 => varint(&mut message) as usize,
            5 => 4,
            kind => panic!("no wire type {kind} in OTLP"),
        };
        let (bytes, rest) = message.split_at(length);
        message = rest;
        let field = match key & 7 {
            2 => Field::Bytes(bytes),
            _ => Field::Number(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn all<'a>(message: &'a [u8], wanted: u64) -> Vec<&'a [u8]> {
    let bytes = |(number, field): (u64, Field<'a>)| match field {
        Field::Bytes(bytes) if number == wanted => Some(bytes),
        Field::Bytes(_) | Field::Number(_) => None,
    };
    fields(message).into_iter().filter_map(bytes).collect()
}

fn text(message: &[u8], wanted: u64) -> String {
    String::from_utf8(all(message, wanted).first().expect("the field is there").to_vec()).unwrap()
}

fn hex(message: &[u8], wanted: u64) -> String {
    all(message, wanted).first().unwrap_or(&&[][..]).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(message: &[u8], wanted: u64) -> u64 {
    let number = |(number, field)| match field {
        Field::Number(value) if number == wanted => Some(value),
        Field::Bytes(_) | Field::Number(_) => None,
    };
    fields(message).into_iter().find_map(number).unwrap_or_default()
}

/// Of `KeyValue`s.
fn attributes(message: &[u8], wanted: u64) -> BTreeMap<String, Value> {
    let value = |any: &[u8]| match fields(any)[0] {
        (1, Field::Bytes(text)) => String::from_utf8(text.to_vec()).unwrap().into(),
        (3, Field::Number(number)) => number.into(),
        other => panic!("{other:?}"),
    };
    all(message, wanted).into_iter().map(|pair| (text(pair, 1), value(all(pair, 2)[0]))).collect()
}

#[derive(Debug)]
struct Span {
    /// What made it.
    resource: BTreeMap<String, Value>,
    trace: String,
    id: String,
    parent: String,
    name: String,
    kind: u64,
    began: u64,
    ended: u64,
    failed: bool,
    flags: u64,
    attributes: BTreeMap<String, Value>,
}

/// All spans that arrived.
fn received(stage: &Stage) -> Vec<Span> {
    let requests = stage.world.log().requests();
    let mut received = Vec::new();
    for request in requests.iter().filter(|request| request.service == "collector") {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/traces"));
        let header =
            |name: &str| request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("content-type"), Some("application/x-protobuf"));
        assert_eq!(header("authorization"), Some("Bearer of=the collector"));
        for resource_spans in all(&request.body, 1) {
            let resource = attributes(all(resource_spans, 1)[0], 1);
            for span in all(resource_spans, 2).into_iter().flat_map(|scope| all(scope, 2)) {
                let status = all(span, 15).first().map_or(0, |status| number(status, 3));
                received.push(Span {
                    resource: resource.clone(),

                    trace: hex(span, 1),
                    id: hex(span, 2),
                    parent: hex(span, 4),
                    name: text(span, 5),
                    kind: number(span, 6),
                    began: number(span, 7),
                    ended: number(span, 8),
                    failed: status == 2,
                    flags: number(span, 16),
                    attributes: attributes(span, 9),
                });
            }
        }
    }
    received
}

fn serve(case: &str, change: impl FnOnce(&mut Case)) -> Serving {
    Serving::of(case, binary_with_traces, &[], |case, _| {
        let answers = json!({ "POST /v1/traces": [{ "status": 200 }] });
        case.service.insert("collector".to_owned(), serde_json::from_value(answers).unwrap());
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "{collector}"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of%3Dthe collector"),
            ("OTEL_SERVICE_NAME", "orders"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        ];
        case.env.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        change(case);
    })
}

/// Stops it, which sends what is left; what arrived.
fn stopped(serving: Serving) -> (Stage, Vec<Span>) {
    let (stage, ended, _) = serving.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let received = received(&stage);
    (stage, received)
}

#[test]
fn every_step_is_a_span_of_the_callers_trace() {
    let serving = serve("payment-recovers", |_| {});
    let order: Value = serde_json::from_str(&serving.order).unwrap();
    serving.send_traced(&serving.order, &format!("00-{TRACE}-{CALLER}-01"));
    serving.wait_for_ends(1);
    let (stage, spans) = stopped(serving);
    let resource = &spans[0].resource;
    assert_eq!(resource["service.name"], "orders");
    assert_eq!(resource["deployment.environment.name"], "test");
    assert_eq!(resource["service.version"].as_str().map(str::is_empty), Some(false));
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    // The execution, its nine nodes, and eight attempts of the seven that have effects.
    assert_eq!(spans.len(), 18, "{names:?}");
    assert!(spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    assert_eq!(by_id.len(), spans.len());

    let execution = spans.iter().find(|span| span.parent == CALLER).expect("the caller's span has a child");
    assert_eq!((execution.name.as_str(), execution.kind, execution.flags), ("order-fulfillment", 5, 0x301));
    assert_eq!(execution.attributes["flow.execution.status"], "completed");
    assert_eq!(execution.attributes["flow.trigger"], "order-webhook");
    let below = |parent: &str| spans.iter().filter(|span| span.parent == parent).collect::<Vec<_>>();
    let nodes = below(&execution.id);
    assert_eq!(nodes.len(), 9, "{names:?}");
    assert!(nodes.iter().all(|node| node.kind == 1 && node.flags == 0x101 && !node.failed));

    // A child lies within its parent.
    for span in spans.iter().filter(|span| span.parent != CALLER) {
        let parent = by_id[span.parent.as_str()];
        assert!(parent.began <= span.began && span.began <= span.ended && span.ended <= parent.ended, "{span:#?}");
    }

    let pay = nodes.iter().find(|node| node.attributes["flow.node.id"] == "process-payment").unwrap();
    let mut attempts = below(&pay.id);
    attempts.sort_by_key(|attempt| attempt.began);
    let [first, second] = attempts[..] else { panic!("{attempts:#?}") };
    assert_eq!((first.name.as_str(), first.kind), ("POST process-payment", 3));
    assert_eq!((first.failed, second.failed), (true, false));
    let about = |span: &Span, name: &str| span.attributes.get(name).cloned().unwrap_or_default();
    assert_eq!((about(first, "http.response.status_code"), about(first, "error.type")), (503.into(), "503".into()));
    assert_eq!((about(second, "http.response.status_code"), about(second, "error.type")), (200.into(), Value::Null));
    assert_eq!(about(first, "http.request.resend_count"), Value::Null);
    assert_eq!((about(second, "http.request.resend_count"), about(second, "flow.node.attempt")), (1.into(), 2.into()));
    assert_eq!(about(first, "http.request.method"), "POST");
    assert_eq!((about(first, "server.address"), about(first, "url.scheme")), ("127.0.0.1".into(), "http".into()));
    let mail = spans.iter().find(|span| span.name.starts_with("send_email") && span.kind == 3).expect("a mail");
    assert_eq!(mail.attributes["network.protocol.name"], "smtp");

    // What services were told names the node's span.
    let requests = stage.world.log().requests();
    let charges: Vec<_> = requests.iter().filter(|request| request.path == "/v2/payments/charge").collect();
    assert_eq!(charges.len(), 2);
    for charge in charges {
        let told = charge.headers.iter().find(|(name, _)| name == "traceparent").map(|(_, value)| value.as_str());
        assert_eq!(told, Some(format!("00-{TRACE}-{}-01", pay.id).as_str()));
    }

    // Nothing of the order, and no secret, is in what the collector got.
    let customer = [&order["customer_email"], &order["customer_name"], &order["order_id"]];
    let keys = stage.env.iter().filter(|(name, _)| name.ends_with("_KEY") || name.ends_with("SECRET"));
    let private: Vec<&str> =
        customer.iter().filter_map(|text| text.as_str()).chain(keys.map(|(_, value)| value.as_str())).collect();
    assert!(private.len() > 5, "{private:?}");
    for request in requests.iter().filter(|request| request.service == "collector") {
        let body = String::from_utf8_lossy(&request.body);
        for text in &private {
            assert!(!body.contains(text), "{text} is in a span");
        }
    }
}

#[test]
fn a_trace_begins_where_none_came_in() {
    let serving = serve("order-valid", |_| {});
    let execution_id = serving.send(&serving.order);
    serving.wait_for_ends(1);
    let (stage, received) = stopped(serving);
    let trace = execution_id.strip_prefix("exec-").unwrap();
    assert!(received.iter().all(|span| span.trace == trace), "{received:#?}");
    let first: Vec<_> = received.iter().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(first.len(), 1, "{first:#?}");
    assert_eq!(first[0].flags, 0x101);
    let requests = stage.world.log().requests();
    let told = requests.iter().filter(|request| request.service != "collector").map(|request| {
        let header = request.headers.iter().find(|(name, _)| name == "traceparent");
        header.is_some_and(|(_, value)| value.starts_with(&format!("00-{trace}-")) && value.ends_with("-01"))
    });
    assert!(told.into_iter().all(|told| told));
}

/// Who records and who does not is the caller's decision, unless the operator says otherwise.
#[test]
fn what_is_not_sampled_is_passed_on_and_not_exported() {
    for (sampler, flags) in [("", "00"), ("always_off", "01")] {
        let serving = serve("order-valid", |case| {
            case.env.insert("OTEL_TRACES_SAMPLER".to_owned(), sampler.to_owned());
        });
        serving.send_traced(&serving.order, &format!("00-{TRACE}-{CALLER}-{flags}"));
        serving.wait_for_ends(1);
        let (stage, received) = stopped(serving);
        assert!(received.is_empty(), "{received:#?}");
        for request in stage.world.log().requests() {
            let told = request.headers.iter().find(|(name, _)| name == "traceparent").map(|(_, value)| value.as_str());
            assert!(told.is_some_and(|told| told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-00")));
        }
    }
}

#[test]
fn a_collector_that_is_down_harms_nobody() {
    let serving = serve("order-valid", |case| {
        case.down.push("collector".to_owned());
        case.env.insert("OTEL_BSP_MAX_QUEUE_SIZE".to_owned(), "4".to_owned());
        case.env.insert("OTEL_TRACES_SAMPLER".to_owned(), "nonsense".to_owned());
    });
    for _ in 0..3 {
        serving.send(&serving.order);
    }
    serving.wait_for_ends(3);
    let metrics = serving.get("/metrics").1;
    assert!(metrics.contains("status=\"completed\"} 3"), "{metrics}");
    let (_, ended, _) = serving.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let lines = lines(&ended.stderr);
    let said = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let dropped: u64 = said("traces dropped").iter().filter_map(|line| line["spans"].as_u64()).sum();
    // Three executions of one span, nine nodes and seven attempts each.
    assert_eq!(dropped, 51, "{}", ended.stderr);
    assert!(said("traces setting")[0]["reason"].as_str().unwrap().contains("OTEL_TRACES_SAMPLER"));
    assert!(!ended.stderr.contains("of=the collector") && !ended.stderr.contains("nonsense"));
}
