//! A shop's service: routes of its own, and a workflow that takes care of each order.
//!
//! Comes in: `POST /orders` with an order, `GET /orders/{execution_id}`; and whatever the workflow itself answers, under
//! `/flows`: its webhook, its health. Goes out: requests to the warehouse and to the payment service.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flow_runtime::embed::{Data, RunError};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

flow_macros::flow! {
    /// Orders of the shop
    /// Goods are reserved before money is taken.
    workflow orders {
        version: "1.0.0"
        timeout: 2m
    }

    type Item = { sku: string, quantity: int }

    type Order = {
        order_id: string
        items: [Item]
        total: number
        currency?: "EUR" | "USD"
    }

    flow {
        new-order -> reserve {
            result.reserved == true -> charge
            else                    -> back-order
        }
        charge {
            result.success == true -> ship
            else                   -> release
        }
        ship {
            result.success == false -> report
        }
    }

    /// Partners send their orders here.
    webhook new-order(Order) at "orders" { allowed_ips: ["127.0.0.1", "10.0.0.0/8"] }

    http reserve -> { reserved: bool, reason?: string } {
        PUT "${WAREHOUSE_API_URL}/reservations/${order_id}"
        body: { items }
        timeout: 10s
        retry: 2 every 1s
    }

    http charge -> { success: bool, payment_id?: string } {
        POST "${PAYMENT_API_URL}/payments"
        bearer: PAYMENT_API_KEY
        headers: { Idempotency-Key: order_id }
        body: { amount: total, currency: currency || "EUR", reference: order_id }
        timeout: 10s
        retry: 2 every 1s
        idempotent: true
    }

    http ship {
        PUT "${WAREHOUSE_API_URL}/shipments/${order_id}"
        body: { payment: charge.result.payment_id }
        timeout: 10s
    }

    /// Paid for, and not on its way: somebody has to know
    http report { PUT "${WAREHOUSE_API_URL}/incidents/${order_id}", body: { problem: error.message } }

    http release { DELETE "${WAREHOUSE_API_URL}/reservations/${order_id}" }
    http back-order { PUT "${WAREHOUSE_API_URL}/back-orders/${order_id}", body: { items, reason: reserve.result.reason } }
}

/// The service: everything but the socket.
fn app(workflow: orders::Workflow) -> Router {
    Router::new()
        .route("/orders", post(order))
        .route("/orders/{execution_id}", get(progress))
        .with_state(workflow.clone())
        .nest("/flows", workflow.router())
}

/// Takes an order and starts the workflow; does not wait for its end.
async fn order(State(workflow): State<orders::Workflow>, body: String) -> Response {
    let refused = |status, message: String| (status, Json(json!({ "error": message }))).into_response();
    let order = match orders::Order::from_json(&body) {
        Ok(order) => order,
        Err(mismatch) => return refused(StatusCode::UNPROCESSABLE_ENTITY, mismatch.to_string()),
    };
    if order.items.iter().any(|item| item.quantity < 1) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, String::from("items: a quantity is at least 1"));
    }
    match workflow.start(order).await {
        Ok(handle) => (StatusCode::ACCEPTED, Json(json!({ "execution_id": handle.id() }))).into_response(),
        // What the type holds and the schema does not, such as an address of mail that is none.
        Err(RunError::Input(bad)) => refused(StatusCode::UNPROCESSABLE_ENTITY, bad.to_string()),
        Err(RunError::Start(error)) => refused(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        Err(error) => refused(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// How far an order has come.
async fn progress(State(workflow): State<orders::Workflow>, Path(execution_id): Path<String>) -> Response {
    match workflow.view(&execution_id) {
        Some(view) => Json(view).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The environment is the process's own; what is missing is listed at once.
    let workflow = orders::Workflow::builder().build()?;
    let address = std::env::var("LISTEN").unwrap_or_else(|_| String::from("127.0.0.1:8000"));
    let listener = tokio::net::TcpListener::bind(address).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    // The list of addresses in the workflow asks who calls.
    let service = app(workflow.clone()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(asked_to_stop()).await?;
    let left = workflow.drain(Duration::from_secs(20)).await;
    if left > 0 {
        eprintln!("{left} orders were cut off");
    }
    Ok(())
}

async fn asked_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Nobody can ask: the service runs until it is killed.
        std::future::pending::<()>().await;
    }
}
