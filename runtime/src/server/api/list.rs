//! `GET /api/v1/flows/executions?status&limit&offset&start_date&end_date`: a page of executions, newest first.

use crate::engine::{Page, Query, Status, Timestamp, without_words};
use crate::server::error::ApiError;
use axum::http::StatusCode;
use std::fmt::Write;

const LIMIT: usize = 50;
const LIMIT_MAX: usize = 500;
const NAMES: [&str; 5] = ["status", "limit", "offset", "start_date", "end_date"];
const STATUSES: [Status; 5] = [Status::Pending, Status::Running, Status::Completed, Status::Error, Status::Cancelled];

/// # Errors
/// A parameter nobody knows, one that is there twice, or a value that is none.
pub fn query(text: &str) -> Result<Query, ApiError> {
    let mut query = Query { status: None, from: None, until: None, offset: 0, limit: LIMIT };
    let mut seen = [false; NAMES.len()];
    // Only to take the query apart: what stands before it does not matter.
    let url = reqwest::Url::parse(&format!("http://localhost/?{text}"));
    let url = url.map_err(|_| wrong("", "the query cannot be read"))?;
    for (name, value) in url.query_pairs() {
        let Some(index) = NAMES.iter().position(|known| *known == name) else {
            return Err(wrong("", &format!("there are the parameters {}, and no others", NAMES.join(", "))));
        };
        let name = NAMES[index];
        if std::mem::replace(&mut seen[index], true) {
            return Err(wrong(name, "is there more than once"));
        }
        match name {
            "status" => {
                let status = STATUSES.into_iter().find(|status| status.as_str() == value);
                let names = STATUSES.map(Status::as_str).join(", ");
                query.status = Some(status.ok_or_else(|| wrong(name, &format!("is none of {names}")))?);
            }
            "limit" => {
                let limit = number(&value).filter(|limit| (1..=LIMIT_MAX).contains(limit));
                query.limit = limit.ok_or_else(|| wrong(name, &format!("is no number from 1 to {LIMIT_MAX}")))?;
            }
            "offset" => query.offset = number(&value).ok_or_else(|| wrong(name, "is no number from 0 upwards"))?,
            "start_date" => query.from = Some(moment(&value).ok_or_else(|| no_moment(name))?.0),
            _ => query.until = Some(moment(&value).ok_or_else(|| no_moment(name))?.1),
        }
    }
    Ok(query)
}

/// `{executions, total_count, pagination}`. Of an error it says no more than [`without_words`].
pub fn answer(flow_id: &str, query: &Query, page: &Page) -> String {
    let flow_id = serde_json::Value::from(flow_id);
    let mut text = String::from("{\"executions\":[");
    for (index, execution) in page.executions.iter().enumerate() {
        let separator = if index > 0 { "," } else { "" };
        let (id, status) = (&execution.execution_id, execution.status.as_str());
        let _ = write!(
            text,
            "{separator}{{\"execution_id\":\"{id}\",\"flow_id\":{flow_id},\"status\":\"{status}\",\"started_at\":{},\
             \"completed_at\":{},\"duration\":{},\"error_message\":{}}}",
            execution.started_at,
            execution.completed_at,
            execution.duration,
            error(&execution.error_message)
        );
    }
    let (total, limit, offset) = (page.total, query.limit, query.offset);
    let has_more = offset.saturating_add(limit) < total;
    let _ = write!(
        text,
        "],\"total_count\":{total},\"pagination\":{{\"limit\":{limit},\"offset\":{offset},\"has_more\":{has_more}}}}}"
    );
    text
}

/// Comes in and goes out as JSON text.
fn error(json: &str) -> String {
    match serde_json::from_str::<String>(json) {
        Ok(message) => serde_json::Value::from(&*without_words(&message)).to_string(),
        Err(_) => String::from("null"),
    }
}

fn number(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More than any machine counts is as good as the most.
    digits.then(|| text.parse().unwrap_or(usize::MAX))
}

