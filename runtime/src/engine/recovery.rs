//! Executions read back from the journal.
//!
//! Comes in: a [`History`]. Goes out: a [`Run`] that goes on where it stood, or that can be looked at.
//! Always true: what is rendered again gives the same bytes: with the time stamp of the first rendering, and from what had
//! settled by then.

use super::clock::Clock;
#[cfg(feature = "store")]
use super::clock::Timestamp;
use super::graph::{Graph, GraphEdge, GraphLimits, GraphNode};
use super::options::StartOptions;
use super::replay::Past;
use super::run::{Finished, NodeRun, Run};
use super::{End, Execution, Status, view};
use crate::flow::{Retry, Variable, Workflow};
use crate::journal::{Event, History, Id, JournalError, WorkflowRecord};
use crate::node::NodeError;
use crate::upgrade::Translation;
use crate::value::{Doc, Raw, Shape, write_string};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// An execution as it stood.
pub struct Revived {
    pub run: Run,
    pub options: StartOptions,
    /// Effects that were begun and have not settled.
    pub begun: HashMap<usize, Begun>,
}

/// An effect that was begun.
pub struct Begun {
    /// When it was rendered.
    pub at: Duration,
    /// What settled only afterwards: the rendering has not seen it.
    pub unseen: Vec<usize>,
    /// An attempt was begun of which nothing more is known: it may have happened.
    pub uncertain: bool,
}

/// What the numbers in a journal mean to whoever reads it.
pub struct Layout {
    /// The short name of the workflow.
    name: Cow<'static, str>,
    node_ids: Box<[Cow<'static, str>]>,
    graph: Arc<Graph>,
    input: &'static Shape,
    variables: &'static [Variable],
    /// By node.
    outputs: Box<[&'static Shape]>,
}

impl Layout {
    /// Of the workflow of this process.
    pub fn of(workflow: &'static Workflow, graph: Arc<Graph>) -> Layout {
        Layout {
            name: Cow::Borrowed(workflow.name),
            node_ids: workflow.nodes.iter().map(|node| Cow::Borrowed(node.id)).collect(),
            graph,
            input: workflow.input,
            variables: workflow.environment,
            outputs: workflow.nodes.iter().map(|node| node.output).collect(),
        }
    }

    /// Of a workflow that a journal tells of: to look at its executions, not to go on with them.
    ///
    /// # Errors
    /// When the definition is none.
    pub fn recorded(workflow: &WorkflowRecord) -> Result<Layout, JournalError> {
        let wrong = || JournalError::new("the journal describes a workflow in a way that is not known");
        let definition: serde_json::Value = serde_json::from_str(&workflow.definition).map_err(|_| wrong())?;
        let list = |name: &str| definition[name].as_array().ok_or_else(wrong);
        let retry = Retry::NONE;
        let (mut node_ids, mut nodes, mut edges) = (Vec::new(), Vec::new(), Vec::new());
        for node in list("nodes")? {
            node_ids.push(Cow::Owned(node["id"].as_str().ok_or_else(wrong)?.to_owned()));
            nodes.push(GraphNode { retry, trigger: matches!(node["kind"].as_str(), Some("webhook" | "manual")) });
        }
        for edge in list("edges")? {
            let end = |index: usize| {
                let node = edge[index].as_u64().and_then(|node| usize::try_from(node).ok());
                node.filter(|node| *node < nodes.len()).ok_or_else(wrong)
            };
            let flag = |index: usize| edge[index].as_bool().ok_or_else(wrong);
            edges.push(GraphEdge { from: end(0)?, to: end(1)?, required: flag(2)?, conditional: flag(3)? });
        }
        let limits = GraphLimits { timeout: None, fail_fast: false, max_parallel_nodes: 1 };
        Ok(Layout {
            name: Cow::Owned(workflow.name.clone()),
            outputs: node_ids.iter().map(|_| &Shape::EMPTY).collect(),
            node_ids: node_ids.into(),
            graph: Arc::new(Graph::new(nodes, edges, limits)),
            input: &Shape::EMPTY,
            variables: &[],
        })
    }

    /// For going on with its executions here: fields are picked out for this workflow's nodes, and retries and time-outs are
    /// this workflow's.
    #[must_use]
    pub fn read_with(self, own: &Layout, translation: &Translation) -> Layout {
        let mut nodes = self.graph.nodes.clone();
        let mut outputs = self.outputs;
        for (was, is) in translation.nodes.iter().enumerate() {
            if let Some(is) = *is {
                nodes[was].retry = own.graph.nodes[is].retry;
                outputs[was] = own.outputs[is];
            }
        }
        let graph = Arc::new(Graph::new(nodes, self.graph.edges.clone(), own.graph.limits));
        Layout { graph, outputs, input: own.input, variables: own.variables, ..self }
    }

    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// An execution as the API shows it.
    pub fn view(&self, run: &Run) -> String {
        view::view(&self.name, &self.node_ids, run)
    }
}

/// An execution as the API shows it, whatever workflow it was started with.
///
/// # Errors
/// When the history cannot be understood.
pub fn view_of(id: Id, history: History, clock: &Arc<dyn Clock>) -> Result<String, JournalError> {
    let layout = Layout::recorded(&history.workflow)?;
    Ok(layout.view(&revive(&layout, id, history, None, clock)?.run))
}

/// A node that waits for its next attempt.
#[cfg(feature = "store")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    pub node: String,
    /// Those that have failed.
    pub attempts: u32,
    /// Of the last one's error.
    pub code: Option<String>,
    pub due: Timestamp,
}

/// `charge: HTTP_503, attempt 3 at 2026-11-22T18:21:00.000Z`.
#[cfg(feature = "store")]
impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Wait { node, attempts, code, due } = self;
        let code = code.as_deref().unwrap_or("failed");
        write!(f, "{node}: {code}, attempt {} at {due}", attempts + 1)
    }
}

