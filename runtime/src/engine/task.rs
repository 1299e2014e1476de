//! The task of one execution: carries out what the state machine commands.
//!
//! Comes in: the ends of attempts, time, a wish to cancel. Goes out: attempts, envelopes, events for the journal.
//! Always true: everything of one execution happens in one task. Attempts are futures polled here, not tasks of their own
//! (a spawn costs more than most of what happens between two attempts); nodes without effects are computed in line. All
//! futures are polled at every wake-up: there are never more than `max_parallel_nodes`.
//! An effect begins only after *started* is durable, and with it everything that led to it; see [`crate::journal`]. What
//! needs no effect is computed at once, even before the acceptance is durable: so both wait for the same sync. If the
//! acceptance cannot be stored, nothing has happened and the execution vanishes.
//!
//! An execution that only waits for a retry, and that nobody holds, leaves memory where the journal can be read back.

use super::driver::{Effect, Engine, Turn};
use super::envelope::Envelope;
use super::recovery::Begun;
use super::registry::Ended;
use super::run::{Finished, Run, State};
use super::{Answer, Attempted, Cause, Command, Conditions, EdgeState, Event, Misrouted, NodeState, Outcome, Status};
use crate::flow::{Edge, Filter, Kind, Node};
use crate::journal::{self, Durable, JournalError};
use crate::node::{self, Attempt, NodeError};
use crate::observe::AttemptEnd;
use crate::render::{Place, Text};
use crate::scope::Scope;
use crate::value::{Doc, Fault, Limits, Raw};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Sleep;

/// Envelopes hold what was accepted already, a few levels deeper and a little longer.
const ENVELOPE_LIMITS: Limits = Limits { size: usize::MAX, depth: 1024 };

/// Shorter waits are not worth reading an execution back.
const PARKED_FROM: Duration = Duration::from_millis(500);

type Receiver = oneshot::Receiver<Result<(), JournalError>>;

pub struct Task {
    engine: Arc<Engine>,
    run: Arc<Run>,
    /// Among those that may be at work; `None` where there is no limit.
    _turn: Option<Turn>,
    /// Until the acceptance is durable.
    acceptance: Option<Receiver>,
    /// Effects that a former process or a former stay in memory has begun.
    begun: HashMap<usize, Begun>,
    /// Something was appended to the journal since it was nudged.
    appended: bool,
    /// Everything appended is about to be durable; then the execution leaves memory.
    parking: Option<Durable>,
    /// The journal has stopped: so does the process, and nothing leaves memory any more.
    stays: bool,
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
    Recording(Receiver),
    Trying(Pin<Box<dyn Future<Output = Attempt> + Send>>),
    /// Until the state machine asks for another attempt.
    Waiting,
}

/// Why a task is over.
enum Ending {
    Ended,
    /// Not accepted: nothing has happened.
    Discarded(JournalError),
    /// The journal has it.
    Parked,
}

/// What one attempt of a node came to.
struct Computed<'a> {
    attempted: Attempted,
    began: Duration,
    result: Option<&'a str>,
    error: Option<NodeError>,
}

impl Task {
    /// A new execution. Computes what needs no effect; the rest is done by [`Task::run`].
    pub fn start(engine: Arc<Engine>, run: Arc<Run>, turn: Option<Turn>, acceptance: Option<Receiver>) -> Task {
        let mut task = Task::new(engine, run, turn);
        task.acceptance = acceptance;
        task.guarded(|task| {
            let trigger = task.run.trigger;
            task.handle(Event::Start { trigger });
            task.carry_out();
        });
        task
    }

    /// An execution from the journal.
    pub fn resume(engine: Arc<Engine>, run: Arc<Run>, turn: Option<Turn>, begun: HashMap<usize, Begun>) -> Task {
        let mut task = Task::new(engine, run, turn);
        task.begun = begun;
        task.guarded(|task| {
            let run = Arc::clone(&task.run);
            run.state().execution.resume(run.now(), &mut task.commands);
        });
        task
    }

