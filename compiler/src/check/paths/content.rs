//! What stands in the output of a node, by its kind and by how it settled.
//!
//! Comes in: a path into an output. Goes out: what is known of the value, or which variable it depends on.
//! Always true: it is what `flow_runtime::engine` and `flow_runtime::node` write into envelopes.

use super::cells::Domain;
use super::formula::some_object;
use crate::catalog::http::OF_EVERY_ANSWER;
use crate::model::expr::{Path, Root};
use crate::model::ty::Type;
use crate::model::{Kind, NodeId, TransformStep, Workflow};
use flow_runtime::value::Value;

/// Where a value that varies is first seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base {
    pub root: BaseRoot,
    pub steps: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BaseRoot {
    Input,
    Output(NodeId),
    /// The bare `error` in the configuration of this node.
    Error(NodeId),
}

/// How a node settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Completed,
    /// It completed, and failed because its edges could not be decided.
    Misrouted,
    Failed,
}

/// What is known of a value.
pub enum Content {
    Known(Value),
    Value {
        base: Base,
        /// It is never missing.
        present: bool,
    },
    /// The same as a path into the input.
    Input(Vec<String>),
    /// The verdict of a filter.
    Passed,
    /// This, where the node has an error.
    OfError(Box<Content>),
}

impl Base {
    pub fn prefix(&self, length: usize) -> Base {
        Base { root: self.root, steps: self.steps[..length].to_vec() }
    }

    /// What is known of the value before any test.
    pub fn domain(&self, workflow: &Workflow) -> Domain {
        let steps: Vec<&str> = self.steps.iter().map(String::as_str).collect();
        let domain = match (self.root, steps.as_slice()) {
            (BaseRoot::Output(node), ["result", field]) => match &workflow.node(node).kind {
                Kind::Transform(transform) => made(&transform.step, field).unwrap_or(Domain::Any),
                _ => Domain::Any,
            },
            (BaseRoot::Output(_), ["attempts"]) => Domain::Count,
            (BaseRoot::Output(_), ["execution_time"]) => Domain::Number,
            (BaseRoot::Output(_), ["started_at" | "completed_at"] | ["error", "message" | "code"])
            | (BaseRoot::Error(_), ["message" | "code"]) => Domain::Text,
            _ => Domain::Any,
        };
        match domain {
            Domain::Any if self.is_status(workflow) => Domain::Status,
            Domain::Any if self.is_whole(workflow) => Domain::Whole,
            domain => domain,
        }
    }

    /// Whether it is the status of an answer: no schema says that the body has a field of that name.
    pub fn is_status(&self, workflow: &Workflow) -> bool {
        let BaseRoot::Output(node) = self.root else { return false };
        let Kind::Http(http) = &workflow.node(node).kind else { return false };
        let declares = |ty: &Type| matches!(ty, Type::Object(object) if object.field("status_code").is_some());
        let is_own = http.response_schema.as_ref().is_some_and(|schema| schema.ty.members().iter().any(declares));
        !is_own && self.steps == ["result", "status_code"]
    }

    /// Whether a schema says that a number there is whole; of the status of an answer HTTP says so.
    fn is_whole(&self, workflow: &Workflow) -> bool {
        match (self.root, self.steps.as_slice()) {
            (BaseRoot::Input, steps) => {
                let mut triggers = workflow.nodes.iter().filter(|node| node.kind.is_trigger()).peekable();
                triggers.peek().is_some()
                    && triggers.all(|node| node.kind.input_schema().is_some_and(|schema| schema.is_whole(steps)))
            }
            (BaseRoot::Output(node), [result, steps @ ..]) if result == "result" => match &workflow.node(node).kind {
                Kind::Http(http) => {
                    let schema = http.response_schema.as_ref();
                    let of_body = steps.strip_prefix(&["response".to_owned()]).unwrap_or(steps);
                    steps == ["status_code"] || schema.is_some_and(|schema| schema.is_whole(of_body))
                }
                Kind::Rust(rust) => rust.result_schema.as_ref().is_some_and(|schema| schema.is_whole(steps)),
                _ => false,
            },
            _ => false,
        }
    }
}

/// Where a request says that it did not succeed.
pub fn success(node: NodeId) -> Base {
    Base { root: BaseRoot::Output(node), steps: vec!["result".to_owned(), "success".to_owned()] }
}

