//! The proxies that requests go through.
//!
//! Comes in: the variables that the HTTP client reads. Goes out: whether it can use them.
//! Always true: a proxy that somebody named and that cannot be used is an error at the start. The client passes over it, and
//! requests that may only go through it would go out directly. No message holds the value: it may have a password in it.

use crate::value::Fault;
use hyper::Uri;
use std::ffi::OsString;

/// Of each line the first that is set counts.
const OF_A_SCHEME: [[&str; 2]; 2] = [["HTTP_PROXY", "http_proxy"], ["HTTPS_PROXY", "https_proxy"]];

/// For the schemes that have none of their own.
const OF_ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];

/// # Errors
/// One of the variables names no proxy.
pub(super) fn check(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), Fault> {
    // In CGI `HTTP_PROXY` is a header of whoever asks, and no proxies are used.
    if variable("REQUEST_METHOD").is_some() {
        return Ok(());
    }
    let set = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
    let mut used: Vec<(&str, OsString)> = OF_A_SCHEME.into_iter().filter_map(set).collect();
    used.retain(|(_, value)| !value.is_empty());
    if used.len() < OF_A_SCHEME.len() {
        used.extend(set(OF_ALL));
    }
    for (name, value) in used {
        if let Err(why) = usable(value) {
            return Err(Fault::new(format!(
                "{name} cannot be used: {why}; it should be as `http://proxy.example.com:3128`"
            )));
        }
    }
    Ok(())
}

fn usable(value: OsString) -> Result<(), &'static str> {
    let value = value.into_string().map_err(|_| "it is not UTF-8")?;
    if value.is_empty() {
        return Ok(());
    }
    let uri: Uri = value.parse().map_err(|_| "it is no URL")?;
    let authority = uri.authority().filter(|authority| !authority.host().is_empty()).ok_or("it names no host")?;
    // Where the client cannot read it, it takes the usual one.
    if authority.port_u16().is_none() && !authority.as_str().ends_with(authority.host()) {
        return Err("its port is no number from 1 to 65535");
    }
    match uri.scheme_str() {
        None | Some("http" | "https") => Ok(()),
        Some(scheme) if scheme.starts_with("socks") => Err("SOCKS is not spoken here"),
        Some(_) => Err("its scheme is neither http nor https"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(set: &[(&str, &str)]) -> Option<String> {
        let find = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        check(find).err().map(|fault| fault.message)
    }

    #[test]
    fn what_names_a_proxy_is_used() {
        let good = [
            "",
            "proxy:3128",
            "proxy",
            "http://proxy",
            "https://user:p%40ss@proxy.example.com:8443/",
            "http://[::1]:1",
        ];
        for value in good {
            assert_eq!(message(&[("https_proxy", value)]), None, "{value}");
        }
        assert_eq!(message(&[]), None);
        assert_eq!(message(&[("http_proxy", "ftp://x"), ("REQUEST_METHOD", "GET")]), None);
        // What does not count is not looked at.
        assert_eq!(message(&[("HTTP_PROXY", "proxy:1"), ("http_proxy", "ftp://x")]), None);
        let both = [("http_proxy", "proxy:1"), ("https_proxy", "proxy:1"), ("all_proxy", "socks5://127.0.0.1:1080")];
        assert_eq!(message(&both), None);
        assert!(message(&both[1..]).is_some());
    }

    #[test]
    fn what_names_none_is_an_error_that_does_not_show_it() {
        for (value, why) in [
            ("http://secret proxy:3128", "it is no URL"),
            ("http://", "it is no URL"),
            ("http:// secret", "it is no URL"),
            ("secret:port", "its port is no number from 1 to 65535"),
            ("http://secret:99999", "its port is no number from 1 to 65535"),
            ("/secret", "it names no host"),
            ("ftp://secret", "its scheme is neither http nor https"),
            ("socks5h://secret:1080", "SOCKS is not spoken here"),
        ] {
            for name in OF_A_SCHEME.as_flattened().iter().chain(&OF_ALL) {
                let expected = format!("{name} cannot be used: {why}; it should be as `http://proxy.example.com:3128`");
                assert_eq!(message(&[(name, value)]).as_deref(), Some(expected.as_str()), "{value}");
            }
        }
    }
}
