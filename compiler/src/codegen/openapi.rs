//! Plan → the OpenAPI 3.1 document of the workflow's service, which the binary serves at `/openapi.json`.
//!
//! Always true: what the runtime answers is what stands in `openapi/frame.json`; what differs from workflow to workflow
//! (inputs, nodes, results, variables, webhooks) comes from the workflow's own types and fills the places that begin with `@`.

use crate::model::{Kind, Node, Schema, Webhook, Workflow};
use crate::plan::Plan;
use flow_runtime::value::{Object, Value};

const FRAME: &str = include_str!("openapi/frame.json");
const WEBHOOK: &str = include_str!("openapi/webhook.json");

/// Compact JSON.
pub(super) fn document(plan: &Plan) -> String {
    let workflow = &plan.workflow;
    let texts = |texts: Vec<&str>| Value::array(texts.into_iter().map(Value::string).collect());
    let variables = plan.environment.iter().filter(|env| !env.variable.is_secret());
    let text = || parsed(r#"{"type":"string"}"#);
    let input = workflow.started_by_program().and_then(|node| node.kind.input_schema());
    let fill = |place: &str| match place {
        "title" => Value::string(&workflow.title),
        "version" => Value::string(&workflow.version),
        "name" => Value::string(&workflow.slug),
        "input" => match input {
            None => parsed(r#"{"type":["object","null"]}"#),
            Some(schema) if asks_for_fields(schema) => parsed(&object(&schema.to_json())),
            Some(schema) => parsed(&format!(r#"{{"anyOf":[{{"type":"null"}},{}]}}"#, object(&schema.to_json()))),
        },
        // A schema that accepts the empty object need not be sent one.
        "input_required" => texts(if input.is_some_and(asks_for_fields) { vec!["input_variables"] } else { vec![] }),
        "variables" => Value::object(variables.clone().map(|env| (env.variable.name.as_str(), text()))),
        "node_ids" => texts(workflow.nodes.iter().map(|node| node.id.value.as_str()).collect()),
        "results" => Value::array(workflow.nodes.iter().map(result).collect()),
        place => unreachable!("nothing fills @{place}"),
    };
    let document = filled(&parsed(FRAME), &fill);
    let document = with_webhooks(document, workflow);
    document.to_json().unwrap_or_default()
}

/// The frame with every text `@place` filled.
fn filled(value: &Value, fill: &dyn Fn(&str) -> Value) -> Value {
    match value {
        Value::String(text) => match text.as_str().and_then(|text| text.strip_prefix('@')) {
            Some(place) => fill(place),
            None => value.clone(),
        },
        Value::Array(items) => Value::array(items.iter().map(|item| filled(item, fill)).collect()),
        Value::Object(object) => map(object, |_, value| Some(filled(value, fill))),
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn map(object: &Object, change: impl Fn(&str, &Value) -> Option<Value>) -> Value {
    let fields = object.iter().filter_map(|(key, value)| {
        let key = key.to_well_formed();
        Some((key.to_string(), change(&key, value)?))
    });
    let fields: Vec<(String, Value)> = fields.collect();
    Value::object(fields.iter().map(|(key, value)| (key.as_str(), value.clone())))
}

/// The paths of the webhooks, in place of the key `@webhooks`.
fn with_webhooks(document: Value, workflow: &Workflow) -> Value {
    let Value::Object(document) = document else { return document };
    map(&document, |key, value| match value {
        Value::Object(paths) if key == "paths" => {
            let webhooks = workflow.nodes.iter().filter_map(|node| match &node.kind {
                Kind::Webhook(webhook) => Some((path(webhook), webhook_path(node, webhook))),
                _ => None,
            });
            let fixed = paths.iter().map(|(path, value)| (path.to_well_formed().into_owned(), value.clone()));
            let paths: Vec<_> = webhooks.chain(fixed.filter(|(path, _)| path != "@webhooks")).collect();
            Some(Value::object(paths.iter().map(|(path, value)| (path.as_str(), value.clone()))))
        }
        _ => Some(value.clone()),
    })
}

fn path(webhook: &Webhook) -> String {
    format!("/webhooks/{}", webhook.webhook_id)
}

fn webhook_path(node: &Node, webhook: &Webhook) -> Value {
    let signed = if webhook.validate_signature { "Requests must be signed." } else { "Requests are not signed." };
    let from = if webhook.allowed_ips.is_empty() { "" } else { " Only some addresses may call it." };
    let again = match &webhook.dedupe_key {
        Some(_) => "Deliveries with the same value of the workflow's `dedupe_key` are one execution.",
        None => "Deliveries with the same `Idempotency-Key`, or another header that names them, are one execution.",
    };
    filled(&parsed(WEBHOOK), &|place| match place {
        "operation" => Value::string(&format!("webhook:{}", webhook.webhook_id)),
        "summary" => Value::string(&node.title),
        "description" => Value::string(&format!("{signed}{from} {again}")),
        "input" => node
            .kind
            .input_schema()
            .map_or_else(|| parsed(r#"{"type":"object"}"#), |schema| parsed(&object(&schema.to_json()))),
        place => unreachable!("nothing fills @{place}"),
    })
}

/// An input is an object, whatever else its schema accepts.
fn object(schema: &str) -> String {
    format!(r#"{{"type":"object","allOf":[{schema}]}}"#)
}

fn asks_for_fields(schema: &Schema) -> bool {
    let root = &schema.rules[0];
    !root.required.is_empty() || root.min_properties.is_some_and(|least| least > 0) || !root.kinds.object
}

/// What one node gives, as an alternative of `ExecutedNode`. `null`: it has not settled, or was cancelled.
fn result(node: &Node) -> Value {
    let result = match &node.kind {
        Kind::Webhook(_) | Kind::Manual(_) => match node.kind.input_schema() {
            Some(schema) => format!(r#"{{"anyOf":[{{"type":"null"}},{}]}}"#, object(&schema.to_json())),
            None => r#"{"type":["object","null"]}"#.to_owned(),
        },
        Kind::Filter(_) => r#"{"type":["object","null"],"properties":{"passed":{"type":"boolean"}}}"#.to_owned(),
        Kind::Http(_) | Kind::Email(_) => r#"{"type":["object","null"]}"#.to_owned(),
        Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => "{}".to_owned(),
    };
    let node_id = Value::object([("const", Value::string(&node.id.value))]);
    let properties = Value::object([("node_id", node_id), ("result", parsed(&result))]);
    Value::object([("title", Value::string(&node.title)), ("properties", properties)])
}

fn parsed(json: &str) -> Value {
    Value::from_json(json).unwrap_or_else(|error| panic!("flowc wrote no JSON: {error:?}\n{json}"))
}
