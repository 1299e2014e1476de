//! `repeated-delivery`: a webhook's sender that hears nothing sends again, and what cannot be undone is done again.

use super::compensation::is_final_request;
use crate::check::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{ExprKind, Http, Kind, Node, NodeId, Signature, Webhook, Workflow};

pub(super) fn repeated(
    workflow: &Workflow,
    graph: &Graph,
    id: NodeId,
    webhook: &Webhook,
    diagnostics: &mut Diagnostics,
) {
    let node = workflow.node(id);
    if webhook.webhook_id.is_empty() || webhook.dedupe_key.is_some() || is_named_by_sender(webhook.signature) {
        return;
    }
    let Some((effect, http)) = first_final_behind(workflow, graph, id) else { return };
    let headline = format!("a delivery to `{}` that comes twice does `{}` twice", node.id.value, effect.id.value);
    let mut diagnostic = Diagnostic::new(Code::RepeatedDelivery, super::place(node, "webhook_id"), headline)
        .label("a sender that gets no answer in time sends again")
        .also(effect.id.span, "an execution of its own each time");
    if let Some(method) = effect.keys.value("method").filter(|_| !http.method.is_empty()) {
        diagnostic = diagnostic.also(method, "with another `Idempotency-Key`, made of the execution");
    }
    diagnostics.push(
        diagnostic
            .help("say what tells one delivery from another: \"dedupe_key\": \"${input_data.order_id}\"")
            .help("it is not needed where every sender names its deliveries in `Idempotency-Key` or `webhook-id`"),
    );
}

/// These senders name each delivery in a header, which counts without being asked for.
fn is_named_by_sender(signature: Signature) -> bool {
    matches!(signature, Signature::StandardWebhooks | Signature::Github | Signature::Shopify)
}

/// The first request behind a trigger that must not be done twice and carries no key of its own.
fn first_final_behind<'a>(workflow: &'a Workflow, graph: &Graph, trigger: NodeId) -> Option<(&'a Node, &'a Http)> {
    let mut reached = vec![false; workflow.nodes.len()];
    reached[trigger.0] = true;
    graph.order.iter().find_map(|id| {
        if !reached[id.0] {
            return None;
        }
        graph.outgoing[id.0].iter().for_each(|edge| reached[workflow.edges[*edge].to.0] = true);
        match &workflow.node(*id).kind {
            Kind::Http(http) if is_final_request(&workflow.node(*id).id.value, http) && !has_key_of_data(http) => {
                Some((workflow.node(*id), http))
            }
            _ => None,
        }
    })
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
