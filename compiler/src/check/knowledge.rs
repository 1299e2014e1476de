//! The seam between the type checker and the analysis of paths: what a value can still be at a place.
//!
//! Comes in: a place in the workflow and a path that is read there. Goes out: which alternatives are left.
//! Always true: an alternative that is not named cannot happen, in no execution. One that is named may still be
//! impossible, for reasons nobody analyses.

use crate::model::expr::Path;
use crate::model::{Expr, NodeId};

/// Where a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In the configuration of a node, when it runs.
    Node(NodeId),
    /// In the condition of an edge, by its index, when the edge is decided.
    Condition(usize),
}

/// Executions that are looked at alone: those in which one node ran, and others were skipped.
#[derive(Debug, Clone, Copy, Default)]
pub struct Supposed<'a> {
    pub ran: Option<NodeId>,
    pub skipped: &'a [NodeId],
}

/// What is known about values before any data is seen.
pub trait Knowledge {
    /// What the value at a path can still be when it is read at this place, in the executions that are looked at.
    fn possible(&self, place: Place, supposed: Supposed, path: &Path) -> Possible;

    /// Whether a read counts on the output of a node, so that it is reported where that node may be skipped. Behind a
    /// default, a test and in a condition a missing output is one of the values there are.
    fn counts_on(&self, read: &Expr) -> bool;

    /// Whether a node can fail after it has completed, because none of the connections out of it leads on.
    fn is_misrouted(&self, node: NodeId) -> bool;

    /// Whether there are executions that read at this place in which only the first of two nodes ran, and others in which it did
    /// not.
    fn runs_without(&self, place: Place, ran: NodeId, skipped: NodeId) -> bool;
}

/// What a value can still be, beside what its type says.
#[derive(Debug, Clone, PartialEq)]
pub struct Possible {
    pub missing: bool,
    pub null: bool,
    /// The only texts that are left; `None`: nobody knows.
    pub texts: Option<Vec<&'static str>>,
}

impl Possible {
    pub const ANYTHING: Possible = Possible { missing: true, null: true, texts: None };
}

/// Knows nothing: every value may be anything.
pub struct Nothing;

impl Knowledge for Nothing {
    fn possible(&self, _: Place, _: Supposed, _: &Path) -> Possible {
        Possible::ANYTHING
    }

    fn counts_on(&self, _: &Expr) -> bool {
        true
    }

    fn is_misrouted(&self, _: NodeId) -> bool {
        true
    }

    fn runs_without(&self, _: Place, _: NodeId, _: NodeId) -> bool {
        false
    }
}
