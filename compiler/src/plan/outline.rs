//! What a workflow means, for [`flow_runtime::upgrade`]: per node the keys that decide what it does, and a digest of each.
//!
//! Comes in: a workflow without errors. Goes out: its [`Outline`].
//! Always true: it depends on nothing but the model; workflows that mean the same have the same outline, in whichever
//! dialect and layout they are written. A change of what is digested here would stop executions that are under way at the
//! next upgrade: the golden files of `tests/codegen` show it.
//!
//! Deliberately absent: what executions that have begun no longer depend on (the trigger's secret, addresses and key), how
//! often and how long something is tried, titles, and everything that is there for the checker alone.

use crate::model::{
    Body, Email, Expr, ExprKind, Http, Kind, Node, NodeId, Piece, Text, Transform, TransformStep, Tree, Workflow, expr,
    spelling,
};
use flow_runtime::upgrade::{EdgeOutline, NodeOutline, Outline, Reads};
use flow_runtime::value::{Value, write_string};
use std::fmt::Write as _;

pub fn outline(workflow: &Workflow) -> Outline {
    Outline {
        fail_fast: workflow.settings.fail_fast,
        nodes: workflow.node_ids().map(|id| node_outline(workflow, id)).collect(),
        edges: workflow
            .edges
            .iter()
            .map(|edge| EdgeOutline {
                from: edge.from.0,
                to: edge.to.0,
                required: edge.required,
                when: edge.condition.as_ref().map(|condition| digest(&spelling::expression(workflow, condition, None))),
                after_success: edge
                    .condition
                    .as_ref()
                    .is_some_and(|condition| after_success(workflow, edge.from, condition)),
            })
            .collect(),
    }
}

fn node_outline(workflow: &Workflow, id: NodeId) -> NodeOutline {
    let node = workflow.node(id);
    let mut parts = Parts { workflow, parts: Vec::new() };
    let kind = match &node.kind {
        Kind::Webhook(_) => "webhook",
        Kind::Manual(_) => "manual",
        Kind::Http(http) => {
            parts.http(http);
            "http"
        }
        Kind::Email(email) => {
            parts.email(email);
            "send_email"
        }
        Kind::Filter(filter) => {
            parts.expression("filter_condition", &filter.condition);
            parts.text("error_message", &filter.error_message);
            "data_filter"
        }
        Kind::Transform(transform) => {
            parts.transform(transform);
            "data_transform"
        }
        Kind::Rust(rust) => {
            parts.say("function", &rust.function.value);
            let arguments = rust.arguments.iter().map(|argument| argument.value.clone());
            parts.tree("arguments", &Tree::Array(arguments.collect()));
            "rust"
        }
        Kind::Unknown => unreachable!("a node that was reported has no outline"),
    };
    NodeOutline {
        id: node.id.value.clone(),
        kind: kind.to_owned(),
        parts: parts.parts,
        reads: reads(workflow, id, node),
    }
}

/// The conditions out of a node read for it.
fn reads(workflow: &Workflow, id: NodeId, node: &Node) -> Reads {
    let mut reads = Reads {
        activation: matches!(&node.kind, Kind::Transform(transform) if transform.input.is_none()),
        ..Reads::default()
    };
    let mut nodes = Vec::new();
    let mut visit = |expr: &Expr| {
        expr.walk(&mut |expr| match &expr.kind {
            ExprKind::Path(expr::Path { root: expr::Root::Output(node), .. }) if *node != id => nodes.push(*node),
            ExprKind::Path(expr::Path { root: expr::Root::Error, .. }) => reads.activation = true,
            ExprKind::PreviousOutputs => reads.all = true,
            _ => {}
        });
    };
    node.expressions(&mut visit);
    let conditions = workflow.edges.iter().filter(|edge| edge.from == id).filter_map(|edge| edge.condition.as_ref());
    conditions.for_each(visit);
    nodes.sort_unstable();
    nodes.dedup();
    reads.nodes = nodes.into_iter().map(|node| workflow.node(node).id.value.clone()).collect();
    reads
}

/// Whether a condition cannot hold after a failure of its source: it asks for what a failed node never says.
fn after_success(workflow: &Workflow, from: NodeId, condition: &Expr) -> bool {
    let said = match workflow.node(from).kind {
        Kind::Http(_) | Kind::Email(_) => "success",
        Kind::Filter(_) => "passed",
        Kind::Webhook(_) | Kind::Manual(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => return false,
    };
    let is_true = |expr: &Expr| matches!(expr.as_constant(), Some(Value::Bool(true)));
    match &condition.kind {
        ExprKind::Path(path) => path.root == expr::Root::Output(from) && path.steps == ["result", said],
        ExprKind::Binary(expr::Binary::And, left, right) => {
            after_success(workflow, from, left) || after_success(workflow, from, right)
        }
        ExprKind::Binary(expr::Binary::Equal | expr::Binary::StrictEqual, left, right) => {
            (is_true(right) && after_success(workflow, from, left))
                || (is_true(left) && after_success(workflow, from, right))
        }
        _ => false,
    }
}

/// Puts down what the keys of one node say.
struct Parts<'a> {
    workflow: &'a Workflow,
    parts: Vec<(String, String)>,
}

