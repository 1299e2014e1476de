//! What may be asked for one execution, beside its input.
//!
//! Always true: the workflow's own limits can only be lowered; what is said here is durable with the input, because an
//! execution that goes on after a crash goes on under the same conditions.

use super::graph::GraphLimits;
use crate::flow::Variable;
use crate::trace::TraceContext;
use std::time::Duration;

/// Options of one execution; the default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StartOptions {
    /// Wall clock for the whole execution; longer than the workflow's own limit changes nothing.
    pub timeout: Option<Duration>,
    /// How many nodes may run at once; more than the workflow allows changes nothing.
    pub max_parallel_nodes: Option<usize>,
    /// Values in place of the process's own, by index into [`crate::flow::Workflow::environment`]. Never a secret: who may
    /// ask for that is decided where the request comes in.
    pub environment: Vec<(usize, String)>,
    /// The trace that the execution belongs to.
    pub trace: Option<TraceContext>,
    /// Who asks, as the audit trail says it, such as `api key 1f2e3d4c`; `None`: what started it says enough.
    pub by: Option<String>,
}

impl StartOptions {
    pub fn is_empty(&self) -> bool {
        *self == StartOptions::default()
    }

    /// As a journal keeps them; `None`: nothing is asked for. Variables go by name: a later version of the workflow may count
    /// them differently.
    pub(super) fn to_json(&self, variables: &[Variable]) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let named =
            self.environment.iter().map(|(index, value)| (variables[*index].name.to_owned(), value.as_str().into()));
        let environment: serde_json::Map<String, serde_json::Value> = named.collect();
        let timeout = self.timeout.map(|timeout| timeout.as_secs_f64());
        let options = serde_json::json!({
            "timeout": timeout, "max_parallel_nodes": self.max_parallel_nodes, "environment": environment,
            "traceparent": self.trace.map(|trace| trace.to_string()), "by": self.by,
        });
        Some(options.to_string())
    }

    /// What [`StartOptions::to_json`] gave. A variable that the workflow no longer reads is left out.
    ///
    /// # Errors
    /// When it gave something else.
    pub(super) fn from_json(text: &str, variables: &[Variable]) -> Result<StartOptions, String> {
        let options: serde_json::Value = serde_json::from_str(text).map_err(|_| "its options cannot be read")?;
        let number = |name: &str| options[name].as_f64();
        let environment = options["environment"].as_object().into_iter().flatten().filter_map(|(name, value)| {
            let index = variables.iter().position(|variable| variable.name == name)?;
            Some((index, value.as_str()?.to_owned()))
        });
        Ok(StartOptions {
            timeout: number("timeout").and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            max_parallel_nodes: number("max_parallel_nodes").map(|nodes| nodes as usize),
            environment: environment.collect(),
            trace: options["traceparent"].as_str().and_then(TraceContext::parse),
            by: options["by"].as_str().map(str::to_owned),
        })
    }

    /// The workflow's limits, lowered.
    pub(super) fn lower(&self, limits: GraphLimits) -> GraphLimits {
        let timeout = match (limits.timeout, self.timeout) {
            (Some(own), Some(asked)) => Some(own.min(asked)),
            (own, asked) => own.or(asked),
        };
        let own = limits.max_parallel_nodes.max(1);
        let max_parallel_nodes = self.max_parallel_nodes.map_or(own, |asked| asked.clamp(1, own));
        GraphLimits { timeout, max_parallel_nodes, ..limits }
    }

    /// The environment's values with these in place; `None`: nothing is replaced.
    pub(super) fn values(&self, environment: &[String]) -> Option<Box<[String]>> {
        if self.environment.is_empty() {
            return None;
        }
        let mut values: Box<[String]> = environment.into();
        for (index, value) in &self.environment {
            values[*index].clone_from(value);
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Use;

    #[test]
    fn limits_are_only_lowered() {
        let seconds = Duration::from_secs;
        let check = |own: (Option<u64>, usize), asked: (Option<u64>, Option<usize>), expected: (Option<u64>, usize)| {
            let limits = GraphLimits { timeout: own.0.map(seconds), fail_fast: false, max_parallel_nodes: own.1 };
            let options =
                StartOptions { timeout: asked.0.map(seconds), max_parallel_nodes: asked.1, ..StartOptions::default() };
            let lowered = options.lower(limits);
            assert_eq!((lowered.timeout, lowered.max_parallel_nodes), (expected.0.map(seconds), expected.1));
        };
        check((Some(10), 3), (None, None), (Some(10), 3));
        check((Some(10), 3), (Some(4), Some(2)), (Some(4), 2));
        check((Some(10), 3), (Some(40), Some(20)), (Some(10), 3));
        check((None, 3), (Some(40), Some(0)), (Some(40), 1));
        check((None, 0), (None, None), (None, 1));
    }

    #[test]
    fn options_survive_a_journal() {
        const VARIABLES: &[Variable] = &[Variable::new("A", Use::Text, &[]), Variable::new("B", Use::Text, &[])];
        let options = StartOptions {
            timeout: Some(Duration::from_millis(1500)),
            max_parallel_nodes: Some(2),
            environment: vec![(1, "x \"y\"".to_owned())],
            trace: TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            by: Some("api key 1f2e3d4c".to_owned()),
        };
        let text = options.to_json(VARIABLES).unwrap();
        assert_eq!(StartOptions::from_json(&text, VARIABLES), Ok(options.clone()));
        let renamed = [Variable::new("B", Use::Text, &[])];
        assert_eq!(StartOptions::from_json(&text, &renamed).unwrap().environment[0].0, 0);
        assert_eq!(StartOptions::default().to_json(VARIABLES), None);
    }

    #[test]
    fn values_are_replaced_by_index() {
        let own = ["a".to_owned(), "b".to_owned()];
        assert_eq!(StartOptions::default().values(&own), None);
        let options = StartOptions { environment: vec![(1, "c".to_owned())], ..StartOptions::default() };
        assert_eq!(options.values(&own).as_deref(), Some(&["a".to_owned(), "c".to_owned()][..]));
    }
}
