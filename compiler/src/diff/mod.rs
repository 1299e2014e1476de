//! What an upgrade means for executions that are under way, and for deliveries that are repeated.
//!
//! Comes in: two versions of a workflow, checked. Goes out: [`Diff`], as text for people and as JSON for programs.
//! Always true: the judgement is [`flow_runtime::upgrade`]'s, the one that the compiled binary makes again when it finds such
//! executions in its journal. Here it only gets its words: conditions as they were and as they are.

mod json;
mod redelivery;
mod text;

use crate::model::{Edge, Workflow, spelling};
use crate::plan::outline::outline;
use flow_runtime::upgrade::{Outline, Reason, Standing, Verdict, judge};
use redelivery::{Redelivery, redeliveries};

/// The old version against the new one.
#[derive(Debug)]
pub struct Diff<'a> {
    old: &'a Workflow,
    new: &'a Workflow,
    outline: Outline,
    /// By node of the old version.
    standings: Vec<Standing>,
    /// Of deliveries that come again. They change no verdict: executions have their input.
    redeliveries: Vec<Redelivery>,
}

impl<'a> Diff<'a> {
    pub fn new(old: &'a Workflow, new: &'a Workflow) -> Diff<'a> {
        let before = outline(old);
        let standings = judge(&before, &outline(new));
        Diff { old, new, outline: before, standings, redeliveries: redeliveries(old, new) }
    }

    /// The worst that happens to an execution. `Continues` for a workflow without nodes.
    pub fn verdict(&self) -> Verdict {
        self.standings.iter().map(|standing| standing.verdict).max().unwrap_or(Verdict::Continues)
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.standings.iter().filter(|standing| standing.verdict == verdict).count()
    }

    /// What there is to say of a node: a code for programs, and words.
    fn reasons(&self, standing: &Standing) -> Vec<(&'static str, String)> {
        let of_deliveries = self.redeliveries.iter().filter(|found| found.node == standing.node);
        let of_deliveries = of_deliveries.map(|found| (found.code, found.message.clone()));
        let of_executions = standing.reasons.iter().map(|reason| (reason.code(), self.words(reason)));
        of_deliveries.chain(of_executions).collect()
    }

    /// A reason, with what can be said of it beyond what the binary knows.
    fn words(&self, reason: &Reason) -> String {
        let Reason::ConditionChanged { from, to } = reason else { return reason.to_string() };
        let condition = |workflow: &Workflow| {
            let is_it = |edge: &&Edge| {
                let id = |node| workflow.node(node).id.value.as_str();
                id(edge.from) == from && id(edge.to) == to
            };
            let edge = workflow.edges.iter().find(is_it)?;
            let condition = edge.condition.as_ref()?;
            Some(format!("`{}`", spelling::expression(workflow, condition, Some(edge.from))))
        };
        let words = |workflow| condition(workflow).unwrap_or_else(|| "none".to_owned());
        format!("{reason}: was {}, is {}", words(self.old), words(self.new))
    }
}
