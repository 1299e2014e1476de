//! `/api/v1/flows/…`: starting, watching and cancelling executions, with a bearer key.
//!
//! Always true: the key is asked for before anything else is looked at; a refused request changes nothing.
//!
//! | request | answer |
//! | --- | --- |
//! | `POST validate` | whether this service runs the workflow in the body ([`validate`]) |
//! | `POST execute` | an execution starts ([`execute`]) |
//! | `GET execution/{id}` | the execution, as [`crate::engine`]'s view shows it |
//! | `DELETE execution/{id}` | it is cancelled |
//! | `GET executions` | a page of executions ([`list`]) |

mod execute;
mod keys;
mod list;
mod validate;

pub use keys::ApiKeys;

use super::Service;
use super::body::{self, Received, Refused};
use super::connection::Client;
use super::error::{ApiError, json};
use super::webhook::{self, count};
use crate::engine::Engine;
use crate::value::{Doc, Shape};
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinError;

/// What the operator decides about the API.
#[derive(Debug, Clone, Default)]
pub struct ApiSettings {
    pub keys: ApiKeys,
    /// Variables that a request may set for its execution, by index. Never secret ones.
    pub allow_env: Vec<usize>,
}

/// How long a cancelled execution may take to end before the answer says that it is still running.
const CANCEL_WAIT: Duration = Duration::from_secs(5);

pub fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/api/v1/flows/validate", post(validate))
        .route("/api/v1/flows/execute", post(execute))
        .route("/api/v1/flows/execution/{execution_id}", get(execution).delete(cancel))
        .route("/api/v1/flows/executions", get(executions))
}

async fn validate(State(service): State<Arc<Service>>, request: Request) -> Response {
    let answer = async {
        let (headers, body) = posted(&service, request).await?;
        // Another workflow is an answer and no fault, however little it looks like one.
        let body = body::object(body, &headers, &Shape::EMPTY, service.settings.body_max)?;
        Ok(json(StatusCode::OK, validate::answer(service.engine.workflow(), &body)))
    };
    settle("validate", answer.await)
}

async fn execute(State(service): State<Arc<Service>>, request: Request) -> Response {
    let answer = async {
        let client = request.extensions().get::<Client>().map(|client| client.0);
        let (headers, body) = posted(&service, request).await?;
        let body = body::object(body, &headers, &Shape::EMPTY, service.settings.body_max)?;
        let rate = client.and_then(|client| count(&service, client).transpose()).transpose()?;
        let by = service.settings.api.keys.who(&headers);
        let mut response = execute::start(&service, &headers, &body, by, webhook::trace(&headers)).await?;
        if let Some(rate) = rate {
            rate.write(response.headers_mut());
        }
        Ok(response)
    };
    settle("execute", answer.await)
}

/// The id in a path. Looked at when the key was, and not by axum before it; one that is not UTF-8 is nobody's.
type Id = Result<Path<String>, PathRejection>;

async fn execution(State(service): State<Arc<Service>>, id: Id, headers: HeaderMap) -> Response {
    let answer = async {
        service.settings.api.keys.authorize(&headers)?;
        let Path(execution_id) = id.map_err(|_| no_such_execution())?;
        let view = read(&service, move |engine| engine.view(&execution_id)).await;
        Ok(json(StatusCode::OK, view.ok_or_else(no_such_execution)?))
    };
    settle("execution", answer.await.map_err(plain))
}

async fn cancel(State(service): State<Arc<Service>>, id: Id, headers: HeaderMap) -> Response {
    let answer = async {
        service.settings.api.keys.authorize(&headers)?;
        let Path(execution_id) = id.map_err(|_| no_such_execution())?;
        let before = service.engine.status(&execution_id).ok_or_else(no_such_execution)?;
        if before.is_final() {
            return Err(ended_before(before));
        }
        service.engine.observer().cancel_asked(&execution_id, &service.settings.api.keys.who(&headers));
        service.engine.cancel(&execution_id);
        // However long that takes, it was asked to end, and the status says how far it has come.
        service.wait_for(&execution_id, CANCEL_WAIT).await;
        match service.engine.status(&execution_id).ok_or_else(no_such_execution)? {
            status @ crate::engine::Status::Cancelled => Ok(accepted(&execution_id, status, StatusCode::OK)),
            status if status.is_final() => Err(ended_before(status)),
            status => Ok(accepted(&execution_id, status, StatusCode::ACCEPTED)),
        }
    };
    settle("cancel", answer.await.map_err(plain))
}

async fn executions(State(service): State<Arc<Service>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let answer = async {
        service.settings.api.keys.authorize(&headers)?;
        let query = list::query(&query.unwrap_or_default())?;
        let list = move |engine: &Engine| list::answer(engine.workflow().name, &query, &engine.list(&query));
        Ok(json(StatusCode::OK, read(&service, list).await))
    };
    settle("executions", answer.await.map_err(plain))
}

/// Asks the engine what may be in the journal only: a list of many executions takes long, and whoever shares the thread would
/// wait as well.
async fn read<T: Send + 'static>(service: &Service, ask: impl FnOnce(&Engine) -> T + Send + 'static) -> T {
    let engine = Arc::clone(&service.engine);
    match tokio::task::spawn_blocking(move || ask(&engine)).await.map_err(JoinError::try_into_panic) {
        Ok(answer) => answer,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The process is ending, and takes this request along.
        Err(Err(_)) => std::future::pending().await,
    }
}

/// The headers and the body of a request with a valid key.
async fn posted(service: &Service, request: Request) -> Result<(HeaderMap, Received<'_>), Refused> {
    let (parts, body) = request.into_parts();
    service.settings.api.keys.authorize(&parts.headers).map_err(plain)?;
    // Whose it is, every listener says; a service around this one may not.
    let client = parts.extensions.get::<Client>().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |client| client.0);
    let body = body::read(body, &parts.headers, &service.settings, service.bodies.share(client)).await?;
    Ok((parts.headers, body))
}

fn settle(operation: &'static str, answer: Result<Response, Refused>) -> Response {
    answer.unwrap_or_else(|(error, reason)| {
        crate::log::api_refused(operation, &error.request_id, error.status.as_u16(), error.code, reason);
        error.into_response()
    })
}

fn plain(error: ApiError) -> Refused {
    (error, "")
}

fn no_such_execution() -> ApiError {
    let message = "there is no such execution, or it ended so long ago that it was forgotten";
    ApiError::new(StatusCode::NOT_FOUND, "EXECUTION_NOT_FOUND", message)
}

fn ended_before(status: crate::engine::Status) -> ApiError {
    let error = ApiError::new(StatusCode::CONFLICT, "EXECUTION_ENDED", "the execution has already ended");
    error.with_details(format!("{{\"status\":\"{}\"}}", status.as_str()))
}

/// `{"success":true,"execution_id":…,"status":…}`
fn accepted(execution_id: &str, status: crate::engine::Status, code: StatusCode) -> Response {
    let status = status.as_str();
    json(code, format!("{{\"success\":true,\"execution_id\":\"{execution_id}\",\"status\":\"{status}\"}}"))
}

/// A field of an object; `null` is as good as nothing.
fn field<'a>(object: &'a Doc, name: &str) -> Option<&'a str> {
    crate::value::Raw::new(Some(object.text()), "").get(name).text().filter(|text| *text != "null")
}
