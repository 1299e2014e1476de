//! URLs.
//!
//! Comes in: literal text, environment values, data with the part of the URL it stands in.
//! Goes out: the text of a URL, or a fault.
//! Always true: data never ends the part it stands in, never names another host than the author (or whoever gives the
//! whole URL) meant, and never climbs out of its folder.

use super::piece::{Piece, percent_encode};
use super::{Params, Rendered};
use crate::value::{Fault, Raw, Value};

/// The part of a URL in which data stands; decides how it is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// At the very start: the whole URL so far is data, an absolute http or https URL.
    Base,
    /// Inside host and port.
    Authority,
    /// Percent-encoded; a whole segment that is `.` or `..`, or that is empty, is a fault.
    Path,
    /// Percent-encoded, also behind `#`.
    Query,
}

/// A URL under construction.
#[derive(Debug, Default)]
pub struct Url {
    text: String,
    /// How long the text was when it was nothing but the operator's base URL.
    base: usize,
    /// Path data that may make its segment empty, `.` or `..`, together with what stands around it.
    suspects: Vec<Suspect>,
}

#[derive(Debug)]
struct Suspect {
    /// Where in the text it was written.
    at: usize,
    source: String,
}

impl Url {
    pub fn literal(&mut self, text: &str) {
        // `https://api.example.com/` and `/orders`: one slash was meant, however the operator writes the base.
        if text.starts_with('/') && self.text.len() == self.base {
            self.text.truncate(self.text.trim_end_matches('/').len());
        }
        self.text.push_str(text);
    }

    /// The operator's text stands as it is: a base URL, a version, a query.
    pub fn env(&mut self, value: &str) {
        // Mostly the base of what follows.
        self.text.reserve(value.len() + 64);
        if self.text.is_empty() {
            self.base = value.len();
        }
        self.text.push_str(value);
    }

    /// A missing or null value is a fault.
    pub fn data(&mut self, at: At, data: Raw) -> Rendered {
        self.piece(at, Piece::of_raw(data), data.path())
    }

    pub fn value(&mut self, at: At, value: &Value, source: &str) -> Rendered {
        self.piece(at, Piece::of_value(value), source)
    }

    fn piece(&mut self, at: At, piece: Piece, source: &str) -> Rendered {
        match at {
            At::Base => {
                let text = piece.scalar(source, "a URL")?;
                check_base(&text, source)?;
                self.text.push_str(&text);
            }
            At::Authority => {
                let text = piece.scalar(source, "the host of a URL")?;
                let host =
                    |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']');
                if text.is_empty() {
                    return Err(Fault::new(format!("`{source}` is empty, and the host of a URL cannot have a hole")));
                }
                if !text.bytes().all(host) {
                    return Err(Fault::new(format!(
                        "`{source}` has characters that cannot stand in the host of a URL"
                    )));
                }
                self.text.push_str(&text);
            }
            At::Path => {
                let text = piece.scalar(source, "the path of a URL")?;
                // Nothing else can form a dot segment or leave one empty.
                if matches!(&*text, "" | "." | "..") {
                    self.suspects.push(Suspect { at: self.text.len(), source: source.to_owned() });
                }
                percent_encode(&text, &mut self.text);
            }
            At::Query => percent_encode(&piece.required(source, "a URL")?, &mut self.text),
        }
        Ok(())
    }

    /// The finished URL, with `params` added to its query.
    pub fn finish(mut self, params: Option<&Params>) -> Result<String, Fault> {
        for Suspect { at, source } in &self.suspects {
            check_segment(&self.text, *at, source)?;
        }
        if let Some(params) = params.filter(|params| !params.is_empty()) {
            let fragment = self.text.find('#').map(|at| self.text.split_off(at));
            match self.text.find('?') {
                None => self.text.push('?'),
                Some(at) if at + 1 < self.text.len() && !self.text.ends_with('&') => self.text.push('&'),
                Some(_) => {}
            }
            params.encode(&mut self.text);
            self.text.push_str(fragment.as_deref().unwrap_or_default());
        }
        Ok(self.text)
    }
}

