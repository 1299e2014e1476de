//! The configuration of a `rust` node → [`Rust`].

use super::Lowering;
use super::config::Config;
use super::expr::Place;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::identifier::is_identifier;
use crate::model::{NodeId, Rust};
use crate::source::Spanned;
use crate::syntax::ast::{self, ValueKind};

impl Lowering<'_> {
    pub(super) fn rust(&mut self, id: NodeId, config: &Config) -> Rust {
        let function = config.text("function");
        if let Some(function) = function {
            self.check_function(function);
        }
        let items = match config.get("arguments").map(|arguments| &arguments.kind) {
            Some(ValueKind::Array(items)) => items.as_slice(),
            _ => &[],
        };
        let arguments = items
            .iter()
            .map(|argument| Spanned { value: self.tree(Place::Node(id), argument), span: argument.span })
            .collect();
        Rust {
            function: function.map_or_else(
                || Spanned { value: String::new(), span: crate::source::Span::new(0, 0) },
                |function| Spanned { value: function.value.clone(), span: function.span },
            ),
            arguments,
            parentheses: config.get("arguments").map(|arguments| arguments.span),
            result_schema: self.schema_of(config, "result_schema"),
        }
    }

    /// A path that rustc can look up.
    fn check_function(&mut self, function: &ast::Text) {
        let path = function.value.strip_prefix("::").unwrap_or(&function.value);
        let mut at = function.value.len() - path.len();
        let mut others = false;
        for step in path.split("::") {
            let is_last = at + step.len() == function.value.len();
            let is_name = match step {
                // These lead somewhere only at the start, and are no function; `super` may follow another.
                "crate" | "self" => at == 0 && !is_last,
                "super" => !others && !is_last,
                step => is_identifier(step),
            };
            others |= step != "super" && step != "self";
            if !is_name {
                let span = function.span_of(at..at + step.len());
                let proposal = step.trim().replace('-', "_");
                let raw = step.strip_prefix("r#").is_some_and(|name| !name.is_empty());
                let diagnostic = match step {
                    "" => Diagnostic::new(Code::BadFunction, function.span, "this is no path of a function"),
                    "crate" | "self" | "super" if is_last => {
                        Diagnostic::new(Code::BadFunction, span, format!("`{step}` is no function"))
                    }
                    step if raw => {
                        Diagnostic::new(Code::BadFunction, span, format!("`{step}` cannot stand in a workflow"))
                    }
                    step => {
                        let headline = format!("`{}` is no name in Rust", step.escape_debug());
                        Diagnostic::new(Code::BadFunction, span, headline)
                    }
                };
                let diagnostic =
                    diagnostic.label(if raw { "a name without `r#` can" } else { "rustc would not find it" });
                self.diagnostics.push(match is_identifier(&proposal) {
                    true => diagnostic.help(format!("did you mean `{proposal}`?")),
                    false if raw => {
                        diagnostic.help("name it otherwise, with `pub use … as …` where it has to keep its own")
                    }
                    false => diagnostic.help("write the path of an async function, such as `crate::fraud::check`"),
                });
                return;
            }
            at += step.len() + 2;
        }
    }
}
