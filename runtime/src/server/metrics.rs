//! `/metrics`: for Prometheus.

use super::Service;
use super::error::not_found;
use crate::metrics::Format;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub async fn metrics(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::of(accept);
    let engine = &service.engine;
    let Some(page) = engine.observer().metrics.page(format, engine.counts()) else {
        return not_found().await.into_response();
    };
    let mut response = page.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    response
}
