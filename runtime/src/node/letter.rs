//! The bytes of a mail.
//!
//! Comes in: a finished message, the key of execution and node, the node's time stamp. Goes out: a [`Letter`].
//! Always true: the same arguments give the same bytes (Message-ID, Date, the boundary between parts), so that a mail sent
//! again can be recognised as the one it is. What ends a line, and with it what ends the mail, data cannot say.

mod line;

use crate::render::{FinishedMessage, MailTemplate, Mailbox, To};
use crate::value::{Fault, Raw, push_indented};
use lettre::address::{Address, Envelope};
use lettre::message::header::{self, Headers};
use lettre::message::{Mailbox as LettreMailbox, MultiPart, SinglePart};
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A mail ready to be sent.
pub(super) struct Letter {
    pub(super) envelope: Envelope,
    pub(super) text: String,
    /// With its angle brackets.
    pub(super) message_id: String,
}

/// Templates compiled so far, by name; each executable has a handful.
#[derive(Default)]
pub(super) struct Templates {
    compiled: Mutex<HashMap<&'static str, Arc<Environment<'static>>>>,
}

impl Letter {
    /// `timestamp`: RFC 3339, the Date of the mail.
    pub(super) fn write(
        mut message: FinishedMessage,
        templates: &Templates,
        key: uuid::Uuid,
        timestamp: &str,
    ) -> Result<Letter, Fault> {
        let (text, html) = templates.content(&mut message)?;
        let date: jiff::Timestamp =
            timestamp.parse().map_err(|_| Fault::new("the time stamp of the mail is not RFC 3339"))?;
        let domain = message.from.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let domain = if domain.is_ascii() { domain } else { "localhost" };
        let message_id = format!("<{}@{domain}>", key.simple());
        let from = mailbox(message.from)?;
        let mut headers = Headers::with_capacity(8);
        headers.insert_raw(line::mailboxes::<header::From>(vec![from.clone()]));
        headers.set(header::Date::new(SystemTime::from(date)));
        headers.set(header::MessageId::from(message_id.clone()));
        headers.insert_raw(line::subject(message.subject));
        if let Some(reply_to) = message.reply_to {
            headers.insert_raw(line::mailboxes::<header::ReplyTo>(vec![mailbox(reply_to)?]));
        }
        let mut addresses: Vec<Address> = Vec::with_capacity(message.recipients.len());
        let (mut to, mut cc) = (Vec::new(), Vec::new());
        for (role, recipient) in message.recipients {
            let recipient = mailbox(recipient)?;
            if addresses.contains(&recipient.email) {
                continue;
            }
            addresses.push(recipient.email.clone());
            match role {
                To::To => to.push(recipient),
                To::Cc => cc.push(recipient),
                // In nobody's copy.
                To::Bcc => {}
            }
        }
        if !to.is_empty() {
            headers.insert_raw(line::mailboxes::<header::To>(to));
        }
        if !cc.is_empty() {
            headers.insert_raw(line::mailboxes::<header::Cc>(cc));
        }
        headers.set(header::MIME_VERSION_1_0);
        let envelope =
            Envelope::new(Some(from.email), addresses).map_err(|_| Fault::new("the mail has no recipient"))?;
        let part = match (text, html) {
            (Some(text), Some(html)) => MultiPart::alternative()
                .boundary(boundary(key))
                .singlepart(SinglePart::plain(line::body(text)))
                .singlepart(SinglePart::html(line::body(html)))
                .formatted(),
            (None, Some(html)) => SinglePart::html(line::body(html)).formatted(),
            (text, None) => SinglePart::plain(line::body(text.unwrap_or_default())).formatted(),
        };
        // What `lettre::Message` would write. Its builder parses the headers it has just written, to see whether they
        // are there.
        let part = String::from_utf8(part).map_err(|_| Fault::new("the mail cannot be written"))?;
        let mut text = String::with_capacity(512 + part.len());
        let _ = write!(text, "{headers}");
        text.push_str(&part);
        Ok(Letter { envelope, text, message_id })
    }
}

fn mailbox(mailbox: Mailbox) -> Result<LettreMailbox, Fault> {
    let address = mailbox.address.parse().map_err(|_| Fault::new("a mail address is not valid"))?;
    Ok(LettreMailbox::new(mailbox.name, address))
}

/// Data cannot know it: the key is a hash of an execution's name, which nobody knows before the execution has its data.
fn boundary(key: uuid::Uuid) -> String {
    format!("=_{}", key.simple())
}

