//! Every execution a workflow can have, as formulas: which nodes run, which edges are taken.
//!
//! Comes in: the model and its graph. Goes out: [`Paths`].
//! Always true: it says of an execution what the engine does (`flow_runtime::engine::activation`), which the tests compare
//! over all outcomes of random workflows. Variables are independent: every combination of their values is an execution,
//! except that opaque conditions may be related in ways nobody analyses.

use super::cells::Cells;
use super::content::{Base, BaseRoot, Content, State, content, success};
use super::expected::Schemas;
use super::formula::some_object;
use super::formula::{Atom, Formula, Test, Tests};
use super::mdd::{Diagrams, FALSE, Ref, TRUE, Var};
use super::sites::{Site, sites};
use crate::check::Graph;
use crate::model::expr::{Path, Root};
use crate::model::{Kind, NodeId, Workflow};
use flow_runtime::value::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What can hold where.
pub struct Paths<'a> {
    pub workflow: &'a Workflow,
    pub graph: &'a Graph,
    pub diagrams: Diagrams,
    pub facts: Vec<Fact>,
    pub nodes: Vec<NodePaths>,
    pub edges: Vec<EdgePaths>,
    pub sites: Vec<Site<'a>>,
    /// Of each edge that has one.
    pub conditions: Vec<Option<Formula>>,
    pub filters: Vec<Option<Formula>>,
    pub tests: Tests<'a>,
    pub(super) outcomes: Vec<Option<Var>>,
    pub(super) started: Option<Var>,
    pub(super) values: BTreeMap<Base, Var>,
    pub(super) opaque: HashMap<usize, Var>,
    truths: HashMap<(usize, Option<NodeId>), Truth>,
    pub(super) missing: usize,
    pub(super) object: usize,
    pub(super) is_false: usize,
    pub(super) schemas: Schemas,
    /// From each variable on: everything is as one would expect.
    pub(super) plausible: Vec<Ref>,
}

/// What a variable of the diagrams says.
pub enum Fact {
    /// Which trigger started the execution.
    Started(Vec<NodeId>),
    /// 0: it completes; 1: it fails.
    Outcome(NodeId),
    /// The cell of the value at a path.
    Value(Base, Arc<Cells>),
    /// 0: false, 1: true; then no value, and false because something was missing.
    Opaque(usize),
}

/// A node in all executions.
#[derive(Debug, Clone, Copy)]
pub struct NodePaths {
    pub runs: Ref,
    /// If it runs: it fails by itself.
    pub fails: Ref,
    /// If it runs: it fails because its edges cannot be decided.
    pub misrouted: Ref,
    /// If it runs and does not fail: it is no filter, or it passes.
    pub passes: Ref,
}

/// An edge in all executions.
#[derive(Debug, Clone, Copy)]
pub struct EdgePaths {
    pub taken: Ref,
    /// It died because its source failed.
    pub died: Ref,
    /// The condition, when the edge is decided.
    pub said: Truth,
}

/// A condition in all executions in which it is evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Truth {
    pub yes: Ref,
    /// It has no value.
    pub fault: Ref,
    /// It read something that is missing.
    pub missing: Ref,
}

const ALWAYS: Truth = Truth { yes: TRUE, fault: FALSE, missing: FALSE };

impl Truth {
    fn known(yes: Ref) -> Truth {
        Truth { yes, ..ALWAYS }
    }
}

