//! Keeping secret values out of everything that is shown.
//!
//! Comes in: a message made from what other programs said (an HTTP body, a mail server's reply, an I/O error).
//! Goes out: the same message with every secret value replaced.
//! Always true: a message without secrets is not copied.

use crate::env::Environment;
use crate::flow::{Use, Variable};
use crate::node::{basic_login, percent_decode};
use crate::render::{form_encode, percent_encode};
use crate::value::write_escaped;
#[cfg(feature = "mail")]
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use std::borrow::Cow;

/// What stands in place of a secret.
const REPLACEMENT: &str = "***";

/// Shorter values would blacken ordinary words and numbers, and protect nothing.
const LENGTH_MIN: usize = 4;

/// Knows the secret values of this process. Deliberately without `Debug`.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// Longest first, so that a secret containing another is replaced as a whole.
    secrets: Vec<String>,
}

impl Scrubber {
    /// The secret values of a workflow's environment.
    pub fn new(variables: &[Variable], environment: &Environment) -> Scrubber {
        Scrubber::of(variables.iter().zip(&environment.values))
    }

    /// The secret values that one node reads: what a service can only know from us.
    pub fn of_node(node: &str, variables: &[Variable], environment: &Environment) -> Scrubber {
        let all = variables.iter().zip(&environment.values);
        Scrubber::of(all.filter(|(variable, _)| variable.used_by.contains(&node)))
    }

    /// A login to a mail server, and the forms in which AUTH PLAIN and AUTH LOGIN send it: its server may repeat them. The
    /// user's name by itself is not secret.
    #[cfg(feature = "mail")]
    pub fn of_login(username: &str, password: &str) -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.add(password);
        for sent in [format!("\0{username}\0{password}"), password.to_owned(), username.to_owned()] {
            if sent.len() >= LENGTH_MIN {
                let encoded = BASE64.encode(sent);
                scrubber.secrets.push(encoded.trim_end_matches('=').to_owned());
                scrubber.secrets.push(encoded);
            }
        }
        scrubber.longest_first();
        scrubber
    }

    fn of<'a>(values: impl Iterator<Item = (&'a Variable, &'a String)>) -> Scrubber {
        let mut scrubber = Scrubber::default();
        for (variable, value) in values {
            if variable.secret {
                scrubber.add(value);
            }
            if variable.secret || matches!(variable.used_as, Use::Base | Use::Url) {
                scrubber.add_login(value);
            }
        }
        scrubber.longest_first();
        scrubber
    }

    fn longest_first(&mut self) {
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Of a URL that has a login: that is sent as a header, and there it is base64.
    fn add_login(&mut self, value: &str) {
        let Ok(url) = value.parse::<reqwest::Url>() else { return };
        let Some(login) = basic_login(&url) else { return };
        self.add(&login);
        // A key without a password stands in the place of the user's name.
        let secret = url.password().filter(|password| !password.is_empty()).unwrap_or(url.username());
        if let Ok(secret) = String::from_utf8(percent_decode(secret)) {
            self.add(&secret);
        }
    }

    /// A secret, in every form in which a service may repeat it.
    fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < LENGTH_MIN {
            return;
        }
        for form in forms(secret) {
            if !self.secrets.contains(&form) {
                self.secrets.push(form);
            }
        }
    }

    /// JSON text in which no string repeats a secret. Only secrets that cannot stand there by chance are looked for: of
    /// eight bytes or more, and no mere numbers.
    pub fn scrub_json<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for secret in self.secrets.iter().filter(|secret| is_unmistakable(secret)) {
            if clean.contains(secret.as_str()) {
                clean = Cow::Owned(replace_in_json(&clean, secret));
            }
        }
        clean
    }

    /// Whether a text holds a secret.
    pub fn finds(&self, text: &[u8]) -> bool {
        let holds = |secret: &String| text.windows(secret.len()).any(|window| window == secret.as_bytes());
        self.secrets.iter().any(holds)
    }

    /// The message without secrets.
    pub fn scrub<'a>(&self, message: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(message);
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = Cow::Owned(clean.replace(secret.as_str(), REPLACEMENT));
            }
        }
        clean
    }
}

/// A secret as it is, and as it stands in a URL, in a form, in JSON, and in JSON that is itself a string of JSON. Of most
/// secrets these are one and the same.
fn forms(secret: &str) -> Vec<String> {
    let mut encoded = vec![written(|out| form_encode(secret, out))];
    // RFC 3986, what leaves a path a path, and JavaScript's `encodeURIComponent`.
    for kept in ["", "/", "!'()*"] {
        encoded.push(written(|out| percent_encode_but(kept, secret, out)));
    }
    let lower: Vec<String> = encoded.iter().map(|form| lower_case_escapes(form)).collect();
    let escaped = |text: &str| written(|out| write_escaped(text, out));
    let in_json = escaped(secret);
    // As PHP writes it.
    let in_json_of_php = in_json.replace('/', "\\/");
    let in_json = [ascii(&in_json), ascii(&in_json_of_php), in_json, in_json_of_php];
    let within = in_json.each_ref().map(|form| escaped(form));
    std::iter::once(secret.to_owned()).chain(in_json).chain(within).chain(encoded).chain(lower).collect()
}

