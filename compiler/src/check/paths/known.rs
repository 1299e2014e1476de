//! What a value can still be at a place: the answers for the type checker.
//!
//! Today they say of a path whether it can be missing or null: what a filter or a condition on the way has asked for is there.
//! The error of a node is there where it has one for certain, and its `status` is what it can be. Everything else is left as it was declared. Whether a node was skipped or failed is judged by what one would expect (a
//! failure comes without the fields that the conditions ask for).

use super::analysis::Paths;
use super::content::{Base, BaseRoot, Content, State, content};
use super::mdd::{FALSE, Ref, TRUE};
use crate::check::knowledge::{Knowledge, Place, Possible, Supposed};
use crate::model::expr::{Path, Root};
use crate::model::{Expr, NodeId};
use flow_runtime::value::Value;
use std::cell::RefCell;
use std::collections::HashSet;

/// Answers need to compute, and a question changes nothing.
pub struct Known<'a> {
    pub paths: RefCell<Paths<'a>>,
    /// The reads that count on a value.
    counted: HashSet<*const Expr>,
}

impl<'a> Known<'a> {
    pub fn new(paths: Paths<'a>) -> Known<'a> {
        let counted = paths.sites.iter().map(|site| std::ptr::from_ref(site.expr)).collect();
        Known { paths: paths.into(), counted }
    }
}

impl Knowledge for Known<'_> {
    fn possible(&self, place: Place, supposed: Supposed, path: &Path) -> Possible {
        let mut paths = self.paths.borrow_mut();
        let (reader, own) = reader(&paths, place);
        let ran = supposed.ran.map_or(TRUE, |ran| paths.nodes[ran.0].runs);
        let here = paths.nodes[reader.0].runs;
        let mut here = paths.diagrams.and(here, ran);
        for skipped in supposed.skipped {
            let skipped = !paths.nodes[skipped.0].runs;
            here = paths.diagrams.and(here, skipped);
        }
        let mut absent = Absent::default();
        paths.look(path, (reader, own), here, &mut absent);
        // Behind a node that never runs nothing more is said.
        if here == FALSE || paths.gave_up() {
            absent = Absent { missing: true, null: true };
        }
        Possible { missing: absent.missing, null: absent.null, texts: paths.status(path, own, here) }
    }

    fn counts_on(&self, read: &Expr) -> bool {
        self.counted.contains(&std::ptr::from_ref(read))
    }

    fn is_misrouted(&self, node: NodeId) -> bool {
        self.paths.borrow().nodes[node.0].misrouted != FALSE
    }

    fn runs_without(&self, place: Place, ran: NodeId, skipped: NodeId) -> bool {
        let mut paths = self.paths.borrow_mut();
        let here = paths.nodes[reader(&paths, place).0.0].runs;
        let [ran, skipped] = [ran, skipped].map(|node| paths.nodes[node.0].runs);
        let alone = paths.diagrams.and(ran, !skipped);
        paths.possible(here, !ran).is_some() && paths.possible(here, alone).is_some()
    }
}

/// The node at whose place something is read, and the one whose edge is being decided there.
fn reader(paths: &Paths, place: Place) -> (NodeId, Option<NodeId>) {
    match place {
        Place::Node(node) => (node, None),
        Place::Condition(edge) => {
            let from = paths.workflow.edges[edge].from;
            (from, Some(from))
        }
    }
}

/// How a value can be absent.
#[derive(Default)]
struct Absent {
    missing: bool,
    null: bool,
}

impl Absent {
    fn anyhow(&mut self) {
        *self = Absent { missing: true, null: true };
    }
}

impl Paths<'_> {
    /// How a node can have settled, where a path is that of its `status`.
    fn status(&mut self, path: &Path, own: Option<NodeId>, here: Ref) -> Option<Vec<&'static str>> {
        let Root::Output(node) = path.root else { return None };
        if !path.is_status() || here == FALSE || self.gave_up() {
            return None;
        }
        let states = self.nodes[node.0];
        // How a node would have ended that did not run says nothing.
        let (ran, misrouted) = match own == Some(node) {
            true => (here, FALSE),
            false => (self.diagrams.and(here, states.runs), states.misrouted),
        };
        let failed = self.diagrams.or(states.fails, misrouted);
        let mut words = Vec::new();
        for (word, when) in [("completed", !failed), ("failed", failed)] {
            if self.possible(ran, when).is_some() {
                words.push(word);
            }
        }
        Some(words)
    }

    fn look(&mut self, path: &Path, (reader, own): (NodeId, Option<NodeId>), here: Ref, absent: &mut Absent) {
        match path.root {
            Root::Input => self.look_input(&path.steps, here, absent),
            Root::Error => {
                let error = self.bare_error(reader);
                let base = |steps: &[String]| Base { root: BaseRoot::Error(reader), steps: steps.to_vec() };
                match path.steps.as_slice() {
                    _ if self.possible(here, !error).is_some() => absent.anyhow(),
                    [] => {}
                    [field] if field == "message" || field == "code" => {}
                    steps => self.look_value(&base(steps), false, here, absent),
                }
            }
            Root::Output(node) if path.steps.is_empty() => {
                let runs = self.nodes[node.0].runs;
                absent.missing |= own != Some(node) && self.possible(here, !runs).is_some();
            }
            Root::Output(node) => {
                let states = self.nodes[node.0];
                let (ran, misrouted) = match own == Some(node) {
                    true => (here, FALSE),
                    false => (self.diagrams.and(here, states.runs), states.misrouted),
                };
                if own != Some(node) && self.possible(here, !states.runs).is_some() {
                    return absent.anyhow();
                }
                let failed = self.diagrams.and(ran, states.fails);
                let settled = self.diagrams.and(ran, !states.fails);
                let lost = self.diagrams.and(settled, misrouted);
                let completed = self.diagrams.and(settled, !misrouted);
                for (state, when) in [(State::Completed, completed), (State::Misrouted, lost), (State::Failed, failed)]
                {
                    if self.plausibly(when) == FALSE {
                        continue;
                    }
                    match content(&self.workflow.node(node).kind, node, &path.steps, state) {
                        Content::Known(Value::Undefined) => absent.missing = true,
                        Content::Known(_) | Content::Passed => {}
                        Content::Value { base, present } => self.look_value(&base, present, when, absent),
                        Content::Input(steps) => self.look_input(&steps, when, absent),
                        Content::OfError(content) => {
                            let error = self.has_error(node, own);
                            match *content {
                                _ if self.possible(when, !error).is_some() => absent.anyhow(),
                                Content::Value { base, present } => self.look_value(&base, present, when, absent),
                                _ => {}
                            }
                        }
                    }
                }
            }
        }
    }

    fn look_input(&mut self, steps: &[String], here: Ref, absent: &mut Absent) {
        if !steps.is_empty() {
            let base = Base { root: BaseRoot::Input, steps: steps.to_vec() };
            self.look_value(&base, false, here, absent);
        }
    }

    fn look_value(&mut self, base: &Base, present: bool, here: Ref, absent: &mut Absent) {
        let Some((missing, null)) = self.absent(base, present) else { return absent.anyhow() };
        absent.missing |= self.diagrams.and(here, missing) != FALSE;
        absent.null |= self.diagrams.and(here, null) != FALSE;
    }
}
