//! What is certain at a node: which edges were taken on every way to it, and what that says of values.
//!
//! Always true: only what holds in every execution that runs the node. Exact for chains, filters and joins whose ways have
//! something in common; what only the combination of several conditions says is left to the analysis of paths.

use super::narrow::{self, Fact, Origin, Reference};
use crate::check::Graph;
use crate::model::expr::Root;
use crate::model::ty::{Literal, Step, Test, Type};
use crate::model::{Kind, NodeId, Workflow};
use std::cell::OnceCell;
use std::rc::Rc;

/// Of a long chain the last edges count: so many are kept for each node.
const EDGES_MAX: usize = 128;

/// Indices of edges, by node; those taken last come first.
pub(super) struct Certain {
    edges: Vec<Vec<usize>>,
    /// What each edge says, once somebody has asked: by then its source has been looked at.
    said: Vec<OnceCell<Vec<Rc<Fact>>>>,
}

impl Certain {
    pub(super) fn new(workflow: &Workflow, graph: &Graph) -> Certain {
        let said = vec![OnceCell::new(); workflow.edges.len()];
        let mut certain = Certain { edges: vec![Vec::new(); workflow.nodes.len()], said };
        for id in &graph.order {
            let incoming = &graph.incoming[id.0];
            let required: Vec<usize> = incoming.iter().copied().filter(|edge| workflow.edges[*edge].required).collect();
            certain.edges[id.0] = match (required.as_slice(), incoming.as_slice()) {
                ([], []) => Vec::new(),
                ([], [first, others @ ..]) => {
                    let mut common = certain.behind(workflow, *first);
                    for edge in others {
                        let other = certain.behind(workflow, *edge);
                        common.retain(|edge| other.contains(edge));
                    }
                    common
                }
                (required, _) => {
                    let mut all: Vec<usize> = Vec::new();
                    for edge in required {
                        let behind = certain.behind(workflow, *edge);
                        all.extend(behind.into_iter().filter(|edge| !required.contains(edge)));
                    }
                    let mut distinct = required.to_vec();
                    for edge in all {
                        if distinct.len() < EDGES_MAX && !distinct.contains(&edge) {
                            distinct.push(edge);
                        }
                    }
                    distinct
                }
            };
        }
        certain
    }

    /// What was taken when this edge was.
    fn behind(&self, workflow: &Workflow, edge: usize) -> Vec<usize> {
        let before = &self.edges[workflow.edges[edge].from.0];
        std::iter::once(edge).chain(before.iter().copied()).take(EDGES_MAX).collect()
    }

    /// What holds when this node runs, given the envelopes of the nodes before it.
    pub(super) fn facts(&self, workflow: &Workflow, outputs: &[Type], node: NodeId) -> Vec<Rc<Fact>> {
        let said = |edge: usize| facts_of_edge(workflow, outputs, edge).into_iter().map(Rc::new).collect();
        self.edges[node.0].iter().flat_map(|edge| self.said[*edge].get_or_init(|| said(*edge))).cloned().collect()
    }
}

/// What holds because an edge was taken.
fn facts_of_edge(workflow: &Workflow, outputs: &[Type], edge: usize) -> Vec<Fact> {
    let edge = &workflow.edges[edge];
    let origin = Origin::Path(Root::Output(edge.from));
    let about = |steps: &[&str]| Reference {
        root: origin,
        steps: steps.iter().map(|step| Step::Field(step.to_string())).collect(),
    };
    let is = |steps: &[&str], value: Literal| Fact { about: about(steps), test: Test::Equals { value, strict: true } };
    let kind = &workflow.node(edge.from).kind;
    let mut facts = match &edge.condition {
        Some(condition) => narrow::facts(condition, true),
        None => vec![is(&["status"], Literal::String("completed".into()))],
    };
    if let Kind::Filter(filter) = kind {
        if edge.condition.is_none() {
            facts.push(is(&["result", "passed"], Literal::Bool(true)));
        }
        let envelope = narrow::assume(outputs[edge.from.0].clone(), origin, facts.iter());
        if let Type::Literal(Literal::Bool(passed)) = envelope.field("result").ty.field("passed").ty {
            facts.extend(narrow::facts(&filter.condition, passed));
        }
    }
    // What a trigger gives is the input.
    if kind.is_trigger() {
        let of_input = facts.iter().filter(|fact| fact.about.root == origin).filter_map(|fact| {
            let (first, rest) = fact.about.steps.split_first()?;
            let about = Reference { root: Origin::Path(Root::Input), steps: rest.to_vec() };
            (*first == Step::Field("result".into())).then(|| Fact { about, test: fact.test.clone() })
        });
        let of_input: Vec<Fact> = of_input.collect();
        facts.extend(of_input);
    }
    // The bare `error` is another one at every node.
    facts.retain(|fact| matches!(fact.about.root, Origin::Path(Root::Input | Root::Output(_))));
    facts
}
