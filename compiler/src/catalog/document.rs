//! The keys of a document around the configurations: of the workflow, of a node, of a connection.

use crate::diagnostic::suggest;

/// One key. `syntax::document` knows what its value looks like.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub required: bool,
    pub doc: &'static str,
    /// What other systems call it, in lower case and without `_` and `-`.
    others: &'static [&'static str],
}

impl Field {
    /// Whether other systems call it so.
    pub fn is_called(&self, name: &str) -> bool {
        self.others.iter().any(|other| suggest::letters(name).eq(other.chars()))
    }
}

pub const WORKFLOW: &[Field] = &[
    optional("name", &["title"], "What people call the workflow."),
    optional("description", &["doc", "notes"], "What it does, for people."),
    optional("version", &[], "The workflow's own version, such as `1.0.0`."),
    required(
        "nodes",
        &["steps", "tasks", "states"],
        "What is done: triggers start an execution, actions do something in it.",
    ),
    optional("connections", &["edges", "links", "transitions", "flow"], "What follows what."),
    optional("settings", &["options"], "What holds for a whole execution."),
    optional("allow", &["ignore"], "Lints whose findings are accepted everywhere in this workflow."),
    optional(SCHEMA, &[], "For editors: the JSON Schema of this document, as `flowc schema` prints it."),
];

/// Not a word of the language: editors look for it.
pub const SCHEMA: &str = "$schema";

/// What `kind` is meant for depends on the node.
pub const NODE: &[Field] = &[
    required(
        "id",
        &["key", "nodeid"],
        "The name by which connections and templates know the node: `previous_outputs.<id>`.",
    ),
    required("type", &[], "`trigger` or `action`."),
    optional("trigger_type", &["kind", "trigger"], "What kind of trigger."),
    optional("action_type", &["kind", "action"], "What kind of action."),
    optional("name", &["title", "label"], "What people call the node."),
    optional("description", &["doc", "notes"], "What it does, for people."),
    optional("config", &["parameters", "params", "options", "with"], "How it does it: the keys depend on the kind."),
    optional(
        "dependencies",
        &["dependson", "needs", "after", "requires"],
        "Ids of nodes that all have to lead here before this one runs.",
    ),
    optional("allow", &["ignore"], "Lints whose findings about this node are accepted."),
];

pub const CONNECTION: &[Field] = &[
    required(
        "from",
        &["source", "src", "fromnode", "sourcenode", "fromid", "sourceid", "start"],
        "The id of the node that comes before.",
    ),
    required(
        "to",
        &["target", "dst", "dest", "destination", "tonode", "targetnode", "toid", "targetid", "next", "end"],
        "The id of the node that follows.",
    ),
    optional(
        "condition",
        &["when", "if", "on", "expression", "guard", "filter"],
        "An expression over `result`, the result of the node before: the connection is taken when its value is truthy, also after a failure.",
    ),
];

const fn required(name: &'static str, others: &'static [&'static str], doc: &'static str) -> Field {
    Field { name, required: true, doc, others }
}

const fn optional(name: &'static str, others: &'static [&'static str], doc: &'static str) -> Field {
    Field { name, required: false, doc, others }
}
