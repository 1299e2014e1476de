//! Node kinds, one file per kind.
//!
//! Comes in: a node of the table and a scope. Goes out: one attempt's outcome.
//! Always true: an effect is rendered once, and every attempt sends the same bytes. Nothing an outcome says holds a
//! credential that this module knew.

pub mod transform;

#[cfg(feature = "service")]
mod answer;
#[cfg(feature = "service")]
mod body;
#[cfg(feature = "service")]
mod cache;
#[cfg(feature = "service")]
mod charset;
#[cfg(feature = "mail")]
mod email;
#[cfg(feature = "service")]
mod failure;
#[cfg(feature = "service")]
mod http;
#[cfg(feature = "mail")]
mod letter;
#[cfg(feature = "service")]
mod proxy;
#[cfg(feature = "service")]
mod rust;
#[cfg(feature = "service")]
#[cfg_attr(not(feature = "mail"), allow(dead_code, unused_imports, unused_variables))] // half of it is about mails
mod scripted;
#[cfg(feature = "mail")]
mod smtp;
#[cfg(all(test, feature = "service"))]
mod tests;
#[cfg(feature = "service")]
mod tls;
#[cfg(feature = "service")]
mod url;

#[cfg(feature = "service")]
pub(crate) use http::{basic_login, percent_decode};
#[cfg(feature = "service")]
pub use tls::TlsVersion;

#[cfg(feature = "service")]
use crate::flow::{Kind, Node, Workflow};
#[cfg(feature = "service")]
use crate::scope::Scope;
#[cfg(feature = "service")]
use crate::trigger::Schema;
#[cfg(feature = "service")]
use crate::value::Fault;
use crate::value::write_string;
#[cfg(feature = "service")]
pub(crate) use scripted::{Scripted, ScriptedFault, Shown};
#[cfg(feature = "service")]
use std::collections::HashMap;
#[cfg(feature = "service")]
use std::sync::Arc;
use std::time::Duration;

/// What nodes share: connection pools, TLS configuration. One for a process.
#[cfg(feature = "service")]
pub struct Services {
    http: http::Client,
    #[cfg(feature = "mail")]
    mail: email::Client,
    /// What answers have to fit, by the id of the node that asks.
    schemas: HashMap<&'static str, Arc<Schema>>,
}

/// An effect rendered once: the bytes every attempt sends. Cheap to clone.
#[cfg(feature = "service")]
#[derive(Debug, Clone)]
pub enum Prepared {
    Http(std::sync::Arc<http::Request>),
    #[cfg(feature = "mail")]
    Email(email::Mail),
    Rust(rust::Prepared),
}

#[cfg(feature = "service")]
impl Prepared {
    /// What to settle with where an attempt may have happened and may not be repeated; `None`: it may be repeated.
    pub fn unknown(&self) -> Option<Attempt> {
        match self {
            Prepared::Http(_) | Prepared::Rust(_) => None,
            #[cfg(feature = "mail")]
            Prepared::Email(mail) => mail.unknown(),
        }
    }

    /// Whom it talks to.
    pub fn peer(&self) -> Option<Peer<'_>> {
        match self {
            Prepared::Http(request) => Some(request.peer()),
            #[cfg(feature = "mail")]
            Prepared::Email(mail) => Some(mail.peer()),
            Prepared::Rust(_) => None,
        }
    }
}

/// Whom an effect talks to. Holds nothing private: no path, no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer<'a> {
    /// Of an HTTP request.
    pub method: Option<&'a str>,
    /// `http`, `https`, `smtp`.
    pub scheme: &'a str,
    pub host: &'a str,
    pub port: u16,
}

/// How one attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub outcome: Outcome,
    /// Of an HTTP answer.
    pub status: Option<u16>,
    /// The node's `result` as canonical JSON text; also kept of a failed answer. `None`: missing.
    pub result: Option<String>,
    /// Set for failures, and for a 2xx that says `success: false`.
    pub error: Option<NodeError>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Succeeded,
    /// May be tried again; `after` is what the service asked for (`Retry-After`).
    Retryable {
        after: Option<Duration>,
    },
    /// Trying again would not help.
    Failed,
}

/// `previous_outputs.<id>.error`. The message may be mailed to a customer: no secrets, no URLs with credentials, never the
/// words `undefined` or `null`.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeError {
    pub message: String,
    /// Such as `CONFIGURATION_ERROR`, `TIMEOUT`, `HTTP_402`, `CONNECTION_REFUSED`.
    pub code: String,
    /// Canonical JSON text of an object; `{}` when there is nothing to add.
    pub details: String,
}

impl NodeError {
    /// An error without details.
    pub fn new(code: &str, message: impl Into<String>) -> NodeError {
        NodeError { message: message.into(), code: code.to_owned(), details: "{}".to_owned() }
    }

