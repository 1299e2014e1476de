//! Where nodes read the outputs of others, and what has been asked before they do.
//!
//! Comes in: the configuration of a node. Goes out: every read of an output or of `error` that stands there without a
//! default: not behind `||` or `??`, not asked for by `&&`, `?:`, `!` or a comparison.
//! Always true: a read behind a test carries the test as its guard, so `a.status == 'completed' ? a.result.x : …` is known
//! to be read only when `a` has completed.

use super::formula::{Formula, Test, Tests, is_equality, is_ordering};
use crate::model::expr::{Binary, Path, Root, Unary};
use crate::model::{Expr, ExprKind, Kind, NodeId, TransformStep, Workflow};
use flow_runtime::expr::Global;

/// A read that counts on a value.
pub struct Site<'a> {
    pub reader: NodeId,
    pub expr: &'a Expr,
    pub path: &'a Path,
    /// What has to hold for the read to happen; `None`: it always happens.
    pub guard: Option<Formula>,
}

/// All of them, in the order of the model.
pub fn sites<'a>(workflow: &'a Workflow, tests: &mut Tests<'a>) -> Vec<Site<'a>> {
    let mut sites = Vec::new();
    for reader in workflow.node_ids() {
        let node = workflow.node(reader);
        // Conditions ask; they do not count on anything.
        let (condition, message) = match &node.kind {
            Kind::Filter(filter) => (Some(&filter.condition), Some(&filter.condition)),
            Kind::Transform(transform) => match &transform.step {
                TransformStep::FilterItems { condition } => (Some(condition), None),
                _ => (None, None),
            },
            _ => (None, None),
        };
        node.expressions(&mut |expr| {
            if condition.is_some_and(|condition| std::ptr::eq(condition, expr)) || !reads_outputs(expr) {
                return;
            }
            // What a filter says is said when it does not pass.
            let guard = message.map(|condition| Formula::Not(tests.formula(condition, reader).into()));
            Walk { tests, reader, sites: &mut sites }.expr(expr, guard.as_ref(), false);
        });
    }
    sites
}

/// Whether an expression reads what a node gave, or its error.
fn reads_outputs(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| {
        if let ExprKind::Path(path) = &part.kind {
            found |= path.root != Root::Input;
        }
    });
    found
}

struct Walk<'a, 'b> {
    tests: &'b mut Tests<'a>,
    reader: NodeId,
    sites: &'b mut Vec<Site<'a>>,
}

impl<'a> Walk<'a, '_> {
    /// `tolerant`: a missing value does no harm here.
    fn expr(&mut self, expr: &'a Expr, guard: Option<&Formula>, tolerant: bool) {
        match &expr.kind {
            ExprKind::Path(path) => {
                if !tolerant && path.root != Root::Input {
                    self.sites.push(Site { reader: self.reader, expr, path, guard: guard.cloned() });
                }
            }
            ExprKind::Binary(operator @ (Binary::And | Binary::Or | Binary::Coalesce), left, right) => {
                self.expr(left, guard, true);
                if reads_outputs(right) {
                    let reader = self.reader;
                    let asked = match operator {
                        Binary::And => self.tests.formula(left, reader),
                        _ => self.lacking(*operator, left, right, reader),
                    };
                    self.expr(right, Some(&both(guard, asked)), tolerant);
                }
            }
            ExprKind::Conditional(test, yes, no) => {
                self.expr(test, guard, true);
                if reads_outputs(yes) || reads_outputs(no) {
                    let asked = self.tests.formula(test, self.reader);
                    let refused = Formula::Not(asked.clone().into());
                    self.expr(yes, Some(&both(guard, asked)), tolerant);
                    self.expr(no, Some(&both(guard, refused)), tolerant);
                }
            }
            ExprKind::Unary(Unary::Not, inner) => self.expr(inner, guard, true),
            ExprKind::Global(Global::Boolean, arguments) => {
                arguments.iter().for_each(|argument| self.expr(argument, guard, true));
            }
            ExprKind::Binary(operator, left, right) if is_equality(*operator) || is_ordering(*operator) => {
                self.expr(left, guard, true);
                self.expr(right, guard, true);
            }
            // Every `.` is `?.`: what is missing stays missing.
            ExprKind::Member(object, _) => self.expr(object, guard, tolerant),
            ExprKind::Index(object, index) => {
                self.expr(object, guard, tolerant);
                self.expr(index, guard, false);
            }
            ExprKind::Method(object, _, arguments) => {
                self.expr(object, guard, tolerant);
                arguments.iter().for_each(|argument| self.expr(argument, guard, false));
            }
            ExprKind::Each(object, _, arrow) | ExprKind::SortBy(object, arrow) => {
                self.expr(object, guard, tolerant);
                self.expr(&arrow.body, guard, false);
            }
            _ => expr.children().into_iter().for_each(|child| self.expr(child, guard, false)),
        }
    }
}

impl<'a> Walk<'a, '_> {
    /// When `left || right` and `left ?? right` come to the right side.
    fn lacking(&mut self, operator: Binary, left: &'a Expr, right: &'a Expr, reader: NodeId) -> Formula {
        if let (ExprKind::Binary(Binary::Or | Binary::Coalesce, first, second), false) =
            (&left.kind, left.sources().is_empty())
        {
            let [first, second] = [first, second].map(|part| self.lacking(operator, part, right, reader));
            return Formula::All(first.into(), second.into());
        }
        let asked = match (operator, &left.kind) {
            (Binary::Coalesce, ExprKind::Path(path)) => self.tests.of_path(path, reader, Test::Nullish),
            (Binary::Coalesce, _) => Formula::Known(true),
            _ => Formula::Not(self.tests.formula(left, reader).into()),
        };
        let Some(node) = left.source() else { return asked };
        // `a.result.x ?? b.result.x`: whichever ran. That `a` ran and had no `x` is for the types to say.
        let skipped = Formula::Not(Formula::Ran(node).into());
        match right.source() == Some(node) {
            // `a.result.x || a.error.message`: whichever it has.
            true => skipped,
            false => Formula::If(Box::new([Formula::Precedes { node, reader }, asked, skipped])),
        }
    }
}

fn both(guard: Option<&Formula>, asked: Formula) -> Formula {
    match guard {
        None => asked,
        Some(guard) => Formula::All(guard.clone().into(), asked.into()),
    }
}
