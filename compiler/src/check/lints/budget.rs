//! `time-budget`: the longest way through the workflow, against `settings.timeout`.
//!
//! Assumed is what the author wrote: every attempt takes its whole `timeout`, every wait its `retry_delay`. A service that
//! asks for longer waits (`Retry-After`), and waiting for one of `max_parallel_nodes`, come on top. Of branches side by
//! side the longest counts, of branches that exclude each other the longer one.

use crate::check::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Delay, Node, NodeId, Workflow};
use std::time::Duration;

/// Steps that are listed one by one.
const STEPS_MAX: usize = 12;

pub(super) fn exceeded(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    let (Some(budget), Some(span)) = (workflow.settings.timeout, workflow.settings.keys.value("timeout")) else {
        return;
    };
    let (total, way) = longest(workflow, graph);
    if total <= budget {
        return;
    }
    let mut spent = Duration::ZERO;
    let mut cut = None;
    for id in &way {
        let starts = spent;
        spent = spent.saturating_add(worst(workflow.node(*id)));
        if spent > budget {
            cut = Some((*id, starts));
            break;
        }
    }
    let mut diagnostic = Diagnostic::new(
        Code::TimeBudget,
        span,
        format!("an execution can take {}, and is ended after {}", seconds(total), seconds(budget)),
    )
    .label("shorter than the longest way");
    if let Some((id, starts)) = cut {
        let position = way.iter().position(|other| *other == id).unwrap_or(0);
        let name = |id: &NodeId| workflow.node(*id).id.value.as_str();
        let never = match &way[position + 1..] {
            [] => String::new(),
            [next] => format!("; `{}` is never started", name(next)),
            [next, more @ ..] => format!("; `{}` and {} more are never started", name(next), more.len()),
        };
        let starts = match starts {
            Duration::ZERO => String::new(),
            starts => format!("may start only after {}, ", seconds(starts)),
        };
        diagnostic = diagnostic.also(workflow.node(id).id.span, format!("{starts}can still be running then{never}"));
    }
    diagnostics.push(diagnostic.note(sum(workflow, &way, total)).help(format!(
        "give the steps shorter time-outs and fewer retries, or the execution \"timeout\": {}",
        total.as_secs_f64().ceil()
    )));
}

/// The longest way, and how long it takes.
fn longest(workflow: &Workflow, graph: &Graph) -> (Duration, Vec<NodeId>) {
    let mut ends = vec![(Duration::ZERO, None); workflow.nodes.len()];
    for id in &graph.order {
        let before = graph.incoming[id.0].iter().map(|edge| &workflow.edges[*edge]).filter(|edge| {
            // Of what is never true another rule speaks.
            edge.condition.as_ref().and_then(|condition| condition.as_constant()).is_none_or(|value| value.truthy())
        });
        let mut latest: (Duration, Option<NodeId>) = (Duration::ZERO, None);
        for edge in before {
            let end = ends[edge.from.0].0;
            if latest.1.is_none() || end > latest.0 {
                latest = (end, Some(edge.from));
            }
        }
        ends[id.0] = (latest.0.saturating_add(worst(workflow.node(*id))), latest.1);
    }
    let mut last: Option<NodeId> = None;
    for id in &graph.order {
        if last.is_none_or(|last| ends[id.0].0 > ends[last.0].0) {
            last = Some(*id);
        }
    }
    let total = last.map_or(Duration::ZERO, |last| ends[last.0].0);
    let mut way = Vec::new();
    while let Some(id) = last {
        way.push(id);
        last = ends[id.0].1;
    }
    way.reverse();
    // What takes no time is not worth a line.
    way.retain(|id| workflow.node(*id).kind.is_effect());
    (total, way)
}

/// Every attempt runs into its time-out.
fn worst(node: &Node) -> Duration {
    if !node.kind.is_effect() {
        return Duration::ZERO;
    }
    let attempts = node.retry.retries.saturating_add(1);
    node.timeout.saturating_mul(attempts).saturating_add(waits(node))
}

