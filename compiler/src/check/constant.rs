//! Conditions that decide nothing: always true or never, given what is known where they are asked; and filters whose verdict
//! nobody asks for.

use super::paths::{FALSE, Paths};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::Root;
use crate::model::{Expr, ExprKind, Kind, NodeId, Workflow};
use std::collections::BTreeSet;

pub(super) fn conditions(paths: &mut Paths, diagnostics: &mut Diagnostics) {
    let workflow = paths.workflow;
    for (index, edge) in workflow.edges.iter().enumerate() {
        let runs = paths.nodes[edge.from.0].runs;
        // `true` says that the edge is taken after failure, too; a node behind `false` never runs, which is an error.
        let Some(condition) = edge.condition.as_ref().filter(|condition| condition.as_constant().is_none()) else {
            continue;
        };
        let said = paths.edges[index].said;
        if runs == FALSE || paths.nodes[edge.to.0].runs == FALSE {
            continue;
        }
        let name = workflow.node(edge.from).id.value.as_str();
        let refused = paths.diagrams.and(!said.yes, !said.fault);
        let [taken, left] = [said.yes, refused].map(|formula| paths.diagrams.and(runs, formula));
        if paths.gave_up() {
            return;
        }
        if taken == FALSE {
            diagnostics.push(
                constant(condition, "never true", &format!("`{name}` has settled"))
                    .also(edge.span, "never taken")
                    .help("change the condition, or remove the connection"),
            );
        } else if left == FALSE && said.fault == FALSE {
            diagnostics.push(
                constant(condition, "always true", &format!("`{name}` has settled"))
                    .also(edge.span, "always taken")
                    .help("leave the condition out to go on after success; `\"condition\": \"true\"` says that failures go on, too"),
            );
        }
    }
    for id in workflow.node_ids() {
        let (Kind::Filter(filter), node) = (&workflow.node(id).kind, paths.nodes[id.0]) else { continue };
        if node.runs == FALSE || filter.condition.as_constant().is_some() {
            continue;
        }
        let passes = paths.diagrams.and(node.runs, node.passes);
        let stops = paths.diagrams.and(node.runs, !node.passes);
        if paths.gave_up() {
            return;
        }
        let name = workflow.node(id).id.value.as_str();
        let help = "what is known here decides it already: change the condition, or remove the node";
        if passes == FALSE && node.fails == FALSE {
            diagnostics.push(constant(&filter.condition, "never true", &format!("`{name}` runs")).help(help));
        } else if stops == FALSE {
            diagnostics.push(constant(&filter.condition, "always true", &format!("`{name}` runs")).help(help));
        }
    }
}

/// At the end the verdict is what the execution comes to, unless something is done beside it that was to wait for it.
/// `effects`: of each node, the edge to what it does next without a condition.
fn passed_by(paths: &Paths, filter: NodeId, effects: &[Option<usize>]) -> Option<Diagnostic> {
    let workflow = paths.workflow;
    let incoming = paths.graph.incoming[filter.0].iter().map(|edge| &workflow.edges[*edge]);
    let mut bare = incoming.filter(|edge| edge.condition.is_none());
    let beside = &workflow.edges[bare.find_map(|edge| effects[edge.from.0])?];
    let [id, other] = [filter, beside.to].map(|node| workflow.node(node).id.value.as_str());
    Some(
        Diagnostic::new(
            Code::UnusedNodeOutput,
            workflow.node(filter).id.span,
            format!("nothing depends on whether `{id}` passes"),
        )
        .label("leads nowhere")
        .also(beside.span, format!("`{other}` does not wait for it"))
        .help(format!("lead to `{other}` from `{id}`, so that it runs only when that passes")),
    )
}

fn first_effect(workflow: &Workflow, edges: &[usize]) -> Option<usize> {
    edges.iter().copied().find(|edge| {
        let edge = &workflow.edges[*edge];
        edge.condition.is_none() && workflow.node(edge.to).kind.is_effect()
    })
}

fn constant(condition: &Expr, how: &str, moment: &str) -> Diagnostic {
    Diagnostic::new(Code::ConstantCondition, condition.span, format!("this condition is {how} when {moment}"))
        .label(how)
}

/// Filters that decide nothing: edges lead on whatever they say, and nobody reads it.
pub(super) fn verdicts(paths: &Paths, diagnostics: &mut Diagnostics) {
    let workflow = paths.workflow;
    let mut read = BTreeSet::new();
    let mut read_all = false;
    super::expressions(workflow, &mut |reader, _, expr| {
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Path(path) => match path.root {
                Root::Output(node) => {
                    read.insert(node);
                }
                Root::Error => {
                    read.extend(paths.graph.incoming[reader.0].iter().map(|edge| workflow.edges[*edge].from))
                }
                Root::Input => {}
            },
            ExprKind::PreviousOutputs => read_all = true,
            _ => {}
        });
    });
    let is_read = |id: NodeId| read_all || read.contains(&id);
    let effects: Vec<Option<usize>> = paths.graph.outgoing.iter().map(|edges| first_effect(workflow, edges)).collect();
    for id in workflow.node_ids() {
        let outgoing = &paths.graph.outgoing[id.0];
        let node = workflow.node(id);
        let (Kind::Filter(filter), false) = (&node.kind, is_read(id)) else { continue };
        let Some(first) = outgoing.first() else {
            diagnostics.extend(passed_by(paths, id, &effects));
            continue;
        };
        if outgoing.iter().any(|edge| workflow.edges[*edge].condition.is_none()) {
            continue;
        }
        let edge = &workflow.edges[*first];
        let span = edge.condition.as_ref().map_or(edge.span, |condition| condition.span);
        diagnostics.push(
            Diagnostic::new(
                Code::UnusedNodeOutput,
                node.id.span,
                format!("nothing depends on whether `{}` passes", node.id.value),
            )
            .label("none of its connections asks for `passed`")
            .also(filter.condition.span, "its verdict is ignored")
            .also(span, "decided by something else")
            .help("leave this condition out to go on only when it passes, or ask for it: `result.passed == true && …`"),
        );
    }
}
