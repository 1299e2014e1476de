//! Rendering templates, each position with its own escaping, as Go's `html/template` does for HTML.
//!
//! Comes in: literal text of the author, values of the environment (trusted: the operator's), data (not trusted).
//! Goes out: URLs, headers, JSON, mails in which data stays data.
//! Always true: data never ends a path segment, a header line, an address, a JSON string or an HTML text.
//!
//! Every writer has the same verbs: `literal` (the author's text), `env` (an environment variable), `data` (a slice of
//! the input or of a node's output), `value` (a computed value; `source` is the expression, for messages). The runtime
//! calls `finish`, which checks what can only be seen when everything is written.

mod address;
mod headers;
mod json;
mod message;
mod params;
mod piece;
mod text;
mod url;

pub use address::Mailbox;
pub use headers::Headers;
pub use json::Json;
pub use message::{FinishedMessage, FinishedRelay, MailTemplate, Message, Relay, Security, To};
pub use params::Params;
#[cfg(feature = "service")]
pub(crate) use params::form_encode;
#[cfg(feature = "service")]
pub(crate) use piece::percent_encode;
#[cfg(feature = "env")]
pub(crate) use text::is_control;
pub use text::{Place, Text};
pub use url::{At, Url};

use crate::value::Fault;

/// Nothing, or why this node cannot be rendered.
pub type Rendered = Result<(), Fault>;
