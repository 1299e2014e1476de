//! `sort` and `reverse` on something that is read again.
//!
//! In JavaScript they change the array they are called on; here nothing can change a value. The two agree unless the same
//! expression reads the array a second time, so that, and only that, is refused.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::{Binary, Root};
use crate::model::{Expr, ExprKind, Workflow};
use crate::source::Span;
use flow_runtime::expr::{EachMethod, Method};

pub(super) fn observed(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    super::expressions(workflow, &mut |_, _, expr| {
        let mut sorts = Vec::new();
        expr.walk(&mut |expr| match &expr.kind {
            ExprKind::Method(receiver, Method::Sort, _) | ExprKind::SortBy(receiver, _) => {
                sorts.push((expr, receiver, "sort"))
            }
            ExprKind::Method(receiver, Method::Reverse, _) => sorts.push((expr, receiver, "reverse")),
            _ => {}
        });
        if sorts.is_empty() {
            return;
        }
        let mut reads: Vec<Read> = Vec::new();
        expr.walk(&mut |expr| {
            let mut found = Vec::new();
            sources(expr, &mut found);
            // Outermost first: the longest chain from a name is seen before its parts.
            found.retain(|read| !reads.iter().any(|known| std::ptr::eq(known.name, read.name)));
            reads.extend(found);
        });
        // The first one is enough: the others are usually the other half of the same mistake.
        for (sort, receiver, method) in sorts {
            let mut changed = Vec::new();
            sources(receiver, &mut changed);
            let again = reads.iter().find(|read| {
                changed.iter().any(|changed| !std::ptr::eq(changed.name, read.name) && changed.overlaps(read))
            });
            if let Some(again) = again {
                diagnostics.push(
                    Diagnostic::new(
                        Code::ObservedSort,
                        sort.span,
                        format!("`{method}` would change what the same expression reads again"),
                    )
                    .label(format!("in JavaScript `{method}` changes the array itself"))
                    .also(again.span, "read again here")
                    .help(format!("{method} a copy: `.slice().{method}(…)`")),
                );
                return;
            }
        }
    });
}

/// A name that is read, and how far its path is known.
struct Read<'a> {
    name: &'a Expr,
    steps: Vec<&'a str>,
    /// Of the whole chain.
    span: Span,
}

impl Read<'_> {
    /// Whether a change to one could be seen through the other.
    fn overlaps(&self, other: &Read) -> bool {
        let same_root = match (&self.name.kind, &other.name.kind) {
            (ExprKind::Path(left), ExprKind::Path(right)) => left.root == right.root,
            (ExprKind::Parameter(left), ExprKind::Parameter(right)) => left.number == right.number,
            (ExprKind::Path(path), ExprKind::PreviousOutputs) | (ExprKind::PreviousOutputs, ExprKind::Path(path)) => {
                matches!(path.root, Root::Output(_))
            }
            (ExprKind::PreviousOutputs, ExprKind::PreviousOutputs) => true,
            _ => false,
        };
        same_root && self.steps.iter().zip(&other.steps).all(|(left, right)| left == right)
    }
}

/// The names a value may come from unchanged; none when it is a fresh one.
fn sources<'a>(expr: &'a Expr, found: &mut Vec<Read<'a>>) {
    match &expr.kind {
        ExprKind::Path(path) => {
            found.push(Read { name: expr, steps: path.steps.iter().map(String::as_str).collect(), span: expr.span });
        }
        ExprKind::Parameter(_) | ExprKind::PreviousOutputs => {
            found.push(Read { name: expr, steps: Vec::new(), span: expr.span })
        }
        ExprKind::Member(object, step) => {
            let before = found.len();
            sources(object, found);
            for read in &mut found[before..] {
                read.steps.push(step);
                read.span = expr.span;
            }
        }
        // Which element is not known: the path ends here, and overlaps with all of them.
        ExprKind::Index(object, _)
        | ExprKind::Method(object, Method::At, _)
        | ExprKind::Each(object, EachMethod::Find, _) => {
            sources(object, found);
        }
        ExprKind::Binary(Binary::And | Binary::Or | Binary::Coalesce, left, right) => {
            sources(left, found);
            sources(right, found);
        }
        ExprKind::Conditional(_, yes, no) => {
            sources(yes, found);
            sources(no, found);
        }
        _ => {}
    }
}
