//! The type checker: does each value fit the place it is put in?
//!
//! Comes in: the model with the types of its schemas, and what the flow of the workflow says. Goes out: the types of the
//! input and of every node's output; everything that does not fit is reported.
//! Always true: `json` fits everywhere, so a workflow without schemas hears of nothing but what no data could make right.
//!
//! Steps: the input → each node, after those it can read: its expressions, each in its position, and what it gives → the
//! conditions of edges.

mod certain;
mod conditions;
mod constants;
mod dates;
mod infer;
mod inputs;
mod keys;
mod messages;
mod messages_of_values;
mod names;
mod narrow;
mod operators;
pub(super) mod outputs;
mod positions;
mod ranges;
mod reduce;
mod signatures;
#[cfg(test)]
mod tests;
mod transforms;

pub(super) use inputs::input;

use super::knowledge::{Knowledge, Place, Supposed};
use super::{Checked, Graph};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::expr::ExprKind;
use crate::model::ty::Type;
use crate::model::{Expr, Kind, NodeId, Workflow};
use crate::source::Sources;
use certain::Certain;
use infer::Typing;
use inputs::Inputs;
use names::Names;
use narrow::Fact;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What is known about the values of a workflow.
#[derive(Debug, Clone)]
pub struct Types {
    /// Of `input_data`, whichever trigger started the workflow.
    pub input: Type,
    /// Of `previous_outputs.<id>`, by node, as if it had run.
    pub outputs: Vec<Type>,
    /// Of what a `rust` node gives its function, by node.
    pub arguments: BTreeMap<NodeId, Vec<Type>>,
}

/// What their types say of transforms.
#[derive(Debug, Default)]
pub(super) struct Transforms {
    /// [`crate::model::Transform::list`], by node.
    pub lists: BTreeMap<NodeId, String>,
    /// Those that fail only where a list grows beyond all limits.
    pub unfailing: BTreeSet<NodeId>,
}

/// What the checker knows of an expression.
#[derive(Debug, Clone)]
pub struct Typed<'a> {
    pub place: Place,
    pub expr: &'a Expr,
    /// With all that is known where it stands.
    pub ty: Type,
    /// No part of it is `json`, of which nothing is known before it runs.
    pub is_known: bool,
}

/// Visits every expression of a checked workflow but those over the items of a transform.
pub(super) fn visit<'a>(
    checked: &'a Checked,
    sources: &Sources,
    knowledge: Option<&dyn Knowledge>,
    graph: &Graph,
    visit: &mut dyn FnMut(Typed<'a>),
) {
    let workflow = &checked.workflow;
    let certain = has_schema(workflow).then(|| Certain::new(workflow, graph));
    let Types { outputs, arguments, .. } = checked.types.clone();
    let inputs = Inputs::new(workflow, graph);
    let mut unheard = Diagnostics::default();
    let diagnostics = &mut unheard;
    let transforms = Transforms::default();
    let checker =
        Checker { workflow, graph, sources, knowledge, certain, inputs, outputs, arguments, transforms, diagnostics };
    let mut at = |place: Place, expr: &'a Expr| {
        let names = checker.names(place);
        let mut typing = Typing::new(&names, sources).knowing(checker.facts(place));
        let ty = typing.infer(expr);
        visit(Typed { place, expr, ty, is_known: !typing.met_json });
    };
    for id in workflow.node_ids() {
        match &workflow.node(id).kind {
            Kind::Transform(transform) => {
                transform.input.iter().for_each(|tree| tree.expressions(&mut |expr| at(Place::Node(id), expr)));
            }
            _ => workflow.node(id).expressions(&mut |expr| at(Place::Node(id), expr)),
        }
    }
    for (index, edge) in workflow.edges.iter().enumerate() {
        edge.condition.iter().for_each(|condition| at(Place::Condition(index), condition));
    }
}

