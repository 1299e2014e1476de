//! A world in which nodes do what a script says, in the order somebody picks.

use crate::engine::graph::{Graph, GraphEdge, GraphLimits, GraphNode};
use crate::engine::replay::Past;
use crate::engine::{Answer, Attempted, Command, Conditions, EdgeState, Event, Execution, NodeState, Outcome};
use crate::flow::{Delay, Retry};
use crate::upgrade::Translation;
use std::collections::VecDeque;
use std::time::Duration;

/// A workflow and what its nodes and conditions do.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub graph: Graph,
    /// By node: how its attempts end; the last entry counts for all that follow.
    pub scripts: Vec<Vec<Attempted>>,
    /// By edge: what its condition says after each outcome of its source.
    pub answers: Vec<Answers>,
    pub trigger: Option<usize>,
}

#[derive(Debug, Clone)]
pub struct Answers {
    pub completed: Answer,
    pub not_passed: Answer,
    pub failed: Answer,
}

impl Answers {
    pub fn after(&self, outcome: Outcome) -> &Answer {
        match outcome {
            Outcome::Completed => &self.completed,
            Outcome::NotPassed => &self.not_passed,
            Outcome::Failed => &self.failed,
        }
    }
}

/// One thing that happened, as somebody outside would write it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Start,
    Ran { node: usize },
    Ended { node: usize, attempted: Attempted },
    TimePassed,
    Cancel,
}

pub type History = Vec<(Duration, Happened)>;

/// What a journal would hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Started { node: usize },
    Attempted { node: usize, attempt: u32, after: Option<Duration>, due: Option<Duration>, at: Duration },
    Settled { node: usize, outcome: Outcome, edges: Vec<EdgeState> },
}

impl Written {
    pub fn past(&self) -> Past<'_> {
        match *self {
            Written::Started { node } => Past::Started { node },
            Written::Attempted { node, attempt, after, due, at } => Past::Attempted { node, attempt, after, due, at },
            Written::Settled { node, outcome, ref edges } => Past::Settled { node, outcome, edges },
        }
    }
}

/// Of the jitter.
const SEED: u64 = 7;

/// An execution of a scenario.
pub struct Simulation<'a> {
    pub scenario: &'a Scenario,
    pub execution: Execution,
    pub now: Duration,
    pub history: History,
    /// Attempts that run, in the order in which they began.
    pub flying: Vec<usize>,
    pub journal: Vec<Written>,
    outcomes: Vec<Option<Outcome>>,
}

impl<'a> Simulation<'a> {
    pub fn new(scenario: &'a Scenario) -> Simulation<'a> {
        Simulation {
            scenario,
            execution: Execution::new(scenario.graph.clone().into(), SEED),
            now: Duration::ZERO,
            history: History::new(),
            flying: Vec::new(),
            journal: Vec::new(),
            outcomes: vec![None; scenario.graph.nodes.len()],
        }
    }

    /// A former process has written this much, and it is `now`.
    pub fn resume(scenario: &'a Scenario, journal: &[Written], now: Duration) -> Simulation<'a> {
        let mut simulation = Simulation::new(scenario);
        simulation.now = now;
        simulation.journal = journal.to_vec();
        let new = Execution::new(scenario.graph.clone().into(), SEED);
        simulation.execution = new.replay(scenario.trigger, journal.iter().map(Written::past));
        for written in journal {
            if let Written::Settled { node, outcome, .. } = written {
                simulation.outcomes[*node] = Some(*outcome);
            }
        }
        let mut commands = VecDeque::new();
        simulation.execution.resume(now, &mut commands);
        simulation.carry_out(commands);
        simulation
    }

    /// The same execution under another version of its workflow; attempts in flight begin anew.
    pub fn moved<'b>(&self, scenario: &'b Scenario, translation: &Translation) -> Simulation<'b> {
        let mut moved = Simulation::new(scenario);
        moved.execution = self.execution.clone().translate(scenario.graph.clone().into(), translation);
        moved.now = self.now;
        moved.flying = self.flying.iter().filter_map(|node| translation.nodes[*node]).collect();
        for (node, outcome) in self.outcomes.iter().enumerate() {
            if let Some(place) = translation.nodes[node] {
                moved.outcomes[place] = *outcome;
            }
        }
        moved
    }

