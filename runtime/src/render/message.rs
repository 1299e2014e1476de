//! Mails: the server they go through and what they say.

use super::{Json, Rendered, Text};
use crate::value::{Raw, Value};

/// Which list a recipient is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    To,
    Cc,
    Bcc,
}

/// A mail template compiled in: `templates/<name>.html` and `.txt` beside the workflow, Jinja syntax.
/// Where neither exists the mail is a plain listing of its variables.
pub struct MailTemplate {
    pub name: &'static str,
    pub html: Option<&'static str>,
    pub text: Option<&'static str>,
}

/// A mail server and how to log in to it.
#[derive(Debug)]
pub struct Relay {}

impl Relay {
    pub fn server(&mut self) -> &mut Text {
        todo!()
    }

    /// Text of a port number; checked when the relay is used. Never called: 587.
    pub fn port(&mut self) -> &mut Text {
        todo!()
    }

    pub fn username(&mut self) -> &mut Text {
        todo!()
    }

    pub fn password(&mut self) -> &mut Text {
        todo!()
    }

    /// `true` (the default): implicit TLS on port 465, STARTTLS required on any other. `false`: plain.
    pub fn use_tls(&mut self, use_tls: bool) {
        let _ = use_tls;
        todo!()
    }
}

/// A mail under construction.
#[derive(Debug)]
pub struct Message {}

impl Message {
    /// The sender's address. Never called: the environment variable `SMTP_FROM`, else the relay's user name.
    pub fn from_email(&mut self) -> &mut Text {
        todo!()
    }

    pub fn from_name(&mut self) -> &mut Text {
        todo!()
    }

    pub fn reply_to(&mut self) -> &mut Text {
        todo!()
    }

    /// One more recipient, written as text: exactly one address.
    pub fn recipient(&mut self, to: To) -> &mut Text {
        let _ = to;
        todo!()
    }

    /// One more recipient, or several: a whole template whose value is a string (one address) or an array of strings.
    pub fn recipients(&mut self, to: To, data: Raw) -> Rendered {
        let _ = (to, data);
        todo!()
    }

    pub fn recipients_value(&mut self, to: To, value: &Value, source: &str) -> Rendered {
        let _ = (to, value, source);
        todo!()
    }

    pub fn subject(&mut self) -> &mut Text {
        todo!()
    }

    /// The text part.
    pub fn body(&mut self) -> &mut Text {
        todo!()
    }

    /// The HTML part.
    pub fn html(&mut self) -> &mut Text {
        todo!()
    }

    /// The mail is this template, filled with the object that is then written.
    pub fn template(&mut self, template: &'static MailTemplate) -> &mut Json {
        let _ = template;
        todo!()
    }
}
