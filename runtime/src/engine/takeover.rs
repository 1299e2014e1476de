//! Executions that another version of the workflow began.
//!
//! Comes in: the history of an execution, written under the numbers of that version. Goes out: the execution under this
//! version's tables, or why it is left alone.
//! Always true: [`crate::upgrade`] judges. An execution stays written down under the numbers of the version that began it, to
//! its end: what this version appends is renumbered ([`Renumbered`]), so whichever version reads the journal next can judge
//! it by the same record.

use super::clock::Clock;
use super::recovery::{self, Begun, Layout, Revived};
use super::{EdgeState, Graph};
use crate::flow::Workflow;
use crate::journal::{Event, History, Id, JournalError, WorkflowRecord};
use crate::upgrade::{Outline, Reason, Translation, Verdict, judge_at};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// The numbers of nodes and edges under which an execution is written down.
#[derive(Debug)]
pub struct Renumbered {
    /// By node of this version; `None`: the other one does not have it, and nothing happens to it.
    nodes: Vec<Option<usize>>,
    /// By node of this version: where each edge out of the other's node stands among those out of this one's.
    outgoing: Vec<Vec<Option<usize>>>,
}

impl Renumbered {
    fn new(old: &Graph, new: &Graph, translation: &Translation) -> Renumbered {
        let mut nodes = vec![None; new.nodes.len()];
        let mut outgoing = vec![Vec::new(); new.nodes.len()];
        for (was, is) in translation.nodes.iter().enumerate() {
            let Some(is) = *is else { continue };
            nodes[is] = Some(was);
            let place = |edge: &usize| {
                let edge = translation.edges[*edge]?;
                new.outgoing(is).iter().position(|other| *other == edge)
            };
            outgoing[is] = old.outgoing(was).iter().map(place).collect();
        }
        Renumbered { nodes, outgoing }
    }

    /// The event as it is written. `None`: it is of a node that the other version does not have.
    pub fn event<'e>(&self, event: Event<'e>) -> Option<Event<'e>> {
        let number = |node: usize| self.nodes.get(node).copied().flatten();
        Some(match event {
            Event::Accepted { .. } | Event::Finished { .. } => event,
            Event::Started { node, at } => Event::Started { node: number(node)?, at },
            Event::Trying { node, at } => Event::Trying { node: number(node)?, at },
            Event::Attempted { node, attempt, after, due, error, at } => {
                Event::Attempted { node: number(node)?, attempt, after, due, error, at }
            }
            Event::Settled { node, outcome, envelope, edges, started, at } => {
                let place = |place: &Option<usize>| place.map_or(EdgeState::Skipped, |place| edges[place]);
                let edges = Cow::Owned(self.outgoing[node].iter().map(place).collect());
                Event::Settled { node: number(node)?, outcome, envelope, edges, started, at }
            }
        })
    }
}

/// Judges the executions of a journal for an executable that does not run them.
#[cfg(feature = "store")]
pub struct Judge {
    workflow: &'static Workflow,
    own: Layout,
    definition: String,
    clock: Arc<dyn Clock>,
}

#[cfg(feature = "store")]
impl Judge {
    pub fn new(workflow: &'static Workflow, clock: Arc<dyn Clock>) -> Judge {
        let own = Layout::of(workflow, Arc::new(Graph::of(workflow)));
        Judge { workflow, own, definition: recovery::definition(workflow), clock }
    }

    /// Why this executable leaves an execution alone that has not ended; `None`: it goes on with it.
    ///
    /// # Errors
    /// When the history says what no journal says.
    pub fn leaves(&self, id: Id, history: History) -> Result<Option<String>, JournalError> {
        if history.workflow.definition == self.definition {
            return Ok(None);
        }
        Ok(take_over(self.workflow, &self.own, id, history, None, &self.clock)?.err())
    }
}

/// What a journal's record of a workflow says of its meaning. `None`: nothing that is understood here.
fn outline(record: &WorkflowRecord) -> Option<Outline> {
    let definition: serde_json::Value = serde_json::from_str(&record.definition).ok()?;
    let lines: Option<Vec<&str>> = definition["outline"].as_array()?.iter().map(serde_json::Value::as_str).collect();
    Outline::read(lines?).ok()
}

/// Rebuilds an execution that another version began. `Ok(Err(…))`: why it is left alone.
///
/// # Errors
/// When the history says what no journal says.
pub fn take_over(
    workflow: &Workflow,
    own: &Layout,
    id: Id,
    history: History,
    age: Option<Duration>,
    clock: &Arc<dyn Clock>,
) -> Result<Result<Revived, String>, JournalError> {
    let version = history.workflow.version.clone();
    let left = |why: &str| {
        Ok(Err(format!(
            "version {version} of the workflow began it, and {why}; that version's executable finishes it while no service runs \
             here: `resume {id}`"
        )))
    };
    let (Some(old), Ok(new)) = (outline(&history.workflow), Outline::read(workflow.outline.iter().copied())) else {
        return left("nothing here says what that version meant");
    };
    let translation = Translation::new(&old, &new);
    let layout = Layout::recorded(&history.workflow)?.read_with(own, &translation);
    let revived = recovery::revive(&layout, id, history, age, clock)?;
    let judged = {
        let state = revived.run.state();
        let failed = |node: usize| state.execution.has_failed(node);
        let standing: Vec<usize> = state.execution.standing().collect();
        standing.into_iter().map(|node| judge_at(&old, &new, node, &failed)).max_by_key(|standing| standing.verdict)
    };
    if let Some(standing) = judged.filter(|standing| standing.verdict != Verdict::Continues) {
        let reasons: Vec<String> = standing.reasons.iter().map(Reason::to_string).collect();
        return left(&format!(
            "what remains from `{}` means something else here: {}",
            old.nodes[standing.node].id,
            reasons.join("; ")
        ));
    }
    Ok(Ok(moved(revived, layout.graph(), own.graph(), &translation)))
}

/// The execution under this version's tables.
fn moved(revived: Revived, old: &Graph, new: &Arc<Graph>, translation: &Translation) -> Revived {
    let Revived { mut run, options, begun } = revived;
    let place = |node: usize| translation.nodes[node];
    let begun = begun.into_iter().filter_map(|(node, begun)| {
        let unseen = begun.unseen.into_iter().filter_map(place).collect();
        Some((place(node)?, Begun { unseen, ..begun }))
    });
    let begun = begun.collect();
    {
        let mut state = run.state();
        state.execution = state.execution.clone().translate(Arc::clone(new), translation);
        let count = new.nodes.len();
        let mut outputs: Box<[_]> = (0..count).map(|_| None).collect();
        let mut nodes: Box<[_]> = (0..count).map(|_| super::run::NodeRun::default()).collect();
        let was = std::mem::take(&mut state.outputs).into_iter().zip(std::mem::take(&mut state.nodes));
        for (index, (output, node)) in was.enumerate() {
            if let Some(place) = place(index) {
                (outputs[place], nodes[place]) = (output, node);
            }
        }
        (state.outputs, state.nodes) = (outputs, nodes);
        state.started = state.started.iter().filter_map(|node| place(*node)).collect();
    }
    run.trigger = run.trigger.and_then(place);
    run.renumbered = Some(Renumbered::new(old, new, translation));
    Revived { run, options, begun }
}
