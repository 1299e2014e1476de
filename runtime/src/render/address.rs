//! Mail addresses.
//!
//! Comes in: a finished text and which parts of it are data. Goes out: one mailbox, or none.
//! Always true: a mailbox is exactly one address. Whether a display name stands before it, as in `Name <a@b>`, is decided
//! by the author or the operator: data cannot bring one, nor a second address, a comment, a route or a quoted part.

/// A mail address with an optional name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: String,
}

/// `Name <a@b.example>`, for people: a mail writes it with the quotes that are needed.
impl std::fmt::Display for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

impl Mailbox {
    /// One mailbox in text of the author or the operator. `None`: it is not exactly one.
    pub fn of_text(text: &str) -> Option<Mailbox> {
        Mailbox::parse(text, &[])
    }

    /// `data`: the byte ranges of `text` that are data. `None`: not exactly one address.
    pub(super) fn parse(text: &str, data: &[(usize, usize, String)]) -> Option<Mailbox> {
        let is_data = |at: usize| data.iter().any(|(start, end, _)| (*start..*end).contains(&at));
        let bracket = text.match_indices('<').find(|(at, _)| !is_data(*at));
        let Some((open, _)) = bracket else {
            let address = text.trim();
            return is_address(address).then(|| Mailbox { name: None, address: address.to_owned() });
        };
        let end = text.trim_end();
        if !end.ends_with('>') || is_data(end.len() - 1) {
            return None;
        }
        let address = end[open + 1..end.len() - 1].trim();
        let name = text[..open].trim();
        // The author's own quotes around the name are syntax; the mail writer puts the ones that are needed.
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        let name = (!name.is_empty()).then(|| name.to_owned());
        is_address(address).then(|| Mailbox { name, address: address.to_owned() })
    }
}

/// `local@domain` and nothing else.
fn is_address(text: &str) -> bool {
    let forbidden = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(
                c,
                ',' | ';' | ':' | '<' | '>' | '(' | ')' | '"' | '\\' | '@' | '\u{200b}'..='\u{200f}' | '\u{feff}'
            )
    };
    let Some((local, domain)) = text.split_once('@') else { return false };
    let labels = |part: &str| part.split('.').all(|label| !label.is_empty());
    let host = match domain.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ip) => ip.parse::<std::net::Ipv4Addr>().is_ok(),
        None => labels(domain) && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.')),
    };
    let local = !local.contains(forbidden) && !local.contains(['[', ']']) && labels(local) && local.len() <= 64;
    local && host && text.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::super::{Place, Text};
    use super::*;
    use crate::value::Value;

    fn of_data(data: &str) -> Option<Mailbox> {
        mailbox("", data, "")
    }

    fn mailbox(before: &str, data: &str, after: &str) -> Option<Mailbox> {
        let mut text = Text::new(Place::Address);
        text.literal(before);
        text.value(&Value::string(data), "input_data.x").ok()?;
        text.literal(after);
        text.mailbox("recipient").ok()?
    }

    #[test]
    fn one_address_is_one_mailbox() {
        for good in [
            "a@b",
            "a.b+c@example.com",
            " a@b.c ",
            "ü@exämple.de",
            "o'neil@x.ie",
            "a@[127.0.0.1]",
            "a=b/c!#$%&*?^_`{|}~@x",
        ] {
            assert_eq!(of_data(good).map(|mailbox| mailbox.address).as_deref(), Some(good.trim()), "{good}");
        }
    }

    #[test]
    fn data_cannot_bring_a_second_address_or_a_name() {
        for bad in [
            "a@b, c@d",
            "a@b,c@d",
            "a@b;c@d",
            "a@b c@d",
            "a@b@c",
            "Boss <a@b>",
            "<a@b>",
            "a@b>",
            "\"x\"@b",
            "a@b (x)",
            "a",
            "@b",
            "a@",
            "",
            "a..b@c",
            ".a@b",
            "a@b..c",
            "a@-<b>",
            "a@b> SIZE=1",
            "a:b@c",
            "@x:a@b",
            "a@b\u{200b}",
            "a\\@b",
            "a@[1]",
        ] {
            assert_eq!(of_data(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_author_may_write_a_display_name() {
        let expected = |name: &str| Some(Mailbox { name: Some(name.to_owned()), address: "a@b".to_owned() });
        assert_eq!(mailbox("Boss <", "a@b", ">"), expected("Boss"));
        assert_eq!(mailbox("\"Boss, Ann\" <", "a@b", ">"), expected("Boss, Ann"));
        assert_eq!(mailbox("", "Ann \"x\" <c@d>, ", " <a@b>"), expected("Ann \"x\" <c@d>,"));
        assert_eq!(mailbox("Boss <", "a@b>, <c@d", ">"), None);
        assert_eq!(mailbox("Boss <", "a@b", ""), None);
    }
}
