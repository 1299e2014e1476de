//! The configuration of each kind → [`Kind`].

use super::config::Config;
use super::expr::Place;
use super::{Lowering, literals, text};
use crate::catalog::{self, KindSpec};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::{
    Body, Email, Expr, Filter, Http, Kind, MailTemplate, NodeId, Piece, Text, Transform, TransformStep, Tree, Webhook,
};
use crate::syntax::ast::{self, ValueKind};
use std::time::Duration;

impl Lowering<'_> {
    /// Lowers the configuration of a node of a known kind.
    pub(super) fn kind(&mut self, id: NodeId, node: &ast::Node, spec: &KindSpec, config: &Config) -> Kind {
        match spec.word {
            "webhook" => Kind::Webhook(self.webhook(id, node, config)),
            "manual" => Kind::Manual,
            "schedule" => self.schedule(node, config),
            "http" => Kind::Http(self.http(id, node, config)),
            "send_email" => Kind::Email(self.email(id, node, config)),
            "data_filter" => Kind::Filter(self.filter(id, node, config)),
            "data_transform" => match self.transform_step(id, node, config) {
                Some(step) => {
                    let input = config.get("input").map(|input| self.tree(Place::Node(id), input));
                    Kind::Transform(Transform { input, step })
                }
                None => Kind::Unknown,
            },
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
        let allowed_ips = config.get("allowed_ips").map(|list| self.address_list(list)).unwrap_or_default();
        if let Some(dedupe_key) = config.text("dedupe_key") {
            self.expression(Place::Node(id), dedupe_key);
            self.no_effect(dedupe_key.span, "dedupe_key", "every delivery starts an execution");
        }
        Webhook {
            webhook_id: webhook_id.map_or_else(String::new, |text| text.value.clone()),
            secret,
            validate_signature,
            allowed_ips,
        }
    }

    fn schedule(&mut self, node: &ast::Node, config: &Config) -> Kind {
        if let Some(cron) = config.text("cron_expression") {
            self.check_cron(cron);
        }
        let kind = config.text("schedule_type").map(|text| text.value.as_str());
        for (word, key) in [("cron", "cron_expression"), ("interval", "interval_seconds")] {
            if kind == Some(word) && config.get(key).is_none() {
                self.needs(node, &format!("a `{word}` schedule"), key);
            }
        }
        self.diagnostics.push(
            Diagnostic::new(
                Code::UnsupportedKind,
                node.kind.span,
                "this version of flowc does not compile `schedule` nodes yet",
            )
            .label("not supported yet")
            .help("use a `manual` trigger and start the binary's `run` command from cron or a systemd timer"),
        );
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
        let method = config.text("method").map_or("GET", |method| method.value.as_str());
        if let (Some(value), "GET" | "HEAD") = (config.get("body"), method) {
            self.diagnostics.push(
                Diagnostic::new(Code::IgnoredBody, value.span, format!("a `{method}` request with a body"))
                    .label("most services ignore it or refuse the request")
                    .help("use `params` for a query, or `\"method\": \"POST\"`"),
            );
        }
        let cache = config.object("cache").and_then(|object| {
            let cache = Config::check(self, object, catalog::http::CACHE, "`cache`", object.span);
            cache.number("ttl").map(Duration::from_secs_f64)
        });
        Http { method: method.to_string(), url, headers, params, body, cache }
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
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::WrongType,
                        entry.value.span,
                        format!("a header takes text, not {}", super::config::kind_of(&entry.value)),
                    )
                    .label("wrong type"),
                );
                None
            }
        }
    }

    fn email(&mut self, id: NodeId, node: &ast::Node, config: &Config) -> Email {
        let place = Place::Node(id);
        let text = |lowering: &mut Self, key: &str| config.text(key).map(|text| lowering.prose(place, text));
        let line = |lowering: &mut Self, key: &str, what: &str| {
            let text = text(lowering, key);
            text.inspect(|text| lowering.check_one_line(text, what))
        };
        let server = line(self, "smtp_server", "a server name").unwrap_or_else(|| text::literal(node.span, ""));
        self.check_server(&server);
        let port = match config.get("smtp_port").map(|port| (&port.kind, port.span)) {
            Some((ValueKind::Number(written, _), span)) => Some(text::literal(span, written)),
            Some((ValueKind::String(port), _)) => {
                let port = self.prose(place, port);
                self.check_port(&port);
                Some(port)
            }
            _ => None,
        };
        let use_tls = config.bool("use_tls").unwrap_or(true);
        if let (false, Some(value)) = (use_tls, config.get("use_tls")) {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::PlainTransport,
                    value.span,
                    "the mail and its password cross the network unencrypted",
                )
                .label("no TLS")
                .help("write `true`, unless the mail server is on this very machine"),
            );
        }
        let from_email = match text(self, "from_email") {
            Some(from) => {
                self.check_mail_address(&from);
                from
            }
            None => {
                let variable = self.environment("SMTP_FROM", id, true);
                let kind = crate::model::ExprKind::Env(variable);
                let expr = Expr { span: node.id.span, ty: crate::model::ty::Type::String, kind };
                Text { span: node.id.span, pieces: vec![Piece::Expr(expr)] }
            }
        };
        let reply_to = text(self, "reply_to");
        reply_to.iter().for_each(|address| self.check_mail_address(address));
        let template = config.text("template").map(|name| {
            let vars = config.object("template_vars").map(|vars| self.fields(place, vars)).unwrap_or_default();
            self.mail_template(name, vars)
        });
        let email = Email {
            server,
            port,
            username: line(self, "username", "a user name"),
            password: text(self, "password"),
            use_tls,
            from_email,
            from_name: line(self, "from_name", "a name"),
            reply_to,
            to: self.recipients(place, config, "to_email"),
            cc: self.recipients(place, config, "cc"),
            bcc: self.recipients(place, config, "bcc"),
            subject: line(self, "subject", "a subject").unwrap_or_else(|| text::literal(node.span, "")),
            body: text(self, "body").map(with_line_breaks),
            html: text(self, "html").map(with_line_breaks),
            template,
            at_most_once: config.text("delivery").is_some_and(|delivery| delivery.value == "at_most_once"),
        };
        self.check_content(node, config, &email);
        email
    }

    /// A mail says something, and says it once.
    fn check_content(&mut self, node: &ast::Node, config: &Config, email: &Email) {
        if let (Some(template), Some(other)) =
            (config.get("template"), config.get("body").or_else(|| config.get("html")))
        {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::ConflictingKeys,
                    other.span,
                    "the mail has both a `template` and a text of its own",
                )
                .label("would never be sent")
                .also(template.span, "the template")
                .help("remove one of the two"),
            );
        } else if email.template.is_none() && config.get("body").is_none() && config.get("html").is_none() {
            self.diagnostics.push(
                Diagnostic::new(Code::MissingKey, node.id.span, "the mail has no content")
                    .label("needs `body`, `html` or `template`")
                    .help("add \"body\": \"…\" to its `config`"),
            );
        }
        if let (Some(vars), None) = (config.get("template_vars"), &email.template) {
            self.diagnostics.push(
                Diagnostic::new(Code::DeadKey, vars.span, "`template_vars` without a `template`")
                    .label("nothing reads these")
                    .help("name the template: \"template\": \"order-confirmation\""),
            );
        }
        if let (Some(password), None) = (config.get("password"), &email.username) {
            self.diagnostics.push(
                Diagnostic::new(Code::DeadKey, password.span, "`password` without a `username`")
                    .label("never used: without a user name there is no login")
                    .help("add \"username\": \"${SMTP_USERNAME}\""),
            );
        }
    }

    fn recipients(&mut self, place: Place, config: &Config, key: &str) -> Vec<Text> {
        let entries: Vec<&ast::Value> = match config.get(key).map(|value| (&value.kind, value)) {
            Some((ValueKind::String(_), value)) => vec![value],
            Some((ValueKind::Array(items), value)) => {
                if items.is_empty() && key == "to_email" {
                    self.diagnostics.push(
                        Diagnostic::new(Code::WrongType, value.span, "a mail to nobody")
                            .label("needs at least one address"),
                    );
                }
                items.iter().collect()
            }
            _ => Vec::new(),
        };
        let mut recipients = Vec::with_capacity(entries.len());
        for entry in entries {
            match &entry.kind {
                ValueKind::String(text) => {
                    let text = self.prose(place, text);
                    self.check_mail_address(&text);
                    recipients.push(text);
                }
                _ => self.diagnostics.push(
                    Diagnostic::new(
                        Code::WrongType,
                        entry.span,
                        format!("a recipient is text, not {}", super::config::kind_of(entry)),
                    )
                    .label("wrong type"),
                ),
            }
        }
        recipients
    }

    fn mail_template(&mut self, name: &ast::Text, vars: Vec<(String, Tree)>) -> MailTemplate {
        let mut template = MailTemplate { name: name.value.clone(), html: None, text: None, vars };
        if !literals::is_file_name(&name.value) {
            self.diagnostics.push(
                Diagnostic::new(Code::BadTemplateName, name.span, format!("`{}` cannot be the name of a template", name.value))
                    .label("not a name")
                    .help("a name holds letters, digits, `-` and `_`: the file is `templates/<name>.html` or `.txt` beside the workflow"),
            );
            return template;
        }
        template.html = self.template_file(name, "html", &template.vars);
        template.text = self.template_file(name, "txt", &template.vars);
        if template.html.is_none() && template.text.is_none() {
            self.diagnostics.push(
                Diagnostic::new(Code::MissingTemplate, name.span, format!("there is no template `{}`", name.value))
                    .label("the mail will be a plain listing of `template_vars`")
                    .help(format!(
                        "create `templates/{0}.html` or `templates/{0}.txt` beside the workflow",
                        name.value
                    )),
            );
        }
        template
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

    fn transform_step(&mut self, id: NodeId, node: &ast::Node, config: &Config) -> Option<TransformStep> {
        let word = config.text("transform_type")?.value.as_str();
        let item = Place::Item(id);
        let used: &[&str] = match word {
            "filter_items" => &["filter_condition"],
            "map_items" => &["expression"],
            "sort_items" => &["field", "order"],
            "group_items" | "calculate_total" => &["field"],
            _ => &["fields"],
        };
        let owner = format!("`{word}`");
        for key in ["filter_condition", "expression", "fields", "field", "order"] {
            if let (false, Some(value)) = (used.contains(&key), config.get(key)) {
                self.diagnostics.push(
                    Diagnostic::new(Code::DeadKey, value.span, format!("{owner} does not read `{key}`"))
                        .label("nothing reads this")
                        .help(format!("{owner} reads {}", suggest::list(used.iter().copied(), "and"))),
                );
            }
        }
        let required = used[0];
        // A table column for every field there is: the one transform that can do without.
        if config.get(required).is_none() && word != "json_to_csv" {
            self.needs(node, &owner, required);
            return None;
        }
        Some(match word {
            "filter_items" => TransformStep::FilterItems {
                condition: self.required_expression(item, node, config, "filter_condition"),
            },
            "map_items" => {
                TransformStep::MapItems { expression: self.required_expression(item, node, config, "expression") }
            }
            "sort_items" => TransformStep::SortItems {
                by: self.item_field(item, config)?,
                descending: config.text("order").is_some_and(|order| order.value == "desc"),
            },
            "group_items" => TransformStep::GroupItems { by: self.item_field(item, config)? },
            "calculate_total" => TransformStep::CalculateTotal { of: self.item_field(item, config)? },
            "add_fields" => TransformStep::AddFields { fields: self.added_fields(id, config)? },
            "extract_fields" => TransformStep::ExtractFields { fields: self.field_paths(config)? },
            "json_to_csv" => TransformStep::JsonToCsv {
                columns: match config.get("fields") {
                    Some(_) => Some(self.field_names(config)?),
                    None => None,
                },
            },
            word => unreachable!("the catalog has a transform `{word}` that lowering does not know"),
        })
    }

    /// `unit_price` is a field of the item; anything else is an expression over `item`.
    fn item_field(&mut self, place: Place, config: &Config) -> Option<Expr> {
        let field = config.text("field")?;
        let plain = field.value.split('.').all(|step| {
            !step.is_empty() && step.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
        });
        if !plain || field.value == super::expr::ITEM || field.value.starts_with("item.") {
            return Some(self.expression(place, field));
        }
        let parameter = crate::model::expr::Parameter { name: super::expr::ITEM.to_string(), number: 0 };
        let json = crate::model::ty::Type::Any;
        let mut expr = Expr { span: field.span, ty: json, kind: crate::model::ExprKind::Parameter(parameter) };
        for step in field.value.split('.') {
            let kind = crate::model::ExprKind::Member(Box::new(expr), step.to_string());
            expr = Expr { span: field.span, ty: json, kind };
        }
        Some(expr)
    }

    fn added_fields(&mut self, id: NodeId, config: &Config) -> Option<Vec<(String, Tree)>> {
        let value = config.get("fields")?;
        match &value.kind {
            ValueKind::Object(object) => Some(self.fields(Place::Item(id), object)),
            _ => {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::WrongType,
                        value.span,
                        "`add_fields` takes an object of fields, not an array",
                    )
                    .label("wrong type")
                    .help("for example {\"total\": \"${item.quantity * item.unit_price}\"}"),
                );
                None
            }
        }
    }

    /// An array of dotted paths, each called by its last step, or an object of names and dotted paths.
    fn field_paths(&mut self, config: &Config) -> Option<Vec<(String, String)>> {
        let value = config.get("fields")?;
        let ValueKind::Object(object) = &value.kind else {
            let names = self.field_names(config)?.into_iter();
            return Some(names.map(|path| (path.rsplit('.').next().unwrap_or(&path).to_string(), path)).collect());
        };
        let mut fields = Vec::with_capacity(object.entries.len());
        for entry in &object.entries {
            match &entry.value.kind {
                ValueKind::String(path) if !path.value.is_empty() && !path.has_template() => {
                    fields.push((entry.key.value.clone(), path.value.clone()));
                }
                _ => self.diagnostics.push(
                    Diagnostic::new(Code::WrongType, entry.value.span, "a field is read from a dotted path, as text")
                        .label("not a path")
                        .help("for example {\"city\": \"shipping_address.city\"}"),
                ),
            }
        }
        Some(fields)
    }

    fn field_names(&mut self, config: &Config) -> Option<Vec<String>> {
        let value = config.get("fields")?;
        let ValueKind::Array(items) = &value.kind else {
            self.diagnostics.push(
                Diagnostic::new(Code::WrongType, value.span, "`fields` takes an array of names here, not an object")
                    .label("wrong type")
                    .help("for example [\"order_id\", \"customer.name\"]"),
            );
            return None;
        };
        let mut names = Vec::with_capacity(items.len());
        for item in items {
            match &item.kind {
                ValueKind::String(name) if !name.value.is_empty() && !name.has_template() => {
                    names.push(name.value.clone())
                }
                _ => self.diagnostics.push(
                    Diagnostic::new(Code::WrongType, item.span, "a field is a name or a dotted path, as text")
                        .label("not a name"),
                ),
            }
        }
        Some(names)
    }

    fn required_expression(&mut self, place: Place, node: &ast::Node, config: &Config, key: &str) -> Expr {
        match config.text(key) {
            Some(text) => self.expression(place, text),
            None => Expr::unknown(node.id.span),
        }
    }

    fn needs(&mut self, node: &ast::Node, owner: &str, key: &str) {
        self.diagnostics.push(
            Diagnostic::new(Code::MissingKey, node.id.span, format!("{owner} needs `{key}`"))
                .label(format!("`{key}` is missing"))
                .help(format!("add \"{key}\" to its `config`")),
        );
    }

    fn no_effect(&mut self, span: crate::source::Span, key: &str, instead: &str) {
        self.diagnostics.push(
            Diagnostic::new(
                Code::NoEffect,
                span,
                format!("`{key}` is checked, and has no effect in this version of flowc"),
            )
            .label(instead.to_string()),
        );
    }
}

/// In mail bodies the two characters `\n` in the literal part are a line break: the format's authors write them so.
fn with_line_breaks(mut text: Text) -> Text {
    for piece in &mut text.pieces {
        if let Piece::Literal(literal) = piece {
            *literal = literal.replace("\\n", "\n");
        }
    }
    text
}
