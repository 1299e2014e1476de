//! What is certain at a node: which edges were taken on every way to it, and what that says of values.
//!
//! Always true: only what holds in every execution that runs the node. Exact for chains, filters and joins whose ways have
//! something in common; what only the combination of several conditions says is left to the analysis of paths.

use super::narrow::{self, Fact, Origin, Reference};
use super::transforms;
use crate::check::Graph;
use crate::model::expr::Root;
use crate::model::ty::{Literal, Step, Test, Type};
use crate::model::{Kind, NodeId, Workflow};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Of a long chain the last edges count: so many are kept for each node.
const EDGES_MAX: usize = 128;

/// Indices of edges, by node; those taken last come first.
pub(super) struct Certain {
    edges: Vec<Vec<usize>>,
    /// What each edge says, once somebody has asked: by then its source has been looked at. Numbers of facts.
    said: Vec<OnceCell<Vec<usize>>>,
    /// What holds at each node, once somebody has asked.
    at: Vec<OnceCell<Rc<[Rc<Fact>]>>>,
    facts: RefCell<Facts>,
}

/// What the edges say, each thing once: a workflow asks the same of its input again and again.
#[derive(Default)]
struct Facts {
    all: Vec<Known>,
    names: HashMap<Reference, usize>,
    /// By the number of a name.
    of_name: Vec<OfName>,
    /// The list that is being made.
    list: u32,
}

struct Known {
    fact: Rc<Fact>,
    name: usize,
    /// The last list it was put on.
    list: u32,
}

#[derive(Default)]
struct OfName {
    facts: Vec<usize>,
    /// The last list with a bound from below, and where it stands there.
    bound: Option<(u32, usize)>,
}

impl Facts {
    fn number(&mut self, fact: Fact) -> usize {
        let next = self.of_name.len();
        let name = *self.names.entry(fact.about.clone()).or_insert(next);
        if name == next {
            self.of_name.push(OfName::default());
        }
        let same = self.of_name[name].facts.iter().find(|known| self.all[**known].fact.test == fact.test);
        same.copied().unwrap_or_else(|| {
            self.of_name[name].facts.push(self.all.len());
            self.all.push(Known { fact: Rc::new(fact), name, list: 0 });
            self.all.len() - 1
        })
    }

    /// Puts a fact on the list, unless it is there. Of several bounds from below the strongest says what the others say.
    fn put(&mut self, number: usize, list: &mut Vec<Rc<Fact>>) {
        let known = &mut self.all[number];
        if std::mem::replace(&mut known.list, self.list) == self.list {
            return;
        }
        if let Test::Above { than, or_equal } = known.fact.test {
            let bound = &mut self.of_name[known.name].bound;
            match *bound {
                Some((on, at)) if on == self.list => {
                    let Test::Above { than: other, or_equal: other_or_equal } = list[at].test else { return };
                    if than > other || than == other && other_or_equal && !or_equal {
                        list[at] = Rc::clone(&known.fact);
                    }
                    return;
                }
                _ => *bound = Some((self.list, list.len())),
            }
        }
        list.push(Rc::clone(&known.fact));
    }
}

impl Certain {
    pub(super) fn new(workflow: &Workflow, graph: &Graph) -> Certain {
        let said = vec![OnceCell::new(); workflow.edges.len()];
        let nodes = workflow.nodes.len();
        let (edges, at) = (vec![Vec::new(); nodes], vec![OnceCell::new(); nodes]);
        let mut certain = Certain { edges, said, at, facts: RefCell::default() };
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
    pub(super) fn facts(&self, workflow: &Workflow, outputs: &[Type], node: NodeId) -> Rc<[Rc<Fact>]> {
        Rc::clone(self.at[node.0].get_or_init(|| self.list(workflow, outputs, node).into()))
    }

    fn list(&self, workflow: &Workflow, outputs: &[Type], node: NodeId) -> Vec<Rc<Fact>> {
        let mut facts = self.facts.borrow_mut();
        facts.list += 1;
        let mut list = Vec::new();
        for edge in &self.edges[node.0] {
            let said = self.said[*edge].get_or_init(|| {
                facts_of_edge(workflow, outputs, *edge).into_iter().map(|fact| facts.number(fact)).collect()
            });
            said.iter().for_each(|number| facts.put(*number, &mut list));
        }
        list
    }
}

/// What holds because an edge was taken.
fn facts_of_edge(workflow: &Workflow, outputs: &[Type], edge: usize) -> Vec<Fact> {
    let edge = &workflow.edges[edge];
    let origin = Origin::Path(Root::Output(edge.from));
    let about = |steps: &[&str]| Reference {
        root: origin.clone(),
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
        let envelope = narrow::assume(outputs[edge.from.0].clone(), &origin, facts.iter());
        if let Type::Literal(Literal::Bool(passed)) = envelope.field("result").ty.field("passed").ty {
            facts.extend(narrow::facts(&filter.condition, passed));
        }
    }
    // What a trigger gives is the input.
    if kind.is_trigger() {
        let input = Origin::Path(Root::Input);
        let as_input = |about: &Reference| match about.steps.split_first() {
            _ if about.root == input => Some(about.clone()),
            Some((first, rest)) if about.root == origin && *first == Step::Field("result".into()) => {
                Some(Reference { root: input.clone(), steps: rest.to_vec() })
            }
            _ => None,
        };
        let of_input = facts.iter().filter_map(|fact| {
            let about = fact.about.each(as_input)?;
            Some(Fact { about, test: fact.test.clone() })
        });
        let of_input: Vec<Fact> = of_input.collect();
        facts.extend(of_input);
    }
    let of_counts: Vec<Fact> = facts.iter().filter_map(|fact| transforms::of_counted(workflow, fact)).collect();
    facts.extend(of_counts);
    // The bare `error` is another one at every node.
    let is_the_same = |part: &Reference| matches!(part.root, Origin::Path(Root::Input | Root::Output(_)));
    facts.retain(|fact| fact.about.parts().iter().all(is_the_same));
    facts
}
