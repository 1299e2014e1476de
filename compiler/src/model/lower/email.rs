//! The configuration of a `send_email` node → [`Email`].

use super::config::{self, Config};
use super::expr::Place;
use super::{Lowering, text};
use crate::catalog::send_email::CONTENT;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Email, Expr, ExprKind, NodeId, Piece, Text};
use crate::syntax::ast::{self, ValueKind};

impl Lowering<'_> {
    pub(super) fn email(&mut self, id: NodeId, node: &ast::Node, config: &Config) -> Email {
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
        let from_email = match text(self, "from_email") {
            Some(from) => {
                self.check_mail_address(&from, false);
                from
            }
            None => {
                // Without one, a user name that is an address is the sender.
                let variable = self.environment("SMTP_FROM", id, config.has("username"));
                let kind = ExprKind::Env(variable);
                let expr = Expr { span: node.id.span, kind };
                Text { span: node.id.span, pieces: vec![Piece::Expr(expr)] }
            }
        };
        let reply_to = text(self, "reply_to");
        reply_to.iter().for_each(|address| self.check_mail_address(address, true));
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
        let texts = ["subject", "body", "html"].into_iter().filter_map(|key| config.text(key));
        texts.for_each(|text| self.slips_in_mail(text));
        self.check_content(node, config);
        email
    }

    /// A mail says something, and says it once.
    fn check_content(&mut self, node: &ast::Node, config: &Config) {
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
        } else if !CONTENT.iter().any(|key| config.means(key)) {
            self.diagnostics.push(
                Diagnostic::new(Code::MissingKey, node.id.span, "the mail has no content")
                    .label("needs `body`, `html` or `template`")
                    .help("add \"body\": \"…\" to its `config`"),
            );
        }
        if let (Some(vars), false) = (config.get("template_vars"), config.has("template")) {
            self.diagnostics.push(
                Diagnostic::new(Code::DeadKey, vars.span, "`template_vars` without a `template`")
                    .label("nothing reads these")
                    .help("name the template: \"template\": \"order-confirmation\""),
            );
        }
        if let (Some(password), false) = (config.get("password"), config.means("username")) {
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
                    self.check_mail_address(&text, true);
                    recipients.push(text);
                }
                _ => self.diagnostics.push(
                    Diagnostic::new(
                        Code::WrongType,
                        entry.span,
                        format!("a recipient is text, not {}", config::kind_of(entry)),
                    )
                    .label("wrong type"),
                ),
            }
        }
        recipients
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
