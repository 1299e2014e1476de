//! References to nodes that have not run yet when they are read.

use super::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::Root;
use crate::model::{ExprKind, NodeId, Workflow};
use std::collections::HashMap;

/// Every `previous_outputs.<id>` names a node that lies before the reader on some path.
pub(super) fn references(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    // Only nodes that are read are of interest, and few are: one walk backwards for each reader.
    let mut before: HashMap<NodeId, Vec<bool>> = HashMap::new();
    super::expressions(workflow, &mut |reader, in_condition, expr| {
        expr.walk(&mut |expr| {
            let ExprKind::Path(path) = &expr.kind else { return };
            let Root::Output(read) = path.root else { return };
            if in_condition && read == reader {
                return;
            }
            let before = before.entry(reader).or_insert_with(|| ancestors(workflow, graph, reader));
            if !before[read.0] {
                diagnostics.push(not_before(workflow, reader, read, expr.span));
            }
        });
    });
}

fn ancestors(workflow: &Workflow, graph: &Graph, of: NodeId) -> Vec<bool> {
    let mut before = vec![false; workflow.nodes.len()];
    let mut open = vec![of];
    while let Some(node) = open.pop() {
        for edge in &graph.incoming[node.0] {
            let from = workflow.edges[*edge].from;
            if !before[from.0] {
                before[from.0] = true;
                open.push(from);
            }
        }
    }
    before
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
