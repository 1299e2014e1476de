//! Cycles, triggers in the wrong place, nodes that can never run.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Edge, Expr, ExprKind, Kind, Node, NodeId, Workflow};
use crate::syntax::ast::{Binary, Unary};
use flow_runtime::value::Value;
use std::collections::BTreeSet;

/// Edges by node.
pub struct Graph {
    /// Indices into [`Workflow::edges`], by target.
    pub incoming: Vec<Vec<usize>>,
    /// Indices into [`Workflow::edges`], by source.
    pub outgoing: Vec<Vec<usize>>,
    /// Sources before targets; without the nodes of cycles.
    pub order: Vec<NodeId>,
}

impl Graph {
    pub fn new(workflow: &Workflow) -> Graph {
        let mut incoming = vec![Vec::new(); workflow.nodes.len()];
        let mut outgoing = vec![Vec::new(); workflow.nodes.len()];
        for (index, edge) in workflow.edges.iter().enumerate() {
            incoming[edge.to.0].push(index);
            outgoing[edge.from.0].push(index);
        }
        // Kahn's algorithm, in declaration order among the ready.
        let mut open: Vec<usize> = incoming.iter().map(Vec::len).collect();
        let mut ready: BTreeSet<NodeId> = workflow.node_ids().filter(|id| open[id.0] == 0).collect();
        let mut order = Vec::with_capacity(workflow.nodes.len());
        while let Some(id) = ready.pop_first() {
            order.push(id);
            for edge in &outgoing[id.0] {
                let to = workflow.edges[*edge].to;
                open[to.0] -= 1;
                if open[to.0] == 0 {
                    ready.insert(to);
                }
            }
        }
        Graph { incoming, outgoing, order }
    }
}

/// Reports each cycle once; returns whether there is none.
pub(super) fn cycles(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) -> bool {
    let mut settled = vec![false; workflow.nodes.len()];
    for id in &graph.order {
        settled[id.0] = true;
    }
    // Every node left over is on a cycle or behind one. Walking backwards along edges between them must meet a cycle.
    for start in workflow.node_ids() {
        if settled[start.0] {
            continue;
        }
        let mut walk: Vec<usize> = Vec::new();
        let mut node = start;
        let cycle = loop {
            let edge = graph.incoming[node.0].iter().copied().find(|edge| !settled[workflow.edges[*edge].from.0]);
            let Some(edge) = edge else { break None };
            walk.push(edge);
            node = workflow.edges[edge].from;
            if let Some(position) = walk.iter().position(|edge| workflow.edges[*edge].to == node) {
                break Some(walk.split_off(position));
            }
        };
        for edge in walk.iter().chain(cycle.iter().flatten()) {
            settled[workflow.edges[*edge].to.0] = true;
            settled[workflow.edges[*edge].from.0] = true;
        }
        settled[start.0] = true;
        if let Some(mut cycle) = cycle {
            // Through a trigger: what leads to the trigger is the mistake, and is reported as such.
            if cycle.iter().any(|edge| workflow.node(workflow.edges[*edge].to).kind.is_trigger()) {
                continue;
            }
            cycle.reverse();
            diagnostics.push(cycle_found(workflow, cycle));
        }
    }
    graph.order.len() == workflow.nodes.len()
}

fn cycle_found(workflow: &Workflow, mut cycle: Vec<usize>) -> Diagnostic {
    // Begin at the node declared first, so that the message does not depend on where the walk began.
    let first = (0..cycle.len()).min_by_key(|index| workflow.edges[cycle[*index]].from).unwrap_or(0);
    cycle.rotate_left(first);
    let name = |id: NodeId| workflow.node(id).id.value.as_str();
    let mut path: Vec<&str> = cycle.iter().map(|edge| name(workflow.edges[*edge].from)).collect();
    path.push(path[0]);
    let (closing, others) = cycle.split_last().expect("a cycle has an edge");
    let mut diagnostic = Diagnostic::new(
        Code::Cycle,
        workflow.edges[*closing].span,
        match path.as_slice() {
            [node, _] => format!("`{node}` waits for itself"),
            path => format!("nodes wait for each other: {}", path.join(" → ")),
        },
    )
    .label(if others.is_empty() { "leads back to the node itself" } else { "this closes the circle" })
    .help(match others.is_empty() {
        true => "it could never start. To try a request again, use `retry_count`",
        false => "none of them could ever start: remove one of these connections or dependencies",
    });
    for edge in others {
        let edge = &workflow.edges[*edge];
        diagnostic = diagnostic.also(edge.span, format!("`{}` waits for `{}`", name(edge.to), name(edge.from)));
    }
    diagnostic
}

