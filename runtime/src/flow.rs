//! The tables of a compiled workflow: what `flowc` generates and the runtime is driven by.
//!
//! Comes in: nothing; these are types. Generated code fills them field by field in constants.
//! Always true: everything here is `'static`, plain data or a plain `fn` pointer, so a table can live in read-only
//! memory and a generated crate needs no generic code.

use crate::render::{Headers, Json, Message, Params, Relay, Rendered, Text, Url};
use crate::scope::Scope;
use crate::value::{Fault, Shape, Value};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// One compiled workflow.
pub struct Workflow {
    /// The short name: label of metrics and logs, such as `order-fulfillment`.
    pub name: &'static str,
    /// The name the author gave it, for people.
    pub title: &'static str,
    pub version: &'static str,
    /// What the workflow says, as [`crate::value::meaning`] names it; so a document can be recognised as this workflow.
    pub hash: &'static str,
    pub settings: Settings,
    /// Every environment variable the workflow reads, in the order of their names. [`Scope::env`] takes an index into it.
    pub environment: &'static [Variable],
    /// The fields of the input that anything reads.
    pub input: &'static Shape,
    /// In declaration order, which is also the order in which ready nodes start.
    pub nodes: &'static [Node],
    /// In the order of `connections`, then those that only `dependencies` ask for.
    pub edges: &'static [Edge],
    /// The OpenAPI 3.1 document of the service: JSON text.
    pub openapi: &'static str,
    /// The lines of its [`crate::upgrade::Outline`]: kept with the executions it starts.
    pub outline: &'static [&'static str],
}

/// What holds for a whole execution.
pub struct Settings {
    /// Wall clock for one execution, retries, waits and handlers included. `None`: no limit.
    pub timeout: Option<Duration>,
    /// The first unhandled failure cancels everything else.
    pub fail_fast: bool,
    /// How many nodes of one execution may run at once; at least 1.
    pub max_parallel_nodes: usize,
}

/// An environment variable the workflow reads.
pub struct Variable {
    pub name: &'static str,
    pub used_as: Use,
    /// Its value must never be shown. True by name: KEY, SECRET, PASSWORD, TOKEN.
    pub secret: bool,
    /// The workflow runs without it; unset reads as the empty text.
    pub optional: bool,
    /// It stands in a header, in the head of a mail or in the login to a mail server, which a line break would end.
    pub one_line: bool,
    /// The nodes that read it, for `env` listings.
    pub used_by: &'static [&'static str],
}

/// What an environment variable is used as. The earlier, the more is asked of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// The beginning of a URL whose path goes on behind it.
    Base,
    /// The beginning of a URL.
    Url,
    /// The name of a mail server.
    Host,
    Port,
    /// A mail address.
    Address,
    /// By its name.
    Secret,
    Text,
}

/// One node: what it does, and how often it is tried.
pub struct Node {
    pub id: &'static str,
    /// The name for people; the id where the author gave none.
    pub title: &'static str,
    pub kind: Kind,
    /// Of a trigger: the JSON Schema that every input has to fit, references followed.
    pub input_schema: Option<&'static str>,
    /// Fields of this node's envelope (`previous_outputs.<id>`) that anything reads.
    pub output: &'static Shape,
    pub retry: Retry,
    /// For one attempt.
    pub timeout: Duration,
}

/// Attempts after the first, and the waits before them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Retries after the first attempt; 0: a single attempt.
    pub retries: u32,
    pub delay: Delay,
}

/// How long to wait before a retry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    Fixed(Duration),
    /// `initial`, then twice as long each time up to `max`. With `jitter` each wait is drawn evenly between half of it
    /// and all of it, deterministically from execution, node and attempt.
    Exponential {
        initial: Duration,
        max: Duration,
        jitter: bool,
    },
}

/// From one node to another.
pub struct Edge {
    /// Index into [`Workflow::nodes`].
    pub from: usize,
    /// Index into [`Workflow::nodes`].
    pub to: usize,
    /// Also named in the target's `dependencies`: the target cannot run unless this edge is taken.
    pub required: bool,
    /// `None`: taken whenever the source succeeded.
    pub condition: Option<Condition>,
}

impl Variable {
    pub const fn new(name: &'static str, used_as: Use, used_by: &'static [&'static str]) -> Variable {
        Variable { name, used_as, secret: false, optional: false, one_line: false, used_by }
    }

    /// Its value must never be shown.
    pub const fn secret(self) -> Variable {
        Variable { secret: true, ..self }
    }

    /// The workflow runs without it.
    pub const fn optional(self) -> Variable {
        Variable { optional: true, ..self }
    }

    /// Its value must be one line.
    pub const fn one_line(self) -> Variable {
        Variable { one_line: true, ..self }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Use::Base | Use::Url => "url",
            Use::Host => "host",
            Use::Port => "port",
            Use::Address => "email",
            Use::Secret => "secret",
            Use::Text => "string",
        })
    }
}

impl Edge {
    /// Taken whenever the source succeeded.
    pub const fn on_success(from: usize, to: usize) -> Edge {
        Edge { from, to, required: false, condition: None }
    }

    /// Taken when the condition holds, after success and after failure.
    pub const fn when(from: usize, to: usize, condition: Condition) -> Edge {
        Edge { from, to, required: false, condition: Some(condition) }
    }

    /// As [`Edge::on_success`], and the target names the source in its `dependencies`.
    pub const fn dependency(from: usize, to: usize) -> Edge {
        Edge { from, to, required: true, condition: None }
    }

