//! `personal-data-flow`: private data where it should not be, or more of it than anyone needs.
//!
//! What is never said anything about: data in the body of a request to a service that has a use for it; a mail's
//! recipients; what a person is told about themselves; how to get back to somebody (a name, a phone number, a mail
//! address) in a mail to the team. All of that is in `flowc audit`. Of an unencrypted connection `plain-transport` warns, whatever it carries.

use super::class::{Class, Purpose};
use super::destination;
use super::words::is_word;
use super::{Dataflow, LISTED_MAX, Outflow, Part, Private};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, suggest};
use crate::model::{Email, Kind, NodeId, Workflow};
use std::collections::BTreeMap;

pub(super) fn personal_data(workflow: &Workflow, dataflow: &Dataflow, diagnostics: &mut Diagnostics) {
    // What is wrong in the same way in one node is one mistake, however many fields it concerns.
    let mut found: BTreeMap<(NodeId, Wrong), Vec<(&Outflow, Private)>> = BTreeMap::new();
    for outflow in &dataflow.outflows {
        for private in dataflow.private(&outflow.carried, LISTED_MAX) {
            let words = || destination::purpose_words(workflow, outflow.node);
            if let Some(wrong) = wrong(workflow, dataflow, outflow, &private, words) {
                found.entry((outflow.node, wrong)).or_default().push((outflow, private));
            }
        }
    }
    for ((node, wrong), flows) in found {
        diagnostics.push(diagnostic(workflow, dataflow, node, wrong, &flows));
    }
}

/// In what way it is wrong that something private goes somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    InUrl,
    InMail,
    /// Something personal that nobody needs to answer with, in a mail to a mailbox that is always the same.
    PersonalInMail,
    /// A whole document, with private data somewhere in it, to a mailbox that is always the same.
    WholeInMail,
    InErrorText,
    /// To a service that has no use for it.
    NoPurpose,
}

fn wrong(
    workflow: &Workflow,
    dataflow: &Dataflow,
    outflow: &Outflow,
    private: &Private,
    purpose_words: impl FnOnce() -> Vec<String>,
) -> Option<Wrong> {
    let is_sensitive = private.kind.class == Class::Sensitive;
    match outflow.part {
        Part::UrlPath | Part::UrlQuery => Some(Wrong::InUrl),
        Part::ErrorText => Some(Wrong::InErrorText),
        Part::Subject | Part::MailBody => {
            let Kind::Email(email) = &workflow.node(outflow.node).kind else { return None };
            let is_whole = private.within != private.place && dataflow.places.is_whole(private.within);
            let to_others = || destination::mailboxes(workflow, email).iter().any(|mailbox| mailbox.fixed);
            match (is_whole, is_sensitive) {
                (true, true) => Some(Wrong::WholeInMail),
                (true, false) if to_others() => Some(Wrong::WholeInMail),
                (false, true) => Some(Wrong::InMail),
                (false, false) if to_others() && !private.kind.contact => Some(Wrong::PersonalInMail),
                (_, false) => None,
            }
        }
        // A token that a service gave is for a header like this one.
        Part::CredentialHeader if private.kind.purpose == Purpose::Login => None,
        Part::RequestBody | Part::Header | Part::CredentialHeader if is_sensitive => {
            let is_unknown =
                || destination::host(workflow, workflow.node(outflow.node)).is_some_and(|host| host.is_unknown());
            (!is_of_use(private.kind.purpose, &purpose_words()) && !is_unknown()).then_some(Wrong::NoPurpose)
        }
        Part::RequestBody
        | Part::Header
        | Part::CredentialHeader
        | Part::UrlBase
        | Part::Login
        | Part::MailServer
        | Part::Sender
        | Part::Recipient
        | Part::Result
        | Part::SignatureKey => None,
    }
}

