//! Mails: the server they go through and what they say.
//!
//! Comes in: texts for each part of a mail. Goes out: those texts, each checked for its place when the mail is finished.
//! Always true: a finished mail has at least one recipient and no more than every server takes, and each recipient is exactly
//! one address.

use super::address::Mailbox;
use super::{Json, Place, Rendered, Text};
use crate::value::{Fault, Raw, Value};
use std::collections::BTreeSet;

/// Which list a recipient is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    To,
    Cc,
    Bcc,
}

impl To {
    /// Of a workflow.
    fn key(self) -> &'static str {
        match self {
            To::To => "to_email",
            To::Cc => "cc",
            To::Bcc => "bcc",
        }
    }
}

/// Recipients of one mail: as many as every server has to take (RFC 5321, 4.5.3.1.8).
const RECIPIENTS_MAX: usize = 100;

/// A mail template compiled in: `templates/<name>.html` and `.txt` beside the workflow, Jinja syntax.
/// Where neither exists the mail is a plain listing of its variables.
#[derive(Debug)]
pub struct MailTemplate {
    pub name: &'static str,
    pub html: Option<&'static str>,
    pub text: Option<&'static str>,
}

/// A mail server and how to log in to it. Deliberately without `Debug`: it knows a password.
pub struct Relay {
    server: Text,
    port: Text,
    username: Text,
    password: Text,
    use_tls: bool,
}

/// A relay whose texts have been checked. Deliberately without `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FinishedRelay {
    pub server: String,
    pub port: u16,
    /// User name and password.
    pub login: Option<(String, String)>,
    pub security: Security,
}

/// How a connection to a mail server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, or no mail at all.
    StartTls,
    Plain,
}

impl Default for Relay {
    fn default() -> Relay {
        let text = || Text::new(Place::Header);
        Relay { server: text(), port: text(), username: text(), password: text(), use_tls: true }
    }
}

impl Relay {
    pub fn server(&mut self) -> &mut Text {
        &mut self.server
    }

    /// Text of a port number; checked when the relay is used. Never called: 587.
    pub fn port(&mut self) -> &mut Text {
        &mut self.port
    }

    /// Empty or never called: no login.
    pub fn username(&mut self) -> &mut Text {
        &mut self.username
    }

    pub fn password(&mut self) -> &mut Text {
        &mut self.password
    }

    /// `true` (the default): implicit TLS on port 465, STARTTLS required on any other. `false`: plain.
    pub fn use_tls(&mut self, use_tls: bool) {
        self.use_tls = use_tls;
    }

    pub fn finish(self) -> Result<FinishedRelay, Fault> {
        let server = self.server.finish("the mail server")?.trim().to_owned();
        let host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
        if server.is_empty() || !server.chars().all(host) {
            return Err(Fault::new("the mail server is not a host name"));
        }
        let port = match self.port.finish("the mail server's port")?.trim() {
            "" => 587,
            port => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| Fault::new("the mail server's port is not a number from 1 to 65535"))?,
        };
        let username = self.username.finish("the mail server's user name")?;
        let password = self.password.finish("the mail server's password")?;
        let login = (!username.is_empty()).then_some((username, password));
        let security = match (self.use_tls, port) {
            (false, _) => Security::Plain,
            (true, 465) => Security::Implicit,
            (true, _) => Security::StartTls,
        };
        Ok(FinishedRelay { server, port, login, security })
    }
}

