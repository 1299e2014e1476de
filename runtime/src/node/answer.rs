//! An HTTP answer as a node's outcome, result and error.
//!
//! Comes in: status, headers and the bytes of a body. Goes out: an [`Attempt`].
//! Always true: `result` is canonical JSON text with the body's own fields at the top; `success` is false for every
//! failure whatever the body says.

use super::failure::readable;
use super::{Attempt, NodeError, Outcome, charset};
use crate::engine::push_seconds;
use crate::trigger::Schema;
use crate::value::{
    DEPTH_MAX, Doc, JsonError, Limits, Raw, Shape, ShapeField, array_index, write_escaped, write_string,
};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use std::time::{Duration, SystemTime};

/// What the runtime itself reads in a body.
static SHAPE: Shape = Shape {
    slots: 10,
    fields: &[
        leaf("success", SUCCESS),
        leaf("status_code", STATUS_CODE),
        leaf("response", RESPONSE),
        leaf("headers", HEADERS),
        leaf("duration", DURATION),
        ShapeField { name: "error", slot: Some(ERROR), fields: &[leaf("message", ERROR_DOT_MESSAGE)] },
        leaf("error_message", ERROR_MESSAGE),
        leaf("message", MESSAGE),
        leaf("detail", DETAIL),
    ],
};
const SUCCESS: usize = 0;
const STATUS_CODE: usize = 1;
const RESPONSE: usize = 2;
const HEADERS: usize = 3;
const DURATION: usize = 4;
const ERROR: usize = 5;
const ERROR_DOT_MESSAGE: usize = 6;
const ERROR_MESSAGE: usize = 7;
const MESSAGE: usize = 8;
const DETAIL: usize = 9;

const fn leaf(name: &'static str, slot: usize) -> ShapeField {
    ShapeField { name, slot: Some(slot), fields: &[] }
}

/// Everything of an answer.
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) duration: Duration,
    pub(super) now: SystemTime,
    /// What the body of a 2xx answer has to fit.
    pub(super) schema: Option<&'a Schema>,
}

/// The outcome table of the language: 408, 429 and 5xx may be tried again, 2xx that is what its schema says succeeded, the
/// rest failed.
pub(super) fn settle(answer: &Answer) -> Attempt {
    let status = answer.status;
    let content_type = answer.headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or_default());
    let body = match charset::decoded(content_type, answer.body) {
        Some(bytes) => read_body(content_type, &bytes),
        None if status.is_success() => return unreadable(content_type),
        // A failure is one whatever its body says.
        None => Body::Empty,
    };
    let misfit = if status.is_success() { misfit(answer.schema, &body) } else { None };
    let fits = misfit.is_none();
    let refused = status.is_success() && body.slot(SUCCESS) == Some("false");
    let outcome = match status.as_u16() {
        // The request was carried out: to send it again may do the same again, and be answered in the same way.
        _ if !fits => Outcome::Failed,
        _ if status.is_success() => Outcome::Succeeded,
        408 | 429 | 500..=599 => Outcome::Retryable { after: retry_after(answer.headers, answer.now) },
        _ => Outcome::Failed,
    };
    let error = if refused || !status.is_success() {
        let message = body.message().unwrap_or_else(|| match refused {
            true => "the service answered that it did not succeed".to_owned(),
            false => status_line(status),
        });
        let code = if refused { "UNSUCCESSFUL".to_owned() } else { format!("HTTP_{}", status.as_u16()) };
        Some((code, message))
    } else {
        misfit.map(|(code, message)| (code.to_owned(), message))
    };
    let details = format!("{{\"status_code\":{}}}", status.as_u16());
    let error = error.map(|(code, message)| NodeError { message, code, details });
    let result = result(answer, &body, outcome == Outcome::Succeeded, fits);
    Attempt { outcome, status: Some(status.as_u16()), result: Some(result), error }
}

/// The request was carried out, and what came of it cannot be read: to send it again would change nothing.
fn unreadable(content_type: &str) -> Attempt {
    let name = charset::charset(content_type).and_then(readable).unwrap_or_default();
    let message = format!("the answer is text in the encoding `{name}`, which is not known here");
    Attempt::failed(Outcome::Failed, NodeError::new("BAD_ANSWER", message))
}

