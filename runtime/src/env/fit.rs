//! Whether the value of a variable can be what it is used as: said at the start, not by an order that is half done.
//!
//! Read without a parser of URLs: `flowc env` asks as well, and has none of the runtime's clients. What this lets through a client
//! may still refuse.
//!
//! Always true: what is said of a value is said of what it should be, never a part of it.

use crate::flow::{Use, Variable};
use crate::render::is_control;
use std::net::Ipv6Addr;

impl Use {
    /// What the value should be, where it cannot be that.
    pub(crate) fn misfit(self, value: &str) -> Option<&'static str> {
        let is_broken = value.contains(|char: char| char.is_control() || char.is_whitespace());
        match self {
            Use::Base | Use::Url if is_broken || !is_base(value) => Some(
                "no URL: it should be `https://`, a host and perhaps a port and a path, as in `https://api.example.com`",
            ),
            Use::Base if value.contains('?') => Some(
                "no URL that a path can follow, as it does in the workflow: it should end before the `?`, as in \
                 `https://api.example.com/v1`",
            ),
            Use::Host if is_broken || !is_host(value) => {
                Some("no name of a host: it should be as `smtp.example.com`, without a port and without `https://`")
            }
            Use::Port if !is_port(value) => Some("no port: it should be a number from 1 to 65535"),
            Use::Address if is_broken || !is_address(value) => {
                Some("no mail address: it should be as `shop@example.com`")
            }
            Use::Base | Use::Url | Use::Host | Use::Port | Use::Address | Use::Secret | Use::Text => None,
        }
    }
}

impl Variable {
    /// As [`Use::misfit`]; of an optional variable the empty text is a value like any other.
    pub(crate) fn misfit(&self, value: &str) -> Option<&'static str> {
        if self.optional && value.is_empty() {
            return None;
        }
        let broken = (self.one_line && value.contains(is_control)).then_some(
            "not of one line, as a header has to be: there is a line break or another control character in it, perhaps \
             at its end",
        );
        self.used_as.misfit(value).or(broken)
    }
}

fn is_base(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    // What stands behind a `#` is never sent, and a path that follows the variable would stand there.
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") || rest.contains('#') {
        return false;
    }
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    // Behind an address of version 6 the port follows its bracket.
    let (name, port) = match host.rfind(']') {
        Some(end) => (&host[..=end], host[end + 1..].strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    // A workflow may go on with the name of the host, so that it may end in a point or be without a port behind its `:`.
    !name.is_empty() && port.is_none_or(|port| port.is_empty() || is_port(port))
}

fn is_host(value: &str) -> bool {
    !value.is_empty() && !value.contains(['/', '@', '?', '#']) && (!value.contains(':') || is_version_6(value))
}

fn is_version_6(value: &str) -> bool {
    let bare = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
    bare.parse::<Ipv6Addr>().is_ok()
}

fn is_port(value: &str) -> bool {
    value.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_address(value: &str) -> bool {
    value.rsplit_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(used: Use, fit: &[&str], misfit: &[&str]) {
        for value in fit {
            assert_eq!(used.misfit(value), None, "{value}");
        }
        for value in misfit {
            assert!(used.misfit(value).is_some(), "{value}");
        }
    }

    #[test]
    fn urls() {
        check(
            Use::Url,
            &[
                "https://api.example.com",
                "http://localhost:8080/v1/",
                "HTTP://a",
                "https://u:p@shop:81/a?b=c",
                "http://[::1]:80",
                "http://[::1]",
                "http://10.0.0.1:65535",
                "http://shop:",
            ],
            &[
                "",
                "localhost:19080",
                "api.example.com",
                "ftp://x",
                "http://",
                "http:///payments",
                "https://a:99999",
                "https://a:0",
                "https://a:b",
                "http://[::1]:x",
                "https://u:p@",
                "https://a b",
                "https://a\n",
                "https://a/b#c",
            ],
        );
    }

    #[test]
    fn a_path_cannot_follow_a_query() {
        check(
            Use::Base,
            &["https://api.example.com", "https://api.example.com/v1/"],
            &["https://api.example.com?x=1", "https://api.example.com/v1?", "api.example.com"],
        );
    }

    #[test]
    fn mail_servers() {
        check(
            Use::Host,
            &["smtp.example.com", "localhost", "10.0.0.1", "::1", "[::1]"],
            &["", "localhost:25", "https://smtp.example.com", "a b", "smtp.example.com/", "me@example.com"],
        );
        check(Use::Port, &["1", "587", "65535"], &["", "0", "65536", "99999", "abc", "-1", "25 ", "5.5"]);
        check(Use::Address, &["a@b", "shop@example.com"], &["", "shop", "@b", "a@", "a@b\r\nBcc: c@d", "Shop <a@b>"]);
    }

    #[test]
    fn what_stands_in_a_header_is_one_line() {
        const KEY: Variable = Variable::new("KEY", Use::Secret, &[]).one_line();
        for value in ["a b", "a\tb ", "é"] {
            assert_eq!(KEY.misfit(value), None, "{value}");
        }
        for value in ["a\n", "a\r\nX: b", "a\0", "a\u{7f}"] {
            assert!(KEY.misfit(value).is_some_and(|why| why.starts_with("not of one line")), "{value:?}");
        }
        assert_eq!(Variable { one_line: false, ..KEY }.misfit("a\n"), None);
    }

    #[test]
    fn of_other_values_nothing_is_known() {
        check(Use::Secret, &["a b\n", "x"], &[]);
        check(Use::Text, &["", "a b\n"], &[]);
    }
}