/// Triggers start an execution, so nothing leads to one; other nodes without an edge start beside them.
pub(super) fn triggers(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    let has_trigger = workflow.nodes.iter().any(|node| node.kind.is_trigger());
    let is_unknown = |node: &Node| matches!(node.kind, Kind::Unknown);
    // Then the connection is the wrong way round, and is reported.
    let leads_to_trigger =
        |id: NodeId| graph.outgoing[id.0].iter().any(|edge| workflow.node(workflow.edges[*edge].to).kind.is_trigger());
    for id in workflow.node_ids() {
        let node = workflow.node(id);
        match (node.kind.is_trigger(), graph.incoming[id.0].first()) {
            (true, Some(edge)) => diagnostics.push(
                Diagnostic::new(
                    Code::TriggerHasInput,
                    workflow.edges[*edge].span,
                    format!("`{}` is a trigger, and something leads to it", node.id.value),
                )
                .label("leads to a trigger")
                .also(node.id.span, "the trigger: it starts an execution, nothing comes before it")
                .help("turn the connection round, or remove it"),
            ),
            (false, None) if has_trigger && !is_unknown(node) && !leads_to_trigger(id) => diagnostics.push(
                Diagnostic::new(Code::UnconnectedNode, node.id.span, format!("nothing leads to `{}`", node.id.value))
                    .label("runs at the start of every execution")
                    .help("connect it, or name what it waits for in its `dependencies`"),
            ),
            _ => {}
        }
    }
    if workflow.nodes.is_empty() {
        return;
    }
    let mut webhook_ids: Vec<(&str, NodeId)> = Vec::new();
    for id in workflow.node_ids() {
        if let Kind::Webhook(webhook) = &workflow.node(id).kind {
            match webhook_ids.iter().find(|(other, _)| *other == webhook.webhook_id) {
                Some((_, first)) => diagnostics.push(
                    Diagnostic::new(
                        Code::DuplicateWebhook,
                        workflow.node(id).id.span,
                        format!("two triggers listen at `/webhooks/{}`", webhook.webhook_id),
                    )
                    .label("the second one")
                    .also(workflow.node(*first).id.span, "the first one")
                    .help("give each its own `webhook_id`"),
                ),
                None => webhook_ids.push((&webhook.webhook_id, id)),
            }
        }
    }
}

/// Nodes whose edges can never all be taken: behind a condition that is always false, or depending on two exclusive branches.
pub(super) fn never_runs(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    // For each node, the edges that were certainly taken when it runs; `None`: it never runs.
    let mut certain: Vec<Option<BTreeSet<usize>>> = vec![None; workflow.nodes.len()];
    let conditional = |edge: usize| workflow.edges[edge].condition.is_some();
    for id in &graph.order {
        let incoming = &graph.incoming[id.0];
        if incoming.is_empty() {
            certain[id.0] = Some(BTreeSet::new());
            continue;
        }
        let behind = |edge: usize| -> Option<BTreeSet<usize>> {
            if is_never(workflow.edges[edge].condition.as_ref()) {
                return None;
            }
            let mut set = certain[workflow.edges[edge].from.0].clone()?;
            // Unconditional edges decide nothing that another could contradict.
            if conditional(edge) {
                set.insert(edge);
            }
            Some(set)
        };
        let required: Vec<usize> = incoming.iter().copied().filter(|edge| workflow.edges[*edge].required).collect();
        let result = if required.is_empty() {
            // Any one of them is enough: certain is what they have in common.
            let sets = incoming.iter().filter_map(|edge| behind(*edge));
            sets.reduce(|left, right| left.intersection(&right).copied().collect())
        } else {
            required.iter().try_fold(BTreeSet::new(), |mut all, edge| {
                all.extend(behind(*edge)?);
                Some(all)
            })
        };
        let contradiction = result.as_ref().and_then(|set| contradiction(workflow, set));
        let source_runs = incoming.iter().any(|edge| certain[workflow.edges[*edge].from.0].is_some());
        match (&result, contradiction) {
            (Some(_), Some((left, right))) => {
                diagnostics.push(exclusive(workflow, *id, left, right));
                continue;
            }
            (None, _) if source_runs => diagnostics.push(behind_never(workflow, *id, incoming)),
            _ => {}
        }
        certain[id.0] = result;
    }
}

