//! `/health`, `/health/live`, `/health/ready`: for load balancers and orchestrators.
//!
//! Live: the process answers. Ready: it accepts work; 503 from the moment it is asked to stop.

use super::Service;
use super::error::json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

pub async fn health(State(service): State<Arc<Service>>) -> Response {
    let workflow = service.engine.workflow();
    let body = serde_json::json!({
        "status": if service.is_draining() { "draining" } else { "ok" },
        "workflow": workflow.name,
        "version": workflow.version,
    });
    json(status(&service), body.to_string())
}

pub async fn live() -> Response {
    json(StatusCode::OK, "{\"status\":\"ok\"}")
}

pub async fn ready(State(service): State<Arc<Service>>) -> Response {
    let body = if service.is_draining() { "{\"status\":\"draining\"}" } else { "{\"status\":\"ok\"}" };
    json(status(&service), body)
}

fn status(service: &Service) -> StatusCode {
    if service.is_draining() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}