    /// As [`Edge::when`], and the target names the source in its `dependencies`.
    pub const fn dependency_when(from: usize, to: usize, condition: Condition) -> Edge {
        Edge { from, to, required: true, condition: Some(condition) }
    }
}

impl Retry {
    /// A single attempt.
    pub const NONE: Retry = Retry { retries: 0, delay: Delay::Fixed(Duration::from_secs(1)) };
}

/// Evaluated after the source settled. [`Scope::read_missing`] tells afterwards whether a missing field was read.
pub type Condition = fn(&Scope) -> Result<bool, Fault>;

/// Computes a value.
pub type Computation = fn(&Scope) -> Result<Value, Fault>;

/// What a node does.
pub enum Kind {
    Webhook(Webhook),
    Manual,
    Http(Http),
    Email(Email),
    Filter(Filter),
    Transform(Transform),
    Rust(Rust),
}

impl Kind {
    /// As in the workflow's `action_type` or `trigger_type`: the label of metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Webhook(_) => "webhook",
            Kind::Manual => "manual",
            Kind::Http(_) => "http",
            Kind::Email(_) => "send_email",
            Kind::Filter(_) => "data_filter",
            Kind::Transform(_) => "data_transform",
            Kind::Rust(_) => "rust",
        }
    }
}

/// Trigger: a request to `/webhooks/{webhook_id}`.
pub struct Webhook {
    pub webhook_id: &'static str,
    /// The shared secret of the signature.
    pub secret: Option<fn(&Scope, &mut Text) -> Rendered>,
    pub validate_signature: bool,
    /// How requests have to be signed, if they have to be.
    pub signature: Signature,
    /// Single addresses and CIDRs; host bits allowed. Empty: every address.
    pub allowed_ips: &'static [&'static str],
    /// Deliveries with the same value are one execution; one whose value is missing, `null` or empty is not compared.
    /// Reads the input and the environment.
    pub dedupe_key: Option<Computation>,
}

/// A way of signing requests: `signature` in the trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The trigger names none: `X-Signature`, GitHub's header and Standard Webhooks are accepted.
    Any,
    XSignature,
    Github,
    StandardWebhooks,
    Stripe,
    Shopify,
    Slack,
}

/// Action: one HTTP request.
pub struct Http {
    /// In capitals, such as `POST`.
    pub method: &'static str,
    pub url: fn(&Scope, &mut Url) -> Rendered,
    pub headers: Option<fn(&Scope, &mut Headers) -> Rendered>,
    /// Appended to the URL's query.
    pub params: Option<fn(&Scope, &mut Params) -> Rendered>,
    pub body: Body,
    /// The JSON Schema that the body of every 2xx answer has to fit, references followed.
    pub response_schema: Option<&'static str>,
    /// How long a 2xx answer is used again for the same request of any execution; `None`: never.
    pub cache: Option<Duration>,
}

/// What an HTTP request carries.
pub enum Body {
    None,
    /// Sent as `application/json` unless the headers say otherwise.
    Json(fn(&Scope, &mut Json) -> Rendered),
    /// Sent as `text/plain; charset=utf-8` unless the headers say otherwise.
    Text(fn(&Scope, &mut Text) -> Rendered),
    /// The headers say `application/x-www-form-urlencoded`: an object of fields.
    Form(fn(&Scope, &mut Params) -> Rendered),
}

/// Action: one mail.
pub struct Email {
    /// The mail server and how to log in.
    pub relay: fn(&Scope, &mut Relay) -> Rendered,
    /// Sender, recipients, subject and content.
    pub message: fn(&Scope, &mut Message) -> Rendered,
    /// Where the outcome is unknown it is not sent again, and settles with `result.delivery = "unknown"`.
    pub at_most_once: bool,
}

/// Action: passes or does not.
pub struct Filter {
    pub condition: Condition,
    pub error_message: fn(&Scope, &mut Text) -> Rendered,
}

/// Action: computes a value.
pub struct Transform {
    /// The `result` of the node.
    pub run: fn(&Scope) -> Result<Value, Fault>,
}

/// Action: a function of the program that the workflow was compiled into. Only `flow!` makes such nodes.
pub struct Rust {
    /// Reads the arguments: what every attempt is called with.
    pub prepare: fn(&Scope) -> Result<Call, Fault>,
}

/// A function and its arguments. Each call is one attempt: the value it gives, as JSON text.
pub type Call = Arc<dyn Fn() -> Returning + Send + Sync>;

/// What a function is doing.
pub type Returning = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>>;

/// Why a function of a `rust` node did not give a value. Anything that can be shown becomes one, so `?` works in such a
/// function, whatever it calls.
///
/// The message may be mailed to a customer or shown by the API, as that of every node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    code: String,
    retryable: bool,
}

impl Failure {
    /// A failure that may be gone the next time: the node is tried again, as often as it says.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), code: String::from("RUST_ERROR"), retryable: true }
    }

    /// A failure that would be the same the next time: the node is not tried again.
    pub fn permanent(message: impl Into<String>) -> Failure {
        Failure { retryable: false, ..Failure::new(message) }
    }

    /// What `error.code` says, for conditions to ask; `RUST_ERROR` unless it is said.
    pub fn code(self, code: impl Into<String>) -> Failure {
        Failure { code: code.into(), ..self }
    }

    /// Of what a function gave, and the engine cannot take.
    #[cfg(feature = "service")]
    pub(crate) fn of_result(reason: &dyn std::fmt::Display) -> Failure {
        Failure::permanent(format!("what the function gave cannot be kept: {reason}")).code("BAD_RESULT")
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// As `error.code` shows it.
    pub fn error_code(&self) -> &str {
        &self.code
    }
}

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::new(error.to_string())
    }
}
