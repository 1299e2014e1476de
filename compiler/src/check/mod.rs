//! What is wrong with a workflow whose names all resolve.
//!
//! Comes in: the model. Goes out: [`Checked`], the model unchanged and what the rules learnt about it.
//! Always true: rules only read the model; each finds every error it can in one run. The list below is the table of
//! contents.

mod before;
mod constant;
pub mod dataflow;
mod dedupe;
mod graph;
pub mod knowledge;
mod limits;
mod lints;
mod mistakes;
mod never;
mod order;
mod paths;
mod routes;
mod skipped;
mod sort;
pub mod types;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Label};
use crate::model::{Expr, Kind, NodeId, Workflow};
use crate::source::{Sources, Span};
pub use graph::Graph;
use mistakes::Mistakes;
use paths::{Known, Paths};
use types::Transforms;
pub use types::{Typed, Types};

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
        order::references(&workflow, &graph, diagnostics);
    }
    order::secrets(&workflow, diagnostics);
    limits::asked(&workflow, sources, diagnostics);
    let ((types, transforms), mut others) = std::thread::scope(|scope| {
        // What asks neither for types nor for paths is looked at meanwhile.
        let is_large = workflow.nodes.len() >= NODES_FOR_TWO;
        let others = is_large.then(|| scope.spawn(|| others(&workflow, &graph)));
        let found = values(&workflow, &graph, acyclic, sources, diagnostics);
        dedupe::keys(&workflow, diagnostics);
        let others = match others.map(|thread| thread.join()) {
            None => self::others(&workflow, &graph),
            Some(found) => found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        };
        (found, others)
    });
    // A name with an error in it is reported for that.
    let mistakes = Mistakes::of(diagnostics);
    others.retain(|found| found.code != Code::MisspeltName || !mistakes.are_in(found.primary.span));
    diagnostics.append(others);
    let mut workflow = workflow;
    for (node, field) in transforms.lists {
        if let Kind::Transform(transform) = &mut workflow.nodes[node.0].kind {
            transform.list = Some(field);
        }
    }
    Checked { workflow, types }
}

/// From so many nodes on a second thread is worth starting.
const NODES_FOR_TWO: usize = 100;

