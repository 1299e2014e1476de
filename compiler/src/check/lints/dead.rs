//! `dead-key`: keys that nothing reads because of what stands beside them.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Http, Kind, Node, Webhook, Workflow};
use crate::source::Span;

pub(super) fn keys(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for node in workflow.nodes.iter().filter(|node| !node.keys.wrong) {
        match &node.kind {
            Kind::Webhook(webhook) => secret(node, webhook, diagnostics),
            Kind::Http(http) => {
                retry_delay(workflow, node, diagnostics);
                idempotent(node, http, diagnostics);
            }
            Kind::Email(_) | Kind::Rust(_) => retry_delay(workflow, node, diagnostics),
            Kind::Manual(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Unknown => {}
        }
    }
    settings(workflow, diagnostics);
}

fn found(span: Span, headline: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::DeadKey, span, headline).label("nothing reads this")
}

fn retry_delay(workflow: &Workflow, node: &Node, diagnostics: &mut Diagnostics) {
    let Some(span) = node.keys.value("retry_delay") else { return };
    if node.retry.retries > 0 {
        return;
    }
    let diagnostic = found(span, format!("`{}` is never retried, so `retry_delay` is never waited", node.id.value));
    let default = workflow.settings.keys.value("max_retries").filter(|_| !matches!(node.kind, Kind::Rust(_)));
    diagnostics.push(match node.keys.value("retry_count").or(default) {
        Some(none) => diagnostic.also(none, "no retries").help("remove `retry_delay`, or allow retries"),
        None => diagnostic.help("say how often: \"retry_count\": 3"),
    });
}

fn idempotent(node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    let Some(span) = node.keys.value("idempotent").filter(|_| http.idempotent == Some(true)) else { return };
    if !matches!(http.method.as_str(), "POST" | "PATCH") {
        let mut diagnostic = found(span, format!("a `{}` is idempotent without saying so", http.method));
        if let Some(method) = node.keys.value("method") {
            diagnostic = diagnostic.also(method, "sent twice it does what it does once");
        }
        diagnostics.push(diagnostic.help("remove it"));
    }
}

/// Where addresses are not checked either, the webhook is open, which is said elsewhere.
fn secret(node: &Node, webhook: &Webhook, diagnostics: &mut Diagnostics) {
    if let (Some(secret), false, false) = (&webhook.secret, webhook.validate_signature, !webhook.lists_addresses) {
        diagnostics.push(
            found(secret.span, format!("the `secret` of `{}` is never used", node.id.value))
                .also(super::place(node, "validate_signature"), "signatures are not checked")
                .help("remove one of the two: with a `secret` signatures are checked"),
        );
    }
}

fn settings(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    let keys = &workflow.settings.keys;
    if keys.wrong {
        return;
    }
    if let (Some(most), Some(parallel), true) =
        (keys.value("max_parallel_nodes"), keys.value("parallel_execution"), workflow.settings.sequential)
    {
        diagnostics.push(
            found(most, "`max_parallel_nodes` without parallel execution")
                .also(parallel, "one node at a time")
                .help("remove one of the two"),
        );
    }
    // What cannot be read may have been meant to be retried.
    let may_read = |node: &Node| match node.kind {
        Kind::Http(_) | Kind::Email(_) => node.keys.wrong || node.keys.value("retry_count").is_none(),
        Kind::Unknown => true,
        Kind::Webhook(_) | Kind::Manual(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) => false,
    };
    if let Some(retries) = keys.value("max_retries")
        && !workflow.nodes.is_empty()
        && !workflow.nodes.iter().any(may_read)
    {
        let is_retried = |node: &Node| matches!(node.kind, Kind::Http(_) | Kind::Email(_));
        diagnostics.push(match workflow.nodes.iter().any(is_retried) {
            true => found(retries, "`max_retries` is the default of a `retry_count` that every node gives itself")
                .help("remove it, or remove the `retry_count` of the nodes it shall hold for"),
            false => found(retries, "`max_retries` holds for requests and mails, and there are none").help("remove it"),
        });
    }
}
