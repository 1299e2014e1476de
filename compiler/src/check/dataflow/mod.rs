//! Where secrets and personal data go.
//!
//! Comes in: the model and its edges. Goes out: [`Dataflow`]: every place that data comes from, and for every expression
//! that leaves a node, the places that its value may carry something of.
//! Always true: sound for what a value is made of (a test plants texts in the data and looks for them in what comes out);
//! a comparison, a length or an order is not the data it looked at. Linear in the size of the workflow.
//!
//! [`secret`] and [`personal`] are the rules that warn; `flowc audit` prints all of it.

mod carried;
pub mod class;
pub mod destination;
mod expr;
mod misspelt;
mod outflow;
mod output;
mod personal;
mod place;
mod secret;
mod words;

use super::Graph;
use crate::diagnostic::Diagnostics;
use crate::model::{EnvId, Expr, Http, Kind, Manual, NodeId, Rust, Webhook, Workflow};
use crate::source::Span;
use carried::Carried;
pub use carried::{Atom, Mode};
pub use class::Class;
use expr::Reader;
pub use outflow::{Outflow, Part};
pub use place::{PlaceId, Places, Root, Step};
use std::collections::BTreeMap;

/// What is known about the data of a workflow.
#[derive(Debug)]
pub struct Dataflow {
    pub places: Places,
    pub outflows: Vec<Outflow>,
    /// What all envelopes together may carry.
    all_outputs: BTreeMap<PlaceId, Atom>,
    outputs: Vec<Carried>,
    /// By variable: whether it holds a credential.
    credentials: Vec<bool>,
    /// What is private in all of them.
    private_outputs: Vec<Private>,
    secret_outputs: Vec<EnvId>,
}

/// A private place that something carries.
#[derive(Debug, Clone, Copy)]
pub struct Private {
    pub place: PlaceId,
    /// The same, or the whole that it is a part of.
    pub within: PlaceId,
    pub kind: &'static class::Kind,
    /// The expression that reads it.
    pub read: Span,
}

/// A secret variable that something carries.
#[derive(Debug, Clone, Copy)]
pub struct Secret {
    pub variable: EnvId,
    /// The expression that reads it.
    pub read: Span,
}

/// More than these are not looked at for one value where it is only asked whether anything is wrong with it.
const LISTED_MAX: usize = 64;

impl Dataflow {
    pub fn new(workflow: &Workflow, graph: &Graph) -> Dataflow {
        let mut places = Places::default();
        declare(workflow, &mut places);
        let outputs = output::outputs(workflow, graph, &mut places);
        let outflows = outflow::outflows(workflow, graph, &mut places, &outputs);
        // Conditions send nothing, but they name fields.
        for edge in &workflow.edges {
            if let Some(condition) = &edge.condition {
                Reader::new(&mut places, &outputs, &Carried::default()).expr(condition);
            }
        }
        places.settle();
        let mut all_outputs = BTreeMap::new();
        for output in &outputs {
            for (id, atom) in output.clone().flat() {
                carried::join_atom(&mut all_outputs, id, atom);
            }
        }
        let variables = (0..workflow.environment.len()).map(EnvId);
        let credentials = variables.map(|variable| is_credential(workflow, variable)).collect();
        let mut dataflow = Dataflow {
            places,
            outflows,
            all_outputs,
            outputs,
            credentials,
            private_outputs: Vec::new(),
            secret_outputs: Vec::new(),
        };
        dataflow.private_outputs = dataflow.private(&dataflow.all_outputs, usize::MAX);
        let secrets = dataflow.secrets(workflow, &dataflow.all_outputs, usize::MAX);
        dataflow.secret_outputs = secrets.into_iter().map(|secret| secret.variable).collect();
        dataflow
    }

    /// The places that the value of an expression in this node may carry something of.
    pub fn carried_by(&mut self, workflow: &Workflow, graph: &Graph, node: NodeId, expr: &Expr) -> Vec<PlaceId> {
        let error = output::bare_error(workflow, graph, &mut self.places, &self.outputs, node);
        let mut carried = Reader::new(&mut self.places, &self.outputs, &error).expr(expr).flat();
        if carried.keys().any(|id| self.places.root_of(*id) == Root::Outputs) {
            carried.extend(self.all_outputs.clone());
        }
        carried.into_keys().collect()
    }