    /// As canonical JSON text, for the envelope.
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.message.len() + self.details.len() + 48);
        json.push_str("{\"message\":");
        write_string(&self.message, &mut json);
        json.push_str(",\"code\":");
        write_string(&self.code, &mut json);
        json.push_str(",\"details\":");
        json.push_str(&self.details);
        json.push('}');
        json
    }
}

impl Attempt {
    pub fn succeeded(result: String) -> Attempt {
        Attempt { outcome: Outcome::Succeeded, status: None, result: Some(result), error: None }
    }

    /// A failure without an answer: `result.success` is false, so that edges can ask for it.
    pub fn failed(outcome: Outcome, error: NodeError) -> Attempt {
        Attempt { outcome, status: None, result: Some("{\"success\":false}".to_owned()), error: Some(error) }
    }
}

#[cfg(feature = "service")]
impl Services {
    /// # Errors
    /// When certificate authorities named by `SSL_CERT_FILE` or `SSL_CERT_DIR` cannot be read, or a proxy that is named cannot
    /// be used.
    pub fn new(workflow: &'static Workflow) -> Result<Services, Fault> {
        Services::speaking(workflow, TlsVersion::default())
    }

    /// As [`Services::new`], with TLS no older than `oldest`.
    ///
    /// # Errors
    /// As [`Services::new`].
    pub fn speaking(workflow: &'static Workflow, oldest: TlsVersion) -> Result<Services, Fault> {
        Services::over(workflow.nodes, tls::client_config(oldest)?)
    }

    fn over(nodes: &'static [Node], tls: Arc<rustls::ClientConfig>) -> Result<Services, Fault> {
        let schema = |node: &'static Node| match &node.kind {
            Kind::Http(http) => http.response_schema.map(|text| (node.id, Arc::new(Schema::new(text)))),
            _ => None,
        };
        Ok(Services {
            #[cfg(feature = "mail")]
            mail: email::Client::new(tls.clone()),
            http: http::Client::new(tls)?,
            schemas: nodes.iter().filter_map(schema).collect(),
        })
    }

    /// Connections of their own, for what the process itself has to say to somebody.
    ///
    /// # Errors
    /// As [`Services::new`].
    #[cfg(feature = "otel")]
    pub(crate) fn connections(oldest: TlsVersion) -> Result<reqwest::Client, Fault> {
        http::connections(tls::client_config(oldest)?)
    }

    /// Renders an effect. Pure nodes (filter, transform, triggers) are not prepared: the engine's shell computes them.
    ///
    /// # Errors
    /// A template that cannot be rendered: the node fails with `CONFIGURATION_ERROR`, without retry.
    pub fn prepare(&self, node: &'static Node, scope: &Scope) -> Result<Prepared, Fault> {
        match &node.kind {
            Kind::Http(http) => {
                let schema = self.schemas.get(node.id).cloned();
                Ok(Prepared::Http(http::prepare(node.id, http, schema, scope)?.into()))
            }
            #[cfg(feature = "mail")]
            Kind::Email(email) => self.mail.prepare(node.id, email, scope).map(Prepared::Email),
            // flowc links the runtime with mail for a workflow that has such a node.
            #[cfg(not(feature = "mail"))]
            Kind::Email(_) => Err(Fault::new("this executable was built without mail")),
            Kind::Rust(rust) => (rust.prepare)(scope).map(|call| Prepared::Rust(rust::Prepared(call))),
            Kind::Webhook(_) | Kind::Manual | Kind::Filter(_) | Kind::Transform(_) => {
                Err(Fault::new(format!("node `{}` has no effect to prepare", node.id)))
            }
        }
    }

    /// Makes one attempt. Never panics, never takes much longer than `timeout`. Dropping the future cancels it.
    pub async fn attempt(&self, prepared: &Prepared, timeout: Duration) -> Attempt {
        match prepared {
            Prepared::Http(request) => self.http.attempt(request, timeout).await,
            // In a box, because it is several times as large, and requests are most of what is attempted.
            #[cfg(feature = "mail")]
            Prepared::Email(mail) => Box::pin(self.mail.attempt(mail, timeout)).await,
            Prepared::Rust(prepared) => rust::attempt(&prepared.0, timeout).await,
        }
    }
}

/// Why there was no answer, in words that hold nothing of the URL.
#[cfg(feature = "otel")]
pub(crate) fn transport_failure(error: &reqwest::Error) -> String {
    failure::transport(error).message
}

/// The same for every attempt of one node in one execution, and different for any other: 32 hexadecimal digits.
#[cfg(feature = "service")]
fn attempt_key(execution_id: &str, node_id: &str) -> uuid::Uuid {
    use sha2::{Digest, Sha256};
    let hash = Sha256::new().chain_update(execution_id).chain_update([0]).chain_update(node_id).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