impl Templates {
    /// The text and the HTML of a mail; takes them out of it.
    pub(super) fn content(&self, message: &mut FinishedMessage) -> Result<(Option<String>, Option<String>), Fault> {
        let (mut text, mut html) = (message.body.take(), message.html.take());
        if let Some((template, variables)) = &message.template {
            let (template_text, template_html) = self.render(template, variables)?;
            text = text.or(template_text);
            html = html.or(template_html);
        }
        Ok((text, html))
    }

    /// The text and the HTML of a template; a plain listing of the variables when it has neither.
    fn render(
        &self,
        template: &'static MailTemplate,
        variables: &str,
    ) -> Result<(Option<String>, Option<String>), Fault> {
        if template.text.is_none() && template.html.is_none() {
            return Ok((Some(listing(variables)), None));
        }
        let environment = self.compiled(template)?;
        let variables: minijinja::Value =
            serde_json::from_str(variables).map_err(|_| Fault::new("the variables of the template are not JSON"))?;
        let part = |source: Option<&str>, name: &str| match source {
            None => Ok(None),
            Some(_) => {
                let compiled = environment.get_template(name);
                let rendered = compiled.and_then(|compiled| compiled.render(&variables));
                rendered.map(Some).map_err(|error| fault(template, &error))
            }
        };
        Ok((part(template.text, "text")?, part(template.html, "html")?))
    }

