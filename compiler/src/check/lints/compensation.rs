//! `no-compensation`: what cannot be undone is done, a later step fails, and nothing undoes or reports it.

use super::outcome::{Outcome, holds};
use crate::check::Graph;
use crate::check::paths::Paths;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, suggest};
use crate::model::{Edge, Http, Kind, NodeId, Piece, Workflow};
use std::collections::VecDeque;

/// Words for moving money, in ids and URLs.
const MONEY: &[&str] = &[
    "charge",
    "charges",
    "pay",
    "payment",
    "payments",
    "refund",
    "refunds",
    "payout",
    "payouts",
    "transfer",
    "transfers",
    "withdrawal",
    "withdrawals",
    "purchase",
    "purchases",
];

/// Words of requests about money that move none.
const ONLY_ABOUT: &[&str] = &[
    "check",
    "validate",
    "verify",
    "get",
    "fetch",
    "find",
    "list",
    "search",
    "status",
    "quote",
    "estimate",
    "preview",
    "error",
    "errors",
    "failed",
    "failure",
    "failures",
    "notify",
    "notification",
    "report",
    "log",
];

/// How far behind an effect is looked: beyond, no person would see the connection.
const NODES_MAX: usize = 256;

/// Steps that are pointed at.
const STEPS_MAX: usize = 4;

/// More steps that are named.
const NAMES_MAX: usize = 6;

/// Reports each effect once, with the steps whose failure nobody would hear of.
pub(super) fn missing(workflow: &Workflow, graph: &Graph, paths: Option<&mut Paths>, diagnostics: &mut Diagnostics) {
    let effects = graph.order.iter().copied().filter_map(|id| Some((id, why_irreversible(workflow, id)?)));
    // A mail is said to be final only where no payment before it says the same of the same steps.
    let (mails, others): (Vec<_>, Vec<_>) =
        effects.partition(|(id, _)| matches!(workflow.node(*id).kind, Kind::Email(_)));
    let mut covered = vec![false; workflow.nodes.len()];
    let mut walk = Walk::new(workflow, graph, paths);
    for (effect, why) in others.into_iter().chain(mails) {
        let mut found = walk.unhandled_behind(effect);
        if let Why::Mail = why {
            found.steps.retain(|step| !covered[step.0]);
        }
        found.steps.iter().for_each(|step| covered[step.0] = true);
        if !found.steps.is_empty() {
            diagnostics.push(not_compensated(workflow, effect, why, &found));
        }
    }
}

/// Why an effect cannot be undone.
#[derive(Debug, Clone, Copy)]
enum Why {
    Declared,
    Money,
    Mail,
}

fn why_irreversible(workflow: &Workflow, id: NodeId) -> Option<Why> {
    let node = workflow.node(id);
    match &node.kind {
        Kind::Email(_) => Some(Why::Mail),
        Kind::Http(http) if !is_final_request(&node.id.value, http) => None,
        Kind::Http(http) => Some(if http.irreversible.is_some() { Why::Declared } else { Why::Money }),
        // What a function does only its author knows.
        Kind::Webhook(_) | Kind::Manual(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {
            None
        }
    }
}

/// Whether a request does what must not be done twice: as declared, or to judge by its words.
pub(super) fn is_final_request(id: &str, http: &Http) -> bool {
    http.irreversible.unwrap_or_else(|| moves_money(id, http))
}

fn moves_money(id: &str, http: &Http) -> bool {
    if !matches!(http.method.as_str(), "POST" | "PUT" | "PATCH") {
        return false;
    }
    let mut words = words(id);
    for piece in &http.url.pieces {
        if let Piece::Literal(text) = piece {
            // The name of a host says who is called, not what is done.
            let path = text
                .split_once("://")
                .map_or(text.as_str(), |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
            words.extend(self::words(path.split('?').next().unwrap_or_default()));
        }
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    has(MONEY) && !has(ONLY_ABOUT)
}

/// `createPayment`, `create-payment` and `/create/payment` are the same words.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for char in text.chars() {
        if !char.is_ascii_alphanumeric() || (was_lower && char.is_ascii_uppercase()) {
            words.push(String::new());
        }
        was_lower = char.is_ascii_lowercase();
        if char.is_ascii_alphanumeric() {
            words.last_mut().expect("one word at least").push(char.to_ascii_lowercase());
        }
    }
    words
}

/// Steps behind an effect that can fail without anybody hearing of it, and the way to the first.
struct Unhandled {
    steps: Vec<NodeId>,
    way: Vec<NodeId>,
}

/// What is asked of every node and every edge again and again, once for all effects.
struct Walk<'a> {
    workflow: &'a Workflow,
    graph: &'a Graph,
    fails_unheard: Vec<bool>,
    /// By edge: whether it can be taken while all goes well.
    goes_on: Vec<bool>,
    /// By node: the last walk that came by.
    seen: Vec<usize>,
    walks: usize,
}

