//! One execution of a workflow, carried out by the real engine with made-up data.

use crate::model::eval::{Names, eval};
use crate::model::expr::{Path, Root};
use crate::model::{EnvId, Kind, NodeId, Workflow};
use flow_runtime::engine::graph::{Graph, GraphEdge, GraphLimits, GraphNode};
use flow_runtime::engine::{Answer, Attempted, Command, Conditions, EdgeState, Event, Execution, NodeState, Outcome};
use flow_runtime::expr as js;
use flow_runtime::flow::Retry;
use flow_runtime::value::Value;
use std::cell::Cell;
use std::collections::VecDeque;
use std::time::Duration;

/// What the world does.
#[derive(Debug, Clone)]
pub struct World {
    pub input: Value,
    pub trigger: Option<usize>,
    /// By node: whether it fails.
    pub fails: Vec<bool>,
    /// By node: the fields of its answer, also of a failed one.
    pub fields: Vec<Vec<(String, Value)>>,
    /// By node: attempts, and the words of its error.
    pub attempts: f64,
    pub message: String,
}

/// What became of it.
pub struct Ran {
    pub states: Vec<NodeState>,
    pub edges: Vec<EdgeState>,
    pub outputs: Vec<Value>,
}

pub fn run(workflow: &Workflow, world: &World) -> Ran {
    let node = |kind: &Kind| GraphNode { retry: Retry::NONE, trigger: kind.is_trigger() };
    let edge = |edge: &crate::model::Edge| GraphEdge {
        from: edge.from.0,
        to: edge.to.0,
        required: edge.required,
        conditional: edge.condition.is_some(),
    };
    let limits = GraphLimits { timeout: None, fail_fast: false, max_parallel_nodes: usize::MAX };
    let nodes = workflow.nodes.iter().map(|each| node(&each.kind)).collect();
    let graph = Graph::new(nodes, workflow.edges.iter().map(edge).collect(), limits);
    let mut execution = Execution::new(graph.into(), 1);
    let mut asked = Asked { workflow, world, outputs: vec![Value::Undefined; workflow.nodes.len()] };
    let mut commands = VecDeque::new();
    execution.handle(Event::Start { trigger: world.trigger }, Duration::ZERO, &mut asked, &mut commands);
    while let Some(command) = commands.pop_front() {
        match command {
            Command::Run { node, .. } => {
                let activated: Vec<usize> = execution.activated_by(node).collect();
                let attempted = asked.attempt(node, &activated);
                execution.handle(Event::Attempted { node, attempted }, Duration::ZERO, &mut asked, &mut commands);
            }
            Command::Settle { node, .. } => {
                execution.handle(Event::OutputReady { node }, Duration::ZERO, &mut asked, &mut commands);
            }
            Command::Record { node, misrouted, .. } => {
                if misrouted.is_some() {
                    let Value::Object(fields) = asked.outputs[node].clone() else { panic!("an envelope") };
                    let kept =
                        fields.iter().filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value.clone())));
                    let kept: Vec<(String, Value)> =
                        kept.filter(|(name, _)| name != "status" && name != "error").collect();
                    let changed = [("status", Value::string("failed")), ("error", asked.error())];
                    let all = kept.iter().map(|(name, value)| (name.as_str(), value.clone())).chain(changed);
                    asked.outputs[node] = Value::object(all);
                }
            }
            Command::Finish(_) => break,
        }
    }
    Ran {
        states: (0..workflow.nodes.len()).map(|node| execution.state(node)).collect(),
        edges: (0..workflow.edges.len()).map(|edge| execution.edge(edge)).collect(),
        outputs: asked.outputs,
    }
}

impl Ran {
    pub fn failed(&self, node: usize) -> bool {
        self.states[node] == NodeState::Settled(Outcome::Failed)
    }

    pub fn ran(&self, node: usize) -> bool {
        matches!(self.states[node], NodeState::Settled(_))
    }
}

/// The value at a path into a value.
pub fn at(value: &Value, steps: &[String]) -> Value {
    steps.iter().fold(value.clone(), |value, step| js::member(&value, step))
}

struct Asked<'a> {
    workflow: &'a Workflow,
    world: &'a World,
    outputs: Vec<Value>,
}

