//! Query parameters and form fields.

use super::{Rendered, Text};
use crate::value::{Raw, Value};

/// Names and values under construction, in order; encoded as `application/x-www-form-urlencoded`.
#[derive(Debug, Default)]
pub struct Params {
    entries: Vec<(String, Text)>,
}

impl Params {
    /// A parameter that is mixed text, then written with the verbs of [`Text`] (missing data is a fault).
    pub fn param(&mut self, name: &str) -> &mut Text {
        let _ = (name, &mut self.entries);
        todo!()
    }

    /// A parameter that is one whole template: left out when missing; an array repeats the name.
    pub fn data(&mut self, name: &str, data: Raw) -> Rendered {
        let _ = (name, data);
        todo!()
    }

    pub fn value(&mut self, name: &str, value: &Value, source: &str) -> Rendered {
        let _ = (name, value, source);
        todo!()
    }
}
