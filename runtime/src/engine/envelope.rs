//! The envelope of a node: `previous_outputs.<id>`.
//!
//! Comes in: how a node settled, its result as canonical JSON text, its error, its times. Goes out: JSON text.
//! Always true: keys whose value is missing are left out; numbers and strings are written as `JSON.stringify` writes them.

use super::Outcome;
use super::clock::Timestamp;
use crate::node::NodeError;
use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

const RESULT: &str = r#","result":"#;

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
    /// Where the result stands in the text of an envelope.
    pub fn place_of_result(&self) -> Option<Range<usize>> {
        let from = self.head().len() + RESULT.len();
        self.result.map(|result| from..from + result.len())
    }

    fn head(&self) -> &'static str {
        match self.outcome {
            Outcome::Completed | Outcome::NotPassed => r#"{"status":"completed""#,
            Outcome::Failed => r#"{"status":"failed""#,
        }
    }

    pub fn text(&self) -> String {
        let mut text = String::with_capacity(256 + self.result.map_or(0, str::len));
        text.push_str(self.head());
        if let Some(result) = self.result {
            text.push_str(RESULT);
            text.push_str(result);
        }
        if let Some(error) = self.error {
            text.push_str(r#","error":"#);
            text.push_str(&error.to_json());
        }
        text.push_str(r#","attempts":"#);
        push_number(&mut text, u64::from(self.attempts));
        text.push_str(r#","started_at":""#);
        self.started_at.push_to(&mut text);
        text.push_str(r#"","completed_at":""#);
        self.completed_at.push_to(&mut text);
        text.push_str(r#"","execution_time":"#);
        push_seconds(&mut text, self.execution_time);
        text.push('}');
        text
    }
}

/// Seconds with up to six decimals, no trailing zeros: as JavaScript prints such a number.
pub fn push_seconds(text: &mut String, duration: Duration) {
    push_number(text, duration.as_secs());
    let micros = duration.subsec_micros();
    if micros > 0 {
        // A one in front keeps the zeros behind the point.
        let point = text.len();
        push_number(text, u64::from(1_000_000 + micros));
        text.replace_range(point..=point, ".");
        text.truncate(text.trim_end_matches('0').len());
    }
}

/// Digits, without the machinery of formatting.
pub fn push_number(text: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut from = digits.len();
    loop {
        from -= 1;
        digits[from] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.push_str(str::from_utf8(&digits[from..]).unwrap_or_default());
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
