//! The `http` node: one request, one answer.
//!
//! Comes in: the node's templates and a scope. Goes out: a [`Request`] whose bytes every attempt sends, then the
//! [`Attempt`] of its answer.
//! Always true: an attempt takes no longer than its timeout, redirects and body included; what the author put into headers
//! never reaches another origin, but for what is [`HARMLESS`], and nothing with a secret of the workflow in it does.
//!
//! Connections are pooled, kept alive and without Nagle's algorithm; HTTP/2 is spoken where the server offers it in TLS.
//! The proxies of `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are used as curl uses them, also for loopback
//! unless `NO_PROXY` says otherwise. They are read once, when the process starts.

use super::answer::{self, Answer};
use super::cache::{Cache, Key};
use super::{Attempt, NodeError, Outcome, Peer, attempt_key, body, failure, proxy};
use crate::flow::{Body, Http};
use crate::render::{Headers, Json, Params, Place, Text, Url as RenderedUrl};
use crate::scope::Scope;
use crate::secret::Scrubber;
use crate::trigger::Schema;
use crate::value::Fault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

const REDIRECTS_MAX: usize = 10;

/// How long a connection is kept for the next request. Shorter than what common servers (Node.js, Apache, Uvicorn: 5 s) wait: a
/// request that crosses their close on its way fails, and nobody can say whether it was done.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(4);

/// Bytes of a URL: more the libraries below do not send.
const URL_LENGTH_MAX: usize = u16::MAX as usize - 1;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Headers that another origin may see after a redirect. All others may be secrets, whatever they are called. A request that
/// is the same there also needs its key there: each attempt is redirected, and without it would be done once more.
const HARMLESS: [HeaderName; 6] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::USER_AGENT,
    IDEMPOTENCY_KEY,
];

/// The connection pool.
pub(super) struct Client {
    client: reqwest::Client,
    cache: Cache,
}

/// A request rendered once.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
    /// What the body of its answer has to fit.
    schema: Option<Arc<Schema>>,
    /// What no other origin gets.
    secrets: Option<Arc<Scrubber>>,
    /// For how long the answer may be used again, and for which requests.
    cache: Option<(Duration, Key)>,
}

/// Bodies, headers and URLs hold secrets and personal data.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Renders the templates of a node.
///
/// `schema`: what the body of a 2xx answer has to fit.
pub(super) fn prepare(
    node_id: &str,
    http: &Http,
    schema: Option<Arc<Schema>>,
    scope: &Scope,
) -> Result<Request, Fault> {
    let method =
        Method::from_bytes(http.method.as_bytes()).map_err(|_| Fault::new("the method is not an HTTP method"))?;
    let mut url = RenderedUrl::default();
    (http.url)(scope, &mut url)?;
    let params = http.params.map(|render| rendered(|params: &mut Params| render(scope, params))).transpose()?;
    let mut url = parse_url(&url.finish(params.as_ref())?)?;

    // So many have room without another step of a map's growth, and nearly all requests have no more.
    let mut headers = HeaderMap::with_capacity(6);
    if let Some(login) = take_login(&mut url) {
        headers.insert(header::AUTHORIZATION, login);
    }
    if let Some(render) = http.headers {
        let written = rendered(|headers: &mut Headers| render(scope, headers))?.finish()?;
        write_headers(written, &mut headers)?;
    }

    let (body, content_type) = match &http.body {
        Body::None => (None, None),
        Body::Json(render) => {
            (Some(rendered(|json: &mut Json| render(scope, json))?.finish()), Some("application/json"))
        }
        Body::Text(render) => {
            let mut text = Text::new(Place::Prose);
            render(scope, &mut text)?;
            (Some(text.finish("the body")?), Some("text/plain; charset=utf-8"))
        }
        Body::Form(render) => {
            let mut text = String::new();
            rendered(|params: &mut Params| render(scope, params))?.encode(&mut text);
            (Some(text), Some("application/x-www-form-urlencoded"))
        }
    };
    if let Some(content_type) = content_type {
        headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    }
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    let user_agent = concat!("flowc/", env!("CARGO_PKG_VERSION"));
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(user_agent));
    // Before the key of this execution is added: another execution asks the same.
    let cache = http.cache.map(|ttl| {
        let lines = headers.iter().flat_map(|(name, value)| [name.as_str().as_bytes(), value.as_bytes()]);
        let request =
            [method.as_str().as_bytes(), url.as_str().as_bytes(), body.as_deref().unwrap_or_default().as_bytes()];
        (ttl, Key::of(request.into_iter().chain(lines)))
    });
    if matches!(method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE) {
        headers.entry(IDEMPOTENCY_KEY).or_insert_with(|| derived_key(scope.execution_id(), node_id));
    }
    if let Some(trace) = scope.trace {
        let trace = trace.of_node(scope.execution_id(), node_id).to_string();
        headers.entry(TRACEPARENT).or_insert_with(|| {
            HeaderValue::from_str(&trace).unwrap_or_else(|_| unreachable!("hexadecimal digits and hyphens"))
        });
    }
    Ok(Request { method, url, headers, body: body.map(Bytes::from), schema, secrets: scope.secrets.cloned(), cache })
}

