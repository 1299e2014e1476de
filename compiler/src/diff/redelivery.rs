//! What an upgrade means for deliveries: those that the old version has had, and whose senders repeat them.
//!
//! Always true: it says nothing of executions under way, which go on with the input they have. A delivery is known by the id of
//! its trigger's node and the value of `dedupe_key` (see `flow_runtime::trigger::DedupeKey`): where either is another one, the new
//! version does not know it again.

use crate::model::{Kind, Node, Webhook, Workflow, spelling};

/// What is said of one webhook of the old version.
#[derive(Debug)]
pub(super) struct Redelivery {
    /// Index into the old version's nodes.
    pub node: usize,
    /// A short name for programs.
    pub code: &'static str,
    pub message: String,
}

/// Of every webhook that does not know again what it has had.
pub(super) fn redeliveries(old: &Workflow, new: &Workflow) -> Vec<Redelivery> {
    let of = |(node, was): (usize, &Node)| {
        let before = webhook(was)?;
        let id = &was.id.value;
        let (code, message) = match new.nodes.iter().find(|node| node.id.value == *id).and_then(webhook) {
            Some(after) => ("dedupe-key-changed", key_changed(id, [(old, before), (new, after)])?),
            None => ("webhook-renamed", renamed(id, before, new)?),
        };
        Some(Redelivery { node, code, message })
    };
    old.nodes.iter().enumerate().filter_map(of).collect()
}

fn key_changed(id: &str, versions: [(&Workflow, &Webhook); 2]) -> Option<String> {
    let [was, is] = versions.map(|(workflow, webhook)| match &webhook.dedupe_key {
        Some(key) => format!("`{}`", spelling::expression(workflow, key, None)),
        None => "none".to_owned(),
    });
    (was != is).then(|| format!("the `dedupe_key` of `{id}` changed: was {was}, is {is}"))
}

/// Where nobody can deliver any more, nothing is repeated.
fn renamed(id: &str, before: &Webhook, new: &Workflow) -> Option<String> {
    let path = &before.webhook_id;
    let other = new.nodes.iter().find(|node| webhook(node).is_some_and(|other| other.webhook_id == *path))?;
    Some(format!(
        "what comes to `{path}` was known as a delivery to the node `{id}`, and is one to `{}`",
        other.id.value
    ))
}

fn webhook(node: &Node) -> Option<&Webhook> {
    match &node.kind {
        Kind::Webhook(webhook) => Some(webhook),
        _ => None,
    }
}