/// Data may name a whole URL only when it is one that a reader would expect to lead where it says.
fn check_base(text: &str, source: &str) -> Rendered {
    let fault = |what: &str| Err(Fault::new(format!("`{source}` {what}")));
    let scheme = ["http://", "https://"]
        .iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else {
        return fault("is not an absolute http or https URL");
    };
    let rest = &text[scheme.len()..];
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return fault("has characters that cannot stand in a URL");
    }
    if authority.is_empty() {
        return fault("is a URL without a host");
    }
    if authority.contains('@') {
        return fault("is a URL with a user name in it, which data must not bring");
    }
    Ok(())
}

/// The segment around a position must be neither empty nor a step to another folder. `%2e` is a dot to every URL parser.
fn check_segment(text: &str, at: usize, source: &str) -> Rendered {
    let ends: &[char] = &['/', '\\', '?', '#'];
    let start = text[..at].rfind(ends).map_or(0, |slash| slash + 1);
    let end = text[at..].find(ends).map_or(text.len(), |slash| at + slash);
    match text[start..end].to_ascii_lowercase().replace("%2e", ".").as_str() {
        "" => Err(Fault::new(format!("`{source}` is empty, and the path of a URL cannot have a hole"))),
        "." | ".." => Err(Fault::new(format!("`{source}` makes a step to another folder in the path of a URL"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Raw<'_> {
        Raw::new(Some(text), "input_data.x")
    }

    fn path(json: &str) -> Result<String, Fault> {
        let mut url = Url::default();
        url.env("http://shop:81");
        url.literal("/orders/");
        url.data(At::Path, data(json))?;
        url.literal("/status");
        url.finish(None)
    }

    fn fault(result: Result<String, Fault>) -> String {
        result.expect_err("must not be accepted").message
    }

    #[test]
    fn one_slash_joins_a_base_and_its_path() {
        let joined = |base: &str, path: &str| {
            let mut url = Url::default();
            url.env(base);
            url.literal(path);
            url.finish(None).unwrap()
        };
        for base in ["http://shop:81", "http://shop:81/", "http://shop:81//"] {
            assert_eq!(joined(base, "/orders"), "http://shop:81/orders");
        }
        assert_eq!(joined("http://shop/v1/", "/orders//a/"), "http://shop/v1/orders//a/");
        assert_eq!(joined("http://shop/v1/", "orders"), "http://shop/v1/orders");
        assert_eq!(joined("http://shop/", "?a=/"), "http://shop/?a=/");
        // Only the base: what the author writes stands as it is.
        let mut url = Url::default();
        url.literal("http://shop/");
        url.literal("/orders");
        assert_eq!(url.finish(None).unwrap(), "http://shop//orders");
    }

    #[test]
    fn data_in_a_path_stays_one_segment() {
        assert_eq!(path("\"../admin\"").unwrap(), "http://shop:81/orders/..%2Fadmin/status");
        assert_eq!(path("\"a?b#c%2fd;e\"").unwrap(), "http://shop:81/orders/a%3Fb%23c%252fd%3Be/status");
        assert_eq!(path("\"%2e%2e\"").unwrap(), "http://shop:81/orders/%252e%252e/status");
        assert_eq!(path("\"A 1/é\"").unwrap(), "http://shop:81/orders/A%201%2F%C3%A9/status");
        assert_eq!(path("1234").unwrap(), "http://shop:81/orders/1234/status");
        assert_eq!(path("\"...\"").unwrap(), "http://shop:81/orders/.../status");
    }

    #[test]
    fn dot_segments_and_holes_in_a_path_are_faults() {
        assert!(fault(path("\"..\"")).contains("another folder"));
        assert!(fault(path("\".\"")).contains("another folder"));
        assert_eq!(fault(path("\"\"")), "`input_data.x` is empty, and the path of a URL cannot have a hole");
        assert_eq!(fault(path("null")), "`input_data.x` is missing, and the path of a URL cannot have a hole");
        assert_eq!(
            fault(path("{\"a\":1}")),
            "`input_data.x` is an object, and the path of a URL takes a text or a number"
        );
        let mut url = Url::default();
        assert!(url.data(At::Path, Raw::new(None, "input_data.order_id")).unwrap_err().message.contains("order_id"));
    }

    #[test]
    fn dot_segments_formed_with_neighbours_are_faults() {
        let two_dots = |first: &str, second: &str| {
            let mut url = Url::default();
            url.literal("http://shop/a/");
            url.data(At::Path, data(first)).unwrap();
            url.data(At::Path, data(second)).unwrap();
            url.literal("/b");
            url.finish(None)
        };
        assert!(fault(two_dots("\".\"", "\".\"")).contains("another folder"));
        assert!(fault(two_dots("\"\"", "\"..\"")).contains("another folder"));
        assert!(two_dots("\"\"", "\"b\"").is_ok());
        let after_literal = |literal: &str| {
            let mut url = Url::default();
            url.literal(literal);
            url.data(At::Path, data("\".\"")).unwrap();
            url.literal("?q=1");
            url.finish(None)
        };
        assert!(fault(after_literal("http://shop/.")).contains("another folder"));
        assert!(fault(after_literal("http://shop/%2E")).contains("another folder"));
        assert!(after_literal("http://shop/v1").is_ok());
    }

    #[test]
    fn data_in_a_query_stays_one_value() {
        let mut url = Url::default();
        url.literal("http://shop/find?q=");
        url.data(At::Query, data("\"a&admin=1#x=y+z %\"")).unwrap();
        url.literal("&n=");
        url.value(At::Query, &Value::Bool(true), "x").unwrap();
        assert_eq!(url.finish(None).unwrap(), "http://shop/find?q=a%26admin%3D1%23x%3Dy%2Bz%20%25&n=true");
    }

    #[test]
    fn data_in_a_host_cannot_end_it() {
        for (json, accepted) in [
            ("\"eu-1\"", true),
            ("\"localhost:8080\"", true),
            ("\"evil.com/\"", false),
            ("\"user@evil.com\"", false),
            ("\"evil.com?\"", false),
            ("\"evil.com#\"", false),
            ("\"evil%2ecom\"", false),
            ("\"evil\\\\com\"", false),
            ("\"evil com\"", false),
            ("\"\"", false),
        ] {
            let mut url = Url::default();
            url.literal("https://");
            assert_eq!(url.data(At::Authority, data(json)).is_ok(), accepted, "{json}");
        }
    }

    #[test]
    fn a_whole_url_must_be_http_without_credentials() {
        for (json, accepted) in [
            ("\"https://hooks.example/a/b?c=d\"", true),
            ("\"HTTP://x\"", true),
            ("\"ftp://x\"", false),
            ("\"file:///etc/passwd\"", false),
            ("\"//x\"", false),
            ("\"http://\"", false),
            ("\"http:///x\"", false),
            ("\"https://shop.example@evil.example/\"", false),
            ("\"http://x /\"", false),
            ("\"é\"", false),
            ("12", false),
        ] {
            let mut url = Url::default();
            assert_eq!(url.data(At::Base, data(json)).is_ok(), accepted, "{json}");
        }
    }

    #[test]
    fn messages_never_hold_the_data() {
        for at in [At::Base, At::Authority] {
            let mut url = Url::default();
            let message = url.data(at, data("\"s3cret @/\"")).unwrap_err().message;
            assert!(message.contains("input_data.x") && !message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn params_go_before_the_fragment() {
        let mut params = Params::default();
        params.param("a b").literal("1&2");
        for (start, expected) in [
            ("http://x/y", "http://x/y?a+b=1%262"),
            ("http://x/y?", "http://x/y?a+b=1%262"),
            ("http://x/y?c=d", "http://x/y?c=d&a+b=1%262"),
            ("http://x/y#f", "http://x/y?a+b=1%262#f"),
        ] {
            let mut url = Url::default();
            url.literal(start);
            assert_eq!(url.finish(Some(&params)).unwrap(), expected);
        }
    }
}