impl<'a> Walk<'a> {
    fn new(workflow: &'a Workflow, graph: &'a Graph, mut paths: Option<&mut Paths>) -> Walk<'a> {
        let fails_unheard = workflow.node_ids().map(|id| fails_unheard(workflow, graph, id)).collect();
        let mut goes_on: Vec<bool> =
            workflow.edges.iter().map(|edge| can_be_taken(workflow, edge, Outcome::Succeeded)).collect();
        for (index, goes_on) in goes_on.iter_mut().enumerate() {
            if let Some(paths) = &mut paths {
                *goes_on = *goes_on && !is_of_failure(paths, index);
            }
        }
        Walk { workflow, graph, fails_unheard, goes_on, seen: vec![0; workflow.nodes.len()], walks: 0 }
    }

    /// Walks on from an effect that succeeded, along the edges that are taken while all goes well.
    fn unhandled_behind(&mut self, effect: NodeId) -> Unhandled {
        self.walks += 1;
        self.seen[effect.0] = self.walks;
        let mut came_from: Vec<(NodeId, NodeId)> = Vec::new();
        let mut queue = VecDeque::from([effect]);
        let mut found = Unhandled { steps: Vec::new(), way: Vec::new() };
        while let Some(id) = queue.pop_front() {
            if id != effect && self.fails_unheard[id.0] {
                if found.steps.is_empty() {
                    found.way = way(&came_from, effect, id);
                }
                found.steps.push(id);
            }
            for edge in &self.graph.outgoing[id.0] {
                let to = self.workflow.edges[*edge].to;
                if came_from.len() + 1 < NODES_MAX && self.goes_on[*edge] && self.seen[to.0] != self.walks {
                    self.seen[to.0] = self.walks;
                    came_from.push((to, id));
                    queue.push_back(to);
                }
            }
        }
        found
    }
}

fn way(came_from: &[(NodeId, NodeId)], effect: NodeId, step: NodeId) -> Vec<NodeId> {
    let mut way = vec![step];
    let mut last = step;
    while last != effect {
        let Some((_, before)) = came_from.iter().find(|(to, _)| *to == last) else { break };
        last = *before;
        way.push(last);
    }
    way.reverse();
    way
}

/// A step that does something to the world, and out of which no edge is taken when nobody answers.
fn fails_unheard(workflow: &Workflow, graph: &Graph, id: NodeId) -> bool {
    workflow.node(id).kind.is_effect()
        && graph.outgoing[id.0].iter().all(|edge| {
            let edge = &workflow.edges[*edge];
            edge.condition.is_none() || !can_be_taken(workflow, edge, Outcome::Failed)
        })
}

fn can_be_taken(workflow: &Workflow, edge: &Edge, outcome: Outcome) -> bool {
    let Some(condition) = &edge.condition else { return outcome == Outcome::Succeeded };
    match workflow.node(edge.from).kind.is_effect() {
        true => holds(condition, edge.from, outcome) != Some(false),
        false => condition.as_constant().is_none_or(|value| value.truthy()),
    }
}

