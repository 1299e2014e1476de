//! What the operator says about traces: the variables of OpenTelemetry's specification.
//!
//! Comes in: the process environment. Goes out: [`Settings`], and remarks about what was not understood.
//! Always true: as the specification wants it, a value that cannot be used is remarked upon and otherwise as good as none:
//! nobody's orders stop for a misspelt sampler. No remark repeats a value: the headers are secrets.

use super::exporter::Export;
use super::sampler::{self, Sampler};
use super::wire::Head;
use crate::flow::Workflow;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use std::time::Duration;

/// How and where to export.
#[derive(Clone)]
pub struct Settings {
    endpoint: Url,
    headers: HeaderMap,
    /// Of one request.
    timeout: Duration,
    /// Beyond the usual ones, and in place of them.
    resource: Vec<(String, String)>,
    sampler: Sampler,
    /// How long spans are collected before they are sent together.
    delay: Duration,
    batch_max: usize,
    queue_max: usize,
}

/// The endpoint may hold a login or a token, the headers do.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("host", &self.host()).finish_non_exhaustive()
    }
}

const DEFAULT_ENDPOINT: &str = "http://localhost:4318";

/// Reads variables, and remembers what was wrong with them.
struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    remarks: Vec<String>,
}

impl Reader<'_> {
    /// Empty is as good as not set.
    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The variable for traces, else the one for all signals; and which of them it was.
    fn exporter(&self, name: &str) -> Option<(String, String)> {
        let names = [format!("OTEL_EXPORTER_OTLP_TRACES_{name}"), format!("OTEL_EXPORTER_OTLP_{name}")];
        names.into_iter().find_map(|name| self.text(&name).map(|text| (name, text)))
    }

    fn number(&mut self, name: &str, default: u64) -> u64 {
        let Some(text) = self.text(name) else { return default };
        text.parse().ok().filter(|number| *number > 0).unwrap_or_else(|| {
            self.remarks.push(format!("{name} is not a number above 0"));
            default
        })
    }
}

impl Settings {
    /// From the environment. `None`: traces are switched off. With it comes what was not understood.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> (Option<Settings>, Vec<String>) {
        let mut reader = Reader { variable, remarks: Vec::new() };
        if reader.text("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return (None, reader.remarks);
        }
        match reader.text("OTEL_TRACES_EXPORTER").as_deref() {
            Some("none") => return (None, reader.remarks),
            None | Some("otlp") => {}
            Some(_) => reader.remarks.push(String::from("OTEL_TRACES_EXPORTER is neither otlp nor none; otlp is used")),
        }
        if let Some((name, protocol)) = reader.exporter("PROTOCOL")
            && protocol != "http/protobuf"
        {
            reader.remarks.push(format!("{name} is not http/protobuf, which is what this program speaks"));
        }
        if let Some((name, compression)) = reader.exporter("COMPRESSION")
            && compression != "none"
        {
            reader.remarks.push(format!("{name} is not none; nothing is compressed"));
        }
        if let Some((name, _)) = reader.exporter("CERTIFICATE") {
            reader.remarks.push(format!("{name} is not used; SSL_CERT_FILE says whom to trust"));
        }
        let settings = Settings {
            endpoint: endpoint(&mut reader),
            headers: headers(&mut reader),
            timeout: Duration::from_millis(timeout(&mut reader)),
            resource: resource(&mut reader),
            sampler: sampler(&mut reader),
            delay: Duration::from_millis(reader.number("OTEL_BSP_SCHEDULE_DELAY", 5000)),
            batch_max: size(reader.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)),
            queue_max: size(reader.number("OTEL_BSP_MAX_QUEUE_SIZE", 2048)),
        };
        (Some(settings), reader.remarks)
    }

    /// The collector's host, for the log.
    pub fn host(&self) -> &str {
        self.endpoint.host_str().unwrap_or_default()
    }

    /// What decides about traces, and what exports them.
    pub(super) fn into_parts(self, workflow: &Workflow) -> (Sampler, Export) {
        let mut resource = self.resource;
        let mut usual = |name: &str, value: &str| {
            if !resource.iter().any(|(known, _)| known == name) {
                resource.push((name.to_owned(), value.to_owned()));
            }
        };
        usual("service.name", workflow.name);
        usual("service.version", workflow.version);
        usual("service.instance.id", &uuid::Uuid::now_v7().to_string());
        usual("telemetry.sdk.name", "flowc");
        usual("telemetry.sdk.language", "rust");
        usual("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
        let export = Export {
            endpoint: self.endpoint,
            headers: self.headers,
            timeout: self.timeout,
            head: Head::new(&resource, env!("CARGO_PKG_VERSION")),
            delay: self.delay,
            batch_max: self.batch_max.min(self.queue_max),
            queue_max: self.queue_max,
        };
        (self.sampler, export)
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The one for traces is used as it stands; below the one for all signals traces have their own path.
fn endpoint(reader: &mut Reader) -> Url {
    let default = format!("{DEFAULT_ENDPOINT}/v1/traces");
    let default = Url::parse(&default).unwrap_or_else(|_| unreachable!("it is a URL"));
    let Some((name, mut text)) = reader.exporter("ENDPOINT") else { return default };
    if !name.contains("TRACES") {
        text = format!("{}/v1/traces", text.trim_end_matches('/'));
    }
    match Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https")) {
        Some(url) => url,
        None => {
            reader.remarks.push(format!("{name} is not an http or https URL; {DEFAULT_ENDPOINT} is used"));
            default
        }
    }
}

fn headers(reader: &mut Reader) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some((name, text)) = reader.exporter("HEADERS") else { return headers };
    for pair in pairs(&text) {
        let header = pair.and_then(|(key, value)| {
            let key = HeaderName::from_bytes(key.as_bytes()).ok()?;
            let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
            value.set_sensitive(true);
            Some((key, value))
        });
        match header {
            Some((key, value)) => drop(headers.insert(key, value)),
            None => reader.remarks.push(format!("{name} is not NAME=VALUE,NAME=VALUE throughout")),
        }
    }
    headers
}

