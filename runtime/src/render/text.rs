//! Text: header values, subjects, mail bodies, HTML.

use super::Rendered;
use crate::value::{Raw, Value};

/// Where a text stands; decides how data in it is escaped and whether it may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Missing data renders as nothing.
    Prose,
    /// As `Prose`, with HTML escaped.
    Html,
    /// A subject, a display name: as `Prose`; CR and LF are a fault.
    Line,
    /// A header value, a mail server, a user name: CR, LF and control characters are a fault, and so is missing data.
    Header,
    /// Exactly one mail address; missing data is a fault.
    Address,
}

/// A text under construction.
#[derive(Debug)]
pub struct Text {
    text: String,
    place: Place,
}

impl Text {
    pub fn new(place: Place) -> Text {
        Text { text: String::new(), place }
    }

    pub fn literal(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub fn env(&mut self, value: &str) {
        self.text.push_str(value);
    }

    pub fn data(&mut self, data: Raw) -> Rendered {
        let _ = (data, self.place);
        todo!()
    }

    pub fn value(&mut self, value: &Value, source: &str) -> Rendered {
        let _ = (value, source);
        todo!()
    }

    /// The text of a place that needs no further check.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}
