//! Is this body from somebody who knows the secret?
//!
//! Comes in: the signature headers of a request, its raw body, the time. Goes out: the scheme that convinced, or why none did.
//! Always true: tags are compared in constant time and never shortened.
//!
//! | `signature` in the trigger | headers | what is signed with HMAC-SHA256 |
//! | --- | --- | --- |
//! | `x-signature` | `X-Signature: sha256=<hex>` | the body |
//! | `github` | `X-Hub-Signature-256: sha256=<hex>` | the body |
//! | `standard-webhooks` | `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64> …` | `id.timestamp.body` ([Standard Webhooks]) |
//! | `stripe` | `Stripe-Signature: t=<time>,v1=<hex>,…` | `timestamp.body` |
//! | `shopify` | `X-Shopify-Hmac-Sha256: <base64>` | the body |
//! | `slack` | `X-Slack-Request-Timestamp`, `X-Slack-Signature: v0=<hex>` | `v0:timestamp:body` |
//! | nothing | any of the first three | |
//!
//! Several secrets may be valid at once. A secret that starts with `whsec_` is, for Standard Webhooks, the base64 text
//! after it; everything else is used as it stands (Stripe's secrets too, which begin with the same letters). Without
//! `signature` in the trigger a request may carry several schemes, and one valid signature is enough.
//! One scheme's signature cannot be passed off as another's: what is signed beside the body begins with digits, an id or
//! `v0:`, and is never a JSON object.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

use crate::flow::Signature;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a timestamp may be from now, in seconds: what Standard Webhooks, Stripe and Slack ask for.
const TOLERANCE_SECONDS: u64 = 5 * 60;

/// The secrets that are valid for one webhook. Deliberately without `Debug`.
#[derive(Clone)]
pub struct Signatures {
    accepted: Signature,
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
    pub stripe_signature: Option<&'a [u8]>,
    pub shopify_hmac_sha256: Option<&'a [u8]>,
    pub slack_request_timestamp: Option<&'a [u8]>,
    pub slack_signature: Option<&'a [u8]>,
}

