//! How the service says no.
//!
//! Goes out: `{"error":{"code","message","details"},"timestamp","request_id"}`. The request id also stands in the log,
//! with the reason that the sender is not told.

use super::body::Refused;
use super::rate::Rate;
use crate::engine::{Clock, StartError, SystemClock};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::fmt::Write;

/// A request that was not fulfilled.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    /// In capitals, such as `INVALID_SIGNATURE`.
    pub code: &'static str,
    /// For people. May name a field or a variable that the request should not have, and holds no value of it.
    pub message: Box<str>,
    /// The text of a JSON object.
    pub details: Box<str>,
    pub request_id: Box<str>,
    /// What a client that sends too much is told.
    pub rate: Option<Rate>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Box<str>>) -> ApiError {
        let request_id = format!("req-{}", uuid::Uuid::now_v7().simple()).into();
        ApiError { status, code, message: message.into(), details: "{}".into(), request_id, rate: None }
    }

    #[must_use]
    pub fn with_details(self, details: String) -> ApiError {
        ApiError { details: details.into(), ..self }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = String::with_capacity(256);
        body.push_str("{\"error\":{\"code\":\"");
        body.push_str(self.code);
        body.push_str("\",\"message\":");
        body.push_str(&serde_json::Value::from(&*self.message).to_string());
        let (details, request_id, timestamp) = (self.details, self.request_id, SystemClock.wall());
        let _ =
            write!(body, ",\"details\":{details}}},\"timestamp\":\"{timestamp}\",\"request_id\":\"{request_id}\"}}");
        let mut response = json(self.status, body);
        if self.status == StatusCode::SERVICE_UNAVAILABLE && self.code != "TIMEOUT" {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if let Some(rate) = self.rate {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(rate.reset_seconds()));
            rate.write(response.headers_mut());
        }
        if self.code == "UNAUTHORIZED" {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An input that is good and cannot be taken in now.
pub fn not_started(error: &StartError) -> Refused {
    let (code, reason) = match error {
        StartError::KeyReused { execution_id } => {
            let message = "this key came with another body before; a new delivery needs a new key";
            let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", message);
            return (
                error.with_details(format!("{{\"execution_id\":\"{execution_id}\"}}")),
                "key used for another body",
            );
        }
        StartError::Draining => ("SHUTTING_DOWN", "draining"),
        StartError::Busy => ("BUSY", "too many unfinished executions"),
        StartError::Journal(_) => ("STORE_UNAVAILABLE", "the journal cannot be written"),
    };
    (ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, "not accepted; please send it again later"), reason)
}

/// The answer to a request that took longer than any may.
pub fn too_slow() -> ApiError {
    // Nobody knows how far it has come: without a key, sending it again could do everything twice.
    let message =
        "there was no answer in time, and it may have been accepted: send it again only with the same Idempotency-Key";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message)
}

/// The answer to a request that HTTP/1.1 does not allow.
pub fn no_one_host() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "a request of HTTP/1.1 has exactly one header `Host`")
}

/// An answer of JSON text.
pub fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer to a path that nothing stands behind.
pub async fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing at this path")
}

/// The answer to a path that exists for other methods; axum adds `Allow`.
pub async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "this path does not take this method")
}
