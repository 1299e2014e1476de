//! The judgement.
//!
//! An execution stands at a node that was reached and has not settled. What remains of it are the nodes at which it stands
//! and all that come after them in the old version; every other node has settled or was skipped, and that is recorded. It
//! *continues* where the new version means the same by all that remains:
//!
//! 1. every remaining node exists, is of the same kind, and its parts are equal;
//! 2. the edges into every remaining node are the same, in the same order; but not those into the node at which it stands,
//!    which was reached already, unless it reads what led to it;
//! 3. no edge leads from a remaining node to one that did not come after it;
//! 4. `fail_fast` is the same;
//! 5. what has settled can still be told apart for the end: a node that is gone cannot have failed, and an edge by which a
//!    failure was handled is still a conditional one.
//!
//! Else it is *drain first* where the new version could go on in its own way, and *incompatible* where it could not: the
//! node at which the execution stands is gone or of another kind, or something that remains reads what never ran.

use super::outline::{EdgeOutline, NodeOutline, Outline};
use super::reason::Reason;

/// What becomes of executions that stand at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// What remains means the same: the new version goes on with them.
    Continues,
    /// What remains means something else: the old version has to finish them.
    DrainFirst,
    /// As before, and the new version has no place for them at all.
    Incompatible,
}

/// The verdict on one node of the old version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Index into the old version's nodes.
    pub node: usize,
    pub verdict: Verdict,
    /// Of a verdict other than `Continues`; the worst first.
    pub reasons: Vec<Reason>,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Continues => "continues",
            Verdict::DrainFirst => "drain first",
            Verdict::Incompatible => "incompatible",
        }
    }
}

/// For every node of the old version. Of what comes before it nothing is known but what follows from having reached it.
pub fn judge(old: &Outline, new: &Outline) -> Vec<Standing> {
    let nodes = 0..old.nodes.len();
    nodes
        .map(|node| {
            let succeeded = succeeded_before(old, node);
            judge_at(old, new, node, &|other| !succeeded[other])
        })
        .collect()
}

/// For an execution that stands at `node`. `may_have_failed` is asked about nodes that do not remain.
pub fn judge_at(old: &Outline, new: &Outline, node: usize, may_have_failed: &dyn Fn(usize) -> bool) -> Standing {
    let mut judgement = Judgement { old, new, node, remains: after(old, node), found: Vec::new() };
    judgement.settings();
    let remaining: Vec<usize> = (0..old.nodes.len()).filter(|index| judgement.remains[*index]).collect();
    remaining.iter().for_each(|index| judgement.remaining(*index));
    remaining.iter().for_each(|index| judgement.leaving(*index));
    judgement.settled(may_have_failed);
    let mut found = judgement.found;
    found.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
    let verdict = found.first().map_or(Verdict::Continues, |(verdict, _)| *verdict);
    Standing { node, verdict, reasons: found.into_iter().map(|(_, reason)| reason).collect() }
}

struct Judgement<'a> {
    old: &'a Outline,
    new: &'a Outline,
    node: usize,
    /// By old node.
    remains: Vec<bool>,
    found: Vec<(Verdict, Reason)>,
}