/// A mail under construction.
#[derive(Debug)]
pub struct Message {
    from_email: Text,
    from_name: Text,
    reply_to: Text,
    recipients: Vec<(To, Text)>,
    /// What the author wrote of each list: an element of an array, or the one template that is the whole list.
    entries: Vec<Entry>,
    subject: Text,
    body: Option<Text>,
    html: Option<Text>,
    template: Option<(&'static MailTemplate, Json)>,
}

/// What the author wrote for one recipient or several.
#[derive(Debug)]
struct Entry {
    to: To,
    /// The expression, where its value is an array.
    array: Option<String>,
}

/// A mail whose texts have been checked.
#[derive(Debug)]
pub struct FinishedMessage {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    /// At least one of them is [`To::To`].
    pub recipients: Vec<(To, Mailbox)>,
    pub subject: String,
    pub body: Option<String>,
    pub html: Option<String>,
    /// The template and the JSON text of its variables.
    pub template: Option<(&'static MailTemplate, String)>,
}

impl Default for Message {
    fn default() -> Message {
        Message {
            from_email: Text::new(Place::Address),
            from_name: Text::new(Place::Line),
            reply_to: Text::new(Place::Address),
            recipients: Vec::new(),
            entries: Vec::new(),
            subject: Text::new(Place::Line),
            body: None,
            html: None,
            template: None,
        }
    }
}

impl Message {
    /// The sender's address. Empty or never called: the relay's user name.
    pub fn from_email(&mut self) -> &mut Text {
        &mut self.from_email
    }

    pub fn from_name(&mut self) -> &mut Text {
        &mut self.from_name
    }

    pub fn reply_to(&mut self) -> &mut Text {
        &mut self.reply_to
    }

    /// One more recipient, written as text: exactly one address.
    pub fn recipient(&mut self, to: To) -> &mut Text {
        self.entries.push(Entry { to, array: None });
        self.address(to)
    }

    fn address(&mut self, to: To) -> &mut Text {
        let index = self.recipients.len();
        self.recipients.push((to, Text::new(Place::Address)));
        &mut self.recipients[index].1
    }

    /// One more recipient, or several: a whole template whose value is a string (one address) or an array of strings. An
    /// array is a fault where the list has other entries: there the template is one of its elements.
    pub fn recipients(&mut self, to: To, data: Raw) -> Rendered {
        match data.text() {
            Some(text) if text.starts_with('[') => self.recipients_value(to, &data.value(), data.path()),
            _ => self.recipient(to).data(data),
        }
    }

    pub fn recipients_value(&mut self, to: To, value: &Value, source: &str) -> Rendered {
        match value {
            Value::Array(items) => {
                self.entries.push(Entry { to, array: Some(source.to_owned()) });
                items.iter().try_for_each(|item| self.address(to).value(item, source))
            }
            value => self.recipient(to).value(value, source),
        }
    }

    pub fn subject(&mut self) -> &mut Text {
        &mut self.subject
    }

    /// The text part.
    pub fn body(&mut self) -> &mut Text {
        self.body.get_or_insert_with(|| Text::new(Place::Prose))
    }

    /// The HTML part.
    pub fn html(&mut self) -> &mut Text {
        self.html.get_or_insert_with(|| Text::new(Place::Html))
    }

    /// The mail is this template, filled with the object that is then written.
    pub fn template(&mut self, template: &'static MailTemplate) -> &mut Json {
        &mut self.template.insert((template, Json::default())).1
    }

    /// An element of the author's array is one address, so that data decides who gets a mail, and not how many.
    fn check_entries(&self) -> Rendered {
        for list in [To::To, To::Cc, To::Bcc] {
            let entries = || self.entries.iter().filter(|entry| entry.to == list);
            let array = entries().enumerate().find_map(|(at, entry)| Some((at + 1, entry.array.as_ref()?)));
            if let (Some((number, source)), 2..) = (array, entries().count()) {
                let key = list.key();
                return Err(Fault::new(format!(
                    "`{source}` is an array, and recipient {number} in `{key}` is exactly one address: a list stands by \
                     itself, as all of `{key}`"
                )));
            }
        }
        Ok(())
    }