fn rendered<W: Default>(render: impl FnOnce(&mut W) -> Result<(), Fault>) -> Result<W, Fault> {
    let mut writer = W::default();
    render(&mut writer)?;
    Ok(writer)
}

fn parse_url(text: &str) -> Result<Url, Fault> {
    // The parser's messages hold nothing of the URL.
    let url = super::url::parse(text).map_err(|error| Fault::new(format!("the URL cannot be used: {error}")))?;
    if url.as_str().len() > URL_LENGTH_MAX {
        return Err(Fault::new(format!("the URL cannot be used: it is longer than {URL_LENGTH_MAX} bytes")));
    }
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(Fault::new("the URL cannot be used: its scheme is neither http nor https")),
    }
}

/// A user name and a password in the URL are the operator's way to say Basic authentication.
fn take_login(url: &mut Url) -> Option<HeaderValue> {
    let login = basic_login(url)?;
    // Both can only fail for URLs without a host, which http and https never are.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut value = HeaderValue::from_str(&format!("Basic {login}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The user name and the password in a URL, as a header says them behind `Basic`.
pub(crate) fn basic_login(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let login = [percent_decode(url.username()), percent_decode(url.password().unwrap_or_default())].join(&b':');
    Some(BASE64.encode(login))
}

pub(crate) fn percent_decode(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let [byte, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}

fn write_headers(mut written: Vec<(&'static str, String)>, headers: &mut HeaderMap) -> Result<(), Fault> {
    for index in 0..written.len() {
        let (earlier, rest) = written.split_at_mut(index);
        let (name, text) = (rest[0].0, std::mem::take(&mut rest[0].1));
        let fault = || Fault::new(format!("header `{name}` cannot be sent"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| fault())?;
        // The length is the body's, whatever the author believes.
        if key == header::CONTENT_LENGTH || key == header::TRANSFER_ENCODING {
            continue;
        }
        // One that says nothing would be the same for all.
        if key == IDEMPOTENCY_KEY && text.trim().is_empty() {
            return Err(Fault::new(format!("header `{name}` is empty, and so tells no request from another")));
        }
        // Taken over as it is: every attempt shares it, where a copy would be copied once more.
        let text = if text.trim().len() == text.len() { text } else { text.trim().to_owned() };
        let mut value = HeaderValue::from_maybe_shared(Bytes::from(text)).map_err(|_| fault())?;
        value.set_sensitive(matches!(key, header::AUTHORIZATION | header::COOKIE | header::PROXY_AUTHORIZATION));
        // The same name written twice is sent twice; the author's first one replaces the login of the URL.
        match earlier.iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            true => headers.append(key, value),
            false => headers.insert(key, value).is_some(),
        };
    }
    Ok(())
}

fn derived_key(execution_id: &str, node_id: &str) -> HeaderValue {
    let mut buffer = uuid::Uuid::encode_buffer();
    let text = attempt_key(execution_id, node_id).hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).unwrap_or_else(|_| unreachable!("hexadecimal digits and hyphens"))
}

/// Why there is no answer.
pub(super) struct NoAnswer {
    pub(super) error: NodeError,
    pub(super) retryable: bool,
}

impl NoAnswer {
    pub(super) fn transport(error: &reqwest::Error) -> NoAnswer {
        let error = failure::transport(error);
        // Whoever answers has been asked, however the answer is to be read.
        let retryable = error.code != "BAD_ANSWER";
        NoAnswer { error, retryable }
    }

    pub(super) fn last(code: &str, message: &str) -> NoAnswer {
        NoAnswer { error: NodeError::new(code, message), retryable: false }
    }
}

impl Client {
    pub(super) fn new(tls: Arc<rustls::ClientConfig>) -> Result<Client, Fault> {
        Ok(Client { client: connections(tls)?, cache: Cache::default() })
    }

    pub(super) async fn attempt(&self, request: &Request, timeout: Duration) -> Attempt {
        let Some((ttl, key)) = request.cache else { return self.ask(request, timeout).await };
        if let Some(kept) = self.cache.get(&key, Instant::now()) {
            return kept;
        }
        let attempt = self.ask(request, timeout).await;
        // With an error of its own it says that something went wrong, whatever the status.
        if attempt.outcome == Outcome::Succeeded && attempt.error.is_none() {
            self.cache.put(key, &attempt, ttl, Instant::now());
        }
        attempt
    }

    async fn ask(&self, request: &Request, timeout: Duration) -> Attempt {
        let started = Instant::now();
        let failed = match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(Ok((status, headers, body))) => {
                let duration = started.elapsed();
                return answer::settle(&Answer {
                    status,
                    headers: &headers,
                    body: &body,
                    duration,
                    now: SystemTime::now(),
                    schema: request.schema(),
                });
            }
            Ok(Err(failed)) => failed,
            Err(_) => NoAnswer { error: failure::timed_out(timeout), retryable: true },
        };
        let outcome = if failed.retryable { Outcome::Retryable { after: None } } else { Outcome::Failed };
        Attempt::failed(outcome, failed.error)
    }

    /// Sends a request, follows redirects, reads the answer.
    async fn exchange(&self, request: &Request) -> Result<(StatusCode, HeaderMap, Bytes), NoAnswer> {
        let mut next = None;
        for _ in 0..=REDIRECTS_MAX {
            let request = next.as_ref().unwrap_or(request);
            let mut response =
                self.client.execute(request.to_reqwest()).await.map_err(|error| NoAnswer::transport(&error))?;
            match request.redirected(response.status(), response.headers())? {
                Some(redirected) => next = Some(redirected),
                None => {
                    let body = body::read(&mut response).await?;
                    return Ok((response.status(), std::mem::take(response.headers_mut()), body));
                }
            }
        }
        Err(NoAnswer::last("TOO_MANY_REDIRECTS", "redirected more than 10 times"))
    }
}

/// A pool of connections.
///
/// # Errors
/// A proxy that is named and cannot be used.
pub(super) fn connections(tls: Arc<rustls::ClientConfig>) -> Result<reqwest::Client, Fault> {
    proxy::check(|name| std::env::var_os(name))?;
    let mut tls = (*tls).clone();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .build();
    client.map_err(|error| Fault::new(format!("the HTTP client cannot be built: {error}")))
}

impl Request {
    /// What the body of a 2xx answer has to fit.
    pub(super) fn schema(&self) -> Option<&Schema> {
        self.schema.as_deref()
    }

    /// What is sent, for scenarios: `{method, url, headers, body}`.
    pub(super) fn shown(&self) -> serde_json::Value {
        let text = |bytes: &[u8]| serde_json::Value::String(String::from_utf8_lossy(bytes).into_owned());
        let value = |name: &HeaderName| {
            let values: Vec<_> = self.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
            text(&values.join(&b", "[..]))
        };
        let headers = self.headers.keys().map(|name| (name.as_str().to_owned(), value(name)));
        let mut shown = serde_json::json!({
            "method": self.method.as_str(),
            "url": self.url.as_str(),
            "headers": serde_json::Value::Object(headers.collect()),
        });
        if let Some(body) = &self.body {
            shown["body"] = serde_json::from_slice(body).unwrap_or_else(|_| text(body));
        }
        shown
    }

    pub(super) fn peer(&self) -> Peer<'_> {
        let port = self.url.port_or_known_default().unwrap_or_default();
        Peer {
            method: Some(self.method.as_str()),
            scheme: self.url.scheme(),
            host: self.url.host_str().unwrap_or_default(),
            port,
        }
    }

    fn to_reqwest(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        // A clone would have room for nothing else.
        let headers = request.headers_mut();
        headers.reserve(self.headers.len() + 1);
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        // Parts of something that is packed cannot be unpacked.
        if !headers.contains_key(header::RANGE) {
            headers.entry(header::ACCEPT_ENCODING).or_insert(body::ACCEPTED);
        }
        *request.body_mut() = self.body.clone().map(reqwest::Body::from);
        // hyper says nothing of a body that is empty, and there are servers that then wait for one, or refuse (RFC 9110,
        // section 8.6).
        let expects_body = matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        if expects_body && self.body.as_ref().is_none_or(Bytes::is_empty) {
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        request
    }

    /// The request a redirect asks for. `None`: this answer is final.
    fn redirected(&self, status: StatusCode, headers: &HeaderMap) -> Result<Option<Request>, NoAnswer> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        // Browsers would ask for the new place with GET. Nothing would have been done, and a page for logging in say 200.
        if matches!(status.as_u16(), 301 | 302) && self.method == Method::POST {
            return Ok(None);
        }
        let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
        let bad = || NoAnswer::last("BAD_REDIRECT", "redirected to something that is not an http or https URL");
        let location = std::str::from_utf8(location.as_bytes()).map_err(|_| bad())?;
        let mut url = self.url.join(location).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad());
        }
        if url.as_str().len() > URL_LENGTH_MAX {
            let message = format!("redirected to a URL that is longer than {URL_LENGTH_MAX} bytes");
            return Err(NoAnswer::last("BAD_REDIRECT", &message));
        }
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(NoAnswer::last("INSECURE_REDIRECT", "redirected from https to http, which was not followed"));
        }
        // A server cannot make this client log in somewhere.
        take_login(&mut url);
        let mut next = Request { url, ..self.clone() };
        // "See other": it is done, and what came of it is read there (RFC 9110, section 15.4.4).
        if status == StatusCode::SEE_OTHER && !matches!(self.method, Method::GET | Method::HEAD) {
            next.method = Method::GET;
            next.body = None;
            for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE, IDEMPOTENCY_KEY] {
                next.headers.remove(name);
            }
        }
        if next.url.origin() != self.url.origin() {
            let is_secret = |bytes: &[u8]| self.secrets.as_ref().is_some_and(|secrets| secrets.finds(bytes));
            let key = next.headers.get(IDEMPOTENCY_KEY).map(HeaderValue::as_bytes);
            // Nor without its key: it would be done once for every attempt.
            if key.is_some_and(is_secret) || next.body.as_deref().is_some_and(is_secret) {
                let [here, there] = [&self.url, &next.url].map(|url| url.origin().ascii_serialization());
                let method = &next.method;
                let message = format!(
                    "redirected from {here} to {there}, where this {method} was not sent: a secret in it is for the former"
                );
                return Err(NoAnswer::last("CROSS_ORIGIN_REDIRECT", &failure::one_line(&message).unwrap_or(message)));
            }
            let mut harmless = HeaderMap::with_capacity(HARMLESS.len());
            for name in HARMLESS {
                if let Some(value) = next.headers.remove(&name).filter(|value| !is_secret(value.as_bytes())) {
                    harmless.insert(name, value);
                }
            }
            next.headers = harmless;
        }
        Ok(Some(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Environment;
    use crate::flow::{Use, Variable};

    fn request(method: &str, url: &str) -> Request {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer s"),
            ("x-api-key", "s"),
            ("cookie", "s=1"),
            ("idempotency-key", "k"),
            ("content-type", "application/json"),
            ("user-agent", "flowc"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Request {
            method,
            url: parse_url(url).unwrap(),
            headers,
            body: Some(Bytes::from_static(b"{}")),
            schema: None,
            secrets: None,
            cache: None,
        }
    }

    fn redirect(request: &Request, status: u16, location: &'static str) -> Result<Option<Request>, String> {
        let headers = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static(location))]);
        request.redirected(StatusCode::from_u16(status).unwrap(), &headers).map_err(|no_answer| no_answer.error.code)
    }

    fn names(request: &Request) -> Vec<&str> {
        let mut names: Vec<_> = request.headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_redirect_to_another_origin_drops_what_may_be_secret() {
        let start = request("POST", "https://shop.example/a");
        for location in
            ["https://evil.example/", "https://shop.example:8443/a", "//evil.example/a", "https://x@evil.example/"]
        {
            let next = redirect(&start, 307, location).unwrap().unwrap();
            assert_eq!(names(&next), ["content-type", "idempotency-key", "user-agent"], "{location}");
            assert_eq!((next.method.as_str(), next.body.is_some()), ("POST", true));
            assert_eq!(next.url.username(), "");
        }
        let environment = Environment { values: vec![String::from("s3cret-value")] };
        let variable = Variable::new("API_KEY", Use::Secret, &["call"]).secret();
        let secrets = Some(Arc::new(Scrubber::new(&[variable], &environment)));
        let mut start = Request { secrets, ..start };
        start.headers.insert("user-agent", HeaderValue::from_static("shop s3cret-value"));
        let next = redirect(&start, 307, "//pay.example/").unwrap().unwrap();
        assert_eq!(names(&next), ["content-type", "idempotency-key"]);
        start.body = Some(Bytes::from_static(br#"{"key":"s3cret-value"}"#));
        assert_eq!(redirect(&start, 307, "//pay.example/").unwrap_err(), "CROSS_ORIGIN_REDIRECT");
        assert!(redirect(&start, 303, "//pay.example/").unwrap().unwrap().body.is_none());
        let next = redirect(&start, 308, "/b?c=d").unwrap().unwrap();
        assert_eq!(next.url.as_str(), "https://shop.example/b?c=d");
        assert_eq!(names(&next), names(&start));
    }

    #[test]
    fn see_other_is_read_with_get() {
        for (method, status, expected) in [
            ("POST", 303, "GET"),
            ("PUT", 303, "GET"),
            ("PUT", 302, "PUT"),
            ("HEAD", 303, "HEAD"),
            ("DELETE", 307, "DELETE"),
        ] {
            let next = redirect(&request(method, "http://a/"), status, "/b").unwrap().unwrap();
            assert_eq!(next.method.as_str(), expected, "{method} {status}");
            assert_eq!(next.body.is_none(), expected == "GET");
            for name in ["content-type", "idempotency-key"] {
                assert_eq!(next.headers.contains_key(name), expected != "GET");
            }
        }
    }

    #[test]
    fn an_idempotency_key_says_something() {
        let write = |name, value: &str| write_headers(vec![(name, value.to_owned())], &mut HeaderMap::new());
        for empty in ["", " "] {
            let fault = write("Idempotency-Key", empty).unwrap_err();
            assert_eq!(fault.message, "header `Idempotency-Key` is empty, and so tells no request from another");
            assert!(write("X-Note", empty).is_ok());
        }
        assert!(write("idempotency-key", "0").is_ok());
    }

    #[test]
    fn some_redirects_are_not_followed() {
        let start = request("GET", "https://a/");
        assert_eq!(redirect(&start, 302, "http://a/").unwrap_err(), "INSECURE_REDIRECT");
        assert_eq!(redirect(&start, 302, "file:///etc/passwd").unwrap_err(), "BAD_REDIRECT");
        assert_eq!(redirect(&start, 302, "https://").unwrap_err(), "BAD_REDIRECT");
        assert!(redirect(&start, 304, "/b").unwrap().is_none());
        // Whether it was done there, a GET would not say.
        for status in [301, 302] {
            assert!(redirect(&request("POST", "https://a/"), status, "/login").unwrap().is_none());
        }
        assert!(start.redirected(StatusCode::FOUND, &HeaderMap::new()).is_ok_and(|next| next.is_none()));
    }

    #[test]
    fn urls_have_a_length_that_can_be_sent() {
        let path = "a".repeat(URL_LENGTH_MAX);
        let message = parse_url(&format!("https://a/{path}")).unwrap_err().message;
        assert_eq!(message, "the URL cannot be used: it is longer than 65534 bytes");
        assert!(parse_url(&format!("https://a/{}", &path["https://a/".len()..])).is_ok());
        let location = HeaderValue::from_str(&path).unwrap();
        let headers = HeaderMap::from_iter([(header::LOCATION, location)]);
        let no_answer = request("GET", "https://a/").redirected(StatusCode::FOUND, &headers).unwrap_err();
        assert_eq!((no_answer.error.code.as_str(), no_answer.retryable), ("BAD_REDIRECT", false));
    }

    #[test]
    fn a_login_in_the_url_becomes_a_header() {
        let mut url = parse_url("https://us%65r:p%40ss@host/x").unwrap();
        assert_eq!(take_login(&mut url).unwrap(), format!("Basic {}", BASE64.encode("user:p@ss")));
        assert_eq!(url.as_str(), "https://host/x");
        assert!(take_login(&mut url).is_none());
        assert_eq!(percent_decode("%zz%4"), b"%zz%4");
    }

    #[test]
    fn urls_must_be_http() {
        for bad in ["", "/orders", "shop.example/x", "ftp://x/", "http://", "https://a b/", "http://x:99999/"] {
            let message = parse_url(bad).unwrap_err().message;
            assert!(message.starts_with("the URL cannot be used: "), "{message}");
        }
    }

    #[test]
    fn headers_of_the_author_replace_and_repeat() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic x"));
        let written = [("authorization", "Bearer y"), ("X-A", "1"), ("x-a", "é "), ("Content-Length", "999")];
        write_headers(written.map(|(name, text)| (name, text.to_owned())).to_vec(), &mut headers).unwrap();
        assert_eq!(headers.get("authorization").unwrap(), "Bearer y");
        assert_eq!(
            headers.get_all("x-a").iter().map(|value| value.as_bytes()).collect::<Vec<_>>(),
            [b"1".as_slice(), "é".as_bytes()]
        );
        assert!(!headers.contains_key("content-length"));
        assert!(write_headers(vec![("a b", String::new())], &mut headers).is_err());
    }

    #[test]
    fn without_a_body_the_length_is_said_where_one_is_expected() {
        for (method, expected) in [("POST", true), ("PUT", true), ("PATCH", true), ("GET", false), ("DELETE", false)] {
            for body in [None, Some(Bytes::new())] {
                let sent = Request { body, ..request(method, "http://a/") }.to_reqwest();
                assert_eq!(sent.headers().contains_key("content-length"), expected, "{method}");
            }
        }
        assert!(!request("POST", "http://a/").to_reqwest().headers().contains_key("content-length"));
    }

    #[test]
    fn debug_output_holds_no_data() {
        assert_eq!(format!("{:?}", request("POST", "https://a/secret")), "Request { method: POST, .. }");
    }
}