/// A way of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    XSignature,
    XHubSignature256,
    StandardWebhooks,
    Stripe,
    Shopify,
    Slack,
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
    /// An empty secret, or one of white space only, with which anybody could sign, or a `whsec_` that is not base64.
    pub fn new<'a>(
        accepted: Signature,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Signatures, &'static str> {
        let standard = matches!(accepted, Signature::Any | Signature::StandardWebhooks);
        let secrets = secrets.into_iter().map(|secret| Secret::new(secret, standard)).collect::<Result<_, _>>()?;
        Ok(Signatures { accepted, secrets })
    }

    /// Checks what was presented. `now`: seconds since 1970.
    ///
    /// # Errors
    /// Why the request must be turned away. Of several schemes, the last one tried.
    pub fn check(&self, presented: &Presented, body: &[u8], now: u64) -> Result<Scheme, Rejection> {
        let mut rejection = Rejection::Absent;
        for &scheme in self.schemes() {
            match self.check_scheme(scheme, presented, body, now) {
                Ok(()) => return Ok(scheme),
                Err(Rejection::Absent) => {}
                Err(other) => rejection = other,
            }
        }
        Err(rejection)
    }

    /// Whether nothing was presented that could be a signature, whatever the body is.
    pub fn are_absent(&self, presented: &Presented) -> bool {
        self.schemes().iter().all(|scheme| presented.signature(*scheme).is_none())
    }

    fn schemes(&self) -> &'static [Scheme] {
        match self.accepted {
            Signature::Any => &[Scheme::XSignature, Scheme::XHubSignature256, Scheme::StandardWebhooks],
            Signature::XSignature => &[Scheme::XSignature],
            Signature::Github => &[Scheme::XHubSignature256],
            Signature::StandardWebhooks => &[Scheme::StandardWebhooks],
            Signature::Stripe => &[Scheme::Stripe],
            Signature::Shopify => &[Scheme::Shopify],
            Signature::Slack => &[Scheme::Slack],
        }
    }

    fn check_scheme(&self, scheme: Scheme, presented: &Presented, body: &[u8], now: u64) -> Result<(), Rejection> {
        let header = presented.signature(scheme).ok_or(Rejection::Absent)?;
        let malformed = Rejection::Malformed(scheme);
        match scheme {
            Scheme::XSignature | Scheme::XHubSignature256 => {
                let tag = header.strip_prefix(b"sha256=").and_then(tag_from_hex).ok_or(malformed)?;
                self.one_of(scheme, &[tag], &[body])
            }
            Scheme::StandardWebhooks => self.check_standard(presented, header, body, now),
            Scheme::Stripe => {
                let fields = || header.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                let timestamp = fields().find_map(|field| field.strip_prefix(b"t=")).ok_or(malformed)?;
                recent(scheme, timestamp, now)?;
                // Signatures of other versions (v0 is for tests) may stand beside ours; while a secret is changed there
                // are two of v1.
                let tags: Vec<_> =
                    fields().filter_map(|field| field.strip_prefix(b"v1=").and_then(tag_from_hex)).collect();
                self.one_of(scheme, &tags, &[timestamp, b".", body])
            }
            Scheme::Shopify => {
                let tag = tag_from_base64(header).ok_or(malformed)?;
                self.one_of(scheme, &[tag], &[body])
            }
            Scheme::Slack => {
                let timestamp = presented.slack_request_timestamp.ok_or(malformed)?;
                recent(scheme, timestamp, now)?;
                let tag = header.strip_prefix(b"v0=").and_then(tag_from_hex).ok_or(malformed)?;
                self.one_of(scheme, &[tag], &[b"v0:", timestamp, b":", body])
            }
        }
    }

    /// Was any of these tags made with any of the secrets, used as they stand?
    fn one_of(&self, scheme: Scheme, tags: &[[u8; 32]], parts: &[&[u8]]) -> Result<(), Rejection> {
        if tags.is_empty() {
            return Err(Rejection::Malformed(scheme));
        }
        let made = |tag| self.secrets.iter().any(|secret| signed(&secret.text, parts, tag));
        if tags.iter().any(made) { Ok(()) } else { Err(Rejection::Wrong(scheme)) }
    }

    fn check_standard(&self, presented: &Presented, signatures: &[u8], body: &[u8], now: u64) -> Result<(), Rejection> {
        let malformed = Rejection::Malformed(Scheme::StandardWebhooks);
        let id = presented.webhook_id.ok_or(malformed)?;
        let timestamp = presented.webhook_timestamp.ok_or(malformed)?;
        recent(Scheme::StandardWebhooks, timestamp, now)?;
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

impl<'a> Presented<'a> {
    /// The header in which a scheme has its signature.
    fn signature(&self, scheme: Scheme) -> Option<&'a [u8]> {
        match scheme {
            Scheme::XSignature => self.x_signature,
            Scheme::XHubSignature256 => self.x_hub_signature_256,
            Scheme::StandardWebhooks => self.webhook_signature,
            Scheme::Stripe => self.stripe_signature,
            Scheme::Shopify => self.shopify_hmac_sha256,
            Scheme::Slack => self.slack_signature,
        }
    }
}

impl Secret {
    /// `standard`: whether it may be used for Standard Webhooks.
    fn new(secret: &str, standard: bool) -> Result<Secret, &'static str> {
        if secret.trim().is_empty() {
            return Err("the secret is empty");
        }
        let standard = match secret.strip_prefix("whsec_").filter(|_| standard) {
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
            Scheme::Stripe => "Stripe-Signature",
            Scheme::Shopify => "X-Shopify-Hmac-Sha256",
            Scheme::Slack => "X-Slack-Signature",
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
            Rejection::Malformed(Scheme::Stripe) => "Stripe-Signature is not t=<time>,v1=<64 hex digits>",
            Rejection::Wrong(Scheme::Stripe) => "Stripe-Signature does not match",
            Rejection::Malformed(Scheme::Shopify) => "X-Shopify-Hmac-Sha256 is not base64 of 32 bytes",
            Rejection::Wrong(Scheme::Shopify) => "X-Shopify-Hmac-Sha256 does not match",
            Rejection::Malformed(Scheme::Slack) => "X-Slack-* headers are incomplete or malformed",
            Rejection::Wrong(Scheme::Slack) => "X-Slack-Signature does not match",
            Rejection::Stale => "the timestamp is more than 5 minutes off",
        }
    }
}

