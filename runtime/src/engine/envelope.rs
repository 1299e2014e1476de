//! The envelope of a node: `previous_outputs.<id>`.
//!
//! Comes in: how a node settled, its result as canonical JSON text, its error, its times. Goes out: JSON text.
//! Always true: keys whose value is missing are left out; numbers and strings are written as `JSON.stringify` writes them.

use super::Outcome;
use super::clock::Timestamp;
use crate::node::NodeError;
use std::fmt::Write;
use std::time::Duration;

/// What an envelope says.
pub struct Envelope<'a> {
    pub outcome: Outcome,
    /// Canonical JSON text.
    pub result: Option<&'a str>,
    pub error: Option<&'a NodeError>,
    pub attempts: u32,
    pub started_at: Timestamp,
    pub completed_at: Timestamp,
    pub execution_time: Duration,
}

impl Envelope<'_> {
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(256 + self.result.map_or(0, str::len));
        text.push_str(match self.outcome {
            Outcome::Completed | Outcome::NotPassed => r#"{"status":"completed""#,
            Outcome::Failed => r#"{"status":"failed""#,
        });
        if let Some(result) = self.result {
            text.push_str(r#","result":"#);
            text.push_str(result);
        }
        if let Some(error) = self.error {
            text.push_str(r#","error":"#);
            push_error(&mut text, error);
        }
        push(&mut text, format_args!(r#","attempts":{}"#, self.attempts));
        push(&mut text, format_args!(r#","started_at":"{}""#, self.started_at));
        push(&mut text, format_args!(r#","completed_at":"{}","execution_time":"#, self.completed_at));
        push_seconds(&mut text, self.execution_time);
        text.push('}');
        text
    }
}

fn push_error(text: &mut String, error: &NodeError) {
    text.push_str(r#"{"message":"#);
    push_string(text, &error.message);
    text.push_str(r#","code":"#);
    push_string(text, &error.code);
    text.push_str(r#","details":"#);
    text.push_str(&error.details);
    text.push('}');
}

/// Seconds with up to six decimals, no trailing zeros: as JavaScript prints such a number.
pub fn push_seconds(text: &mut String, duration: Duration) {
    push(text, format_args!("{}", duration.as_secs()));
    let micros = duration.subsec_micros();
    if micros > 0 {
        push(text, format_args!(".{micros:06}"));
        text.truncate(text.trim_end_matches('0').len());
    }
}

/// A JSON string, quoted as `JSON.stringify` does.
pub fn push_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            control if control < ' ' => push(text, format_args!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Writing into a `String` cannot fail.
pub fn push(text: &mut String, arguments: std::fmt::Arguments) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: Timestamp = Timestamp { millis: 1_795_371_660_000 };

    fn envelope(outcome: Outcome, result: Option<&str>, error: Option<&NodeError>) -> String {
        let took = Duration::from_micros(1_234_500);
        let completed_at = STARTED.after(took);
        Envelope { outcome, result, error, attempts: 2, started_at: STARTED, completed_at, execution_time: took }.text()
    }

    #[test]
    fn missing_keys_are_left_out() {
        assert_eq!(
            envelope(Outcome::Completed, None, None),
            r#"{"status":"completed","attempts":2,"started_at":"2026-11-22T18:21:00.000Z","completed_at":"2026-11-22T18:21:01.234Z","execution_time":1.2345}"#
        );
    }

    #[test]
    fn a_failed_node_keeps_its_result() {
        let error = NodeError { message: "no \"way\"\n".into(), code: "HTTP_402".into(), details: r#"{"a":1}"#.into() };
        let text = envelope(Outcome::Failed, Some(r#"{"success":false}"#), Some(&error));
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["status"], "failed");
        assert_eq!(read["result"]["success"], false);
        assert_eq!(
            read["error"],
            serde_json::json!({"message": "no \"way\"\n", "code": "HTTP_402", "details": {"a": 1}})
        );
    }

    #[test]
    fn a_filter_that_does_not_pass_has_completed() {
        assert!(envelope(Outcome::NotPassed, None, None).starts_with(r#"{"status":"completed","#));
    }

    #[test]
    fn seconds_are_written_as_javascript_would() {
        for (micros, expected) in [
            (0, "0"),
            (1, "0.000001"),
            (100_000, "0.1"),
            (1_000_000, "1"),
            (10_000_010, "10.00001"),
            (20_500_000, "20.5"),
        ] {
            let mut text = String::new();
            push_seconds(&mut text, Duration::from_micros(micros));
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn strings_are_quoted_as_json_stringify_does() {
        let mut text = String::new();
        push_string(&mut text, "a\"\\\n\r\t\u{8}\u{c}\u{1}\u{7f}é🎉");
        assert_eq!(text, "\"a\\\"\\\\\\n\\r\\t\\b\\f\\u0001\u{7f}é🎉\"");
    }
}