#[cfg(feature = "store")]
impl Wait {
    /// As JSON text.
    pub fn push_to(&self, text: &mut String) {
        let Wait { node, attempts, code, due } = self;
        text.push_str(r#"{"node_id":"#);
        write_string(node, text);
        let _ = write!(text, r#","attempts":{attempts},"error_code":"#);
        match code {
            Some(code) => write_string(code, text),
            None => text.push_str("null"),
        }
        let _ = write!(text, r#","next_attempt_at":"{due}"}}"#);
    }
}

/// The nodes of an execution that wait for their next attempts, whatever workflow it was started with.
///
/// # Errors
/// When the history cannot be understood.
#[cfg(feature = "store")]
pub fn waits_of(id: Id, history: History, clock: &Arc<dyn Clock>) -> Result<Vec<Wait>, JournalError> {
    let layout = Layout::recorded(&history.workflow)?;
    let run = revive(&layout, id, history, None, clock)?.run;
    let state = run.state();
    let wait = |node: usize| {
        let due = run.accepted.after(state.execution.due(node).filter(|_| state.finished.is_none())?);
        let (node_id, attempts) = (layout.node_ids[node].clone().into_owned(), state.execution.attempts(node));
        let code = state.nodes[node].last_error.as_ref().map(|error| error.code.clone());
        Some(Wait { node: node_id, attempts, code, due })
    };
    Ok((0..layout.node_ids.len()).filter_map(wait).collect())
}

/// What the numbers of nodes and edges in a journal mean: canonical JSON text. Workflows with the same text mean the same.
pub fn definition(workflow: &Workflow) -> String {
    let mut text = String::from(r#"{"nodes":["#);
    for (index, node) in workflow.nodes.iter().enumerate() {
        text.push_str(if index > 0 { r#",{"id":"# } else { r#"{"id":"# });
        write_string(node.id, &mut text);
        let kind = node.kind.name();
        let _ = write!(text, r#","kind":"{kind}"}}"#);
    }
    text.push_str(r#"],"edges":["#);
    for (index, edge) in workflow.edges.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let (required, conditional) = (edge.required, edge.condition.is_some());
        let _ = write!(text, "{comma}[{},{},{required},{conditional}]", edge.from, edge.to);
    }
    text.push(']');
    // What they mean: see `crate::upgrade`.
    for (index, line) in workflow.outline.iter().enumerate() {
        text.push_str(if index > 0 { "," } else { r#","outline":["# });
        write_string(line, &mut text);
    }
    text.push_str(if workflow.outline.is_empty() { "}" } else { "]}" });
    text
}

/// What a journal says of the workflow that new executions are started with.
pub fn record(workflow: &Workflow) -> WorkflowRecord {
    let (name, version) = (workflow.name.to_owned(), workflow.version.to_owned());
    WorkflowRecord { name, version, definition: definition(workflow) }
}

/// Rebuilds an execution. `age`: for how long it has been running; `None`: nobody knows better than the time of day.
///
/// # Errors
/// When the history does not fit the workflow.
pub fn revive(
    layout: &Layout,
    id: Id,
    history: History,
    age: Option<Duration>,
    clock: &Arc<dyn Clock>,
) -> Result<Revived, JournalError> {
    let graph = &layout.graph;
    let misfit = |what: &str| JournalError::new(format!("{id} does not fit this workflow: {what}"));
    let History { input, trigger, options, accepted, events, .. } = history;
    let options = options.map(|text| StartOptions::from_json(&text, layout.variables)).transpose();
    let options = options.map_err(|what| misfit(&what))?.unwrap_or_default();
    let input = Doc::of_canonical(input, layout.input).map_err(|error| misfit(&error.message))?;
    let mut past = Vec::with_capacity(events.len());
    let mut begun: HashMap<usize, Begun> = HashMap::new();
    let mut nodes: Vec<NodeRun> = layout.outputs.iter().map(|_| NodeRun::default()).collect();
    let mut outputs: Vec<Option<Doc>> = layout.outputs.iter().map(|_| None).collect();
    let mut started = Vec::with_capacity(nodes.len());
    let mut finished = None;
    let mut last = Duration::ZERO;
    let check = |node: usize| if node < layout.outputs.len() { Ok(()) } else { Err(misfit("it has more nodes")) };
    for event in &events {
        match event {
            Event::Accepted { .. } => return Err(misfit("it was accepted twice")),
            Event::Started { node, at } => {
                check(*node)?;
                last = last.max(*at);
                if !started.contains(node) {
                    started.push(*node);
                    nodes[*node].started = *at;
                    begun.insert(*node, Begun { at: *at, unseen: Vec::new(), uncertain: true });
                }
                past.push(Past::Started { node: *node });
            }
            Event::Trying { node, at } => {
                check(*node)?;
                last = last.max(*at);
                if let Some(begun) = begun.get_mut(node) {
                    begun.uncertain = true;
                }
                past.push(Past::Started { node: *node });
            }
            Event::Attempted { node, attempt, after, due, error, at } => {
                check(*node)?;
                last = last.max(*at);
                if let Some(begun) = begun.get_mut(node) {
                    begun.uncertain = false;
                }
                nodes[*node].last_error = error.as_deref().and_then(|error| node_error(&Raw::new(Some(error), "")));
                past.push(Past::Attempted { node: *node, attempt: *attempt, after: *after, due: *due, at: *at });
            }
            Event::Settled { node, outcome, envelope, edges, started: began, at } => {
                check(*node)?;
                if edges.len() != graph.outgoing(*node).len() {
                    return Err(misfit("its nodes lead elsewhere"));
                }
                last = last.max(*at);
                begun.remove(node);
                for begun in begun.values_mut() {
                    begun.unseen.push(*node);
                }
                if !started.contains(node) {
                    started.push(*node);
                }
                let doc = Doc::of_canonical(envelope.clone().into_owned(), layout.outputs[*node]);
                let doc = doc.map_err(|error| misfit(&error.message))?;
                nodes[*node] = settled(doc.text(), *began, *at);
                outputs[*node] = Some(doc);
                past.push(Past::Settled { node: *node, outcome: *outcome, edges });
            }
            Event::Finished { status, error_code, error_message, at } => {
                last = last.max(*at);
                finished = Some(Finished {
                    status: *status,
                    error_code: error_code.clone().map(Into::into),
                    error_message: error_message.clone().map(Into::into),
                    at: *at,
                });
            }
        }
    }
    let new = Execution::new(Arc::clone(graph), seed(id)).limited(options.lower(graph.limits));
    let mut execution = new.replay(trigger, past);
    if let Some(finished) = &finished {
        execution.conclude(End { status: finished.status, cause: None });
        for node in nodes.iter_mut().filter(|node| node.completed.is_zero()) {
            node.completed = finished.at;
        }
    }
    // The wall clock may have been set back meanwhile; time goes on from the last thing that happened.
    let by_the_day = || Duration::from_millis(clock.wall().millis.saturating_sub(accepted.millis));
    let elapsed = age.unwrap_or_else(by_the_day).max(last);
    let run = Run::new(id, input, (trigger, "journal"), accepted, Arc::clone(clock), execution, elapsed);
    {
        let mut state = run.state();
        state.outputs = outputs.into();
        state.nodes = nodes.into();
        state.started = started;
        state.finished = finished;
        state.accepted = true;
    }
    Ok(Revived { run, options, begun })
}

/// How long an execution has been there; never before the last thing that happened to it.
pub fn elapsed(history: &History, clock: &dyn Clock) -> Duration {
    let since = Duration::from_millis(clock.wall().millis.saturating_sub(history.accepted.millis));
    let moment = |event: &Event| match event {
        Event::Accepted { .. } => Duration::ZERO,
        Event::Started { at, .. }
        | Event::Trying { at, .. }
        | Event::Attempted { at, .. }
        | Event::Settled { at, .. }
        | Event::Finished { at, .. } => *at,
    };
    history.events.iter().map(moment).max().unwrap_or_default().max(since)
}

/// The end of an execution that nobody goes on with.
pub fn cancelled(at: Duration) -> Event<'static> {
    Event::Finished { status: Status::Cancelled, error_code: None, error_message: None, at }
}

/// The seed of the jitter, the same after a crash: the lower half of a version 7 UUID is random.
pub fn seed(id: Id) -> u64 {
    id.0 as u64
}

/// What a settled node's envelope says of it.
fn settled(envelope: &str, started: Duration, completed: Duration) -> NodeRun {
    let whole = Raw::new(Some(envelope), "");
    let result = whole.get("result").text().map(|result| {
        let from = result.as_ptr() as usize - envelope.as_ptr() as usize;
        from..from + result.len()
    });
    NodeRun { started, completed, result, error: node_error(&whole.get("error")), last_error: None }
}

fn node_error(error: &Raw) -> Option<Box<NodeError>> {
    let text = |name: &str| error.get(name).string().and_then(|text| text.as_str().map(str::to_owned));
    error.text().map(|_| {
        Box::new(NodeError {
            message: text("message").unwrap_or_default(),
            code: text("code").unwrap_or_default(),
            details: error.get("details").text().unwrap_or("{}").to_owned(),
        })
    })
}
