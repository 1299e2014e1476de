//! Random workflows, compared step by step with the reference model.
//!
//! Compared after every single event: which attempts were started by it and in which order, which run, which nodes are
//! settled (and how), skipped or waiting (and until when), when to wake up, whether and how the execution has ended and
//! which node is to blame. At the end of executions that nothing cut short: that another order of completion and another
//! limit of parallel nodes give the same fate and number of attempts for every node, and the same status.

use super::model::{Fate, Model};
use super::simulation::{Answers, Happened, Scenario, Simulation, Written};
use crate::engine::graph::{Graph, GraphEdge, GraphLimits, GraphNode};
use crate::engine::{Answer, Attempted, NodeState, Outcome, Status};
use crate::flow::{Delay, Retry};
use proptest::prelude::*;
use std::time::Duration;

/// What happens next, as far as somebody outside decides it.
#[derive(Debug, Clone, Copy)]
enum Pick {
    /// The attempt that began so many places after the oldest ends.
    End(usize),
    /// Time passes: all of the way to the next alarm, or a part of it.
    Wait {
        all: bool,
    },
    Cancel,
}

const SECOND: Duration = Duration::from_secs(1);

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        6 => Just(Answer::Taken),
        5 => Just(Answer::NotTaken),
        4 => Just(Answer::MissingField),
        1 => Just(Answer::Fault(String::from("no such method"))),
    ]
}

fn answers() -> impl Strategy<Value = Answers> {
    (answer(), answer(), answer()).prop_map(|(completed, not_passed, failed)| Answers { completed, not_passed, failed })
}

fn attempted() -> impl Strategy<Value = Attempted> {
    prop_oneof![
        8 => Just(Attempted::Completed),
        1 => Just(Attempted::NotPassed),
        2 => Just(Attempted::Failed),
        4 => prop::option::of((0..8_u32).prop_map(|seconds| SECOND * seconds)).prop_map(|after| Attempted::Retryable { after }),
    ]
}

fn retry() -> impl Strategy<Value = Retry> {
    let fixed = (0..4_u32).prop_map(|seconds| Delay::Fixed(SECOND * seconds));
    let exponential = (0..3_u32, 0..6_u32).prop_map(|(initial, max)| Delay::Exponential {
        initial: SECOND * initial,
        max: SECOND * max,
        jitter: false,
    });
    (0..4_u32, prop_oneof![fixed, exponential]).prop_map(|(retries, delay)| Retry { retries, delay })
}

pub fn limits() -> impl Strategy<Value = GraphLimits> {
    let timeout = prop::option::weighted(0.4, (0..30_u32).prop_map(|seconds| SECOND * seconds));
    (timeout, any::<bool>(), 0..5_usize).prop_map(|(timeout, fail_fast, max_parallel_nodes)| GraphLimits {
        timeout,
        fail_fast,
        max_parallel_nodes,
    })
}

prop_compose! {
    pub fn scenario(limits: impl Strategy<Value = GraphLimits>)(
        nodes in prop::collection::vec(
            (retry(), prop::bool::weighted(0.15), prop::collection::vec(attempted(), 1..4), any::<u16>()), 1..10),
        edges in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>(), prop::bool::weighted(0.25), answers()), 0..18),
        trigger in prop::option::of(any::<prop::sample::Index>()),
        limits in limits,
    ) -> Scenario {
        // Edges go from a lower rank to a higher one, whatever the order in the file: acyclic, and not sorted already.
        let rank = |node: usize| (nodes[node].3, node);
        let mut pairs = Vec::new();
        let mut graph_edges = Vec::new();
        let mut answers = Vec::new();
        for (a, b, conditional, required, answer) in &edges {
            let (a, b) = (a.index(nodes.len()), b.index(nodes.len()));
            let (from, to) = if rank(a) < rank(b) { (a, b) } else { (b, a) };
            if from != to && !pairs.contains(&(from, to)) {
                pairs.push((from, to));
                graph_edges.push(GraphEdge { from, to, required: *required, conditional: *conditional });
                answers.push(answer.clone());
            }
        }
        let trigger = trigger.map(|index| index.index(nodes.len()));
        let graph_nodes = nodes.iter().map(|(retry, trigger, _, _)| GraphNode { retry: *retry, trigger: *trigger }).collect();
        let scripts = nodes.iter().map(|(_, _, script, _)| script.clone()).collect();
        Scenario { graph: Graph::new(graph_nodes, graph_edges, limits), scripts, answers, trigger }
    }
}