    /// Checks every part. A recipient whose data is missing is left out, unless nobody would remain in `to`.
    pub fn finish(self, username: Option<&str>) -> Result<FinishedMessage, Fault> {
        self.check_entries()?;
        let from_name = self.from_name.finish("the sender's name")?;
        let mut from = match self.from_email.mailbox("the sender")? {
            Some(from) => from,
            None if self.from_email.source().is_some() => {
                return Err(missing(&self.from_email, "the sender of a mail"));
            }
            None => username.and_then(Mailbox::of_text).ok_or_else(|| {
                Fault::new(
                    "the mail has no sender: neither `from_email`, nor SMTP_FROM, nor a user name that is an address",
                )
            })?,
        };
        if !from_name.trim().is_empty() {
            from.name = Some(from_name);
        }
        let reply_to = self.reply_to.mailbox("the reply address")?;
        if reply_to.is_none() && self.reply_to.source().is_some() {
            return Err(missing(&self.reply_to, "the reply address of a mail"));
        }
        let mut recipients = Vec::with_capacity(self.recipients.len());
        for (to, text) in &self.recipients {
            if let Some(mailbox) = text.mailbox("a recipient")? {
                recipients.push((*to, mailbox));
            }
        }
        check_number(&recipients)?;
        if !recipients.iter().any(|(to, _)| *to == To::To) {
            let nobody = self.recipients.iter().find(|(to, text)| *to == To::To && text.source().is_some());
            return Err(match nobody {
                Some((_, text)) => missing(text, "the recipient of a mail"),
                None => Fault::new("the mail has no recipient"),
            });
        }
        Ok(FinishedMessage {
            from,
            reply_to,
            recipients,
            subject: self.subject.finish("the subject")?,
            body: self.body.map(|text| text.finish("the text")).transpose()?,
            html: self.html.map(|text| text.finish("the HTML")).transpose()?,
            template: self.template.map(|(template, vars)| (template, vars.finish())),
        })
    }
}

/// Nobody is sent a mail twice.
fn check_number(recipients: &[(To, Mailbox)]) -> Rendered {
    if recipients.len() <= RECIPIENTS_MAX {
        return Ok(());
    }
    let addresses: BTreeSet<&str> = recipients.iter().map(|(_, mailbox)| mailbox.address.as_str()).collect();
    match addresses.len() {
        ..=RECIPIENTS_MAX => Ok(()),
        number => Err(Fault::new(format!(
            "the mail has {number} recipients, and {RECIPIENTS_MAX} are the most: send to a mailing list, or start an \
             execution for each part of them"
        ))),
    }
}

fn missing(text: &Text, what: &str) -> Fault {
    let source = text.source().unwrap_or_default();
    Fault::new(format!("`{source}` is missing or empty, and {what} is needed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(recipients: &[(To, Option<&str>)]) -> Message {
        let mut message = Message::default();
        message.from_email().literal("shop@example.com");
        for (to, json) in recipients {
            message.recipients(*to, Raw::new(*json, "input_data.customer_email")).unwrap();
        }
        message
    }

    fn addresses(message: Message) -> Result<Vec<String>, String> {
        let finished = message.finish(None).map_err(|fault| fault.message)?;
        Ok(finished.recipients.into_iter().map(|(_, mailbox)| mailbox.address).collect())
    }

    #[test]
    fn one_recipient_or_several() {
        assert_eq!(addresses(message(&[(To::To, Some("\"a@b\""))])).unwrap(), ["a@b"]);
        assert_eq!(
            addresses(message(&[(To::To, Some("[\"a@b\",\"c@d\"]")), (To::Cc, Some("\"e@f\""))])).unwrap(),
            ["a@b", "c@d", "e@f"]
        );
    }

    #[test]
    fn a_missing_recipient_is_left_out_when_another_remains() {
        assert_eq!(
            addresses(message(&[(To::To, Some("\"a@b\"")), (To::To, None), (To::Bcc, Some("null"))])).unwrap(),
            ["a@b"]
        );
        assert_eq!(addresses(message(&[(To::To, Some("[\"a@b\",null,\"\",\" \"]"))])).unwrap(), ["a@b"]);
    }

    #[test]
    fn mail_to_nobody_is_a_fault() {
        let expected = "`input_data.customer_email` is missing or empty, and the recipient of a mail is needed";
        assert_eq!(addresses(message(&[(To::To, None)])).unwrap_err(), expected);
        assert_eq!(addresses(message(&[(To::To, Some("\"\"")), (To::Cc, Some("\"a@b\""))])).unwrap_err(), expected);
        assert_eq!(addresses(message(&[(To::To, Some("[null,\" \"]"))])).unwrap_err(), expected);
        assert_eq!(addresses(message(&[(To::To, Some("[]"))])).unwrap_err(), "the mail has no recipient");
    }

    #[test]
    fn data_cannot_bring_a_second_recipient() {
        for bad in ["\"a@b, c@d\"", "\"a@b,c@d\"", "\"x <a@b>\"", "[\"a@b\",\"c@d, e@f\"]", "\"a@b;c@d\"", "\"nobody\""]
        {
            let message = addresses(message(&[(To::To, Some(bad))])).unwrap_err();
            assert_eq!(message, "`input_data.customer_email` does not make a recipient exactly one mail address");
        }
        let mut message = Message::default();
        assert!(message.recipients(To::To, Raw::new(Some("{\"a\":1}"), "x")).is_err());
    }

    #[test]
    fn an_element_of_a_list_is_one_address() {
        let list = Some("[\"a@b\",\"c@d\"]");
        let expected = |number: usize, key: &str| {
            format!(
                "`input_data.customer_email` is an array, and recipient {number} in `{key}` is exactly one address: a list \
                 stands by itself, as all of `{key}`"
            )
        };
        let two = message(&[(To::To, Some("\"e@f\"")), (To::To, list)]);
        assert_eq!(addresses(two).unwrap_err(), expected(2, "to_email"));
        let mut first = message(&[(To::To, Some("\"e@f\"")), (To::Cc, list)]);
        first.recipient(To::Cc).literal("audit@example.com");
        assert_eq!(addresses(first).unwrap_err(), expected(1, "cc"));
        // Each of them is a whole list.
        let lists = message(&[(To::To, list), (To::Cc, Some("[\"e@f\"]"))]);
        assert_eq!(addresses(lists).unwrap(), ["a@b", "c@d", "e@f"]);
    }

    #[test]
    fn a_mail_has_no_more_recipients_than_servers_take() {
        let list = |number: usize| {
            let addresses: Vec<String> = (0..number).map(|number| format!("\"{number}@b\"")).collect();
            format!("[{}]", addresses.join(","))
        };
        let number =
            |to: &str, cc: &str| addresses(message(&[(To::To, Some(to)), (To::Cc, Some(cc))])).map(|all| all.len());
        assert_eq!(number(&list(99), "\"x@b\"").unwrap(), 100);
        // The same ones again.
        assert_eq!(number(&list(100), &list(100)).unwrap(), 200);
        let message = number(&list(20_000), "\"x@b\"").unwrap_err();
        assert!(message.starts_with("the mail has 20001 recipients, and 100 are the most: "), "{message}");
    }

    #[test]
    fn the_sender_may_come_from_the_user_name() {
        let mut message = Message::default();
        message.from_email().env("");
        message.from_name().literal("Shop, \"best\"");
        message.recipient(To::To).literal("a@b");
        let from = message.finish(Some("shop@example.com")).unwrap().from;
        assert_eq!(from, Mailbox { name: Some("Shop, \"best\"".to_owned()), address: "shop@example.com".to_owned() });
        let mut message = Message::default();
        message.recipient(To::To).literal("a@b");
        assert!(message.finish(Some("apikey")).unwrap_err().message.contains("no sender"));
    }

    #[test]
    fn a_relay_has_a_host_and_a_port() {
        let relay = |server: &str, port: &str| {
            let mut relay = Relay::default();
            relay.server().env(server);
            relay.port().env(port);
            relay.finish().map(|relay| relay.port).map_err(|fault| fault.message)
        };
        assert_eq!(relay("mail.example.com", ""), Ok(587));
        assert_eq!(relay("127.0.0.1", " 2525 "), Ok(2525));
        let mut implicit = Relay::default();
        implicit.server().literal("a");
        implicit.port().literal("465");
        assert_eq!(implicit.finish().unwrap_or_else(|fault| panic!("{fault}")).security, Security::Implicit);
        assert!(relay("", "25").is_err());
        assert!(relay("a b", "25").is_err());
        assert!(relay("a", "0").is_err());
        assert!(relay("a", "http").is_err());
    }
}
