//! The world of one scenario: renders effects as in service, answers them from the script, and keeps what it saw.

use super::clock::StillClock;
use super::script::Answer;
use crate::engine::{Clock, Effect, Effects};
use crate::flow::{Node, Workflow};
use crate::node::{Attempt, NodeError, Outcome, Prepared, Scripted, Services, Shown};
use crate::scope::Scope;
use crate::value::Fault;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

pub struct ScriptedWorld {
    services: Arc<Services>,
    clock: Arc<StillClock>,
    answers: BTreeMap<&'static str, Arc<[Answer]>>,
    effects: Mutex<Vec<Arc<ScriptedEffect>>>,
}

/// What was asked of the world, in the order in which it was rendered.
#[derive(Default)]
pub struct Seen {
    pub requests: Vec<Value>,
    pub mails: Vec<Value>,
    /// Nodes that sent a request for which there is no answer.
    pub unanswered: Vec<&'static str>,
}

struct ScriptedEffect {
    node: &'static str,
    services: Arc<Services>,
    clock: Arc<StillClock>,
    prepared: Prepared,
    shown: Shown,
    answers: Option<Arc<[Answer]>>,
    attempts: AtomicUsize,
}

impl ScriptedWorld {
    pub fn new(
        workflow: &'static Workflow,
        services: Arc<Services>,
        clock: Arc<StillClock>,
        script: &Map<String, Value>,
    ) -> Result<ScriptedWorld, String> {
        let mut answers = BTreeMap::new();
        for (id, json) in script {
            let node = workflow.nodes.iter().find(|node| node.id == id);
            let node = node.ok_or_else(|| format!("`answers`: there is no node `{id}`"))?;
            let list = Answer::list(json).map_err(|message| format!("`answers`: `{id}`: {message}"))?;
            answers.insert(node.id, list.into());
        }
        Ok(ScriptedWorld { services, clock, answers, effects: Mutex::default() })
    }

    pub fn seen(&self) -> Seen {
        let mut seen = Seen::default();
        for effect in self.effects.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let (list, fields) = match &effect.shown {
                Shown::Request(fields) => (&mut seen.requests, fields),
                Shown::Mail(fields) => (&mut seen.mails, fields),
            };
            let mut entry = json!({ "node": effect.node, "attempts": effect.attempts.load(Ordering::Relaxed) });
            if let (Value::Object(entry), Value::Object(fields)) = (&mut entry, fields) {
                entry.extend(fields.clone());
            }
            list.push(entry);
            if effect.answers.is_none() && matches!(effect.shown, Shown::Request(_)) {
                seen.unanswered.push(effect.node);
            }
        }
        seen
    }
}

impl Effects for Arc<ScriptedWorld> {
    fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Arc<dyn Effect>, Fault> {
        let prepared = Services::prepare(&self.services, node, scope)?;
        let effect = Arc::new(ScriptedEffect {
            node: node.id,
            services: Arc::clone(&self.services),
            clock: Arc::clone(&self.clock),
            shown: self.services.show(node, &prepared, scope)?,
            prepared,
            answers: self.answers.get(node.id).cloned(),
            attempts: AtomicUsize::new(0),
        });
        self.effects.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&effect));
        Ok(effect)
    }
}

impl Effect for ScriptedEffect {
    fn attempt(self: Arc<Self>, timeout: Duration) -> Pin<Box<dyn Future<Output = Attempt> + Send>> {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
        let began = self.clock.now();
        Box::pin(std::future::poll_fn(move |_| {
            let (delay, scripted) = match &self.answers {
                // The last answer repeats.
                Some(answers) => {
                    let answer = &answers[attempt.min(answers.len() - 1)];
                    (answer.delay, &answer.scripted)
                }
                None if matches!(self.shown, Shown::Mail(_)) => (Duration::ZERO, &Scripted::ACCEPTED),
                None => {
                    let error = NodeError::new("NO_ANSWER", "the scenario has no answer for this request");
                    return Poll::Ready(Attempt::failed(Outcome::Failed, error));
                }
            };
            let delay = if scripted.is_silence() { timeout } else { delay.min(timeout) };
            if self.clock.reached(began + delay) == Some(false) {
                return Poll::Pending;
            }
            let took = (delay < timeout).then_some(delay);
            Poll::Ready(self.services.settle(&self.prepared, scripted, took, timeout, self.clock.time_of_day()))
        }))
    }
}
