//! `repeated-delivery`: a webhook's sender that hears nothing sends again, and what cannot be undone is done again.

use super::compensation::is_final_request;
use crate::check::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::ty::Type;
use crate::model::{ExprKind, Http, Kind, Node, NodeId, Signature, Webhook, Workflow};

/// Reports each webhook once, with the first request behind it.
pub(super) fn repeated(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    // From the end to the beginning, so that what stands behind a node is known before it.
    let mut first: Vec<Option<NodeId>> = vec![None; workflow.nodes.len()];
    for id in graph.order.iter().rev() {
        let node = workflow.node(*id);
        let behind = || graph.outgoing[id.0].iter().find_map(|edge| first[workflow.edges[*edge].to.0]);
        first[id.0] = if must_not_be_repeated(node) { Some(*id) } else { behind() };
        if let (Kind::Webhook(webhook), false, Some(effect)) = (&node.kind, node.keys.wrong, first[id.0])
            && !tells_deliveries_apart(webhook)
        {
            diagnostics.push(found(node, workflow.node(effect)));
        }
    }
}

/// Fields that are usually different in each delivery, the likeliest first. Not `customer_id`: one customer sends many.
const TELLING: [&str; 12] = [
    "event_id",
    "delivery_id",
    "message_id",
    "request_id",
    "idempotency_key",
    "order_id",
    "payment_id",
    "transaction_id",
    "invoice_id",
    "id",
    "uuid",
    "number",
];

/// One of them that the input has; where nothing is known of the input, an example.
fn telling_field(webhook: &Node) -> Option<&'static str> {
    let Some(schema) = webhook.kind.input_schema() else { return Some("order_id") };
    let has = |name: &str| {
        let has = |ty: &Type| matches!(ty, Type::Object(object) if object.field(name).is_some());
        schema.ty.members().iter().any(has)
    };
    TELLING.into_iter().find(|name| has(name))
}

fn found(webhook: &Node, effect: &Node) -> Diagnostic {
    let headline = format!("a delivery to `{}` that comes twice does `{}` twice", webhook.id.value, effect.id.value);
    let diagnostic = Diagnostic::new(Code::RepeatedDelivery, super::place(webhook, "webhook_id"), headline)
        .label("a sender that gets no answer in time sends again")
        .also(effect.id.span, "an execution of its own each time");
    let diagnostic = match effect.keys.value("method") {
        Some(method) => diagnostic.also(method, "with another `Idempotency-Key`, made of the execution"),
        None => diagnostic,
    };
    diagnostic
        .help(match telling_field(webhook) {
            Some(field) => {
                format!("say what tells one delivery from another: \"dedupe_key\": \"${{input_data.{field}}}\"")
            }
            None => "say in `dedupe_key` what tells one delivery from another: an expression over the input".to_owned(),
        })
        .help("it is not needed where every sender names its deliveries in `Idempotency-Key` or `webhook-id`")
}

/// By a key of the workflow's, or by a header that these senders always send and that counts without being asked for. A
/// webhook without a path has been reported.
fn tells_deliveries_apart(webhook: &Webhook) -> bool {
    webhook.webhook_id.is_empty()
        || webhook.dedupe_key.is_some()
        || matches!(webhook.signature, Signature::StandardWebhooks | Signature::Github | Signature::Shopify)
}

fn must_not_be_repeated(node: &Node) -> bool {
    matches!(&node.kind, Kind::Http(http) if is_final_request(&node.id.value, http) && !has_key_of_data(http))
}

/// The same data, the same key: a service that honours it does the second nothing.
fn has_key_of_data(http: &Http) -> bool {
    let key = http.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
    key.is_some_and(|(_, key)| {
        key.expressions().any(|expr| {
            let mut reads = false;
            expr.walk(&mut |part| reads |= matches!(part.kind, ExprKind::Path(_)));
            reads
        })
    })
}
