//! Arguments with which a method fails whatever it is called on: `n.toFixed(101)`.
//!
//! Always true: the runtime's own method says what is out of range. Of an argument only the values are looked at that are known.

use super::infer::Typing;
use super::messages;
use crate::model::expr::Expr;
use crate::model::ty::{Literal, Type};
use flow_runtime::expr::{self as js, Method};
use flow_runtime::value::Value;

impl Typing<'_> {
    /// Reports such an argument; whether there is one.
    pub(super) fn out_of_range(&mut self, receiver: &Type, method: Method, arguments: &[Expr], types: &[Type]) -> bool {
        if !matches!(method, Method::Repeat | Method::ToFixed | Method::ToString) {
            return false;
        }
        let (Some(argument), Some(ty)) = (arguments.first(), types.first()) else { return false };
        let values: Vec<Value> = match argument.as_constant() {
            Some(value) => vec![value.clone()],
            None => ty.members().iter().filter_map(Type::as_value).collect(),
        };
        let fails = |one: &Type| {
            let sample = sample(one, method)?;
            values.iter().find_map(|value| js::call(&sample, method, std::slice::from_ref(value)).err())
        };
        let fault = receiver.members().iter().find_map(fails);
        if let Some(fault) = &fault {
            self.report(messages::out_of_range(argument, &fault.message));
        }
        fault.is_some()
    }
}

/// Some value that has the method, and of which no argument makes anything large.
fn sample(receiver: &Type, method: Method) -> Option<Value> {
    match (receiver, method) {
        (Type::Number | Type::Literal(Literal::Number(_)), Method::ToFixed | Method::ToString)
        | (Type::Json, Method::ToFixed) => Some(Value::Number(0.0)),
        (Type::String(_) | Type::Literal(Literal::String(_)) | Type::Json, Method::Repeat) => Some(Value::string("")),
        _ => None,
    }
}
