//! What follows from a mistake and is none itself.
//!
//! Comes in: what was found so far. Goes out: whether something stands where an error is, and the workflow as it is without the
//! conditions that cannot be meant.

use crate::diagnostic::{Diagnostics, Severity};
use crate::model::{Expr, Kind, Workflow};
use crate::source::Span;

/// Where the errors that were found lie.
pub struct Mistakes {
    /// In the order of their starts.
    spans: Vec<Span>,
}

impl Mistakes {
    pub fn of(diagnostics: &Diagnostics) -> Mistakes {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let mut spans: Vec<Span> = errors.map(|diagnostic| diagnostic.primary.span).collect();
        spans.sort_unstable();
        Mistakes { spans }
    }

    /// Whether one of them lies within a place.
    pub fn are_in(&self, place: Span) -> bool {
        let Span { file, start, end } = place;
        let first = self.spans.partition_point(|wrong| (wrong.file, wrong.start) < (file, start));
        let inside = self.spans[first..].iter().take_while(|wrong| wrong.file == file && wrong.start < end);
        inside.into_iter().any(|wrong| wrong.end <= end)
    }

    /// The workflow with conditions that may be true or false in place of those with a mistake in them; `None`: there are none.
    /// What follows from a condition that cannot be meant is about no execution there will be.
    pub fn without_conditions(&self, workflow: &Workflow) -> Option<Workflow> {
        let is_wrong = |condition: &Expr| self.are_in(condition.span);
        let filters = workflow.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Filter(filter) => Some(&filter.condition),
            _ => None,
        });
        if !workflow.edges.iter().filter_map(|edge| edge.condition.as_ref()).chain(filters).any(is_wrong) {
            return None;
        }
        let mut workflow = workflow.clone();
        let open = |condition: &mut Expr| {
            if is_wrong(condition) {
                *condition = Expr::unknown(condition.span);
            }
        };
        workflow.edges.iter_mut().filter_map(|edge| edge.condition.as_mut()).for_each(open);
        for node in &mut workflow.nodes {
            if let Kind::Filter(filter) = &mut node.kind {
                open(&mut filter.condition);
            }
        }
        Some(workflow)
    }
}
