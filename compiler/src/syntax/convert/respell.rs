//! Expressions, said as people say them in a dialect: in JSON `input_data.order_id` and `previous_outputs.pay`, in a .flow
//! text `order_id` and `pay`.
//!
//! Always true: lowered in its dialect, the expression is the same as before.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostics;
use crate::model::lower::expr::{is_environment_name, is_reserved_name};
use crate::source::{Dialect, Span};
use crate::syntax::ast::{Expr, ExprKind, Part, Property, Template, TemplatePart, Text};
use crate::syntax::template;

pub struct Respeller {
    pub ids: BTreeSet<String>,
    pub from: Dialect,
    pub to: Dialect,
}

impl Respeller {
    /// The parts of a text, respelled.
    pub fn template(&self, text: &Text) -> Template {
        let mut template = template::parse_template(text, &mut Diagnostics::default());
        for part in &mut template.parts {
            if let Part::Expression(expr, _) = part {
                self.expr(expr, &mut Vec::new());
            }
        }
        template
    }

    /// An expression with or without `${…}` around it; `None` when it cannot be read.
    pub fn expression(&self, text: &Text) -> Option<Expr> {
        let mut expr = template::parse_expression(text, &mut Diagnostics::default())?;
        self.expr(&mut expr, &mut Vec::new());
        Some(expr)
    }

    /// `bound` are the parameters in scope.
    fn expr(&self, expr: &mut Expr, bound: &mut Vec<String>) {
        let span = expr.span;
        match &mut expr.kind {
            ExprKind::Undefined | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Name(name) => {
                if let Some(kind) = self.name(name, span, bound) {
                    expr.kind = kind;
                }
            }
            ExprKind::Member(object, property) => {
                if let Some(name) = self.short(object, property, bound) {
                    expr.kind = ExprKind::Name(name);
                    return;
                }
                if !is_root(object) {
                    self.expr(object, bound);
                }
            }
            ExprKind::Template(parts) => {
                for part in parts {
                    if let TemplatePart::Expression(expr) = part {
                        self.expr(expr, bound);
                    }
                }
            }
            ExprKind::Array(items) => items.iter_mut().for_each(|item| self.expr(item, bound)),
            ExprKind::Object(entries) => entries.iter_mut().for_each(|(_, value)| self.expr(value, bound)),
            ExprKind::Index(object, index) => {
                self.expr(object, bound);
                self.expr(index, bound);
            }
            ExprKind::Call(callee, arguments) => {
                // The callee is a function's name, or a method of something.
                if let ExprKind::Member(object, _) = &mut callee.kind {
                    self.expr(object, bound);
                }
                arguments.iter_mut().for_each(|argument| self.expr(argument, bound));
            }
            ExprKind::Unary(_, operand) => self.expr(operand, bound),
            ExprKind::Binary(_, left, right) => {
                self.expr(left, bound);
                self.expr(right, bound);
            }
            ExprKind::Conditional(test, yes, no) => {
                [test, yes, no].into_iter().for_each(|each| self.expr(each, bound));
            }
            ExprKind::Arrow(parameters, body) => {
                let outer = bound.len();
                bound.extend(parameters.iter().map(|parameter| parameter.name.clone()));
                self.expr(body, bound);
                bound.truncate(outer);
            }
        }
    }

    /// What a bare name is in the other dialect, where that is something else.
    fn name(&self, name: &str, span: Span, bound: &[String]) -> Option<ExprKind> {
        if bound.iter().any(|parameter| parameter == name) || is_reserved_name(name) || is_environment_name(name) {
            return None;
        }
        let is_node = self.ids.contains(name);
        // `input_data.length` counts what a list has, `length` is a field of the input.
        if name == LENGTH && !is_node {
            return None;
        }
        let root = match (self.from, self.to) {
            (Dialect::Flow, _) if is_node && self.to == Dialect::Json => "previous_outputs",
            (Dialect::Json, Dialect::Flow) if is_node => "input_data",
            (_, Dialect::Json) => "input_data",
            (_, Dialect::Flow) => return None,
        };
        Some(member(root, name, span))
    }

    /// What a bare name of a .flow text stands for, with where it comes from.
    pub fn long(&self, name: &str, span: Span) -> Expr {
        let root = if self.ids.contains(name) { "previous_outputs" } else { "input_data" };
        Expr { span, kind: member(root, name, span) }
    }

    /// The bare name that says the same as `input_data.name`, `previous_outputs.name`.
    fn short(&self, object: &Expr, property: &Property, bound: &[String]) -> Option<String> {
        let ExprKind::Name(root) = &object.kind else { return None };
        let name = property.name.as_str();
        let free = self.to == Dialect::Flow
            && !bound.iter().any(|parameter| parameter == name || parameter == root)
            && !is_reserved_name(name)
            && !is_environment_name(name)
            && name != LENGTH
            && is_plain_name(name);
        let is_node = self.ids.contains(name);
        let short = match root.as_str() {
            "input_data" => free && !is_node,
            "previous_outputs" => free && is_node,
            _ => false,
        };
        short.then(|| name.to_owned())
    }
}

fn member(root: &str, name: &str, span: Span) -> ExprKind {
    let object = Expr { span, kind: ExprKind::Name(root.to_owned()) };
    ExprKind::Member(Box::new(object), Property { name: name.to_owned(), span })
}

const LENGTH: &str = "length";

/// `input_data` and `previous_outputs` before a dot are names of their own.
fn is_root(object: &Expr) -> bool {
    matches!(&object.kind, ExprKind::Name(name) if is_reserved_name(name))
}

/// Whether a text reads as a name: not as a word of JavaScript's.
fn is_plain_name(text: &str) -> bool {
    let span = Span::new(0, text.len());
    let mut found = Diagnostics::default();
    let read = template::parse_expression(&Text::verbatim(text.to_owned(), span, 0), &mut found);
    matches!(read.map(|expr| expr.kind), Some(ExprKind::Name(name)) if name == text) && found.is_empty()
}
