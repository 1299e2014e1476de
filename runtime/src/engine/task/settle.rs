//! What becomes of a node once an attempt has ended: it waits for the next one, or it settles with an envelope.
//!
//! Always true: an envelope is what reading its own text would give; what a service says of a secret it was sent is not in it.

use super::node::configuration_error;
use super::{Computed, Task, write};
use crate::engine::envelope::Envelope;
use crate::engine::run::State;
use crate::engine::{Attempted, Command, Event, Misrouted, NodeState, Outcome};
use crate::flow::{Kind, Node};
use crate::journal;
use crate::node::{self, Attempt, NodeError};
use crate::observe::AttemptEnd;
use crate::value::{Doc, Limits, Raw};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Envelopes hold what was accepted already, a few levels deeper and a little longer.
const ENVELOPE_LIMITS: Limits = Limits { size: usize::MAX, depth: 1024, finite: false };

impl Task {
    pub(super) fn effect_ended(&mut self, node: usize, began: Duration, attempt: Attempt) {
        let attempted = match attempt.outcome {
            node::Outcome::Succeeded => Attempted::Completed,
            node::Outcome::Retryable { after } => Attempted::Retryable { after },
            node::Outcome::Failed => Attempted::Failed,
        };
        let run = Arc::clone(&self.run);
        let mut state = run.state();
        // A service that repeats a key it was sent would spread it: over the API, into mails, onto the disk.
        let result = attempt.result.as_deref().map(|result| self.engine.echoes[node].scrub_json(result));
        let computed =
            Computed { attempted, began, status: attempt.status, result: result.as_deref(), error: attempt.error };
        self.attempted(&mut state, node, computed);
        if !matches!(state.execution.state(node), NodeState::Waiting | NodeState::Ready | NodeState::Running) {
            self.flights.retain(|flight| flight.node != node);
        }
    }

    /// An attempt has ended: either the node waits for the next one, or it settles, here and now.
    pub(super) fn attempted(&mut self, state: &mut State, node: usize, mut computed: Computed) {
        let now = self.run.now();
        if let Attempted::Retryable { after: Some(asked) } = computed.attempted
            && let Some(left) = state.execution.asked_too_late(node, asked, now)
        {
            // No further attempt of this execution comes of it.
            computed.attempted = Attempted::Failed;
            computed.error = computed.error.map(|error| asked_too_late(error, asked, left));
        }
        let outcome = match computed.attempted {
            Attempted::Completed => "succeeded",
            Attempted::NotPassed => "not passed",
            Attempted::Retryable { .. } => "retryable",
            Attempted::Failed => "failed",
        };
        let attempt = state.execution.attempts(node);
        let flight = self.flights.iter().find(|flight| flight.node == node);
        let end = AttemptEnd {
            began: computed.began,
            attempt,
            outcome,
            code: computed.error.as_ref().map(|error| error.code.as_str()),
            took: now.saturating_sub(computed.began),
            peer: flight.and_then(|flight| flight.effect.peer()),
            status: computed.status,
        };
        self.engine.observer.attempt_finished(&self.run.subject(), node, end);
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
            self.engine.observer.node_retried(&self.run.name, node, attempt);
            let due = state.execution.due(node).unwrap_or(now);
            let error = computed.error.map(|error| self.clean(error));
            let text = error.as_deref().map(|error| Cow::Owned(error.to_json()));
            state.nodes[node].last_error = error;
            // Nobody waits for this event: a crash repeats the attempt, which is what a retry would have done.
            let event = journal::Event::Attempted { node, attempt, after, due: Some(due), error: text, at: now };
            self.append(event);
        }
    }

    /// Without secrets, for everybody who may see the execution.
    fn clean(&self, mut error: NodeError) -> Box<NodeError> {
        let message = self.engine.scrubber.scrub(&error.message).into_owned();
        error.message = message;
        Box::new(error)
    }

    fn settle(&mut self, state: &mut State, node: usize, outcome: Outcome, computed: Computed, now: Duration) {
        let about = &mut state.nodes[node];
        about.completed = now;
        about.error = computed.error.map(|error| self.clean(error));
        about.last_error = None;
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
        let started = about.started;
        let took = about.completed.saturating_sub(started);
        let subject = self.run.subject();
        self.engine.observer.node_settled(&subject, node, outcome, code, (started, took), envelope);
        let (envelope, edges) = (Cow::Borrowed(envelope), Cow::Borrowed(&*self.edges));
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
}

/// A service may be asked again only when the execution's time is up: its own words, and that.
fn asked_too_late(error: NodeError, asked: Duration, left: Duration) -> NodeError {
    // Tenths of a second: more says nothing.
    let seconds = |duration: Duration| (duration.as_millis() / 100) as f64 / 10.0;
    let (asked, left) = (seconds(asked), seconds(left));
    let NodeError { message, code, details } = error;
    let message = format!("{message}; the service asked to wait {asked} s, and the execution has {left} s left");
    let own = format!(r#""retry_after":{asked},"time_left":{left}}}"#);
    let details = match details.strip_suffix('}') {
        Some("{") | None => format!("{{{own}"),
        Some(others) => format!("{others},{own}"),
    };
    NodeError { message, code, details }
}
