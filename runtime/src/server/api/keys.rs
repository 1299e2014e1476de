//! Who may use the API: the bearer keys.
//!
//! Comes in: the keys the operator gave, the `Authorization` header of a request. Goes out: yes, or why not.
//! Always true: keys are compared in constant time, all of them every time; no key is kept as it was given, logged, or
//! part of a message.

use crate::env::keys_in;
use crate::server::error::ApiError;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The keys that are valid. Several at once, so that they can be rotated.
#[derive(Clone, Default)]
pub struct ApiKeys {
    tags: Vec<[u8; 32]>,
}

impl ApiKeys {
    /// Adds the keys of a text, written as for [`keys_in`].
    ///
    /// # Errors
    /// A key that no header could carry.
    pub fn add(&mut self, text: &str) -> Result<(), &'static str> {
        for key in keys_in(text) {
            if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("a key has characters that no HTTP header can carry; use letters, digits and punctuation");
            }
            self.tags.push(keyed(key.as_bytes()).finalize().into_bytes().into());
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// # Errors
    /// 403 when there are no keys at all, 401 without a key or with a wrong one.
    pub fn authorize(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.is_empty() {
            let message = "the API is switched off: its operator has set no key (FLOW_API_KEYS or --api-key-file)";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "API_DISABLED", message));
        }
        let unauthorized = |message| ApiError::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message);
        let missing = "an API key is needed: send it as `Authorization: Bearer KEY`";
        let header = headers.get(AUTHORIZATION).ok_or_else(|| unauthorized(missing))?.as_bytes();
        let (scheme, key) = header.split_at_checked(7).ok_or_else(|| unauthorized(missing))?;
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return Err(unauthorized(missing));
        }
        let presented = keyed(key.trim_ascii());
        // No `any`: it would end at the first that fits.
        let known = self.tags.iter().fold(false, |known, tag| known | presented.clone().verify_slice(tag).is_ok());
        if known { Ok(()) } else { Err(unauthorized("this API key is not valid")) }
    }
}

impl ApiKeys {
    /// The name of the key a request shows, for the log and the audit trail: `api key ` and the first eight digits of its
    /// tag, from which nobody finds the key. Of a key that is not valid: `api`.
    pub fn who(&self, headers: &HeaderMap) -> String {
        let header = headers.get(AUTHORIZATION).map(|header| header.as_bytes()).unwrap_or_default();
        let presented = keyed(header.get(7..).unwrap_or_default().trim_ascii());
        // As above: all of them, every time.
        let valid = self.tags.iter().fold(None, |valid, tag| match presented.clone().verify_slice(tag) {
            Ok(()) => Some(tag),
            Err(_) => valid,
        });
        match valid {
            Some([a, b, c, d, ..]) => format!("api key {a:02x}{b:02x}{c:02x}{d:02x}"),
            None => String::from("api"),
        }
    }
}

/// Tags of equal length, whatever the keys are: what is compared says nothing about a key's length.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(b"flowc API key").expect("HMAC takes keys of any length").chain_update(key)
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} API keys", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn check(keys: &str, header: Option<&str>) -> u16 {
        let mut of_operator = ApiKeys::default();
        of_operator.add(keys).unwrap();
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        }
        of_operator.authorize(&headers).map_or_else(|error| error.status.as_u16(), |()| 200)
    }

    #[test]
    fn every_key_of_the_list_opens() {
        let keys = "# of the shop\nalpha, beta\tgamma\n\n";
        for key in ["alpha", "beta", "gamma"] {
            assert_eq!(check(keys, Some(&format!("Bearer {key}"))), 200);
            assert_eq!(check(keys, Some(&format!("bearer {key} "))), 200);
        }
        for wrong in ["alph", "alphaa", "Alpha", "", "alpha, beta", "#", "shop"] {
            assert_eq!(check(keys, Some(&format!("Bearer {wrong}"))), 401, "{wrong}");
        }
    }

    #[test]
    fn other_headers_do_not() {
        for header in [None, Some("alpha"), Some("Basic alpha"), Some(""), Some("Beareralpha")] {
            assert_eq!(check("alpha", header), 401, "{header:?}");
        }
    }

    #[test]
    fn without_keys_nothing_opens() {
        assert_eq!(check("", None), 403);
        assert_eq!(check(" \n# none\n", Some("Bearer ")), 403);
    }

    #[test]
    fn a_key_has_a_name() {
        let mut keys = ApiKeys::default();
        keys.add("alpha beta").unwrap();
        let who = |key: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}")).unwrap());
            keys.who(&headers)
        };
        // printf alpha | openssl dgst -sha256 -hmac 'flowc API key' | cut -c-8
        assert_eq!(who("alpha"), "api key 55e9f7c5");
        assert_ne!(who("alpha"), who("beta"));
        assert_eq!(who("gamma"), "api");
    }

    #[test]
    fn keys_are_not_shown() {
        let mut keys = ApiKeys::default();
        keys.add("secret-key").unwrap();
        assert_eq!(format!("{keys:?}"), "1 API keys");
        assert!(keys.add("schlüssel").is_err());
    }
}