    pub fn start(&mut self) {
        self.history.push((self.now, Happened::Start));
        self.send(Event::Start { trigger: self.scenario.trigger });
    }

    /// The attempt of a node ends as its script says.
    pub fn end(&mut self, node: usize) {
        let script = &self.scenario.scripts[node];
        let attempt = self.execution.attempts(node) as usize;
        let attempted = script[attempt.min(script.len()) - 1];
        self.flying.retain(|&flying| flying != node);
        self.history.push((self.now, Happened::Ended { node, attempted }));
        self.send(Event::Attempted { node, attempted });
        // Behind it, a node without a wait may be in its next attempt already.
        if let Attempted::Retryable { after } = attempted
            && attempt <= self.scenario.graph.nodes[node].retry.retries as usize
            && matches!(self.execution.state(node), NodeState::Waiting | NodeState::Ready | NodeState::Running)
        {
            let attempt = u32::try_from(attempt).expect("few attempts");
            // Some versions of flowc have written down when the next one is due, and some have not.
            let due = self.execution.due(node).filter(|due| due.as_millis() % 2 == 0);
            self.journal.push(Written::Attempted { node, attempt, after, due, at: self.now });
        }
    }

    /// Lets time pass until `moment`.
    pub fn wait(&mut self, moment: Duration) {
        self.now = moment;
        self.history.push((self.now, Happened::TimePassed));
        self.send(Event::Tick);
    }

    pub fn cancel(&mut self) {
        self.history.push((self.now, Happened::Cancel));
        self.send(Event::Cancel);
    }

    /// Ends attempts in the order in which they began, one millisecond each, until the execution has ended.
    pub fn run(&mut self) {
        self.start();
        while self.execution.end().is_none() {
            if let Some(&node) = self.flying.first() {
                self.now += Duration::from_millis(1);
                self.end(node);
            } else {
                self.wait(self.execution.wake_at().expect("something is waited for"));
            }
        }
    }

    pub fn send(&mut self, event: Event) {
        let mut commands = VecDeque::new();
        self.handle(event, &mut commands);
        self.carry_out(commands);
    }

    fn carry_out(&mut self, mut commands: VecDeque<Command>) {
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Run { node, attempt } => {
                    assert_eq!(attempt, self.execution.attempts(node));
                    self.history.push((self.now, Happened::Ran { node }));
                    if !self.journal.contains(&Written::Started { node }) {
                        self.journal.push(Written::Started { node });
                    }
                    self.flying.push(node);
                }
                Command::Settle { node, outcome } => {
                    assert_eq!(self.outcomes[node].replace(outcome), None, "a node settles once");
                    self.handle(Event::OutputReady { node }, &mut commands);
                }
                Command::Record { node, outcome, misrouted } => {
                    let before = self.outcomes[node];
                    assert_eq!(
                        misrouted.is_some(),
                        before != Some(outcome),
                        "only a misrouted node changes its outcome"
                    );
                    let outgoing = self.scenario.graph.outgoing(node);
                    let edges = outgoing.iter().map(|&edge| self.execution.edge(edge)).collect();
                    self.journal.push(Written::Settled { node, outcome, edges });
                }
                Command::Finish(end) => {
                    assert_eq!(Some(end), self.execution.end());
                    assert!(commands.is_empty(), "nothing follows the end");
                    self.flying.clear();
                }
            }
        }
    }

    fn handle(&mut self, event: Event, commands: &mut VecDeque<Command>) {
        let mut conditions = Table { scenario: self.scenario, outcomes: &self.outcomes };
        self.execution.handle(event, self.now, &mut conditions, commands);
    }
}