/// Code and message for a body that is not what it says it is, or for the first place in which it is not what its schema says; in
/// words that hold nothing of it.
fn misfit(schema: Option<&Schema>, body: &Body) -> Option<(&'static str, String)> {
    let check = |json: &str| schema?.check(json).into_iter().next();
    let message = match body {
        // Whether it speaks of success, nobody knows.
        Body::Broken(_, error) => {
            let message = format!("the answer says that it is JSON, and cannot be read as such: {error}");
            return Some(("BAD_ANSWER", message));
        }
        Body::Json(doc) => format!("the answer does not fit its schema: {}", check(doc.text())?),
        Body::Empty => check("null").map(|_| "the answer is empty, and its schema says otherwise".to_owned())?,
        Body::Text(text) => {
            let mut json = String::with_capacity(text.len() + 2);
            write_string(text, &mut json);
            check(&json).map(|_| "the answer is not JSON, and its schema says otherwise".to_owned())?
        }
    };
    Some(("RESPONSE_MISMATCH", message))
}

/// `HTTP 402 Payment Required`.
pub(super) fn status_line(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("HTTP {} {reason}", status.as_u16()),
        None => format!("HTTP {}", status.as_u16()),
    }
}

enum Body {
    Empty,
    Json(Doc),
    Text(String),
    /// Text that says it is JSON.
    Broken(String, JsonError),
}

impl Body {
    /// As JSON; `null` where it is none.
    fn json(&self) -> &str {
        match self {
            Body::Json(doc) => doc.text(),
            Body::Empty | Body::Text(_) | Body::Broken(..) => "null",
        }
    }

    /// A field the runtime knows, of a body that is an object.
    fn slot(&self, slot: usize) -> Option<&str> {
        match self {
            Body::Json(doc) => doc.slot(slot),
            Body::Empty | Body::Text(_) | Body::Broken(..) => None,
        }
    }

    /// The first text that says what is wrong.
    fn message(&self) -> Option<String> {
        [ERROR_DOT_MESSAGE, ERROR, ERROR_MESSAGE, MESSAGE, DETAIL].into_iter().find_map(|slot| {
            let text = Raw::new(self.slot(slot), "").string()?;
            readable(&text.to_well_formed())
        })
    }
}

/// JSON when the headers or the first byte say so and it is; otherwise text, which is broken when both say so.
fn read_body(content_type: &str, bytes: &[u8]) -> Body {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else { return Body::Empty };
    let text = || String::from_utf8_lossy(bytes).into_owned();
    let begins_as_json = matches!(first, b'{' | b'[');
    if !begins_as_json && !charset::is_json(content_type) {
        return Body::Text(text());
    }
    let limits = Limits { size: usize::MAX, depth: DEPTH_MAX, ..Limits::default() };
    match Doc::read(bytes, &SHAPE, &limits) {
        Ok(doc) => Body::Json(doc),
        Err(error) if begins_as_json && is_one_document(content_type) => Body::Broken(text(), error),
        Err(_) => Body::Text(text()),
    }
}

/// `application/json`, `application/problem+json`; not what is JSON line by line, such as `application/x-ndjson`.
fn is_one_document(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim_end();
    let ends_with = |end: &str| {
        let start = media_type.len().checked_sub(end.len());
        start.and_then(|start| media_type.get(start..)).is_some_and(|last| last.eq_ignore_ascii_case(end))
    };
    ends_with("/json") || ends_with("+json")
}

