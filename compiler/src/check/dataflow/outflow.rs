//! Everything that leaves a node, or stays in the record of the execution: what may be in it, and where it stands.

use super::carried::{Atom, Carried};
use super::expr::Reader;
use super::is_for_credentials;
use super::output::bare_error;
use super::place::{PlaceId, Places};
use crate::check::Graph;
use crate::model::url::positions;
use crate::model::{Body, Email, Http, Kind, MailTemplate, NodeId, Piece, Text, Tree, Workflow};
use crate::source::Span;
use flow_runtime::render::At;
use std::collections::BTreeMap;

/// One expression of a node's configuration whose value goes somewhere.
#[derive(Debug, Clone)]
pub struct Outflow {
    pub node: NodeId,
    pub part: Part,
    /// The key in the `config`: `body.customer.email`.
    pub key: String,
    /// The expression.
    pub span: Span,
    pub carried: BTreeMap<PlaceId, Atom>,
}

/// What part of a request or mail it is in, or what else becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Scheme, host and what else comes before the path.
    UrlBase,
    UrlPath,
    UrlQuery,
    /// A header that is made for credentials, such as `Authorization`.
    CredentialHeader,
    Header,
    RequestBody,
    /// Name and password at a mail server.
    Login,
    MailServer,
    Sender,
    Recipient,
    Subject,
    MailBody,
    /// The message of a filter that does not pass.
    ErrorText,
    /// The result of a transform: kept in the execution's record.
    Result,
    /// What a webhook's signatures are checked with: goes nowhere.
    SignatureKey,
}

/// Of the whole workflow, node by node.
pub(super) fn outflows(workflow: &Workflow, graph: &Graph, places: &mut Places, outputs: &[Carried]) -> Vec<Outflow> {
    let mut found = Vec::new();
    for id in workflow.node_ids() {
        let error = bare_error(workflow, graph, places, outputs, id);
        let reader = Reader::new(places, outputs, &error);
        let mut leaving = Leaving { node: id, key: Vec::new(), reader, found: &mut found };
        match &workflow.node(id).kind {
            Kind::Webhook(webhook) => {
                leaving.text(Part::SignatureKey, "secret", &webhook.secret);
            }
            // What a function of the same program is given stays in it.
            Kind::Manual(_) | Kind::Rust(_) | Kind::Unknown => {}
            Kind::Http(http) => leaving.http(http),
            Kind::Email(email) => leaving.mail(email),
            Kind::Filter(filter) => leaving.text(Part::ErrorText, "error_message", [&filter.error_message]),
            Kind::Transform(_) => {
                let span = workflow.node(id).id.span;
                let places = &mut *leaving.reader.places;
                let carried = outputs[id.0].member(places, "result", None).flat();
                leaving.push(Part::Result, "result", span, carried);
            }
        }
    }
    found
}

struct Leaving<'a, 'b> {
    node: NodeId,
    /// The key, step by step.
    key: Vec<String>,
    reader: Reader<'a>,
    found: &'b mut Vec<Outflow>,
}

impl Leaving<'_, '_> {
    fn http(&mut self, http: &Http) {
        let expressions = http.url.pieces.iter().zip(positions(&http.url));
        for (piece, at) in expressions {
            let (Piece::Expr(expr), Some(at)) = (piece, at) else { continue };
            let part = match at {
                At::Base | At::Authority => Part::UrlBase,
                At::Path => Part::UrlPath,
                At::Query => Part::UrlQuery,
            };
            let carried = self.reader.expr(expr).flat();
            self.push(part, "url", expr.span, carried);
        }
        for (name, value) in &http.headers {
            let part = if is_for_credentials(name) { Part::CredentialHeader } else { Part::Header };
            self.text(part, &format!("headers.{name}"), [value]);
        }
        self.fields(Part::UrlQuery, "params", &http.params);
        match &http.body {
            Body::None => {}
            Body::Json(tree) => self.under("body", |leaving| leaving.tree(Part::RequestBody, tree)),
            Body::Text(text) => self.text(Part::RequestBody, "body", [text]),
            Body::Form(fields) => self.fields(Part::RequestBody, "body", fields),
        }
    }

    fn mail(&mut self, email: &Email) {
        self.text(Part::MailServer, "smtp_server", [&email.server]);
        self.text(Part::MailServer, "smtp_port", &email.port);
        self.text(Part::Login, "username", &email.username);
        self.text(Part::Login, "password", &email.password);
        self.text(Part::Sender, "from_email", [&email.from_email]);
        self.text(Part::Sender, "from_name", &email.from_name);
        self.text(Part::Sender, "reply_to", &email.reply_to);
        for (key, recipients) in [("to_email", &email.to), ("cc", &email.cc), ("bcc", &email.bcc)] {
            self.text(Part::Recipient, key, recipients);
        }
        self.text(Part::Subject, "subject", [&email.subject]);
        self.text(Part::MailBody, "body", &email.body);
        self.text(Part::MailBody, "html", &email.html);
        if let Some(template) = &email.template {
            for (name, tree) in template.vars.iter().filter(|(name, _)| is_in_mail(template, name)) {
                self.under("template_vars", |leaving| {
                    leaving.under(name, |leaving| leaving.tree(Part::MailBody, tree));
                });
            }
        }
    }

    fn text<'t>(&mut self, part: Part, key: &str, texts: impl IntoIterator<Item = &'t Text>) {
        for expr in texts.into_iter().flat_map(Text::expressions) {
            let carried = self.reader.expr(expr).flat();
            self.push(part, key, expr.span, carried);
        }
    }

    fn fields(&mut self, part: Part, key: &str, fields: &[(String, Tree)]) {
        self.under(key, |leaving| {
            for (name, tree) in fields {
                leaving.under(name, |leaving| leaving.tree(part, tree));
            }
        });
    }

    fn tree(&mut self, part: Part, tree: &Tree) {
        match tree {
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => {}
            Tree::Text(text) => self.text(part, "", [text]),
            Tree::Whole(expr) => {
                let carried = self.reader.expr(expr).flat();
                self.push(part, "", expr.span, carried);
            }
            Tree::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.under(&format!("[{at}]"), |leaving| leaving.tree(part, item));
                }
            }
            Tree::Object(fields) => {
                for (name, value) in fields {
                    self.under(name, |leaving| leaving.tree(part, value));
                }
            }
        }
    }

    fn under(&mut self, step: &str, inside: impl FnOnce(&mut Self)) {
        self.key.push(step.to_owned());
        inside(self);
        self.key.pop();
    }

    fn push(&mut self, part: Part, key: &str, span: Span, carried: BTreeMap<PlaceId, Atom>) {
        if carried.is_empty() {
            return;
        }
        let mut whole = String::new();
        for step in self.key.iter().map(String::as_str).chain([key]).filter(|step| !step.is_empty()) {
            if !whole.is_empty() && !step.starts_with('[') {
                whole.push('.');
            }
            whole.push_str(step);
        }
        self.found.push(Outflow { node: self.node, part, key: whole, span, carried });
    }
}

/// A listing holds every variable; a template those it names.
fn is_in_mail(template: &MailTemplate, name: &str) -> bool {
    let mut texts = template.html.iter().chain(&template.text).peekable();
    texts.peek().is_none() || texts.any(|text| text.contains(name))
}
