//! Edges out of one node that are meant as alternatives: outcomes that none of them takes, and outcomes that two take.
//!
//! Quiet where nothing says that they are alternatives: one condition alone is an *if*, and conditions on different values
//! are several of them. But one that asks whether a request succeeded has to say what happens when it did not, whatever stands
//! beside it. Quiet where conditions cannot be compared.

use super::paths::{FALSE, Fact, Paths, Ref, TRUE, Var};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Kind, NodeId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Pairs of conditions out of one node that are compared with each other. What so many say says the first of them, too; and
/// all pairs of a thousand conditions would cost more than the rest of the analysis.
const PAIRS_MAX: usize = 2048;

/// `unfailing`: nodes that do not fail, though it depends on more than paths that they do not.
pub(super) fn alternatives(paths: &mut Paths, unfailing: &BTreeSet<NodeId>, diagnostics: &mut Diagnostics) {
    for id in paths.workflow.node_ids() {
        let outgoing = &paths.graph.outgoing[id.0];
        let conditional: Vec<usize> =
            outgoing.iter().copied().filter(|edge| paths.workflow.edges[*edge].condition.is_some()).collect();
        if conditional.is_empty() || paths.nodes[id.0].runs == FALSE {
            continue;
        }
        let Some(read) = conditional.iter().map(|edge| values_read(paths, *edge)).collect::<Option<Vec<Vec<Var>>>>()
        else {
            continue;
        };
        let overlaps = overlap(paths, id, &conditional, &read);
        let gap =
            if conditional.len() == outgoing.len() { gap(paths, id, unfailing, &conditional, &read) } else { None };
        if paths.gave_up() {
            return;
        }
        diagnostics.extend(gap.into_iter().chain(overlaps));
    }
}

/// The values that decide a condition; `None` where something else decides it, too.
fn values_read(paths: &Paths, edge: usize) -> Option<Vec<Var>> {
    let mut values = Vec::new();
    for var in paths.diagrams.support(paths.edges[edge].said.yes) {
        match &paths.facts[var as usize] {
            Fact::Value(..) => values.push(var),
            Fact::Outcome(_) | Fact::Started(_) => {}
            Fact::Opaque(_) => return None,
        }
    }
    Some(values)
}

fn overlap(paths: &mut Paths, id: NodeId, conditional: &[usize], read: &[Vec<Var>]) -> Option<Diagnostic> {
    let runs = paths.nodes[id.0].runs;
    let mut seen = FALSE;
    let mut pairs = 0;
    for (position, edge) in conditional.iter().enumerate() {
        let yes = paths.edges[*edge].said.yes;
        let again = paths.diagrams.and(seen, yes);
        seen = paths.diagrams.or(seen, yes);
        if paths.possible(runs, again).is_none() {
            continue;
        }
        for other in 0..position {
            let left = paths.edges[conditional[other]].said.yes;
            // About one and the same value.
            if read[other].len() != 1 || read[other] != read[position] {
                continue;
            }
            pairs += 1;
            if pairs > PAIRS_MAX {
                return None;
            }
            let both = paths.diagrams.and(left, yes);
            let Some(both) = paths.possible(runs, both) else { continue };
            // Where one follows from the other, the wider one is meant for both.
            let only_left = paths.diagrams.and(left, !yes);
            let only_right = paths.diagrams.and(yes, !left);
            if paths.possible(runs, only_left).is_none() || paths.possible(runs, only_right).is_none() {
                continue;
            }
            return Some(overlapping(paths, id, [conditional[other], *edge], both, read[other][0]));
        }
    }
    None
}