impl Judgement<'_> {
    fn say(&mut self, verdict: Verdict, reason: Reason) {
        if !self.found.iter().any(|(_, said)| *said == reason) {
            self.found.push((verdict, reason));
        }
    }

    fn settings(&mut self) {
        if self.old.fail_fast != self.new.fail_fast {
            self.say(Verdict::DrainFirst, Reason::FailFastChanged);
        }
    }

    /// One node that remains.
    fn remaining(&mut self, index: usize) {
        let (old, new) = (self.old, self.new);
        let was = &old.nodes[index];
        let here = index == self.node;
        let if_gone = if here { Verdict::Incompatible } else { Verdict::DrainFirst };
        let node = was.id.clone();
        let Some(found) = new.node(&was.id) else {
            return self.say(if_gone, Reason::NodeGone { node, like: self.alike(was) });
        };
        let is = &new.nodes[found];
        if was.kind != is.kind {
            return self.say(if_gone, Reason::KindChanged { node, was: was.kind.clone(), is: is.kind.clone() });
        }
        let parts = changed_parts(was, is);
        let reads_the_same = was.reads == is.reads;
        if !parts.is_empty() || !reads_the_same {
            if let Some(reads) = self.unrun(index, is) {
                self.say(Verdict::Incompatible, Reason::ReadsUnrun { node: node.clone(), reads });
            }
            if !parts.is_empty() {
                self.say(Verdict::DrainFirst, Reason::NodeChanged { node, parts });
            }
        }
        if !here || was.reads.activation || is.reads.activation {
            self.incoming(index, found);
        }
    }

    /// Edges out of a node that remains to one that did not come after it.
    fn leaving(&mut self, index: usize) {
        let (old, new) = (self.old, self.new);
        let Some(found) = new.node(&old.nodes[index].id) else { return };
        for edge in new.edges.iter().filter(|edge| edge.from == found) {
            let target = old.node(&new.nodes[edge.to].id);
            if !target.is_some_and(|target| self.remains[target] && target != self.node) {
                self.say(Verdict::DrainFirst, added(new, edge));
            }
        }
    }

    /// The edges into a node, in their order.
    fn incoming(&mut self, was: usize, is: usize) {
        let (old, new) = (self.old, self.new);
        let into = |outline: &Outline, node: usize| -> Vec<EdgeOutline> {
            outline.edges.iter().filter(|edge| edge.to == node).cloned().collect()
        };
        let (before, after) = (into(old, was), into(new, is));
        let source = |outline: &Outline, edge: &EdgeOutline| outline.nodes[edge.from].id.clone();
        let count = self.found.len();
        for edge in &before {
            let (from, to) = (source(old, edge), old.nodes[was].id.clone());
            match after.iter().find(|other| source(new, other) == from) {
                None => self.say(Verdict::DrainFirst, Reason::EdgeGone { from, to }),
                Some(other) if edge.when != other.when => {
                    self.say(Verdict::DrainFirst, Reason::ConditionChanged { from, to });
                }
                Some(other) if edge.required != other.required => {
                    self.say(Verdict::DrainFirst, Reason::DependencyChanged { from, to });
                }
                Some(_) => {}
            }
        }
        for edge in &after {
            if !before.iter().any(|other| source(old, other) == source(new, edge)) {
                self.say(Verdict::DrainFirst, added(new, edge));
            }
        }
        let sources =
            |outline, edges: &[EdgeOutline]| edges.iter().map(|edge| source(outline, edge)).collect::<Vec<_>>();
        if self.found.len() == count && sources(old, &before) != sources(new, &after) {
            self.say(Verdict::DrainFirst, Reason::OrderChanged { node: old.nodes[was].id.clone() });
        }
    }

    /// What has settled and counts for the end.
    fn settled(&mut self, may_have_failed: &dyn Fn(usize) -> bool) {
        let (old, new) = (self.old, self.new);
        for (index, node) in old.nodes.iter().enumerate() {
            if self.remains[index] || is_trigger(node) || !may_have_failed(index) {
                continue;
            }
            let Some(is) = new.node(&node.id) else {
                self.say(Verdict::DrainFirst, Reason::OutcomeLost { node: node.id.clone() });
                continue;
            };
            let handles = |edge: &&EdgeOutline| edge.from == index && edge.when.is_some() && !edge.after_success;
            for edge in old.edges.iter().filter(handles) {
                let to = &old.nodes[edge.to].id;
                let same = |other: &&EdgeOutline| other.from == is && new.nodes[other.to].id == *to;
                if new.edges.iter().find(same).is_none_or(|other| other.when.is_none()) {
                    let reason = Reason::HandlerChanged { from: node.id.clone(), to: to.clone() };
                    self.say(Verdict::DrainFirst, reason);
                }
            }
        }
    }

    /// A node whose output the new version of a node reads, and that has not run when the old one is reached.
    fn unrun(&self, index: usize, is: &NodeOutline) -> Option<String> {
        let before = before(self.old, index);
        let runs = |id: &String| self.old.node(id).is_some_and(|other| other == index || before[other]);
        is.reads.nodes.iter().find(|id| !runs(id)).cloned()
    }

    /// A new node that does what one that is gone did.
    fn alike(&self, gone: &NodeOutline) -> Option<String> {
        let is_new = |node: &&NodeOutline| self.old.node(&node.id).is_none();
        let same = |node: &&NodeOutline| node.kind == gone.kind && node.parts == gone.parts;
        self.new.nodes.iter().filter(is_new).find(same).map(|node| node.id.clone())
    }
}

fn added(new: &Outline, edge: &EdgeOutline) -> Reason {
    let [from, to] = [edge.from, edge.to].map(|node| new.nodes[node].id.clone());
    Reason::EdgeAdded { from, to }
}

/// The keys under which two versions of a node say different things.
fn changed_parts(was: &NodeOutline, is: &NodeOutline) -> Vec<String> {
    let digest = |node: &NodeOutline, part: &str| node.parts.iter().find(|(name, _)| name == part).cloned();
    let mut changed: Vec<String> = Vec::new();
    for (part, _) in was.parts.iter().chain(&is.parts) {
        if digest(was, part) != digest(is, part) && !changed.contains(part) {
            changed.push(part.clone());
        }
    }
    changed
}

/// A trigger that ran has succeeded.
fn is_trigger(node: &NodeOutline) -> bool {
    matches!(node.kind.as_str(), "webhook" | "manual" | "schedule")
}

/// The node and all that come after it.
fn after(outline: &Outline, node: usize) -> Vec<bool> {
    closure(outline, node, |edge| (edge.from, edge.to))
}

/// The node and all that come before it.
fn before(outline: &Outline, node: usize) -> Vec<bool> {
    closure(outline, node, |edge| (edge.to, edge.from))
}

fn closure(outline: &Outline, node: usize, step: impl Fn(&EdgeOutline) -> (usize, usize)) -> Vec<bool> {
    let mut reached = vec![false; outline.nodes.len()];
    reached[node] = true;
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        for (from, to) in outline.edges.iter().map(&step) {
            if from == node && !reached[to] {
                reached[to] = true;
                open.push(to);
            }
        }
    }
    reached
}

/// Nodes that have succeeded whenever this one was reached: every way here leads through an edge out of them that is taken
/// after success only.
fn succeeded_before(outline: &Outline, node: usize) -> Vec<bool> {
    let mut succeeded = vec![false; outline.nodes.len()];
    let mut seen = vec![false; outline.nodes.len()];
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if std::mem::replace(&mut seen[node], true) {
            continue;
        }
        let incoming: Vec<&EdgeOutline> = outline.edges.iter().filter(|edge| edge.to == node).collect();
        for edge in &incoming {
            // The others need not have been taken.
            if edge.required || incoming.len() == 1 {
                succeeded[edge.from] |= edge.when.is_none() || edge.after_success;
                open.push(edge.from);
            }
        }
    }
    succeeded
}
