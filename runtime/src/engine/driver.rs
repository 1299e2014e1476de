//! The engine of a process: starts executions, shows them, cancels them, waits for them.
//!
//! Comes in: inputs. Goes out: [`Handle`]s, views, counts.
//! Always true: an execution that was accepted ends, whatever a node does: it completes, fails, is cancelled or runs out of
//! time; a panic on the way ends it with `INTERNAL`. Each execution that is at work is one task (see [`super::task`]); where
//! the journal can be read back, one that waits is not in memory, and one that a former process began goes on (see
//! [`super::revival`]).

use super::clock::{Clock, SystemClock};
use super::effects::Effects;
use super::either::either;
use super::handle::{Delivery, Handle, StartError, StartedBy};
use super::keys::{Claim, Claimed};
use super::options::StartOptions;
use super::recovery::{self, Layout};
use super::registry::{Counts, Known, Registry, Retention};
use super::revival;
use super::run::Run;
use super::scheduler::{Capacity, Scheduler};
use super::task::Task;
use super::turn::Turn;
use super::{Execution, Graph, Status};
use crate::env::Environment;
use crate::flow::{Kind, Webhook, Workflow};
use crate::journal::{Durable, Event, Id, Journal, JournalError};
use crate::node::Services;
use crate::observe::Observer;
use crate::scope::Scope;
use crate::secret::Scrubber;
use crate::trigger::{DedupeKey, KeyError};
use crate::value::Doc;
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, oneshot};

/// Between two looks at an execution that nothing keeps in memory.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Runs the executions of one workflow.
pub struct Engine {
    pub(super) workflow: &'static Workflow,
    pub(super) graph: Arc<Graph>,
    pub(super) node_ids: Box<[&'static str]>,
    pub(super) environment: Environment,
    pub(super) scrubber: Scrubber,
    /// By node: the secrets that its answers must not repeat, and that no other origin gets.
    pub(super) echoes: Box<[Arc<Scrubber>]>,
    pub(super) parts: Parts,
    pub(super) registry: Registry,
    pub(super) observer: Observer,
    pub(super) scheduler: Arc<Scheduler>,
    /// For executions at work where there is no store.
    pub(super) places: Arc<Semaphore>,
    /// What the numbers in the journal mean here, and how it says so.
    pub(super) layout: Layout,
    pub(super) definition: String,
    /// Told when an execution has ended.
    pub(super) ended: Notify,
    /// What waits is left to the next process. `left` is told when that begins.
    leaves: AtomicBool,
    left: Notify,
    draining: AtomicBool,
}

/// What an engine works with.
pub struct Parts {
    pub effects: Box<dyn Effects>,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    pub retention: Retention,
    pub capacity: Capacity,
}

impl Engine {
    pub fn new(
        workflow: &'static Workflow,
        environment: Environment,
        services: Services,
        journal: Arc<dyn Journal>,
    ) -> Arc<Engine> {
        let capacity = Capacity::of(journal.store().is_some());
        Engine::with_capacity(workflow, environment, services, journal, capacity)
    }

    /// As [`Engine::new`], for a process that takes on more or less.
    pub fn with_capacity(
        workflow: &'static Workflow,
        environment: Environment,
        services: Services,
        journal: Arc<dyn Journal>,
        capacity: Capacity,
    ) -> Arc<Engine> {
        let effects = Box::new(Arc::new(services));
        let retention = if journal.store().is_some() { Retention::BESIDE_A_STORE } else { Retention::default() };
        Engine::with_parts(
            workflow,
            environment,
            Parts { effects, journal, clock: Arc::new(SystemClock), retention, capacity },
        )
    }