/// Whether a service that is called so has a use for sensitive data of this purpose.
fn is_of_use(purpose: Purpose, service: &[String]) -> bool {
    let known: &[&str] = match purpose {
        Purpose::Payment => &[
            "payment",
            "pay",
            "payout",
            "charge",
            "billing",
            "bill",
            "checkout",
            "card",
            "bank",
            "banking",
            "psp",
            "acquirer",
            "wallet",
            "fraud",
            "vault",
            "token",
            "tokenize",
            "tokens",
            "refund",
            "subscription",
            "invoice",
            "debit",
            "credit",
            "sepa",
            "transfer",
            "transaction",
            "finance",
            "payroll",
            "stripe",
            "adyen",
            "paypal",
            "braintree",
            "mollie",
            "klarna",
            "square",
            "worldpay",
            "checkoutcom",
            "gocardless",
            "razorpay",
            "payu",
            "authorize",
            "cybersource",
            "plaid",
            "wise",
            "pci",
        ],
        Purpose::Login => &[
            "auth",
            "oauth",
            "login",
            "signin",
            "signup",
            "register",
            "registration",
            "account",
            "user",
            "identity",
            "idp",
            "iam",
            "sso",
            "password",
            "credential",
            "session",
            "token",
            "tokens",
            "okta",
            "auth0",
            "keycloak",
            "cognito",
            "vault",
            "directory",
            "ldap",
            "member",
            "customer",
        ],
        Purpose::Identity => &[
            "identity",
            "kyc",
            "aml",
            "verify",
            "verification",
            "tax",
            "payroll",
            "hr",
            "insurance",
            "government",
            "onboarding",
            "credit",
            "bank",
            "banking",
            "travel",
            "booking",
            "visa",
            "border",
            "background",
            "screening",
            "employee",
            "id",
            "idv",
            "onfido",
            "jumio",
            "rental",
            "license",
            "passport",
        ],
        Purpose::Health => &[
            "health",
            "medical",
            "clinic",
            "hospital",
            "patient",
            "ehr",
            "emr",
            "fhir",
            "insurance",
            "lab",
            "pharmacy",
            "doctor",
            "care",
            "hr",
            "diagnostics",
        ],
        Purpose::Any => return true,
    };
    // `payments`, `charge`, `mypay`.
    service.iter().any(|word| known.iter().any(|known| is_word(word, known)))
}

fn diagnostic(
    workflow: &Workflow,
    dataflow: &Dataflow,
    node: NodeId,
    wrong: Wrong,
    flows: &[(&Outflow, Private)],
) -> Diagnostic {
    let (outflow, first) = flows[0];
    let mut diagnostic = headline(workflow, dataflow, node, wrong, flows);
    // The other fields, where they leave.
    if !matches!(wrong, Wrong::WholeInMail) {
        let mut labelled = vec![outflow.span];
        for (other, private) in flows.iter().skip(1) {
            if labelled.len() <= LABELS_MAX && !labelled.contains(&other.span) {
                labelled.push(other.span);
                diagnostic = diagnostic.also(other.span, format!("and {}", private.kind.title));
            }
        }
    }
    // How it is known to be there.
    let read = dataflow.places.read_at(first.place).map(|span| (span, "read as a field here"));
    let declared = dataflow.places.declared_at(first.place).map(|span| (span, "declared here"));
    let known = declared.or(read).filter(|(span, _)| *span != outflow.span);
    if let (true, Some((span, how))) = (first.within != first.place, known) {
        diagnostic = diagnostic.also(span, how);
    } else if first.read != outflow.span
        && !(outflow.span.start <= first.read.start && first.read.end <= outflow.span.end)
    {
        diagnostic = diagnostic.also(first.read, "read here");
    }
    diagnostic
}

