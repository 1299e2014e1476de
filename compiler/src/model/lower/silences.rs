//! What the author accepts: the entries of `allow`.

use super::Lowering;
use crate::diagnostic::level::{self, Lints, Silence};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast;
use std::collections::HashMap;

impl Lowering<'_> {
    pub(super) fn silences(&mut self, workflow: &ast::Workflow) -> Vec<Silence> {
        let everywhere = workflow.allow.iter().filter_map(|name| self.silence(name));
        let mut silences: Vec<Silence> = everywhere.collect();
        if workflow.nodes.iter().all(|node| node.allow.is_empty()) {
            return silences;
        }
        // What a connection says belongs to the node it leaves.
        let mut connections: HashMap<&str, Vec<_>> = HashMap::new();
        for connection in &workflow.connections {
            connections.entry(&connection.from.value).or_default().push(connection.span);
        }
        for node in &workflow.nodes {
            let mut covers = vec![node.span];
            covers.extend(connections.get(node.id.value.as_str()).into_iter().flatten());
            let here = node.allow.iter().filter_map(|name| self.silence(name));
            silences.extend(here.map(|silence| Silence { covers: Some(covers.clone()), ..silence }));
        }
        silences
    }

    fn silence(&mut self, name: &ast::Text) -> Option<Silence> {
        match Lints::named(&name.value) {
            Ok(Lints::One(code)) => Some(Silence { code, span: name.span, covers: None }),
            Ok(Lints::Warnings) | Err(_) => {
                self.diagnostics.push(unknown_lint(name));
                None
            }
        }
    }
}

fn unknown_lint(name: &ast::Text) -> Diagnostic {
    let value = name.value.as_str();
    let found = |headline: String| Diagnostic::new(Code::UnknownLint, name.span, headline).label("silences nothing");
    if Lints::named(value) == Ok(Lints::Warnings) {
        return found("a workflow cannot allow all `warnings`".to_owned())
            .help("name what it accepts: \"allow\": [\"plain-transport\"]")
            .help("to see none of them for once: `flowc check -A warnings`");
    }
    if Code::named(value).is_some() {
        return found(format!("`{value}` is an error and cannot be allowed"))
            .help(format!("`flowc explain {value}` shows how it is repaired"));
    }
    let found = found(format!("there is no lint `{value}`"));
    match level::nearest(value, None) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help("`flowc explain` lists them: the name stands in the brackets of a warning"),
    }
}
