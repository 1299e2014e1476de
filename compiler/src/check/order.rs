//! References to nodes that have not run yet when they are read.

use super::Graph;
use super::before::lies_before;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::Root;
use crate::model::{ExprKind, Kind, NodeId, Webhook, Workflow};
use crate::source::Span;

/// Every `previous_outputs.<id>` names a node that lies before the reader on some path.
pub(super) fn references(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    let mut readings = Vec::new();
    super::expressions(workflow, &mut |reader, in_condition, expr| {
        expr.walk(&mut |expr| {
            let ExprKind::Path(path) = &expr.kind else { return };
            let Root::Output(read) = path.root else { return };
            let own_result = in_condition && read == reader;
            if !own_result {
                readings.push(Reading { reader, read, in_condition, span: expr.span });
            }
        });
    });
    let questions: Vec<_> = readings.iter().map(|reading| (reading.read, reading.reader)).collect();
    let mut before = lies_before(workflow, graph, &questions).into_iter();
    readings.retain(|_| before.next() == Some(false));
    let questions: Vec<_> = readings.iter().map(|reading| (reading.reader, reading.read)).collect();
    for (reading, leads_away) in readings.iter().zip(lies_before(workflow, graph, &questions)) {
        diagnostics.push(not_before(workflow, reading, leads_away));
    }
}

/// The secret of a webhook is needed before there is any delivery, and so before all that belongs to one.
pub(super) fn secrets(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for node in &workflow.nodes {
        let Kind::Webhook(Webhook { secret: Some(secret), .. }) = &node.kind else { continue };
        for expr in secret.expressions() {
            let mut read = None;
            expr.walk(&mut |part| match part.kind {
                ExprKind::Path(_) | ExprKind::Timestamp | ExprKind::ExecutionId | ExprKind::PreviousOutputs => {
                    read = read.or(Some(part.span));
                }
                _ => {}
            });
            let Some(span) = read else { continue };
            let id = &node.id.value;
            diagnostics.push(
                Diagnostic::new(
                    Code::NotYetRun,
                    span,
                    format!("there is no execution when `{id}` asks for its secret"),
                )
                .label("belongs to an execution")
                .help("a secret stands in a variable of the environment, with a name such as WEBHOOK_SECRET"),
            );
        }
    }
}

/// A node's output, read.
struct Reading {
    reader: NodeId,
    read: NodeId,
    /// In the condition of an edge out of the reader.
    in_condition: bool,
    span: Span,
}

/// `leads_away`: the reader leads to the node it reads.
fn not_before(workflow: &Workflow, reading: &Reading, leads_away: bool) -> Diagnostic {
    let Reading { reader, read, in_condition, span } = *reading;
    let [reader_id, read_id] = [reader, read].map(|node| workflow.node(node).id.value.as_str());
    if reader == read {
        return Diagnostic::new(Code::NotYetRun, span, format!("`{reader_id}` reads its own output"))
            .label("always missing here")
            .help("a node can read what earlier nodes gave, and `input_data`");
    }
    let moment = match in_condition {
        true => "this condition is decided".to_string(),
        false => format!("`{reader_id}` starts"),
    };
    match leads_away {
        true => Diagnostic::new(Code::NotYetRun, span, format!("`{read_id}` has not run when {moment}"))
            .label("always missing here")
            .also(workflow.node(read).id.span, format!("comes after `{reader_id}`"))
            .help("read a node that lies before it"),
        false => Diagnostic::new(Code::NotYetRun, span, format!("`{read_id}` may not have run when {moment}"))
            .label(format!("nothing makes `{reader_id}` wait for it"))
            .also(workflow.node(read).id.span, format!("does not lead to `{reader_id}`"))
            .help(format!("connect `{read_id}` to `{reader_id}`, or name it in the `dependencies` of `{reader_id}`")),
    }
}
