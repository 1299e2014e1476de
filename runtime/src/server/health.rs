//! `/health`, `/health/live`, `/health/ready`: for load balancers and orchestrators.
//!
//! Live: the process answers. Ready: it accepts work; 503 from the moment it is asked to stop, and while its journal cannot
//! be written.

use super::Service;
use super::error::json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

pub async fn health(State(service): State<Arc<Service>>) -> Response {
    let workflow = service.engine.workflow();
    let body = serde_json::json!({
        "status": status(&service).1,
        "workflow": workflow.name,
        "version": workflow.version,
    });
    json(status(&service).0, body.to_string())
}

pub async fn live() -> Response {
    json(StatusCode::OK, "{\"status\":\"ok\"}")
}

pub async fn ready(State(service): State<Arc<Service>>) -> Response {
    let (status, word) = status(&service);
    json(status, format!("{{\"status\":\"{word}\"}}"))
}

fn status(service: &Service) -> (StatusCode, &'static str) {
    if service.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining");
    }
    match service.engine.journal_ready() {
        Ok(()) => (StatusCode::OK, "ok"),
        // What exactly is in the log.
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "journal unavailable"),
    }
}