/// What is wrong, and the way out.
fn headline(
    workflow: &Workflow,
    dataflow: &Dataflow,
    node: NodeId,
    wrong: Wrong,
    flows: &[(&Outflow, Private)],
) -> Diagnostic {
    let (outflow, first) = flows[0];
    let name = |private: &Private| dataflow.places.name(private.place, workflow);
    let first_name = name(&first);
    let host = destination::host(workflow, workflow.node(node));
    let host_name = host.as_ref().map_or("", |host| &host.name);
    let is_part = first.within != first.place;
    let whole = dataflow.places.name(first.within, workflow);
    let title = first.kind.title;
    let new = |headline: String| Diagnostic::new(Code::PersonalDataFlow, outflow.span, headline);
    let is = if is_part { format!("`{whole}` carries `{first_name}`, {title}") } else { title.to_owned() };
    match wrong {
        Wrong::InUrl => new(format!("`{first_name}` is part of a URL"))
            .label(format!("{is}: URLs end in the logs of servers and proxies"))
            .help("send it in the `body` of a POST, or ask with an id in its place"),
        Wrong::InErrorText => new(format!("`{first_name}` is part of an error message"))
            .label(format!("{is}: error messages are shown by the API and sent in mails"))
            .help("say which field is wrong, and leave out what is in it"),
        Wrong::InMail => new(format!("`{first_name}` is sent by mail"))
            .label(format!("{is}, in a mail {}", to(workflow, node)))
            .help(match first.kind.maskable {
                true => "mails are stored unencrypted by everybody on the way: leave it out, or show its end with `.slice(-4)`",
                false => "mails are stored unencrypted by everybody on the way: leave it out",
            }),
        Wrong::PersonalInMail => new(format!("`{first_name}` is sent by mail"))
            .label(format!("{is}, in a mail {}", to(workflow, node)))
            .help("mails are stored unencrypted by everybody on the way: name an id under which the reader finds it")
            .help("if the reader has no other place to find it, say that it is meant: \"allow\": [\"personal-data-flow\"] in this node"),
        Wrong::WholeInMail => new(format!("a mail {} carries all of `{whole}`", to(workflow, node)))
            .label(format!("with {} in it", in_it(workflow, dataflow, flows)))
            .help("name the fields that the reader needs"),
        Wrong::NoPurpose => {
            let kind = match first.kind.purpose {
                Purpose::Payment => "payments",
                Purpose::Login => "accounts",
                Purpose::Identity => "proofs of identity",
                Purpose::Health => "health",
                Purpose::Any => "it",
            };
            new(match is_part {
                true => format!("`{whole}` is sent to `{host_name}` with `{first_name}` in it"),
                false => format!("`{first_name}` is sent to `{host_name}`"),
            })
            .label(match is_part {
                true => format!("carries {}", in_it(workflow, dataflow, flows)),
                false => format!("{title}, and nothing in the URL is about {kind}"),
            })
            .help(match is_part {
                true => "name the fields that the service needs".to_owned(),
                false => format!("send it only where it is needed; if the service needs it, say so in the URL or the node's id: a word such as `{}`", example(first.kind.purpose)),
            })
        }
    }
}

/// So many fields are pointed at.
const LABELS_MAX: usize = 4;

/// So many are named.
const NAMES_MAX: usize = 5;

fn example(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Payment | Purpose::Any => "payment",
        Purpose::Login => "login",
        Purpose::Identity => "identity",
        Purpose::Health => "health",
    }
}

fn to(workflow: &Workflow, node: NodeId) -> String {
    match &workflow.node(node).kind {
        Kind::Email(email) => super::secret::to(workflow, email as &Email),
        _ => String::new(),
    }
}

/// The private fields by their last names: `payment_method`, `email` and 3 more.
fn in_it(workflow: &Workflow, dataflow: &Dataflow, flows: &[(&Outflow, Private)]) -> String {
    let mut names: Vec<String> = Vec::new();
    for (_, private) in flows {
        let name = dataflow.places.name(private.place, workflow);
        let whole = dataflow.places.name(private.within, workflow);
        let name = name.strip_prefix(&format!("{whole}.")).map_or(name.clone(), str::to_owned);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > NAMES_MAX {
        let more = names.len() - NAMES_MAX + 1;
        let shown: Vec<String> = names[..NAMES_MAX - 1].iter().map(|name| format!("`{name}`")).collect();
        return format!("{} and {more} more", shown.join(", "));
    }
    suggest::list(names.iter().map(String::as_str), "and")
}
