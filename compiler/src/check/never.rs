//! Nodes that can never run: behind conditions that are never true, or waiting for branches that exclude each other; and edges
//! whose node then waits for another that is never taken with them.

use super::paths::{FALSE, Paths, TRUE};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Edge, NodeId};

/// Edges looked at for one message.
const EDGES_MAX: usize = 2000;

pub(super) fn never_runs(paths: &mut Paths, diagnostics: &mut Diagnostics) {
    for id in paths.graph.order.iter().copied() {
        if paths.nodes[id.0].runs != FALSE {
            continue;
        }
        let incoming = &paths.graph.incoming[id.0];
        let reached = |edge: &&usize| paths.nodes[paths.workflow.edges[**edge].from.0].runs != FALSE;
        // Behind a node that never runs: that one is reported.
        if !incoming.iter().any(|edge| reached(&edge)) {
            continue;
        }
        let never: Vec<usize> =
            incoming.iter().filter(reached).copied().filter(|edge| paths.edges[*edge].taken == FALSE).collect();
        let needed = never.iter().any(|edge| paths.workflow.edges[*edge].required);
        let all = incoming.iter().all(|edge| paths.edges[*edge].taken == FALSE);
        let diagnostic = match (needed || all, exclusive(paths, incoming)) {
            (false, Some((left, right))) => exclusive_branches(paths, id, left, right),
            _ => behind_never(paths, id, &never),
        };
        if paths.gave_up() {
            return;
        }
        diagnostics.push(diagnostic);
    }
}

/// Edges that come to nothing: their node needs another one, too, and that is never taken when they are.
pub(super) fn ways_cut_off(paths: &mut Paths, diagnostics: &mut Diagnostics) {
    let workflow = paths.workflow;
    for (index, edge) in workflow.edges.iter().enumerate() {
        let taken = paths.edges[index].taken;
        let incoming = &paths.graph.incoming[edge.to.0];
        let needed: Vec<usize> = incoming.iter().copied().filter(|other| workflow.edges[*other].required).collect();
        if edge.required || needed.is_empty() || paths.nodes[edge.to.0].runs == FALSE {
            continue;
        }
        if paths.possible(taken, TRUE).is_none() {
            continue;
        }
        let other = needed.into_iter().find(|other| paths.possible(taken, paths.edges[*other].taken).is_none());
        if paths.gave_up() {
            return;
        }
        let Some(other) = other else { continue };
        let [from, to, needed] =
            [edge.from, edge.to, workflow.edges[other].from].map(|node| &workflow.node(node).id.value);
        let place = |edge: &Edge| edge.condition.as_ref().map_or(edge.span, |condition| condition.span);
        diagnostics.push(
            Diagnostic::new(
                Code::ConstantCondition,
                place(edge),
                format!("`{to}` never runs when `{from}` leads to it"),
            )
            .label("comes to nothing")
            .also(place(&workflow.edges[other]), format!("`{to}` needs `{needed}`, too, which never leads to it then"))
            .help(format!(
                "to run after either of them, let `{to}` depend on neither: a connection from each is enough"
            ))
            .help("or remove this connection"),
        );
    }
}

/// Two edges of which at most one is ever taken, and which the node needs both: as near to where they part as possible.
fn exclusive(paths: &mut Paths, incoming: &[usize]) -> Option<(usize, usize)> {
    let needed: Vec<usize> = incoming.iter().copied().filter(|edge| paths.workflow.edges[*edge].required).collect();
    let needed = if needed.len() > 1 { needed } else { incoming.to_vec() };
    let (left, right) = pair(paths, &needed, &needed)?;
    let [left_behind, right_behind] = [left, right].map(|edge| behind(paths, edge));
    // Two conditions out of one node, one on each side.
    for one in &left_behind {
        let from = paths.workflow.edges[*one].from;
        let others: Vec<usize> =
            right_behind.iter().copied().filter(|other| paths.workflow.edges[*other].from == from).collect();
        if let Some(pair) = pair(paths, &[*one], &others) {
            return Some(pair);
        }
    }
    Some((left, right))
}

fn pair(paths: &mut Paths, left: &[usize], right: &[usize]) -> Option<(usize, usize)> {
    for one in left.iter().take(EDGES_MAX) {
        for other in right.iter().take(64).filter(|other| *other != one) {
            if paths.diagrams.and(paths.edges[*one].taken, paths.edges[*other].taken) == FALSE {
                return Some((*one, *other));
            }
        }
    }
    None
}

/// The conditional edges that are certainly taken when this one is, nearest first.
fn behind(paths: &mut Paths, edge: usize) -> Vec<usize> {
    let taken = paths.edges[edge].taken;
    let mut found = Vec::new();
    let mut open = std::collections::VecDeque::from([edge]);
    let mut seen = std::collections::BTreeSet::from([edge]);
    while let Some(at) = open.pop_front() {
        if seen.len() > EDGES_MAX {
            break;
        }
        if paths.diagrams.and(taken, !paths.edges[at].taken) != FALSE {
            continue;
        }
        if paths.workflow.edges[at].condition.is_some() {
            found.push(at);
        }
        let incoming = &paths.graph.incoming[paths.workflow.edges[at].from.0];
        open.extend(incoming.iter().copied().filter(|edge| seen.insert(*edge)));
    }
    found
}

fn exclusive_branches(paths: &Paths, id: NodeId, left: usize, right: usize) -> Diagnostic {
    let workflow = paths.workflow;
    let node = workflow.node(id);
    let name = |id: NodeId| workflow.node(id).id.value.as_str();
    let edge = |edge: usize| &workflow.edges[edge];
    let place = |index: usize| edge(index).condition.as_ref().map_or(edge(index).span, |condition| condition.span);
    let (left, right) = (left.min(right), left.max(right));
    Diagnostic::new(Code::NeverRuns, node.id.span, format!("`{}` can never run", node.id.value))
        .label("depends on two branches of which only one is ever taken")
        .also(place(left), format!("one branch: `{}` → `{}`", name(edge(left).from), name(edge(left).to)))
        .also(place(right), format!("the other: `{}` → `{}`", name(edge(right).from), name(edge(right).to)))
        .help("`dependencies` means all of them. To run after either, use `connections` and leave the nodes out of `dependencies`")
}

fn behind_never(paths: &Paths, id: NodeId, never: &[usize]) -> Diagnostic {
    let workflow = paths.workflow;
    let node = workflow.node(id);
    let mut diagnostic = Diagnostic::new(Code::NeverRuns, node.id.span, format!("`{}` can never run", node.id.value))
        .label("no edge to it is ever taken");
    for edge in never {
        let edge = &workflow.edges[*edge];
        diagnostic = match &edge.condition {
            Some(condition) => diagnostic.also(condition.span, "this is never true"),
            None => diagnostic.also(edge.span, format!("`{}` never succeeds", workflow.node(edge.from).id.value)),
        };
    }
    diagnostic.help("change the condition, or remove the node")
}
