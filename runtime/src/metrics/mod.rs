//! What a running service counts: `/metrics`, for Prometheus.
//!
//! Comes in: one call per event, from [`crate::observe`]. Goes out: a page in OpenMetrics' format or in Prometheus' own.
//! Always true: an event costs a few atomic additions, no lock and no allocation; every series whose labels are known
//! beforehand is there at 0 from the start, so that a rate sees its first step; labels are ids from the workflow and
//! words from this program, never anything a client sent, so there can only be so many series.

mod page;
pub mod process;
mod store;

pub use page::Format;

use crate::engine::{Counts, Status};
use crate::flow::{Kind, Workflow};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use store::{Counter, Histogram};

/// Upper limits of the buckets of executions, in seconds.
const RUN_BUCKETS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];
/// Upper limits of the buckets of nodes, in seconds: up to the default timeout of an attempt, and with its retries.
const NODE_BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0];

/// The counters of one process.
pub struct Metrics {
    store: Arc<Store>,
    off: AtomicBool,
}

/// How a node ended that had been started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeEnd {
    Completed,
    Failed,
    Cancelled,
}

struct Store {
    workflow: &'static Workflow,
    /// Unix time in seconds.
    started: f64,
    completed: Counter,
    error: Counter,
    cancelled: Counter,
    runs: Histogram,
    /// By index of the node.
    nodes: Box<[NodeStore]>,
    /// Grows by what is new: the ids of webhooks and the outcomes are words of the workflow and of this program.
    webhooks: RwLock<Vec<WebhookStore>>,
}

struct NodeStore {
    completed: Counter,
    failed: Counter,
    cancelled: Counter,
    errors: Counter,
    retries: Counter,
    seconds: Histogram,
}

struct WebhookStore {
    webhook_id: &'static str,
    /// `accepted`, or the code of the refusal in small letters.
    outcome: String,
    requests: Counter,
}

impl Metrics {
    pub fn new(workflow: &'static Workflow) -> Metrics {
        let node = || NodeStore {
            completed: Counter::default(),
            failed: Counter::default(),
            cancelled: Counter::default(),
            errors: Counter::default(),
            retries: Counter::default(),
            seconds: Histogram::new(NODE_BUCKETS),
        };
        let webhook_ids = workflow.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Webhook(webhook) => Some(webhook.webhook_id),
            _ => None,
        });
        let outcomes = ["ACCEPTED", "INVALID_SIGNATURE"];
        let webhooks =
            webhook_ids.flat_map(|webhook_id| outcomes.map(|outcome| WebhookStore::new(webhook_id, outcome)));
        let store = Store {
            workflow,
            started: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
            completed: Counter::default(),
            error: Counter::default(),
            cancelled: Counter::default(),
            runs: Histogram::new(RUN_BUCKETS),
            nodes: workflow.nodes.iter().map(|_| node()).collect(),
            webhooks: RwLock::new(webhooks.collect()),
        };
        Metrics { store: Arc::new(store), off: AtomicBool::new(false) }
    }

    /// From now on nothing is counted, and there is no page.
    pub fn switch_off(&self) {
        self.off.store(true, Ordering::Relaxed);
    }

    fn store(&self) -> Option<&Arc<Store>> {
        (!self.off.load(Ordering::Relaxed)).then_some(&self.store)
    }

    pub fn execution_finished(&self, status: Status, took: Duration) {
        let Some(store) = self.store() else { return };
        match status {
            Status::Completed => store.completed.add(1),
            Status::Cancelled => store.cancelled.add(1),
            Status::Error | Status::Pending | Status::Running => store.error.add(1),
        }
        store.runs.observe(took);
    }

    /// `error`: it has one, which a node that completed has too when the service said `success: false`.
    pub fn node_finished(&self, node: usize, end: NodeEnd, error: bool, took: Duration) {
        let Some(node) = self.store().and_then(|store| store.nodes.get(node)) else { return };
        match end {
            NodeEnd::Completed => node.completed.add(1),
            NodeEnd::Failed => node.failed.add(1),
            NodeEnd::Cancelled => node.cancelled.add(1),
        }
        node.errors.add(u64::from(error));
        node.seconds.observe(took);
    }

    /// An attempt failed and another one follows.
    pub fn node_retried(&self, node: usize) {
        if let Some(node) = self.store().and_then(|store| store.nodes.get(node)) {
            node.retries.add(1);
        }
    }

    /// `outcome`: `ACCEPTED`, or the code of the refusal. Both are texts of this program or of the workflow: that they
    /// are `'static` is what bounds their number.
    pub fn webhook_answered(&self, webhook_id: &'static str, outcome: &'static str) {
        let Some(store) = self.store() else { return };
        let is =
            |webhook: &&WebhookStore| webhook.webhook_id == webhook_id && webhook.outcome.eq_ignore_ascii_case(outcome);
        if let Some(known) = store.webhooks.read().unwrap_or_else(PoisonError::into_inner).iter().find(is) {
            return known.requests.add(1);
        }
        let mut webhooks = store.webhooks.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        if let Some(known) = webhooks.iter().find(is) {
            return known.requests.add(1);
        }
        let new = WebhookStore::new(webhook_id, outcome);
        new.requests.add(1);
        webhooks.push(new);
    }

    /// The page, unless nothing is counted. `counts`: of the engine.
    pub fn page(&self, format: Format, counts: Counts) -> Option<String> {
        Some(page::page(self.store()?, counts, format))
    }
}

impl WebhookStore {
    fn new(webhook_id: &'static str, outcome: &str) -> WebhookStore {
        WebhookStore { webhook_id, outcome: outcome.to_ascii_lowercase(), requests: Counter::default() }
    }
}
