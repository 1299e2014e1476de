//! The connections as a graph that can be seen at a glance, in their order.

use super::{NOWHERE, Writer, value, word};
use crate::syntax::ast::{Connection, ExprKind, Text, Unary, Value, ValueKind, Workflow};
use crate::syntax::flow::otherwise;
use crate::syntax::flow::text::synthetic;
use crate::syntax::flow::tree::{Around, Bare, Branch, Branches, Chain, Condition, Graph, Hop, Word};
use crate::syntax::flow::words;
use crate::syntax::print;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn write(writer: &Writer, workflow: &Workflow) -> Option<Graph> {
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in &workflow.nodes {
        let all = node.dependencies.iter().map(|dependency| dependency.value.as_str());
        needs.entry(&node.id.value).or_default().extend(all);
    }
    let hop = |connection: &Connection| Hop {
        needs: needs.get(connection.to.value.as_str()).is_some_and(|all| all.contains(connection.from.value.as_str())),
        to: id(&connection.to.value),
        span: NOWHERE,
    };
    let mut chains: Vec<(Around, Chain)> = Vec::new();
    let mut rest = workflow.connections.as_slice();
    while let Some(first) = rest.first() {
        let from = first.from.value.as_str();
        let mut chain = Chain { start: Some(id(from)), hops: Vec::new(), branches: None };
        let mut last = from;
        // As long as one edge leads on from where the last ended.
        loop {
            let run = rest.iter().take_while(|connection| connection.from.value == last).count();
            let (here, after) = rest.split_at(run);
            match here {
                [] => break,
                [only] if condition(only).is_none() => {
                    chain.hops.push(hop(only));
                    last = &only.to.value;
                    rest = after;
                }
                _ if here.iter().all(|connection| condition(connection).is_none()) => {
                    // Several ways at once: each is a line of its own.
                    if chain.hops.is_empty() {
                        chain.hops.push(hop(&here[0]));
                        rest = &rest[1..];
                    }
                    break;
                }
                _ => {
                    chain.branches = Some(branches(writer, here, &hop));
                    rest = after;
                    break;
                }
            }
        }
        chains.push((Around::default(), chain));
    }
    (!chains.is_empty()).then_some(Graph { chains, end: Vec::new() })
}

/// A node called `else` stands in quotes: without them it is a branch.
fn id(name: &str) -> Word {
    let word = word(name);
    Word { quoted: word.quoted || name == words::ELSE, ..word }
}

fn condition(connection: &Connection) -> Option<&Text> {
    match &connection.condition {
        Some(Value { kind: ValueKind::String(text), .. }) if !text.value.trim().is_empty() => Some(text),
        _ => None,
    }
}

fn branches(writer: &Writer, connections: &[Connection], hop: &dyn Fn(&Connection) -> Hop) -> Branches {
    let mut above: Vec<Bare> = Vec::new();
    let mut branches = Vec::with_capacity(connections.len());
    for (position, connection) in connections.iter().enumerate() {
        let condition = match condition(connection) {
            None => Condition::Succeeded,
            Some(text) if matches!(text.value.trim(), "true" | "${true}") => Condition::Always(NOWHERE),
            Some(text) => {
                let last = position + 1 == connections.len();
                match writer.condition(text).kind {
                    super::ValueKind::Bare(_) if last && is_otherwise(writer, text, &above) => Condition::Else(NOWHERE),
                    super::ValueKind::Bare(bare) => {
                        above.push(bare.clone());
                        Condition::If(bare)
                    }
                    // What can only be said in quotes is a whole template.
                    kind => {
                        let bare = super::quoted_expression(value(kind));
                        above.push(bare.clone());
                        Condition::If(bare)
                    }
                }
            }
        };
        let chain = Chain { start: None, hops: vec![hop(connection)], branches: None };
        branches.push(Branch { around: Around::default(), condition, chain });
    }
    Branches { branches, end: Vec::new() }
}

/// Whether the condition is exactly that none of those above holds: then it is said so.
fn is_otherwise(writer: &Writer, text: &Text, above: &[Bare]) -> bool {
    if above.is_empty() {
        return false;
    }
    let Some(expr) = writer.respeller.expression(text) else { return false };
    if !matches!(expr.kind, ExprKind::Unary(Unary::Not, _)) {
        return false;
    }
    let texts: Vec<&Text> = above.iter().map(|bare| &bare.text).collect();
    let derived = otherwise(&texts, NOWHERE);
    let derived = synthetic(&derived.value, NOWHERE);
    let read = crate::syntax::template::parse_expression(&derived, &mut crate::diagnostic::Diagnostics::default());
    read.is_some_and(|read| print::expression(&read) == print::expression(&expr))
}
