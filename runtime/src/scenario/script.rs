//! What a scenario says its nodes are answered.
//!
//! Comes in: JSON. Goes out: [`Answer`]s, or what is wrong with them.

use crate::node::{Scripted, ScriptedFault};
use serde_json::{Map, Value};
use std::time::Duration;

/// One answer, and how long it takes.
pub struct Answer {
    pub delay: Duration,
    pub scripted: Scripted,
}

impl Answer {
    /// Answers come one after the other; a single one need not stand in a list.
    pub fn list(json: &Value) -> Result<Vec<Answer>, String> {
        match json {
            Value::Array(answers) if answers.is_empty() => Err("has no answer".to_owned()),
            Value::Array(answers) => answers.iter().map(Answer::read).collect(),
            answer => Ok(vec![Answer::read(answer)?]),
        }
    }

    fn read(json: &Value) -> Result<Answer, String> {
        let fields = json.as_object().ok_or("an answer is an object")?;
        let delay = match fields.get("delay") {
            None => Duration::ZERO,
            Some(seconds) => seconds
                .as_f64()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .ok_or("`delay` is a number of seconds")?,
        };
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        let scripted = if let Some(name) = fields.get("fault") {
            let fault = name.as_str().and_then(ScriptedFault::named);
            Scripted::Fault(fault.ok_or_else(|| format!("`fault` is one of {}", ScriptedFault::NAMES.join(", ")))?)
        } else if let Some(reply) = fields.get("reply") {
            reply_of(reply.as_str().unwrap_or_default())
                .ok_or("`reply` is a reply of a mail server, such as \"550 5.1.1 no such user\"")?
        } else {
            let status = fields.get("status").map_or(Some(200), Value::as_u64);
            let status =
                status.and_then(|status| u16::try_from(status).ok()).filter(|status| (200..600).contains(status));
            let (body, json_body) = match (fields.get("json"), text("text")) {
                (Some(json), _) => (json.to_string(), true),
                (None, text) => (text.unwrap_or_default().to_owned(), false),
            };
            let mut headers = headers(fields.get("headers"))?;
            if json_body && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            let status = status.ok_or("`status` is an HTTP status from 200 to 599")?;
            Scripted::Answer { status, headers, body: body.into_bytes() }
        };
        Ok(Answer { delay, scripted })
    }
}

fn headers(json: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let nothing = Map::new();
    let fields = match json {
        None => &nothing,
        Some(headers) => headers.as_object().ok_or("`headers` is an object of texts")?,
    };
    let header = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    Ok(fields.iter().map(header).collect::<Option<_>>().ok_or("`headers` is an object of texts")?)
}

/// `550 5.1.1 no such user`.
fn reply_of(text: &str) -> Option<Scripted> {
    let (code, text) = text.split_once(' ').unwrap_or((text, ""));
    let code = code.parse().ok().filter(|code| (200..600).contains(code))?;
    Some(Scripted::Reply { code, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: Value) -> Result<Answer, String> {
        Answer::list(&json).map(|mut answers| answers.remove(0))
    }

    #[test]
    fn an_answer_without_anything_is_200() {
        let answer = read(json!({})).unwrap();
        assert!(matches!(answer.scripted, Scripted::Answer { status: 200, ref body, .. } if body.is_empty()));
    }

    #[test]
    fn json_says_that_it_is_json_unless_the_headers_say_otherwise() {
        let headers = |json: Value| match read(json).unwrap().scripted {
            Scripted::Answer { headers, .. } => headers,
            _ => panic!("an answer was given"),
        };
        let of = |value: &str| vec![("content-type".to_owned(), value.to_owned())];
        assert_eq!(headers(json!({"json": {}})), of("application/json"));
        assert_eq!(headers(json!({"json": {}, "headers": {"content-type": "x/y"}})), of("x/y"));
        assert_eq!(headers(json!({"text": "{}"})), []);
    }

    #[test]
    fn replies_of_mail_servers() {
        let Scripted::Reply { code, text } = read(json!({"reply": "450 4.7.1 later"})).unwrap().scripted else {
            panic!("a reply was given")
        };
        assert_eq!((code, text.as_str()), (450, "4.7.1 later"));
    }

    #[test]
    fn mistakes_are_named() {
        for (json, says) in [
            (json!([]), "has no answer"),
            (json!(200), "an object"),
            (json!({"status": 99}), "`status`"),
            (json!({"delay": -1}), "`delay`"),
            (json!({"fault": "fire"}), "refused"),
            (json!({"reply": "no"}), "`reply`"),
            (json!({"headers": {"a": 1}}), "`headers`"),
        ] {
            let message = read(json.clone()).err().unwrap_or_default();
            assert!(message.contains(says), "{json}: {message}");
        }
    }
}
