//! `unsafe-retry`: a request that may be carried out twice.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Expr, ExprKind, Http, Node, Workflow};

/// An `Idempotency-Key` that is the same in every execution, or in every execution of one instant.
pub(super) fn one_key(node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    let Some((_, key)) = http.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key")) else {
        return;
    };
    if key.expressions().any(says_for_whom) {
        return;
    }
    let instant = key.expressions().find(|expr| has(expr, |kind| matches!(kind, ExprKind::Timestamp)));
    if let Some(instant) = instant {
        if node.retry.retries > 0 {
            diagnostics.push(of_one_instant(node, instant));
        }
    } else {
        let headline =
            format!("every execution sends this `Idempotency-Key`: `{}` would be done only once", node.id.value);
        diagnostics.push(
            Diagnostic::new(Code::UnsafeRetry, key.span, headline)
                .label("the same for every order: the service answers the second as it answered the first")
                .help("use what tells one order from another, such as `${input_data.order_id}`, or `${execution_id}`"),
        );
    }
}

/// What reads something may be another value for every order.
fn says_for_whom(expr: &Expr) -> bool {
    has(expr, |kind| {
        matches!(kind, ExprKind::Path(_) | ExprKind::PreviousOutputs | ExprKind::ExecutionId | ExprKind::Unknown)
    })
}

fn has(expr: &Expr, is: fn(&ExprKind) -> bool) -> bool {
    let mut found = false;
    expr.walk(&mut |part| found |= is(&part.kind));
    found
}

fn of_one_instant(node: &Node, instant: &Expr) -> Diagnostic {
    let headline = format!(
        "two orders at one instant share this `Idempotency-Key`: `{}` would be done for one of them",
        node.id.value
    );
    Diagnostic::new(Code::UnsafeRetry, instant.span, headline)
        .label("says when, not for which order")
        .help("use what tells one order from another, such as `${input_data.order_id}`, or `${execution_id}`")
}

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
