//! References to nodes that have not run yet when they are read.

use super::Graph;
use super::rows::Rows;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::Root;
use crate::model::{ExprKind, NodeId, Workflow};

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
                diagnostics.push(not_before(workflow, reader, read, expr.span));
            }
        });
    });
}

fn not_before(workflow: &Workflow, reader: NodeId, read: NodeId, span: crate::source::Span) -> Diagnostic {
    let (reader_node, read_node) = (workflow.node(reader), workflow.node(read));
    let headline = if reader == read {
        format!("`{}` reads its own output", read_node.id.value)
    } else {
        format!("`{}` has not run when `{}` starts", read_node.id.value, reader_node.id.value)
    };
    Diagnostic::new(Code::NotYetRun, span, headline)
        .label("always missing here")
        .also(read_node.id.span, format!("`{}` does not lead to `{}`", read_node.id.value, reader_node.id.value))
        .help(format!(
            "connect `{}` to `{}`, or read a node that lies before it",
            read_node.id.value, reader_node.id.value
        ))
}
