//! References to nodes that have not run yet when they are read.

use super::Graph;
use super::rows::Rows;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::Root;
use crate::model::{ExprKind, NodeId, Workflow};
use crate::source::Span;

/// Every `previous_outputs.<id>` names a node that lies before the reader on some path.
pub(super) fn references(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    let Some(mut before) = Rows::new(workflow.nodes.len(), workflow.nodes.len()) else { return };
    for id in &graph.order {
        for edge in &graph.incoming[id.0] {
            let from = workflow.edges[*edge].from.0;
            before.extend(id.0, from, from);
        }
    }
    super::expressions(workflow, &mut |reader, in_condition, expr| {
        expr.walk(&mut |expr| {
            let ExprKind::Path(path) = &expr.kind else { return };
            let Root::Output(read) = path.root else { return };
            let own_result = in_condition && read == reader;
            if !own_result && !before.has(reader.0, read.0) {
                let leads_away = before.has(read.0, reader.0);
                diagnostics.push(not_before(workflow, reader, read, Reading { in_condition, leads_away }, expr.span));
            }
        });
    });
}

/// How a node is read.
struct Reading {
    /// In the condition of an edge out of the reader.
    in_condition: bool,
    /// The reader leads to the node it reads.
    leads_away: bool,
}

fn not_before(workflow: &Workflow, reader: NodeId, read: NodeId, reading: Reading, span: Span) -> Diagnostic {
    let [reader_id, read_id] = [reader, read].map(|node| workflow.node(node).id.value.as_str());
    if reader == read {
        return Diagnostic::new(Code::NotYetRun, span, format!("`{reader_id}` reads its own output"))
            .label("always missing here")
            .help("a node can read what earlier nodes gave, and `input_data`");
    }
    let moment = match reading.in_condition {
        true => "this condition is decided".to_string(),
        false => format!("`{reader_id}` starts"),
    };
    match reading.leads_away {
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
