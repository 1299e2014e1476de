//! Evaluating an expression, with the runtime's own operators.
//!
//! The compiler folds constants with it. The tests compare it with Node.js, and the compiled code with it: three ways to
//! one value.

use super::EnvId;
use super::expr::{Arrow, Binary, Expr, ExprKind, Parameter, Path, Unary};
use flow_runtime::expr as js;
use flow_runtime::value::{Fault, Value};

/// Where the values of names come from.
pub trait Names {
    fn path(&self, path: &Path) -> Value;
    fn env(&self, variable: EnvId) -> Value;
    fn timestamp(&self) -> Value;
    fn execution_id(&self) -> Value;
    fn previous_outputs(&self) -> Value;
}

/// The value of an expression.
///
/// # Errors
/// Where JavaScript would throw.
pub fn eval(expr: &Expr, names: &dyn Names) -> Result<Value, Fault> {
    Evaluation { names, bound: Vec::new() }.eval(expr)
}

/// The value of an expression whose parts are all constants; `None` when one is not, or JavaScript would throw.
pub fn fold(expr: &Expr) -> Option<Value> {
    let constant = |expr: &Expr| expr.as_constant().is_some();
    let foldable = match &expr.kind {
        // The left side may decide alone: `true || x`.
        ExprKind::Binary(operator @ (Binary::And | Binary::Or | Binary::Coalesce), left, right) => {
            left.as_constant().is_some_and(|left| decides(*operator, left) || constant(right))
        }
        ExprKind::Binary(..)
        | ExprKind::Text(_)
        | ExprKind::Member(..)
        | ExprKind::Index(..)
        | ExprKind::Method(..)
        | ExprKind::Global(..)
        | ExprKind::Unary(..)
        | ExprKind::Array(..)
        | ExprKind::Object(..)
        | ExprKind::Conditional(..) => expr.children().iter().all(|child| constant(child)),
        ExprKind::Constant(_)
        | ExprKind::Path(_)
        | ExprKind::Env(_)
        | ExprKind::Timestamp
        | ExprKind::ExecutionId
        | ExprKind::PreviousOutputs
        | ExprKind::Parameter(_)
        | ExprKind::Each(..)
        | ExprKind::Reduce(..)
        | ExprKind::SortBy(..)
        | ExprKind::Unknown => false,
    };
    if foldable { eval(expr, &NoNames).ok() } else { None }
}

/// Whether the left side of `&&`, `||` or `??` is the value whatever stands on the right.
fn decides(operator: Binary, left: &Value) -> bool {
    match operator {
        Binary::And => !left.truthy(),
        Binary::Or => left.truthy(),
        Binary::Coalesce => !left.is_nullish(),
        _ => false,
    }
}

/// What an operator gives that needs the values of both its sides.
pub fn operate(operator: Binary, left: &Value, right: &Value) -> Value {
    match operator {
        Binary::Add => js::add(left, right),
        Binary::Subtract => js::sub(left, right),
        Binary::Multiply => js::mul(left, right),
        Binary::Divide => js::div(left, right),
        Binary::Remainder => js::rem(left, right),
        Binary::Less => Value::Bool(js::less(left, right)),
        Binary::LessOrEqual => Value::Bool(js::less_or_equal(left, right)),
        Binary::Greater => Value::Bool(js::greater(left, right)),
        Binary::GreaterOrEqual => Value::Bool(js::greater_or_equal(left, right)),
        Binary::Equal => Value::Bool(js::equals(left, right)),
        Binary::NotEqual => Value::Bool(!js::equals(left, right)),
        Binary::StrictEqual => Value::Bool(js::strict_equals(left, right)),
        Binary::StrictNotEqual => Value::Bool(!js::strict_equals(left, right)),
        Binary::And | Binary::Or | Binary::Coalesce => right.clone(),
    }
}

struct NoNames;

