//! Why a template could not be rendered or an expression has no value.

use std::fmt;

/// The node fails with `CONFIGURATION_ERROR` and this message. JavaScript would have thrown here, or the value is of the
/// wrong kind for its place. Never holds a value of the data: it may be mailed to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Fault {
        Fault { message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
