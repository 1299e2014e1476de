//! All that can turn out one way or another, as variables of the diagrams; and what of it one would expect.
//!
//! Comes in: tests, conditions, the graph. Goes out: the facts of [`Paths`], in the order in which they are asked.

use super::analysis::{Fact, Paths};
use super::cells::{Cells, Domain, EVALUATIONS_MAX};
use super::content::{Base, BaseRoot, success, variables};
use super::expected::cells_of;
use super::formula::{Atom, Test};
use super::mdd::{Diagrams, Ref, TRUE, Var};
use super::order::order;
use crate::catalog::http::OF_EVERY_ANSWER;
use crate::check::Graph;
use crate::model::expr::{Expr, Path, Root};
use crate::model::{ExprKind, Kind, NodeId, Workflow};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What is asked in a workflow, by the position of the node at which it becomes a variable.
struct Asked {
    /// Values, and the tests they are put to, as indices.
    values: BTreeMap<usize, Vec<(Base, BTreeSet<usize>)>>,
    /// Conditions that are not looked into, as indices of atoms.
    opaque: BTreeMap<usize, Vec<usize>>,
}

impl Paths<'_> {
    /// Makes a variable of everything that can turn out one way or another.
    pub(super) fn name_variables(&mut self) {
        let workflow = self.workflow;
        let mut position = vec![usize::MAX; workflow.nodes.len()];
        for (index, node) in self.graph.order.iter().enumerate() {
            position[node.0] = index;
        }
        let Asked { mut values, mut opaque } = self.asked(&position);
        let triggers: Vec<NodeId> = workflow.node_ids().filter(|id| workflow.node(*id).kind.is_trigger()).collect();
        let mut evaluations = 0;
        // Most nodes are asked the same few things: `result.success == false`.
        let mut shared: HashMap<(BTreeSet<usize>, Domain), Arc<Cells>> = HashMap::new();
        let mut sizes = Vec::new();
        for id in order(workflow, self.graph) {
            let mut add = |fact: Fact, size: u32| {
                sizes.push(size);
                self.facts.push(fact);
                sizes.len() as Var - 1
            };
            if may_fail(&workflow.node(id).kind) {
                self.outcomes[id.0] = Some(add(Fact::Outcome(id), 2));
            }
            for atom in opaque.remove(&position[id.0]).unwrap_or_default() {
                let Atom::Opaque(opaque) = &self.tests.atoms[atom] else { continue };
                let size = 2 + u32::from(opaque.may_fault) + u32::from(!opaque.strict);
                self.opaque.insert(atom, add(Fact::Opaque(atom), size));
            }
            for (base, tests) in values.remove(&position[id.0]).unwrap_or_default() {
                let alike = (tests, base.domain(workflow));
                let cells = shared.get(&alike).cloned().unwrap_or_else(|| {
                    let tests: Vec<(usize, &Test)> =
                        alike.0.iter().map(|test| (*test, &self.tests.all[*test])).collect();
                    let new = Arc::new(Cells::new(&tests, alike.1, &mut evaluations));
                    shared.insert(alike, Arc::clone(&new));
                    new
                });
                let size = cells.count;
                let var = add(Fact::Value(base.clone(), cells), size);
                self.values.insert(base, var);
            }
        }
        // Asked last: every root stands above everything.
        if triggers.len() > 1 {
            self.started = Some(sizes.len() as Var);
            sizes.push(triggers.len() as u32);
            self.facts.push(Fact::Started(triggers));
        }
        self.diagrams = Diagrams::new(sizes);
        if evaluations > EVALUATIONS_MAX {
            self.diagrams.give_up();
        }
    }

    /// Collects what tests and conditions ask. `position`: that of each node in the order in which they run.
    fn asked(&self, position: &[usize]) -> Asked {
        let mut tests: BTreeMap<Base, BTreeSet<usize>> = BTreeMap::new();
        let mut readers: BTreeMap<Base, usize> = BTreeMap::new();
        let mut opaque: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut want = |path: &Path, reader: NodeId, test: usize| {
            for base in variables(self.workflow, path, reader) {
                let first = readers.entry(base.clone()).or_insert(usize::MAX);
                *first = (*first).min(position[reader.0]);
                tests.entry(base).or_default().insert(test);
            }
        };
        for (index, atom) in self.tests.atoms.iter().enumerate() {
            match atom {
                Atom::OfPath { path, reader, test } => want(path, *reader, *test),
                Atom::Opaque(condition) => {
                    opaque.entry(position[condition.reader.0]).or_default().push(index);
                    condition.paths.iter().for_each(|path| want(path, condition.reader, self.missing));
                }
            }
        }
        for node in reads_errors(self.workflow, self.graph) {
            tests.entry(success(node)).or_default().insert(self.is_false);
        }
        self.ask_what_follows(&mut tests);
        let mut values: BTreeMap<usize, Vec<(Base, BTreeSet<usize>)>> = BTreeMap::new();
        for (base, tests) in tests {
            let owner = match base.root {
                BaseRoot::Output(node) | BaseRoot::Error(node) => position[node.0],
                BaseRoot::Input => readers.get(&base).copied().unwrap_or(usize::MAX),
            };
            values.entry(owner).or_default().push((base, tests));
        }
        Asked { values, opaque }
    }

    /// Adds the tests without which others could not be told apart: whether a value is there, whether what is read in it can be.
    fn ask_what_follows(&self, tests: &mut BTreeMap<Base, BTreeSet<usize>>) {
        let bases: Vec<Base> = tests.keys().cloned().collect();
        for base in &bases {
            for prefix in (1..base.steps.len()).map(|length| base.prefix(length)) {
                if let Some(tests) = tests.get_mut(&prefix) {
                    tests.insert(self.object);
                }
            }
        }
        for (base, tests) in tests {
            tests.insert(self.missing);
            if matches!(&base.root, BaseRoot::Output(node) if *base == success(*node)) {
                tests.insert(self.is_false);
            }
        }
    }

    /// What one would expect: values that match the schemas; where there is none, values of the kind they are compared
    /// with, missing or null; failures without the fields of an answer; texts that are not there for other reasons than
    /// those of the conditions.
    pub(super) fn expect(&mut self) {
        let mut expected = vec![TRUE; self.facts.len() + 1];
        for var in (0..self.facts.len()).rev() {
            let mut here = match &self.facts[var] {
                Fact::Value(base, cells) => {
                    let cells = Arc::clone(cells);
                    let fits = self.schemas.expected(base, &cells).map(|ty| cells_of(&cells, &ty));
                    // A failure has no schema: what is declared of an answer is asked for together with the outcome.
                    let is_answer = base.root != BaseRoot::Input && self.schemas.declared(base).is_some();
                    self.diagrams.test(var as Var, |cell| match &fits {
                        Some(fits) => fits[cell as usize] || is_answer && cells.is_plausible(cell),
                        None => cells.is_plausible(cell),
                    })
                }
                Fact::Opaque(atom) => match &self.tests.atoms[*atom] {
                    Atom::Opaque(opaque) if opaque.may_fault => self.diagrams.test(var as Var, |value| value != 2),
                    _ => TRUE,
                },
                Fact::Started(_) => TRUE,
                Fact::Outcome(node) => self.answers(*node, var as Var),
            };
            here = self.diagrams.and(here, expected[var + 1]);
            expected[var] = here;
        }
        self.plausible = expected;
    }

    /// A request that failed did not answer with the fields that its conditions ask for; one that succeeded answered as
    /// its schema says, and with a status that says so.
    fn answers(&mut self, node: NodeId, outcome: Var) -> Ref {
        let mut all = TRUE;
        let completes = self.diagrams.test(outcome, |value| value == 0);
        let fields: Vec<Var> = self
            .values_of(node)
            .into_iter()
            .filter(|(base, _)| base.steps.first().is_some_and(|step| step == "result"))
            .filter(|(base, _)| base.steps.get(1).is_some_and(|field| !OF_EVERY_ANSWER.contains(&field.as_str())))
            .map(|(_, var)| var)
            .collect();
        for var in fields {
            let missing = self.diagrams.test(var, |cell| cell == 0);
            let expected = self.diagrams.or(completes, missing);
            all = self.diagrams.and(all, expected);
        }
        for (base, var) in self.values_of(node) {
            let Fact::Value(_, cells) = &self.facts[var as usize] else { continue };
            let fits = match self.schemas.declared(&base) {
                _ if base.is_status(self.workflow) => (0..cells.count).map(|cell| cells.has_status_ok(cell)).collect(),
                Some(ty) => cells_of(cells, &ty),
                None => continue,
            };
            let matches = self.diagrams.test(var, |cell| fits[cell as usize]);
            let expected = self.diagrams.or(!completes, matches);
            all = self.diagrams.and(all, expected);
        }
        all
    }

    /// What varies in the output of a node.
    fn values_of(&self, node: NodeId) -> Vec<(Base, Var)> {
        let from = Base { root: BaseRoot::Output(node), steps: Vec::new() };
        let of_node = self.values.range(from..).take_while(|(base, _)| base.root == BaseRoot::Output(node));
        of_node.map(|(base, var)| (base.clone(), *var)).collect()
    }
}

/// Whether a node can fail by itself, for reasons outside of the workflow.
fn may_fail(kind: &Kind) -> bool {
    match kind {
        Kind::Http(_) | Kind::Email(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => true,
        Kind::Filter(filter) => filter.error_message.expressions().any(Expr::calls),
        Kind::Webhook(_) | Kind::Manual(_) => false,
    }
}

/// The requests whose error somebody reads: then it matters whether they answered `success: false`.
fn reads_errors(workflow: &Workflow, graph: &Graph) -> BTreeSet<NodeId> {
    let mut nodes = BTreeSet::new();
    crate::check::expressions(workflow, &mut |reader, _, expr| {
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Path(Path { root: Root::Output(node), steps })
                if steps.first().is_some_and(|step| step == "error") =>
            {
                nodes.insert(*node);
            }
            ExprKind::Path(Path { root: Root::Error, .. }) => {
                nodes.extend(graph.incoming[reader.0].iter().map(|edge| workflow.edges[*edge].from));
            }
            _ => {}
        });
    });
    nodes.retain(|node| matches!(workflow.node(*node).kind, Kind::Http(_)));
    nodes
}