/// The fields of an object body, then what the body has no field for: `status_code`, `response`, `headers`, `duration`,
/// `success`. Nothing of a body that does not fit its schema stands at the top: no condition takes it for what it says it is.
fn result(answer: &Answer, body: &Body, ok: bool, fits: bool) -> String {
    let fields = if fits { body } else { &Body::Empty };
    let text = fields.json();
    let mut out = String::with_capacity(2 * text.len().max(answer.body.len()) + 256);
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        None => out.push('{'),
        // What the body says about success does not hold for a failure.
        Some(_) if !ok && fields.slot(SUCCESS).is_some_and(|own| own != "false") => {
            let own = fields.slot(SUCCESS).unwrap_or_default();
            let start = own.as_ptr() as usize - text.as_ptr() as usize;
            out.push_str(&text[..start]);
            out.push_str("false");
            out.push_str(&text[start + own.len()..text.len() - 1]);
        }
        Some(text) => {
            out.push('{');
            out.push_str(text);
        }
    }
    let key = |key: &str, out: &mut String| {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(key);
    };
    if fields.slot(STATUS_CODE).is_none() {
        key("\"status_code\":", &mut out);
        out.push_str(answer.status.as_str());
    }
    if fields.slot(RESPONSE).is_none() {
        key("\"response\":", &mut out);
        match body {
            Body::Text(text) | Body::Broken(text, _) => write_string(text, &mut out),
            Body::Json(_) | Body::Empty => out.push_str(body.json()),
        }
    }
    if fields.slot(HEADERS).is_none() {
        key("\"headers\":", &mut out);
        write_headers(answer.headers, &mut out);
    }
    if fields.slot(DURATION).is_none() {
        key("\"duration\":", &mut out);
        push_seconds(&mut out, Duration::from_millis(answer.duration.as_millis() as u64));
    }
    if fields.slot(SUCCESS).is_none() {
        key("\"success\":", &mut out);
        out.push_str(if ok { "true" } else { "false" });
    }
    out.push('}');
    out
}

/// Names in lower case; a repeated header is joined with `, `.
fn write_headers(headers: &HeaderMap, out: &mut String) {
    // JavaScript puts keys that look like an index first, and a header may be called `1`.
    let index = |name: &str| array_index(name.as_bytes()).unwrap_or(u32::MAX);
    let mut names: Vec<&HeaderName> = headers.keys().collect();
    if names.iter().any(|name| name.as_str().starts_with(|first: char| first.is_ascii_digit())) {
        names.sort_by_key(|name| index(name.as_str()));
    }
    out.push('{');
    for (position, name) in names.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_string(name.as_str(), out);
        out.push_str(":\"");
        for (position, value) in headers.get_all(name).iter().enumerate() {
            if position > 0 {
                out.push_str(", ");
            }
            write_escaped(&String::from_utf8_lossy(value.as_bytes()), out);
        }
        out.push('"');
    }
    out.push('}');
}