impl Asked<'_> {
    fn error(&self) -> Value {
        let message = Value::string(&self.world.message);
        Value::object([("message", message), ("code", Value::string("C")), ("details", Value::object([]))])
    }

    fn attempt(&mut self, node: usize, activated: &[usize]) -> Attempted {
        let (mut outcome, mut error) = match self.world.fails[node] {
            true => (Attempted::Failed, true),
            false => (Attempted::Completed, false),
        };
        let failed = self.world.fails[node];
        let fields = self.world.fields[node].iter().map(|(name, value)| (name.as_str(), value.clone()));
        let result = match &self.workflow.nodes[node].kind {
            Kind::Webhook(_) | Kind::Manual(_) => {
                (outcome, error) = (Attempted::Completed, false);
                self.world.input.clone()
            }
            Kind::Http(_) => {
                let has = |name: &str| self.world.fields[node].iter().any(|(field, _)| field == name);
                error |= self.world.fields[node]
                    .iter()
                    .any(|(name, value)| name == "success" && matches!(value, Value::Bool(false)));
                let own = [
                    ("status_code", Value::Number(200.0)),
                    ("response", Value::Null),
                    ("headers", Value::object([])),
                    ("duration", Value::Number(0.5)),
                    ("success", Value::Bool(true)),
                ];
                let own: Vec<_> = own.into_iter().filter(|(name, _)| !failed && !has(name)).collect();
                let success = failed.then_some(("success", Value::Bool(false)));
                Value::object(fields.chain(own).chain(success))
            }
            Kind::Email(_) if failed => Value::object([("success", Value::Bool(false))]),
            Kind::Email(_) => Value::object([("success", Value::Bool(true)), ("delivery", Value::string("sent"))]),
            Kind::Transform(_) | Kind::Rust(_) if failed => Value::Undefined,
            Kind::Transform(_) | Kind::Rust(_) => Value::object(fields),
            Kind::Filter(filter) => {
                let reader = Reader { asked: self, activated, missing: Cell::new(false) };
                match eval(&filter.condition, &reader).map(|value| value.truthy()) {
                    Ok(passed) => {
                        outcome = if passed { Attempted::Completed } else { Attempted::NotPassed };
                        error = !passed;
                        Value::object([("passed", Value::Bool(passed))])
                    }
                    Err(_) => {
                        (outcome, error) = (Attempted::Failed, true);
                        Value::Undefined
                    }
                }
            }
            Kind::Unknown => panic!("a kind"),
        };
        let status = if outcome == Attempted::Failed { "failed" } else { "completed" };
        let error = if error { self.error() } else { Value::Undefined };
        let envelope = [
            ("status", Value::string(status)),
            ("result", result),
            ("error", error),
            ("attempts", Value::Number(self.world.attempts)),
        ];
        let there = envelope.into_iter().filter(|(_, value)| !matches!(value, Value::Undefined));
        self.outputs[node] = Value::object(there);
        outcome
    }
}

impl Conditions for Asked<'_> {
    fn answer(&mut self, edge: usize) -> Answer {
        let edge = &self.workflow.edges[edge];
        let Some(condition) = &edge.condition else { panic!("asked without need") };
        let reader = Reader { asked: self, activated: &[edge.from.0], missing: Cell::new(false) };
        match eval(condition, &reader) {
            Ok(value) if value.truthy() => Answer::Taken,
            Ok(_) if reader.missing.get() => Answer::MissingField,
            Ok(_) => Answer::NotTaken,
            Err(fault) => Answer::Fault(fault.message),
        }
    }
}

struct Reader<'a> {
    asked: &'a Asked<'a>,
    activated: &'a [usize],
    missing: Cell<bool>,
}

impl Names for Reader<'_> {
    fn path(&self, path: &Path) -> Value {
        let outputs = &self.asked.outputs;
        let value = match path.root {
            Root::Input => at(&self.asked.world.input, &path.steps),
            Root::Output(NodeId(node)) => at(&outputs[node], &path.steps),
            Root::Error => {
                let mut errors = self.activated.iter().map(|source| js::member(&outputs[*source], "error"));
                at(&errors.find(|error| !error.is_nullish()).unwrap_or(Value::Undefined), &path.steps)
            }
        };
        if matches!(value, Value::Undefined) {
            self.missing.set(true);
        }
        value
    }

    fn env(&self, _: EnvId) -> Value {
        Value::string("")
    }

    fn timestamp(&self) -> Value {
        Value::string("")
    }

    fn execution_id(&self) -> Value {
        Value::string("")
    }

    fn previous_outputs(&self) -> Value {
        Value::Undefined
    }
}