    /// Must be called on a tokio runtime if the journal can be read back.
    pub fn with_parts(workflow: &'static Workflow, environment: Environment, parts: Parts) -> Arc<Engine> {
        let scheduler = Arc::new(Scheduler::new(parts.capacity));
        let graph = Arc::new(Graph::of(workflow));
        let engine = Arc::new(Engine {
            workflow,
            layout: Layout::of(workflow, Arc::clone(&graph)),
            graph,
            node_ids: workflow.nodes.iter().map(|node| node.id).collect(),
            scrubber: Scrubber::new(workflow.environment, &environment),
            echoes: workflow
                .nodes
                .iter()
                .map(|node| Arc::new(Scrubber::of_node(node.id, workflow.environment, &environment)))
                .collect(),
            environment,
            registry: Registry::new(parts.retention),
            observer: Observer::new(workflow),
            scheduler: Arc::clone(&scheduler),
            places: Turn::places(parts.capacity.working),
            definition: recovery::definition(workflow),
            parts,
            ended: Notify::new(),
            leaves: AtomicBool::new(false),
            left: Notify::new(),
            draining: AtomicBool::new(false),
        });
        if engine.parts.journal.store().is_some() {
            tokio::spawn(revival::revive_for_ever(scheduler, Arc::downgrade(&engine)));
        }
        engine
    }

    pub fn workflow(&self) -> &'static Workflow {
        self.workflow
    }

    /// What watches the executions, and whatever else the process wants to have watched.
    pub fn observer(&self) -> &Observer {
        &self.observer
    }

    /// Accepts an execution; returns once that is durable. From then on it runs, whether or not anybody waits.
    /// `input` has been read with the workflow's input shape. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// While the process shuts down, or when the journal cannot be written. Nothing runs then.
    pub async fn start(self: &Arc<Self>, input: Doc, started_by: StartedBy) -> Result<Handle, StartError> {
        self.start_with(input, started_by, &StartOptions::default()).await
    }

