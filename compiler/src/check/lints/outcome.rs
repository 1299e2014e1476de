//! What a condition is once it is known whether the node before it succeeded.

use crate::model::eval::fold;
use crate::model::expr::{Binary, Path, Root, Unary};
use crate::model::{Expr, ExprKind, NodeId};
use flow_runtime::value::{JsString, Value};

/// How a node that does something to the world ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    /// Without an answer: nobody was reached, or nothing came back.
    Failed,
}

/// Whether the condition of an edge out of `node` holds; `None`: it depends on data.
pub fn holds(condition: &Expr, node: NodeId, outcome: Outcome) -> Option<bool> {
    match &condition.kind {
        ExprKind::Unary(Unary::Not, inner) => holds(inner, node, outcome).map(|holds| !holds),
        ExprKind::Binary(operator @ (Binary::And | Binary::Or), left, right) => {
            let decisive = *operator == Binary::Or;
            match (holds(left, node, outcome), holds(right, node, outcome)) {
                (Some(left), _) if left == decisive => Some(decisive),
                (_, Some(right)) if right == decisive => Some(decisive),
                (Some(_), Some(_)) => Some(!decisive),
                _ => None,
            }
        }
        _ => value(condition, node, outcome).map(|value| value.truthy()),
    }
}

fn value(expr: &Expr, node: NodeId, outcome: Outcome) -> Option<Value> {
    let constant = |inner: &Expr| Some(Box::new(Expr::constant(inner.span, value(inner, node, outcome)?)));
    let kind = match &expr.kind {
        ExprKind::Constant(value) => return Some(value.clone()),
        ExprKind::Path(path) => return known(path, node, outcome),
        ExprKind::Conditional(test, yes, no) => {
            return value(if holds(test, node, outcome)? { yes } else { no }, node, outcome);
        }
        ExprKind::Unary(operator, operand) => ExprKind::Unary(*operator, constant(operand)?),
        ExprKind::Binary(operator, left, right) => ExprKind::Binary(*operator, constant(left)?, constant(right)?),
        ExprKind::Member(object, name) => ExprKind::Member(constant(object)?, name.clone()),
        ExprKind::Array(_)
        | ExprKind::Object(_)
        | ExprKind::Text(_)
        | ExprKind::Env(_)
        | ExprKind::Timestamp
        | ExprKind::ExecutionId
        | ExprKind::PreviousOutputs
        | ExprKind::Parameter(_)
        | ExprKind::Index(..)
        | ExprKind::Method(..)
        | ExprKind::Each(..)
        | ExprKind::Reduce(..)
        | ExprKind::SortBy(..)
        | ExprKind::Global(..)
        | ExprKind::Unknown => return None,
    };
    fold(&Expr { kind, ..expr.clone() })
}

/// What the runtime writes into the envelope of a request or a mail, whatever the service says.
fn known(path: &Path, node: NodeId, outcome: Outcome) -> Option<Value> {
    if path.root != Root::Output(node) {
        return None;
    }
    let steps: Vec<&str> = path.steps.iter().map(String::as_str).collect();
    match (outcome, steps.as_slice()) {
        (Outcome::Succeeded, ["result", "success"]) => Some(Value::Bool(true)),
        // 2xx: which, makes a difference to nobody.
        (Outcome::Succeeded, ["result", "status_code"]) => Some(Value::Number(200.0)),
        (Outcome::Failed, ["result", "success"]) => Some(Value::Bool(false)),
        (Outcome::Succeeded, ["status"]) => Some(Value::from(JsString::from("completed"))),
        (Outcome::Failed, ["status"]) => Some(Value::from(JsString::from("failed"))),
        (Outcome::Succeeded, ["error", ..]) | (Outcome::Failed, ["result", _, ..]) => Some(Value::Undefined),
        // An object and a text: which, is the world's business.
        (Outcome::Failed, ["error", ..]) | (_, _) => None,
    }
}
