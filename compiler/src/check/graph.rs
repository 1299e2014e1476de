//! Cycles, triggers in the wrong place, nodes that can never run.

use super::rows::Rows;
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
    // A connection that leads nowhere may have been meant for any of them.
    let dangling = diagnostics.iter().any(|diagnostic| diagnostic.code == Code::UnknownNode);
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
            (false, None) if has_trigger && !dangling && !is_unknown(node) && !leads_to_trigger(id) => diagnostics
                .push(
                    Diagnostic::new(
                        Code::UnconnectedNode,
                        node.id.span,
                        format!("nothing leads to `{}`", node.id.value),
                    )
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
    let exclusive = exclusive_pairs(workflow, graph);
    let mut branches: Vec<usize> = exclusive.iter().flat_map(|(left, right)| [*left, *right]).collect();
    branches.sort_unstable();
    branches.dedup();
    // For each node, which of the branches were certainly taken when it runs; `None`: it never runs.
    let Some(mut certain) = Rows::new(workflow.nodes.len(), branches.len()) else { return };
    let mut runs = vec![true; workflow.nodes.len()];
    for id in &graph.order {
        let incoming = &graph.incoming[id.0];
        let edge_can_be_taken = |edge: usize| {
            let edge = &workflow.edges[edge];
            runs[edge.from.0] && !is_never(edge.condition.as_ref())
        };
        let required: Vec<usize> = incoming.iter().copied().filter(|edge| workflow.edges[*edge].required).collect();
        // Of the dependencies all are taken; without any, one of the connections is, and certain is what they share.
        let all_of = !required.is_empty();
        let sources = if all_of { required } else { incoming.clone() };
        let taken: Vec<usize> = sources.iter().copied().filter(|edge| edge_can_be_taken(*edge)).collect();
        if !incoming.is_empty() && (taken.is_empty() || (all_of && taken.len() < sources.len())) {
            runs[id.0] = false;
            if incoming.iter().any(|edge| runs[workflow.edges[*edge].from.0]) {
                diagnostics.push(behind_never(workflow, *id, incoming));
            }
            continue;
        }
        for (position, edge) in taken.iter().enumerate() {
            let mut behind = certain.row(workflow.edges[*edge].from.0).to_vec();
            if let Ok(branch) = branches.binary_search(edge) {
                behind[branch / 64] |= 1 << (branch % 64);
            }
            let row = certain.row_mut(id.0);
            for (word, behind) in row.iter_mut().zip(behind) {
                *word = if all_of || position == 0 { *word | behind } else { *word & behind };
            }
        }
        let row = certain.row(id.0);
        let holds = |edge: &usize| {
            branches.binary_search(edge).is_ok_and(|branch| row[branch / 64] & (1 << (branch % 64)) != 0)
        };
        if taken.len() > 1
            && let Some((left, right)) = exclusive.iter().find(|(left, right)| holds(left) && holds(right))
        {
            runs[id.0] = false;
            diagnostics.push(exclusive_branches(workflow, *id, *left, *right));
        }
    }
}

/// Pairs of edges out of one node of which only one is ever taken.
fn exclusive_pairs(workflow: &Workflow, graph: &Graph) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for outgoing in &graph.outgoing {
        // Every pair is compared, so a node with very many conditions is left out: no person wrote it.
        let conditional: Vec<usize> = outgoing
            .iter()
            .copied()
            .filter(|edge| workflow.edges[*edge].condition.is_some())
            .take(BRANCHES_MAX)
            .collect();
        for (position, left) in conditional.iter().enumerate() {
            let exclusive = |right: &&usize| are_exclusive(&workflow.edges[*left], &workflow.edges[**right]);
            pairs.extend(conditional[position + 1..].iter().filter(exclusive).map(|right| (*left, *right)));
        }
    }
    pairs
}

/// Conditions out of one node that are compared with each other.
const BRANCHES_MAX: usize = 64;

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

fn exclusive_branches(workflow: &Workflow, id: NodeId, left: usize, right: usize) -> Diagnostic {
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