/// `Retry-After`: seconds, or an HTTP date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than can be counted are as good as the most.
        return (!text.is_empty()).then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(SystemTime::from(date).duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Attempt {
        answer_of(None, status, headers, body)
    }

    fn answer_of(schema: Option<&str>, status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Attempt {
        let schema = schema.map(Schema::new);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        settle(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &map,
            body: body.as_bytes(),
            duration: Duration::from_micros(12_900),
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
            schema: schema.as_ref(),
        })
    }

    const JSON: (&str, &str) = ("content-type", "application/json");

    #[test]
    fn fields_of_the_body_stand_at_the_top() {
        let attempt = answer(200, &[JSON], r#" {"transaction_id": "t-1", "amount": 1.0} "#);
        let body = r#"{"transaction_id":"t-1","amount":1}"#;
        let expected = format!(
            r#"{{"transaction_id":"t-1","amount":1,"status_code":200,"response":{body},"headers":{{"content-type":"application/json"}},"duration":0.012,"success":true}}"#
        );
        assert_eq!(attempt, Attempt { status: Some(200), ..Attempt::succeeded(expected) });
    }

    #[test]
    fn keys_of_the_body_win() {
        let body = r#"{"success":"maybe","status_code":"x","response":1,"headers":[],"duration":null}"#;
        let expected = Attempt { status: Some(200), ..Attempt::succeeded(body.to_owned()) };
        assert_eq!(answer(200, &[JSON], body), expected);
    }

    #[test]
    fn a_failure_is_never_a_success() {
        let attempt = answer(500, &[], r#"{"a":1,"success":true,"z":2}"#);
        assert_eq!(attempt.outcome, Outcome::Retryable { after: None });
        let result = attempt.result.unwrap();
        assert!(
            result.starts_with(
                r#"{"a":1,"success":false,"z":2,"status_code":500,"response":{"a":1,"success":true,"z":2},"#
            ),
            "{result}"
        );
        assert!(answer(404, &[], "{}").result.unwrap().starts_with(r#"{"status_code":404,"response":{},"#));
        assert!(answer(404, &[], "{}").result.unwrap().ends_with(r#""success":false}"#));
    }

    #[test]
    fn a_2xx_that_says_no_completes_with_an_error() {
        let attempt = answer(200, &[JSON], r#"{"success":false,"error":"Card expired"}"#);
        assert_eq!(attempt.outcome, Outcome::Succeeded);
        let error = attempt.error.unwrap();
        assert_eq!((error.message.as_str(), error.code.as_str()), ("Card expired", "UNSUCCESSFUL"));
        assert_eq!(
            answer(200, &[JSON], r#"{"success":false}"#).error.unwrap().message,
            "the service answered that it did not succeed"
        );
        assert_eq!(answer(200, &[JSON], r#"{"success":0}"#).error, None);
    }

    #[test]
    fn a_2xx_that_is_not_what_its_schema_says_has_failed() {
        const PAID: &str = r#"{"type":"object","properties":{"success":{"type":"boolean"},"id":{"type":"string"}},
            "required":["success","id"]}"#;
        let answer = |body: &str| answer_of(Some(PAID), 200, &[], body);
        assert_eq!(answer(r#"{"success":true,"id":"t-1"}"#).outcome, Outcome::Succeeded);
        for (body, message) in [
            ("<html>Sign in</html>", "the answer is not JSON, and its schema says otherwise"),
            ("", "the answer is empty, and its schema says otherwise"),
            ("{\"success\":true,", "the answer is not JSON, and its schema says otherwise"),
            (r#"{"success":true}"#, "the answer does not fit its schema: $.id: is missing"),
            (r#"{"success":true,"id":42}"#, "the answer does not fit its schema: $.id: expected a text, not a number"),
        ] {
            let attempt = answer(body);
            assert_eq!(attempt.outcome, Outcome::Failed, "{body}");
            let error = attempt.error.unwrap();
            assert_eq!((error.code.as_str(), error.message.as_str()), ("RESPONSE_MISMATCH", message), "{body}");
            let field = |name: &str| Raw::new(attempt.result.as_deref(), "").get(name).text().map(str::to_owned);
            assert_eq!((field("success").as_deref(), field("id")), (Some("false"), None), "{body}");
            assert_eq!(field("response").is_some_and(|body| body != "null"), !body.is_empty(), "{body}");
        }
        // Whose own words say more.
        let declined = answer(r#"{"success":false,"error":"Card expired"}"#);
        let error = declined.error.unwrap();
        assert_eq!((declined.outcome, error.code.as_str()), (Outcome::Failed, "UNSUCCESSFUL"));
        assert_eq!(error.message, "Card expired");
        // What a failure answers is described by no schema.
        assert_eq!(answer_of(Some(PAID), 503, &[], "{}").outcome, Outcome::Retryable { after: None });
        assert_eq!(answer_of(Some(r#"{"type":"null"}"#), 204, &[], "").outcome, Outcome::Succeeded);
    }

    #[test]
    fn outcomes_follow_the_table() {
        for status in [408, 429, 500, 501, 503, 599] {
            assert_eq!(answer(status, &[], "").outcome, Outcome::Retryable { after: None }, "{status}");
        }
        for status in [300, 304, 400, 401, 402, 404, 409, 422, 451] {
            assert_eq!(answer(status, &[], "").outcome, Outcome::Failed, "{status}");
        }
        for status in [200, 201, 202, 204, 206] {
            assert_eq!(answer(status, &[], "").outcome, Outcome::Succeeded, "{status}");
        }
    }

    #[test]
    fn the_message_is_the_first_that_says_something() {
        for (body, message) in [
            (r#"{"error":{"message":"A"},"message":"B"}"#, "A"),
            (r#"{"error":"A","error_message":"B"}"#, "A"),
            (r#"{"error":"","error_message":"B","message":"C"}"#, "B"),
            (r#"{"error":{"code":1},"message":"C","detail":"D"}"#, "C"),
            (r#"{"message":"null","detail":"D"}"#, "D"),
            (r#"{"error":null,"detail":[1]}"#, "HTTP 402 Payment Required"),
            (r#"{"error":" "}"#, "HTTP 402 Payment Required"),
            ("Payment declined", "HTTP 402 Payment Required"),
            ("", "HTTP 402 Payment Required"),
        ] {
            let error = answer(402, &[], body).error.unwrap();
            assert_eq!(error.message, message, "{body}");
            assert_eq!((error.code.as_str(), error.details.as_str()), ("HTTP_402", r#"{"status_code":402}"#));
        }
        assert_eq!(answer(599, &[], "").error.unwrap().message, "HTTP 599");
    }

    #[test]
    fn bodies_that_are_not_json_are_text() {
        let response = |headers: &[(&'static str, &'static str)], body: &str| {
            let result = answer(200, headers, body).result.unwrap();
            Raw::new(Some(&result), "").get("response").text().unwrap().to_owned()
        };
        assert_eq!(response(&[], "OK \"then\"\n"), r#""OK \"then\"\n""#);
        assert_eq!(response(&[], ""), "null");
        assert_eq!(response(&[JSON], "12.50"), "12.5");
        assert_eq!(response(&[], "12.50"), "\"12.50\"");
        assert_eq!(response(&[], "[1, 2]"), "[1,2]");
        assert_eq!(response(&[JSON], "broken"), "\"broken\"");
        assert_eq!(response(&[("content-type", "application/x-ndjson")], "{}\n{}"), "\"{}\\n{}\"");
        assert_eq!(response(&[JSON], "\u{feff}{}"), "{}");
    }

    #[test]
    fn json_that_cannot_be_read_says_nothing_of_success() {
        for (content_type, body) in [
            ("application/json", "{\"success\":false"),
            ("application/json", "{\"success\":false,}"),
            ("application/problem+json; charset=utf-8", "{\"success\":false,\"m\":\"a\tb\"}"),
            ("Application/JSON", "[{]"),
        ] {
            let broken = answer(200, &[("content-type", content_type)], body);
            let error = broken.error.unwrap();
            assert_eq!((broken.outcome, error.code.as_str()), (Outcome::Failed, "BAD_ANSWER"), "{body}");
            assert!(
                error.message.starts_with("the answer says that it is JSON, and cannot be read as such: "),
                "{}",
                error.message
            );
            let result = broken.result.unwrap();
            let field = |name: &str| Raw::new(Some(&result), "").get(name).text().unwrap().to_owned();
            assert_eq!(field("success"), "false");
            assert_eq!(crate::value::Value::from_json(&field("response")).unwrap().to_text(), body);
            // What is a failure anyway has the error of its status.
            assert_eq!(answer(422, &[("content-type", content_type)], body).error.unwrap().code, "HTTP_422");
        }
    }

    #[test]
    fn text_in_another_encoding_is_read_or_refused() {
        let answer = |status, content_type: &'static str, body: &[u8]| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
            let status = StatusCode::from_u16(status).unwrap();
            let (duration, now) = (Duration::ZERO, SystemTime::UNIX_EPOCH);
            settle(&Answer { status, headers: &headers, body, duration, now, schema: None })
        };
        let read = answer(200, "application/json; charset=ISO-8859-1", b"{\"name\":\"M\xfcller\"}");
        assert!(read.result.unwrap().starts_with(r#"{"name":"Müller","status_code":200"#));
        let refused = answer(200, "text/plain; charset=Shift_JIS", b"\x83\x65");
        let error = refused.error.unwrap();
        assert_eq!((refused.outcome, error.code.as_str()), (Outcome::Failed, "BAD_ANSWER"));
        assert_eq!(error.message, "the answer is text in the encoding `Shift_JIS`, which is not known here");
        let failed = answer(503, "text/plain; charset=Shift_JIS", b"\x83\x65");
        assert_eq!((failed.status, failed.outcome), (Some(503), Outcome::Retryable { after: None }));
    }

    #[test]
    fn headers_are_lower_case_and_joined() {
        let result = answer(204, &[("X-A", "1"), ("2", "b"), ("x-a", "é\"")], "").result.unwrap();
        assert_eq!(Raw::new(Some(&result), "").get("headers").text(), Some(r#"{"2":"b","x-a":"1, é\""}"#));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |value: &'static str| match answer(429, &[("retry-after", value)], "").outcome {
            Outcome::Retryable { after } => after.map(|after| after.as_secs()),
            Outcome::Succeeded | Outcome::Failed => unreachable!("429 may be tried again"),
        };
        assert_eq!(after("120"), Some(120));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:47 GMT"), Some(10));
        assert_eq!(after("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(after("soon"), None);
        assert_eq!(after(""), None);
        assert_eq!(after("99999999999999999999999"), Some(u64::MAX));
    }
}
