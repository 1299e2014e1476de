//! An execution as the API shows it.
//!
//! Comes in: an execution, running or ended. Goes out: canonical JSON text of the shape
//! `{execution_id, flow_id, status, progress, current_node, executed_nodes, skipped_nodes, pending_nodes, failed_nodes,
//! duration, started_at, completed_at, error_message, error_code}`.
//! Always true: every key is there; what is not known yet is `null`. `progress` counts settled nodes, from 0 to 100.
//! `executed_nodes` are the nodes that were started, in that order, including those at work; `current_node` is the first
//! of those in declaration order; the other lists are in declaration order. Of a node, `attempts` were begun; until it has settled,
//! `last_error` is why the last one that has ended failed, and `next_attempt_at` when the next one is due, while none is made.

use super::envelope::{push, push_seconds};
use super::run::{Run, State};
use super::{NodeState, Outcome, Status};
use crate::node::NodeError;
use crate::value::{Doc, write_string};

/// `flow_id`: the short name of the workflow. `node_ids`: by index of the node.
pub fn view<S: AsRef<str>>(flow_id: &str, node_ids: &[S], run: &Run) -> String {
    let state = run.state();
    let node_state = |node: usize| state.execution.state(node);
    let nodes = 0..node_ids.len();
    let at_work = |node: usize| in_progress(&state, node);
    let listed = |select: &dyn Fn(NodeState) -> bool| nodes.clone().filter(|&node| select(node_state(node))).collect();
    let skipped: Vec<usize> = listed(&|state| state == NodeState::Skipped);
    let waits_for_others = |node: usize| matches!(node_state(node), NodeState::Pending | NodeState::Ready);
    let pending: Vec<usize> = nodes.clone().filter(|&node| waits_for_others(node) && !at_work(node)).collect();
    let failed: Vec<usize> = listed(&|state| state == NodeState::Settled(Outcome::Failed));
    let current = nodes.clone().find(|&node| at_work(node));
    let unsettled = pending.len() + nodes.clone().filter(|&node| at_work(node)).count();
    let progress = if nodes.is_empty() { 100 } else { (nodes.len() - unsettled) * 100 / nodes.len() };
    let finished = state.finished.as_ref();
    let status = finished.map_or(Status::Running, |finished| finished.status);

    let outputs: usize = state.outputs.iter().flatten().map(|output| output.text().len()).sum();
    // Of a node there is little to tell beyond its envelope, where it was started.
    let mut text = String::with_capacity(512 + outputs + 256 * state.started.len());
    text.push_str(r#"{"execution_id":"#);
    write_string(&run.name, &mut text);
    text.push_str(r#","flow_id":"#);
    write_string(flow_id, &mut text);
    push(&mut text, format_args!(r#","status":"{}","progress":{progress},"current_node":"#, status.as_str()));
    push_optional(&mut text, current.map(|node| node_ids[node].as_ref()));
    text.push_str(r#","executed_nodes":["#);
    for (index, &node) in state.started.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_node(&mut text, node_ids[node].as_ref(), run, &state, node);
    }
    text.push(']');
    for (key, nodes) in [("skipped_nodes", skipped), ("pending_nodes", pending), ("failed_nodes", failed)] {
        push(&mut text, format_args!(r#","{key}":["#));
        for (index, &node) in nodes.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            write_string(node_ids[node].as_ref(), &mut text);
        }
        text.push(']');
    }
    text.push_str(r#","duration":"#);
    push_seconds(&mut text, finished.map_or_else(|| run.now(), |finished| finished.at));
    push(&mut text, format_args!(r#","started_at":"{}","completed_at":"#, run.accepted));
    match finished {
        Some(finished) => push(&mut text, format_args!(r#""{}""#, run.accepted.after(finished.at))),
        None => text.push_str("null"),
    }
    text.push_str(r#","error_message":"#);
    push_optional(&mut text, finished.and_then(|finished| finished.error_message.as_deref()));
    text.push_str(r#","error_code":"#);
    push_optional(&mut text, finished.and_then(|finished| finished.error_code.as_deref()));
    text.push('}');
    text
}

/// Started and not settled; also a retry whose wait is over and that has no slot yet.
fn in_progress(state: &State, node: usize) -> bool {
    match state.execution.state(node) {
        NodeState::Running | NodeState::Waiting | NodeState::Settling(_) => true,
        NodeState::Ready => state.execution.attempts(node) > 0,
        NodeState::Pending | NodeState::Settled(_) | NodeState::Skipped | NodeState::Cancelled => false,
    }
}

fn push_node(text: &mut String, id: &str, run: &Run, state: &State, node: usize) {
    let (status, ended) = match state.execution.state(node) {
        NodeState::Settled(Outcome::Completed | Outcome::NotPassed) => ("completed", true),
        NodeState::Settled(Outcome::Failed) => ("failed", true),
        NodeState::Cancelled => ("cancelled", true),
        NodeState::Skipped => ("skipped", true),
        NodeState::Pending | NodeState::Ready | NodeState::Running | NodeState::Waiting | NodeState::Settling(_) => {
            ("running", false)
        }
    };
    let about = &state.nodes[node];
    let envelope = state.outputs[node].as_ref().filter(|_| ended).map(Doc::text);
    let result = envelope.zip(about.result.clone()).and_then(|(text, place)| text.get(place));
    let error = about.error.as_deref().filter(|_| ended).map(NodeError::to_json);
    let last_error = about.last_error.as_deref().map(NodeError::to_json);
    let due = state.execution.due(node).filter(|_| !ended);
    text.push_str(r#"{"node_id":"#);
    write_string(id, text);
    text.push_str(r#","status":""#);
    text.push_str(status);
    text.push_str(r#"","result":"#);
    text.push_str(result.unwrap_or("null"));
    text.push_str(r#","error":"#);
    text.push_str(error.as_deref().unwrap_or("null"));
    push(text, format_args!(r#","attempts":{}"#, state.execution.attempts(node)));
    text.push_str(r#","last_error":"#);
    text.push_str(last_error.as_deref().unwrap_or("null"));
    text.push_str(r#","next_attempt_at":"#);
    match due {
        Some(due) => push(text, format_args!(r#""{}""#, run.accepted.after(due))),
        None => text.push_str("null"),
    }
    text.push_str(r#","execution_time":"#);
    if ended {
        push_seconds(text, about.completed.saturating_sub(about.started));
    } else {
        text.push_str("null");
    }
    text.push_str(r#","started_at":""#);
    run.accepted.after(about.started).push_to(text);
    text.push_str(r#"","completed_at":"#);
    if ended {
        text.push('"');
        run.accepted.after(about.completed).push_to(text);
        text.push('"');
    } else {
        text.push_str("null");
    }
    text.push('}');
}

fn push_optional(text: &mut String, value: Option<&str>) {
    match value {
        Some(value) => write_string(value, text),
        None => text.push_str("null"),
    }
}
