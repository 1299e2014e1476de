//! `POST /api/v1/flows/execute`: `{flow_data?, input_variables?, execution_options?, wait?}`.
//!
//! Comes in: that object. Goes out: `{"success":true,"execution_id":…,"status":"running"}`, once the input is durable; with
//! `wait` also `execution`, as it stands at its end or when the wait was over. With an `Idempotency-Key` the same request again
//! is the same execution.
//! Always true: `execution_options` only lower the workflow's limits; `environment_variables` are those that the operator
//! has listed, and never secrets.

use super::validate::{is_workflow, mismatch};
use super::{accepted, field};
use crate::engine::{Delivery, StartOptions, StartedBy, Status};
use crate::server::Service;
use crate::server::body::Refused;
use crate::server::error::{ApiError, json, not_started};
use crate::server::input;
use crate::server::webhook;
use crate::trace::TraceContext;
use crate::trigger::{API_DOOR, DedupeKey};
use crate::value::{Doc, Limits, Raw, Shape, Value};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use std::time::Duration;

/// How long an answer is held back at most.
const WAIT_MAX: Duration = Duration::from_secs(300);
const FIELDS: [&str; 4] = ["flow_data", "input_variables", "execution_options", "wait"];
/// How clients name their requests. The other headers are those of webhooks' senders.
const KEY_HEADERS: [&str; 1] = ["idempotency-key"];
const OPTIONS: [&str; 3] = ["timeout", "max_parallel_nodes", "environment_variables"];

/// `by`: who asks. `trace`: what the request belongs to.
pub async fn start(
    service: &Service,
    headers: &HeaderMap,
    body: &Doc,
    by: String,
    trace: Option<TraceContext>,
) -> Result<Response, Refused> {
    let workflow = service.engine.workflow();
    known_fields(body, &FIELDS, "the body").map_err(plain)?;
    let wait = wait(field(body, "wait")).map_err(plain)?;
    let header = |name: &'static str| headers.get(name).map(|value| value.as_bytes());
    // What came before is known, whatever this version says of workflow, options and input: another one may have accepted it.
    let claim = match DedupeKey::of_headers(API_DOOR, &KEY_HEADERS, header, body) {
        None => None,
        Some(key) => match service.engine.claim(key).await.map_err(|error| not_started(&error))? {
            Delivery::Before { execution_id } => return Ok(answer(service, &execution_id, wait).await),
            Delivery::New(claim) => Some(claim),
        },
    };
    if let Some(flow_data) = field(body, "flow_data")
        && !is_workflow(workflow, flow_data)
    {
        let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "WORKFLOW_MISMATCH", mismatch(workflow));
        return Err((error, "flow_data is another workflow"));
    }
    let options = match field(body, "execution_options") {
        Some(options) => options_of(service, options).map_err(plain)?,
        None => StartOptions::default(),
    };
    let options = StartOptions { by: Some(by), trace, ..options };
    let variables = field(body, "input_variables").unwrap_or("{}");
    if !variables.starts_with('{') {
        return Err(plain(wrong("input_variables", "must be a JSON object")));
    }
    // A part of the body, which is not too large.
    let limits = Limits { size: body.text().len(), ..Limits::default() };
    let input = Doc::read(variables.as_bytes(), workflow.input, &limits);
    let input = input.map_err(|error| plain(wrong("input_variables", &error.message)))?;
    input::check(&service.schemas, service.engine.trigger(StartedBy::Api), &input, "input_variables")?;
    let handle = webhook::start(service, input, StartedBy::Api, &options, claim).await?;
    let id = handle.id().to_owned();
    // Kept in memory by whoever waits, and only while that does not hold up a stop.
    drop(handle);
    Ok(answer(service, &id, wait).await)
}

/// What is said of an execution that was accepted, now or before.
async fn answer(service: &Service, id: &str, wait: Option<Duration>) -> Response {
    let Some(wait) = wait else {
        // Also where it has ended since: the same request gets the same answer.
        return accepted(id, Status::Running, StatusCode::OK);
    };
    // What has not ended by then goes on: the answer says how far it has come.
    let seen = service.wait_for(id, wait).await.unwrap_or(Status::Running);
    // `null`: so many have ended meanwhile that this one was forgotten.
    let view = service.engine.view(id).unwrap_or_else(|| String::from("null"));
    let seen = format!("\"{}\"", seen.as_str());
    let status = Raw::new(Some(&view), "").get("status").text().unwrap_or(&seen);
    json(
        StatusCode::OK,
        format!("{{\"success\":true,\"execution_id\":\"{id}\",\"status\":{status},\"execution\":{view}}}"),
    )
}