/// Answers of conditions, by the outcome of the source.
struct Table<'a> {
    scenario: &'a Scenario,
    outcomes: &'a [Option<Outcome>],
}

impl Conditions for Table<'_> {
    fn answer(&mut self, edge: usize) -> Answer {
        let outcome = self.outcomes[self.scenario.graph.edges[edge].from].expect("asked after its source has settled");
        self.scenario.answers[edge].after(outcome).clone()
    }
}

/// Builds scenarios by hand: every node completes and every condition holds, unless said otherwise.
#[derive(Default)]
pub struct Builder {
    nodes: Vec<(GraphNode, Vec<Attempted>)>,
    edges: Vec<(GraphEdge, Answers)>,
    limits: Option<GraphLimits>,
    trigger: Option<usize>,
}

pub const NO_RETRY: Retry = Retry { retries: 0, delay: Delay::Fixed(Duration::ZERO) };

impl Builder {
    pub fn trigger(&mut self) -> usize {
        let node = self.push(GraphNode { retry: NO_RETRY, trigger: true }, vec![Attempted::Completed]);
        self.trigger.get_or_insert(node);
        node
    }

    pub fn node(&mut self) -> usize {
        self.push(GraphNode { retry: NO_RETRY, trigger: false }, vec![Attempted::Completed])
    }

    pub fn retried(&mut self, retries: u32, seconds: u64) -> usize {
        let retry = Retry { retries, delay: Delay::Fixed(Duration::from_secs(seconds)) };
        self.push(GraphNode { retry, trigger: false }, vec![Attempted::Completed])
    }

    fn push(&mut self, node: GraphNode, script: Vec<Attempted>) -> usize {
        self.nodes.push((node, script));
        self.nodes.len() - 1
    }

    /// How the attempts of a node end.
    pub fn script(&mut self, node: usize, script: &[Attempted]) {
        self.nodes[node].1 = script.to_vec();
    }

    /// An unconditional connection.
    pub fn edge(&mut self, from: usize, to: usize) -> usize {
        self.connect(GraphEdge { from, to, required: false, conditional: false }, Answer::Taken)
    }

    /// An unconditional connection that is a dependency too.
    pub fn required(&mut self, from: usize, to: usize) -> usize {
        self.connect(GraphEdge { from, to, required: true, conditional: false }, Answer::Taken)
    }

    /// A condition that says the same after any outcome.
    pub fn condition(&mut self, from: usize, to: usize, answer: Answer) -> usize {
        self.connect(GraphEdge { from, to, required: false, conditional: true }, answer)
    }

    /// A condition that holds after failure only.
    pub fn on_failure(&mut self, from: usize, to: usize) -> usize {
        let edge = self.condition(from, to, Answer::Taken);
        self.answers(edge, Answer::NotTaken, Answer::NotTaken, Answer::Taken);
        edge
    }

    pub fn answers(&mut self, edge: usize, completed: Answer, not_passed: Answer, failed: Answer) {
        self.edges[edge].1 = Answers { completed, not_passed, failed };
    }

    /// Makes an edge a dependency too.
    pub fn require(&mut self, edge: usize) {
        self.edges[edge].0.required = true;
    }

    fn connect(&mut self, edge: GraphEdge, answer: Answer) -> usize {
        self.edges.push((edge, Answers { completed: answer.clone(), not_passed: answer.clone(), failed: answer }));
        self.edges.len() - 1
    }

    pub fn limits(&mut self, timeout: Option<Duration>, fail_fast: bool, max_parallel_nodes: usize) {
        self.limits = Some(GraphLimits { timeout, fail_fast, max_parallel_nodes });
    }

    pub fn scenario(self) -> Scenario {
        let limits = self.limits.unwrap_or(GraphLimits { timeout: None, fail_fast: false, max_parallel_nodes: 3 });
        let (nodes, scripts) = self.nodes.into_iter().unzip();
        let (edges, answers) = self.edges.into_iter().unzip();
        Scenario { graph: Graph::new(nodes, edges, limits), scripts, answers, trigger: self.trigger }
    }
}
