//! Random workflows and random changes to them: where [`crate::upgrade`] says that an execution continues, going on with
//! the new version comes to the same as ending with the old one.

use super::properties::{limits, scenario};
use super::simulation::{Answers, Scenario, Simulation};
use crate::engine::graph::{Graph, GraphEdge};
use crate::engine::{Answer, Attempted, NodeState, Status};
use crate::upgrade::{EdgeOutline, NodeOutline, Outline, Reads, Translation, Verdict, judge, judge_at};
use proptest::prelude::*;
use proptest::sample::Index;

/// What an author does between two versions.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    /// What a node does.
    Script(Index, Vec<Attempted>),
    Condition(Index, Answers),
    Conditional(Index),
    Required(Index),
    RemoveEdge(Index),
    AddEdge(Index, Index),
    RemoveNode(Index),
    /// A new node, between two others where the graph allows it.
    AddNode(Index, Index),
    FailFast,
    /// The declaration order of nodes, or the order of connections.
    Reorder(Index),
}

/// A version: nodes have names here, as they have in a workflow.
#[derive(Debug, Clone)]
struct Version {
    scenario: Scenario,
    names: Vec<usize>,
}

fn change() -> impl Strategy<Value = Change> {
    let attempted = prop_oneof![
        3 => Just(Attempted::Completed),
        1 => Just(Attempted::NotPassed),
        1 => Just(Attempted::Failed),
    ];
    let answer = || prop_oneof![2 => Just(Answer::Taken), 1 => Just(Answer::NotTaken)];
    let answers = (answer(), answer(), answer()).prop_map(|(completed, not_passed, failed)| Answers {
        completed,
        not_passed,
        failed,
    });
    let index = any::<Index>;
    prop_oneof![
        1 => Just(Change::Nothing),
        3 => (index(), prop::collection::vec(attempted, 1..3)).prop_map(|(node, script)| Change::Script(node, script)),
        3 => (index(), answers).prop_map(|(edge, answers)| Change::Condition(edge, answers)),
        2 => index().prop_map(Change::Conditional),
        1 => index().prop_map(Change::Required),
        3 => index().prop_map(Change::RemoveEdge),
        3 => (index(), index()).prop_map(|(from, to)| Change::AddEdge(from, to)),
        4 => index().prop_map(Change::RemoveNode),
        4 => (index(), index()).prop_map(|(from, to)| Change::AddNode(from, to)),
        1 => Just(Change::FailFast),
        2 => index().prop_map(Change::Reorder),
    ]
}

