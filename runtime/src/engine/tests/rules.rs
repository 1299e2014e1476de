//! Single rules, where the truth table does not reach.

use super::simulation::{Builder, Simulation};
use crate::engine::activation::{self, EdgeState};
use crate::engine::{Answer, Attempted, Cause, Command, End, Event, NodeState, Outcome, Status};
use std::time::Duration;

const SKIPPED: NodeState = NodeState::Skipped;
const COMPLETED: NodeState = NodeState::Settled(Outcome::Completed);
const FAILED: NodeState = NodeState::Settled(Outcome::Failed);
const CANCELLED: NodeState = NodeState::Cancelled;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn error(cause: Cause) -> End {
    End { status: Status::Error, cause: Some(cause) }
}

const DONE: End = End { status: Status::Completed, cause: None };

/// Plays to the end; checks every node's state and how it ended.
fn check(builder: Builder, states: &[NodeState], end: End) {
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.run();
    let actual: Vec<_> = (0..states.len()).map(|node| simulation.execution.state(node)).collect();
    assert_eq!(actual, states);
    assert_eq!(simulation.execution.end(), Some(end));
}

#[test]
fn an_empty_workflow_is_complete() {
    check(Builder::default(), &[], DONE);
}

#[test]
fn a_join_after_parallel_work_means_and() {
    let mut builder = Builder::default();
    let (a, b, c) = (builder.node(), builder.node(), builder.node());
    builder.edge(a, c);
    builder.edge(b, c);
    builder.script(b, &[Attempted::Failed]);
    check(builder, &[COMPLETED, FAILED, SKIPPED], error(Cause::Node(b)));
}

#[test]
fn exclusive_branches_that_meet_again_mean_or() {
    let mut builder = Builder::default();
    let (source, yes, no, join) = (builder.node(), builder.node(), builder.node(), builder.node());
    builder.condition(source, yes, Answer::Taken);
    builder.condition(source, no, Answer::NotTaken);
    builder.edge(yes, join);
    builder.edge(no, join);
    check(builder, &[COMPLETED, COMPLETED, SKIPPED, COMPLETED], DONE);
}

#[test]
fn a_dependency_must_be_taken_whatever_else_is() {
    let mut builder = Builder::default();
    let (a, b, c) = (builder.node(), builder.node(), builder.node());
    let needed = builder.condition(a, c, Answer::NotTaken);
    builder.require(needed);
    builder.edge(b, c);
    check(builder, &[COMPLETED, COMPLETED, SKIPPED], DONE);
}

#[test]
fn a_condition_that_does_not_hold_after_a_failure_leaves_the_target_to_others() {
    let mut builder = Builder::default();
    let (a, b, c, handler) = (builder.node(), builder.node(), builder.node(), builder.node());
    let good = builder.condition(a, c, Answer::Taken);
    builder.answers(good, Answer::Taken, Answer::Taken, Answer::NotTaken);
    builder.on_failure(a, handler);
    builder.edge(b, c);
    builder.script(a, &[Attempted::Failed]);
    check(builder, &[FAILED, COMPLETED, COMPLETED, COMPLETED], DONE);
}

#[test]
fn a_filter_that_does_not_pass_stops_its_unconditional_edges_only() {
    let mut builder = Builder::default();
    let (filter, next, other, join) = (builder.node(), builder.node(), builder.node(), builder.node());
    builder.script(filter, &[Attempted::NotPassed]);
    builder.edge(filter, next);
    builder.condition(filter, other, Answer::Taken);
    builder.edge(filter, join);
    builder.edge(other, join);
    check(builder, &[NodeState::Settled(Outcome::NotPassed), SKIPPED, COMPLETED, COMPLETED], DONE);
}

#[test]
fn only_the_trigger_that_started_runs_and_every_other_root_does() {
    let mut builder = Builder::default();
    let (first, second, root, after) = (builder.trigger(), builder.trigger(), builder.node(), builder.node());
    builder.edge(first, after);
    builder.edge(second, after);
    let mut scenario = builder.scenario();
    scenario.trigger = Some(second);
    let mut simulation = Simulation::new(&scenario);
    simulation.run();
    assert_eq!(simulation.execution.state(first), SKIPPED);
    for node in [second, root, after] {
        assert_eq!(simulation.execution.state(node), COMPLETED);
    }
}

#[test]
fn ready_nodes_start_in_declaration_order_also_when_a_follower_frees_the_slot() {
    let mut builder = Builder::default();
    builder.limits(None, false, 1);
    let (first, follower, other) = (builder.node(), builder.node(), builder.node());
    builder.edge(first, follower);
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.start();
    assert_eq!(simulation.flying, [first]);
    simulation.end(first);
    assert_eq!(simulation.flying, [follower], "not {other}, which was ready before");
}

