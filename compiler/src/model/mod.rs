//! What the workflow means: names have become ids, text has become expressions.
//!
//! Comes in: the AST. Goes out: [`Workflow`].
//! Always true: every node, variable and path in an expression is resolved; anything unknown has been reported and is an
//! explicit `Unknown`, never a hole. Spans stay, so that later stages can still point.

pub mod environment;
pub mod eval;
pub mod expr;
pub mod identifier;
pub mod lower;
pub mod schema;
pub mod spelling;
pub mod text;
pub mod ty;
pub mod url;

use crate::diagnostic::level::Silence;
use crate::source::{Span, Spanned};
pub use expr::{Expr, ExprKind};
pub use flow_runtime::flow::Signature;
pub use flow_runtime::flow::{Delay, Retry};
pub use schema::Schema;
use std::time::Duration;
pub use text::{Piece, Text, Tree};

/// Index into [`Workflow::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Index into [`Workflow::environment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvId(pub usize);

/// A workflow with its names resolved.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// The name of the binary and the label of metrics: `order-fulfillment`.
    pub slug: String,
    pub title: String,
    pub version: String,
    pub settings: Settings,
    /// In declaration order.
    pub nodes: Vec<Node>,
    /// In the order of `connections`, then those that only `dependencies` ask for.
    pub edges: Vec<Edge>,
    /// In the order in which they are first read.
    pub environment: Vec<Variable>,
    /// The findings the author accepts.
    pub silences: Vec<Silence>,
    /// Types that the author gave a name, and where what they stand for is written: a schema that was read there has that
    /// name. In JSON a schema's `title` names it.
    pub types: Vec<Spanned<String>>,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub timeout: Option<Duration>,
    pub fail_fast: bool,
    /// 1 when execution is sequential.
    pub max_parallel_nodes: usize,
    /// Executions survive the process: `store` is not `memory`.
    pub durable: bool,
    /// `parallel_execution` is `false`.
    pub sequential: bool,
    /// What `settings` says.
    pub keys: Keys,
}

/// Which keys of an object were given, and where their values stand: for rules that point at them.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    pub values: Vec<(&'static str, Span)>,
    /// A key is unknown or its value of the wrong type, which has been reported.
    pub wrong: bool,
}

impl Keys {
    /// Where the value of a key stands.
    pub fn value(&self, name: &str) -> Option<Span> {
        self.values.iter().rev().find(|(key, _)| *key == name).map(|(_, span)| *span)
    }
}

/// An environment variable.
#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    /// Unset reads as the empty text.
    pub optional: bool,
    pub read_by: Vec<NodeId>,
}

impl Variable {
    /// Whether its value must never be shown: by its name.
    pub fn is_secret(&self) -> bool {
        ["KEY", "SECRET", "PASSWORD", "TOKEN"].iter().any(|word| self.name.contains(word))
    }
}

#[derive(Debug, Clone)]
pub struct Node {
    pub id: Spanned<String>,
    pub span: Span,
    pub title: String,
    pub kind: Kind,
    /// Of an unknown kind: whether it may be a trigger.
    pub may_start: bool,
    pub retry: Retry,
    pub timeout: Duration,
    /// What its `config` says.
    pub keys: Keys,
}

#[derive(Debug, Clone)]
pub struct Edge {
    pub from: NodeId,
    pub to: NodeId,
    /// Named in the target's `dependencies`.
    pub required: bool,
    pub condition: Option<Expr>,
    /// The target where the connection names it, or the entry in `dependencies`.
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Webhook(Webhook),
    Manual(Manual),
    Http(Http),
    Email(Box<Email>),
    Filter(Filter),
    Transform(Transform),
    Rust(Rust),
    /// Reported already.
    Unknown,
}