impl Names for NoNames {
    fn path(&self, _: &Path) -> Value {
        Value::Undefined
    }
    fn env(&self, _: EnvId) -> Value {
        Value::Undefined
    }
    fn timestamp(&self) -> Value {
        Value::Undefined
    }
    fn execution_id(&self) -> Value {
        Value::Undefined
    }
    fn previous_outputs(&self) -> Value {
        Value::Undefined
    }
}

struct Evaluation<'a> {
    names: &'a dyn Names,
    bound: Vec<(usize, Value)>,
}

impl Evaluation<'_> {
    fn eval(&self, expr: &Expr) -> Result<Value, Fault> {
        Ok(match &expr.kind {
            ExprKind::Constant(value) => value.clone(),
            ExprKind::Array(items) => Value::array(self.all(items)?),
            ExprKind::Object(fields) => {
                let mut values = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    values.push((name.as_str(), self.eval(value)?));
                }
                Value::object(values)
            }
            ExprKind::Text(parts) => js::text(&self.all(parts)?),
            ExprKind::Path(path) => self.names.path(path),
            ExprKind::Env(variable) => self.names.env(*variable),
            ExprKind::Timestamp => self.names.timestamp(),
            ExprKind::ExecutionId => self.names.execution_id(),
            ExprKind::PreviousOutputs => self.names.previous_outputs(),
            ExprKind::Parameter(Parameter { number, .. }) => {
                let bound = self.bound.iter().rev().find(|(bound, _)| bound == number);
                bound.map_or(Value::Undefined, |(_, value)| value.clone())
            }
            ExprKind::Member(object, name) => js::member(&self.eval(object)?, name),
            // Every access is `?.`: nothing behind a missing value is evaluated.
            ExprKind::Index(object, index) => {
                let object = self.eval(object)?;
                if object.is_nullish() { Value::Undefined } else { js::index(&object, &self.eval(index)?) }
            }
            ExprKind::Method(receiver, method, arguments) => {
                let receiver = self.eval(receiver)?;
                if receiver.is_nullish() {
                    Value::Undefined
                } else {
                    js::call(&receiver, *method, &self.all(arguments)?)?
                }
            }
            ExprKind::Each(receiver, method, arrow) => {
                js::call_each(&self.eval(receiver)?, *method, &|arguments| self.apply(arrow, arguments))?
            }
            ExprKind::Reduce(receiver, arrow, initial) => {
                let receiver = self.eval(receiver)?;
                if receiver.is_nullish() {
                    return Ok(Value::Undefined);
                }
                let initial = initial.as_ref().map(|initial| self.eval(initial)).transpose()?;
                js::reduce(&receiver, &|arguments| self.apply(arrow, arguments), initial)?
            }
            ExprKind::SortBy(receiver, arrow) => {
                js::sort_by(&self.eval(receiver)?, &|arguments| self.apply(arrow, arguments))?
            }
            ExprKind::Global(global, arguments) => js::global(*global, &self.all(arguments)?)?,
            ExprKind::Unary(Unary::Not, operand) => Value::Bool(!self.eval(operand)?.truthy()),
            ExprKind::Unary(Unary::Minus, operand) => js::neg(&self.eval(operand)?),
            ExprKind::Unary(Unary::Plus, operand) => js::plus(&self.eval(operand)?),
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            ExprKind::Conditional(test, yes, no) => self.eval(if self.eval(test)?.truthy() { yes } else { no })?,
            ExprKind::Unknown => Value::Undefined,
        })
    }

    fn binary(&self, operator: Binary, left: &Expr, right: &Expr) -> Result<Value, Fault> {
        let left = self.eval(left)?;
        if decides(operator, &left) {
            return Ok(left);
        }
        Ok(operate(operator, &left, &self.eval(right)?))
    }

    fn all(&self, exprs: &[Expr]) -> Result<Vec<Value>, Fault> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn apply(&self, arrow: &Arrow, arguments: &[Value]) -> Result<Value, Fault> {
        let mut bound = self.bound.clone();
        for (parameter, argument) in arrow.parameters.iter().zip(arguments) {
            bound.push((parameter.number, argument.clone()));
        }
        Evaluation { names: self.names, bound }.eval(&arrow.body)
    }
}
