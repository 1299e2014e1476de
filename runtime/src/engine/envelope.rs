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
            text.push_str(&error.to_json());
        }
        push(&mut text, format_args!(r#","attempts":{}"#, self.attempts));
        push(&mut text, format_args!(r#","started_at":"{}""#, self.started_at));
        push(&mut text, format_args!(r#","completed_at":"{}","execution_time":"#, self.completed_at));
        push_seconds(&mut text, self.execution_time);
        text.push('}');
        text
    }
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
}
