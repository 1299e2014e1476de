//! `secret-flow`: a secret variable where others read it, or sent to another service than its own.
//!
//! Always right: a header made for credentials, the login at a mail server, the key of a webhook's signatures, and the body
//! of a request to the service that the secret is for, as when a token is asked for. In doubt whose a secret is, nothing
//! is said.

use super::destination::{self, Host};
use super::{Dataflow, LISTED_MAX, Outflow, Part, Secret};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{EnvId, Kind, NodeId, Workflow};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn secrets(workflow: &Workflow, dataflow: &Dataflow, diagnostics: &mut Diagnostics) {
    let flows: Vec<(&Outflow, Secret)> = dataflow
        .outflows
        .iter()
        .flat_map(|outflow| {
            let secrets = dataflow.secrets(workflow, &outflow.carried, LISTED_MAX);
            secrets.into_iter().map(move |secret| (outflow, secret))
        })
        .collect();
    if flows.is_empty() {
        return;
    }
    let owners = Owners::new(workflow, &flows);
    // The same secret twice in one part of one node is one mistake.
    let mut said: BTreeSet<(NodeId, Part, EnvId)> = BTreeSet::new();
    for (outflow, secret) in &flows {
        let found = leak(workflow, outflow, secret).or_else(|| owners.elsewhere(workflow, outflow, secret));
        if let Some(diagnostic) = found.filter(|_| said.insert((outflow.node, outflow.part, secret.variable))) {
            let is_shown = secret.read == diagnostic.primary.span || outflow.span.contains(secret.read);
            diagnostics.push(match is_shown {
                true => diagnostic,
                false => diagnostic.also(secret.read, "the secret is read here"),
            });
        }
    }
}

/// Where no secret should be, whatever the service.
fn leak(workflow: &Workflow, outflow: &Outflow, secret: &Secret) -> Option<Diagnostic> {
    let name = &workflow.environment[secret.variable.0].name;
    let node = workflow.node(outflow.node);
    let found = |headline: String| Some(Diagnostic::new(Code::SecretFlow, outflow.span, headline));
    let diagnostic = match outflow.part {
        Part::UrlBase | Part::UrlPath | Part::UrlQuery => found(format!("the secret `{name}` is part of a URL"))?
            .label("URLs end in the logs of servers and proxies")
            .help(format!(
                "if the service takes it there, send it in a header: \"Authorization\": \"Bearer ${{{name}}}\""
            )),
        Part::Sender | Part::Recipient | Part::Subject | Part::MailBody => {
            let Kind::Email(email) = &node.kind else { return None };
            found(format!("the secret `{name}` is sent by mail"))?
                .label(format!("readable for everybody who sees the mail {}", to(workflow, email)))
                .help(match super::is_long(workflow, secret.variable) {
                    true => format!(
                        "leave it out; the last four characters are enough to recognise it: `${{{name}.slice(-4)}}`"
                    ),
                    false => "leave it out".to_owned(),
                })
        }
        Part::ErrorText => found(format!("the secret `{name}` is part of an error message"))?
            .label("error messages are shown by the API and sent in mails")
            .help("leave it out"),
        Part::Result => Diagnostic::new(
            Code::SecretFlow,
            secret.read,
            format!("the secret `{name}` is kept in the result of `{}`", node.id.value),
        )
        .label("results stay in the record of the execution, and the API shows them")
        .also(node.id.span, "its result")
        .help("read the variable where it is needed: a header of the request"),
        Part::Header => found(format!("the secret `{name}` is sent in the header `{}`", header(outflow)))?
            .label("headers like this one are written into logs")
            .help("secrets belong in `Authorization`, or in a header made for them, such as `X-API-Key`"),
        Part::CredentialHeader | Part::RequestBody | Part::Login | Part::MailServer | Part::SignatureKey => {
            return None;
        }
    };
    Some(diagnostic)
}

fn header(outflow: &Outflow) -> &str {
    outflow.key.strip_prefix("headers.").unwrap_or(&outflow.key)
}

/// `to support@example.com and one more`.
pub(super) fn to(workflow: &Workflow, email: &crate::model::Email) -> String {
    let mailboxes = destination::mailboxes(workflow, email);
    match mailboxes.as_slice() {
        [] => String::new(),
        [one] => format!("to `{}`", one.name),
        [one, other] => format!("to `{}` and `{}`", one.name, other.name),
        [one, rest @ ..] => format!("to `{}` and {} more", one.name, rest.len()),
    }
}