    /// What of it is private: the parts of a whole too, as far as the workflow names them. The worst first, and no more than
    /// `most`.
    pub fn private(&self, carried: &BTreeMap<PlaceId, Atom>, most: usize) -> Vec<Private> {
        let mut private = Vec::new();
        for (id, atom) in carried {
            let is_masked = |kind: &class::Kind| atom.mode == Mode::Masked && kind.maskable;
            if self.places.root_of(*id) == Root::Outputs && atom.mode != Mode::Masked {
                let parts = self.private_outputs.iter().take(most);
                private.extend(parts.map(|part| Private { within: *id, read: atom.read, ..*part }));
            }
            let parts = self.places.private_parts(*id, &atom.without);
            let parts = parts.iter().filter_map(|place| {
                let kind = self.places.kind(*place).filter(|kind| !is_masked(kind))?;
                // A field of an object that is private as a whole is the field.
                let place = if self.places.kind(*id).is_some() { *id } else { *place };
                Some(Private { place, within: *id, kind, read: atom.read })
            });
            private.extend(parts.take(most));
        }
        private.sort_by_key(|private| (std::cmp::Reverse(private.kind.class), private.read, private.place));
        private.dedup_by_key(|private| private.place);
        private.truncate(most);
        private
    }

    /// The secret variables in it, no more than `most`.
    pub fn secrets(&self, workflow: &Workflow, carried: &BTreeMap<PlaceId, Atom>, most: usize) -> Vec<Secret> {
        let mut secrets = Vec::new();
        for (id, atom) in carried {
            match self.places.root_of(*id) {
                Root::Variable(variable) if self.credentials[variable.0] => {
                    if atom.mode != Mode::Masked || !is_long(workflow, variable) {
                        secrets.push(Secret { variable, read: atom.read });
                    }
                }
                Root::Outputs => {
                    let all = self.secret_outputs.iter().take(most);
                    secrets.extend(all.map(|variable| Secret { variable: *variable, read: atom.read }));
                }
                Root::Variable(_) | Root::Variables | Root::Input | Root::Output(_) => {}
            }
        }
        secrets.sort_by_key(|secret| (secret.variable, secret.read));
        secrets.dedup_by_key(|secret| secret.variable);
        secrets.truncate(most);
        secrets
    }
}

/// What schemas say of the input and of answers.
fn declare(workflow: &Workflow, places: &mut Places) {
    for id in workflow.node_ids() {
        match &workflow.node(id).kind {
            Kind::Webhook(Webhook { input_schema: Some(schema), .. })
            | Kind::Manual(Manual { input_schema: Some(schema) }) => {
                let input = places.root(Root::Input);
                places.declare(input, &schema.ty);
            }
            Kind::Http(Http { response_schema: Some(schema), .. }) => {
                let envelope = places.root(Root::Output(id));
                let result = places.child(envelope, "result");
                places.declare(result, &schema.ty);
                let response = places.child(result, "response");
                places.declare(response, &schema.ty);
            }
            Kind::Rust(Rust { result_schema: Some(schema), .. }) => {
                let envelope = places.root(Root::Output(id));
                let result = places.child(envelope, "result");
                places.declare(result, &schema.ty);
            }
            _ => {}
        }
    }
}

/// Keys and tokens are; of a password four characters are a good part.
fn is_long(workflow: &Workflow, variable: EnvId) -> bool {
    let name = &workflow.environment[variable.0].name;
    !name.contains("PASSWORD")
}

/// Whether a variable holds a credential, by its name. `TOKEN_URL`, `PUBLIC_KEY`, `PARTITION_KEY` and `KEYCLOAK_REALM` do not.
pub fn is_credential(workflow: &Workflow, variable: EnvId) -> bool {
    let variable = &workflow.environment[variable.0];
    if !variable.is_secret() {
        return false;
    }
    names_credential(&words::words(&variable.name))
}

/// Whether a header is made for credentials: services expect one there, and nothing on the way writes it down. `X-Author` and
/// `X-Partition-Key` are not.
pub fn is_for_credentials(header: &str) -> bool {
    let words = words::words(header);
    let of_headers =
        ["auth", "authorization", "authentication", "credential", "signature", "cookie", "session", "sessionid"];
    let is_of_headers = |word: &String| of_headers.iter().any(|end| word.trim_end_matches('s').ends_with(end));
    names_credential(&words) || words.iter().any(is_of_headers)
}