fn overlapping(paths: &mut Paths, id: NodeId, edges: [usize; 2], both: Ref, value: Var) -> Diagnostic {
    let Fact::Value(base, cells) = &paths.facts[value as usize] else { unreachable!("only values are compared") };
    let (base, count) = (base.clone(), cells.count);
    let first = u32::from(paths.is_always_there(&base));
    let possible: Vec<u32> = (first..count).filter(|cell| cell_is_possible(paths, both, value, *cell)).collect();
    let Fact::Value(_, cells) = &paths.facts[value as usize] else { unreachable!("only values are compared") };
    let workflow = paths.workflow;
    let [left, right] = edges.map(|edge| workflow.node(workflow.edges[edge].to).id.value.as_str());
    let [first_place, second_place] = edges.map(|edge| {
        workflow.edges[edge].condition.as_ref().map_or(workflow.edges[edge].span, |condition| condition.span)
    });
    let when = format!("when {} is {}", paths.path_of(&base, Some(id)), paths.cell(&base, cells, &possible));
    Diagnostic::new(Code::RouteOverlap, second_place, format!("both `{left}` and `{right}` follow {when}"))
        .label("true as well")
        .also(first_place, "true then")
        .help("if only one of them is meant, change a condition so that they exclude each other")
}

fn cell_is_possible(paths: &mut Paths, formula: Ref, value: Var, cell: u32) -> bool {
    let here = paths.diagrams.test(value, |other| other == cell);
    paths.possible(formula, here).is_some()
}

fn gap(
    paths: &mut Paths,
    id: NodeId,
    unfailing: &BTreeSet<NodeId>,
    conditional: &[usize],
    read: &[Vec<Var>],
) -> Option<Diagnostic> {
    let node = paths.nodes[id.0];
    let meant = meant(paths, id, conditional, read)?;
    let mut taken = FALSE;
    for edge in conditional {
        let said = paths.edges[*edge].said;
        let decided = paths.diagrams.or(said.yes, said.fault);
        taken = paths.diagrams.or(taken, decided);
    }
    // A filter that does not pass ends the path on purpose, unless its verdict is one of the alternatives.
    let ends = paths.diagrams.and(node.runs, !taken);
    let ends = match paths.workflow.node(id).kind {
        Kind::Filter(_) => paths.diagrams.and(ends, node.passes),
        _ if meant == Meant::AsksSuccess => {
            let error = paths.has_error(id, Some(id));
            paths.diagrams.and(ends, error)
        }
        _ => ends,
    };
    let values: BTreeSet<Var> = read.iter().flatten().copied().collect();
    let fails = !unfailing.contains(&id) && paths.possible(ends, node.fails).is_some();
    let completes = paths.possible(ends, !node.fails);
    let mut when = Vec::new();
    if let Some(completes) = completes {
        let taken = paths.completes(taken, id);
        let facts = outcome(paths, id, completes, taken, &values);
        if facts.is_empty() {
            return None;
        }
        when.push(format!("when {facts}"));
    }
    if fails {
        let is_heard = paths.possible(taken, node.fails).is_some();
        when.push(if is_heard { "when it fails in another way" } else { "when it fails" }.into());
    }
    if when.is_empty() {
        return None;
    }
    let workflow = paths.workflow;
    let name = workflow.node(id).id.value.as_str();
    let mut diagnostic = Diagnostic::new(
        Code::RouteGap,
        workflow.node(id).id.span,
        format!("nothing follows `{name}` {}", when.join(", and ")),
    )
    .label("no connection is taken then");
    for edge in conditional.iter().take(4) {
        let edge = &workflow.edges[*edge];
        let span = edge.condition.as_ref().map_or(edge.span, |condition| condition.span);
        diagnostic = diagnostic.also(span, "false then");
    }
    let missing = all_missing(paths, conditional);
    let no_route = completes.is_some_and(|completes| paths.possible(completes, missing).is_some());
    let only_missing = completes.is_none_or(|completes| paths.possible(completes, !missing).is_none());
    let where_missing = if values.len() == 1 { "where the value" } else { "where something that each of them reads" };
    let then = match (completes.is_some(), fails, no_route, only_missing) {
        (true, _, true, true) => "the node then fails with `NO_ROUTE`, and the execution ends as `error`".to_owned(),
        (true, false, true, false) => format!(
            "{where_missing} is missing the node fails with `NO_ROUTE`; otherwise the execution ends there as `completed`"
        ),
        (true, true, true, false) => format!(
            "{where_missing} is missing the node fails with `NO_ROUTE`; otherwise the execution ends there: as `error` when \
             the node failed, else as `completed`"
        ),
        (true, true, false, _) => {
            "the execution ends there: as `error` when the node failed, else as `completed`, as if all were well"
                .to_owned()
        }
        (true, false, false, _) => "the execution ends there, and counts as `completed`".to_owned(),
        (false, ..) => "the execution ends there as `error`, and only its record says so".to_owned(),
    };
    diagnostic = diagnostic.help(then);
    Some(diagnostic.help(match completes.is_some() {
        true => {
            "add a connection for it, or turn a condition round so that it takes everything the others do not: `!(…)`"
        }
        false => {
            "add a connection that is taken then: its condition can be `error`, which is there when the node fails"
        }
    }))
}

