//! Whether a condition is about failure: for the look of an edge, so what cannot be told is none.

use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{Binary, Expr, ExprKind, Text, Unary};
use crate::syntax::template;

/// Whether it holds only after its node failed or, being a filter, did not pass.
pub fn is_failure(condition: &Text) -> bool {
    // What is wrong with it was reported when the workflow was checked.
    let mut reported = Diagnostics::default();
    template::parse_expression(condition, &mut reported).is_some_and(|expr| fails(&expr))
}

fn fails(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Unary(Unary::Not, inner) => is_success(inner),
        ExprKind::Binary(Binary::Equal | Binary::StrictEqual, left, right) => {
            let says = |value: &Expr| match &value.kind {
                ExprKind::Bool(value) => Some(!value),
                ExprKind::String(text) => Some(text.to_string() == "failed"),
                _ => None,
            };
            (is_success(left) || field(left) == Some("status")) && says(right) == Some(true)
                || is_success(right) && says(left) == Some(true)
        }
        ExprKind::Binary(Binary::NotEqual | Binary::StrictNotEqual, left, right) => {
            is_success(left) && matches!(right.kind, ExprKind::Bool(true))
        }
        ExprKind::Binary(Binary::And, left, right) => fails(left) || fails(right),
        ExprKind::Binary(Binary::Or, left, right) => fails(left) && fails(right),
        ExprKind::Name(name) => name == "error",
        ExprKind::Member(object, property) => property.name == "error" && root(object) || fails(object),
        _ => false,
    }
}

fn is_success(expr: &Expr) -> bool {
    matches!(field(expr), Some("success" | "passed"))
}

/// The field of `result` that an expression reads.
fn field(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Member(object, property) if root(object) => Some(&property.name),
        _ => None,
    }
}

fn root(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => name == "result",
        ExprKind::Member(object, property) if property.name == "result" => {
            matches!(&object.kind, ExprKind::Member(outputs, _)
                if matches!(&outputs.kind, ExprKind::Name(name) if name == "previous_outputs"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn conditions_about_failure() {
        let of = |text: &str| is_failure(&Text::verbatim(text.to_owned(), Span::new(0, text.len()), 0));
        for text in [
            "result.success == false",
            "!result.passed",
            "result.success !== true",
            "false == result.success",
            "result.success == false && result.code == 402",
            "error",
            "error.code == 'TIMEOUT' && error",
            "result.error",
            "previous_outputs.charge.result.success == false",
        ] {
            assert!(of(text), "{text}");
        }
        for text in ["result.success == true", "result.available == false", "input_data.error", "result.", "1 +", ""] {
            assert!(!of(text), "{text}");
        }
    }
}