/// Whether a condition that also depends on data holds only where its node did not succeed: `else`, where both
/// `success && k == "x"` and `success && k != "x"` lead elsewhere.
fn is_of_failure(paths: &mut Paths, index: usize) -> bool {
    let edge = &paths.workflow.edges[index];
    let Some(condition) = edge.condition.as_ref().filter(|_| paths.workflow.node(edge.from).kind.is_effect()) else {
        return false;
    };
    if holds(condition, edge.from, Outcome::Succeeded).is_some() {
        return false;
    }
    let said = paths.edges[index].said.yes;
    let here = paths.succeeds(said, edge.from);
    let is_possible = paths.possible(here, paths.nodes[edge.from.0].runs).is_some();
    !is_possible && !paths.gave_up()
}

fn not_compensated(workflow: &Workflow, effect: NodeId, why: Why, found: &Unhandled) -> Diagnostic {
    let name = |id: NodeId| workflow.node(id).id.value.as_str();
    let node = workflow.node(effect);
    let first = name(found.steps[0]);
    let when = match found.steps.len() {
        1 => format!("when `{first}` fails"),
        2 => format!("when `{first}` or `{}` fails", name(found.steps[1])),
        more => format!("when `{first}` or one of {} later steps fails", more - 1),
    };
    let id = &node.id.value;
    let (headline, label) = match why {
        Why::Declared => (format!("`{id}` cannot be undone, and nothing is done {when}"), "declared as `irreversible`"),
        Why::Money => (
            format!("`{id}` moves money, and nothing undoes or reports it {when}"),
            "moves money, to judge by its id and URL",
        ),
        Why::Mail => (format!("`{id}` is sent, and nobody hears of it {when}"), "a mail cannot be called back"),
    };
    let mut diagnostic = Diagnostic::new(Code::NoCompensation, node.id.span, headline).label(label);
    // Read from the top, the first of them says it.
    let mut shown: Vec<_> = found.steps.iter().take(STEPS_MAX).map(|step| workflow.node(*step).id.span).collect();
    shown.sort_unstable();
    for (index, place) in shown.into_iter().enumerate() {
        let message = match index {
            0 => "no edge leads anywhere when this fails",
            _ => "nor when this fails",
        };
        diagnostic = diagnostic.also(place, message);
    }
    if found.steps.len() > STEPS_MAX {
        let more = found.steps[STEPS_MAX..].iter().map(|step| name(*step));
        let more = suggest::list(more.take(NAMES_MAX), "and");
        diagnostic = diagnostic.note(match found.steps.len() - STEPS_MAX {
            count if count > NAMES_MAX => format!("nor for {count} steps after those: {more} …"),
            _ => format!("nor for {more}"),
        });
    }
    if found.way.len() > 2 {
        let way: Vec<&str> = found.way.iter().map(|id| name(*id)).collect();
        diagnostic = diagnostic.note(format!("the way to the first: {}", way.join(" → ")));
    }
    let what = if matches!(why, Why::Mail) { "reports it" } else { "undoes or reports it" };
    // What a function gave is missing when it failed.
    let failed = match &workflow.node(found.steps[0]).kind {
        Kind::Rust(_) => format!("{first}.status == 'failed'"),
        _ => "result.success == false".to_owned(),
    };
    diagnostic = diagnostic.help(format!(
        "lead its failure to a step that {what}: {{ \"from\": \"{first}\", \"to\": \"…\", \"condition\": \"{failed}\" }}"
    ));
    match why {
        Why::Money => diagnostic.help(format!("if `{id}` can be undone by itself, say so: \"irreversible\": false")),
        Why::Declared | Why::Mail => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_ids_and_paths() {
        assert_eq!(words("createPayment"), ["create", "payment"]);
        assert_eq!(words("/v2/payments"), ["", "v2", "payments"]);
    }
}
