//! Which executions a request asks for, as the API of a compiled workflow takes it.

use super::http::{Refusal, Request};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What the API calls them.
const STATUSES: [&str; 5] = ["pending", "running", "completed", "error", "cancelled"];

/// Executions of one page.
const LIMIT_MAX: usize = 500;

#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    status: Option<String>,
    /// Accepted then or later.
    from: Option<Timestamp>,
    /// Accepted before.
    to: Option<Timestamp>,
    pub limit: usize,
    pub offset: usize,
}

impl Query {
    /// # Errors
    /// What a parameter cannot be, or one that there is not.
    pub fn read(request: &Request) -> Result<Query, Refusal> {
        let mut query = Query { status: None, from: None, to: None, limit: 50, offset: 0 };
        let mut seen = Vec::new();
        for (name, value) in request.parameters() {
            if seen.contains(&name) {
                return Err(wrong(&name, "is there more than once"));
            }
            seen.push(name.clone());
            let number = || value.parse::<usize>().map_err(|_| wrong(&name, "is no number"));
            match name.as_str() {
                "status" if STATUSES.contains(&value.as_str()) => query.status = Some(value),
                "status" => return Err(wrong(&name, &format!("is one of {}", STATUSES.join(", ")))),
                "limit" => query.limit = number()?,
                "offset" => query.offset = number()?,
                "start_date" => query.from = Some(moment(&name, &value)?.0),
                "end_date" => query.to = Some(moment(&name, &value)?.1),
                _ => {
                    return Err(wrong(
                        &name,
                        "is no parameter: there are status, limit, offset, start_date and end_date",
                    ));
                }
            }
        }
        if !(1..=LIMIT_MAX).contains(&query.limit) {
            return Err(wrong("limit", &format!("is no number from 1 to {LIMIT_MAX}")));
        }
        Ok(query)
    }

    /// Whether an execution is one of those.
    pub fn takes(&self, status: &str, started_at: &str) -> bool {
        let started: Option<Timestamp> = started_at.parse().ok();
        let is_in =
            |started: Timestamp| self.from.is_none_or(|from| started >= from) && self.to.is_none_or(|to| started < to);
        self.status.as_deref().is_none_or(|wanted| wanted == status) && started.is_none_or(is_in)
    }
}

/// The first moment that a text names, and the first one behind it: a date is a whole day (UTC), a time stamp a millisecond.
fn moment(name: &str, text: &str) -> Result<(Timestamp, Timestamp), Refusal> {
    let none = || wrong(name, "is neither a date such as 2026-11-22 nor a time stamp such as 2026-11-22T18:21:00Z");
    let after = |start: Timestamp, millis: i64| {
        let end = start.as_millisecond().saturating_add(millis);
        Timestamp::from_millisecond(end).map(|end| (start, end)).map_err(|_| none())
    };
    // A `+` that nobody has escaped arrives as a space.
    if let Ok(start) = text.replace(' ', "+").parse::<Timestamp>() {
        return after(start, 1);
    }
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).ok_or_else(none)?;
    after(day.to_zoned(TimeZone::UTC).map_err(|_| none())?.timestamp(), 86_400_000)
}

fn wrong(name: &str, message: &str) -> Refusal {
    Refusal::new(400, "INVALID_PARAMETER", format!("`{name}` {message}"))
}