#[test]
fn a_node_that_waits_for_a_retry_holds_no_slot() {
    let mut builder = Builder::default();
    builder.limits(None, false, 1);
    let (retried, other) = (builder.retried(1, 10), builder.node());
    builder.script(retried, &[Attempted::Retryable { after: None }, Attempted::Completed]);
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.start();
    simulation.end(retried);
    assert_eq!(simulation.flying, [other]);
    simulation.wait(seconds(10));
    assert_eq!(simulation.flying, [other], "the retry waits for the slot");
    simulation.end(other);
    assert_eq!(simulation.flying, [retried]);
}

#[test]
fn retry_after_beyond_the_budget_fails_the_node_and_its_handler_still_runs() {
    let mut builder = Builder::default();
    builder.limits(Some(seconds(60)), false, 3);
    let (asked, handler) = (builder.retried(5, 1), builder.node());
    builder.script(asked, &[Attempted::Retryable { after: Some(seconds(3600)) }]);
    builder.on_failure(asked, handler);
    check(builder, &[FAILED, COMPLETED], DONE);
}

#[test]
fn time_out_cancels_what_is_in_flight_or_waits() {
    let mut builder = Builder::default();
    builder.limits(Some(seconds(5)), false, 3);
    let (slow, retried, next) = (builder.node(), builder.retried(1, 10), builder.node());
    builder.edge(slow, next);
    builder.script(retried, &[Attempted::Retryable { after: None }]);
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.start();
    simulation.end(retried);
    simulation.wait(simulation.execution.wake_at().unwrap());
    assert_eq!(simulation.now, seconds(5));
    assert_eq!(simulation.execution.end(), Some(error(Cause::Timeout)));
    assert_eq!([slow, retried, next].map(|node| simulation.execution.state(node)), [CANCELLED, CANCELLED, SKIPPED]);
    assert_eq!(simulation.execution.wake_at(), None);
}

#[test]
fn work_that_is_done_counts_even_after_time_was_up() {
    let mut builder = Builder::default();
    builder.limits(Some(seconds(5)), false, 3);
    let only = builder.node();
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.start();
    simulation.now = seconds(6);
    simulation.end(only);
    assert_eq!(simulation.execution.end(), Some(DONE));
}

#[test]
fn without_fail_fast_other_branches_finish() {
    let mut builder = Builder::default();
    let (bad, after, good, next) = (builder.node(), builder.node(), builder.node(), builder.node());
    builder.edge(bad, after);
    builder.edge(good, next);
    builder.script(bad, &[Attempted::Failed]);
    check(builder, &[FAILED, SKIPPED, COMPLETED, COMPLETED], error(Cause::Node(bad)));
}

#[test]
fn fail_fast_cancels_the_siblings_of_an_unhandled_failure_only() {
    for handled in [false, true] {
        let mut builder = Builder::default();
        builder.limits(None, true, 3);
        let (bad, good, handler) = (builder.node(), builder.node(), builder.node());
        let condition = builder.on_failure(bad, handler);
        if !handled {
            builder.answers(condition, Answer::NotTaken, Answer::NotTaken, Answer::NotTaken);
        }
        builder.script(bad, &[Attempted::Failed]);
        if handled {
            check(builder, &[FAILED, COMPLETED, COMPLETED], DONE);
        } else {
            check(builder, &[FAILED, CANCELLED, SKIPPED], error(Cause::Node(bad)));
            assert_eq!(good, 1);
        }
    }
}

#[test]
fn a_failure_is_not_handled_when_all_its_handlers_were_skipped() {
    let mut builder = Builder::default();
    let (bad, filter, handler) = (builder.node(), builder.node(), builder.node());
    builder.on_failure(bad, handler);
    builder.required(filter, handler);
    builder.script(bad, &[Attempted::Failed]);
    builder.script(filter, &[Attempted::NotPassed]);
    check(builder, &[FAILED, NodeState::Settled(Outcome::NotPassed), SKIPPED], error(Cause::Node(bad)));
}

#[test]
fn a_handler_that_fails_is_an_error_even_if_that_is_handled_too() {
    let mut builder = Builder::default();
    let (bad, handler, second) = (builder.node(), builder.node(), builder.node());
    builder.on_failure(bad, handler);
    builder.on_failure(handler, second);
    builder.script(bad, &[Attempted::Failed]);
    builder.script(handler, &[Attempted::Failed]);
    check(builder, &[FAILED, FAILED, COMPLETED], error(Cause::Node(handler)));
}

