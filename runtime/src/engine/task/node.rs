//! What is done when it is a node's turn: it is computed at once, or its effect is rendered and tried.
//!
//! Always true: what is rendered again, after a crash or a wait, sees what the first rendering has seen and gives the same bytes.

use super::{Computed, Flight, Phase, Task};
use crate::engine::driver::Engine;
use crate::engine::effects::Effect;
use crate::engine::recovery::Begun;
use crate::engine::run::{NodeRun, Run, State};
use crate::engine::{Answer, Attempted, Command, Conditions};
use crate::flow::{Edge, Filter, Kind, Node};
use crate::journal::{self, Durable};
use crate::node::{self, Attempt, NodeError};
use crate::render::{Place, Text};
use crate::scope::Scope;
use crate::value::{Doc, Fault};
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

impl Task {
    pub(super) fn carry_out(&mut self) {
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
        let scope = Scope { secrets: Some(&engine.echoes[index]), ..scope };
        let computed = compute(node, &scope, &run.input);
        let prepared = if computed.is_none() { Some(engine.parts.effects.prepare(node, &scope)) } else { None };
        for (node, output) in unseen {
            state.outputs[node] = output;
        }
        match (computed, prepared) {
            (Some(Ok((attempted, result, error))), _) => {
                self.attempted(
                    state,
                    index,
                    Computed { attempted, began: now, status: None, result: result.as_deref(), error },
                );
            }
            (Some(Err(fault)), _) => {
                let error = Some(configuration_error(fault.message));
                let attempted = Attempted::Failed;
                self.attempted(state, index, Computed { attempted, began: now, status: None, result: None, error });
            }
            (None, Some(Ok(effect))) => self.attempt(state, index, effect, begun, now),
            (None, Some(Err(fault))) => {
                let Attempt { result, error, .. } =
                    Attempt::failed(node::Outcome::Failed, configuration_error(fault.message));
                let attempted = Attempted::Failed;
                let computed = Computed { attempted, began: now, status: None, result: result.as_deref(), error };
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
            let computed = Computed { attempted, began: now, status: None, result: result.as_deref(), error };
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
pub(super) struct Asked<'a> {
    pub engine: &'a Engine,
    pub run: &'a Run,
    pub outputs: &'a [Option<Doc>],
    pub nodes: &'a [NodeRun],
    pub now: Duration,
    /// Empty until the first condition is asked: most events ask none.
    pub stamp: &'a mut String,
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
        secrets: None,
        missing: Cell::new(false),
        trace: run.trace,
    }
}

pub(super) fn configuration_error(message: String) -> NodeError {
    NodeError::new("CONFIGURATION_ERROR", message)
}