    fn new(engine: Arc<Engine>, run: Arc<Run>, turn: Option<Turn>) -> Task {
        Task {
            engine,
            run,
            _turn: turn,
            acceptance: None,
            begun: HashMap::new(),
            appended: false,
            parking: None,
            stays: false,
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
        let ending = std::future::poll_fn(|context| self.guarded_poll(context)).await;
        let journal = Arc::clone(&self.engine.parts.journal);
        match ending {
            Ending::Ended => {}
            Ending::Discarded(error) => return self.discard(error),
            Ending::Parked => return,
        }
        let finished = self.finished();
        let event = journal::Event::Finished {
            status: finished.status,
            error_code: finished.error_code.as_deref().map(Cow::Borrowed),
            error_message: finished.error_message.as_deref().map(Cow::Borrowed),
            at: finished.at,
        };
        journal.append(self.run.id, event);
        let durable = journal.durable(self.run.id);
        journal.nudge();
        // A journal that has stopped is noticed at the next start; the waiting client is told either way.
        let stored = durable.wait().await;
        if let Err(error) = stored
            && self.acceptance.is_some()
        {
            return self.discard(error);
        }
        if self.acceptance.is_some() {
            self.engine.accepted(&self.run);
        }
        self.publish(finished);
    }

    /// Whatever a node or a condition does, the task goes on: to the end of its execution.
    fn guarded(&mut self, work: impl FnOnce(&mut Task)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.abort(String::from("a bug in the engine or in a node"));
        }
    }

    fn guarded_poll(&mut self, context: &mut Context) -> Poll<Ending> {
        let mut poll = Poll::Ready(Ending::Ended);
        self.guarded(|task| poll = task.poll(context));
        // What ends goes with *finished*.
        if self.appended && poll.is_pending() {
            self.appended = false;
            self.engine.parts.journal.nudge();
        }
        poll
    }

    /// The acceptance could not be stored.
    fn discard(self, error: JournalError) {
        let Task { engine, run, .. } = self;
        engine.registry.remove(run.id, true);
        engine.parts.journal.forget(run.id);
        engine.observer.execution_refused(&run.name);
        run.state().discarded = Some(error);
        run.changed.notify_waiters();
        engine.ended.notify_waiters();
    }

    /// Goes on as far as possible; ready when there is nothing more to do here.
    fn poll(&mut self, context: &mut Context) -> Poll<Ending> {
        loop {
            if let Some(acceptance) = &mut self.acceptance
                && let Poll::Ready(stored) = Pin::new(acceptance).poll(context)
            {
                if let Err(error) = stored.unwrap_or_else(|_| Err(JournalError::stopped())) {
                    return Poll::Ready(Ending::Discarded(error));
                }
                self.acceptance = None;
                self.engine.accepted(&self.run);
            }
            self.carry_out();
            {
                let mut state = self.run.state();
                if state.execution.end().is_some() {
                    return Poll::Ready(Ending::Ended);
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
                self.parking = None;
                continue;
            }
            return if self.parks(context) { Poll::Ready(Ending::Parked) } else { Poll::Pending };
        }
    }

    /// True once the execution has left memory: it only waits, everything about it is durable, and nobody holds it.
    fn parks(&mut self, context: &mut Context) -> bool {
        let engine = Arc::clone(&self.engine);
        let only_waits = self.flights.iter().all(|flight| matches!(flight.phase, Phase::Waiting));
        if !only_waits || self.stays || self.acceptance.is_some() || engine.parts.journal.store().is_none() {
            return false;
        }
        let wake_at = self.run.state().execution.wake_at();
        let leaves = engine.is_draining();
        if !leaves && wake_at.is_some_and(|wake_at| wake_at < self.run.now() + PARKED_FROM) {
            return false;
        }
        let parking = self.parking.get_or_insert_with(|| {
            let durable = engine.parts.journal.durable(self.run.id);
            engine.parts.journal.nudge();
            self.appended = false;
            durable
        });
        match parking {
            Durable::Now => {}
            Durable::Later(receiver) => match Pin::new(receiver).poll(context) {
                Poll::Pending => return false,
                Poll::Ready(Ok(Ok(()))) => {}
                Poll::Ready(Ok(Err(_)) | Err(_)) => {
                    self.stays = true;
                    return false;
                }
            },
        }
        self.parking = None;
        // Whoever holds it wakes this task when letting go.
        let parked = engine.registry.park(&self.run);
        if parked && !leaves {
            engine.scheduler.waits(self.run.id, wake_at.and_then(|wake_at| self.run.due(wake_at)));
        }
        parked
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
                    // What cannot be written yet is kept until it can: this journal has stopped, and so does the process.
                    Poll::Ready(stored) => {
                        let error = stored.map_or_else(
                            |_| JournalError::stopped(),
                            |stored| match stored {
                                Ok(()) => JournalError::stopped(),
                                Err(error) => error,
                            },
                        );
                        self.abort(format!("the journal cannot be written: {error}"));
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
        let Some(due) = self.run.due(wake_at) else { return false };
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
        // A service that repeats a key it was sent would spread it: over the API, into mails, onto the disk.
        let result = attempt.result.as_deref().map(|result| self.engine.echoes[node].scrub_json(result));
        let computed = Computed { attempted, began, result: result.as_deref(), error: attempt.error };
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
                Command::Run { node, .. } => self.run_node(&mut state, node),
                // Carried out where they arise: see `attempted`.
                Command::Settle { .. } | Command::Record { .. } => {}
                Command::Finish(_) => self.flights.clear(),
            }
        }
    }

