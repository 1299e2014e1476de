//! `world.toml`: what a case of the run tier gives its workflow to act on.
//!
//! ```toml
//! base = "../order.toml"                  # tables of that file, where this one says nothing else
//! workflow = "workflow.json"
//! start = "run"                           # or "webhook"
//! order = "valid_order"                   # of the example's test-data.json; else input.json beside this file; else {}
//!
//! [edit]                                  # changes in the workflow's JSON, by JSON pointer
//! "/nodes/3/config/timeout" = 1
//!
//! [env]
//! PAYMENT_API_URL = "{payment}"           # the address of [service.payment]
//!
//! [service.payment]                       # one HTTP service: what it answers, one after the other, the last repeats
//! "POST /payments/charge" = [{ status = 503 }, { json = { success = true } }]
//!
//! [smtp]                                  # the mail server: see flow_world::Smtp
//! refusals = [{ stage = "rcpt", reply = "451 4.3.0 later", times = 1 }]
//! ```

use flow_world::{Answer, Route, Script, Smtp};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(default = "beside")]
    pub workflow: PathBuf,
    #[serde(default)]
    pub start: Start,
    pub order: Option<String>,
    #[serde(default)]
    pub edit: BTreeMap<String, Value>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub service: BTreeMap<String, BTreeMap<String, Vec<Answer>>>,
    pub smtp: Option<Smtp>,
    /// Services that speak HTTPS, and offer HTTP/2.
    #[serde(default)]
    pub https: Vec<String>,
    /// Services (or "smtp") that refuse connections.
    #[serde(default)]
    pub down: Vec<String>,
    /// The authority that signed the servers' certificates is known.
    #[serde(default = "yes")]
    pub trust: bool,
    /// Things happen at the same time: the account lists them sorted.
    #[serde(default)]
    pub unordered: bool,
    /// Nodes whose result the account shows.
    #[serde(default)]
    pub show: Vec<String>,
    /// The shortest and the longest time the execution may take, in seconds.
    pub took: Option<(f64, f64)>,
    /// How the webhook is called.
    #[serde(default)]
    pub webhook: Webhook,
}

/// How the execution starts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// `run --input FILE`: the account shows the execution.
    #[default]
    Run,
    /// `serve` and a call of the webhook: the account shows its answer.
    Webhook,
}

/// A call of a webhook.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    pub id: String,
    /// What the body is signed with; nothing: no signature.
    pub secret: Option<String>,
}

fn yes() -> bool {
    true
}

fn beside() -> PathBuf {
    PathBuf::from("workflow.json")
}

impl Case {
    /// Reads `world.toml` in this folder; without one the defaults hold.
    ///
    /// # Panics
    /// When it is not as described above.
    pub fn read(folder: &Path) -> Case {
        let file = folder.join("world.toml");
        let table = table(&file);
        let mut case: Case = table.try_into().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let workflow = folder.join(&case.workflow);
        case.workflow = workflow.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", workflow.display()));
        case
    }

    /// The workflow's text with the edits made.
    ///
    /// # Panics
    /// When an edit points nowhere.
    pub fn workflow_text(&self) -> String {
        let text =
            fs::read_to_string(&self.workflow).unwrap_or_else(|error| panic!("{}: {error}", self.workflow.display()));
        if self.edit.is_empty() {
            return text; // byte for byte
        }
        let mut workflow: Value = serde_json::from_str(&text).expect("a workflow that is edited is JSON");
        for (pointer, value) in &self.edit {
            let (parent, key) = pointer.rsplit_once('/').expect("an edit is a JSON pointer");
            match workflow.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
                Value::Object(fields) => _ = fields.insert(key.to_owned(), value.clone()),
                Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value.clone(),
                other => panic!("{parent} is {other}, which holds nothing"),
            }
        }
        serde_json::to_string_pretty(&workflow).expect("JSON values have a text")
    }

    /// The input's text.
    ///
    /// # Panics
    /// When the named order is not in the test data.
    pub fn input(&self, folder: &Path) -> String {
        if let Some(order) = &self.order {
            let file = crate::order_workflow().with_file_name("test-data.json");
            let data: Value = serde_json::from_str(&fs::read_to_string(file).expect("test data")).expect("JSON");
            return data.get(order).unwrap_or_else(|| panic!("no order {order}")).to_string();
        }
        fs::read_to_string(folder.join("input.json")).unwrap_or_else(|_| "{}".to_owned())
    }

    /// What a service answers; `place` replaces the names of services in texts and headers.
    pub fn script(&self, service: &str, place: impl Fn(&str) -> String) -> Script {
        let answer = |answer: &Answer| {
            let mut answer = answer.clone();
            answer.headers.values_mut().for_each(|value| *value = place(value));
            answer.text = answer.text.as_deref().map(&place);
            answer
        };
        let route = |(call, answers): (&String, &Vec<Answer>)| Route {
            call: call.clone(),
            answers: answers.iter().map(answer).collect(),
        };
        Script { routes: self.service[service].iter().map(route).collect() }
    }
}

/// The file's table, laid over that of its base.
fn table(file: &Path) -> toml::Table {
    let Ok(text) = fs::read_to_string(file) else { return toml::Table::new() };
    let mut table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let Some(base) = table.remove("base") else { return table };
    let base = file.with_file_name(base.as_str().expect("base is a path"));
    assert!(base.exists(), "{} names a base that does not exist", file.display());
    let workflow = table.contains_key("workflow");
    let mut merged = self::table(&base);
    lay_over(&mut merged, table);
    if !workflow && let Some(path) = merged.get("workflow").and_then(toml::Value::as_str) {
        let path = base.with_file_name(path);
        merged.insert("workflow".to_owned(), toml::Value::String(path.to_str().expect("UTF-8 paths").to_owned()));
    }
    merged
}

fn lay_over(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay_over(under, over),
            (_, value) => _ = under.insert(key, value),
        }
    }
}
