//! The keys of a document around the configurations: of the workflow, of a node, of a connection.

/// One key. `syntax::document` knows what its value looks like.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub required: bool,
    pub doc: &'static str,
}

pub const WORKFLOW: &[Field] = &[
    optional("name", "What people call the workflow."),
    optional("description", "What it does, for people."),
    optional("version", "The workflow's own version, such as `1.0.0`."),
    required("nodes", "What is done: triggers start an execution, actions do something in it."),
    optional("connections", "What follows what."),
    optional("settings", "What holds for a whole execution."),
    optional("allow", "Lints whose findings are accepted everywhere in this workflow."),
    optional(SCHEMA, "For editors: the JSON Schema of this document, as `flowc schema` prints it."),
];

/// Not a word of the language: editors look for it.
pub const SCHEMA: &str = "$schema";

pub const NODE: &[Field] = &[
    required("id", "The name by which connections and templates know the node: `previous_outputs.<id>`."),
    required("type", "`trigger` or `action`."),
    optional("trigger_type", "What kind of trigger."),
    optional("action_type", "What kind of action."),
    optional("name", "What people call the node."),
    optional("description", "What it does, for people."),
    optional("config", "How it does it: the keys depend on the kind."),
    optional("dependencies", "Ids of nodes that all have to lead here before this one runs."),
    optional("allow", "Lints whose findings about this node are accepted."),
];

pub const CONNECTION: &[Field] = &[
    required("from", "The id of the node that comes before."),
    required("to", "The id of the node that follows."),
    optional(
        "condition",
        "An expression over `result`, the result of the node before: the connection is taken when its value is truthy, also after a failure.",
    ),
];

const fn required(name: &'static str, doc: &'static str) -> Field {
    Field { name, required: true, doc }
}

const fn optional(name: &'static str, doc: &'static str) -> Field {
    Field { name, required: false, doc }
}