impl Version {
    fn apply(&mut self, change: &Change) {
        let Scenario { graph, scripts, answers, trigger } = &mut self.scenario;
        let (mut nodes, mut edges) = (graph.nodes.clone(), graph.edges.clone());
        let count = scripts.len();
        let node = |index: &Index| index.index(count);
        match change {
            Change::Nothing => {}
            Change::Script(index, _) if nodes[node(index)].trigger => {}
            Change::Script(index, script) => scripts[node(index)] = script.clone(),
            Change::FailFast => graph.limits.fail_fast ^= true,
            Change::AddEdge(from, to) => {
                let (from, to) = (node(from), node(to));
                let known = edges.iter().any(|edge| (edge.from, edge.to) == (from, to));
                if !known && !reaches(&edges, to, from) {
                    edges.push(GraphEdge { from, to, required: false, conditional: false });
                    answers.push(taken());
                }
            }
            Change::AddNode(from, to) => {
                let (from, to) = (node(from), node(to));
                let added = nodes.len();
                nodes.push(crate::engine::graph::GraphNode { trigger: false, ..nodes[from] });
                scripts.push(vec![Attempted::Completed]);
                self.names.push(1000 + self.names.len());
                edges.push(GraphEdge { from, to: added, required: false, conditional: false });
                answers.push(taken());
                if from != to && !reaches(&edges, to, from) {
                    edges.push(GraphEdge { from: added, to, required: false, conditional: false });
                    answers.push(taken());
                }
            }
            Change::RemoveNode(index) => {
                let gone = node(index);
                if nodes.len() == 1 || *trigger == Some(gone) {
                    return;
                }
                nodes.remove(gone);
                scripts.remove(gone);
                self.names.remove(gone);
                let moved = |node: usize| if node > gone { node - 1 } else { node };
                *trigger = trigger.map(moved);
                let kept = edges.iter().zip(&*answers).filter(|(edge, _)| edge.from != gone && edge.to != gone);
                let kept = kept.map(|(edge, answer)| {
                    (GraphEdge { from: moved(edge.from), to: moved(edge.to), ..*edge }, answer.clone())
                });
                (edges, *answers) = kept.collect();
            }
            Change::Reorder(index) => {
                let by = node(index);
                let count = nodes.len();
                nodes.rotate_left(by);
                scripts.rotate_left(by);
                self.names.rotate_left(by);
                let moved = |node: usize| (node + count - by) % count;
                *trigger = trigger.map(moved);
                for edge in &mut edges {
                    (edge.from, edge.to) = (moved(edge.from), moved(edge.to));
                }
                edges.reverse();
                answers.reverse();
            }
            Change::Condition(index, _)
            | Change::Conditional(index)
            | Change::Required(index)
            | Change::RemoveEdge(index) => {
                if edges.is_empty() {
                    return;
                }
                let edge = index.index(edges.len());
                match change {
                    Change::Condition(_, new) => answers[edge] = new.clone(),
                    Change::Conditional(_) => edges[edge].conditional ^= true,
                    Change::Required(_) => edges[edge].required ^= true,
                    _ => {
                        edges.remove(edge);
                        answers.remove(edge);
                    }
                }
            }
        }
        self.scenario.graph = Graph::new(nodes, edges, graph.limits);
    }

    /// What a node does is its script here, and what a condition says are its answers.
    fn outline(&self) -> Outline {
        let Scenario { graph, scripts, answers, .. } = &self.scenario;
        let nodes = graph.nodes.iter().zip(scripts).zip(&self.names);
        let nodes = nodes.map(|((node, script), name)| NodeOutline {
            id: format!("n{name}"),
            kind: if node.trigger { "manual" } else { "http" }.to_owned(),
            parts: vec![("url".to_owned(), format!("{script:?}").replace(' ', ""))],
            reads: Reads::default(),
        });
        let edges = graph.edges.iter().zip(answers).map(|(edge, answers)| EdgeOutline {
            from: edge.from,
            to: edge.to,
            required: edge.required,
            when: edge.conditional.then(|| format!("{answers:?}").replace(' ', "")),
            after_success: edge.conditional && answers.failed != Answer::Taken,
        });
        Outline { fail_fast: graph.limits.fail_fast, nodes: nodes.collect(), edges: edges.collect() }
    }

    /// By name: how a node ended and how often it was tried; and how the execution ended.
    fn fates(&self, simulation: &Simulation) -> (Vec<(usize, NodeState, u32)>, Option<Status>) {
        let execution = &simulation.execution;
        let ended = |state: &NodeState| !matches!(state, NodeState::Skipped);
        let nodes = self.names.iter().enumerate();
        let fates = nodes.map(|(node, name)| (*name, execution.state(node), execution.attempts(node)));
        let mut fates: Vec<_> = fates.filter(|(_, state, _)| ended(state)).collect();
        fates.sort_by_key(|(name, ..)| *name);
        (fates, execution.end().map(|end| end.status))
    }
}

fn taken() -> Answers {
    Answers { completed: Answer::Taken, not_passed: Answer::Taken, failed: Answer::Taken }
}

fn reaches(edges: &[GraphEdge], from: usize, to: usize) -> bool {
    from == to || edges.iter().any(|edge| edge.from == from && reaches(edges, edge.to, to))
}