    fn run_node(&mut self, state: &mut State, node: usize) {
        match self.flights.iter().position(|flight| flight.node == node) {
            Some(flight) => self.try_again(flight),
            None => self.begin(state, node),
        }
    }

    /// Computes a node, or renders its effect and makes an attempt.
    fn begin(&mut self, state: &mut State, index: usize) {
        let engine = Arc::clone(&self.engine);
        let node = &engine.workflow.nodes[index];
        let now = self.run.now();
        let begun = self.begun.remove(&index);
        if begun.is_none() {
            state.nodes[index].started = now;
            state.started.push(index);
        }
        engine.observer.node_started(&self.run.name, index);
        let rendered = begun.as_ref().map_or(now, |begun| begun.at);
        // What the first rendering has not seen, a further one does not see.
        let unseen = begun.as_ref().map_or(&[][..], |begun| &begun.unseen);
        let unseen: Vec<_> = unseen.iter().map(|&node| (node, state.outputs[node].take())).collect();
        self.stamp.clear();
        self.run.accepted.after(rendered).push_to(&mut self.stamp);
        let stamp = std::mem::take(&mut self.stamp);
        let mut activated_by = state.execution.activated_by(index);
        let activating = activated_by.next();
        let error_of = activating.into_iter().chain(activated_by).find(|&source| state.nodes[source].error.is_some());
        let run = Arc::clone(&self.run);
        let scope = scope(&engine, &run, &state.outputs, &stamp, activating, error_of);
        let computed = compute(node, &scope, &run.input);
        let prepared = if computed.is_none() { Some(engine.parts.effects.prepare(node, &scope)) } else { None };
        for (node, output) in unseen {
            state.outputs[node] = output;
        }
        match (computed, prepared) {
            (Some(Ok((attempted, result, error))), _) => {
                self.attempted(state, index, Computed { attempted, began: now, result: result.as_deref(), error });
            }
            (Some(Err(fault)), _) => {
                let error = Some(configuration_error(fault.message));
                let attempted = Attempted::Failed;
                self.attempted(state, index, Computed { attempted, began: now, result: None, error });
            }
            (None, Some(Ok(effect))) => self.attempt(state, index, effect, begun, now),
            (None, Some(Err(fault))) => {
                let Attempt { result, error, .. } =
                    Attempt::failed(node::Outcome::Failed, configuration_error(fault.message));
                let attempted = Attempted::Failed;
                let computed = Computed { attempted, began: now, result: result.as_deref(), error };
                self.attempted(state, index, computed);
            }
            (None, None) => {}
        }
        self.stamp = stamp;
    }