/// Checks every expression of a workflow.
pub(super) fn check(
    workflow: &Workflow,
    graph: &Graph,
    sources: &Sources,
    knowledge: Option<&dyn Knowledge>,
    diagnostics: &mut Diagnostics,
) -> (Types, Transforms) {
    let inputs = Inputs::new(workflow, graph);
    let envelope = |id: NodeId| {
        let envelope = outputs::envelope(&workflow.node(id).kind).unwrap_or(Type::Json);
        if is_misrouted(knowledge, id) { outputs::misrouted(&envelope) } else { envelope }
    };
    let outputs = workflow.node_ids().map(envelope).collect();
    // Without a schema there is nothing to narrow.
    let certain = has_schema(workflow).then(|| Certain::new(workflow, graph));
    let (arguments, transforms) = (BTreeMap::new(), Transforms::default());
    let mut checker =
        Checker { workflow, graph, sources, knowledge, certain, inputs, outputs, arguments, transforms, diagnostics };
    for id in &graph.order {
        checker.node(*id);
    }
    for (index, edge) in workflow.edges.iter().enumerate() {
        if let Some(condition) = &edge.condition
            && !is_otherwise(condition)
        {
            checker.at(Place::Condition(index), |typing| typing.condition(condition));
        }
    }
    let Checker { inputs, outputs, arguments, transforms, .. } = checker;
    (Types { input: inputs.whole, outputs, arguments }, transforms)
}

/// Whether this is the `else` of a .flow text. It is made of the conditions above it, and what is wrong with them is said there.
fn is_otherwise(condition: &Expr) -> bool {
    matches!(&condition.kind, ExprKind::Unary(_, operand) if operand.span == condition.span)
}

fn is_misrouted(knowledge: Option<&dyn Knowledge>, id: NodeId) -> bool {
    knowledge.is_some_and(|knowledge| knowledge.is_misrouted(id))
}

struct Checker<'a> {
    workflow: &'a Workflow,
    graph: &'a Graph,
    sources: &'a Sources,
    knowledge: Option<&'a dyn Knowledge>,
    certain: Option<Certain>,
    inputs: Inputs,
    /// Of a transform `json`, until it has been looked at.
    outputs: Vec<Type>,
    arguments: BTreeMap<NodeId, Vec<Type>>,
    transforms: Transforms,
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn node(&mut self, id: NodeId) {
        let workflow = self.workflow;
        match &workflow.node(id).kind {
            Kind::Transform(transform) => {
                let result = self.transform(id, transform);
                let envelope = outputs::of_transform(result);
                self.outputs[id.0] = match is_misrouted(self.knowledge, id) {
                    true => outputs::misrouted(&envelope),
                    false => envelope,
                };
            }
            Kind::Rust(rust) => {
                let infer = |typing: &mut Typing| {
                    rust.arguments.iter().map(|argument| positions::tree_type(typing, &argument.value)).collect()
                };
                let types = self.at(Place::Node(id), infer);
                self.arguments.insert(id, types);
            }
            kind => {
                self.at(Place::Node(id), |typing| typing.node(kind));
            }
        }
    }

    fn names(&self, place: Place) -> Names<'_> {
        Names {
            workflow: self.workflow,
            place,
            supposed: Supposed::default(),
            input: self.inputs.at(match place {
                Place::Node(node) => node,
                Place::Condition(edge) => self.workflow.edges[edge].from,
            }),
            outputs: &self.outputs,
            knowledge: self.knowledge,
        }
    }

    /// What holds at a place, in every execution that comes there.
    fn facts(&self, place: Place) -> Rc<[Rc<Fact>]> {
        let Some(certain) = &self.certain else { return Rc::default() };
        match place {
            Place::Node(node) => certain.facts(self.workflow, &self.outputs, node),
            // Its source has run.
            Place::Condition(edge) => certain.facts(self.workflow, &self.outputs, self.workflow.edges[edge].from),
        }
    }

    /// Types something at a place, and reports what was found.
    fn at<T>(&mut self, place: Place, infer: impl FnOnce(&mut Typing) -> T) -> T {
        let names = self.names(place);
        let mut typing = Typing::new(&names, self.sources).knowing(self.facts(place));
        let result = infer(&mut typing);
        let found = typing.found;
        self.report(found);
        result
    }

    fn report(&mut self, found: Vec<Diagnostic>) {
        found.into_iter().for_each(|diagnostic| self.diagnostics.push(diagnostic));
    }
}

fn has_schema(workflow: &Workflow) -> bool {
    workflow.nodes.iter().any(|node| match &node.kind {
        Kind::Webhook(webhook) => webhook.input_schema.is_some(),
        Kind::Manual(manual) => manual.input_schema.is_some(),
        Kind::Http(http) => http.response_schema.is_some(),
        Kind::Rust(rust) => rust.result_schema.is_some(),
        Kind::Email(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Unknown => false,
    })
}