impl Kind {
    pub fn is_trigger(&self) -> bool {
        match self {
            Kind::Webhook(_) | Kind::Manual(_) => true,
            Kind::Http(_) | Kind::Email(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {
                false
            }
        }
    }

    /// What a trigger's input has to be, if that is said.
    pub fn input_schema(&self) -> Option<&Schema> {
        match self {
            Kind::Webhook(webhook) => webhook.input_schema.as_ref(),
            Kind::Manual(manual) => manual.input_schema.as_ref(),
            Kind::Http(_) | Kind::Email(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {
                None
            }
        }
    }

    /// Whether the node does something to the world, and so can be tried again.
    pub fn is_effect(&self) -> bool {
        match self {
            Kind::Http(_) | Kind::Email(_) | Kind::Rust(_) => true,
            Kind::Webhook(_) | Kind::Manual(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Unknown => false,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Webhook {
    pub webhook_id: String,
    pub secret: Option<Text>,
    pub validate_signature: bool,
    pub signature: Signature,
    pub allowed_ips: Vec<String>,
    /// Also when no entry of the list could be read.
    pub lists_addresses: bool,
    /// What tells one delivery from another.
    pub dedupe_key: Option<Expr>,
    pub input_schema: Option<Schema>,
}

#[derive(Debug, Clone)]
pub struct Manual {
    pub input_schema: Option<Schema>,
}

#[derive(Debug, Clone)]
pub struct Http {
    pub method: String,
    pub url: Text,
    pub headers: Vec<(String, Text)>,
    pub params: Vec<(String, Tree)>,
    pub body: Body,
    /// How long an answer is used again.
    pub cache: Option<Duration>,
    /// Of the body of a 2xx answer.
    pub response_schema: Option<Schema>,
    /// What the author says of the service: the same request twice does what it does once.
    pub idempotent: Option<bool>,
    /// What the author says of the service: what the request does cannot be undone.
    pub irreversible: Option<bool>,
}

/// What a request carries.
#[derive(Debug, Clone)]
pub enum Body {
    None,
    Json(Tree),
    Text(Text),
    /// The headers say `application/x-www-form-urlencoded`.
    Form(Vec<(String, Tree)>),
}

#[derive(Debug, Clone)]
pub struct Email {
    pub server: Text,
    pub port: Option<Text>,
    pub username: Option<Text>,
    pub password: Option<Text>,
    pub use_tls: bool,
    pub from_email: Text,
    pub from_name: Option<Text>,
    pub reply_to: Option<Text>,
    pub to: Vec<Text>,
    pub cc: Vec<Text>,
    pub bcc: Vec<Text>,
    pub subject: Text,
    pub body: Option<Text>,
    pub html: Option<Text>,
    pub template: Option<MailTemplate>,
    pub at_most_once: bool,
}

/// A mail template and what it is filled with.
#[derive(Debug, Clone)]
pub struct MailTemplate {
    pub name: String,
    /// The text of `templates/<name>.html`.
    pub html: Option<String>,
    /// The text of `templates/<name>.txt`.
    pub text: Option<String>,
    pub vars: Vec<(String, Tree)>,
}

#[derive(Debug, Clone)]
pub struct Filter {
    pub condition: Expr,
    pub error_message: Text,
}

/// A function of the crate that the workflow is compiled into.
#[derive(Debug, Clone)]
pub struct Rust {
    /// Names with `::` between them, each of which is an identifier of Rust; at most the first is `crate`, `self` or `super`.
    pub function: Spanned<String>,
    pub arguments: Vec<Spanned<Tree>>,
    /// Where the arguments stand, with what is around them.
    pub parentheses: Option<Span>,
    pub result_schema: Option<Schema>,
}

#[derive(Debug, Clone)]
pub struct Transform {
    /// `None`: the activating node's result.
    pub input: Option<Tree>,
    /// The field of the input that is the list, where its type says so and other lists may lie beside it. Found by the checker.
    pub list: Option<String>,
    pub step: TransformStep,
}

/// What is done to the input. The parameter of the expressions is `item`.
#[derive(Debug, Clone)]
pub enum TransformStep {
    FilterItems {
        condition: Expr,
    },
    MapItems {
        expression: Expr,
    },
    SortItems {
        by: Expr,
        descending: bool,
    },
    GroupItems {
        by: Expr,
    },
    CalculateTotal {
        of: Expr,
    },
    AddFields {
        fields: Vec<(String, Tree)>,
    },
    /// Names, and the dotted paths they are read from.
    ExtractFields {
        fields: Vec<(String, String)>,
    },
    /// `None`: every field that occurs.
    JsonToCsv {
        columns: Option<Vec<String>>,
    },
}

impl TransformStep {
    /// Whether the result is `{items, count, total}`, whatever the input: `count` is that of `items`. Of one object `add_fields` and
    /// `extract_fields` give an object, with its own fields.
    pub fn gives_list(&self) -> bool {
        match self {
            TransformStep::FilterItems { .. }
            | TransformStep::MapItems { .. }
            | TransformStep::SortItems { .. }
            | TransformStep::GroupItems { .. } => true,
            TransformStep::AddFields { .. } | TransformStep::ExtractFields { .. } => false,
            TransformStep::CalculateTotal { .. } | TransformStep::JsonToCsv { .. } => false,
        }
    }
}

impl Workflow {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// The node that counts as the trigger when a program or a request to the API starts the workflow: as the engine chooses it.
    pub fn started_by_program(&self) -> Option<&Node> {
        let first = |wanted: fn(&Kind) -> bool| self.nodes.iter().find(|node| wanted(&node.kind));
        first(|kind| matches!(kind, Kind::Manual(_))).or_else(|| first(|kind| matches!(kind, Kind::Webhook(_))))
    }
}

impl Node {
    /// Calls `visit` for every expression in the node's configuration, in the order of the model's fields.
    pub fn expressions<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        fn texts<'a>(texts: impl IntoIterator<Item = &'a Text>, visit: &mut dyn FnMut(&'a Expr)) {
            texts.into_iter().for_each(|text| text.expressions().for_each(&mut *visit));
        }
        fn trees<'a>(fields: &'a [(String, Tree)], visit: &mut dyn FnMut(&'a Expr)) {
            fields.iter().for_each(|(_, tree)| tree.expressions(visit));
        }
        match &self.kind {
            Kind::Webhook(webhook) => {
                texts(&webhook.secret, visit);
                webhook.dedupe_key.iter().for_each(visit);
            }
            Kind::Manual(_) | Kind::Unknown => {}
            Kind::Http(http) => {
                texts([&http.url], visit);
                texts(http.headers.iter().map(|(_, value)| value), visit);
                trees(&http.params, visit);
                match &http.body {
                    Body::None => {}
                    Body::Json(tree) => tree.expressions(visit),
                    Body::Text(text) => texts([text], visit),
                    Body::Form(fields) => trees(fields, visit),
                }
            }
            Kind::Email(email) => {
                let optional = [&email.port, &email.username, &email.password, &email.from_name, &email.reply_to];
                texts([&email.server, &email.from_email, &email.subject], visit);
                texts(optional.into_iter().chain([&email.body, &email.html]).flatten(), visit);
                texts(email.to.iter().chain(&email.cc).chain(&email.bcc), visit);
                if let Some(template) = &email.template {
                    trees(&template.vars, visit);
                }
            }
            Kind::Rust(rust) => rust.arguments.iter().for_each(|argument| argument.value.expressions(visit)),
            Kind::Filter(filter) => {
                visit(&filter.condition);
                texts([&filter.error_message], visit);
            }
            Kind::Transform(transform) => {
                if let Some(input) = &transform.input {
                    input.expressions(visit);
                }
                match &transform.step {
                    TransformStep::FilterItems { condition: expr }
                    | TransformStep::MapItems { expression: expr }
                    | TransformStep::SortItems { by: expr, .. }
                    | TransformStep::GroupItems { by: expr }
                    | TransformStep::CalculateTotal { of: expr } => visit(expr),
                    TransformStep::AddFields { fields } => trees(fields, visit),
                    TransformStep::ExtractFields { .. } | TransformStep::JsonToCsv { .. } => {}
                }
            }
        }
    }
}
