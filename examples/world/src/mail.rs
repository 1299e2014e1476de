//! A mail as a person reads it: headers unfolded and decoded, bodies decoded.

use mailparse::{MailHeaderMap, ParsedMail};

/// A decoded mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// In the order sent.
    pub headers: Vec<(String, String)>,
    /// The parts that hold text, in order; one for a plain mail.
    pub parts: Vec<Part>,
}

/// One part of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Such as `text/plain`.
    pub content_type: String,
    /// Line ends are `\n`.
    pub text: String,
}

impl Letter {
    /// # Panics
    /// When the message is not a readable mail.
    pub fn read(raw: &[u8]) -> Letter {
        let mail = mailparse::parse_mail(raw).expect("a readable mail");
        let headers = mail.headers.iter().map(|header| (header.get_key(), header.get_value())).collect();
        let mut parts = Vec::new();
        collect(&mail, &mut parts);
        Letter { headers, parts }
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The text of the first part of that type.
    pub fn text(&self, content_type: &str) -> Option<&str> {
        self.parts.iter().find(|part| part.content_type == content_type).map(|part| part.text.as_str())
    }
}

fn collect(mail: &ParsedMail, parts: &mut Vec<Part>) {
    if mail.subparts.is_empty() {
        let text = mail.get_body().expect("a part that can be decoded").replace("\r\n", "\n");
        let content_type = match mail.headers.get_first_value("Content-Type") {
            Some(_) => mail.ctype.mimetype.clone(),
            None => "text/plain".to_owned(),
        };
        parts.push(Part { content_type, text });
    }
    for part in &mail.subparts {
        collect(part, parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_headers_and_both_transfer_encodings_are_decoded() {
        let raw = b"From: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>\r\n\
            Subject: a long\r\n subject\r\n\
            Content-Type: multipart/alternative; boundary=x\r\n\r\n\
            --x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            gr=C3=BC=\r\nn\r\n\
            --x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
            PGI+aGk8L2I+\r\n--x--\r\n";
        let letter = Letter::read(raw);
        assert_eq!(letter.header("from"), Some("Jürgen <j@example.com>"));
        assert_eq!(letter.header("Subject"), Some("a long subject"));
        assert_eq!(letter.text("text/plain").map(str::trim_end), Some("grün"));
        assert_eq!(letter.text("text/html"), Some("<b>hi</b>"));
    }
}