    /// Makes the first attempt of an effect, here at least.
    fn attempt(
        &mut self,
        state: &mut State,
        node: usize,
        effect: Arc<dyn Effect>,
        begun: Option<Begun>,
        now: Duration,
    ) {
        let first = begun.is_none();
        if begun.is_some_and(|begun| begun.uncertain)
            && let Some(Attempt { result, error, .. }) = effect.unknown()
        {
            let attempted = Attempted::Completed;
            let computed = Computed { attempted, began: now, result: result.as_deref(), error };
            return self.attempted(state, node, computed);
        }
        let event = if first { Some(journal::Event::Started { node, at: now }) } else { self.further(node, now) };
        let phase = self.phase(node, &effect, event);
        self.flights.push(Flight { node, effect, phase, began: now });
    }

    fn try_again(&mut self, flight: usize) {
        let now = self.run.now();
        let (node, effect) = (self.flights[flight].node, Arc::clone(&self.flights[flight].effect));
        let event = self.further(node, now);
        let phase = self.phase(node, &effect, event);
        let flight = &mut self.flights[flight];
        flight.phase = phase;
        flight.began = now;
    }

    /// What has to be durable before a further attempt. Mostly nothing: a crash would repeat the attempt, which is what a
    /// retry is.
    fn further(&self, node: usize, at: Duration) -> Option<journal::Event<'static>> {
        let at_most_once = matches!(&self.engine.workflow.nodes[node].kind, Kind::Email(email) if email.at_most_once);
        at_most_once.then_some(journal::Event::Trying { node, at })
    }

    fn phase(&mut self, node: usize, effect: &Arc<dyn Effect>, event: Option<journal::Event>) -> Phase {
        let durable = match event {
            None => Durable::Now,
            Some(event) => {
                self.append(event);
                self.engine.parts.journal.durable(self.run.id)
            }
        };
        match durable {
            Durable::Now => Phase::Trying(Arc::clone(effect).attempt(self.engine.workflow.nodes[node].timeout)),
            Durable::Later(receiver) => Phase::Recording(receiver),
        }
    }

    fn append(&mut self, event: journal::Event) {
        self.appended = true;
        write(&self.engine, &self.run, event);
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
        let attempt = state.execution.attempts(node);
        let end = AttemptEnd {
            attempt,
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
        } else if matches!(state.execution.state(node), NodeState::Waiting | NodeState::Ready | NodeState::Running) {
            // Without a wait the next attempt has begun already.
            let after = match computed.attempted {
                Attempted::Retryable { after } => after,
                Attempted::Completed | Attempted::NotPassed | Attempted::Failed => None,
            };
            let attempt = state.execution.attempts(node);
            self.engine.observer.node_retried(&self.run.name, node, attempt);
            // Nobody waits for this event: a crash repeats the attempt, which is what a retry would have done.
            self.append(journal::Event::Attempted { node, attempt, after, at: now });
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
        let about = &state.nodes[node];
        let code = about.error.as_ref().map(|error| error.code.as_str());
        let took = about.completed.saturating_sub(about.started);
        self.engine.observer.node_settled(&self.run.name, node, outcome, code, took, envelope);
        let (envelope, edges) = (Cow::Borrowed(envelope), Cow::Borrowed(&*self.edges));
        let started = about.started;
        let event = journal::Event::Settled { node, outcome, envelope, edges, started, at: now };
        // Whatever follows waits for an event that comes after this one.
        self.appended = true;
        write(&self.engine, &self.run, event);
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
            Kind::Webhook(_) | Kind::Manual | Kind::Filter(_) | Kind::Http(_) | Kind::Email(_) | Kind::Rust(_) => {
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
        let view = self.engine.layout.view(&self.run).into();
        self.engine.registry.end(self.run.id, Ended { status, view }, duration);
        self.run.changed.notify_waiters();
        self.engine.ended.notify_waiters();
    }
}

/// Appends an event, under the numbers that the execution is written down with.
fn write(engine: &Engine, run: &Run, event: journal::Event) {
    let event = match &run.renumbered {
        None => Some(event),
        Some(renumbered) => renumbered.event(event),
    };
    if let Some(event) = event {
        engine.parts.journal.append(run.id, event);
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
        Kind::Http(_) | Kind::Email(_) | Kind::Rust(_) => None,
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
        trace: run.trace,
    }
}

fn configuration_error(message: String) -> NodeError {
    NodeError::new("CONFIGURATION_ERROR", message)
}
