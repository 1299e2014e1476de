//! The configuration of each kind → [`Kind`].

use super::config::Config;
use super::expr::Place;
use super::key_names::Owner;
use super::{Lowering, text};
use crate::catalog::{self, BODY_TYPE, KindSpec};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::ty::Type;
use crate::model::{Body, Expr, Filter, Http, Kind, Manual, NodeId, Schema, Signature, Text, Transform, Tree, Webhook};
use crate::syntax::ast::{self, ValueKind};
use std::time::Duration;

/// Words that are none of the catalog's have been reported.
fn signature(word: &str) -> Signature {
    match word {
        "x-signature" => Signature::XSignature,
        "github" => Signature::Github,
        "standard-webhooks" => Signature::StandardWebhooks,
        "stripe" => Signature::Stripe,
        "shopify" => Signature::Shopify,
        "slack" => Signature::Slack,
        _ => Signature::Any,
    }
}

impl Lowering<'_> {
    /// Lowers the configuration of a node of a known kind.
    pub(super) fn kind(&mut self, id: NodeId, node: &ast::Node, spec: &KindSpec, config: &Config) -> Kind {
        match spec.word {
            "webhook" => Kind::Webhook(self.webhook(id, node, config)),
            "manual" => Kind::Manual(Manual { input_schema: self.input_schema(config) }),
            "schedule" => self.schedule(node, config),
            "http" => Kind::Http(self.http(id, node, config)),
            "send_email" => Kind::Email(Box::new(self.email(id, node, config))),
            "data_filter" => Kind::Filter(self.filter(id, node, config)),
            "data_transform" => match self.transform_step(id, node, config) {
                Some(step) => {
                    let input = config.get("input").map(|input| self.tree(Place::Node(id), input));
                    Kind::Transform(Transform { input, list: None, step })
                }
                None => Kind::Unknown,
            },
            "rust" => Kind::Rust(self.rust(id, config)),
            word => unreachable!("the catalog has a kind `{word}` that lowering does not know"),
        }
    }

    fn webhook(&mut self, id: NodeId, node: &ast::Node, config: &Config) -> Webhook {
        let webhook_id = config.text("webhook_id");
        if let Some(webhook_id) = webhook_id {
            self.check_webhook_id(webhook_id);
        }
        let secret = config.text("secret").map(|secret| self.prose(Place::Node(id), secret));
        let validate_signature = config.bool("validate_signature").unwrap_or(secret.is_some());
        if validate_signature && secret.is_none() {
            let span = config.get("validate_signature").map_or(node.id.span, |value| value.span);
            self.diagnostics.push(
                Diagnostic::new(Code::MissingKey, span, "signatures cannot be checked without a `secret`")
                    .label("there is no `secret`")
                    .help("add \"secret\": \"${WEBHOOK_SECRET}\" to its `config`"),
            );
        }
        if let Some(secret) = config.text("secret").filter(|secret| secret.value.is_empty()) {
            self.diagnostics.push(
                Diagnostic::new(Code::MissingKey, secret.span, "the secret is empty, and anybody could sign with it")
                    .label("no secret")
                    .help("write \"secret\": \"${WEBHOOK_SECRET}\", and give the variable a value where the workflow runs"),
            );
        }
        let lists_addresses = config.get("allowed_ips").is_some_and(|list| list.is_filled());
        let allowed_ips = config.get("allowed_ips").map(|list| self.address_list(list)).unwrap_or_default();
        let dedupe_key = config.text("dedupe_key").map(|key| self.expression(Place::Node(id), key));
        Webhook {
            webhook_id: webhook_id.map_or_else(String::new, |text| text.value.clone()),
            secret,
            validate_signature,
            signature: signature(config.text("signature").map_or("", |text| &text.value)),
            allowed_ips,
            input_schema: self.input_schema(config),
            lists_addresses,
            dedupe_key,
        }
    }

    fn schedule(&mut self, node: &ast::Node, config: &Config) -> Kind {
        if let Some(cron) = config.text("cron_expression") {
            self.check_cron(cron);
        }
        let kind = config.text("schedule_type").map(|text| text.value.as_str());
        for (word, key) in [("cron", "cron_expression"), ("interval", "interval_seconds")] {
            if kind == Some(word) && !config.means(key) {
                self.needs(node, &format!("a schedule of type `{word}`"), key);
            }
        }
        let word = "schedule";
        let span = node.kind.as_ref().map_or(node.id.span, |kind| kind.span);
        self.diagnostics.extend(catalog::later(word).map(|later| later.not_yet(word, span, self.dialect)));
        Kind::Unknown
    }

    fn http(&mut self, id: NodeId, node: &ast::Node, config: &Config) -> Http {
        let place = Place::Node(id);
        let url = match config.text("url") {
            Some(url) => {
                let lowered = self.text(place, url);
                self.check_url(&lowered, url);
                lowered
            }
            None => text::literal(node.span, ""),
        };
        let mut headers = Vec::new();
        for entry in config.object("headers").map_or(&[][..], |headers| &headers.entries) {
            if let Some(value) = self.header(place, entry) {
                self.check_header(&entry.key, &value, &headers);
                self.check_host(&entry.key, &value, &url);
                headers.push((entry.key.value.clone(), value));
            }
        }
        let form = headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type")
                && value.as_literal().is_some_and(|ty| ty.starts_with("application/x-www-form-urlencoded"))
        });
        let params = config.object("params").map(|params| self.fields(place, params)).unwrap_or_default();
        let body = match config.get("body") {
            None => Body::None,
            Some(value) => match (self.tree(place, value), form) {
                (Tree::Object(fields), true) => Body::Form(fields),
                (Tree::Text(text), _) => Body::Text(text),
                (tree, _) => Body::Json(tree),
            },
        };
        // Says what holds without it.
        if matches!(body, Body::Json(_)) {
            headers.retain(|(name, value)| {
                !name.eq_ignore_ascii_case(BODY_TYPE.0) || value.as_literal().is_none_or(|ty| ty != BODY_TYPE.1)
            });
        }
        let method = config.text("method").map_or("GET", |method| method.value.as_str());
        let method_is_wrong = config.has("method") && config.get("method").is_none();
        if let (Some(value), "GET" | "HEAD", false) = (config.get("body"), method, method_is_wrong) {
            let default = if config.has("method") { "" } else { ": `method` is `GET` unless it is given" };
            self.diagnostics.push(
                Diagnostic::new(Code::IgnoredBody, value.span, format!("a `{method}` request with a body{default}"))
                    .label("most services ignore it or refuse the request")
                    .help("use `params` for a query, or write \"method\": \"POST\""),
            );
        }
        let cache = config.object("cache").and_then(|object| {
            if !matches!(method, "GET" | "HEAD" | "OPTIONS") {
                self.diagnostics.push(
                    Diagnostic::new(Code::ConflictingKeys, object.span, format!("a `{method}` request with a `cache`"))
                        .label("the second one would never be sent")
                        .help("remove `cache`: what a service does for one request, it has not done for the next"),
                );
            }
            let cache =
                Config::check(self, object, catalog::http::CACHE, Owner { kind: "", said: "`cache`" }, object.span);
            cache.number("ttl").map(Duration::from_secs_f64)
        });
        let response_schema = self.schema_of(config, "response_schema");
        let (idempotent, irreversible) = (config.bool("idempotent"), config.bool("irreversible"));
        Http {
            method: method.to_string(),
            url,
            headers,
            params,
            body,
            cache,
            response_schema,
            idempotent,
            irreversible,
        }
    }

    fn header(&mut self, place: Place, entry: &ast::Entry) -> Option<Text> {
        self.check_header_name(&entry.key);
        match &entry.value.kind {
            ValueKind::String(value) => {
                let value = self.prose(place, value);
                self.check_one_line(&value, "a header");
                Some(value)
            }
            ValueKind::Number(written, _) => Some(text::literal(entry.value.span, written)),
            ValueKind::Bool(flag) => Some(text::literal(entry.value.span, if *flag { "true" } else { "false" })),
            ValueKind::Null | ValueKind::Array(_) | ValueKind::Object(_) => {
                self.check_header_type(&entry.value);
                None
            }
        }
    }

    pub(super) fn check_header_type(&mut self, value: &ast::Value) {
        if matches!(value.kind, ValueKind::Null | ValueKind::Array(_) | ValueKind::Object(_)) {
            let headline = format!("a header takes text, not {}", super::config::kind_of(value));
            self.diagnostics.push(Diagnostic::new(Code::WrongType, value.span, headline).label("wrong type"));
        }
    }

    fn filter(&mut self, id: NodeId, node: &ast::Node, config: &Config) -> Filter {
        Filter {
            condition: self.required_expression(Place::Node(id), node, config, "filter_condition"),
            error_message: match config.text("error_message") {
                Some(message) => self.prose(Place::Node(id), message),
                None => text::literal(node.span, "the condition was not met"),
            },
        }
    }

    pub(super) fn required_expression(&mut self, place: Place, node: &ast::Node, config: &Config, key: &str) -> Expr {
        match config.text(key) {
            Some(text) => self.expression(place, text),
            None => Expr::unknown(node.id.span),
        }
    }

    pub(super) fn needs(&mut self, node: &ast::Node, owner: &str, key: &str) {
        self.diagnostics.push(
            Diagnostic::new(Code::MissingKey, node.id.span, format!("{owner} needs `{key}`"))
                .label(format!("`{key}` is missing"))
                .help(format!("add \"{key}\" to its `config`")),
        );
    }

    /// The schema of what a trigger takes: whatever starts an execution is an object.
    fn input_schema(&mut self, config: &Config) -> Option<Schema> {
        let schema = self.schema_of(config, "input_schema")?;
        let takes_objects = |ty: &Type| matches!(ty, Type::Object(_) | Type::Json);
        if !schema.ty.members().iter().any(takes_objects) {
            let headline = format!("an input is an object, and this takes {}", schema.ty);
            self.diagnostics.push(
                Diagnostic::new(Code::BadSchema, schema.span, headline)
                    .label("nothing could start the workflow")
                    .help("put it into a field of an object, such as `items`"),
            );
        }
        Some(schema)
    }

    pub(super) fn schema_of(&mut self, config: &Config, key: &str) -> Option<Schema> {
        let value = config.get(key)?;
        let entry = config.entries().filter(|entry| entry.key.value == key).last()?;
        Some(self.schema(&entry.key, value))
    }
}