fn waits(node: &Node) -> Duration {
    match node.retry.delay {
        Delay::Fixed(delay) => delay.saturating_mul(node.retry.retries),
        Delay::Exponential { initial, max, .. } => {
            let mut sum = Duration::ZERO;
            let mut next = initial.min(max);
            for done in 0..node.retry.retries {
                if next >= max || next.is_zero() {
                    return sum.saturating_add(next.saturating_mul(node.retry.retries - done));
                }
                sum = sum.saturating_add(next);
                next = next.saturating_mul(2).min(max);
            }
            sum
        }
    }
}

/// One line for each step, the sum below.
fn sum(workflow: &Workflow, way: &[NodeId], total: Duration) -> String {
    let mut listed: Vec<NodeId> = way.to_vec();
    if way.len() > STEPS_MAX {
        // The slowest, in the order of the way.
        let mut slowest: Vec<usize> = (0..way.len()).collect();
        slowest.sort_by_key(|index| std::cmp::Reverse(worst(workflow.node(way[*index]))));
        slowest.truncate(STEPS_MAX);
        slowest.sort_unstable();
        listed = slowest.into_iter().map(|index| way[index]).collect();
    }
    let width = listed.iter().map(|id| workflow.node(*id).id.value.chars().count()).max().unwrap_or(0);
    let mut lines = vec!["the longest way:".to_owned()];
    for id in &listed {
        let node = workflow.node(*id);
        lines.push(format!("  {:width$}  {}", node.id.value, terms(node)));
    }
    if listed.len() < way.len() {
        lines.push(format!("  and {} more steps", way.len() - listed.len()));
    }
    if way.len() > 1 {
        lines.push(format!("  together {}", seconds(total)));
    }
    lines.join("\n")
}

/// `4 × 30 s + 3 × 2 s = 126 s`
fn terms(node: &Node) -> String {
    let retries = node.retry.retries;
    if retries == 0 {
        return seconds(node.timeout);
    }
    let waits = match node.retry.delay {
        Delay::Fixed(delay) if delay.is_zero() => String::new(),
        Delay::Fixed(delay) => format!(" + {retries} × {}", seconds(delay)),
        Delay::Exponential { .. } => format!(" + waits of {}", seconds(waits(node))),
    };
    format!("{} × {}{waits} = {}", retries + 1, seconds(node.timeout), seconds(worst(node)))
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Keys, Kind, Retry};
    use crate::source::{Span, Spanned};

    #[track_caller]
    fn check(retries: u32, delay: Delay, expected: &str) {
        let span = Span::new(0, 0);
        let mut node = Node {
            id: Spanned { value: "a".into(), span },
            span,
            title: "a".into(),
            kind: Kind::Unknown,
            may_start: false,
            retry: Retry { retries, delay },
            timeout: Duration::from_secs(30),
            keys: Keys::default(),
        };
        assert_eq!(worst(&node), Duration::ZERO, "what does nothing takes no time");
        node.kind = crate::check::lints::tests::request();
        assert_eq!(terms(&node), expected);
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn attempts_and_waits_add_up() {
        check(0, Delay::Fixed(SECOND), "30 s");
        check(3, Delay::Fixed(2 * SECOND), "4 × 30 s + 3 × 2 s = 126 s");
        check(1, Delay::Fixed(Duration::ZERO), "2 × 30 s = 60 s");
        check(2, Delay::Fixed(SECOND / 2), "3 × 30 s + 2 × 0.5 s = 91 s");
    }

    #[test]
    fn exponential_waits_are_summed_up_to_the_longest() {
        let growing = Delay::Exponential { initial: SECOND, max: 4 * SECOND, jitter: true };
        check(5, growing, "6 × 30 s + waits of 15 s = 195 s");
        check(1_000_000, growing, "1000001 × 30 s + waits of 3999995 s = 34000025 s");
        check(
            2,
            Delay::Exponential { initial: 9 * SECOND, max: 4 * SECOND, jitter: false },
            "3 × 30 s + waits of 8 s = 98 s",
        );
    }
}