/// Two of these edges that exclude each other.
fn contradiction(workflow: &Workflow, edges: &BTreeSet<usize>) -> Option<(usize, usize)> {
    let mut by_source: Vec<usize> = edges.iter().copied().collect();
    by_source.sort_by_key(|edge| (workflow.edges[*edge].from, *edge));
    for group in by_source.chunk_by(|left, right| workflow.edges[*left].from == workflow.edges[*right].from) {
        for (position, left) in group.iter().enumerate() {
            for right in &group[position + 1..] {
                if are_exclusive(&workflow.edges[*left], &workflow.edges[*right]) {
                    return Some((*left, *right));
                }
            }
        }
    }
    None
}

fn is_never(condition: Option<&Expr>) -> bool {
    condition.and_then(Expr::as_constant).is_some_and(|value| !value.truthy())
}

/// Whether the conditions of two edges out of one node can never both hold: `x == a` and `x == b`, `c` and `!c`.
fn are_exclusive(left: &Edge, right: &Edge) -> bool {
    let (Some(left), Some(right)) = (&left.condition, &right.condition) else { return false };
    if negated(left).is_some_and(|inner| same(inner, right)) || negated(right).is_some_and(|inner| same(inner, left)) {
        return true;
    }
    match (equality(left), equality(right)) {
        // Booleans only: `x == 1` and `x == true` can both hold, and so can `x == "1"` and `x == 1`.
        (Some((left, Value::Bool(a))), Some((right, Value::Bool(b)))) => a != b && same(left, right),
        (Some((left, Value::String(a))), Some((right, Value::String(b)))) => a != b && same(left, right),
        _ => false,
    }
}

fn negated(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Unary(Unary::Not, inner) => Some(inner),
        _ => None,
    }
}

fn equality(expr: &Expr) -> Option<(&Expr, &Value)> {
    match &expr.kind {
        ExprKind::Binary(Binary::Equal | Binary::StrictEqual, left, right) => {
            match (left.as_constant(), right.as_constant()) {
                (None, Some(value)) => Some((left, value)),
                (Some(value), None) => Some((right, value)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether two expressions are the same path.
fn same(left: &Expr, right: &Expr) -> bool {
    matches!((&left.kind, &right.kind), (ExprKind::Path(left), ExprKind::Path(right)) if left == right)
}

fn exclusive(workflow: &Workflow, id: NodeId, left: usize, right: usize) -> Diagnostic {
    let node = workflow.node(id);
    let name = |id: NodeId| workflow.node(id).id.value.as_str();
    let edge = |edge: usize| &workflow.edges[edge];
    let place = |index: usize| edge(index).condition.as_ref().map_or(edge(index).span, |condition| condition.span);
    Diagnostic::new(Code::NeverRuns, node.id.span, format!("`{}` can never run", node.id.value))
        .label("depends on two branches of which only one is ever taken")
        .also(place(left), format!("one branch: `{}` → `{}`", name(edge(left).from), name(edge(left).to)))
        .also(place(right), format!("the other: `{}` → `{}`", name(edge(right).from), name(edge(right).to)))
        .help("`dependencies` means all of them. To run after either, use `connections` and leave the nodes out of `dependencies`")
}

fn behind_never(workflow: &Workflow, id: NodeId, incoming: &[usize]) -> Diagnostic {
    let node = workflow.node(id);
    let mut diagnostic = Diagnostic::new(Code::NeverRuns, node.id.span, format!("`{}` can never run", node.id.value))
        .label("no edge to it is ever taken");
    for edge in incoming {
        if let Some(condition) = workflow.edges[*edge].condition.as_ref().filter(|condition| is_never(Some(condition)))
        {
            diagnostic = diagnostic.also(condition.span, "this is never true");
        }
    }
    diagnostic.help("change the condition, or remove the node")
}
