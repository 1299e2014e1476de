//! The engine of a process: starts executions, shows them, cancels them, waits for them.
//!
//! Comes in: inputs. Goes out: [`Handle`]s, views, counts.
//! Always true: an execution that was accepted ends, whatever a node does: it completes, fails, is cancelled or runs out of
//! time; a panic on the way ends it with `INTERNAL`. Each execution is one task (see [`super::task`]).

use super::clock::{Clock, SystemClock};
use super::options::StartOptions;
use super::registry::{Counts, Known, Registry, Retention};
use super::run::Run;
use super::task::Task;
use super::{EdgeState, Execution, Graph, Status, view};
use crate::env::Environment;
use crate::flow::{Kind, Node, Workflow};
use crate::journal::{Event, Id, Journal, JournalError};
use crate::node::{Attempt, Prepared, Services};
use crate::observe::Observer;
use crate::scope::Scope;
use crate::secret::Scrubber;
use crate::value::{Doc, Fault};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Runs the executions of one workflow.
pub struct Engine {
    pub(super) workflow: &'static Workflow,
    pub(super) graph: Arc<Graph>,
    pub(super) node_ids: Box<[&'static str]>,
    pub(super) environment: Environment,
    pub(super) scrubber: Scrubber,
    pub(super) parts: Parts,
    pub(super) registry: Registry,
    pub(super) observer: Observer,
    /// Told when an execution has ended.
    pub(super) ended: Notify,
    draining: AtomicBool,
}

/// What an engine works with. Tests put a small world of their own here.
pub struct Parts {
    pub effects: Box<dyn Effects>,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    pub retention: Retention,
}

/// What touches the world.
pub trait Effects: Send + Sync {
    /// Renders an effect: the bytes that every attempt sends.
    ///
    /// # Errors
    /// A template that cannot be rendered: the node fails with `CONFIGURATION_ERROR`, without retry.
    fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Arc<dyn Effect>, Fault>;
}

/// A rendered effect.
pub trait Effect: Send + Sync {
    /// Makes one attempt. Dropping the future cancels it.
    fn attempt(self: Arc<Self>, timeout: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>>;
}

/// Who started an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartedBy {
    /// A trigger, by the index of its node.
    Trigger(usize),
    /// A request to the API.
    Api,
    /// The command line.
    Hand,
}

/// Why an execution was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartError {
    /// The process is shutting down.
    Draining,
    Journal(JournalError),
}

/// An execution that was accepted. Dropping it changes nothing.
#[derive(Clone)]
pub struct Handle {
    run: Arc<Run>,
}

impl Engine {
    pub fn new(
        workflow: &'static Workflow,
        environment: Environment,
        services: Services,
        journal: Arc<dyn Journal>,
    ) -> Arc<Engine> {
        let effects = Box::new(Arc::new(services));
        let parts = Parts { effects, journal, clock: Arc::new(SystemClock), retention: Retention::default() };
        Engine::with_parts(workflow, environment, parts)
    }

    pub fn with_parts(workflow: &'static Workflow, environment: Environment, parts: Parts) -> Arc<Engine> {
        Arc::new(Engine {
            workflow,
            graph: Arc::new(Graph::of(workflow)),
            node_ids: workflow.nodes.iter().map(|node| node.id).collect(),
            scrubber: Scrubber::new(workflow.environment, &environment),
            environment,
            registry: Registry::new(parts.retention),
            observer: Observer::new(workflow),
            parts,
            ended: Notify::new(),
            draining: AtomicBool::new(false),
        })
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
        if self.draining.load(Ordering::Acquire) {
            return Err(StartError::Draining);
        }
        let (handle, task) = self.accept(Id(uuid::Uuid::now_v7().as_u128()), input, started_by, options).await?;
        tokio::spawn(task);
        Ok(handle)
    }

