//! The task of one execution: carries out what the state machine commands.
//!
//! Comes in: the ends of attempts, time, a wish to cancel. Goes out: attempts ([`node`]), envelopes and events for the journal
//! ([`settle`]), word of the end ([`end`]).
//! Always true: everything of one execution happens in one task. Attempts are futures polled here, not tasks of their own
//! (a spawn costs more than most of what happens between two attempts); nodes without effects are computed in line. All
//! futures are polled at every wake-up: there are never more than `max_parallel_nodes`.
//! An effect begins only after *started* is durable, and with it everything that led to it; see [`crate::journal`]. What
//! needs no effect is computed at once, even before the acceptance is durable: so both wait for the same sync. If the
//! acceptance cannot be stored, nothing has happened and the execution vanishes.
//!
//! An execution that only waits for a retry, and that nobody holds, leaves memory where the journal can be read back.

mod end;
mod node;
mod settle;

use super::driver::Engine;
use super::effects::Effect;
use super::recovery::Begun;
use super::run::{Run, State};
use super::turn::Turn;
use super::{Attempted, Command, EdgeState, Event};
use crate::journal::{self, Durable, JournalError};
use crate::node::{Attempt, NodeError};
use node::Asked;
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Sleep;

/// Shorter waits are not worth reading an execution back.
const PARKED_FROM: Duration = Duration::from_millis(500);

type Receiver = oneshot::Receiver<Result<(), JournalError>>;

pub struct Task {
    engine: Arc<Engine>,
    run: Arc<Run>,
    /// Its place among those that may be at work.
    turn: Option<Turn>,
    /// Comes when it has one again; made when it waits for that.
    place: Option<Pin<Box<dyn Future<Output = Option<Turn>> + Send>>>,
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
    /// Of an HTTP answer.
    status: Option<u16>,
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
            turn,
            place: None,
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
        if self.run.is_held() {
            journal.nudge();
        } else {
            // Nobody waits for it, and nothing follows: one sync less for those who come next.
            journal.nudge_soon();
        }
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
        engine.discard(&run, error);
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
                // One that an operator has resumed goes on without a place if it has to.
                self.turn = self.turn.take().or_else(|| Turn::take(&self.engine));
                continue;
            }
            return if self.parks(context) { Poll::Ready(Ending::Parked) } else { Poll::Pending };
        }
    }

    /// True once the execution has left memory: it only waits, everything about it is durable, and nobody holds it. Where
    /// nothing can leave memory, one that only waits gives up its place.
    fn parks(&mut self, context: &mut Context) -> bool {
        let engine = Arc::clone(&self.engine);
        let only_waits = self.flights.iter().all(|flight| matches!(flight.phase, Phase::Waiting));
        if !only_waits || self.stays || self.acceptance.is_some() {
            return false;
        }
        if engine.parts.journal.store().is_none() {
            // It stays, but somebody else may be at work meanwhile.
            self.turn = None;
            return false;
        }
        let wake_at = self.run.state().execution.wake_at();
        let leaves = engine.leaves_what_waits();
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
        let (wake_at, time_out) = {
            let execution = &self.run.state().execution;
            (execution.wake_at(), execution.limits().timeout)
        };
        let due = wake_at.is_some_and(|wake_at| self.rings(wake_at, context));
        // A retry waits until there is a place for it; the end of its time does not.
        let rung = due && (self.has_place(context) || time_out.is_some_and(|time_out| self.rings(time_out, context)));
        if rung {
            self.handle(Event::Tick);
        }
        rung
    }

    /// Whether a moment has come; if not, this task is woken then.
    fn rings(&mut self, moment: Duration, context: &mut Context) -> bool {
        // A service may ask for a wait beyond what a clock can tell; nobody will see its end.
        let Some(due) = self.run.due(moment) else { return false };
        self.engine.parts.clock.reached(due).unwrap_or_else(|| {
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if alarm.deadline() != due {
                alarm.as_mut().reset(due);
            }
            alarm.as_mut().poll(context).is_ready()
        })
    }

    /// Whether there is a place for it to work; if not, this task is woken then. Where the journal can be read back, nothing
    /// waits for a place here.
    fn has_place(&mut self, context: &mut Context) -> bool {
        if self.turn.is_some() || self.engine.parts.journal.store().is_some() {
            return true;
        }
        let place = self.place.get_or_insert_with(|| Box::pin(Turn::in_memory(&self.engine)));
        let Poll::Ready(turn) = place.as_mut().poll(context) else { return false };
        (self.place, self.turn) = (None, turn);
        true
    }

    fn append(&mut self, event: journal::Event) {
        self.appended = true;
        write(&self.engine, &self.run, event);
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
