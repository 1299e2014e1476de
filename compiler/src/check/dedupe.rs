//! `bad-dedupe-key`: what is meant to tell one delivery from another, and does not.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::{Expr, ExprKind, Path, Root};
use crate::model::{Kind, Node, Workflow};
use crate::source::Span;

/// A key has to follow from the input, and from nothing that differs between two deliveries of it.
pub(super) fn keys(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for node in &workflow.nodes {
        if let Kind::Webhook(webhook) = &node.kind
            && let Some(key) = &webhook.dedupe_key
            && let Some(found) = unsuitable(node, key)
        {
            diagnostics.push(found);
        }
    }
}

fn unsuitable(node: &Node, key: &Expr) -> Option<Diagnostic> {
    let mut reads_input = false;
    let mut reported = false;
    let mut changing: Option<(&str, Span)> = None;
    key.walk(&mut |expr| match &expr.kind {
        ExprKind::Path(Path { root: Root::Input, .. }) => reads_input = true,
        ExprKind::Timestamp => changing = changing.or(Some(("timestamp", expr.span))),
        ExprKind::ExecutionId => changing = changing.or(Some(("execution_id", expr.span))),
        // A trigger that reads a node which has not run is reported for that, and a mistake for itself.
        ExprKind::Path(_) | ExprKind::PreviousOutputs | ExprKind::Unknown => reported = true,
        _ => {}
    });
    let id = &node.id.value;
    if let Some((name, span)) = changing {
        let headline = format!("`{name}` is another one for every delivery, so `{id}` never sees one twice");
        let diagnostic = Diagnostic::new(Code::BadDedupeKey, span, headline).label("differs each time");
        return Some(diagnostic.help("use what the sender repeats: `input_data.order_id`"));
    }
    (!reads_input && !reported).then(|| {
        let headline = format!("every delivery to `{id}` has this key: only the first would start an execution");
        Diagnostic::new(Code::BadDedupeKey, key.span, headline)
            .label("reads nothing of the input")
            .help("use what tells one delivery from another: `input_data.order_id`")
            .help("text in quotes is text: a field is written without them")
    })
}