/// Which service each secret is for, as far as the workflow shows.
struct Owners {
    /// Of every node that talks to one that is known.
    hosts: BTreeMap<NodeId, Host>,
    secrets: BTreeMap<EnvId, Owner>,
}

#[derive(Default)]
struct Owner {
    /// Services named as the secret is: `PAYMENT_API_KEY`, `${PAYMENT_API_URL}`. Nodes that talk to them.
    named: Vec<NodeId>,
    /// Nodes that show it as a credential.
    shown: Vec<(NodeId, Span)>,
    /// The trigger whose signatures it checks.
    checks: Option<(NodeId, Span)>,
}

impl Owners {
    fn new(workflow: &Workflow, flows: &[(&Outflow, Secret)]) -> Owners {
        let mut hosts = BTreeMap::new();
        // One node for each service: there may be thousands of nodes.
        let mut services: BTreeMap<String, NodeId> = BTreeMap::new();
        for id in workflow.node_ids() {
            if let Some(host) = destination::host(workflow, workflow.node(id)).filter(|host| !host.is_unknown()) {
                services.entry(host.name.clone()).or_insert(id);
                hosts.insert(id, host);
            }
        }
        let mut secrets: BTreeMap<EnvId, Owner> = BTreeMap::new();
        for (outflow, secret) in flows {
            let owner = secrets.entry(secret.variable).or_insert_with(|| {
                let words = destination::service(&workflow.environment[secret.variable.0].name);
                let named = services.values().copied();
                let named = named.filter(|id| destination::is_same_service(&words, &hosts[id].words)).collect();
                Owner { named, ..Owner::default() }
            });
            match outflow.part {
                Part::CredentialHeader | Part::Login
                    if hosts.contains_key(&outflow.node)
                        && !owner.shown.iter().any(|(id, _)| hosts[id].name == hosts[&outflow.node].name) =>
                {
                    owner.shown.push((outflow.node, secret.read));
                }
                Part::SignatureKey if owner.checks.is_none() => owner.checks = Some((outflow.node, secret.read)),
                _ => {}
            }
        }
        Owners { hosts, secrets }
    }

    /// Sent to a service that it is not for.
    fn elsewhere(&self, workflow: &Workflow, outflow: &Outflow, secret: &Secret) -> Option<Diagnostic> {
        let name = &workflow.environment[secret.variable.0].name;
        let host = self.hosts.get(&outflow.node)?;
        let owner = self.secrets.get(&secret.variable)?;
        let here =
            |headline: String, label: &str| Diagnostic::new(Code::SecretFlow, outflow.span, headline).label(label);
        if let Some(first) = owner.named.first() {
            if owner.named.iter().any(|id| destination::is_family(&self.hosts[id], host)) {
                return None;
            }
            let own = &self.hosts[first];
            return Some(
                here(
                    format!("`{name}` is sent to `{}`, and by its name it is for `{}`", host.name, own.name),
                    "whoever runs the other service can use it",
                )
                .also(host.span, "sent there")
                .also(own.span, "the service of that name")
                .help(format!("give `{}` a secret of its own", workflow.node(outflow.node).id.value)),
            );
        }
        if let Some((_, checks)) = owner.checks {
            return Some(
                here(
                    format!("`{name}` is sent to `{}`, and signatures are checked with it", host.name),
                    "whoever reads it there can start this workflow",
                )
                .also(checks, "signatures of the webhook are checked with it")
                .help(format!("give `{}` a secret of its own", workflow.node(outflow.node).id.value)),
            );
        }
        let (shown, at) = *owner.shown.first()?;
        let in_body = outflow.part == Part::RequestBody;
        if !in_body || owner.shown.iter().any(|(id, _)| destination::is_family(&self.hosts[id], host)) {
            return None;
        }
        Some(
            here(
                format!(
                    "`{name}` is sent to `{}`, and it is the credential for `{}`",
                    host.name, self.hosts[&shown].name
                ),
                "whoever runs the other service can use it",
            )
            .also(host.span, "sent there")
            .also(at, "a credential here")
            .help("leave it out of the body, or use a secret made for that service"),
        )
    }
}