fn timeout(reader: &mut Reader) -> u64 {
    let default = 10_000;
    match reader.exporter("TIMEOUT") {
        Some((name, _)) => reader.number(&name, default),
        None => default,
    }
}

fn resource(reader: &mut Reader) -> Vec<(String, String)> {
    let mut resource: Vec<(String, String)> = Vec::new();
    if let Some(name) = reader.text("OTEL_SERVICE_NAME") {
        resource.push(("service.name".to_owned(), name));
    }
    let attributes = reader.text("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    // One that is wrong takes the others along: the specification wants all or nothing.
    match pairs(&attributes).collect::<Option<Vec<_>>>() {
        Some(attributes) => {
            for (key, value) in attributes {
                if !resource.iter().any(|(known, _)| *known == key) {
                    resource.push((key, value));
                }
            }
        }
        None => reader.remarks.push(String::from("OTEL_RESOURCE_ATTRIBUTES is not NAME=VALUE,NAME=VALUE throughout")),
    }
    resource
}

fn sampler(reader: &mut Reader) -> Sampler {
    let Some(name) = reader.text("OTEL_TRACES_SAMPLER") else { return sampler::DEFAULT };
    let ratio = match reader.text("OTEL_TRACES_SAMPLER_ARG") {
        None => 1.0,
        Some(text) => text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)).unwrap_or_else(|| {
            reader.remarks.push(String::from("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is used"));
            1.0
        }),
    };
    Sampler::named(&name, ratio).unwrap_or_else(|| {
        reader.remarks.push(String::from("OTEL_TRACES_SAMPLER is none that this program has; all traces are recorded"));
        sampler::DEFAULT
    })
}

/// `a=b,c=d`, values percent-encoded, as in the W3C's baggage.
fn pairs(text: &str) -> impl Iterator<Item = Option<(String, String)>> {
    text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = crate::node::percent_decode(value.trim());
        Some((key.trim().to_owned(), String::from_utf8(value).ok()?)).filter(|(key, _)| !key.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Option<Settings>, Vec<String>) {
        Settings::from_variables(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let (settings, remarks) = read(variables);
        assert_eq!(remarks, [] as [String; 0]);
        settings.unwrap()
    }

    #[test]
    fn what_the_specification_says_of_nothing() {
        let settings = settings(&[("OTEL_TRACES_SAMPLER", ""), ("OTEL_SERVICE_NAME", " ")]);
        assert_eq!(settings.endpoint.as_str(), "http://localhost:4318/v1/traces");
        assert_eq!((settings.timeout, settings.delay), (Duration::from_secs(10), Duration::from_secs(5)));
        assert_eq!((settings.batch_max, settings.queue_max), (512, 2048));
        assert_eq!(settings.sampler, sampler::DEFAULT);
        assert!(settings.headers.is_empty() && settings.resource.is_empty());
    }

    #[test]
    fn where_traces_go() {
        let endpoint = |variables: &[(&str, &str)]| settings(variables).endpoint.to_string();
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example:4318/otlp/");
        assert_eq!(endpoint(&[all]), "https://collector.example:4318/otlp/v1/traces");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces.example/in");
        assert_eq!(endpoint(&[all, traces]), "http://traces.example/in");
        let login = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:password@collector.example/?token=abc");
        assert_eq!(format!("{:?}", settings(&[login])), r#"Settings { host: "collector.example", .. }"#);
    }

    #[test]
    fn headers_and_attributes_are_pairs() {
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20a%3Db, x-team = shop "),
            ("OTEL_SERVICE_NAME", "orders"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment.name=test"),
        ]);
        assert_eq!(settings.headers["authorization"], "Bearer a=b");
        assert_eq!(settings.headers["x-team"], "shop");
        assert!(!format!("{settings:?}").contains("Bearer"));
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(settings.resource, [pair("service.name", "orders"), pair("deployment.environment.name", "test")]);
    }

    #[test]
    fn what_cannot_be_used_is_remarked_upon_and_not_repeated() {
        let (settings, remarks) = read(&[
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a secret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_RESOURCE_ATTRIBUTES", "good=1,bad"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ]);
        let settings = settings.unwrap();
        assert_eq!(settings.endpoint.as_str(), "http://localhost:4318/v1/traces");
        assert_eq!(settings.sampler, Sampler { follows_caller: false, ratio: 1.0 });
        assert!(settings.resource.is_empty());
        assert_eq!(remarks.len(), 10, "{remarks:#?}");
        assert!(!remarks.concat().contains("a secret"));
    }

    #[test]
    fn traces_can_be_switched_off() {
        assert!(read(&[("OTEL_SDK_DISABLED", "TRUE")]).0.is_none());
        assert!(read(&[("OTEL_TRACES_EXPORTER", "none")]).0.is_none());
    }
}