/// With the escapes of JSON for all that is not ASCII, as Python and PHP write it.
fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for unit in json.encode_utf16() {
        match u8::try_from(unit).ok().filter(u8::is_ascii) {
            Some(byte) => ascii.push(char::from(byte)),
            None => ascii.push_str(&format!("\\u{unit:04x}")),
        }
    }
    ascii
}

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text
}

/// Percent-encodes what is neither unreserved nor kept.
fn percent_encode_but(kept: &str, text: &str, out: &mut String) {
    let mut buffer = [0; 4];
    for char in text.chars() {
        match kept.contains(char) {
            true => out.push(char),
            false => percent_encode(char.encode_utf8(&mut buffer), out),
        }
    }
}

/// `%2F` as `%2f`.
fn lower_case_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        lower.push('%');
        lower.push_str(&digits.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// A number is found by chance, in the amounts and ids of any answer.
fn is_unmistakable(secret: &str) -> bool {
    let digits = |byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let number = secret.bytes().all(digits) && secret.parse::<f64>().is_ok();
    secret.len() >= 8 && !number
}

/// Strings only: elsewhere a secret of digits may be part of a number, or reach from one value into the next.
fn replace_in_json(text: &str, secret: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while !rest.is_empty() {
        if in_string && rest.starts_with(secret) && ends_whole(rest, secret.len()) {
            clean.push_str(REPLACEMENT);
            rest = &rest[secret.len()..];
            continue;
        }
        let (unit, others) = rest.split_at(unit_length(rest));
        in_string ^= unit == "\"";
        clean.push_str(unit);
        rest = others;
    }
    clean
}

/// Bytes of the escape or the character that JSON text begins with: what begins inside of an escape only looks like the secret.
fn unit_length(json: &str) -> usize {
    let length = match json.as_bytes() {
        [b'\\', b'u', ..] => 6,
        [b'\\', ..] => 2,
        _ => json.chars().next().map_or(0, char::len_utf8),
    };
    length.min(json.len())
}

/// Whether these bytes end where an escape or a character ends: what they leave of an escape would be another character.
fn ends_whole(json: &str, bytes: usize) -> bool {
    let mut at = 0;
    while at < bytes {
        at += unit_length(&json[at..]);
    }
    at == bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Variable = Variable::new("KEY", Use::Secret, &["ask"]).secret();
    const URL: Variable = Variable::new("URL", Use::Base, &["ask"]);

    fn of(variable: &Variable, values: &[&str]) -> Scrubber {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        Scrubber::of(values.iter().map(|value| (variable, value)))
    }

    fn scrubber(secrets: &[&str]) -> Scrubber {
        of(&SECRET, secrets)
    }

    #[test]
    fn every_occurrence_is_replaced() {
        let scrubber = scrubber(&["hunter2", "top secret/key"]);
        assert_eq!(scrubber.scrub("a hunter2 b hunter2"), "a *** b ***");
        assert_eq!(scrubber.scrub("GET /?k=top%20secret%2Fkey"), "GET /?k=***");
        assert_eq!(scrubber.scrub("k=top+secret%2Fkey&n=1"), "k=***&n=1");
        assert!(matches!(scrubber.scrub("nothing here"), Cow::Borrowed("nothing here")));
    }

    #[test]
    fn services_write_a_secret_in_many_ways() {
        let scrubber = scrubber(&["pa\"ss/w\\rd+=!"]);
        for form in [
            r#"pa"ss/w\rd+=!"#,
            r#"pa\"ss/w\\rd+=!"#,
            r#"pa\"ss\/w\\rd+=!"#,
            r#"pa\\\"ss/w\\\\rd+=!"#,
            r#"pa\\\"ss\\/w\\\\rd+=!"#,
            "pa%22ss%2Fw%5Crd%2B%3D%21",
            "pa%22ss%2fw%5crd%2b%3d%21",
            "pa%22ss/w%5Crd%2B%3D%21",
            "pa%22ss/w%5crd%2b%3d%21",
            "pa%22ss%2Fw%5Crd%2B%3D!",
        ] {
            assert_eq!(scrubber.scrub(&format!("a {form} b")), "a *** b");
        }
        for json in [
            r#"["pa\"ss/w\\rd+=!"]"#,
            r#"["{\"key\":\"pa\\\"ss/w\\\\rd+=!\"}"]"#,
            r#"["{\"key\":\"pa\\\"ss\\/w\\\\rd+=!\"}"]"#,
            r#"["?key=pa%22ss%2fw%5crd%2b%3d%21"]"#,
        ] {
            let clean = scrubber.scrub_json(json).replace("***", "");
            assert!(serde_json::from_str::<serde_json::Value>(&clean).is_ok() && !clean.contains("rd"), "{clean}");
        }
        // Nearly all secrets look the same everywhere, and are looked for once.
        assert_eq!(of(&SECRET, &["sk_live_1234"]).secrets, ["sk_live_1234"]);
    }

    #[test]
    fn secret_containing_another_is_replaced_whole() {
        assert_eq!(scrubber(&["abcd", "abcd-efgh"]).scrub("abcd-efgh abcd"), "*** ***");
    }

    #[test]
    fn json_stays_json() {
        let scrubber = scrubber(&["key-12345", "say \"when\"!", "12345678", "name-of-it", "short-1"]);
        let check = |text: &str, expected: &str| assert_eq!(scrubber.scrub_json(text), expected);
        check(r#"{"key-12345":["Bearer key-12345"]}"#, r#"{"***":["Bearer ***"]}"#);
        check(r#"["say \"when\"!"]"#, r#"["***"]"#);
        check(r#"[12345678,"short-1"]"#, r#"[12345678,"short-1"]"#);
        check(r#"["\name-of-it name-of-it"]"#, r#"["\name-of-it ***"]"#);
        check(r#"["\\name-of-it"]"#, r#"["\\***"]"#);
    }

    #[test]
    fn secrets_of_digits_and_marks_are_replaced_in_strings() {
        for secret in ["12345678a", "1234-5678-9012", "1234567e", "12345678901234567890123456789012a", "1],[2},{"] {
            let scrubber = scrubber(&[secret]);
            let check = |text: &str, expected: &str| assert_eq!(scrubber.scrub_json(text), expected, "{secret}");
            check(&format!(r#"{{"{secret}":"x {secret}{secret}"}}"#), r#"{"***":"x ******"}"#);
        }
        let check =
            |secret: &str, text: &str, expected: &str| assert_eq!(scrubber(&[secret]).scrub_json(text), expected);
        // Outside of strings the same bytes are values and what stands between them.
        check("1],[2},{", r#"[[1],[2},{"#, r#"[[1],[2},{"#);
        check("12345678,9", r#"[12345678,9,"12345678,9"]"#, r#"[12345678,9,"***"]"#);
        for number in ["12345678", "-1234567.5", "1234567e5"] {
            check(number, &format!(r#"["{number}"]"#), &format!(r#"["{number}"]"#));
        }
        // Inside of an escape they are part of another character, and so is what they would leave of one.
        check("001f5678a", r#"["\u001f5678a 001f5678a"]"#, r#"["\u001f5678a ***"]"#);
        check("1234567a\\", r#"["1234567a\" 1234567a\\"]"#, r#"["1234567a\" ***"]"#);
    }

    #[test]
    fn the_login_of_a_url_is_found_as_it_is_sent() {
        let shop = of(&URL, &["https://user:p%40ssword@shop.example/v1"]);
        assert_eq!(
            shop.scrub_json(r#"{"authorization":"Basic dXNlcjpwQHNzd29yZA=="}"#),
            r#"{"authorization":"Basic ***"}"#
        );
        assert_eq!(shop.scrub("user p@ssword at shop.example"), "user *** at shop.example");
        let key = of(&URL, &["https://sk_live_1@shop.example"]);
        assert_eq!(key.scrub("no such key: sk_live_1"), "no such key: ***");
        assert_eq!(of(&URL, &["https://shop.example"]).scrub("https://shop.example"), "https://shop.example");
        assert_eq!(of(&SECRET, &["https://a:password@shop.example"]).scrub("a:password"), "a:***");
    }

    #[cfg(feature = "mail")]
    #[test]
    fn a_login_is_found_as_it_is_sent() {
        let scrubber = Scrubber::of_login("user", "hunter2!");
        for sent in ["hunter2!", "AHVzZXIAaHVudGVyMiE=", "AHVzZXIAaHVudGVyMiE", "aHVudGVyMiE=", "dXNlcg==", "dXNlcg"] {
            assert_eq!(scrubber.scrub(&format!("no {sent}, user")), "no ***, user", "{sent}");
        }
        assert_eq!(Scrubber::of_login("me", "").scrub("bWU="), "bWU=");
    }

    #[test]
    fn short_values_are_left_alone() {
        assert_eq!(scrubber(&["abc", ""]).scrub("abc"), "abc");
    }

    #[test]
    fn only_secret_variables_count() {
        let variables = [Variable::new("API_KEY", Use::Secret, &[]).secret(), Variable::new("API_URL", Use::Url, &[])];
        let environment = Environment { values: vec!["k-123456".to_owned(), "https://api".to_owned()] };
        assert_eq!(Scrubber::new(&variables, &environment).scrub("https://api k-123456"), "https://api ***");
    }
}