fn recent(scheme: Scheme, timestamp: &[u8], now: u64) -> Result<(), Rejection> {
    let digits = !timestamp.is_empty() && timestamp.iter().all(u8::is_ascii_digit);
    let seconds = std::str::from_utf8(timestamp).ok().filter(|_| digits).and_then(|text| text.parse::<u64>().ok());
    let seconds = seconds.ok_or(Rejection::Malformed(scheme))?;
    if seconds.abs_diff(now) > TOLERANCE_SECONDS { Err(Rejection::Stale) } else { Ok(()) }
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
    /// The vector that the libraries of Standard Webhooks share (standard-webhooks/standard-webhooks, `webhook.test.ts` and
    /// others): this secret, id, time and body.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const STANDARD: Presented = Presented {
        x_signature: None,
        x_hub_signature_256: None,
        webhook_id: Some(b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
        webhook_timestamp: Some(b"1614265330"),
        webhook_signature: Some(b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        stripe_signature: None,
        shopify_hmac_sha256: None,
        slack_request_timestamp: None,
        slack_signature: None,
    };

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn check(secrets: &[&str], presented: Presented, body: &[u8], now: u64) -> Result<Scheme, Rejection> {
        check_as(Signature::Any, secrets, presented, body, now)
    }

    fn check_as(
        accepted: Signature,
        secrets: &[&str],
        presented: Presented,
        body: &[u8],
        now: u64,
    ) -> Result<Scheme, Rejection> {
        Signatures::new(accepted, secrets.iter().copied()).unwrap().check(&presented, body, now)
    }

    /// The example of Slack's documentation, <https://docs.slack.dev/authentication/verifying-requests-from-slack>.
    #[test]
    fn slack() {
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
            &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
            &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
            &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let secret = "8f742231b10e8888abcd99yyyzzz85a5";
        let presented = Presented {
            slack_request_timestamp: Some(b"1531420618"),
            slack_signature: Some(b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
            ..Presented::default()
        };
        let check = |secrets: &[&str], presented, now| check_as(Signature::Slack, secrets, presented, body, now);
        assert_eq!(check(&["old", secret], presented, 1_531_420_618), Ok(Scheme::Slack));
        assert_eq!(check(&[secret], presented, 1_531_420_618 + 301), Err(Rejection::Stale));
        assert_eq!(check(&["other"], presented, 1_531_420_618), Err(Rejection::Wrong(Scheme::Slack)));
        let other_time = Presented { slack_request_timestamp: Some(b"1531420619"), ..presented };
        assert_eq!(check(&[secret], other_time, 1_531_420_618), Err(Rejection::Wrong(Scheme::Slack)));
        let without = Presented { slack_request_timestamp: None, ..presented };
        assert_eq!(check(&[secret], without, 1_531_420_618), Err(Rejection::Malformed(Scheme::Slack)));
    }

    /// The vector of Stripe's own library for .NET: `EventUtilityTest.cs` and `event_test_signature.json` of
    /// stripe/stripe-dotnet. Its documentation has no whole example.
    #[test]
    fn stripe_as_its_library_signs() {
        let body = br#"{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "cus_123",
      "object": "customer",
      "created": 123456789,
      "email": "test@stripe.com",
      "livemode": false,
      "metadata": {}
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "customer.created"
}
"#;
        let good = "v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7,\
                    v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef";
        let check = |header: &str, body: &[u8], now| {
            let presented = Presented { stripe_signature: Some(header.as_bytes()), ..Presented::default() };
            check_as(Signature::Stripe, &["webhook_secret"], presented, body, now)
        };
        let signed = format!("t=1533204620,{good}");
        assert_eq!(check(&signed, body, 1_533_204_720), Ok(Scheme::Stripe));
        assert_eq!(check(&signed, body, 1_533_205_020), Err(Rejection::Stale));
        let changed = [body.as_slice(), b"this_changes_the_json"].concat();
        assert_eq!(check(&signed, &changed, 1_533_204_620), Err(Rejection::Wrong(Scheme::Stripe)));
        for header in [&*format!("t=,{good}"), "t,v1=,v0=", "t,v1=,v0", "t,v1=,", "t,,", ",,", "t"] {
            assert_eq!(check(header, b"{}", 1_533_204_620), Err(Rejection::Malformed(Scheme::Stripe)), "{header}");
        }
    }

    /// Computed with Python's `hmac`, by the recipe that Stripe publishes.
    #[test]
    fn stripe() {
        let body = br#"{"id":"evt_test_webhook","object":"event"}"#;
        let secret = "whsec_test_secret";
        let good = "88a022085c6bdb887b02cb26ff76dd681234d9675c0f22844059f55552a8883a";
        let check = |header: &str, secrets: &[&str], now| {
            let presented = Presented { stripe_signature: Some(header.as_bytes()), ..Presented::default() };
            check_as(Signature::Stripe, secrets, presented, body, now)
        };
        let zeros = "0".repeat(64);
        assert_eq!(check(&format!("t=1492774577,v1={good}"), &[secret], 1_492_774_577), Ok(Scheme::Stripe));
        let several = format!("t=1492774577, v1={zeros}, v1={good}, v0={zeros}");
        assert_eq!(check(&several, &["whsec_new", secret], 1_492_774_877), Ok(Scheme::Stripe));
        let wrong = Err(Rejection::Wrong(Scheme::Stripe));
        assert_eq!(check(&format!("t=1492774578,v1={good}"), &[secret], 1_492_774_577), wrong);
        assert_eq!(check(&format!("t=1492774577,v1={good}"), &["whsec_new"], 1_492_774_577), wrong);
        assert_eq!(check(&format!("t=1492774577,v1={good}"), &[secret], 1_492_774_878), Err(Rejection::Stale));
        // v0 alone is what a test mode would send, and an attacker who hopes for a fallback.
        for header in [format!("t=1492774577,v0={good}"), format!("v1={good}"), format!("t=,v1={good}"), String::new()]
        {
            let malformed = Err(Rejection::Malformed(Scheme::Stripe));
            assert_eq!(check(&header, &[secret], 1_492_774_577), malformed, "{header}");
        }
    }

    /// The vector of Shopify's own library for PHP: `RegistryTest.php` of Shopify/shopify-api-php. Its documentation has no
    /// whole example.
    #[test]
    fn shopify_as_its_library_signs() {
        let check = |header: &str, body: &[u8]| {
            let presented = Presented { shopify_hmac_sha256: Some(header.as_bytes()), ..Presented::default() };
            check_as(Signature::Shopify, &["steffi"], presented, body, 0)
        };
        let good = "/Redz4YXHLnSmmSN8grr5/Jl/Ua3d7yX3iWbjb8R8wo=";
        assert_eq!(check(good, br#"{"foo":"bar"}"#), Ok(Scheme::Shopify));
        assert_eq!(check(good, b""), Err(Rejection::Wrong(Scheme::Shopify)));
        assert_eq!(check("whoops_this_is_wrong", br#"{"foo":"bar"}"#), Err(Rejection::Malformed(Scheme::Shopify)));
    }

    /// Computed with Python's `hmac` and `base64`, by the recipe that Shopify publishes.
    #[test]
    fn shopify() {
        let check = |header: &str, secrets: &[&str]| {
            let presented = Presented { shopify_hmac_sha256: Some(header.as_bytes()), ..Presented::default() };
            check_as(Signature::Shopify, secrets, presented, br#"{"id":820982911946154508}"#, 0)
        };
        assert_eq!(check("qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=", &["old", "hush"]), Ok(Scheme::Shopify));
        assert_eq!(
            check("qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=", &["old"]),
            Err(Rejection::Wrong(Scheme::Shopify))
        );
        for header in ["", "AAAA", "sha256=00", "%%%%"] {
            assert_eq!(check(header, &["hush"]), Err(Rejection::Malformed(Scheme::Shopify)), "{header}");
        }
    }

    #[test]
    fn only_the_scheme_that_the_trigger_names_convinces() {
        let header = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let secret = ["It's a Secret to Everybody"];
        let github = Presented { x_hub_signature_256: Some(header), ..Presented::default() };
        let own = Presented { x_signature: Some(header), ..Presented::default() };
        let body = b"Hello, World!";
        assert_eq!(check_as(Signature::Github, &secret, github, body, 0), Ok(Scheme::XHubSignature256));
        assert_eq!(check_as(Signature::XSignature, &secret, own, body, 0), Ok(Scheme::XSignature));
        assert_eq!(check_as(Signature::Github, &secret, own, body, 0), Err(Rejection::Absent));
        for accepted in [Signature::StandardWebhooks, Signature::Stripe, Signature::Shopify, Signature::Slack] {
            assert_eq!(check_as(accepted, &secret, github, body, 0), Err(Rejection::Absent));
            assert_eq!(check_as(accepted, &secret, own, body, 0), Err(Rejection::Absent));
        }
        let standard = check_as(Signature::StandardWebhooks, &[SECRET], STANDARD, BODY, NOW);
        assert_eq!(standard, Ok(Scheme::StandardWebhooks));
        assert_eq!(check_as(Signature::Github, &[SECRET], STANDARD, BODY, NOW), Err(Rejection::Absent));
    }

    #[test]
    fn signature_of_the_body() {
        // The example of GitHub's documentation,
        // <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.
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
        for secret in ["", " ", "\n\t", "whsec_", "whsec_%"] {
            assert!(Signatures::new(Signature::Any, [secret]).is_err(), "{secret}");
        }
        // Stripe's secrets are used as they stand.
        assert!(Signatures::new(Signature::Stripe, ["whsec_%"]).is_ok());
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
                let secrets = vec![Secret { text: keyed(&key), standard: keyed(&key) }];
                let signatures = Signatures { accepted: Signature::Any, secrets };
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