/// The rules about values: what types they have, and what can hold where.
fn values(
    workflow: &Workflow,
    graph: &Graph,
    acyclic: bool,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> (Types, Transforms) {
    let mut known = if acyclic { known(workflow, graph, diagnostics) } else { None };
    sort::observed(workflow, diagnostics);
    let before = diagnostics.count();
    let mut found = types::check(workflow, graph, sources, known.as_ref().map(|known| known as _), diagnostics);
    // What follows from a condition with a mistake in it is said of no workflow there will be: a second look, without it.
    let without = known.is_some().then(|| Mistakes::of(diagnostics).without_conditions(workflow)).flatten();
    if let Some(without) = &without {
        diagnostics.forget(before);
        known = self::known(without, graph, diagnostics);
        found = types::check(workflow, graph, sources, known.as_ref().map(|known| known as _), diagnostics);
    }
    let mut paths = known.map(|known| known.paths.into_inner());
    if let Some(paths) = &mut paths {
        self::paths(paths, &found.1, &Mistakes::of(diagnostics), diagnostics);
    }
    if acyclic {
        lints::compensation(workflow, graph, paths.as_mut(), diagnostics);
    }
    found
}

/// The rules about everything else. They ask nothing of what the ones about values find.
fn others(workflow: &Workflow, graph: &Graph) -> Diagnostics {
    let mut found = Diagnostics::default();
    lints::run(workflow, graph, &mut found);
    dataflow::check(workflow, graph, &mut found);
    found
}

/// Visits every expression of a workflow that passed, with its type where it stands; but those over the items of a
/// transform, whose types are in that of its output.
pub fn typed<'a>(checked: &'a Checked, sources: &Sources, visit: &mut dyn FnMut(Typed<'a>)) {
    let graph = Graph::new(&checked.workflow);
    let known = known(&checked.workflow, &graph, &mut Diagnostics::default());
    types::visit(checked, sources, known.as_ref().map(|known| known as _), &graph, visit);
}

/// What can hold where; `None` where that cannot be said.
fn known<'a>(workflow: &'a Workflow, graph: &'a Graph, diagnostics: &mut Diagnostics) -> Option<Known<'a>> {
    // What is read too early says nothing about when it is read.
    if diagnostics.iter().any(|diagnostic| diagnostic.code == Code::NotYetRun) {
        return None;
    }
    let paths = Paths::new(workflow, graph);
    if paths.gave_up() {
        diagnostics.push(too_many_conditions(workflow, graph));
        return None;
    }
    Some(Known::new(paths))
}

/// Said at the node that asks the most.
fn too_many_conditions(workflow: &Workflow, graph: &Graph) -> Diagnostic {
    let asked = |id: NodeId| {
        let own = match &workflow.node(id).kind {
            Kind::Filter(filter) => Some(&filter.condition),
            _ => None,
        };
        let behind = graph.outgoing[id.0].iter().filter_map(|edge| workflow.edges[*edge].condition.as_ref());
        let mut parts = 0;
        behind.chain(own).for_each(|condition| condition.walk(&mut |_| parts += 1));
        parts
    };
    let node = workflow.node_ids().max_by_key(|id| (asked(*id), std::cmp::Reverse(*id))).map(|id| workflow.node(id));
    let span = node.map_or(Span::new(0, 0), |node| node.id.span);
    Diagnostic::new(Code::TooManyConditions, span, "there are more conditions here than flowc follows")
        .label("whether nodes may have been skipped was not checked")
        .help("give a default to what is read of nodes that may be skipped: `|| 0`")
        .help("ask for a value in fewer places, or divide the workflow")
}

/// The rules that ask what can hold where.
fn paths(paths: &mut Paths, transforms: &Transforms, mistakes: &Mistakes, diagnostics: &mut Diagnostics) {
    // An edge that could not be read may be the one that makes all the difference.
    let is_whole = !diagnostics.iter().any(|diagnostic| BROKEN_GRAPH.contains(&diagnostic.code));
    let mut found = Diagnostics::default();
    never::never_runs(paths, &mut found);
    if is_whole {
        skipped::references(paths, &mut found);
        routes::alternatives(paths, &transforms.unfailing, &mut found);
        constant::conditions(paths, &mut found);
        never::ways_cut_off(paths, &mut found);
        constant::verdicts(paths, &mut found);
    }
    // A condition or a reference with a mistake in it is reported for that mistake: what follows from it says nothing.
    let follows = |place: &Label| mistakes.are_in(place.span);
    // Of a condition that is always true the part of it says more that is.
    let told: Vec<Span> =
        diagnostics.iter().filter(|told| told.code == Code::ConstantCondition).map(|told| told.primary.span).collect();
    let is_told = |found: &Diagnostic| {
        found.code == Code::ConstantCondition && told.iter().any(|part| found.primary.span.contains(*part))
    };
    if paths.gave_up() {
        diagnostics.push(too_many_conditions(paths.workflow, paths.graph));
    }
    let own = found.iter().filter(|found| !follows(&found.primary) && !found.labels.iter().any(follows));
    diagnostics.extend(own.filter(|found| !is_told(found)).cloned());
}

/// Findings after which nodes or edges may be missing from the graph, or stand where they were not meant.
const BROKEN_GRAPH: &[Code] = &[
    Code::FlowSyntax,
    Code::WrongType,
    Code::MissingKey,
    Code::InvalidNodeType,
    Code::DuplicateId,
    Code::BadId,
    Code::UnknownNode,
    Code::UnknownKind,
    Code::UnsupportedKind,
    Code::DuplicateConnection,
    Code::TriggerHasInput,
];

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