    /// As [`Engine::start`], with options.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_with(
        self: &Arc<Self>,
        input: Doc,
        started_by: StartedBy,
        options: &StartOptions,
    ) -> Result<Handle, StartError> {
        if self.is_draining() {
            return Err(StartError::Draining);
        }
        let (handle, work) = self.admit(Id(uuid::Uuid::now_v7().as_u128()), input, started_by, options, None)?;
        tokio::spawn(work);
        handle.run.is_accepted().await.map_err(StartError::Journal)?;
        Ok(handle)
    }

    /// Whether an input with this key came before. If not, its execution is to be started with the claim: of several that come at
    /// the same time one gets it, and the others wait until its execution is durable, or it is dropped.
    ///
    /// # Errors
    /// When the key came with another input before, or the journal cannot be read.
    pub(crate) async fn claim(&self, key: DedupeKey) -> Result<Delivery, StartError> {
        let claim = match self.registry.keys.claim(key).await {
            Claimed::Known(first) => return first.again(&key),
            Claimed::Mine(claim) => claim,
        };
        if let Some(store) = self.parts.journal.store()
            && let Some(first) = store.accepted_with(&key.name).map_err(StartError::Journal)?
        {
            // Not kept in memory: its execution may be one that is long forgotten here.
            return first.again(&key);
        }
        Ok(Delivery::New(claim))
    }

    /// As [`Engine::start_with`], for whoever comes first with a key.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub(crate) async fn start_claimed(
        self: &Arc<Self>,
        input: Doc,
        started_by: StartedBy,
        options: &StartOptions,
        claim: Claim,
    ) -> Result<Handle, StartError> {
        if self.is_draining() {
            return Err(StartError::Draining);
        }
        let (handle, work) =
            self.admit(Id(uuid::Uuid::now_v7().as_u128()), input, started_by, options, Some(&claim))?;
        tokio::spawn(work);
        let engine = Arc::clone(self);
        // A task of its own: where the sender goes away, those who come after it still have to be told.
        let starting = tokio::spawn(async move {
            let id = handle.run.id;
            handle.run.is_accepted().await.map_err(StartError::Journal)?;
            claim.started(id);
            // It may have ended and be forgotten already, and then nobody else takes its key back.
            if engine.registry.get(id).is_none() {
                engine.registry.keys.forget(id);
            }
            Ok(handle)
        });
        starting.await.unwrap_or_else(|_| Err(StartError::Journal(JournalError::stopped())))
    }

    /// What names a delivery to this webhook by the workflow's own rule; `None`: it has none, or the rule finds nothing.
    ///
    /// # Errors
    /// The rule has no value for this input, or one that is not exact.
    pub fn dedupe_key(&self, node: usize, input: &Doc) -> Result<Option<DedupeKey>, KeyError> {
        let Kind::Webhook(Webhook { dedupe_key: Some(rule), .. }) = self.workflow.nodes[node].kind else {
            return Ok(None);
        };
        let outputs = vec![None; self.workflow.nodes.len()];
        let scope = Scope {
            input,
            outputs: &outputs,
            node_ids: &self.node_ids,
            environment: &self.environment.values,
            timestamp: "",
            execution_id: "",
            error_of: None,
            activated_by: None,
            secrets: None,
            missing: Cell::new(false),
            trace: None,
        };
        let value = rule(&scope).map_err(|_| KeyError::NoValue)?;
        DedupeKey::of_value(self.node_ids[node], &value, input)
    }

    /// As [`Engine::start`], but nothing runs unless the caller polls the future; and the name is the caller's choice.
    pub(crate) async fn accept(
        self: &Arc<Self>,
        id: Id,
        input: Doc,
        started_by: StartedBy,
        options: &StartOptions,
    ) -> Result<(Handle, impl Future<Output = ()> + Send + use<>), StartError> {
        self.admit(id, input, started_by, options, None)
    }

    /// Takes an execution in. What has to be done about it is the future's work, also to find out whether it is accepted.
    fn admit(
        self: &Arc<Self>,
        id: Id,
        input: Doc,
        started_by: StartedBy,
        options: &StartOptions,
        claim: Option<&Claim>,
    ) -> Result<(Handle, impl Future<Output = ()> + Send + use<>), StartError> {
        if self.counts().running >= self.parts.capacity.unfinished as u64 {
            return Err(StartError::Busy);
        }
        let journal = &self.parts.journal;
        journal.ready().map_err(StartError::Journal)?;
        let trigger = self.trigger(started_by);
        let accepted = self.parts.clock.wall();
        let origin = self.origin(started_by);
        self.observer.execution_arrived(&id.name(), options.by.as_deref().unwrap_or(origin));
        let options_text = options.to_json(self.workflow.environment);
        journal.append(
            id,
            Event::Accepted {
                input: Cow::Borrowed(input.text()),
                trigger,
                options: options_text.map(Cow::Owned),
                key: claim.map(|claim| *claim.key()),
                at: accepted,
            },
        );
        let durable = journal.durable(id);
        let limits = options.lower(self.graph.limits);
        let execution = Execution::new(Arc::clone(&self.graph), recovery::seed(id)).limited(limits);
        let clock = Arc::clone(&self.parts.clock);
        let mut run = Run::new(id, input, (trigger, origin), accepted, clock, execution, Duration::ZERO);
        run.environment = options.values(&self.environment.values);
        run.trace = self.observer.trace_of(id, options.trace);
        let run = Arc::new(run);
        let handle = Handle::of(&run);
        self.registry.add(Arc::clone(&run));
        let acceptance = match durable {
            Durable::Now => {
                self.accepted(&run);
                None
            }
            Durable::Later(receiver) => Some(receiver),
        };
        let turn = Turn::take(self);
        let (mut task, mut queued) = (None, None);
        if turn.is_some() {
            task = Some(Task::start(Arc::clone(self), Arc::clone(&run), turn, acceptance));
        } else {
            queued = Some((Arc::clone(self), Arc::clone(&run), acceptance));
        }
        // With it goes what the task has appended.
        journal.nudge();
        let work = async move {
            if let Some(task) = task {
                task.run().await;
            }
            if let Some((engine, run, acceptance)) = queued {
                engine.queue(run, acceptance).await;
            }
        };
        Ok((handle, work))
    }

    /// The execution as the API shows it: canonical JSON text, in the shape that [`view`] documents. `None`: there is no such execution, or
    /// it ended so long ago that it was forgotten.
    pub fn view(&self, execution_id: &str) -> Option<String> {
        let id = Id::parse(execution_id)?;
        match self.registry.get(id) {
            Some(Known::Running(run)) => Some(self.layout.view(&run)),
            Some(Known::Ended(ended)) => Some(ended.view.to_string()),
            Some(Known::Parked { .. }) | None => {
                let history = self.history(id).ok()??;
                if history.workflow.definition == self.definition {
                    return Some(self.layout.view(&self.revived(id, history).ok()?.run));
                }
                recovery::view_of(id, history, &self.parts.clock).ok()
            }
        }
    }

    /// As [`Engine::view`], of an execution that is held in memory.
    pub fn view_of(&self, handle: &Handle) -> String {
        self.layout.view(&handle.run)
    }

    /// To wait for an execution that is in memory. `None`: it waits in the journal, it has ended, or there is none.
    pub fn handle(&self, execution_id: &str) -> Option<Handle> {
        match self.registry.get(Id::parse(execution_id)?)? {
            Known::Running(run) => Some(Handle::of(&run)),
            Known::Parked { .. } | Known::Ended(_) => None,
        }
    }

    pub fn status(&self, execution_id: &str) -> Option<Status> {
        let id = Id::parse(execution_id)?;
        match self.registry.get(id) {
            Some(Known::Running(run)) => Some(run.status()),
            Some(Known::Ended(ended)) => Some(ended.status),
            Some(Known::Parked { .. }) => Some(Status::Running),
            None => match self.history(id).ok()??.events.last() {
                Some(Event::Finished { status, .. }) => Some(*status),
                _ => Some(Status::Running),
            },
        }
    }

    /// Waits for the end of an execution, in memory or in the journal; one that another version has left alone, or that is left
    /// to the next process ([`Engine::leave_what_waits`]), is said to run. `None`: there is no such execution.
    pub async fn finished(&self, execution_id: &str) -> Option<Status> {
        let id = Id::parse(execution_id)?;
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            match self.registry.get(id) {
                Some(Known::Running(run)) if !self.leaves_what_waits() => {
                    let handle = Handle::of(&run);
                    let ended = async { Some(handle.finished().await) };
                    let left = async {
                        left.await;
                        None
                    };
                    if let Some(status) = either(ended, left).await {
                        return Some(status);
                    }
                }
                // Unless somebody has asked for its end, or it is about to be taken up.
                Some(Known::Parked { cancel: false, taken: false, .. }) if self.leaves_what_waits() => {
                    return Some(Status::Running);
                }
                // It waits in the journal, where there is nothing to wait with; or it may leave memory at any moment.
                Some(Known::Running(_) | Known::Parked { .. }) => tokio::time::sleep(LOOK_AGAIN).await,
                // Of one that was left alone the end never comes, and every look would read the journal.
                Some(Known::Ended(_)) | None => return self.status(execution_id),
            }
        }
    }

    /// Asks for the end of an execution; what is in flight is dropped. False: there is no such execution. One that has ended stays as it
    /// ended.
    pub fn cancel(&self, execution_id: &str) -> bool {
        let Some(id) = Id::parse(execution_id) else { return false };
        match self.registry.cancel(id) {
            Some(Known::Running(run)) => run.wake(),
            Some(Known::Parked { .. }) => self.scheduler.is_ready(id),
            Some(Known::Ended(_)) => {}
            None => {
                let Ok(Some(history)) = self.history(id) else { return false };
                let has_ended = matches!(history.events.last(), Some(Event::Finished { .. }));
                if !has_ended {
                    // It was left alone. Once it is known, it is looked at again.
                    self.registry.recover(id);
                    return self.cancel(execution_id);
                }
            }
        }
        true
    }

    /// The process is about to stop: where the journal can be read back, an execution that waits is from now on left there, for
    /// the next process, unless somebody has a [`Handle`] to it; whoever waits in [`Engine::finished`] is told so. New ones are
    /// accepted until [`Engine::drain`].
    pub fn leave_what_waits(&self) {
        self.leaves.store(true, Ordering::Release);
        self.left.notify_waiters();
        for run in self.registry.running() {
            run.wake();
        }
    }

    /// Accepts nothing new, leaves what waits, and waits until all other executions have ended or `limit` has passed. Returns
    /// how many are still at work.
    pub async fn drain(&self, limit: Duration) -> u64 {
        self.draining.store(true, Ordering::Release);
        self.leave_what_waits();
        let all_ended = async {
            loop {
                let ended = self.ended.notified();
                tokio::pin!(ended);
                ended.as_mut().enable();
                if self.at_work() == 0 {
                    return;
                }
                ended.await;
            }
        };
        // What still runs then goes on until the process ends.
        let _ = tokio::time::timeout(limit, all_ended).await;
        self.at_work()
    }

    /// Executions that are at work, those that wait in memory included.
    pub fn at_work(&self) -> u64 {
        match self.parts.journal.store() {
            Some(_) => self.scheduler.working() as u64,
            None => self.counts().running,
        }
    }

    /// Whether the journal can be written.
    ///
    /// # Errors
    /// Why not.
    pub fn journal_ready(&self) -> Result<(), JournalError> {
        self.parts.journal.ready()
    }

    pub fn counts(&self) -> Counts {
        self.registry.counts()
    }

    pub(super) fn leaves_what_waits(&self) -> bool {
        self.leaves.load(Ordering::Acquire)
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// A new execution for which there is no place: it waits for one, in the journal where that can be read back.
    async fn queue(self: Arc<Self>, run: Arc<Run>, acceptance: Option<oneshot::Receiver<Result<(), JournalError>>>) {
        let is_news = acceptance.is_some();
        if let Some(receiver) = acceptance
            && let Err(error) = Durable::Later(receiver).wait().await
        {
            return self.discard(&run, error);
        }
        let in_journal = self.parts.journal.store().is_some();
        if in_journal {
            self.registry.leave(&run);
            self.scheduler.is_ready(run.id);
        }
        if is_news {
            self.accepted(&run);
        }
        if in_journal {
            return;
        }
        let turn = Turn::wait(&self, &run).await;
        Task::start(self, run, turn, None).run().await;
    }

    /// The acceptance of an execution could not be stored: nothing has happened.
    pub(super) fn discard(&self, run: &Run, error: JournalError) {
        self.registry.remove(run.id, true);
        self.parts.journal.forget(run.id);
        self.observer.execution_refused(&run.name);
        run.state().discarded = Some(error);
        run.changed.notify_waiters();
        self.ended.notify_waiters();
    }

    /// The acceptance of an execution is durable.
    pub(super) fn accepted(&self, run: &Run) {
        run.state().accepted = true;
        self.observer.execution_accepted(&run.name, run.origin, run.input.text().len(), run.trace);
        run.changed.notify_waiters();
    }

    /// The node that counts as the trigger. Started by hand or over the API, a workflow behaves as if its manual trigger had fired, else
    /// its first trigger.
    pub(crate) fn trigger(&self, started_by: StartedBy) -> Option<usize> {
        let first = |wanted: fn(&Kind) -> bool| self.workflow.nodes.iter().position(|node| wanted(&node.kind));
        match started_by {
            StartedBy::Trigger(node) => Some(node),
            StartedBy::Api | StartedBy::Hand => {
                first(|kind| matches!(kind, Kind::Manual)).or_else(|| first(|kind| matches!(kind, Kind::Webhook(_))))
            }
        }
    }

    fn origin(&self, started_by: StartedBy) -> &'static str {
        match started_by {
            StartedBy::Trigger(node) => self.node_ids[node],
            StartedBy::Api => "api",
            StartedBy::Hand => "command line",
        }
    }
}
