//! What a value can still be at a place: the answers for the type checker.
//!
//! Today they say of a path whether it can be missing or null: what a filter or a condition on the way has asked for is there.
//! Everything else is left as it was declared. Whether a node was skipped or failed is judged by what one would expect (a
//! failure comes without the fields that the conditions ask for).

use super::analysis::Paths;
use super::content::{Base, BaseRoot, Content, State, content};
use super::mdd::{FALSE, Ref};
use crate::check::knowledge::{Knowledge, Place, Possible, Witness};
use crate::model::NodeId;
use crate::model::expr::{Path, Root};
use flow_runtime::value::Value;
use std::cell::RefCell;

/// Answers need to compute, and a question changes nothing.
pub struct Known<'a>(pub RefCell<Paths<'a>>);

impl Knowledge for Known<'_> {
    fn possible(&self, place: Place, path: &Path) -> Possible {
        let mut paths = self.0.borrow_mut();
        let (reader, own) = match place {
            Place::Node(node) => (node, None),
            Place::Condition(edge) => {
                let from = paths.workflow.edges[edge].from;
                (from, Some(from))
            }
        };
        let here = paths.nodes[reader.0].runs;
        let mut absent = Absent::default();
        paths.look(path, own, here, &mut absent);
        // Behind a node that never runs nothing more is said.
        if here == FALSE || paths.gave_up() {
            absent = Absent { missing: true, null: true };
        }
        let missing = absent.missing.then(|| Witness { when: String::new(), because: None });
        Possible { null: absent.null, ..Possible::anything(missing) }
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
    fn look(&mut self, path: &Path, own: Option<NodeId>, here: Ref, absent: &mut Absent) {
        match path.root {
            Root::Input => self.look_input(&path.steps, here, absent),
            Root::Error => absent.anyhow(),
            // Whole outputs are the business of `skipped-node`.
            Root::Output(_) if path.steps.is_empty() => {}
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
                        Content::OfError(_) => absent.anyhow(),
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