/// One more thing happens: the oldest attempt ends, or time passes.
fn step(simulation: &mut Simulation, pick: usize) {
    if simulation.flying.is_empty() {
        simulation.wait(simulation.execution.wake_at().expect("something is waited for"));
    } else {
        simulation.end(simulation.flying[pick % simulation.flying.len()]);
    }
}

/// Attempts end in the order of the names of their nodes: where `fail_fast` cuts the others short, it has to do so at the
/// same moment in both versions, in which the nodes may be declared in another order.
fn finish(simulation: &mut Simulation, names: &[usize]) {
    while simulation.execution.end().is_none() {
        let flying = simulation.flying.iter().enumerate();
        let first = flying.min_by_key(|(_, node)| names[**node]).map_or(0, |(place, _)| place);
        step(simulation, first);
    }
}

/// What [`check`] saw of a pair.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    changed: bool,
    continued: bool,
}

fn check(old: &Version, new: &Version, picks: &[usize]) -> Result<Seen, TestCaseError> {
    let (before, after) = (old.outline(), new.outline());
    let mut simulation = Simulation::new(&old.scenario);
    simulation.start();
    for pick in picks {
        if simulation.execution.end().is_none() {
            step(&mut simulation, *pick);
        }
    }
    let mut seen = Seen { changed: before != after, continued: false };
    if simulation.execution.end().is_some() {
        return Ok(seen);
    }
    let execution = &simulation.execution;
    let standing: Vec<usize> = execution.standing().collect();
    prop_assert!(!standing.is_empty(), "an execution stands somewhere");
    let failed = |node: usize| execution.has_failed(node);
    let continues = |node: &usize| judge_at(&before, &after, *node, &failed).verdict == Verdict::Continues;
    // Whoever knows less says no more.
    let blind = judge(&before, &after);
    for node in &standing {
        let known = judge_at(&before, &after, *node, &failed).verdict;
        prop_assert!(known <= blind[*node].verdict, "{:?}", blind[*node]);
    }
    seen.continued = standing.iter().all(continues);
    if seen.continued {
        let translation = Translation::new(&before, &after);
        let mut moved = simulation.moved(&new.scenario, &translation);
        finish(&mut simulation, &old.names);
        finish(&mut moved, &new.names);
        let (theirs, ours) = (old.fates(&simulation), new.fates(&moved));
        // A node that is gone had settled, and had not failed.
        let kept: Vec<_> = theirs.0.into_iter().filter(|(name, ..)| new.names.contains(name)).collect();
        prop_assert_eq!((kept, theirs.1), ours);
    }
    Ok(seen)
}

fn versions() -> impl Strategy<Value = (Version, Version)> {
    (scenario(limits()), prop::collection::vec(change(), 1..3)).prop_map(|(mut scenario, changes)| {
        // Time-outs may cut an execution short at another place when nodes stand in another order.
        scenario.graph.limits.timeout = None;
        scenario.graph.limits.max_parallel_nodes = 16;
        // No trigger fails.
        for (node, script) in scenario.graph.nodes.iter().zip(&mut scenario.scripts) {
            if node.trigger {
                *script = vec![Attempted::Completed];
            }
        }
        let names = (0..scenario.scripts.len()).collect();
        let old = Version { scenario, names };
        let mut new = old.clone();
        changes.iter().for_each(|change| new.apply(change));
        (old, new)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4 * ProptestConfig::default().cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_continues_comes_to_the_same((old, new) in versions(), picks in prop::collection::vec(0..4_usize, 0..8)) {
        check(&old, &new, &picks)?;
    }
}

/// Else the property above would prove little.
#[test]
fn executions_do_continue_after_changes() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut continued, mut refused) = (0, 0);
    for _ in 0..400 {
        let (old, new) = versions().new_tree(&mut runner).unwrap().current();
        let seen = check(&old, &new, &[0, 1]).unwrap();
        continued += usize::from(seen.changed && seen.continued);
        refused += usize::from(seen.changed && !seen.continued);
    }
    assert!(continued > 40 && refused > 40, "{continued} continued, {refused} did not");
}