fn picks(cancel: u32) -> impl Strategy<Value = Vec<Pick>> {
    let pick = prop_oneof![
        20 => (0..6_usize).prop_map(Pick::End),
        8 => any::<bool>().prop_map(|all| Pick::Wait { all }),
        cancel => Just(Pick::Cancel),
    ];
    prop::collection::vec(pick, 0..60)
}

/// Plays a scenario, `picks` first and then the oldest attempt each time; compares with the model after every event.
fn play<'a>(scenario: &'a Scenario, picks: &[Pick]) -> Simulation<'a> {
    let mut simulation = Simulation::new(scenario);
    simulation.start();
    check_last_event(&simulation);
    let mut picks = picks.iter().copied();
    while simulation.execution.end().is_none() {
        step(&mut simulation, picks.next().unwrap_or(Pick::End(0)));
        check_last_event(&simulation);
    }
    simulation
}

fn step(simulation: &mut Simulation, pick: Pick) {
    match (pick, simulation.execution.wake_at()) {
        (Pick::Cancel, _) => simulation.cancel(),
        (Pick::End(index), _) if !simulation.flying.is_empty() => {
            let node = simulation.flying[index % simulation.flying.len()];
            simulation.end(node);
        }
        (Pick::End(_) | Pick::Wait { all: true }, Some(alarm)) => simulation.wait(alarm),
        (Pick::Wait { all: false }, Some(alarm)) => {
            let half = (alarm - simulation.now) / 2;
            simulation.wait(simulation.now + half);
        }
        (Pick::Wait { .. }, None) => simulation.wait(simulation.now + SECOND),
        (Pick::End(_), None) => panic!("the execution hangs: {:?}", simulation.history),
    }
}

