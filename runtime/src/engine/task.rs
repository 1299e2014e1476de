//! The task of one execution: carries out what the state machine commands.
//!
//! Comes in: the ends of attempts, time, a wish to cancel. Goes out: attempts, envelopes, events for the journal.
//! Always true: everything of one execution happens in one task. Attempts are futures polled here, not tasks of their own
//! (a spawn costs more than most of what happens between two attempts); nodes without effects are computed in line. All
//! futures are polled at every wake-up: there are never more than `max_parallel_nodes`.
//! An effect begins only after *started* is durable, and with it everything that led to it; see [`crate::journal`].

use super::driver::{Effect, Engine};
use super::envelope::Envelope;
use super::registry::Ended;
use super::run::{Finished, Run, State};
use super::{
    Answer, Attempted, Cause, Command, Conditions, EdgeState, Event, Misrouted, NodeState, Outcome, Status, view,
};
use crate::flow::{Edge, Filter, Kind, Node};
use crate::journal::{self, Durable, JournalError};
use crate::node::{self, Attempt, NodeError};
use crate::observe::AttemptEnd;
use crate::render::{Place, Text};
use crate::scope::Scope;
use crate::value::{Doc, Fault, Limits, Raw};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Sleep;

/// Envelopes hold what was accepted already, a few levels deeper and a little longer.
const ENVELOPE_LIMITS: Limits = Limits { size: usize::MAX, depth: 1024 };

pub struct Task {
    engine: Arc<Engine>,
    run: Arc<Run>,
    commands: VecDeque<Command>,
    /// Effects that are being tried, or that wait for the next try.
    flights: Vec<Flight>,
    /// Fires at the earliest moment anything waits for. Made when there is something to wait for.
    alarm: Option<Pin<Box<Sleep>>>,
    /// The time stamp of the node being rendered; kept to be written into again.
    stamp: String,
    /// What became of the edges out of the node being settled; kept to be written into again.
    edges: Vec<EdgeState>,
    /// Why the execution was aborted.
    broken: Option<String>,
}

/// An effect between its first attempt and its settling.
struct Flight {
    node: usize,
    effect: Arc<dyn Effect>,
    phase: Phase,
    began: Duration,
}

enum Phase {
    /// *Started* is not durable yet.
    Recording(oneshot::Receiver<Result<(), JournalError>>),
    Trying(Pin<Box<dyn Future<Output = Attempt> + Send>>),
    /// Until the state machine asks for another attempt.
    Waiting,
}

/// What one attempt of a node came to.
struct Computed<'a> {
    attempted: Attempted,
    began: Duration,
    result: Option<&'a str>,
    error: Option<NodeError>,
}

impl Task {
    pub fn new(engine: Arc<Engine>, run: Arc<Run>) -> Task {
        Task {
            engine,
            run,
            commands: VecDeque::new(),
            flights: Vec::new(),
            alarm: None,
            stamp: String::new(),
            edges: Vec::new(),
            broken: None,
        }
    }

    /// Runs the execution to its end, makes that durable and tells whoever waits.
    pub async fn run(mut self) {
        let mut started = false;
        std::future::poll_fn(|context| {
            let poll = catch_unwind(AssertUnwindSafe(|| {
                if !started {
                    started = true;
                    let trigger = self.run.trigger;
                    self.handle(Event::Start { trigger });
                }
                self.poll(context)
            }));
            poll.unwrap_or_else(|_| {
                self.abort(String::from("a bug in the engine or in a node"));
                Poll::Ready(())
            })
        })
        .await;
        let finished = self.finished();
        let at = self.run.accepted.after(finished.at);
        let event =
            journal::Event::Finished { status: finished.status, error_message: finished.error_message.as_deref(), at };
        // A journal that cannot be written has ended the execution with an error before, or is noticed at the next start; the
        // waiting client is told either way.
        let _ = self.engine.parts.journal.append(self.run.id, event).wait().await;
        self.publish(finished);
    }