/// Whether a parameter of a URL is made for credentials. A `key` alone is as often the name of what is asked for.
pub fn is_credential_parameter(name: &str) -> bool {
    let words = words::words(name);
    let of_credentials = ["api", "access", "auth", "app", "client", "private", "secret", "subscription"];
    let is_other_key = |at: usize| {
        words[at].trim_end_matches('s') == "key" && !(at > 0 && of_credentials.contains(&words[at - 1].as_str()))
    };
    names_credential(&words) && !(0..words.len()).any(is_other_key)
}

/// Whether these are the words of a name that a credential has, a variable's or a header's.
fn names_credential(words: &[String]) -> bool {
    let harmless = [
        "url",
        "uri",
        "host",
        "hostname",
        "server",
        "endpoint",
        "domain",
        "port",
        "id",
        "name",
        "path",
        "file",
        "ttl",
        "type",
        "header",
        "prefix",
        "length",
        "version",
        "algorithm",
        "seconds",
        "days",
        "region",
        "arn",
        "store",
    ];
    let public = ["public", "publishable", "pub"];
    words.iter().enumerate().any(|(at, word)| is_of_credentials(word, at.checked_sub(1).map(|before| &*words[before])))
        && !words.last().is_some_and(|word| harmless.contains(&word.as_str()))
        && !words.iter().any(|word| public.contains(&word.as_str()))
}

/// Whether a word of a name says that it is a credential's: `key`, `apikey`, `dbpassword`, but neither `keyboard` nor the `key`
/// of a `partition key`.
fn is_of_credentials(word: &str, before: Option<&str>) -> bool {
    let of_data = [
        "partition",
        "routing",
        "sort",
        "primary",
        "foreign",
        "row",
        "cache",
        "idempotency",
        "dedupe",
        "lookup",
        "object",
    ];
    let no_keys = ["monkey", "turkey", "donkey", "hockey", "jockey", "whiskey", "hotkey"];
    let word = word.trim_end_matches('s');
    let is_key = word.ends_with("key") && !no_keys.contains(&word);
    is_key && !before.is_some_and(|before| of_data.contains(&before))
        || ["secret", "password", "token"].iter().any(|end| word.ends_with(end))
}

/// Every rule of this folder.
pub(super) fn check(workflow: &Workflow, graph: &Graph, diagnostics: &mut Diagnostics) {
    let dataflow = Dataflow::new(workflow, graph);
    secret::secrets(workflow, &dataflow, diagnostics);
    personal::personal_data(workflow, &dataflow, diagnostics);
    misspelt::names(workflow, &dataflow, diagnostics);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_for_credentials_are_told_by_their_words() {
        for name in ["api_key", "apiKey", "apikey", "access_token", "token", "client_secret", "password"] {
            assert!(is_credential_parameter(name), "{name}");
        }
        for name in ["key", "translation_key", "sort_key", "session", "signature", "token_type", "q"] {
            assert!(!is_credential_parameter(name), "{name}");
        }
    }

    #[test]
    fn headers_for_credentials_are_told_by_their_words() {
        for header in [
            "Authorization",
            "Proxy-Authorization",
            "X-Auth-Token",
            "X-OAuth",
            "X-Api-Key",
            "apikey",
            "X-API-Keys",
            "Ocp-Apim-Subscription-Key",
            "X-CSRFToken",
            "X-Amz-Security-Token",
            "X-Hub-Signature-256",
            "X-Client-Secret",
            "Cookie",
            "X-Session-Id",
            "X-SessionId",
        ] {
            assert!(is_for_credentials(header), "{header}");
        }
        for header in [
            "X-Author",
            "X-Authored-By",
            "X-Routing-Key",
            "X-Partition-Key",
            "X-Keyboard-Layout",
            "X-Monkey",
            "Idempotency-Key",
            "X-Idempotency-Key",
            "X-Token-Type",
            "X-Request-Id",
            "Accept",
        ] {
            assert!(!is_for_credentials(header), "{header}");
        }
    }
}
