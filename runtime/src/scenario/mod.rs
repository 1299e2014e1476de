//! Scenarios: executions of this workflow in a world that a script plays, and in which waiting takes no time.
//!
//! Comes in: on stdin, one JSON document: input, environment and answers of each scenario. Goes out: on stdout, one JSON
//! document: the workflow's nodes and edges, and what happened in each scenario.
//! Always true: nothing is sent anywhere. Requests and mails are rendered as in service; only the last step, the attempt,
//! is answered by the script. The same document gives the same bytes: time, and the names of executions, are the
//! scenario's.
//!
//! `flowc test` is the other end: it reads the files, compares and reports. It compiles the workflow as it always is, with
//! [`main`] of this module in place of the service's: the linker leaves whatever only the other one calls out of each.

mod clock;
mod script;
mod world;

use crate::engine::{Capacity, Engine, Handle, Parts, Retention, StartError, StartOptions, StartedBy};
use crate::env::Environment;
use crate::flow::Workflow;
use crate::journal::{Id, Memory};
use crate::node::Services;
use crate::trigger::read_input;
use crate::value::Limits;
use clock::StillClock;
use serde_json::{Map, Value, json};
use std::io::{Read as _, Write as _};
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use world::ScriptedWorld;

/// The name of every execution: what is derived from it, such as idempotency keys, is the same in every run.
const EXECUTION: Id = Id(1);

/// Plays the scenarios that stand on stdin. Exit code 2: they cannot be played; stderr says why.
pub fn main(workflow: &'static Workflow) -> ExitCode {
    let mut document = Vec::new();
    let read =
        std::io::stdin().lock().read_to_end(&mut document).map_err(|error| format!("cannot read stdin: {error}"));
    let written = read.and_then(|_| play(workflow, &document)).and_then(|played| {
        std::io::stdout()
            .lock()
            .write_all(played.as_bytes())
            .map_err(|error| format!("cannot write to stdout: {error}"))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// The document with what happened. Fails when the other one is not what `flowc test` writes.
fn play(workflow: &'static Workflow, document: &[u8]) -> Result<String, String> {
    let document: Value = serde_json::from_slice(document).map_err(|error| format!("the scenarios: {error}"))?;
    let scenarios = document["scenarios"].as_array().ok_or("there are no scenarios")?;
    let services = Arc::new(Services::new(workflow).map_err(|fault| fault.message)?);
    let outcomes = scenarios.iter().map(|scenario| match play_one(workflow, &services, scenario) {
        Ok(outcome) => outcome,
        Err(message) => json!({ "failed": message }),
    });
    let outcomes: Vec<Value> = outcomes.collect();
    let nodes = workflow.nodes.iter().map(|node| json!({ "id": node.id, "kind": node.kind.name() }));
    let id = |node: usize| workflow.nodes[node].id;
    let edges = workflow.edges.iter();
    let edges =
        edges.map(|edge| json!({ "from": id(edge.from), "to": id(edge.to), "conditional": edge.condition.is_some() }));
    let played = json!({
        "nodes": nodes.collect::<Vec<_>>(),
        "edges": edges.collect::<Vec<_>>(),
        "outcomes": outcomes,
    });
    Ok(played.to_string())
}

fn play_one(workflow: &'static Workflow, services: &Arc<Services>, scenario: &Value) -> Result<Value, String> {
    let started_by = match scenario["trigger"].as_str() {
        None => StartedBy::Hand,
        Some(id) => {
            let node = workflow.nodes.iter().position(|node| node.id == id);
            StartedBy::Trigger(node.ok_or_else(|| format!("there is no trigger `{id}`"))?)
        }
    };
    let input = scenario["input"].to_string();
    let input = read_input(input.as_bytes(), workflow.input, Limits::default().size).map_err(|e| e.to_string())?;
    let clock = Arc::new(StillClock::default());
    let nothing = Map::new();
    let answers = scenario["answers"].as_object().unwrap_or(&nothing);
    let world = ScriptedWorld::new(workflow, Arc::clone(services), Arc::clone(&clock), answers)?;
    let world = Arc::new(world);
    let parts = Parts {
        effects: Box::new(Arc::clone(&world)),
        journal: Arc::new(Memory),
        clock: Arc::clone(&clock) as _,
        retention: Retention::default(),
        capacity: Capacity::default(),
    };
    let engine = Engine::with_parts(workflow, environment(workflow, &scenario["environment"])?, parts);
    let handle = run(&engine, &clock, input, started_by)?;
    let execution = engine.view_of(&handle);
    let execution: Value = serde_json::from_str(&execution).map_err(|error| error.to_string())?;
    let seen = world.seen();
    Ok(json!({
        "execution": execution,
        "edges": handle.taken_edges(),
        "requests": seen.requests,
        "mails": seen.mails,
        "unanswered": seen.unanswered,
    }))
}

fn environment(workflow: &'static Workflow, given: &Value) -> Result<Environment, String> {
    let value = |variable: &crate::flow::Variable| match given[variable.name].as_str() {
        Some(value) => Ok(value.to_owned()),
        None if variable.optional => Ok(String::new()),
        None => Err(format!("{} has no value", variable.name)),
    };
    Ok(Environment { values: workflow.environment.iter().map(value).collect::<Result<_, _>>()? })
}

/// One execution from start to end. Whenever nothing can go on, the clock is moved to the next moment that matters.
fn run(
    engine: &Arc<Engine>,
    clock: &StillClock,
    input: crate::value::Doc,
    started_by: StartedBy,
) -> Result<Handle, String> {
    let options = StartOptions::default();
    let accepted = pin!(engine.accept(EXECUTION, input, started_by, &options));
    let (handle, task) = match poll(accepted) {
        Poll::Ready(accepted) => accepted.map_err(|error: StartError| error.to_string())?,
        Poll::Pending => return Err("the execution was not accepted".to_owned()),
    };
    let mut task = pin!(task);
    while poll(task.as_mut()).is_pending() {
        if !clock.go_on() {
            return Err("the execution waits for something that never happens".to_owned());
        }
    }
    Ok(handle)
}

/// The task of an execution looks at everything it waits for whenever it is polled, so nobody has to wake it.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
