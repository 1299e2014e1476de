//! The URLs of requests.
//!
//! Comes in: the text of an absolute URL. Goes out: the URL, exactly as [`Url::parse`] reads it.
//! Always true: a thread remembers no more than [`ORIGINS_MAX`] origins, none of them long.
//!
//! A workflow asks the same few origins all the time, and to read one (its name in Unicode or its address, its port) takes
//! longer than to read all that stands behind it.

use reqwest::Url;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::str::FromStr;

const ORIGINS_MAX: usize = 16;

/// Bytes of an origin that is remembered: as much as a name may have, and some. Data may have brought it.
const ORIGIN_SIZE_MAX: usize = 300;

thread_local! {
    /// The texts of origins and what they mean, the newest first.
    static ORIGINS: RefCell<VecDeque<(Box<str>, Url)>> = const { RefCell::new(VecDeque::new()) };
}

pub fn parse(text: &str) -> Result<Url, <Url as FromStr>::Err> {
    let Some((origin, path)) = split(text) else { return Url::parse(text) };
    ORIGINS.with_borrow_mut(|origins| {
        if let Some((_, url)) = origins.iter().find(|(known, _)| **known == *origin) {
            return url.join(path);
        }
        let url = Url::parse(text)?;
        origins.truncate(ORIGINS_MAX - 1);
        origins.push_front((origin.into(), url.clone()));
        Ok(url)
    })
}

/// The origin and the path of a URL, where the parser would part them there, too, if it were given one after the other.
///
/// A second slash would begin another authority, so would a backslash, and the parser sees either behind a line break.
fn split(text: &str) -> Option<(&str, &str)> {
    let scheme = ["http://", "https://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let end = scheme.len() + text[scheme.len()..].find(['/', '\\', '?', '#'])?;
    let (origin, path) = text.split_at(end);
    let splits = matches!(path.as_bytes(), [b'/', first, ..] if first.is_ascii_alphanumeric());
    (splits && (scheme.len() + 1..=ORIGIN_SIZE_MAX).contains(&origin.len())).then_some((origin, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_plain_path_is_read_by_itself() {
        assert_eq!(split("https://u:p@shop:81/a/b?c#d"), Some(("https://u:p@shop:81", "/a/b?c#d")));
        for whole in [
            "http://shop",
            "http://shop/",
            "http://shop?a/b",
            "http://shop#/b",
            "http://shop\\a/b",
            "http:///a/b",
            "http://shop//evil/b",
            "http://shop/\\evil/b",
            "http://shop/\n/evil/b",
            "http://shop/./b",
            "http:shop/b",
            "ftp://shop/b",
            "HTTP://shop/b",
            "/b",
            "",
        ] {
            assert_eq!(split(whole), None, "{whole:?}");
        }
        assert_eq!(split(&format!("http://{}/b", "x".repeat(ORIGIN_SIZE_MAX))), None);
    }

    #[test]
    fn origins_are_forgotten() {
        for host in 0..100 {
            assert_eq!(parse(&format!("http://h{host}/a")).unwrap().as_str(), format!("http://h{host}/a"));
        }
        assert_eq!(ORIGINS.with_borrow(VecDeque::len), ORIGINS_MAX);
    }

    proptest! {
        #[test]
        fn nothing_is_read_otherwise(
            origin in r"(http|http|https|HTTP)(://|://|://|:/|:///)([a-z]{1,3}|ä\.de|127\.1|\[::1\]|%61|a b|u:p@h|@|)(:[0-9]{1,6}|:|)",
            paths in prop::collection::vec(r#"(/|/|/|//|/\\|/\n/|\\|\?|#|)[a-z0-9/\\?#.%:@ \n\t"<>|`ä'{}-]{0,12}"#, 4),
        ) {
            // The origin is known from here on, if it can be.
            let _ = parse(&format!("{origin}/a"));
            for path in &paths {
                let text = format!("{origin}{path}");
                let (ours, theirs) = (parse(&text), Url::parse(&text));
                prop_assert_eq!(ours.as_ref().map(Url::as_str), theirs.as_ref().map(Url::as_str), "{:?}", text);
                if let (Ok(ours), Ok(theirs)) = (&ours, &theirs) {
                    prop_assert_eq!(ours.host_str(), theirs.host_str(), "{:?}", text);
                    prop_assert_eq!(ours.port(), theirs.port(), "{:?}", text);
                    prop_assert_eq!((ours.path(), ours.query()), (theirs.path(), theirs.query()), "{:?}", text);
                }
            }
        }
    }
}