    /// Goes on as far as possible; ready when the execution has ended.
    fn poll(&mut self, context: &mut Context) -> Poll<()> {
        loop {
            self.carry_out();
            {
                let mut state = self.run.state();
                if state.execution.end().is_some() {
                    return Poll::Ready(());
                }
                if state.cancel_asked {
                    drop(state);
                    self.handle(Event::Cancel);
                    continue;
                }
                if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                    state.waker = Some(context.waker().clone());
                }
            }
            if self.poll_flights(context) || self.poll_alarm(context) {
                continue;
            }
            return Poll::Pending;
        }
    }

    /// True if an attempt ended and was handled.
    fn poll_flights(&mut self, context: &mut Context) -> bool {
        for index in 0..self.flights.len() {
            let flight = &mut self.flights[index];
            if let Phase::Recording(receiver) = &mut flight.phase {
                match Pin::new(receiver).poll(context) {
                    Poll::Pending => continue,
                    Poll::Ready(Ok(Ok(()))) => {
                        flight.phase = Phase::Trying(
                            Arc::clone(&flight.effect).attempt(self.engine.workflow.nodes[flight.node].timeout),
                        );
                    }
                    Poll::Ready(Ok(Err(error))) => {
                        self.abort(format!("the journal cannot be written: {error}"));
                        return true;
                    }
                    Poll::Ready(Err(_)) => {
                        self.abort(String::from("the journal has stopped"));
                        return true;
                    }
                }
            }
            if let Phase::Trying(future) = &mut flight.phase
                && let Poll::Ready(attempt) = future.as_mut().poll(context)
            {
                let (node, began) = (flight.node, flight.began);
                flight.phase = Phase::Waiting;
                self.effect_ended(node, began, attempt);
                return true;
            }
        }
        false
    }

    /// True if time is up for something, and the state machine has been told.
    fn poll_alarm(&mut self, context: &mut Context) -> bool {
        let Some(wake_at) = self.run.state().execution.wake_at() else { return false };
        // A service may ask for a wait beyond what a clock can tell; nobody will see its end.
        let Some(due) = self.run.began.checked_add(wake_at) else { return false };
        let rung = self.engine.parts.clock.reached(due).unwrap_or_else(|| {
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if alarm.deadline() != due {
                alarm.as_mut().reset(due);
            }
            alarm.as_mut().poll(context).is_ready()
        });
        if rung {
            self.handle(Event::Tick);
        }
        rung
    }

    fn effect_ended(&mut self, node: usize, began: Duration, attempt: Attempt) {
        let attempted = match attempt.outcome {
            node::Outcome::Succeeded => Attempted::Completed,
            node::Outcome::Retryable { after } => Attempted::Retryable { after },
            node::Outcome::Failed => Attempted::Failed,
        };
        let run = Arc::clone(&self.run);
        let mut state = run.state();
        let computed = Computed { attempted, began, result: attempt.result.as_deref(), error: attempt.error };
        self.attempted(&mut state, node, computed);
        if !matches!(state.execution.state(node), NodeState::Waiting | NodeState::Ready | NodeState::Running) {
            self.flights.retain(|flight| flight.node != node);
        }
    }

    fn carry_out(&mut self) {
        let run = Arc::clone(&self.run);
        let mut state = run.state();
        while let Some(command) = self.commands.pop_front() {
            match command {
                Command::Run { node, attempt: 1 } => self.begin(&mut state, node),
                Command::Run { node, attempt: _ } => self.try_again(node),
                // Carried out where they arise: see `attempted`.
                Command::Settle { .. } | Command::Record { .. } => {}
                Command::Finish(_) => self.flights.clear(),
            }
        }
    }

    /// Computes a node, or makes the first attempt of its effect.
    fn begin(&mut self, state: &mut State, index: usize) {
        let engine = Arc::clone(&self.engine);
        let node = &engine.workflow.nodes[index];
        let now = self.run.now();
        state.nodes[index].started = now;
        state.started.push(index);
        let at = self.run.accepted.after(now);
        let durable = engine.parts.journal.append(self.run.id, journal::Event::Started { node: index, at });
        self.stamp.clear();
        at.push_to(&mut self.stamp);
        let stamp = std::mem::take(&mut self.stamp);
        let mut activated_by = state.execution.activated_by(index);
        let activating = activated_by.next();
        let error_of = activating.into_iter().chain(activated_by).find(|&source| state.nodes[source].error.is_some());
        let run = Arc::clone(&self.run);
        let scope = scope(&engine, &run, &state.outputs, &stamp, activating, error_of);
        match compute(node, &scope, &run.input) {
            Some(Ok((attempted, result, error))) => {
                self.attempted(state, index, Computed { attempted, began: now, result: result.as_deref(), error });
            }
            Some(Err(fault)) => {
                let error = Some(configuration_error(fault.message));
                let attempted = Attempted::Failed;
                self.attempted(state, index, Computed { attempted, began: now, result: None, error });
            }
            None => match engine.parts.effects.prepare(node, &scope) {
                Ok(effect) => {
                    let phase = match durable {
                        Durable::Now => Phase::Trying(Arc::clone(&effect).attempt(node.timeout)),
                        Durable::Later(receiver) => Phase::Recording(receiver),
                    };
                    self.flights.push(Flight { node: index, effect, phase, began: now });
                }
                Err(fault) => {
                    let Attempt { result, error, .. } =
                        Attempt::failed(node::Outcome::Failed, configuration_error(fault.message));
                    let attempted = Attempted::Failed;
                    let computed = Computed { attempted, began: now, result: result.as_deref(), error };
                    self.attempted(state, index, computed);
                }
            },
        }
        self.stamp = stamp;
    }

    fn try_again(&mut self, node: usize) {
        let timeout = self.engine.workflow.nodes[node].timeout;
        let now = self.run.now();
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.node == node) {
            flight.phase = Phase::Trying(Arc::clone(&flight.effect).attempt(timeout));
            flight.began = now;
        }
    }

    /// An attempt has ended: either the node waits for the next one, or it settles, here and now.
    fn attempted(&mut self, state: &mut State, node: usize, computed: Computed) {
        let now = self.run.now();
        let outcome = match computed.attempted {
            Attempted::Completed => "succeeded",
            Attempted::NotPassed => "not passed",
            Attempted::Retryable { .. } => "retryable",
            Attempted::Failed => "failed",
        };
        let end = AttemptEnd {
            attempt: state.execution.attempts(node),
            outcome,
            code: computed.error.as_ref().map(|error| error.code.as_str()),
            took: now.saturating_sub(computed.began),
        };
        self.engine.observer.attempt_finished(&self.run.name, node, end);
        let next = self.commands.len();
        self.handle_in(state, Event::Attempted { node, attempted: computed.attempted }, now);
        if let Some(Command::Settle { outcome, .. }) = self.commands.get(next) {
            let outcome = *outcome;
            self.commands.truncate(next);
            self.settle(state, node, outcome, computed, now);
        } else if state.execution.state(node) == NodeState::Waiting {
            let attempt = state.execution.attempts(node);
            let event = journal::Event::Attempted { node, attempt, at: self.run.accepted.after(now) };
            // Nothing depends on this event: a crash repeats the attempt, which is what a retry would have done.
            drop(self.engine.parts.journal.append(self.run.id, event));
            self.engine.observer.node_retried(node);
        }
    }

    fn settle(&mut self, state: &mut State, node: usize, outcome: Outcome, computed: Computed, now: Duration) {
        let error = computed.error.map(|mut error| {
            let clean = self.engine.scrubber.scrub(&error.message).into_owned();
            error.message = clean;
            Box::new(error)
        });
        state.nodes[node].completed = now;
        state.nodes[node].error = error;
        if let Err(message) = self.write_envelope(state, node, outcome, computed.result) {
            return self.abort_in(state, message);
        }
        let next = self.commands.len();
        self.handle_in(state, Event::OutputReady { node }, now);
        let Some(Command::Record { outcome, misrouted, .. }) = self.commands.remove(next) else { return };
        if let Some(misrouted) = misrouted {
            state.nodes[node].error = Some(Box::new(self.misrouted_error(misrouted)));
            if let Err(message) = self.write_envelope(state, node, outcome, computed.result) {
                return self.abort_in(state, message);
            }
        }
        let outgoing = self.engine.graph.outgoing(node);
        self.edges.clear();
        self.edges.extend(outgoing.iter().map(|&edge| state.execution.edge(edge)));
        let envelope = state.outputs[node].as_ref().map_or("", Doc::text);
        let at = self.run.accepted.after(now);
        let event = journal::Event::Settled { node, outcome, envelope, edges: &self.edges, at };
        // Whatever follows waits for an event that comes after this one.
        drop(self.engine.parts.journal.append(self.run.id, event));
        let about = &state.nodes[node];
        let code = about.error.as_ref().map(|error| error.code.as_str());
        let took = about.completed.saturating_sub(about.started);
        self.engine.observer.node_settled(&self.run.name, node, outcome, code, took);
    }

    fn write_envelope(
        &self,
        state: &mut State,
        node: usize,
        outcome: Outcome,
        result: Option<&str>,
    ) -> Result<(), String> {
        let times = &state.nodes[node];
        let envelope = Envelope {
            outcome,
            result,
            error: times.error.as_deref(),
            attempts: state.execution.attempts(node),
            started_at: self.run.accepted.after(times.started),
            completed_at: self.run.accepted.after(times.completed),
            execution_time: times.completed.saturating_sub(times.started),
        };
        let Node { kind, output: shape, .. } = &self.engine.workflow.nodes[node];
        let text = envelope.text();
        let place_of_result = envelope.place_of_result();
        let doc = match kind {
            // May nest deeper than anything that came in: that has to be found here.
            Kind::Transform(_) => Doc::read(text.as_bytes(), shape, &ENVELOPE_LIMITS),
            Kind::Webhook(_) | Kind::Manual | Kind::Filter(_) | Kind::Http(_) | Kind::Email(_) => {
                Doc::of_canonical(text, shape)
            }
        };
        let doc = doc.map_err(|error| error.message)?;
        // Whatever the parts were, the whole is what reading it again would give.
        debug_assert!(Doc::read(doc.text().as_bytes(), shape, &ENVELOPE_LIMITS).is_ok_and(|read| read == doc));
        debug_assert_eq!(
            Raw::new(Some(doc.text()), "").get("result").text(),
            place_of_result.clone().map(|place| &doc.text()[place]),
        );
        state.outputs[node] = Some(doc);
        state.nodes[node].result = place_of_result;
        Ok(())
    }

    fn misrouted_error(&self, misrouted: Misrouted) -> NodeError {
        match misrouted {
            Misrouted::NoRoute => {
                NodeError::new("NO_ROUTE", "no connection leads on: every condition read a field that is missing")
            }
            Misrouted::Fault { edge, message } => {
                let target = self.engine.node_ids[self.engine.workflow.edges[edge].to];
                configuration_error(format!("the condition of the connection to {target} has no value: {message}"))
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let run = Arc::clone(&self.run);
        let now = run.now();
        self.handle_in(&mut run.state(), event, now);
    }

    fn handle_in(&mut self, state: &mut State, event: Event, now: Duration) {
        let State { execution, outputs, nodes, .. } = state;
        self.stamp.clear();
        let mut conditions =
            Asked { engine: &self.engine, run: &self.run, outputs, nodes, now, stamp: &mut self.stamp };
        execution.handle(event, now, &mut conditions, &mut self.commands);
    }

    fn abort(&mut self, message: String) {
        let run = Arc::clone(&self.run);
        self.abort_in(&mut run.state(), message);
    }

    fn abort_in(&mut self, state: &mut State, message: String) {
        self.broken = Some(message);
        let now = self.run.now();
        self.handle_in(state, Event::Abort, now);
    }

    /// How the execution ended, in words.
    fn finished(&mut self) -> Finished {
        let run = Arc::clone(&self.run);
        let mut state = run.state();
        let at = run.now();
        let end = state.execution.end().unwrap_or(super::End { status: Status::Error, cause: Some(Cause::Internal) });
        let cancelled =
            state.started.clone().into_iter().filter(|&node| state.execution.state(node) == NodeState::Cancelled);
        for node in cancelled.collect::<Vec<_>>() {
            state.nodes[node].completed = at;
            let took = at.saturating_sub(state.nodes[node].started);
            self.engine.observer.node_cancelled(&run.name, node, took);
        }
        let (error_code, error_message) = match end.cause {
            None => (None, None),
            Some(Cause::Node(node)) => {
                let error = state.nodes[node].error.as_deref();
                let message = error.map_or("failed", |error| error.message.as_str());
                let code = error.map_or("INTERNAL", |error| error.code.as_str());
                (Some(code.to_owned()), Some(format!("{}: {message}", self.engine.node_ids[node])))
            }
            Some(Cause::Timeout) => {
                let limit = state.execution.limits().timeout.unwrap_or_default();
                (Some(String::from("TIMEOUT")), Some(format!("timed out after {} s", limit.as_secs_f64())))
            }
            Some(Cause::Internal) => (Some(String::from("INTERNAL")), self.broken.take()),
        };
        let node = match end.cause {
            Some(Cause::Node(node)) => Some(node),
            Some(Cause::Timeout | Cause::Internal) | None => None,
        };
        self.engine.observer.execution_finished(&run.name, end.status, node, error_code.as_deref(), at);
        Finished { status: end.status, error_code, error_message, at }
    }

    fn publish(&self, finished: Finished) {
        let (status, duration) = (finished.status, finished.at);
        let mut state = self.run.state();
        state.finished = Some(finished);
        // It would keep the memory of this task for as long as the execution is remembered.
        state.waker = None;
        drop(state);
        let view = view::view(self.engine.workflow, &self.run).into();
        self.engine.registry.end(self.run.id, Ended { status, view }, duration);
        self.run.changed.notify_waiters();
        self.engine.ended.notify_waiters();
    }
}

/// What one attempt of a node without effects came to.
type Pure<'a> = (Attempted, Option<Cow<'a, str>>, Option<NodeError>);