    /// As [`Engine::start`], but nothing runs unless the caller polls the future; and the name is the caller's choice.
    pub(crate) async fn accept(
        self: &Arc<Self>,
        id: Id,
        input: Doc,
        started_by: StartedBy,
        options: &StartOptions,
    ) -> Result<(Handle, impl Future<Output = ()> + Send + use<>), StartError> {
        let trigger = self.trigger(started_by);
        let accepted = self.parts.clock.wall();
        let event =
            Event::Accepted { workflow: self.workflow.name, input: input.text(), trigger, options, at: accepted };
        self.parts.journal.append(id, event).wait().await.map_err(StartError::Journal)?;
        // The lower half of a version 7 UUID is random: the seed of the jitter, the same after a crash.
        let limits = options.lower(self.graph.limits);
        let execution = Execution::new(Arc::clone(&self.graph), id.0 as u64).limited(limits);
        let environment = options.values(&self.environment.values);
        let clock = Arc::clone(&self.parts.clock);
        let run = Arc::new(Run::new(id, input, trigger, accepted, clock, execution, environment));
        self.observer.execution_accepted(&run.name, self.origin(started_by), run.input.text().len());
        self.registry.add(Arc::clone(&run));
        let task = Task::new(Arc::clone(self), Arc::clone(&run)).run();
        Ok((Handle { run }, task))
    }

    /// The execution as the API shows it: canonical JSON text, in the shape that [`view`] documents. `None`: there is no such execution, or
    /// it ended so long ago that it was forgotten.
    pub fn view(&self, execution_id: &str) -> Option<String> {
        Some(match self.find(execution_id)? {
            Known::Running(run) => view::view(self.workflow, &run),
            Known::Ended(ended) => ended.view.to_string(),
        })
    }

    /// To wait for an execution that runs. `None`: it has ended, or there is none.
    pub fn handle(&self, execution_id: &str) -> Option<Handle> {
        match self.find(execution_id)? {
            Known::Running(run) => Some(Handle { run }),
            Known::Ended(_) => None,
        }
    }

    pub fn status(&self, execution_id: &str) -> Option<Status> {
        Some(match self.find(execution_id)? {
            Known::Running(run) => run.status(),
            Known::Ended(ended) => ended.status,
        })
    }

    /// Asks for the end of an execution; what is in flight is dropped. False: there is no such execution. One that has ended stays as it
    /// ended.
    pub fn cancel(&self, execution_id: &str) -> bool {
        let run = match self.find(execution_id) {
            Some(Known::Running(run)) => run,
            Some(Known::Ended(_)) => return true,
            None => return false,
        };
        let mut state = run.state();
        state.cancel_asked = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Accepts nothing new, and waits until all executions have ended or `limit` has passed. Returns how many still run.
    pub async fn drain(&self, limit: Duration) -> u64 {
        self.draining.store(true, Ordering::Release);
        let all_ended = async {
            loop {
                let ended = self.ended.notified();
                tokio::pin!(ended);
                ended.as_mut().enable();
                if self.counts().running == 0 {
                    return;
                }
                ended.await;
            }
        };
        // What still runs then goes on until the process ends.
        let _ = tokio::time::timeout(limit, all_ended).await;
        self.counts().running
    }

    pub fn counts(&self) -> Counts {
        self.registry.counts()
    }

    fn find(&self, execution_id: &str) -> Option<Known> {
        let digits = execution_id.strip_prefix("exec-")?;
        if digits.len() != 32 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        self.registry.get(Id(u128::from_str_radix(digits, 16).ok()?))
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

impl Handle {
    /// As clients see it: `exec-` and 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.run.name
    }

    /// The edges that were taken so far, as indices into the workflow's.
    pub(crate) fn taken_edges(&self) -> Vec<usize> {
        let state = self.run.state();
        let edges = 0..state.execution.graph().edges.len();
        edges.filter(|&edge| state.execution.edge(edge) == EdgeState::Taken).collect()
    }

    /// Waits for the end, and for that to be durable.
    pub async fn finished(&self) -> Status {
        loop {
            let changed = self.run.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let status = self.run.status();
            if status.is_final() {
                return status;
            }
            changed.await;
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Draining => f.write_str("the service is shutting down"),
            StartError::Journal(error) => write!(f, "the journal cannot be written: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// The real world.
impl Effects for Arc<Services> {
    fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Arc<dyn Effect>, Fault> {
        let prepared = Services::prepare(self, node, scope)?;
        Ok(Arc::new(ServiceEffect { services: Arc::clone(self), prepared }))
    }
}

struct ServiceEffect {
    services: Arc<Services>,
    prepared: Prepared,
}

impl Effect for ServiceEffect {
    fn attempt(self: Arc<Self>, timeout: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>> {
        Box::pin(async move { self.services.attempt(&self.prepared, timeout).await })
    }
}