#[test]
fn no_route_needs_every_edge_to_be_a_condition_that_read_a_missing_field() {
    for (second, conditional, fails) in [
        (Answer::MissingField, true, true),
        (Answer::NotTaken, true, false),
        (Answer::Taken, true, false),
        (Answer::Taken, false, false),
    ] {
        let mut builder = Builder::default();
        let (source, a, b) = (builder.node(), builder.node(), builder.node());
        builder.condition(source, a, Answer::MissingField);
        if conditional {
            builder.condition(source, b, second);
        } else {
            builder.edge(source, b);
        }
        let scenario = builder.scenario();
        let mut simulation = Simulation::new(&scenario);
        simulation.run();
        assert_eq!(simulation.execution.state(source) == FAILED, fails);
    }
}

#[test]
fn a_failed_node_has_its_own_error_and_not_no_route() {
    let mut builder = Builder::default();
    let (source, target) = (builder.node(), builder.node());
    builder.condition(source, target, Answer::MissingField);
    builder.script(source, &[Attempted::Failed]);
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.start();
    let mut commands = std::collections::VecDeque::new();
    struct Missing;
    impl crate::engine::Conditions for Missing {
        fn answer(&mut self, _: usize) -> Answer {
            Answer::MissingField
        }
    }
    let failed = Event::Attempted { node: source, attempted: Attempted::Failed };
    simulation.execution.handle(failed, seconds(1), &mut Missing, &mut commands);
    simulation.execution.handle(Event::OutputReady { node: source }, seconds(1), &mut Missing, &mut commands);
    let record = Command::Record { node: source, outcome: Outcome::Failed, misrouted: None };
    assert!(commands.contains(&record), "{commands:?}");
}

#[test]
fn a_condition_that_faults_fails_a_node_that_had_completed_and_closes_all_its_ways() {
    let mut builder = Builder::default();
    let (source, a, b) = (builder.node(), builder.node(), builder.node());
    builder.condition(source, a, Answer::Taken);
    builder.condition(source, b, Answer::Fault(String::from("no")));
    check(builder, &[FAILED, SKIPPED, SKIPPED], error(Cause::Node(source)));
}

#[test]
fn a_condition_that_faults_on_a_failed_node_does_not_keep_its_handler_from_running() {
    let mut builder = Builder::default();
    let (source, a, handler) = (builder.node(), builder.node(), builder.node());
    builder.condition(source, a, Answer::Fault(String::from("no")));
    builder.on_failure(source, handler);
    builder.script(source, &[Attempted::Failed]);
    check(builder, &[FAILED, SKIPPED, COMPLETED], DONE);
}

#[test]
fn cancel_ends_everything() {
    let mut builder = Builder::default();
    let (a, b) = (builder.node(), builder.node());
    builder.edge(a, b);
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.start();
    simulation.cancel();
    assert_eq!(simulation.execution.end(), Some(End { status: Status::Cancelled, cause: None }));
    assert_eq!([a, b].map(|node| simulation.execution.state(node)), [CANCELLED, SKIPPED]);
}

#[test]
fn an_abort_is_an_internal_error() {
    let mut builder = Builder::default();
    builder.node();
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.start();
    simulation.send(Event::Abort);
    assert_eq!(simulation.execution.end(), Some(error(Cause::Internal)));
}

#[test]
fn ten_thousand_skipped_nodes_in_a_row_need_no_stack() {
    let mut builder = Builder::default();
    let mut last = builder.node();
    builder.script(last, &[Attempted::Failed]);
    for _ in 0..10_000 {
        let next = builder.node();
        builder.edge(last, next);
        last = next;
    }
    let scenario = builder.scenario();
    let mut simulation = Simulation::new(&scenario);
    simulation.run();
    assert_eq!(simulation.execution.state(last), SKIPPED);
}

#[test]
fn activation_depends_on_states_and_not_on_order() {
    use EdgeState::{Failed, NotTaken, Skipped, Taken};
    for (states, required, runs) in [
        ([Taken, Taken], [false, false], true),
        ([Taken, NotTaken], [false, false], true),
        ([Taken, Skipped], [false, false], true),
        ([Taken, Failed], [false, false], false),
        ([Taken, NotTaken], [false, true], false),
        ([Taken, Skipped], [false, true], false),
        ([Taken, NotTaken], [true, false], true),
        ([NotTaken, NotTaken], [false, false], false),
        ([Skipped, NotTaken], [false, false], false),
    ] {
        for swap in [false, true] {
            let mut builder = Builder::default();
            let (a, b, target) = (builder.node(), builder.node(), builder.node());
            let edges = [builder.edge(a, target), builder.edge(b, target)];
            let mut places = edges;
            if swap {
                places.reverse();
            }
            let mut actual = [EdgeState::Open; 2];
            for (place, index) in places.iter().zip(0..) {
                actual[*place] = states[index];
                if required[index] {
                    builder.require(*place);
                }
            }
            let scenario = builder.scenario();
            assert_eq!(activation::runs(&scenario.graph, target, &actual), runs, "{states:?} {required:?}");
        }
    }
}
