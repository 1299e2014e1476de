//! References to what may not be there: the output of a node that was skipped, the error of one that succeeded.
//!
//! Only reads that count on a value: behind a default or a test a missing value is what the author expects.

use super::paths::{FALSE, Paths, Ref, TRUE, Witness};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::{Path, Root};
use crate::model::{Expr, NodeId, Workflow};
use std::collections::BTreeSet;

pub(super) fn references(paths: &mut Paths, diagnostics: &mut Diagnostics) {
    // One message for each pair of nodes: the others would be about the same path.
    let mut reported = BTreeSet::new();
    for index in 0..paths.sites.len() {
        let site = &paths.sites[index];
        let (reader, expr, path, guard) = (site.reader, site.expr, site.path, site.guard.clone());
        let guard = guard.map_or(TRUE, |guard| paths.truth(&guard, None).yes);
        let here = paths.diagrams.and(paths.nodes[reader.0].runs, guard);
        let found = match path.root {
            Root::Input => None,
            Root::Output(read) => {
                let ran = paths.nodes[read.0].runs;
                let skipped = paths.possible(here, !ran);
                match skipped {
                    Some(skipped) if reported.insert((reader, read)) => {
                        // Whatever is asked in front of this read.
                        let ever = paths.diagrams.and(paths.nodes[reader.0].runs, ran) != FALSE;
                        Some(node_skipped(paths, expr, reader, read, skipped, ever))
                    }
                    Some(_) => None,
                    None if path.steps.first().is_some_and(|step| step == "error") => {
                        let error = paths.has_error(read, None);
                        error_unset(paths, expr, path, reader, Some(read), (here, error), &mut reported)
                    }
                    None => None,
                }
            }
            Root::Error => {
                let error = paths.bare_error(reader);
                error_unset(paths, expr, path, reader, None, (here, error), &mut reported)
            }
        };
        if paths.gave_up() {
            return;
        }
        diagnostics.extend(found);
    }
}

fn node_skipped(paths: &mut Paths, expr: &Expr, reader: NodeId, read: NodeId, skipped: Ref, ever: bool) -> Diagnostic {
    let example = paths.example(skipped);
    let Witness { when, because } = paths.why_skipped(read, &example);
    let workflow = paths.workflow;
    let [reader_id, read_id] = [reader, read].map(|node| name(workflow, node));
    let (headline, label) = match ever {
        true => (format!("`{read_id}` may have been skipped when `{reader_id}` runs"), format!("missing {when}")),
        false => (format!("`{read_id}` has always been skipped when `{reader_id}` runs"), "always missing".into()),
    };
    let mut diagnostic = Diagnostic::new(Code::SkippedNode, expr.span, headline).label(label.trim_end());
    if let Some((span, message)) = because {
        diagnostic = diagnostic.also(span, message);
    }
    match (ever, way_without(paths, reader, read)) {
        (true, None) => diagnostic
            .help(format!(
                "say what counts then: a default with `||` or `??`, or ask first with `previous_outputs.{read_id} ? … : …`"
            ))
            .help(format!("or let `{reader_id}` run only after it: name `{read_id}` in its `dependencies`")),
        (true, Some(other)) => diagnostic
            .help(format!(
                "say what counts then: a default with `||` or `??`, or ask first with `previous_outputs.{read_id} ? … : …`"
            ))
            .help(format!(
                "when `{}` leads here, `{read_id}` never runs: that way may need a node of its own",
                name(workflow, other)
            )),
        (false, _) => diagnostic.help(format!("read a node that runs on the way to `{reader_id}`")),
    }
}

/// A node that leads to the reader only where the other one never runs: to wait for that one would cut this way off.
fn way_without(paths: &mut Paths, reader: NodeId, read: NodeId) -> Option<NodeId> {
    let ran = paths.nodes[read.0].runs;
    let incoming = &paths.graph.incoming[reader.0];
    let edge = incoming.iter().copied().find(|edge| {
        let taken = paths.edges[*edge].taken;
        paths.possible(taken, TRUE).is_some() && paths.possible(taken, ran).is_none()
    });
    edge.map(|edge| paths.workflow.edges[edge].from)
}

fn name(workflow: &Workflow, node: NodeId) -> &str {
    workflow.node(node).id.value.as_str()
}

fn error_unset(
    paths: &mut Paths,
    expr: &Expr,
    path: &Path,
    reader: NodeId,
    read: Option<NodeId>,
    (here, error): (Ref, Ref),
    reported: &mut BTreeSet<(NodeId, NodeId)>,
) -> Option<Diagnostic> {
    let mut unset = paths.possible(here, !error)?;
    // Whoever sends everything but `true` to a handler has not thought of a `success` that is neither.
    let incoming = paths.graph.incoming[reader.0].iter().map(|edge| paths.workflow.edges[*edge].from);
    for node in incoming.chain(read).collect::<BTreeSet<NodeId>>() {
        unset = paths.success_is_said(unset, node);
    }
    if unset == FALSE {
        return None;
    }
    // The bare `error` is reported once for a node, too.
    if !reported.insert((reader, read.unwrap_or(reader))) {
        return None;
    }
    let ever = paths.diagrams.and(here, error) != FALSE;
    let example = paths.example(unset);
    let workflow = paths.workflow;
    let name = |id: NodeId| name(workflow, id);
    let reader_id = name(reader);
    let mut diagnostic = Diagnostic::new(
        Code::ErrorUnset,
        expr.span,
        match (ever, read) {
            (true, None) => format!("there need not be an error when `{reader_id}` runs"),
            (true, Some(read)) => format!("`{}` need not have an error when `{reader_id}` runs", name(read)),
            (false, None) => format!("there is never an error when `{reader_id}` runs"),
            (false, Some(read)) => format!("`{}` never has an error when `{reader_id}` runs", name(read)),
        },
    );
    // The edge that led here without one.
    let edge = paths.graph.incoming[reader.0].iter().copied().find(|edge| {
        let model = &workflow.edges[*edge];
        read.is_none_or(|read| read == model.from) && paths.holds(paths.edges[*edge].taken, &example)
    });
    let mut label = if ever { "may be missing" } else { "always missing" }.to_owned();
    if let Some(edge) = edge {
        let from = workflow.edges[edge].from;
        diagnostic = match &workflow.edges[edge].condition {
            None => diagnostic.also(workflow.edges[edge].span, format!("only taken when `{}` succeeded", name(from))),
            Some(condition) => {
                let facts = paths.facts_against(!paths.edges[edge].said.yes, &example, None);
                if ever && !facts.is_empty() {
                    label = format!("missing when {facts}");
                }
                diagnostic.also(condition.span, format!("also taken when `{}` completed without an error", name(from)))
            }
        };
    } else if let (Some(read), true) = (read, ever) {
        label = format!("missing when `{}` succeeds", name(read));
    }
    let written = match read {
        Some(read) => format!("previous_outputs.{}.{}", name(read), path.steps.join(".")),
        None => ["error"].into_iter().chain(path.steps.iter().map(String::as_str)).collect::<Vec<_>>().join("."),
    };
    diagnostic = diagnostic.label(label);
    Some(match ever {
        true => diagnostic.help(format!("say what stands there then: `{written} || '…'`")),
        false => diagnostic.help(
            "an error is set when a node fails, when an answer says `success: false`, and when a filter does not pass",
        ),
    })
}