    fn compiled(&self, template: &'static MailTemplate) -> Result<Arc<Environment<'static>>, Fault> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(environment) = compiled.get(template.name) {
            return Ok(Arc::clone(environment));
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_auto_escape_callback(|name| if name == "html" { AutoEscape::Html } else { AutoEscape::None });
        // As in every other text of a workflow: null is nothing, an object is compact JSON.
        environment.set_formatter(|out, state, value| match value.kind() {
            ValueKind::None | ValueKind::Undefined => Ok(()),
            ValueKind::Map | ValueKind::Seq => {
                let json = serde_json::to_string(value).unwrap_or_default();
                minijinja::escape_formatter(out, state, &json.into())
            }
            _ => minijinja::escape_formatter(out, state, value),
        });
        for (name, source) in [("text", template.text), ("html", template.html)] {
            if let Some(source) = source {
                environment.add_template(name, source).map_err(|error| fault(template, &error))?;
            }
        }
        let environment = Arc::new(environment);
        compiled.insert(template.name, Arc::clone(&environment));
        Ok(environment)
    }
}

/// Without minijinja's own details, which may quote the data.
fn fault(template: &MailTemplate, error: &minijinja::Error) -> Fault {
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    Fault::new(format!("template `{}`{line}: {}", template.name, error.kind()))
}

/// `order id: 17`, one variable a line; arrays and objects as indented JSON below their name.
fn listing(variables: &str) -> String {
    let mut text = String::with_capacity(2 * variables.len());
    for (name, value) in Raw::new(Some(variables), "").members() {
        let name = decoded(name);
        for (at, word) in name.split('_').enumerate() {
            if at > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        text.push(':');
        let json = value.text().unwrap_or_default();
        match json.as_bytes() {
            [b'{' | b'[', ..] => {
                text.push('\n');
                push_indented(json, "  ", &mut text);
            }
            b"null" => {}
            [b'"', ..] => {
                text.push(' ');
                text.push_str(&decoded(value));
            }
            _ => {
                text.push(' ');
                text.push_str(json);
            }
        }
        text.push('\n');
    }
    text
}

/// A string of canonical text.
fn decoded(string: Raw) -> Cow<str> {
    match string.text() {
        Some(text) if !text.contains('\\') => text.trim_matches('"').into(),
        _ => string.string().map(|string| string.to_well_formed().into_owned()).unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Message as Draft;
    use crate::value::Value;

    const KEY: uuid::Uuid = uuid::Uuid::from_u128(0x1234_5678_9abc_8def_8123_4567_89ab_cdef);

    fn draft() -> Draft {
        let mut draft = Draft::default();
        draft.from_email().literal("orders@shop.example");
        draft.from_name().literal("Your Store, Orders");
        draft.recipient(To::To).literal("a@b.example");
        draft.recipient(To::Cc).literal("c@d.example");
        draft.recipient(To::Bcc).literal("e@f.example");
        draft.recipient(To::Bcc).literal("a@b.example");
        draft.subject().literal("Order #17 – ü");
        draft
    }

    fn write(draft: Draft) -> Letter {
        let message = draft.finish(None).unwrap();
        Letter::write(message, &Templates::default(), KEY, "2026-11-22T18:21:00.123Z").unwrap()
    }

    fn text(letter: &Letter) -> String {
        letter.text.clone()
    }

    #[test]
    fn the_same_mail_has_the_same_bytes() {
        let make = || {
            let mut draft = draft();
            draft.body().literal("text");
            draft.html().literal("<p>html</p>");
            write(draft)
        };
        let letter = make();
        assert_eq!(letter.text, make().text);
        let text = text(&letter);
        assert!(text.contains("Message-ID: <123456789abc8def8123456789abcdef@shop.example>\r\n"), "{text}");
        assert!(text.contains("Date: Sun, 22 Nov 2026 18:21:00 +0000\r\n"), "{text}");
        assert!(text.contains("multipart/alternative") && text.contains("<p>html</p>"), "{text}");
    }

    #[test]
    fn blind_copies_are_seen_by_nobody_and_nobody_gets_two() {
        let letter = write(draft());
        let to: Vec<&str> = letter.envelope.to().iter().map(|address| address.as_ref()).collect();
        assert_eq!(to, ["a@b.example", "c@d.example", "e@f.example"]);
        assert!(!text(&letter).contains("e@f.example"), "{}", text(&letter));
    }

    #[test]
    fn a_display_name_cannot_end_itself() {
        let mut draft = draft();
        draft.from_name().value(&Value::string("\" <evil@x>, \""), "input_data.name").unwrap();
        let text = text(&write(draft));
        let from = text.lines().find(|line| line.starts_with("From:")).unwrap();
        assert!(from.ends_with("= <orders@shop.example>") && !from.contains("evil"), "{from}");
    }

    #[test]
    fn data_cannot_end_a_mail() {
        for end in ["\r.\r\n", "\r\n.\r", "\n.\r\n", "\r.\r", "\n.\n", "\r\0.\r\n"] {
            for html in [None, Some("<p>")] {
                let mut draft = draft();
                draft.body().value(&Value::string(&format!("A{end}MAIL FROM:<x@y>\rRCPT")), "input_data.x").unwrap();
                if let Some(html) = html {
                    draft.html().literal(html);
                    draft.html().value(&Value::string(&format!("A{end}B")), "input_data.x").unwrap();
                }
                let text = text(&write(draft));
                let rest = text.replace("\r\n", "");
                assert!(!rest.contains(['\r', '\n', '\0']), "{end:?} {text:?}");
            }
        }
    }

    static BOTH: MailTemplate = MailTemplate {
        name: "both",
        html: Some(
            "<b>{{ name }}</b>{{ gone.deep }}{{ none }}{{ items }}{% for i in items %}[{{ i.sku }}]{% endfor %}",
        ),
        text: Some("Hi {{ name }} {{ total }}"),
    };

    #[test]
    fn templates_escape_html_in_html_only() {
        let variables = r#"{"name":"<i>&","none":null,"items":[{"sku":"A\"1"}],"total":12.5}"#;
        let (text, html) = Templates::default().render(&BOTH, variables).unwrap();
        assert_eq!(text.unwrap(), "Hi <i>& 12.5");
        assert_eq!(html.unwrap(), "<b>&lt;i&gt;&amp;</b>[{&quot;sku&quot;:&quot;A\\&quot;1&quot;}][A&quot;1]");
    }

    static BROKEN: MailTemplate = MailTemplate { name: "broken", html: None, text: Some("a\n{{ 1 / name }}") };

    #[test]
    fn a_template_that_fails_says_where_and_not_on_what() {
        let message = Templates::default().render(&BROKEN, r#"{"name":"s3cret"}"#).unwrap_err().message;
        assert_eq!(message, "template `broken`, line 2: invalid operation");
    }

    static NEITHER: MailTemplate = MailTemplate { name: "neither", html: None, text: None };

    #[test]
    fn without_files_the_variables_are_listed() {
        let variables = r#"{"order_id":17,"note":"a\nb","none":null,"items":[{"sku":"A"}]}"#;
        let (text, html) = Templates::default().render(&NEITHER, variables).unwrap();
        assert_eq!(html, None);
        assert_eq!(text.unwrap(), "order id: 17\nnote: a\nb\nnone:\nitems:\n[\n  {\n    \"sku\": \"A\"\n  }\n]\n");
    }

    #[test]
    fn an_empty_mail_is_a_mail() {
        assert!(text(&write(draft())).contains("Subject: "));
    }
}