fn options_of(service: &Service, text: &str) -> Result<StartOptions, ApiError> {
    let name = "execution_options";
    if !text.starts_with('{') {
        return Err(wrong(name, "must be a JSON object"));
    }
    let options = Doc::read(text.as_bytes(), &Shape::EMPTY, &Limits::default());
    let options = options.map_err(|error| wrong(name, &error.message))?;
    known_fields(&options, &OPTIONS, name)?;
    let timeout = match field(&options, "timeout") {
        Some(text) => {
            let seconds = positive(text);
            let name = "execution_options.timeout";
            let seconds = seconds.ok_or_else(|| wrong(name, "must be a number of seconds, more than 0"))?;
            // Longer than any clock goes lowers nothing.
            Duration::try_from_secs_f64(seconds).ok()
        }
        None => None,
    };
    let max_parallel_nodes = match field(&options, "max_parallel_nodes") {
        Some(text) => {
            let number = positive(text).filter(|number| number.fract() == 0.0);
            let name = "execution_options.max_parallel_nodes";
            // More than any workflow has nodes is as good as all of them.
            Some(number.ok_or_else(|| wrong(name, "must be a whole number, at least 1"))? as usize)
        }
        None => None,
    };
    let environment = match field(&options, "environment_variables") {
        Some(text) => environment(service, text)?,
        None => Vec::new(),
    };
    Ok(StartOptions { timeout, max_parallel_nodes, environment, ..StartOptions::default() })
}

fn environment(service: &Service, text: &str) -> Result<Vec<(usize, String)>, ApiError> {
    let name = "execution_options.environment_variables";
    let Ok(Value::Object(object)) = Value::from_json(text) else {
        return Err(wrong(name, "must be a JSON object of texts"));
    };
    let variables = service.engine.workflow().environment;
    let mut values = Vec::new();
    for (key, value) in object.iter() {
        let key = key.to_well_formed();
        let index = variables.iter().position(|variable| variable.name == key);
        let allowed = index.filter(|index| service.settings.api.allow_env.contains(index));
        let Some(index) = allowed.filter(|index| !variables[*index].secret) else {
            // A name that the workflow does not read is the sender's text: it goes back to the sender and nowhere else.
            let message = match index {
                Some(index) if variables[index].secret => format!("`{key}` is a secret: no request may set it"),
                Some(_) => format!("`{key}` may not be set by a request; its operator can allow it with --allow-env"),
                None => format!("this workflow reads no environment variable `{key}`"),
            };
            return Err(ApiError::new(StatusCode::FORBIDDEN, "ENVIRONMENT_NOT_ALLOWED", message));
        };
        let Value::String(value) = value else { return Err(wrong(name, &format!("`{key}` must be a text"))) };
        let value = value.to_well_formed().into_owned();
        if let Some(why) = variables[index].misfit(&value) {
            return Err(wrong(name, &format!("`{key}` is {why}")));
        }
        values.push((index, value));
    }
    Ok(values)
}

/// `true` is as long as possible.
fn wait(text: Option<&str>) -> Result<Option<Duration>, ApiError> {
    match text {
        None | Some("false") => Ok(None),
        Some("true") => Ok(Some(WAIT_MAX)),
        Some(text) => {
            let seconds = positive(text).ok_or_else(|| wrong("wait", "must be true, false or a number of seconds"))?;
            Ok(Some(Duration::try_from_secs_f64(seconds).unwrap_or(WAIT_MAX).min(WAIT_MAX)))
        }
    }
}

fn positive(text: &str) -> Option<f64> {
    match Value::from_json(text) {
        Ok(Value::Number(number)) if number > 0.0 && number.is_finite() => Some(number),
        _ => None,
    }
}

fn known_fields(object: &Doc, known: &[&str], place: &str) -> Result<(), ApiError> {
    let Ok(Value::Object(fields)) = Value::from_json(object.text()) else { return Ok(()) };
    match fields.iter().find(|(key, _)| !key.as_str().is_some_and(|key| known.contains(&key))) {
        Some((key, _)) => {
            let message = format!("has a field `{}`; there are {}", key.to_well_formed(), known.join(", "));
            Err(wrong(place, &message))
        }
        None => Ok(()),
    }
}

fn wrong(place: &str, message: &str) -> ApiError {
    let details = serde_json::json!({ "field": place }).to_string();
    let place = if place.contains(' ') { place.to_owned() } else { format!("`{place}`") };
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", format!("{place} {message}")).with_details(details)
}

fn plain(error: ApiError) -> Refused {
    (error, "")
}