/// The first moment that a text names, and the first one behind it: a date is a whole day (UTC), a time stamp a millisecond.
fn moment(text: &str) -> Option<(Timestamp, Timestamp)> {
    let timestamp = |millis: i64| Timestamp { millis: u64::try_from(millis).unwrap_or(0) };
    // A `+` that nobody has escaped arrives as a space.
    let text = text.replace(' ', "+");
    // Counted by hand: jiff has no time stamps at the end of the year 9999, which stands for "no end" in many a program.
    const DAY: i64 = 86_400_000;
    let pieces = jiff::fmt::temporal::Pieces::parse(&text).ok()?;
    let days = pieces.date().since(jiff::civil::date(1970, 1, 1)).ok()?.get_days();
    let start = i64::from(days) * DAY;
    let Some(time) = pieces.time() else {
        return (text.len() == 10).then(|| (timestamp(start), timestamp(start + DAY)));
    };
    let since_midnight = time.duration_since(jiff::civil::Time::midnight()).as_millis();
    let moment = start + i64::try_from(since_midnight).ok()? - i64::from(pieces.to_numeric_offset()?.seconds()) * 1000;
    Some((timestamp(moment), timestamp(moment + 1)))
}

fn no_moment(name: &'static str) -> ApiError {
    wrong(name, "is neither a date such as 2026-11-22 nor a time stamp such as 2026-11-22T18:21:00Z")
}

fn wrong(name: &str, message: &str) -> ApiError {
    let (message, details) = match name {
        "" => (message.to_owned(), String::from("{}")),
        name => (format!("`{name}` {message}"), format!("{{\"parameter\":\"{name}\"}}")),
    };
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER", message).with_details(details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let nothing = Query { status: None, from: None, until: None, offset: 0, limit: 50 };
        assert_eq!(query("").unwrap(), nothing);
        let all = "status=error&limit=2&offset=4&start_date=2026-11-22&end_date=2026-11-22";
        let noon = 1_795_305_600_000;
        let expected = Query {
            status: Some(Status::Error),
            from: Some(Timestamp { millis: noon }),
            until: Some(Timestamp { millis: noon + 86_400_000 }),
            offset: 4,
            limit: 2,
        };
        assert_eq!(query(all).unwrap(), expected);
        let at = |text: &str| query(&format!("start_date={text}")).unwrap().from.unwrap().millis;
        assert_eq!(at("2026-11-22T01:00:00%2B01:00"), noon);
        assert_eq!(at("2026-11-22T01:00:00+01:00"), noon);
        assert_eq!(at("1901-01-01"), 0);
        // Behind the last time stamp that jiff has.
        let until = |text: &str| query(&format!("end_date={text}")).unwrap().until.unwrap().millis;
        assert_eq!(until("9999-12-31"), 253_402_300_800_000);
        assert_eq!(until("9999-12-31T23:59:59.999Z"), 253_402_300_800_000);
    }

    #[test]
    fn mistakes() {
        for text in [
            "stauts=error",
            "status=done",
            "limit=0",
            "limit=501",
            "limit=-1",
            "limit=",
            "limit=1&limit=2",
            "offset=x",
            "start_date=yesterday",
            "end_date=2026-13-01",
            "start_date=2026-11-22T10",
            "start_date=2026-11-22T10:00:00",
            "end_date=20261122",
        ] {
            let error = query(text).unwrap_err();
            assert_eq!((error.status.as_u16(), error.code), (400, "INVALID_PARAMETER"), "{text}");
        }
    }

    #[test]
    fn of_an_error_only_the_node_is_listed() {
        let check = |message: &str, expected: &str| assert_eq!(error(message), expected);
        check("null", "null");
        check("\"pay: card of Jane: declined\"", "\"pay: failed\"");
        check("\"of-another-version: card of Jane: declined\"", "\"of-another-version: failed\"");
        check("\"the journal cannot be written: it has stopped\"", "\"the journal cannot be written: it has stopped\"");
        check("\"timed out after 5 s\"", "\"timed out after 5 s\"");
    }

    #[test]
    fn pages_say_whether_there_is_more() {
        let page = Page { executions: Vec::new(), total: 3 };
        for (offset, expected) in [(0, true), (1, false), (9, false), (usize::MAX, false)] {
            let query = Query { status: None, from: None, until: None, offset, limit: 2 };
            let answer: serde_json::Value = serde_json::from_str(&answer("order", &query, &page)).unwrap();
            assert_eq!((&answer["pagination"]["has_more"], &answer["total_count"]), (&expected.into(), &3.into()));
        }
    }
}
