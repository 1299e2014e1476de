//! A value an expression computes with.

use super::JsString;
use std::sync::Arc;

/// A JavaScript value, as far as workflows have them. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Value {
    /// A path that leads nowhere.
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    String(JsString),
    Array(Arc<Vec<Value>>),
    Object(Arc<Object>),
}

/// Keys in JavaScript's order: integer-like ones ascending, then the others as they were added.
#[derive(Clone, Debug, Default)]
pub struct Object {}

impl Value {
    /// An object of these fields; of duplicate keys the last value wins, at the first one's place.
    pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        let _ = fields.into_iter().count();
        todo!()
    }
}
