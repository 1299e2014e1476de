//! `unsafe-retry`: a request that may be carried out twice.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Http, Node, Workflow};

/// A retry after a time-out repeats what may have been done already.
pub(super) fn not_idempotent(workflow: &Workflow, node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    // By RFC 9110 a repeated PUT or DELETE does what it does once.
    let by_nature = !matches!(http.method.as_str(), "POST" | "PATCH");
    let retries = node.retry.retries;
    if http.idempotent.unwrap_or(by_nature) || retries == 0 || super::has_header(http, "idempotency-key") {
        return;
    }
    let (method, id) = (&http.method, &node.id.value);
    let times = if retries == 1 { "once more".to_owned() } else { format!("up to {retries} times more") };
    let repeated = format!("sent {times}, also when only the answer was lost");
    let mut diagnostic = Diagnostic::new(
        Code::UnsafeRetry,
        super::place(node, "method"),
        format!("`{id}` may be done twice: the `{method}` is retried without an `Idempotency-Key` of its own"),
    )
    .label("what it does, it may do again");
    if let Some(span) = node.keys.value("retry_count") {
        diagnostic = diagnostic.also(span, repeated);
    } else if let Some(span) = workflow.settings.keys.value("max_retries") {
        diagnostic = diagnostic.also(span, format!("the `retry_count` of nodes without one: {repeated}"));
    }
    if http.idempotent == Some(false) {
        diagnostic = diagnostic.also(super::place(node, "idempotent"), "so it was declared");
    }
    diagnostics.push(match http.method.as_str() {
        "POST" | "PUT" | "PATCH" | "DELETE" => diagnostic
            .help("flowc adds an `Idempotency-Key` header of its own making, which helps only if the service honours it: if it does, write \"idempotent\": true")
            .help("if not, send the key that the service asks for in `headers`, or write \"retry_count\": 0"),
        _ => diagnostic.help("send the key that the service asks for in `headers`, or write \"retry_count\": 0"),
    });
}