/// What happened in the executions of a formula in which none of the conditions on these values holds.
fn outcome(paths: &mut Paths, id: NodeId, formula: Ref, taken: Ref, values: &BTreeSet<Var>) -> String {
    let only = values.first().copied().filter(|_| values.len() == 1);
    let of_value = only.and_then(|value| match &paths.facts[value as usize] {
        Fact::Value(base, cells) => Some((value, base.clone(), Arc::clone(cells))),
        _ => None,
    });
    let Some((value, base, cells)) = of_value else {
        let example = paths.example(formula);
        return paths.facts_against(taken, &example, Some(id));
    };
    let first = u32::from(paths.is_always_there(&base));
    let possible: Vec<u32> =
        (first..cells.count).filter(|cell| cell_is_possible(paths, formula, value, *cell)).collect();
    format!("{} is {}", paths.path_of(&base, Some(id)), paths.cell(&base, &cells, &possible))
}

/// The executions in which every condition reads something that is missing.
fn all_missing(paths: &mut Paths, conditional: &[usize]) -> Ref {
    let missing = conditional.iter().map(|edge| paths.edges[*edge].said.missing).collect::<Vec<Ref>>();
    missing.into_iter().fold(TRUE, |all, missing| paths.diagrams.and(all, missing))
}

/// What the conditions out of a node say of what is left when none of them holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meant {
    /// Two exclude each other, and read the same value: all that is left was forgotten.
    Alternatives,
    /// One asks whether the request succeeded: what happens when it did not was forgotten.
    AsksSuccess,
}

fn meant(paths: &mut Paths, id: NodeId, conditional: &[usize], read: &[Vec<Var>]) -> Option<Meant> {
    let runs = paths.nodes[id.0].runs;
    // What a filter says is not among its values.
    let verdict = matches!(paths.workflow.node(id).kind, Kind::Filter(_));
    let mut pairs = 0;
    // Neighbours first: of many alternatives they are the likeliest to exclude each other.
    'pairs: for distance in 1..conditional.len() {
        for left in 0..conditional.len() - distance {
            let right = left + distance;
            if !verdict && !read[left].iter().any(|var| read[right].contains(var)) {
                continue;
            }
            pairs += 1;
            if pairs > PAIRS_MAX {
                break 'pairs;
            }
            let [one, other] = [left, right].map(|index| paths.edges[conditional[index]].said.yes);
            let both = paths.diagrams.and(one, other);
            // `""` and a text, as anyone would expect: that a list of an empty text equals `""` and is true does not count.
            if paths.possible(runs, both).is_none() {
                return Some(Meant::Alternatives);
            }
        }
    }
    let asks_success = read.iter().flatten().any(|var| paths.is_success(*var, id));
    asks_success.then_some(Meant::AsksSuccess)
}
