//! What a text obviously is. Narrow on purpose: a format that is wrong refuses an input that is right.

/// A `format` of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Email,
    Uri,
    DateTime,
}

impl Format {
    pub fn word(self) -> &'static str {
        match self {
            Format::Email => "email",
            Format::Uri => "uri",
            Format::DateTime => "date-time",
        }
    }

    pub fn of(text: &str) -> Option<Format> {
        if is_email(text) {
            Some(Format::Email)
        } else if is_uri(text) {
            Some(Format::Uri)
        } else if is_date_time(text) {
            Some(Format::DateTime)
        } else {
            None
        }
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
    };
    let labels: Vec<&str> = domain.split('.').collect();
    local.len() <= 64
        && local.split('.').all(atom)
        && domain.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && labels.last().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_alphabetic()) && label.len() >= 2)
}

/// One part of a host name.
fn is_label(label: &str) -> bool {
    let within = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // `xn--` and whatever else has hyphens in that place follows rules of its own.
    within
        && (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.get(2..4) != Some("--")
}

/// Absolute URLs of the web: `urn:x` may as well be an id that somebody made up.
fn is_uri(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%#".contains(&byte);
    let escapes_are_whole = path
        .split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    name.split('.').all(is_label)
        && (1..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && path.bytes().all(allowed)
        && path.matches('#').count() <= 1
        && escapes_are_whole
        && url::Url::parse(text).is_ok()
}

/// RFC 3339, as `2024-05-01T12:00:00Z`.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let digits =
        |text: &str, length: usize| match text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u32>().ok(),
            false => None,
        };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    // No leap seconds: they end an hour, and only some.
    let clock = |text: &str, seconds: bool| {
        let parts: Vec<u32> = text.split(':').map_while(|part| digits(part, 2)).collect();
        let wanted = if seconds { 3 } else { 2 };
        parts.len() == wanted
            && text.len() == wanted * 3 - 1
            && parts[0] < 24
            && parts[1..].iter().all(|part| *part < 60)
    };
    let Some(zone) = time.find(['Z', '+', '-']) else { return false };
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = time.split_once('.').map_or((time, None), |(time, fraction)| (time, Some(fraction)));
    let in_zone = zone == "Z" || clock(zone.get(1..).unwrap_or_default(), false) && !zone.starts_with('Z');
    let fraction = fraction
        .is_none_or(|digits| (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()));
    (1..=days).contains(&day) && clock(time, true) && fraction && in_zone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Option<Format>, texts: &[&str]) {
        for text in texts {
            assert_eq!(Format::of(text), format, "{text}");
        }
    }

    #[test]
    fn what_is_obvious() {
        check(Some(Format::Email), &["john.doe@example.com", "a+b@mail.example.co", "o'neil@example.org"]);
        check(Some(Format::Uri), &["https://example.com", "http://localhost:8000/a%20b?x=1#y", "https://a.example/~b"]);
        check(
            Some(Format::DateTime),
            &["2024-02-29T12:00:00Z", "2024-05-01T23:59:59.123+02:00", "0001-01-01T00:00:00-23:59"],
        );
    }

    #[test]
    fn what_is_not() {
        check(
            None,
            &["", "a@b", "a@b@", "@example.com", "a b@example.com", "a..b@example.com", "a@-x.com", "a@example.c1"],
        );
        check(
            None,
            &["example.com", "urn:isbn:1", "https://", "https://exa mple.com", "http://x/%2", "http://x/ä", "//x/y"],
        );
        check(None, &["http://a..b/", "http://x:123456/", "http://x/[1]", "http://x/#a#b"]);
        check(None, &["2024-05-01", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-05-01T24:00:00Z"]);
        check(
            None,
            &["2024-05-01T12:00:00", "2024-05-01 12:00:00Z", "2024-05-01T12:00:60Z", "2024-05-01T12:00:00+2:00"],
        );
        check(None, &["2024-05-01T12:00:00ZZ", "2024-05-01T12:00:00Z+00:00", "2024-05-01T12:00:00.Z", "T"]);
    }
}
