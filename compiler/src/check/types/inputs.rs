//! The type of `input_data`: what the triggers give that lead to a place.
//!
//! Always true: an execution has the input of the trigger that started it, the other triggers are skipped, and a root that is
//! no trigger runs in every execution.

use crate::check::Graph;
use crate::model::ty::Type;
use crate::model::{Kind, NodeId, Workflow};
use std::collections::{BTreeMap, BTreeSet};

/// By node what `input_data` is there.
pub(super) struct Inputs {
    /// Whichever trigger it was.
    pub(super) whole: Type,
    /// Where it is only some of the triggers.
    at: BTreeMap<NodeId, Type>,
}

impl Inputs {
    pub(super) fn new(workflow: &Workflow, graph: &Graph) -> Inputs {
        let whole = input(workflow);
        let triggers: BTreeSet<NodeId> = triggers(workflow).collect();
        let mut inputs = Inputs { whole, at: BTreeMap::new() };
        if triggers.len() < 2 || is_unknown(workflow) {
            return inputs;
        }
        // What is on a cycle is reported as that.
        let mut leading = vec![triggers.clone(); workflow.nodes.len()];
        let mut types: BTreeMap<BTreeSet<NodeId>, Type> = BTreeMap::new();
        for id in &graph.order {
            let incoming = &graph.incoming[id.0];
            if triggers.contains(id) {
                leading[id.0] = BTreeSet::from([*id]);
            } else if !incoming.is_empty() {
                let sources = incoming.iter().map(|edge| &leading[workflow.edges[*edge].from.0]);
                leading[id.0] = sources.flatten().copied().collect();
            }
            if leading[id.0] != triggers {
                let given = || union(workflow, leading[id.0].iter().copied());
                let ty = types.entry(leading[id.0].clone()).or_insert_with(given);
                inputs.at.insert(*id, ty.clone());
            }
        }
        inputs
    }

    pub(super) fn at(&self, node: NodeId) -> &Type {
        self.at.get(&node).unwrap_or(&self.whole)
    }
}

/// Whatever starts the workflow gives its input; what has no schema may give anything.
pub(in crate::check) fn input(workflow: &Workflow) -> Type {
    if triggers(workflow).next().is_none() || is_unknown(workflow) {
        return Type::Json;
    }
    union(workflow, triggers(workflow))
}

fn triggers(workflow: &Workflow) -> impl Iterator<Item = NodeId> {
    workflow.node_ids().filter(|id| workflow.node(*id).kind.is_trigger())
}

/// What is of no known kind may be a trigger.
fn is_unknown(workflow: &Workflow) -> bool {
    workflow.nodes.iter().any(|node| matches!(node.kind, Kind::Unknown) && node.may_start)
}

fn union(workflow: &Workflow, triggers: impl Iterator<Item = NodeId>) -> Type {
    let given = |id| workflow.node(id).kind.input_schema().map_or(Type::Json, |schema| schema.ty.clone());
    Type::union(triggers.map(given))
}
