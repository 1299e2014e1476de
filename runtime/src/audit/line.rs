//! What a line says.
//!
//! Comes in: what happened. Goes out: the text between `"seq"` and `"hash"`.
//! Always true: every text is an id or a word of the workflow or of this program; the only thing taken from an answer is a
//! transaction id, and only if it looks like one.

use crate::engine::{Clock, SystemClock};
use crate::flow::{Node, Workflow};
use crate::value::{Raw, write_string};
use std::fmt::Write;

/// The fields of an http node's result that are transaction ids: the services that move money or goods call them so, and
/// an auditor finds the same number in their books.
pub const TRANSACTION_IDS: &[&str] = &["transaction_id", "transactionId"];

/// Longer is no id.
const ID_LENGTH_MAX: usize = 128;

/// A line without its number and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    /// Of something that happens now.
    pub fn now(event: &'static str) -> Body {
        let mut text = String::with_capacity(224);
        text.push_str("\"time\":\"");
        SystemClock.wall().push_to(&mut text);
        text.push_str("\",\"event\":\"");
        text.push_str(event);
        text.push('"');
        Body(text)
    }

    #[must_use]
    pub fn text(mut self, name: &'static str, value: &str) -> Body {
        self.0.extend([",\"", name, "\":"]);
        write_string(value, &mut self.0);
        self
    }

    #[must_use]
    pub fn number(mut self, name: &'static str, value: u64) -> Body {
        let _ = write!(self.0, ",\"{name}\":{value}");
        self
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Body {
    /// `origin`: a trigger's id, or `api` and who, or `command line`.
    pub fn execution_accepted(workflow: &Workflow, execution_id: &str, origin: &str) -> Body {
        let body = Body::now("execution accepted").text("execution_id", execution_id).text("by", origin);
        body.text("workflow", workflow.name).text("version", workflow.version)
    }

    pub fn node(event: &'static str, execution_id: &str, node: &Node) -> Body {
        Body::now(event).text("execution_id", execution_id).text("node", node.id).text("kind", node.kind.name())
    }

    /// The code of an error, and the transaction ids of a result. `envelope`: canonical JSON text.
    #[must_use]
    pub fn outcome(mut self, code: Option<&str>, envelope: &str) -> Body {
        if let Some(code) = code {
            self = self.text("code", code);
        }
        let result = Raw::new(Some(envelope), "").get("result");
        // Most answers have none, and a text is searched faster than it is read.
        for name in TRANSACTION_IDS.iter().filter(|name| envelope.contains(**name)) {
            match result.get(name).text() {
                None | Some("null") => {}
                Some(found) => self = self.text(name, id(found).unwrap_or("(withheld: not an id)")),
            }
        }
        self
    }
}

/// A text or a number that looks like an id: no spaces, no `@`, not long.
fn id(json: &str) -> Option<&str> {
    let bare = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(json);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'#');
    (!bare.is_empty() && bare.len() <= ID_LENGTH_MAX && bare.bytes().all(fits)).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_transaction_ids_are_taken_from_a_result() {
        let envelope = r#"{"status":"completed","result":{"email":"jane@example.com","transaction_id":"TXN-1"}}"#;
        let said = |envelope: &str| Body(String::new()).outcome(None, envelope).0;
        assert_eq!(said(envelope), ",\"transaction_id\":\"TXN-1\"");
        assert_eq!(
            said(&envelope.replace("TXN-1", "jane@example.com")),
            ",\"transaction_id\":\"(withheld: not an id)\""
        );
        assert_eq!(said("{}"), "");
    }

    #[test]
    fn ids_look_like_ids() {
        assert_eq!(id("\"TXN-1\""), Some("TXN-1"));
        assert_eq!(id("4711"), Some("4711"));
        for other in ["\"\"", "\"jane@example.com\"", "\"Jane Doe\"", "{\"a\":1}", "\"a\\u0000\"", "[1,2]"] {
            assert_eq!(id(other), None, "{other}");
        }
        assert_eq!(id(&"1".repeat(129)), None);
    }
}