fn check_last_event(simulation: &Simulation) {
    let Simulation { scenario, execution, history, .. } = simulation;
    // The event itself is followed by the attempts that it started.
    let runs = history.iter().rev().take_while(|(_, happened)| matches!(happened, Happened::Ran { .. })).count();
    let (before, started) = history.split_at(history.len() - runs);
    let expected = Model::new(scenario, before);
    let end = expected.end();
    assert_eq!(execution.end(), end, "after {history:#?}");
    if end.is_some() {
        assert_eq!(runs, 0, "nothing starts after the end");
        check_states_at_the_end(simulation, &expected);
        return;
    }
    let limit = scenario.graph.limits.max_parallel_nodes.max(1);
    let running = expected.running().len();
    let mut startable = expected.startable();
    startable.truncate(limit - running);
    let started: Vec<usize> = started
        .iter()
        .map(|(_, happened)| match happened {
            Happened::Ran { node } => *node,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(started, startable, "after {before:#?}");

    let after = Model::new(scenario, history);
    assert!(after.running().len() <= limit);
    assert_eq!(execution.wake_at(), after.wake_at(), "after {history:#?}");
    for (node, fate) in after.fates.iter().enumerate() {
        let expected = match *fate {
            Fate::Undecided => NodeState::Pending,
            Fate::Activated => NodeState::Ready,
            Fate::Waiting { until } if until <= simulation.now => NodeState::Ready,
            Fate::Waiting { .. } => NodeState::Waiting,
            Fate::Running => NodeState::Running,
            Fate::Settled(outcome) => NodeState::Settled(outcome),
            Fate::Skipped => NodeState::Skipped,
        };
        assert_eq!(execution.state(node), expected, "node {node} after {history:#?}");
    }
}

fn check_states_at_the_end(simulation: &Simulation, expected: &Model) {
    for (node, fate) in expected.fates.iter().enumerate() {
        let expected = match *fate {
            Fate::Undecided | Fate::Activated | Fate::Skipped => NodeState::Skipped,
            Fate::Running | Fate::Waiting { .. } => NodeState::Cancelled,
            Fate::Settled(outcome) => NodeState::Settled(outcome),
        };
        assert_eq!(simulation.execution.state(node), expected, "node {node} after {:#?}", simulation.history);
        let ran = simulation.history.iter().filter(|(_, happened)| *happened == Happened::Ran { node }).count();
        assert_eq!(simulation.execution.attempts(node) as usize, ran);
        let retries = simulation.scenario.graph.nodes[node].retry.retries as usize;
        assert!(ran <= retries + 1, "node {node} ran {ran} times");
    }
}

fn fates(simulation: &Simulation) -> (Vec<(NodeState, u32)>, Option<Status>) {
    let execution = &simulation.execution;
    let nodes = 0..simulation.scenario.graph.nodes.len();
    (
        nodes.map(|node| (execution.state(node), execution.attempts(node))).collect(),
        execution.end().map(|end| end.status),
    )
}

proptest! {
    // 512 cases each; a long run sets PROPTEST_CASES.
    #![proptest_config(ProptestConfig {
        cases: 2 * ProptestConfig::default().cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_step_is_what_the_model_says(scenario in scenario(limits()), picks in picks(1)) {
        play(&scenario, &picks);
    }

    #[test]
    fn order_and_parallelism_change_nothing_that_matters(
        scenario in scenario(limits()),
        picks in (picks(0), picks(0)),
        parallel in (1..5_usize, 1..5_usize),
    ) {
        let unhurried = |max_parallel_nodes| {
            let mut scenario = scenario.clone();
            scenario.graph.limits = GraphLimits { timeout: None, fail_fast: false, max_parallel_nodes };
            scenario
        };
        let (one, other) = (unhurried(parallel.0), unhurried(parallel.1));
        prop_assert_eq!(fates(&play(&one, &picks.0)), fates(&play(&other, &picks.1)));
    }

    #[test]
    fn the_same_events_give_the_same_execution(scenario in scenario(limits()), picks in picks(1)) {
        prop_assert_eq!(play(&scenario, &picks).history, play(&scenario, &picks).history);
    }

    /// With room for all, an execution that is rebuilt is the execution that was lost: after every single event.
    #[test]
    fn rebuilt_executions_are_those_that_were_lost(scenario in scenario(limits()), picks in picks(1)) {
        let mut scenario = scenario;
        scenario.graph.limits.max_parallel_nodes = scenario.graph.nodes.len();
        let mut simulation = Simulation::new(&scenario);
        simulation.start();
        let mut picks = picks.into_iter();
        while simulation.execution.end().is_none() {
            let (lost, now) = (&simulation.execution, simulation.now);
            let rebuilt = Simulation::resume(&scenario, &simulation.journal, now);
            prop_assert_eq!(fates(&rebuilt), fates(&simulation), "{:#?}", simulation.journal);
            prop_assert_eq!(rebuilt.execution.wake_at(), lost.wake_at());
            for edge in 0..scenario.graph.edges.len() {
                prop_assert_eq!(rebuilt.execution.edge(edge), lost.edge(edge));
            }
            step(&mut simulation, picks.next().unwrap_or(Pick::End(0)));
        }
        // The end itself may not have been written any more; only a wish to cancel is lost with it.
        if simulation.execution.end().is_some_and(|end| end.status != Status::Cancelled) {
            let rebuilt = Simulation::resume(&scenario, &simulation.journal, simulation.now);
            for node in 0..scenario.graph.nodes.len() {
                prop_assert_eq!(rebuilt.execution.state(node), simulation.execution.state(node));
            }
            prop_assert_eq!(rebuilt.execution.end(), simulation.execution.end());
        }
    }

    /// Whatever part of the journal has reached the disk, going on from there leads to the same end, and nothing that was
    /// written down as settled happens again.
    #[test]
    fn any_prefix_of_the_journal_leads_to_the_same_end(
        scenario in scenario(limits()),
        picks in (picks(0), picks(0)),
        parallel in (1..5_usize, 1..5_usize),
        prefix in any::<prop::sample::Index>(),
        crashes in 1..4_usize,
    ) {
        let unhurried = |max_parallel_nodes| {
            let mut scenario = scenario.clone();
            scenario.graph.limits = GraphLimits { timeout: None, fail_fast: false, max_parallel_nodes };
            scenario
        };
        let (one, other) = (unhurried(parallel.0), unhurried(parallel.1));
        let undisturbed = play(&one, &picks.0);
        let mut journal = undisturbed.journal.clone();
        let mut now = undisturbed.now;
        for crash in 0..crashes {
            journal.truncate(prefix.index(journal.len() + 1).max(journal.len() * crash / crashes));
            let written = journal.len();
            let mut resumed = Simulation::resume(&other, &journal, now);
            let mut picks = picks.1.iter().copied();
            while resumed.execution.end().is_none() {
                step(&mut resumed, picks.next().unwrap_or(Pick::End(0)));
            }
            prop_assert_eq!(fates(&resumed), fates(&undisturbed), "{:#?}", &journal[..written]);
            let settled = |node: usize| journal[..written].iter().any(|written| matches!(written, Written::Settled { node: other, .. } if *other == node));
            for (_, happened) in &resumed.history {
                if let Happened::Ran { node } = happened {
                    prop_assert!(!settled(*node), "node {} had settled", node);
                }
            }
            (journal, now) = (resumed.journal.clone(), resumed.now);
        }
    }

    /// Hurried executions too: they end, in time, and what has settled stays settled.
    #[test]
    fn any_prefix_of_the_journal_leads_to_an_end(
        scenario in scenario(limits()),
        picks in (picks(1), picks(1)),
        prefix in any::<prop::sample::Index>(),
        asleep in 0..40_u32,
    ) {
        let undisturbed = play(&scenario, &picks.0);
        let mut journal = undisturbed.journal.clone();
        journal.truncate(prefix.index(journal.len() + 1));
        let mut resumed = Simulation::resume(&scenario, &journal, undisturbed.now + SECOND * asleep);
        let mut picks = picks.1.iter().copied();
        while resumed.execution.end().is_none() {
            step(&mut resumed, picks.next().unwrap_or(Pick::End(0)));
        }
        for written in &journal {
            if let Written::Settled { node, outcome, .. } = written {
                prop_assert_eq!(resumed.execution.state(*node), NodeState::Settled(*outcome));
                let ran = Happened::Ran { node: *node };
                prop_assert!(resumed.history.iter().all(|(_, happened)| *happened != ran), "node {} ran again", node);
            }
        }
    }

    #[test]
    fn late_events_change_nothing(scenario in scenario(limits()), picks in picks(3), node in any::<prop::sample::Index>()) {
        let mut simulation = play(&scenario, &picks);
        let before = fates(&simulation);
        let node = node.index(scenario.graph.nodes.len());
        simulation.send(crate::engine::Event::Attempted { node, attempted: Attempted::Completed });
        simulation.send(crate::engine::Event::OutputReady { node });
        simulation.wait(simulation.now + SECOND * 1000);
        simulation.cancel();
        prop_assert_eq!(fates(&simulation), before);
        prop_assert!(simulation.flying.is_empty());
    }
}

/// The random scenarios do reach the corners: else the properties above would prove little.
#[test]
fn random_scenarios_reach_every_kind_of_end() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..600 {
        let scenario = scenario(limits()).new_tree(&mut runner).unwrap().current();
        let picks = picks(1).new_tree(&mut runner).unwrap().current();
        let simulation = play(&scenario, &picks);
        let end = simulation.execution.end().unwrap();
        let mut note = |what: &str| *seen.entry(what.to_owned()).or_insert(0) += 1;
        note(&format!(
            "{:?} {:?}",
            end.status,
            end.cause.map(|cause| format!("{cause:?}").split('(').next().map(str::to_owned))
        ));
        let states: Vec<NodeState> =
            (0..scenario.graph.nodes.len()).map(|node| simulation.execution.state(node)).collect();
        if end.status == Status::Completed && states.contains(&NodeState::Settled(Outcome::Failed)) {
            note("completed with a handled failure");
        }
        if states.contains(&NodeState::Cancelled) {
            note("in flight at the end");
        }
        if (0..states.len()).any(|node| simulation.execution.attempts(node) > 2) {
            note("retried twice");
        }
    }
    assert!(seen.len() >= 7, "{seen:#?}");
    assert!(seen.values().all(|&count| count >= 5), "{seen:#?}");
}
