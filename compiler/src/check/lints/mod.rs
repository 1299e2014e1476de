//! What can be meant and mostly is not: configuration that breaks in production.
//!
//! Always true: what is found here are lints; each points at what the author wrote, and says what happens and what to do.

mod body;
mod budget;
mod compensation;
mod dead;
mod delivery;
mod host;
mod literal;
mod outcome;
mod retry;
mod transport;
mod webhook;

use super::Graph;
use super::paths::Paths;
use crate::diagnostic::Diagnostics;
use crate::model::{ExprKind, Http, Kind, Node, Text, Workflow};
use crate::source::Span;

/// Runs every lint of the configuration.
pub(super) fn run(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    // What is wrong in a `config` has been reported, and may be all that is wrong with it.
    for node in workflow.nodes.iter().filter(|node| !node.keys.wrong) {
        match &node.kind {
            Kind::Webhook(webhook) => {
                webhook::open(node, webhook, diagnostics);
                literal::webhook(node, webhook, diagnostics);
            }
            Kind::Http(http) => {
                retry::one_key(node, http, diagnostics);
                literal::request(node, http, diagnostics);
                body::as_text(http, diagnostics);
                retry::not_idempotent(workflow, node, http, diagnostics);
                transport::request(workflow, http, diagnostics);
                host::of_request(workflow, node, http, diagnostics);
            }
            Kind::Email(email) => {
                literal::mail(node, email, diagnostics);
                transport::mail(node, email, diagnostics);
                host::of_mail(node, email, diagnostics);
            }
            Kind::Manual(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {}
        }
    }
    dead::keys(workflow, diagnostics);
    // In a circle nothing comes after anything.
    if graph.order.len() == workflow.nodes.len() {
        delivery::repeated(workflow, graph, diagnostics);
        budget::exceeded(workflow, graph, diagnostics);
    }
}

/// What is done for good, and nothing is done about a later step that fails. `graph` must be without cycles. `paths`: what can
/// hold where, if that is known.
pub(super) fn compensation(
    workflow: &Workflow,
    graph: &Graph,
    paths: Option<&mut Paths>,
    diagnostics: &mut Diagnostics,
) {
    compensation::missing(workflow, graph, paths, diagnostics);
}

/// The header that shows who calls: what must not be read by others.
fn credentials(workflow: &Workflow, http: &Http) -> Option<(String, Span)> {
    let secret = |text: &Text| {
        let mut found = false;
        for expr in text.expressions() {
            expr.walk(&mut |expr| {
                if let ExprKind::Env(variable) = &expr.kind {
                    found |= workflow.environment[variable.0].is_secret();
                }
            });
        }
        found
    };
    let header = http.headers.iter().find(|(name, value)| name.eq_ignore_ascii_case("authorization") || secret(value));
    header.map(|(name, value)| (name.clone(), value.span))
}

fn has_header(http: &Http, wanted: &str) -> bool {
    http.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

/// The value of a key, or the node's id where the key is not given.
fn place(node: &Node, key: &str) -> Span {
    node.keys.value(key).unwrap_or(node.id.span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Body;
    use crate::source::Span;

    /// Any request.
    pub(super) fn request() -> Kind {
        Kind::Http(Http {
            method: "GET".into(),
            url: Text { span: Span::new(0, 0), pieces: Vec::new() },
            headers: Vec::new(),
            params: Vec::new(),
            body: Body::None,
            cache: None,
            response_schema: None,
            idempotent: None,
            irreversible: None,
        })
    }
}