impl<'a> Paths<'a> {
    /// `graph` must be without cycles.
    pub fn new(workflow: &'a Workflow, graph: &'a Graph) -> Paths<'a> {
        let mut tests = Tests::default();
        let conditions: Vec<_> = workflow
            .edges
            .iter()
            .map(|edge| edge.condition.as_ref().map(|condition| tests.formula(condition, edge.from)))
            .collect();
        let filters: Vec<_> = workflow
            .node_ids()
            .map(|id| match &workflow.node(id).kind {
                Kind::Filter(filter) => Some(tests.formula(&filter.condition, id)),
                _ => None,
            })
            .collect();
        let sites = sites(workflow, &mut tests);
        let [missing, object, is_false] = [Test::Missing, Test::Object, Test::False].map(|test| tests.test(test));
        let mut paths = Paths {
            workflow,
            graph,
            diagrams: Diagrams::new(Vec::new()),
            facts: Vec::new(),
            nodes: vec![NodePaths { runs: FALSE, fails: FALSE, misrouted: FALSE, passes: TRUE }; workflow.nodes.len()],
            edges: vec![EdgePaths { taken: FALSE, died: FALSE, said: ALWAYS }; workflow.edges.len()],
            sites,
            conditions,
            filters,
            tests,
            outcomes: vec![None; workflow.nodes.len()],
            started: None,
            values: BTreeMap::new(),
            opaque: HashMap::new(),
            truths: HashMap::new(),
            missing,
            object,
            is_false,
            schemas: Schemas::of(workflow),
            plausible: Vec::new(),
        };
        paths.name_variables();
        paths.expect();
        for node in &graph.order {
            if paths.diagrams.gave_up() {
                break;
            }
            paths.settle(*node);
        }
        paths
    }

    /// Whether the answers mean anything.
    pub fn gave_up(&self) -> bool {
        self.diagrams.gave_up()
    }

    /// What of a formula one would expect to happen.
    pub fn plausibly(&mut self, formula: Ref) -> Ref {
        let Some(top) = self.diagrams.top(formula) else { return formula };
        let expected = self.plausible[top as usize];
        self.diagrams.and(formula, expected)
    }

    /// The executions in which both hold, if one would expect any.
    pub fn possible(&mut self, left: Ref, right: Ref) -> Option<Ref> {
        let both = self.diagrams.and(left, right);
        let expected = self.plausibly(both);
        (expected != FALSE).then_some(expected)
    }

    /// Whether a value is never missing where its node completed.
    pub fn is_always_there(&self, base: &Base) -> bool {
        let BaseRoot::Output(node) = base.root else { return false };
        let content = content(&self.workflow.node(node).kind, node, &base.steps, State::Completed);
        matches!(content, Content::Value { present: true, .. })
    }

    /// Whether a value is missing, and whether it is null; `None` where no condition asks for it. `present`: it is never
    /// missing.
    pub fn absent(&mut self, base: &Base, present: bool) -> Option<(Ref, Ref)> {
        let var = *self.values.get(base)?;
        let missing = self.value(base, self.missing, present);
        let Fact::Value(_, cells) = &self.facts[var as usize] else { return None };
        let null = self.diagrams.test(var, |cell| cells.null == Some(cell));
        Some((missing, self.diagrams.and(null, !missing)))
    }

    /// Whether a variable says whether a request succeeded.
    pub fn is_success(&self, var: Var, node: NodeId) -> bool {
        matches!(self.workflow.node(node).kind, Kind::Http(_)) && self.values.get(&success(node)) == Some(&var)
    }

    /// The executions of a formula in which a request says whether it succeeded, with `true` or `false`.
    pub fn success_is_said(&mut self, formula: Ref, node: NodeId) -> Ref {
        self.success_is(formula, node, |value| matches!(value, Value::Bool(_)))
    }

    /// The executions of a formula in which `success` of a request is such a value; all where no condition asks for it.
    fn success_is(&mut self, formula: Ref, node: NodeId, is_such: impl Fn(&Value) -> bool) -> Ref {
        let holds = |cells: &Cells, cell: u32| cells.in_cell(cell).any(|sample| is_such(&sample.value));
        self.within(formula, &success(node), holds)
    }

    /// The executions of a formula in which a value lies in such a cell; all where no condition asks for it.
    fn within(&mut self, formula: Ref, base: &Base, holds: impl Fn(&Cells, u32) -> bool) -> Ref {
        let Some(var) = self.values.get(base).copied() else { return formula };
        let Fact::Value(_, cells) = &self.facts[var as usize] else { return formula };
        let cells = Arc::clone(cells);
        let holds = self.diagrams.test(var, |cell| holds(&cells, cell));
        self.diagrams.and(formula, holds)
    }

    /// The executions of a formula in which a node completes; a request, with a status that says so.
    pub fn completes(&mut self, formula: Ref, node: NodeId) -> Ref {
        let completes = self.diagrams.and(formula, !self.nodes[node.0].fails);
        let status = Base { root: BaseRoot::Output(node), steps: vec!["result".to_owned(), "status_code".to_owned()] };
        match status.is_status(self.workflow) {
            true => self.within(completes, &status, Cells::has_status_ok),
            false => completes,
        }
    }

    /// The executions of a formula in which a node completes; a request, with `success: true`.
    pub fn succeeds(&mut self, formula: Ref, node: NodeId) -> Ref {
        let completes = self.completes(formula, node);
        self.success_is(completes, node, |value| matches!(value, Value::Bool(true)))
    }

    /// Whether the output of a node has an error: in conditions of edges out of `own`, before those are decided.
    pub fn has_error(&mut self, node: NodeId, own: Option<NodeId>) -> Ref {
        let NodePaths { runs, fails, misrouted, passes } = self.nodes[node.0];
        let (runs, misrouted) = if own == Some(node) { (TRUE, FALSE) } else { (runs, misrouted) };
        let base = success(node);
        let refused = match (&self.workflow.node(node).kind, self.values.get(&base)) {
            (Kind::Http(_), Some(_)) => self.value(&base, self.is_false, true),
            _ => !passes,
        };
        let any = self.diagrams.or(fails, misrouted);
        let any = self.diagrams.or(any, refused);
        self.diagrams.and(runs, any)
    }

    /// Whether the bare `error` is set in the configuration of a node.
    pub fn bare_error(&mut self, node: NodeId) -> Ref {
        let mut any = FALSE;
        for edge in &self.graph.incoming[node.0] {
            let error = self.has_error(self.workflow.edges[*edge].from, None);
            let brought = self.diagrams.and(self.edges[*edge].taken, error);
            any = self.diagrams.or(any, brought);
        }
        any
    }

    /// A formula as a diagram. `own`: the node out of which the edge leads whose condition it is.
    pub fn truth(&mut self, formula: &Formula, own: Option<NodeId>) -> Truth {
        match formula {
            Formula::Known(value) => Truth::known(if *value { TRUE } else { FALSE }),
            Formula::Not(inner) => {
                let inner = self.truth(inner, own);
                Truth { yes: self.diagrams.and(!inner.yes, !inner.fault), ..inner }
            }
            Formula::All(left, right) => {
                let (left, right) = (self.truth(left, own), self.truth(right, own));
                self.choose(left, right, Truth::known(FALSE))
            }
            Formula::Any(left, right) => {
                let (left, right) = (self.truth(left, own), self.truth(right, own));
                self.choose(left, Truth::known(TRUE), right)
            }
            Formula::If(parts) => {
                let [test, yes, no] = &**parts;
                let (test, yes, no) = (self.truth(test, own), self.truth(yes, own), self.truth(no, own));
                self.choose(test, yes, no)
            }
            Formula::Ran(node) => Truth::known(self.nodes[node.0].runs),
            Formula::Precedes { node, reader } => {
                let alone = self.diagrams.and(self.nodes[reader.0].runs, !self.nodes[node.0].runs);
                Truth::known(if alone == FALSE { TRUE } else { FALSE })
            }
            Formula::Atom(atom) => self.atom(*atom, own),
        }
    }

    /// `test ? yes : no`, where only one of the two is evaluated.
    fn choose(&mut self, test: Truth, yes: Truth, no: Truth) -> Truth {
        let diagrams = &mut self.diagrams;
        let refused = diagrams.and(!test.yes, !test.fault);
        let mut either = |yes: Ref, no: Ref| {
            let yes = diagrams.and(test.yes, yes);
            let no = diagrams.and(refused, no);
            diagrams.or(yes, no)
        };
        let (value, fault, missing) =
            (either(yes.yes, no.yes), either(yes.fault, no.fault), either(yes.missing, no.missing));
        Truth {
            yes: value,
            fault: self.diagrams.or(test.fault, fault),
            missing: self.diagrams.or(test.missing, missing),
        }
    }

    fn atom(&mut self, index: usize, own: Option<NodeId>) -> Truth {
        // Only what a node's own conditions say of its own output depends on where they stand.
        let own = own.filter(|own| match &self.tests.atoms[index] {
            Atom::OfPath { path, .. } => path.root == Root::Output(*own),
            Atom::Opaque(_) => true,
        });
        if let Some(truth) = self.truths.get(&(index, own)) {
            return *truth;
        }
        let truth = match self.tests.atoms[index].clone() {
            Atom::OfPath { path, reader, test } => {
                let yes = self.of_path(path, reader, test, own);
                let missing = self.of_path(path, reader, self.missing, own);
                Truth { yes, fault: FALSE, missing }
            }
            Atom::Opaque(opaque) => {
                let var = self.opaque[&index];
                let mut yes = self.diagrams.test(var, |value| value == 1);
                for path in &opaque.ordered {
                    let missing = self.of_path(path, opaque.reader, self.missing, own);
                    yes = self.diagrams.and(yes, !missing);
                }
                let fault = match opaque.may_fault {
                    true => self.diagrams.test(var, |value| value == 2),
                    false => FALSE,
                };
                let last = 2 + u32::from(opaque.may_fault);
                let mut missing = match opaque.strict {
                    true => FALSE,
                    false => self.diagrams.test(var, |value| value == last),
                };
                for path in opaque.paths.iter().filter(|_| opaque.strict) {
                    let of_path = self.of_path(path, opaque.reader, self.missing, own);
                    missing = self.diagrams.or(missing, of_path);
                }
                Truth { yes, fault, missing }
            }
        };
        self.truths.insert((index, own), truth);
        truth
    }

    /// Whether a test holds of what stands at a path.
    fn of_path(&mut self, path: &Path, reader: NodeId, test: usize, own: Option<NodeId>) -> Ref {
        let undefined = self.constant(test, &Value::Undefined);
        match path.root {
            Root::Input => self.input(&path.steps, test),
            Root::Error => {
                let set = self.bare_error(reader);
                let value = match path.steps.as_slice() {
                    [] => self.constant(test, &some_object()),
                    steps => self.value(&Base { root: BaseRoot::Error(reader), steps: steps.to_vec() }, test, false),
                };
                self.diagrams.ite(set, value, undefined)
            }
            Root::Output(node) => {
                let NodePaths { runs, fails, misrouted, .. } = self.nodes[node.0];
                let (runs, misrouted) = if own == Some(node) { (TRUE, FALSE) } else { (runs, misrouted) };
                let completed = self.output(node, &path.steps, State::Completed, test, own);
                let routed = match misrouted {
                    FALSE => completed,
                    _ => {
                        let lost = self.output(node, &path.steps, State::Misrouted, test, own);
                        self.diagrams.ite(misrouted, lost, completed)
                    }
                };
                let ran = match fails {
                    FALSE => routed,
                    _ => {
                        let failed = self.output(node, &path.steps, State::Failed, test, own);
                        self.diagrams.ite(fails, failed, routed)
                    }
                };
                self.diagrams.ite(runs, ran, undefined)
            }
        }
    }

    fn output(&mut self, node: NodeId, steps: &[String], state: State, test: usize, own: Option<NodeId>) -> Ref {
        match content(&self.workflow.node(node).kind, node, steps, state) {
            Content::Known(value) => self.constant(test, &value),
            Content::Value { base, present } => self.value(&base, test, present),
            Content::Input(steps) => self.input(&steps, test),
            Content::Passed => {
                let passes = self.nodes[node.0].passes;
                let [yes, no] = [true, false].map(|passed| self.constant(test, &Value::Bool(passed)));
                self.diagrams.ite(passes, yes, no)
            }
            Content::OfError(content) => {
                let error = self.has_error(node, own.or(Some(node)));
                let set = match *content {
                    Content::Value { base, present } => self.value(&base, test, present),
                    Content::Known(value) => self.constant(test, &value),
                    _ => self.constant(test, &Value::Undefined),
                };
                let unset = self.constant(test, &Value::Undefined);
                self.diagrams.ite(error, set, unset)
            }
        }
    }

    fn input(&mut self, steps: &[String], test: usize) -> Ref {
        match steps {
            [] => self.constant(test, &some_object()),
            steps => self.value(&Base { root: BaseRoot::Input, steps: steps.to_vec() }, test, false),
        }
    }

    fn constant(&self, test: usize, value: &Value) -> Ref {
        if self.tests.all[test].holds(value) { TRUE } else { FALSE }
    }

    /// Whether a test holds of a value that varies. `present`: it is never missing.
    fn value(&mut self, base: &Base, test: usize, present: bool) -> Ref {
        // Of a path that nothing tests, nothing is known: it is there, and something is in it.
        let Some(var) = self.values.get(base).copied() else { return self.constant(test, &some_object()) };
        let Fact::Value(_, cells) = &self.facts[var as usize] else { return FALSE };
        let stand_in = cells.present();
        let holds = |cell| cells.holds(test, if present && cell == 0 { stand_in } else { cell });
        let own = self.diagrams.test(var, holds);
        let prefix = (1..base.steps.len())
            .rev()
            .map(|length| base.prefix(length))
            .find(|prefix| self.values.contains_key(prefix));
        match prefix {
            None => own,
            Some(prefix) => {
                let object = self.value(&prefix, self.object, false);
                let undefined = self.constant(test, &Value::Undefined);
                self.diagrams.ite(object, own, undefined)
            }
        }
    }

    fn settle(&mut self, id: NodeId) {
        let workflow = self.workflow;
        let incoming = &self.graph.incoming[id.0];
        let runs = if incoming.is_empty() { self.starts(id) } else { self.activated(incoming) };
        self.nodes[id.0].runs = runs;
        if let Some(var) = self.outcomes[id.0] {
            self.nodes[id.0].fails = self.diagrams.test(var, |value| value == 1);
        }
        if let Some(formula) = self.filters[id.0].clone() {
            let Truth { yes, fault, .. } = self.truth(&formula, None);
            let node = &mut self.nodes[id.0];
            // The message is written when it does not pass, and that may fail.
            let message_fails = self.diagrams.and(node.fails, !yes);
            node.fails = self.diagrams.or(fault, message_fails);
            node.passes = yes;
        }
        let outgoing = &self.graph.outgoing[id.0];
        let NodePaths { fails, passes, .. } = self.nodes[id.0];
        let completes = self.diagrams.and(!fails, passes);
        let mut faults = FALSE;
        let mut lost = if outgoing.is_empty() { FALSE } else { !fails };
        for edge in outgoing {
            let said = match self.conditions[*edge].clone() {
                Some(formula) => self.truth(&formula, Some(id)),
                None => ALWAYS,
            };
            self.edges[*edge].said = said;
            faults = self.diagrams.or(faults, said.fault);
            if lost != FALSE {
                let here = self.diagrams.and(!said.yes, said.missing);
                let here = self.diagrams.and(here, !said.fault);
                lost = if workflow.edges[*edge].condition.is_some() { self.diagrams.and(lost, here) } else { FALSE };
            }
        }
        let faults = self.diagrams.and(!fails, faults);
        let misrouted = self.diagrams.or(lost, faults);
        self.nodes[id.0].misrouted = misrouted;
        let routed = self.diagrams.and(runs, !misrouted);
        let lost = self.diagrams.and(runs, misrouted);
        let failed = self.diagrams.and(runs, fails);
        for edge in outgoing {
            let said = self.edges[*edge].said;
            let (fires, dies) = match workflow.edges[*edge].condition {
                Some(_) => (said.yes, said.fault),
                None => (completes, TRUE),
            };
            let taken = self.diagrams.and(routed, fires);
            let died = self.diagrams.and(failed, dies);
            let died = self.diagrams.or(lost, died);
            self.edges[*edge] = EdgePaths { taken, died, said };
        }
    }

    /// Whether a node runs to which no edge leads.
    fn starts(&mut self, id: NodeId) -> Ref {
        let (Some(var), true) = (self.started, self.workflow.node(id).kind.is_trigger()) else { return TRUE };
        let Fact::Started(triggers) = &self.facts[var as usize] else { return TRUE };
        let index = triggers.iter().position(|trigger| *trigger == id);
        self.diagrams.test(var, |value| Some(value as usize) == index)
    }

    /// Whether a node runs to which edges lead.
    fn activated(&mut self, incoming: &[usize]) -> Ref {
        let mut any = FALSE;
        let mut all = TRUE;
        for edge in incoming {
            let EdgePaths { taken, died, .. } = self.edges[*edge];
            any = self.diagrams.or(any, taken);
            all = self.diagrams.and(all, if self.workflow.edges[*edge].required { taken } else { !died });
        }
        self.diagrams.and(any, all)
    }
}
