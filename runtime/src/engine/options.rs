//! What may be asked for one execution, beside its input.
//!
//! Always true: the workflow's own limits can only be lowered; what is said here is durable with the input, because an
//! execution that goes on after a crash goes on under the same conditions.

use super::graph::GraphLimits;
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
}

impl StartOptions {
    pub fn is_empty(&self) -> bool {
        *self == StartOptions::default()
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
    fn values_are_replaced_by_index() {
        let own = ["a".to_owned(), "b".to_owned()];
        assert_eq!(StartOptions::default().values(&own), None);
        let options = StartOptions { environment: vec![(1, "c".to_owned())], ..StartOptions::default() };
        assert_eq!(options.values(&own).as_deref(), Some(&["a".to_owned(), "c".to_owned()][..]));
    }
}
