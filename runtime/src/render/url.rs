//! URLs.

use super::Rendered;
use crate::value::{Raw, Value};

/// The part of a URL in which data stands; decides how it is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// At the very start: the whole URL so far is data, an absolute http or https URL.
    Base,
    /// Inside host and port.
    Authority,
    /// Percent-encoded; a whole segment that is `.` or `..`, or that is empty, is a fault.
    Path,
    /// Percent-encoded, also behind `#`.
    Query,
}

/// A URL under construction.
#[derive(Debug, Default)]
pub struct Url {
    text: String,
}

impl Url {
    pub fn literal(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub fn env(&mut self, value: &str) {
        let _ = value;
        todo!()
    }

    /// A missing or null value is a fault.
    pub fn data(&mut self, at: At, data: Raw) -> Rendered {
        let _ = (at, data);
        todo!()
    }

    pub fn value(&mut self, at: At, value: &Value, source: &str) -> Rendered {
        let _ = (at, value, source);
        todo!()
    }
}
