//! What became of the nodes of an execution, typed.
//!
//! Comes in: an execution as the API shows it. Goes out: an [`Outcome`] per node.

use super::data::{Data, Mismatch, read_own};
use super::error::Ended;
use crate::engine::Status;
use serde_json::Value;
use std::collections::HashMap;

/// The typed outcomes of all nodes. `flow!` implements it.
pub trait Results: Sized {
    /// # Errors
    /// When a node gave what its declared type does not hold.
    fn read(execution: &mut Execution) -> Result<Self, Mismatch>;
}

/// What became of one node.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<T> {
    pub settled: Settled,
    /// Set when the node completed: what it gave.
    pub result: Option<T>,
    /// Set when it failed, when a filter did not pass, and when a service answered that it did not succeed.
    pub error: Option<Error>,
}

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Completed,
    Failed,
    /// No edge that leads to it was taken.
    Skipped,
    /// The execution ended before it did.
    Cancelled,
}

/// What went wrong in a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    pub message: String,
    /// Such as `HTTP_402`, `TIMEOUT`, `RUST_ERROR`.
    pub code: String,
    pub details: Value,
}

/// Where in the `result` of a node the value stands that its type describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Whole,
    /// `response`: the body of an answer.
    Response,
    /// `passed`: of a filter.
    Verdict,
}

/// An execution that has ended.
#[derive(Debug)]
pub struct Execution {
    id: String,
    view: Value,
    /// What is known of each node that was started, until somebody takes it.
    nodes: HashMap<String, Value>,
}

impl<T> Outcome<T> {
    /// Whether the node ran to its end.
    pub fn completed(&self) -> bool {
        self.settled == Settled::Completed
    }
}

impl Execution {
    /// # Errors
    /// Why the view cannot be read.
    pub(super) fn new(id: &str, view: &str) -> Result<Execution, String> {
        let mut view = read_own(view)?;
        let nodes = match view.get_mut("executed_nodes").map(Value::take) {
            Some(Value::Array(nodes)) => nodes,
            _ => Vec::new(),
        };
        let named = nodes.into_iter().filter_map(|node| Some((node.get("node_id")?.as_str()?.to_owned(), node)));
        Ok(Execution { id: id.to_owned(), nodes: named.collect(), view })
    }

    pub fn id(&self) -> String {
        self.id.clone()
    }

    /// # Errors
    /// When the node completed and gave what the type does not hold.
    pub fn node<T: Data>(&mut self, id: &str, part: Part) -> Result<Outcome<T>, Mismatch> {
        let Some(mut node) = self.nodes.remove(id) else {
            return Ok(Outcome { settled: Settled::Skipped, result: None, error: None });
        };
        let mut take = |key: &str| node.get_mut(key).map(Value::take).unwrap_or_default();
        let settled = match take("status").as_str() {
            Some("completed") => Settled::Completed,
            Some("failed") => Settled::Failed,
            Some("skipped") => Settled::Skipped,
            _ => Settled::Cancelled,
        };
        let (mut result, mut error) = (take("result"), take("error"));
        let mut part_of = |key: &str| result.get_mut(key).map(Value::take);
        let value = match part {
            Part::Whole => Some(result.take()),
            Part::Response => part_of("response"),
            Part::Verdict => part_of("passed"),
        };
        let result = match (settled, value) {
            (Settled::Completed, Some(value)) => Some(T::read(value).map_err(|mismatch| mismatch.at(id))?),
            (Settled::Completed, None) => T::missing(),
            _ => None,
        };
        let text = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
        let (message, code) = (text("message"), text("code").unwrap_or_default());
        let details = error.get_mut("details").map(Value::take).unwrap_or_default();
        let error = message.map(|message| Error { message, code, details });
        Ok(Outcome { settled, result, error })
    }

    pub(super) fn ended(&self, status: Status) -> Ended {
        let text = |key: &str| self.view.get(key).and_then(Value::as_str).map(str::to_owned);
        Ended {
            execution_id: self.id.clone(),
            status,
            code: text("error_code"),
            message: text("error_message"),
            view: self.view.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::DEPTH_MAX;

    const VIEW: &str = r#"{"status":"completed","error_message":null,"executed_nodes":[
        {"node_id":"charge","status":"completed","result":{"id":7,"response":{"id":7}},"error":null},
        {"node_id":"check","status":"completed","result":{"passed":false},"error":{"message":"no","code":"NOT_PASSED","details":{}}},
        {"node_id":"call","status":"failed","result":null,"error":{"message":"gone","code":"RUST_ERROR","details":{"a":1}}}]}"#;

    #[test]
    fn each_node_has_its_outcome() {
        let mut execution = Execution::new("exec-1", VIEW).unwrap();
        let charge = execution.node::<Value>("charge", Part::Response).unwrap();
        assert_eq!((charge.completed(), charge.result, charge.error), (true, Some(serde_json::json!({"id": 7})), None));
        let check = execution.node::<bool>("check", Part::Verdict).unwrap();
        assert_eq!((check.settled, check.result), (Settled::Completed, Some(false)));
        assert_eq!(check.error.unwrap().code, "NOT_PASSED");
        let call = execution.node::<String>("call", Part::Whole).unwrap();
        assert_eq!((call.settled, call.result), (Settled::Failed, None));
        assert_eq!(call.error.unwrap().details, serde_json::json!({"a": 1}));
        assert_eq!(execution.node::<String>("other", Part::Whole).unwrap().settled, Settled::Skipped);
    }

    #[test]
    fn results_may_nest_as_deep_as_the_engine_lets_them() {
        let (open, close) = ("[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
        let node = format!(r#"{{"node_id":"tree","status":"completed","result":{open}{close},"error":null}}"#);
        let view = format!(r#"{{"status":"completed","executed_nodes":[{node}]}}"#);
        let mut execution = Execution::new("exec-1", &view).unwrap();
        assert!(execution.node::<Value>("tree", Part::Whole).unwrap().completed());
    }

    #[test]
    fn a_view_that_cannot_be_read_is_no_execution() {
        assert!(Execution::new("exec-1", "").is_err());
        assert!(Execution::new("exec-1", r#"{"executed_nodes":["#).is_err());
    }

    #[test]
    fn a_result_of_another_type_names_its_node() {
        let mut execution = Execution::new("exec-1", VIEW).unwrap();
        let mismatch = execution.node::<Vec<bool>>("charge", Part::Response).unwrap_err();
        assert_eq!(mismatch.to_string(), "charge: expected an array, not an object");
    }
}
