//! The tables of a small workflow, written by hand in the shape that flowc generates: two webhooks, one signed and one
//! open, and a filter behind them.

use flow_runtime::flow::{
    Delay, Edge, Filter, Kind, Node, Retry, Settings, Signature, Use, Variable, Webhook, Workflow,
};
use flow_runtime::render::{Rendered, Text};
use flow_runtime::scope::{Field, Of, Scope};
use flow_runtime::value::{Fault, Shape, ShapeField, Value};
use std::time::Duration;

pub static WORKFLOW: Workflow = Workflow {
    name: "minimal",
    title: "Minimal",
    version: "1.2.3",
    // Of `{"name":"minimal"}`.
    hash: "2ee1f7652b8d4e7e6d117bbd46767667",
    settings: Settings { timeout: Some(Duration::from_secs(10)), fail_fast: false, max_parallel_nodes: 3 },
    environment: &[
        Variable::new("SHOP", Use::Url, &["check"]).optional(),
        Variable::new("WEBHOOK_SECRET", Use::Secret, &["signed"]).secret(),
    ],
    input: &Shape { slots: 1, fields: &[ShapeField { name: "order_id", slot: Some(0), fields: &[] }] },
    nodes: &[
        Node {
            input_schema: Some(r#"{"type":"object","properties":{"order_id":{"type":["string","number"]}}}"#),
            ..node(
                "signed",
                Kind::Webhook(Webhook {
                    webhook_id: "signed-webhook",
                    secret: Some(secret),
                    validate_signature: true,
                    signature: Signature::Any,
                    allowed_ips: &["192.168.1.0/24", "10.0.0.0/8"],
                    dedupe_key: None,
                }),
            )
        },
        node(
            "open",
            Kind::Webhook(Webhook {
                webhook_id: "open-webhook",
                secret: None,
                validate_signature: false,
                signature: Signature::Any,
                allowed_ips: &[],
                dedupe_key: Some(order_id),
            }),
        ),
        node("check", Kind::Filter(Filter { condition: has_order_id, error_message: no_order_id })),
    ],
    edges: &[
        Edge { from: 0, to: 2, required: false, condition: None },
        Edge { from: 1, to: 2, required: false, condition: None },
    ],
    openapi: "{}",
    outline: &[],
};

const NOTHING: &Shape = &Shape { slots: 0, fields: &[] };
const ORDER_ID: Field = Field { of: Of::InputSlot(0), path: "input_data.order_id" };

const fn node(id: &'static str, kind: Kind) -> Node {
    let retry = Retry { retries: 0, delay: Delay::Fixed(Duration::from_secs(1)) };
    Node { id, title: id, kind, input_schema: None, output: NOTHING, retry, timeout: Duration::from_secs(30) }
}

fn secret(scope: &Scope, text: &mut Text) -> Rendered {
    text.env(scope.env(1));
    Ok(())
}

fn order_id(scope: &Scope) -> Result<Value, Fault> {
    Ok(scope.get(&ORDER_ID).value())
}

fn has_order_id(scope: &Scope) -> Result<bool, Fault> {
    let order_id = scope.get(&ORDER_ID);
    // A bug that takes what is at hand into its words: a test looks for them.
    assert!(order_id.text() != Some("\"canary-personal-panic\""), "there is no order {:?}", order_id.text());
    Ok(order_id.truthy())
}

fn no_order_id(scope: &Scope, text: &mut Text) -> Rendered {
    text.literal("an order needs an id");
    text.env(scope.env(0));
    Ok(())
}
