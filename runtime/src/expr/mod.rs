//! JavaScript's operators, methods and globals on values: the one place that knows the semantics.
//!
//! Comes in: [`crate::value::Value`]s. Goes out: a value, or a [`crate::value::Fault`] where JavaScript would throw.
//! Always true: pure; the same arguments give the same value, in the compiler (constant folding) and in a binary.
//! Any data is safe: time is near linear in its size, and what would grow without bounds is a fault (see `limits.rs`).
//! Deliberately absent: regular expressions, `Math.random`, dates, locales, anything inherited from a prototype.

mod array_methods;
mod convert;
mod fdlibm;
mod globals;
mod limits;
mod math;
mod names;
mod number_methods;
mod operators;
mod replace;
mod search;
mod sort;
mod string_methods;
mod trigonometry;

pub use globals::global;
pub use limits::{ITEMS_MAX, TEXT_MAX};
pub use math::math_constant;
pub use names::{EachMethod, Global, Method};
pub use operators::{
    add, div, equals, greater, greater_or_equal, index, less, less_or_equal, member, mul, neg, plus, rem, same,
    strict_equals, sub, text,
};

use crate::value::{Fault, Value};
use convert::kind;

/// `receiver.method(args)`; undefined when the receiver is undefined or null (departure 1).
///
/// # Errors
/// Where JavaScript throws: the receiver has no such method, an argument is out of range.
pub fn call(receiver: &Value, method: Method, args: &[Value]) -> Result<Value, Fault> {
    let result = match receiver {
        Value::Undefined | Value::Null => return Ok(Value::Undefined),
        Value::String(string) => string_methods::call(string, method, args),
        Value::Array(items) => array_methods::call(items, method, args),
        Value::Number(number) => match method {
            Method::ToFixed => Some(number_methods::to_fixed(*number, argument(args, 0)).map(text_value)),
            Method::ToString => Some(number_methods::to_string(*number, argument(args, 0)).map(text_value)),
            _ => None,
        },
        Value::Bool(_) | Value::Object(_) => (method == Method::ToString).then(|| Ok(receiver.to_js_string().into())),
    };
    result.unwrap_or_else(|| Err(no_method(receiver, method.name())))
}

/// `receiver.method(f)`; `f` gets `[item, index, array]`.
///
/// # Errors
/// When `f` fails, or the receiver is no array. Undefined and null give undefined, and `f` is not called.
pub fn call_each(
    receiver: &Value,
    method: EachMethod,
    f: &dyn Fn(&[Value]) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    match receiver {
        Value::Undefined | Value::Null => Ok(Value::Undefined),
        Value::Array(items) => array_methods::call_each(items, method, f),
        _ => Err(no_method(receiver, method.name())),
    }
}

/// `receiver.reduce(f, initial)`; `f` gets `[accumulator, item, index, array]`. `None`: no initial value was given.
///
/// # Errors
/// As [`call_each`], and for an empty array without an initial value.
pub fn reduce(
    receiver: &Value,
    f: &dyn Fn(&[Value]) -> Result<Value, Fault>,
    initial: Option<Value>,
) -> Result<Value, Fault> {
    match receiver {
        Value::Undefined | Value::Null => Ok(Value::Undefined),
        Value::Array(items) => array_methods::reduce(items, f, initial),
        _ => Err(no_method(receiver, "reduce")),
    }
}

/// `receiver.sort(f)`, as a new array; `f` gets `[a, b]`. Stable; undefined stands at the end.
///
/// # Errors
/// As [`call_each`].
pub fn sort_by(receiver: &Value, f: &dyn Fn(&[Value]) -> Result<Value, Fault>) -> Result<Value, Fault> {
    match receiver {
        Value::Undefined | Value::Null => Ok(Value::Undefined),
        Value::Array(items) => sort::sort_by_comparison(items, f).map(Value::array),
        _ => Err(no_method(receiver, "sort")),
    }
}

/// The argument at a place; undefined when there are fewer.
fn argument(args: &[Value], at: usize) -> &Value {
    args.get(at).unwrap_or(&Value::Undefined)
}

fn text_value(text: String) -> Value {
    Value::String(text.into())
}

fn no_method(receiver: &Value, method: &str) -> Fault {
    Fault::new(format!("{} has no method {method}()", kind(receiver)))
}
