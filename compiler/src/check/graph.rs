//! Cycles, triggers in the wrong place.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Kind, Node, NodeId, Workflow};
use std::collections::{BTreeSet, HashMap};

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
    // For each node the step of the walk that left it, if it is on the walk.
    let mut left_at = vec![None; workflow.nodes.len()];
    for start in workflow.node_ids() {
        if settled[start.0] {
            continue;
        }
        let mut walk: Vec<usize> = Vec::new();
        let mut node = start;
        let cycle = loop {
            let edge = graph.incoming[node.0].iter().copied().find(|edge| !settled[workflow.edges[*edge].from.0]);
            let Some(edge) = edge else { break None };
            left_at[node.0] = Some(walk.len());
            walk.push(edge);
            node = workflow.edges[edge].from;
            if let Some(position) = left_at[node.0] {
                break Some(walk.split_off(position));
            }
        };
        for edge in walk.iter().chain(cycle.iter().flatten()) {
            settled[workflow.edges[*edge].to.0] = true;
            settled[workflow.edges[*edge].from.0] = true;
            left_at[workflow.edges[*edge].to.0] = None;
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

/// Of a longer cycle only so many nodes are named.
const CYCLE_SHOWN: usize = 24;

fn cycle_found(workflow: &Workflow, mut cycle: Vec<usize>) -> Diagnostic {
    // Begin at the node declared first, so that the message does not depend on where the walk began.
    let first = (0..cycle.len()).min_by_key(|index| workflow.edges[cycle[*index]].from).unwrap_or(0);
    cycle.rotate_left(first);
    let name = |id: NodeId| workflow.node(id).id.value.as_str();
    let mut path: Vec<&str> = cycle.iter().map(|edge| name(workflow.edges[*edge].from)).collect();
    path.push(path[0]);
    if path.len() > CYCLE_SHOWN + 1 {
        path.splice(CYCLE_SHOWN - 1..path.len() - 2, ["…"]);
    }
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
    for edge in others.iter().take(CYCLE_SHOWN) {
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
    let mut webhook_ids: HashMap<&str, NodeId> = HashMap::new();
    for id in workflow.node_ids() {
        if let Kind::Webhook(webhook) = &workflow.node(id).kind {
            match webhook_ids.get(webhook.webhook_id.as_str()) {
                Some(first) => diagnostics.push(
                    Diagnostic::new(
                        Code::DuplicateWebhook,
                        workflow.node(id).id.span,
                        format!("two triggers listen at `/webhooks/{}`", webhook.webhook_id),
                    )
                    .label("the second one")
                    .also(workflow.node(*first).id.span, "the first one")
                    .help("give each its own `webhook_id`"),
                ),
                None => _ = webhook_ids.insert(&webhook.webhook_id, id),
            }
        }
    }
}
