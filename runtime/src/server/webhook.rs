//! `POST /webhooks/{webhook_id}`: an input comes in.
//!
//! The checks, in this order; the first that fails answers:
//! 1. is there such a webhook (404);
//! 2. may this address call it (403), before a byte of the body is read;
//! 3. is the body small enough (413), as far as its length is said; is there a signature at all (401), before a byte of the body
//!    is kept; did all of it come (413), in time (408), and is there room for it (503);
//! 4. is it signed (401), over the raw bytes;
//! 5. is it a JSON object (400; 415 when it says itself that it is something else);
//! 6. has this client sent too many (429);
//! 7. was it delivered before: the same key with the same input is answered as it was then, with another input 422. Before the
//!    schema: another version of the workflow, which asked for less, may have accepted it;
//! 8. does it fit the trigger's schema (422);
//! 9. can be told which delivery it is, where the workflow has a rule for that (422, 400);
//!
//! then the execution is accepted, and answered with 200 once the input is durable.

use super::Service;
use super::body::{self, Refused};
use super::connection::Client;
use super::error::{ApiError, json, not_started};
use super::input;
use super::rate::Rate;
use crate::engine::{Claim, Delivery, Handle, StartOptions, StartedBy};
use crate::log::WebhookAnswer;
use crate::trace::TraceContext;
use crate::trigger::{DedupeKey, KeyError, Presented, Rejection, Scheme, key_headers};
use crate::value::Doc;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

pub async fn receive(
    State(service): State<Arc<Service>>,
    webhook_id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let began = Instant::now();
    // One that is not UTF-8 is nobody's, as the empty one is.
    let webhook_id = webhook_id.map(|Path(id)| id).unwrap_or_default();
    let accepted = accept(&service, &webhook_id, request).await;
    // An id that is not ours is the sender's text, and stays out of the log.
    let known = service.webhooks.iter().find(|webhook| webhook.webhook_id == webhook_id);
    let answer = WebhookAnswer {
        webhook_id: known.map_or("(unknown)", |webhook| webhook.webhook_id),
        status: 200,
        outcome: "ACCEPTED",
        reason: "",
        request_id: None,
        execution_id: None,
        took: began.elapsed(),
    };
    let observer = service.engine.observer();
    match accepted {
        Ok((execution_id, rate)) => {
            observer.webhook_answered(&WebhookAnswer { execution_id: Some(&execution_id), ..answer });
            let body = format!("{{\"status\":\"accepted\",\"execution_id\":\"{execution_id}\"}}");
            let mut response = json(StatusCode::OK, body);
            if let Some(rate) = rate {
                rate.write(response.headers_mut());
            }
            response
        }
        Err((error, reason)) => {
            let (status, outcome, request_id) = (error.status.as_u16(), error.code, Some(&*error.request_id));
            observer.webhook_answered(&WebhookAnswer { status, outcome, reason, request_id, ..answer });
            error.into_response()
        }
    }
}