impl Parts<'_> {
    fn http(&mut self, http: &Http) {
        self.say("method", &http.method);
        self.text("url", &http.url);
        if !http.headers.is_empty() {
            let headers = http.headers.iter().map(|(name, value)| (name.clone(), Tree::Text(value.clone())));
            self.fields("headers", &headers.collect::<Vec<_>>());
        }
        if !http.params.is_empty() {
            self.fields("params", &http.params);
        }
        match &http.body {
            Body::None => {}
            Body::Json(tree) => self.tree("body", tree),
            Body::Text(text) => self.text("body", text),
            Body::Form(fields) => self.fields("body", fields),
        }
        if let Some(ttl) = http.cache {
            self.say("cache", &ttl.as_millis().to_string());
        }
    }

    fn email(&mut self, email: &Email) {
        self.text("smtp_server", &email.server);
        let optional = [
            ("smtp_port", &email.port),
            ("username", &email.username),
            ("password", &email.password),
            ("from_name", &email.from_name),
            ("reply_to", &email.reply_to),
            ("body", &email.body),
            ("html", &email.html),
        ];
        for (key, text) in optional {
            if let Some(text) = text {
                self.text(key, text);
            }
        }
        self.say("use_tls", if email.use_tls { "true" } else { "false" });
        self.text("from_email", &email.from_email);
        self.text("subject", &email.subject);
        for (key, recipients) in [("to_email", &email.to), ("cc", &email.cc), ("bcc", &email.bcc)] {
            if !recipients.is_empty() {
                let recipients = recipients.iter().map(|text| Tree::Text(text.clone()));
                self.tree(key, &Tree::Array(recipients.collect()));
            }
        }
        if let Some(template) = &email.template {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            self.say("template", &[template.name.clone(), text(&template.html), text(&template.text)].join("\0"));
            self.fields("template_vars", &template.vars);
        }
        if email.at_most_once {
            self.say("delivery", "at_most_once");
        }
    }

    fn transform(&mut self, transform: &Transform) {
        let mut input = String::new();
        if let Some(tree) = &transform.input {
            self.spell(tree, &mut input);
        }
        // The list in it is a part of what the input is.
        let list = transform.list.as_ref().map(|list| format!(" as .{list}"));
        if transform.input.is_some() || list.is_some() {
            self.say("input", &(input + &list.unwrap_or_default()));
        }
        match &transform.step {
            TransformStep::FilterItems { condition } => {
                self.say("transform_type", "filter_items");
                self.expression("filter_condition", condition);
            }
            TransformStep::MapItems { expression } => {
                self.say("transform_type", "map_items");
                self.expression("expression", expression);
            }
            TransformStep::SortItems { by, descending } => {
                self.say("transform_type", "sort_items");
                self.expression("field", by);
                self.say("order", if *descending { "desc" } else { "asc" });
            }
            TransformStep::GroupItems { by } => {
                self.say("transform_type", "group_items");
                self.expression("field", by);
            }
            TransformStep::CalculateTotal { of } => {
                self.say("transform_type", "calculate_total");
                self.expression("field", of);
            }
            TransformStep::AddFields { fields } => {
                self.say("transform_type", "add_fields");
                self.fields("fields", fields);
            }
            TransformStep::ExtractFields { fields } => {
                self.say("transform_type", "extract_fields");
                let fields = fields.iter().map(|(name, path)| format!("{name}\0{path}"));
                self.say("fields", &fields.collect::<Vec<_>>().join("\n"));
            }
            TransformStep::JsonToCsv { columns } => {
                self.say("transform_type", "json_to_csv");
                if let Some(columns) = columns {
                    self.say("fields", &columns.join("\n"));
                }
            }
        }
    }

    fn say(&mut self, key: &str, what: &str) {
        self.parts.push((key.to_owned(), digest(what)));
    }

    fn expression(&mut self, key: &str, expr: &Expr) {
        self.say(key, &spelling::expression(self.workflow, expr, None));
    }

    fn text(&mut self, key: &str, text: &Text) {
        self.tree(key, &Tree::Text(text.clone()));
    }

    fn fields(&mut self, key: &str, fields: &[(String, Tree)]) {
        self.tree(key, &Tree::Object(fields.to_vec()));
    }

    fn tree(&mut self, key: &str, tree: &Tree) {
        let mut spelled = String::new();
        self.spell(tree, &mut spelled);
        self.say(key, &spelled);
    }

    /// JSON in which expressions stand as they are, in `${…}` outside of quotes.
    fn spell(&self, tree: &Tree, out: &mut String) {
        let expression = |expr: &Expr| format!("${{{}}}", spelling::expression(self.workflow, expr, None));
        match tree {
            Tree::Null => out.push_str("null"),
            Tree::Bool(value) => _ = write!(out, "{value}"),
            Tree::Number(value) => out.push_str(&Value::Number(*value).to_json().unwrap_or_default()),
            Tree::Whole(expr) => out.push_str(&expression(expr)),
            Tree::Text(text) => {
                out.push('t');
                for piece in &text.pieces {
                    match piece {
                        Piece::Literal(text) => write_string(text, out),
                        Piece::Expr(expr) => out.push_str(&expression(expr)),
                    }
                }
            }
            Tree::Array(items) => {
                out.push('[');
                for item in items {
                    self.spell(item, out);
                    out.push(',');
                }
                out.push(']');
            }
            Tree::Object(fields) => {
                out.push('{');
                for (name, value) in fields {
                    write_string(name, out);
                    out.push(':');
                    self.spell(value, out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }
}

/// FNV-1a over 64 bits: what is told apart here are versions of one text, by authors who mean no harm.
fn digest(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
