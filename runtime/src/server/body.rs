//! The body of a request, and the JSON object in it.
//!
//! Always true: never more than [`super::Settings::body_max`] bytes are kept, never longer than
//! [`super::Settings::body_timeout`] is waited for them, and all bodies together have no more memory than their
//! [`super::budget`].

use super::Settings;
use super::budget::Share;
use super::error::ApiError;
use crate::trigger::{InputError, read_input};
use crate::value::{Doc, Shape};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use std::ops::Deref;
use std::time::Duration;
use tokio::time::timeout;

/// A sender that does not wait for an answer before it has sent everything would lose the answer if we closed the
/// connection under it: so much of a body that is too large is read and thrown away.
const DISCARD_MAX: u64 = 8 * 1024 * 1024;

/// And for so long.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// What the sender is told, and what the log says beyond it.
pub type Refused = (ApiError, &'static str);

/// A whole body, which is counted as long as it is there.
pub struct Received<'a> {
    bytes: Bytes,
    _share: Share<'a>,
}

impl Deref for Received<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The whole body.
pub async fn read<'a>(
    mut body: Body,
    headers: &HeaderMap,
    settings: &Settings,
    share: Share<'a>,
) -> Result<Received<'a>, Refused> {
    if is_declared_too_large(&body, settings) {
        turn_away(body, headers).await;
        return Err(too_large(settings.body_max));
    }
    let whole = timeout(settings.body_timeout, collect(&mut body, settings.body_max, share));
    let whole = whole.await.unwrap_or_else(|_| Err(timed_out()));
    if let Err((error, _)) = &whole
        && error.status != StatusCode::REQUEST_TIMEOUT
    {
        // What was kept of it is gone by now.
        discard(body).await;
    }
    whole
}

/// Too large by what its sender says itself.
pub fn is_declared_too_large(body: &Body, settings: &Settings) -> bool {
    body.size_hint().lower() > settings.body_max as u64
}

/// Before an answer for which the body, of which nothing was read, does not matter.
pub async fn turn_away(body: Body, headers: &HeaderMap) {
    if !headers.contains_key(EXPECT) && body.size_hint().lower() <= DISCARD_MAX {
        discard(body).await;
    }
}

/// The JSON object that a body is, with the fields of `shape` picked out.
pub fn object(body: Received, headers: &HeaderMap, shape: &Shape, size_max: usize) -> Result<Doc, Refused> {
    read_input(&body, shape, size_max).map_err(|error| {
        let not_json = matches!(error, InputError::NotJson { .. });
        if not_json && let Some(instead) = other_content(headers, &body) {
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

/// One that comes in a single frame, as nearly all do, is not copied.
async fn collect<'a>(body: &mut Body, size_max: usize, mut share: Share<'a>) -> Result<Received<'a>, Refused> {
    let mut whole = Bytes::new();
    let mut pieces: Vec<u8> = Vec::new();
    // A buffer that doubles its size is twice too large in the end, where its sender has said how much there is to come.
    let declared = body.size_hint().exact().map_or(size_max, |size| size as usize);
    while let Some(frame) = body.frame().await {
        let broken = |_| {
            let message = "the body broke off";
            (ApiError::new(StatusCode::BAD_REQUEST, "INCOMPLETE_BODY", message), "the body broke off")
        };
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        let size = whole.len() + pieces.len() + data.len();
        if size > size_max {
            return Err(too_large(size_max));
        }
        if whole.is_empty() && pieces.is_empty() {
            if !share.grow_to(size) {
                return Err(no_room());
            }
            whole = data;
        } else {
            if size > pieces.capacity() {
                let capacity = (2 * size).min(declared.min(size_max)).max(size);
                if !share.grow_to(capacity) {
                    return Err(no_room());
                }
                pieces.reserve_exact(capacity - pieces.len());
            }
            pieces.extend_from_slice(&std::mem::take(&mut whole));
            pieces.extend_from_slice(&data);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(Received { bytes: if pieces.is_empty() { whole } else { pieces.into() }, _share: share })
}

async fn discard(mut body: Body) {
    let mut discarded = 0;
    let all = async {
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
            if discarded > DISCARD_MAX {
                return;
            }
        }
    };
    // What has not come by then is not waited for.
    let _ = timeout(DISCARD_TIME, all).await;
}

/// Asked only when a body cannot be read: `curl -d` calls JSON a form, and many senders say nothing at all.
fn other_content(headers: &HeaderMap, body: &[u8]) -> Option<&'static str> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !matches!(text(CONTENT_ENCODING), "" | "identity") {
        return Some("compressed bodies are not read; send it without Content-Encoding");
    }
    let kind = text(CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // `curl -d` says that everything is a form.
    let is_meant = body.trim_ascii_start().first().is_none_or(|first| *first == b'{');
    let json = is_meant || kind.is_empty() || kind == "application/json" || kind.ends_with("+json");
    (!json).then_some("the body is not JSON; send a JSON object as application/json")
}

fn too_large(size_max: usize) -> Refused {
    let message = format!("the body is larger than {size_max} bytes");
    let error = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message);
    (error.with_details(format!("{{\"max_bytes\":{size_max}}}")), "too large")
}

fn no_room() -> Refused {
    let message = "too much is being received; please send it again later";
    (ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message), "bodies take all the memory they may")
}

fn timed_out() -> Refused {
    let message = "the body did not come in time";
    (ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", message), "the body did not come in time")
}
