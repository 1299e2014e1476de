//! Is this body from somebody who knows the secret?
//!
//! Comes in: the signature headers of a request, its raw body, the time. Goes out: the scheme that convinced, or why none did.
//! Always true: tags are compared in constant time and never shortened.
//!
//! | headers | what is signed with HMAC-SHA256 |
//! | --- | --- |
//! | `X-Signature: sha256=<hex>` | the body |
//! | `X-Hub-Signature-256: sha256=<hex>` | the body (GitHub's name for the same) |
//! | `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64> …` | `id.timestamp.body` ([Standard Webhooks]) |
//!
//! Several secrets may be valid at once. A secret that starts with `whsec_` is, for Standard Webhooks, the base64 text
//! after it; everything else is used as it stands. When a request carries several schemes, one valid signature is enough.
//! One scheme's signature cannot be passed off as another's: `id.timestamp.body` is never a JSON object, and no JSON
//! object ends with `.timestamp.` and another JSON object.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far `webhook-timestamp` may be from now, in seconds: what Standard Webhooks' own libraries allow.
const TOLERANCE_SECONDS: u64 = 5 * 60;

/// The secrets that are valid for one webhook. Deliberately without `Debug`.
#[derive(Clone)]
pub struct Signatures {
    secrets: Vec<Secret>,
}

/// The headers that may carry a signature, as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    pub x_signature: Option<&'a [u8]>,
    pub x_hub_signature_256: Option<&'a [u8]>,
    pub webhook_id: Option<&'a [u8]>,
    pub webhook_timestamp: Option<&'a [u8]>,
    pub webhook_signature: Option<&'a [u8]>,
}

/// A way of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    XSignature,
    XHubSignature256,
    StandardWebhooks,
}

/// Why no signature convinced: for the log; the sender learns only that none did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// No header that could hold one.
    Absent,
    /// A header that does not look like one.
    Malformed(Scheme),
    /// Not made with any of the secrets.
    Wrong(Scheme),
    /// More than five minutes old, or from the future.
    Stale,
}

#[derive(Clone)]
struct Secret {
    /// Keyed once; cloned per request, which saves half of the hashing of a short body.
    text: Hmac<Sha256>,
    standard: Hmac<Sha256>,
}

impl Signatures {
    /// # Errors
    /// An empty secret, with which anybody could sign, or a `whsec_` that is not base64.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Signatures, &'static str> {
        let secrets = secrets.into_iter().map(Secret::new).collect::<Result<Vec<Secret>, _>>()?;
        Ok(Signatures { secrets })
    }

    /// Checks what was presented. `now`: seconds since 1970.
    ///
    /// # Errors
    /// Why the request must be turned away. Of several schemes, the last one tried.
    pub fn check(&self, presented: &Presented, body: &[u8], now: u64) -> Result<Scheme, Rejection> {
        let mut rejection = Rejection::Absent;
        let of_body =
            [(Scheme::XSignature, presented.x_signature), (Scheme::XHubSignature256, presented.x_hub_signature_256)];
        for (scheme, header) in of_body {
            let Some(header) = header else { continue };
            match header.strip_prefix(b"sha256=").and_then(tag_from_hex) {
                None => rejection = Rejection::Malformed(scheme),
                Some(tag) if self.secrets.iter().any(|secret| signed(&secret.text, &[body], &tag)) => {
                    return Ok(scheme);
                }
                Some(_) => rejection = Rejection::Wrong(scheme),
            }
        }
        if let Some(signatures) = presented.webhook_signature {
            match self.check_standard(presented, signatures, body, now) {
                Ok(()) => return Ok(Scheme::StandardWebhooks),
                Err(standard) => rejection = standard,
            }
        }
        Err(rejection)
    }

    fn check_standard(&self, presented: &Presented, signatures: &[u8], body: &[u8], now: u64) -> Result<(), Rejection> {
        let malformed = Rejection::Malformed(Scheme::StandardWebhooks);
        let id = presented.webhook_id.ok_or(malformed)?;
        let timestamp = presented.webhook_timestamp.ok_or(malformed)?;
        let seconds = std::str::from_utf8(timestamp).ok().and_then(|text| text.parse::<u64>().ok()).ok_or(malformed)?;
        if seconds.abs_diff(now) > TOLERANCE_SECONDS {
            return Err(Rejection::Stale);
        }
        let mut rejection = malformed;
        // Signatures of other versions (v1a is asymmetric) may stand beside ours.
        for signature in signatures.split(|byte| *byte == b' ') {
            let Some(tag) = signature.strip_prefix(b"v1,").and_then(tag_from_base64) else { continue };
            let parts = [id, b".", timestamp, b".", body];
            if self.secrets.iter().any(|secret| signed(&secret.standard, &parts, &tag)) {
                return Ok(());
            }
            rejection = Rejection::Wrong(Scheme::StandardWebhooks);
        }
        Err(rejection)
    }
}