/// The variables on which the value at a path depends.
pub fn variables(workflow: &Workflow, path: &Path, reader: NodeId) -> Vec<Base> {
    match path.root {
        Root::Input if path.steps.is_empty() => Vec::new(),
        Root::Input => vec![Base { root: BaseRoot::Input, steps: path.steps.clone() }],
        Root::Error if path.steps.is_empty() => Vec::new(),
        Root::Error => vec![Base { root: BaseRoot::Error(reader), steps: path.steps.clone() }],
        Root::Output(node) => {
            let kind = &workflow.node(node).kind;
            let mut bases = Vec::new();
            for state in [State::Completed, State::Failed] {
                let base = match content(kind, node, &path.steps, state) {
                    Content::Value { base, .. } => base,
                    Content::Input(steps) if !steps.is_empty() => Base { root: BaseRoot::Input, steps },
                    Content::OfError(content) => match *content {
                        Content::Value { base, .. } => base,
                        _ => continue,
                    },
                    Content::Known(_) | Content::Input(_) | Content::Passed => continue,
                };
                if !bases.contains(&base) {
                    bases.push(base);
                }
            }
            bases
        }
    }
}

/// Whether a path leads to what may only be known to be an object: a whole output, the result of a node, an error.
pub fn is_whole(path: &Path) -> bool {
    let steps: Vec<&str> = path.steps.iter().map(String::as_str).collect();
    match (path.root, steps.as_slice()) {
        (_, []) => true,
        (Root::Output(_), steps) => matches!(steps, ["result" | "error"] | ["error", "details"]),
        (Root::Error, steps) => steps == ["details"],
        (Root::Input, _) => false,
    }
}

/// What stands at a path into the output of a node that has settled.
pub fn content(kind: &Kind, node: NodeId, path: &[String], state: State) -> Content {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let value = |present| Content::Value { base: Base { root: BaseRoot::Output(node), steps: path.to_vec() }, present };
    let missing = || Content::Known(Value::Undefined);
    match names.as_slice() {
        [] => Content::Known(some_object()),
        ["status"] => Content::Known(Value::string(if state == State::Completed { "completed" } else { "failed" })),
        ["attempts" | "execution_time" | "started_at" | "completed_at"] => value(true),
        ["error", field @ ..] => {
            let error = match field {
                [] | ["details"] => Content::Known(some_object()),
                ["message" | "code"] => value(true),
                ["details", ..] => value(false),
                _ => return missing(),
            };
            match state {
                State::Completed => Content::OfError(error.into()),
                State::Misrouted | State::Failed => error,
            }
        }
        ["result", field @ ..] => result(kind, field, &path[1..], state != State::Failed, value),
        _ => missing(),
    }
}

fn result(kind: &Kind, names: &[&str], path: &[String], completed: bool, value: impl Fn(bool) -> Content) -> Content {
    let missing = || Content::Known(Value::Undefined);
    match (kind, names) {
        (Kind::Webhook(_) | Kind::Manual(_), _) => Content::Input(path.to_vec()),
        (Kind::Http(_) | Kind::Email(_), []) => Content::Known(some_object()),
        (Kind::Http(_) | Kind::Email(_), ["success"]) if !completed => Content::Known(Value::Bool(false)),
        (Kind::Http(_), ["success", _, ..]) if !completed => missing(),
        (Kind::Http(_), [field]) if OF_EVERY_ANSWER.contains(field) => value(completed),
        (Kind::Http(_), _) => value(false),
        (Kind::Email(_), ["success"]) => Content::Known(Value::Bool(true)),
        (Kind::Email(_), ["delivery" | "accepted" | "message_id"]) if completed => value(true),
        (Kind::Email(_), _) => missing(),
        (Kind::Filter(_), []) if completed => Content::Known(some_object()),
        (Kind::Filter(_), ["passed"]) if completed => Content::Passed,
        (Kind::Transform(_) | Kind::Rust(_), _) if !completed => missing(),
        (Kind::Transform(transform), []) if makes_object(&transform.step) => Content::Known(some_object()),
        (Kind::Transform(transform), [field]) if made(&transform.step, field).is_some() => value(true),
        (Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown, _) => value(false),
        (Kind::Filter(_), _) => missing(),
    }
}

/// What a transform puts into a field of its result, whatever its input; `None`: not this one.
fn made(step: &TransformStep, field: &str) -> Option<Domain> {
    match (step, field) {
        (step, "items") if step.gives_list() => Some(Domain::List),
        (step, "count" | "total") if step.gives_list() => Some(Domain::Count),
        (TransformStep::CalculateTotal { .. }, "total") => Some(Domain::Number),
        (TransformStep::CalculateTotal { .. } | TransformStep::JsonToCsv { .. }, "count") => Some(Domain::Count),
        (TransformStep::JsonToCsv { .. }, "csv") => Some(Domain::Text),
        (TransformStep::JsonToCsv { .. }, "columns") => Some(Domain::List),
        _ => None,
    }
}

/// Whether the result of a transform is an object whatever its input.
fn makes_object(step: &TransformStep) -> bool {
    step.gives_list() || matches!(step, TransformStep::CalculateTotal { .. })
}
