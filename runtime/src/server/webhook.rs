//! `POST /webhooks/{webhook_id}`: an input comes in.
//!
//! The checks, in this order; the first that fails answers:
//! 1. is there such a webhook (404);
//! 2. may this address call it (403), before a byte of the body is read;
//! 3. is the body small enough (413) and there in time (408);
//! 4. is it signed (401), over the raw bytes;
//! 5. is it a JSON object (400; 415 when it says itself that it is something else);
//!
//! then the execution is accepted, and answered with 200 once the input is durable.

use super::Service;
use super::error::{ApiError, json};
use crate::engine::{StartError, StartedBy};
use crate::trigger::{InputError, Presented, client_address, read_input};
use crate::value::Doc;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use std::net::IpAddr;
use std::sync::Arc;

/// The other end of the connection a request came in on; in the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// A sender that does not wait for an answer before it has sent everything would lose the answer if we closed the
/// connection under it: so much of a body that is too large is read and thrown away.
const DISCARD_MAX: u64 = 8 * 1024 * 1024;

pub async fn receive(
    State(service): State<Arc<Service>>,
    Path(webhook_id): Path<String>,
    request: Request,
) -> Response {
    match accept(&service, &webhook_id, request).await {
        Ok((webhook_id, response)) => {
            service.engine.observer().metrics.webhook_answered(webhook_id, "ACCEPTED");
            response
        }
        Err((error, reason)) => {
            // An id that is not ours is the sender's text, and stays out of the log.
            let known = service.webhooks.iter().find(|webhook| webhook.webhook_id == webhook_id);
            let webhook_id = known.map_or("(unknown)", |webhook| webhook.webhook_id);
            crate::log::webhook_refused(webhook_id, &error.request_id, error.status.as_u16(), error.code, reason);
            service.engine.observer().metrics.webhook_answered(webhook_id, error.code);
            error.into_response()
        }
    }
}

/// With the error comes what the log says beyond it.
async fn accept(
    service: &Service,
    webhook_id: &str,
    request: Request,
) -> Result<(&'static str, Response), (ApiError, &'static str)> {
    let webhook = service.webhooks.iter().find(|webhook| webhook.webhook_id == webhook_id);
    let webhook = webhook.ok_or_else(|| {
        (ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is no webhook of this name"), "no such webhook")
    })?;
    let (parts, body) = request.into_parts();
    let client = parts.extensions.get::<Peer>().map(|peer| {
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        client_address(peer.0, forwarded, &service.settings.trusted_proxies)
    });
    if !client.is_some_and(|client| webhook.allows(client)) {
        let message = "this address may not call this webhook; its operator can allow it with --allow-ip";
        return Err((ApiError::new(StatusCode::FORBIDDEN, "ADDRESS_NOT_ALLOWED", message), "not in the address list"));
    }
    let body = tokio::time::timeout(service.settings.body_timeout, read_body(body, &parts.headers, service))
        .await
        .unwrap_or_else(|_| Err(timed_out()))?;
    if let Some(signatures) = &webhook.signatures {
        let now = service.clock.wall().millis / 1000;
        signatures.check(&presented(&parts.headers), &body, now).map_err(|rejection| {
            let message = "the signature is missing or does not match";
            (ApiError::new(StatusCode::UNAUTHORIZED, "INVALID_SIGNATURE", message), rejection.reason())
        })?;
    }
    let input = read(&body, &parts.headers, service)?;
    let started = service.engine.start(input, StartedBy::Trigger(webhook.node)).await;
    let handle = started.map_err(|error| {
        let (code, reason) = match error {
            StartError::Draining => ("SHUTTING_DOWN", "draining"),
            StartError::Journal(_) => ("STORE_UNAVAILABLE", "the journal cannot be written"),
        };
        (ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, "not accepted; please send it again later"), reason)
    })?;
    let mut answer = String::with_capacity(96);
    answer.push_str("{\"status\":\"accepted\",\"execution_id\":\"");
    answer.push_str(handle.id());
    answer.push_str("\"}");
    Ok((webhook.webhook_id, json(StatusCode::OK, answer)))
}

fn presented(headers: &HeaderMap) -> Presented<'_> {
    let get = |name: &'static str| headers.get(name).map(|value| value.as_bytes());
    Presented {
        x_signature: get("x-signature"),
        x_hub_signature_256: get("x-hub-signature-256"),
        webhook_id: get("webhook-id"),
        webhook_timestamp: get("webhook-timestamp"),
        webhook_signature: get("webhook-signature"),
    }
}

/// The whole body. One that comes in a single frame, as nearly all do, is not copied.
async fn read_body(mut body: Body, headers: &HeaderMap, service: &Service) -> Result<Bytes, (ApiError, &'static str)> {
    let size_max = service.settings.body_max;
    if body.size_hint().lower() > size_max as u64 {
        if !headers.contains_key(EXPECT) && body.size_hint().lower() <= DISCARD_MAX {
            discard(body).await;
        }
        return Err(too_large(size_max));
    }
    let mut whole = Bytes::new();
    let mut pieces: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| {
            let message = "the body broke off";
            (ApiError::new(StatusCode::BAD_REQUEST, "INCOMPLETE_BODY", message), "the body broke off")
        };
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if whole.len() + pieces.len() + data.len() > size_max {
            discard(body).await;
            return Err(too_large(size_max));
        }
        if whole.is_empty() && pieces.is_empty() {
            whole = data;
        } else {
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&data);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if pieces.is_empty() { whole } else { pieces.into() })
}

async fn discard(mut body: Body) {
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
        if discarded > DISCARD_MAX {
            return;
        }
    }
}

fn read(body: &[u8], headers: &HeaderMap, service: &Service) -> Result<Doc, (ApiError, &'static str)> {
    let shape = service.engine.workflow().input;
    read_input(body, shape, service.settings.body_max).map_err(|error| {
        let not_json = matches!(error, InputError::NotJson { .. });
        if not_json && let Some(instead) = other_content(headers) {
            let error = ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", instead);
            return (error, "the body says that it is no JSON");
        }
        let message = match &error {
            InputError::NotJson { .. } => format!("the body is not JSON: {error}"),
            InputError::NotAnObject => String::from("the body must be a JSON object"),
        };
        match error {
            InputError::NotJson { line, column, .. } => {
                let details = format!("{{\"line\":{line},\"column\":{column}}}");
                (ApiError::new(StatusCode::BAD_REQUEST, "INVALID_JSON", message).with_details(details), "not JSON")
            }
            InputError::NotAnObject => {
                (ApiError::new(StatusCode::BAD_REQUEST, "INVALID_INPUT", message), "not a JSON object")
            }
        }
    })
}

/// Asked only when a body cannot be read: `curl -d` calls JSON a form, and many senders say nothing at all.
fn other_content(headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !matches!(text(CONTENT_ENCODING), "" | "identity") {
        return Some("compressed bodies are not read; send it without Content-Encoding");
    }
    let kind = text(CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = kind.is_empty() || kind == "application/json" || kind.ends_with("+json");
    (!json).then_some("the body is not JSON; send a JSON object as application/json")
}

fn too_large(size_max: usize) -> (ApiError, &'static str) {
    let message = format!("the body is larger than {size_max} bytes");
    let error = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message);
    (error.with_details(format!("{{\"max_bytes\":{size_max}}}")), "too large")
}

fn timed_out() -> (ApiError, &'static str) {
    let message = "the body did not come in time";
    (ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", message), "the body did not come in time")
}