impl Secret {
    fn new(secret: &str) -> Result<Secret, &'static str> {
        if secret.is_empty() {
            return Err("the secret is empty");
        }
        let standard = match secret.strip_prefix("whsec_") {
            Some(encoded) => BASE64.decode(encoded).map_err(|_| "the text after `whsec_` is not base64")?,
            None => secret.as_bytes().to_vec(),
        };
        if standard.is_empty() {
            return Err("the secret is empty");
        }
        Ok(Secret { text: keyed(secret.as_bytes()), standard: keyed(&standard) })
    }
}

impl Scheme {
    pub fn name(self) -> &'static str {
        match self {
            Scheme::XSignature => "X-Signature",
            Scheme::XHubSignature256 => "X-Hub-Signature-256",
            Scheme::StandardWebhooks => "webhook-signature",
        }
    }
}

impl Rejection {
    /// For the log.
    pub fn reason(self) -> &'static str {
        match self {
            Rejection::Absent => "no signature header",
            Rejection::Malformed(Scheme::XSignature) => "X-Signature is not sha256=<64 hex digits>",
            Rejection::Malformed(Scheme::XHubSignature256) => "X-Hub-Signature-256 is not sha256=<64 hex digits>",
            Rejection::Malformed(Scheme::StandardWebhooks) => "webhook-* headers are incomplete or malformed",
            Rejection::Wrong(Scheme::XSignature) => "X-Signature does not match",
            Rejection::Wrong(Scheme::XHubSignature256) => "X-Hub-Signature-256 does not match",
            Rejection::Wrong(Scheme::StandardWebhooks) => "webhook-signature does not match",
            Rejection::Stale => "webhook-timestamp is more than 5 minutes off",
        }
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn signed(keyed: &Hmac<Sha256>, parts: &[&[u8]], tag: &[u8; 32]) -> bool {
    let mut mac = keyed.clone();
    for part in parts {
        mac.update(part);
    }
    // Compares in constant time.
    mac.verify_slice(tag).is_ok()
}

fn tag_from_hex(hex: &[u8]) -> Option<[u8; 32]> {
    let hex: &[u8; 64] = hex.try_into().ok()?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut tag = [0; 32];
    for (byte, pair) in tag.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(tag)
}

fn tag_from_base64(text: &[u8]) -> Option<[u8; 32]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    /// The published example of Standard Webhooks: this secret, id, time and body.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const STANDARD: Presented = Presented {
        x_signature: None,
        x_hub_signature_256: None,
        webhook_id: Some(b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
        webhook_timestamp: Some(b"1614265330"),
        webhook_signature: Some(b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    };

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn check(secrets: &[&str], presented: Presented, body: &[u8], now: u64) -> Result<Scheme, Rejection> {
        Signatures::new(secrets.iter().copied()).unwrap().check(&presented, body, now)
    }

    #[test]
    fn signature_of_the_body() {
        // The example of GitHub's documentation.
        let header = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let presented = Presented { x_signature: Some(header), ..Presented::default() };
        let secret = "It's a Secret to Everybody";
        assert_eq!(check(&[secret], presented, b"Hello, World!", 0), Ok(Scheme::XSignature));
        assert_eq!(check(&["other", secret], presented, b"Hello, World!", 0), Ok(Scheme::XSignature));
        let wrong = Err(Rejection::Wrong(Scheme::XSignature));
        assert_eq!(check(&[secret], presented, b"Hello, World", 0), wrong);
        assert_eq!(check(&["other"], presented, b"Hello, World!", 0), wrong);
        assert_eq!(check(&[], presented, b"Hello, World!", 0), wrong);

        let upper = [b"sha256=", hex(&[0; 32]).as_bytes()].concat();
        let github = Presented { x_hub_signature_256: Some(header), x_signature: Some(&upper), ..Presented::default() };
        assert_eq!(check(&[secret], github, b"Hello, World!", 0), Ok(Scheme::XHubSignature256));
        let upper = [b"sha256=".to_vec(), header[7..].to_ascii_uppercase()].concat();
        let upper = Presented { x_signature: Some(&upper), ..Presented::default() };
        assert_eq!(check(&[secret], upper, b"Hello, World!", 0), Ok(Scheme::XSignature));
    }

    #[test]
    fn headers_that_are_no_signature() {
        assert_eq!(check(&["s"], Presented::default(), BODY, 0), Err(Rejection::Absent));
        let digits = "0".repeat(64);
        for header in ["", "sha256=", "sha256=0g", &digits, &format!("sha1={digits}"), &format!("sha256={digits}0")] {
            let presented = Presented { x_signature: Some(header.as_bytes()), ..Presented::default() };
            assert_eq!(check(&["s"], presented, BODY, 0), Err(Rejection::Malformed(Scheme::XSignature)), "{header}");
        }
    }

    #[test]
    fn standard_webhooks() {
        assert_eq!(check(&[SECRET], STANDARD, BODY, NOW), Ok(Scheme::StandardWebhooks));
        let several = Presented {
            webhook_signature: Some(b"v1,AAAA v1a,x v2,y v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            ..STANDARD
        };
        assert_eq!(check(&["old", SECRET], several, BODY, NOW), Ok(Scheme::StandardWebhooks));
        let wrong = Err(Rejection::Wrong(Scheme::StandardWebhooks));
        assert_eq!(check(&["old"], STANDARD, BODY, NOW), wrong);
        assert_eq!(check(&[SECRET], STANDARD, b"{}", NOW), wrong);
        assert_eq!(check(&[SECRET], Presented { webhook_id: Some(b"msg_other"), ..STANDARD }, BODY, NOW), wrong);
        let malformed = Err(Rejection::Malformed(Scheme::StandardWebhooks));
        assert_eq!(check(&[SECRET], Presented { webhook_id: None, ..STANDARD }, BODY, NOW), malformed);
        assert_eq!(check(&[SECRET], Presented { webhook_timestamp: Some(b"-1"), ..STANDARD }, BODY, NOW), malformed);
        assert_eq!(check(&[SECRET], Presented { webhook_signature: Some(b"v2,x"), ..STANDARD }, BODY, NOW), malformed);
    }

    #[test]
    fn standard_webhooks_expire_both_ways() {
        for (now, expected) in [
            (NOW + 300, Ok(Scheme::StandardWebhooks)),
            (NOW - 300, Ok(Scheme::StandardWebhooks)),
            (NOW + 301, Err(Rejection::Stale)),
            (NOW - 301, Err(Rejection::Stale)),
        ] {
            assert_eq!(check(&[SECRET], STANDARD, BODY, now), expected, "{now}");
        }
    }

    #[test]
    fn secrets_nobody_should_use() {
        assert!(Signatures::new([""]).is_err());
        assert!(Signatures::new(["whsec_"]).is_err());
        assert!(Signatures::new(["whsec_%"]).is_err());
    }

    /// Vectors nobody here wrote: Project Wycheproof. A whole tag is accepted exactly when the vector is valid; the
    /// vectors with half a tag are decided by the same HMAC, and refused as signatures because they are shortened.
    #[test]
    fn wycheproof_vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance/hmac/wycheproof_hmac_sha256.json");
        let vectors: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let bytes = |value: &serde_json::Value| -> Vec<u8> {
            let text = value.as_str().unwrap().as_bytes();
            text.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
        };
        let mut decided = 0;
        for group in vectors["testGroups"].as_array().unwrap() {
            let whole = group["tagSize"] == 256;
            for test in group["tests"].as_array().unwrap() {
                let (key, message, tag) = (bytes(&test["key"]), bytes(&test["msg"]), bytes(&test["tag"]));
                let valid = test["result"] == "valid";
                let signatures = Signatures { secrets: vec![Secret { text: keyed(&key), standard: keyed(&key) }] };
                let header = format!("sha256={}", hex(&tag));
                let presented = Presented { x_signature: Some(header.as_bytes()), ..Presented::default() };
                assert_eq!(signatures.check(&presented, &message, 0).is_ok(), whole && valid, "{test}");
                let truncated = keyed(&key).chain_update(&message).verify_truncated_left(&tag);
                assert_eq!(truncated.is_ok(), valid, "{test}");
                decided += 1;
            }
        }
        assert_eq!(decided, 174);
    }
}
