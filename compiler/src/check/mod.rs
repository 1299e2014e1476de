//! What is wrong with a workflow whose names all resolve.
//!
//! Comes in: the model. Goes out: [`Checked`], the model unchanged and what the rules learnt about it.
//! Always true: rules only read the model; each finds every error it can in one run. The list below is the table of
//! contents.

mod before;
pub mod dataflow;
mod graph;
pub mod knowledge;
mod lints;
mod order;
mod rows;
mod sort;
pub mod types;

use crate::diagnostic::Diagnostics;
use crate::model::{Expr, NodeId, Workflow};
use crate::source::Sources;
pub use graph::Graph;
pub use types::Types;

/// A workflow that passed, or whose findings are in the diagnostics.
#[derive(Debug, Clone)]
pub struct Checked {
    pub workflow: Workflow,
    pub types: Types,
}

/// Runs every rule.
pub fn check(workflow: Workflow, sources: &Sources, diagnostics: &mut Diagnostics) -> Checked {
    let graph = Graph::new(&workflow);
    let acyclic = graph::cycles(&workflow, &graph, diagnostics);
    graph::triggers(&workflow, &graph, diagnostics);
    if acyclic {
        graph::never_runs(&workflow, &graph, diagnostics);
        order::references(&workflow, &graph, diagnostics);
    }
    sort::observed(&workflow, diagnostics);
    let types = types::check(&workflow, &graph, sources, None, diagnostics);
    lints::run(&workflow, &graph, diagnostics);
    dataflow::check(&workflow, &graph, diagnostics);
    Checked { workflow, types }
}

/// Every expression of a workflow with the node that reads it and whether it stands in a condition of an edge out of it.
pub(crate) fn expressions<'a>(workflow: &'a Workflow, visit: &mut dyn FnMut(NodeId, bool, &'a Expr)) {
    for id in workflow.node_ids() {
        workflow.node(id).expressions(&mut |expr| visit(id, false, expr));
    }
    for edge in &workflow.edges {
        if let Some(condition) = &edge.condition {
            visit(edge.from, true, condition);
        }
    }
}