/// The id of the new execution, and how much more its sender may send. With the error comes what the log says beyond it.
async fn accept(service: &Service, webhook_id: &str, request: Request) -> Result<(String, Option<Rate>), Refused> {
    let webhook = service.webhooks.iter().find(|webhook| webhook.webhook_id == webhook_id);
    let webhook = webhook.ok_or_else(|| {
        (ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is no webhook of this name"), "no such webhook")
    })?;
    let (parts, body) = request.into_parts();
    let client = parts.extensions.get::<Client>().map(|client| client.0);
    let Some(client) = client.filter(|client| webhook.allows(*client)) else {
        let message = "this address may not call this webhook; its operator can allow it with --allow-ip";
        return Err((ApiError::new(StatusCode::FORBIDDEN, "ADDRESS_NOT_ALLOWED", message), "not in the address list"));
    };
    let presented = presented(&parts.headers);
    let unsigned = webhook.signatures.as_ref().is_some_and(|signatures| signatures.are_absent(&presented));
    if unsigned && !body::is_declared_too_large(&body, &service.settings) {
        body::turn_away(body, &parts.headers).await;
        return Err(not_signed(Rejection::Absent));
    }
    let body = body::read(body, &parts.headers, &service.settings, service.bodies.share(client)).await?;
    let signed = webhook.signatures.as_ref().map(|signatures| {
        let now = service.clock.wall().millis / 1000;
        signatures.check(&presented, &body, now).map_err(not_signed)
    });
    let signed = signed.transpose()?;
    let input = body::object(body, &parts.headers, service.engine.workflow().input, service.settings.body_max)?;
    let rate = count(service, client)?;
    let key = dedupe_key(service, webhook.node, signed, &parts.headers, &input);
    let claim = match &key {
        Ok(Some(key)) => match service.engine.claim(*key).await.map_err(|error| not_started(&error))? {
            Delivery::Before { execution_id } => return Ok((execution_id, rate)),
            Delivery::New(claim) => Some(claim),
        },
        Ok(None) | Err(_) => None,
    };
    input::check(&service.schemas, Some(webhook.node), &input, "the body")?;
    key?;
    let options = StartOptions { trace: trace(&parts.headers), ..StartOptions::default() };
    let handle = start(service, input, StartedBy::Trigger(webhook.node), &options, claim).await?;
    Ok((handle.id().to_owned(), rate))
}

/// Starts an execution, under its key if it has one.
///
/// # Errors
/// 503 when it cannot be taken in now.
pub async fn start(
    service: &Service,
    input: Doc,
    started_by: StartedBy,
    options: &StartOptions,
    claim: Option<Claim>,
) -> Result<Handle, Refused> {
    let started = match claim {
        None => service.engine.start_with(input, started_by, options).await,
        Some(claim) => service.engine.start_claimed(input, started_by, options, claim).await,
    };
    started.map_err(|error| not_started(&error))
}

fn not_signed(rejection: Rejection) -> Refused {
    let message = "the signature is missing or does not match";
    (ApiError::new(StatusCode::UNAUTHORIZED, "INVALID_SIGNATURE", message), rejection.reason())
}

/// Counts an input against its sender's limit, where there is one.
///
/// # Errors
/// 429 when there was one too many.
pub fn count(service: &Service, client: IpAddr) -> Result<Option<Rate>, Refused> {
    let Some(rates) = &service.rates else { return Ok(None) };
    rates.count(client).map(Some).map_err(|rate| {
        let message = format!("too many requests; the next one in {} s", rate.reset_seconds());
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message);
        (ApiError { rate: Some(rate), ..error }, "too many requests")
    })
}

/// The trace that a request belongs to.
pub fn trace(headers: &HeaderMap) -> Option<TraceContext> {
    let mut all = headers.get_all("traceparent").iter();
    // Said twice it says nothing.
    let header = all.next().filter(|_| all.next().is_none())?;
    TraceContext::parse(header.to_str().ok()?)
}

/// What names this delivery: the workflow's own rule, else what the sender calls it.
fn dedupe_key(
    service: &Service,
    node: usize,
    signed: Option<Scheme>,
    headers: &HeaderMap,
    input: &Doc,
) -> Result<Option<DedupeKey>, Refused> {
    let by_rule = service.engine.dedupe_key(node, input).map_err(|error| match error {
        KeyError::NoValue => {
            let message = "the input does not have what tells one delivery from another";
            let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_DEDUPE_KEY", message);
            (error, "dedupe_key has no value")
        }
        KeyError::Inexact => {
            let message = "what tells one delivery from another is a number of 2^53 or more: its last digits are lost, and \
                           another delivery would be taken for this one; send it as text";
            let error = ApiError::new(StatusCode::BAD_REQUEST, "INVALID_INPUT", message);
            (error, "dedupe_key is a number of 2^53 or more")
        }
    })?;
    let header = |name: &'static str| headers.get(name).map(|value| value.as_bytes());
    let door = service.engine.workflow().nodes[node].id;
    Ok(by_rule.or_else(|| DedupeKey::of_headers(door, key_headers(signed), header, input)))
}

fn presented(headers: &HeaderMap) -> Presented<'_> {
    let get = |name: &'static str| headers.get(name).map(|value| value.as_bytes());
    Presented {
        x_signature: get("x-signature"),
        x_hub_signature_256: get("x-hub-signature-256"),
        webhook_id: get("webhook-id"),
        webhook_timestamp: get("webhook-timestamp"),
        webhook_signature: get("webhook-signature"),
        stripe_signature: get("stripe-signature"),
        shopify_hmac_sha256: get("x-shopify-hmac-sha256"),
        slack_request_timestamp: get("x-slack-request-timestamp"),
        slack_signature: get("x-slack-signature"),
    }
}
