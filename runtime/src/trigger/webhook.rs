//! A webhook: who may call it and how they prove it.
//!
//! Comes in: the trigger nodes of the workflow, the environment, what the operator overrides. Goes out: the checks of one
//! webhook, ready to be asked.

use super::address::AddressList;
use super::input::read_input;
use super::signature::Signatures;
use crate::env::{Environment, EnvironmentError, Sources};
use crate::flow::{Kind, Webhook, Workflow};
use crate::render::{Place, Text};
use crate::scope::Scope;
use crate::value::Doc;
use std::cell::Cell;
use std::net::IpAddr;

/// The checks of one webhook.
pub struct WebhookTrigger {
    /// Index of the trigger node.
    pub node: usize,
    pub webhook_id: &'static str,
    /// `None`: every address.
    allowed: Option<AddressList>,
    /// `None`: signatures are not checked.
    pub signatures: Option<Signatures>,
}

impl WebhookTrigger {
    /// All webhooks of a workflow.
    ///
    /// `previous`: the values that secret variables had before they were changed ([`previous_secrets`]); a webhook accepts
    /// signatures made with either. `allowed`: the operator's list, in place of the workflow's.
    ///
    /// # Errors
    /// A webhook that asks for signatures without a usable secret, or an address list with a mistake; named by node.
    pub fn all(
        workflow: &'static Workflow,
        environment: &Environment,
        previous: &[Option<String>],
        allowed: Option<&AddressList>,
    ) -> Result<Vec<WebhookTrigger>, String> {
        let mut triggers = Vec::new();
        for (index, node) in workflow.nodes.iter().enumerate() {
            let Kind::Webhook(webhook) = &node.kind else { continue };
            let placed = |message: &dyn std::fmt::Display| format!("node `{}`: {message}", node.id);
            let allowed = match allowed {
                Some(list) => Some(list.clone()),
                None if webhook.allowed_ips.is_empty() => None,
                None => {
                    let list = AddressList::parse(webhook.allowed_ips.iter().copied());
                    Some(list.map_err(|error| placed(&error))?)
                }
            };
            let signatures = if webhook.validate_signature {
                let secrets = secrets(workflow, webhook, environment, previous).map_err(|error| placed(&error))?;
                let signatures = Signatures::new(webhook.signature, secrets.iter().map(String::as_str));
                Some(signatures.map_err(|error| placed(&error))?)
            } else {
                None
            };
            triggers.push(WebhookTrigger { node: index, webhook_id: webhook.webhook_id, allowed, signatures });
        }
        Ok(triggers)
    }

    pub fn allows(&self, address: IpAddr) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(address))
    }
}

/// The previous values of the workflow's secret variables, by index: `WEBHOOK_SECRET_PREVIOUS` beside `WEBHOOK_SECRET`,
/// from the same sources, while senders still change over to the new one. (Not a list inside one value: a secret may
/// hold any character.)
///
/// # Errors
/// A source that cannot be read.
pub fn previous_secrets(workflow: &Workflow, sources: &Sources) -> Result<Vec<Option<String>>, EnvironmentError> {
    let previous = workflow.environment.iter().map(|variable| {
        let signs = variable.secret
            && workflow
                .nodes
                .iter()
                .any(|node| matches!(node.kind, Kind::Webhook(_)) && variable.used_by.contains(&node.id));
        if signs { sources.find_name(&format!("{}_PREVIOUS", variable.name)) } else { Ok(None) }
    });
    previous.collect()
}

/// The secret as it is now and, if it differs, as it was before.
fn secrets(
    workflow: &'static Workflow,
    webhook: &Webhook,
    environment: &Environment,
    previous: &[Option<String>],
) -> Result<Vec<String>, String> {
    let Some(secret) = webhook.secret else {
        return Err(String::from("validate_signature asks for a secret, and there is none"));
    };
    let nothing = read_input(b"{}", workflow.input, 2).map_err(|error| error.to_string())?;
    let render = |environment: &[String]| {
        let outputs: Vec<Option<Doc>> = vec![None; workflow.nodes.len()];
        let scope = Scope {
            input: &nothing,
            outputs: &outputs,
            node_ids: &[],
            environment,
            timestamp: "",
            execution_id: "",
            error_of: None,
            activated_by: None,
            secrets: None,
            missing: Cell::new(false),
            trace: None,
        };
        let mut text = Text::new(Place::Header);
        secret(&scope, &mut text).map_err(|fault| fault.message)?;
        text.finish("the webhook's secret").map_err(|fault| fault.message)
    };
    let current = render(&environment.values)?;
    let old: Vec<String> = environment
        .values
        .iter()
        .zip(previous)
        .map(|(current, previous)| previous.as_ref().unwrap_or(current).clone())
        .collect();
    let old = render(&old)?;
    Ok(if old == current { vec![current] } else { vec![current, old] })
}
