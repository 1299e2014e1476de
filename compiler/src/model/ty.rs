//! Static types: what is known about a value without looking at data.
//!
//! Today this is the part that decides which operator is emitted; the checker grows it into schemas, unions and `missing`.

use flow_runtime::value::Value;
use std::fmt;

/// The type of an expression. `Any` fits everywhere, so one mistake gives one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Anything, missing included: checked at run time.
    Any,
    Undefined,
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    pub fn of(value: &Value) -> Type {
        match value {
            Value::Undefined => Type::Undefined,
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::Array(_) => Type::Array,
            Value::Object(_) => Type::Object,
        }
    }

    /// The type of a value that is one or the other.
    pub fn join(self, other: Type) -> Type {
        if self == other { self } else { Type::Any }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Any => "json",
            Type::Undefined => "missing",
            Type::Null => "null",
            Type::Bool => "bool",
            Type::Number => "number",
            Type::String => "string",
            Type::Array => "array",
            Type::Object => "object",
        })
    }
}