/// Computes a node without effects; `None` for one that has effects.
fn compute<'a>(node: &Node, scope: &Scope, input: &'a Doc) -> Option<Result<Pure<'a>, Fault>> {
    match &node.kind {
        Kind::Webhook(_) | Kind::Manual => Some(Ok((Attempted::Completed, Some(input.text().into()), None))),
        Kind::Filter(filter) => Some(filtered(filter, scope)),
        Kind::Transform(transform) => {
            Some((transform.run)(scope).map(|value| (Attempted::Completed, value.to_json().map(Cow::Owned), None)))
        }
        Kind::Http(_) | Kind::Email(_) => None,
    }
}

fn filtered(filter: &Filter, scope: &Scope) -> Result<Pure<'static>, Fault> {
    if (filter.condition)(scope)? {
        return Ok((Attempted::Completed, Some(r#"{"passed":true}"#.into()), None));
    }
    let mut message = Text::new(Place::Prose);
    (filter.error_message)(scope, &mut message)?;
    let error = NodeError::new("NOT_PASSED", message.finish("error_message")?);
    Ok((Attempted::NotPassed, Some(r#"{"passed":false}"#.into()), Some(error)))
}

/// Asks the conditions of edges, as functions over what has settled.
struct Asked<'a> {
    engine: &'a Engine,
    run: &'a Run,
    outputs: &'a [Option<Doc>],
    nodes: &'a [super::run::NodeRun],
    now: Duration,
    /// Empty until the first condition is asked: most events ask none.
    stamp: &'a mut String,
}

impl Conditions for Asked<'_> {
    fn answer(&mut self, edge: usize) -> Answer {
        let Edge { from, condition, .. } = self.engine.workflow.edges[edge];
        let Some(condition) = condition else { return Answer::Taken };
        if self.stamp.is_empty() {
            self.run.accepted.after(self.now).push_to(self.stamp);
        }
        let error_of = self.nodes[from].error.is_some().then_some(from);
        let scope = scope(self.engine, self.run, self.outputs, self.stamp, Some(from), error_of);
        match condition(&scope) {
            Ok(true) => Answer::Taken,
            Ok(false) if scope.read_missing() => Answer::MissingField,
            Ok(false) => Answer::NotTaken,
            Err(fault) => Answer::Fault(fault.message),
        }
    }
}

fn scope<'a>(
    engine: &'a Engine,
    run: &'a Run,
    outputs: &'a [Option<Doc>],
    timestamp: &'a str,
    activated_by: Option<usize>,
    error_of: Option<usize>,
) -> Scope<'a> {
    Scope {
        input: &run.input,
        outputs,
        node_ids: &engine.node_ids,
        environment: run.environment.as_deref().unwrap_or(&engine.environment.values),
        timestamp,
        execution_id: &run.name,
        error_of,
        activated_by,
        missing: Cell::new(false),
    }
}

fn configuration_error(message: String) -> NodeError {
    NodeError::new("CONFIGURATION_ERROR", message)
}
